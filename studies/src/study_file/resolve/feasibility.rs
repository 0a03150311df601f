//! How much of a space its constraints leave: a space that samplers would look through in vain is refused before
//! anything is spent.

use rand_chacha::rand_core::Rng;
use seqtune_core::seed::rng_of;
use seqtune_space::{Held, Params, SearchSpace};

use crate::study_file::StudyFile;
use crate::study_file::source::StudyFileError;

/// Finite spaces up to this size are counted, not estimated.
const COUNTED: u64 = 10_000;
/// Points drawn at first, and where so few of them are allowed that it takes more to tell.
const DRAWS: [u64; 2] = [1024, 65_536];
/// A smaller share is worth a warning.
const NARROW: f64 = 0.01;
/// A smaller share is refused: a sampler would draw for seconds at each trial, or in vain.
const TOO_NARROW: f64 = 1e-4;

/// How much of a space its constraints leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Feasibility {
    /// Points looked at: all of a small finite space, else random ones.
    pub looked_at: u64,
    /// Those that satisfy all constraints.
    pub allowed: u64,
    /// Whether all points were looked at.
    pub exact: bool,
    /// The constraint that alone refuses most, and how many it refuses.
    pub tightest: Option<(String, u64)>,
}

impl Feasibility {
    /// Looks at the points of a space; the same space always gives the same answer.
    pub fn of(space: &SearchSpace) -> Feasibility {
        if space.constraints().is_empty() {
            return Feasibility { looked_at: 0, allowed: 0, exact: true, tightest: None };
        }
        let mut refused = vec![0; space.constraints().len()];
        let mut look = |params: &Params| {
            let mut allowed = true;
            for (constraint, count) in space.constraints().iter().zip(&mut refused) {
                if constraint.held(params) != Held::Yes {
                    *count += 1;
                    allowed = false;
                }
            }
            u64::from(allowed)
        };
        let free = SearchSpace::new(space.parameters().to_vec()).ok().and_then(|free| free.points(COUNTED));
        let (mut looked_at, mut allowed, exact) = (0, 0, free.is_some());
        if let Some(points) = free {
            (looked_at, allowed) = (points.len() as u64, points.iter().map(&mut look).sum());
        } else {
            let part = space.constrained_part();
            let mut rng = rng_of(0, 0, "feasibility");
            for draws in DRAWS {
                while looked_at < draws {
                    let uniform = || (rng.next_u64() >> 11) as f64 / 2f64.powi(53);
                    let unit: Vec<f64> = std::iter::repeat_with(uniform).take(part.dimensions().len()).collect();
                    // The unit vector has the right length, so there is a point.
                    allowed += part.decode_quantiles(&unit).map_or(0, |params| look(&params));
                    looked_at += 1;
                }
                if allowed as f64 >= NARROW * looked_at as f64 {
                    break;
                }
            }
        }
        let tightest = refused.iter().zip(space.constraints()).max_by_key(|(count, _)| **count);
        let tightest = tightest.map(|(count, constraint)| (constraint.text().to_owned(), *count));
        Feasibility { looked_at, allowed, exact, tightest }
    }

    /// The share of the space that satisfies the constraints.
    pub fn share(&self) -> f64 {
        if self.looked_at == 0 { 1.0 } else { self.allowed as f64 / self.looked_at as f64 }
    }

    pub(super) fn is_narrow(&self) -> bool {
        self.share() < NARROW
    }

    pub(crate) fn is_too_narrow(&self) -> bool {
        self.allowed == 0 && self.looked_at > 0 || !self.exact && self.share() < TOO_NARROW
    }

    /// "of 65536 random points 12 satisfy them; `a <= b` alone refuses 99.9 %".
    pub(crate) fn in_words(&self) -> String {
        let points = if self.exact {
            format!("its {} point{}", self.looked_at, if self.looked_at == 1 { "" } else { "s" })
        } else {
            format!("{} random points", self.looked_at)
        };
        let found = match self.allowed {
            0 => "none satisfies them".to_owned(),
            1 => "1 satisfies them".to_owned(),
            allowed => format!("{allowed} satisfy them"),
        };
        let tightest = self.tightest.as_ref().map(|(text, refused)| {
            format!(", and `{text}` alone refuses {}", percent(*refused as f64 / self.looked_at.max(1) as f64))
        });
        format!("of {points} {found}{}", tightest.unwrap_or_default())
    }
}

/// A share in per cent, with a digit behind the point where it tells something.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if (1.0..=99.0).contains(&percent) || percent == 0.0 || percent == 100.0 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.2} %")
    }
}

impl StudyFile {
    /// Refuses a space of which the constraints leave next to nothing, or not even the default configuration.
    pub(super) fn feasible(&self, space: &SearchSpace) -> Result<Feasibility, StudyFileError> {
        let feasibility = Feasibility::of(space);
        if feasibility.is_too_narrow() {
            let place = feasibility.tightest.as_ref().map(|(text, _)| self.place_of_constraint(text));
            let much = if feasibility.allowed == 0 { "nothing" } else { "next to nothing" };
            let message = format!(
                "the constraints leave {much} of the space: {}; widen the ranges that it names, or relax it",
                feasibility.in_words()
            );
            return Err(self.source.wrong(place.unwrap_or_default(), message));
        }
        match space.complete(&Params::default()) {
            Err(error @ seqtune_space::SpaceError::Broken { .. }) => {
                let seqtune_space::SpaceError::Broken { text, values, .. } = &error else { return Ok(feasibility) };
                let message = format!(
                    "the default configuration breaks the constraint `{text}` ({values}); give one of them another default"
                );
                Err(self.source.wrong(self.place_of_constraint(text), message))
            }
            _ => Ok(feasibility),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Feasibility {
        Feasibility::of(&toml::from_str(text).unwrap())
    }

    #[test]
    fn small_spaces_are_counted_and_large_ones_estimated() {
        let small = of("a = { type = 'int', low = 1, high = 10 }\nb = { type = 'int', low = 1, high = 10 }\n\
                        constraints = ['a % b == 0', 'a > 0']");
        assert_eq!((small.looked_at, small.allowed, small.exact), (100, 27, true));
        assert_eq!(small.tightest, Some(("a % b == 0".to_owned(), 73)));
        assert_eq!(small.in_words(), "of its 100 points 27 satisfy them, and `a % b == 0` alone refuses 73 %");
        let large = of("a = { type = 'float', low = 0, high = 1 }\nb = { type = 'float', low = 0, high = 1 }\n\
                        constraints = ['a + b < 1']");
        assert!(!large.exact && large.looked_at == 1024 && (large.share() - 0.5).abs() < 0.05, "{large:?}");
        let narrow = of("a = { type = 'float', low = 0, high = 1 }\nconstraints = ['a < 0.005']");
        assert!(narrow.looked_at == 65_536 && (narrow.share() - 0.005).abs() < 0.001, "{narrow:?}");
        assert!(narrow.is_narrow() && !narrow.is_too_narrow());
        assert!(of("a = { type = 'float', low = 0, high = 1 }\nconstraints = ['a < 0.00001']").is_too_narrow());
        assert_eq!(of("a = { type = 'bool' }").share(), 1.0);
    }
}
