//! The toy family keeps the promises of every family.

use seqtune_plugin::conformance::{Options, check_family};
use seqtune_space::Params;
use seqtune_toy::Toy;

fn passes(params: &str, data: &str) {
    let options = Options {
        params: serde_json::from_str::<Params>(params).unwrap(),
        data: seqtune_plugin::DataSpec { values: serde_json::from_str(data).unwrap(), roots: Vec::new() },
        ..Options::default()
    };
    if let Err(violations) = check_family(&Toy, &options) {
        panic!("{violations:#?}");
    }
}

#[test]
fn the_learning_curve_conforms() {
    passes(r#"{"function":"curve"}"#, "{}");
}

#[test]
fn branin_conforms() {
    passes(r#"{"function":"branin"}"#, r#"{"noise":1.5}"#);
}

#[test]
fn a_trial_that_takes_time_conforms() {
    passes("{}", r#"{"step_millis":30}"#);
}

#[test]
fn a_fault_that_strikes_no_more_conforms() {
    passes(r#"{"behave":"panic"}"#, r#"{"faults_until_attempt":0}"#);
}
