//! How long the window takes to open: for the benchmark of it.

use std::time::{Duration, Instant};

use egui::{Context, ViewportCommand};

/// Notes when things were first there, prints it, and closes the window.
#[derive(Debug)]
pub(crate) struct StartTimes {
    begin: Instant,
    window: Option<Duration>,
    first: Option<Duration>,
    trials: Option<Duration>,
    done: bool,
}

impl StartTimes {
    pub(crate) fn new(begin: Instant) -> StartTimes {
        StartTimes { begin, window: None, first: None, trials: None, done: false }
    }

    /// Called at the end of every frame: whether it shows trials, whether it shows all of them, and whether all plots are there.
    pub(crate) fn follow(&mut self, ctx: &Context, has_trials: bool, has_all: bool, is_drawn: bool) {
        let now = self.begin.elapsed();
        let window = *self.window.get_or_insert(now);
        if has_trials {
            self.first.get_or_insert(now);
        }
        if has_all {
            self.trials.get_or_insert(now);
        }
        if let (Some(first), Some(trials), true, false) = (self.first, self.trials, has_all && is_drawn, self.done) {
            self.done = true;
            println!("{} {} {} {}", window.as_millis(), first.as_millis(), trials.as_millis(), now.as_millis());
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }
}
