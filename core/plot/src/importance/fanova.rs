//! fANOVA: shares of the variance of a forest.

use rayon::prelude::*;

use super::{Importance, Interval, LeftOut, PairImportance, ParameterImportance, ranked};
use crate::surrogate::{Boxes, FEWEST, Region, Surrogate};

/// Pairs that are told.
const PAIRS: usize = 10;

/// Trees that choose these among all pairs.
const SCREENING: usize = 8;

/// A tree whose variance is less has none. Values are standardised.
const NO_VARIANCE: f64 = 1e-12;

/// Coordinates that are measured in the same part of the space, by the same forest.
struct Group {
    part: usize,
    region: Region,
    pairs: Vec<[usize; 2]>,
}

impl Surrogate {
    /// fANOVA of the forests: see [`crate::importance`].
    pub fn importance(&self) -> Importance {
        let mut parameters: Vec<Option<ParameterImportance>> = vec![None; self.coordinates.len()];
        for (number, part) in self.parts.iter().enumerate() {
            let own: Vec<usize> = (0..self.part_of.len()).filter(|one| self.part_of[*one] == Some(number)).collect();
            let trees: Vec<Vec<f64>> = part
                .forest
                .trees
                .par_iter()
                .filter_map(|tree| {
                    let boxes = Boxes::of(tree, &self.coordinates);
                    let measure = boxes.measure(&self.coordinates, &part.region);
                    let share = |one: &usize| measure.variance_of(*one, &boxes.marginal(&measure, *one));
                    let shares = || own.iter().map(|one| (share(one) / measure.variance).clamp(0.0, 1.0)).collect();
                    (measure.variance > NO_VARIANCE).then(shares)
                })
                .collect();
            for (at, one) in own.iter().enumerate() {
                let Interval { mean, low, high } = Interval::of(trees.iter().map(|shares| shares[at]).collect());
                let (name, trials) = (self.coordinates[*one].name.clone(), self.have[*one]);
                parameters[*one] = Some(ParameterImportance { name, mean, low, high, trials, r2: part.forest.r2 });
            }
        }
        let known = self.coordinates.iter().zip(&self.have).zip(&parameters);
        let left_out = known.filter(|(_, known)| known.is_none());
        let left_out = left_out.map(|((one, have), _)| LeftOut { name: one.name.clone(), trials: *have }).collect();
        let parameters = ranked(parameters.into_iter().flatten().collect());
        Importance { parameters, pairs: self.pairs(), left_out, trials: self.trials, r2: self.r2() }
    }

    /// The forest and the part of the space in which two coordinates are looked at together; `None` where they never exist
    /// together, or too few trials have both.
    pub(crate) fn home(&self, first: usize, second: usize) -> Option<(usize, Region)> {
        let region = self.coordinates[first].region.meet(&self.coordinates[second].region)?;
        if self.both([first, second]) < FEWEST {
            return None;
        }
        let exactly = self.parts.iter().position(|part| part.region == region);
        let narrower = if self.have[first] <= self.have[second] { first } else { second };
        Some((exactly.or(self.part_of[narrower])?, region))
    }

    /// How many trials have two coordinates.
    pub(crate) fn both(&self, [first, second]: [usize; 2]) -> usize {
        let rows = self.columns[first].iter().zip(&self.columns[second]);
        rows.filter(|(first, second)| !first.is_nan() && !second.is_nan()).count()
    }

    /// The pairs that interact most: a few trees choose among all, all trees measure these.
    fn pairs(&self) -> Vec<PairImportance> {
        let count = self.coordinates.len();
        let all = (0..count).flat_map(|first| (first + 1..count).map(move |second| [first, second]));
        let mut measured = self.interactions(&all.collect::<Vec<_>>(), SCREENING);
        measured.truncate(PAIRS);
        let chosen: Vec<[usize; 2]> = measured.into_iter().map(|(pair, _)| pair).collect();
        let told = |(pair, Interval { mean, low, high }): ([usize; 2], Interval)| PairImportance {
            names: pair.map(|one| self.coordinates[one].name.clone()),
            mean,
            low,
            high,
            trials: self.both(pair),
        };
        self.interactions(&chosen, usize::MAX).into_iter().map(told).collect()
    }

    /// Shares of interactions by the first so many trees, largest first.
    fn interactions(&self, pairs: &[[usize; 2]], trees: usize) -> Vec<([usize; 2], Interval)> {
        let mut groups: Vec<Group> = Vec::new();
        for pair in pairs {
            let Some((part, region)) = self.home(pair[0], pair[1]) else { continue };
            match groups.iter_mut().find(|group| group.part == part && group.region == region) {
                Some(group) => group.pairs.push(*pair),
                None => groups.push(Group { part, region, pairs: vec![*pair] }),
            }
        }
        let mut shares: Vec<([usize; 2], Interval)> = Vec::new();
        for group in groups {
            let forest = &self.parts[group.part].forest.trees;
            let forest = &forest[..trees.min(forest.len())];
            let said: Vec<Vec<f64>> = forest
                .par_iter()
                .filter_map(|tree| self.interactions_of(&Boxes::of(tree, &self.coordinates), &group))
                .collect();
            let of = |at: usize| Interval::of(said.iter().map(|shares| shares[at]).collect());
            shares.extend(group.pairs.iter().enumerate().map(|(at, pair)| (*pair, of(at))));
        }
        shares.sort_by(|(one, a), (other, b)| b.mean.total_cmp(&a.mean).then(one.cmp(other)));
        shares
    }

    /// Of one tree; `None` where it is constant.
    fn interactions_of(&self, boxes: &Boxes, group: &Group) -> Option<Vec<f64>> {
        let measure = boxes.measure(&self.coordinates, &group.region);
        if measure.variance <= NO_VARIANCE {
            return None;
        }
        let mut alone = vec![None; self.coordinates.len()];
        for one in group.pairs.iter().flatten() {
            alone[*one].get_or_insert_with(|| measure.variance_of(*one, &boxes.marginal(&measure, *one)));
        }
        let share = |pair: &[usize; 2]| {
            let mut together = 0.0;
            boxes.joint(&measure, *pair, |row, values| {
                together += measure.of_cell(pair[0], row) * measure.variance_of(pair[1], values);
            });
            let apart: f64 = pair.iter().filter_map(|one| alone[*one]).sum();
            ((together - apart) / measure.variance).clamp(0.0, 1.0)
        };
        Some(group.pairs.iter().map(share).collect())
    }
}
