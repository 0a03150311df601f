//! Where ticks are.
//!
//! On a linear axis by Talbot, Lin and Hanrahan, "An Extension of Wilkinson's Algorithm for Positioning Tick Labels on Axes"
//! (2010): of all labelings the one that is best in simple steps, coverage of the axis, and density.

use serde::Serialize;

use super::number::short;

/// One tick.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tick {
    /// Its value.
    pub at: f64,
    /// What is written there; a minor tick has nothing.
    pub label: String,
}

/// Steps from the nicest on.
const NICE: [f64; 6] = [1.0, 5.0, 2.0, 4.0, 2.5, 3.0];

/// What simplicity, coverage and density count for. Coverage counts for less than in the paper, since an axis here keeps its
/// ends and ticks stay inside; legibility is the same for all labelings.
const WEIGHTS: [f64; 3] = [0.3, 0.05, 0.5];

/// Most multiples of a nice step that are skipped, and most ticks that are looked at, as a factor of those wanted.
const MOST_SKIPPED: usize = 4;
const MOST_TICKS: usize = 3;

/// Ticks within `low..=high`, about `wanted` of them; at whole numbers where the axis counts.
pub fn nice_ticks(low: f64, high: f64, wanted: usize, whole: bool) -> Vec<Tick> {
    let wanted = wanted.max(2);
    let Some((first, step)) = best_labeling(low, high, wanted, whole) else {
        return Vec::new();
    };
    let slack = step * 1e-9;
    let values = (0..wanted * MOST_TICKS + 2).map(|k| first + k as f64 * step);
    let inside: Vec<f64> = values.filter(|value| (low - slack..=high + slack).contains(value)).collect();
    inside
        .into_iter()
        .map(|value| Tick { at: settled(value, step), label: labelled(value, [first, step], low, high) })
        .collect()
}

/// First tick and step of the best labeling.
fn best_labeling(low: f64, high: f64, wanted: usize, whole: bool) -> Option<(f64, f64)> {
    let span = high - low;
    if !(span.is_finite() && span > 0.0 && low.is_finite()) {
        return None;
    }
    let mut best: Option<(f64, f64, f64)> = None;
    for skip in 1..=MOST_SKIPPED {
        for (rank, nice) in NICE.iter().enumerate() {
            for count in 2..=wanted * MOST_TICKS {
                let delta = span / (count as f64 + 1.0) / skip as f64 / nice;
                let power = delta.log10().ceil() as i32;
                for exponent in power..=power + 1 {
                    let unit = nice * 10f64.powi(exponent);
                    let step = unit * skip as f64;
                    if !(step.is_finite() && step > 0.0) || (whole && step.fract() != 0.0) {
                        continue;
                    }
                    let reach = (count - 1) as f64 * step;
                    let from = ((high / unit).floor() - (count - 1) as f64 * skip as f64) as i64;
                    let until = (low / unit).ceil() as i64;
                    for start in from.min(until)..=from.max(until).min(from.min(until) + 8) {
                        let first = start as f64 * unit;
                        let last = first + reach;
                        // A tick off the axis has nothing to stand on.
                        if first < low - step * 1e-9 || last > high + step * 1e-9 || (whole && first.fract() != 0.0) {
                            continue;
                        }
                        let at_zero = first <= 0.0 && last >= 0.0 && (first / step).fract().abs() < 1e-9;
                        let simplicity = 1.0 - rank as f64 / (NICE.len() - 1) as f64 - skip as f64
                            + 1.0
                            + f64::from(u8::from(at_zero));
                        let coverage =
                            1.0 - 0.5 * ((high - last).powi(2) + (low - first).powi(2)) / (0.1 * span).powi(2);
                        let had = (count - 1) as f64 / reach;
                        let should = (wanted - 1) as f64 / span;
                        let density = 2.0 - (had / should).max(should / had);
                        let [a, b, c] = WEIGHTS;
                        let score = a * simplicity + b * coverage + c * density;
                        if best.is_none_or(|(known, ..)| score > known + 1e-12) {
                            best = Some((score, first, step));
                        }
                    }
                }
            }
        }
    }
    best.map(|(_, first, step)| (first, step))
}

/// The value without what adding steps left in its last digits.
fn settled(value: f64, step: f64) -> f64 {
    if value.abs() < step * 1e-6 {
        return 0.0;
    }
    let digits = ((value.abs() / step).log10().ceil() + 3.0).clamp(1.0, 16.0) as usize;
    format!("{value:.digits$e}").parse().unwrap_or(value)
}

/// All ticks of an axis have the same decimals: as many as the first one and the step have.
fn labelled(value: f64, [first, step]: [f64; 2], low: f64, high: f64) -> String {
    let size = low.abs().max(high.abs());
    if value.abs() < step * 1e-6 {
        return "0".to_owned();
    }
    if !(1e-3..1e6).contains(&size) {
        let digits = (size.log10().floor() - step.log10().floor() + 2.0).clamp(1.0, 15.0) as usize;
        return short(value, digits);
    }
    let are_whole = |decimals: &i32| {
        let shifted = [first, step].map(|number| number * 10f64.powi(*decimals));
        shifted.iter().all(|number| (number - number.round()).abs() < 1e-6 * (1.0 + number.abs() * 1e-6))
    };
    format!("{value:.*}", (0..12).find(are_whole).unwrap_or(12) as usize)
}

/// Ticks of a log axis within `low..=high`: labels at decades, at every n-th where they are many, at 1, 2 and 5 where they
/// are few; what is between decades are minor ticks.
pub fn log_ticks(low: f64, high: f64, wanted: usize) -> Vec<Tick> {
    if !(low > 0.0 && high > low && high.is_finite()) {
        return Vec::new();
    }
    let (from, until) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let decades = high.log10() - low.log10();
    if decades < 0.7 {
        return nice_ticks(low, high, wanted, false);
    }
    let wanted = wanted.max(2) as f64;
    let every = (decades / wanted).ceil().max(1.0) as i32;
    let labelled: &[u32] = match decades {
        _ if decades * 3.0 <= wanted => &[1, 2, 5],
        _ if decades < 2.0 => &[1, 3],
        _ => &[1],
    };
    let mut ticks = Vec::new();
    for exponent in from..=until {
        // From text: 10^-4 as a product is not the number that 1e-4 is.
        for digit in 1..10_u32 {
            let at: f64 = format!("{digit}e{exponent}").parse().unwrap_or(f64::NAN);
            if !(low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(&at) {
                continue;
            }
            let is_major = labelled.contains(&digit) && exponent.rem_euclid(every) == 0;
            if is_major || every == 1 || digit == 1 {
                ticks.push(Tick { at, label: if is_major { short(at, 3) } else { String::new() } });
            }
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn ticks_are_nice_numbers() {
        assert_eq!(labels(&nice_ticks(0.0, 1.0, 6, false)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&nice_ticks(-2.4, 62.4, 7, true)), ["0", "10", "20", "30", "40", "50", "60"]);
        assert_eq!(labels(&nice_ticks(0.9446, 0.9544, 5, false)), ["0.946", "0.948", "0.950", "0.952", "0.954"]);
        assert_eq!(labels(&nice_ticks(0.9, 3.1, 6, true)), ["1", "2", "3"]);
        assert_eq!(labels(&nice_ticks(0.0, 4e-7, 5, false)), ["0", "1e-7", "2e-7", "3e-7", "4e-7"]);
    }

    #[test]
    fn log_ticks_stand_at_decades() {
        assert_eq!(labels(&log_ticks(8e-5, 0.12, 5)), ["0.0001", "0.001", "0.01", "0.1"]);
        assert_eq!(labels(&log_ticks(7.0, 70.0, 4)), ["10", "20", "50"]);
        assert_eq!(labels(&log_ticks(1e-9, 1e9, 6)), ["1e-9", "1e-6", "0.001", "1", "1000", "1e6", "1e9"]);
        assert_eq!(log_ticks(0.95, 11.0, 5).len(), 10, "minor ticks between decades");
    }

    proptest! {
        #[test]
        fn ticks_are_few_and_on_the_axis(
            low in prop_oneof![-1e6..1e6_f64, -1.0..1.0_f64],
            span in prop_oneof![1e-6..1e6_f64, 0.01..3.0_f64],
            wanted in 2..12_usize,
            whole: bool,
        ) {
            let high = low + span;
            let ticks = nice_ticks(low, high, wanted, whole);
            prop_assert!(ticks.len() <= wanted * MOST_TICKS);
            prop_assert!(whole || ticks.len() >= 2, "{:?}", ticks);
            for pair in ticks.windows(2) {
                prop_assert!(pair[0].at < pair[1].at && pair[0].label != pair[1].label, "{:?}", ticks);
            }
            for tick in &ticks {
                prop_assert!((low - span * 1e-6..=high + span * 1e-6).contains(&tick.at), "{:?}", ticks);
                prop_assert!(!whole || tick.at.fract() == 0.0);
            }
        }

        #[test]
        fn log_ticks_are_on_the_axis(low in -200.0..200.0_f64, decades in 0.1..90.0_f64, wanted in 2..12_usize) {
            let (low, high) = (10f64.powf(low), 10f64.powf(low + decades));
            let ticks = log_ticks(low, high, wanted);
            prop_assert!(ticks.iter().all(|tick| tick.at >= low * 0.999_999 && tick.at <= high * 1.000_001));
            prop_assert!(ticks.iter().filter(|tick| !tick.label.is_empty()).count() <= wanted * 3 + 2);
        }
    }
}
