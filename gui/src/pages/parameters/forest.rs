//! How much each parameter matters, and what is expected along one: what a forest over the trials says.

use std::sync::Arc;

use egui::{ComboBox, RichText, Ui};
use seqtune_core::Objective;
use seqtune_plot::plots;
use seqtune_plot::spec::{PlotSpec, short};
use seqtune_plot::{Importance, Method, PedAnova, Snapshot, completed_under, r2_in_words};

use super::{parameter_choice, telling};
use crate::cache::Cache;
use crate::model::{Action, Measure, Model, ParametersView};
use crate::pages::forest::{SEED, Source, forest, told};
use crate::panes::plot_pane::PlotPane;
use crate::text;
use crate::workshop::{Answer, Lane, Subject};

/// Interactions that are named.
const MOST_PAIRS: usize = 3;

/// How much the parameters matter, ready to be shown.
pub(in crate::pages) struct Measured {
    /// The bars, with what the forest is worth among the notes.
    pub spec: Arc<PlotSpec>,
    sentences: Vec<String>,
}

/// How much the parameters matter: the same answer on every page that asks for it.
pub(in crate::pages) fn measured(
    model: &Model,
    cache: &mut Cache,
    subject: &Subject,
    measure: Measure,
    of_all: bool,
) -> Answer<Result<Measured, String>> {
    let objective = model.objective(&subject.whole);
    let source = Source::now(model, subject, of_all);
    let slot = ("importance", measure, source.of_all);
    if measure == Measure::Fanova {
        let forest = forest(model, cache, subject, of_all);
        return told(cache, subject, &forest, (slot, ()), move |grown, snapshot| {
            bars(snapshot, &objective, Method::Fanova, &grown.importance())
        });
    }
    cache.shop.ask_still(slot, source.clone(), subject, Lane::Slow, move |subject| {
        let (snapshot, method) = (source.part(subject), Method::PedAnova(PedAnova::new(objective.direction)));
        let trials = completed_under(snapshot, &objective);
        let answer = seqtune_plot::importance(&snapshot.spec.space, &trials, method, SEED);
        bars(snapshot, &objective, method, &answer.map_err(|error| text::sentence(&error.to_string()))?)
    })
}

pub(super) fn importance(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let Some(subject) = model.subject() else { return Vec::new() };
    let view = &model.views.parameters;
    let made = measured(model, cache, subject, view.measure, view.of_all);
    let height = ui.available_height();
    let pane = PlotPane {
        id: "importance",
        name: "Importance",
        help: "fANOVA (Hutter, Hoos, Leyton-Brown 2014): how much of the variance of the value over the space each parameter explains \
               alone, by a random forest. PED-ANOVA (Watanabe, Bansal, Hutter 2023): how differently the parameter is distributed \
               among the best tenth of the trials. Of completed trials.",
        height: height - 84.0,
        moves: false,
    };
    let product = made.product.as_deref();
    let shown = product.and_then(|product| product.as_ref().ok());
    let busy = busy(model, subject);
    let trouble = match product {
        Some(Err(sentence)) => Some(sentence.as_str()),
        Some(Ok(_)) => None,
        None => Some(busy.as_str()),
    };
    let spec = shown.map(|shown| &shown.spec);
    let mut actions = pane
        .draw(ui, model, cache, (spec, trouble, made.stale), |ui| {
            let mut actions = measure_choice(ui, model);
            actions.extend(trials_choice(ui, model));
            if made.stale && spec.is_some() {
                ui.label(RichText::new(&busy).weak());
            }
            actions
        })
        .actions;
    for sentence in shown.map(|shown| shown.sentences.as_slice()).unwrap_or_default() {
        ui.label(sentence);
    }
    let way =
        spec.is_none() && product.is_some() && !view.of_all && subject.listed.trials.len() < subject.whole.trials.len();
    if way && ui.button("Ask all trials").clicked() {
        actions.push(Action::ViewParameters(ParametersView { of_all: true, ..view.clone() }));
    }
    actions
}

pub(super) fn dependence(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let Some(subject) = model.subject() else { return Vec::new() };
    let view = &model.views.parameters;
    let forest = forest(model, cache, subject, view.of_all);
    let pane = PlotPane {
        id: "dependence",
        name: "Partial dependence",
        help: "What a random forest over the completed trials expects of the value along one parameter, averaged over all others, with \
               the band in which 80 % of its trees lie. Where no trial was, the forest guesses.",
        height: ui.available_height(),
        moves: true,
    };
    let grown = match forest.product.as_deref().map(|forest| &forest.grown) {
        Some(Ok(grown)) => grown,
        other => {
            let busy = busy(model, subject);
            let trouble = other.and_then(|grown| grown.as_ref().err()).map_or(busy.as_str(), String::as_str);
            return pane.draw(ui, model, cache, (None, Some(trouble), false), |ui| trials_choice(ui, model)).actions;
        }
    };
    let names: Vec<&str> = grown.names().collect();
    let is_known = |name: &String| names.contains(&name.as_str());
    let chosen = view.dependence.clone().filter(is_known);
    let chosen =
        chosen.or_else(|| telling(model, cache, subject).into_iter().find(|name| names.contains(&name.as_str())));
    let Some(chosen) = chosen.or_else(|| names.first().map(|name| (*name).to_owned())) else {
        let trouble = "Too few trials have any of the parameters.";
        return pane.draw(ui, model, cache, (None, Some(trouble), false), |ui| trials_choice(ui, model)).actions;
    };
    let (name, objective) = (chosen.clone(), model.objective(&subject.whole));
    let made = told(cache, subject, &forest, ("dependence", &chosen), move |grown, snapshot| {
        let found = grown.dependence(&name).map_err(|error| text::sentence(&error.to_string()))?;
        let spec = plots::dependence(snapshot, &objective, &name, &found);
        let mut spec = spec.map_err(|error| text::sentence(&error.to_string()))?;
        spec.notes.extend(grown.r2().map(|r2| format!("R2 of the forest {r2:.2}: {}", r2_in_words(r2))));
        Ok(Arc::new(spec))
    });
    let product = made.product.as_deref();
    let spec = product.and_then(|product| product.as_ref().ok());
    let trouble = product.and_then(|product| product.as_ref().err());
    let controls = |ui: &mut Ui| {
        let mut actions = trials_choice(ui, model);
        if let Some(new) = parameter_choice(ui, "Along", &chosen, &names) {
            actions.push(Action::ViewParameters(ParametersView { dependence: Some(new), ..view.clone() }));
        }
        actions
    };
    pane.draw(ui, model, cache, (spec, trouble.map(String::as_str), made.stale), controls).actions
}

fn busy(model: &Model, subject: &Subject) -> String {
    let snapshot = Source::now(model, subject, model.views.parameters.of_all).part(subject).summary.completed;
    format!("Growing a forest over {}.", text::count(snapshot, "completed trial"))
}

fn measure_choice(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let view = &model.views.parameters;
    let mut measure = view.measure;
    for (one, name) in [(Measure::Fanova, "fANOVA"), (Measure::PedAnova, "PED-ANOVA")] {
        ui.radio_value(&mut measure, one, name);
    }
    let changed = measure != view.measure;
    changed.then(|| Action::ViewParameters(ParametersView { measure, ..view.clone() })).into_iter().collect()
}

/// Whether all trials are asked, or those that are listed.
fn trials_choice(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let view = &model.views.parameters;
    let mut of_all = view.of_all;
    let word = |of_all: bool| if of_all { "all trials" } else { "listed trials" };
    let combo = ComboBox::new("trials", "").selected_text(word(of_all)).width(100.0).show_ui(ui, |ui| {
        for one in [false, true] {
            ui.selectable_value(&mut of_all, one, word(one));
        }
    });
    let name = format!("Of {}", word(view.of_all));
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
    let changed = of_all != view.of_all;
    changed.then(|| Action::ViewParameters(ParametersView { of_all, ..view.clone() })).into_iter().collect()
}

fn bars(snapshot: &Snapshot, objective: &Objective, method: Method, answer: &Importance) -> Result<Measured, String> {
    let spec = plots::importance_of(snapshot, objective, method, answer);
    let spec = spec.map_err(|error| text::sentence(&error.to_string()))?;
    let mut sentences = Vec::new();
    sentences.extend(answer.r2.map(|r2| {
        let meaning = r2_in_words(r2);
        let part = (100.0 * r2).max(0.0);
        format!("R2 {r2:.2}: the forest explains {part:.0} % of the variance of values it has not seen, so {meaning}.")
    }));
    let together = answer.pairs.iter().filter(|pair| pair.mean >= 0.01).take(MOST_PAIRS);
    let together: Vec<String> =
        together.map(|pair| format!("{} with {} {}", pair.names[0], pair.names[1], short(pair.mean, 2))).collect();
    if !together.is_empty() {
        sentences.push(format!("Together, beyond what each does alone: {}.", together.join("; ")));
    }
    let left_out: Vec<&str> = answer.left_out.iter().map(|one| one.name.as_str()).collect();
    if !left_out.is_empty() {
        sentences.push(format!("Too few trials have {}: nothing is said of that.", left_out.join(", ")));
    }
    Ok(Measured { spec: Arc::new(spec), sentences })
}
