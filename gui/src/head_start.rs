//! Reading before there is a window: to open one takes as long as to read a log of some size.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use egui::Context;

use crate::place::Place;
use crate::reader::Reader;

/// A study that is being read for a window that does not exist yet.
#[derive(Debug)]
pub struct HeadStart {
    reader: Reader,
    window: Arc<OnceLock<Context>>,
}

impl HeadStart {
    /// Begins to read what lies at a path, where that is one study. Should that not be possible, the window says why.
    pub fn at(path: &Path) -> Option<HeadStart> {
        let Ok(Place::Study(directory)) = Place::of(path) else { return None };
        let window = Arc::new(OnceLock::<Context>::new());
        let waiting = Arc::clone(&window);
        let wake = move || {
            if let Some(ctx) = waiting.get() {
                ctx.request_repaint();
            }
        };
        Some(HeadStart { reader: Reader::start(&directory, wake).ok()?, window })
    }

    /// The reader, which wakes this window from now on, if it is of that study.
    pub(crate) fn reader_of(self, directory: &Path, ctx: &Context) -> Option<Reader> {
        if self.reader.directory() != directory {
            return None;
        }
        // It is set once: nobody else can have.
        let _ = self.window.set(ctx.clone());
        Some(self.reader)
    }
}
