//! `seqtune explain`: why trials have the points they have, and why they were stopped or not.

use std::io::Write;
use std::path::PathBuf;

use seqtune_core::sampler::{Arm, BanditReason, Expected, GpReason, Reason, TpeReason};
use seqtune_core::{
    Explanation, History, Judge, Point, Proposer, StoreReader, Trial, TrialEnd, TrialState, Verdict, Why,
};
use seqtune_space::Params;
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, FormatArgument, show_number, write_json};
use crate::places;

/// Show why trials have the points they have, and why they were stopped or not
///
/// Decides about each trial again, from what the log says it saw, and shows the numbers that decided: what a model expected
/// at the point, how sure it was, the best so far, what the pruner said at each step, and what the trial came to. Nothing is trained and nothing is written. The
/// promise holds for one build, as that of `seqtune verify` does: where this build decides otherwise, it says so and exits
/// with 1. -f json gives an object for each trial, with all numbers.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune explain demo 12\n\
\x20 seqtune explain demo 12 13 14 -f json")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// Numbers of trials
    #[arg(value_name = "TRIAL", required = true)]
    trials: Vec<u64>,
    #[command(flatten)]
    format: FormatArgument,
}

#[derive(Serialize)]
struct Row<'a> {
    params: &'a Params,
    #[serde(flatten)]
    explanation: Explanation,
    values: Option<Vec<f64>>,
    verdicts: Vec<VerdictRow>,
}

/// What a pruner said at a step.
#[derive(Serialize)]
struct VerdictRow {
    step: u64,
    stop: bool,
    reason: String,
}

/// What the pruner said of a trial; steps of which it had nothing to say are left out.
fn verdicts(history: &History, judge: &Judge, trial: &Trial) -> Vec<VerdictRow> {
    let said = |(at, point): (usize, &Point)| {
        let (Verdict { stop, reason }, _) = judge.judge(history, trial.number, at + 1)?;
        (!reason.is_empty()).then_some(VerdictRow { step: point.step, stop, reason })
    };
    trial.reports.iter().enumerate().filter_map(said).collect()
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    if arguments.format.format == Format::Csv {
        return Err(CommandError::Usage("an explanation does not fit into columns; use -f json".to_owned()));
    }
    let directory = places::study(&arguments.study)?;
    let history = StoreReader::open(&directory)?.history()?;
    let (proposer, judge) = (Proposer::new(&history.spec.sampler), Judge::new(&history));
    let mut rows = Vec::with_capacity(arguments.trials.len());
    for number in &arguments.trials {
        let Some(trial) = history.trial(*number) else {
            return Err(places::no_trial(&directory, &history, *number));
        };
        let explanation = proposer.explain(&history, trial).map_err(|error| {
            CommandError::Other(format!("trial {number} cannot be decided again by this build: {error}"))
        })?;
        rows.push((trial, explanation, verdicts(&history, &judge, trial)));
    }
    let same = rows.iter().all(|(_, explanation, _)| explanation.differs.is_none());
    if arguments.format.format == Format::Json {
        let rows = rows.into_iter().map(|(trial, explanation, verdicts)| {
            let values = history.values(trial);
            Row { params: &trial.params, explanation, values, verdicts }
        });
        write_json(out, rows)?;
    } else {
        for (index, (trial, explanation, verdicts)) in rows.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            for line in in_words(&history, trial, explanation, verdicts) {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(if same { Exit::Done } else { Exit::Error })
}

/// A decision for people, a sentence a line.
fn in_words(history: &History, trial: &Trial, explanation: &Explanation, verdicts: &[VerdictRow]) -> Vec<String> {
    let Explanation { results, pending, why, differs, .. } = explanation;
    let mut lines = vec![format!("trial {}: {}", trial.number, trial.params)];
    if let Some(differs) = differs {
        lines.push(format!("  This build decides otherwise, and explains what it decides: {differs}"));
    }
    if let Why::Sampler(_) = why {
        let under_way = match pending {
            0 => String::new(),
            1 => ", and the point of one trial under way".to_owned(),
            count => format!(", and the points of {count} trials under way"),
        };
        let plural = if *results == 1 { "result" } else { "results" };
        lines.push(format!("  It was decided from {results} {plural}{under_way}."));
    }
    match why {
        Why::Default => lines.push("  The first trial is of the default configuration.".to_owned()),
        Why::Enqueued { request: None } => lines.push("  The study file asks for this point.".to_owned()),
        Why::Enqueued { request: Some(id) } => lines.push(format!("  Request {id} asked for this point.")),
        Why::Replicate { of, probability } => {
            lines.push(format!(
                "  The configuration of trial {of} was among the leading ones, and measured with another seed."
            ));
            lines.push(match probability {
                Some(probability) => {
                    format!(
                        "  It was the best of the leading five with probability {}, and none was that for sure.",
                        show(*probability)
                    )
                }
                None => "  Nothing was known yet of how far seeds lie apart.".to_owned(),
            });
        }
        Why::Added => lines.push("  It was tried elsewhere and added with its result.".to_owned()),
        Why::Sampler(reason) => lines.extend(of_reason(reason).into_iter().map(|line| format!("  {line}"))),
    }
    lines.extend(
        verdicts.iter().map(|one| format!("  {} -> {}", one.reason, if one.stop { "stopped" } else { "goes on" })),
    );
    lines.push(format!("  {}", outcome(history, trial, why)));
    lines
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
    show_number(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seqtune_core::testing::{StudyDraft, study};
    use seqtune_plugin::Direction;

    const SPACE: &str = "model = { type = 'categorical', choices = ['deep', 'wide'] }\n\
                         layers = { type = 'int', low = 1, high = 8, when = { model = 'deep' } }\n\
                         lr = { type = 'float', low = 1e-4, high = 0.1, log = true }";

    /// The last trial in words, with `#` for what may be another number on another machine.
    fn last(draft: &StudyDraft) -> String {
        let history = draft.history();
        let trial = history.trials.last().unwrap();
        let explanation = Proposer::new(&history.spec.sampler).explain(&history, trial).unwrap();
        assert_eq!(explanation.differs, None);
        let said = verdicts(&history, &Judge::new(&history), trial);
        let text = in_words(&history, trial, &explanation, &said).join("\n");
        let numbers = text.split_inclusive([' ', '\n', '=', ',', ';']).map(|word| {
            let number = word.trim_end_matches([' ', '\n', ',', ';', '.', '%']);
            if number.parse::<f64>().is_ok_and(|value| value.fract() != 0.0 || value.abs() > 1e3) {
                word.replacen(number, "#", 1)
            } else {
                word.to_owned()
            }
        });
        numbers.collect()
    }

    #[test]
    fn every_reason_is_said_in_words() {
        let of = |sampler: &str, trials| last(&study(SPACE).sampler(sampler).trials(trials));
        let bandit = study(SPACE).trials(13).with(|spec| {
            let options = serde_json::json!({ "type": "bandit", "rule": "max_ucb", "inner": "tpe" });
            spec.sampler = serde_json::from_value(options).unwrap();
        });
        let grid = study("x = { type = 'int', low = 1, high = 3 }").sampler("grid").trials(2);
        let finite = study("x = { type = 'int', low = 1, high = 12 }").sampler("gp").trials(11).window(2);
        let failing = study(SPACE).sampler("gp").trials(16).failing(seqtune_plugin::FailureCause::Diverged, |params| {
            params.text("model").is_ok_and(|model| model == "wide")
        });
        let several = |sampler: &str, objectives: usize, trials| {
            let directions = [Direction::Minimize, Direction::Maximize, Direction::Minimize];
            let values: fn(&Params) -> Vec<f64> = match objectives {
                2 => |params| vec![params.float("lr").unwrap_or(0.0), 0.37 * params.int("layers").unwrap_or(3) as f64],
                _ => |params| {
                    let (lr, layers) =
                        (params.float("lr").unwrap_or(0.0), 0.37 * params.int("layers").unwrap_or(3) as f64);
                    vec![lr, layers, lr - layers]
                },
            };
            last(&study(SPACE).sampler(sampler).objectives(&directions[..objectives], values).trials(trials))
        };
        let defaults = study("x = { type = 'int', low = 1, high = 3, default = 2 }").trials(1);
        let texts = [
            ("random", of("random", 2)),
            ("sobol", of("sobol", 3)),
            ("grid", last(&grid)),
            ("start-up", of("tpe", 3)),
            ("tpe", of("tpe", 12)),
            ("gp", of("auto", 12)),
            ("gp, all points compared", last(&finite)),
            ("gp, failures", last(&failing)),
            ("gp, two objectives", several("gp", 2, 14)),
            ("gp, three objectives", several("gp", 3, 14)),
            ("cmaes", of("cmaes", 12)),
            ("nsga2", several("nsga2", 2, 20)),
            ("bandit", last(&bandit)),
            ("defaults", last(&defaults)),
        ];
        let text: Vec<String> = texts.into_iter().map(|(name, text)| format!("{name}\n{text}\n")).collect();
        insta::assert_snapshot!(text.join("\n"));
    }
}
