//! What every plot can do: legend, table, picture, keys.

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use seqtune_view::model::Dialog;

use crate::window::{Window, model, press, says, small, wait};

fn drawn(folder: &std::path::Path) -> (seqtune_core::Store, Window<'static>) {
    let (store, mut window) = small(folder);
    wait(&mut window, "the plots are drawn", |window| says(window, "Curves: ") && says(window, "History: "));
    (store, window)
}

#[test]
fn a_plot_is_a_table_too() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = drawn(folder.path());
    press(&mut window, "More about History");
    press(&mut window, "Show as a table");
    assert!(matches!(model(&window).dialog, Some(Dialog::Twin(_))));
    assert!(window.query_all_by_label("point").count() >= 10);
    press(&mut window, "Copy it");
    assert!(says(&window, "Copied the table."));
}

#[test]
fn a_plot_is_saved_as_a_picture_and_a_bad_path_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = drawn(folder.path());
    let label = "Where to save the picture: a file ending in .svg or .png";
    for (name, refused) in [
        ("history.pdf", Some("must end in .svg or .png")),
        ("no/such/folder.svg", Some("cannot be written")),
        ("history.svg", None),
        ("history.png", None),
    ] {
        press(&mut window, "More about History");
        press(&mut window, "Save as a picture");
        window.get_by_role_and_label(Role::TextInput, label).focus();
        window.run_ok();
        window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        window.run_ok();
        let path = folder.path().join(name);
        window.get_by_role_and_label(Role::TextInput, label).type_text(path.to_str().unwrap());
        window.run_ok();
        press(&mut window, "Save it");
        match refused {
            Some(why) => {
                wait(&mut window, why, |window| says(window, why));
                assert!(!path.exists());
                window.key_press(Key::Escape);
                window.run_ok();
            }
            None => {
                wait(&mut window, "the picture", |window| says(window, &format!("Saved {}", path.display())));
                assert!(path.metadata().unwrap().len() > 1000);
            }
        }
    }
}

#[test]
fn the_legend_hides_marks_and_brings_them_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = drawn(folder.path());
    let entry = |window: &Window<'_>| {
        let found = window.get_by_role_and_label(Role::CheckBox, "failed (1)");
        found.accesskit_node().toggled()
    };
    assert_eq!(entry(&window), Some(egui::accesskit::Toggled::True));
    window.get_by_role_and_label(Role::CheckBox, "failed (1)").click();
    window.run_ok();
    assert_eq!(entry(&window), Some(egui::accesskit::Toggled::False));
    window.get_by_role_and_label(Role::CheckBox, "failed (1)").click();
    window.run_ok();
    assert_eq!(entry(&window), Some(egui::accesskit::Toggled::True));
}

#[test]
fn a_plot_moves_by_drag_wheel_and_keys_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = drawn(folder.path());
    let rect = window.query_all_by_label_contains("History: ").next().expect("it was drawn").rect();
    let middle = rect.center();
    window.event(Event::PointerMoved(middle));
    window.run_ok();
    window.event(Event::Zoom(1.5));
    window.run_ok();
    let has_way_back = |window: &mut Window<'_>| {
        press(window, "More about History");
        let is_there = window.query_by_label("Show all of it").is_some();
        if is_there {
            press(window, "Show all of it");
        } else {
            window.key_press(Key::Escape);
            window.run_ok();
        }
        is_there
    };
    assert!(has_way_back(&mut window), "zoomed by the wheel");
    assert!(!has_way_back(&mut window), "all of it is shown again");
    window.query_all_by_label_contains("History: ").next().expect("it was drawn").focus();
    window.run_ok();
    window.key_press(Key::ArrowLeft);
    window.run_ok();
    assert!(has_way_back(&mut window), "moved by a key");
    let button = egui::PointerButton::Primary;
    for (pos, pressed) in [(middle, true), (middle + egui::vec2(60.0, 20.0), false)] {
        window.event(Event::PointerMoved(pos));
        window.event(Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE });
        window.run_ok();
    }
    assert!(has_way_back(&mut window), "dragged");
}
