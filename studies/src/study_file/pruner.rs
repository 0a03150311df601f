//! The `[pruner]` table.

use seqtune_core::PrunerSpec;

use super::sections::ANY;
use super::source::StudyFileError;
use super::table::Field;

/// A name, or a table with the pruner's options.
pub(super) fn pruner(field: &Field<'_>, name: &str) -> Result<PrunerSpec, StudyFileError> {
    let named = |kind: &Field<'_>| kind.choice(&PrunerSpec::NAMES.map(|name| (name, name)));
    let read = |kind: &Field<'_>, options: serde_json::Map<String, serde_json::Value>| {
        let read = serde_json::from_value::<PrunerSpec>(options.into());
        read.map_err(|error| kind.wrong(format!("the pruner {}: {error}", kind.text().unwrap_or_default())))
    };
    if !field.is_table() {
        let tagged = serde_json::Map::from_iter([("type".to_owned(), named(field)?.into())]);
        return read(field, tagged);
    }
    let mut table = field.table(name)?;
    let kind = table.require("type", "type = \"asha\"")?;
    let mut options = serde_json::Map::from_iter([("type".to_owned(), named(&kind)?.into())]);
    let mut places: Vec<(&'static str, Field<'_>)> = Vec::new();
    for key in pruner_options(named(&kind)?) {
        let Some(option) = table.take(key) else { continue };
        let value = match *key {
            "inner" => serde_json::to_value(pruner(&option, "inner")?).unwrap_or_default(),
            "percentile" | "p" | "chance" | "at_most" | "at_least" | "min_delta" => option.finite()?.into(),
            _ => option.whole(0..=ANY)?.into(),
        };
        options.insert((*key).to_owned(), value);
        places.push((key, option));
    }
    table.finish()?;
    let value = read(&kind, options)?;
    value.check().map_err(|(key, expected)| match places.iter().find(|(name, _)| *name == key) {
        Some((_, option)) => option.must_be(expected),
        None => kind.wrong_key(format!("`{key}` must be {expected}")),
    })?;
    Ok(value)
}

/// Keys beside `type`.
fn pruner_options(name: &str) -> &'static [&'static str] {
    match name {
        "median" => &["startup_trials", "min_step", "every"],
        "percentile" => &["percentile", "startup_trials", "min_step", "every"],
        "threshold" => &["at_most", "at_least", "min_step"],
        "patient" => &["patience", "min_delta", "inner"],
        "asha" | "hyperband" => &["min_step", "factor"],
        "wilcoxon" => &["p", "min_step"],
        "curve" => &["chance", "factor"],
        _ => &[],
    }
}
