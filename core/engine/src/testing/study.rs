//! Studies in memory, made in one line.

use std::collections::BTreeMap;

use rand_distr::{Distribution, StandardNormal};
use seqtune_plugin::{Direction, FailureCause, FamilyInfo, MetricInfo, MetricValue};
use seqtune_space::{Params, SearchSpace};

use crate::event::{Event, EventKind, MetricsJson};
use crate::history::History;
use crate::propose::Proposer;
use crate::pruner::{Judge, PrunerSpec, Verdict};
use crate::sampler::SampleError;
use crate::seed::rng_of;
use crate::spec::{
    Budget, FamilyChoice, Objective, Order, Reduce, SamplerSpec, Settings, StudySpec, TrialSpec, WorkerSettings,
};

/// Says of a point whether it is one of those.
type At = fn(&Params) -> bool;

/// What a trial's values are, one for each objective.
#[derive(Clone, Copy, Debug)]
enum Losses {
    One(fn(&Params) -> f64),
    Several(fn(&Params) -> Vec<f64>),
}

/// A study to be: a space, and what else a test wants to say.
#[derive(Clone, Debug)]
pub struct StudyDraft {
    spec: StudySpec,
    trials: u64,
    at_us: i64,
    objectives: Option<Losses>,
    failing: Option<(FailureCause, At)>,
    pruning: Option<At>,
    noise: f64,
    curve: Option<fn(&Params, u64) -> f64>,
}

/// A study that minimises `value` over a space in TOML.
///
/// # Panics
/// Where the TOML is not a space: this is for tests.
pub fn study(space: &str) -> StudyDraft {
    let space: SearchSpace = toml::from_str(space).expect("the test's space must be valid");
    let info = FamilyInfo {
        name: "test".to_owned(),
        version: "1".to_owned(),
        summary: "A family that exists in tests only.".to_owned(),
        step: "step".to_owned(),
        parameters: space.clone(),
        metrics: vec![metric(0)],
        data: BTreeMap::new(),
    };
    let spec = StudySpec {
        name: "test".to_owned(),
        family: FamilyChoice::Name("test".to_owned()),
        info,
        data: serde_json::Map::new(),
        data_digest: "none".to_owned(),
        objectives: vec![objective(0, Direction::Minimize)],
        outcome_constraints: Vec::new(),
        trial: TrialSpec { steps: 1, checkpoint_every: 1, time_limit_secs: None, stall_limit_secs: 60.0, retries: 2 },
        seed: 1,
        order: Order::Fixed,
        window: 1,
        space,
        sampler: SamplerSpec::Random,
        pruner: PrunerSpec::None,
        replicates: None,
        enqueue: Vec::new(),
    };
    StudyDraft {
        spec,
        trials: 0,
        at_us: 1_700_000_000_000_000,
        objectives: None,
        failing: None,
        pruning: None,
        noise: 0.0,
        curve: None,
    }
}

/// The name of the metric of an objective: `value`, `value_2`, `value_3`, ...
fn metric_name(index: usize) -> String {
    if index == 0 { "value".to_owned() } else { format!("value_{}", index + 1) }
}

fn metric(index: usize) -> MetricInfo {
    MetricInfo {
        name: metric_name(index),
        direction: Direction::Minimize,
        unit: String::new(),
        doc: "A value.".to_owned(),
    }
}

fn objective(index: usize, direction: Direction) -> Objective {
    Objective { metric: metric_name(index), direction, reduce: Reduce::Last }
}

impl StudyDraft {
    /// Sets the sampler by name.
    ///
    /// # Panics
    /// Where there is no such sampler.
    #[must_use]
    pub fn sampler(mut self, name: &str) -> StudyDraft {
        let tagged = serde_json::json!({ "type": name });
        self.spec.sampler = serde_json::from_value(tagged).expect("the test's sampler must exist");
        self
    }

    /// Sets the study's seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> StudyDraft {
        self.spec.seed = seed;
        self
    }

    /// Sets the window of fixed order.
    #[must_use]
    pub fn window(mut self, window: u64) -> StudyDraft {
        self.spec.window = window;
        self
    }

    /// Sets the pruner.
    #[must_use]
    pub fn pruner(mut self, pruner: PrunerSpec) -> StudyDraft {
        self.spec.pruner = pruner;
        self
    }

    /// Gives trials this many steps, and sets what their value is at each, from 1 on. The study's pruner decides about them.
    #[must_use]
    pub fn curves(mut self, steps: u64, curve: fn(&Params, u64) -> f64) -> StudyDraft {
        self.spec.trial.steps = steps;
        self.curve = Some(curve);
        self
    }

    /// Changes anything else.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut StudySpec)) -> StudyDraft {
        change(&mut self.spec);
        self
    }

    /// Sets what a trial's value is, in place of the sum of its unit vector. Values that are not finite may come out.
    #[must_use]
    pub fn objective(mut self, objective: fn(&Params) -> f64) -> StudyDraft {
        self.objectives = Some(Losses::One(objective));
        self
    }

    /// Gives the study as many objectives as there are directions, whose metrics are `value`, `value_2`, and so on, and sets what
    /// a trial's values are. Values that are not finite may come out.
    #[must_use]
    pub fn objectives(mut self, directions: &[Direction], values: fn(&Params) -> Vec<f64>) -> StudyDraft {
        self.spec.objectives = directions.iter().enumerate().map(|(index, one)| objective(index, *one)).collect();
        self.spec.info.metrics = (0..directions.len()).map(metric).collect();
        self.objectives = Some(Losses::Several(values));
        self
    }

    /// Adds noise to the values: normal, of this standard deviation, and the same for the same point and training seed.
    #[must_use]
    pub fn noise(mut self, deviation: f64) -> StudyDraft {
        self.noise = deviation;
        self
    }

    /// Lets the trials at these points fail, for this cause.
    #[must_use]
    pub fn failing(mut self, cause: FailureCause, at: At) -> StudyDraft {
        self.failing = Some((cause, at));
        self
    }

    /// Lets the trials at these points be stopped early.
    #[must_use]
    pub fn pruning(mut self, at: At) -> StudyDraft {
        self.pruning = Some(at);
        self
    }

    /// How many trials have run, where the space has so many.
    #[must_use]
    pub fn trials(mut self, trials: u64) -> StudyDraft {
        self.trials = trials;
        self
    }

    /// The specification.
    pub fn spec(&self) -> &StudySpec {
        &self.spec
    }

    /// The log of the study, trials run one after the other.
    ///
    /// # Panics
    /// Where the sampler fails.
    pub fn events(&self) -> Vec<Event> {
        let settings = Settings {
            budget: Budget { trials: Some(self.trials), ..Budget::default() },
            workers: WorkerSettings::default(),
        };
        let created = EventKind::StudyCreated { spec: Box::new(self.spec.clone()), settings, build: "test".to_owned() };
        self.resumed(vec![Event { seq: 1, at_us: self.at_us, kind: created }])
    }

    /// The log of the study where this much of it is there already, up to the end of some trial: another process that goes on.
    ///
    /// # Panics
    /// Where the sampler fails, or the events are not the beginning of a log.
    pub fn resumed(&self, mut events: Vec<Event>) -> Vec<Event> {
        let mut history = History::fold(&events).expect("the test's log keeps the rules");
        let (proposer, judge) = (Proposer::new(&self.spec.sampler), Judge::new(&history));
        for number in history.trials.len() as u64..self.trials {
            let proposal = match proposer.propose(&history, number) {
                Err(SampleError::Exhausted { .. }) => break,
                proposal => proposal.expect("the sampler must have a suggestion"),
            };
            let params = &proposal.params;
            let mut append = |history: &mut History, kind: EventKind| {
                let event = Event { seq: history.seq + 1, at_us: history.last_us + 1_000_000, kind };
                history.apply(&event).expect("the test's log keeps the rules");
                events.push(event);
            };
            if let Some(curve) = self.curve {
                let params = params.clone();
                append(&mut history, proposal.into_event());
                let mut end = EventKind::Completed { trial: number };
                for step in 1..=self.spec.trial.steps {
                    append(&mut history, reported(number, step, &[curve(&params, step)]));
                    let judged = judge.judge(&history, number, step as usize).expect("it has this report");
                    if let (Verdict { stop: true, reason }, seen) = judged {
                        end = EventKind::Pruned { trial: number, reason, seen };
                        break;
                    }
                }
                append(&mut history, end);
                continue;
            }
            let values = match self.objectives {
                Some(Losses::One(value)) => vec![value(params)],
                Some(Losses::Several(values)) => values(params),
                None => vec![self.spec.space.encode(params).into_iter().flatten().sum::<f64>()],
            };
            let noisy = |(index, value): (usize, f64)| match self.noise {
                noise if noise > 0.0 => value + noise * self::noise(params, proposal.seed.wrapping_add(index as u64)),
                _ => value,
            };
            let values: Vec<f64> = values.into_iter().enumerate().map(noisy).collect();
            let end = match self.failing {
                Some((cause, at)) if at(params) => {
                    EventKind::Failed { trial: number, cause, message: "it fails here".to_owned() }
                }
                _ if self.pruning.is_some_and(|at| at(params)) => {
                    EventKind::Pruned { trial: number, reason: "it is stopped here".to_owned(), seen: proposal.seen }
                }
                _ => EventKind::Completed { trial: number },
            };
            for kind in [proposal.into_event(), reported(number, 1, &values), end] {
                append(&mut history, kind);
            }
        }
        events
    }

    /// The history of [`StudyDraft::events`].
    ///
    /// # Panics
    /// As there.
    pub fn history(&self) -> History {
        History::fold(&self.events()).expect("the test's log keeps the rules")
    }
}

fn reported(trial: u64, step: u64, values: &[f64]) -> EventKind {
    let named = values.iter().enumerate();
    let metrics: BTreeMap<String, MetricValue> =
        named.map(|(index, value)| (metric_name(index), MetricValue::number(*value))).collect();
    let value = values.first().copied().filter(|value| value.is_finite());
    EventKind::Reported { trial, attempt: 0, step, value, metrics: MetricsJson::new(&metrics) }
}

/// A normal number that depends on the point and the seed alone.
fn noise(params: &Params, seed: u64) -> f64 {
    let key = u64::from_str_radix(&params.key()[..16], 16).unwrap_or_default();
    StandardNormal.sample(&mut rng_of(seed, key, "noise of a test"))
}
