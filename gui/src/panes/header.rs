//! The line at the top: what the study is, how far it is, and whether it runs.

use egui::{Align, ComboBox, Layout, RichText, Sense, ThemePreference, Ui, vec2};
use seqtune_core::{Reduce, TrialState};
use seqtune_plot::Snapshot;
use seqtune_plugin::Direction;

use crate::model::{Action, Model, OpenStudy};
use crate::{text, theme};

/// States in the order in which they are counted.
const COUNTED: [TrialState; 5] =
    [TrialState::Completed, TrialState::Pruned, TrialState::Failed, TrialState::Running, TrialState::Waiting];

pub(super) fn ui(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.add_space(3.0);
    // What stands at the right comes first, so that the rest wraps in what is left.
    let line = vec2(ui.available_width(), ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Min), |ui| {
        if ui.button("?").on_hover_text("The keys (?)").clicked() {
            actions.push(Action::Help);
        }
        theme_choice(ui);
        let rest = vec2(ui.available_width(), line.y);
        ui.allocate_ui_with_layout(rest, Layout::left_to_right(Align::Center).with_main_wrap(true), |ui| {
            if ui.button("Open").on_hover_text("Open a folder or a study (Ctrl+O)").clicked() {
                actions.push(Action::AskForPath);
            }
            match model.open.as_ref().and_then(|open| Some((open, open.news.snapshot.as_deref()?))) {
                Some((open, snapshot)) => study(ui, model, open, snapshot),
                None => drop(ui.label(RichText::new("seqtune").strong())),
            }
        });
    });
    let notes = model.open.as_ref().filter(|open| open.news.snapshot.is_some());
    if let Some(trouble) = notes.and_then(|open| open.news.trouble.as_ref()) {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(trouble).color(ui.visuals().error_fg_color));
            if ui.button("Try again").clicked() {
                actions.push(Action::Reload);
            }
        });
    }
    if let Some(notice) = notes.and_then(|open| open.news.notice.as_ref()) {
        ui.label(RichText::new(notice).color(ui.visuals().warn_fg_color));
    }
    ui.add_space(3.0);
    actions
}

/// Dark, light, or as the system has it. egui keeps the choice.
fn theme_choice(ui: &mut Ui) {
    let chosen = ui.options(|options| options.theme_preference);
    let combo = ComboBox::new("theme", "").selected_text(chosen.name()).width(64.0).show_ui(ui, |ui| {
        for preference in [ThemePreference::System, ThemePreference::Dark, ThemePreference::Light] {
            if ui.selectable_label(chosen == preference, preference.name()).clicked() {
                ui.ctx().set_theme(preference);
            }
        }
    });
    let name = format!("Theme {}", chosen.name());
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
    combo.response.on_hover_text("Colours: dark, light, or as the system has them");
}

fn study(ui: &mut Ui, model: &Model, open: &OpenStudy, snapshot: &Snapshot) {
    let objective = snapshot.spec.objective();
    let better = if objective.direction == Direction::Minimize { "smaller is better" } else { "larger is better" };
    let reduce = if objective.reduce == Reduce::Last { "last step" } else { "best step" };
    let summary = &snapshot.summary;
    ui.label(RichText::new(&snapshot.spec.name).strong().size(16.0)).on_hover_text(format!(
        "{}\nfamily {}",
        open.directory.display(),
        snapshot.spec.family
    ));
    ui.label(RichText::new(format!("{} ({better}, {reduce})", objective.metric)).weak());
    ui.separator();
    for state in COUNTED {
        let count = summary.count(state);
        if count > 0 {
            ui.spacing_mut().item_spacing.x = 3.0;
            theme::state_mark(ui, state);
            ui.spacing_mut().item_spacing.x = 8.0;
            ui.label(format!("{count} {}", state.name()));
        }
    }
    if let Some(budget) = summary.budget {
        ui.label(RichText::new(format!("of {budget}")).weak());
    }
    ui.separator();
    match summary.best {
        Some((trial, value)) => ui.label(format!("Best {} (trial {trial})", text::number(value))),
        None => ui.label(RichText::new("no best yet").weak()),
    };
    ui.separator();
    live(ui, model, open, snapshot);
}

/// Whether the study runs, how old what is seen is, and how long it will take.
fn live(ui: &mut Ui, model: &Model, open: &OpenStudy, snapshot: &Snapshot) {
    let color = if open.news.managed {
        theme::state_color(ui.visuals(), TrialState::Running)
    } else {
        theme::quiet(ui.visuals())
    };
    let (rect, _) = ui.allocate_exact_size(vec2(9.0, 9.0), Sense::hover());
    if open.news.managed {
        ui.painter().circle_filled(rect.center(), 4.5, color);
        let age = (model.now_us - snapshot.last_us).max(0) as f64 / 1e6;
        ui.label(format!("live {}", text::span(age))).on_hover_text("Time since the last event of the log");
        if let Some(left) = snapshot.summary.seconds_left(model.now_us) {
            ui.label(RichText::new(format!("about {} left", text::span(left))).weak())
                .on_hover_text("From the mean training time of the last 20 ended trials and the number of workers");
        }
    } else {
        ui.painter().rect_filled(rect.shrink(0.5), 0.0, color);
        ui.label("stopped").on_hover_text("No seqtune works on this study now");
    }
    if snapshot.summary.hours > 0.0 {
        ui.label(RichText::new(format!("ran {}", text::span(snapshot.summary.hours * 3600.0))).weak());
    }
}
