//! The keys: one list for what they do and for the page that names them.

use egui::{Context, Key, Modifiers};

use crate::model::{Action, Dialog, Model};

/// One line of the help page.
pub(crate) struct Shortcut {
    /// As it is written.
    pub(crate) keys: &'static str,
    /// What it does.
    pub(crate) what: &'static str,
    /// The keys themselves.
    pressed: &'static [(Modifiers, Key)],
    /// Whether it also works while somebody types.
    while_typing: bool,
    action: fn() -> Action,
}

/// Rows that a page key skips.
const PAGE: i64 = 15;

/// All keys.
pub(crate) const SHORTCUTS: [Shortcut; 10] = [
    Shortcut {
        keys: "Ctrl+O",
        what: "open a folder or a study",
        pressed: &[(Modifiers::COMMAND, Key::O)],
        while_typing: true,
        action: || Action::AskForPath,
    },
    Shortcut {
        keys: "Ctrl+F",
        what: "filter the trials",
        pressed: &[(Modifiers::COMMAND, Key::F)],
        while_typing: true,
        action: || Action::FocusFilter,
    },
    Shortcut {
        keys: "F5",
        what: "read everything anew",
        pressed: &[(Modifiers::NONE, Key::F5)],
        while_typing: true,
        action: || Action::Reload,
    },
    Shortcut {
        keys: "J or Down",
        what: "select the next trial of the table",
        pressed: &[(Modifiers::NONE, Key::J), (Modifiers::NONE, Key::ArrowDown)],
        while_typing: false,
        action: || Action::Go(1),
    },
    Shortcut {
        keys: "K or Up",
        what: "select the previous trial of the table",
        pressed: &[(Modifiers::NONE, Key::K), (Modifiers::NONE, Key::ArrowUp)],
        while_typing: false,
        action: || Action::Go(-1),
    },
    Shortcut {
        keys: "Page Down",
        what: "go 15 trials down",
        pressed: &[(Modifiers::NONE, Key::PageDown)],
        while_typing: false,
        action: || Action::Go(PAGE),
    },
    Shortcut {
        keys: "Page Up",
        what: "go 15 trials up",
        pressed: &[(Modifiers::NONE, Key::PageUp)],
        while_typing: false,
        action: || Action::Go(-PAGE),
    },
    Shortcut {
        keys: "Home",
        what: "select the first trial of the table",
        pressed: &[(Modifiers::NONE, Key::Home)],
        while_typing: false,
        action: || Action::GoToEnd { last: false },
    },
    Shortcut {
        keys: "End",
        what: "select the last trial of the table",
        pressed: &[(Modifiers::NONE, Key::End)],
        while_typing: false,
        action: || Action::GoToEnd { last: true },
    },
    Shortcut {
        keys: "?",
        what: "show or hide this page",
        pressed: &[(Modifiers::NONE, Key::Questionmark), (Modifiers::SHIFT, Key::Questionmark)],
        while_typing: false,
        action: || Action::Help,
    },
];

/// What was pressed since the last frame. `was_typing`: whether a text box had the keyboard at its end.
pub(crate) fn pressed(ctx: &Context, model: &Model, was_typing: bool) -> Vec<Action> {
    let typing = ctx.text_edit_focused();
    let mut actions = Vec::new();
    let asking = matches!(model.dialog, Some(Dialog::Open { .. }));
    for shortcut in &SHORTCUTS {
        if (typing || asking) && !shortcut.while_typing {
            continue;
        }
        let hit =
            shortcut.pressed.iter().any(|(modifiers, key)| ctx.input_mut(|input| input.consume_key(*modifiers, *key)));
        actions.extend(hit.then(shortcut.action));
    }
    // Esc leaves the filter's text box first, which egui does before this frame; a dialog it always closes.
    if (!was_typing || model.dialog.is_some()) && ctx.input(|input| input.key_pressed(Key::Escape)) {
        actions.push(Action::Leave);
    }
    actions
}
