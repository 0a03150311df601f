//! Studies: several studies of the folder side by side.

mod list;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Panel, RichText, Ui};
use seqtune_plot::Snapshot;
use seqtune_plot::plots;

use super::overview::metric_choice;
use crate::cache::Cache;
use crate::folder::StudyEntry;
use crate::model::{Action, Model, StudiesView};
use crate::panes::notice;
use crate::panes::plot_pane::PlotPane;
use crate::place::Place;
use crate::reader::Glance;
use crate::text;
use crate::workshop::{Lane, Subject};

/// How many are drawn where nothing was chosen: as many as have a colour of their own.
const FIRST: usize = seqtune_plot::theme::SERIES;

/// One study of the page.
struct Beside<'a> {
    entry: &'a StudyEntry,
    is_open: bool,
    is_chosen: bool,
    /// What is known of it, where it is chosen.
    snapshot: Option<Arc<Snapshot>>,
    /// The place of its colour, where it is drawn.
    place: Option<usize>,
    /// One sentence why it is not drawn.
    trouble: Option<String>,
}

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let (Some(subject), Some(listing)) = (model.subject(), &model.listing) else { return Vec::new() };
    if let Some(Place::Study(directory)) = &model.place {
        return alone(ui, directory);
    }
    let objective = model.objective(&subject.whole);
    let mut studies: Vec<Beside> = listing.studies.iter().map(|entry| beside(model, cache, subject, entry)).collect();
    let mut place = 0;
    for study in &mut studies {
        let Some(snapshot) = &study.snapshot else { continue };
        study.trouble = plots::lack(snapshot, &objective).err().map(|lack| text::sentence(&lack.to_string()));
        if study.trouble.is_none() {
            study.place = Some(place);
            place += 1;
        }
    }
    let mut actions = Vec::new();
    let height = ui.available_height();
    Panel::top("studies beside")
        .resizable(true)
        .default_size((studies.len() as f32 * 26.0 + 64.0).min(height * 0.42))
        .min_size(80.0)
        .max_size(height * 0.7)
        .frame(egui::Frame::NONE.inner_margin(egui::Margin { bottom: 6, ..egui::Margin::ZERO }))
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                actions.extend(metric_choice(ui, model));
                ui.label(RichText::new("All trials of each study count here, whatever the filter lists.").weak());
            });
            actions.extend(list::ui(ui, model, subject, &studies));
        });
    let drawn: Vec<Arc<Snapshot>> =
        studies.iter().filter(|study| study.place.is_some()).filter_map(|study| study.snapshot.clone()).collect();
    if drawn.is_empty() {
        let sentence = match studies.iter().any(|study| study.is_chosen && study.snapshot.is_none()) {
            true => "Reading the studies.".to_owned(),
            false => format!("None of the chosen studies has a completed trial with a value of {}.", objective.metric),
        };
        actions.extend(notice::card(ui, &sentence, None));
        return actions;
    }
    let of = |study: &Beside| Some((study.entry.directory.clone(), study.snapshot.as_ref()?.seq));
    let key: Vec<(PathBuf, u64)> = studies.iter().filter(|study| study.place.is_some()).filter_map(of).collect();
    let height = ui.available_height();
    let by_time = model.views.studies.by_time;
    ui.columns_const(|[left, right]| {
        let pane = PlotPane {
            id: "best of studies",
            name: "Best so far",
            help: "The best value that each study had found after so many trials, or hours since its first trial began. Between studies \
                   of one space and budget, the search that gets on faster.",
            height,
            moves: true,
        };
        let (own, goal) = (drawn.clone(), objective.clone());
        let work = move |_: &Subject| plots::best_lines(&borrowed(&own), &goal, by_time);
        let key = (&key, &objective.metric, by_time);
        actions.extend(pane.show(left, model, cache, key, work, |ui| time_choice(ui, model)).actions);
        let pane = PlotPane {
            id: "distributions of studies",
            name: "Distribution",
            help: "Which part of the completed trials of each study has this value or less. A search whose line is farther on the good \
                   side finds good values more often.",
            height,
            moves: true,
        };
        let (own, goal) = (drawn, objective.clone());
        let work = move |_: &Subject| plots::edf(&borrowed(&own), &goal);
        actions.extend(pane.show(right, model, cache, (key.0, key.1), work, |_| Vec::new()).actions);
    });
    actions
}

fn borrowed(studies: &[Arc<Snapshot>]) -> Vec<&Snapshot> {
    studies.iter().map(AsRef::as_ref).collect()
}

/// One study was opened, and not a folder.
fn alone(ui: &mut Ui, directory: &Path) -> Vec<Action> {
    let sentence = "One study is open. In a folder with several, such as results/, they stand here side by side.";
    let folder = directory.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned);
    let way = folder.map(|folder| ("Open the folder that it lies in", Action::OpenPath(folder)));
    notice::card(ui, sentence, way).into_iter().collect()
}

/// The directories that are drawn.
fn chosen(model: &Model) -> Vec<PathBuf> {
    if let Some(chosen) = &model.views.studies.chosen {
        return chosen.clone();
    }
    let open = model.open.as_ref().map(|open| open.directory.clone());
    let readable = model.listing.iter().flat_map(|listing| &listing.studies).filter(|entry| entry.summary.is_ok());
    let others = readable.map(|entry| entry.directory.clone()).filter(|directory| Some(directory) != open.as_ref());
    open.clone().into_iter().chain(others).take(FIRST).collect()
}

/// What is known of a study. That of one that is not open is read where it is chosen, and again when its log has changed.
fn beside<'a>(model: &Model, cache: &mut Cache, subject: &Subject, entry: &'a StudyEntry) -> Beside<'a> {
    let is_open = *entry.directory == *subject.directory;
    let is_chosen = chosen(model).contains(&entry.directory);
    let none = Beside { entry, is_open, is_chosen, snapshot: None, place: None, trouble: None };
    if !is_chosen {
        return none;
    }
    if is_open {
        return Beside { snapshot: Some(Arc::clone(&subject.whole)), ..none };
    }
    let slot = ("glance", &entry.directory);
    let before = cache.shop.last::<Result<Glance, String>>(slot);
    let (directory, key) = (entry.directory.clone(), (entry.changed, model.views.studies.reads));
    let made = cache.shop.ask_apart(slot, key, Lane::Slow, move || {
        let before = before.as_deref().and_then(|before| before.as_ref().ok());
        Glance::at(&directory, before)
    });
    match made.product.as_deref() {
        Some(Ok(glance)) => Beside { snapshot: Some(Arc::clone(&glance.snapshot)), ..none },
        Some(Err(sentence)) => Beside { trouble: Some(sentence.clone()), ..none },
        None => none,
    }
}

fn time_choice(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let view = &model.views.studies;
    let mut by_time = view.by_time;
    ui.radio_value(&mut by_time, false, "over trials");
    ui.radio_value(&mut by_time, true, "over hours");
    let changed = by_time != view.by_time;
    changed.then(|| Action::ViewStudies(StudiesView { by_time, ..view.clone() })).into_iter().collect()
}
