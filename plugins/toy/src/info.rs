//! What the toy family tells of itself.

use seqtune_plugin::{Direction, FamilyInfo, MetricInfo};
use seqtune_space::{Domain, Parameter, Scale, SearchSpace, Test, Value};

use crate::data::ToyData;
use crate::fault::Fault;

pub(crate) const VALUE: &str = "value";
pub(crate) const ACCURACY: &str = "valid/accuracy";

pub(crate) fn info() -> FamilyInfo {
    FamilyInfo {
        name: "toy".to_owned(),
        version: "1".to_owned(),
        summary: "Synthetic objectives that train in no time and fail on command.".to_owned(),
        step: "step".to_owned(),
        parameters: parameters(),
        metrics: vec![
            MetricInfo {
                name: VALUE.to_owned(),
                direction: Direction::Minimize,
                unit: String::new(),
                doc: "The Branin function, or the loss of the synthetic learning curve.".to_owned(),
            },
            MetricInfo {
                name: ACCURACY.to_owned(),
                direction: Direction::Maximize,
                unit: String::new(),
                doc: "A number from 0 to 1 that rises as `value` falls, over three folds.".to_owned(),
            },
        ],
        data: ToyData::keys(),
    }
}

fn parameters() -> SearchSpace {
    let float = |low, high, scale| Domain::Float { low, high, scale, step: None };
    let choices =
        |names: &[&str]| Domain::Categorical { choices: names.iter().map(|name| Value::from(*name)).collect() };
    let branin = "branin";
    let curve = "curve";
    let faults: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    let declared = vec![
        parameter("function", choices(&[branin, curve]), curve, "What is searched."),
        parameter("x", float(-5.0, 10.0, Scale::Linear), 2.5, "First coordinate.").only_for(branin),
        parameter("y", float(0.0, 15.0, Scale::Linear), 7.5, "Second coordinate.").only_for(branin),
        parameter("lr", float(1e-5, 1.0, Scale::Log), 0.001, "Learning rate; best near 0.003.").only_for(curve),
        parameter(
            "width",
            Domain::Int { low: 1, high: 1024, scale: Scale::Log, step: 1 },
            64,
            "Units; more are better, with less and less gain, and learn more slowly.",
        )
        .only_for(curve),
        parameter("dropout", float(0.0, 0.9, Scale::Linear), 0.0, "Best near 0.3, and more so for many units.")
            .only_for(curve),
        parameter("decay", float(1e-8, 0.1, Scale::Log), 1e-4, "Weight decay; harmless below 0.001.").only_for(curve),
        parameter("behave", choices(&faults), Fault::Well.name(), "How the trial goes wrong, if at all."),
    ];
    let declared = declared.into_iter().map(|declared| declared.0).collect();
    SearchSpace::new(declared).expect("the declaration is a constant, and a test builds it")
}

struct Declared(Parameter);

fn parameter(name: &str, domain: Domain, default: impl Into<Value>, doc: &str) -> Declared {
    let (default, doc) = (Some(default.into()), Some(doc.to_owned()));
    Declared(Parameter { default, doc, ..Parameter::new(name, domain) })
}

impl Declared {
    fn only_for(mut self, function: &str) -> Declared {
        self.0.when.0.insert("function".to_owned(), Test::Is(function.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_point_within_the_limits() {
        let space = info().parameters;
        let defaults = space.defaults().unwrap();
        assert_eq!(defaults.to_string(), r#"behave="well" decay=0.0001 dropout=0 function="curve" lr=0.001 width=64"#);
        assert_eq!(space.check(defaults.clone()).unwrap(), defaults);
    }
}
