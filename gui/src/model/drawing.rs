//! How the plots of the overview and of pinned trials are drawn.

use seqtune_plot::plots::{Along, BandKind};

/// The choices beside the plots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawing {
    /// Whether values are on a log axis; else the plots decide by how far apart they lie.
    pub log: bool,
    /// Whether the history goes over time, and not over the numbers of the trials.
    pub by_time: bool,
    /// The share of the trials that the history draws, the best ones.
    pub share: f64,
    /// What the bands around curves show.
    pub band: BandKind,
    /// What curves go over.
    pub along: Along,
    /// Whether the trials of one configuration are one curve.
    pub grouped: bool,
}

impl Default for Drawing {
    fn default() -> Drawing {
        let (band, along) = (BandKind::default(), Along::default());
        Drawing { log: false, by_time: false, share: 1.0, band, along, grouped: false }
    }
}
