//! Saves a plot as a picture.

use std::path::{Path, PathBuf};

use seqtune_plot::png::png;
use seqtune_plot::spec::PlotSpec;
use seqtune_plot::svg::{Length, Size, svg};
use seqtune_plot::theme::Theme;

/// Of a saved picture, in pixels of CSS.
const SIZE: Size = Size { width: Length::Px(720.0), height: Length::Px(440.0) };

/// Dots per inch of a PNG: twice those of a screen.
const DPI: f64 = 192.0;

/// Why a picture was not saved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SaveError {
    /// The path says no kind of picture.
    #[error("{} must end in .svg or .png", .0.display())]
    Kind(PathBuf),
    /// The file cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The picture cannot be drawn.
    #[error("the picture cannot be drawn: {0}")]
    Draw(String),
}

/// Writes a plot to a file ending in .svg or .png. A file that is there is replaced.
pub(crate) fn save(spec: &PlotSpec, path: &Path, theme: &Theme) -> Result<(), SaveError> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let bytes = match ending.as_deref() {
        Some("svg") => svg(spec, SIZE, theme).into_bytes(),
        Some("png") => png(spec, SIZE, theme, DPI).map_err(|error| SaveError::Draw(error.to_string()))?,
        _ => return Err(SaveError::Kind(path.to_owned())),
    };
    // Beside it first: where the disk is full, the picture of before stays whole.
    let beside = path.with_extension("new");
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|source| SaveError::Write { path: path.to_owned(), source })
}
