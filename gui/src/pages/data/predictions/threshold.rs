//! The threshold of what is positive, which can be moved.

use egui::{Button, RichText, Slider, Ui};

use crate::exports::Predictions;
use crate::model::{Action, Cut, DataChange};

/// What counts as positive, and a slider for it.
pub(super) fn ui(ui: &mut Ui, own: &Predictions, chosen: Option<f64>) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.label(RichText::new(format!("positive: {}", own.in_words(chosen))).weak());
    let (name, hover) = match own.cut {
        Cut::Affinity => (
            "Binds below, in nM",
            "What was measured below it is positive, and what the score says is below it is taken for positive. Of a bound its number \
             counts.",
        ),
        Cut::Target => (
            "Positive above",
            "Rows with a target above it are positive, and those with a score above it are taken for positive.",
        ),
        Cut::Score => (
            "Taken for positive above",
            "Rows with a score above it are taken for positive. Which of them are is a class of the data, and so curves do not change.",
        ),
    };
    let mut at = chosen.unwrap_or(own.own);
    let slider = Slider::new(&mut at, own.range()).logarithmic(own.cut == Cut::Affinity).text(name);
    if ui.add(slider).on_hover_text(hover).changed() {
        actions.push(Action::Data(DataChange::Threshold(Some((own.cut, at)))));
    }
    let button = ui.add_enabled(chosen.is_some(), Button::new("The family's own threshold"));
    if button.on_hover_text("As the export says it").clicked() {
        actions.push(Action::Data(DataChange::Threshold(None)));
    }
    actions
}
