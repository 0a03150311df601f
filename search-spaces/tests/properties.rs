//! Properties of random spaces: what is decoded is valid, and comes back.

use indexmap::IndexMap;
use proptest::prelude::*;
use seqtune_space::{ParameterForm, SearchSpace, Value};

fn form() -> impl Strategy<Value = ParameterForm> {
    let base = |kind: &str| ParameterForm { kind: kind.to_owned(), ..ParameterForm::default() };
    prop_oneof![
        (-1e3..1e3f64, 1e-3..1e3f64).prop_map(move |(low, width)| ParameterForm {
            low: Some(low.into()),
            high: Some((low + width).into()),
            ..base("float")
        }),
        (1e-8..1.0f64, 1.0..1e6f64).prop_map(move |(low, ratio)| ParameterForm {
            low: Some(low.into()),
            high: Some((low * ratio).into()),
            log: true,
            ..base("float")
        }),
        (1..1000i64, 0..5000i64, any::<bool>()).prop_map(move |(low, width, log)| ParameterForm {
            low: Some(low.into()),
            high: Some((low + width).into()),
            log,
            ..base("int")
        }),
        (1..6i64).prop_map(move |n| ParameterForm {
            choices: Some((0..n).map(|i| Value::Text(format!("c{i}"))).collect()),
            ..base("categorical")
        }),
        (1..6i64).prop_map(move |n| ParameterForm {
            values: Some((0..n).map(|i| Value::Int(1 << i)).collect()),
            ..base("ordinal")
        }),
        Just(base("bool")),
    ]
}

/// Up to eight parameters, half of them hanging on an earlier categorical one.
fn space() -> impl Strategy<Value = SearchSpace> {
    prop::collection::vec((form(), any::<prop::sample::Index>(), any::<bool>()), 1..8).prop_map(|forms| {
        let mut parameters: IndexMap<String, ParameterForm> = IndexMap::new();
        for (index, (mut form, parent, conditional)) in forms.into_iter().enumerate() {
            let parents: Vec<(String, Value)> = parameters
                .iter()
                .filter_map(|(name, form)| Some((name.clone(), form.choices.as_ref()?.first()?.clone())))
                .collect();
            if conditional && !parents.is_empty() {
                let (name, value) = parents[parent.index(parents.len())].clone();
                form.when.0.insert(name, seqtune_space::Test::Is(value));
            }
            // Descending names: an order lost on the way shows.
            parameters.insert(format!("p{}", 9 - index), form);
        }
        SearchSpace::try_from(parameters).expect("the strategy makes valid spaces")
    })
}

proptest! {
    #[test]
    fn decoded_points_are_valid_and_come_back(space in space(), unit in prop::collection::vec(0.0..1.0f64, 8)) {
        let point = space.decode(&unit[..space.len()]).unwrap();
        prop_assert_eq!(&space.check(point.clone()).unwrap(), &point);
        let again: Vec<f64> = space.encode(&point).into_iter().map(|u| u.unwrap_or(0.0)).collect();
        prop_assert_eq!(space.decode(&again).unwrap(), point);
    }

    #[test]
    fn a_space_written_and_read_is_the_same_space(space in space()) {
        let json = serde_json::to_string(&space).unwrap();
        let back: SearchSpace = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&back, &space);
        prop_assert_eq!(serde_json::to_string(&back).unwrap(), json);
        let through_a_value: SearchSpace = serde_json::from_value(serde_json::to_value(&space).unwrap()).unwrap();
        prop_assert_eq!(through_a_value, space);
    }
}

#[test]
fn finite_spaces_are_counted() {
    let space: SearchSpace = toml::from_str(
        r#"
        model  = { type = "categorical", choices = ["a", "b"] }
        layers = { type = "int", low = 1, high = 3, when = { model = "b" } }
        wide   = { type = "bool", when = { layers = { at_least = 2 } } }
        "#,
    )
    .unwrap();
    // a; b with 1 layer; b with 2 or 3 layers, wide or not.
    assert_eq!(space.cardinality(), Some(1 + 1 + 2 * 2));
}

#[test]
fn defaults_follow_the_conditions() {
    let space: SearchSpace = toml::from_str(
        r#"
        model  = { type = "categorical", choices = ["a", "b"], default = "a" }
        layers = { type = "int", low = 1, high = 3, default = 2, when = { model = "b" } }
        "#,
    )
    .unwrap();
    assert_eq!(space.defaults().unwrap().to_string(), r#"model="a""#);
    let given = seqtune_space::Params([("model".to_owned(), "b".into())].into());
    assert_eq!(space.complete(&given).unwrap().to_string(), r#"layers=2 model="b""#);
}

#[test]
fn mistakes_are_named() {
    let message = |text: &str| toml::from_str::<SearchSpace>(text).unwrap_err().message().to_owned();
    for (text, expected) in [
        (r#"a = { type = "float", low = 2, high = 1 }"#, "parameter `a`: its low 2 is above its high 1"),
        (
            r#"a = { type = "float", low = 0, high = 1, log = true }"#,
            "parameter `a`: a log scale needs low above 0, and low is 0",
        ),
        (r#"a = { type = "int", low = 1.5, high = 3 }"#, "parameter `a`: `low` is 1.5, expected a whole number"),
        (r#"a = { type = "bool", low = 1 }"#, "parameter `a`: `low` does not go with type \"bool\""),
        (
            r#"a = { type = "bool", when = { b = true } }"#,
            "parameter `a`: its condition names `b`, and there is no such parameter",
        ),
        (r#"a = { type = "cat", choices = [1, 1.0] }"#, "parameter `a`: `choices` lists 1 twice"),
        (
            r#"a = { type = "bool", lowest = 1 }"#,
            "unknown field `lowest`, expected one of `name`, `type`, `low`, `high`, `log`, `step`, `choices`, `values`, \
             `default`, `when`, `doc`",
        ),
        (
            "m = { type = \"cat\", choices = [\"x\"] }\na = { type = \"bool\", when = { m = \"y\" } }",
            "parameter `a`: its condition asks `m` to be \"y\", and that is one of \"x\"",
        ),
    ] {
        assert_eq!(message(text), expected);
    }
}
