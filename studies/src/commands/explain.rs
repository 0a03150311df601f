//! `seqtune explain`: why trials have the points they have, and why they were stopped or not.

use std::io::Write;
use std::path::PathBuf;

use seqtune_core::{Explanation, History, Judge, Proposer, StoreReader, Trial};
use seqtune_plot::decision::{Decision, Judged, account, decision};
use seqtune_space::Params;
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, FormatArgument, write_json};
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
    verdicts: Vec<Judged>,
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
        let decision = decision(&history, &proposer, &judge, trial).map_err(|error| {
            CommandError::Other(format!("trial {number} cannot be decided again by this build: {error}"))
        })?;
        rows.push((trial, decision));
    }
    let same = rows.iter().all(|(_, decision)| decision.explanation.differs.is_none());
    if arguments.format.format == Format::Json {
        let rows = rows.into_iter().map(|(trial, Decision { explanation, verdicts })| {
            let values = history.values(trial);
            Row { params: &trial.params, explanation, values, verdicts }
        });
        write_json(out, rows)?;
    } else {
        for (index, (trial, decision)) in rows.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            for line in in_words(&history, trial, decision) {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(if same { Exit::Done } else { Exit::Error })
}

/// A decision for people, a sentence a line.
fn in_words(history: &History, trial: &Trial, decision: &Decision) -> Vec<String> {
    let account = account(history, trial, decision);
    let sentences = account.lines().map(|line| format!("  {line}"));
    std::iter::once(format!("trial {}: {}", trial.number, trial.params)).chain(sentences).collect()
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
        let proposer = Proposer::new(&history.spec.sampler);
        let decision = decision(&history, &proposer, &Judge::new(&history), trial).unwrap();
        assert_eq!(decision.explanation.differs, None);
        let text = in_words(&history, trial, &decision).join("\n");
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
