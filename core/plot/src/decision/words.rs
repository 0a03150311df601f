//! A decision in sentences.

use seqtune_core::sampler::{Arm, BanditReason, Expected, GpReason, Reason, TpeReason};
use seqtune_core::{History, Trial, TrialEnd, TrialState, Why};

use super::Decision;
use crate::spec::short;

/// A decision in sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// That this build decides otherwise, where it does.
    pub differs: Option<String>,
    /// Why the point, and what the decision saw.
    pub why: Vec<String>,
    /// What the pruner said, step by step.
    pub verdicts: Vec<String>,
    /// What became of the trial.
    pub outcome: String,
}

impl Account {
    /// All sentences, in their order.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let all = self.differs.iter().chain(&self.why).chain(&self.verdicts);
        all.map(String::as_str).chain(std::iter::once(self.outcome.as_str()))
    }
}

/// The decision about a trial in sentences.
pub fn account(history: &History, trial: &Trial, decision: &Decision) -> Account {
    let explanation = &decision.explanation;
    let mut why = Vec::new();
    if let Why::Sampler(_) = explanation.why {
        let under_way = match explanation.pending {
            0 => String::new(),
            1 => ", and the point of one trial under way".to_owned(),
            count => format!(", and the points of {count} trials under way"),
        };
        let plural = if explanation.results == 1 { "result" } else { "results" };
        why.push(format!("It was decided from {} {plural}{under_way}.", explanation.results));
    }
    why.extend(of_why(&explanation.why));
    let verdict = |one: &super::Judged| format!("{} -> {}", one.reason, if one.stop { "stopped" } else { "goes on" });
    Account {
        differs: explanation
            .differs
            .as_ref()
            .map(|differs| format!("This build decides otherwise, and explains what it decides: {differs}")),
        why,
        verdicts: decision.verdicts.iter().map(verdict).collect(),
        outcome: outcome(history, trial, &explanation.why),
    }
}

fn of_why(why: &Why) -> Vec<String> {
    match why {
        Why::Default => vec!["The first trial is of the default configuration.".to_owned()],
        Why::Enqueued { request: None } => vec!["The study file asks for this point.".to_owned()],
        Why::Enqueued { request: Some(id) } => vec![format!("Request {id} asked for this point.")],
        Why::Replicate { of, probability } => vec![
            format!("The configuration of trial {of} was among the leading ones, and measured with another seed."),
            match probability {
                Some(probability) => format!(
                    "It was the best of the leading five with probability {}, and none was that for sure.",
                    show(*probability)
                ),
                None => "Nothing was known yet of how far seeds lie apart.".to_owned(),
            },
        ],
        Why::Added => vec!["It was tried elsewhere and added with its result.".to_owned()],
        Why::Sampler(reason) => of_reason(reason),
    }
}

fn of_reason(reason: &Reason) -> Vec<String> {
    match reason {
        Reason::Random => vec!["It is a random draw, whatever the results.".to_owned()],
        Reason::Sobol { place } => {
            vec![format!("It is point {place} of a sequence that fills the space evenly, whatever the results.")]
        }
        Reason::Grid { left } => vec![format!("It is the next of {left} points that were left, in shuffled order.")],
        Reason::StartUp { results, needed, instead } => {
            let mut lines = vec![format!("The model waits for {needed} results and had {results}.")];
            lines.extend(of_reason(instead));
            lines
        }
        Reason::NothingNew { instead } => {
            let mut lines = vec!["The model had nothing new to propose.".to_owned()];
            lines.extend(of_reason(instead));
            lines
        }
        Reason::Gp(reason) => of_gp(reason),
        Reason::Tpe(TpeReason { good, others, ln_good, ln_others, compared }) => vec![
            format!(
                "Parzen estimators of the {good} best trials and of the {others} others have densities l and g there."
            ),
            format!(
                "ln l = {}, ln g = {}; of {compared} candidates none had more ln l/g than its {}.",
                show(*ln_good),
                show(*ln_others),
                show(ln_good - ln_others)
            ),
        ],
        Reason::CmaEs { generation, population, step_size } => vec![format!(
            "It is a draw from the distribution after {generation} generation{} of {population} points, with step size {}.",
            if *generation == 1 { "" } else { "s" },
            show(*step_size)
        )],
        Reason::Nsga2 { generation, population, parents: [one, other] } => vec![format!(
            "It is a child of the trials {one} and {other}, bred in generation {generation} from the {population} best ones."
        )],
        Reason::Bandit(reason) => of_bandit(reason),
    }
}

fn of_gp(reason: &GpReason) -> Vec<String> {
    let GpReason { points, pending, expected, ln_improvement, feasible, compared, turn } = reason;
    let drawn = if *pending > 0 { format!(" and draws for {pending} under way") } else { String::new() };
    let mut lines = vec![format!("A Gaussian process of {points} points{drawn} chose it.")];
    for Expected { metric, median, from, to, best } in expected {
        let best = best.map_or(String::new(), |best| format!("; the best so far was taken to be {}", show(best)));
        let (from, to) = (show(*from), show(*to));
        lines.push(format!("It expected {metric} {}, with 68 % from {from} to {to}{best}.", show(*median)));
    }
    let among = match compared {
        Some(1) => "it was the last point left".to_owned(),
        Some(count) => format!("the most of all {count} points left"),
        None => "the most that was found".to_owned(),
    };
    if expected.is_empty() {
        lines.push("No trial keeps the outcome constraints yet, so it looked for a point that does.".to_owned());
    } else {
        // A set has no best value; it is to dominate more.
        let gain = if expected.len() > 1 { "gain of the volume that the best dominate" } else { "improvement" };
        lines.push(format!("Logarithm of the expected {gain}: {}, {among}.", show(*ln_improvement)));
    }
    if let Some(probability) = feasible {
        lines.push(format!("It trains and keeps the constraints with probability {}.", show(*probability)));
    }
    if let Some(turn) = turn {
        let choice = turn.choice.as_ref().map_or(String::new(), |choice| format!(" = {choice}"));
        lines.push(format!(
            "Nothing had become better for a while: {}{choice} had its turn, which was tried least.",
            turn.parameter
        ));
    }
    lines
}

fn of_bandit(reason: &BanditReason) -> Vec<String> {
    let BanditReason { rule, parameter, chosen, arms, within } = reason;
    let known = |arm: &Arm| {
        let number = |value: Option<f64>| value.map_or("none".to_owned(), show);
        format!("{}: {} trials, mean {}, best {}", arm.name, arm.trials, number(arm.mean), number(arm.best))
    };
    let arm = arms.get(*chosen as usize).map_or("?", |arm| arm.name.as_str());
    let what = parameter.as_ref().map_or("the point".to_owned(), |parameter| format!("{parameter} ="));
    let mut lines = vec![format!("The bandit's rule {rule} chose {what} {arm}, knowing")];
    lines.extend(arms.iter().map(|arm| format!("  {}", known(arm))));
    lines.extend(within.iter().flat_map(|within| of_reason(within)));
    lines
}

/// What became of the trial, against what was expected of it.
fn outcome(history: &History, trial: &Trial, why: &Why) -> String {
    let state = trial.state();
    let Some(values) = history.values(trial).filter(|_| state == TrialState::Completed) else {
        return match &trial.end {
            Some(TrialEnd::Failed { cause, message }) => format!("It failed ({}): {message}.", cause.name()),
            Some(TrialEnd::Pruned { reason, .. }) => format!("It was stopped early: {reason}."),
            _ => format!("It is {}.", state.name()),
        };
    };
    let expected = match why {
        Why::Sampler(Reason::Gp(reason)) => reason.expected.as_slice(),
        _ => &[],
    };
    let came = history.spec.objectives.iter().zip(values).map(|(objective, value)| {
        let within =
            expected.iter().find(|one| one.metric == objective.metric).map_or("", |Expected { from, to, .. }| {
                if (from.min(*to)..=from.max(*to)).contains(&value) {
                    ", within what was expected"
                } else if objective.direction.better(value, *from) {
                    ", better than expected"
                } else {
                    ", worse than expected"
                }
            });
        format!("{} {}{within}", objective.metric, show(value))
    });
    format!("It came to {}.", came.collect::<Vec<_>>().join("; "))
}

fn show(value: f64) -> String {
    short(value, 6)
}
