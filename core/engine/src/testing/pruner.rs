//! What every pruner promises, as one function that any of them can be given to.

use seqtune_plugin::{Direction, FailureCause, MetricValue};
use seqtune_space::Params;

use crate::event::{Event, EventKind, MetricsJson, Seen};
use crate::history::{History, TrialEnd};
use crate::pruner::{Judge, PrunerSpec, Verdict, judge};
use crate::spec::{Order, Reduce};
use crate::testing::{StudyDraft, study};
use crate::verify::verify;

const SPACE: &str = "x = { type = 'float', low = 0, high = 1 }\nb = { type = 'float', low = 0.2, high = 1 }";

/// Checks the promises of a pruner: verdicts are pure, replay, and are explained; maximising stops exactly what minimising the
/// negative stops; nothing is stopped at its last step, nor where it is the only one or all are equal; what is not
/// finite is worse than anything; in fixed order nothing within the window is seen, and in eager order nothing that came later.
///
/// # Panics
/// Where one is broken, saying which.
pub fn check_pruner(pruner: &PrunerSpec) {
    let name = pruner.name();
    for reduce in [Reduce::Last, Reduce::Best] {
        for window in [1, 4] {
            let draft = falling(pruner, 30).window(window).with(|spec| spec.objectives[0].reduce = reduce);
            let history = draft.history();
            let verified = verify(&history);
            assert!(verified.differences.is_empty(), "{name} replays: {:?}", verified.differences);
            explained(&history, name);
            same_without_memory(&history, name);
            turned_around(&draft, &history, name);
        }
    }
    nothing_is_stopped_alone(pruner, name);
    equal_trials(pruner, name);
    not_finite(pruner, name);
    failed_and_left_out_steps(pruner, name);
    fixed_order(pruner, name);
    eager_order(pruner, name);
}

/// Curves that fall towards a level, at different speeds, some of them crossing.
fn falling(pruner: &PrunerSpec, trials: u64) -> StudyDraft {
    study(SPACE).pruner(pruner.clone()).curves(9, fall).trials(trials)
}

fn fall(params: &Params, step: u64) -> f64 {
    let at = |name: &str| params.float(name).expect("the space has it");
    at("x") + 2.0 * (step as f64).powf(-at("b"))
}

fn rise(params: &Params, step: u64) -> f64 {
    -fall(params, step)
}

fn is_stopped(end: &Option<TrialEnd>) -> bool {
    matches!(end, Some(TrialEnd::Pruned { .. }))
}

fn explained(history: &History, name: &str) {
    for trial in &history.trials {
        if let Some(TrialEnd::Pruned { reason, .. }) = &trial.end {
            assert!(!reason.is_empty() && !reason.ends_with('.'), "{name} says why: {reason:?}");
            assert!(trial.step() < history.spec.trial.steps, "{name} stops nothing at its last step");
        }
    }
}

/// A new judge decides as one that has seen all before, and twice the same.
fn same_without_memory(history: &History, name: &str) {
    let remembering = Judge::new(history);
    for trial in &history.trials {
        for reports in 1..=trial.reports.len() {
            let first = remembering.judge(history, trial.number, reports);
            assert_eq!(first, remembering.judge(history, trial.number, reports), "{name} is pure");
            assert_eq!(first.map(|(verdict, _)| verdict), judge(history, trial.number, reports), "{name} is pure");
        }
    }
}

/// To maximise is to minimise the negative, bounds included.
fn turned_around(draft: &StudyDraft, history: &History, name: &str) {
    let turned = draft.clone().curves(9, rise).with(|spec| {
        spec.objectives[0].direction = Direction::Maximize;
        spec.info.metrics[0].direction = Direction::Maximize;
        turn_bounds(&mut spec.pruner);
    });
    let ends = |history: &History| -> Vec<(usize, bool)> {
        history.trials.iter().map(|trial| (trial.reports.len(), is_stopped(&trial.end))).collect()
    };
    assert_eq!(ends(history), ends(&turned.history()), "{name}: maximising is minimising the negative");
}

fn turn_bounds(pruner: &mut PrunerSpec) {
    match pruner {
        PrunerSpec::Threshold { at_most, at_least, .. } => {
            (*at_most, *at_least) = (at_least.map(|bound| -bound), at_most.map(|bound| -bound));
        }
        PrunerSpec::Patient { inner, .. } => turn_bounds(inner),
        _ => {}
    }
}

/// Pruners that compare have nothing to compare the first trial with.
fn nothing_is_stopped_alone(pruner: &PrunerSpec, name: &str) {
    let history = falling(pruner, 1).history();
    assert_eq!(history.trials[0].end, Some(TrialEnd::Completed), "{name} lets the only trial train");
}

/// Of equal trials some may be stopped for their number, and the first ones go on.
fn equal_trials(pruner: &PrunerSpec, name: &str) {
    let draft = falling(pruner, 12).curves(9, |_, step| 2.0 - 0.1 * step as f64);
    let history = draft.history();
    assert_eq!(history.trials[0].end, Some(TrialEnd::Completed), "{name} goes on with equal trials");
    assert!(verify(&history).differences.is_empty(), "{name} replays");
}

/// A trial that has turned to NaN is stopped before it ends by all that stop anything, or goes on only for want of others; what is
/// finite is not stopped for the sake of what is not.
fn not_finite(pruner: &PrunerSpec, name: &str) {
    fn curve(params: &Params, step: u64) -> f64 {
        match params.float("x") {
            Ok(x) if x > 0.7 && step > 1 => f64::NAN,
            _ => fall(params, step),
        }
    }
    let history = falling(pruner, 40).curves(9, curve).history();
    assert!(verify(&history).differences.is_empty(), "{name} replays NaN");
    let completed = history.trials.iter().filter(|trial| trial.end == Some(TrialEnd::Completed));
    assert!(completed.clone().count() > 0, "{name} completes some");
    let late_and_nan = completed.filter(|trial| trial.number > 15 && trial.last_value().is_none());
    // A bracket without rungs, or parts that nobody reports, may let one through.
    let spared = matches!(pruner, PrunerSpec::None | PrunerSpec::Hyperband { .. } | PrunerSpec::Wilcoxon { .. });
    assert!(spared || late_and_nan.count() == 0, "{name} stops what has turned to NaN");
}

/// Logs of other programs: steps are left out, trials fail.
fn failed_and_left_out_steps(pruner: &PrunerSpec, name: &str) {
    let mut log = Log::new(falling(pruner, 0).with(|spec| spec.trial.steps = 1000));
    for trial in 0..12 {
        log.start(trial, 0.05 * trial as f64);
        for step in [2, 5, 40, 999].into_iter().take(1 + trial as usize % 4) {
            log.report(trial, step, 0.1 * trial as f64 + 1.0 / step as f64, &[0.1, 0.2, 0.3]);
            let verdict = judge(&log.history, trial, log.history.trials[trial as usize].reports.len());
            assert!(verdict.is_some(), "{name} decides");
        }
        let (cause, message) = (FailureCause::Crashed, "it fails here".to_owned());
        let end =
            if trial % 3 == 0 { EventKind::Failed { trial, cause, message } } else { EventKind::Completed { trial } };
        log.append(end);
    }
}

/// What a verdict sees in fixed order does not change with what happens in the window, nor with what comes later.
fn fixed_order(pruner: &PrunerSpec, name: &str) {
    let window = 4;
    let base = falling(pruner, 20).window(window).events();
    let history = History::fold(&base).expect("the log keeps the rules");
    for trial in &history.trials {
        // The log without the results of the window and of all later ones, but with other ones in their place.
        let first_hidden = trial.number.saturating_sub(window - 1);
        let changed: Vec<Event> = base
            .iter()
            .cloned()
            .map(|mut event| {
                if let EventKind::Reported { trial: of, value, .. } = &mut event.kind
                    && *of >= first_hidden
                    && *of != trial.number
                {
                    *value = Some(-1e6);
                }
                event
            })
            .collect();
        let changed = History::fold(&changed).expect("the log keeps the rules");
        for reports in 1..=trial.reports.len() {
            let verdicts = [&history, &changed].map(|history| judge(history, trial.number, reports));
            assert_eq!(verdicts[0], verdicts[1], "{name} sees nothing of the window");
        }
    }
}

/// What a verdict sees in eager order is the log up to its report, also when it is made again later.
fn eager_order(pruner: &PrunerSpec, name: &str) {
    let mut log = Log::new(falling(pruner, 0).with(|spec| spec.order = Order::Eager));
    for trial in 0..8 {
        log.start(trial, 0.1 * trial as f64);
    }
    let mut made: Vec<(u64, usize, Verdict)> = Vec::new();
    for step in 1..=9 {
        for trial in 0..8 {
            if is_stopped(&log.history.trials[trial as usize].end) {
                continue;
            }
            // One after the other, now forwards and now backwards.
            let trial = if step % 2 == 0 { trial } else { 7 - trial };
            if is_stopped(&log.history.trials[trial as usize].end) {
                continue;
            }
            let loss = 1.0 / step as f64 + ((trial * 7 + step * 3) % 11) as f64 / 10.0;
            log.report(trial, step, loss, &[loss - 0.1, loss + 0.1]);
            let reports = log.history.trials[trial as usize].reports.len();
            let (verdict, seen) = Judge::new(&log.history).judge(&log.history, trial, reports).expect("it reported");
            assert_eq!(seen, Seen::Events(log.history.seq), "{name} sees the log up to the report");
            if verdict.stop {
                log.append(EventKind::Pruned { trial, reason: verdict.reason.clone(), seen });
            }
            made.push((trial, reports, verdict));
        }
    }
    for (trial, reports, verdict) in made {
        assert_eq!(judge(&log.history, trial, reports), Some(verdict), "{name} sees nothing that came later");
    }
}

/// A log that is written event by event.
struct Log {
    history: History,
    draft: StudyDraft,
}

impl Log {
    fn new(draft: StudyDraft) -> Log {
        let history = draft.clone().trials(0).history();
        Log { history, draft }
    }

    fn append(&mut self, kind: EventKind) {
        let event = Event { seq: self.history.seq + 1, at_us: self.history.last_us + 1, kind };
        self.history.apply(&event).expect("the test's log keeps the rules");
    }

    fn start(&mut self, trial: u64, x: f64) {
        let params = self.draft.spec().space.decode(&[x.min(1.0), 0.5]).expect("the point is one of the space");
        let proposal = crate::Proposal {
            trial,
            params,
            origin: crate::Origin::Sampler,
            space_version: 0,
            replicate: 0,
            seed: 1,
            seen: Seen::Events(self.history.seq),
        };
        self.append(proposal.into_event());
    }

    fn report(&mut self, trial: u64, step: u64, value: f64, parts: &[f64]) {
        let metrics = [("value".to_owned(), MetricValue::mean_of(parts))].into();
        let metrics = MetricsJson::new(&metrics);
        self.append(EventKind::Reported { trial, attempt: 0, step, value: Some(value), metrics });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Trial;

    /// With the usual options; bounds and shares where there are no usual ones.
    fn spec(name: &str) -> PrunerSpec {
        match name {
            "percentile" => serde_json::from_str(r#"{"type":"percentile","percentile":25}"#).unwrap(),
            "threshold" => serde_json::from_str(r#"{"type":"threshold","at_most":1.9,"min_step":3}"#).unwrap(),
            "patient" => serde_json::from_str(r#"{"type":"patient","patience":1,"inner":{"type":"median"}}"#).unwrap(),
            name => PrunerSpec::named(name).unwrap(),
        }
    }

    macro_rules! promises_of {
        ($($name:ident),*) => {
            const TESTED: &[&str] = &[$(stringify!($name)),*];
            $(#[test]
            fn $name() {
                check_pruner(&spec(stringify!($name)));
            })*
        };
    }

    promises_of!(none, median, percentile, threshold, patient, asha, hyperband, wilcoxon, curve);

    #[test]
    fn every_pruner_is_tested() {
        assert_eq!(TESTED, PrunerSpec::NAMES);
    }

    /// A trial that stands still is stopped once another pruner would, and one that improves is not.
    #[test]
    fn patience_ends_where_nothing_improves() {
        fn flat(params: &Params, step: u64) -> f64 {
            let x = params.float("x").unwrap();
            if x > 0.5 { x } else { x + 1.0 / step as f64 }
        }
        let alone = PrunerSpec::Patient { patience: 3, min_delta: 0.0, inner: Box::default() };
        let with_median = PrunerSpec::Patient { patience: 3, min_delta: 0.0, inner: Box::new(spec("median")) };
        for (pruner, all) in [(alone, true), (with_median, false)] {
            let history = falling(&pruner, 40).curves(9, flat).history();
            let (still, improving): (Vec<&Trial>, Vec<&Trial>) =
                history.trials.iter().partition(|trial| trial.params.float("x").unwrap() > 0.5);
            assert!(improving.iter().all(|trial| !is_stopped(&trial.end)));
            let stopped = still.iter().filter(|trial| is_stopped(&trial.end)).count();
            assert!(stopped > 5 && (stopped == still.len() || !all), "{stopped} of {}", still.len());
            assert!(still.iter().all(|trial| trial.step() >= 4));
        }
    }

    /// Each that stops anything stops some of these, and keeps the best.
    #[test]
    fn what_is_bad_is_stopped_and_the_best_is_not() {
        for name in ["median", "percentile", "threshold", "asha", "hyperband", "curve"] {
            let history = falling(&spec(name), 60).history();
            let stopped = history.trials.iter().filter(|trial| is_stopped(&trial.end)).count();
            assert!((5..56).contains(&stopped), "{name} stops {stopped} of 60");
            let unpruned = falling(&PrunerSpec::None, 60).history();
            let best = unpruned.best().unwrap().number;
            assert_eq!(history.best().unwrap().number, best, "{name} keeps the best");
        }
    }
}
