//! Going on with a study whose file was edited: what may change becomes events, all else is refused with the exact
//! difference.
//!
//! Budget, workers and additional enqueued points may change while a study lives. What decisions depend on is frozen:
//! objective, data, seed, order, window, space, sampler, and what a trial is.

use seqtune_core::{EventKind, History, Settings, StudySpec};
use seqtune_space::{Parameter, ParameterForm, Params};
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

/// The frozen parts in which two specifications differ, in the order of the keys. Descriptions for people are not
/// compared, and of the family only its name and version.
pub fn diff(old: &StudySpec, new: &StudySpec) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("", &comparable(old), &comparable(new), &mut changes);
    let order = |spec: &StudySpec| spec.space.parameters().iter().map(|p| p.name.clone()).collect::<Vec<_>>();
    let (old_order, new_order) = (order(old), order(new));
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    if old_order != new_order && sorted(&old_order) == sorted(&new_order) {
        let key = "space (order of its parameters)".to_owned();
        changes.push(Change { key, old: old_order.join(", "), new: new_order.join(", ") });
    }
    changes
}

/// The events that bring the study of `history` to what the file says now, and the frozen parts that forbid it.
///
/// # Errors
/// The differences in frozen parts.
pub fn edit(history: &History, spec: &StudySpec, settings: &Settings) -> Result<Vec<EventKind>, Vec<Change>> {
    let old = &history.spec;
    let mut frozen = spec.clone();
    let kept = old.enqueue.len();
    let added: Vec<Params> = if spec.enqueue.starts_with(&old.enqueue) {
        frozen.enqueue.truncate(kept);
        spec.enqueue[kept..].to_vec()
    } else {
        Vec::new()
    };
    let changes = diff(old, &frozen);
    if !changes.is_empty() {
        return Err(changes);
    }
    let from_trial = history.trials.len() as u64;
    let mut events = Vec::new();
    if *settings != history.settings {
        events.push(EventKind::SettingsChanged { settings: settings.clone(), from_trial });
    }
    // Points that an earlier edit added are in the queue already.
    let waiting: Vec<&Params> = history.queue.iter().skip(kept).map(|queued| &queued.params).collect();
    for params in added.into_iter().filter(|params| !waiting.contains(&params)) {
        events.push(EventKind::Enqueued { params, from_trial, request: None });
    }
    Ok(events)
}

/// The specification as a tree of what is compared: parameters by name, and of the family its name and version.
fn comparable(spec: &StudySpec) -> Value {
    let mut value = serde_json::to_value(spec).unwrap_or_default();
    value["info"] = serde_json::json!({ "name": spec.info.name, "version": spec.info.version });
    let parameter = |parameter: &Parameter| {
        let form = ParameterForm { doc: None, ..ParameterForm::from(parameter.clone()) };
        (parameter.name.clone(), serde_json::to_value(form).unwrap_or_default())
    };
    value["space"] = Value::Object(spec.space.parameters().iter().map(parameter).collect());
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
        let show = |value: &Value| if value.is_null() { "absent".to_owned() } else { value.to_string() };
        changes.push(Change { key: key.to_owned(), old: show(old), new: show(new) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seqtune_core::{Budget, testing};

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

    #[test]
    fn the_same_specification_has_no_difference() {
        let draft = testing::study(SPACE);
        assert_eq!(diff(draft.spec(), draft.spec()), []);
    }

    #[test]
    fn differences_are_named_exactly() {
        let old = testing::study(SPACE);
        let wider = testing::study(&SPACE.replace("high = 1 ", "high = 2 ")).seed(5);
        let new = wider.with(|spec| {
            spec.trial.steps = 7;
            spec.trial.time_limit_secs = Some(60.0);
            spec.info.version = "2".to_owned();
        });
        assert_eq!(
            lines(&diff(old.spec(), new.spec())),
            [
                "info.version: \"1\" in the study, \"2\" in the file",
                "seed: 1 in the study, 5 in the file",
                "space.lr.high: 1.0 in the study, 2.0 in the file",
                "trial.steps: 1 in the study, 7 in the file",
                "trial.time_limit_secs: absent in the study, 60.0 in the file",
            ]
        );
        let (first, second) = SPACE.split_once('\n').unwrap();
        let turned = testing::study(&format!("{second}\n{first}"));
        assert_eq!(
            lines(&diff(old.spec(), turned.spec())),
            ["space (order of its parameters): lr, width in the study, width, lr in the file"]
        );
    }

    #[test]
    fn words_for_people_may_change() {
        let old = testing::study(SPACE);
        let new = testing::study(&SPACE.replace("high = 1 ", "high = 1, doc = 'rate' "))
            .with(|spec| spec.info.summary = "Other words.".to_owned());
        assert_eq!(diff(old.spec(), new.spec()), []);
    }

    #[test]
    fn budget_and_added_points_become_events_once() {
        let draft = testing::study(SPACE).with(|spec| spec.enqueue = vec![point(0.5)]).trials(2);
        let mut events = draft.events();
        let history = History::fold(&events).unwrap();
        let mut spec = (*history.spec).clone();
        let settings = Settings { budget: Budget { trials: Some(9), ..Budget::default() }, ..Settings::default() };
        spec.enqueue.push(point(0.7));
        let kinds = edit(&history, &spec, &settings).unwrap();
        assert_eq!(
            kinds,
            [
                EventKind::SettingsChanged { settings: settings.clone(), from_trial: 2 },
                EventKind::Enqueued { params: point(0.7), from_trial: 2, request: None },
            ]
        );
        for kind in kinds {
            let seq = events.len() as u64 + 1;
            events.push(seqtune_core::Event { seq, at_us: 0, kind });
        }
        let history = History::fold(&events).unwrap();
        assert_eq!(edit(&history, &spec, &settings).unwrap(), [], "a second time there is nothing to do");
        spec.enqueue.clear();
        assert_eq!(edit(&history, &spec, &settings).unwrap_err()[0].key, "enqueue");
    }
}
