//! Order: which part of the history a decision may see, and when the next trial may start.

use seqtune_space::{Params, Value};

use crate::event::Seen;
use crate::history::{History, Trial};
use crate::spec::Order;

/// The part of a history that the decision about one trial sees: trials with results, and pending ones of which only
/// the parameters are known.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    history: &'a History,
    trial: u64,
    seen: Seen,
    /// Only trials in which this parameter has this value.
    within: Option<(&'a str, &'a Value)>,
}

impl<'a> View<'a> {
    /// What the decision about `trial` may see, by the study's order, at the present end of the log.
    pub fn now(history: &'a History, trial: u64) -> View<'a> {
        let seen = match history.spec.order {
            // Trial n sees the results of trials <= n - window.
            Order::Fixed => Seen::ResultsBelow((trial + 1).saturating_sub(history.spec.window)),
            Order::Eager => Seen::Events(history.seq),
        };
        View { history, trial, seen, within: None }
    }

    /// What the decision about `trial` saw when it was made.
    pub fn then(history: &'a History, trial: u64, seen: Seen) -> View<'a> {
        View { history, trial, seen, within: None }
    }

    /// The part of the view in which a parameter has this value, as if there were no other trials: for a sampler that
    /// searches a part of the space.
    pub(crate) fn within(self, parameter: &'a str, value: &'a Value) -> View<'a> {
        View { within: Some((parameter, value)), ..self }
    }

    /// What it sees, for the log.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// The study.
    pub fn history(&self) -> &'a History {
        self.history
    }

    /// Number of the trial that is decided about.
    pub fn trial(&self) -> u64 {
        self.trial
    }

    /// Earlier trials whose end is seen, in number order.
    pub fn finished(&self) -> impl Iterator<Item = &'a Trial> {
        let view = *self;
        self.earlier().filter(move |trial| view.sees_end(trial))
    }

    /// Points of earlier trials whose end is not seen, in number order.
    pub fn pending(&self) -> impl Iterator<Item = &'a Params> {
        let view = *self;
        self.earlier().filter(move |trial| !view.sees_end(trial)).map(|trial| &trial.params)
    }

    /// All earlier trials. Only their parameters and origins may be used.
    pub fn earlier(&self) -> impl Iterator<Item = &'a Trial> {
        self.earlier_from(0)
    }

    /// Whether it shows all earlier trials, not those of a part of the space alone.
    pub(crate) fn is_whole(&self) -> bool {
        self.within.is_none()
    }

    /// [`View::earlier`] without the first ones.
    pub(crate) fn earlier_from(&self, first: usize) -> impl Iterator<Item = &'a Trial> {
        // Of a whole view their numbers say where they are.
        let skipped = if self.is_whole() { first } else { 0 };
        let trials = self.history.trials.iter().skip(skipped).take_while({
            let number = self.trial;
            move |trial| trial.number < number
        });
        let View { within, .. } = *self;
        let is_within = move |trial: &&Trial| {
            within.is_none_or(|(parameter, value)| trial.params.get(parameter).is_some_and(|other| other == value))
        };
        trials.filter(is_within).skip(first - skipped)
    }

    /// Whether the end of this earlier trial is seen.
    pub(crate) fn sees_end(&self, trial: &Trial) -> bool {
        match self.seen {
            Seen::ResultsBelow(number) => trial.number < number && trial.end.is_some(),
            Seen::Events(seq) => trial.ended_seq.is_some_and(|ended| ended <= seq),
        }
    }
}

/// Whether all that the next trial must see is there. In fixed order the trial `window` before it must have ended;
/// eager order never waits.
pub fn next_trial_may_start(history: &History) -> bool {
    let next = history.trials.len() as u64;
    match (history.spec.order, View::now(history, next).seen()) {
        (Order::Fixed, Seen::ResultsBelow(number)) => {
            history.trials.iter().take(number as usize).all(|trial| trial.end.is_some())
        }
        _ => true,
    }
}
