//! The families keep their promises as programs: each check starts fresh processes, so that nothing of libtorch's own
//! state can carry over from one run to the next.

use std::process::Command;

use seqtune_plugin::DataSpec;
use seqtune_plugin::conformance::{Connection, Options, check_worker};

#[track_caller]
fn conforms(family: &'static str, params: &str, data: &str) {
    let start =
        || Connection::to_command(Command::new(env!("CARGO_BIN_EXE_seqtune-worker")).args(["--family", family]));
    let options = Options {
        params: serde_json::from_str(params).unwrap(),
        data: DataSpec { values: serde_json::from_str(data).unwrap(), roots: Vec::new() },
        steps: 3,
        ..Options::default()
    };
    if let Err(violations) = check_worker(&start, &options) {
        panic!("{violations:#?}");
    }
}

const TF: &str = r#"{"source":"synthetic","rows":200,"length":40,"positives":0.3,"folds":2,"group_bases":0}"#;

#[test]
fn tf_conforms_with_an_mlp() {
    conforms("tf", r#"{"model":"mlp","mlp_width":16}"#, TF);
}

#[test]
fn tf_conforms_with_a_cnn() {
    conforms("tf", r#"{"model":"cnn","channels":8}"#, TF);
}

#[test]
fn tf_conforms_with_an_lstm() {
    conforms("tf", r#"{"model":"lstm","hidden":8}"#, TF);
}

const MHC: &str = r#"{"source":"synthetic","rows":200,"folds":2,"fold_kind":"stratified"}"#;

#[test]
fn mhc_conforms_with_an_lstm() {
    conforms("mhc", r#"{"model":"lstm","hidden":6,"embedding":4}"#, MHC);
}

#[test]
fn mhc_conforms_with_a_network_on_nonamers() {
    conforms("mhc", r#"{"model":"ffnn","view":"nonamers"}"#, MHC);
}
