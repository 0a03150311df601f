//! Data: what a trial says of the data, from the files that its family exports.

mod grids;
mod maps;
mod predictions;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{ComboBox, RichText, ScrollArea, TextEdit, Ui};
use seqtune_plot::Snapshot;
use seqtune_plot::spec::Role;

use crate::cache::Cache;
use crate::exports::{self, Export, Form, Read, home};
use crate::model::{Action, DataChange, Model};
use crate::workshop::{Answer, Lane, Subject};

/// How long files are taken to be what they were, in microseconds.
const LOOKED_AT: i64 = 10_000_000;

/// An export with its tables.
#[derive(Clone)]
pub(super) struct Shown {
    name: String,
    /// Its colour: that of its pinned trial.
    role: Role,
    /// What tells its tables from others.
    stamp: Export,
    tables: Arc<Vec<Read>>,
}

impl Shown {
    /// The tables of one form, with their names.
    fn tables<'a, T>(&'a self, of: impl Fn(&'a Form) -> Option<&'a T>) -> Vec<(&'a str, &'a T)> {
        let one = |read: &'a Read| Some((read.name.as_str(), of(read.form.as_ref().ok()?)?));
        self.tables.iter().filter_map(one).collect()
    }
}

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(subject) = model.subject() else { return actions };
    // Files are looked at now and then, whatever happens in the log.
    let opened = model.views.data.opened.clone();
    let key = (opened.clone(), model.views.data.looks, model.now_us / LOOKED_AT);
    let found: Answer<Vec<Export>> = cache
        .shop
        .ask_still("exports", key, subject, Lane::Slow, move |subject| exports::find(&subject.directory, &opened));
    let Some(found) = found.product else {
        ui.label(RichText::new("Looking for exports.").weak());
        return actions;
    };
    let main = main_export(model, &subject.whole, &found);
    actions.extend(choice(ui, model, &found, main));
    let Some(main) = main else {
        actions.extend(none(ui, model, subject));
        return actions;
    };
    actions.extend(not_exported(ui, model, subject, main, &found));
    let shown: Vec<Shown> = compared(model, main, &found)
        .into_iter()
        .filter_map(|(export, role)| {
            let (stamp, work) = (export.clone(), export.clone());
            let read: Answer<Vec<Read>> = cache.shop.ask_still(
                ("export", &export.path),
                (&stamp, model.views.data.looks),
                subject,
                Lane::Slow,
                move |_| exports::read(&work),
            );
            Some(Shown { name: export.name(), role, stamp, tables: read.product? })
        })
        .collect();
    let Some(first) = shown.first().filter(|first| first.stamp.path == main.path) else {
        ui.label(RichText::new(format!("Reading the export of {}.", main.name())).weak());
        return actions;
    };
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        if first.tables.is_empty() {
            ui.label(format!("There is no table in {}.", main.path.display()));
        }
        for read in first.tables.iter() {
            if let Err(sentence) = &read.form {
                ui.label(RichText::new(sentence).color(ui.visuals().error_fg_color));
            }
        }
        actions.extend(predictions::ui(ui, model, cache, &shown));
        ui.columns_const(|[left, right]| {
            actions.extend(predictions::decisions(left, model, cache, first));
            actions.extend(grids::confusion(right, model, cache, first));
        });
        ui.columns_const(|[left, right]| {
            actions.extend(maps::ui(left, model, cache, first));
            actions.extend(grids::ui(right, model, cache, first));
        });
    });
    actions
}

/// The export that the page is about: the chosen one, else that of the selected trial, of a pinned one, of the best one, the first.
fn main_export<'a>(model: &Model, snapshot: &Snapshot, found: &'a [Export]) -> Option<&'a Export> {
    let chosen = model.views.data.chosen.as_ref();
    let of = |trial: u64| found.iter().find(|export| export.trial == Some(trial));
    chosen
        .and_then(|path| found.iter().find(|export| export.path == *path))
        .or_else(|| model.selected.and_then(of))
        .or_else(|| model.pins.iter().copied().find_map(of))
        .or_else(|| snapshot.ranked.iter().copied().find_map(of))
        .or(found.first())
}

/// That one and those of the pinned trials, in their colours.
fn compared<'a>(model: &Model, main: &'a Export, found: &'a [Export]) -> Vec<(&'a Export, Role)> {
    let role = |export: &Export| export.trial.and_then(|trial| model.pin(trial)).map_or(Role::Series(0), Role::Pinned);
    let is_pinned = |export: &&Export| export.trial.is_some_and(|trial| model.pins.contains(&trial));
    let pinned = found.iter().filter(is_pinned).filter(|export| export.path != main.path);
    std::iter::once(main).chain(pinned).map(|export| (export, role(export))).collect()
}

fn choice(ui: &mut Ui, model: &Model, found: &[Export], main: Option<&Export>) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.horizontal_wrapped(|ui| {
        if let Some(main) = main {
            let combo = ComboBox::new("export", "").selected_text(main.name()).show_ui(ui, |ui| {
                for export in found {
                    let chosen = ui.selectable_label(export.path == main.path, export.name());
                    if chosen.on_hover_text(export.path.display().to_string()).clicked() {
                        actions.push(Action::Data(DataChange::Show(export.path.clone())));
                    }
                }
            });
            let name = format!("Export of {}", main.name());
            combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
        }
        if ui.button("Look again").on_hover_text("Look for exports, and read them anew").clicked() {
            actions.push(Action::Data(DataChange::Look));
        }
        let label = ui.label("Another folder with an export");
        let mut path = model.views.data.path.clone();
        let edit = ui.add(TextEdit::singleline(&mut path).desired_width(220.0)).labelled_by(label.id);
        if edit.changed() {
            actions.push(Action::Data(DataChange::Type(path)));
        }
        let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if ui.button("Show it").clicked() || entered {
            actions.push(Action::Data(DataChange::Open));
        }
    });
    if let Some(refused) = &model.views.data.refused {
        ui.label(RichText::new(refused).color(ui.visuals().error_fg_color));
    }
    actions
}

/// What stands there where nothing was exported.
fn none(ui: &mut Ui, model: &Model, subject: &Subject) -> Vec<Action> {
    let trial = model.selected.or_else(|| subject.whole.best().map(|best| best.number));
    ui.add_space(24.0);
    let home = home(&subject.directory);
    ui.label(RichText::new(format!("No trial has been exported to {} yet.", home.display())).size(15.0));
    let Some(trial) = trial else {
        ui.label("A trial can be exported once it is completed.");
        return Vec::new();
    };
    ui.label(format!("This command exports trial {trial}: what it says of each row of the data, and what it learned."));
    command(ui, &subject.directory, trial).into_iter().collect()
}

/// Where the selected trial is not the one that is shown, how to export it.
fn not_exported(ui: &mut Ui, model: &Model, subject: &Subject, main: &Export, found: &[Export]) -> Option<Action> {
    let trial = model.selected.filter(|trial| !found.iter().any(|export| export.trial == Some(*trial)))?;
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("Trial {trial} is not exported; {} is shown.", main.name())).weak());
        if ui.button(format!("Copy the command for trial {trial}")).clicked() {
            action = Some(Action::Copy(command_for(&subject.directory, trial), "the command"));
        }
    });
    action
}

fn command(ui: &mut Ui, directory: &Path, trial: u64) -> Option<Action> {
    let text = command_for(directory, trial);
    ui.add_space(6.0);
    ui.label(RichText::new(&text).monospace());
    ui.add_space(6.0);
    ui.button("Copy the command").clicked().then_some(Action::Copy(text, "the command"))
}

/// The command that exports a trial to where it is looked for.
fn command_for(directory: &Path, trial: u64) -> String {
    let home = home(directory);
    let out: PathBuf = home.join(format!("{trial:04}"));
    format!("mkdir -p {} && seqtune apply export {} {trial} -o {}", quoted(&home), quoted(directory), quoted(&out))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+=:@%,".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Chooses one of some names.
pub(super) fn names(
    ui: &mut Ui,
    id: &str,
    label: &str,
    chosen: &str,
    names: impl IntoIterator<Item = String>,
    change: impl Fn(String) -> DataChange,
) -> Vec<Action> {
    let mut actions = Vec::new();
    let combo = ComboBox::new(id, "").selected_text(chosen).show_ui(ui, |ui| {
        for name in names {
            if ui.selectable_label(name == chosen, &name).clicked() {
                actions.push(Action::Data(change(name)));
            }
        }
    });
    let name = format!("{label} {chosen}");
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted_into_a_shell() {
        assert_eq!(
            command_for(Path::new("results/jund"), 12),
            "mkdir -p results/jund/exports && seqtune apply export results/jund 12 -o results/jund/exports/0012"
        );
        assert_eq!(quoted(Path::new("my study's")), r"'my study'\''s'");
    }
}
