//! Events as rows: the columns people query, and the rest as JSON.

use std::collections::BTreeMap;

use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::event::{AttemptEnd, Event, EventKind, MetricsJson};

const INSERT: &str = "INSERT INTO event(seq, at_us, kind, trial, attempt, step, value, body) VALUES (?,?,?,?,?,?,?,?)";
const SELECT: &str =
    "SELECT seq, at_us, kind, trial, attempt, step, value, body FROM event WHERE seq > ? ORDER BY seq LIMIT ?";

/// A limit that is none, to SQLite.
const ALL: i64 = -1;

/// The beginning of any query whose rows [`decode`] reads.
pub(super) const COLUMNS: &str = "SELECT seq, at_us, kind, trial, attempt, step, value, body FROM event";

pub(super) fn insert(connection: &Connection, event: &Event) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(INSERT)?;
    if let EventKind::Reported { trial, attempt, step, value, metrics } = &event.kind {
        let row = params![event.seq, event.at_us, "reported", trial, attempt, step, value, metrics.as_str()];
        return statement.execute(row).map(drop);
    }
    let failed = |error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    let Value::Object(mut body) = serde_json::to_value(&event.kind).map_err(failed)? else {
        return Err(rusqlite::Error::InvalidQuery);
    };
    let kind = body.remove("kind").and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
    let mut whole = |key: &str| body.remove(key).and_then(|value| value.as_i64());
    let (trial, attempt, step) = (whole("trial"), whole("attempt"), whole("step"));
    let value = body.remove("value").and_then(|value| value.as_f64());
    let body = (!body.is_empty()).then(|| Value::Object(body).to_string());
    statement.execute(params![event.seq, event.at_us, kind, trial, attempt, step, value, body]).map(drop)
}

pub(super) fn after(connection: &Connection, seq: u64) -> rusqlite::Result<Vec<Event>> {
    connection.prepare_cached(SELECT)?.query_map(params![seq, ALL], decode)?.collect()
}

/// As [`after`], but at most so many.
pub(super) fn some_after(connection: &Connection, seq: u64, most: u32) -> rusqlite::Result<Vec<Event>> {
    connection.prepare_cached(SELECT)?.query_map(params![seq, most], decode)?.collect()
}

/// Hands over the events after position `seq`, in order and without gathering them, until it is told to stop.
pub(super) fn each_after(
    connection: &Connection,
    seq: u64,
    mut hand: impl FnMut(Event) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(SELECT)?;
    let mut rows = statement.query(params![seq, ALL])?;
    while let Some(row) = rows.next()? {
        if !hand(decode(row)?) {
            break;
        }
    }
    Ok(())
}

/// The body of `attempt_started`.
#[derive(Deserialize)]
struct Started {
    worker: u64,
    device: String,
    #[serde(default)]
    build: BTreeMap<String, String>,
    from_step: u64,
    #[serde(default)]
    elsewhere: Vec<String>,
}

/// The body of `attempt_ended`.
#[derive(Deserialize)]
struct Ended {
    cause: AttemptEnd,
    #[serde(default)]
    message: String,
}

pub(super) fn decode(row: &Row<'_>) -> rusqlite::Result<Event> {
    let (seq, at_us) = (row.get(0)?, row.get(1)?);
    // What there are many of is read without a detour.
    let kind = match row.get_ref(2)?.as_str()? {
        "reported" => EventKind::Reported {
            trial: row.get(3)?,
            attempt: row.get(4)?,
            step: row.get(5)?,
            value: row.get(6)?,
            metrics: MetricsJson::from_text(row.get_ref(7)?.as_str()?),
        },
        "attempt_started" => {
            let (trial, attempt) = (row.get(3)?, row.get(4)?);
            let Started { worker, device, build, from_step, elsewhere } = body(row)?;
            EventKind::AttemptStarted { trial, attempt, worker, device, build, from_step, elsewhere }
        }
        "attempt_ended" => {
            let (trial, attempt) = (row.get(3)?, row.get(4)?);
            let Ended { cause, message } = body(row)?;
            EventKind::AttemptEnded { trial, attempt, cause, message }
        }
        "completed" => EventKind::Completed { trial: row.get(3)? },
        kind => tagged(row, kind)?,
    };
    Ok(Event { seq, at_us, kind })
}

fn failed(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(7, Type::Text, Box::new(error))
}

fn body<'a, T: Deserialize<'a>>(row: &'a Row<'_>) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(7)?.as_str()?).map_err(failed)
}

/// Any event: its columns and its body together are its JSON form.
fn tagged(row: &Row<'_>, kind: &str) -> rusqlite::Result<EventKind> {
    let mut map: Map<String, Value> = match row.get_ref(7)?.as_str_or_null()? {
        Some(text) => serde_json::from_str(text).map_err(failed)?,
        None => Map::new(),
    };
    for (column, key) in [(3, "trial"), (4, "attempt"), (5, "step")] {
        if let Some(number) = row.get::<_, Option<i64>>(column)? {
            map.insert(key.to_owned(), number.into());
        }
    }
    if let Some(value) = row.get::<_, Option<f64>>(6)? {
        map.insert("value".to_owned(), value.into());
    }
    map.insert("kind".to_owned(), kind.into());
    serde_json::from_value(Value::Object(map)).map_err(failed)
}
