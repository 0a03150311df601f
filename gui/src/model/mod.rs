//! What the window shows. It changes only by actions; panes read it.

mod action;
mod drawn;
mod rows;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seqtune_plot::{Snapshot, TrialRow};

pub use action::{Action, Effect};
pub use drawn::{Drawn, DrawnCurve};
pub use rows::{Column, Sort};

use crate::folder::Listing;
use crate::place::Place;
use crate::reader::News;

/// How many of the best trials have their curves drawn at first.
const TOP: usize = 20;

/// What the window shows.
#[derive(Debug, Default)]
pub struct Model {
    /// Where studies are looked for.
    pub place: Option<Place>,
    /// The studies there; `None` before the first look.
    pub listing: Option<Listing>,
    /// The study that is open.
    pub open: Option<OpenStudy>,
    /// The selected trial, in the table, the plots and the inspector alike.
    pub selected: Option<u64>,
    /// Words that a trial must have to be listed.
    pub filter: String,
    /// How the table is sorted.
    pub sort: Sort,
    /// Metric of the learning curves; the objective where nothing is chosen.
    pub metric: Option<String>,
    /// How many of the best trials have their curves drawn.
    pub top: usize,
    /// Whether the values are on a log axis.
    pub log_axis: bool,
    /// What lies over the window.
    pub dialog: Option<Dialog>,
    /// Numbers of the listed trials, in their order.
    pub rows: Vec<u64>,
    /// What the plots draw.
    pub drawn: Drawn,
    /// Row of the table that is to be brought into view in the next frame.
    pub scroll_to: Option<usize>,
    /// Whether the filter is to get the keyboard in the next frame.
    pub focus_filter: bool,
    /// Now, in microseconds since 1970. Set from outside: the model has no clock.
    pub now_us: i64,
}

/// The study that is open.
#[derive(Clone, Debug)]
pub struct OpenStudy {
    /// Its directory.
    pub directory: PathBuf,
    /// What is known of it.
    pub news: News,
}

/// What lies over the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// Asks for a path.
    Open {
        /// What was typed.
        path: String,
        /// Why it was refused, one sentence.
        refused: Option<String>,
    },
    /// The keys.
    Help,
}

impl Model {
    /// A window that shows nothing yet.
    pub fn new(now_us: i64) -> Model {
        Model { top: TOP, now_us, ..Model::default() }
    }

    /// The snapshot of the open study.
    pub fn snapshot(&self) -> Option<&Arc<Snapshot>> {
        self.open.as_ref()?.news.snapshot.as_ref()
    }

    /// The selected trial.
    pub fn selected_trial(&self) -> Option<&TrialRow> {
        self.snapshot()?.trial(self.selected?)
    }

    /// The metric that the curves show.
    pub fn metric<'a>(&'a self, snapshot: &'a Snapshot) -> &'a str {
        let known = |name: &&str| snapshot.metrics.iter().any(|metric| **metric == **name);
        self.metric.as_deref().filter(known).unwrap_or(snapshot.objective())
    }

    /// The rank of a trial among the completed ones, where that rank has a colour of its own.
    pub fn colored_rank(&self, trial: u64) -> Option<usize> {
        self.snapshot()?.top(crate::theme::RANKED_COLORS).iter().position(|number| *number == trial)
    }

    /// Takes over what the reader has found.
    pub fn set_news(&mut self, directory: &Path, news: News) {
        let Some(open) = self.open.as_mut().filter(|open| open.directory == directory) else { return };
        let seq = |news: &News| news.snapshot.as_ref().map(|snapshot| (snapshot.seq, snapshot.spec.seed));
        let changed = seq(&open.news) != seq(&news);
        open.news = news;
        if changed {
            self.refresh();
        }
    }

    /// Takes over the list of studies. Where none is open, the effect opens one: a running one before the others, then
    /// the one that was changed last.
    pub fn set_listing(&mut self, listing: Listing) -> Option<Effect> {
        let first = listing
            .studies
            .iter()
            .max_by_key(|entry| (entry.managed, entry.summary.is_ok(), entry.changed))
            .map(|entry| entry.directory.clone());
        self.listing = Some(listing);
        if self.open.is_some() {
            return None;
        }
        first.and_then(|directory| self.apply(Action::OpenStudy(directory)))
    }

    /// Computes what depends on the snapshot, the filter, the order and the choices of the plots.
    fn refresh(&mut self) {
        let snapshot = self.snapshot().cloned();
        let Some(snapshot) = snapshot else {
            self.rows.clear();
            self.drawn = Drawn::default();
            return;
        };
        if self.selected.is_some_and(|number| snapshot.trial(number).is_none()) {
            self.selected = None;
        }
        self.rows = rows::listed(&snapshot, &self.filter, self.sort, self.now_us);
        self.refresh_plots(&snapshot);
    }

    fn refresh_plots(&mut self, snapshot: &Snapshot) {
        let metric = self.metric(snapshot).to_owned();
        self.drawn = Drawn::of(snapshot, &metric, self.top, self.log_axis, self.selected);
    }
}
