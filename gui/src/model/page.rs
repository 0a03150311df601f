//! The pages of the window.

use serde::{Deserialize, Serialize};

/// A page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// What to look at: health in words, history, curves, importance.
    #[default]
    Overview,
    /// Pinned trials side by side.
    Compare,
    /// What the parameters do.
    Parameters,
    /// The table.
    Trials,
    /// Why a trial has its point.
    Sampler,
    /// Where the time went.
    Resources,
    /// What a trial says of the data.
    Data,
    /// Two objectives.
    Pareto,
    /// Several studies.
    Studies,
}

impl Page {
    /// All of them, in the order of their keys.
    pub const ALL: [Page; 9] = [
        Page::Overview,
        Page::Compare,
        Page::Parameters,
        Page::Trials,
        Page::Sampler,
        Page::Resources,
        Page::Data,
        Page::Pareto,
        Page::Studies,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Page::Overview => "Overview",
            Page::Compare => "Compare",
            Page::Parameters => "Parameters",
            Page::Trials => "Trials",
            Page::Sampler => "Sampler",
            Page::Resources => "Resources",
            Page::Data => "Data",
            Page::Pareto => "Pareto",
            Page::Studies => "Studies",
        }
    }

    /// What it shows, in one line.
    pub fn about(self) -> &'static str {
        match self {
            Page::Overview => "What to look at: health in words, history, curves, importance",
            Page::Compare => "Pinned trials side by side: differences, curves, paired differences",
            Page::Parameters => "What the parameters do: parallel coordinates, slices, contour, rank",
            Page::Trials => "The table of trials",
            Page::Sampler => "Why a trial has its point, and how well the model expects",
            Page::Resources => "Where the time went: workers, devices, pruned and failed trials",
            Page::Data => "What a trial says of the data: confusion, ROC, embeddings",
            Page::Pareto => "Two objectives: the front, and the volume it dominates",
            Page::Studies => "Several studies side by side",
        }
    }
}
