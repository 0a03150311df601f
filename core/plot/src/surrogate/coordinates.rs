//! The coordinates of a space, and the part of the unit cube in which each of them exists.

use std::collections::BTreeMap;

use crate::along::name_of;
use seqtune_space::{Bounds, Dimension, Domain, Grain, Length, Parameter, Params, Part, SearchSpace, Test, Value};

/// Ordered values beyond so many are numbers like any other.
const CELLS: u64 = 256;

/// Choices beyond so many count as ordered: a set of them is one word.
const CHOICES: usize = 64;

/// One coordinate of the unit cube that has more than one value.
#[derive(Clone, Debug)]
pub(crate) struct Coordinate {
    /// The parameter; of a list, `len(widths)` or `widths[0]`.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Where it exists.
    pub(crate) region: Region,
    /// Its values in order, where they can be counted.
    pub(crate) values: Option<Vec<Value>>,
    /// Where splits of numbers go if they can, because something else begins or ends to exist there.
    pub(crate) edges: Vec<f64>,
    domain: Domain,
    dimension: usize,
}

/// What its values are like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// In `[0, 1]`; the ends of the cells where values have cells, none where they are continuous.
    Number { ends: Vec<f64> },
    /// Codes from 0, without an order.
    Choices(usize),
}

/// Values of one coordinate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Set {
    /// Disjoint intervals of `[0, 1]`, in order.
    Intervals(Vec<[f64; 2]>),
    /// The codes whose bits are set.
    Choices(u64),
}

/// A part of the unit cube: what each of these coordinates must be. All others are free.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Region(pub(crate) BTreeMap<usize, Set>);

impl Set {
    fn meet(&self, other: &Set) -> Set {
        match (self, other) {
            (Set::Choices(a), Set::Choices(b)) => Set::Choices(a & b),
            (Set::Intervals(a), Set::Intervals(b)) => {
                let both = a.iter().flat_map(|a| b.iter().map(|b| [a[0].max(b[0]), a[1].min(b[1])]));
                Set::Intervals(both.filter(|[low, high]| low < high).collect())
            }
            _ => self.clone(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Set::Choices(mask) => *mask == 0,
            Set::Intervals(intervals) => intervals.is_empty(),
        }
    }

    fn is_all(&self, kind: &Kind) -> bool {
        match (self, kind) {
            (Set::Choices(mask), Kind::Choices(count)) => *mask == all_choices(*count),
            (Set::Intervals(intervals), _) => *intervals == [[0.0, 1.0]],
            _ => false,
        }
    }
}

impl Region {
    /// The part that two have in common; `None` where there is none.
    pub(crate) fn meet(&self, other: &Region) -> Option<Region> {
        let mut both = self.clone();
        for (coordinate, set) in &other.0 {
            let met = both.0.get(coordinate).map_or_else(|| set.clone(), |own| own.meet(set));
            both.0.insert(*coordinate, met);
        }
        both.0.values().all(|set| !set.is_empty()).then_some(both)
    }
}

pub(crate) fn all_choices(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

impl Coordinate {
    /// The value of a trial along it: in `[0, 1]`, or a code; NaN where it does not exist there.
    pub(crate) fn of(&self, unit: &[Option<f64>]) -> f64 {
        match (unit[self.dimension], &self.kind) {
            (None, _) => f64::NAN,
            (Some(u), Kind::Number { .. }) => u,
            (Some(u), Kind::Choices(count)) => ((u * *count as f64) as usize).min(count - 1) as f64,
        }
    }

    /// A value at a place along it: what [`Coordinate::of`] would give back.
    pub(crate) fn value(&self, at: f64) -> Value {
        match (&self.values, &self.kind) {
            (Some(values), Kind::Choices(_)) => values[at as usize].clone(),
            (Some(values), Kind::Number { ends }) => {
                values[ends.partition_point(|end| *end <= at).clamp(1, values.len()) - 1].clone()
            }
            (None, _) => self.domain.decode(at),
        }
    }

    /// Places along it to look at: each value where they can be counted, else so many numbers from end to end.
    pub(crate) fn places(&self, numbers: usize) -> Vec<f64> {
        match &self.kind {
            Kind::Choices(count) => (0..*count).map(|code| code as f64).collect(),
            Kind::Number { ends } if ends.len() > 1 && ends.len() <= numbers => {
                ends.windows(2).map(|end| f64::midpoint(end[0], end[1])).collect()
            }
            Kind::Number { .. } => (0..numbers).map(|at| at as f64 / (numbers - 1) as f64).collect(),
        }
    }

    /// The values for which `passes`; of continuous ones, those within the bounds of `test`.
    fn passing(&self, test: Option<&Test>, passes: impl Fn(&Value) -> bool) -> Set {
        match (&self.values, &self.kind) {
            (Some(values), Kind::Choices(_)) => {
                let bit = |(code, value): (usize, &Value)| if passes(value) { 1 << code } else { 0 };
                Set::Choices(values.iter().enumerate().map(bit).fold(0, |mask, bit: u64| mask | bit))
            }
            (Some(values), Kind::Number { ends }) => {
                let mut intervals: Vec<[f64; 2]> = Vec::new();
                for (end, _) in ends.windows(2).zip(values).filter(|(_, value)| passes(value)) {
                    match intervals.last_mut() {
                        Some(last) if last[1] == end[0] => last[1] = end[1],
                        _ => intervals.push([end[0], end[1]]),
                    }
                }
                Set::Intervals(intervals)
            }
            (None, _) => Set::Intervals(self.bounded(test)),
        }
    }

    fn bounded(&self, test: Option<&Test>) -> Vec<[f64; 2]> {
        let place = |number: f64| self.domain.encode(&self.domain.conform(Value::Float(number)));
        let around = |value: &Value| {
            let at = self.domain.encode(&self.domain.conform(value.clone()))?;
            Some([(at - 1e-9).max(0.0), (at + 1e-9).min(1.0)])
        };
        match test {
            Some(Test::Range(Bounds { at_least, at_most })) => {
                vec![[at_least.and_then(place).unwrap_or(0.0), at_most.and_then(place).unwrap_or(1.0)]]
            }
            Some(Test::Is(value)) => around(value).into_iter().collect(),
            Some(Test::OneOf(values)) => {
                let mut all: Vec<[f64; 2]> = values.iter().filter_map(around).collect();
                all.sort_by(|a, b| a[0].total_cmp(&b[0]));
                all
            }
            None => vec![[0.0, 1.0]],
        }
    }
}

/// The coordinates of a space with more than one value, in its order.
pub(crate) fn coordinates(space: &SearchSpace) -> Vec<Coordinate> {
    let mut all: Vec<Coordinate> = Vec::new();
    let mut regions: Vec<Region> = Vec::new();
    for (index, parameter) in space.parameters().iter().enumerate() {
        let region = region(space, parameter, &regions, &all);
        regions.push(region.clone());
        let own = space.dimensions().iter().enumerate().filter(|(_, dimension)| dimension.parameter == index);
        for (at, dimension) in own {
            let mut region = region.clone();
            if let Part::Item(item) = dimension.part {
                longer_than(space, parameter, item, &all, &mut region);
            }
            all.extend(coordinate(space, parameter, at, dimension, region));
        }
    }
    let regions: Vec<Region> = all.iter().map(|coordinate| coordinate.region.clone()).collect();
    for (coordinate, set) in regions.iter().flat_map(|region| &region.0) {
        if let Set::Intervals(intervals) = set {
            all[*coordinate].edges.extend(intervals.iter().flatten().filter(|edge| **edge > 0.0 && **edge < 1.0));
        }
    }
    for coordinate in &mut all {
        coordinate.edges.sort_by(f64::total_cmp);
        coordinate.edges.dedup();
    }
    all
}

fn coordinate(
    space: &SearchSpace,
    parameter: &Parameter,
    at: usize,
    dimension: &Dimension,
    region: Region,
) -> Option<Coordinate> {
    let name = name_of(space, dimension);
    let domain = match (dimension.part, &parameter.domain) {
        (Part::Item(_), Domain::List { item, .. }) => &**item,
        (_, domain) => domain,
    };
    let kind = match space.grain(dimension, CELLS) {
        Grain::Choices(count) if count <= CHOICES => Kind::Choices(count),
        Grain::Choices(count) => Kind::Number { ends: (0..=count).map(|end| end as f64 / count as f64).collect() },
        Grain::Cells(ends) => Kind::Number { ends },
        Grain::Continuous => Kind::Number { ends: Vec::new() },
    };
    let values = match (&kind, dimension.part, domain) {
        (Kind::Number { ends }, ..) if ends.is_empty() => None,
        (_, Part::Length, Domain::List { len: Length::Between { low, high }, .. }) => {
            Some((*low..=*high).map(|length| Value::Int(length as i64)).collect())
        }
        (_, _, domain) => domain.values(u64::MAX),
    };
    let fixed = matches!(&values, Some(values) if values.len() < 2);
    (!fixed).then(|| Coordinate {
        name,
        kind,
        region,
        values,
        edges: Vec::new(),
        domain: domain.clone(),
        dimension: at,
    })
}

/// Where a parameter exists: where all those that it hangs on do, and have the right values.
fn region(space: &SearchSpace, parameter: &Parameter, regions: &[Region], all: &[Coordinate]) -> Region {
    let mut region = Region::default();
    let length_of = match &parameter.domain {
        Domain::List { len: Length::As(other), .. } => Some(other),
        _ => None,
    };
    for parent in parameter.when.0.keys().chain(length_of) {
        let index = space.parameters().iter().position(|earlier| earlier.name == *parent);
        if let Some(met) = index.and_then(|index| region.meet(&regions[index])) {
            region = met;
        }
    }
    for (parent, test) in &parameter.when.0 {
        if let Some(index) = all.iter().position(|coordinate| coordinate.name == *parent) {
            narrow(&mut region, index, all, all[index].passing(Some(test), |value| test.passes(value)));
        }
    }
    region
}

/// Narrows the region of a list to where it has an item with this index.
fn longer_than(space: &SearchSpace, list: &Parameter, item: usize, all: &[Coordinate], region: &mut Region) {
    let mut list = list;
    while let Domain::List { len: Length::As(other), .. } = &list.domain {
        let Some(parent) = space.get(other) else { return };
        list = parent;
    }
    let name = match list.domain {
        Domain::List { .. } => format!("len({})", list.name),
        _ => list.name.clone(),
    };
    let Some(index) = all.iter().position(|coordinate| coordinate.name == name) else { return };
    let longer = |value: &Value| match value {
        Value::List(items) => items.len() > item,
        number => number.as_f64().is_some_and(|length| length > item as f64),
    };
    let test = Test::Range(Bounds { at_least: Some(item as f64 + 1.0), at_most: None });
    narrow(region, index, all, all[index].passing(Some(&test), longer));
}

fn narrow(region: &mut Region, index: usize, all: &[Coordinate], set: Set) {
    if set.is_all(&all[index].kind) {
        return;
    }
    let met = region.0.get(&index).map_or_else(|| set.clone(), |own| own.meet(&set));
    region.0.insert(index, met);
}

/// The trials along the coordinates: a column for each.
pub(crate) fn columns(space: &SearchSpace, coordinates: &[Coordinate], trials: &[(&Params, f64)]) -> Vec<Vec<f64>> {
    let units: Vec<Vec<Option<f64>>> = trials.iter().map(|(params, _)| space.encode(params)).collect();
    coordinates.iter().map(|coordinate| units.iter().map(|unit| coordinate.of(unit)).collect()).collect()
}
