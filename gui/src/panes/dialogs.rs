//! What lies over the window: the question for a path, and the keys.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Context, Grid, Id, Key, Modal, RichText, ScrollArea, TextEdit};
use egui_extras::{Column as Width, TableBuilder};
use seqtune_core::RequestKind;
use seqtune_plot::spec::PlotSpec;

use crate::commands::COMMANDS;
use crate::model::{Action, Dialog, Model};
use crate::plot::twin;
use crate::{control, text};

pub(super) fn ui(ctx: &Context, model: &Model) -> Vec<Action> {
    match &model.dialog {
        Some(Dialog::Open { path, refused }) => open(ctx, model, path, refused.as_deref()),
        Some(Dialog::Save { spec, path, refused }) => save(ctx, spec, path, refused.as_deref()),
        Some(Dialog::Twin(spec)) => table_of(ctx, spec),
        Some(Dialog::Palette { text, chosen }) => super::palette::ui(ctx, model, text, *chosen),
        Some(Dialog::Note { trial, text }) => note(ctx, *trial, text),
        Some(Dialog::Enqueue { text }) => enqueue(ctx, model, text),
        Some(Dialog::GoTo { text }) => go_to(ctx, model, text),
        Some(Dialog::Help) => help(ctx),
        None => Vec::new(),
    }
}

fn open(ctx: &Context, model: &Model, path: &str, refused: Option<&str>) -> Vec<Action> {
    let title = "Folder with studies, a study, or its study.db";
    let mut more = Vec::new();
    let (mut actions, answer) = ask(ctx, "open", title, path, "Open it", refused, |ui| {
        ui.horizontal(|ui| {
            if ui.button("Browse").on_hover_text("Choose a folder in the system's own dialog").clicked() {
                more.push(Action::Browse);
            }
            if ui.button("Open the sample study").clicked() {
                more.push(Action::OpenSample);
            }
        });
        let recent = &model.settings.recent;
        if !recent.is_empty() {
            ui.add_space(6.0);
            ui.label(RichText::new("Recent").strong());
        }
        for path in recent {
            // Whether it is there still is seen when it is opened: asking in each frame may wait for a disk that is away.
            let button = egui::Button::new(path.display().to_string()).truncate().frame(false);
            if ui.add(button).clicked() {
                more.push(Action::OpenPath(path.clone()));
            }
        }
    });
    actions.extend(answer.map(|path| Action::OpenPath(PathBuf::from(path))));
    actions.extend(more);
    actions
}

/// Asks for a line of text; what was entered comes back.
fn ask(
    ctx: &Context,
    id: &str,
    title: &str,
    text: &str,
    button: &str,
    refused: Option<&str>,
    more: impl FnOnce(&mut egui::Ui),
) -> (Vec<Action>, Option<String>) {
    let mut actions = Vec::new();
    let mut answer = None;
    let modal = Modal::new(Id::unique(id)).show(ctx, |ui| {
        ui.set_width(480.0);
        let label = ui.label(RichText::new(title).strong());
        let mut typed = text.to_owned();
        let edit = ui.add(TextEdit::singleline(&mut typed).desired_width(f32::INFINITY)).labelled_by(label.id);
        if edit.changed() {
            actions.push(Action::Edit(typed.clone()));
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
            if ui.button(button).clicked() || entered {
                answer = Some(typed.trim().to_owned());
            }
            if ui.button("Cancel").clicked() {
                actions.push(Action::Leave);
            }
        });
        more(ui);
    });
    if modal.backdrop_response.clicked() {
        actions.push(Action::Leave);
    }
    (actions, answer)
}

fn save(ctx: &Context, spec: &Arc<PlotSpec>, path: &str, refused: Option<&str>) -> Vec<Action> {
    let (mut actions, answer) =
        ask(ctx, "save", "Where to save the picture: a file ending in .svg or .png", path, "Save it", refused, |_| ());
    actions.extend(answer.map(|path| Action::Save(Arc::clone(spec), PathBuf::from(path))));
    actions
}

fn go_to(ctx: &Context, model: &Model, text: &str) -> Vec<Action> {
    let number = text.trim().parse::<u64>().ok();
    let is_there = |number: u64| model.snapshot().is_some_and(|snapshot| snapshot.trial(number).is_some());
    let refused = match number {
        _ if text.trim().is_empty() => None,
        None => Some("A trial has a whole number, such as 12.".to_owned()),
        Some(number) if !is_there(number) => Some(format!("There is no trial {number}.")),
        Some(_) => None,
    };
    let (mut actions, answer) = ask(ctx, "go to", "Number of the trial", text, "Go to it", refused.as_deref(), |_| ());
    if let (Some(_), Some(number), None) = (answer, number, refused) {
        actions.extend([Action::Leave, Action::Select(Some(number))]);
    }
    actions
}

fn note(ctx: &Context, trial: Option<u64>, text: &str) -> Vec<Action> {
    let title = trial.map_or_else(|| "Note about the study".to_owned(), |trial| format!("Note about trial {trial}"));
    let (mut actions, kept) = write(ctx, &title, text, ("Keep it", "An empty note is removed.", None));
    if kept {
        actions.push(Action::Ask(RequestKind::Note { trial, text: text.trim().to_owned() }));
    }
    actions
}

fn enqueue(ctx: &Context, model: &Model, text: &str) -> Vec<Action> {
    let Some(snapshot) = model.snapshot() else { return vec![Action::Leave] };
    let point = control::point(snapshot, text);
    let refused = point.as_ref().err().map(|error| text::sentence(error));
    let (mut actions, asked) = write(
        ctx,
        "A point to be tried next",
        text,
        ("Try it next", "Lines such as lr = 0.01, as in a study file.", refused.as_deref()),
    );
    if let (true, Ok(params)) = (asked, point) {
        actions.push(Action::Ask(RequestKind::Enqueue { params }));
    }
    actions
}

/// Asks for several lines of text. The second answer is whether the button was pressed.
fn write(
    ctx: &Context,
    title: &str,
    text: &str,
    (button, hint, refused): (&str, &str, Option<&str>),
) -> (Vec<Action>, bool) {
    let mut actions = Vec::new();
    let mut done = false;
    // A click beside it does not lose what was written.
    Modal::new(Id::unique(title)).show(ctx, |ui| {
        ui.set_width(480.0);
        let label = ui.label(RichText::new(title).strong());
        let mut typed = text.to_owned();
        let edit = TextEdit::multiline(&mut typed).desired_width(f32::INFINITY).desired_rows(8);
        // A long text must not push the buttons out of the window.
        let edit = ScrollArea::vertical().max_height(280.0).show(ui, |ui| ui.add(edit)).inner.labelled_by(label.id);
        if edit.changed() {
            actions.push(Action::Edit(typed));
        }
        if ui.memory(|memory| memory.focused().is_none()) {
            edit.request_focus();
        }
        // There is room for two lines in either case: the buttons stay where they are.
        let line = refused.map_or_else(
            || RichText::new(hint).weak(),
            |refused| RichText::new(refused).color(ui.visuals().error_fg_color),
        );
        ui.allocate_ui(egui::vec2(ui.available_width(), 36.0), |ui| {
            ui.set_min_height(36.0);
            ui.label(line);
        });
        ui.horizontal(|ui| {
            done = ui.add_enabled(refused.is_none(), egui::Button::new(button)).clicked();
            if ui.button("Cancel").clicked() {
                actions.push(Action::Leave);
            }
        });
    });
    (actions, done)
}

/// A plot as a table.
fn table_of(ctx: &Context, spec: &PlotSpec) -> Vec<Action> {
    let table = twin(spec);
    let mut copied = false;
    let modal = Modal::new(Id::unique("twin")).show(ctx, |ui| {
        ui.set_width(620.0);
        ui.label(RichText::new(&spec.title).strong().size(16.0));
        ui.label(RichText::new(&spec.reading).weak());
        ui.add_space(4.0);
        let mut builder = TableBuilder::new(ui)
            .striped(true)
            .auto_shrink([false, false])
            .min_scrolled_height(420.0)
            .max_scroll_height(420.0);
        for _ in &table.titles {
            builder = builder.column(Width::remainder().clip(true));
        }
        let header = builder.header(20.0, |mut header| {
            for title in &table.titles {
                header.col(|ui| drop(ui.add(egui::Label::new(RichText::new(title).strong()).truncate())));
            }
        });
        header.body(|body| {
            body.rows(18.0, table.rows.len(), |mut line| {
                let row = &table.rows[line.index()];
                for cell in row {
                    line.col(|ui| drop(ui.add(egui::Label::new(cell).truncate())));
                }
            });
        });
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            copied = ui.button("Copy it").clicked();
            ui.button("Close").clicked()
        })
        .inner
    });
    let mut actions = Vec::new();
    if copied {
        actions.push(Action::Copy(table.tsv(), "the table"));
    }
    if modal.inner || modal.backdrop_response.clicked() {
        actions.push(Action::Leave);
    }
    actions
}

fn help(ctx: &Context) -> Vec<Action> {
    let modal = Modal::new(Id::unique("help")).show(ctx, |ui| {
        ui.set_width(420.0);
        ui.label(RichText::new("Keys").strong().size(16.0));
        ui.add_space(4.0);
        ScrollArea::vertical().max_height(520.0).show(ui, |ui| {
            Grid::new("keys").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
                for command in COMMANDS.iter().filter(|command| !command.keys.is_empty()) {
                    ui.label(RichText::new(command.keys).strong());
                    ui.label(command.name);
                    ui.end_row();
                }
                for (keys, what) in OTHERS {
                    ui.label(RichText::new(keys).strong());
                    ui.label(what);
                    ui.end_row();
                }
            });
        });
        ui.add_space(6.0);
        ui.button("Close").clicked()
    });
    let leave = modal.inner || modal.backdrop_response.clicked();
    leave.then_some(Action::Leave).into_iter().collect()
}

/// Keys that egui and the plots have of their own, and the one that leaves.
const OTHERS: [(&str, &str); 4] = [
    ("Esc", "leave the dialog, else lift the ranges, else clear the filter, else the selection"),
    ("Ctrl+Plus, Ctrl+Minus", "larger and smaller"),
    ("Drag, Ctrl+Wheel", "move and zoom a plot"),
    ("Double click", "show the whole plot again"),
];
