//! What the model of the decision says along each parameter, through the point that it chose.

use std::sync::Arc;

use egui::{RichText, Ui};
use seqtune_plot::TrialRow;
use seqtune_plot::spec::PlotSpec;

use crate::cache::Cache;
use crate::model::{Action, Model};
use crate::panes::plot_pane::PlotPane;
use crate::workshop::{Answer, Lane};

/// Width of a slice at the least, and the heights of its two plots.
const WIDTH: f32 = 300.0;
const HEIGHTS: [f32; 2] = [230.0, 130.0];

/// What a page draws of a slice.
struct Drawn {
    parameter: String,
    expected: Arc<PlotSpec>,
    worth: Arc<PlotSpec>,
}

struct Product {
    trial: u64,
    slices: Result<(Vec<Drawn>, Vec<String>), String>,
}

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache, row: &TrialRow) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(subject) = model.subject() else { return actions };
    let (number, decisions) = (row.number, cache.decisions.clone());
    let metric = model.metric(&subject.whole).to_owned();
    let made: Answer<Product> =
        cache.shop.ask_still("slices", (number, metric.clone()), subject, Lane::Slow, move |subject| {
            let found = decisions.ask(subject, |kept| kept.slices(number, &metric)).flatten();
            let drawn = |found: Arc<seqtune_plot::decision::Slices>| {
                let one = |slice: &seqtune_plot::decision::Slice| Drawn {
                    parameter: slice.parameter.clone(),
                    expected: Arc::new(slice.expected.clone()),
                    worth: Arc::new(slice.worth.clone()),
                };
                (found.slices.iter().map(one).collect(), found.notes.clone())
            };
            Product { trial: number, slices: found.map(drawn) }
        });
    ui.label(RichText::new("What the model said along each parameter").strong()).on_hover_text(
        "Replayed: the model of this very decision, asked along each parameter while all others stay as chosen. Below each what the \
         places were worth to the sampler, which takes the point that is worth most.",
    );
    let product = made.product.as_deref().filter(|product| product.trial == number);
    match product.map(|product| &product.slices) {
        None => drop(ui.label(RichText::new("The model is being made again.").weak())),
        Some(Err(sentence)) => drop(ui.label(RichText::new(sentence).weak())),
        Some(Ok((slices, notes))) => {
            for note in notes {
                ui.label(RichText::new(note).weak());
            }
            let columns = ((ui.available_width() / WIDTH) as usize).clamp(1, 4);
            for row in slices.chunks(columns) {
                ui.columns(columns, |columns| {
                    for (ui, drawn) in columns.iter_mut().zip(row) {
                        actions.extend(slice(ui, model, cache, drawn));
                    }
                });
            }
        }
    }
    actions
}

fn slice(ui: &mut Ui, model: &Model, cache: &mut Cache, drawn: &Drawn) -> Vec<Action> {
    let mut actions = Vec::new();
    let name = &drawn.parameter;
    let panes = [
        ("expected", format!("Along {name}"), &drawn.expected, HEIGHTS[0]),
        ("worth", format!("Worth along {name}"), &drawn.worth, HEIGHTS[1]),
    ];
    for (kind, title, spec, height) in panes {
        let pane = PlotPane {
            id: &format!("sampler {kind} {name}"),
            name: &title,
            help: "A Gaussian process expects a value everywhere, with an interval that holds it with 68 %; a Parzen estimator has \
                   densities of good trials (l) and of the others (g). The sampler takes the point with the largest expected \
                   improvement, or the largest l/g.",
            height,
            moves: true,
        };
        actions.extend(pane.draw(ui, model, cache, (Some(spec), None, false), |_| Vec::new()).actions);
    }
    actions
}
