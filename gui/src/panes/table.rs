//! The table of trials. Only the visible rows are built.

use egui::{Align, Button, Layout, RichText, ScrollArea, Sense, Shape, Stroke, Ui, pos2, vec2};
use egui_extras::{Column as Width, TableBuilder, TableRow};
use seqtune_core::Remarks;
use seqtune_plot::{Snapshot, TrialRow};

use super::menu::menu;
use crate::model::{Action, Column, Model};
use crate::theme;

const ROW_HEIGHT: f32 = 20.0;

pub(crate) fn ui(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(snapshot) = model.snapshot() else { return actions };
    let remarks = model.remarks();
    let all = Column::all(snapshot, &remarks);
    let columns: Vec<Column> = all.iter().copied().filter(|column| !model.hidden_columns.contains(column)).collect();
    actions.extend(above(ui, model, snapshot, &remarks, (&all, &columns)));
    let study = model.open.as_ref().map(|open| open.directory.clone());
    ui.push_id(study, |ui| {
        ScrollArea::horizontal().auto_shrink([false, false]).show(ui, |ui| {
            let mut table = TableBuilder::new(ui)
                .striped(true)
                .sense(Sense::click())
                .auto_shrink([false, false])
                .cell_layout(Layout::left_to_right(Align::Center));
            for column in &columns {
                let width = width(*column, snapshot);
                table = table.column(Width::initial(width).at_least(36.0).clip(true).resizable(true));
            }
            if let Some(row) = model.scroll_to {
                table = table.scroll_to_row(row, None);
            }
            let header = |mut header: TableRow<'_, '_>| {
                for column in &columns {
                    header.col(|ui| actions.extend(title(ui, model, snapshot, *column)));
                }
            };
            let table = table.header(ROW_HEIGHT + 2.0, header);
            table.body(|body| {
                body.rows(ROW_HEIGHT, model.rows.len(), |mut line| {
                    let Some(row) = model.rows.get(line.index()).and_then(|number| snapshot.trial(*number)) else {
                        return;
                    };
                    line.set_selected(model.selected == Some(row.number));
                    for column in &columns {
                        line.col(|ui| cell(ui, model, snapshot, (row, &remarks), *column));
                    }
                    let response = line.response();
                    if response.clicked() {
                        actions.push(match response.ctx.input(|input| input.modifiers.command) {
                            true => Action::Pin(row.number),
                            false => Action::Select(Some(row.number)),
                        });
                    }
                    if response.double_clicked() {
                        actions.push(Action::Pin(row.number));
                    }
                });
            });
        });
    });
    actions
}

/// The choice of columns, and the table as text.
fn above(
    ui: &mut Ui,
    model: &Model,
    snapshot: &Snapshot,
    remarks: &Remarks,
    (all, shown): (&[Column], &[Column]),
) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.horizontal(|ui| {
        ui.label(RichText::new("Trials").strong());
        menu(ui, "Columns", "Columns", |ui| {
            ui.horizontal(|ui| {
                if ui.button("All").clicked() {
                    actions.extend(all.iter().map(|column| Action::ShowColumn(*column, true)));
                }
                if ui.button("No parameters").clicked() {
                    let parameters = all.iter().filter(|column| matches!(column, Column::Parameter(_)));
                    actions.extend(parameters.map(|column| Action::ShowColumn(*column, false)));
                }
            });
            ui.separator();
            ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
                for column in all {
                    let mut on = shown.contains(column);
                    if ui.checkbox(&mut on, column.title(snapshot)).changed() {
                        actions.push(Action::ShowColumn(*column, on));
                    }
                }
            });
        });
        if ui.button("Copy the table").on_hover_text("The listed trials in their order, tab-separated").clicked() {
            actions.push(Action::Copy(tsv(model, snapshot, remarks, shown), "the table"));
        }
    });
    actions
}

fn tsv(model: &Model, snapshot: &Snapshot, remarks: &Remarks, columns: &[Column]) -> String {
    let clean = |cell: String| cell.replace(['\t', '\n', '\r'], " ");
    let line = |cells: Vec<String>| cells.into_iter().map(clean).collect::<Vec<_>>().join("\t") + "\n";
    let titles = line(columns.iter().map(|column| column.title(snapshot).to_owned()).collect());
    let rows = model
        .rows
        .iter()
        .filter_map(|number| snapshot.trial(*number))
        .map(|row| line(columns.iter().map(|column| column.cell(snapshot, row, remarks, model.now_us)).collect()));
    std::iter::once(titles).chain(rows).collect()
}

fn title(ui: &mut Ui, model: &Model, snapshot: &Snapshot, column: Column) -> Option<Action> {
    let sorted = model.sort.column == column;
    let mut title = RichText::new(column.title(snapshot)).strong();
    if sorted {
        title = title.underline();
    }
    let hint = match column {
        Column::Value => format!("{} under the objective; click to sort, best first", snapshot.objective()),
        Column::Parameter(index) => {
            let parameter = snapshot.spec.space.parameters().get(index);
            parameter.map_or_else(String::new, |found| {
                let doc = found.doc.as_ref().map_or_else(String::new, |doc| format!("{doc}\n"));
                format!("{doc}{}; click to sort", found.domain.describe())
            })
        }
        _ => "Click to sort; click again to turn the order".to_owned(),
    };
    if sorted {
        // The fonts have no arrows.
        let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
        let up = if model.sort.reversed { -1.0 } else { 1.0 };
        let at = |x: f32, y: f32| pos2(rect.center().x + x, rect.center().y + y * up);
        let corners = vec![at(-3.5, 2.5), at(0.0, -3.0), at(3.5, 2.5)];
        ui.painter().add(Shape::convex_polygon(corners, ui.visuals().text_color(), Stroke::NONE));
    }
    let button = ui.add(Button::new(title).frame(false).truncate());
    button.on_hover_text(hint).clicked().then_some(Action::SortBy(column))
}

fn cell(ui: &mut Ui, model: &Model, snapshot: &Snapshot, (row, remarks): (&TrialRow, &Remarks), column: Column) {
    match column {
        Column::Number => {
            let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
            if let Some(place) = model.pin(row.number) {
                ui.painter().rect_filled(rect, 2.0, theme::pin_color(ui.visuals(), place));
            }
        }
        Column::State => drop(theme::state_mark(ui, row.state)),
        _ => {}
    }
    let mut text = RichText::new(column.cell(snapshot, row, remarks, model.now_us));
    if column == Column::Value && snapshot.ranked.first() == Some(&row.number) {
        text = text.strong();
    }
    ui.add(egui::Label::new(text).truncate());
}

fn width(column: Column, snapshot: &Snapshot) -> f32 {
    match column {
        Column::Number => 60.0,
        Column::State => 98.0,
        Column::Value | Column::Other => 78.0,
        Column::Step => 78.0,
        Column::Duration => 76.0,
        Column::Attempts => 46.0,
        Column::Remarks => 150.0,
        Column::Parameter(_) => (column.title(snapshot).len() as f32 * 7.5 + 16.0).clamp(64.0, 150.0),
    }
}
