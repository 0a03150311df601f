//! How long the window takes to open: for the benchmark of it.

use std::time::{Duration, Instant};

use egui::{Context, ViewportCommand};

/// Notes when things were first there, prints it, and closes the window.
#[derive(Debug)]
pub(crate) struct StartTimes {
    begin: Instant,
    window: Option<Duration>,
    trials: Option<Duration>,
    done: bool,
}

impl StartTimes {
    pub(crate) fn new(begin: Instant) -> StartTimes {
        StartTimes { begin, window: None, trials: None, done: false }
    }

    /// Called at the end of every frame: whether it shows trials, and whether it shows all that the page has.
    pub(crate) fn follow(&mut self, ctx: &Context, has_trials: bool, is_whole: bool) {
        let now = self.begin.elapsed();
        let window = *self.window.get_or_insert(now);
        if has_trials {
            self.trials.get_or_insert(now);
        }
        if let (Some(trials), true, false) = (self.trials, is_whole, self.done) {
            self.done = true;
            println!("{} {} {}", window.as_millis(), trials.as_millis(), now.as_millis());
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        ctx.request_repaint();
    }
}
