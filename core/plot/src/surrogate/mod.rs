//! A random forest of the trials: what a value is expected to be anywhere in the space, and exact means of it over boxes.
//!
//! Trees see the unit cube: numbers on their own scale (log where the domain is), choices as a set to be split in two, of a
//! list its length and each item. A parameter with a condition is split only where it exists: a tree that wants to, first
//! splits off what does not have it. So the tree is a function of the decoded point, and means over the uniform cube are means
//! over points as random search draws them (where there are no constraints and no priors: what these leave out is
//! counted too).
//!
//! As in Optuna 5's fANOVA, which follows Hutter, Hoos, Leyton-Brown 2014 ("An Efficient Approach for Assessing
//! Hyperparameter Importance"): 64 trees, depth up to 64, leaves of one trial and more, every split over all coordinates.
//!
//! Own code: smartcore keeps its trees to itself, linfa's classify, forust boosts, and the crate `fanova` has neither choices nor
//! conditions, takes the ranges from the data and gives no trees away either.

mod boxes;
mod coordinates;
mod dependence;
mod forest;
mod tree;

pub use dependence::{Dependence, Expected, Place};

use seqtune_space::{Params, SearchSpace};

pub(crate) use boxes::Boxes;
pub(crate) use coordinates::{Coordinate, Kind, Region, columns, coordinates};
use forest::Forest;

use crate::importance::ImportanceError;

/// Fewest trials that anything is said of.
pub(crate) const FEWEST: usize = 8;

/// Random forests of the values of trials: one over all of them, and one over those that have it for each condition under which
/// parameters exist.
#[derive(Clone, Debug)]
pub struct Surrogate {
    pub(crate) coordinates: Vec<Coordinate>,
    pub(crate) parts: Vec<SpacePart>,
    /// The part that each coordinate belongs to; none where too few trials have it.
    pub(crate) part_of: Vec<Option<usize>>,
    /// How many trials have each coordinate.
    pub(crate) have: Vec<usize>,
    pub(crate) columns: Vec<Vec<f64>>,
    /// Trials with a finite value.
    pub(crate) trials: usize,
    /// Values are standardised.
    mean: f64,
    deviation: f64,
}

/// A part of the space with the forest of the trials in it.
#[derive(Clone, Debug)]
pub(crate) struct SpacePart {
    pub(crate) region: Region,
    pub(crate) forest: Forest,
}

impl Surrogate {
    /// Grows the forests. Values that are not finite are left out; the same seed gives the same forests.
    ///
    /// # Errors
    /// [`ImportanceError::TooFew`] and [`ImportanceError::NothingVaries`].
    pub fn fit(space: &SearchSpace, trials: &[(&Params, f64)], seed: u64) -> Result<Surrogate, ImportanceError> {
        let Read { coordinates, columns, values } = Read::of(space, trials)?;
        let (mean, deviation) = moments(&values);
        let values: Vec<f64> = values.iter().map(|value| (value - mean) / deviation).collect();
        let has = |column: &Vec<f64>| column.iter().filter(|value| !value.is_nan()).count();
        let have: Vec<usize> = columns.iter().map(has).collect();
        let whole = Forest::grow(&coordinates, &columns, &values, seed, 0);
        let mut parts = vec![SpacePart { region: Region::default(), forest: whole }];
        let mut part_of = Vec::new();
        for (index, coordinate) in coordinates.iter().enumerate() {
            let known = parts.iter().position(|part| part.region == coordinate.region);
            if known.is_some() || have[index] < FEWEST {
                part_of.push(known.filter(|_| have[index] >= FEWEST));
                continue;
            }
            let rows: Vec<usize> = (0..values.len()).filter(|row| !columns[index][*row].is_nan()).collect();
            let of = |column: &[f64]| rows.iter().map(|row| column[*row]).collect::<Vec<f64>>();
            let own: Vec<Vec<f64>> = columns.iter().map(|column| of(column)).collect();
            let forest = Forest::grow(&coordinates, &own, &of(&values), seed, parts.len() as u64);
            part_of.push(Some(parts.len()));
            parts.push(SpacePart { region: coordinate.region.clone(), forest });
        }
        Ok(Surrogate { coordinates, parts, part_of, have, trials: values.len(), columns, mean, deviation })
    }

    /// Out-of-bag R2 of the forest over all trials: how much of the variance of a value it explains that a tree did not see.
    /// Near 0 or below, what else the forest says means nothing. `None` where all values are the same.
    pub fn r2(&self) -> Option<f64> {
        self.parts[0].forest.r2
    }

    /// The parameters that have an answer, as [`Surrogate::dependence`] wants them named.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let known = self.coordinates.iter().zip(&self.part_of).filter(|(_, part)| part.is_some());
        known.map(|(coordinate, _)| coordinate.name.as_str())
    }
}

/// What an R2 means for what a forest says.
pub fn r2_in_words(r2: f64) -> &'static str {
    match r2 {
        0.5.. => "what it says can be relied on",
        0.2.. => "what it says is rough",
        _ => "what it says means little",
    }
}

/// Trials as forests and densities see them. Those without a finite value are left out.
pub(crate) struct Read {
    pub(crate) coordinates: Vec<Coordinate>,
    /// For each coordinate a value a trial, NaN where the trial does not have it.
    pub(crate) columns: Vec<Vec<f64>>,
    pub(crate) values: Vec<f64>,
}

impl Read {
    pub(crate) fn of(space: &SearchSpace, trials: &[(&Params, f64)]) -> Result<Read, ImportanceError> {
        let trials: Vec<(&Params, f64)> = trials.iter().copied().filter(|(_, value)| value.is_finite()).collect();
        if trials.len() < FEWEST {
            return Err(ImportanceError::TooFew { trials: trials.len(), needed: FEWEST });
        }
        let coordinates = coordinates(space);
        if coordinates.is_empty() {
            return Err(ImportanceError::NothingVaries);
        }
        let columns = columns(space, &coordinates, &trials);
        Ok(Read { coordinates, columns, values: trials.into_iter().map(|(_, value)| value).collect() })
    }
}

/// Mean and standard deviation; the latter 1 where the values differ by no more than rounding.
fn moments(values: &[f64]) -> (f64, f64) {
    let scale = values.iter().fold(0.0_f64, |scale, value| scale.max(value.abs()));
    let mean = values.iter().map(|value| value / values.len() as f64).sum::<f64>();
    let squares: f64 = values.iter().map(|value| ((value - mean) / scale.max(f64::MIN_POSITIVE)).powi(2)).sum();
    let deviation = scale * (squares / values.len() as f64).sqrt();
    if deviation > 1e-12 * scale { (mean, deviation) } else { (mean, 1.0) }
}
