//! Conversations, line by line.

use std::io::Cursor;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Opening, Request, Session, converse};

const X: &str = r#"{"space":[{"name":"x","type":"float","low":-5,"high":5}],"sampler":"random","seed":1}"#;

/// A snapshot under the name of the test, without the text of the test itself.
macro_rules! check_snapshot {
    ($text:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

/// The replies to these lines.
fn replies(lines: &[impl AsRef<str>]) -> Vec<String> {
    let input: String = lines.iter().map(|line| format!("{}\n", line.as_ref())).collect();
    let mut output = Vec::new();
    converse(Cursor::new(input.into_bytes()), &mut output).unwrap();
    String::from_utf8(output).unwrap().lines().map(str::to_owned).collect()
}

/// The conversation as the protocol's page writes it; in the lines that a test gives, one request each.
fn conversation(lines: &str) -> String {
    let lines: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let replies = replies(&lines);
    assert_eq!(replies.len(), lines.len(), "one reply for each line");
    lines.iter().zip(replies).map(|(line, reply)| format!("> {line}\n< {reply}\n")).collect()
}

fn reply(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

#[test]
fn the_example_of_the_page() {
    let lines = [
        r#"{"space":[{"name":"x","type":"float","low":-5,"high":5}],"seed":1}"#,
        r#"{"ask":1}"#,
        r#"{"tell":{"id":0,"value":1.5625}}"#,
    ];
    let replies = replies(&lines);
    assert_eq!(replies[0], r#"{"ok":true,"protocol":1,"name":"seqtune","sampler":"auto"}"#);
    let asked = reply(&replies[1]);
    let x = asked["trials"][0]["params"]["x"].as_f64().unwrap();
    assert!((-5.0..=5.0).contains(&x));
    assert_eq!(asked, json!({ "trials": [{ "id": 0, "params": { "x": x } }] }));
    assert_eq!(replies[2], r#"{"ok":true}"#);
}

#[test]
fn every_request_has_its_reply() {
    check_snapshot!(conversation(
        r#"
        {"space":[{"name":"lr","type":"float","low":1e-5,"high":0.1,"log":true},{"name":"layers","type":"int","low":1,"high":5},{"name":"opt","type":"categorical","choices":["sgd","adam"]},{"name":"momentum","type":"float","low":0,"high":1,"when":{"opt":["sgd"]}},{"name":"wide","type":"bool","when":{"layers":{"at_least":2}}},{"name":"widths","type":"list","len":"layers","item":{"type":"ordinal","values":[8,16,32]},"rule":"non_increasing"},{"constraint":"layers * 10 <= 40"}],"direction":"minimize","sampler":{"type":"random"},"pruner":{"type":"none"},"seed":7,"n_trials":20}
        {"best":true}
        {"ask":3}
        {"tell":{"id":2,"value":0.31}}
        {"report":{"id":0,"step":3,"value":0.5}}
        {"report":{"id":0,"step":4,"value":0.25}}
        {"report":{"id":0,"step":4,"value":0.25}}
        {"tell":{"id":0,"state":"pruned","value":null}}
        {"tell":{"id":1,"state":"failed","cause":"out_of_memory"}}
        {"ask":2}
        {"tell":{"id":3,"state":"failed"}}
        {"tell":{"id":4,"state":"completed","values":[2]}}
        {"add":[{"params":{"lr":0.001,"layers":1,"opt":"adam","widths":[16]},"value":0.4},{"params":{"lr":0.01,"layers":1,"opt":"adam","widths":[16]},"state":"failed","cause":"diverged"}]}
        {"best":true}
        {"add":[]}
        "#
    ));
}

#[test]
fn what_is_refused_is_explained_and_changes_nothing() {
    let text = format!(
        r#"{X}
        {{"ask":1}}
        {{"tell":{{"id":9,"value":1}}}}
        {{"tell":{{"id":0}}}}
        {{"tell":{{"value":1}}}}
        {{"tell":{{"id":0,"vaule":1}}}}
        {{"tell":{{"id":0,"value":"1"}}}}
        {{"tell":{{"id":0,"value":null}}}}
        {{"tell":{{"id":0,"value":NaN}}}}
        {{"tell":{{"id":0,"value":1e999}}}}
        {{"tell":{{"id":0,"value":1,"values":[1]}}}}
        {{"tell":{{"id":0,"values":[1,2]}}}}
        {{"tell":{{"id":0,"value":1,"constraints":[1]}}}}
        {{"tell":{{"id":0,"value":1,"cause":"diverged"}}}}
        {{"tell":{{"id":0,"value":1,"state":"failed"}}}}
        {{"tell":{{"id":0,"value":1,"state":"pruned"}}}}
        {{"tell":{{"id":0,"state":"fialed"}}}}
        {{"tell":{{"id":0,"state":"failed","cause":"no_space"}}}}
        {{"tell":{{"id":0,"value":1,"value":2}}}}
        {{"tell":{{"id":-1,"value":1}}}}
        {{"tell":[0,1]}}
        {{"report":{{"id":0,"step":0,"value":1}}}}
        {{"report":{{"id":0,"step":1}}}}
        {{"report":{{"id":5,"step":1,"value":1}}}}
        {{"add":{{"params":{{"x":1}},"value":1}}}}
        {{"add":[{{"params":{{"x":7}},"value":1}}]}}
        {{"add":[{{"params":{{}},"value":1}}]}}
        {{"add":[{{"params":{{"x":1,"y":1}},"value":1}}]}}
        {{"add":[{{"params":{{"x":{{}}}},"value":1}}]}}
        {{"add":[{{"params":{{"x":1}}}}]}}
        {{"add":[{{"params":{{"x":1}},"value":1}},{{"params":{{"x":9}},"value":1}}]}}
        {{"add":[{{"params":{{"x":1}},"value":1}},{{"params":{{"x":1.0}},"value":2}}]}}
        {{"ask":0}}
        {{"ask":1.5}}
        {{"ask":1000000}}
        {{"best":false}}
        {{"bset":true}}
        {{"ask":1,"best":true}}
        {{"ask":1,"bset":true}}
        {{"space":[]}}
        {{}}
        []
        ask
        {{"ask":1
        {{"best":true}}
        {{"ask":1}}"#
    );
    check_snapshot!(conversation(&text));
}

#[test]
fn after_a_bad_first_line_the_next_is_the_first() {
    let space = r#""space":[{"name":"x","type":"float","low":0,"high":1}]"#;
    let text = format!(
        r#"{{"ask":1}}
        {{{space},"sede":1}}
        {{"spaec":[]}}
        {{"space":[]}}
        {{"space":{{"x":{{"type":"float","low":0,"high":1}}}}}}
        {{"space":[{{"type":"float","low":0,"high":1}}]}}
        {{"space":[{{"name":"x","low":0,"high":1}}]}}
        {{"space":[{{"name":"x","type":"flaot","low":0,"high":1}}]}}
        {{"space":[{{"name":"x","type":"float","low":0,"hihg":1}}]}}
        {{"space":[{{"name":"x","type":"float","low":2,"high":1}}]}}
        {{"space":[{{"name":"x","type":"float","low":{{}},"high":1}}]}}
        {{"space":[{{"name":"x","type":"float","low":0,"high":1,"when":{{"y":1}}}}]}}
        {{"space":[{{"name":"x","type":"int","low":0,"high":1}},{{"name":"x","type":"int","low":0,"high":1}}]}}
        {{"space":[{{"name":"x","type":"int","low":0,"high":9}},{{"constraint":"x >"}}]}}
        {{"space":[{{"name":"x","type":"int","low":0,"high":9}},{{"constraint":"x > 10"}}]}}
        {{"space":[3]}}
        {{{space},"direction":"min"}}
        {{{space},"direction":[]}}
        {{{space},"sampler":"sobel"}}
        {{{space},"sampler":{{"type":"tpe","gama":1}}}}
        {{{space},"sampler":{{"type":"auto","gama":1}}}}
        {{{space},"sampler":{{"name":"tpe"}}}}
        {{{space},"sampler":"grid"}}
        {{{space},"pruner":{{"type":"ashe"}}}}
        {{{space},"pruner":{{"type":"asha","min_step":1,"max_step":52,"factor":1}}}}
        {{{space},"pruner":{{"type":"asha","min_steps":1}}}}
        {{{space},"pruner":"threshold"}}
        {{{space},"pruner":"curve"}}
        {{{space},"pruner":"median","direction":["minimize","minimize"]}}
        {{{space},"seed":1.5}}
        {{{space},"n_trials":0}}
        {{{space},"constraints":-1}}
        {{{space},"constraints":1,"outcome_constraints":1}}
        {{{space},"storage":3}}
        {{{space},"pruner":null,"storage":null,"sampler":null,"seed":-3,"direction":["maximize"]}}
        {{"ask":1}}"#
    );
    check_snapshot!(conversation(&text));
}

#[test]
fn a_parameter_is_listed_only_where_it_is_active() {
    let first = r#"{"space":[{"name":"opt","type":"cat","choices":["sgd","adam"]},{"name":"momentum","type":"float","low":0,"high":1,"when":{"opt":["sgd"]}}]}"#;
    let replies = replies(&[first, r#"{"ask":40}"#]);
    let asked = reply(&replies[1]);
    let trials = asked["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 40);
    for trial in trials {
        assert_eq!(trial["params"]["opt"] == "sgd", trial["params"].get("momentum").is_some(), "{trial}");
    }
    assert!(trials.iter().any(|trial| trial["params"]["opt"] == "adam"));
}

/// The third of three is stopped at the first rung. Sent again, the report has the same answer; a program need not follow it.
#[test]
fn a_report_is_answered_with_a_verdict() {
    let first = X.replace("\"seed\":1", "\"pruner\":{\"type\":\"asha\",\"min_step\":1,\"max_step\":9,\"factor\":3}");
    let lines = [
        first.as_str(),
        r#"{"ask":4}"#,
        r#"{"report":{"id":0,"step":1,"value":0.1}}"#,
        r#"{"report":{"id":1,"step":1,"value":0.2}}"#,
        r#"{"report":{"id":2,"step":1,"value":0.3}}"#,
        r#"{"report":{"id":2,"step":1,"value":0.3}}"#,
        r#"{"tell":{"id":2,"state":"pruned"}}"#,
        r#"{"report":{"id":3,"step":1,"value":0.4}}"#,
        r#"{"report":{"id":3,"step":2,"value":0.05}}"#,
        r#"{"tell":{"id":3,"value":0.05}}"#,
        r#"{"tell":{"id":1,"state":"pruned"}}"#,
        r#"{"report":{"id":0,"step":9,"value":0.9}}"#,
    ];
    let replies = replies(&lines);
    let pruned: Vec<Value> =
        replies.iter().map(|line| reply(line)["prune"].clone()).filter(|one| !one.is_null()).collect();
    assert_eq!(pruned, [false, false, true, true, true, false, false].map(Value::from));
}

#[test]
fn what_verdicts_stopped_replays_and_what_the_program_stopped_is_its_own_affair() {
    let scratch = tempfile::tempdir().unwrap();
    let storage = scratch.path().join("study");
    let first = json!({
        "space": [{"name": "x", "type": "float", "low": 0, "high": 1}],
        "pruner": {"type": "median", "startup_trials": 1},
        "storage": storage,
    });
    let lines = [
        first.to_string(),
        r#"{"ask":3}"#.to_owned(),
        r#"{"report":{"id":0,"step":1,"value":0.5}}"#.to_owned(),
        r#"{"tell":{"id":0,"value":0.4}}"#.to_owned(),
        r#"{"report":{"id":1,"step":1,"value":0.6}}"#.to_owned(),
        r#"{"tell":{"id":1,"state":"pruned"}}"#.to_owned(),
        r#"{"report":{"id":2,"step":1,"value":0.1}}"#.to_owned(),
        r#"{"tell":{"id":2,"state":"pruned"}}"#.to_owned(),
    ];
    replies(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let history = seqtune_core::StoreReader::open(&storage).unwrap().history().unwrap();
    let reasons: Vec<String> = history
        .trials
        .iter()
        .filter_map(|trial| match &trial.end {
            Some(seqtune_core::TrialEnd::Pruned { reason, .. }) => Some(reason.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        reasons,
        ["step 1: worse than the median of 1 completed trials (1 were better)", "the program that asks stopped it"]
    );
    let verified = seqtune_core::verify(&history);
    assert_eq!((verified.verdicts, verified.differences), (1, Vec::new()));
}

#[test]
fn the_largest_is_best_where_it_is_maximised() {
    let first = X.replace("\"seed\":1", "\"direction\":\"maximize\"");
    let lines = [
        first.as_str(),
        r#"{"ask":3}"#,
        r#"{"tell":{"id":0,"value":1}}"#,
        r#"{"tell":{"id":1,"value":3}}"#,
        r#"{"tell":{"id":2,"value":2}}"#,
        r#"{"best":true}"#,
    ];
    let best = reply(&replies(&lines)[5]);
    assert_eq!((&best["trials"][0]["id"], &best["trials"][0]["value"]), (&json!(1), &json!(3.0)));
    assert_eq!(best["trials"].as_array().unwrap().len(), 1);
}

#[test]
fn several_objectives_have_a_pareto_set() {
    check_snapshot!(conversation(
        r#"
        {"space":[{"name":"x","type":"int","low":0,"high":9}],"direction":["minimize","maximize"]}
        {"add":[{"params":{"x":0},"values":[1,1]},{"params":{"x":1},"values":[2,2]},{"params":{"x":2},"values":[2,1]},{"params":{"x":3},"values":[1,1]}]}
        {"best":true}
        {"ask":1}
        {"tell":{"id":4,"value":0.5}}
        {"tell":{"id":4,"values":[0.5]}}
        {"report":{"id":4,"step":1,"value":0.5}}
        {"tell":{"id":4,"values":[0.5,3]}}
        {"best":true}
        "#
    ));
}

#[test]
fn constraints_say_which_trials_count() {
    check_snapshot!(conversation(
        r#"
        {"space":[{"name":"x","type":"int","low":0,"high":9}],"outcome_constraints":2,"sampler":"sobol"}
        {"add":[{"params":{"x":0},"value":1,"constraints":[0.5,-1]},{"params":{"x":1},"value":2,"constraints":[0.25,0]}]}
        {"best":true}
        {"add":[{"params":{"x":2},"value":1}]}
        {"add":[{"params":{"x":2},"value":1,"constraints":[1]}]}
        {"add":[{"params":{"x":2},"value":9,"constraints":[-0.5,0]}]}
        {"best":true}
        "#
    ));
}

/// A small space is gone through once, and then there is nothing to ask for.
#[test]
fn a_space_that_is_exhausted_says_so() {
    for sampler in ["grid", "tpe"] {
        let first = format!(r#"{{"space":[{{"name":"b","type":"bool"}}],"sampler":"{sampler}"}}"#);
        let replies = replies(&[&first, r#"{"ask":3}"#, r#"{"ask":3}"#, r#"{"tell":{"id":0,"value":1}}"#]);
        assert_eq!(reply(&replies[1])["trials"].as_array().unwrap().len(), 2, "{sampler}");
        assert_eq!(replies[2], r#"{"error":"all 2 points of the space have been tried"}"#);
        assert_eq!(replies[3], r#"{"ok":true}"#);
    }
}

#[test]
fn the_same_seed_and_requests_give_the_same_replies() {
    let talk = |seed: u64| {
        let first = format!(
            r#"{{"space":[{{"name":"x","type":"float","low":0,"high":1}},{{"name":"y","type":"int","low":1,"high":99}}],"sampler":"tpe","seed":{seed}}}"#
        );
        let mut lines = vec![first];
        for id in 0..30 {
            lines.push(r#"{"ask":1}"#.to_owned());
            lines.push(format!(r#"{{"tell":{{"id":{id},"value":{}}}}}"#, (id * 7) % 11));
        }
        replies(&lines)
    };
    assert_eq!(talk(3), talk(3));
    assert_ne!(talk(3), talk(4));
}

/// Added trials are learned from: with their results the sampler that learns looks elsewhere.
#[test]
fn added_trials_are_learned_from() {
    let next = |good: f64| {
        let first = r#"{"space":[{"name":"x","type":"float","low":0,"high":1}],"sampler":"tpe"}"#.to_owned();
        let trials: Vec<Value> = (0..20)
            .map(|n| {
                let x = f64::from(n) / 20.0;
                json!({ "params": { "x": x }, "value": (x - good).abs() })
            })
            .collect();
        let replies = replies(&[first, json!({ "add": trials }).to_string(), r#"{"ask":8}"#.to_owned()]);
        let asked = reply(&replies[2]);
        let xs = asked["trials"].as_array().unwrap().iter().map(|trial| trial["params"]["x"].as_f64().unwrap());
        xs.sum::<f64>() / 8.0
    };
    assert!(next(0.1) < next(0.9), "{} {}", next(0.1), next(0.9));
}

fn outcome() -> impl Strategy<Value = Value> {
    let number = || prop_oneof![(-5i32..5).prop_map(|n| json!(n)), Just(json!(null)), Just(json!("1"))];
    prop_oneof![
        number().prop_map(|value| json!({ "value": value })),
        proptest::collection::vec(number(), 0..3).prop_map(|values| json!({ "values": values })),
        (number(), proptest::collection::vec(number(), 0..3))
            .prop_map(|(value, constraints)| json!({ "value": value, "constraints": constraints })),
        proptest::sample::select(vec!["pruned", "failed", "completed", "lost"])
            .prop_map(|state| json!({ "state": state })),
        proptest::sample::select(vec!["diverged", "crashed", "bored"])
            .prop_map(|cause| json!({ "state": "failed", "cause": cause })),
    ]
}

fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

fn params() -> impl Strategy<Value = Value> {
    let entry = |name: &'static str, values: Vec<Value>| {
        proptest::option::weighted(0.8, proptest::sample::select(values)).prop_map(move |value| (name, value))
    };
    let m = entry("m", vec![json!("a"), json!("b"), json!(3)]);
    let k = entry("k", vec![json!(1), json!(3), json!(9), json!(1.5), json!([])]);
    let z = proptest::option::weighted(0.05, Just(json!(1))).prop_map(|value| ("z", value));
    (m, k, z).prop_map(|(m, k, z)| {
        let given = [m, k, z].into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect())
    })
}

fn request() -> impl Strategy<Value = Value> {
    let added = (params(), outcome()).prop_map(|(params, outcome)| with(json!({ "params": params }), outcome));
    prop_oneof![
        (0i32..4).prop_map(|count| json!({ "ask": count })),
        (0u64..12, outcome()).prop_map(|(id, outcome)| json!({ "tell": with(json!({ "id": id }), outcome) })),
        (0u64..12, 0u64..4, -3i32..3)
            .prop_map(|(id, step, value)| json!({ "report": { "id": id, "step": step, "value": value } })),
        proptest::collection::vec(added, 0..4).prop_map(|trials| json!({ "add": trials })),
        Just(json!({ "best": true })),
        Just(json!({ "best": 1, "ask": 2 })),
    ]
}

fn first_line() -> impl Strategy<Value = String> {
    let samplers = proptest::sample::select(vec!["random", "sobol", "grid", "tpe", "auto"]);
    let directions = proptest::sample::select(vec![json!("minimize"), json!(["minimize", "maximize"])]);
    (samplers, directions, 0u32..3).prop_map(|(sampler, direction, constraints)| {
        json!({
            "space": [
                { "name": "m", "type": "categorical", "choices": ["a", "b"] },
                { "name": "k", "type": "int", "low": 1, "high": 4, "when": { "m": "a" } },
            ],
            "sampler": sampler, "direction": direction, "constraints": constraints,
        })
        .to_string()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Any requests in any order: no panic, and what was refused changed nothing.
    #[test]
    fn a_failed_request_changes_nothing(first in first_line(), requests in proptest::collection::vec(request(), 0..40)) {
        let mut session = Session::open(&Opening::read(&first).unwrap()).unwrap();
        for request in requests {
            let shown = |session: &Session| (session.history().seq, format!("{:?}", session.history().trials));
            let before = shown(&session);
            let refused = match Request::read(&request.to_string()) {
                Err(_) => true,
                Ok(request) => session.answer(request).is_err(),
            };
            if refused {
                prop_assert_eq!(before, shown(&session));
            }
        }
        prop_assert_eq!(seqtune_core::verify(session.history()).differences, []);
    }

    /// Any text as a line, at the beginning and later: one reply for each line.
    #[test]
    fn any_text_is_answered(lines in proptest::collection::vec("[^\n]{0,60}", 1..8), begun in any::<bool>()) {
        let first = if begun { vec![X.to_owned()] } else { Vec::new() };
        let all: Vec<String> = first.into_iter().chain(lines).collect();
        prop_assert_eq!(replies(&all).len(), all.len());
    }
}
