//! The window: the model, the threads that feed it, and the panes that show it.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use egui::{Context, Ui};

use crate::cache::Cache;
use crate::folder::{FolderWatch, Listing};
use crate::model::{Action, Dialog, Effect, Model};
use crate::place::Place;
use crate::reader::{News, Reader};
use crate::{commands, panes, picture, theme};

/// How often the window is drawn anew while a study runs and nothing happens: the times in it go on.
const TICK: Duration = Duration::from_secs(1);

/// The viewer. It draws into any [`Ui`]; a window is not needed.
#[derive(Debug)]
pub struct Viewer {
    model: Model,
    cache: Cache,
    ctx: Context,
    folder: Option<FolderWatch>,
    reader: Option<Reader>,
    /// Whether a text box had the keyboard at the end of the last frame.
    typing: bool,
    /// The window's title.
    title: String,
}

impl Viewer {
    /// A viewer of what lies at a path, or of nothing yet. Where nothing is at the path, the window says so.
    pub fn new(ctx: Context, path: Option<&Path>) -> Viewer {
        theme::install(&ctx);
        let mut viewer = Viewer {
            model: Model::new(now_us()),
            cache: Cache::new(ctx.clone()),
            ctx,
            folder: None,
            reader: None,
            typing: false,
            title: String::new(),
        };
        if let Some(path) = path {
            viewer.act(Action::OpenPath(path.to_owned()));
        }
        viewer
    }

    /// What it shows.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Takes over news, draws the window and does what was asked for.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.model.now_us = now_us();
        self.take_news();
        for action in commands::pressed(ui.ctx(), &self.model, self.typing) {
            self.act(action);
        }
        let dropped = ui.ctx().input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
        if let Some(path) = dropped {
            self.act(Action::OpenPath(path));
        }
        let actions = panes::ui(ui, &self.model, &mut self.cache);
        self.model.scroll_to = None;
        self.model.focus_filter = false;
        if !actions.is_empty() {
            ui.ctx().request_repaint();
        }
        for action in actions {
            self.act(action);
        }
        self.typing = ui.ctx().text_edit_focused();
        self.set_title(&ui.ctx().clone());
        if self.model.open.as_ref().is_some_and(|open| open.news.managed) {
            ui.ctx().request_repaint_after(TICK);
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
            self.model.set_news(reader.directory(), news);
        }
        if let Some(listing) = self.folder.as_ref().and_then(FolderWatch::listing)
            && let Some(effect) = self.model.set_listing(listing)
        {
            self.run(effect);
        }
    }

    fn act(&mut self, action: Action) {
        if let Some(effect) = self.model.apply(action) {
            self.run(effect);
        }
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
                    let ctx = self.ctx.clone();
                    self.reader = match Reader::start(&directory, move || ctx.request_repaint()) {
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
            Effect::Save(spec, path) => {
                let said = match picture::save(&spec, &path, theme::of(&self.ctx)) {
                    Ok(()) => {
                        self.model.dialog = None;
                        (format!("Saved {}.", path.display()), false)
                    }
                    Err(error) => {
                        let refused = Some(format!("{error}."));
                        let path = path.display().to_string();
                        self.model.dialog = Some(Dialog::Save { spec, path, refused });
                        return;
                    }
                };
                self.model.notify(said.0, said.1);
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
