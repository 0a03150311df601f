//! What the end-to-end tests share: the programs, toy studies, and the table of trials that must not depend on how it
//! came about.

mod place;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seqtune::launch::WorkerProgram;
use seqtune::manager::{ManagerError, Observer, Outcome, RunOptions};
use seqtune_core::{
    Budget, Event, FamilyChoice, History, Objective, Order, PrunerSpec, Reduce, SamplerSpec, Settings, Store,
    StoreReader, StudySpec, TrialEnd, TrialSpec, WorkerSettings,
};
use seqtune_plugin::{DataSpec, Direction, ModelFamily};
use seqtune_toy::Toy;

pub use place::{Place, check_file, said, wait_for};

/// A program of this workspace, built beside the tests (`cargo xtask test` builds all of them first).
///
/// # Panics
/// Where it has not been built.
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own path");
    let deps = own.parent().expect("a test lies in a directory");
    let path = deps.parent().unwrap_or(deps).join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{} is missing; build it with: cargo build -p {name}", path.display());
    path
}

/// The toy family's worker as a process.
pub fn toy_worker() -> WorkerProgram {
    WorkerProgram::process(program("seqtune-worker-toy"), Vec::new())
}

/// The toy family's worker as a thread.
pub fn toy_thread() -> WorkerProgram {
    WorkerProgram::thread(Arc::new(Toy))
}

/// A study of the toy family.
#[derive(Clone, Debug)]
pub struct ToyStudy {
    /// What it is.
    pub spec: StudySpec,
    /// Its settings.
    pub settings: Settings,
}

impl ToyStudy {
    /// Twelve trials of four steps on the synthetic learning curve, checkpointed at every second step, with a window
    /// of four.
    ///
    /// # Panics
    /// Where the toy family does not accept its own data.
    pub fn new(data: &str) -> ToyStudy {
        let values: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(data).expect("the test's data must be a JSON object");
        let prepared = Toy
            .prepare(&DataSpec { values: values.clone(), roots: Vec::new() }, Path::new("/nonexistent"))
            .expect("the test's data must be accepted");
        let space = toml::from_str(
            "lr = { type = 'float', low = 1e-4, high = 0.1, log = true }\n\
             width = { type = 'int', low = 8, high = 256, log = true }\n\
             dropout = { type = 'float', low = 0, high = 0.6 }",
        );
        let spec = StudySpec {
            name: "toy".to_owned(),
            family: FamilyChoice::Name("toy".to_owned()),
            info: Toy.info(),
            data: values,
            data_digest: prepared.digest,
            objectives: vec![Objective {
                metric: "value".to_owned(),
                direction: Direction::Minimize,
                reduce: Reduce::Last,
            }],
            outcome_constraints: Vec::new(),
            trial: TrialSpec {
                steps: 4,
                checkpoint_every: 2,
                time_limit_secs: None,
                stall_limit_secs: 60.0,
                retries: 2,
            },
            seed: 7,
            order: Order::Fixed,
            window: 4,
            space: space.expect("the space is valid"),
            // It learns from the results: a table can only be the same where they are.
            sampler: SamplerSpec::Tpe,
            pruner: PrunerSpec::None,
            replicates: None,
            enqueue: Vec::new(),
        };
        let budget = Budget { trials: Some(12), ..Budget::default() };
        ToyStudy { spec, settings: Settings { budget, workers: WorkerSettings { count: 2, device: "cpu".to_owned() } } }
    }

    /// Fixes the family's parameter `behave`: every trial misbehaves in that way.
    ///
    /// # Panics
    /// Where the toy family cannot do that.
    #[must_use]
    pub fn behaving(mut self, fault: &str) -> ToyStudy {
        let mut parameters = self.spec.space.parameters().to_vec();
        let form = seqtune_space::ParameterForm {
            kind: "categorical".to_owned(),
            choices: Some(vec![fault.into()]),
            ..Default::default()
        };
        parameters.push(form.build("behave").expect("one choice is a domain"));
        self.spec.space = seqtune_space::SearchSpace::new(parameters).expect("one more parameter is a space");
        self
    }

    /// Changes anything else.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut ToyStudy)) -> ToyStudy {
        change(&mut self);
        self
    }

    /// Creates the study in a directory and runs it.
    ///
    /// # Errors
    /// As [`seqtune::manager::run`].
    ///
    /// # Panics
    /// Where the study cannot be created.
    pub fn run(&self, directory: &Path, program: &WorkerProgram, workers: u64) -> Result<Outcome, ManagerError> {
        let store = Store::create(directory, &self.spec, &self.settings, "test").expect("the study can be created");
        go_on(store, program, workers)
    }
}

/// Runs a study that is open.
///
/// # Errors
/// As [`seqtune::manager::run`].
pub fn go_on(store: Store, program: &WorkerProgram, workers: u64) -> Result<Outcome, ManagerError> {
    let options = RunOptions { workers: Some(workers), cache: std::env::temp_dir(), ..RunOptions::default() };
    seqtune::manager::run(store, program, &options, &mut Nobody)
}

/// Watches nothing.
pub struct Nobody;

impl Observer for Nobody {
    fn event(&mut self, _history: &History, _event: &Event) {}
}

/// The history of a study on disk.
///
/// # Panics
/// Where it cannot be read.
pub fn history(directory: &Path) -> History {
    StoreReader::open(directory).and_then(|reader| reader.history()).expect("the study can be read")
}

/// All that must not depend on how a study was run: for each trial its point, origin, seed, curves and end. Times,
/// attempts and workers are left out.
pub fn table(history: &History) -> Vec<String> {
    history
        .trials
        .iter()
        .map(|trial| {
            let end = match &trial.end {
                None => "unfinished".to_owned(),
                Some(TrialEnd::Completed) => "completed".to_owned(),
                Some(TrialEnd::Pruned { reason, .. }) => format!("pruned: {reason}"),
                Some(TrialEnd::Failed { cause, .. }) => format!("failed: {}", cause.name()),
            };
            let curve: BTreeMap<u64, &str> =
                trial.reports.iter().map(|point| (point.step, point.metrics.as_str())).collect();
            format!(
                "{} {:?} {} {} {:?} {curve:?} {end}",
                trial.number, trial.origin, trial.params, trial.seed, trial.seen
            )
        })
        .collect()
}

/// Checks what holds of every finished study: all trials there and ended, every decision replayed, the file whole.
///
/// # Panics
/// With what does not hold.
pub fn check_finished(directory: &Path, trials: usize) {
    let history = history(directory);
    assert_eq!(history.trials.len(), trials, "as many trials as the budget says");
    assert!(history.trials.iter().all(|trial| trial.end.is_some()), "every trial has ended");
    assert!(history.trials.iter().all(|trial| trial.differed.is_empty()), "no step came out differently");
    assert_eq!(seqtune_core::verify(&history).differences, [], "every suggestion replays");
}

/// Processes whose parent is `pid`.
///
/// # Panics
/// Where there is no `/proc`.
pub fn children(pid: u32) -> Vec<rustix::process::Pid> {
    let stat_of = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path();
        let number: i32 = path.file_name()?.to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(path.join("stat")).ok()?;
        // The name in parentheses may hold anything; the parent is the second field behind it.
        let parent: u32 = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        (parent == pid).then(|| rustix::process::Pid::from_raw(number))?
    };
    std::fs::read_dir("/proc").expect("there is /proc").filter_map(stat_of).collect()
}
