//! Every command, by its name.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use seqtune_view::model::{Action, Column, Dialog, Method, Page, ParameterPlot, Sort};
use seqtune_view::settings::ThemeChoice;

use crate::window::{Window, command, model, says, small};

/// Brings the window into a state that the command needs; whether it is.
type Prepare = fn(&mut Window<'_>) -> bool;

/// What must be so after the command.
type Check = fn(&Window<'_>) -> bool;

/// For each command: what is done before it, and what is so after it.
const CHECKS: &[(&str, Prepare, Check)] = &[
    ("Open a folder or a study", nothing, |window| matches!(model(window).dialog, Some(Dialog::Open { .. }))),
    ("Filter the trials", nothing, |window| window.get_by_role_and_label(Role::TextInput, "Filter").is_focused()),
    ("Clear the filter and the ranges", filtered, |window| {
        model(window).filter.is_empty() && model(window).brushes.is_empty()
    }),
    ("List completed trials only", nothing, |window| model(window).filter == "state=completed" && listed(window) == 6),
    ("List failed trials only", nothing, |window| listed(window) == 1),
    ("Go to a trial by its number", nothing, |window| matches!(model(window).dialog, Some(Dialog::GoTo { .. }))),
    ("Read everything anew", nothing, |window| model(window).snapshot().is_some()),
    ("Take back the last change of filter or pins", filtered, |window| model(window).filter.is_empty()),
    ("Show the overview", nothing, |window| page(window) == Page::Overview),
    ("Compare the pinned trials", nothing, |window| page(window) == Page::Compare),
    ("Show what the parameters do", nothing, |window| page(window) == Page::Parameters),
    ("Show the table of trials", nothing, |window| page(window) == Page::Trials),
    ("Show why a trial has its point", nothing, |window| page(window) == Page::Sampler),
    ("Show where the time went", nothing, |window| page(window) == Page::Resources),
    ("Show what a trial says of the data", nothing, |window| page(window) == Page::Data),
    ("Show two objectives", nothing, |window| page(window) == Page::Pareto),
    ("Show several studies", nothing, |window| page(window) == Page::Studies),
    ("Show parallel coordinates", nothing, |window| plot(window) == Some(ParameterPlot::Parallel)),
    ("Show slices along parameters", nothing, |window| plot(window) == Some(ParameterPlot::Slices)),
    ("Show a contour over two parameters", nothing, |window| plot(window) == Some(ParameterPlot::Contour)),
    ("Show ranks over two parameters", nothing, |window| plot(window) == Some(ParameterPlot::Rank)),
    ("Show the distribution of the values", nothing, |window| plot(window) == Some(ParameterPlot::Distribution)),
    ("Show the importance of parameters", nothing, |window| plot(window) == Some(ParameterPlot::Importance)),
    ("Show partial dependence along a parameter", nothing, |window| plot(window) == Some(ParameterPlot::Dependence)),
    ("Lay the vectors on a plane by PCA", on_data, |window| model(window).views.data.method == Method::Pca),
    ("Lay the vectors on a plane by t-SNE", on_data, |window| model(window).views.data.method == Method::Tsne),
    ("Select the next trial of the table", selected, |window| place(window) == Some(1)),
    ("Select the previous trial of the table", selected, |window| place(window) == Some(0)),
    ("Go 15 trials down", selected, |window| place(window) == Some(11)),
    ("Go 15 trials up", selected, |window| place(window) == Some(0)),
    ("Select the first trial of the table", nothing, |window| place(window) == Some(0)),
    ("Select the last trial of the table", nothing, |window| place(window) == Some(11)),
    ("Select the best trial", nothing, |window| {
        model(window).selected == model(window).snapshot().and_then(|snapshot| snapshot.ranked.first().copied())
    }),
    ("Pin the selected trial, or let it go", selected, |window| model(window).pins.len() == 1),
    ("Compare with the selected trial", pinned, |window| model(window).baseline == model(window).selected),
    ("Let all pinned trials go", pinned, |window| model(window).pins.is_empty()),
    ("Sort the table by value", sorted, |window| model(window).sort == Sort::default()),
    ("Draw values on a log axis, or not", nothing, |window| model(window).drawing.log),
    ("Show or hide the list of studies", nothing, |window| !model(window).settings.panels.studies),
    ("Show or hide the selected trial", nothing, |window| !model(window).settings.panels.inspector),
    ("Draw the curves of the best 5", nothing, |window| model(window).settings.top == 5),
    ("Draw the curves of the best 20", nothing, |window| model(window).settings.top == 20),
    ("Draw the curves of the best 50", nothing, |window| model(window).settings.top == 50),
    ("Draw the history over time, or over numbers", nothing, |window| model(window).drawing.by_time),
    ("Draw one curve for each configuration, or for each trial", nothing, |window| model(window).drawing.grouped),
    ("Copy the selected trial's parameters", selected, |window| says(window, "Copied the parameters.")),
    ("Copy the study's path", nothing, |window| says(window, "Copied the path.")),
    ("Show or hide the keys", nothing, |window| model(window).dialog == Some(Dialog::Help)),
    ("Colours as the system has them", nothing, |window| model(window).settings.theme == ThemeChoice::System),
    ("Dark colours", nothing, |window| window.ctx.theme() == egui::Theme::Dark),
    ("Light colours", nothing, |window| window.ctx.theme() == egui::Theme::Light),
    ("Colours of high contrast", nothing, |window| {
        window.ctx.global_style().visuals.panel_fill == egui::Color32::BLACK
    }),
    ("Allow control of this study, or no longer", nothing, |window| model(window).is_controlled()),
    ("Stop the study after the running trials", controlled, |window| says(window, "Asked to stop after")),
    ("Stop the study now", controlled, |window| says(window, "Asked to stop now.")),
    ("Pause the study", controlled, |window| says(window, "Asked to pause.")),
    ("Write a note about the selected trial", controlled, |window| says(window, "Note about trial")),
    ("Write a note about the study", controlled, |window| says(window, "Note about the study")),
    ("Edit the selected trial's point and try it next", controlled, |window| says(window, "A point to be tried next")),
];

/// Commands that need the world outside: the system's dialog, a folder of this user, a manager that has paused. Others are tried in
/// `control` and `settings`.
const ELSEWHERE: [&str; 4] =
    ["Find a command", "Choose a folder in the system's dialog", "Open the sample study", "Go on after a pause"];

fn nothing(_: &mut Window<'_>) -> bool {
    true
}

fn on_data(window: &mut Window<'_>) -> bool {
    command(window, "Show what a trial says of the data");
    page(window) == Page::Data
}

fn filtered(window: &mut Window<'_>) -> bool {
    command(window, "List failed trials only");
    listed(window) == 1
}

fn selected(window: &mut Window<'_>) -> bool {
    window.key_press(Key::J);
    window.run_ok();
    place(window) == Some(0)
}

fn pinned(window: &mut Window<'_>) -> bool {
    selected(window);
    window.key_press(Key::Space);
    window.run_ok();
    model(window).pins.len() == 1
}

fn sorted(window: &mut Window<'_>) -> bool {
    window.get_by_role_and_label(Role::Button, "Trial").click();
    window.run_ok();
    model(window).sort.column == Column::Number
}

fn controlled(window: &mut Window<'_>) -> bool {
    selected(window);
    command(window, "Allow control of this study, or no longer");
    model(window).is_controlled()
}

fn listed(window: &Window<'_>) -> usize {
    model(window).rows.len()
}

fn page(window: &Window<'_>) -> Page {
    model(window).settings.page
}

/// The plot of the page of parameters, where that is seen.
fn plot(window: &Window<'_>) -> Option<ParameterPlot> {
    (page(window) == Page::Parameters).then_some(model(window).views.parameters.plot)
}

/// Where in the table the selected trial is.
fn place(window: &Window<'_>) -> Option<usize> {
    let selected = model(window).selected?;
    model(window).rows.iter().position(|number| *number == selected)
}

#[test]
fn every_command_does_what_its_name_says() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, first) = small(folder.path());
    drop(first);
    for (name, before, after) in CHECKS {
        let mut window = crate::window::open(&folder.path().join("small"));
        crate::window::wait(&mut window, "the trials are there", crate::window::has_trials);
        assert!(before(&mut window), "what {name:?} is tried on");
        command(&mut window, name);
        crate::window::wait(&mut window, name, after);
    }
}

#[test]
fn all_commands_are_tried() {
    let tried: Vec<&str> = CHECKS.iter().map(|(name, ..)| *name).chain(ELSEWHERE).collect();
    let untried: Vec<&str> =
        seqtune_view::commands().map(|(name, _)| name).filter(|name| !tried.contains(name)).collect();
    assert!(untried.is_empty(), "{untried:?}");
    assert_eq!(tried.len(), seqtune_view::commands().count());
}

#[test]
fn keys_do_what_the_page_of_keys_says() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    for (key, expected) in [(Key::Num4, Page::Trials), (Key::D, Page::Compare), (Key::Num1, Page::Overview)] {
        window.key_press(key);
        window.run_ok();
        assert_eq!(page(&window), expected);
    }
    window.key_press_modifiers(Modifiers::COMMAND, Key::G);
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, "Number of the trial").type_text("99");
    window.run_ok();
    assert!(says(&window, "There is no trial 99."));
    window.key_press(Key::Escape);
    window.run_ok();
    window.key_press_modifiers(Modifiers::COMMAND, Key::G);
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, "Number of the trial").type_text("7");
    window.run_ok();
    window.key_press(Key::Enter);
    window.run_ok();
    assert_eq!((model(&window).selected, &model(&window).dialog), (Some(7), &None));
}

#[test]
fn the_palette_is_walked_with_arrows_and_says_when_nothing_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, "Find a command").type_text("curves of the best");
    window.run_ok();
    window.key_press(Key::ArrowDown);
    window.run_ok();
    window.key_press(Key::ArrowDown);
    window.run_ok();
    window.key_press(Key::Enter);
    window.run_ok();
    assert_eq!(model(&window).settings.top, 50);
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, "Find a command").type_text("qqq");
    window.run_ok();
    assert!(says(&window, "No command has these words."));
}

#[test]
fn letters_that_are_typed_are_no_commands() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run_ok();
    window.key_press(Key::J);
    window.key_press(Key::Num4);
    window.run_ok();
    assert_eq!((model(&window).selected, page(&window)), (None, Page::Overview));
}

#[test]
fn what_the_system_says_for_ctrl_c_copies_the_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    selected(&mut window);
    window.event(egui::Event::Copy);
    window.run_ok();
    assert!(says(&window, "Copied the parameters."));
}

#[test]
fn a_trial_that_is_not_there_is_not_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let (store, first) = small(folder.path());
    drop(first);
    let path = folder.path().join("small");
    let mut window = crate::window::open_with(&path, vec![Action::Show(Page::Compare), Action::Pin(999)]);
    crate::window::wait(&mut window, "the trials are there", crate::window::has_trials);
    assert!(says(&window, "There is no trial 999.") && says(&window, "Nothing is pinned."));
    drop(store);
}
