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
        for signal in [SIGTERM, SIGINT, SIGHUP] {
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

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}
