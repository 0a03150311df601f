//! What each plot says and draws of small studies.

use std::sync::{Arc, LazyLock};

use seqtune_core::testing::{StudyDraft, study};
use seqtune_core::{Attempt, AttemptEnd, EventKind, History, Objective};
use seqtune_plugin::{Direction, FailureCause};
use seqtune_space::Params;

use super::*;
use crate::spec::{Layer, PlotSpec, Role, Scale, Shape, State};
use crate::{Snapshot, TrialRow};

const SPACE: &str = "lr = { type = 'float', low = 1e-4, high = 0.1, log = true }\n\
                     model = { type = 'categorical', choices = ['cnn', 'lstm'] }\n\
                     layers = { type = 'int', low = 1, high = 3, when = { model = 'lstm' } }";

const ALL: &HistoryOptions = &HistoryOptions { by_time: false, top: None, log: None };

fn number(params: &Params, name: &str) -> f64 {
    params.get(name).and_then(seqtune_space::Value::as_f64).unwrap_or(0.0)
}

/// Good is a small distance of lr from 0.01; the model matters as much.
fn loss(params: &Params) -> f64 {
    let model = f64::from(u8::from(params.get("model").is_some_and(|value| value.to_string().contains("cnn"))));
    (number(params, "lr").log10() + 2.0).abs() + model
}

fn draft(trials: u64) -> StudyDraft {
    study(SPACE).seed(3).objective(loss).trials(trials)
}

static HISTORY: LazyLock<History> = LazyLock::new(|| {
    let mut events = draft(12).failing(FailureCause::Diverged, |params| number(params, "layers") == 2.0).events();
    // The last trial still runs.
    if matches!(events.last().map(|event| &event.kind), Some(EventKind::Completed { .. } | EventKind::Failed { .. })) {
        events.pop();
    }
    History::fold(&events).unwrap()
});

fn objective() -> &'static Objective {
    HISTORY.spec.objective()
}

fn points(spec: &PlotSpec) -> Vec<crate::spec::Mark> {
    let of = |layer: &Layer| if let Layer::Points(marks) = layer { marks.clone() } else { Vec::new() };
    spec.layers.iter().flat_map(of).collect()
}

fn lines(spec: &PlotSpec) -> Vec<&crate::spec::Line> {
    spec.layers.iter().filter_map(|layer| if let Layer::Line(line) = layer { Some(line) } else { None }).collect()
}

#[test]
fn the_history_has_a_mark_for_each_value_and_the_best_last() {
    let snapshot = Snapshot::of(&HISTORY);
    let spec = history(&snapshot, objective(), ALL).unwrap();
    let marks = points(&spec);
    let with_value = snapshot.trials.iter().filter(|row| row.value.is_some()).count();
    assert_eq!(marks.len(), with_value);
    let best = snapshot.best().unwrap();
    let drawn_last = marks.iter().rfind(|mark| mark.role == Role::State(State::Completed)).unwrap();
    assert_eq!(drawn_last.x, best.number as f64);
    assert!(marks.iter().all(|mark| match mark.role {
        Role::State(state) => mark.shape == state.shape(),
        _ => false,
    }));
    assert!(spec.reading.contains(&format!("the best is trial {}", best.number)), "{}", spec.reading);
    assert!(spec.y.label.contains("less is better"), "{}", spec.y.label);
}

#[test]
fn a_history_by_time_of_the_better_half() {
    let history = draft(40).history();
    let snapshot = Snapshot::of(&history);
    let options = HistoryOptions { by_time: true, top: Some(0.5), log: Some(true) };
    let spec = super::history(&snapshot, history.spec.objective(), &options).unwrap();
    let marks = points(&spec);
    assert_eq!((marks.len(), &spec.y.scale), (20, &Scale::Log));
    assert!(marks.iter().all(|mark| snapshot.top(20).contains(&mark.trial.unwrap())));
    // A trial of the test takes two seconds after its start, and the next one starts a second later.
    let first = marks.iter().find(|mark| mark.trial == Some(snapshot.ranked[0])).unwrap();
    assert_eq!(first.x, 3.0 * snapshot.ranked[0] as f64 + 2.0);
    assert_eq!(
        (spec.x.unit.as_deref(), spec.notes[0].as_str()),
        (Some("s"), "only the best 20 of 40 trials with a value")
    );
}

#[test]
fn the_best_mean_has_its_band() {
    let draft = study("x = { type = 'categorical', choices = [1, 2, 3] }").objective(|params| number(params, "x"));
    let history = draft.noise(0.5).trials(12).history();
    let snapshot = Snapshot::of(&history);
    let spec = super::history(&snapshot, history.spec.objective(), ALL).unwrap();
    let best = crate::configs(&snapshot).into_iter().filter_map(|config| config.value).filter(|mean| mean.n > 1);
    let best = best.min_by(|a, b| a.mean.total_cmp(&b.mean)).unwrap();
    let means = lines(&spec)[0];
    assert!((means.points.last().unwrap()[1] - best.mean).abs() < 1e-9, "{means:?} {best:?}");
    let Layer::Band { points, .. } = &spec.layers[0] else { panic!("a band") };
    assert!(points.len() == means.points.len() && points.iter().all(|[_, low, high]| low <= high));
}

#[test]
fn curves_are_those_of_the_best_and_the_best_is_in_front() {
    let history = study(SPACE).curves(5, |params, step| loss(params) + 1.0 / step as f64).trials(12).history();
    let snapshot = Snapshot::of(&history);
    let spec = curves(&snapshot, &CurvesOf::new("value", 9)).unwrap();
    let lines: Vec<Role> = spec
        .layers
        .iter()
        .filter_map(|layer| if let Layer::Line(line) = layer { Some(line.role) } else { None })
        .collect();
    assert_eq!(lines.len(), 9);
    assert_eq!((lines[0], lines[8]), (Role::Faint, Role::Series(0)));
    assert_eq!(spec.legend.len(), 8, "seven with a colour, and the others");
    assert!(spec.legend[0].label.starts_with(&format!("trial {} ", snapshot.ranked[0])));
    assert_eq!(spec.notes, ["9 of 12 trials drawn: the best"]);
}

#[test]
fn pinned_and_selected_curves_are_always_drawn() {
    let history = study(SPACE).curves(5, |params, step| loss(params) + 1.0 / step as f64).trials(12).history();
    let snapshot = Snapshot::of(&history);
    let worst = *snapshot.ranked.last().unwrap();
    let pins = [worst, snapshot.ranked[0]];
    let of = CurvesOf { pins: &pins, selected: Some(snapshot.ranked[5]), ..CurvesOf::new("value", 3) };
    let spec = curves(&snapshot, &of).unwrap();
    let lines: Vec<(Option<u64>, Role)> = lines(&spec).iter().map(|line| (line.trial, line.role)).collect();
    assert_eq!(lines.len(), 5, "three of the best, one of them pinned, another pinned one, and the selected one");
    assert!(lines.contains(&(Some(worst), Role::Pinned(0))) && lines.contains(&(Some(pins[1]), Role::Pinned(1))));
    assert_eq!(lines[4], (Some(snapshot.ranked[5]), Role::Front));
    assert!(!lines.iter().any(|(_, role)| matches!(role, Role::Series(_))), "only pins have colours then");
}

#[test]
fn seeds_of_a_configuration_are_one_curve() {
    let draft = study("x = { type = 'categorical', choices = [1, 2] }").curves(3, |_, step| step as f64).trials(6);
    let snapshot = Snapshot::of(&draft.history());
    let of = CurvesOf { grouped: true, band: BandKind::Confidence, ..CurvesOf::new("value", 5) };
    let spec = curves(&snapshot, &of).unwrap();
    let configs = crate::configs(&snapshot).len();
    assert_eq!(lines(&spec).len(), configs);
    assert!(lines(&spec).iter().all(|line| line.points.iter().map(|[_, value]| *value).eq([1.0, 2.0, 3.0])));
    let band =
        spec.layers.iter().find_map(|layer| if let Layer::Band { points, .. } = layer { Some(points) } else { None });
    assert_eq!(band.unwrap()[0], [1.0, 1.0, 1.0], "the seeds do not differ");
    assert!(spec.notes.iter().any(|note| note == "bands are the 95 % interval of the mean over seeds"));
    let by_time = curves(&snapshot, &CurvesOf { by: Along::Seconds, log: Some(true), ..of }).unwrap();
    assert_eq!((by_time.x.label.as_str(), &by_time.y.scale), ("time trained", &Scale::Log));
}

#[test]
fn a_slice_shows_the_whole_domain_on_its_scale() {
    let snapshot = Snapshot::of(&HISTORY);
    let numeric = slice(&snapshot, objective(), "lr").unwrap();
    assert_eq!(numeric.x.scale, Scale::Log);
    assert!(numeric.x.low < 1e-4 && numeric.x.high > 0.1);
    let named = slice(&snapshot, objective(), "model").unwrap();
    assert_eq!(named.x.scale, Scale::Categorical(vec!["cnn".to_owned(), "lstm".to_owned()]));
    // A mark may stand aside, but never under another name.
    for mark in points(&named) {
        assert!((mark.x - mark.x.round()).abs() < 0.3, "{mark:?}");
    }
    let conditional = slice(&snapshot, objective(), "layers").unwrap();
    assert!(points(&conditional).len() < points(&named).len());
    assert_eq!(slice(&snapshot, objective(), "absent"), Err(PlotError::NoParameter("absent".to_owned())));
}

/// Good is a list of two with a narrow second item.
fn by_widths(params: &Params) -> f64 {
    let Some(seqtune_space::Value::List(items)) = params.get("widths") else { return 9.0 };
    let second = items.get(1).and_then(seqtune_space::Value::as_f64).unwrap_or(64.0);
    (items.len() as f64 - 2.0).abs() + second / 64.0
}

#[test]
fn a_list_is_its_length_and_its_items() {
    let space = "x = { type = 'bool' }\n\
                 widths = { type = 'list', len = { low = 1, high = 3 }, item = { type = 'int', low = 8, high = 64, log = true } }";
    let history = study(space).seed(5).objective(by_widths).trials(40).history();
    let (snapshot, metric) = (Snapshot::of(&history), history.spec.objective());
    let of_items = |least: usize| {
        let items = snapshot.trials.iter().filter_map(|row| row.params.get("widths")?.as_list());
        items.filter(|items| items.len() >= least).count()
    };
    let second = slice(&snapshot, metric, "widths[1]").unwrap();
    assert_eq!((&second.x.scale, points(&second).len()), (&Scale::Log, of_items(2)));
    assert!(second.x.low < 8.0 && second.x.high > 64.0, "the whole domain: {:?}", second.x);
    let length = slice(&snapshot, metric, "len(widths)").unwrap();
    assert_eq!((&length.x.scale, points(&length).len()), (&Scale::Linear { whole: true }, 40));
    assert!(length.reading.contains(" at len(widths) 2."), "{}", length.reading);

    let told = telling_parameters(&snapshot, metric);
    assert_eq!(told[0].0, "len(widths)", "{told:?}");
    let spec = parallel(&snapshot, metric).unwrap();
    let names = ["x", "len(widths)", "widths[0]", "widths[1]", "widths[2]", "value"].map(str::to_owned);
    assert_eq!(spec.x.scale, Scale::Categorical(names.into()));
    let unset = lines(&spec).iter().filter(|line| line.points[4][1] < 0.0).count();
    assert_eq!(unset, 40 - of_items(3), "what has no third item runs below");
    let pair = contour(&snapshot, metric, "widths[0]", "len(widths)").unwrap();
    assert_eq!(pair.x.label, "widths[0]");
    let both = points(&rank(&snapshot, metric, "widths[0]", "widths[2]").unwrap()).len();
    assert_eq!(both, of_items(3));
    let forest = crate::Surrogate::fit(&history.spec.space, &crate::completed(&snapshot), 1).unwrap();
    let along = dependence(&snapshot, metric, "widths[0]", &forest.dependence("widths[0]").unwrap()).unwrap();
    assert_eq!(along.x.scale, Scale::Log, "an item has the scale of its domain");
}

#[test]
fn what_tells_most_comes_first() {
    let history = draft(60).history();
    let told = telling_parameters(&Snapshot::of(&history), history.spec.objective());
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 3, "{told:?}");
    assert_eq!(names[2], "layers", "{told:?}");
    assert!(told.iter().all(|(_, share)| (0.0..=1.0).contains(share)), "{told:?}");
}

#[test]
fn parallel_lines_go_through_every_axis_to_the_value() {
    let snapshot = Snapshot::of(&HISTORY);
    let spec = parallel(&snapshot, objective()).unwrap();
    let Scale::Categorical(names) = &spec.x.scale else { panic!("names along x") };
    assert_eq!(names, &["lr", "model", "layers", "value"]);
    let lines: Vec<_> =
        spec.layers.iter().filter_map(|layer| if let Layer::Line(line) = layer { Some(line) } else { None }).collect();
    assert!(lines.iter().all(|line| line.points.len() == 4));
    assert!(lines.iter().any(|line| line.points[2][1] < 0.0), "a trial without layers runs below");
    assert_eq!(lines.last().map(|line| line.role), Some(Role::Value(1.0)));
}

#[test]
fn what_is_drawn_knows_its_trial() {
    let snapshot = with_attempts(Snapshot::of(&HISTORY));
    for mark in points(&history(&snapshot, objective(), ALL).unwrap()) {
        let row = snapshot.trial(mark.trial.unwrap()).unwrap();
        assert_eq!((mark.x, mark.y), (row.number as f64, row.value.unwrap()));
    }
    for layer in parallel(&snapshot, objective()).unwrap().layers {
        assert!(!matches!(layer, Layer::Line(line) if line.trial.is_none()));
    }
    let Layer::Cells(cells) = &timeline(&snapshot).unwrap().layers[0] else { panic!("cells") };
    assert!(cells.iter().all(|cell| cell.trial.is_some_and(|trial| cell.label == trial.to_string())));
}

#[test]
fn a_contour_has_a_cell_for_each_pair_with_trials() {
    let history = draft(40).history();
    let snapshot = Snapshot::of(&history);
    let spec = contour(&snapshot, history.spec.objective(), "lr", "model").unwrap();
    assert_eq!(spec.x.scale, Scale::Log, "a number with many values keeps its scale");
    assert_eq!(spec.x.high, 0.1);
    let [Layer::Cells(cells)] = &spec.layers[..] else { panic!("cells alone") };
    assert!(cells.iter().any(|cell| cell.role == Role::Value(1.0)));
    assert!(cells.iter().any(|cell| cell.role == Role::Value(0.0)));
    assert!(contour(&snapshot, history.spec.objective(), "lr", "absent").is_err());
}

#[test]
fn ranks_go_from_the_worst_to_the_best() {
    let history = draft(20).history();
    let snapshot = Snapshot::of(&history);
    let spec = rank(&snapshot, history.spec.objective(), "lr", "model").unwrap();
    let marks = points(&spec);
    assert_eq!(marks.len(), 20);
    assert_eq!((marks[0].role, marks[19].role), (Role::Value(0.0), Role::Value(1.0)));
}

#[test]
fn a_distribution_climbs_to_one() {
    let history = draft(20).history();
    let snapshot = Snapshot::of(&history);
    let spec = edf(&[&snapshot, &snapshot], history.spec.objective()).unwrap();
    assert_eq!(spec.legend.len(), 2);
    let Layer::Line(line) = &spec.layers[0] else { panic!("a line") };
    assert!(line.points.is_sorted_by(|a, b| a[0] <= b[0] && a[1] <= b[1]));
    assert_eq!(line.points.last().map(|[_, part]| *part), Some(1.0));
}

/// The study as if two workers had trained its trials, the first of them twice.
pub(crate) fn with_attempts(mut snapshot: Snapshot) -> Snapshot {
    for row in &mut snapshot.trials {
        let mut own = TrialRow::clone(row);
        let attempt = |number: i64| Attempt {
            worker: own.number % 2,
            device: "cpu".to_owned(),
            build: Arc::default(),
            from_step: 0,
            elsewhere: Vec::new(),
            started_us: own.started_us + number * 400_000,
            end: Some((AttemptEnd::Completed, own.started_us + number * 400_000 + 300_000, String::new())),
        };
        own.attempts = (0..if own.number == 0 { 2 } else { 1 }).map(attempt).collect();
        *row = Arc::new(own);
    }
    snapshot
}

#[test]
fn a_timeline_has_each_attempt() {
    let snapshot = with_attempts(Snapshot::of(&HISTORY));
    let spec = timeline(&snapshot).unwrap();
    let [Layer::Cells(cells)] = &spec.layers[..] else { panic!("cells alone") };
    assert_eq!(cells.len(), snapshot.trials.iter().map(|row| row.attempts.len()).sum::<usize>());
    assert!(cells.iter().all(|cell| cell.x[0] <= cell.x[1]));
    assert_eq!(cells[0].role, Role::Faint, "it went on in another attempt");
    assert!(spec.legend.iter().any(|entry| entry.label == "cut short (2)"), "{:?}", spec.legend);
}

#[test]
fn a_front_is_what_nothing_beats() {
    let both = [Direction::Minimize, Direction::Maximize];
    let history = study("a = { type = 'float', low = 0, high = 1 }\nb = { type = 'float', low = 0, high = 1 }")
        .sampler("random")
        .objectives(&both, |params| vec![number(params, "a"), number(params, "b")])
        .trials(40)
        .history();
    let [x, y] = &history.spec.objectives[..] else { panic!("two objectives") };
    let snapshot = Snapshot::of(&history);
    let spec = pareto(&snapshot, x, y).unwrap();
    let front: Vec<_> = points(&spec).into_iter().filter(|mark| mark.role == Role::Series(0)).collect();
    let known: Vec<f64> = history.pareto().iter().map(|trial| number(&trial.params, "a")).collect();
    assert_eq!(front.len(), known.len());
    assert!(front.iter().all(|mark| known.contains(&mark.x)));
    // The step never goes beyond what a trial of the front reaches.
    let swapped = pareto(&snapshot, y, x).unwrap();
    assert_eq!(points(&swapped).len(), 40);
}

#[test]
fn the_volume_grows_with_the_front() {
    let history = study("a = { type = 'float', low = 0, high = 1 }\nb = { type = 'float', low = 0, high = 1 }")
        .objectives(&[Direction::Minimize, Direction::Maximize], |params| {
            vec![number(params, "a"), number(params, "b")]
        })
        .trials(40)
        .history();
    let snapshot = Snapshot::of(&history);
    let [x, y] = &history.spec.objectives[..] else { panic!("two objectives") };
    let spec = hypervolume(&snapshot, x, y).unwrap();
    let line = lines(&spec)[0].clone();
    assert!(line.points.is_sorted_by(|a, b| a[1] <= b[1]) && line.points[0][0] == 0.0, "{line:?}");
    assert!(line.points.iter().all(|[_, share]| (0.0..=1.0).contains(share)));
    // All of the front are among those that made it grow.
    let grown: Vec<u64> = points(&spec).iter().filter_map(|mark| mark.trial).collect();
    assert!(history.pareto().iter().all(|trial| grown.contains(&trial.number)));
    assert!(hypervolume(&Snapshot::of(&draft(0).history()), x, y).is_err());
}

#[test]
fn what_a_forest_expects_is_a_line_or_a_bar_for_each_choice() {
    let history = draft(60).history();
    let snapshot = Snapshot::of(&history);
    let forest = crate::Surrogate::fit(&history.spec.space, &crate::completed(&snapshot), 1).unwrap();
    let along = |name: &str| dependence(&snapshot, history.spec.objective(), name, &forest.dependence(name).unwrap());
    let spec = along("lr").unwrap();
    assert_eq!((&spec.x.scale, lines(&spec).len()), (&Scale::Log, 1));
    let lowest = lines(&spec)[0].points.iter().copied().min_by(|a, b| a[1].total_cmp(&b[1])).unwrap();
    assert!((0.003..0.03).contains(&lowest[0]), "{lowest:?}");
    let spec = along("model").unwrap();
    let Layer::Bars { bars, .. } = &spec.layers[0] else { panic!("bars") };
    assert!(bars.len() == 2 && bars[1].to < bars[0].to, "lstm is better by one: {bars:?}");
    let two = forest.dependence_on_two(["lr", "model"]).unwrap();
    assert!(dependence(&snapshot, history.spec.objective(), "lr", &two).is_err());
    assert!(
        dependence_on_two(&snapshot, history.spec.objective(), ["lr", "lr"], &forest.dependence("lr").unwrap())
            .is_err()
    );
    let spec = dependence_on_two(&snapshot, history.spec.objective(), ["lr", "model"], &two).unwrap();
    let [Layer::Cells(cells)] = &spec.layers[..] else { panic!("cells alone") };
    let names = Scale::Categorical(vec!["cnn".to_owned(), "lstm".to_owned()]);
    assert_eq!((cells.len(), &spec.x.scale, &spec.y.scale), (33 * 2, &Scale::Log, &names));
    // They fill the plot, each beside the next, from end to end of the domain.
    assert!((spec.x.low - 1e-4).abs() < 1e-12 && (spec.x.high - 0.1).abs() < 1e-9, "{:?}", spec.x);
    let below: Vec<&crate::spec::HeatCell> = cells.iter().filter(|cell| cell.y[0] < 0.0).collect();
    assert!(below.windows(2).all(|pair| pair[0].x[1] == pair[1].x[0]), "{below:?}");
    let best = cells.iter().find(|cell| cell.role == Role::Value(1.0)).unwrap();
    assert!(best.y == [0.5, 1.5] && best.x[0] < 0.03 && best.x[1] > 0.003, "{best:?}");
    assert!(spec.reading.starts_with("The best value is expected at lr 0.0"), "{}", spec.reading);
    assert!(spec.reading.contains(" and model lstm: "), "{}", spec.reading);
    let whole =
        study("a = { type = 'int', low = 1, high = 64, log = true }\nb = { type = 'bool' }").trials(30).history();
    let forest = crate::Surrogate::fit(&whole.spec.space, &crate::completed(&Snapshot::of(&whole)), 1).unwrap();
    let two = forest.dependence_on_two(["a", "b"]).unwrap();
    let spec = dependence_on_two(&Snapshot::of(&whole), whole.spec.objective(), ["a", "b"], &two).unwrap();
    let [Layer::Cells(cells)] = &spec.layers[..] else { panic!("cells alone") };
    assert!(cells.iter().all(|cell| cell.x[0] < cell.x[1]), "each number once: {cells:?}");
}

#[test]
fn durations_are_counted_by_state() {
    let snapshot = with_attempts(Snapshot::of(&HISTORY));
    let spec = durations(&snapshot).unwrap();
    let Layer::Cells(cells) = &spec.layers[0] else { panic!("cells") };
    let ended = snapshot.trials.iter().filter(|row| row.end.is_some()).count();
    assert_eq!(cells.iter().map(|cell| cell.y[1] - cell.y[0]).sum::<f64>(), ended as f64);
    let completed = snapshot.summary.completed;
    assert!(spec.legend[0].label.starts_with(&format!("completed ({completed}): ")), "{:?}", spec.legend);
    assert_eq!(durations(&Snapshot::of(&HISTORY)), Err(PlotError::NoAttempts));
}

#[test]
fn bars_go_from_the_most_important_down() {
    let one = |name: &str, mean: f64| Importance { name: name.to_owned(), mean, low: mean - 0.05, high: mean + 0.05 };
    let spec = importance("Importance", "share of the variance", &[one("lr", 0.2), one("model", 0.7)]).unwrap();
    assert_eq!(spec.y.scale, Scale::Categorical(vec!["lr".to_owned(), "model".to_owned()]));
    assert_eq!(spec.x.low, 0.0);
    assert!(spec.reading.starts_with("model is the most important of 2 parameters"));
    assert_eq!(importance("Importance", "share", &[]), Err(PlotError::NothingVaries));
}

#[test]
fn a_study_without_trials_or_values_says_so() {
    let empty = draft(0).history();
    let snapshot = Snapshot::of(&empty);
    let metric = empty.spec.objective();
    assert_eq!(history(&snapshot, metric, ALL), Err(PlotError::NoTrials));
    assert_eq!(timeline(&snapshot), Err(PlotError::NoTrials));
    assert_eq!(contour(&snapshot, metric, "lr", "model"), Err(PlotError::NoTrials));
    assert_eq!(pareto(&snapshot, metric, metric), Err(PlotError::NoTrials));
    assert_eq!(
        curves(&Snapshot::of(&HISTORY), &CurvesOf::new("other", 3)),
        Err(PlotError::NoValues("other".to_owned()))
    );
}

#[test]
fn of_many_trials_the_best_are_drawn_and_the_reader_is_told() {
    let history = study("x = { type = 'float', low = 0, high = 1 }").sampler("random").trials(30).history();
    let snapshot = Snapshot::of(&history);
    let values = values::Values::of(&snapshot, history.spec.objective()).unwrap();
    let values::Parted { alone, rest, note } = values.parted_at(20, 10);
    assert_eq!((alone.len(), rest.len()), (10, 20));
    assert_eq!(note.unwrap(), "10 of 30 trials drawn one by one, the best; the rest as density");
    let best: Vec<u64> = alone.iter().rev().map(|one| one.row.number).collect();
    assert_eq!(best, snapshot.top(10));
    assert!(values.parted_at(30, 10).rest.is_empty());
}

#[test]
fn thousands_of_trials_are_a_density_with_the_best_on_top() {
    let space = "x = { type = 'float', low = 1e-3, high = 1, log = true }\ny = { type = 'bool' }";
    let history = study(space).objective(|params| number(params, "x")).trials(2500).history();
    let snapshot = Snapshot::of(&history);
    let objective = history.spec.objective();
    let other = snapshot.objective_of("value");
    let specs = [
        super::history(&snapshot, objective, ALL).unwrap(),
        slice(&snapshot, objective, "x").unwrap(),
        rank(&snapshot, objective, "x", "y").unwrap(),
        pareto(&snapshot, objective, &Objective { direction: Direction::Maximize, ..other }).unwrap(),
    ];
    for spec in &specs[..3] {
        let Layer::Density(density) = &spec.layers[0] else { panic!("{}", spec.title) };
        assert_eq!((density.cells.len(), density.x), (density.columns * density.rows, [spec.x.low, spec.x.high]));
        assert!(density.cells.contains(&1.0) && density.cells.iter().all(|cell| (0.0..=1.0).contains(cell)));
        assert_eq!(points(spec).len(), 1000);
        assert!(points(spec).iter().all(|mark| snapshot.top(1000).contains(&mark.trial.unwrap())));
        let note = "1\u{a0}000 of 2\u{a0}500 trials drawn one by one, the best; the rest as density";
        assert_eq!(spec.notes[0], note);
    }
    // Every trial is on that front.
    assert_eq!(points(&specs[3]).len(), 2500);
    let spec = parallel(&snapshot, objective).unwrap();
    let densities = spec.layers.iter().filter(|layer| matches!(layer, Layer::Density(_))).count();
    assert_eq!((densities, lines(&spec).len()), (2, 1000));
}

#[test]
fn a_few_bad_values_do_not_take_all_of_the_axis() {
    fn value(params: &Params) -> f64 {
        let x = number(params, "x");
        if x > 0.95 { -500.0 } else { x - 1.0 }
    }
    let history = study("x = { type = 'float', low = 0, high = 1 }").sampler("sobol").objective(value).trials(64);
    let history = history.with(|spec| spec.objectives[0].direction = Direction::Maximize).history();
    let spec = super::history(&Snapshot::of(&history), history.spec.objective(), ALL).unwrap();
    assert!(spec.y.low > -2.0, "{:?}", spec.y);
    assert!(points(&spec).iter().all(|mark| (spec.y.low..=spec.y.high).contains(&mark.y)));
    assert!(spec.notes.iter().any(|note| note.contains("at the edge, the worst with -500")), "{:?}", spec.notes);
    assert!(points(&spec).iter().all(|mark| mark.shape == Shape::Disc));
}
