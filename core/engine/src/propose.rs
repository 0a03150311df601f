//! What the next trial is: a pure function of the history.

use seqtune_space::Params;

use crate::event::{EventKind, Origin, Seen};
use crate::explain::{Explanation, Why};
use crate::history::{History, Queued, Trial};
use crate::order::View;
use crate::replicate;
use crate::sampler::{SampleError, Sampler, sampler_of};
use crate::seed::seed_of;
use crate::spec::SamplerSpec;

/// A point to try, and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Number of the trial.
    pub trial: u64,
    /// The point.
    pub params: Params,
    /// Where it came from.
    pub origin: Origin,
    /// Version of the space that it was decided in.
    pub space_version: u64,
    /// Which repetition of the configuration; above 0 only where it is repeated on purpose.
    pub replicate: u64,
    /// Seed of the training. It depends on the replicate, not on the trial: configurations are compared on common
    /// seeds.
    pub seed: u64,
    /// What the decision saw.
    pub seen: Seen,
}

impl Proposal {
    /// The event that starts the trial.
    pub fn into_event(self) -> EventKind {
        EventKind::TrialStarted {
            trial: self.trial,
            config_key: self.params.key(),
            params: self.params,
            origin: self.origin,
            space_version: self.space_version,
            replicate: self.replicate,
            seed: self.seed,
            seen: self.seen,
        }
    }
}

/// Decides what the trials of one study are. What it has worked out for one decision it keeps for the next: the log only
/// grows, so that this saves time and changes nothing. A new one decides the same.
pub struct Proposer {
    sampler: Box<dyn Sampler>,
}

impl Proposer {
    /// For a study that chooses its points so. One for each study: it remembers trials by their numbers.
    pub fn new(sampler: &SamplerSpec) -> Proposer {
        Proposer { sampler: sampler_of(sampler) }
    }

    /// What trial `trial` is, at the present end of the log: a waiting point of the queue, else the default configuration
    /// for trial 0, else a leading configuration with another seed where the study asks for that, else what the sampler suggests.
    ///
    /// # Errors
    /// Where the sampler has nothing to suggest.
    pub fn propose(&self, history: &History, trial: u64) -> Result<Proposal, SampleError> {
        self.propose_from(View::now(history, trial), history.space_version(trial)).map(|(proposal, _)| proposal)
    }

    /// Why a trial has the point it has: its decision made again, from what it saw.
    ///
    /// # Errors
    /// Where the sampler has nothing to suggest now, which another build than this must have seen otherwise.
    pub fn explain(&self, history: &History, trial: &Trial) -> Result<Explanation, SampleError> {
        let view = View::then(history, trial.number, trial.seen);
        let seen = || (view.finished().count() as u64, view.pending().count() as u64);
        if trial.origin == Origin::Added {
            return Ok(Explanation::new(trial, seen(), Why::Added, None));
        }
        let (again, why) = self.propose_from(view, trial.space_version)?;
        let differs = (again.params != trial.params || again.origin != trial.origin).then_some(again.params);
        Ok(Explanation::new(trial, seen(), why, differs))
    }

    /// Why there is no next trial, where the space is exhausted.
    pub fn exhausted(&self, history: &History) -> Option<String> {
        history.spec.space.cardinality()?;
        match self.propose(history, history.trials.len() as u64) {
            Err(error @ SampleError::Exhausted { .. }) => Some(error.to_string()),
            _ => None,
        }
    }

    /// [`Proposer::propose`] with a given view and version of the space, and why.
    pub(crate) fn propose_from(&self, view: View<'_>, space_version: u64) -> Result<(Proposal, Why), SampleError> {
        let (history, trial) = (view.history(), view.trial());
        let (spec, space) = (&history.spec, history.space(space_version));
        let queued = waiting(&view);
        let repeated = || spec.replicates.and_then(|rule| replicate::due(&view, &rule));
        let (params, origin, why) = if let Some(queued) = queued {
            (queued.params.clone(), Origin::Enqueued, Why::Enqueued { request: queued.request })
        } else if let Some(defaults) = (trial == 0).then(|| space.defaults()).flatten() {
            (defaults, Origin::Default, Why::Default)
        } else if let Some(repeated) = repeated() {
            let (of, probability) = (repeated.trial.number, repeated.probability);
            (repeated.trial.params.clone(), Origin::Replicate, Why::Replicate { of, probability })
        } else {
            let suggested = self.sampler.suggest(space, &view, seed_of(spec.seed, trial, "sampler"))?;
            (suggested.params, Origin::Sampler, Why::Sampler(suggested.reason))
        };
        let again = origin == Origin::Replicate || queued.is_some_and(|queued| queued.again);
        let replicate = if again || spec.sampler.repeats() {
            let key = params.key();
            view.earlier().filter(|earlier| earlier.config_key == key).count() as u64
        } else {
            0
        };
        let seed = seed_of(spec.seed, replicate, "train");
        Ok((Proposal { trial, params, origin, space_version, replicate, seed, seen: view.seen() }, why))
    }
}

/// The point of the queue that the trial takes.
fn waiting<'a>(view: &View<'a>) -> Option<&'a Queued> {
    let queue = &view.history().queue;
    // Most studies have no queue, and then no trial needs to be looked at.
    queue.first()?;
    let taken = view.earlier().filter(|earlier| earlier.origin == Origin::Enqueued).count();
    queue.get(taken).filter(|queued| queued.from_trial <= view.trial())
}

/// [`Proposer::propose`], for one decision.
///
/// # Errors
/// Where the sampler has nothing to suggest.
pub fn propose(history: &History, trial: u64) -> Result<Proposal, SampleError> {
    Proposer::new(&history.spec.sampler).propose(history, trial)
}
