//! A space with one of its choices made.

use super::{Parameter, SearchSpace, encoding};
use crate::constraint::Constraint;
use crate::domain::Domain;
use crate::value::Value;

impl SearchSpace {
    /// The part of the space in which a parameter that always exists has this value: what cannot exist there is left out,
    /// and so are the constraints that say nothing there. Its points are points of the whole space. `None` where there is no
    /// such parameter, or the value is not one of its domain.
    ///
    /// ```
    /// use seqtune_space::{SearchSpace, Value};
    ///
    /// let space: SearchSpace = toml::from_str(
    ///     "model = { type = 'categorical', choices = ['a', 'b'] }\n\
    ///      layers = { type = 'int', low = 1, high = 3, when = { model = 'b' } }\n\
    ///      constraints = ['layers != 2']",
    /// )?;
    /// let part = |value: &str| space.restricted("model", &Value::from(value)).unwrap();
    /// assert_eq!((part("a").cardinality(), part("a").len()), (Some(1), 1));
    /// assert_eq!((part("b").cardinality(), part("b").len()), (Some(3), 2));
    /// assert!(space.restricted("layers", &Value::from(1)).is_none());
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub fn restricted(&self, name: &str, value: &Value) -> Option<SearchSpace> {
        self.get(name).filter(|chosen| chosen.when.is_empty() && chosen.length_parent().is_none())?;
        let mut parameters: Vec<Parameter> = Vec::new();
        for parameter in &self.parameters {
            let mut parameter = parameter.clone();
            if parameter.name == name {
                let value = parameter.domain.conform(value.clone());
                if !parameter.domain.contains(&value) {
                    return None;
                }
                parameter.domain = Domain::fixed(value.clone());
                parameter.default = Some(value);
                parameter.prior = None;
                parameters.push(parameter);
                continue;
            }
            if parameter.when.0.remove(name).is_some_and(|test| !test.passes(value)) {
                continue;
            }
            // A parent stands before its children: where it was left out, so are they.
            let is_there = |other: &str| parameters.iter().any(|earlier| earlier.name == other);
            let parents = parameter.when.0.keys().map(String::as_str).chain(parameter.length_parent());
            if parents.into_iter().all(is_there) {
                parameters.push(parameter);
            }
        }
        let applies = |constraint: &&Constraint| {
            constraint.names().iter().all(|name| parameters.iter().any(|parameter| parameter.name == *name))
        };
        let constraints = self.constraints.iter().filter(applies).cloned().collect();
        let dimensions = encoding::dimensions(&parameters);
        Some(SearchSpace { parameters, constraints, dimensions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: &str = "m = { type = 'categorical', choices = ['a', 'b', 'c'], default = 'b' }\n\
                         k = { type = 'int', low = 1, high = 3, when = { m = ['a', 'b'] } }\n\
                         f = { type = 'list', len = 'k', item = { type = 'ordinal', values = [3, 5] } }\n\
                         d = { type = 'int', low = 0, high = 5, when = { m = 'c' } }\n\
                         e = { type = 'bool', when = { k = { at_least = 2 } } }\n\
                         constraints = ['d > 1', 'k != 3']";

    /// The parts are disjoint and together the whole.
    #[test]
    fn the_parts_of_all_choices_are_the_whole_space() {
        let space: SearchSpace = toml::from_str(SPACE).unwrap();
        let mut points: Vec<String> = Vec::new();
        for choice in ["a", "b", "c"] {
            let part = space.restricted("m", &Value::from(choice)).unwrap();
            for point in part.points(1000).unwrap() {
                assert_eq!(space.check(point.clone()).as_ref(), Ok(&point));
                points.push(point.key());
            }
        }
        let mut whole: Vec<String> = space.points(1000).unwrap().iter().map(|point| point.key()).collect();
        points.sort();
        whole.sort();
        assert_eq!(points, whole);
        assert!(space.restricted("m", &Value::from("x")).is_none());
        let c: Vec<String> =
            space.restricted("m", &Value::from("c")).unwrap().parameters().iter().map(|p| p.name.clone()).collect();
        assert_eq!(c, ["m", "d"]);
    }
}
