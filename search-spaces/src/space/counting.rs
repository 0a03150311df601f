//! Finite spaces: how many points there are, and which.

use super::{Parameter, SearchSpace};
use crate::domain::{Domain, Length};
use crate::params::Params;
use crate::value::Value;

/// Branches of the tree that are walked before a space counts as too large to count.
const BRANCHES: u32 = 100_000;

impl SearchSpace {
    /// How many points there are, constraints left aside; `None` where a parameter is continuous or they are too many to
    /// count.
    pub fn cardinality(&self) -> Option<u64> {
        let named = self.parameters.iter().flat_map(|p| p.when.0.keys().map(String::as_str).chain(p.length_parent()));
        let parents: Vec<&str> = named.collect();
        count(&self.parameters, &mut Params::default(), &parents, &mut { BRANCHES })
    }

    /// All points that satisfy the constraints, in the order of their values; `None` where there are more than `limit`
    /// before the constraints are asked.
    ///
    /// ```
    /// use seqtune_space::SearchSpace;
    ///
    /// let space: SearchSpace = toml::from_str(
    ///     "model = { type = 'categorical', choices = ['a', 'b'] }\n\
    ///      layers = { type = 'int', low = 1, high = 3, when = { model = 'b' } }\n\
    ///      constraints = ['layers != 2']",
    /// )?;
    /// assert_eq!(space.cardinality(), Some(4));
    /// let points: Vec<String> = space.points(100).unwrap().iter().map(ToString::to_string).collect();
    /// assert_eq!(points, [r#"model="a""#, r#"layers=1 model="b""#, r#"layers=3 model="b""#]);
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub fn points(&self, limit: u64) -> Option<Vec<Params>> {
        self.cardinality().filter(|points| *points <= limit)?;
        let mut points = vec![Params::default()];
        for parameter in &self.parameters {
            let extended = |params: Params| {
                let values =
                    if parameter.is_active(&params) { parameter.values_at(&params, limit) } else { Vec::new() };
                let with = |value: Value| {
                    let mut longer = params.clone();
                    longer.set(&parameter.name, value);
                    longer
                };
                if values.is_empty() { vec![params] } else { values.into_iter().map(with).collect() }
            };
            points = points.into_iter().flat_map(extended).collect();
        }
        points.retain(|params| self.allows(params).is_ok());
        Some(points)
    }
}

impl Parameter {
    fn values_at(&self, params: &Params, limit: u64) -> Vec<Value> {
        match self.length_at(params) {
            Some(length) => self.domain.lists(length as u64, limit),
            None => self.domain.values(limit).unwrap_or_default(),
        }
    }
}

/// The tree is walked by the values of parents only: of the rest the number of values is enough. Of a list that another
/// one is as long as, one list of each length stands for all of that length.
fn count(rest: &[Parameter], params: &mut Params, parents: &[&str], budget: &mut u32) -> Option<u64> {
    let Some((parameter, rest)) = rest.split_first() else { return Some(1) };
    if !parameter.is_active(params) {
        return count(rest, params, parents, budget);
    }
    let is_parent = parents.contains(&parameter.name.as_str());
    let branches: Vec<(Value, u64)> = match (&parameter.domain, parameter.length_at(params)) {
        (Domain::List { item, .. }, Some(length)) => {
            vec![(Value::List(vec![item.decode(0.5); length]), parameter.domain.lists_of(length as u64)?)]
        }
        (Domain::List { len: Length::Between { low, high }, item, .. }, None) if is_parent => (*low..=*high)
            .map(|length| {
                let list = Value::List(vec![item.decode(0.5); length as usize]);
                Some((list, parameter.domain.lists_of(length)?))
            })
            .collect::<Option<_>>()?,
        (domain, _) if is_parent => domain.values(u64::from(BRANCHES))?.into_iter().map(|value| (value, 1)).collect(),
        (domain, _) => vec![(domain.decode(0.5), domain.cardinality()?)],
    };
    let mut total: u64 = 0;
    for (value, cells) in branches {
        *budget = budget.checked_sub(1)?;
        params.set(&parameter.name, value);
        total = total.checked_add(count(rest, params, parents, budget)?.checked_mul(cells)?)?;
    }
    params.0.remove(&parameter.name);
    Some(total)
}
