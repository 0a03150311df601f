//! What is said of studies that are known to be in some state.

use std::sync::Arc;

use seqtune_core::testing::{StudyDraft, study};
use seqtune_core::{
    Attempt, AttemptEnd, Origin, OutcomeConstraint, PrunerSpec, ReplicateSpec, SamplerSpec, TrialState,
};
use seqtune_plugin::{Direction, FailureCause};
use seqtune_space::Params;

use super::*;
use crate::row::TrialRow;

const SPACE: &str = "x = { type = 'float', low = 0, high = 1 }\n\
                     lr = { type = 'float', low = 1e-4, high = 0.1, log = true }\n\
                     kind = { type = 'categorical', choices = ['a', 'b', 'c', 'd', 'e'] }";

fn number(params: &Params, name: &str) -> f64 {
    params.get(name).and_then(seqtune_space::Value::as_f64).unwrap_or(0.0)
}

fn draft(trials: u64) -> StudyDraft {
    study(SPACE).objective(|params| number(params, "x")).trials(trials)
}

/// The snapshot with its trials and specification changed.
fn changed(draft: &StudyDraft, spec: impl Fn(&mut seqtune_core::StudySpec), row: impl Fn(&mut TrialRow)) -> Snapshot {
    let mut snapshot = Snapshot::of(&draft.history());
    spec(Arc::make_mut(&mut snapshot.spec));
    for own in &mut snapshot.trials {
        row(Arc::make_mut(own));
    }
    snapshot
}

fn of(draft: &StudyDraft) -> Vec<Card> {
    health(&Snapshot::of(&draft.history()))
}

/// The one card whose title has these words.
fn titled(cards: &[Card], words: &str) -> Card {
    let mut found = cards.iter().filter(|card| card.title.contains(words));
    match (found.next(), found.next()) {
        (Some(card), None) => card.clone(),
        _ => panic!("one card about {words:?} in {cards:#?}"),
    }
}

#[test]
fn an_empty_study_says_so() {
    let cards = of(&draft(0));
    assert_eq!(cards.len(), 1);
    assert_eq!((cards[0].status, cards[0].sentence.as_str()), (Status::Note, "The study has no trials yet."));
    let all_fail = of(&draft(5).failing(FailureCause::OutOfMemory, |_| true));
    assert_eq!(all_fail[0].sentence, "Of 5 trials none has completed with a value yet.");
    assert_eq!(titled(&all_fail, "failed").sentence, "5 of 5 ended trials failed: 5 out of memory.");
    assert_eq!(titled(&of(&draft(5)), "Too few").status, Status::Note);
}

#[test]
fn one_seed_each_leaves_luck_open() {
    let snapshot = Snapshot::of(&draft(20).history());
    let best = snapshot.best().unwrap();
    let first = health(&snapshot).remove(0);
    assert_eq!((first.status, first.about), (Status::Note, Some(About::Trial(best.number))));
    assert!(first.sentence.contains("trained with one seed"), "{}", first.sentence);
}

#[test]
fn the_best_mean_is_told_from_the_best_single() {
    let noisy = draft(80).noise(0.2).with(|spec| spec.replicates = Some(ReplicateSpec { seeds: 4, share: 0.5 }));
    let snapshot = Snapshot::of(&noisy.history());
    let first = health(&snapshot).remove(0);
    let means = crate::configs(&snapshot);
    let several = means.iter().filter_map(|config| config.value.filter(|mean| mean.n > 1));
    let best = several.min_by(|a, b| a.mean.total_cmp(&b.mean)).unwrap();
    assert!(first.title.starts_with(&format!("Best mean {} ±", crate::spec::short(best.mean, 4))), "{}", first.title);
    assert!(first.sentence.contains(&format!("over {} seeds", best.n)), "{}", first.sentence);
    assert!(first.sentence.contains("The best single trial is"), "{}", first.sentence);
}

#[test]
fn what_breaks_every_constraint_is_not_good() {
    let none = draft(12).objectives(&[Direction::Minimize; 2], |params| vec![number(params, "x"), 1.0]).with(|spec| {
        let bound = OutcomeConstraint { metric: "value_2".to_owned(), at_most: Some(0.5), at_least: None };
        spec.outcome_constraints = vec![bound];
    });
    let first = of(&none).remove(0);
    assert_eq!((first.status, first.title.as_str()), (Status::Warning, "No trial is allowed"));
}

#[test]
fn the_default_is_what_has_to_be_beaten() {
    let is_default = |row: &mut TrialRow| {
        if row.number == 0 {
            row.origin = Origin::Default;
        }
    };
    let snapshot = changed(&draft(30), |_| (), is_default);
    let better = titled(&health(&snapshot), "the default");
    assert_eq!((better.status, better.title.as_str()), (Status::Pass, "Better than the default"));
    let worst_way = changed(
        &draft(30),
        |_| (),
        |row| {
            is_default(row);
            row.value = Some(if row.number == 0 { 0.0 } else { 1.0 });
        },
    );
    let worse = titled(&health(&worst_way), "the default");
    assert_eq!((worse.status, worse.title.as_str()), (Status::Warning, "Nothing is better than the default"));
}

#[test]
fn proposals_at_a_bound_are_a_warning() {
    // Every second trial has the upper end; the first of the two figures is of the last hundred.
    let to_end = |row: &mut TrialRow| {
        row.origin = Origin::Sampler;
        if row.number.is_multiple_of(2) {
            row.params.set("lr", 0.1);
        }
    };
    let learning = |spec: &mut seqtune_core::StudySpec| spec.sampler = SamplerSpec::Tpe;
    let cards = health(&changed(&draft(120), learning, to_end));
    let card = titled(&cards, "bound");
    assert_eq!((card.status, card.title.as_str()), (Status::Note, "lr at its upper bound"));
    let said = "% of the last 100 proposals lie at the upper bound 0.1: which is the limit of the family.";
    assert!(card.sentence.ends_with(said), "{}", card.sentence);
    assert_eq!(card.about, Some(About::Parameter("lr".to_owned())));

    let wider = |spec: &mut seqtune_core::StudySpec| {
        learning(spec);
        spec.info.parameters =
            study("lr = { type = 'float', low = 1e-4, high = 2.0, log = true }").spec().space.clone();
    };
    let card = titled(&health(&changed(&draft(120), wider, to_end)), "bound");
    assert!(
        card.status == Status::Warning && card.sentence.ends_with("widen the range, the family goes to 2."),
        "{card:?}"
    );
    let random = health(&changed(&draft(120), |_| (), to_end));
    assert!(!random.iter().any(|card| card.title.contains("bound")));
}

#[test]
fn pruning_says_what_it_saved() {
    let median: PrunerSpec = serde_json::from_str(r#"{"type": "median"}"#).unwrap();
    let curves = || study(SPACE).curves(8, |params, step| number(params, "x") + 1.0 / step as f64).trials(40);
    let snapshot = Snapshot::of(&curves().pruner(median).history());
    let pruned: Vec<_> = snapshot.trials.iter().filter(|row| row.state == TrialState::Pruned).collect();
    let saved: u64 = pruned.iter().map(|row| 8 - row.step).sum();
    let card = titled(&health(&snapshot), "Pruning");
    assert_eq!(card.status, Status::Pass, "{card:?}");
    let figures = format!("{} trials stopped early and {saved} of 320 steps not trained.", pruned.len());
    assert!(card.sentence.starts_with(&figures), "{}", card.sentence);
    assert_eq!(card.title, format!("Pruning saved {} % of the steps", (saved as f64 / 3.2).round()));
    let without = titled(&of(&curves()), "Nothing is pruned");
    assert!(without.sentence.starts_with("The rank at step 2 of 8 and the final one correlate by 1:"), "{without:?}");
}

#[test]
fn failures_are_told_by_cause_and_place() {
    let some = of(&draft(60).failing(FailureCause::Diverged, |params| number(params, "lr") > 0.02));
    let card = titled(&some, "failed");
    assert_eq!((card.status, card.about), (Status::Warning, Some(About::Parameter("lr".to_owned()))));
    assert!(card.sentence.contains("diverged.") && card.sentence.contains("lr in the upper half, from 0.00316"));
    let choice = draft(60).failing(FailureCause::BadParams, |params| {
        params.get("kind").is_some_and(|kind| *kind == seqtune_space::Value::Text("b".to_owned()))
    });
    let card = titled(&of(&choice), "failed");
    assert!(card.sentence.ends_with("have kind b, where 100 % of the trials fail."), "{}", card.sentence);
    let by_chance =
        draft(60).failing(FailureCause::Crashed, |params| ((number(params, "x") * 1e6) as u64).is_multiple_of(7));
    assert_eq!(titled(&of(&by_chance), "failed").about, Some(About::Plot(PlotKind::Timeline)));
}

#[test]
fn numbers_that_differ_are_a_warning() {
    let snapshot = changed(
        &draft(12),
        |_| (),
        |row| {
            if row.number == 3 {
                row.differed = vec![1];
            }
        },
    );
    let card = titled(&health(&snapshot), "differ");
    assert_eq!((card.status, card.about), (Status::Warning, Some(About::Trial(3))));
}

#[test]
fn a_worker_without_a_trial_is_idle() {
    let attempt = |worker, started_us, end: Option<i64>| Attempt {
        worker,
        device: "cpu".to_owned(),
        build: Arc::default(),
        from_step: 0,
        elsewhere: Vec::new(),
        started_us,
        end: end.map(|at| (AttemptEnd::Completed, at, String::new())),
    };
    let minutes = 60_000_000;
    let mut snapshot = changed(
        &draft(12),
        |_| (),
        |row| match row.number {
            0 => row.attempts = vec![attempt(0, 0, Some(minutes))],
            1 => row.attempts = vec![attempt(1, 0, None)],
            _ => {}
        },
    );
    let mut settings = (*snapshot.settings).clone();
    (settings.workers.count, settings.budget.trials) = (2, Some(100));
    snapshot.settings = Arc::new(settings);
    snapshot.last_us = 31 * minutes;
    let card = titled(&health(&snapshot), "idle");
    assert_eq!((card.status, card.title.as_str()), (Status::Warning, "1 of 2 workers idle"));
    assert!(card.sentence.starts_with("Worker 0 has had no trial for up to 30 min."), "{}", card.sentence);
    snapshot.last_us = 5 * minutes;
    assert!(!health(&snapshot).iter().any(|card| card.title.contains("idle")), "that is not long");
}

#[test]
fn what_changes_nothing_is_named_and_so_is_a_standstill() {
    let snapshot = changed(
        &draft(100),
        |_| (),
        |row| {
            row.value = Some(if row.number == 5 { -1.0 } else { number(&row.params, "x") });
        },
    );
    let cards = health(&snapshot);
    let card = titled(&cards, "without effect");
    assert!(card.sentence.contains("lr") || card.sentence.contains("kind"), "{}", card.sentence);
    assert!(!card.sentence.contains("told by x"), "{}", card.sentence);
    assert_eq!(titled(&cards, "No improvement").title, "No improvement for 94 trials");
    let order: Vec<Status> = cards[1..].iter().map(|card| card.status).collect();
    assert!(order.is_sorted(), "{order:?}");
}
