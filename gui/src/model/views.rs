//! What the pages show of what they could: choices that belong to the window.

use std::path::PathBuf;

use super::data::{DataView, ResourcesView};

/// The choices of the page Compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompareView {
    /// Whether parameters that are the same everywhere are left out.
    pub only_differences: bool,
    /// Whether the trials are the rows of the table.
    pub transposed: bool,
}

impl Default for CompareView {
    fn default() -> CompareView {
        CompareView { only_differences: true, transposed: false }
    }
}

/// What the page Parameters draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ParameterPlot {
    /// Each trial a line through its parameters.
    #[default]
    Parallel,
    /// The value over one parameter, several times.
    Slices,
    /// The mean value over two parameters.
    Contour,
    /// The ranks over two parameters.
    Rank,
    /// The distribution of the values.
    Distribution,
    /// How much each parameter matters.
    Importance,
    /// What is expected along one parameter.
    Dependence,
}

impl ParameterPlot {
    /// All of them, in their order.
    pub const ALL: [ParameterPlot; 7] = [
        ParameterPlot::Parallel,
        ParameterPlot::Slices,
        ParameterPlot::Contour,
        ParameterPlot::Rank,
        ParameterPlot::Distribution,
        ParameterPlot::Importance,
        ParameterPlot::Dependence,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            ParameterPlot::Parallel => "Parallel coordinates",
            ParameterPlot::Slices => "Slices",
            ParameterPlot::Contour => "Contour",
            ParameterPlot::Rank => "Ranks",
            ParameterPlot::Distribution => "Distribution",
            ParameterPlot::Importance => "Importance of parameters",
            ParameterPlot::Dependence => "Partial dependence",
        }
    }
}

/// How importance is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Measure {
    /// By the variance that a parameter explains.
    #[default]
    Fanova,
    /// By how the best trials differ from all.
    PedAnova,
}

/// The choices of the page Parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParametersView {
    /// What is drawn.
    pub plot: ParameterPlot,
    /// The parameters that have a slice; `None` for those that tell most.
    pub slices: Option<Vec<String>>,
    /// The two parameters of contour and ranks; `None` for the two that tell most.
    pub pair: Option<[String; 2]>,
    /// The parameter that the dependence is drawn of; `None` for the one that tells most.
    pub dependence: Option<String>,
    /// How importance is measured.
    pub measure: Measure,
    /// Whether importance and dependence are of all trials, whatever is listed.
    pub of_all: bool,
}

/// The choices of the page Pareto.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParetoView {
    /// The metrics from left to right and from below to above; `None` for the objectives.
    pub metrics: Option<[String; 2]>,
}

/// The choices of the page Studies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StudiesView {
    /// Directories of the studies that are drawn; `None` for the first of the folder.
    pub chosen: Option<Vec<PathBuf>>,
    /// Whether the best so far goes over hours, and not over trials.
    pub by_time: bool,
    /// How often everything was read anew.
    pub reads: u64,
}

/// The choices of all pages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Views {
    /// Of Compare.
    pub compare: CompareView,
    /// Of Parameters.
    pub parameters: ParametersView,
    /// Of Pareto.
    pub pareto: ParetoView,
    /// Of Studies.
    pub studies: StudiesView,
    /// Of Resources.
    pub resources: ResourcesView,
    /// Of Data.
    pub data: DataView,
}
