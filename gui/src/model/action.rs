//! Everything that can happen in the window, and what it does to the model.

use std::path::{Path, PathBuf};

use super::{Column, Dialog, Model, OpenStudy, Sort};
use crate::place::Place;
use crate::reader::News;

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Ask for a path.
    AskForPath,
    /// The path in the dialog was edited.
    EditPath(String),
    /// Open what lies at a path.
    OpenPath(PathBuf),
    /// Open a study of the list.
    OpenStudy(PathBuf),
    /// Read everything anew.
    Reload,
    /// Select a trial, or none.
    Select(Option<u64>),
    /// Go so many rows down (or up) in the table.
    Go(i64),
    /// Go to the first or the last row.
    GoToEnd {
        /// Which of the two.
        last: bool,
    },
    /// Sort by a column; a second time turns the order.
    SortBy(Column),
    /// List only trials with these words.
    Filter(String),
    /// Give the filter the keyboard.
    FocusFilter,
    /// Draw another metric.
    ShowMetric(String),
    /// Draw the curves of so many of the best trials.
    ShowTop(usize),
    /// Draw values on a log axis, or not.
    LogAxis(bool),
    /// Show or hide the keys.
    Help,
    /// Leave what is on top: the dialog, else the filter, else the selection.
    Leave,
}

/// What an action asks of the threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// List the studies of a place; where it is one study, read it.
    List(Place),
    /// Follow a study.
    Follow(PathBuf),
    /// Read everything anew.
    Reload,
    /// Follow the log file of a trial.
    WatchLog(Option<u64>),
}

impl Model {
    /// Applies an action. What the threads have to do comes back.
    pub fn apply(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::AskForPath => {
                let path = self.place.as_ref().map(|place| place.path().display().to_string()).unwrap_or_default();
                self.dialog = Some(Dialog::Open { path, refused: None });
            }
            Action::EditPath(path) => self.dialog = Some(Dialog::Open { path, refused: None }),
            Action::OpenPath(path) => return self.open_path(&path),
            Action::OpenStudy(directory) => return Some(self.open_study(directory)),
            Action::Reload => return Some(Effect::Reload),
            Action::Select(trial) => return self.select(trial),
            Action::Go(by) => return self.go(by),
            Action::GoToEnd { last } => return self.go_to(if last { self.rows.len().saturating_sub(1) } else { 0 }),
            Action::SortBy(column) => {
                self.sort = match self.sort.column == column {
                    true => Sort { column, reversed: !self.sort.reversed },
                    false => Sort { column, reversed: false },
                };
                self.refresh();
            }
            Action::Filter(words) => {
                self.filter = words;
                self.refresh();
            }
            Action::FocusFilter => self.focus_filter = true,
            Action::ShowMetric(metric) => {
                self.metric = Some(metric);
                self.refresh();
            }
            Action::ShowTop(top) => {
                self.top = top;
                self.refresh();
            }
            Action::LogAxis(log_axis) => {
                self.log_axis = log_axis;
                self.refresh();
            }
            Action::Help => {
                self.dialog = if self.dialog == Some(Dialog::Help) { None } else { Some(Dialog::Help) };
            }
            Action::Leave => return self.leave(),
        }
        None
    }

    fn open_path(&mut self, path: &Path) -> Option<Effect> {
        match Place::of(path) {
            Ok(place) => {
                let time = self.now_us;
                let kept = Model { top: self.top, log_axis: self.log_axis, ..Model::new(time) };
                *self = Model { place: Some(place.clone()), ..kept };
                Some(Effect::List(place))
            }
            Err(error) => {
                let refused = Some(format!("{error}."));
                self.dialog = Some(Dialog::Open { path: path.display().to_string(), refused });
                None
            }
        }
    }

    fn open_study(&mut self, directory: PathBuf) -> Effect {
        if self.open.as_ref().is_none_or(|open| open.directory != directory) {
            self.open = Some(OpenStudy { directory: directory.clone(), news: News::default() });
            self.selected = None;
            self.filter.clear();
            self.sort = Sort::default();
            self.metric = None;
            self.refresh();
        }
        Effect::Follow(directory)
    }

    fn select(&mut self, trial: Option<u64>) -> Option<Effect> {
        if self.selected == trial {
            return None;
        }
        self.selected = trial;
        self.scroll_to = trial.and_then(|trial| self.rows.iter().position(|number| *number == trial));
        if let Some(snapshot) = self.snapshot().cloned() {
            self.refresh_plots(&snapshot);
        }
        Some(Effect::WatchLog(trial))
    }

    fn go(&mut self, by: i64) -> Option<Effect> {
        let here = self.selected.and_then(|trial| self.rows.iter().position(|number| *number == trial));
        let last = self.rows.len().saturating_sub(1) as i64;
        let row = here.map_or(0, |row| (row as i64).saturating_add(by).clamp(0, last));
        self.go_to(row as usize)
    }

    fn go_to(&mut self, row: usize) -> Option<Effect> {
        let trial = *self.rows.get(row)?;
        self.select(Some(trial))
    }

    fn leave(&mut self) -> Option<Effect> {
        if self.dialog.take().is_some() {
            return None;
        }
        if !self.filter.is_empty() {
            return self.apply(Action::Filter(String::new()));
        }
        self.select(None)
    }
}
