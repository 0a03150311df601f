//! Looking a log over: what SQLite, the schema, the rows and the rules of the log say of it.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::{Store, StoreError, StoreReader, request, row};
use crate::event::Event;
use crate::history::History;

/// How many faults of the file are told at most.
const MOST_FAULTS: u32 = 20;

/// What a log looks like.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Version of the file's format.
    pub format: u32,
    /// What SQLite finds wrong with the file.
    pub damage: Vec<String>,
    /// Parts of the schema that are missing or were changed.
    pub schema: Vec<SchemaFault>,
    /// The events up to the first one that is wrong, as far as the file can be read.
    pub events: Vec<Event>,
    /// Their fold; `None` where not even the first is right.
    pub history: Option<History>,
    /// What is wrong with the event after them.
    pub fault: Option<String>,
}

/// A part of the schema that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaFault {
    /// Its kind and name: "index one_start".
    pub part: String,
    /// Whether it is there at all, in another form.
    pub is_changed: bool,
    /// Whether it can be put back: all but tables, which hold what was written.
    pub can_be_mended: bool,
}

impl StoreReader {
    /// Looks the log over. Changes nothing.
    ///
    /// # Errors
    /// Where the file can no longer be read at all.
    pub fn inspect(&self) -> Result<Inspection, StoreError> {
        let fail = |error| StoreError::of(&self.directory, error);
        let format = self.connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
        let damage = damage(&self.connection).unwrap_or_else(|error| vec![error.to_string()]);
        let schema = schema_faults(&self.connection).map_err(fail)?;
        let (mut events, mut history, mut fault): (Vec<Event>, Option<History>, Option<String>) =
            (Vec::new(), None, None);
        let read = row::each_after(&self.connection, 0, |event| {
            let due = events.len() as u64 + 1;
            let folded = match &mut history {
                _ if event.seq != due => Err(format!("event {due} is missing: event {} comes next", event.seq)),
                Some(history) => history.apply(&event).map_err(|error| error.to_string()),
                None => History::new(&event).map(|first| history = Some(first)).map_err(|error| error.to_string()),
            };
            fault = folded.err();
            if fault.is_none() {
                events.push(event);
            }
            fault.is_none()
        });
        if let Err(error) = read {
            fault = Some(format!("event {} cannot be read: {error}", events.len() + 1));
        }
        if fault.is_none() && events.is_empty() {
            fault = Some("the log is empty".to_owned());
        }
        Ok(Inspection { format, damage, schema, events, history, fault })
    }
}

impl Store {
    /// Puts back the indexes, triggers and views that are missing or were changed, all or none, and gives their names.
    ///
    /// # Errors
    /// [`StoreError::Invariant`] where the events break the rule of an index.
    pub fn mend_schema(&mut self) -> Result<Vec<String>, StoreError> {
        let directory = self.directory.clone();
        let fail = |error| StoreError::of(&directory, error);
        let right = right_schema().map_err(fail)?;
        let faults = schema_faults(&self.connection).map_err(fail)?;
        let transaction = self.begin()?;
        let mut mended = Vec::new();
        for fault in faults.into_iter().filter(|fault| fault.can_be_mended) {
            let Some(text) = right.get(&fault.part) else { continue };
            transaction
                .execute_batch(&format!("DROP {} IF EXISTS {}; {text}", kind(&fault.part), name(&fault.part)))
                .map_err(fail)?;
            mended.push(fault.part);
        }
        transaction.commit().map_err(fail)?;
        Ok(mended)
    }

    /// Writes a log of these events, as they stand, into a new directory.
    ///
    /// # Errors
    /// As [`Store::create`]; [`StoreError::Invariant`] where the events break a rule.
    pub fn restore(directory: &Path, events: &[Event]) -> Result<Store, StoreError> {
        Store::found(directory, |_| events.to_vec())
    }

    /// Copies what was asked of another study and written beside it, up to the first row that cannot be read: notes, tags,
    /// and the numbers by which the log answers requests.
    ///
    /// # Errors
    /// Where they cannot be written; then none of them is.
    pub fn copy_requests(&mut self, from: &StoreReader) -> Result<(), StoreError> {
        let directory = self.directory.clone();
        let fail = |error| StoreError::of(&directory, error);
        let rows = request::rows(&from.connection);
        let transaction = self.begin()?;
        for row in &rows {
            request::insert(&transaction, row).map_err(fail)?;
        }
        transaction.commit().map_err(fail)
    }
}

fn damage(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({MOST_FAULTS})"))?;
    let lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// The text of each part of a schema, by kind and name.
fn schema(connection: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    let text = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
    connection.prepare(text)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn right_schema() -> rusqlite::Result<BTreeMap<String, String>> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(include_str!("schema.sql"))?;
    schema(&connection)
}

fn schema_faults(connection: &Connection) -> rusqlite::Result<Vec<SchemaFault>> {
    let found = schema(connection)?;
    let wrong = right_schema()?.into_iter().filter(|(part, text)| found.get(part) != Some(text));
    let fault = |(part, _): (String, String)| SchemaFault {
        is_changed: found.contains_key(&part),
        can_be_mended: kind(&part) != "table",
        part,
    };
    Ok(wrong.map(fault).collect())
}

fn kind(part: &str) -> &str {
    part.split_once(' ').map_or(part, |(kind, _)| kind)
}

fn name(part: &str) -> &str {
    part.split_once(' ').map_or(part, |(_, name)| name)
}
