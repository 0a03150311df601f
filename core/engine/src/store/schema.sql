CREATE TABLE event(
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    trial INTEGER,
    attempt INTEGER,
    step INTEGER,
    value REAL,
    body TEXT
) STRICT;

-- The invariants of the log.
CREATE UNIQUE INDEX one_study  ON event(kind)        WHERE kind = 'study_created';
CREATE UNIQUE INDEX one_start  ON event(trial)       WHERE kind = 'trial_started';
CREATE UNIQUE INDEX one_report ON event(trial, step) WHERE kind = 'reported';
CREATE UNIQUE INDEX one_attempt_start ON event(trial, attempt) WHERE kind = 'attempt_started';
CREATE UNIQUE INDEX one_attempt_end   ON event(trial, attempt) WHERE kind = 'attempt_ended';
CREATE UNIQUE INDEX one_end    ON event(trial)       WHERE kind IN ('completed', 'pruned', 'failed');
CREATE UNIQUE INDEX one_answer ON event(json_extract(body, '$.id')) WHERE kind = 'request_answered';

-- Append-only, also for a slip of the hand in another program.
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

-- What people ask of the study from outside; the manager answers with request_answered.
CREATE TABLE request(
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    by TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT
) STRICT;

-- For people with sqlite3 or pandas.
CREATE VIEW trial AS
SELECT
    start.trial AS number,
    coalesce(fin.kind, CASE WHEN EXISTS (
        SELECT 1 FROM event AS a WHERE a.kind = 'attempt_started' AND a.trial = start.trial
    ) THEN 'unfinished' ELSE 'waiting' END) AS state,
    json_extract(start.body, '$.origin') AS origin,
    json_extract(start.body, '$.config_key') AS config_key,
    json_extract(start.body, '$.params') AS params,
    (SELECT max(r.step) FROM event AS r WHERE r.kind = 'reported' AND r.trial = start.trial) AS last_step,
    (SELECT r.value FROM event AS r WHERE r.kind = 'reported' AND r.trial = start.trial
     ORDER BY r.step DESC LIMIT 1) AS last_value,
    (SELECT max(r.value) FROM event AS r WHERE r.kind = 'reported' AND r.trial = start.trial) AS max_value,
    (SELECT min(r.value) FROM event AS r WHERE r.kind = 'reported' AND r.trial = start.trial) AS min_value,
    start.at_us AS started_us,
    fin.at_us AS ended_us
FROM event AS start
LEFT JOIN event AS fin ON fin.trial = start.trial AND fin.kind IN ('completed', 'pruned', 'failed')
WHERE start.kind = 'trial_started';

CREATE VIEW report AS
SELECT trial, step, value, at_us, body AS metrics FROM event WHERE kind = 'reported';
