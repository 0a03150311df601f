//! What each distribution of the other programs becomes: bounds, scale, steps, priors.

use seqtune::import::Format;
use seqtune::inline;

use super::read;

/// What the only parameter becomes, and what is noted.
fn only(text: &str, format: Format) -> (String, Vec<String>) {
    let imported = read(text, format);
    let [(name, form)] = imported.parameters.as_slice() else { panic!("{text} has one parameter") };
    assert_eq!(name, "x");
    let line = inline::parameter(form);
    (line, imported.notes.into_iter().filter(|note| !note.starts_with("`method")).collect())
}

#[test]
fn distributions_of_optuna() {
    let is = |class: &str, attributes: &str, expected: &str, notes: usize| {
        let whole = format!(r#"{{"name": "{class}", "attributes": {{{attributes}}}}}"#);
        let (line, noted) = only(&format!(r#"{{"x": {whole}}}"#), Format::Optuna);
        assert_eq!((line.as_str(), noted.len()), (expected, notes), "{noted:?}");
        // The same as a string, in a list, and among what else is known.
        let text = serde_json::Value::from(whole.as_str());
        assert_eq!(only(&format!(r#"{{"x": {text}}}"#), Format::Optuna).0, expected);
        assert_eq!(only(&format!(r#"[{{"name": "x", "distribution": {whole}}}]"#), Format::Optuna).0, expected);
        assert_eq!(only(&format!(r#"{{"distributions": {{"x": {text}}}}}"#), Format::Optuna).0, expected);
    };
    let float = |rest: &str| format!("{{ type = \"float\", {rest} }}");
    let int = |rest: &str| format!("{{ type = \"int\", {rest} }}");
    let f = "FloatDistribution";
    is(f, r#""low": 0, "high": 1, "log": false, "step": null"#, &float("low = 0.0, high = 1.0"), 0);
    is(f, r#""low": 1e-5, "high": 0.1, "log": true"#, &float("low = 1e-5, high = 0.1, log = true"), 0);
    is(f, r#""low": 0, "high": 1, "step": 0.25"#, &float("low = 0.0, high = 1.0, step = 0.25"), 0);
    is(f, r#""low": 0.1, "high": 1, "step": 0.25"#, &float("low = 0.1, high = 0.85, step = 0.25"), 0);
    is("UniformDistribution", r#""low": -1, "high": 1"#, &float("low = -1.0, high = 1.0"), 0);
    is("LogUniformDistribution", r#""low": 1, "high": 9"#, &float("low = 1.0, high = 9.0, log = true"), 0);
    is(
        "DiscreteUniformDistribution",
        r#""low": 0, "high": 0.3, "q": 0.1"#,
        &float("low = 0.0, high = 0.3, step = 0.1"),
        0,
    );
    is("IntDistribution", r#""low": 1, "high": 8, "log": false, "step": 1"#, &int("low = 1, high = 8"), 0);
    is("IntDistribution", r#""low": 1.0, "high": 8, "step": 3"#, &int("low = 1, high = 7, step = 3"), 0);
    is("IntDistribution", r#""low": 1, "high": 8, "log": true"#, &int("low = 1, high = 8, log = true"), 0);
    is("IntUniformDistribution", r#""low": 0, "high": 9, "step": 3"#, &int("low = 0, high = 9, step = 3"), 0);
    is("IntLogUniformDistribution", r#""low": 1, "high": 9, "step": 2"#, &int("low = 1, high = 9, log = true"), 1);
    let c = "CategoricalDistribution";
    is(c, r#""choices": ["a", 1, 0.5, true]"#, "{ type = \"categorical\", choices = [\"a\", 1, 0.5, true] }", 0);
    is(c, r#""choices": [false, true]"#, "{ type = \"bool\" }", 0);
    is(c, r#""choices": ["none", null]"#, "{ type = \"categorical\", choices = [\"none\", \"null\"] }", 1);
    is(c, r#""choices": ["a"]"#, "{ type = \"categorical\", choices = [\"a\"], default = \"a\" }", 0);
}

#[test]
fn distributions_of_wandb() {
    for (parameter, expected, notes) in [
        ("{value: 0.5}", "{ type = \"categorical\", choices = [0.5], default = 0.5 }", 0),
        ("{values: [16, 32]}", "{ type = \"categorical\", choices = [16, 32] }", 0),
        (
            "{values: [a, b], probabilities: [0.9, 0.1]}",
            "{ type = \"categorical\", choices = [\"a\", \"b\"], prior = { weights = [0.9, 0.1] } }",
            0,
        ),
        (
            "{values: [true, false], probabilities: [0.9, 0.1]}",
            "{ type = \"bool\", prior = { weights = [0.1, 0.9] } }",
            0,
        ),
        ("{values: [a, b], probabilities: [0.5, 0.5]}", "{ type = \"categorical\", choices = [\"a\", \"b\"] }", 0),
        (
            "{values: [a, b, c], probabilities: [1, 0, 3]}",
            "{ type = \"categorical\", choices = [\"a\", \"c\"], prior = { weights = [1.0, 3.0] } }",
            1,
        ),
        ("{values: [[1, [2]], [null]]}", "{ type = \"categorical\", choices = [[1, [2]], \"[null]\"] }", 1),
        ("{min: 1, max: 3}", "{ type = \"int\", low = 1, high = 3 }", 0),
        ("{min: 1, max: 3.0}", "{ type = \"float\", low = 1.0, high = 3.0 }", 0),
        ("{min: 0.0, max: 3}", "{ type = \"float\", low = 0.0, high = 3.0 }", 0),
        ("{distribution: uniform, min: 1, max: 3}", "{ type = \"float\", low = 1.0, high = 3.0 }", 0),
        ("{distribution: q_uniform, min: 0.5, max: 3.2}", "{ type = \"int\", low = 1, high = 3 }", 1),
        ("{distribution: q_uniform, min: -4, max: 4, q: 2}", "{ type = \"int\", low = -4, high = 4, step = 2 }", 0),
        (
            "{distribution: q_uniform, min: 0.1, max: 0.7, q: 0.1}",
            "{ type = \"float\", low = 0.1, high = 0.7, step = 0.1 }",
            0,
        ),
        (
            "{distribution: q_uniform, min: 0.1, max: 0.75, q: 0.2}",
            "{ type = \"float\", low = 0.2, high = 0.6, step = 0.2 }",
            1,
        ),
        (
            "{distribution: log_uniform, min: -6.907755, max: 0}",
            "{ type = \"float\", low = 0.001, high = 1.0, log = true }",
            0,
        ),
        (
            "{distribution: log_uniform, min: 0.1, max: 0.9}",
            "{ type = \"float\", low = 1.10517, high = 2.4596, log = true }",
            1,
        ),
        (
            "{distribution: log_uniform_values, min: 0.1, max: 0.9}",
            "{ type = \"float\", low = 0.1, high = 0.9, log = true }",
            0,
        ),
        (
            "{distribution: q_log_uniform, min: 0, max: 3, q: 1}",
            "{ type = \"int\", low = 1, high = 20, log = true }",
            1,
        ),
        (
            "{distribution: q_log_uniform_values, min: 4, max: 64, q: 4}",
            "{ type = \"int\", low = 4, high = 64, log = true }",
            1,
        ),
        (
            "{distribution: q_log_uniform_values, min: 0.2, max: 8, q: 0.5}",
            "{ type = \"float\", low = 0.2, high = 8.0, log = true }",
            1,
        ),
        (
            "{distribution: inv_log_uniform, min: 0, max: 6.907755}",
            "{ type = \"float\", low = 0.001, high = 1.0, log = true }",
            0,
        ),
        (
            "{distribution: inv_log_uniform_values, min: 0.1, max: 0.9}",
            "{ type = \"float\", low = 0.1, high = 0.9, log = true }",
            0,
        ),
        ("{distribution: normal}", "{ type = \"float\", low = -3.0, high = 3.0, prior = { center = 0.0 } }", 1),
        ("{distribution: normal, mu: 2, sigma: 0}", "{ type = \"float\", low = 2.0, high = 2.0 }", 0),
        (
            "{distribution: q_normal, mu: 1.1, sigma: 0.3, q: 0.5}",
            "{ type = \"float\", low = 0.5, high = 2.0, step = 0.5, prior = { center = 1.0 } }",
            1,
        ),
        (
            "{distribution: q_normal, mu: 64, sigma: 16, q: 8}",
            "{ type = \"int\", low = 16, high = 112, step = 8, prior = { center = 64 } }",
            1,
        ),
        (
            "{distribution: log_normal, mu: 0, sigma: 2}",
            "{ type = \"float\", low = 0.00247875, high = 403.429, log = true, prior = { center = 1.0 } }",
            1,
        ),
        (
            "{distribution: q_log_normal, mu: 4, sigma: 1}",
            "{ type = \"int\", low = 3, high = 1096, log = true, prior = { center = 55 } }",
            1,
        ),
        (
            "{distribution: beta, a: 3, b: 2}",
            "{ type = \"float\", low = 0.0, high = 1.0, prior = { center = 0.666667 } }",
            1,
        ),
        ("{distribution: q_beta, a: 1, b: 1, q: 0.25}", "{ type = \"float\", low = 0.0, high = 1.0, step = 0.25 }", 0),
        ("{distribution: q_beta}", "{ type = \"int\", low = 0, high = 1 }", 0),
    ] {
        let (line, noted) = only(&format!("method: bayes\nparameters:\n  x: {parameter}\n"), Format::Wandb);
        assert_eq!((line.as_str(), noted.len()), (expected, notes), "{parameter}: {noted:?}");
    }
}

#[test]
fn types_of_nni() {
    for (kind, value, expected, notes) in [
        ("choice", "[1, 2.5]", "{ type = \"categorical\", choices = [1, 2.5] }", 0),
        (
            "choice",
            r#"["a", "b", "a"]"#,
            "{ type = \"categorical\", choices = [\"a\", \"b\"], prior = { weights = [2.0, 1.0] } }",
            1,
        ),
        // The upper bound of a randint is not in it.
        ("randint", "[0, 10]", "{ type = \"int\", low = 0, high = 9 }", 0),
        ("randint", "[3, 4]", "{ type = \"int\", low = 3, high = 3 }", 0),
        ("uniform", "[0, 1]", "{ type = \"float\", low = 0.0, high = 1.0 }", 0),
        ("quniform", "[0, 10, 2.5]", "{ type = \"float\", low = 0.0, high = 10.0, step = 2.5 }", 0),
        ("quniform", "[2, 10, 5]", "{ type = \"int\", low = 5, high = 10, step = 5 }", 1),
        ("quniform", "[1, 8, 1.0]", "{ type = \"int\", low = 1, high = 8 }", 0),
        ("loguniform", "[1e-4, 0.1]", "{ type = \"float\", low = 0.0001, high = 0.1, log = true }", 0),
        ("qloguniform", "[1, 64, 1]", "{ type = \"int\", low = 1, high = 64, log = true }", 0),
        ("qloguniform", "[16, 64, 16]", "{ type = \"int\", low = 16, high = 64, log = true }", 1),
        ("normal", "[1, 0.1]", "{ type = \"float\", low = 0.7, high = 1.3, prior = { center = 1.0 } }", 1),
        ("qnormal", "[10, 3, 4]", "{ type = \"int\", low = 4, high = 16, step = 4, prior = { center = 12 } }", 1),
        (
            "lognormal",
            "[0, 1]",
            "{ type = \"float\", low = 0.0497871, high = 20.0855, log = true, prior = { center = 1.0 } }",
            1,
        ),
        (
            "qlognormal",
            "[0, 1, 0.5]",
            "{ type = \"float\", low = 0.0497871, high = 20.0855, log = true, prior = { center = 1.0 } }",
            2,
        ),
    ] {
        let text = format!(r#"{{"x": {{"_type": "{kind}", "_value": {value}}}}}"#);
        let (line, noted) = only(&text, Format::Nni);
        assert_eq!((line.as_str(), noted.len()), (expected, notes), "{text}: {noted:?}");
        // The same in YAML, which NNI reads as well.
        assert_eq!(only(&format!("x:\n  _type: {kind}\n  _value: {value}\n"), Format::Nni).0, expected);
    }
}
