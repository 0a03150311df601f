//! What lies over the window: the question for a path, and the keys.

use std::path::PathBuf;

use egui::{Context, Grid, Id, Key, Modal, RichText, TextEdit};

use crate::keys::SHORTCUTS;
use crate::model::{Action, Dialog, Model};

pub(super) fn ui(ctx: &Context, model: &Model) -> Vec<Action> {
    match &model.dialog {
        Some(Dialog::Open { path, refused }) => open(ctx, path, refused.as_deref()),
        Some(Dialog::Help) => help(ctx),
        None => Vec::new(),
    }
}

fn open(ctx: &Context, path: &str, refused: Option<&str>) -> Vec<Action> {
    let mut actions = Vec::new();
    let modal = Modal::new(Id::unique("open")).show(ctx, |ui| {
        ui.set_width(480.0);
        let label = ui.label(RichText::new("Folder with studies, a study, or its study.db").strong());
        let mut text = path.to_owned();
        let edit = ui.add(TextEdit::singleline(&mut text).desired_width(f32::INFINITY)).labelled_by(label.id);
        if edit.changed() {
            actions.push(Action::EditPath(text.clone()));
        }
        let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if !edit.has_focus() && !entered {
            edit.request_focus();
        }
        if let Some(refused) = refused {
            ui.label(RichText::new(refused).color(ui.visuals().error_fg_color));
        }
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            if ui.button("Open it").clicked() || entered {
                actions.push(Action::OpenPath(PathBuf::from(text.trim())));
            }
            if ui.button("Cancel").clicked() {
                actions.push(Action::Leave);
            }
        });
    });
    if modal.backdrop_response.clicked() {
        actions.push(Action::Leave);
    }
    actions
}

fn help(ctx: &Context) -> Vec<Action> {
    let modal = Modal::new(Id::unique("help")).show(ctx, |ui| {
        ui.set_width(420.0);
        ui.label(RichText::new("Keys").strong().size(16.0));
        ui.add_space(4.0);
        Grid::new("keys").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
            for shortcut in &SHORTCUTS {
                ui.label(RichText::new(shortcut.keys).strong());
                ui.label(shortcut.what);
                ui.end_row();
            }
            for (keys, what) in OTHERS {
                ui.label(RichText::new(keys).strong());
                ui.label(what);
                ui.end_row();
            }
        });
        ui.add_space(6.0);
        ui.button("Close").clicked()
    });
    let leave = modal.inner || modal.backdrop_response.clicked();
    leave.then_some(Action::Leave).into_iter().collect()
}

/// Keys that egui and the plots have of their own, and the one that leaves.
const OTHERS: [(&str, &str); 4] = [
    ("Esc", "leave the dialog, else clear the filter, else the selection"),
    ("Ctrl+Plus, Ctrl+Minus", "larger and smaller"),
    ("Drag, Ctrl+Wheel", "move and zoom a plot"),
    ("Double click", "show the whole plot again"),
];
