//! Waits for a while before another pruner may stop a trial.

use super::{Pruner, Race, Verdict};

/// Stops a trial that has not improved for some steps, if another pruner would stop it too.
pub struct Patient {
    /// Steps without improvement.
    pub patience: u64,
    /// What counts as an improvement: more than this.
    pub min_delta: f64,
    /// The other pruner, if there is one.
    pub inner: Option<Box<dyn Pruner>>,
}

impl Pruner for Patient {
    fn decide(&self, race: &Race<'_>) -> Verdict {
        let step = race.step();
        // The reference only moves when it is beaten by enough, so that small steps that add up to an improvement are one.
        let (mut reference, mut since) = (f64::INFINITY, 0);
        for (at, loss) in race.own().losses() {
            if since == 0 || loss < reference - self.min_delta || (loss.is_finite() && reference.is_infinite()) {
                (reference, since) = (loss, at);
            }
        }
        let waited = step - since;
        if waited < self.patience {
            return Verdict::go_on(format!("step {step}: it improved {waited} steps ago"));
        }
        let stale = format!("step {step}: no improvement for {waited} steps");
        match self.inner.as_ref().map(|inner| inner.decide(race)) {
            None => Verdict::stop(stale),
            Some(Verdict { stop, reason }) => {
                let reason = if reason.is_empty() { stale } else { format!("{stale}; {reason}") };
                Verdict { stop, reason }
            }
        }
    }
}
