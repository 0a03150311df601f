//! Axes: what stretches along them, from where to where, and where the marks are.

use serde::Serialize;

use super::ticks::{Tick, log_ticks, nice_ticks};

/// Of the length of an axis, what stays free at either end.
const MARGIN: f64 = 0.04;

/// A range of values that spans this factor is shown on a log scale.
const LOG_FROM: f64 = 1e3;

/// One axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Axis {
    /// What it shows; empty where the ticks say it.
    pub label: String,
    /// What it is measured in, if in anything.
    pub unit: Option<String>,
    /// How values stretch along it.
    pub scale: Scale,
    /// The value at its beginning, below `high`.
    pub low: f64,
    /// The value at its end.
    pub high: f64,
    /// Whether it has ticks and a grid; layers that bring their own labels go without.
    pub ticks: bool,
}

/// How values stretch along an axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Scale {
    /// Equal differences are equally long; `whole` has ticks at whole numbers only.
    Linear {
        /// Whether the axis counts.
        whole: bool,
    },
    /// Equal ratios are equally long. Values of zero or less are nowhere.
    Log,
    /// Names: the first is at 0, the next at 1, and so on.
    Categorical(Vec<String>),
}

impl Axis {
    /// A linear axis with room for these values; from 0 to 1 where there is none.
    pub fn linear(label: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Axis {
        let (low, high) = bounds(values).map_or((0.0, 1.0), |(low, high)| widened(low, high));
        Axis { label: label.into(), unit: None, scale: Scale::Linear { whole: false }, low, high, ticks: true }
    }

    /// An axis that counts: trials, steps.
    pub fn counting(label: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Axis {
        Axis { scale: Scale::Linear { whole: true }, ..Axis::linear(label, values) }
    }

    /// A log axis with room for these values, of which those above zero count.
    pub fn log(label: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Axis {
        let exponents = values.into_iter().filter(|value| *value > 0.0).map(f64::log10);
        let (low, high) = bounds(exponents).map_or((-1.0, 1.0), |(low, high)| widened(low, high));
        let (low, high) = (10f64.powf(low.max(-300.0)), 10f64.powf(high.min(300.0)));
        Axis { label: label.into(), unit: None, scale: Scale::Log, low, high, ticks: true }
    }

    /// A linear axis, or a log axis where the values are all above zero and lie three decades apart.
    pub fn fitting(label: impl Into<String>, values: &[f64]) -> Axis {
        match bounds(values.iter().copied()) {
            Some((low, high)) if low > 0.0 && high / low >= LOG_FROM => Axis::log(label, values.iter().copied()),
            _ => Axis::linear(label, values.iter().copied()),
        }
    }

    /// An axis of names.
    pub fn names(label: impl Into<String>, names: Vec<String>) -> Axis {
        let high = names.len().max(1) as f64 - 0.5;
        Axis { label: label.into(), unit: None, scale: Scale::Categorical(names), low: -0.5, high, ticks: true }
    }

    /// The axis with a unit.
    #[must_use]
    pub fn unit(self, unit: impl Into<String>) -> Axis {
        Axis { unit: Some(unit.into()), ..self }
    }

    /// Label and unit.
    pub fn caption(&self) -> String {
        match &self.unit {
            Some(unit) if !self.label.is_empty() => format!("{} [{unit}]", self.label),
            _ => self.label.clone(),
        }
    }

    /// Where along the axis a value is: 0 at its beginning, 1 at its end, beyond where it is off it. `None` where it is
    /// nowhere.
    pub fn place(&self, value: f64) -> Option<f64> {
        let part = match self.scale {
            Scale::Log if value <= 0.0 => return None,
            Scale::Log => (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
            // Halves: the difference of two finite numbers need not be finite.
            Scale::Linear { .. } | Scale::Categorical(_) => {
                (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
            }
        };
        part.is_finite().then_some(part)
    }

    /// The value at a place along the axis: the inverse of [`Axis::place`].
    pub fn value(&self, place: f64) -> f64 {
        match self.scale {
            Scale::Log => (self.low.ln() + place * (self.high.ln() - self.low.ln())).exp(),
            Scale::Linear { .. } | Scale::Categorical(_) => self.low * (1.0 - place) + self.high * place,
        }
    }

    /// The part of the axis between two places.
    #[must_use]
    pub fn part(&self, from: f64, to: f64) -> Axis {
        Axis { low: self.value(from), high: self.value(to), ..self.clone() }
    }

    /// The value, held so far within a linear axis that its mark is seen whole.
    pub fn held(&self, value: f64) -> f64 {
        let room = match self.scale {
            Scale::Linear { .. } => (self.high / 2.0 - self.low / 2.0) * MARGIN,
            Scale::Log | Scale::Categorical(_) => 0.0,
        };
        value.clamp(self.low + room, self.high - room)
    }

    /// These ticks on an axis so long, without the labels that would lie on the one before; `extent` is how much of the axis one takes.
    #[must_use]
    pub fn apart(&self, mut ticks: Vec<Tick>, length: f64, extent: impl Fn(&Tick) -> f64) -> Vec<Tick> {
        let mut taken = f64::NEG_INFINITY;
        for tick in ticks.iter_mut().filter(|tick| !tick.label.is_empty()) {
            let middle = self.place(tick.at).unwrap_or(0.0) * length;
            let half = extent(tick) / 2.0;
            if middle - half < taken {
                tick.label.clear();
            } else {
                taken = middle + half + 2.0;
            }
        }
        ticks
    }

    /// Its ticks, about `wanted` of them, from its beginning to its end. Names all have theirs.
    pub fn tick_marks(&self, wanted: usize) -> Vec<Tick> {
        match &self.scale {
            _ if !self.ticks => Vec::new(),
            Scale::Linear { whole } => nice_ticks(self.low, self.high, wanted, *whole),
            Scale::Log => log_ticks(self.low, self.high, wanted),
            Scale::Categorical(names) => {
                let tick = |(at, name): (usize, &String)| Tick { at: at as f64, label: name.clone() };
                names.iter().enumerate().map(tick).collect()
            }
        }
    }
}

/// The smallest and largest finite value.
fn bounds(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.fold(None, |found, value| match found {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

/// Room at both ends; some even around a single value.
fn widened(low: f64, high: f64) -> (f64, f64) {
    let span = high - low;
    let room = if span > low.abs().max(high.abs()) * 1e-9 { span * MARGIN } else { (low.abs() * 0.05).max(1e-3) };
    let (wider_low, wider_high) = (low - room, high + room);
    if wider_low.is_finite() && wider_high.is_finite() && (wider_high - wider_low).is_finite() {
        (wider_low, wider_high)
    } else {
        (low.max(-f64::MAX / 4.0), high.min(f64::MAX / 4.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_room_for_its_values() {
        let axis = Axis::linear("y", [1.0, 3.0, f64::NAN]);
        assert_eq!((axis.low, axis.high), (0.92, 3.08));
        assert_eq!(axis.place(2.0), Some(0.5));
        let single = Axis::linear("y", [2.0]);
        assert!(single.low < 2.0 && single.high > 2.0);
        assert_eq!((Axis::linear("y", []).low, Axis::linear("y", []).high), (0.0, 1.0));
    }

    #[test]
    fn a_part_of_an_axis_has_the_values_between_its_places() {
        for axis in [Axis::linear("y", [0.0, 10.0]), Axis::log("y", [1e-4, 1e2])] {
            let part = axis.part(0.25, 0.5);
            for place in [0.0, 0.3, 1.0] {
                let value = part.value(place);
                assert!((part.place(value).unwrap() - place).abs() < 1e-9);
                assert!((axis.place(value).unwrap() - (0.25 + 0.25 * place)).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn values_decades_apart_get_a_log_axis() {
        assert_eq!(Axis::fitting("y", &[0.001, 5.0]).scale, Scale::Log);
        assert_eq!(Axis::fitting("y", &[0.0, 5000.0]).scale, Scale::Linear { whole: false });
        let axis = Axis::log("lr", [0.01, 1.0]);
        assert!((axis.place(0.1).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(axis.place(0.0), None);
    }

    #[test]
    fn names_stand_at_whole_numbers() {
        let axis = Axis::names("model", vec!["cnn".to_owned(), "lstm".to_owned()]);
        assert_eq!(axis.place(0.0), Some(0.25));
        assert_eq!(axis.tick_marks(9).iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(), ["cnn", "lstm"]);
    }
}
