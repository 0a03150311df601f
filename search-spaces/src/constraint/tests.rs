//! The language of constraints: what holds, and how mistakes are explained.

use super::{Constraint, ConstraintError, Held};
use crate::SearchSpace;
use crate::params::Params;

const POINT: &str = r#"{"a":6,"b":4,"x":0.5,"model":"lstm","wide":true,"w":[64,32,32],"none":[]}"#;

fn held(text: &str) -> Held {
    let params: Params = serde_json::from_str(POINT).unwrap();
    Constraint::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).held(&params)
}

#[test]
fn expressions_mean_what_they_mean_in_python() {
    for text in [
        "a * b == 24",
        "a + b * 2 == 14 and (a + b) * 2 == 20",
        "a / b == 1.5 and a // b == 1 and a % b == 2",
        "-a // b == -2 and -a % b == 2 and a // -b == -2 and a % -b == -2",
        "1 // 0.1 == 9 and 0.09 < 1 % 0.1 < 0.1 and a == 6",
        "2 ** 3 ** 2 == 512 + 0 * a",
        "-a ** 2 == -36 and 2 ** -1 == x",
        "4 <= b < a <= 6",
        "not a < b",
        "not not a > b",
        "model == 'lstm' and model != \"gru\"",
        "model in ['gru', 'lstm'] and model not in ['mlp']",
        "wide and not (a == 7)",
        "wide == true and wide != False",
        "a < b or x <= 0.5",
        "len(w) == 3 and sum(w) == 128 and min(w) == 32 and max(w) == w[0]",
        "w[-1] == 32 and w == [64, 32, 32]",
        "len(none) == 0 and sum(none) == 0",
        "min(a, b, 5) == 4 and max(a, b) == 6 and abs(b - a) == 2",
        "`a`*`b` >= 2_0 and x == 5e-1",
        "b == 0 or a % b == 2",
    ] {
        assert_eq!(held(text), Held::Yes, "{text}");
    }
    for text in ["a * b == 25", "b <= 3 < a", "model in ['gru']", "wide and a == 7", "a == 'lstm' or w[0] == 1"] {
        let not = Constraint::parse(text).map(|constraint| constraint.held(&serde_json::from_str(POINT).unwrap()));
        assert_eq!(not, Ok(Held::No), "{text}");
    }
}

#[test]
fn a_constraint_on_an_inactive_parameter_does_not_apply() {
    assert_eq!(held("kernel % 2 == 1 and a == 7"), Held::Yes);
}

#[test]
fn what_has_no_value_is_said() {
    let reason = |text: &str| match held(text) {
        Held::Unknown(reason) => reason,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(reason("a % (b - 4) == 0"), "it divides by zero");
    assert_eq!(reason("w[3] == 1"), "a list of 3 has no item 3");
    assert_eq!(reason("max(none) < 3"), "`max` of an empty list");
    assert_eq!(reason("(b - a) ** 0.5 < 3"), "-2 ** 0.5 is no number");
}

#[test]
fn mistakes_are_explained_at_their_place() {
    let error = |text: &str| Constraint::parse(text).unwrap_err();
    let shown = |text: &str| {
        let ConstraintError { message, at, .. } = error(text);
        format!("{message} @ {:?}", &text[at])
    };
    assert_eq!(shown("heads * dim = 256"), "`=` does not compare; did you mean `==`? @ \"=\"");
    assert_eq!(shown("a < b && c"), "`&` is written `and` @ \"&\"");
    assert_eq!(shown("a < "), "it ends where a parameter or a value should be @ \"\"");
    assert_eq!(shown("(a < b"), "it ends where `)` should be @ \"\"");
    assert_eq!(shown("a b"), "`b` stands where an operator should be @ \"b\"");
    assert_eq!(shown("a < 1.2.3"), "\"1.2.3\" is not a number @ \"1.2.3\"");
    assert_eq!(shown("model == 'lstm"), "a ' is opened and never closed @ \"'lstm\"");
    assert_eq!(shown("log(a) < 1"), "there is no function `log`; there are len, sum, min, max, abs @ \"log\"");
    assert_eq!(shown(""), "it is empty @ \"\"");
    assert_eq!(shown("1 < 2"), "it names no parameter @ \"1 < 2\"");
    assert_eq!(shown("a ^ 2 < 4"), "a power is written `**` @ \"^\"");
    // What is compared on both sides is looked at once, or this would take for ever.
    let mut nested = "a".to_owned();
    for _ in 0..60 {
        nested = format!("a==({nested})==a");
    }
    let truths: SearchSpace = toml::from_str("a = { type = 'bool' }").unwrap();
    assert_eq!(Constraint::parse(&nested).unwrap().check(truths.parameters()), Ok(()));
    let deep = format!("{}a{} < 3", "(".repeat(100), ")".repeat(100));
    assert!(error(&deep).message.contains("deeper"));
    assert!(error(&"not ".repeat(400)).message.contains("ends"));
    assert!(error(&"a + ".repeat(1000)).message.contains("longer"));
    assert!(error(&format!("a {}", "** 2 ".repeat(100))).message.contains("deeper"));
}

#[test]
fn kinds_are_checked_when_the_space_is_read() {
    let space: SearchSpace = toml::from_str(
        "heads = { type = 'int', low = 1, high = 8 }\nmodel = { type = 'cat', choices = ['x', 'y'] }\n\
         w = { type = 'list', len = 2, item = { type = 'bool' } }",
    )
    .unwrap();
    let refused = |text: &str| Constraint::parse(text).unwrap().check(space.parameters()).unwrap_err().message;
    assert_eq!(refused("heads % 2"), "it gives a number, and must compare something, as in `a <= b`");
    assert_eq!(refused("haeds > 2"), "there is no parameter `haeds`");
    assert_eq!(refused("model > 2"), "a text stands where a number should be");
    assert_eq!(refused("model == 2"), "a text is compared with a number");
    assert_eq!(refused("len(heads) > 2"), "a number stands where a list should be");
    assert_eq!(refused("len(w, w) > 2"), "`len` takes one list");
    assert_eq!(refused("heads in model"), "a text stands where a list should be");
    assert_eq!(refused("abs(heads, 2) > 2"), "`abs` takes one number");
}
