//! Everything that can happen in the window, and what it does to the model.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seqtune_core::RequestKind;
use seqtune_plot::spec::PlotSpec;

use super::data::{DataChange, DataView, ResourcesView};
use super::views::{CompareView, ParameterPlot, ParametersView, ParetoView, StudiesView, Views};
use super::{Column, Dialog, Drawing, MOST_PINS, Model, OpenStudy, Page, Sort};
use crate::place::Place;
use crate::reader::News;
use crate::settings::ThemeChoice;

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Ask for a path.
    AskForPath,
    /// What was typed into the dialog on top.
    Edit(String),
    /// Open what lies at a path.
    OpenPath(PathBuf),
    /// Open a study of the list.
    OpenStudy(PathBuf),
    /// Read everything anew.
    Reload,
    /// See a page.
    Show(Page),
    /// See a plot of the parameters.
    ShowParameters(ParameterPlot),
    /// Select a trial, or none.
    Select(Option<u64>),
    /// The pointer is on a trial, or on none.
    Hover(Option<u64>),
    /// Pin a trial, or let it go.
    Pin(u64),
    /// Let all pinned trials go.
    UnpinAll,
    /// Compare others with this pinned trial.
    Baseline(u64),
    /// Go so many rows down (or up) in the table.
    Go(i64),
    /// Go to the first or the last row.
    GoToEnd {
        /// Which of the two.
        last: bool,
    },
    /// Ask for a trial's number.
    AskForTrial,
    /// Sort by a column; a second time turns the order.
    SortBy(Column),
    /// Show a column, or hide it.
    ShowColumn(Column, bool),
    /// List only trials for which this holds.
    Filter(String),
    /// List all trials again.
    ClearFilter,
    /// Give the filter the keyboard.
    FocusFilter,
    /// List only trials whose parameter is in this range; `None` lifts the range.
    Brush(String, Option<[f64; 2]>),
    /// Take back the last change of filter, ranges or pins.
    Undo,
    /// Draw another metric.
    ShowMetric(String),
    /// Draw the curves of so many of the best trials.
    ShowTop(usize),
    /// Draw plots in another way.
    Draw(Drawing),
    /// Show pinned trials in another way.
    ViewCompare(CompareView),
    /// Show parameters in another way.
    ViewParameters(ParametersView),
    /// Show a front in another way.
    ViewPareto(ParetoView),
    /// Show several studies in another way.
    ViewStudies(StudiesView),
    /// Show where the time went in another way.
    ViewResources(ResourcesView),
    /// Something on the page of data.
    Data(DataChange),
    /// Allow to ask something of the open study, or no longer.
    AllowControl(bool),
    /// Ask something of the open study.
    Ask(RequestKind),
    /// What was asked of the study was refused, with this sentence: what was written comes back.
    Refused(RequestKind, String),
    /// Write a note about a trial, or about the study.
    AskForNote(Option<u64>),
    /// Edit a point to be tried next, beginning with that of a trial.
    AskForPoint(u64),
    /// Show or hide the list of studies.
    StudiesPanel(bool),
    /// Show or hide the inspector.
    InspectorPanel(bool),
    /// Show a plot as a table.
    ShowTwin(Arc<PlotSpec>),
    /// Ask where to save a plot.
    AskToSave(Arc<PlotSpec>),
    /// Save a plot.
    Save(Arc<PlotSpec>, PathBuf),
    /// A plot was not saved there, with this sentence: where to is asked again.
    NotSaved(Arc<PlotSpec>, PathBuf, String),
    /// Put a text into the clipboard; the second says what it is.
    Copy(String, &'static str),
    /// Choose a folder in the system's own dialog.
    Browse,
    /// Copy the log of the open study to where it can be opened, and open that.
    OpenCopy,
    /// Open the sample study.
    OpenSample,
    /// Choose colours.
    ShowTheme(ThemeChoice),
    /// Say something that happened; the second is whether it went wrong.
    Say(String, bool),
    /// Show or hide the list of commands.
    Palette,
    /// Go so many commands down in the palette.
    Choose(i64),
    /// Show or hide the keys.
    Help,
    /// Leave what is on top: the dialog, else the ranges, else the filter, else the selection.
    Leave,
}

/// What an action asks of the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// List the studies of a place; where it is one study, read it.
    List(Place),
    /// Follow a study.
    Follow(PathBuf),
    /// Read everything anew.
    Reload,
    /// Follow the log file of a trial.
    WatchLog(Option<u64>),
    /// Write a picture.
    Save(Arc<PlotSpec>, PathBuf),
    /// Put a text into the clipboard.
    Copy(String),
    /// Write down a request of a study.
    Ask(PathBuf, RequestKind),
    /// Show the system's dialog for a folder.
    Browse,
    /// Copy a study's log into a folder for such things, and open that.
    OpenCopy(PathBuf),
    /// Write the sample study, and open it.
    OpenSample,
}

/// What can be taken back.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Undo {
    filter: String,
    brushes: Vec<(String, f64, f64)>,
    pins: Vec<u64>,
    baseline: Option<u64>,
}

impl Model {
    /// Applies an action. What has to be done outside comes back.
    pub fn apply(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::AskForPath => {
                let path = self.place.as_ref().map(|place| place.path().display().to_string()).unwrap_or_default();
                self.dialog = Some(Dialog::Open { path, refused: None });
            }
            Action::Edit(text) => self.edit(text),
            Action::OpenPath(path) => return self.open_path(&path),
            Action::OpenStudy(directory) => return Some(self.open_study(directory)),
            Action::Reload => {
                self.views.studies.reads += 1;
                return Some(Effect::Reload);
            }
            Action::Show(page) => self.settings.page = page,
            Action::ShowParameters(plot) => {
                (self.settings.page, self.views.parameters.plot) = (Page::Parameters, plot);
            }
            Action::Select(trial) => return self.select(trial),
            Action::Hover(trial) => self.hovered = trial,
            Action::Pin(trial) => self.toggle_pin(trial),
            Action::UnpinAll => {
                self.keep_for_undo();
                self.pins.clear();
                self.baseline = None;
            }
            Action::Baseline(trial) => self.baseline = Some(trial).filter(|trial| self.pins.contains(trial)),
            Action::Go(by) => return self.go(by),
            Action::GoToEnd { last } => return self.go_to(if last { self.rows.len().saturating_sub(1) } else { 0 }),
            Action::AskForTrial => self.dialog = Some(Dialog::GoTo { text: String::new() }),
            Action::SortBy(column) => {
                self.sort = match self.sort.column == column {
                    true => Sort { column, reversed: !self.sort.reversed },
                    false => Sort { column, reversed: false },
                };
                self.resort();
            }
            Action::ShowColumn(column, shown) => {
                self.hidden_columns.retain(|other| *other != column);
                if !shown {
                    self.hidden_columns.push(column);
                }
            }
            Action::Filter(text) => {
                self.keep_for_undo();
                self.filter = text;
                self.refresh();
            }
            Action::ClearFilter => {
                self.keep_for_undo();
                self.filter.clear();
                self.brushes.clear();
                self.refresh();
            }
            Action::FocusFilter => self.focus_filter = true,
            Action::Brush(parameter, range) => {
                self.keep_for_undo();
                self.brushes.retain(|(name, ..)| *name != parameter);
                self.brushes.extend(range.map(|[from, to]| (parameter, from, to)));
                self.refresh();
            }
            Action::Undo => {
                if let Some(before) = self.undo.pop() {
                    (self.filter, self.brushes) = (before.filter, before.brushes);
                    (self.pins, self.baseline) = (before.pins, before.baseline);
                    self.refresh();
                }
            }
            Action::ShowMetric(metric) => self.metric = Some(metric),
            Action::ShowTop(top) => self.settings.top = top,
            Action::Draw(drawing) => self.drawing = drawing,
            Action::ViewCompare(view) => self.views.compare = view,
            Action::ViewParameters(view) => self.views.parameters = view,
            Action::ViewPareto(view) => self.views.pareto = view,
            Action::ViewStudies(view) => self.views.studies = view,
            Action::ViewResources(view) => self.views.resources = view,
            Action::Data(change) => self.views.data.apply(change),
            Action::AllowControl(on) => {
                self.controlled = self.open.as_ref().filter(|_| on).map(|open| open.directory.clone());
            }
            Action::Ask(kind) => return self.ask(kind),
            Action::Refused(kind, sentence) => {
                self.notify(sentence, true);
                match kind {
                    RequestKind::Note { trial, text } => self.dialog = Some(Dialog::Note { trial, text }),
                    RequestKind::Enqueue { params } => {
                        self.dialog = Some(Dialog::Enqueue { text: crate::text::params_toml(&params) });
                    }
                    _ => {}
                }
            }
            Action::AskForNote(trial) => {
                let remarks = self.remarks();
                let note = match trial {
                    Some(trial) => remarks.of(trial).and_then(|remark| remark.note.as_ref()),
                    None => remarks.study.as_ref(),
                };
                let text = note.map_or_else(String::new, |note| note.text.clone());
                self.dialog = Some(Dialog::Note { trial, text });
            }
            Action::AskForPoint(trial) => {
                let row = self.snapshot().and_then(|snapshot| snapshot.trial(trial));
                let text = row.map_or_else(String::new, |row| crate::text::params_toml(&row.params));
                self.dialog = Some(Dialog::Enqueue { text });
            }
            Action::StudiesPanel(shown) => self.settings.panels.studies = shown,
            Action::InspectorPanel(shown) => self.settings.panels.inspector = shown,
            Action::ShowTwin(spec) => self.dialog = Some(Dialog::Twin(spec)),
            Action::AskToSave(spec) => {
                let name: String =
                    spec.title.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
                self.dialog = Some(Dialog::Save { spec, path: format!("{name}.svg"), refused: None });
            }
            Action::Save(spec, path) => {
                self.dialog = None;
                return Some(Effect::Save(spec, path));
            }
            Action::NotSaved(spec, path, sentence) if self.dialog.is_none() => {
                let path = path.display().to_string();
                self.dialog = Some(Dialog::Save { spec, path, refused: Some(sentence) });
            }
            Action::NotSaved(_, _, sentence) => self.notify(sentence, true),
            Action::Copy(text, what) => {
                self.notify(format!("Copied {what}."), false);
                return Some(Effect::Copy(text));
            }
            Action::Browse => return Some(Effect::Browse),
            Action::OpenCopy => return self.open.as_ref().map(|open| Effect::OpenCopy(open.directory.clone())),
            Action::OpenSample => return Some(Effect::OpenSample),
            Action::ShowTheme(theme) => self.settings.theme = theme,
            Action::Say(text, wrong) => self.notify(text, wrong),
            Action::Palette => {
                let open = matches!(self.dialog, Some(Dialog::Palette { .. }));
                self.dialog = (!open).then(|| Dialog::Palette { text: String::new(), chosen: 0 });
            }
            Action::Choose(by) => {
                if let Some(Dialog::Palette { chosen, .. }) = &mut self.dialog {
                    *chosen = chosen.saturating_add_signed(by as isize);
                }
            }
            Action::Help => {
                self.dialog = if self.dialog == Some(Dialog::Help) { None } else { Some(Dialog::Help) };
            }
            Action::Leave => return self.leave(),
        }
        None
    }

    fn ask(&mut self, kind: RequestKind) -> Option<Effect> {
        let directory = self.open.as_ref()?.directory.clone();
        if !self.is_controlled() {
            self.notify("Allow control of this study first, in the menu Control.", true);
            return None;
        }
        self.dialog = None;
        Some(Effect::Ask(directory, kind))
    }

    /// What was typed into the dialog on top.
    fn edit(&mut self, new: String) {
        match &mut self.dialog {
            Some(Dialog::Open { path, refused } | Dialog::Save { path, refused, .. }) => {
                (*path, *refused) = (new, None);
            }
            Some(Dialog::Palette { text, chosen }) => (*text, *chosen) = (new, 0),
            Some(Dialog::GoTo { text } | Dialog::Note { text, .. } | Dialog::Enqueue { text }) => *text = new,
            Some(Dialog::Twin(_) | Dialog::Help) | None => {}
        }
    }

    fn open_path(&mut self, path: &Path) -> Option<Effect> {
        match Place::of(path) {
            Ok(place) => {
                self.settings.opened(place.path());
                let kept = Model {
                    settings: std::mem::take(&mut self.settings),
                    drawing: self.drawing,
                    views: Views { compare: self.views.compare, ..Views::default() },
                    notices: std::mem::take(&mut self.notices),
                    revision: self.revision + 1,
                    ..Model::new(self.now_us)
                };
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
            self.forget_choices();
            self.refresh();
        }
        Effect::Follow(directory)
    }

    /// What was chosen in a study means nothing in another one.
    pub(super) fn forget_choices(&mut self) {
        self.selected = None;
        self.hovered = None;
        self.pins.clear();
        self.baseline = None;
        self.filter.clear();
        self.good_filter.clear();
        self.brushes.clear();
        self.hidden_columns.clear();
        self.sort = Sort::default();
        self.metric = None;
        self.views.parameters = ParametersView { plot: self.views.parameters.plot, ..ParametersView::default() };
        self.views.pareto = ParetoView::default();
        self.views.data = DataView::default();
        self.undo.clear();
    }

    fn select(&mut self, trial: Option<u64>) -> Option<Effect> {
        if self.selected == trial {
            return None;
        }
        self.selected = trial;
        self.scroll_to = trial.and_then(|trial| self.rows.iter().position(|number| *number == trial));
        Some(Effect::WatchLog(trial))
    }

    fn toggle_pin(&mut self, trial: u64) {
        if self.snapshot().is_none_or(|snapshot| snapshot.trial(trial).is_none()) {
            self.notify(format!("There is no trial {trial}."), true);
            return;
        }
        self.keep_for_undo();
        if let Some(place) = self.pin(trial) {
            self.pins.remove(place);
            self.baseline = self.baseline.filter(|baseline| *baseline != trial);
        } else if self.pins.len() < MOST_PINS {
            self.pins.push(trial);
        } else {
            self.undo.pop();
            self.notify(format!("{MOST_PINS} trials are pinned already; let one go first."), true);
        }
    }

    fn keep_for_undo(&mut self) {
        const KEPT: usize = 100;
        let now = Undo {
            filter: self.filter.clone(),
            brushes: self.brushes.clone(),
            pins: self.pins.clone(),
            baseline: self.baseline,
        };
        if self.undo.last() != Some(&now) {
            self.undo.push(now);
        }
        let over = self.undo.len().saturating_sub(KEPT);
        self.undo.drain(..over);
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
        if !self.brushes.is_empty() {
            self.keep_for_undo();
            self.brushes.clear();
            self.refresh();
            return None;
        }
        if !self.filter.is_empty() {
            return self.apply(Action::Filter(String::new()));
        }
        self.select(None)
    }
}
