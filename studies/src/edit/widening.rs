//! Whether one space is another one made wider: every point of the old space is a point of the new one.
//!
//! Ranges may grow, choices and values be added, lists become longer or shorter, fixed values become ranges, constraints
//! fall away, and parameters come in that exist only where an added choice is taken. All else would make past trials
//! points of no space.

use seqtune_space::{Condition, Domain, Length, Parameter, Prior, SearchSpace, Test, Value};

use super::{Change, show};

/// What of `new` is more than a widening of `old`; empty where it is one, and where they are the same. The order of
/// parameters is no difference: a version of the space holds all of it. `of` is what keys begin with.
pub(super) fn differences(of: &str, old: &SearchSpace, new: &SearchSpace) -> Vec<Change> {
    let mut changes = Vec::new();
    for parameter in old.parameters() {
        let key = format!("{of}.{}", parameter.name);
        match new.get(&parameter.name) {
            None => changes.push(Change { key, old: "declared".to_owned(), new: "absent".to_owned() }),
            Some(wider) => compare(&key, parameter, wider, old, &mut changes),
        }
    }
    // Added parameters that exist at no old point, each after what it hangs on.
    let mut shut_out: Vec<&str> = Vec::new();
    for parameter in new.parameters().iter().filter(|parameter| old.get(&parameter.name).is_none()) {
        if is_shut_out(parameter, old, &shut_out) {
            shut_out.push(&parameter.name);
            continue;
        }
        let key = format!("{of}.{}", parameter.name);
        let new = "declared; a parameter can be added only with a condition on an added choice".to_owned();
        changes.push(Change { key, old: "absent".to_owned(), new });
    }
    for constraint in new.constraints().iter().filter(|constraint| !old.constraints().contains(constraint)) {
        // It does not apply where one of its parameters does not exist.
        if !constraint.names().iter().any(|name| shut_out.contains(&name.as_str())) {
            let text = constraint.text().to_owned();
            changes.push(Change { key: format!("{of}.constraints"), old: "absent".to_owned(), new: text });
        }
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
        let Some(parent) = old_space.get(parent) else { return false };
        let domain = &parent.domain;
        // A test fails where its parent does not exist; none, never. So where one side has no test, the parent must exist
        // at all points that matter: always, or by what the other conditions say already.
        let exists =
            parent.when.0.iter().all(|(above, test)| old.0.get(above) == Some(test) && new.0.get(above) == Some(test))
                && !matches!(domain, Domain::List { .. });
        if (before.is_none() || after.is_none()) && !exists {
            return false;
        }
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

/// Whether an added parameter exists at no point of the old space, where those named do not.
fn is_shut_out(parameter: &Parameter, old: &SearchSpace, others: &[&str]) -> bool {
    let by_length = match &parameter.domain {
        Domain::List { len: Length::As(other), .. } => others.contains(&other.as_str()),
        _ => false,
    };
    by_length
        || parameter.when.0.iter().any(|(parent, test)| match old.get(parent).map(|parent| &parent.domain) {
            Some(Domain::Categorical { choices: values } | Domain::Ordinal { values }) => {
                values.iter().all(|value| !test.passes(value))
            }
            Some(_) => false,
            None => others.contains(&parent.as_str()),
        })
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
        differences("space", &read(OLD), &read(changed)).iter().map(Change::to_string).collect()
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
        assert_eq!(differences("space", &read(&weighted), &read(&more)), []);
        let other = more.replace("[2, 5, 1]", "[2, 1, 5]");
        assert_eq!(differences("space", &read(&weighted), &read(&other)).len(), 1);
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
    fn a_condition_on_what_may_not_exist_is_a_condition() {
        let old = "m = { type = 'cat', choices = ['mlp', 'rnn'] }
            cell = { type = 'cat', choices = ['gru', 'lstm'], when = { m = 'rnn' } }
            x = { type = 'bool' }";
        let read = |text: &str| toml::from_str::<SearchSpace>(text).unwrap();
        // Every value of `cell` passes, and at m = 'mlp' there is no cell.
        let new = read(&old.replace("'bool' }", "'bool', when = { cell = ['gru', 'lstm'] } }"));
        assert_eq!(differences("space", &read(old), &new).len(), 1);
        assert_eq!(differences("space", &new, &read(old)).len(), 1);
    }

    #[test]
    fn many_added_parameters_are_looked_at_once_each() {
        let added = |count: usize| {
            let mut text = "m = { type = 'cat', choices = ['a', 'b'] }\np0 = { type = 'bool', when = { m = 'b' } }\n\
                            p1 = { type = 'bool', when = { m = 'b' } }\n"
                .to_owned();
            for index in 2..count {
                let (one, two) = (index - 1, index - 2);
                text.push_str(&format!("p{index} = {{ type = 'bool', when = {{ p{one} = true, p{two} = true }} }}\n"));
            }
            toml::from_str::<SearchSpace>(&text).unwrap()
        };
        let old: SearchSpace = toml::from_str("m = { type = 'cat', choices = ['a'] }").unwrap();
        assert_eq!(differences("space", &old, &added(200)), []);
    }

    /// The definition, on random spaces and edits: where nothing is refused, points of the old space are points of the new.
    #[test]
    fn points_of_a_space_are_points_of_what_counts_as_wider() {
        let choices = ["'a'", "'a', 'b'", "'b', 'a'", "'a', 'b', 'c'"];
        let tests =
            ["", ", when = { m = 'a' }", ", when = { m = ['a', 'b'] }", ", when = { k = true }", ", when = { n = 2 }"];
        let ranges = ["low = 1, high = 4", "low = 0, high = 4", "low = 1, high = 9, step = 2", "low = 2, high = 3"];
        let lens = ["1", "{ low = 1, high = 2 }", "'n'", "{ low = 0, high = 4 }"];
        let rules = ["", "\nconstraints = ['n > 1']"];
        let mut spaces = Vec::new();
        let mut state = 1_u64;
        let mut pick = |count: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % count
        };
        while spaces.len() < 120 {
            let text = format!(
                "m = {{ type = 'cat', choices = [{}] }}\nn = {{ type = 'int', {} }}\nk = {{ type = 'bool'{} }}\n\
                 x = {{ type = 'float', low = 0, high = 1{} }}\n\
                 l = {{ type = 'list', len = {}, item = {{ type = 'int', {} }}{} }}{}",
                choices[pick(4)],
                ranges[pick(4)],
                tests[pick(3)],
                tests[pick(5)],
                lens[pick(4)],
                ranges[pick(4)],
                tests[pick(5)],
                rules[pick(2)],
            );
            spaces.extend(toml::from_str::<SearchSpace>(&text).ok());
        }
        let mut wider = 0;
        for old in &spaces {
            for new in spaces.iter().filter(|new| differences("space", old, new).is_empty()) {
                wider += usize::from(old != new);
                for index in 0..40 {
                    let unit: Vec<f64> =
                        (0..old.dimensions().len()).map(|axis| ((index * 31 + axis * 17) % 40) as f64 / 40.0).collect();
                    let point = old.decode(&unit).unwrap();
                    if old.allows(&point).is_ok() {
                        new.check(point).unwrap_or_else(|error| panic!("{error}\n{old:?}\n{new:?}"));
                    }
                }
            }
        }
        assert!(wider > 20, "only {wider} pairs were wider: the test says little");
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
