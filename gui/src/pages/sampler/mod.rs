//! Sampler: why a trial has its point, why it was stopped, and how well the model expects.

mod expected;
mod slices;

use egui::{RichText, ScrollArea, Ui};
use seqtune_plot::decision::{Account, account};
use seqtune_plot::{Snapshot, TrialRow};

use crate::cache::Cache;
use crate::model::{Action, Model};
use crate::workshop::{Answer, Lane};
use crate::{text, theme};

/// Verdicts of a pruner that are shown; of more, the last ones.
const VERDICTS: usize = 8;

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some((subject, row)) = model.subject().and_then(|subject| Some((subject, shown(model, &subject.whole)?)))
    else {
        return actions;
    };
    actions.extend(heading(ui, model, &subject.whole, row));
    ui.add_space(4.0);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let (number, decisions) = (row.number, cache.decisions.clone());
        // What is said of a trial changes with the trial alone.
        let key = (number, row.step, row.end.is_some());
        let told: Answer<(u64, Result<Account, String>)> =
            cache.shop.ask_still("account", key, subject, Lane::Slow, move |subject| {
                let told = decisions.ask(subject, |kept| {
                    let decision = kept.decision(number)?;
                    Ok(account(&kept.history, kept.trial(number)?, &decision))
                });
                (number, told.flatten())
            });
        // What was said of another trial is not shown as if it were of this one.
        let told = told.product.as_deref().filter(|(of, _)| *of == number);
        match told.map(|(_, told)| told) {
            None => drop(ui.label(RichText::new(format!("Deciding again about trial {number}.")).weak())),
            Some(Err(sentence)) => drop(ui.label(RichText::new(sentence).color(ui.visuals().error_fg_color))),
            Some(Ok(account)) => words(ui, account),
        }
        ui.add_space(6.0);
        actions.extend(slices::ui(ui, model, cache, row));
        ui.add_space(6.0);
        actions.extend(expected::ui(ui, model, cache));
    });
    actions
}

/// The trial that the page is about: the selected one, else the newest.
fn shown<'a>(model: &Model, snapshot: &'a Snapshot) -> Option<&'a TrialRow> {
    let selected = model.selected.and_then(|number| snapshot.trial(number));
    selected.or_else(|| snapshot.trials.last().map(AsRef::as_ref))
}

fn heading(ui: &mut Ui, model: &Model, snapshot: &Snapshot, row: &TrialRow) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.horizontal(|ui| {
        theme::state_mark(ui, row.state);
        ui.label(RichText::new(format!("Why trial {} has its point", row.number)).strong().size(16.0));
        if model.selected.is_none() {
            ui.label(RichText::new("the newest").weak());
        }
        for (name, hover, number) in [
            ("Previous trial", "The trial that was started before it", row.number.checked_sub(1)),
            ("Next trial", "The trial that was started after it", row.number.checked_add(1)),
        ] {
            let other = number.and_then(|number| snapshot.trial(number));
            let button = ui.add_enabled(other.is_some(), egui::Button::new(name)).on_hover_text(hover);
            if let Some(other) = other.filter(|_| button.clicked()) {
                actions.push(Action::Select(Some(other.number)));
            }
        }
    });
    let params: Vec<String> =
        row.params.iter().map(|(name, value)| format!("{name} = {}", text::value(value))).collect();
    ui.label(RichText::new(params.join(", ")).weak());
    actions
}

fn words(ui: &mut Ui, account: &Account) {
    if let Some(differs) = &account.differs {
        ui.label(RichText::new(differs).color(ui.visuals().warn_fg_color));
    }
    for sentence in &account.why {
        ui.label(sentence);
    }
    let hidden = account.verdicts.len().saturating_sub(VERDICTS);
    if !account.verdicts.is_empty() {
        ui.add_space(4.0);
        ui.label(RichText::new("The pruner").strong()).on_hover_text("What it says of each report, replayed");
    }
    if hidden > 0 {
        let all = egui::CollapsingHeader::new(format!("{} before", text::count(hidden, "verdict")));
        all.id_salt("verdicts").show(ui, |ui| {
            for verdict in &account.verdicts[..hidden] {
                ui.label(RichText::new(said(verdict)).weak());
            }
        });
    }
    for verdict in &account.verdicts[hidden..] {
        ui.label(said(verdict));
    }
    ui.add_space(4.0);
    ui.label(&account.outcome);
}

/// The fonts of the window have no arrow.
fn said(verdict: &str) -> String {
    verdict.replace(" -> ", ": ")
}
