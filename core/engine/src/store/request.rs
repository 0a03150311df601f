//! Requests: what people ask of a study from outside. Append-only; the manager answers in the log all but remarks.

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use seqtune_space::Params;

/// A row of the request table.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its number.
    pub id: u64,
    /// When it was made, in microseconds since 1970.
    pub at_us: i64,
    /// Who made it: "command line", "viewer".
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
        /// How many, 1 to [`RequestKind::MOST_SEEDS`].
        seeds: u64,
    },
    /// Start no new trial and no new attempt; running trials go on to their end, and the run waits.
    Pause,
    /// End the pause.
    GoOn,
    /// Remember a text about a trial, or about the study (`None`), in place of the one before; an empty one removes it.
    /// Decides nothing: no manager answers it, and a study at rest takes it. See [`Remarks`](super::Remarks).
    Note {
        /// The trial.
        trial: Option<u64>,
        /// At most [`RequestKind::LONGEST_NOTE`] characters.
        text: String,
    },
    /// Tag a trial, or take the tag away. As with a note, no manager answers it.
    Tag {
        /// The trial.
        trial: u64,
        /// A word, of at most [`RequestKind::LONGEST_TAG`] characters.
        tag: String,
        /// Whether the trial has it from here on.
        on: bool,
    },
}

impl RequestKind {
    /// Seeds that one request can ask for.
    pub const MOST_SEEDS: u64 = 100;
    /// Characters of a note.
    pub const LONGEST_NOTE: usize = 10_000;
    /// Characters of a tag.
    pub const LONGEST_TAG: usize = 64;
}

/// The kinds that stand for themselves. A manager of a build that does not know them refuses them in its log, which
/// changes nothing about them.
pub(super) const REMARKS: &str = "('note', 'tag')";

pub(super) fn open(connection: &Connection) -> rusqlite::Result<Vec<Request>> {
    let text = format!(
        "SELECT id, at_us, by, kind, body FROM request WHERE kind NOT IN {REMARKS} AND id NOT IN
         (SELECT json_extract(body, '$.id') FROM event WHERE kind = 'request_answered') ORDER BY id"
    );
    connection.prepare_cached(&text)?.query_map([], decode)?.collect()
}

/// A row of id, at_us, by, kind, body.
pub(super) fn decode(row: &Row<'_>) -> rusqlite::Result<Request> {
    let (kind, body): (String, Option<String>) = (row.get(3)?, row.get(4)?);
    let body = body.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(serde_json::Value::Null);
    let mut tagged = serde_json::Map::new();
    tagged.insert("kind".to_owned(), kind.into());
    if !body.is_null() {
        tagged.insert("body".to_owned(), body);
    }
    let kind = serde_json::from_value(serde_json::Value::Object(tagged)).ok();
    Ok(Request { id: row.get(0)?, at_us: row.get(1)?, by: row.get(2)?, kind })
}

/// A row as it is.
#[derive(Clone, Debug)]
pub(super) struct RequestRow {
    id: Option<u64>,
    at_us: i64,
    by: String,
    kind: String,
    body: Option<String>,
}

pub(super) fn add(connection: &Connection, at_us: i64, by: &str, kind: &RequestKind) -> rusqlite::Result<u64> {
    let failed = |error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    let tagged = serde_json::to_value(kind).map_err(failed)?;
    let body = tagged.get("body").map(serde_json::Value::to_string);
    let kind = tagged.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
    insert(connection, &RequestRow { id: None, at_us, by: by.to_owned(), kind, body })?;
    Ok(connection.last_insert_rowid() as u64)
}

pub(super) fn insert(connection: &Connection, row: &RequestRow) -> rusqlite::Result<()> {
    let RequestRow { id, at_us, by, kind, body } = row;
    connection
        .prepare_cached("INSERT INTO request(id, at_us, by, kind, body) VALUES (?, ?, ?, ?, ?)")?
        .execute(params![id, at_us, by, kind, body])
        .map(drop)
}

/// All rows up to the first that cannot be read.
pub(super) fn rows(connection: &Connection) -> Vec<RequestRow> {
    let mut rows = Vec::new();
    let text = "SELECT id, at_us, by, kind, body FROM request ORDER BY id";
    if let Ok(mut statement) = connection.prepare(text)
        && let Ok(found) = statement.query_map([], |row| {
            let (id, at_us, by, kind, body) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
            Ok(RequestRow { id, at_us, by, kind, body })
        })
    {
        rows.extend(found.map_while(Result::ok));
    }
    rows
}
