//! The plots of a report.

use seqtune_core::History;
use seqtune_plot::plots::{self, CurvesOf, HistoryOptions, PlotError, telling_parameters};
use seqtune_plot::spec::PlotSpec;
use seqtune_plot::{Method, PedAnova, Snapshot, completed, importance};
use serde::Serialize;

/// Curves that are drawn.
const CURVES: usize = 10;

/// Parameters that have a plot of their own.
const SLICES: usize = 3;

/// From how many completed trials on importance is measured by PED-ANOVA: fANOVA of ten thousand takes seconds.
const MANY: usize = 2500;

/// A plot, or why there is none.
#[derive(Serialize)]
pub(super) struct Picture {
    /// `history`, `curves`, `importance`, `parallel`, `slice`, `timeline` or `pareto`.
    pub(super) kind: &'static str,
    pub(super) heading: String,
    pub(super) plot: Option<PlotSpec>,
    /// Where there is nothing to draw.
    pub(super) reason: Option<String>,
}

pub(super) fn pictures(history: &History, snapshot: &Snapshot) -> Vec<Picture> {
    let objective = history.spec.objective();
    let picture = |kind, heading: String, drawn: Result<PlotSpec, String>| {
        let (plot, reason) = match drawn {
            Ok(plot) => (Some(plot), None),
            Err(reason) => (None, Some(reason)),
        };
        Picture { kind, heading, plot, reason }
    };
    let said = |drawn: Result<PlotSpec, PlotError>| drawn.map_err(|error| error.to_string());
    let mut all = vec![
        picture(
            "history",
            "Values in their order".to_owned(),
            said(plots::history(snapshot, objective, &HistoryOptions::default())),
        ),
        picture(
            "curves",
            "Learning curves of the best".to_owned(),
            said(plots::curves(snapshot, &CurvesOf::new(&objective.metric, CURVES))),
        ),
        picture("importance", "Importance of the parameters".to_owned(), measured(snapshot)),
        picture("parallel", "All parameters at once".to_owned(), said(plots::parallel(snapshot, objective))),
    ];
    for (name, _) in telling_parameters(snapshot, objective).into_iter().take(SLICES) {
        all.push(picture("slice", format!("Value over {name}"), said(plots::slice(snapshot, objective, &name))));
    }
    if let [first, second, ..] = history.spec.objectives.as_slice() {
        all.push(picture("pareto", "What nothing beats".to_owned(), said(plots::pareto(snapshot, first, second))));
    }
    all.push(picture("timeline", "Who trained what when".to_owned(), said(plots::timeline(snapshot))));
    all
}

fn measured(snapshot: &Snapshot) -> Result<PlotSpec, String> {
    let objective = snapshot.spec.objective();
    let trials = completed(snapshot);
    let method = match trials.len() < MANY {
        true => Method::Fanova,
        false => Method::PedAnova(PedAnova::new(objective.direction)),
    };
    let answer = importance(&snapshot.spec.space, &trials, method, 1).map_err(|error| error.to_string())?;
    plots::importance_of(snapshot, objective, method, &answer).map_err(|error| error.to_string())
}
