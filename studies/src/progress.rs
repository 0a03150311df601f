//! What a person sees of a run: bars on a terminal, a line for each finished trial elsewhere, and a table at the end.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use seqtune::manager::{Observer, TrialProgress};
use seqtune::study_file::show_seconds;
use seqtune_core::{Event, EventKind, History, StoreReader, Trial, TrialEnd, TrialState};

use crate::error::CommandError;
use crate::output::{TrialRow, show_number, table_of_trials};

/// How many trials the table at the end shows.
const SHOWN: usize = 5;

/// Shows a run on standard error.
pub(crate) struct Terminal {
    bars: Option<Bars>,
    /// The study's, for what to type next.
    directory: PathBuf,
    started: Instant,
    /// Trials that ended in this run: what the estimate of the time left is made from.
    ended: u64,
}

struct Bars {
    all: MultiProgress,
    overall: ProgressBar,
    trials: BTreeMap<u64, ProgressBar>,
}

impl Terminal {
    /// Bars where `is_terminal`, else plain lines.
    pub(crate) fn new(directory: &Path, is_terminal: bool) -> Terminal {
        let bars = is_terminal.then(|| {
            let all = MultiProgress::new();
            let overall = all.add(ProgressBar::no_length());
            Bars { all, overall, trials: BTreeMap::new() }
        });
        Terminal { bars, directory: directory.to_owned(), started: Instant::now(), ended: 0 }
    }

    /// Takes the bars away.
    pub(crate) fn clear(&mut self) {
        if let Some(bars) = self.bars.take() {
            bars.overall.finish_and_clear();
            for bar in bars.trials.values() {
                bar.finish_and_clear();
            }
        }
    }

    fn line(&self, text: &str) {
        match &self.bars {
            // Where the terminal is gone there is nobody to tell.
            Some(bars) => drop(bars.all.println(text)),
            None => say!("{text}"),
        }
    }

    fn trial_ended(&mut self, history: &History, trial: &Trial) {
        self.ended += 1;
        if let Some(bars) = &mut self.bars
            && let Some(bar) = bars.trials.remove(&trial.number)
        {
            bar.finish_and_clear();
            bars.all.remove(&bar);
        }
        // On a terminal the bars tell what went well.
        if self.bars.is_none() || !matches!(trial.end, Some(TrialEnd::Completed)) {
            self.line(&line_of(history, trial));
        }
    }

    fn overall(&self, history: &History) {
        let Some(bars) = &self.bars else { return };
        let ended = history.trials.iter().filter(|trial| trial.end.is_some()).count() as u64;
        let mut message = best_of(history).map(|best| format!("best {best}")).unwrap_or_default();
        if let Some(paused) = &history.paused {
            message = format!("{}  {message}", way_on(paused, &self.directory));
        }
        let failed = history.count(TrialState::Failed);
        if failed > 0 {
            message.push_str(&format!("  {failed} failed"));
        }
        let left = history.settings.budget.trials.map(|budget| budget.saturating_sub(ended));
        if let Some(left) = left.filter(|left| *left > 0 && self.ended > 0 && history.paused.is_none()) {
            let seconds = self.started.elapsed().as_secs_f64() / self.ended as f64 * left as f64;
            let left = if seconds < 59.5 { format!("{seconds:.0} s") } else { show_seconds(seconds) };
            message.push_str(&format!("  about {left} left"));
        }
        let template = match history.settings.budget.trials {
            Some(budget) => {
                bars.overall.set_length(budget);
                "{bar:16} {pos}/{len} trials  {wide_msg}"
            }
            None => "{pos} trials  {wide_msg}",
        };
        bars.overall.set_style(style(template));
        bars.overall.set_position(ended);
        bars.overall.set_message(message);
    }

    fn bar_of(&mut self, history: &History, number: u64) -> Option<&ProgressBar> {
        let bars = self.bars.as_mut()?;
        let bar = bars.trials.entry(number).or_insert_with(|| {
            let bar = bars.all.add(ProgressBar::new(history.spec.trial.steps));
            bar.set_style(style("  {prefix:10} {bar:12} {pos}/{len} {wide_msg}"));
            bar.set_prefix(format!("trial {number}"));
            bar
        });
        Some(bar)
    }
}

impl Observer for Terminal {
    fn event(&mut self, history: &History, event: &Event) {
        let metric = &history.spec.objective().metric;
        match &event.kind {
            EventKind::AttemptStarted { trial, attempt, from_step, .. } => {
                if let Some(bar) = self.bar_of(history, *trial) {
                    bar.set_position(*from_step);
                }
                if *attempt > 0 {
                    let before = history.trial(*trial).and_then(|trial| trial.attempts.iter().rev().nth(1));
                    let why = before.and_then(|attempt| attempt.end.as_ref()).map(|(_, _, message)| message.as_str());
                    let why = why.filter(|why| !why.is_empty()).map(|why| format!(" ({why})")).unwrap_or_default();
                    self.line(&format!("trial {trial} goes on from step {from_step}, attempt {}{why}", attempt + 1));
                }
            }
            EventKind::Reported { trial, step, value, .. } => {
                if let Some(bar) = self.bar_of(history, *trial) {
                    bar.set_position(*step);
                    bar.set_message(format!("{metric} {}", show_number(*value)));
                }
            }
            EventKind::ReportDiffered { trial, step, .. } => {
                self.line(&format!(
                    "warning: trial {trial} reported step {step} again with other numbers: it is not reproducible here"
                ));
            }
            EventKind::Completed { trial } | EventKind::Pruned { trial, .. } | EventKind::Failed { trial, .. } => {
                if let Some(trial) = history.trial(*trial) {
                    self.trial_ended(history, trial);
                }
                self.overall(history);
            }
            EventKind::RequestAnswered { answer, pause: Some(true), .. } => {
                self.line(&way_on(answer, &self.directory));
                self.overall(history);
            }
            EventKind::RequestAnswered { answer, .. } => self.line(answer),
            _ => {}
        }
    }

    fn progress(&mut self, history: &History, progress: TrialProgress) {
        let metric = history.spec.objective().metric.clone();
        let value = history.trial(progress.trial).and_then(Trial::last_value);
        if let Some(bar) = self.bar_of(history, progress.trial) {
            bar.set_message(format!("{metric} {}  update {}/{}", show_number(value), progress.update, progress.of));
        }
    }

    fn tick(&mut self, history: &History) {
        self.overall(history);
    }

    fn warn(&mut self, message: &str) {
        self.line(&format!("warning: {message}"));
    }
}

/// A pause, and how to end it.
pub(crate) fn way_on(paused: &str, directory: &Path) -> String {
    format!("{paused}; `seqtune go-on {}` goes on", directory.display())
}

/// `trial 7 completed valid/auc 0.912 (best 0.915, trial 3) 12.1 s`
fn line_of(history: &History, trial: &Trial) -> String {
    let metric = &history.spec.objective().metric;
    let number = trial.number;
    let what = match &trial.end {
        Some(TrialEnd::Failed { cause, message }) => format!("failed ({}: {message})", cause.name()),
        Some(TrialEnd::Pruned { reason, .. }) => {
            format!("pruned {metric} {} ({reason})", show_number(history.value(trial)))
        }
        Some(TrialEnd::Completed) | None => format!("completed {metric} {}", show_number(history.value(trial))),
    };
    let best =
        history.best().map(|best| format!(" (best {}, trial {})", show_number(history.value(best)), best.number));
    format!("trial {number} {what}{} {}", best.unwrap_or_default(), show_seconds(trial.seconds(history.last_us)))
}

fn best_of(history: &History) -> Option<String> {
    let best = history.best()?;
    let metric = &history.spec.objective().metric;
    Some(format!("{metric} {} (trial {})", show_number(history.value(best)), best.number))
}

fn style(template: &str) -> ProgressStyle {
    // The templates are constants; the default style is still a usable bar.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// How a run went: its best trials, and what to do next.
pub(crate) fn summary(
    directory: &Path,
    sentence: &str,
    can_continue: bool,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let reader = StoreReader::open(directory)?;
    let (history, remarks) = (reader.history()?, reader.remarks()?);
    let ranked = history.ranked();
    let rows: Vec<TrialRow> = ranked.iter().take(SHOWN).map(|trial| TrialRow::new(&history, &remarks, trial)).collect();
    let directory = directory.display();
    writeln!(out, "{sentence}")?;
    if rows.is_empty() {
        writeln!(out, "No trial is completed.")?;
    } else {
        let (shown, trials, failed) = (rows.len(), history.trials.len(), history.count(TrialState::Failed));
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        writeln!(out, "\nThe best {shown} of {trials} trials{failed}:\n")?;
        write!(out, "{}", table_of_trials(&history, &rows))?;
    }
    writeln!(out)?;
    if can_continue {
        writeln!(out, "  seqtune resume {directory}   goes on")?;
    }
    writeln!(out, "  seqtune view {directory}     shows it in a window")?;
    match rows.is_empty() {
        true => writeln!(out, "  seqtune trials {directory}   says why each trial failed")?,
        false => writeln!(out, "  seqtune best {directory}     prints the best parameters")?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_trial_is_one_line() {
        let history = seqtune_core::testing::study("x = { type = 'float', low = 0, high = 1 }").trials(3).history();
        let best = history.best().unwrap();
        let line = line_of(&history, &history.trials[1]);
        let value = show_number(history.value(&history.trials[1]));
        let best = format!("(best {}, trial {})", show_number(history.value(best)), best.number);
        assert_eq!(line, format!("trial 1 completed value {value} {best} 0.0 s"));
    }
}
