//! Whether one space is another one made wider: every point of the old space is a point of the new one.
//!
//! Ranges may grow, choices and values be added, lists become longer or shorter, fixed values become ranges, constraints
//! fall away, and parameters come in that exist only where an added choice is taken. All else would make past trials
//! points of no space.

use seqtune_space::{Condition, Domain, Length, Parameter, Prior, SearchSpace, Test, Value};

use super::{Change, show};

/// What of `new` is more than a widening of `old`; empty where it is one, and where they are the same.
pub(super) fn differences(old: &SearchSpace, new: &SearchSpace) -> Vec<Change> {
    let mut changes = Vec::new();
    for parameter in old.parameters() {
        let key = format!("space.{}", parameter.name);
        match new.get(&parameter.name) {
            None => changes.push(Change { key, old: "declared".to_owned(), new: "absent".to_owned() }),
            Some(wider) => compare(&key, parameter, wider, old, &mut changes),
        }
    }
    for parameter in new.parameters().iter().filter(|parameter| old.get(&parameter.name).is_none()) {
        if exists_in(parameter, old, new) {
            let key = format!("space.{}", parameter.name);
            let new = "declared; a parameter can be added only with a condition on an added choice".to_owned();
            changes.push(Change { key, old: "absent".to_owned(), new });
        }
    }
    for constraint in new.constraints().iter().filter(|constraint| !old.constraints().contains(constraint)) {
        let text = constraint.text().to_owned();
        changes.push(Change { key: "space.constraints".to_owned(), old: "absent".to_owned(), new: text });
    }
    let kept = |space: &SearchSpace, other: &SearchSpace| -> Vec<String> {
        space.parameters().iter().map(|p| p.name.clone()).filter(|name| other.get(name).is_some()).collect()
    };
    let (old_order, new_order) = (kept(old, new), kept(new, old));
    if old_order != new_order {
        let key = "space (order of its parameters)".to_owned();
        changes.push(Change { key, old: old_order.join(", "), new: new_order.join(", ") });
    }
    changes
}

fn compare(key: &str, old: &Parameter, new: &Parameter, old_space: &SearchSpace, changes: &mut Vec<Change>) {
    let mut differs = |part: &str, old: String, new: String| {
        changes.push(Change { key: format!("{key}{part}"), old, new });
    };
    narrowed(&old.domain, &new.domain, &mut differs);
    // A default may come in as the range grows to hold the family's own; that of a fixed value is no choice of anybody.
    if old.default.is_some() && old.default != new.default && old.domain.cardinality() != Some(1) {
        differs(".default", show(&old.default), show(&new.default));
    }
    if !same_prior(old, new) {
        differs(".prior", show(&old.prior), show(&new.prior));
    }
    if !same_where_known(&old.when, &new.when, old_space) {
        differs(".when", show(&old.when), show(&new.when));
    }
}

/// What the old domain has and the new one has not.
fn narrowed(old: &Domain, new: &Domain, differs: &mut dyn FnMut(&str, String, String)) {
    if old == new {
        return;
    }
    // A fixed value is a choice of one; it may become a range that holds it. A list whose length is another parameter's
    // might not: that one may have had another length.
    if let Domain::Categorical { choices } = old
        && let [only] = choices.as_slice()
        && !matches!(new, Domain::List { len: Length::As(_), .. })
        && (new.contains(only) || new.contains(&new.conform(only.clone())) && new.conform(only.clone()).same(only))
    {
        return;
    }
    match (old, new) {
        (
            Domain::Float { low, high, scale, step },
            Domain::Float { low: new_low, high: new_high, scale: new_scale, step: new_step },
        ) => {
            if scale != new_scale || step != new_step {
                return differs("", old.describe_with_scale(), new.describe_with_scale());
            }
            if new_low > low || step.is_some() && !new.contains(&new.conform(Value::Float(*low))) {
                differs(".low", show(low), show(new_low));
            }
            if new_high < high {
                differs(".high", show(high), show(new_high));
            }
        }
        (
            Domain::Int { low, high, scale, step },
            Domain::Int { low: new_low, high: new_high, scale: new_scale, step: new_step },
        ) => {
            if scale != new_scale || step != new_step {
                return differs("", old.describe_with_scale(), new.describe_with_scale());
            }
            if new_low > low || (low - new_low) % step != 0 {
                differs(".low", show(low), show(new_low));
            }
            if new_high < high {
                differs(".high", show(high), show(new_high));
            }
        }
        (Domain::Categorical { choices: values }, Domain::Categorical { choices: new_values }) => {
            if !in_order(values, new_values) {
                differs(".choices", show(values), show(new_values));
            }
        }
        (Domain::Ordinal { values }, Domain::Ordinal { values: new_values }) => {
            if !in_order(values, new_values) {
                differs(".values", show(values), show(new_values));
            }
        }
        (Domain::List { len, item, rule }, Domain::List { len: new_len, item: new_item, rule: new_rule }) => {
            let longer = match (len, new_len) {
                (Length::Between { low, high }, Length::Between { low: new_low, high: new_high }) => {
                    new_low <= low && new_high >= high
                }
                (len, new_len) => len == new_len,
            };
            if !longer || new_rule.is_some() && rule != new_rule {
                differs("", old.describe_with_scale(), new.describe_with_scale());
            }
            narrowed(item, new_item, &mut |part, old, new| differs(&format!(".item{part}"), old, new));
        }
        _ => differs("", old.describe_with_scale(), new.describe_with_scale()),
    }
}

/// Whether two priors say the same of the old values: an added choice brings its own weight.
fn same_prior(old: &Parameter, new: &Parameter) -> bool {
    match (&old.prior, &new.prior, &old.domain, &new.domain) {
        (
            Some(Prior::Weights { weights }),
            Some(Prior::Weights { weights: new_weights }),
            Domain::Categorical { choices: values } | Domain::Ordinal { values },
            Domain::Categorical { choices: new_values } | Domain::Ordinal { values: new_values },
        ) => {
            let weight = |value: &Value| new_values.iter().zip(new_weights).find(|(new, _)| *new == value);
            values.iter().zip(weights).all(|(value, old)| weight(value).is_some_and(|(_, new)| new == old))
        }
        (old, new, ..) => old == new,
    }
}

/// Whether all old values are there, in their old order.
fn in_order(old: &[Value], new: &[Value]) -> bool {
    let mut rest = new.iter();
    old.iter().all(|value| rest.any(|found| found == value))
}

/// Whether two conditions agree at every point of the old space.
fn same_where_known(old: &Condition, new: &Condition, old_space: &SearchSpace) -> bool {
    let always = Test::Range(seqtune_space::Bounds { at_least: None, at_most: None });
    old.0.keys().chain(new.0.keys()).all(|parent| {
        let (before, after) = (old.0.get(parent), new.0.get(parent));
        if before == after {
            return true;
        }
        let Some(domain) = old_space.get(parent).map(|parent| &parent.domain) else { return false };
        let passes = |test: Option<&Test>, value: &Value| test.is_none_or(|test| test.passes(value));
        match domain {
            Domain::Categorical { choices: values } | Domain::Ordinal { values } => {
                values.iter().all(|value| passes(before, value) == passes(after, value))
            }
            Domain::Bool => [true, false].map(Value::Bool).iter().all(|v| passes(before, v) == passes(after, v)),
            _ => before.unwrap_or(&always) == after.unwrap_or(&always),
        }
    })
}

/// Whether an added parameter exists at some point of the old space.
fn exists_in(parameter: &Parameter, old: &SearchSpace, new: &SearchSpace) -> bool {
    let shut_out = parameter.when.0.iter().any(|(parent, test)| match old.get(parent).map(|parent| &parent.domain) {
        Some(Domain::Categorical { choices: values } | Domain::Ordinal { values }) => {
            values.iter().all(|value| !test.passes(value))
        }
        Some(_) => false,
        // It hangs on another added parameter.
        None => new.get(parent).is_none_or(|parent| !exists_in(parent, old, new)),
    });
    let hangs = match &parameter.domain {
        Domain::List { len: Length::As(other), .. } if old.get(other).is_none() => {
            new.get(other).is_none_or(|other| !exists_in(other, old, new))
        }
        _ => false,
    };
    !shut_out && !hangs
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "
        model  = { type = 'cat', choices = ['cnn', 'lstm'] }
        rate   = { type = 'float', low = 0.01, high = 0.1, log = true }
        width  = { type = 'int', low = 16, high = 64, step = 16 }
        units  = { type = 'ordinal', values = [8, 32], when = { model = 'lstm' } }
        convs  = { type = 'list', len = { low = 1, high = 2 }, item = { type = 'int', low = 8, high = 64 }, when = { model = 'cnn' } }
        wide   = false
        constraints = ['width <= 48 or model == \"lstm\"']
    ";

    fn lines(changed: &str) -> Vec<String> {
        let read = |text: &str| toml::from_str::<SearchSpace>(text).unwrap();
        differences(&read(OLD), &read(changed)).iter().map(Change::to_string).collect()
    }

    fn after(from: &str, to: &str) -> Vec<String> {
        assert!(OLD.contains(from), "{from}");
        lines(&OLD.replace(from, to))
    }

    #[test]
    fn wider_spaces_are_wider() {
        let none: [String; 0] = [];
        assert_eq!(lines(OLD), none);
        assert_eq!(after("low = 0.01, high = 0.1", "low = 0.001, high = 0.1"), none);
        assert_eq!(after("low = 16, high = 64", "low = 0, high = 256"), none);
        assert_eq!(after("[8, 32]", "[4, 8, 16, 32, 64]"), none);
        assert_eq!(after("{ low = 1, high = 2 }", "{ low = 0, high = 4 }"), none);
        assert_eq!(after("wide   = false", "wide = { type = 'bool' }"), none);
        assert_eq!(after("constraints = ['width <= 48 or model == \"lstm\"']", ""), none);
        let weighted = OLD.replace("['cnn', 'lstm']", "['cnn', 'lstm'], prior = { weights = [2, 1] }");
        let more = weighted.replace(
            "['cnn', 'lstm'], prior = { weights = [2, 1] }",
            "['cnn', 'gru', 'lstm'], prior = { weights = [2, 5, 1] }",
        );
        let read = |text: &str| toml::from_str::<SearchSpace>(text).unwrap();
        assert_eq!(differences(&read(&weighted), &read(&more)), []);
        let other = more.replace("[2, 5, 1]", "[2, 1, 5]");
        assert_eq!(differences(&read(&weighted), &read(&other)).len(), 1);
        // A choice with its own parameter, and one that joins an old parameter's condition.
        let wider = OLD
            .replace("['cnn', 'lstm']", "['cnn', 'lstm', 'gru', 'mlp']")
            .replace("when = { model = 'lstm' }", "when = { model = ['lstm', 'gru'] }")
            .replace(
                "wide   = false",
                "wide = false\ndepth = { type = 'int', low = 1, high = 3, when = { model = 'mlp' } }",
            );
        assert_eq!(lines(&wider), none);
    }

    #[test]
    fn what_is_not_a_widening_is_named_exactly() {
        assert_eq!(
            after("low = 0.01, high = 0.1", "low = 0.02, high = 0.05"),
            [
                "space.rate.low: 0.01 in the study, 0.02 in the file",
                "space.rate.high: 0.1 in the study, 0.05 in the file"
            ]
        );
        assert_eq!(
            after("low = 16, high = 64, step = 16", "low = 8, high = 64, step = 16"),
            ["space.width.low: 16 in the study, 8 in the file"],
            "the old values are not on the new grid"
        );
        assert_eq!(
            after("log = true", "log = false"),
            ["space.rate: a number from 0.01 to 0.1, log scale in the study, a number from 0.01 to 0.1 in the file"]
        );
        assert_eq!(
            after("['cnn', 'lstm']", "['lstm', 'cnn', 'gru']"),
            [r#"space.model.choices: ["cnn","lstm"] in the study, ["lstm","cnn","gru"] in the file"#]
        );
        assert_eq!(
            after("high = 64 }, when", "high = 32 }, when"),
            ["space.convs.item.high: 64 in the study, 32 in the file"]
        );
        assert_eq!(
            after("when = { model = 'lstm' }", "when = { model = 'cnn' }"),
            [r#"space.units.when: {"model":"lstm"} in the study, {"model":"cnn"} in the file"#]
        );
        assert_eq!(after("wide   = false", ""), ["space.wide: declared in the study, absent in the file"]);
        assert_eq!(
            after("wide   = false", "wide = false\ndeep = true"),
            ["space.deep: absent in the study, declared; a parameter can be added only with a condition on an added \
              choice in the file"]
        );
        assert_eq!(
            after("['width <= 48", "['width < 20', 'width <= 48"),
            ["space.constraints: absent in the study, width < 20 in the file"]
        );
        assert_eq!(
            after("step = 16 }", "step = 16, prior = { center = 32 } }"),
            [r#"space.width.prior: absent in the study, {"center":32,"confidence":"medium"} in the file"#]
        );
    }
}
