//! What the next trial is: a pure function of the history.

use seqtune_space::{Params, SearchSpace};

use crate::event::{EventKind, Origin, Seen};
use crate::explain::{Explanation, Why};
use crate::history::{History, Queued, Trial};
use crate::order::View;
use crate::replicate;
use crate::sampler::{Reason, SampleError, Sampler, sampler_of};
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

    /// What the model that decided about a trial says of other points, each as if the trial had it: the expectations of a Gaussian
    /// process, the densities of a Parzen estimator. None where the sampler has no model, or had too few results for one.
    pub fn said_of(&self, history: &History, trial: &Trial, points: &[Params]) -> Vec<Option<Reason>> {
        let view = View::then(history, trial.number, trial.seen);
        let seed = sampler_seed(&view);
        self.sampler.said_of(history.space(trial.space_version), &view, seed, points)
    }

    /// Why there is no next trial, where the space is exhausted. It is known without a suggestion, since it is asked again and again.
    pub fn exhausted(&self, history: &History) -> Option<String> {
        history.spec.space.cardinality()?;
        let trial = history.trials.len() as u64;
        let (view, space) = (View::now(history, trial), history.space(history.space_version(trial)));
        if given(&view, space).is_some() {
            return None;
        }
        let (sampler, seed) = (&history.spec.sampler, sampler_seed(&view));
        sampler.exhausted(self.sampler.as_ref(), space, &view, seed).map(|error| error.to_string())
    }

    /// [`Proposer::propose`] with a given view and version of the space, and why.
    pub(crate) fn propose_from(&self, view: View<'_>, space_version: u64) -> Result<(Proposal, Why), SampleError> {
        let (history, trial) = (view.history(), view.trial());
        let (spec, space) = (&history.spec, history.space(space_version));
        let Given { params, origin, why, again } = match given(&view, space) {
            Some(given) => given,
            None => {
                let suggested = self.sampler.suggest(space, &view, sampler_seed(&view))?;
                let why = Why::Sampler(suggested.reason);
                Given { params: suggested.params, origin: Origin::Sampler, why, again: false }
            }
        };
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

/// A point, and where it came from.
struct Given {
    params: Params,
    origin: Origin,
    why: Why,
    /// Whether it is tried again on purpose.
    again: bool,
}

/// The point that the trial has before the sampler is asked, where there is one.
fn given(view: &View<'_>, space: &SearchSpace) -> Option<Given> {
    if let Some(queued) = waiting(view) {
        let (params, why) = (queued.params.clone(), Why::Enqueued { request: queued.request });
        return Some(Given { params, origin: Origin::Enqueued, why, again: queued.again });
    }
    if let Some(params) = (view.trial() == 0).then(|| space.defaults()).flatten() {
        return Some(Given { params, origin: Origin::Default, why: Why::Default, again: false });
    }
    let rule = view.history().spec.replicates?;
    let replicate::Repeated { trial: of, probability } = replicate::due(view, &rule)?;
    let why = Why::Replicate { of: of.number, probability };
    Some(Given { params: of.params.clone(), origin: Origin::Replicate, why, again: true })
}

/// The seed with which the sampler is asked.
fn sampler_seed(view: &View<'_>) -> u64 {
    seed_of(view.history().spec.seed, view.trial(), "sampler")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bandit::Rule;
    use crate::event::Event;
    use crate::spec::{ArmSampler, ReplicateSpec};
    use crate::testing::{StudyDraft, study};

    const PLAIN: &str = "m = { type = 'categorical', choices = ['a', 'b'] }\nk = { type = 'int', low = 1, high = 3 }";

    const EMPTY: &str = "m = { type = 'categorical', choices = ['a', 'b'] }\nk = { type = 'int', low = 1, high = 3 }\n\
                         constraints = ['k > 3']";

    /// Finite spaces: plain ones, with conditions and constraints, of one point, of none, and with arms too large to go through.
    const SPACES: [&str; 7] = [
        PLAIN,
        "m = { type = 'categorical', choices = ['a', 'b', 'c'], default = 'b' }\n\
         k = { type = 'int', low = 1, high = 4, when = { m = 'a' }, default = 1 }\nconstraints = ['k != 2']",
        "only = { type = 'categorical', choices = ['one'] }",
        EMPTY,
        "m = { type = 'categorical', choices = ['a', 'b'] }\nk = { type = 'int', low = 1, high = 65 }\n\
         n = { type = 'int', low = 1, high = 65, when = { m = 'b' } }\nconstraints = ['k < 3']",
        "m = { type = 'categorical', choices = ['a', 'b'] }\nk = { type = 'int', low = 1, high = 65 }\n\
         n = { type = 'int', low = 1, high = 65, when = { m = 'b' } }\nconstraints = ['k + n < 3', 'k < 3']",
        "x = { type = 'ordinal', values = [1, 2, 3] }\nl = { type = 'list', len = { low = 1, high = 2 }, item = { type = 'bool' } }",
    ];

    /// Every sampler, and bandits with samplers that do not go through all points, or over the points themselves.
    fn samplers() -> Vec<SamplerSpec> {
        let named = SamplerSpec::NAMES.into_iter().map(|name| study(PLAIN).sampler(name).spec().sampler.clone());
        let bandit = |inner, plain| SamplerSpec::Bandit { arm: None, rule: Rule::default(), inner, plain };
        let bandits = [(ArmSampler::Random, false), (ArmSampler::Grid, false), (ArmSampler::Auto, true)];
        named.chain(bandits.map(|(inner, plain)| bandit(inner, plain))).collect()
    }

    /// As it is without the short cut: the next trial is asked for.
    fn asked(proposer: &Proposer, history: &History) -> Option<String> {
        match proposer.propose(history, history.trials.len() as u64) {
            Err(error @ SampleError::Exhausted { .. }) => Some(error.to_string()),
            _ => None,
        }
    }

    /// Compares both after each trial, and says how often the space was exhausted.
    fn compare(draft: &StudyDraft) -> usize {
        let events: Vec<Event> = draft.events();
        let proposer = Proposer::new(&draft.spec().sampler);
        let mut history = History::new(&events[0]).unwrap();
        let mut exhausted = 0;
        for event in events.iter().map(Some).skip(1).chain([None]) {
            if matches!(event, None | Some(Event { kind: EventKind::TrialStarted { .. }, .. })) {
                let found = proposer.exhausted(&history);
                assert_eq!(found, asked(&proposer, &history), "{:?}", history.spec.sampler);
                exhausted += usize::from(found.is_some());
            }
            event.into_iter().for_each(|event| history.apply(event).unwrap());
        }
        exhausted
    }

    #[test]
    fn that_a_space_is_exhausted_is_known_without_a_suggestion() {
        let mut exhausted = 0;
        for sampler in samplers() {
            for space in SPACES {
                let draft = study(space).with(|spec| spec.sampler = sampler.clone());
                // What it refuses no study can be made of. Where there is no point, one that draws them gives up late, and a bandit
                // asks it.
                let draws = matches!(
                    sampler,
                    SamplerSpec::Random | SamplerSpec::Sobol | SamplerSpec::Bandit { inner: ArmSampler::Random, .. }
                );
                if sampler.takes(&draft.spec().space).is_err() || (space == EMPTY && draws) {
                    continue;
                }
                exhausted += compare(&draft.trials(12).window(2));
            }
        }
        assert!(exhausted > 30, "{exhausted} studies were exhausted");
    }

    /// An exhausted space goes on while points wait, or seeds are due.
    #[test]
    fn what_waits_and_what_is_due_is_no_end() {
        for name in ["auto", "grid", "bandit"] {
            let mut point = Params::default();
            point.set("m", "a");
            point.set("k", 9);
            let waiting = study(PLAIN).sampler(name).with(|spec| spec.enqueue = vec![point; 8]);
            assert_eq!(compare(&waiting.trials(20)), 1);
            let space = "m = { type = 'categorical', choices = ['a', 'b'] }\nk = { type = 'int', low = 1, high = 6 }";
            let due = study(space).sampler(name).noise(2.0).with(|spec| {
                spec.replicates = Some(ReplicateSpec { seeds: 4, share: 0.5 });
            });
            let history = due.clone().trials(40).history();
            assert!(history.trials.iter().filter(|trial| trial.origin == Origin::Replicate).count() >= 3);
            compare(&due.trials(40));
        }
    }
}
