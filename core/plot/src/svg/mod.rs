//! A plot as SVG: text stays text, and each picture says in words what it shows.
//!
//! The same specification, size and theme give the same text on every machine.

mod frame;
mod geometry;
mod layout;
mod marks;
mod size;
mod text;

pub use size::{Length, Size, SizeError};

use std::fmt::Write as _;

use crate::spec::PlotSpec;
use crate::theme::Theme;
use layout::Layout;
use text::escape;

/// Fonts that are asked for, in this order.
pub(crate) const FONTS: &str = "Inter, Helvetica, Arial, sans-serif";

/// A plot as an SVG document.
pub fn svg(spec: &PlotSpec, size: Size, theme: &Theme) -> String {
    let layout = Layout::of(spec, size.width.px(), size.height.px());
    let mut body = String::new();
    frame::write_below(&mut body, spec, &layout, theme);
    let mut drawn = String::new();
    marks::write(&mut drawn, spec, &layout, theme);
    // Several pictures may stand in one page: their clip paths must not be taken for each other.
    let id = format!("area-{:08x}", fnv(&drawn) ^ fnv(&spec.title));
    let area = layout.area;
    let _ = writeln!(
        body,
        "<clipPath id=\"{id}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>",
        Px(area.left),
        Px(area.top),
        Px(area.width()),
        Px(area.height())
    );
    let _ = writeln!(body, "<g clip-path=\"url(#{id})\">\n{drawn}</g>");
    marks::write_labels(&mut body, spec, &layout, theme);
    frame::write_above(&mut body, spec, &layout, theme);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         font-family=\"{FONTS}\">\n<title>{}</title>\n<desc>{}</desc>\n<rect width=\"{}\" height=\"{}\" \
         fill=\"{}\"/>\n{body}</svg>\n",
        size.width,
        size.height,
        Px(layout.width),
        Px(layout.height),
        escape(&spec.title),
        escape(&spec.reading),
        Px(layout.width),
        Px(layout.height),
        theme.background.hex()
    )
}

/// A coordinate: two decimals, no more than a picture can show. What is not finite is never written.
pub(crate) struct Px(pub f64);

impl std::fmt::Display for Px {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = if self.0.is_finite() { self.0.clamp(-1e6, 1e6) } else { 0.0 };
        // Adding zero makes -0 plain.
        let rounded = (value * 100.0).round() / 100.0 + 0.0;
        write!(f, "{rounded}")
    }
}

/// Fowler, Noll and Vo's hash: the same on every machine and in every version.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests;
