//! The commands: one list for the keys, the menu of all commands, and the page of keys.

use egui::{Context, Key, Modifiers};
use seqtune_core::RequestKind;

use crate::model::{Action, Column, DataChange, Dialog, Drawing, Method, Model, Page, ParameterPlot, Sort};
use crate::settings::ThemeChoice;

/// Something that can be done, by a key or by its name.
pub(crate) struct Command {
    /// What it does, as the palette lists it.
    pub(crate) name: &'static str,
    /// The keys, as they are written; empty where there are none.
    pub(crate) keys: &'static str,
    /// The keys themselves.
    pressed: &'static [(Modifiers, Key)],
    /// Whether the keys also work while somebody types.
    while_typing: bool,
    /// What happens; `None` where it can not be done now.
    pub(crate) action: fn(&Model) -> Option<Action>,
}

/// Rows that a page key skips.
const PAGE: i64 = 15;

const NONE: Modifiers = Modifiers::NONE;
const COMMAND: Modifiers = Modifiers::COMMAND;

const fn command(
    name: &'static str,
    keys: &'static str,
    pressed: &'static [(Modifiers, Key)],
    while_typing: bool,
    action: fn(&Model) -> Option<Action>,
) -> Command {
    Command { name, keys, pressed, while_typing, action }
}

/// All commands.
pub(crate) const COMMANDS: [Command; 63] = [
    command("Find a command", "Ctrl+K", &[(COMMAND, Key::K)], true, |_| Some(Action::Palette)),
    command("Open a folder or a study", "Ctrl+O", &[(COMMAND, Key::O)], true, |_| Some(Action::AskForPath)),
    command("Choose a folder in the system's dialog", "", &[], true, |_| Some(Action::Browse)),
    command("Open the sample study", "", &[], true, |_| Some(Action::OpenSample)),
    command("Colours as the system has them", "", &[], true, |_| Some(Action::ShowTheme(ThemeChoice::System))),
    command("Dark colours", "", &[], true, |_| Some(Action::ShowTheme(ThemeChoice::Dark))),
    command("Light colours", "", &[], true, |_| Some(Action::ShowTheme(ThemeChoice::Light))),
    command("Colours of high contrast", "", &[], true, |_| Some(Action::ShowTheme(ThemeChoice::HighContrast))),
    command("Filter the trials", "Ctrl+F", &[(COMMAND, Key::F)], true, |_| Some(Action::FocusFilter)),
    command("Clear the filter and the ranges", "", &[], false, |model| {
        (!model.filter.is_empty() || !model.brushes.is_empty()).then_some(Action::ClearFilter)
    }),
    command("List completed trials only", "", &[], false, |_| Some(Action::Filter("state=completed".to_owned()))),
    command("List failed trials only", "", &[], false, |_| Some(Action::Filter("state=failed".to_owned()))),
    command("Go to a trial by its number", "Ctrl+G", &[(COMMAND, Key::G)], true, |_| Some(Action::AskForTrial)),
    command("Read everything anew", "F5", &[(NONE, Key::F5)], true, |_| Some(Action::Reload)),
    command("Take back the last change of filter or pins", "Ctrl+Z", &[(COMMAND, Key::Z)], false, |_| {
        Some(Action::Undo)
    }),
    command("Show the overview", "1", &[(NONE, Key::Num1)], false, |_| Some(Action::Show(Page::Overview))),
    command("Compare the pinned trials", "2 or D", &[(NONE, Key::Num2), (NONE, Key::D)], false, |_| {
        Some(Action::Show(Page::Compare))
    }),
    command("Show what the parameters do", "3", &[(NONE, Key::Num3)], false, |_| Some(Action::Show(Page::Parameters))),
    command("Show the table of trials", "4", &[(NONE, Key::Num4)], false, |_| Some(Action::Show(Page::Trials))),
    command("Show why a trial has its point", "5", &[(NONE, Key::Num5)], false, |_| Some(Action::Show(Page::Sampler))),
    command("Show where the time went", "6", &[(NONE, Key::Num6)], false, |_| Some(Action::Show(Page::Resources))),
    command("Show what a trial says of the data", "7", &[(NONE, Key::Num7)], false, |_| Some(Action::Show(Page::Data))),
    command("Show two objectives", "8", &[(NONE, Key::Num8)], false, |_| Some(Action::Show(Page::Pareto))),
    command("Show several studies", "9", &[(NONE, Key::Num9)], false, |_| Some(Action::Show(Page::Studies))),
    command("Show parallel coordinates", "", &[], false, |_| Some(Action::ShowParameters(ParameterPlot::Parallel))),
    command("Show slices along parameters", "", &[], false, |_| Some(Action::ShowParameters(ParameterPlot::Slices))),
    command("Show a contour over two parameters", "", &[], false, |_| {
        Some(Action::ShowParameters(ParameterPlot::Contour))
    }),
    command("Show ranks over two parameters", "", &[], false, |_| Some(Action::ShowParameters(ParameterPlot::Rank))),
    command("Show the distribution of the values", "", &[], false, |_| {
        Some(Action::ShowParameters(ParameterPlot::Distribution))
    }),
    command("Show the importance of parameters", "", &[], false, |_| {
        Some(Action::ShowParameters(ParameterPlot::Importance))
    }),
    command("Show partial dependence along a parameter", "", &[], false, |_| {
        Some(Action::ShowParameters(ParameterPlot::Dependence))
    }),
    command("Lay the vectors on a plane by PCA", "", &[], false, |model| laid(model, Method::Pca)),
    command("Lay the vectors on a plane by t-SNE", "", &[], false, |model| laid(model, Method::Tsne)),
    command(
        "Select the next trial of the table",
        "J or Down",
        &[(NONE, Key::J), (NONE, Key::ArrowDown)],
        false,
        |_| Some(Action::Go(1)),
    ),
    command(
        "Select the previous trial of the table",
        "K or Up",
        &[(NONE, Key::K), (NONE, Key::ArrowUp)],
        false,
        |_| Some(Action::Go(-1)),
    ),
    command("Go 15 trials down", "Page Down", &[(NONE, Key::PageDown)], false, |_| Some(Action::Go(PAGE))),
    command("Go 15 trials up", "Page Up", &[(NONE, Key::PageUp)], false, |_| Some(Action::Go(-PAGE))),
    command("Select the first trial of the table", "Home", &[(NONE, Key::Home)], false, |_| {
        Some(Action::GoToEnd { last: false })
    }),
    command("Select the last trial of the table", "End", &[(NONE, Key::End)], false, |_| {
        Some(Action::GoToEnd { last: true })
    }),
    command("Select the best trial", "", &[], false, |model| {
        Some(Action::Select(Some(model.snapshot()?.best()?.number)))
    }),
    command("Pin the selected trial, or let it go", "Space", &[(NONE, Key::Space)], false, |model| {
        model.selected.map(Action::Pin)
    }),
    command("Compare with the selected trial", "B", &[(NONE, Key::B)], false, |model| {
        model.selected.filter(|trial| model.pins.contains(trial)).map(Action::Baseline)
    }),
    command("Let all pinned trials go", "", &[], false, |model| (!model.pins.is_empty()).then_some(Action::UnpinAll)),
    command("Sort the table by value", "", &[], false, |model| {
        (model.sort != Sort::default()).then_some(Action::SortBy(Column::Value))
    }),
    command("Draw values on a log axis, or not", "L", &[(NONE, Key::L)], false, |model| {
        Some(Action::Draw(Drawing { log: !model.drawing.log, ..model.drawing }))
    }),
    command("Show or hide the list of studies", "Ctrl+B", &[(COMMAND, Key::B)], true, |model| {
        Some(Action::StudiesPanel(!model.settings.panels.studies))
    }),
    command("Show or hide the selected trial", "Ctrl+I", &[(COMMAND, Key::I)], true, |model| {
        Some(Action::InspectorPanel(!model.settings.panels.inspector))
    }),
    command("Draw the curves of the best 5", "", &[], false, |_| Some(Action::ShowTop(5))),
    command("Draw the curves of the best 20", "", &[], false, |_| Some(Action::ShowTop(20))),
    command("Draw the curves of the best 50", "", &[], false, |_| Some(Action::ShowTop(50))),
    command("Draw the history over time, or over numbers", "", &[], false, |model| {
        Some(Action::Draw(Drawing { by_time: !model.drawing.by_time, ..model.drawing }))
    }),
    command("Draw one curve for each configuration, or for each trial", "", &[], false, |model| {
        Some(Action::Draw(Drawing { grouped: !model.drawing.grouped, ..model.drawing }))
    }),
    command("Allow control of this study, or no longer", "", &[], false, |model| {
        model.open.as_ref().map(|_| Action::AllowControl(!model.is_controlled()))
    }),
    command("Stop the study after the running trials", "", &[], false, |model| {
        is_running(model).then_some(Action::Ask(RequestKind::StopAfterRunning))
    }),
    command("Stop the study now", "", &[], false, |model| {
        is_running(model).then_some(Action::Ask(RequestKind::StopNow))
    }),
    command("Pause the study", "", &[], false, |model| {
        (is_running(model) && !is_paused(model)).then_some(Action::Ask(RequestKind::Pause))
    }),
    command("Go on after a pause", "", &[], false, |model| {
        (is_running(model) && is_paused(model)).then_some(Action::Ask(RequestKind::GoOn))
    }),
    command("Write a note about the selected trial", "E", &[(NONE, Key::E)], false, |model| {
        Some(Action::AskForNote(Some(model.selected.filter(|_| model.is_controlled())?)))
    }),
    command("Write a note about the study", "", &[], false, |model| {
        model.is_controlled().then_some(Action::AskForNote(None))
    }),
    command("Edit the selected trial's point and try it next", "", &[], false, |model| {
        model.selected.filter(|_| model.is_controlled()).map(Action::AskForPoint)
    }),
    command("Copy the selected trial's parameters", "Ctrl+C", &[(COMMAND, Key::C)], false, |model| {
        let row = model.selected_trial()?;
        Some(Action::Copy(crate::text::params_toml(&row.params), "the parameters"))
    }),
    command("Copy the study's path", "Ctrl+L", &[(COMMAND, Key::L)], true, |model| {
        Some(Action::Copy(model.open.as_ref()?.directory.display().to_string(), "the path"))
    }),
    command(
        "Show or hide the keys",
        "?",
        &[(NONE, Key::Questionmark), (Modifiers::SHIFT, Key::Questionmark)],
        false,
        |_| Some(Action::Help),
    ),
];

/// Of the vectors on the page of data.
fn laid(model: &Model, method: Method) -> Option<Action> {
    (model.settings.page == Page::Data).then_some(Action::Data(DataChange::Method(method)))
}

/// Whether a manager works on the study, and may be asked something.
fn is_running(model: &Model) -> bool {
    model.is_controlled() && model.open.as_ref().is_some_and(|open| open.news.managed)
}

fn is_paused(model: &Model) -> bool {
    model.open.as_ref().is_some_and(|open| open.news.paused.is_some())
}

/// What was pressed since the last frame. `was_typing`: whether a text box had the keyboard at its end.
pub(crate) fn pressed(ctx: &Context, model: &Model, was_typing: bool) -> Vec<Action> {
    let typing = ctx.text_edit_focused();
    // A focused plot moves by the arrow keys; a focused button is pressed by the space bar.
    let focused = ctx.memory(|memory| memory.focused().is_some()) && !typing;
    let mut actions = Vec::new();
    let asking = model.dialog.is_some() && model.dialog != Some(Dialog::Help);
    let copied = !typing && !asking && take_copy(ctx);
    // Text that somebody writes is not lost to another dialog.
    let writing = matches!(model.dialog, Some(Dialog::Note { .. } | Dialog::Enqueue { .. }));
    for command in COMMANDS.iter().filter(|_| !writing) {
        if (typing || asking) && !command.while_typing {
            continue;
        }
        let hit = command.pressed.iter().any(|(modifiers, key)| {
            let is_taken = focused && matches!(key, Key::ArrowDown | Key::ArrowUp | Key::Space);
            !is_taken && ctx.input_mut(|input| input.consume_key(*modifiers, *key))
        });
        if hit || (copied && command.pressed.contains(&(COMMAND, Key::C))) {
            actions.extend((command.action)(model));
        }
    }
    // Esc leaves the filter's text box first, which egui does before this frame; a dialog it always closes.
    // An open menu closes first.
    let leaves = !was_typing || model.dialog.is_some();
    if leaves && !egui::Popup::is_any_open(ctx) && ctx.input(|input| input.key_pressed(Key::Escape)) {
        actions.push(Action::Leave);
    }
    actions
}

/// Whether something is to be copied. Windows say so instead of the key itself.
fn take_copy(ctx: &Context) -> bool {
    ctx.input_mut(|input| {
        let before = input.events.len();
        input.events.retain(|event| !matches!(event, egui::Event::Copy));
        input.events.len() < before
    })
}

/// The commands whose names have all words of a text, and that can be done now.
pub(crate) fn found(model: &Model, text: &str) -> Vec<&'static Command> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let has_all = |command: &&Command| {
        let name = command.name.to_lowercase();
        words.iter().all(|word| name.contains(word.as_str()))
    };
    COMMANDS.iter().filter(has_all).filter(|command| (command.action)(model).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things() {
        let mut keys: Vec<String> =
            COMMANDS.iter().flat_map(|command| command.pressed).map(|pressed| format!("{pressed:?}")).collect();
        let all = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn names_are_found_by_parts_of_words() {
        let model = Model::new(0);
        let names: Vec<&str> = found(&model, "tab tri").iter().map(|command| command.name).collect();
        assert!(names.contains(&"Show the table of trials"), "{names:?}");
        assert!(found(&model, "no such thing").is_empty());
    }
}
