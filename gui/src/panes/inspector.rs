//! One trial: where it stands, its parameters beside those of the best, its attempts, checkpoints and log.

use egui::{Grid, RichText, ScrollArea, Ui};
use seqtune_core::{AttemptEnd, Origin, RequestKind, TrialEnd, TrialState};
use seqtune_plot::{Snapshot, TrialRow};
use seqtune_space::Value;

use crate::model::{Action, Model};
use crate::{text, theme};

pub(super) fn ui(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(snapshot) = model.snapshot() else { return actions };
    // The panel keeps its width, whatever the trial has to say.
    ui.set_min_width(ui.available_width());
    ui.add_space(4.0);
    let Some(row) = model.selected_trial() else {
        ui.label(RichText::new("No trial is selected.").weak());
        ui.label(RichText::new("Click a row, a point or a curve, or press J and K.").weak());
        if let Some(best) = snapshot.best()
            && ui.button("Select the best").clicked()
        {
            actions.push(Action::Select(Some(best.number)));
        }
        return actions;
    };
    ui.horizontal(|ui| {
        theme::state_mark(ui, row.state);
        ui.label(RichText::new(format!("Trial {}", row.number)).strong().size(16.0));
        let rank = snapshot.ranked.iter().position(|number| *number == row.number);
        if let Some(rank) = rank {
            ui.label(RichText::new(format!("{} of {}", rank + 1, snapshot.ranked.len())).weak())
                .on_hover_text("Its rank among the completed trials");
        }
        let pinned = model.pin(row.number);
        let name = if pinned.is_some() { "Unpin" } else { "Pin" };
        if ui.button(name).on_hover_text("Pinned trials are compared on their page (Space)").clicked() {
            actions.push(Action::Pin(row.number));
        }
        if let Some(place) = pinned {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(10.0, 10.0), egui::Sense::hover());
            ui.painter().rect_filled(rect, 2.0, theme::pin_color(ui.visuals(), place));
        }
    });
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.label(state_in_words(snapshot, row, model.now_us));
        actions.extend(remarks(ui, model, row));
        ui.add_space(6.0);
        values(ui, snapshot, row);
        heading(ui, "Parameters");
        parameters(ui, snapshot, row);
        heading(ui, "Attempts");
        attempts(ui, row, model.now_us);
        checkpoints(ui, row);
        log(ui, model, row);
    });
    actions
}

/// Note and tags; and where the study may be controlled, what changes them and asks for more trials.
fn remarks(ui: &mut Ui, model: &Model, row: &TrialRow) -> Vec<Action> {
    let mut actions = Vec::new();
    let remark = model.remark(row.number);
    let (trial, on) = (row.number, model.is_controlled());
    if let Some(note) = remark.and_then(|remark| remark.note.as_ref()) {
        ui.label(RichText::new(&note.text).italics()).on_hover_text(format!("Written by the {}", note.by));
    }
    let tags: Vec<&String> = remark.into_iter().flat_map(|remark| &remark.tags).collect();
    if !on && tags.is_empty() {
        return actions;
    }
    ui.horizontal_wrapped(|ui| {
        for tag in tags {
            if !on {
                ui.label(RichText::new(format!("#{tag}")).strong());
            } else if ui.button(format!("#{tag} x")).on_hover_text("Take the tag away").clicked() {
                actions.push(Action::Ask(RequestKind::Tag { trial, tag: tag.clone(), on: false }));
            }
        }
        if !on {
            return;
        }
        let id = ui.scope_id().with(("new tag", trial));
        let mut typed = ui.data_mut(|data| data.get_temp::<String>(id)).unwrap_or_default();
        let edit = egui::TextEdit::singleline(&mut typed).desired_width(80.0).hint_text("new tag");
        let response = ui.add(edit);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::TextInput, true, "New tag"));
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if entered && !typed.trim().is_empty() {
            let tag = typed.trim().to_owned();
            actions.push(Action::Ask(RequestKind::Tag { trial, tag, on: true }));
            typed.clear();
        }
        ui.data_mut(|data| data.insert_temp(id, typed));
        if ui.button("Note").on_hover_text("Write a note about this trial (E)").clicked() {
            actions.push(Action::AskForNote(Some(trial)));
        }
        if ui.button("Try a variant").on_hover_text("Edit this point, and have it tried next").clicked() {
            actions.push(Action::AskForPoint(trial));
        }
        if ui.button("4 more seeds").on_hover_text("Train this configuration with four other seeds").clicked() {
            actions.push(Action::Ask(RequestKind::Replicate { trial, seeds: 4 }));
        }
    });
    actions
}

fn heading(ui: &mut Ui, title: &str) {
    ui.add_space(6.0);
    ui.separator();
    ui.label(RichText::new(title).strong());
}

/// Where the trial stands, as one would say it.
fn state_in_words(snapshot: &Snapshot, row: &TrialRow, now_us: i64) -> String {
    let steps = snapshot.spec.trial.steps;
    let time = text::span(row.seconds(now_us));
    let words = match (&row.end, row.state) {
        (Some(TrialEnd::Completed), _) => format!("Completed {} in {time}.", text::count(row.step as usize, "step")),
        (Some(TrialEnd::Pruned { reason, .. }), _) => {
            format!("Pruned at step {} of {steps}, after {time}: {reason}.", row.step)
        }
        (Some(TrialEnd::Failed { cause, message }), _) => {
            let step =
                if row.step == 0 { "before its first report".to_owned() } else { format!("after step {}", row.step) };
            format!("Failed {step}: {}. {message}", text::cause(*cause))
        }
        (None, TrialState::Running) => format!("Running: step {} of {steps}, for {time}.", row.step),
        (None, _) => format!("Waiting after step {} of {steps}; it goes on when the study does.", row.step),
    };
    let origin = match row.origin {
        Origin::Default => "The default configuration.",
        Origin::Enqueued => "Asked for by somebody.",
        Origin::Sampler => "",
        Origin::Replicate => "Another seed of a leading configuration.",
        Origin::Added => "Evaluated elsewhere, and added with its result.",
    };
    let differed = match row.differed.as_slice() {
        [] => String::new(),
        [first, ..] => format!(" Step {first} was reported again with other numbers."),
    };
    format!("{words} {origin}{differed}").trim_end().to_owned()
}

fn values(ui: &mut Ui, snapshot: &Snapshot, row: &TrialRow) {
    Grid::new("values").num_columns(2).spacing([12.0, 3.0]).show(ui, |ui| {
        let mut line = |name: &str, value: String| {
            ui.label(RichText::new(name).weak());
            ui.label(value);
            ui.end_row();
        };
        line("value", text::number_or_dash(row.value));
        if let Some(best) = row.best {
            line("best step", format!("{} at step {}", text::number(best.value), best.step));
        }
        for (name, value) in row.curves.last_values() {
            if name != snapshot.objective() {
                line(name, text::number(value));
            }
        }
    });
}

fn parameters(ui: &mut Ui, snapshot: &Snapshot, row: &TrialRow) {
    let best = snapshot.best().filter(|best| best.number != row.number);
    Grid::new("parameters").num_columns(3).striped(true).spacing([12.0, 3.0]).show(ui, |ui| {
        if let Some(best) = best {
            ui.label("");
            ui.label("");
            ui.label(RichText::new(format!("best, {}", best.number)).weak());
            ui.end_row();
        }
        for parameter in snapshot.spec.space.parameters() {
            let here = row.params.get(&parameter.name);
            let there = best.and_then(|best| best.params.get(&parameter.name));
            if here.is_none() && there.is_none() {
                continue;
            }
            let name = ui.label(RichText::new(&parameter.name).weak());
            if let Some(doc) = &parameter.doc {
                name.on_hover_text(doc);
            }
            ui.label(here.map_or_else(|| "not set".to_owned(), text::value));
            if best.is_some() {
                ui.label(RichText::new(difference(here, there)).weak());
            }
            ui.end_row();
        }
    });
}

/// The best trial's value, and how far it is from here.
fn difference(here: Option<&Value>, there: Option<&Value>) -> String {
    let Some(there) = there else { return "not set".to_owned() };
    match here {
        Some(here) if here.same(there) => "same".to_owned(),
        Some(here) => match (here.as_f64(), there.as_f64()) {
            (Some(a), Some(b)) if a > 0.0 && b > 0.0 && a > b => {
                format!("{}  (here x{:.2})", text::value(there), a / b)
            }
            (Some(a), Some(b)) if a > 0.0 && b > 0.0 => format!("{}  (here /{:.2})", text::value(there), b / a),
            (Some(a), Some(b)) => format!("{}  (here {:+})", text::value(there), a - b),
            _ => text::value(there),
        },
        None => text::value(there),
    }
}

fn attempts(ui: &mut Ui, row: &TrialRow, now_us: i64) {
    for (index, attempt) in row.attempts.iter().enumerate() {
        let from = if attempt.from_step > 0 { format!(" from step {}", attempt.from_step) } else { String::new() };
        let ended = attempt.end.as_ref().map_or(now_us, |(_, at, _)| *at);
        let time = text::span((ended - attempt.started_us) as f64 / 1e6);
        let (end, message) = match &attempt.end {
            None => ("running", ""),
            Some((end, _, message)) => (end_in_words(*end), message.as_str()),
        };
        ui.label(format!("{}: {}, worker {}{from}, {time}, {end}", index + 1, attempt.device, attempt.worker));
        if !message.is_empty() {
            ui.label(RichText::new(message).weak());
        }
    }
    if row.attempts.is_empty() {
        ui.label(RichText::new("none").weak());
    }
}

fn end_in_words(end: AttemptEnd) -> &'static str {
    match end {
        AttemptEnd::Completed => "completed",
        AttemptEnd::Pruned => "pruned",
        AttemptEnd::Failed(cause) => text::cause(cause),
        AttemptEnd::Lost => "lost: seqtune ended while it ran",
    }
}

fn checkpoints(ui: &mut Ui, row: &TrialRow) {
    if row.checkpoints.is_empty() {
        return;
    }
    heading(ui, "Checkpoints");
    for checkpoint in row.checkpoints.iter().rev().take(5) {
        ui.horizontal_wrapped(|ui| {
            ui.label(format!("step {}", checkpoint.step));
            ui.label(RichText::new(&checkpoint.path).weak());
        });
    }
    if row.checkpoints.len() > 5 {
        ui.label(RichText::new(format!("and {} before", row.checkpoints.len() - 5)).weak());
    }
}

fn log(ui: &mut Ui, model: &Model, row: &TrialRow) {
    let Some(tail) = model.open.as_ref().and_then(|open| open.news.log.as_ref()) else { return };
    if tail.trial != row.number {
        return;
    }
    heading(ui, "Log");
    ui.label(RichText::new(tail.path.display().to_string()).weak().small());
    match &tail.text {
        Some(text) if !text.trim().is_empty() => drop(ui.label(RichText::new(&**text).monospace())),
        Some(_) => drop(ui.label(RichText::new("empty").weak())),
        None => drop(ui.label(RichText::new("There is no such file.").weak())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_ratios_where_that_makes_sense() {
        let float = |value: f64| Value::Float(value);
        assert_eq!(difference(Some(&float(0.02)), Some(&float(0.01))), "0.01  (here x2.00)");
        assert_eq!(difference(Some(&float(0.01)), Some(&float(0.02))), "0.02  (here /2.00)");
        assert_eq!(difference(Some(&Value::Int(64)), Some(&float(64.0))), "same");
        assert_eq!(difference(Some(&Value::Int(-1)), Some(&Value::Int(2))), "2  (here -3)");
        assert_eq!(difference(Some(&Value::Bool(true)), None), "not set");
        assert_eq!(difference(None, Some(&Value::Text("cnn".to_owned()))), "cnn");
    }
}
