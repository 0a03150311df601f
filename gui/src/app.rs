//! The window: the model, the threads that feed it, and the panes that show it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, Sender, unbounded};
use egui::{Context, Ui};
use seqtune_core::Requests;

use crate::cache::Cache;
use crate::folder::{FolderWatch, Listing};
use crate::head_start::HeadStart;
use crate::model::{Action, Effect, Model};
use crate::place::Place;
use crate::reader::{News, Reader};
use crate::screenshot::Screenshot;
use crate::settings::{Settings, SettingsFile};
use crate::start::StartTimes;
use crate::{commands, control, copy, panes, picture, sample, text, theme};

/// How often the window is drawn anew while a study runs and nothing happens, since the times in it go on: each second at first, and
/// seldom when nobody needs to know the second any more.
fn tick(quiet_us: i64) -> Duration {
    Duration::from_secs(match quiet_us / 1_000_000 {
        ..10 => 1,
        10..600 => 20,
        _ => 60,
    })
}

/// The viewer. It draws into any [`Ui`]; a window is not needed.
#[derive(Debug)]
pub struct Viewer {
    model: Model,
    cache: Cache,
    ctx: Context,
    folder: Option<FolderWatch>,
    reader: Option<Reader>,
    head_start: Option<HeadStart>,
    /// Whether a text box had the keyboard at the end of the last frame.
    typing: bool,
    /// The window's title.
    title: String,
    settings: Option<SettingsFile>,
    /// What is done as soon as there are trials.
    at_first: Vec<Action>,
    screenshot: Option<Screenshot>,
    start: Option<StartTimes>,
    /// What threads ask for: a folder that was chosen, the sample that was written.
    asked: (Sender<Action>, Receiver<Action>),
}

impl Viewer {
    /// A viewer of what lies at a path, or of nothing yet. Where nothing is at the path, the window says so.
    pub fn new(ctx: Context, path: Option<&Path>) -> Viewer {
        Viewer::with_settings(ctx, path, None, None)
    }

    /// The same, with the settings of a file, which are kept there, and with what of the study is being read already.
    pub fn with_settings(
        ctx: Context,
        path: Option<&Path>,
        file: Option<PathBuf>,
        head_start: Option<HeadStart>,
    ) -> Viewer {
        let (settings, read, said) = match file.map(SettingsFile::read) {
            Some((file, settings, said)) => (Some(file), settings, said),
            None => (None, Settings::default(), None),
        };
        theme::install(&ctx);
        ctx.set_zoom_factor(read.zoom);
        let mut viewer = Viewer {
            model: Model::new(now_us()),
            cache: Cache::new(ctx.clone()),
            ctx,
            folder: None,
            reader: None,
            head_start,
            typing: false,
            title: String::new(),
            settings,
            at_first: Vec::new(),
            screenshot: None,
            start: None,
            asked: unbounded(),
        };
        theme::choose(&viewer.ctx, read.theme);
        viewer.model.settings = read;
        if let Some(said) = said {
            viewer.model.notify(said, true);
        }
        if let Some(path) = path {
            viewer.act(Action::OpenPath(path.to_owned()));
        }
        viewer
    }

    /// What is to be done as soon as there are trials.
    pub fn at_first(&mut self, actions: Vec<Action>) {
        self.at_first = actions;
    }

    /// Takes a picture of the window once everything is drawn, and closes it.
    pub fn take_picture(&mut self, path: PathBuf) {
        self.screenshot = Some(Screenshot::new(path));
    }

    /// Prints when the window, the trials and all curves were first drawn, in milliseconds since then, and closes the window.
    pub fn time_start(&mut self, begin: Instant) {
        self.start = Some(StartTimes::new(begin));
    }

    /// What it shows.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Whether all trials of the log that is open are listed.
    fn is_whole(&self) -> bool {
        self.model.subject().is_some() && self.model.reading().is_none() && self.model.question().is_none()
    }

    /// Whether the window shows all there is to show of what was read: nothing is being listed, drawn or computed.
    pub fn is_settled(&self) -> bool {
        self.is_whole() && !self.cache.shop.is_busy()
    }

    /// Takes over news, draws the window and does what was asked for.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.model.now_us = now_us();
        self.take_news();
        self.cache.shop.put_off(self.model.reading().is_some());
        self.cache.take_list(&mut self.model);
        let asked: Vec<Action> = self.asked.1.try_iter().collect();
        asked.into_iter().for_each(|action| self.act(action));
        for action in commands::pressed(ui.ctx(), &self.model, self.typing) {
            self.act(action);
        }
        let dropped = ui.ctx().input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
        if let Some(path) = dropped {
            self.act(Action::OpenPath(path));
        }
        if self.is_whole() {
            std::mem::take(&mut self.at_first).into_iter().for_each(|action| self.act(action));
        }
        let actions = panes::ui(ui, &self.model, &mut self.cache);
        let (is_whole, is_settled) = (self.is_whole(), self.is_settled());
        if let Some(start) = &mut self.start {
            start.follow(ui.ctx(), self.model.subject().is_some(), is_whole, !self.cache.shop.is_quick_busy());
        }
        if let Some(screenshot) = &mut self.screenshot {
            screenshot.follow(ui.ctx(), is_settled);
        }
        self.model.scroll_to = None;
        self.model.focus_filter = false;
        if !actions.is_empty() {
            ui.ctx().request_repaint();
        }
        for action in actions {
            self.act(action);
        }
        self.typing = ui.ctx().text_edit_focused();
        self.keep_settings();
        self.set_title(&ui.ctx().clone());
        if self.model.open.as_ref().is_some_and(|open| open.news.managed)
            && let Some(snapshot) = self.model.snapshot()
        {
            ui.ctx().request_repaint_after(tick(self.model.now_us - snapshot.last_us));
        }
    }

    /// Takes over the zoom, which egui's own keys change, and writes what has changed.
    fn keep_settings(&mut self) {
        self.model.settings.zoom = self.ctx.zoom_factor();
        if let Some(file) = &mut self.settings
            && let Some(said) = file.keep(&self.model.settings)
        {
            self.model.notify(said, true);
        }
    }

    /// Names the window after the study.
    fn set_title(&mut self, ctx: &Context) {
        let name = self.model.snapshot().map(|snapshot| snapshot.spec.name.as_str());
        let title = name.map_or_else(|| "seqtune".to_owned(), |name| format!("{name} - seqtune"));
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    fn take_news(&mut self) {
        if let Some(reader) = &self.reader
            && let Some(news) = reader.news()
        {
            let replaced = self.model.set_news(reader.directory(), news);
            if replaced {
                self.cache.clear();
            }
        }
        if let Some(listing) = self.folder.as_ref().and_then(FolderWatch::listing)
            && let Some(effect) = self.model.set_listing(listing)
        {
            self.run(effect);
        }
    }

    fn act(&mut self, action: Action) {
        if let Action::ShowTheme(choice) = &action {
            theme::choose(&self.ctx, *choice);
        }
        if let Some(effect) = self.model.apply(action) {
            self.run(effect);
        }
    }

    /// Does on a thread what takes long; what comes of it is done in the next frame.
    fn ask_elsewhere(&self, work: impl FnOnce() -> Option<Action> + Send + 'static) {
        let (sender, ctx) = (self.asked.0.clone(), self.ctx.clone());
        let work = move || {
            if let Some(action) = work() {
                // Where the window is closed already, nobody waits for it.
                let _ = sender.send(action);
                ctx.request_repaint();
            }
        };
        // A system that gives no thread gives no dialog either; the path can still be typed.
        let _ = std::thread::Builder::new().name("asked".to_owned()).spawn(work);
    }

    fn run(&mut self, effect: Effect) {
        match effect {
            Effect::List(place) => {
                self.reader = None;
                self.cache.clear();
                let ctx = self.ctx.clone();
                self.folder = match FolderWatch::start(place.clone(), move || ctx.request_repaint()) {
                    Ok(folder) => Some(folder),
                    Err(error) => {
                        let trouble = Some(format!("The folder cannot be watched: {error}."));
                        self.model.set_listing(Listing { trouble, ..Listing::default() });
                        None
                    }
                };
                if let Place::Study(directory) = place {
                    self.act(Action::OpenStudy(directory));
                }
            }
            Effect::Follow(directory) => {
                if self.reader.as_ref().is_none_or(|reader| reader.directory() != directory) {
                    self.cache.clear();
                    let (ctx, begun) = (self.ctx.clone(), self.head_start.take());
                    let begun = begun.and_then(|begun| begun.reader_of(&directory, &ctx));
                    let start = || Reader::start(&directory, move || ctx.request_repaint());
                    self.reader = match begun.map_or_else(start, Ok) {
                        Ok(reader) => Some(reader),
                        Err(error) => {
                            let trouble = Some(format!("The log cannot be followed: {error}."));
                            self.model.set_news(&directory, News { trouble, ..News::default() });
                            None
                        }
                    };
                }
            }
            Effect::Reload => {
                if let Some(folder) = &self.folder {
                    folder.reload();
                }
                if let Some(reader) = &self.reader {
                    reader.reload();
                }
            }
            Effect::Copy(text) => self.ctx.copy_text(text),
            Effect::Ask(directory, kind) => self.ask_elsewhere(move || {
                let said = control::said(&kind);
                let asked = Requests::open(&directory).and_then(|requests| requests.add("viewer", &kind));
                Some(match asked {
                    Ok(_) => Action::Say(said.to_owned(), false),
                    Err(error) => Action::Refused(kind, text::sentence(&error.to_string())),
                })
            }),
            Effect::Browse => {
                let start = self.model.place.as_ref().map(|place| place.path().to_owned());
                self.ask_elsewhere(move || {
                    let dialog = rfd::FileDialog::new().set_title("A folder with studies, or one study");
                    let dialog = start.into_iter().fold(dialog, |dialog, path| dialog.set_directory(path));
                    dialog.pick_folder().map(Action::OpenPath)
                });
            }
            Effect::OpenCopy(directory) => self.ask_elsewhere(move || {
                Some(match copy::log(&directory) {
                    Ok(copy) => Action::OpenPath(copy),
                    Err(error) => Action::Say(format!("It cannot be copied: {error}."), true),
                })
            }),
            Effect::OpenSample => {
                let folder = eframe::storage_dir("seqtune-view").unwrap_or_else(std::env::temp_dir);
                self.ask_elsewhere(move || {
                    Some(match sample::write(&folder) {
                        Ok(directory) => Action::OpenPath(directory),
                        Err(error) => Action::Say(format!("The sample cannot be written: {error}."), true),
                    })
                });
            }
            Effect::Save(spec, path) => {
                let theme = theme::of(&self.ctx);
                self.ask_elsewhere(move || {
                    Some(match picture::save(&spec, &path, theme) {
                        Ok(()) => {
                            let path = std::path::absolute(&path).unwrap_or(path);
                            Action::Say(format!("Saved {}.", path.display()), false)
                        }
                        Err(error) => Action::NotSaved(spec, path, format!("{error}.")),
                    })
                });
            }
            Effect::WatchLog(trial) => {
                if let Some(reader) = &self.reader {
                    reader.watch(trial);
                }
            }
        }
    }
}

impl eframe::App for Viewer {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        Viewer::ui(self, ui);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}

/// Microseconds since 1970.
fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}
