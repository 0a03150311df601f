//! A study between its first line and its last: each request is checked whole, then carried out, then answered.

use std::collections::{BTreeMap, HashMap};

use seqtune_core::{
    AttemptEnd, EventKind, History, HistoryError, Judge, MetricsJson, Origin, Proposal, Proposer, Seen, Store,
    StoreError, StoreReader, Trial, View, is_study, seed,
};
use seqtune_plugin::{FailureCause, MetricValue};
use seqtune_space::Params;

use super::error::AskTellError;
use super::log::Log;
use super::reply::{PROTOCOL, Reply, TrialReply};
use super::request::{Opening, Outcome, Request};
use super::study;

/// A study that a client drives.
pub struct Session {
    log: Log,
    proposer: Proposer,
    judge: Judge,
    /// As it was asked for.
    sampler: String,
}

impl Session {
    /// Begins a study, or goes on with the one that is kept where the first line says.
    ///
    /// # Errors
    /// Where the space cannot be searched so, the directory holds another study, or it cannot be used. Nothing is then
    /// written.
    pub fn open(opening: &Opening) -> Result<Session, AskTellError> {
        study::check(opening)?;
        let log = match &opening.storage {
            None => Log::in_memory(study::specification(opening), study::settings(opening)).map_err(bug)?,
            Some(directory) if is_study(directory) => {
                // Read before it is opened for writing: a study that is another one is not touched.
                let differences = study::differences(&StoreReader::open(directory)?.history()?, opening);
                if !differences.is_empty() {
                    return Err(AskTellError::Differs { directory: directory.display().to_string(), differences });
                }
                Log::on_disk(Store::open(directory)?)?
            }
            Some(directory) => {
                let (spec, settings) = (study::specification(opening), study::settings(opening));
                Log::on_disk(Store::create(directory, &spec, &settings, &crate::build())?)?
            }
        };
        let (proposer, judge) = (Proposer::new(&log.history().spec.sampler), Judge::new(log.history()));
        let sampler = opening.sampler.as_ref().map(serde_json::to_value).and_then(Result::ok);
        let sampler = sampler.as_ref().and_then(|sampler| sampler["type"].as_str()).unwrap_or("auto").to_owned();
        let mut session = Session { log, proposer, judge, sampler };
        session.note_begin(opening)?;
        Ok(session)
    }

    /// Who has the study, and what it hopes for, for those who read the log.
    fn note_begin(&mut self, opening: &Opening) -> Result<(), AskTellError> {
        if !self.log.is_on_disk() {
            return Ok(());
        }
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        self.stage(EventKind::ManagerStarted { pid: std::process::id(), host, build: crate::build() })?;
        let history = self.log.history();
        let mut settings = history.settings.clone();
        settings.budget.trials = opening.n_trials.or(settings.budget.trials);
        if settings != history.settings {
            let from_trial = history.trials.len() as u64;
            self.stage(EventKind::SettingsChanged { settings, from_trial })?;
        }
        self.commit()
    }

    /// The answer to the first line.
    pub fn opened(&self) -> Reply<'static> {
        Reply::Opened { ok: true, protocol: PROTOCOL, name: "seqtune", sampler: self.sampler.clone() }
    }

    /// The study so far.
    pub fn history(&self) -> &History {
        self.log.history()
    }

    /// Carries out a request.
    ///
    /// # Errors
    /// Where it cannot be; then nothing has changed.
    pub fn answer(&mut self, request: Request) -> Result<Reply<'_>, AskTellError> {
        match request {
            Request::Ask(count) => self.ask(count),
            Request::Tell { id, outcome } => self.tell(id, outcome),
            Request::Report { id, step, value } => self.report(id, step, value),
            Request::Add(trials) => self.add(trials),
            Request::Best => Ok(self.best()),
        }
    }

    /// Leaves the study: what runs stays running.
    ///
    /// # Errors
    /// Where the log cannot be closed. Nothing is lost then.
    pub fn close(self) -> Result<(), StoreError> {
        self.log.close()
    }

    fn ask(&mut self, count: u64) -> Result<Reply<'_>, AskTellError> {
        let first = self.log.history().trials.len();
        for number in first as u64..first as u64 + count {
            // Asked trials are running: each is decided with those before it in view.
            let proposal = match self.proposer.propose(self.log.history(), number) {
                Ok(proposal) => proposal,
                // The client gets those that there are; whoever asks again hears why there are no more.
                Err(_) if number > first as u64 => break,
                Err(error) => return Err(error.into()),
            };
            self.stage(proposal.into_event())?;
            self.stage(EventKind::AttemptStarted {
                trial: number,
                attempt: 0,
                worker: 0,
                device: "elsewhere".to_owned(),
                build: BTreeMap::new(),
                from_step: 0,
                elsewhere: Vec::new(),
            })?;
        }
        self.commit()?;
        let asked = &self.log.history().trials[first..];
        let trials = asked.iter().map(|trial| TrialReply {
            id: trial.number,
            params: &trial.params,
            value: None,
            values: None,
            constraints: None,
        });
        Ok(Reply::Trials { trials: trials.collect() })
    }

    fn tell(&mut self, id: u64, outcome: Outcome) -> Result<Reply<'_>, AskTellError> {
        let trial = self.running(id)?;
        let mut kinds = Vec::with_capacity(3);
        let cause = match outcome {
            Outcome::Completed { values, constraints } => {
                kinds.extend(self.last_report(trial, values, constraints)?);
                AttemptEnd::Completed
            }
            Outcome::Pruned => AttemptEnd::Pruned,
            Outcome::Failed(cause) => AttemptEnd::Failed(cause),
        };
        if !trial.attempts.is_empty() {
            kinds.push(EventKind::AttemptEnded { trial: id, attempt: 0, cause, message: String::new() });
        }
        kinds.push(self.ended(id, cause));
        kinds.into_iter().try_for_each(|kind| self.stage(kind))?;
        self.commit()?;
        Ok(Reply::Told { ok: true })
    }

    fn report(&mut self, id: u64, step: u64, value: f64) -> Result<Reply<'_>, AskTellError> {
        let trial = self.running(id)?;
        let objectives = self.log.history().spec.objectives.len();
        if objectives > 1 {
            return Err(AskTellError::Result(format!(
                "this study has {objectives} objectives, and a report has one value; tell such a trial when it is done"
            )));
        }
        match trial.reports.last() {
            // A client that does not know whether its report arrived may send it again.
            Some(last) if last.step == step && last.value == Some(value) => {
                return Ok(Reply::Reported { prune: self.verdict(id).is_some() });
            }
            Some(last) if last.step >= step => {
                let last = last.step;
                return Err(AskTellError::Result(format!(
                    "step {step} of trial {id} is not above the last one, {last}; steps go up"
                )));
            }
            _ => {}
        }
        let reported = self.reported(id, step, &[value], &[]);
        self.stage(reported)?;
        self.commit()?;
        Ok(Reply::Reported { prune: self.verdict(id).is_some() })
    }

    /// Why a trial is to be stopped after its last report, and what says so; `None` where it goes on.
    fn verdict(&self, id: u64) -> Option<(String, Seen)> {
        let history = self.log.history();
        let (verdict, seen) = self.judge.judge(history, id, history.trial(id)?.reports.len())?;
        verdict.stop.then_some((verdict.reason, seen))
    }

    fn add(&mut self, trials: Vec<(Params, Outcome)>) -> Result<Reply<'_>, AskTellError> {
        let history = self.log.history();
        let first = history.trials.len() as u64;
        let several = trials.len() > 1;
        let space_version = history.space_version(first);
        let seed = seed::seed_of(history.spec.seed, 0, "train");
        let mut kinds = Vec::new();
        let mut seen_before: HashMap<String, usize> = HashMap::new();
        let ids: Vec<u64> = (first..).take(trials.len()).collect();
        for (index, ((params, outcome), trial)) in trials.into_iter().zip(first..).enumerate() {
            let place = if several { format!("trial {} of `add`: ", index + 1) } else { String::new() };
            let params = history
                .space(space_version)
                .check(params)
                .map_err(|error| AskTellError::Point { place: place.clone(), error })?;
            if let Some(earlier) = seen_before.insert(params.key(), index) {
                let earlier = earlier + 1;
                return Err(AskTellError::Result(format!(
                    "{place}it is the same point as trial {earlier}; leave one out"
                )));
            }
            let (ended, report) = match outcome {
                Outcome::Completed { values, constraints } => {
                    self.check_counts(&values, &constraints)
                        .map_err(|error| AskTellError::Result(format!("{place}{error}")))?;
                    (AttemptEnd::Completed, Some(self.reported(trial, 1, &values, &constraints)))
                }
                Outcome::Pruned => (AttemptEnd::Pruned, None),
                Outcome::Failed(cause) => (AttemptEnd::Failed(cause), None),
            };
            let seen = View::now(history, trial).seen();
            let proposal = Proposal { trial, params, origin: Origin::Added, space_version, replicate: 0, seed, seen };
            kinds.push(proposal.into_event());
            kinds.extend(report);
            kinds.push(self.ended(trial, ended));
        }
        kinds.into_iter().try_for_each(|kind| self.stage(kind))?;
        self.commit()?;
        Ok(Reply::Added { ids })
    }

    fn best(&self) -> Reply<'_> {
        let history = self.log.history();
        let several = history.spec.objectives.len() > 1;
        let constrained = !history.spec.outcome_constraints.is_empty();
        let trials = history.pareto().into_iter().map(|trial| TrialReply {
            id: trial.number,
            params: &trial.params,
            value: if several { None } else { history.value(trial) },
            values: if several { history.values(trial) } else { None },
            // Their bound is 0: by how much they are broken is what was told.
            constraints: if constrained { history.violations(trial) } else { None },
        });
        Reply::Trials { trials: trials.collect() }
    }

    /// A trial that waits for its result.
    fn running(&self, id: u64) -> Result<&Trial, AskTellError> {
        match self.log.history().trial(id) {
            Some(trial) if trial.end.is_none() => Ok(trial),
            trial => Err(AskTellError::NotRunning { trial: id, state: trial.map(|trial| trial.state().name()) }),
        }
    }

    /// The report that a result is; none where it is the value of the last report, and nothing but that.
    fn last_report(
        &self,
        trial: &Trial,
        values: Vec<f64>,
        constraints: Vec<f64>,
    ) -> Result<Option<EventKind>, AskTellError> {
        self.check_counts(&values, &constraints).map_err(AskTellError::Result)?;
        if let (Some(last), [value], []) = (trial.reports.last(), values.as_slice(), constraints.as_slice())
            && last.value == Some(*value)
        {
            return Ok(None);
        }
        Ok(Some(self.reported(trial.number, trial.step() + 1, &values, &constraints)))
    }

    /// Whether a result has as many numbers as the study measures.
    fn check_counts(&self, values: &[f64], constraints: &[f64]) -> Result<(), String> {
        let spec = &self.log.history().spec;
        match (spec.objectives.len(), values.len()) {
            (wanted, found) if wanted == found => {}
            (1, found) => {
                return Err(format!("this study has one objective, and `values` holds {found} numbers; give `value`"));
            }
            (wanted, found) => {
                return Err(format!(
                    "this study has {wanted} objectives, and this is {found}; give `values`, a list of {wanted} numbers"
                ));
            }
        }
        match (spec.outcome_constraints.len(), constraints.len()) {
            (wanted, found) if wanted == found => Ok(()),
            (0, _) => {
                Err("this study has no constraints; leave `constraints` out, or say how many in the first line".into())
            }
            (wanted, found) => Err(format!(
                "this study has {wanted} constraint{}, and `constraints` holds {found} numbers; give {wanted}",
                if wanted == 1 { "" } else { "s" }
            )),
        }
    }

    fn reported(&self, trial: u64, step: u64, values: &[f64], constraints: &[f64]) -> EventKind {
        let spec = &self.log.history().spec;
        let objectives = spec.objectives.iter().map(|objective| &objective.metric).zip(values);
        let bounded = spec.outcome_constraints.iter().map(|constraint| &constraint.metric).zip(constraints);
        let metrics: BTreeMap<String, MetricValue> =
            objectives.chain(bounded).map(|(name, value)| (name.clone(), MetricValue::number(*value))).collect();
        let metrics = MetricsJson::new(&metrics);
        EventKind::Reported { trial, attempt: 0, step, value: values.first().copied(), metrics }
    }

    fn ended(&self, trial: u64, end: AttemptEnd) -> EventKind {
        match end {
            AttemptEnd::Completed | AttemptEnd::Lost => EventKind::Completed { trial },
            AttemptEnd::Pruned => {
                // Of its own accord it decides about nothing that the log shows.
                let own = || ("the program that asks stopped it".to_owned(), Seen::Events(0));
                let (reason, seen) = self.verdict(trial).unwrap_or_else(own);
                EventKind::Pruned { trial, reason, seen }
            }
            AttemptEnd::Failed(cause) => {
                let message = told(cause).to_owned();
                EventKind::Failed { trial, cause, message }
            }
        }
    }

    fn stage(&mut self, kind: EventKind) -> Result<(), AskTellError> {
        self.log.stage(kind).map_err(bug)
    }

    fn commit(&mut self) -> Result<(), AskTellError> {
        self.log.commit().inspect_err(|_| {
            // What it remembers may be of trials that are none.
            self.proposer = Proposer::new(&self.log.history().spec.sampler);
            self.judge = Judge::new(self.log.history());
        })
    }
}

/// One sentence for the log.
fn told(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::BadParams => "the point cannot be evaluated",
        FailureCause::Diverged => "its result is not finite",
        _ => "so the program that asks said",
    }
}

/// An event that breaks the log's rules: requests are checked before they become events.
fn bug(error: HistoryError) -> AskTellError {
    AskTellError::Result(format!("this is a bug of seqtune: {error}"))
}
