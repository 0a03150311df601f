//! Rungs: the steps at which trials are compared, and how a trial stands there.

use super::{Race, ordinal};

/// Steps at which trials are compared, ascending, all of them before the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rungs(pub(super) Vec<u64>);

impl Rungs {
    /// `first`, `first * factor`, ... below `last`.
    pub(super) fn geometric(first: u64, factor: u64, last: u64) -> Rungs {
        let next = |rung: &u64| rung.checked_mul(factor.max(2));
        Rungs(std::iter::successors(Some(first.max(1)), next).take_while(|rung| *rung < last).collect())
    }

    /// With one more rung.
    pub(super) fn with(mut self, rung: u64) -> Rungs {
        if let Err(at) = self.0.binary_search(&rung) {
            self.0.insert(at, rung);
        }
        self
    }

    /// The rung that the trial has come to with its last report; `None` where it stands between two. Where steps are left out, the
    /// first report behind a rung counts for it.
    pub(super) fn reached(&self, race: &Race<'_>) -> Option<u64> {
        let reached = self.0.iter().rev().find(|rung| **rung <= race.step())?;
        (race.own().step_before() < *reached).then_some(*reached)
    }
}

/// How a trial stands at a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// From 1, the best.
    pub(super) rank: usize,
    /// How many have come to the rung, itself included.
    pub(super) of: usize,
}

impl Standing {
    /// Among the others of the race that `counts` lets in. Of equal ones the lower number stands before.
    pub(super) fn at(rung: u64, race: &Race<'_>, counts: impl Fn(u64) -> bool) -> Standing {
        let own = (race.loss(), race.own().trial().number);
        let (mut rank, mut of) = (1, 1);
        for curve in race.others() {
            let number = curve.trial().number;
            let Some(loss) = curve.loss_at(rung).filter(|_| counts(number)) else { continue };
            of += 1;
            rank += usize::from(loss.total_cmp(&own.0).then(number.cmp(&own.1)).is_lt());
        }
        Standing { rank, of }
    }

    /// How many of those at the rung go on, where one of `factor` does; all of them while there are not as many.
    pub(super) fn places(self, factor: u64) -> usize {
        let factor = usize::try_from(factor).unwrap_or(usize::MAX);
        if self.of < factor { self.of } else { self.of.div_ceil(factor) }
    }

    /// Whether it is among those that go on.
    pub(super) fn goes_on(self, factor: u64) -> bool {
        self.rank <= self.places(factor)
    }

    /// "rung 9: 7th of 12, of whom 4 go on"
    pub(super) fn words(self, rung: u64, factor: u64) -> String {
        format!("rung {rung}: {} of {}, of which {} go on", ordinal(self.rank), self.of, self.places(factor))
    }
}
