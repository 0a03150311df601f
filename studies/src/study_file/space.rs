//! The `[space]` table.

use seqtune_space::{Bounds, Condition, Parameter, ParameterForm, SearchSpace, SpaceError, Test, Value};

use super::StudyFile;
use super::source::{Span, StudyFileError};
use super::table::{Field, Table};

/// One parameter as the file declares it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) parameter: Parameter,
    pub(super) place: Span,
}

pub(super) fn read(field: &Field<'_>) -> Result<Vec<Entry>, StudyFileError> {
    let entries: Vec<Entry> = field.table("[space]")?.take_all().iter().map(entry).collect::<Result<_, _>>()?;
    if entries.is_empty() {
        return Err(field.wrong_key("[space] is empty; name at least one parameter of the family"));
    }
    Ok(entries)
}

fn entry(field: &Field<'_>) -> Result<Entry, StudyFileError> {
    let name = field.key();
    if field.is_array() {
        return Err(field.wrong(format!(
            "parameter `{name}` is a list; choices are written {name} = {{ type = \"categorical\", choices = [...] }}"
        )));
    }
    let (form, keys) = if field.is_table() {
        declared(field.table(format!("parameter `{name}`"))?)?
    } else {
        // A bare value is fixed: a choice of one.
        let value = field.value()?;
        let form = ParameterForm {
            kind: "categorical".to_owned(),
            choices: Some(vec![value.clone()]),
            default: Some(value),
            ..ParameterForm::default()
        };
        (form, Vec::new())
    };
    let parameter = form.build(name).map_err(|error| {
        // The message names the key at fault; point there.
        let text = error.to_string();
        let said = text.split_once(": ").map_or(text.as_str(), |(_, said)| said);
        let at_fault = keys
            .iter()
            .find(|key| said.contains(&format!("`{}`", key.key())) || said.contains(&format!("its {} ", key.key())));
        at_fault.unwrap_or(field).wrong(text.clone())
    })?;
    Ok(Entry { parameter, place: field.key_span() })
}

/// The form, and its keys with their places.
fn declared<'a>(mut table: Table<'a>) -> Result<(ParameterForm, Vec<Field<'a>>), StudyFileError> {
    let kind = table.require("type", "type = \"float\" (or int, categorical, ordinal, bool)")?;
    let known = ["float", "int", "categorical", "cat", "ordinal", "bool"].map(|name| (name, name));
    let mut form = ParameterForm { kind: kind.choice(&known)?.to_owned(), ..ParameterForm::default() };
    let mut keys = Vec::new();
    let mut take = |table: &mut Table<'a>, key: &'static str| {
        let field = table.take(key);
        keys.extend(field.clone());
        field
    };
    form.low = take(&mut table, "low").map(|field| field.value()).transpose()?;
    form.high = take(&mut table, "high").map(|field| field.value()).transpose()?;
    form.log = take(&mut table, "log").map(|field| field.boolean()).transpose()?.unwrap_or_default();
    form.step = take(&mut table, "step").map(|field| field.value()).transpose()?;
    form.choices = take(&mut table, "choices").map(|field| field.values()).transpose()?;
    form.values = take(&mut table, "values").map(|field| field.values()).transpose()?;
    form.default = take(&mut table, "default").map(|field| field.value()).transpose()?;
    form.when = take(&mut table, "when").map(|field| condition(&field)).transpose()?.unwrap_or_default();
    form.doc = take(&mut table, "doc").map(|field| field.text()).transpose()?;
    table.finish()?;
    Ok((form, keys))
}

fn condition(field: &Field<'_>) -> Result<Condition, StudyFileError> {
    let mut condition = Condition::default();
    for parent in field.table("when")?.take_all() {
        let test = if parent.is_table() {
            let mut table = parent.table(format!("the condition on `{}`", parent.key()))?;
            let number = |field: Field<'_>| field.value()?.as_f64().ok_or_else(|| field.must_be("a number"));
            let bounds = Bounds {
                at_least: table.take("at_least").map(number).transpose()?,
                at_most: table.take("at_most").map(number).transpose()?,
            };
            table.finish()?;
            Test::Range(bounds)
        } else if parent.is_array() {
            Test::OneOf(parent.values()?)
        } else {
            Test::Is(parent.value()?)
        };
        condition.0.insert(parent.key().to_owned(), test);
    }
    Ok(condition)
}

impl StudyFile {
    /// The space of these parameters, which stand in the order of the file; errors point at the parameter at fault.
    pub(super) fn space_of(&self, parameters: Vec<Parameter>) -> Result<SearchSpace, StudyFileError> {
        SearchSpace::new(parameters).map_err(|error| {
            let name = match &error {
                SpaceError::Parameter { name, .. } => name.as_str(),
                _ => "",
            };
            self.source.wrong(self.place_of(name), error.to_string())
        })
    }

    /// Where a parameter is declared; the beginning of the file where it is not.
    pub(super) fn place_of(&self, name: &str) -> Span {
        self.space.iter().find(|entry| entry.parameter.name == name).map_or(0..0, |entry| entry.place.clone())
    }
}

/// A condition in words: `` `model` is "lstm" or "gru" and `layers` is at least 2 ``.
pub fn in_words(condition: &Condition) -> String {
    let list = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
    let test = |(parent, test): (&String, &Test)| match test {
        Test::Is(value) => format!("`{parent}` is {value}"),
        Test::OneOf(values) => format!("`{parent}` is {}", list(values)),
        Test::Range(Bounds { at_least: Some(low), at_most: Some(high) }) => {
            format!("`{parent}` is from {low} to {high}")
        }
        Test::Range(Bounds { at_least: Some(low), .. }) => format!("`{parent}` is at least {low}"),
        Test::Range(Bounds { at_most, .. }) => format!("`{parent}` is at most {}", at_most.unwrap_or(f64::INFINITY)),
    };
    condition.0.iter().map(test).collect::<Vec<_>>().join(" and ")
}
