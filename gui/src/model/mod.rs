//! What the window shows. It changes only by actions; pages and panes read it.

mod action;
mod data;
mod drawing;
mod filter;
mod listed;
mod page;
mod ranges;
mod rows;
mod views;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use seqtune_core::{Objective, Remark, Remarks};
use seqtune_plot::spec::PlotSpec;
use seqtune_plot::{Snapshot, TrialRow};
use serde::{Deserialize, Serialize};

use action::Undo;
pub use action::{Action, Effect};
pub use data::{Cut, DataChange, DataView, Method, ResourcesView, Subset};
pub use drawing::Drawing;
pub use filter::FilterError;
use listed::Texts;
pub use listed::{Listed, Question};
pub use page::Page;
pub use rows::{Column, Sort};
pub use views::{CompareView, Measure, ParameterPlot, ParametersView, ParetoView, StudiesView, Views};

use crate::folder::Listing;
use crate::place::Place;
use crate::reader::News;
use crate::settings::Settings;
use crate::workshop::Subject;

/// How many of the best trials have their curves drawn at first.
pub(crate) const TOP: usize = 20;

/// Trials that can be pinned: as many as keep a colour apart.
pub const MOST_PINS: usize = 6;

/// What the window shows.
#[derive(Debug, Default)]
pub struct Model {
    /// Where studies are looked for.
    pub place: Option<Place>,
    /// The studies there; `None` before the first look.
    pub listing: Option<Listing>,
    /// The study that is open.
    pub open: Option<OpenStudy>,
    /// The selected trial, everywhere in the window.
    pub selected: Option<u64>,
    /// The trial under the pointer.
    pub hovered: Option<u64>,
    /// Pinned trials: the n-th has the n-th colour wherever it is seen.
    pub pins: Vec<u64>,
    /// The pinned trial that others are compared with.
    pub baseline: Option<u64>,
    /// The filter as it is written.
    pub filter: String,
    /// Why the filter cannot be read; the one before counts meanwhile.
    pub filter_error: Option<FilterError>,
    /// Ranges that were brushed in a plot, `(parameter or metric, from, to)`; they narrow the filter. Of choices, their places
    /// counted from 0.
    pub brushes: Vec<(String, f64, f64)>,
    /// How the table is sorted.
    pub sort: Sort,
    /// Columns of the table that are not shown.
    pub hidden_columns: Vec<Column>,
    /// Metric of the plots; the objective where nothing is chosen.
    pub metric: Option<String>,
    /// How plots are drawn.
    pub drawing: Drawing,
    /// What the pages show of what they could.
    pub views: Views,
    /// Directory of the study that may be controlled: it was switched on for this one.
    pub controlled: Option<PathBuf>,
    /// What is kept from one start to the next: page, panels, colours, recent places.
    pub settings: Settings,
    /// What lies over the window.
    pub dialog: Option<Dialog>,
    /// What happened lately, the newest last.
    pub notices: Vec<Notice>,
    /// Numbers of the listed trials, in the order of the table.
    pub rows: Vec<u64>,
    /// Row of the table that is to be brought into view in the next frame.
    pub scroll_to: Option<usize>,
    /// Whether the filter is to get the keyboard in the next frame.
    pub focus_filter: bool,
    /// Now, in microseconds since 1970. Set from outside: the model has no clock.
    pub now_us: i64,
    subject: Option<Subject>,
    question: Option<Arc<Question>>,
    texts: Arc<Mutex<Texts>>,
    undo: Vec<Undo>,
    /// The last filter that could be read.
    good_filter: String,
    revision: u64,
}

/// The study that is open.
#[derive(Clone, Debug)]
pub struct OpenStudy {
    /// Its directory.
    pub directory: PathBuf,
    /// What is known of it.
    pub news: News,
}

/// Which of the panels at the sides are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panels {
    /// The list of studies.
    pub studies: bool,
    /// The selected trial.
    pub inspector: bool,
}

impl Default for Panels {
    fn default() -> Panels {
        Panels { studies: true, inspector: true }
    }
}

/// What lies over the window.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// Asks for a path.
    Open {
        /// What was typed.
        path: String,
        /// Why it was refused, one sentence.
        refused: Option<String>,
    },
    /// Asks where to save a picture.
    Save {
        /// The picture.
        spec: Arc<PlotSpec>,
        /// What was typed.
        path: String,
        /// Why it was refused, one sentence.
        refused: Option<String>,
    },
    /// A plot as a table.
    Twin(Arc<PlotSpec>),
    /// All commands, to be found by a part of their names.
    Palette {
        /// What was typed.
        text: String,
        /// Which of those found is chosen.
        chosen: usize,
    },
    /// The note about a trial, or about the study.
    Note {
        /// The trial.
        trial: Option<u64>,
        /// What was typed.
        text: String,
    },
    /// A point to be tried next, as lines of a study file.
    Enqueue {
        /// What was typed.
        text: String,
    },
    /// Asks for a trial's number.
    GoTo {
        /// What was typed.
        text: String,
    },
    /// The keys.
    Help,
}

/// Something that happened, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The sentence.
    pub text: String,
    /// Whether it went wrong.
    pub wrong: bool,
    /// When, in microseconds since 1970.
    pub at_us: i64,
}

impl Model {
    /// A window that shows nothing yet.
    pub fn new(now_us: i64) -> Model {
        Model { now_us, ..Model::default() }
    }

    /// The snapshot of the open study, all trials.
    pub fn snapshot(&self) -> Option<&Arc<Snapshot>> {
        self.open.as_ref()?.news.snapshot.as_ref()
    }

    /// How much of a long log is read, 0 to 1, while it is read for the first time.
    pub fn reading(&self) -> Option<f32> {
        self.open.as_ref()?.news.reading
    }

    /// What pages are made of: the study, and the trials that the filter lists.
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// The selected trial.
    pub fn selected_trial(&self) -> Option<&TrialRow> {
        self.snapshot()?.trial(self.selected?)
    }

    /// The metric that the plots show.
    pub fn metric<'a>(&'a self, snapshot: &'a Snapshot) -> &'a str {
        let known = |name: &&str| snapshot.metrics.iter().any(|metric| **metric == **name);
        self.metric.as_deref().filter(known).unwrap_or(snapshot.objective())
    }

    /// What plots take as the value of a trial: the study's objective, or the chosen metric in its direction.
    pub fn objective(&self, snapshot: &Snapshot) -> Objective {
        let name = self.metric(snapshot);
        if let Some(own) = snapshot.spec.objectives.iter().find(|objective| objective.metric == name) {
            return own.clone();
        }
        let info = snapshot.spec.info.metrics.iter().find(|metric| metric.name == name);
        let direction = info.map_or(snapshot.direction(), |metric| metric.direction);
        Objective { metric: name.to_owned(), direction, ..snapshot.spec.objective().clone() }
    }

    /// Whether something may be asked of the open study.
    pub fn is_controlled(&self) -> bool {
        self.open.as_ref().is_some_and(|open| self.controlled.as_deref() == Some(open.directory.as_path()))
    }

    /// Notes and tags of the open study.
    pub fn remarks(&self) -> Arc<Remarks> {
        self.open.as_ref().map(|open| Arc::clone(&open.news.remarks)).unwrap_or_default()
    }

    /// Notes and tags of a trial.
    pub fn remark(&self, trial: u64) -> Option<&Remark> {
        self.open.as_ref()?.news.remarks.of(trial)
    }

    /// The place of a trial among the pinned ones.
    pub fn pin(&self, trial: u64) -> Option<usize> {
        self.pins.iter().position(|pin| *pin == trial)
    }

    /// Takes over what the reader has found. Whether another study now stands in the place of the one before: then nothing is
    /// selected, pinned or filtered any more.
    pub fn set_news(&mut self, directory: &Path, news: News) -> bool {
        let Some(open) = self.open.as_mut().filter(|open| open.directory == directory) else { return false };
        let first = |news: &News| {
            let snapshot = news.snapshot.as_ref()?;
            Some((snapshot.spec.seed, snapshot.trials.first().map(|row| row.started_us)?))
        };
        let replaced = first(&open.news).zip(first(&news)).is_some_and(|(before, now)| before != now);
        if replaced {
            open.news = News::default();
            self.forget_choices();
            // A large study is listed a moment later; nothing of the one before is shown meanwhile.
            self.refresh();
        }
        let Some(open) = self.open.as_mut() else { return replaced };
        let seq = |news: &News| news.snapshot.as_ref().map(|snapshot| (snapshot.seq, snapshot.spec.seed));
        let changed = seq(&open.news) != seq(&news) || !Arc::ptr_eq(&open.news.remarks, &news.remarks);
        let answered = news.answer.clone().filter(|answer| {
            let was_read = open.news.snapshot.is_some() && open.news.reading.is_none();
            was_read && open.news.answer.as_ref().is_none_or(|before| before.0 < answer.0)
        });
        open.news = news;
        if let Some((_, answer)) = answered {
            self.notify(format!("The study answers: {answer}."), false);
        }
        if changed {
            self.refresh();
        }
        replaced
    }

    /// Takes over the list of studies. Where none is open, the effect opens one: a running one before the others, then
    /// the one that was changed last.
    pub fn set_listing(&mut self, listing: Listing) -> Option<Effect> {
        let first = listing
            .studies
            .iter()
            .max_by_key(|entry| (entry.managed, entry.readable, entry.changed))
            .map(|entry| entry.directory.clone());
        self.listing = Some(listing);
        if self.open.is_some() {
            return None;
        }
        first.and_then(|directory| self.apply(Action::OpenStudy(directory)))
    }

    /// Says something that happened.
    pub fn notify(&mut self, text: impl Into<String>, wrong: bool) {
        const KEPT: usize = 50;
        self.notices.push(Notice { text: text.into(), wrong, at_us: self.now_us });
        let over = self.notices.len().saturating_sub(KEPT);
        self.notices.drain(..over);
    }
}
