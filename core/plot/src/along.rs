//! What trials are placed by along an axis: a parameter, or of a list its length and its items.
//!
//! A list has no place of its own: `[64, 32]` is neither left nor right of `[128]`. So it counts as several, each with a name as
//! constraints write it: `len(widths)`, `widths[0]`, `widths[1]`. Importance, dependence and plots over parameters all have the
//! same names.

use std::borrow::Cow;

use seqtune_space::{Dimension, Domain, Length, Params, Part, Scale, SearchSpace, Value};

/// What a coordinate of the space is called.
pub(crate) fn name_of(space: &SearchSpace, dimension: &Dimension) -> String {
    let name = &space.parameters()[dimension.parameter].name;
    match dimension.part {
        Part::Whole => name.clone(),
        Part::Length => format!("len({name})"),
        Part::Item(item) => format!("{name}[{item}]"),
    }
}

/// The names of what trials can be placed by, in the order of the space: its parameters, and in the place of each list its length
/// (where that varies) and its items.
pub fn along_names(space: &SearchSpace) -> Vec<String> {
    space.dimensions().iter().map(|dimension| name_of(space, dimension)).collect()
}

/// What a trial has by such a name; `None` where it does not have it. The name of a list gives all of it.
pub fn value_along<'a>(params: &'a Params, name: &str) -> Option<Cow<'a, Value>> {
    if let Some(value) = params.get(name) {
        return Some(Cow::Borrowed(value));
    }
    let (list, part) = part_of(name)?;
    let items = params.get(list)?.as_list()?;
    match part {
        Part::Item(item) => items.get(item).map(Cow::Borrowed),
        Part::Length | Part::Whole => Some(Cow::Owned(Value::Int(items.len() as i64))),
    }
}

/// The values that there can be by such a name.
pub fn domain_along<'a>(space: &'a SearchSpace, name: &str) -> Option<Cow<'a, Domain>> {
    if let Some(parameter) = space.get(name) {
        return Some(Cow::Borrowed(&parameter.domain));
    }
    let (list, part) = part_of(name)?;
    let Domain::List { len, item, .. } = &space.get(list)?.domain else { return None };
    match (part, len) {
        (Part::Item(_), _) => Some(Cow::Borrowed(item)),
        (_, Length::Between { low, high }) => {
            let (low, high) = (*low as i64, *high as i64);
            Some(Cow::Owned(Domain::Int { low, high, scale: Scale::Linear, step: 1 }))
        }
        (_, Length::As(other)) => match &space.get(other)?.domain {
            Domain::List { .. } => domain_along(space, &format!("len({other})")),
            number => Some(Cow::Borrowed(number)),
        },
    }
}

/// `len(widths)` and `widths[3]` taken apart.
fn part_of(name: &str) -> Option<(&str, Part)> {
    if let Some(list) = name.strip_prefix("len(").and_then(|rest| rest.strip_suffix(')')) {
        return Some((list, Part::Length));
    }
    let (list, item) = name.strip_suffix(']')?.rsplit_once('[')?;
    Some((list, Part::Item(item.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: &str = "lr = { type = 'float', low = 1e-4, high = 1, log = true }\n\
                         widths = { type = 'list', len = { low = 1, high = 3 }, item = { type = 'int', low = 8, high = 512, log = true } }\n\
                         drops = { type = 'list', len = 'widths', item = { type = 'float', low = 0, high = 0.5 } }\n\
                         kernels = { type = 'list', len = 2, item = { type = 'ordinal', values = [3, 5] }, rule = 'constant' }";

    #[test]
    fn a_list_is_its_length_and_its_items() {
        let space: SearchSpace = toml::from_str(SPACE).unwrap();
        let names = along_names(&space);
        let expected = "lr len(widths) widths[0] widths[1] widths[2] drops[0] drops[1] drops[2] kernels[0]";
        assert_eq!(names.join(" "), expected);
        let list = |items: &[i64]| Value::List(items.iter().map(|item| Value::Int(*item)).collect());
        let mut params = Params::default();
        params.set("lr", 0.1);
        params.set("widths", list(&[64, 32]));
        let value = |name: &str| value_along(&params, name).map(|value| value.to_string());
        let known = ["lr", "len(widths)", "widths[1]", "widths"].map(value);
        assert_eq!(known, ["0.1", "2", "32", "[64, 32]"].map(|text| Some(text.to_owned())));
        for absent in ["widths[2]", "drops[0]", "len(drops)", "len(lr)", "lr[0]", "widths[x]", "widths]", "len(widths"]
        {
            assert_eq!(value(absent), None, "{absent}");
        }
    }

    #[test]
    fn lengths_and_items_have_domains() {
        let space: SearchSpace = toml::from_str(SPACE).unwrap();
        let ends = |name: &str| domain_along(&space, name).map(|domain| [domain.decode(0.0), domain.decode(1.0)]);
        let ints = |low: i64, high: i64| Some([Value::Int(low), Value::Int(high)]);
        assert_eq!((ends("len(widths)"), ends("len(drops)")), (ints(1, 3), ints(1, 3)));
        assert_eq!((ends("widths[2]"), ends("kernels[0]")), (ints(8, 512), ints(3, 5)));
        assert_eq!((ends("len(lr)"), ends("absent[0]")), (None, None));
    }
}
