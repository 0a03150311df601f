//! Properties of random spaces: what is decoded is valid, and comes back.

use proptest::prelude::*;
use seqtune_space::{
    Confidence, Constraint, Grain, LengthForm, Parameter, ParameterForm, Part, Prior, Rule, SearchSpace, Test, Value,
};

fn base(kind: &str) -> ParameterForm {
    ParameterForm { kind: kind.to_owned(), ..ParameterForm::default() }
}

/// A parameter of a single value.
fn scalar() -> impl Strategy<Value = ParameterForm> {
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
        (-9..9i64, 0..40i64, 1..7i64).prop_map(move |(low, width, step)| ParameterForm {
            low: Some(low.into()),
            high: Some((low + width).into()),
            step: Some(step.into()),
            ..base("int")
        }),
        (-9..9i64, 0..40i64, 1..300i64).prop_map(move |(low, width, step)| ParameterForm {
            low: Some((low as f64 / 10.0).into()),
            high: Some(((low + width) as f64 / 10.0).into()),
            step: Some((step as f64 / 100.0).into()),
            ..base("float")
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

fn list() -> impl Strategy<Value = ParameterForm> {
    let rule = prop_oneof![Just(None), (0..3usize).prop_map(|index| Some(Rule::ALL[index]))];
    (scalar(), 0..3u64, 1..5u64, rule).prop_map(|(item, low, more, rule)| {
        let ordered = matches!(item.kind.as_str(), "float" | "int" | "ordinal");
        let rule = rule.filter(|(_, rule)| ordered || *rule == Rule::Constant);
        ParameterForm {
            len: Some(LengthForm::Between { low, high: low + more }),
            item: Some(Box::new(item)),
            rule: rule.map(|(name, _)| name.to_owned()),
            ..base("list")
        }
    })
}

/// Up to eight parameters, half of them hanging on an earlier one; some lists are as long as an earlier list.
fn space() -> impl Strategy<Value = SearchSpace> {
    let form = prop_oneof![3 => scalar(), 1 => list()];
    prop::collection::vec((form, any::<prop::sample::Index>(), any::<bool>(), 0..4usize), 1..8).prop_map(|forms| {
        let mut parameters: Vec<Parameter> = Vec::new();
        for (index, (mut form, pick, hangs, prior)) in forms.into_iter().enumerate() {
            let lists: Vec<&Parameter> =
                parameters.iter().filter(|p| matches!(p.domain, seqtune_space::Domain::List { .. })).collect();
            let parents: Vec<&Parameter> = parameters.iter().filter(|p| p.domain.values(5).is_some()).collect();
            if hangs && form.kind == "list" && !lists.is_empty() {
                form.len = Some(LengthForm::As(lists[pick.index(lists.len())].name.clone()));
            } else if hangs && !parents.is_empty() {
                let first = pick.index(parents.len());
                // Sometimes two of them, the later one first.
                for parent in [parents[first], parents[(first + prior) % parents.len()]] {
                    if let Some(value) = parent.domain.values(5).and_then(|values| values.last().cloned())
                        && value.as_list().is_none()
                    {
                        form.when.0.insert(parent.name.clone(), Test::Is(value));
                    }
                }
            }
            form.prior = match form.kind.as_str() {
                "float" | "int" => {
                    let confidence = Confidence::ALL.get(prior).map(|(_, confidence)| *confidence);
                    confidence.zip(form.low.clone()).map(|(confidence, center)| Prior::Center { center, confidence })
                }
                "bool" if prior == 1 => Some(Prior::Weights { weights: vec![1.0, 3.0] }),
                _ => None,
            };
            // Descending names: an order lost on the way shows.
            parameters.push(form.build(&format!("p{}", 9 - index)).expect("the strategy makes valid forms"));
        }
        let numeric = |p: &&Parameter| matches!(p.domain, seqtune_space::Domain::Int { .. });
        let constraint = parameters.iter().find(numeric).map(|p| format!("{} % 2 == 0 or {0} > 3", p.name));
        let constraints = constraint.iter().map(|text| Constraint::parse(text).expect("it is an expression")).collect();
        SearchSpace::with_constraints(parameters, constraints).expect("the strategy makes valid spaces")
    })
}

/// A space and a place in its unit cube.
fn placed() -> impl Strategy<Value = (SearchSpace, Vec<f64>)> {
    space().prop_flat_map(|space| {
        let dimensions = space.dimensions().len();
        (Just(space), prop::collection::vec(0.0..1.0f64, dimensions))
    })
}

/// The same space, free of its constraints.
fn unconstrained(space: &SearchSpace) -> SearchSpace {
    SearchSpace::new(space.parameters().to_vec()).expect("its parameters are those of a space")
}

proptest! {
    #[test]
    fn decoded_points_are_valid_and_come_back((space, unit) in placed()) {
        for point in [space.decode(&unit).unwrap(), space.decode_quantiles(&unit).unwrap()] {
            prop_assert_eq!(&unconstrained(&space).check(point.clone()).unwrap(), &point);
            prop_assert_eq!(space.check(point.clone()).is_ok(), space.allows(&point).is_ok());
            let encoded = space.encode(&point);
            for (dimension, u) in space.dimensions().iter().zip(&encoded) {
                let active = point.get(&space.parameters()[dimension.parameter].name).is_some();
                prop_assert!(u.is_none_or(|u| active && (0.0..=1.0).contains(&u)));
                prop_assert!(u.is_some() == active || matches!(dimension.part, Part::Item(_)));
            }
            let again: Vec<f64> = encoded.into_iter().map(|u| u.unwrap_or(0.0)).collect();
            prop_assert_eq!(space.decode(&again).unwrap(), point);
        }
    }

    #[test]
    fn a_value_stands_inside_its_cell((space, unit) in placed()) {
        for (dimension, u) in space.dimensions().iter().zip(space.encode(&space.decode(&unit).unwrap())) {
            let ends = match space.grain(dimension, 100) {
                Grain::Continuous => continue,
                Grain::Choices(count) => (0..=count).map(|end| end as f64 / count as f64).collect(),
                Grain::Cells(ends) => ends,
            };
            prop_assert_eq!((ends[0], ends[ends.len() - 1]), (0.0, 1.0));
            prop_assert!(ends.windows(2).all(|cell| cell[0] < cell[1]));
            if let Some(u) = u {
                let cell = ends.windows(2).find(|cell| u < cell[1]).expect("the cells fill the interval");
                prop_assert!(cell[0] < u, "{} in {:?}", u, cell);
            }
        }
    }

    #[test]
    fn the_same_coordinates_give_the_same_bytes((space, unit) in placed()) {
        let bytes = |space: &SearchSpace| serde_json::to_string(&space.decode(&unit).unwrap()).unwrap();
        let read: SearchSpace = serde_json::from_str(&serde_json::to_string(&space).unwrap()).unwrap();
        prop_assert_eq!(bytes(&read), bytes(&space));
        prop_assert_eq!(space.decode(&unit).unwrap().key(), read.decode(&unit).unwrap().key());
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

    #[test]
    fn finite_spaces_have_as_many_points_as_are_counted(space in space()) {
        let free = unconstrained(&space);
        if let Some(points) = free.points(2000) {
            prop_assert_eq!(points.len() as u64, free.cardinality().unwrap());
            let mut keys: Vec<String> = points.iter().map(|point| point.key()).collect();
            keys.sort();
            keys.dedup();
            prop_assert_eq!(keys.len(), points.len(), "a point comes twice");
            for point in &points {
                prop_assert_eq!(&free.check(point.clone()).unwrap(), point);
            }
            let allowed = points.iter().filter(|point| space.allows(point).is_ok()).count();
            prop_assert_eq!(space.points(2000).unwrap().len(), allowed);
        }
    }

    #[test]
    fn neighbours_are_other_points_of_the_space((space, unit) in placed()) {
        let point = space.decode(&unit).unwrap();
        let near = space.neighbours(&point);
        for other in &near {
            prop_assert_eq!(&space.check(other.clone()).unwrap(), other);
            prop_assert_ne!(other, &point);
        }
        let mut keys: Vec<String> = near.iter().map(|other| other.key()).collect();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), near.len(), "a neighbour comes twice");
    }

    #[test]
    fn a_point_changed_anywhere_is_refused_or_is_another((space, unit) in placed(), pick in any::<prop::sample::Index>()) {
        let point = space.decode(&unit).unwrap();
        let name = point.iter().nth(pick.index(point.0.len())).unwrap().0.to_owned();
        let mut less = point.clone();
        less.0.remove(&name);
        prop_assert!(unconstrained(&space).check(less).is_err());
        let mut wrong = point.clone();
        wrong.set(&name, "no such value");
        prop_assert!(space.check(wrong).is_err());
        let mut more = point;
        more.set("no_such_parameter", 1);
        prop_assert!(space.check(more).is_err());
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
fn a_list_is_as_long_as_another() {
    let space: SearchSpace = toml::from_str(
        r#"
        depth   = { type = "int", low = 0, high = 2, default = 1 }
        filters = { type = "list", len = { low = 1, high = 3 }, item = { type = "ordinal", values = [16, 32] }, default = [16, 32] }
        widths  = { type = "list", len = "filters", item = { type = "int", low = 3, high = 7, step = 2 }, default = [5, 7] }
        decoder = { type = "list", len = "depth", item = { type = "bool" }, default = [true] }
        "#,
    )
    .unwrap();
    let count = |length: u32| 2_u64.pow(length) * 3_u64.pow(length);
    assert_eq!(space.cardinality(), Some((1 + 2 + 4) * (count(1) + count(2) + count(3))));
    // depth; a length and three items; three items; two items.
    assert_eq!(space.dimensions().len(), 1 + 4 + 3 + 2);
    let given: seqtune_space::Params = serde_json::from_str(r#"{"depth": 2, "filters": [32, 32, 32]}"#).unwrap();
    let complete = space.complete(&given).unwrap();
    assert_eq!(
        complete.to_string(),
        "decoder=[true, true] depth=2 filters=[32, 32, 32] widths=[5, 7, 7]",
        "defaults repeat their last item"
    );
    let mut wrong = complete;
    wrong.set("widths", vec![Value::Int(5)]);
    assert_eq!(
        space.check(wrong).unwrap_err().to_string(),
        "parameter `widths` is [5]; it must be a list as long as `filters`, each a whole number from 3 to 7 in steps of 2 (3)"
    );
}

#[test]
fn fixed_values_stand_as_they_are() {
    let space: SearchSpace = toml::from_str("model = 'cnn'\nfilters = [64, 32]\nrate = 0.1\nwide = true\n").unwrap();
    assert_eq!(space.cardinality(), Some(1));
    assert_eq!(space.defaults().unwrap().to_string(), r#"filters=[64, 32] model="cnn" rate=0.1 wide=true"#);
}

#[test]
fn keys_do_not_depend_on_how_a_number_was_written() {
    let space: SearchSpace = toml::from_str(
        "a = { type = 'float', low = -1, high = 1, step = 0.1 }\nb = { type = 'float', low = -1, high = 1 }",
    )
    .unwrap();
    let key = |json: &str| space.check(serde_json::from_str(json).unwrap()).unwrap().key();
    assert_eq!(key(r#"{"a":0.3,"b":0}"#), key(r#"{"a":0.30000000000000004,"b":-0.0}"#));
    assert_ne!(key(r#"{"a":0.3,"b":0}"#), key(r#"{"a":0.4,"b":0}"#));
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
        (r#"a = { type = "float", low = 2, high = 1 }"#, "parameter `a`: its `low` 2 is above its `high` 1; swap them"),
        (
            r#"a = { type = "float", low = 0, high = 1, log = true }"#,
            "parameter `a`: a `log` scale needs a `low` above 0, and it is 0",
        ),
        (r#"a = { type = "int", low = 1.5, high = 3 }"#, "parameter `a`: its `low` is 1.5; it must be a whole number"),
        (
            r#"a = { type = "bool", low = 1 }"#,
            "parameter `a`: `low` does not go with type \"bool\", which takes nothing else",
        ),
        (
            r#"a = { type = "bool", when = { b = true } }"#,
            "parameter `a`: its condition names `b`, and there is no such parameter",
        ),
        (r#"a = { type = "cat", choices = [1, 1.0] }"#, "parameter `a`: its `choices` list 1 twice; remove one"),
        (
            r#"a = { type = "bool", lowest = 1 }"#,
            "unknown field `lowest`, expected one of `name`, `type`, `low`, `high`, `log`, `step`, `choices`, `values`, \
             `len`, `item`, `rule`, `default`, `prior`, `when`, `doc`, `source`",
        ),
        (
            "m = { type = \"cat\", choices = [\"x\"] }\na = { type = \"bool\", when = { m = \"y\" } }",
            "parameter `a`: its condition asks `m` to be \"y\", and it can only be \"x\"",
        ),
        (
            r#"a = { type = "list", len = 3, item = { type = "list", len = 2 } }"#,
            "parameter `a`: its `item`: its `item` is missing, such as { type = \"int\", low = 8, high = 512 }",
        ),
        (
            r#"a = { type = "list", len = { low = 3, high = 2 }, item = { type = "bool" } }"#,
            "parameter `a`: its `len` has its low 3 above its high 2; swap them",
        ),
        (
            r#"a = { type = "list", len = 65, item = { type = "bool" } }"#,
            "parameter `a`: its `len` goes up to 65; a list may hold 1 to 64 items",
        ),
        (
            r#"a = { type = "list", len = 2, item = { type = "bool" }, rule = "non_increasing" }"#,
            "parameter `a`: its `rule` needs items in an order: float, int or ordinal",
        ),
        (
            r#"a = { type = "list", len = 2, item = { type = "bool", default = true } }"#,
            "parameter `a`: its `item` takes a type and its range; default, prior, when and doc are the list's",
        ),
        (
            "b = { type = \"bool\" }\na = { type = \"list\", len = \"b\", item = { type = \"bool\" } }",
            "parameter `a`: its `len` names `b`, which is neither a list nor a whole number from 0",
        ),
        (
            "a = { type = \"list\", len = 2, item = { type = \"bool\" } }\nb = { type = \"bool\", when = { a = true } }",
            "parameter `b`: its condition names the list `a`, and conditions test single values",
        ),
        (
            r#"extends = { type = "bool" }"#,
            "parameter `extends`: `extends` is a word of the space itself; give the parameter another name",
        ),
        (
            "a = { type = \"bool\" }\nconstraints = [\"a == 2\"]",
            "the constraint `a == 2`: true or false is compared with a number",
        ),
    ] {
        assert_eq!(message(text), expected);
    }
}
