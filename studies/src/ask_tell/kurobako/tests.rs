//! Conversations with kurobako, as it writes them.

use std::io::Cursor;

use serde_json::{Value, json};

use super::*;

/// A problem with a variable of each kind, one of them conditional, in kurobako's own words.
fn problem(steps: Value) -> Value {
    json!({
        "name": "made up", "attrs": { "version": "1" },
        "params_domain": [
            { "name": "a rate", "range": { "type": "CONTINUOUS", "low": 0.001, "high": 1.0 }, "distribution": "LOG_UNIFORM" },
            { "name": "x", "range": { "type": "CONTINUOUS", "low": -5.0, "high": 5.0 }, "distribution": "UNIFORM" },
            { "name": "kind", "range": { "type": "CATEGORICAL", "choices": ["mlp", "lstm"] }, "distribution": "UNIFORM" },
            { "name": "layers", "range": { "type": "DISCRETE", "low": 1, "high": 4 }, "distribution": "UNIFORM",
              "constraint": { "lua_script": "kind == \"lstm\"" } },
            { "name": "width", "range": { "type": "DISCRETE", "low": 1, "high": 65 }, "distribution": "LOG_UNIFORM" },
        ],
        "values_domain": [{ "name": "loss", "range": { "type": "CONTINUOUS" }, "distribution": "UNIFORM" }],
        "steps": steps,
    })
}

fn serve(sampler: Option<SamplerSpec>, messages: &[Value]) -> Vec<Value> {
    let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
    let mut output = Vec::new();
    serve_kurobako(sampler, Cursor::new(lines.into_bytes()), &mut output).unwrap();
    String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn create(solver: u64, seed: u64, problem: &Value) -> Value {
    json!({ "type": "CREATE_SOLVER_CAST", "solver_id": solver, "random_seed": seed, "problem": problem })
}

fn ask(solver: u64, next: u64) -> Value {
    json!({ "type": "ASK_CALL", "solver_id": solver, "next_trial_id": next })
}

fn tell(solver: u64, id: u64, values: Value, step: u64) -> Value {
    let trial = json!({ "id": id, "values": values, "current_step": step });
    json!({ "type": "TELL_CALL", "solver_id": solver, "trial": trial })
}

#[test]
fn it_says_first_what_it_can_do() {
    let replies = serve(Some(SamplerSpec::Tpe), &[]);
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0]["type"], "SOLVER_SPEC_CAST");
    assert_eq!(replies[0]["spec"]["name"], "seqtune tpe");
    assert_eq!(replies[0]["spec"]["capabilities"], json!(CAPABILITIES));
    assert_eq!(serve(None, &[])[0]["spec"]["name"], "seqtune");
}

#[test]
fn a_recorded_conversation() {
    let problem = problem(json!(3));
    let replies = serve(
        Some(SamplerSpec::Random),
        &[
            create(0, 17_361_641_481_138_401_520, &problem),
            ask(0, 0),
            tell(0, 0, json!([0.5]), 3),
            ask(0, 1),
            ask(0, 2),
            tell(0, 2, json!([]), 0),
            tell(0, 1, json!([null]), 3),
            json!({ "type": "DROP_SOLVER_CAST", "solver_id": 0 }),
            ask(0, 3),
        ],
    );
    let kinds: Vec<&str> = replies.iter().map(|reply| reply["type"].as_str().unwrap()).collect();
    let expected = [
        "SOLVER_SPEC_CAST",
        "ASK_REPLY",
        "TELL_REPLY",
        "ASK_REPLY",
        "ASK_REPLY",
        "TELL_REPLY",
        "TELL_REPLY",
        "ERROR_REPLY",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(replies[2], json!({ "type": "TELL_REPLY" }));
    let error = json!({ "type": "ERROR_REPLY", "kind": "INVALID_INPUT", "message": "there is no solver 0" });
    assert_eq!(replies[7], error);
    for (index, id) in [(1, 0), (3, 1), (4, 2)] {
        let reply = &replies[index];
        let trial = &reply["trial"];
        let keys: Vec<&String> = trial.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["id", "next_step", "params"]);
        assert_eq!(
            (&trial["id"], &trial["next_step"], &reply["next_trial_id"]),
            (&json!(id), &json!(3), &json!(id + 1))
        );
    }
}

/// What kurobako 0.2.10 wrote for `kurobako problem sigopt --dim 2 branin02`.
#[test]
fn kurobakos_own_words_are_understood() {
    let written = r#"{"type":"CREATE_SOLVER_CAST","solver_id":0,"random_seed":6113276232711064477,"problem":{"name":"sigopt/evalset/Branin02(dim=2)","attrs":{"github":"https://github.com/sigopt/evalset","version":"kurobako_problems=0.1.14"},"params_domain":[{"name":"p0","range":{"type":"CONTINUOUS","low":-5.0,"high":15.0},"distribution":"UNIFORM"},{"name":"p1","range":{"type":"CONTINUOUS","low":-5.0,"high":15.0},"distribution":"UNIFORM"}],"values_domain":[{"name":"Objective Value","range":{"type":"CONTINUOUS"},"distribution":"UNIFORM"}],"steps":1}}
{"type":"ASK_CALL","solver_id":0,"next_trial_id":0}
{"type":"TELL_CALL","solver_id":0,"trial":{"id":0,"values":[26.858940035207553],"current_step":1}}
{"type":"ASK_CALL","solver_id":0,"next_trial_id":1}
{"type":"TELL_CALL","solver_id":0,"trial":{"id":1,"values":[65.30376383186683],"current_step":1}}
{"type":"DROP_SOLVER_CAST","solver_id":0}
"#;
    let mut output = Vec::new();
    serve_kurobako(Some(SamplerSpec::Random), Cursor::new(written.as_bytes()), &mut output).unwrap();
    let output = String::from_utf8(output).unwrap();
    let (introduction, replies) = output.split_once('\n').unwrap();
    assert!(introduction.starts_with(r#"{"type":"SOLVER_SPEC_CAST","spec":{"name":"seqtune random","attrs":{"#));
    let expected = r#"{"type":"ASK_REPLY","trial":{"id":0,"params":[14.97427,8.38273],"next_step":1},"next_trial_id":1}
{"type":"TELL_REPLY"}
{"type":"ASK_REPLY","trial":{"id":1,"params":[1.55938,-3.42645],"next_step":1},"next_trial_id":2}
{"type":"TELL_REPLY"}
"#;
    assert_eq!(replies, expected);
}

/// What stands in the vector: numbers within half-open ranges, the position of a choice, null where there is no variable.
#[test]
fn vectors_are_in_their_ranges() {
    let problem = problem(json!([1, 5, 9]));
    let mut messages = vec![create(3, 1, &problem)];
    messages.extend((0..200).map(|id| ask(3, id)));
    let replies = serve(Some(SamplerSpec::Random), &messages);
    let mut inactive = 0;
    for reply in &replies[1..] {
        assert_eq!(reply["trial"]["next_step"], 9);
        let vector = reply["trial"]["params"].as_array().unwrap();
        let number = |index: usize| vector[index].as_f64().unwrap();
        assert!((0.001..1.0).contains(&number(0)) && (-5.0..5.0).contains(&number(1)));
        assert!([0.0, 1.0].contains(&number(2)));
        assert_eq!(vector[3].is_null(), number(2) == 0.0, "layers exist for the second choice");
        inactive += usize::from(vector[3].is_null());
        assert!((1.0..65.0).contains(&number(4)) && number(4).fract() == 0.0);
    }
    assert!((50..150).contains(&inactive), "{inactive}");
}

#[test]
fn several_solvers_do_not_know_of_each_other() {
    let problem = problem(json!(1));
    let alone = serve(Some(SamplerSpec::Random), &[create(0, 7, &problem), ask(0, 0), ask(0, 1)]);
    let beside = serve(
        Some(SamplerSpec::Random),
        &[create(0, 7, &problem), create(1, 8, &problem), ask(1, 0), ask(0, 0), ask(1, 1), ask(0, 1)],
    );
    assert_eq!((&alone[1], &alone[2]), (&beside[2], &beside[4]));
    assert_ne!(beside[1]["trial"]["params"], beside[2]["trial"]["params"]);
}

/// A trial that was evaluated less far than asked for comes again under its number, and the count of trials stays.
#[test]
fn an_unfinished_trial_goes_on() {
    let problem = problem(json!(4));
    let replies = serve(
        None,
        &[
            create(0, 1, &problem),
            ask(0, 0),
            tell(0, 0, json!([0.5]), 2),
            ask(0, 1),
            tell(0, 0, json!([0.25]), 4),
            ask(0, 1),
        ],
    );
    assert_eq!(replies[3]["trial"], replies[1]["trial"]);
    assert_eq!(replies[3]["next_trial_id"], 1);
    assert_eq!((&replies[5]["trial"]["id"], &replies[5]["next_trial_id"]), (&json!(1), &json!(2)));
}

#[test]
fn a_space_that_is_exhausted_repeats_its_best() {
    let mut problem = problem(json!(1));
    problem["params_domain"] =
        json!([{ "name": "b", "range": { "type": "CATEGORICAL", "choices": ["x", "y"] }, "distribution": "UNIFORM" }]);
    let messages = [
        create(0, 1, &problem),
        ask(0, 0),
        tell(0, 0, json!([2.0]), 1),
        ask(0, 1),
        tell(0, 1, json!([1.0]), 1),
        ask(0, 2),
        tell(0, 2, json!([1.0]), 1),
    ];
    let replies = serve(Some(SamplerSpec::Grid), &messages);
    assert_eq!(replies[5]["trial"]["params"], replies[3]["trial"]["params"]);
    assert_eq!(replies[6], json!({ "type": "TELL_REPLY" }));
}

#[test]
fn what_cannot_be_done_is_said_at_the_call() {
    let with = |variable: Value| {
        let mut problem = problem(json!(1));
        problem["params_domain"][3] = variable;
        problem
    };
    let variable = |range: Value, constraint: &str| json!({ "name": "v", "range": range, "distribution": "UNIFORM", "constraint": { "lua_script": constraint } });
    let discrete = json!({ "type": "DISCRETE", "low": 0, "high": 4 });
    for (problem, kind, expected) in [
        (json!({}), "INVALID_INPUT", "the problem cannot be read: missing field `params_domain`"),
        (
            with(variable(json!({ "type": "CONTINUOUS", "low": 0.0 }), "kind == 'mlp'")),
            "INCAPABLE",
            "the variable \"v\": its range has no end, and a search needs one",
        ),
        (
            with(variable(discrete, "x * x > 4")),
            "INCAPABLE",
            "the variable \"v\": its constraint \"x * x > 4\" cannot be read here: `*`",
        ),
    ] {
        let replies = serve(None, &[create(0, 1, &problem), ask(0, 0), tell(0, 0, json!([1.0]), 1)]);
        let error = json!({ "type": "ERROR_REPLY", "kind": kind, "message": expected });
        assert_eq!(replies[1..], [error.clone(), error]);
    }
    let replies = serve(
        None,
        &[create(0, 1, &problem(json!(1))), ask(0, 0), tell(0, 0, json!([1.0, 2.0]), 1), json!({ "type": "HELLO" })],
    );
    assert_eq!(replies[2]["message"], "the trial 0 has 2 values, and the problem 1");
    assert!(
        replies[3]["message"].as_str().unwrap().starts_with("this is no message to a solver: unknown variant `HELLO`")
    );
}
