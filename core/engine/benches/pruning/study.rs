//! A study over a table, on a clock of its own.

use seqtune_core::{
    Event, EventKind, History, Judge, MetricsJson, Order, Proposer, PrunerSpec, SampleError, Verdict,
    next_trial_may_start, testing,
};
use seqtune_plugin::MetricValue;
use seqtune_space::Params;

use crate::table::Table;

pub(crate) struct Setting {
    pub(crate) pruner: PrunerSpec,
    pub(crate) order: Order,
    pub(crate) window: u64,
    pub(crate) workers: u64,
    pub(crate) trials: u64,
}

/// What came of one study.
pub(crate) struct Run {
    /// Steps that were trained.
    pub(crate) steps: u64,
    /// How long it took, in steps of a configuration of usual speed.
    pub(crate) time: f64,
    /// Of the best trial's configuration.
    pub(crate) regret: f64,
    pub(crate) value: f64,
}

struct Busy {
    trial: u64,
    step: u64,
    until: f64,
    pace: f64,
}

pub(crate) fn run(table: &Table, setting: &Setting, seed: u64) -> Run {
    let draft = testing::study(&table.space).sampler("auto").seed(seed).pruner(setting.pruner.clone()).with(|spec| {
        spec.trial.steps = table.steps;
        spec.order = setting.order;
        spec.window = setting.window;
    });
    let mut history = draft.history();
    let begin_us = history.last_us;
    let append = |history: &mut History, now: f64, kind: EventKind| {
        let event = Event { seq: history.seq + 1, at_us: begin_us + (now * 1e6) as i64, kind };
        history.apply(&event).expect("the log keeps the rules");
    };
    let (proposer, judge) = (Proposer::new(&draft.spec().sampler), Judge::new(&history));
    let mut busy: Vec<Busy> = Vec::new();
    let (mut now, mut steps) = (0.0, 0);
    loop {
        while (busy.len() as u64) < setting.workers
            && (history.trials.len() as u64) < setting.trials
            && next_trial_may_start(&history)
        {
            let trial = history.trials.len() as u64;
            let proposal = match proposer.propose(&history, trial) {
                Err(SampleError::Exhausted { .. }) => break,
                proposal => proposal.expect("the sampler has a point"),
            };
            let pace = pace(&proposal.params);
            append(&mut history, now, proposal.into_event());
            busy.push(Busy { trial, step: 1, until: now + pace, pace });
        }
        let next = (0..busy.len()).min_by(|a, b| busy[*a].until.total_cmp(&busy[*b].until));
        let Some(next) = next else { break };
        let Busy { trial, step, until, pace } = busy[next];
        now = until;
        steps += 1;
        let params = &history.trials[trial as usize].params;
        let value = table.value(params, step, seed);
        let metrics = MetricsJson::new(&[("value".to_owned(), MetricValue::number(value))].into());
        append(&mut history, now, EventKind::Reported { trial, attempt: 0, step, value: Some(value), metrics });
        let reports = history.trials[trial as usize].reports.len();
        let (Verdict { stop, reason }, seen) = judge.judge(&history, trial, reports).expect("it has reported");
        let end = match (stop, step == table.steps) {
            (true, _) => EventKind::Pruned { trial, reason, seen },
            (false, true) => EventKind::Completed { trial },
            (false, false) => {
                busy[next] = Busy { trial, step: step + 1, until: now + pace, pace };
                continue;
            }
        };
        append(&mut history, now, end);
        busy.swap_remove(next);
    }
    let best = &history.best().expect("one trial was not stopped").params;
    Run { steps, time: now, regret: table.regret(best), value: table.truth(best) }
}

/// How long a step of a configuration takes: some take three times as long as others.
fn pace(params: &Params) -> f64 {
    let share = u16::from_str_radix(&params.key()[..4], 16).map_or(0.5, |number| f64::from(number) / 65536.0);
    3f64.powf(share - 0.5)
}
