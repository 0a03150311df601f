//! Requests: what people ask of a study from outside. Append-only; the manager answers in the log.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use seqtune_space::Params;

/// A row of the request table.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its number.
    pub id: u64,
    /// When it was made, in microseconds since 1970.
    pub at_us: i64,
    /// Who made it: "cli", "viewer".
    pub by: String,
    /// What is asked; `None` for a kind that this build does not know.
    pub kind: Option<RequestKind>,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum RequestKind {
    /// End the study's present run once the running trials have ended.
    StopAfterRunning,
    /// End the study's present run now; running trials go on from their last checkpoint when it does.
    StopNow,
    /// Try this point next.
    Enqueue {
        /// The point.
        params: Params,
    },
    /// Try the configuration of this trial with so many seeds more.
    Replicate {
        /// The trial.
        trial: u64,
        /// How many.
        seeds: u64,
    },
}

pub(super) fn open(connection: &Connection) -> rusqlite::Result<Vec<Request>> {
    let text = "SELECT id, at_us, by, kind, body FROM request WHERE id NOT IN
                (SELECT json_extract(body, '$.id') FROM event WHERE kind = 'request_answered') ORDER BY id";
    connection
        .prepare_cached(text)?
        .query_map([], |row| {
            let (kind, body): (String, Option<String>) = (row.get(3)?, row.get(4)?);
            let body = body.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(serde_json::Value::Null);
            let mut tagged = serde_json::Map::new();
            tagged.insert("kind".to_owned(), kind.into());
            if !body.is_null() {
                tagged.insert("body".to_owned(), body);
            }
            let kind = serde_json::from_value(serde_json::Value::Object(tagged)).ok();
            Ok(Request { id: row.get(0)?, at_us: row.get(1)?, by: row.get(2)?, kind })
        })?
        .collect()
}

pub(super) fn add(connection: &Connection, at_us: i64, by: &str, kind: &RequestKind) -> rusqlite::Result<u64> {
    let failed = |error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    let tagged = serde_json::to_value(kind).map_err(failed)?;
    let body = tagged.get("body").map(serde_json::Value::to_string);
    let row = params![at_us, by, tagged.get("kind").and_then(|kind| kind.as_str()), body];
    connection.execute("INSERT INTO request(at_us, by, kind, body) VALUES (?, ?, ?, ?)", row)?;
    Ok(connection.last_insert_rowid() as u64)
}
