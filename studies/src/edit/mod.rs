//! Going on with a study whose file was edited: what may change becomes events, all else is refused with the exact
//! difference.
//!
//! Budget, workers, additional enqueued points and a wider space may come in while a study lives. What decisions depend
//! on is frozen: objectives, outcome constraints, data, seed, order, window, sampler, pruner, and what a trial is.

mod widening;

use seqtune_core::{EventKind, History, Settings, StudySpec};
use seqtune_space::{Params, SearchSpace};
use serde::Serialize;
use serde_json::Value;

/// One frozen part that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As it is written in the study file: `trial.steps`.
    pub key: String,
    /// In the study, as JSON; `absent` where it is not there.
    pub old: String,
    /// In the file.
    pub new: String,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} in the study, {} in the file", self.key, self.old, self.new)
    }
}

/// The events that bring the study of `history` to what the file says now, and the frozen parts that forbid it.
///
/// `written` are the points of the specification's queue with nothing but what the file says of them: the rest was filled
/// in from defaults, which may be others now.
///
/// # Errors
/// The differences in frozen parts.
pub fn edit(
    history: &History,
    spec: &StudySpec,
    written: &[Params],
    settings: &Settings,
) -> Result<Vec<EventKind>, Vec<Change>> {
    let old = &history.spec;
    let mut changes = Vec::new();
    compare("", &comparable(old), &comparable(spec), &mut changes);
    changes.extend(widening::differences("space", &old.space, &spec.space));
    changes.extend(widening::differences("family's parameters", &old.info.parameters, &spec.info.parameters));
    let added = match added_points(history, &spec.enqueue, written) {
        Ok(added) => added,
        Err(change) => {
            changes.push(change);
            Vec::new()
        }
    };
    if !changes.is_empty() {
        return Err(changes);
    }
    let from_trial = history.trials.len() as u64;
    let mut events = Vec::new();
    if *settings != history.settings {
        events.push(EventKind::SettingsChanged { settings: settings.clone(), from_trial });
    }
    let declared = !same_space(&old.info.parameters, &spec.info.parameters);
    if declared || !same_space(&old.space, &spec.space) {
        let version = history.space_version(u64::MAX) + 1;
        let declared = declared.then(|| spec.info.parameters.clone());
        events.push(EventKind::SpaceChanged { version, from_trial, space: spec.space.clone(), declared });
    }
    events.extend(added.into_iter().map(|params| EventKind::Enqueued {
        params,
        from_trial,
        request: None,
        again: false,
    }));
    Ok(events)
}

/// The points that the file lists and the study does not know yet. Those that it took from the file before must all be
/// there: a point that was replaced would be tried beside its replacement. Their order says nothing any more.
fn added_points(history: &History, listed: &[Params], written: &[Params]) -> Result<Vec<Params>, Change> {
    let from_file = history.queue.iter().filter(|queued| queued.request.is_none());
    let mut known: Vec<&Params> = from_file.map(|queued| &queued.params).collect();
    let mut new: Vec<(&Params, Option<&Params>)> = Vec::new();
    for (index, params) in listed.iter().enumerate() {
        match known.iter().position(|earlier| *earlier == params) {
            Some(index) => drop(known.remove(index)),
            None => new.push((params, written.get(index))),
        }
    }
    let mut added = Vec::new();
    for (params, written) in new {
        let said = |earlier: &Params| {
            written.is_some_and(|written| {
                !written.0.is_empty()
                    && written.iter().all(|(name, value)| earlier.get(name).is_some_and(|v| v.same(value)))
            })
        };
        match known.iter().position(|earlier| said(earlier)) {
            Some(index) => drop(known.remove(index)),
            None => added.push(params.clone()),
        }
    }
    match known.first() {
        None => Ok(added),
        Some(missing) => {
            let new = "absent; points can be added, and those that were taken stay".to_owned();
            Err(Change { key: "enqueue".to_owned(), old: missing.to_string(), new })
        }
    }
}

/// Whether two spaces differ in nothing but words for people.
fn same_space(old: &SearchSpace, new: &SearchSpace) -> bool {
    let wordless = |space: &SearchSpace| {
        let mut parameters = space.parameters().to_vec();
        for parameter in &mut parameters {
            (parameter.doc, parameter.source) = (None, None);
        }
        (parameters, space.constraints().to_vec())
    };
    wordless(old) == wordless(new)
}

/// The specification as a tree of what must stay as it is; of the family its name and version.
fn comparable(spec: &StudySpec) -> Value {
    let mut value = serde_json::to_value(spec).unwrap_or_default();
    value["info"] = serde_json::json!({ "name": spec.info.name, "version": spec.info.version });
    if let Value::Object(table) = &mut value {
        table.remove("space");
        table.remove("enqueue");
    }
    value
}

fn compare(key: &str, old: &Value, new: &Value, changes: &mut Vec<Change>) {
    if let (Value::Object(old), Value::Object(new)) = (old, new) {
        let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
        keys.sort();
        keys.dedup();
        for name in keys {
            let inner = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            let side = |table: &serde_json::Map<String, Value>| table.get(name).cloned().unwrap_or(Value::Null);
            compare(&inner, &side(old), &side(new), changes);
        }
    } else if old != new {
        changes.push(Change { key: key.to_owned(), old: show(old), new: show(new) });
    }
}

/// A part of a specification as JSON.
fn show(part: &impl Serialize) -> String {
    match serde_json::to_value(part) {
        Ok(Value::Null) | Err(_) => "absent".to_owned(),
        Ok(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seqtune_core::{Budget, Event, testing};

    const SPACE: &str = "lr = { type = 'float', low = 0.1, high = 1 }\nwidth = { type = 'int', low = 1, high = 9 }";

    fn point(lr: f64) -> Params {
        let mut params = Params::default();
        params.set("lr", lr);
        params.set("width", 3);
        params
    }

    fn lines(changes: &[Change]) -> Vec<String> {
        changes.iter().map(Change::to_string).collect()
    }

    fn edited(old: &testing::StudyDraft, new: &testing::StudyDraft) -> Result<Vec<EventKind>, Vec<String>> {
        let history = old.history();
        edit(&history, new.spec(), &[], &history.settings).map_err(|changes| lines(&changes))
    }

    /// The log with these events at its end.
    fn with(mut events: Vec<Event>, kinds: Vec<EventKind>) -> Vec<Event> {
        for kind in kinds {
            let seq = events.len() as u64 + 1;
            events.push(Event { seq, at_us: 0, kind });
        }
        events
    }

    #[test]
    fn the_same_specification_has_no_difference() {
        let draft = testing::study(SPACE);
        assert_eq!(edited(&draft, &draft), Ok(Vec::new()));
    }

    #[test]
    fn differences_are_named_exactly() {
        let old = testing::study(SPACE);
        let narrower = testing::study(&SPACE.replace("high = 1 ", "high = 0.5 ")).seed(5);
        let new = narrower.with(|spec| {
            spec.trial.steps = 7;
            spec.trial.time_limit_secs = Some(60.0);
            spec.info.version = "2".to_owned();
        });
        assert_eq!(
            edited(&old, &new).unwrap_err(),
            [
                "info.version: \"1\" in the study, \"2\" in the file",
                "seed: 1 in the study, 5 in the file",
                "trial.steps: 1 in the study, 7 in the file",
                "trial.time_limit_secs: absent in the study, 60.0 in the file",
                "space.lr.high: 1.0 in the study, 0.5 in the file",
                "family's parameters.lr.high: 1.0 in the study, 0.5 in the file",
            ]
        );
        let (first, second) = SPACE.split_once('\n').unwrap();
        let turned = testing::study(&format!("{second}\n{first}"));
        let kinds = edited(&old, &turned).unwrap();
        assert!(matches!(kinds.as_slice(), [EventKind::SpaceChanged { version: 1, .. }]), "an order is no difference");
    }

    #[test]
    fn objectives_and_outcome_constraints_are_frozen() {
        let old = testing::study(SPACE);
        let new = old.clone().with(|spec| {
            let metric = "value".to_owned();
            let constraint = seqtune_core::OutcomeConstraint { metric, at_most: Some(2.0), at_least: None };
            spec.outcome_constraints.push(constraint);
        });
        let absent = "absent in the study";
        let written = r#"[{"at_most":2.0,"metric":"value"}]"#;
        assert_eq!(edited(&old, &new).unwrap_err(), [format!("outcome_constraints: {absent}, {written} in the file")]);
        assert!(edited(&new, &old).unwrap_err()[0].ends_with("in the study, absent in the file"));
        let two = old.clone().with(|spec| spec.objectives.push(spec.objectives[0].clone()));
        assert!(edited(&old, &two).unwrap_err()[0].starts_with("objectives: [{"));
    }

    #[test]
    fn words_for_people_may_change() {
        let old = testing::study(SPACE);
        let new = testing::study(&SPACE.replace("high = 1 ", "high = 1, doc = 'rate', source = 'a guess' "))
            .with(|spec| spec.info.summary = "Other words.".to_owned());
        assert_eq!(edited(&old, &new), Ok(Vec::new()));
    }

    #[test]
    fn a_wider_space_is_a_new_version_once() {
        let old = testing::study(SPACE).trials(3);
        let wider = testing::study(&SPACE.replace("high = 1 ", "high = 2 "));
        let kinds = edited(&old, &wider).unwrap();
        // In these tests the family declares what the study searches.
        let (space, declared) = (wider.spec().space.clone(), Some(wider.spec().space.clone()));
        assert_eq!(kinds, [EventKind::SpaceChanged { version: 1, from_trial: 3, space, declared }]);
        let history = History::fold(&with(old.events(), kinds)).unwrap();
        assert_eq!((history.space_version(2), history.space_version(3)), (0, 1));
        assert_eq!(history.spec.space, wider.spec().space);
        assert_eq!(
            edit(&history, wider.spec(), &[], &history.settings),
            Ok(Vec::new()),
            "a second time there is nothing to do"
        );
        // Back to the narrower one: that would leave points outside.
        let back = edit(&history, old.spec(), &[], &history.settings).unwrap_err();
        assert_eq!(lines(&back)[0], "space.lr.high: 2.0 in the study, 1.0 in the file");
        assert_eq!(seqtune_core::verify(&history).differences, []);
    }

    #[test]
    fn budget_and_added_points_become_events_once() {
        let draft = testing::study(SPACE).with(|spec| spec.enqueue = vec![point(0.5)]).trials(2);
        let history = draft.history();
        let mut spec = (*history.spec).clone();
        let settings = Settings { budget: Budget { trials: Some(9), ..Budget::default() }, ..Settings::default() };
        spec.enqueue.insert(0, point(0.7));
        let kinds = edit(&history, &spec, &[], &settings).unwrap();
        assert_eq!(
            kinds,
            [
                EventKind::SettingsChanged { settings: settings.clone(), from_trial: 2 },
                EventKind::Enqueued { params: point(0.7), from_trial: 2, request: None, again: false },
            ]
        );
        let asked = EventKind::Enqueued { params: point(0.9), from_trial: 2, request: Some(1), again: false };
        let history = History::fold(&with(draft.events(), [kinds, vec![asked]].concat())).unwrap();
        assert_eq!(edit(&history, &spec, &[], &settings), Ok(Vec::new()), "a second time there is nothing to do");
        spec.enqueue.push(point(0.7));
        let again = edit(&history, &spec, &[], &settings).unwrap();
        assert_eq!(again.len(), 1, "a point that is listed twice is tried twice");
    }

    #[test]
    fn a_point_is_known_by_what_the_file_says_of_it() {
        let draft = testing::study(SPACE).with(|spec| spec.enqueue = vec![point(0.5)]);
        let history = draft.history();
        // The default of `width` has changed from 3 to 4; the file says no more than the rate.
        let mut spec = draft.spec().clone();
        spec.enqueue[0].set("width", 4);
        let mut written = Params::default();
        written.set("lr", 0.5);
        assert_eq!(edit(&history, &spec, &[written.clone()], &history.settings), Ok(Vec::new()));
        written.set("width", 4);
        assert!(edit(&history, &spec, &[written], &history.settings).is_err());
    }

    #[test]
    fn a_point_that_was_taken_stays() {
        let draft = testing::study(SPACE).with(|spec| spec.enqueue = vec![point(0.5), point(0.6)]);
        let replaced = draft.clone().with(|spec| spec.enqueue[1] = point(0.7));
        assert_eq!(
            edited(&draft, &replaced).unwrap_err(),
            [
                "enqueue: lr=0.6 width=3 in the study, absent; points can be added, and those that were taken stay in the file"
            ]
        );
    }
}
