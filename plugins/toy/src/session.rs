//! One trial of the toy family in training.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::thread;
use std::time::Duration;

use seqtune_plugin::{FamilyError, Job, Report, Session, StepContext};
use serde::{Deserialize, Serialize};

use crate::data::ToyData;
use crate::fault::Fault;
use crate::function::Function;
use crate::info::{ACCURACY, VALUE};
use crate::noise::Noise;

const FOLDS: usize = 3;
const STATE_FILE: &str = "state.json";
const BALLAST_FILE: &str = "ballast";
/// How long a step sleeps between two signs of life.
const NAP: Duration = Duration::from_millis(20);

pub(crate) struct ToySession {
    function: Function,
    fault: Fault,
    data: ToyData,
    /// How much harder each fold is than the average one.
    difficulty: [f64; FOLDS],
    noise: Noise,
    state: State,
}

/// All that a checkpoint holds. Parameters and seeds come with the job again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// Steps done.
    pub(crate) step: u64,
    /// The loss so far, or the sum of the evaluations so far.
    accumulated: f64,
    /// Words of noise drawn so far.
    noise_position: u64,
    /// What the last step reported, for whoever applies the trial; absent in checkpoints of older versions.
    #[serde(default)]
    pub(crate) reported: Option<Reported>,
}

/// What a step reports.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reported {
    pub(crate) value: f64,
    pub(crate) accuracy: [f64; FOLDS],
}

impl ToySession {
    pub(crate) fn open(data: &ToyData, job: &Job) -> Result<ToySession, FamilyError> {
        let function = Function::of(&job.params)?;
        let named = Fault::named(job.params.text("behave")?).unwrap_or(Fault::Well);
        let healed = data.faults_until_attempt.is_some_and(|until| job.attempt >= until);
        let fault = if healed { Fault::Well } else { named };
        fault.strike_at_open()?;
        let state = match &job.checkpoint {
            Some(directory) => State::load(directory)?,
            None => State {
                step: 0,
                accumulated: match function {
                    Function::Branin { .. } => 0.0,
                    Function::Curve { .. } => Function::START,
                },
                noise_position: 0,
                reported: None,
            },
        };
        let mut folds = Noise::at(job.study_seed, 0);
        Ok(ToySession {
            function,
            fault,
            data: data.clone(),
            difficulty: std::array::from_fn(|_| 0.02 * folds.normal()),
            noise: Noise::at(job.seed, state.noise_position),
            state,
        })
    }

    fn draw(&mut self) -> f64 {
        self.data.noise * self.noise.normal()
    }

    /// Sleeps for as long as a step takes.
    fn take_time(&self, context: &mut StepContext<'_>) -> Result<(), FamilyError> {
        let delay = if self.state.step >= self.data.fault_at_step { self.fault.delay() } else { Duration::ZERO };
        let total = Duration::from_millis(self.data.step_millis + by_chance(self.data.jitter_millis)) + delay;
        let naps = total.as_nanos().div_ceil(NAP.as_nanos()) as u64;
        let mut left = total;
        for nap in 0..naps {
            context.progress(nap, naps)?;
            thread::sleep(left.min(NAP));
            left = left.saturating_sub(NAP);
        }
        context.progress(naps.max(1), naps.max(1))
    }
}

impl Session for ToySession {
    fn step(&mut self, context: &mut StepContext<'_>) -> Result<Report, FamilyError> {
        self.state.step += 1;
        if self.state.step == self.data.fault_at_step {
            self.fault.strike_at_step(self.state.step, context)?;
        }
        self.take_time(context)?;
        let noise = self.draw();
        let value = match self.function {
            Function::Branin { value } => {
                self.state.accumulated += value + noise;
                self.state.accumulated / self.state.step as f64
            }
            Function::Curve { asymptote, rate } => {
                self.state.accumulated += rate * (asymptote - self.state.accumulated) + noise;
                self.state.accumulated
            }
        };
        let accuracy = self.function.accuracy(value);
        let mut folds = [0.0; FOLDS];
        for (fold, difficulty) in self.difficulty.into_iter().enumerate() {
            folds[fold] = (accuracy - difficulty + 0.1 * self.draw()).clamp(0.0, 1.0);
        }
        let mut report = Report::default();
        report.number(VALUE, value);
        report.parts(ACCURACY, &folds);
        self.state.reported = Some(Reported { value, accuracy: folds });
        Ok(report)
    }

    fn save(&mut self, directory: &Path) -> Result<(), FamilyError> {
        self.state.noise_position = self.noise.position();
        self.state.save(directory)?;
        if self.data.checkpoint_bytes == 0 {
            return Ok(());
        }
        write(&directory.join(BALLAST_FILE), &vec![self.state.step as u8; self.data.checkpoint_bytes])
    }
}

impl State {
    pub(crate) fn load(directory: &Path) -> Result<State, FamilyError> {
        let path = directory.join(STATE_FILE);
        let failed = |error: &dyn std::fmt::Display| {
            FamilyError::Other(format!("checkpoint {} cannot be read: {error}", path.display()))
        };
        let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
        serde_json::from_str(&text).map_err(|error| failed(&error))
    }

    fn save(&self, directory: &Path) -> Result<(), FamilyError> {
        let path = directory.join(STATE_FILE);
        // Numbers always have a JSON form.
        write(&path, (serde_json::to_string(self).unwrap_or_default() + "\n").as_bytes())
    }
}

/// A number up to `most`, of the operating system's chance: only time depends on it.
fn by_chance(most: u64) -> u64 {
    RandomState::new().hash_one(most) % (most + 1)
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), FamilyError> {
    fs::write(path, bytes).map_err(|error| FamilyError::Other(format!("{} cannot be written: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seqtune_space::Params;

    fn session(params: &[(&str, f64)], data: ToyData) -> ToySession {
        let mut point = Params::default();
        point.set("function", if params.len() == 2 { "branin" } else { "curve" });
        point.set("behave", "well");
        for (name, value) in params {
            point.set(name, *value);
        }
        let job = Job {
            trial: 0,
            attempt: 0,
            params: point,
            seed: 3,
            study_seed: 4,
            device: "cpu".to_owned(),
            steps: 20,
            checkpoint: None,
        };
        ToySession::open(&data, &job).unwrap()
    }

    fn values(session: &mut ToySession, steps: usize) -> Vec<f64> {
        let mut progress = |_: u64, _: u64| Ok(());
        let mut context = StepContext::new(&mut progress);
        (0..steps).map(|_| session.step(&mut context).unwrap().metrics[VALUE].value().unwrap()).collect()
    }

    #[test]
    fn without_noise_branin_is_exact() {
        let quiet = ToyData { noise: 0.0, ..ToyData::default() };
        let mut session = session(&[("x", 1.0), ("y", 2.0)], quiet);
        for value in values(&mut session, 5) {
            assert!((value - crate::branin(1.0, 2.0)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_learning_curve_falls() {
        let curve = [("lr", 0.003), ("width", 64.0), ("dropout", 0.1), ("decay", 1e-5)];
        let mut session = session(&curve, ToyData::default());
        let values = values(&mut session, 20);
        assert!(values[0] < Function::START);
        assert!(values[19] < values[0] - 0.1, "{values:?}");
    }
}
