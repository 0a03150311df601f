//! kurobako's protocol for external solvers: benchmarks of kurobako ask seqtune what to try.
//!
//! JSON lines again, with kurobako's words: the solver says first what it can do, solvers are made and dropped without an
//! answer, asking and telling are calls with one. One process serves several solvers. Each is a [`Session`] in memory.

mod condition;
mod message;
mod problem;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{BufWriter, Read, Write};

use seqtune_core::{PrunerSpec, SampleError, SamplerSpec};
use seqtune_plugin::{Direction, FailureCause};
use seqtune_space::Params;

use super::conversation::{ConversationError, answer_all, read_ahead, write_reply};
use super::error::AskTellError;
use super::request::{Opening, Outcome, Request};
use super::session::Session;
use message::{CAPABILITIES, ErrorKind, EvaluatedTrial, FromKurobako, NextTrial, SolverSpec, ToKurobako};
use problem::{Problem, Unsuitable};

/// Serves kurobako until the input ends. `None` lets seqtune choose the sampler.
///
/// # Errors
/// [`ConversationError::Output`] where kurobako is gone.
pub fn serve_kurobako(
    sampler: Option<SamplerSpec>,
    input: impl Read + Send + 'static,
    output: impl Write,
) -> Result<(), ConversationError> {
    let mut output = BufWriter::new(output);
    write_reply(&mut output, &introduction(sampler.as_ref()))?;
    let mut solvers = Solvers { sampler, solvers: HashMap::new() };
    answer_all(&read_ahead(input), output, |line, output| {
        let message = line.and_then(|line| serde_json::from_str(&line).map_err(|error| error.to_string()));
        let reply = match message {
            Ok(message) => solvers.answer(message),
            Err(error) => Some(Err(Unsuitable {
                kind: ErrorKind::InvalidInput,
                message: format!("this is no message to a solver: {error}"),
            })),
        };
        match reply {
            None => Ok(()),
            Some(Ok(reply)) => Ok(write_reply(output, &reply)?),
            Some(Err(Unsuitable { kind, message })) => {
                Ok(write_reply(output, &ToKurobako::ErrorReply { kind, message })?)
            }
        }
    })
}

fn introduction(sampler: Option<&SamplerSpec>) -> ToKurobako {
    let named = sampler.map(serde_json::to_value).and_then(Result::ok);
    let named = named.as_ref().and_then(|sampler| sampler["type"].as_str());
    let name = named.map_or_else(|| "seqtune".to_owned(), |sampler| format!("seqtune {sampler}"));
    let attrs = BTreeMap::from([
        ("version", crate::build()),
        ("github", env!("CARGO_PKG_REPOSITORY").to_owned()),
        ("sampler", named.unwrap_or("auto").to_owned()),
    ]);
    ToKurobako::SolverSpecCast { spec: SolverSpec { name, attrs, capabilities: CAPABILITIES } }
}

struct Solvers {
    sampler: Option<SamplerSpec>,
    /// A solver that could not be made is answered for when it is called.
    solvers: HashMap<u64, Result<Solver, Unsuitable>>,
}

impl Solvers {
    /// The reply; `None` where none is expected.
    fn answer(&mut self, message: FromKurobako) -> Option<Result<ToKurobako, Unsuitable>> {
        match message {
            FromKurobako::CreateSolverCast { solver_id, random_seed, problem } => {
                self.solvers.insert(solver_id, Solver::new(self.sampler.clone(), random_seed, problem));
                None
            }
            FromKurobako::DropSolverCast { solver_id } => {
                self.solvers.remove(&solver_id);
                None
            }
            FromKurobako::AskCall { solver_id, next_trial_id } => {
                Some(self.solver(solver_id).and_then(|solver| solver.ask(next_trial_id)))
            }
            FromKurobako::TellCall { solver_id, trial } => {
                Some(self.solver(solver_id).and_then(|solver| solver.tell(trial)))
            }
        }
    }

    fn solver(&mut self, id: u64) -> Result<&mut Solver, Unsuitable> {
        match self.solvers.get_mut(&id) {
            Some(Ok(solver)) => Ok(solver),
            Some(Err(unsuitable)) => Err(unsuitable.clone()),
            None => Err(Unsuitable { kind: ErrorKind::InvalidInput, message: format!("there is no solver {id}") }),
        }
    }
}

struct Solver {
    problem: Problem,
    session: Session,
    /// Trials under evaluation, by kurobako's numbers.
    running: HashMap<u64, Running>,
    /// Trials that were evaluated up to an earlier step than was asked for.
    unfinished: VecDeque<u64>,
}

/// A trial under evaluation.
#[derive(Clone)]
struct Running {
    /// Its number in the session; `None` for a point that is only repeated.
    number: Option<u64>,
    params: Params,
}

impl Solver {
    fn new(sampler: Option<SamplerSpec>, seed: u64, problem: serde_json::Value) -> Result<Solver, Unsuitable> {
        let problem = Problem::read(problem)?;
        let opening = Opening {
            space: problem.space.clone(),
            // kurobako's values are always minimised.
            directions: vec![Direction::Minimize; problem.objectives],
            constraints: 0,
            sampler,
            pruner: PrunerSpec::None,
            seed,
            n_trials: None,
            storage: None,
        };
        let session = Session::open(&opening).map_err(unsuitable)?;
        Ok(Solver { problem, session, running: HashMap::new(), unfinished: VecDeque::new() })
    }

    fn ask(&mut self, next_trial_id: u64) -> Result<ToKurobako, Unsuitable> {
        let last_step = self.problem.last_step;
        if let Some(id) = self.unfinished.pop_front()
            && let Some(running) = self.running.get(&id)
        {
            let params = self.problem.vector(&running.params);
            let trial = NextTrial { id, params, next_step: Some(last_step) };
            return Ok(ToKurobako::AskReply { trial, next_trial_id });
        }
        let running = self.next()?;
        let params = self.problem.vector(&running.params);
        self.running.insert(next_trial_id, running);
        let trial = NextTrial { id: next_trial_id, params, next_step: Some(last_step) };
        Ok(ToKurobako::AskReply { trial, next_trial_id: next_trial_id.saturating_add(1) })
    }

    /// A point that is new, or where the space is exhausted the best one again: a benchmark goes on to its end.
    fn next(&mut self) -> Result<Running, Unsuitable> {
        match self.session.answer(Request::Ask(1)).map(drop) {
            Ok(()) => {}
            Err(AskTellError::Sample(SampleError::Exhausted { .. })) => {
                let history = self.session.history();
                let repeated = history.pareto().first().copied().or(history.trials.first());
                if let Some(trial) = repeated {
                    return Ok(Running { number: None, params: trial.params.clone() });
                }
            }
            Err(error) => return Err(unsuitable(error)),
        }
        let nothing = || Unsuitable { kind: ErrorKind::Other, message: "there is no point to try".to_owned() };
        let trial = self.session.history().trials.last().ok_or_else(nothing)?;
        Ok(Running { number: Some(trial.number), params: trial.params.clone() })
    }

    fn tell(&mut self, trial: EvaluatedTrial) -> Result<ToKurobako, Unsuitable> {
        let EvaluatedTrial { id, values, current_step } = trial;
        let invalid = |message: String| Unsuitable { kind: ErrorKind::InvalidInput, message };
        let Some(running) = self.running.get(&id) else {
            return Err(invalid(format!("the trial {id} is not under evaluation")));
        };
        if !values.is_empty() && values.len() != self.problem.objectives {
            let (found, wanted) = (values.len(), self.problem.objectives);
            return Err(invalid(format!("the trial {id} has {found} values, and the problem {wanted}")));
        }
        if !values.is_empty() && current_step < self.problem.last_step {
            self.unfinished.push_back(id);
            return Ok(ToKurobako::TellReply);
        }
        let finite: Option<Vec<f64>> = values.iter().map(|value| value.filter(|value| value.is_finite())).collect();
        let outcome = match finite {
            // Without values: the point cannot be evaluated.
            Some(values) if values.is_empty() => Outcome::Failed(FailureCause::BadParams),
            Some(values) => Outcome::Completed { values, constraints: Vec::new() },
            None => Outcome::Failed(FailureCause::Diverged),
        };
        if let Some(number) = running.number {
            self.session.answer(Request::Tell { id: number, outcome }).map(drop).map_err(unsuitable)?;
        }
        self.running.remove(&id);
        Ok(ToKurobako::TellReply)
    }
}

fn unsuitable(error: AskTellError) -> Unsuitable {
    Unsuitable { kind: ErrorKind::Other, message: error.to_string() }
}

#[cfg(test)]
mod tests;
