//! Parameters.

use egui::accesskit::Role;
use egui::{Key, pos2};
use egui_kittest::kittest::{NodeT, Queryable};
use seqtune_core::testing::study;
use seqtune_core::{EventKind, Store};
use seqtune_view::model::Measure;

use crate::hands::{choose, click, drag, show};
use crate::sample::Sample;
use crate::window::{Window, has_trials, model, open, press, says, small, wait};

const SOME: Sample = Sample { name: "some", trials: 40, steps: 4, running: false };

fn page(tab: &str) -> (tempfile::TempDir, Window<'static>) {
    let folder = tempfile::tempdir().unwrap();
    let (directory, store) = SOME.write(folder.path());
    drop(store);
    let mut window = open(&directory);
    wait(&mut window, "the trials are there", has_trials);
    show(&mut window, Key::Num3);
    press(&mut window, tab);
    (folder, window)
}

#[test]
fn a_drag_along_an_axis_lists_what_is_in_its_range_and_a_click_lifts_it() {
    let (_folder, mut window) = page("Parallel coordinates");
    wait(&mut window, "the axes are there", |window| says(window, "Range of dropout any"));
    let axis = window.get_by_label("Range of dropout any").rect();
    let at = |part: f32| pos2(axis.center().x, axis.bottom() - part * axis.height());
    drag(&mut window, at(0.25), at(0.6));
    let [(name, from, to)] = &model(&window).brushes.clone()[..] else { panic!("there must be one range") };
    assert!(name == "dropout" && 0.0 < *from && from < to && *to < 0.5, "{name} {from} {to}");
    let listed = model(&window).rows.len();
    assert!(listed > 0 && listed < 40, "{listed}");
    wait(&mut window, "the range is said", |window| says(window, &format!("{listed} of 40 trials")));

    // A second axis narrows further.
    let other = window.get_by_label("Range of model any").rect();
    let up = |part: f32| pos2(other.center().x, other.bottom() - part * other.height());
    drag(&mut window, up(0.95), up(0.75));
    assert_eq!(model(&window).brushes.len(), 2);
    assert!(says(&window, "model lstm x"), "the top choice is named in the header");
    assert!(model(&window).rows.len() < listed);
    window.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    window.run_ok();
    assert_eq!((model(&window).brushes.len(), model(&window).rows.len()), (1, listed));

    click(&mut window, at(0.4));
    assert!(model(&window).brushes.is_empty());
    assert_eq!(model(&window).rows.len(), 40);
}

#[test]
fn a_click_beside_the_axes_selects_and_a_double_click_on_one_lifts_its_range() {
    let (_folder, mut window) = page("Parallel coordinates");
    wait(&mut window, "the axes are there", |window| says(window, "Range of dropout any"));
    let axis = window.get_by_label("Range of dropout any").rect();
    let at = |part: f32| pos2(axis.center().x, axis.bottom() - part * axis.height());
    drag(&mut window, at(0.3), at(0.5));
    assert_eq!(model(&window).brushes.len(), 1);
    // A frame of the tests takes a quarter of a second; and these are to be two clicks, and not three with one long before.
    window.ctx.options_mut(|options| options.input_options.max_double_click_delay = 4.0);
    window.run_steps(20);
    for _ in 0..2 {
        click(&mut window, at(0.9));
    }
    assert!(model(&window).brushes.is_empty());
    for step in 1..40 {
        click(&mut window, pos2(axis.right() + 20.0, axis.top() + axis.height() * step as f32 / 40.0));
        if model(&window).selected.is_some() {
            return;
        }
    }
    panic!("no click on the lines selected a trial");
}

#[test]
fn a_list_has_an_axis_and_a_slice_for_its_length_and_each_item() {
    let folder = tempfile::tempdir().unwrap();
    let item = "{ type = 'int', low = 8, high = 64 }";
    let space = format!("widths = {{ type = 'list', len = {{ low = 1, high = 3 }}, item = {item} }}");
    let events = study(&space).sampler("random").trials(30).events();
    let EventKind::StudyCreated { spec, settings, .. } = &events[0].kind else { panic!("a log begins so") };
    let directory = folder.path().join("lists");
    let mut store = Store::create(&directory, spec, settings, "test").unwrap();
    store.append(events[1..].iter().map(|event| event.kind.clone()).collect::<Vec<_>>()).unwrap();
    drop(store);
    let mut window = open(&directory);
    wait(&mut window, "the trials are there", has_trials);
    show(&mut window, Key::Num3);
    wait(&mut window, "the axes are there", |window| says(window, "Range of len(widths) any"));
    assert!(says(&window, "Range of widths[2] any"));
    let axis = window.get_by_label("Range of len(widths) any").rect();
    // The upper half: two items and more.
    let at = |part: f32| pos2(axis.center().x, axis.bottom() - part * axis.height());
    drag(&mut window, at(0.4), at(1.0));
    let lengths = |window: &Window<'_>| -> Vec<usize> {
        let snapshot = model(window).snapshot().unwrap();
        let items = |number: &u64| snapshot.trial(*number).unwrap().params.get("widths").unwrap().as_list().unwrap();
        model(window).rows.iter().map(|number| items(number).len()).collect()
    };
    let listed = lengths(&window);
    assert!(!listed.is_empty() && listed.len() < 30 && listed.iter().all(|length| *length >= 2), "{listed:?}");
    press(&mut window, "Slices");
    wait(&mut window, "the slices are drawn", |window| says(window, "len(widths): ") && says(window, "widths[1]: "));
}

#[test]
fn slices_are_chosen_and_stay_chosen() {
    let (_folder, mut window) = page("Slices");
    wait(&mut window, "a slice is drawn", |window| says(window, "dropout: "));
    press(&mut window, "None");
    assert!(says(&window, "No parameter is chosen."));
    let chosen = window.query_all_by_role_and_label(Role::Button, "batch_size").last().expect("its button");
    chosen.click();
    window.run_ok();
    assert_eq!(model(&window).views.parameters.slices.as_deref(), Some(&["batch_size".to_owned()][..]));
    wait(&mut window, "its slice is drawn", |window| says(window, "batch_size: "));
    assert!(!says(&window, "dropout: "));
    show(&mut window, Key::Num1);
    show(&mut window, Key::Num3);
    assert!(says(&window, "batch_size: "), "the choice is kept");
    press(&mut window, "All");
    wait(&mut window, "all are drawn", |window| says(window, "dropout: ") && says(window, "learning_rate: "));
}

#[test]
fn contour_and_ranks_are_of_the_chosen_pair() {
    let (_folder, mut window) = page("Contour");
    wait(&mut window, "a contour is drawn", |window| says(window, "Contour: "));
    let across = window
        .query_all_by_role(Role::ComboBox)
        .filter_map(|node| node.accesskit_node().label())
        .find_map(|label| label.strip_prefix("Across ").map(str::to_owned))
        .expect("the box names what goes across");
    let other = if across == "reverse" { "dropout" } else { "reverse" };
    choose(&mut window, &format!("Across {across}"), other);
    wait(&mut window, "it is over the other one", |window| says(window, &format!("over {other} and ")));
    press(&mut window, "Exchange");
    assert_eq!(model(&window).views.parameters.pair.as_ref().unwrap()[1], other);
    press(&mut window, "Ranks");
    wait(&mut window, "the ranks are drawn", |window| says(window, "Ranks: "));
    press(&mut window, "Distribution");
    wait(&mut window, "the distribution is drawn", |window| says(window, "Distribution: "));
}

#[test]
fn importance_and_dependence_appear() {
    let (_folder, mut window) = page("Importance of parameters");
    wait(&mut window, "the bars are drawn", |window| says(window, "is the most important of"));
    assert!(says(&window, "of the variance of values it has not seen"));
    window.get_by_label("PED-ANOVA").click();
    window.run_ok();
    assert_eq!(model(&window).views.parameters.measure, Measure::PedAnova);
    wait(&mut window, "its bars are drawn", |window| !says(window, "of the variance of values it has not seen"));
    press(&mut window, "Partial dependence");
    wait(&mut window, "it is drawn", |window| says(window, "is expected at"));
    choose(&mut window, "Of listed trials", "all trials");
    assert!(model(&window).views.parameters.of_all);
}

#[test]
fn too_few_trials_have_no_importance() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    show(&mut window, Key::Num3);
    press(&mut window, "Importance of parameters");
    wait(&mut window, "that is said", |window| says(window, "Importance needs at least 8 trials with a value"));
}
