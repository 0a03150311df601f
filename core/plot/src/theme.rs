//! Colours of roles. Colour is never alone: a state has a shape, a band an edge, a trial its number.
//!
//! The hues of what is told apart are those of Okabe and Ito (2008), which any kind of colour vision tells apart, in a
//! lightness that stands out from the background; values have viridis, whose lightness is monotonic. Text has a contrast of
//! at least 4.5, marks of at least 3 (WCAG 2.1).

use crate::spec::{Role, State};

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// A grey.
    pub const fn gray(level: u8) -> Rgb {
        Rgb(level, level, level)
    }

    /// As CSS has it: `#0072b2`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// Relative luminance: 0 black, 1 white.
    pub fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Contrast to another colour, 1 to 21.
    pub fn contrast(self, other: Rgb) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Black or white, whichever is easier to read on it.
    pub fn text_on(self) -> Rgb {
        let (black, white) = (Rgb::gray(0), Rgb::gray(255));
        if self.contrast(black) >= self.contrast(white) { black } else { white }
    }
}

/// Things that get a colour of their own, from the most important on.
pub const SERIES: usize = 7;

/// Hues of Okabe and Ito for dark backgrounds: sky blue, orange, bluish green, reddish purple, yellow, blue, vermilion.
pub const ON_DARK: [Rgb; SERIES] = [
    Rgb(0x56, 0xB4, 0xE9),
    Rgb(0xE6, 0x9F, 0x00),
    Rgb(0x00, 0xB8, 0x88),
    Rgb(0xCC, 0x79, 0xA7),
    Rgb(0xF0, 0xE4, 0x42),
    Rgb(0x3D, 0x8F, 0xD6),
    Rgb(0xE8, 0x75, 0x2A),
];

/// The same hues for light backgrounds.
pub const ON_LIGHT: [Rgb; SERIES] = [
    Rgb(0x2B, 0x87, 0xC0),
    Rgb(0xB3, 0x79, 0x00),
    Rgb(0x00, 0x8A, 0x62),
    Rgb(0xB8, 0x5C, 0x90),
    Rgb(0x8F, 0x84, 0x00),
    Rgb(0x00, 0x5F, 0x9E),
    Rgb(0xC2, 0x4F, 0x00),
];

/// Brighter on black.
const ON_BLACK: [Rgb; SERIES] = [
    Rgb(0x7F, 0xCC, 0xFF),
    Rgb(0xFF, 0xB7, 0x1C),
    Rgb(0x1F, 0xE0, 0xA8),
    Rgb(0xF0, 0xA0, 0xCC),
    Rgb(0xFF, 0xF2, 0x5A),
    Rgb(0x6C, 0xB2, 0xF5),
    Rgb(0xFF, 0x94, 0x4D),
];

/// Viridis (van der Walt and Smith 2015) at equal distances.
const VIRIDIS: [Rgb; 11] = [
    Rgb(0x44, 0x01, 0x54),
    Rgb(0x48, 0x24, 0x75),
    Rgb(0x41, 0x44, 0x87),
    Rgb(0x35, 0x5F, 0x8D),
    Rgb(0x2A, 0x78, 0x8E),
    Rgb(0x21, 0x91, 0x8C),
    Rgb(0x22, 0xA8, 0x84),
    Rgb(0x44, 0xBF, 0x70),
    Rgb(0x7A, 0xD1, 0x51),
    Rgb(0xBD, 0xDF, 0x26),
    Rgb(0xFD, 0xE7, 0x25),
];

/// The colour of viridis at a place from 0, dark, to 1, bright.
pub fn viridis(at: f64) -> Rgb {
    let at = if at.is_finite() { at.clamp(0.0, 1.0) } else { 0.0 } * (VIRIDIS.len() - 1) as f64;
    let index = (at as usize).min(VIRIDIS.len() - 2);
    let (Rgb(r0, g0, b0), Rgb(r1, g1, b1)) = (VIRIDIS[index], VIRIDIS[index + 1]);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * (at - index as f64)).round() as u8;
    Rgb(mix(r0, r1), mix(g0, g1), mix(b0, b1))
}

/// The colours of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Behind everything.
    pub background: Rgb,
    /// Titles, labels, numbers.
    pub text: Rgb,
    /// Notes.
    pub weak_text: Rgb,
    /// Grid lines.
    pub grid: Rgb,
    /// The frame and the ticks.
    pub axis: Rgb,
    /// [`Role::Front`].
    pub front: Rgb,
    /// [`Role::Quiet`].
    pub quiet: Rgb,
    /// [`Role::Faint`], which alone may be hard to see: it is background.
    pub faint: Rgb,
    /// [`Role::Series`].
    pub series: [Rgb; SERIES],
    /// From where to where in viridis marks go, from worst to best: what stands out most is best.
    pub marks: [f64; 2],
    /// The same for areas, whose size makes up for contrast.
    pub areas: [f64; 2],
}

/// For screens with a light background.
pub const LIGHT: Theme = Theme {
    name: "light",
    background: Rgb::gray(0xFF),
    text: Rgb::gray(0x20),
    weak_text: Rgb::gray(0x60),
    grid: Rgb::gray(0xE4),
    axis: Rgb::gray(0x70),
    front: Rgb::gray(0x18),
    quiet: Rgb::gray(0x80),
    faint: Rgb::gray(0xC4),
    series: ON_LIGHT,
    marks: [0.56, 0.0],
    areas: [1.0, 0.0],
};

/// For screens with a dark background.
pub const DARK: Theme = Theme {
    name: "dark",
    background: Rgb::gray(0x1B),
    text: Rgb::gray(0xD8),
    weak_text: Rgb::gray(0x9C),
    grid: Rgb::gray(0x30),
    axis: Rgb::gray(0x8C),
    front: Rgb::gray(0xF0),
    quiet: Rgb::gray(0x8C),
    faint: Rgb::gray(0x4C),
    series: ON_DARK,
    marks: [0.4, 1.0],
    areas: [0.0, 1.0],
};

/// White on black.
pub const HIGH_CONTRAST: Theme = Theme {
    name: "high-contrast",
    background: Rgb::gray(0x00),
    text: Rgb::gray(0xFF),
    weak_text: Rgb::gray(0xE0),
    grid: Rgb::gray(0x40),
    axis: Rgb::gray(0xFF),
    front: Rgb::gray(0xFF),
    quiet: Rgb::gray(0xB4),
    faint: Rgb::gray(0x6C),
    series: ON_BLACK,
    marks: [0.5, 1.0],
    areas: [0.1, 1.0],
};

/// For paper: black on white, and no grey text.
pub const PRINT: Theme = Theme {
    name: "print",
    text: Rgb::gray(0x00),
    weak_text: Rgb::gray(0x00),
    grid: Rgb::gray(0xE8),
    axis: Rgb::gray(0x00),
    front: Rgb::gray(0x00),
    ..LIGHT
};

impl Theme {
    /// All of them.
    pub const ALL: [&'static Theme; 4] = [&LIGHT, &DARK, &HIGH_CONTRAST, &PRINT];

    /// The colour of a mark.
    pub fn color(&self, role: Role) -> Rgb {
        match role {
            Role::State(State::Completed) => self.series[5],
            Role::State(State::Pruned) => self.series[1],
            Role::State(State::Failed) => self.series[6],
            Role::State(State::Running) => self.series[2],
            Role::State(State::Waiting) | Role::Quiet => self.quiet,
            Role::Series(index) => self.series.get(index).copied().unwrap_or(self.quiet),
            Role::Pinned(index) => self.series[index % SERIES],
            Role::Value(value) => between(self.marks, value),
            Role::Front => self.front,
            Role::Faint => self.faint,
        }
    }

    /// The colour of an area.
    pub fn area(&self, role: Role) -> Rgb {
        match role {
            Role::Value(value) => between(self.areas, value),
            other => self.color(other),
        }
    }
}

fn between([from, to]: [f64; 2], value: f64) -> Rgb {
    viridis(from + (to - from) * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_marks_stand_out() {
        for theme in Theme::ALL {
            let contrast = |color: Rgb| color.contrast(theme.background);
            for text in [theme.text, theme.weak_text] {
                assert!(contrast(text) >= 4.5, "{}: text {:.2}", theme.name, contrast(text));
            }
            let values = (0..=20).map(|part| Role::Value(f64::from(part) / 20.0));
            let series = (0..SERIES + 1).flat_map(|index| [Role::Series(index), Role::Pinned(index)]);
            let roles = State::ALL.map(Role::State).into_iter().chain([Role::Front, Role::Quiet]);
            for role in roles.chain(series).chain(values) {
                let found = contrast(theme.color(role));
                assert!(found >= 3.0, "{}: {role:?} has contrast {found:.2}", theme.name);
            }
            assert!(contrast(theme.axis) >= 3.0, "{}", theme.name);
        }
    }

    #[test]
    fn text_in_areas_can_be_read() {
        for part in 0..=100 {
            let color = viridis(f64::from(part) / 100.0);
            assert!(color.contrast(color.text_on()) >= 4.5, "{color:?}");
        }
    }

    #[test]
    fn the_best_stands_out_most() {
        for theme in Theme::ALL {
            let contrast = |value: f64| theme.color(Role::Value(value)).contrast(theme.background);
            let all: Vec<f64> = (0..=20).map(|part| contrast(f64::from(part) / 20.0)).collect();
            assert!(all.is_sorted(), "{}: {all:?}", theme.name);
        }
    }

    #[test]
    fn colours_are_written_as_css_has_them() {
        assert_eq!(Rgb(0, 0x72, 0xB2).hex(), "#0072b2");
        assert_eq!([viridis(0.0), viridis(0.5), viridis(1.0)], [VIRIDIS[0], VIRIDIS[5], VIRIDIS[10]]);
        assert_eq!(viridis(f64::NAN), VIRIDIS[0]);
    }
}
