//! What models expected of the last trials, against what came: whether their certainty can be believed.

use egui::{ProgressBar, RichText, Ui};
use seqtune_core::sampler::Expected;
use seqtune_plot::decision;
use seqtune_plot::plots::{self, Prediction};

use crate::cache::Cache;
use crate::model::{Action, Model};
use crate::panes::plot_pane::PlotPane;
use crate::text;
use crate::workshop::{Answer, Lane, Subject};

/// Trials of which it is asked, the newest first: each takes as long as its decision did.
const LAST: usize = 30;
const HEIGHT: f32 = 300.0;

/// What was expected of one trial; nothing where no model expected a value.
type Of = Result<Option<Expected>, String>;

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(subject) = model.subject() else { return actions };
    ui.label(RichText::new("What was expected, and what came").strong()).on_hover_text(
        "Of the last completed trials that the sampler chose: the value that its model expected, with the interval that was to hold \
         it with 68 %, against the value that came. The interval is of the value without the noise of measurement.",
    );
    let asked = decision::last_chosen(&subject.listed, LAST);
    if asked.is_empty() {
        ui.label(RichText::new("No trial that the sampler chose is completed yet.").weak());
        return actions;
    }
    let objective = subject.whole.spec.objective().clone();
    let (mut known, mut made, mut trouble) = (Vec::new(), 0, None);
    for row in &asked {
        let (number, decisions, metric) = (row.number, cache.decisions.clone(), objective.metric.clone());
        let answer: Answer<Of> = cache.shop.ask_still(("expected", number), (), subject, Lane::Slow, move |subject| {
            let asked = |kept: &mut crate::decisions::Kept| {
                Ok(decision::expected(&kept.explanation(number)?.why, &metric).cloned())
            };
            decisions.ask(subject, asked).flatten()
        });
        // One after the other, so that what is asked of another trial meanwhile has its turn soon.
        let Some(product) = answer.product.filter(|_| !answer.stale) else { break };
        made += 1;
        match &*product {
            Ok(Some(expected)) => known.extend(Prediction::of(row, expected)),
            Ok(None) => {}
            Err(sentence) => trouble = Some(sentence.clone()),
        }
    }
    if made < asked.len() {
        let done = made as f32 / asked.len() as f32;
        let said = format!("{made} of {} decisions made again", asked.len());
        let bar = ui.add(ProgressBar::new(done).desired_width(260.0).text(&said));
        bar.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ProgressIndicator, true, &said));
    }
    if let Some(sentence) = trouble {
        ui.label(RichText::new(sentence).color(ui.visuals().error_fg_color));
    }
    if known.is_empty() {
        if made == asked.len() {
            let sentence =
                "No model expected values of the last trials: a Gaussian process does, once it has enough results.";
            ui.label(RichText::new(sentence).weak());
        }
        return actions;
    }
    let inside = known.iter().filter(|point| point.is_held() == Some(true)).count();
    ui.label(format!(
        "{inside} of {} within their intervals, of which 68 % should be.",
        text::count(known.len(), "outcome")
    ));
    let pane = PlotPane {
        id: "expectations",
        name: "Expected and come",
        help: "Each trial by what was expected of it, from left to right, and what came of it, from below. On the diagonal both are the \
               same; the bar is the interval that was to hold it with 68 %.",
        height: HEIGHT,
        moves: true,
    };
    let key: Vec<u64> = known.iter().map(|point| point.trial).collect();
    let work = move |_: &Subject| plots::predictions("Expected and come", &objective, &known);
    actions.extend(pane.show(ui, model, cache, key, work, |_| Vec::new()).actions);
    actions
}
