//! The clock of the log, which never goes back.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Time as a log tells it: that of the system, unless somebody set it back. Then it goes on from where it was, as fast as
/// a clock that nobody can set. So no event is older than the one before it, and spans stay right.
#[derive(Debug)]
pub(super) struct Clock {
    last_us: i64,
    at: Instant,
}

impl Clock {
    /// The clock of a log whose last event is of this time.
    pub(super) fn after(last_us: i64) -> Clock {
        Clock { last_us, at: Instant::now() }
    }

    /// Microseconds since 1970.
    pub(super) fn now_us(&mut self) -> i64 {
        self.tell(now_us(), Instant::now())
    }

    fn tell(&mut self, system_us: i64, now: Instant) -> i64 {
        let passed = now.saturating_duration_since(self.at).as_micros() as i64;
        self.last_us = system_us.max(self.last_us.saturating_add(passed));
        self.at = now;
        self.last_us
    }
}

/// Microseconds since 1970, by the system.
pub(super) fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_follows_the_system_forward_and_runs_on_when_that_is_set_back() {
        let mut clock = Clock::after(1_000);
        let begin = clock.at;
        let mut tell = |system_us, millis| clock.tell(system_us, begin + Duration::from_millis(millis));
        assert_eq!(tell(5_000_000, 1), 5_000_000);
        // A machine that slept: the system's clock went on.
        assert_eq!(tell(9_000_000, 2), 9_000_000);
        // An hour back.
        assert_eq!(tell(-3_591_000_000, 12), 9_010_000);
        assert_eq!(tell(-3_590_000_000, 1_012), 10_010_000);
        assert_eq!(tell(11_000_000, 1_013), 11_000_000);
    }

    #[test]
    fn a_time_at_the_end_of_all_times_is_no_reason_to_panic() {
        let mut clock = Clock::after(i64::MAX);
        let later = clock.at + Duration::from_secs(1);
        assert_eq!(clock.tell(0, later), i64::MAX);
    }
}
