//! Files of any kind: what comes out is a right study file, or there is an error.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use seqtune::import::{Format, parse};
use serde_json::json;

use super::{checked, files};

#[test]
fn a_file_cut_or_damaged_anywhere_is_read_or_refused() {
    for format in Format::ALL {
        for path in files(format) {
            let text = fs::read_to_string(&path).unwrap();
            for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
                let damaged = [text[..at].to_owned(), format!("{}{}", &text[..at], &text[at + 1..])];
                for damaged in damaged {
                    if let Ok(imported) = parse(&path, &damaged, format) {
                        checked(&imported, &path);
                    }
                }
            }
        }
    }
}

/// Numbers as people write them, and as nobody should.
fn number() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        (-5_i64..100).prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-10.0..10.0).prop_map(|number: f64| json!(number)),
        prop::sample::select(vec![0.0, -0.0, 1e-300, 1e300, f64::MAX, f64::MIN_POSITIVE, 0.1, 1e-5])
            .prop_map(|n| json!(n)),
    ]
}

fn scalar() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![number(), any::<bool>().prop_map(Into::into), Just(json!(null)), name().prop_map(Into::into)]
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    scalar().prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            prop::collection::vec((name(), inner), 0..3).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

/// Names with all that TOML, comments and spaces stumble over.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{1,2}",
        r#"[ab.\-/ `"'\\#=\n\r\t\x00\x7fé]{0,5}"#,
        Just("constraints".to_owned()),
        Just("none".to_owned())
    ]
}

fn of_optuna() -> impl Strategy<Value = serde_json::Value> {
    let classes = ["Float", "Int", "Uniform", "LogUniform", "DiscreteUniform", "IntUniform", "IntLogUniform"];
    let numbers =
        (prop::sample::select(classes.to_vec()), number(), number(), prop::option::of(number()), any::<bool>());
    prop_oneof![
        numbers.prop_map(|(class, low, high, step, log)| {
            let mut attributes = json!({"low": low, "high": high});
            if class == "DiscreteUniform" {
                attributes["q"] = json!(step);
            } else if !class.ends_with("Uniform") || class.starts_with("Int") {
                attributes["step"] = json!(step);
            }
            if class == "Float" || class == "Int" {
                attributes["log"] = json!(log);
            }
            json!({"name": format!("{class}Distribution"), "attributes": attributes})
        }),
        prop::collection::vec(any_value(), 0..4)
            .prop_map(|choices| json!({"name": "CategoricalDistribution", "attributes": {"choices": choices}})),
    ]
}

fn of_wandb() -> impl Strategy<Value = serde_json::Value> {
    let names =
        ["int_uniform", "uniform", "log_uniform", "log_uniform_values", "inv_log_uniform", "inv_log_uniform_values"];
    let quantised = ["q_uniform", "q_log_uniform", "q_log_uniform_values"];
    let bells = ["normal", "log_normal", "q_normal", "q_log_normal"];
    let of = |names: &[&'static str]| (prop::sample::select(names.to_vec()), number(), number(), number());
    prop_oneof![
        (number(), number()).prop_map(|(min, max)| json!({"min": min, "max": max})),
        of(&names).prop_map(|(name, min, max, _)| json!({"distribution": name, "min": min, "max": max})),
        of(&quantised).prop_map(|(name, min, max, q)| json!({"distribution": name, "min": min, "max": max, "q": q})),
        of(&bells).prop_map(|(name, mu, sigma, q)| {
            let quantum = name.starts_with("q_");
            let bell = json!({"distribution": name, "mu": mu, "sigma": sigma});
            if quantum { json!({"distribution": name, "mu": mu, "sigma": sigma, "q": q}) } else { bell }
        }),
        (number(), number(), number()).prop_map(|(a, b, q)| json!({"distribution": "q_beta", "a": a, "b": b, "q": q})),
        any_value().prop_map(|value| json!({"value": value})),
        prop::collection::vec((any_value(), number()), 0..4).prop_map(|pairs| {
            let (values, probabilities): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            json!({"values": values, "probabilities": probabilities})
        }),
    ]
}

fn of_nni() -> impl Strategy<Value = serde_json::Value> {
    let kinds =
        ["randint", "uniform", "quniform", "loguniform", "qloguniform", "normal", "qnormal", "lognormal", "qlognormal"];
    let numbers = (prop::sample::select(kinds.to_vec()), number(), number(), number()).prop_map(|(kind, a, b, c)| {
        let values = if kind.starts_with('q') { vec![a, b, c] } else { vec![a, b] };
        json!({"_type": kind, "_value": values})
    });
    let leaf = prop_oneof![
        numbers,
        prop::collection::vec(any_value(), 0..4).prop_map(|values| json!({"_type": "choice", "_value": values})),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let option = (name(), name(), inner).prop_map(|(option, name, inner)| json!({"_name": option, name: inner}));
        prop::collection::vec(option, 0..3).prop_map(|options| json!({"_type": "choice", "_value": options}))
    })
}

fn space(parameter: impl Strategy<Value = serde_json::Value>) -> impl Strategy<Value = serde_json::Value> {
    prop::collection::vec((name(), parameter), 1..3).prop_map(|entries| entries.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_imported_is_a_right_study_file(
        optuna in space(of_optuna()),
        sweep in space(of_wandb()),
        nni in space(of_nni()),
        metric in name(),
        program in name(),
        stem in name(),
    ) {
        let sweep = json!({"parameters": sweep, "metric": {"name": metric}, "program": program});
        for (format, value) in [(Format::Optuna, optuna), (Format::Wandb, sweep), (Format::Nni, nni)] {
            let path = PathBuf::from(format!("{}.json", if stem.is_empty() { "file" } else { &stem }));
            match parse(&path, &value.to_string(), format) {
                Ok(imported) => {
                    checked(&imported, &path);
                    let defaults = imported.parameters.iter().filter(|(_, form)| form.default.is_some());
                    prop_assert!(defaults.clone().all(|(_, form)| form.choices.as_ref().is_some_and(|c| c.len() == 1)));
                }
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn nothing_that_a_file_holds_is_too_much(text in "[ \\-a-c:{}\\[\\],&*!<>|'\"\n#0-9.]{0,60}") {
        for format in Format::ALL {
            if let Ok(imported) = parse(Path::new("file"), &text, format) {
                checked(&imported, Path::new("file"));
            }
        }
    }
}
