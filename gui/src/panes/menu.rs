//! A menu with choices: it stays open while one chooses, and closes by a click beside it.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{PopupCloseBehavior, Response, Ui};

/// A button that opens such a menu. `name` names it for people who do not see it, where `text` alone would not.
pub(crate) fn menu(ui: &mut Ui, text: &str, name: &str, contents: impl FnOnce(&mut Ui)) -> Response {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::new(text).config(config).ui(ui, contents);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, name));
    response
}
