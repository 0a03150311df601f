//! Partial dependence: what a value is expected to be at each value of one parameter or two, whatever the others are.

use rayon::prelude::*;
use seqtune_space::Value;

use super::{Boxes, Surrogate};
use crate::importance::{ImportanceError, quantile};

/// Places along a parameter whose values cannot be counted.
const PLACES: usize = 33;

/// What is expected along one parameter, or over two.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependence {
    /// Along each parameter: where.
    pub axes: Vec<Vec<Place>>,
    /// At each place of the first parameter, and for each of those at each place of the second one.
    pub expected: Vec<Expected>,
    /// How many trials have these parameters. The means are over the part of the space in which they exist.
    pub trials: usize,
}

/// One place along a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Where it is on the parameter's own scale: from 0 to 1 for numbers, counted from 0 for choices.
    pub at: f64,
    /// The parameter's value there.
    pub value: Value,
}

/// The mean over the trees, with where 80 % of the trees lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// Mean over the trees.
    pub mean: f64,
    /// A tenth of the trees is below it.
    pub low: f64,
    /// A tenth of the trees is above it.
    pub high: f64,
}

impl Surrogate {
    /// What is expected along one parameter: the mean of the forest over all others, exact, in the part of the space where the
    /// parameter exists. Of a list, `len(widths)` or `widths[0]`.
    ///
    /// # Errors
    /// [`ImportanceError::Unknown`], or [`ImportanceError::TooFewOf`] where few trials have it.
    pub fn dependence(&self, parameter: &str) -> Result<Dependence, ImportanceError> {
        let coordinate = self.index(parameter)?;
        let (part, region) = self.home(coordinate, coordinate).ok_or_else(|| self.too_few(coordinate))?;
        let places = self.coordinates[coordinate].places(PLACES);
        let expected = self.over_trees(part, |boxes| {
            let measure = boxes.measure(&self.coordinates, &region);
            let marginal = boxes.marginal(&measure, coordinate);
            places.iter().map(|at| marginal[boxes.cell(coordinate, *at)]).collect()
        });
        Ok(Dependence { axes: vec![self.axis(coordinate)], expected, trials: self.have[coordinate] })
    }

    /// What is expected over two parameters, in the part of the space where both exist.
    ///
    /// # Errors
    /// As [`Surrogate::dependence`]; also where few trials have both.
    pub fn dependence_on_two(&self, parameters: [&str; 2]) -> Result<Dependence, ImportanceError> {
        let pair = [self.index(parameters[0])?, self.index(parameters[1])?];
        if pair[0] == pair[1] {
            return self.dependence(parameters[0]);
        }
        let (part, region) = self.home(pair[0], pair[1]).ok_or_else(|| self.too_few(pair[1]))?;
        let places = pair.map(|coordinate| self.coordinates[coordinate].places(PLACES));
        let expected = self.over_trees(part, |boxes| {
            let measure = boxes.measure(&self.coordinates, &region);
            let cells = |axis: usize| places[axis].iter().map(|at| boxes.cell(pair[axis], *at)).collect();
            let (rows, columns): (Vec<usize>, Vec<usize>) = (cells(0), cells(1));
            let mut said = vec![0.0; rows.len() * columns.len()];
            boxes.joint(&measure, pair, |row, values| {
                // Places may share a row.
                for (place, _) in rows.iter().enumerate().filter(|(_, own)| **own == row) {
                    let own = said[place * columns.len()..].iter_mut();
                    own.zip(&columns).for_each(|(said, column)| *said = values[*column]);
                }
            });
            said
        });
        Ok(Dependence { axes: pair.map(|one| self.axis(one)).to_vec(), expected, trials: self.both(pair) })
    }

    /// What each tree says at each place, in one row a tree, becomes a mean and an interval for each place.
    fn over_trees(&self, part: usize, of: impl Fn(&Boxes) -> Vec<f64> + Sync) -> Vec<Expected> {
        let trees = &self.parts[part].forest.trees;
        let said: Vec<Vec<f64>> = trees.par_iter().map(|tree| of(&Boxes::of(tree, &self.coordinates))).collect();
        let at = |place: usize| {
            let all = said.iter().map(|tree| self.mean + self.deviation * tree[place]);
            let mut all: Vec<f64> = all.collect();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            all.sort_by(f64::total_cmp);
            Expected { mean, low: quantile(&all, 0.1), high: quantile(&all, 0.9) }
        };
        (0..said.first().map_or(0, Vec::len)).map(at).collect()
    }

    fn axis(&self, coordinate: usize) -> Vec<Place> {
        let coordinate = &self.coordinates[coordinate];
        let place = |at| Place { at, value: coordinate.value(at) };
        coordinate.places(PLACES).into_iter().map(place).collect()
    }

    fn index(&self, parameter: &str) -> Result<usize, ImportanceError> {
        let found = self.coordinates.iter().position(|coordinate| coordinate.name == parameter);
        found.ok_or_else(|| ImportanceError::Unknown { name: parameter.to_owned() })
    }

    fn too_few(&self, coordinate: usize) -> ImportanceError {
        let name = self.coordinates[coordinate].name.clone();
        ImportanceError::TooFewOf { name, trials: self.have[coordinate], needed: super::FEWEST }
    }
}
