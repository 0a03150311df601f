//! Times: local for people, UTC for programs.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Microseconds since 1970, now.
pub(crate) fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

/// `2026-03-01 14:05:09` in the time zone of the machine.
pub(crate) fn local(at_us: i64) -> String {
    let at = Timestamp::from_microsecond(at_us).unwrap_or_default();
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2026-03-01T14:05:09.123456Z`.
pub(crate) fn utc(at_us: i64) -> String {
    Timestamp::from_microsecond(at_us).unwrap_or_default().to_string()
}

/// `2026-03-01 14:05:09Z`: for people who may be anywhere, and still fit for programs.
pub(crate) fn utc_to_the_second(at_us: i64) -> String {
    Timestamp::from_microsecond(at_us).unwrap_or_default().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
