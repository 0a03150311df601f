//! Signals: the first asks the run to end in order, the second ends it at once. Both are safe.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Exit code of a run that was stopped and can be continued.
const STOPPED: i32 = 75;

/// Handlers that live as long as the run.
pub(super) struct Signals {
    asked: Arc<AtomicBool>,
    registered: Vec<SigId>,
}

impl Signals {
    pub(super) fn install() -> std::io::Result<Signals> {
        let asked = Arc::new(AtomicBool::new(false));
        let mut registered = Vec::new();
        let ignored = ignored_signals();
        // Under nohup, or in the background of a shell without job control, some are ignored on purpose.
        for signal in [SIGTERM, SIGINT, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0) {
            // Order matters: the first signal finds the flag unset here, and the next line sets it.
            registered.push(signal_hook::flag::register_conditional_shutdown(signal, STOPPED, Arc::clone(&asked))?);
            registered.push(signal_hook::flag::register(signal, Arc::clone(&asked))?);
        }
        Ok(Signals { asked, registered })
    }

    /// Whether somebody asked the run to end.
    pub(super) fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

/// The signals that this process was started to ignore, one bit each from signal 1 on. Only Linux tells; elsewhere none.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}
