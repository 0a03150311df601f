//! What a report says, as data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use seqtune::study_file::written;
use seqtune_core::{EventKind, History, Remarks, Trial, TrialEnd};
use seqtune_plot::{Card, Comparison, Mean, Relation, Snapshot, compare, health};
use seqtune_space::Value;
use serde::Serialize;

use super::super::check;
use super::super::status::{self, Read, StatusRow};
use super::pictures::{Picture, pictures};
use crate::error::CommandError;
use crate::output::{TrialRow, now_us, show_number, utc_to_the_second};

/// Trials in the table of the best.
const BEST: usize = 10;

/// Configurations that are compared.
const COMPARED: usize = 3;

/// Trials that are named of each cause of failure.
const NAMED: usize = 12;

/// A report. The names of these fields are promised to programs.
#[derive(Serialize)]
pub(super) struct Report {
    /// When it was made.
    pub(super) made: String,
    /// The program that made it.
    pub(super) by: String,
    pub(super) status: StatusRow,
    /// The same in words.
    pub(super) summary: Vec<Line>,
    /// How the study stands, in sentences.
    pub(super) health: Vec<Card>,
    pub(super) metric: String,
    pub(super) best: Vec<TrialRow>,
    /// Parameters that the space varies, in its order.
    pub(super) varying: Vec<String>,
    /// The best configurations side by side, where there are two.
    pub(super) differences: Option<Differences>,
    pub(super) plots: Vec<Picture>,
    pub(super) failures: Vec<Failure>,
    pub(super) space: Vec<Declared>,
    pub(super) constraints: Vec<String>,
    pub(super) settings: Vec<Line>,
    pub(super) environment: Environment,
    pub(super) notes: Vec<Noted>,
    pub(super) reproduce: Reproduce,
}

/// A text with its name.
#[derive(Serialize)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) text: String,
}

#[derive(Serialize)]
pub(super) struct Differences {
    /// The best trial of each configuration; the first is what the others are compared with.
    pub(super) trials: Vec<u64>,
    pub(super) parameters: Vec<Differing>,
    pub(super) metrics: Vec<Differing>,
    /// Parameters in which they agree.
    pub(super) equal: Vec<String>,
}

/// A row: what it is, and each configuration's own, with what that is to the first one's.
#[derive(Serialize)]
pub(super) struct Differing {
    pub(super) name: String,
    pub(super) cells: Vec<Cell>,
}

/// In words, and of a metric in numbers too.
#[derive(Serialize)]
pub(super) struct Cell {
    pub(super) value: Option<String>,
    pub(super) relation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mean: Option<Figure>,
    /// Of this one less the first, in pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) difference: Option<Figure>,
}

/// A mean, of how many values, and its 95 % interval.
#[derive(Serialize)]
pub(super) struct Figure {
    pub(super) mean: f64,
    pub(super) n: usize,
    pub(super) interval: Option<[f64; 2]>,
}

impl From<Mean> for Figure {
    fn from(Mean { mean, n, interval, .. }: Mean) -> Figure {
        Figure { mean, n, interval }
    }
}

#[derive(Serialize)]
pub(super) struct Failure {
    pub(super) cause: String,
    pub(super) trials: usize,
    /// The first of them.
    pub(super) first: Vec<u64>,
    /// What the first of them said.
    pub(super) message: String,
}

/// A parameter as the space has it, in words.
#[derive(Serialize)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) values: String,
    pub(super) default: String,
    pub(super) when: String,
    pub(super) expected: String,
    pub(super) doc: Option<String>,
    pub(super) source: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Environment {
    /// The program that founded the study.
    pub(super) founded_by: String,
    pub(super) data_digest: String,
    pub(super) study_seed: u64,
    /// Seeds of training, by replicate: all configurations share them.
    pub(super) training_seeds: BTreeMap<u64, BTreeSet<u64>>,
    pub(super) runs: Vec<Run>,
    pub(super) workers: Vec<WorkerOf>,
    /// Each build that trained, with the number of attempts.
    pub(super) builds: Vec<Build>,
}

#[derive(Serialize)]
pub(super) struct Run {
    pub(super) host: String,
    pub(super) build: String,
    pub(super) started: String,
    /// Where it left a word.
    pub(super) ended: Option<String>,
}

#[derive(Serialize)]
pub(super) struct WorkerOf {
    pub(super) worker: u64,
    pub(super) device: String,
    pub(super) attempts: usize,
    pub(super) hours: f64,
}

#[derive(Serialize)]
pub(super) struct Build {
    pub(super) attempts: usize,
    pub(super) versions: BTreeMap<String, String>,
}

#[derive(Serialize)]
pub(super) struct Noted {
    /// None of the study itself.
    pub(super) trial: Option<u64>,
    pub(super) tags: BTreeSet<String>,
    pub(super) note: Option<String>,
    pub(super) by: Option<String>,
    pub(super) at: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Reproduce {
    /// The whole study file; none where another program evaluated the trials.
    pub(super) study_file: Option<String>,
    pub(super) file_name: String,
    /// Commands, each with what it does.
    pub(super) commands: Vec<Line>,
}

impl Report {
    pub(super) fn of(directory: &Path, read: &Read) -> Result<Report, CommandError> {
        let Read { history, remarks, .. } = read;
        let snapshot = Snapshot::of(history);
        let ranked = history.ranked();
        let status = status::row(directory, read);
        let lines = |lines: Vec<(&str, String)>| {
            let line = |(name, text): (&str, String)| Line { name: name.to_owned(), text };
            lines.into_iter().map(line).collect()
        };
        let space = &history.spec.space;
        let varying = space.parameters().iter().filter(|parameter| parameter.domain.cardinality() != Some(1));
        Ok(Report {
            made: utc_to_the_second(now_us()),
            by: seqtune::build(),
            summary: lines(status::in_words(&status, history, utc_to_the_second)),
            status,
            health: health(&snapshot),
            metric: history.spec.objective().metric.clone(),
            best: ranked.iter().take(BEST).map(|trial| TrialRow::new(history, remarks, trial)).collect(),
            varying: varying.map(|parameter| parameter.name.clone()).collect(),
            differences: differences(&snapshot, &ranked),
            plots: pictures(history, &snapshot),
            failures: failures(history),
            space: space.parameters().iter().map(declared).collect(),
            constraints: space.constraints().iter().map(|constraint| constraint.text().to_owned()).collect(),
            settings: lines(check::in_words(&history.spec, &history.settings)?),
            environment: environment(read),
            notes: notes(remarks),
            reproduce: reproduce(directory, history),
        })
    }
}

fn declared(parameter: &seqtune_space::Parameter) -> Declared {
    let [name, values, default, when, expected] = check::declared(parameter);
    Declared { name, values, default, when, expected, doc: parameter.doc.clone(), source: parameter.source.clone() }
}

/// The best trials of different configurations side by side.
fn differences(snapshot: &Snapshot, ranked: &[&Trial]) -> Option<Differences> {
    let mut configs = BTreeSet::new();
    let best = ranked.iter().filter(|trial| configs.insert(&trial.config_key)).take(COMPARED);
    let pins: Vec<u64> = best.map(|trial| trial.number).collect();
    if pins.len() < 2 {
        return None;
    }
    let Comparison { columns, parameters, metrics, .. } = compare(snapshot, &pins, pins[0]);
    let (differing, equal): (Vec<_>, Vec<_>) = parameters.into_iter().partition(|row| row.differs);
    let parameter_cell = |cell: &seqtune_plot::ParameterCell| Cell {
        value: cell.value.as_ref().map(short),
        relation: relation(cell.relation),
        mean: None,
        difference: None,
    };
    let metric_cell = |cell: &seqtune_plot::MetricCell| Cell {
        value: cell.mean.as_ref().map(mean),
        relation: cell.difference.map(difference).unwrap_or_default(),
        mean: cell.mean.map(Figure::from),
        difference: cell.difference.map(|difference| difference.mean.into()),
    };
    let parameter = |row: seqtune_plot::ParameterRow| Differing {
        name: row.name,
        cells: row.cells.iter().map(parameter_cell).collect(),
    };
    let metric = |row: seqtune_plot::MetricRow| Differing {
        name: row.objective.metric,
        cells: row.cells.iter().map(metric_cell).collect(),
    };
    Some(Differences {
        trials: columns.iter().map(|column| column.trial).collect(),
        parameters: differing.into_iter().map(parameter).collect(),
        metrics: metrics.into_iter().map(metric).collect(),
        equal: equal.into_iter().map(|row| row.name).collect(),
    })
}

/// A parameter's value in a table.
pub(super) fn short(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Float(number) => seqtune_plot::spec::short(*number, 4),
        other => other.to_string(),
    }
}

fn relation(relation: Relation) -> String {
    match relation {
        Relation::Equal => "=".to_owned(),
        Relation::Times(factor) => format!("×{}", seqtune_plot::spec::short(factor, 3)),
        Relation::Plus(more) => signed(more),
        Relation::Differs => "≠".to_owned(),
        Relation::Absent => "not in both".to_owned(),
    }
}

fn signed(number: f64) -> String {
    let sign = match number {
        0.0 => "",
        number if number < 0.0 => "−",
        _ => "+",
    };
    format!("{sign}{}", seqtune_plot::spec::short(number.abs(), 3))
}

fn mean(mean: &Mean) -> String {
    let value = show_number(Some(mean.mean));
    match mean.half_width() {
        Some(half) => format!("{value} ± {} (n = {})", seqtune_plot::spec::short(half, 2), mean.n),
        None => value,
    }
}

fn difference(difference: seqtune_plot::Difference) -> String {
    let more = signed(difference.mean.mean);
    let interval = difference.mean.interval.map(|[low, high]| format!(" [{}, {}]", signed(low), signed(high)));
    let sure = match difference.is_better {
        Some(true) => ", surely better",
        Some(false) => ", surely worse",
        None => "",
    };
    format!("{more}{}{sure}", interval.unwrap_or_default())
}

/// Failed trials by cause, the most frequent first.
fn failures(history: &History) -> Vec<Failure> {
    let mut causes: BTreeMap<&str, Failure> = BTreeMap::new();
    for trial in &history.trials {
        let Some(TrialEnd::Failed { cause, message }) = &trial.end else { continue };
        let failure = causes.entry(cause.name()).or_insert_with(|| Failure {
            cause: cause.name().to_owned(),
            trials: 0,
            first: Vec::new(),
            message: message.clone(),
        });
        failure.trials += 1;
        if failure.first.len() < NAMED {
            failure.first.push(trial.number);
        }
    }
    let mut failures: Vec<Failure> = causes.into_values().collect();
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.trials));
    failures
}

fn environment(Read { events, history, .. }: &Read) -> Environment {
    let mut founded_by = String::new();
    let mut runs: Vec<Run> = Vec::new();
    for event in events {
        match &event.kind {
            EventKind::StudyCreated { build, .. } => founded_by.clone_from(build),
            EventKind::ManagerStarted { host, build, .. } => {
                let (host, build) = (host.clone(), build.clone());
                runs.push(Run { host, build, started: utc_to_the_second(event.at_us), ended: None });
            }
            EventKind::ManagerStopped { reason } => {
                if let Some(run) = runs.last_mut() {
                    run.ended = Some(format!("{}: {reason}", utc_to_the_second(event.at_us)));
                }
            }
            _ => {}
        }
    }
    let mut workers: BTreeMap<(u64, &str), (usize, i64)> = BTreeMap::new();
    let mut builds: Vec<Build> = Vec::new();
    let mut training_seeds: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for trial in &history.trials {
        training_seeds.entry(trial.replicate).or_default().insert(trial.seed);
        for attempt in &trial.attempts {
            let end = attempt.end.as_ref().map_or(history.last_us, |(_, at_us, _)| *at_us);
            let worker = workers.entry((attempt.worker, &attempt.device)).or_default();
            *worker = (worker.0 + 1, worker.1 + (end - attempt.started_us).max(0));
            match builds.iter_mut().find(|build| build.versions == *attempt.build) {
                Some(build) => build.attempts += 1,
                None => builds.push(Build { attempts: 1, versions: (*attempt.build).clone() }),
            }
        }
    }
    let worker = |((worker, device), (attempts, us)): ((u64, &str), (usize, i64))| WorkerOf {
        worker,
        device: device.to_owned(),
        attempts,
        hours: us as f64 / 3.6e9,
    };
    Environment {
        founded_by,
        data_digest: history.spec.data_digest.clone(),
        study_seed: history.spec.seed,
        training_seeds,
        runs,
        workers: workers.into_iter().map(worker).collect(),
        builds,
    }
}

fn notes(remarks: &Remarks) -> Vec<Noted> {
    let noted = |trial, tags, note: Option<&seqtune_core::Note>| Noted {
        trial,
        tags,
        note: note.map(|note| note.text.clone()),
        by: note.map(|note| note.by.clone()),
        at: note.map(|note| utc_to_the_second(note.at_us)),
    };
    let study = remarks.study.iter().map(|note| noted(None, BTreeSet::new(), Some(note)));
    let trials = remarks.trials.iter();
    study.chain(trials.map(|(trial, one)| noted(Some(*trial), one.tags.clone(), one.note.as_ref()))).collect()
}

fn reproduce(directory: &Path, history: &History) -> Reproduce {
    let name = &history.spec.name;
    let file_name = format!("{name}.toml");
    let shown = directory.display();
    let study_file = written(&history.spec, &history.settings);
    let mut commands = Vec::new();
    let mut add = |name: String, text: &str| commands.push(Line { name, text: text.to_owned() });
    if study_file.is_some() {
        add(format!("seqtune run {file_name} --dir again"), "the same study from the beginning, from the file below");
    }
    add(format!("seqtune best {shown} --top {BEST}"), "the best trials, with their parameters to reuse");
    add(format!("seqtune export {shown} -o trials.csv"), "all trials");
    add(format!("seqtune verify {shown}"), "whether every decision comes out the same again");
    if let Some(best) = history.best() {
        add(format!("seqtune explain {shown} {}", best.number), "why the best trial has the point it has");
    }
    Reproduce { study_file, file_name, commands }
}
