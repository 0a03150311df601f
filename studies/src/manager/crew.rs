//! The crew: the workers of a run, each starting, idle, busy or gone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use seqtune_core::StudySpec;
use seqtune_plugin::protocol::{FromWorker, ToWorker};
use seqtune_plugin::{DataSpec, FamilyInfo};

use super::assignment::Assignment;
use super::devices::{Device, devices, processor};
use super::{ManagerError, RunOptions};
use crate::launch::{LaunchError, Line, READY_LIMIT, Worker, WorkerProgram};

/// How often in a row a worker may fail to start before the run gives up.
const START_ATTEMPTS: u32 = 3;

/// A place in the crew. Its number is the worker's number in the log.
pub(super) struct Place {
    id: u64,
    worker: Option<Worker>,
    state: State,
    failed_starts: u32,
    /// Versions and machine, as the worker told when it was ready.
    pub(super) build: BTreeMap<String, String>,
    /// Where it trains.
    pub(super) device: Device,
}

enum State {
    /// Started at this instant, and not `ready` yet.
    Starting(Instant),
    /// Preparing the data, which may take as long as it takes.
    Preparing,
    Idle,
    Busy(Assignment),
}

impl Place {
    fn is_starting(&self) -> bool {
        matches!(self.state, State::Starting(_) | State::Preparing)
    }
}

/// What a line from the crew asks of the run.
pub(super) enum Heard {
    /// A message of the worker at this place.
    Message(usize, FromWorker),
    /// The worker at this place is gone: why, and what it was training.
    Gone(usize, Option<Assignment>, String),
}

pub(super) struct Crew {
    program: WorkerProgram,
    data: DataSpec,
    cache: PathBuf,
    digest: String,
    /// Name and version of the study's family.
    family: String,
    places: Vec<Place>,
    next_id: u64,
    sender: Sender<(u64, Line)>,
    lines: Receiver<(u64, Line)>,
}

impl Crew {
    pub(super) fn new(
        program: &WorkerProgram,
        spec: &StudySpec,
        options: &RunOptions,
        count: u64,
        device: &str,
    ) -> Crew {
        let (sender, lines) = unbounded();
        let place = |device| Place {
            id: 0,
            worker: None,
            state: State::Idle,
            failed_starts: 0,
            build: BTreeMap::new(),
            device,
        };
        let places = devices(device).into_iter().cycle().take(count as usize).map(place).collect();
        Crew {
            program: program.clone(),
            data: DataSpec { values: spec.data.clone(), roots: options.data_roots.clone() },
            cache: options.cache.clone(),
            digest: spec.data_digest.clone(),
            family: name_and_version(&spec.info),
            places,
            next_id: 1,
            sender,
            lines,
        }
    }

    /// Whether there is a place without work.
    pub(super) fn has_room(&self) -> bool {
        self.places.iter().any(|place| matches!(place.state, State::Idle))
    }

    /// The first place without work, starting a worker there if it has none; `None` while all are busy or starting.
    pub(super) fn idle(&mut self) -> Result<Option<usize>, ManagerError> {
        let Some(index) = self.places.iter().position(|place| matches!(place.state, State::Idle)) else {
            return Ok(None);
        };
        if self.places[index].worker.is_some() {
            return Ok(Some(index));
        }
        let id = self.next_id;
        self.next_id += 1;
        let environment = &self.places[index].device.environment;
        let worker = Worker::start(&self.program, id, environment, self.sender.clone())?;
        let place = &mut self.places[index];
        (place.id, place.worker, place.state) = (id, Some(worker), State::Starting(Instant::now()));
        Ok(None)
    }

    /// Waits for the next line, but not longer than `patience`. Lines of workers that are gone are dropped.
    pub(super) fn hear(&mut self, patience: Duration) -> Result<Option<Heard>, ManagerError> {
        let Ok((id, line)) = self.lines.recv_timeout(patience) else { return Ok(None) };
        let Some(index) = self.places.iter().position(|place| place.id == id && place.worker.is_some()) else {
            return Ok(None);
        };
        match line {
            Line::Message(message) if self.places[index].is_starting() => self.starting(index, message),
            Line::Message(message) => {
                if let State::Busy(assignment) = &mut self.places[index].state {
                    assignment.heard = Instant::now();
                }
                Ok(Some(Heard::Message(index, message)))
            }
            Line::Broken(message) => self.gone(index, message).map(Some),
            Line::Ended => {
                let message = self.places[index].worker.as_mut().map(Worker::epitaph).unwrap_or_default();
                self.gone(index, message).map(Some)
            }
        }
    }

    /// Removes the worker at a place: it is killed, and its place is idle.
    pub(super) fn remove(&mut self, index: usize) -> Option<Assignment> {
        let place = &mut self.places[index];
        place.worker = None;
        match std::mem::replace(&mut place.state, State::Idle) {
            State::Busy(assignment) => Some(assignment),
            State::Starting(_) | State::Preparing | State::Idle => None,
        }
    }

    /// Gives up on workers that were started and never said `ready`.
    pub(super) fn check_starts(&mut self) -> Result<(), ManagerError> {
        for index in 0..self.places.len() {
            if matches!(self.places[index].state, State::Starting(since) if since.elapsed() > READY_LIMIT) {
                self.gone(index, format!("it was not ready within {} s", READY_LIMIT.as_secs()))?;
            }
        }
        Ok(())
    }

    /// Hands a worker its work, its standard error going to `log` from here on. A worker that is gone is noticed by
    /// its reader.
    pub(super) fn assign(&mut self, index: usize, assignment: Assignment, run: &ToWorker, log: &std::path::Path) {
        let place = &mut self.places[index];
        place.state = State::Busy(assignment);
        if let Some(worker) = &mut place.worker {
            let heading = format!("--- trial {} attempt {} ---", assignment.trial, assignment.attempt);
            // The log is for people: a trial can be trained without it.
            let _ = worker.log_to(log, &heading);
            let _ = worker.send(run);
        }
    }

    /// Sends a message to the worker at a place.
    pub(super) fn send(&mut self, index: usize, message: &ToWorker) {
        if let Some(worker) = &mut self.places[index].worker {
            // A worker that cannot be written to is gone, which its reader notices.
            let _ = worker.send(message);
        }
    }

    /// The worker at this place has nothing to do any more.
    pub(super) fn release(&mut self, index: usize) {
        self.places[index].state = State::Idle;
    }

    pub(super) fn place(&self, index: usize) -> &Place {
        &self.places[index]
    }

    /// What the worker at a place trains.
    pub(super) fn assignment(&self, index: usize) -> Option<Assignment> {
        match self.places[index].state {
            State::Busy(assignment) => Some(assignment),
            State::Starting(_) | State::Preparing | State::Idle => None,
        }
    }

    /// All that is being trained, with its place.
    pub(super) fn busy(&self) -> Vec<(usize, Assignment)> {
        (0..self.places.len()).filter_map(|index| Some((index, self.assignment(index)?))).collect()
    }

    /// Asks all workers to quit and waits a moment for them.
    pub(super) fn dismiss(&mut self) {
        for place in &mut self.places {
            if let Some(worker) = place.worker.take() {
                let patience = if matches!(place.state, State::Idle) { Duration::from_secs(2) } else { Duration::ZERO };
                worker.quit(patience);
            }
        }
    }

    fn starting(&mut self, index: usize, message: FromWorker) -> Result<Option<Heard>, ManagerError> {
        let place = &mut self.places[index];
        match message {
            FromWorker::Ready { protocol, build, info, .. } => {
                if let Some(worker) = &place.worker {
                    worker.check_protocol(protocol)?;
                }
                let found = name_and_version(&info);
                if found != self.family {
                    return Err(ManagerError::FamilyChanged { expected: self.family.clone(), found });
                }
                place.build = build;
                if let Some(processor) = processor() {
                    place.build.entry("cpu".to_owned()).or_insert(processor);
                }
                place.state = State::Preparing;
                let prepare = ToWorker::Prepare { data: self.data.clone(), cache: self.cache.clone() };
                self.send(index, &prepare);
                Ok(None)
            }
            FromWorker::Prepared { digest, .. } if digest != self.digest => {
                Err(ManagerError::DataChanged { expected: self.digest.clone(), found: digest })
            }
            FromWorker::Prepared { .. } => {
                place.failed_starts = 0;
                place.state = State::Idle;
                Ok(None)
            }
            FromWorker::Failed { message, .. } => Err(LaunchError::Data { message }.into()),
            _ => Ok(None),
        }
    }

    fn gone(&mut self, index: usize, message: String) -> Result<Heard, ManagerError> {
        let starting = self.places[index].is_starting();
        let assignment = self.remove(index);
        let place = &mut self.places[index];
        place.failed_starts += u32::from(starting);
        if place.failed_starts >= START_ATTEMPTS {
            return Err(LaunchError::cannot_start(&self.program, message).into());
        }
        Ok(Heard::Gone(index, assignment, message))
    }
}

fn name_and_version(info: &FamilyInfo) -> String {
    format!("{} {}", info.name, info.version)
}
