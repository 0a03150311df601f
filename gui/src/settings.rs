//! What the viewer keeps from one start to the next: recent folders, colours, what is shown.
//!
//! Window size and place are eframe's to keep. This file is our own, with a version: a newer viewer's file is left as it is.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::{Page, Panels};

/// The version that this build writes.
const VERSION: u32 = 1;

/// How many recent places are kept.
const RECENT: usize = 10;

/// Which colours the window has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// As the system has them.
    #[default]
    System,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// White on black, and no grey text.
    HighContrast,
}

impl ThemeChoice {
    /// All of them.
    pub const ALL: [ThemeChoice; 4] =
        [ThemeChoice::System, ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::HighContrast];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            ThemeChoice::System => "as the system",
            ThemeChoice::Dark => "dark",
            ThemeChoice::Light => "light",
            ThemeChoice::HighContrast => "high contrast",
        }
    }
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    version: u32,
    /// Places that were opened, the newest first.
    pub recent: Vec<PathBuf>,
    /// The colours.
    pub theme: ThemeChoice,
    /// How much larger everything is drawn than usual.
    pub zoom: f32,
    /// The page that was seen last.
    pub page: Page,
    /// Which panels are shown.
    pub panels: Panels,
    /// How many of the best trials have their curves drawn.
    pub top: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        let (page, panels) = (Page::default(), Panels::default());
        let theme = ThemeChoice::default();
        Settings { version: VERSION, recent: Vec::new(), theme, zoom: 1.0, page, panels, top: crate::model::TOP }
    }
}

impl Settings {
    /// Puts a place in front of the recent ones.
    pub(crate) fn opened(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.recent.retain(|other| *other != path);
        self.recent.insert(0, path);
        self.recent.truncate(RECENT);
    }
}

/// The file that settings are kept in.
#[derive(Debug)]
pub(crate) struct SettingsFile {
    path: PathBuf,
    /// What it holds.
    written: Settings,
    /// Whether it is left alone: it is of a newer version, or cannot be written.
    is_foreign: bool,
}

impl SettingsFile {
    /// Reads a file. What is missing, or cannot be read, gives the usual settings, and where it must be said a sentence.
    pub(crate) fn read(path: PathBuf) -> (SettingsFile, Settings, Option<String>) {
        let usual = Settings::default();
        let file =
            |written: &Settings, is_foreign| SettingsFile { path: path.clone(), written: written.clone(), is_foreign };
        let shown = path.display();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (file(&usual, false), usual, None),
            Err(error) => {
                let said =
                    format!("{shown} cannot be read: {error}; the usual settings are used, and nothing is kept.");
                return (file(&usual, true), usual, Some(said));
            }
        };
        // Its version comes before anything else: what a newer viewer has written may not be understood.
        let version = serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|value| value["version"].as_u64());
        if version.is_some_and(|version| version > u64::from(VERSION)) {
            let said = format!("{shown} is of a newer viewer; the usual settings are used, and nothing is kept.");
            return (file(&usual, true), usual, Some(said));
        }
        match serde_json::from_str::<Settings>(&text) {
            Ok(read) if (0.2..=5.0).contains(&read.zoom) => {
                let read = Settings { version: VERSION, ..read };
                (file(&read, false), read, None)
            }
            _ => {
                let said = format!("{shown} cannot be read; the usual settings are used.");
                (file(&usual, false), usual, Some(said))
            }
        }
    }

    /// Writes what has changed. Where that fails, the sentence is given once.
    pub(crate) fn keep(&mut self, settings: &Settings) -> Option<String> {
        if self.is_foreign || *settings == self.written {
            return None;
        }
        self.written = settings.clone();
        let failed = self.write(settings).err()?;
        self.is_foreign = true;
        Some(format!("The settings cannot be kept in {}: {failed}.", self.path.display()))
    }

    /// Beside it first, then in its place: a file is whole or the one before.
    fn write(&self, settings: &Settings) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(settings)?;
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let beside = self.path.with_extension("new");
        std::fs::write(&beside, text)?;
        std::fs::rename(beside, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/settings.json");
        let (mut file, mut settings, said) = SettingsFile::read(path.clone());
        assert_eq!((&settings, said), (&Settings::default(), None));
        assert_eq!(file.keep(&settings), None);
        assert!(!path.exists(), "nothing has changed");
        settings.opened(Path::new("/studies/a"));
        settings.opened(Path::new("/studies/b"));
        settings.opened(Path::new("/studies/a"));
        settings.theme = ThemeChoice::HighContrast;
        assert_eq!(file.keep(&settings), None);
        let (_, read, _) = SettingsFile::read(path);
        assert_eq!(read, settings);
        assert_eq!(read.recent, [PathBuf::from("/studies/a"), PathBuf::from("/studies/b")]);
    }

    #[test]
    fn a_newer_or_broken_file_is_said_and_a_newer_one_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        for (text, is_kept) in
            [(r#"{"version": 99, "theme": "sepia"}"#, true), ("no json", false), (r#"{"zoom": 1e9}"#, false)]
        {
            std::fs::write(&path, text).unwrap();
            let (mut file, settings, said) = SettingsFile::read(path.clone());
            assert_eq!(settings, Settings::default());
            assert!(said.is_some(), "{text}");
            let changed = Settings { top: 5, ..settings };
            file.keep(&changed);
            assert_eq!(std::fs::read_to_string(&path).unwrap() == text, is_kept, "{text}");
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_said_once() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        let (mut file, settings, said) = SettingsFile::read(blocked.join("settings.json"));
        assert!(said.is_some());
        assert_eq!(file.keep(&Settings { top: 5, ..settings }), None);
    }
}
