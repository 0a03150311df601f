//! Where the acquisition is largest: many candidates, descents from the best ones, and steps along what has no gradient.

use std::collections::HashSet;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use seqtune_space::{Grain, Params, SearchSpace};

use super::acquisition::Acquisition;
use super::axes::{Axis, CELLS, Row, row_of};
use super::descent::{self, Batch, Objective};
use crate::sampler::SampleError;
use crate::sampler::sobol::scrambled;

/// Best points that candidates are drawn around, and how far.
pub(super) const CENTRES: usize = 5;
const NEAR: [f64; 3] = [0.2, 0.05, 0.01];
/// Candidates that may share all their choices among those that are improved.
const ALIKE: usize = 4;

/// How much is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Candidates that are spread evenly, and those around the best points.
    even: usize,
    around: usize,
    /// Candidates that are improved.
    starts: usize,
    /// Rounds of improvement.
    rounds: usize,
}

impl Effort {
    /// With a model of so many points. Where each look is dear, fewer have to do.
    pub(super) fn of(points: usize) -> Effort {
        const FEW: usize = 250;
        if points <= FEW {
            Effort { even: 256, around: 256, starts: 10, rounds: 4 }
        } else {
            Effort { even: 128, around: 128, starts: 6, rounds: 2 }
        }
    }
}

/// A place in the unit cube, and the point there.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    unit: Vec<f64>,
    pub(super) row: Row,
    exists: Vec<bool>,
    pub(super) params: Params,
    pub(super) value: f64,
}

/// What points are worth.
pub(super) struct Worth<'a> {
    pub(super) space: &'a SearchSpace,
    pub(super) acquisition: &'a Acquisition<'a>,
    /// How much declared priors weigh, where there are some (Hvarfner et al., "piBO", ICLR 2022).
    pub(super) prior: Option<f64>,
}

impl Worth<'_> {
    /// Of points and their rows.
    pub(super) fn of<'p>(&self, rows: &[Row], points: impl IntoIterator<Item = &'p Params>) -> Vec<f64> {
        let mut worth = self.acquisition.values(rows);
        if let Some(prior) = self.prior {
            worth.iter_mut().zip(points).for_each(|(worth, point)| *worth += prior * self.space.ln_prior(point));
        }
        worth
    }
}

/// The search for one point.
pub(super) struct Search<'a> {
    pub(super) space: &'a SearchSpace,
    pub(super) axes: &'a [Axis],
    pub(super) worth: &'a Worth<'a>,
    /// Keys of points that have been tried.
    pub(super) tried: &'a HashSet<&'a str>,
    /// A choice that the point is to have, its axis and its place along it, where one has its turn.
    pub(super) neglected: Option<(usize, f64)>,
    pub(super) effort: Effort,
}

impl Search<'_> {
    /// Candidates for the next point, best first, none of which has been tried; `best` are the best points so far.
    pub(super) fn run(
        &self,
        best: &[Vec<Option<f64>>],
        sobol_seed: u32,
        rng: &mut impl Rng,
    ) -> Result<Vec<Candidate>, SampleError> {
        let mut candidates = self.scored(self.drawn(best, sobol_seed, rng)?);
        // What is not a number is worth nothing.
        candidates.retain(|candidate| candidate.value > f64::NEG_INFINITY);
        candidates.sort_by(|a, b| b.value.total_cmp(&a.value));
        let mut starts = self.starts(&candidates);
        for _ in 0..self.effort.rounds {
            let before: Vec<f64> = starts.iter().map(|start| start.value).collect();
            self.descend(&mut starts)?;
            self.step(&mut starts)?;
            if starts.iter().zip(&before).all(|(start, before)| start.value <= before + 1e-6) {
                break;
            }
        }
        starts.extend(candidates);
        starts.sort_by(|a, b| b.value.total_cmp(&a.value));
        starts.retain(|candidate| !self.tried.contains(candidate.params.key().as_str()));
        Ok(starts)
    }

    /// The point at a place of the cube, where the constraints allow it.
    fn place(&self, mut unit: Vec<f64>) -> Result<Option<Candidate>, SampleError> {
        if let Some((axis, choice)) = self.neglected {
            unit[axis] = choice;
        }
        let params = self.space.decode(&unit)?;
        if self.space.allows(&params).is_err() {
            return Ok(None);
        }
        let encoded = self.space.encode(&params);
        for (unit, encoded) in unit.iter_mut().zip(&encoded) {
            // What does not exist stays where it is, for when it does again.
            *unit = encoded.unwrap_or(*unit);
        }
        let row = row_of(self.axes, &encoded);
        let exists = encoded.iter().map(Option::is_some).collect();
        Ok(Some(Candidate { unit, row, exists, params, value: f64::NEG_INFINITY }))
    }

    fn scored(&self, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        let rows: Vec<Row> = candidates.iter().map(|candidate| candidate.row.clone()).collect();
        let worth = self.worth.of(&rows, candidates.iter().map(|candidate| &candidate.params));
        candidates.iter_mut().zip(worth).for_each(|(candidate, worth)| candidate.value = worth);
        candidates
    }

    fn drawn(
        &self,
        best: &[Vec<Option<f64>>],
        sobol_seed: u32,
        rng: &mut impl Rng,
    ) -> Result<Vec<Candidate>, SampleError> {
        let dimensions = self.space.dimensions().len();
        let Effort { even, around, .. } = self.effort;
        let mut candidates = Vec::with_capacity(even + around);
        for index in 0..even as u32 {
            candidates.extend(self.place(scrambled(index, dimensions, sobol_seed, rng))?);
        }
        for number in 0..around {
            let Some(centre) = best.get(number % best.len().max(1)) else { break };
            let width = NEAR[number % NEAR.len()];
            // In many dimensions a point far from its centre in all of them is far from everything: some stay.
            let share = (3.0 / dimensions as f64).clamp(0.2, 1.0);
            let unit = centre.iter().zip(self.axes).map(|(at, axis)| {
                let Some(at) = at else { return rng.random() };
                if rng.random::<f64>() >= share {
                    return *at;
                }
                let normal: f64 = StandardNormal.sample(rng);
                match axis {
                    Axis::Number => reflected(at + width * normal),
                    Axis::Choice { .. } if rng.random::<f64>() < 0.5 => rng.random(),
                    Axis::Choice { .. } => *at,
                }
            });
            let unit: Vec<f64> = unit.collect();
            candidates.extend(self.place(unit)?);
        }
        Ok(candidates)
    }

    /// The best candidates, of which not too many are alike in all their choices.
    fn starts(&self, candidates: &[Candidate]) -> Vec<Candidate> {
        let mut starts: Vec<Candidate> = Vec::with_capacity(self.effort.starts);
        for candidate in candidates {
            let alike = starts.iter().filter(|start| self.choices(start) == self.choices(candidate)).count();
            if alike < ALIKE {
                starts.push(candidate.clone());
            }
            if starts.len() == self.effort.starts {
                break;
            }
        }
        starts
    }

    fn choices(&self, candidate: &Candidate) -> Vec<u64> {
        let choice = |(axis, entry): (&Axis, &f64)| matches!(axis, Axis::Choice { .. }).then_some(*entry as u64);
        self.axes.iter().zip(&candidate.row).filter_map(choice).collect()
    }

    /// Follows the gradient along all that is as good as continuous.
    fn descend(&self, starts: &mut [Candidate]) -> Result<(), SampleError> {
        let dimensions = self.space.dimensions();
        let smooth: Vec<bool> =
            dimensions.iter().map(|dimension| self.space.grain(dimension, CELLS) == Grain::Continuous).collect();
        let free: Vec<Vec<bool>> = starts
            .iter()
            .map(|start| start.exists.iter().zip(&smooth).map(|(exists, smooth)| *exists && *smooth).collect())
            .collect();
        let places: Vec<usize> = (0..starts.len()).filter(|k| free[*k].contains(&true)).collect();
        let rows: Batch = places.iter().map(|k| starts[*k].row.clone()).collect();
        let found = descent::minimise(
            &Negated(self.worth.acquisition),
            rows,
            places.iter().map(|k| free[*k].clone()).collect(),
        );
        let mut better = Vec::new();
        for (k, (row, _)) in places.iter().zip(found) {
            let mut unit = starts[*k].unit.clone();
            for ((unit, entry), free) in unit.iter_mut().zip(&row).zip(&free[*k]) {
                if *free {
                    *unit = entry.clamp(0.0, ONE);
                }
            }
            if let Some(candidate) = self.place(unit)? {
                better.push((*k, candidate));
            }
        }
        let (places, candidates): (Vec<usize>, Vec<Candidate>) = better.into_iter().unzip();
        self.keep_better(starts, &places, candidates);
        Ok(())
    }

    /// Tries other values of everything that is not continuous, one at a time, and takes the best.
    fn step(&self, starts: &mut [Candidate]) -> Result<(), SampleError> {
        let (mut places, mut candidates) = (Vec::new(), Vec::new());
        for (k, start) in starts.iter().enumerate() {
            for (dimension, exists) in start.exists.iter().enumerate() {
                if !exists {
                    continue;
                }
                for at in self.others(dimension, start.unit[dimension]) {
                    let mut unit = start.unit.clone();
                    unit[dimension] = at;
                    if let Some(candidate) = self.place(unit)? {
                        places.push(k);
                        candidates.push(candidate);
                    }
                }
            }
        }
        self.keep_better(starts, &places, candidates);
        Ok(())
    }

    /// Other places along an axis that is not continuous.
    fn others(&self, dimension: usize, at: f64) -> Vec<f64> {
        match self.space.grain(&self.space.dimensions()[dimension], CELLS) {
            Grain::Continuous => Vec::new(),
            Grain::Choices(count) => (0..count)
                .map(|k| (k as f64 + 0.5) / count as f64)
                .filter(|other| (other - at).abs() * count as f64 >= 0.5)
                .collect(),
            Grain::Cells(ends) => ends
                .windows(2)
                .filter(|cell| at < cell[0] || at >= cell[1])
                .map(|cell| 0.5 * (cell[0] + cell[1]))
                .collect(),
        }
    }

    fn keep_better(&self, starts: &mut [Candidate], places: &[usize], candidates: Vec<Candidate>) {
        for (place, candidate) in places.iter().zip(self.scored(candidates)) {
            if candidate.value > starts[*place].value {
                starts[*place] = candidate;
            }
        }
    }
}

/// The largest coordinate of the cube.
const ONE: f64 = 1.0 - f64::EPSILON;

/// Back into the unit interval, by reflection at its ends.
fn reflected(at: f64) -> f64 {
    let at = at.rem_euclid(2.0);
    (if at > 1.0 { 2.0 - at } else { at }).clamp(0.0, ONE)
}

struct Negated<'a>(&'a Acquisition<'a>);

impl Objective for Negated<'_> {
    fn evaluate(&self, points: &Batch) -> (Vec<f64>, Batch) {
        let (mut values, mut gradients) = self.0.gradients(points);
        values.iter_mut().for_each(|value| *value = -*value);
        gradients.iter_mut().flatten().for_each(|part| *part = -*part);
        (values, gradients)
    }
}
