//! A plot as PNG, drawn from its SVG. The font comes with the program, so that the picture is the same on every machine.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use crate::spec::PlotSpec;
use crate::svg::{Size, svg};
use crate::theme::Theme;

/// A picture could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// It would have no pixel, or more than fit into memory.
    #[error("a picture of {width} by {height} pixels cannot be made: choose a smaller size or resolution")]
    Size {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// The SVG was not understood.
    #[error("the plot cannot be drawn: {0}")]
    Draw(String),
}

/// Pixels of a side that a picture may have.
const MOST_PIXELS: u32 = 16_000;

/// Ubuntu Light under the Ubuntu font licence, whose text is `licenses/UFL.txt`.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    let family = fonts.faces().next().and_then(|face| face.families.first()).map(|(name, _)| name.clone());
    if let Some(name) = family {
        fonts.set_sans_serif_family(name);
    }
    Arc::new(fonts)
});

/// A plot as a PNG file of so many dots per inch; 96 are one pixel for each pixel of CSS.
///
/// # Errors
/// Where the picture is too large.
pub fn png(spec: &PlotSpec, size: Size, theme: &Theme, dpi: f64) -> Result<Vec<u8>, PngError> {
    let options = Options { fontdb: Arc::clone(&FONTS), ..Options::default() };
    let text = svg(spec, size, theme);
    let tree = Tree::from_str(&text, &options).map_err(|error| PngError::Draw(error.to_string()))?;
    let scale = dpi / 96.0;
    let pixels = |px: f64| (px * scale).round().clamp(0.0, f64::from(u32::MAX)) as u32;
    let (width, height) = (pixels(size.width.px()), pixels(size.height.px()));
    let pixmap = Pixmap::new(width, height).filter(|_| width.max(height) <= MOST_PIXELS);
    let mut pixmap = pixmap.ok_or(PngError::Size { width, height })?;
    // To the last whole pixel of each side: no edge stays half empty.
    let along = |pixels: u32, length: f64| (f64::from(pixels) / length) as f32;
    let scale = Transform::from_scale(along(width, size.width.px()), along(height, size.height.px()));
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| PngError::Draw(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::svg::Length;

    #[test]
    fn a_picture_has_its_size_and_its_text() {
        let history = seqtune_core::testing::study("x = { type = 'float', low = 0, high = 1 }").trials(5).history();
        let snapshot = crate::Snapshot::of(&history);
        let mut spec = crate::plots::history(&snapshot, history.spec.objective(), &Default::default()).unwrap();
        let size = Size { width: Length::Px(200.0), height: Length::Mm(50.8) };
        let bytes = png(&spec, size, &crate::theme::LIGHT, 96.0).unwrap();
        let picture = Pixmap::decode_png(&bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), (200, 192));
        // Another title is another picture: the font is there.
        spec.title = "Another".to_owned();
        assert_ne!(png(&spec, size, &crate::theme::LIGHT, 96.0).unwrap(), bytes);
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let history = seqtune_core::testing::study("x = { type = 'bool' }").trials(2).history();
        let spec = crate::plots::history(&crate::Snapshot::of(&history), history.spec.objective(), &Default::default())
            .unwrap();
        let size = Size { width: Length::Px(9000.0), height: Length::Px(200.0) };
        assert!(matches!(png(&spec, size, &crate::theme::PRINT, 1200.0), Err(PngError::Size { .. })));
    }
}
