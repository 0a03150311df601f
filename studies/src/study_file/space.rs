//! The `[space]` table: parameters, fixed values, `extends` and `constraints`.

use seqtune_space::{
    Bounds, Condition, Confidence, Constraint, Domain, Length, LengthForm, Parameter, ParameterForm, Prior, RESERVED,
    Rule, SearchSpace, SpaceError, TYPES, Test, Value, ready,
};

use super::StudyFile;
use super::nearest::did_you_mean;
use super::source::{Source, Span, StudyFileError};
use super::table::{Field, Table};

/// The table as the file declares it, with what it takes over from a ready space.
#[derive(Clone, Debug)]
pub(super) struct SpaceTable {
    pub(super) entries: Vec<Entry>,
    pub(super) constraints: Vec<(Constraint, Span)>,
    /// The ready space that it extends, and where it says so.
    pub(super) extends: Option<(&'static ready::ReadySpace, Span)>,
    pub(super) place: Span,
}

/// One parameter as the file or the ready space declares it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) parameter: Parameter,
    pub(super) place: Span,
    /// Whether the file only names a value, as in `model = "cnn"`.
    pub(super) bare: bool,
    /// What the ready space says of it: all, its condition, or nothing.
    inherited: Inherited,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inherited {
    All,
    Condition,
    Nothing,
}

pub(super) fn read(source: &Source, field: &Field<'_>) -> Result<SpaceTable, StudyFileError> {
    let mut table = field.table("[space]")?;
    let extends = table.take("extends").map(|field| extended(&field)).transpose()?;
    let constraints = table.take("constraints").map(|field| constraints(source, &field)).transpose()?;
    let mut constraints = constraints.unwrap_or_default();
    let own: Vec<Entry> = table.take_all().iter().map(entry).collect::<Result<_, _>>()?;
    let mut entries = Vec::new();
    if let Some((space, place)) = &extends {
        let inherited = space.space.parameters().iter().cloned();
        entries.extend(inherited.map(|parameter| Entry {
            parameter,
            place: place.clone(),
            bare: false,
            inherited: Inherited::All,
        }));
        let theirs =
            space.space.constraints().iter().filter(|theirs| constraints.iter().all(|(own, _)| own != *theirs));
        let theirs: Vec<(Constraint, Span)> = theirs.map(|theirs| (theirs.clone(), place.clone())).collect();
        constraints.splice(0..0, theirs);
    }
    for mut entry in own {
        // In the place of what it overrides, so that conditions still name earlier parameters.
        match entries.iter_mut().find(|earlier| earlier.parameter.name == entry.parameter.name) {
            Some(inherited) => {
                let Entry { parameter, .. } = &mut entry;
                parameter.doc = parameter.doc.take().or_else(|| inherited.parameter.doc.clone());
                if parameter.when.is_empty() && !inherited.parameter.when.is_empty() {
                    parameter.when = inherited.parameter.when.clone();
                    entry.inherited = Inherited::Condition;
                }
                *inherited = entry;
            }
            None => entries.push(entry),
        }
    }
    if entries.is_empty() {
        return Err(field.wrong_key(
            "[space] is empty; name at least one parameter of the family, or start from a ready space: extends = \"...\"",
        ));
    }
    if let Some((_, place)) = &extends {
        prune(&mut entries);
        constraints.retain(|(constraint, at)| {
            at != place || constraint.names().iter().all(|name| entries.iter().any(|e| e.parameter.name == *name))
        });
    }
    Ok(SpaceTable { entries, constraints, extends, place: field.key_span() })
}

/// Narrows the ready space's conditions to what the file left of the parameters that they name, and drops its parameters
/// that no longer can exist. What the file itself declares stays, and is explained where it cannot be.
fn prune(entries: &mut Vec<Entry>) {
    let mut kept: Vec<Entry> = Vec::new();
    for mut entry in entries.drain(..) {
        let mut lives = true;
        let domain_of = |name: &str| kept.iter().find(|e| e.parameter.name == name).map(|e| &e.parameter.domain);
        if entry.inherited != Inherited::Nothing {
            for (parent, test) in &mut entry.parameter.when.0 {
                let Some(domain) = domain_of(parent) else {
                    lives = false;
                    continue;
                };
                lives &= test.can_pass(domain);
                if let Domain::Categorical { .. } | Domain::Ordinal { .. } | Domain::Bool = domain {
                    let values = domain.values(u64::MAX).unwrap_or_default();
                    let passing: Vec<Value> = values.into_iter().filter(|value| test.passes(value)).collect();
                    if matches!(test, Test::OneOf(_)) && !passing.is_empty() {
                        *test = Test::OneOf(passing);
                    }
                }
            }
        }
        if let Domain::List { len: Length::As(other), .. } = &entry.parameter.domain {
            lives &= domain_of(other).is_some();
        }
        if lives || entry.inherited != Inherited::All {
            kept.push(entry);
        }
    }
    *entries = kept;
}

fn extended(field: &Field<'_>) -> Result<(&'static ready::ReadySpace, Span), StudyFileError> {
    let name = field.text()?;
    match ready::space(&name) {
        Some(space) => Ok((space, field.span())),
        None => {
            let hint = did_you_mean(&name, "ready spaces", ready::spaces().iter().map(|space| space.name));
            Err(field.wrong(format!("there is no ready space {name:?}; {hint}")))
        }
    }
}

fn constraints(source: &Source, field: &Field<'_>) -> Result<Vec<(Constraint, Span)>, StudyFileError> {
    let read = |item: Field<'_>| {
        let text = item.text()?;
        match Constraint::parse(&text) {
            Ok(constraint) => Ok((constraint, item.span())),
            Err(error) => {
                let message = format!("the constraint `{text}`: {error}");
                Err(source.wrong(within(source, &item.span(), &text, &error.at), message))
            }
        }
    };
    field.items("a list of expressions such as [\"heads * head_dim <= 256\"]")?.into_iter().map(read).collect()
}

/// The place of a part of an expression in the file: exact where the string holds no escapes, else the whole string.
fn within(source: &Source, string: &Span, text: &str, part: &std::ops::Range<usize>) -> Span {
    let written = source.text().get(string.clone()).unwrap_or_default();
    match written.find(text) {
        Some(offset) if !text.is_empty() => {
            let start = string.start + offset;
            start + part.start..start + part.end
        }
        _ => string.clone(),
    }
}

fn entry(field: &Field<'_>) -> Result<Entry, StudyFileError> {
    let name = field.key();
    let (form, keys) = if field.is_table() {
        declared(field.table(format!("parameter `{name}`"))?, &[])?
    } else {
        (ParameterForm::fixed(field.value()?), Vec::new())
    };
    let parameter = form.build(name).map_err(|error| {
        let text = error.to_string();
        at_fault(&keys, &text).unwrap_or(field).wrong(text)
    })?;
    Ok(Entry { parameter, place: field.key_span(), bare: !field.is_table(), inherited: Inherited::Nothing })
}

/// The key that a message names first, within the item where it is about that.
fn at_fault<'f, 'a>(keys: &'f [Field<'a>], message: &str) -> Option<&'f Field<'a>> {
    let said = message.split_once(": ").map_or(message, |(_, said)| said);
    // Of what is wrong within the item, the key there.
    let said = said.strip_prefix("its `item`: ").unwrap_or(said);
    let named = |key: &Field<'_>| said.find(&format!("`{}`", key.key()));
    keys.iter().filter_map(|key| Some((named(key)?, key))).min_by_key(|(at, _)| *at).map(|(_, key)| key)
}

/// The form, and its keys with their places. An item of a list takes fewer keys than a parameter.
fn declared<'a>(
    mut table: Table<'a>,
    only: &[&'static str],
) -> Result<(ParameterForm, Vec<Field<'a>>), StudyFileError> {
    let kind = table.require("type", &format!("type = \"float\" (or {})", TYPES[1..].join(", ")))?;
    if !only.is_empty() && kind.text()? == "list" {
        return Err(kind.wrong("lists of lists are not searched; items are float, int, categorical, ordinal or bool"));
    }
    let known: Vec<(&str, &str)> = TYPES.into_iter().chain(["cat"]).map(|name| (name, name)).collect();
    let mut form = ParameterForm { kind: kind.choice(&known)?.to_owned(), ..ParameterForm::default() };
    let mut keys = Vec::new();
    let mut take = |table: &mut Table<'a>, key: &'static str| {
        let field = if only.is_empty() || only.contains(&key) { table.take(key) } else { None };
        keys.extend(field.clone());
        field
    };
    form.low = take(&mut table, "low").map(|field| field.value()).transpose()?;
    form.high = take(&mut table, "high").map(|field| field.value()).transpose()?;
    form.log = take(&mut table, "log").map(|field| field.boolean()).transpose()?.unwrap_or_default();
    form.step = take(&mut table, "step").map(|field| field.value()).transpose()?;
    form.choices = take(&mut table, "choices").map(|field| field.values()).transpose()?;
    form.values = take(&mut table, "values").map(|field| field.values()).transpose()?;
    form.len = take(&mut table, "len").map(|field| length(&field)).transpose()?;
    let item = take(&mut table, "item");
    form.rule =
        take(&mut table, "rule").map(|field| field.choice(&Rule::ALL)).transpose()?.map(|r| r.name().to_owned());
    form.default = take(&mut table, "default").map(|field| field.value()).transpose()?;
    form.prior = take(&mut table, "prior").map(|field| prior(&field)).transpose()?;
    form.when = take(&mut table, "when").map(|field| condition(&field)).transpose()?.unwrap_or_default();
    form.doc = take(&mut table, "doc").map(|field| field.text()).transpose()?;
    form.source = take(&mut table, "source").map(|field| field.text()).transpose()?;
    table.finish()?;
    if let Some(field) = item {
        let (item, mut inner) = declared(field.table("`item`")?, &["low", "high", "log", "step", "choices", "values"])?;
        form.item = Some(Box::new(item));
        keys.append(&mut inner);
    }
    Ok((form, keys))
}

fn length(field: &Field<'_>) -> Result<LengthForm, StudyFileError> {
    if field.is_table() {
        let mut table = field.table("`len`")?;
        let bound = |field: Field<'_>| field.whole(0..=1 << 20);
        let low = table.require("low", "low = 1").and_then(bound)?;
        let high = table.require("high", "high = 4").and_then(bound)?;
        table.finish()?;
        return Ok(LengthForm::Between { low, high });
    }
    match field.value()? {
        Value::Int(length) if length >= 0 => Ok(LengthForm::Exactly(length.unsigned_abs())),
        Value::Text(other) => Ok(LengthForm::As(other)),
        _ => Err(field.must_be(
            "a whole number, bounds such as { low = 1, high = 4 }, or the name of an earlier list or whole number",
        )),
    }
}

fn prior(field: &Field<'_>) -> Result<Prior, StudyFileError> {
    let expected = "a table, { center = 0.001, confidence = \"high\" } or { weights = [4, 1] }";
    if !field.is_table() {
        return Err(field.must_be(expected));
    }
    let mut table = field.table("`prior`")?;
    let center = table.take("center").map(|field| field.value()).transpose()?;
    let confidence = table.take("confidence").map(|field| field.choice(&Confidence::ALL)).transpose()?;
    let weights = table.take("weights");
    table.finish()?;
    match (center, weights, confidence) {
        (Some(center), None, confidence) => Ok(Prior::Center { center, confidence: confidence.unwrap_or_default() }),
        (None, Some(weights), None) => {
            let number = |item: &Field<'_>| item.value()?.as_f64().ok_or_else(|| item.must_be("a number above 0"));
            let weights = weights.items("a list of numbers")?.iter().map(number).collect::<Result<_, _>>()?;
            Ok(Prior::Weights { weights })
        }
        (None, None, _) => Err(field.wrong(format!("`prior` says nothing; it is {expected}"))),
        _ => Err(field.wrong("`prior` has both; give either a center, with its confidence, or weights")),
    }
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
        } else {
            match parent.value()? {
                Value::List(values) => Test::OneOf(values),
                value => Test::Is(value),
            }
        };
        condition.0.insert(parent.key().to_owned(), test);
    }
    Ok(condition)
}

impl StudyFile {
    /// The space of these parameters and constraints; errors point at what is at fault.
    pub(super) fn space_of(
        &self,
        parameters: Vec<Parameter>,
        constraints: Vec<Constraint>,
    ) -> Result<SearchSpace, StudyFileError> {
        SearchSpace::with_constraints(parameters, constraints).map_err(|error| match &error {
            SpaceError::Parameter { name, .. } => self.source.wrong(self.place_of(name), self.explained(&error)),
            SpaceError::Constraint { text, error: inner } => {
                let place = self.place_of_constraint(text);
                let place = within(&self.source, &place, text, &inner.at);
                self.source.wrong(place, self.explained(&error))
            }
            _ => self.source.wrong(self.space.place.clone(), error.to_string()),
        })
    }

    /// The message, with a hint where it is about a name.
    fn explained(&self, error: &SpaceError) -> String {
        let names = || self.space.entries.iter().map(|entry| entry.parameter.name.as_str());
        let unknown = match error {
            SpaceError::Constraint { error, .. } => error.unknown.as_deref(),
            SpaceError::Parameter { message, .. } if message.ends_with("there is no such parameter") => {
                message.split('`').nth_back(1)
            }
            _ => None,
        };
        match unknown {
            Some(name) if !RESERVED.contains(&name) => {
                format!("{error}; {}", did_you_mean(name, "parameters", names()))
            }
            _ => error.to_string(),
        }
    }

    /// Where a parameter is declared; the table's own place where it is not.
    pub(super) fn place_of(&self, name: &str) -> Span {
        let entry = self.space.entries.iter().find(|entry| entry.parameter.name == name);
        entry.map_or(self.space.place.clone(), |entry| entry.place.clone())
    }

    /// Where a constraint is written; the table's own place where it is the family's.
    pub(super) fn place_of_constraint(&self, text: &str) -> Span {
        let own = self.space.constraints.iter().find(|(constraint, _)| constraint.text() == text);
        own.map_or(self.space.place.clone(), |(_, place)| place.clone())
    }
}
