//! Compare.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use crate::hands::{choose, show};
use crate::window::{Window, model, press, says, small, wait};

/// The page with the best three trials pinned.
fn best_three() -> (tempfile::TempDir, seqtune_core::Store, Window<'static>) {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut window) = small(folder.path());
    show(&mut window, Key::Num2);
    press(&mut window, "Pin the best three");
    wait(&mut window, "they are compared", |window| says(window, "seeds (n)"));
    (folder, store, window)
}

#[test]
fn nothing_pinned_is_said_with_ways_on() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    show(&mut window, Key::Num2);
    assert!(says(&window, "Nothing is pinned."));
    press(&mut window, "Pin the selected trial");
    assert!(model(&window).pins.is_empty(), "none is selected");
    window.key_press(Key::J);
    window.run_ok();
    press(&mut window, "Pin the selected trial");
    assert_eq!(model(&window).pins, [model(&window).rows[0]]);
    wait(&mut window, "one is not compared", |window| says(window, "Pin another trial to compare with this one."));
    press(&mut window, "Let all go");
    assert!(says(&window, "Nothing is pinned."));
}

#[test]
fn pinned_trials_stand_side_by_side_with_what_differs() {
    let (_folder, _store, mut window) = best_three();
    let pins = model(&window).pins.clone();
    assert_eq!(pins, model(&window).snapshot().unwrap().ranked[..3]);
    assert!(says(&window, "baseline") && says(&window, "learning_rate"));
    assert!(says(&window, "have one seed each"));
    wait(&mut window, "curves and differences are drawn", |window| {
        says(window, "Curves of the pinned trials: ") && says(window, "Differences to the baseline: ")
    });
    let differences = format!("differences to trial {}", pins[0]);
    assert!(says(&window, &differences), "{differences}");
}

#[test]
fn equal_parameters_are_hidden_until_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    // Two trials that share a parameter.
    let snapshot = model(&window).snapshot().unwrap().clone();
    let alike = |a: u64, b: u64| {
        let of = |number: u64| snapshot.trial(number).unwrap().params.get("reverse").cloned();
        of(a) == of(b)
    };
    let other = (1..12).find(|other| alike(0, *other)).expect("two of twelve have the same bool");
    let mut pin = |number: u64| {
        window.key_press(Key::Home);
        window.run_ok();
        while model(&window).selected != Some(number) {
            window.key_press(Key::J);
            window.run_ok();
        }
        window.key_press(Key::Space);
        window.run_ok();
    };
    pin(0);
    pin(other);
    assert_eq!(model(&window).pins, [0, other]);
    show(&mut window, Key::Num2);
    wait(&mut window, "they are compared", |window| says(window, "the same and hidden."));
    press(&mut window, "Show them");
    assert!(!model(&window).views.compare.only_differences);
    assert!(!says(&window, "the same and hidden."));
    window.get_by_role_and_label(Role::CheckBox, "Only differences").click();
    window.run_ok();
    assert!(says(&window, "the same and hidden."));
}

#[test]
fn another_baseline_is_chosen_and_the_table_turned_and_copied() {
    let (_folder, _store, mut window) = best_three();
    let pins = model(&window).pins.clone();
    choose(&mut window, &format!("Baseline trial {}", pins[0]), &format!("trial {}", pins[1]));
    assert_eq!(model(&window).baseline, Some(pins[1]));
    wait(&mut window, "the differences are to it", |window| says(window, &format!("differences to trial {}", pins[1])));
    window.get_by_role_and_label(Role::CheckBox, "Trials as rows").click();
    window.run_ok();
    assert!(model(&window).views.compare.transposed);
    press(&mut window, "Copy the table");
    let copied = window.output().platform_output.commands.iter().any(|command| {
        matches!(command, egui::OutputCommand::CopyText(text) if text.lines().count() == 4 && text.contains("learning_rate"))
    });
    assert!(copied || model(&window).notices.iter().any(|notice| notice.text == "Copied the comparison."));
}
