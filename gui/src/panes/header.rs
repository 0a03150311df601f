//! The line at the top: what the study is, how far it is, and whether it runs.

use egui::{Align, Button, ComboBox, Layout, ProgressBar, RichText, Sense, TextEdit, Ui, vec2};
use seqtune_core::{Reduce, RequestKind, TrialState};
use seqtune_plot::Snapshot;
use seqtune_plugin::Direction;

use super::menu::menu;
use crate::model::{Action, Model, OpenStudy, Page};
use crate::settings::ThemeChoice;
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
        if ui.button("Commands").on_hover_text("Find a command by its name (Ctrl+K)").clicked() {
            actions.push(Action::Palette);
        }
        actions.extend(theme_choice(ui, model));
        let rest = vec2(ui.available_width(), line.y);
        ui.allocate_ui_with_layout(rest, Layout::left_to_right(Align::Center).with_main_wrap(true), |ui| {
            if ui.button("Open").on_hover_text("Open a folder or a study (Ctrl+O)").clicked() {
                actions.push(Action::AskForPath);
            }
            match model.open.as_ref().and_then(|open| Some((open, open.news.snapshot.as_deref()?))) {
                Some((open, snapshot)) => {
                    study(ui, model, open, snapshot);
                    actions.extend(control(ui, model, open));
                }
                None => drop(ui.label(RichText::new("seqtune").strong())),
            }
        });
    });
    if model.subject().is_some() {
        actions.extend(pages_and_filter(ui, model));
    }
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

/// The pages, and the filter that holds on all of them.
fn pages_and_filter(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (index, page) in Page::ALL.into_iter().enumerate() {
            let button = Button::selectable(model.settings.page == page, page.name());
            if ui.add(button).on_hover_text(format!("{} ({})", page.about(), index + 1)).clicked() {
                actions.push(Action::Show(page));
            }
        }
        ui.separator();
        actions.extend(filter(ui, model));
    });
    if let Some(error) = &model.filter_error {
        ui.label(RichText::new(error.to_string()).color(ui.visuals().warn_fg_color));
    }
    actions
}

fn filter(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut text = model.filter.clone();
    let label = ui.label("Filter");
    let edit = TextEdit::singleline(&mut text)
        .desired_width((ui.available_width() - 150.0).clamp(160.0, 420.0))
        .hint_text("value>0.9 and model=cnn, or words such as pruned");
    let response = ui.add(edit).labelled_by(label.id);
    if model.focus_filter {
        response.request_focus();
    }
    if response.changed() {
        actions.push(Action::Filter(text));
    }
    for (parameter, from, to) in &model.brushes {
        let range = model.range_in_words(parameter, *from, *to);
        if ui.button(format!("{range} x")).on_hover_text("Lift this range").clicked() {
            actions.push(Action::Brush(parameter.clone(), None));
        }
    }
    if let Some(subject) = model.subject() {
        let (listed, all) = (subject.listed.trials.len(), subject.whole.trials.len());
        if listed < all {
            ui.label(RichText::new(format!("{listed} of {}", text::count(all, "trial"))).weak());
        }
    }
    for (place, trial) in model.pins.iter().enumerate() {
        let color = theme::pin_color(ui.visuals(), place);
        let button = Button::new(RichText::new(format!("{trial} x")).color(color));
        if ui.add(button).on_hover_text(format!("Trial {trial} is pinned; click to let it go")).clicked() {
            actions.push(Action::Pin(*trial));
        }
    }
    actions
}

/// The colours of the window.
fn theme_choice(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let chosen = model.settings.theme;
    let combo = ComboBox::new("theme", "").selected_text(chosen.name()).width(96.0).show_ui(ui, |ui| {
        for theme in ThemeChoice::ALL {
            if ui.selectable_label(chosen == theme, theme.name()).clicked() {
                actions.push(Action::ShowTheme(theme));
            }
        }
    });
    let name = format!("Colours {}", chosen.name());
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
    combo.response.on_hover_text("The colours of the window");
    actions
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

/// What can be asked of the study, once that is switched on.
fn control(ui: &mut Ui, model: &Model, open: &OpenStudy) -> Vec<Action> {
    let mut actions = Vec::new();
    let hint = "Ask something of the study: pause, stop, notes, tags, more trials. The viewer writes nothing else.";
    let response = menu(ui, "Control", "Control", |ui| {
        let mut on = model.is_controlled();
        if ui.checkbox(&mut on, "Allow control of this study").changed() {
            actions.push(Action::AllowControl(on));
        }
        ui.separator();
        let is_paused = open.news.paused.is_some();
        let asks = [
            ("Pause", !is_paused, RequestKind::Pause),
            ("Go on", is_paused, RequestKind::GoOn),
            ("Stop after the running trials", true, RequestKind::StopAfterRunning),
            ("Stop now", true, RequestKind::StopNow),
        ];
        for (name, makes_sense, kind) in asks {
            let enabled = on && open.news.managed && makes_sense;
            let button = ui.add_enabled(enabled, Button::new(name));
            let why = if open.news.managed { "Allow control first" } else { "No seqtune works on this study now" };
            if button.on_disabled_hover_text(why).clicked() {
                actions.push(Action::Ask(kind));
            }
        }
        ui.separator();
        if ui.add_enabled(on, Button::new("Note about the study")).clicked() {
            actions.push(Action::AskForNote(None));
        }
    });
    response.on_hover_text(hint);
    actions
}

/// Whether the study runs, how old what is seen is, and how long it will take.
fn live(ui: &mut Ui, model: &Model, open: &OpenStudy, snapshot: &Snapshot) {
    let color = if open.news.managed {
        theme::state_color(ui.visuals(), TrialState::Running)
    } else {
        theme::quiet(ui.visuals())
    };
    if let Some(share) = open.news.reading {
        let said = format!("reading the log: {:.0} %", share * 100.0);
        ui.add(ProgressBar::new(share).desired_width(150.0).text(said))
            .on_hover_text("The trials at its beginning are shown as they were when that much of the log was written");
        return;
    }
    let (rect, _) = ui.allocate_exact_size(vec2(9.0, 9.0), Sense::hover());
    if open.news.managed {
        ui.painter().circle_filled(rect.center(), 4.5, color);
        let age = (model.now_us - snapshot.last_us).max(0) as f64 / 1e6;
        match &open.news.paused {
            Some(paused) => {
                drop(ui.label(paused).on_hover_text("Running trials go on to their end; nothing new is started"))
            }
            None => {
                ui.label(format!("live {}", text::span(age))).on_hover_text("Time since the last event of the log");
            }
        }
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
