//! The mapping between points and the unit cube.
//!
//! A parameter is one coordinate; a list is one for its length, where that is its own to choose, and one for each item
//! that it may hold. Coordinates of what is not active are ignored on the way in, and `None` on the way out.

use super::{Parameter, SearchSpace, SpaceError, longest};
use crate::domain::{Domain, Length, even_ends};
use crate::params::Params;
use crate::value::Value;

/// One coordinate of the unit cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// Index of the parameter.
    pub parameter: usize,
    /// Which part of it.
    pub part: Part,
}

/// What a coordinate is of its parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The length of a list.
    Length,
    /// An item of a list, from 0; where all items are the same, the one value.
    Item(usize),
}

/// What the values along one coordinate of the cube are like.
#[derive(Clone, Debug, PartialEq)]
pub enum Grain {
    /// Any number; or so many that it makes no difference.
    Continuous,
    /// Values in an order: the ends of their cells, from 0 to 1.
    Cells(Vec<f64>),
    /// So many values without an order, in cells of equal width.
    Choices(usize),
}

/// Coordinates in the order of the parameters.
pub(super) fn dimensions(parameters: &[Parameter]) -> Vec<Dimension> {
    let mut dimensions = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let mut add = |part| dimensions.push(Dimension { parameter: index, part });
        let Domain::List { len, .. } = &parameter.domain else {
            add(Part::Whole);
            continue;
        };
        if matches!(len, Length::Between { low, high } if low < high) {
            add(Part::Length);
        }
        let most = longest(parameter, &parameters[..index]).unwrap_or(0);
        (0..parameter.domain.item_coordinates(most)).for_each(|item| add(Part::Item(item as usize)));
    }
    dimensions
}

impl SearchSpace {
    /// The coordinates of the unit cube, in order.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// What the values along a coordinate are like; ordered values beyond `limit` of them count as continuous.
    pub fn grain(&self, dimension: &Dimension, limit: u64) -> Grain {
        match (dimension.part, &self.parameters[dimension.parameter].domain) {
            (Part::Length, Domain::List { len: Length::Between { low, high }, .. }) => {
                if high - low < limit {
                    Grain::Cells(even_ends(high - low + 1))
                } else {
                    Grain::Continuous
                }
            }
            (Part::Item(_), Domain::List { item: domain, .. }) => domain.grain(limit),
            (_, domain) => domain.grain(limit),
        }
    }

    /// The point at `unit`, one entry in `[0, 1)` a dimension; entries of what is not active are ignored. The point is
    /// in the parameters' domains; whether it satisfies the constraints is for [`SearchSpace::allows`] to say.
    ///
    /// # Errors
    /// [`SpaceError::Length`].
    pub fn decode(&self, unit: &[f64]) -> Result<Params, SpaceError> {
        self.check_length(unit)?;
        let mut params = Params::default();
        let mut rest = self.dimensions.as_slice();
        let mut unit = unit;
        for (index, parameter) in self.parameters.iter().enumerate() {
            let count = rest.iter().take_while(|dimension| dimension.parameter == index).count();
            let own;
            (own, unit) = unit.split_at(count);
            let parts;
            (parts, rest) = rest.split_at(count);
            if parameter.is_active(&params) {
                params.set(&parameter.name, parameter.decode(parts, own, &params));
            }
        }
        Ok(params)
    }

    /// The unit vector of a point: one entry a dimension, `None` for what is not active there.
    pub fn encode(&self, params: &Params) -> Vec<Option<f64>> {
        let coordinate = |dimension: &Dimension| {
            let parameter = &self.parameters[dimension.parameter];
            let value = params.get(&parameter.name)?;
            match (dimension.part, &parameter.domain) {
                (Part::Whole, domain) => domain.encode(value),
                (Part::Length, Domain::List { len, .. }) => len.encode(value.as_list()?.len()),
                (Part::Item(index), Domain::List { item, .. }) => item.encode(value.as_list()?.get(index)?),
                _ => None,
            }
        };
        self.dimensions.iter().map(coordinate).collect()
    }

    /// The point below which a share `unit` of the priors lies, coordinate by coordinate: uniform numbers in give points
    /// that are distributed as the priors say. Without priors it is [`SearchSpace::decode`].
    ///
    /// # Errors
    /// [`SpaceError::Length`].
    pub fn decode_quantiles(&self, unit: &[f64]) -> Result<Params, SpaceError> {
        if self.parameters.iter().all(|parameter| parameter.prior.is_none()) {
            return self.decode(unit);
        }
        self.check_length(unit)?;
        let by_prior = |(dimension, u): (&Dimension, &f64)| {
            let parameter = &self.parameters[dimension.parameter];
            parameter.prior.as_ref().map_or(*u, |prior| prior.quantile(&parameter.domain, *u))
        };
        let unit: Vec<f64> = self.dimensions.iter().zip(unit).map(by_prior).collect();
        self.decode(&unit)
    }

    /// The logarithm of the priors' density at a point, relative to the uniform one: 0 where they say nothing.
    pub fn ln_prior(&self, params: &Params) -> f64 {
        let density = |parameter: &Parameter| {
            let (prior, value) = (parameter.prior.as_ref()?, params.get(&parameter.name)?);
            Some(prior.ln_density(&parameter.domain, value))
        };
        self.parameters.iter().filter_map(density).sum()
    }

    fn check_length(&self, unit: &[f64]) -> Result<(), SpaceError> {
        let (expected, found) = (self.dimensions.len(), unit.len());
        if expected == found { Ok(()) } else { Err(SpaceError::Length { expected, found }) }
    }
}

impl Domain {
    fn grain(&self, limit: u64) -> Grain {
        match self {
            Domain::Categorical { choices } => Grain::Choices(choices.len()),
            Domain::Bool => Grain::Choices(2),
            domain => domain.cell_ends(limit).map_or(Grain::Continuous, Grain::Cells),
        }
    }
}

impl Parameter {
    /// The value at its own coordinates.
    fn decode(&self, parts: &[Dimension], own: &[f64], params: &Params) -> Value {
        let Domain::List { len, .. } = &self.domain else {
            return self.domain.decode(own.first().copied().unwrap_or(0.5));
        };
        let items = match parts.first() {
            Some(Dimension { part: Part::Length, .. }) => &own[1..],
            _ => own,
        };
        let length = match len {
            Length::Between { .. } => len.decode(own.first().copied().unwrap_or(0.5)).unwrap_or_default(),
            // It is active, so the other parameter is there.
            Length::As(_) => self.length_at(params).unwrap_or_default(),
        };
        self.domain.list_of(length, items)
    }
}
