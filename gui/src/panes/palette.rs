//! The palette: every command by a part of its name.

use egui::{Context, Id, Key, Modal, Modifiers, RichText, ScrollArea, TextEdit};

use crate::commands;
use crate::model::{Action, Model};

pub(super) fn ui(ctx: &Context, model: &Model, text: &str, chosen: usize) -> Vec<Action> {
    let mut actions = Vec::new();
    let found = commands::found(model, text);
    let chosen = chosen.min(found.len().saturating_sub(1));
    let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::ArrowDown) && chosen + 1 < found.len() {
        actions.push(Action::Choose(1));
    }
    if pressed(Key::ArrowUp) && chosen > 0 {
        actions.push(Action::Choose(-1));
    }
    let entered = pressed(Key::Enter);
    let mut run = entered.then(|| found.get(chosen)).flatten();
    let modal = Modal::new(Id::unique("palette")).show(ctx, |ui| {
        ui.set_width(460.0);
        let label = ui.label(RichText::new("Find a command").strong());
        let mut typed = text.to_owned();
        let edit = ui.add(TextEdit::singleline(&mut typed).desired_width(f32::INFINITY)).labelled_by(label.id);
        if edit.changed() {
            actions.push(Action::Edit(typed));
        }
        edit.request_focus();
        ScrollArea::vertical().max_height(360.0).auto_shrink([false, true]).show(ui, |ui| {
            for (index, command) in found.iter().enumerate() {
                let line = ui.horizontal(|ui| {
                    let button = ui.selectable_label(index == chosen, command.name);
                    if !command.keys.is_empty() {
                        ui.label(RichText::new(command.keys).weak());
                    }
                    button
                });
                if index == chosen && !ui.clip_rect().contains_rect(line.response.rect) {
                    line.response.scroll_to_me(None);
                }
                if line.inner.clicked() {
                    run = Some(command);
                }
            }
            if found.is_empty() {
                ui.label(RichText::new("No command has these words.").weak());
            }
        });
    });
    if let Some(action) = run.and_then(|command| (command.action)(model)) {
        actions.push(Action::Leave);
        actions.push(action);
    } else if modal.backdrop_response.clicked() {
        actions.push(Action::Leave);
    }
    actions
}
