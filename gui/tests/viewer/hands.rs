//! What hands do in the tests beside pressing buttons: keys of pages, boxes, drags and clicks at places.

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, PointerButton, Pos2};
use egui_kittest::kittest::Queryable;

use crate::window::Window;

/// Goes to a page by its key.
pub fn show(window: &mut Window<'_>, key: Key) {
    window.key_press(key);
    window.run_ok();
}

/// Chooses an entry of a box.
#[track_caller]
pub fn choose(window: &mut Window<'_>, combo: &str, entry: &str) {
    window.get_by_role_and_label(Role::ComboBox, combo).click();
    window.run_ok();
    let entries: Vec<_> = window.query_all_by_role_and_label(Role::Button, entry).collect();
    // What is on top was drawn last.
    entries.last().expect("the box must have the entry").click();
    drop(entries);
    window.run_ok();
}

/// Presses, moves and lets go.
pub fn drag(window: &mut Window<'_>, from: Pos2, to: Pos2) {
    let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
    window.event(Event::PointerMoved(from));
    window.run_ok();
    window.event(Event::PointerButton { pos: from, button, pressed: true, modifiers });
    window.run_ok();
    for part in 1..=4 {
        window.event(Event::PointerMoved(from + (to - from) * (part as f32 / 4.0)));
        window.run_ok();
    }
    window.event(Event::PointerButton { pos: to, button, pressed: false, modifiers });
    window.run_ok();
}

/// Clicks at a place.
pub fn click(window: &mut Window<'_>, at: Pos2) {
    let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
    window.event(Event::PointerMoved(at));
    for pressed in [true, false] {
        window.event(Event::PointerButton { pos: at, button, pressed, modifiers });
    }
    window.run_ok();
}
