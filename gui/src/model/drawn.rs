//! What the plots draw: computed when something changes, borrowed in every frame.

use egui_plot::PlotPoint;
use seqtune_core::TrialState;
use seqtune_plot::{Snapshot, best_so_far, curve, history_points};

/// Points of one curve at most: more than a plot has columns of pixels helps nobody.
const CURVE_POINTS: usize = 400;
/// Running trials whose curves are drawn at most.
const RUNNING: usize = 32;

/// The states in the order of drawing; what is drawn last lies on top.
pub(crate) const DRAWING_ORDER: [TrialState; 5] =
    [TrialState::Waiting, TrialState::Failed, TrialState::Pruned, TrialState::Running, TrialState::Completed];

/// What the plots draw. On a log axis the y coordinates are decimal logarithms.
#[derive(Debug, Default)]
pub struct Drawn {
    /// For each state in drawing order: the points `(trial, value)`.
    pub states: Vec<(TrialState, Vec<PlotPoint>)>,
    /// Corners of the line of the best so far.
    pub best: Vec<PlotPoint>,
    /// The curves, best last.
    pub curves: Vec<DrawnCurve>,
    /// Ended trials whose value is not finite, or not above zero on a log axis.
    pub without_value: usize,
}

/// One learning curve.
#[derive(Debug)]
pub struct DrawnCurve {
    /// Of which trial.
    pub trial: u64,
    /// Its name in the plot.
    pub name: String,
    /// Its rank where that has a colour of its own.
    pub rank: Option<usize>,
    /// Whether the trial is trained now.
    pub running: bool,
    /// Points `(step, value)`.
    pub points: Vec<PlotPoint>,
    /// Steps, smallest and largest part, where the metric comes in parts; for the selected trial only.
    pub band: Option<[Vec<f64>; 3]>,
}

impl Drawn {
    pub(super) fn of(snapshot: &Snapshot, metric: &str, top: usize, log: bool, selected: Option<u64>) -> Drawn {
        let scale = |value: f64| if log { value.log10() } else { value };
        let point = |[x, y]: [f64; 2]| Some(PlotPoint::new(x, scale(y))).filter(|point| point.y.is_finite());

        let mut states: Vec<(TrialState, Vec<PlotPoint>)> =
            DRAWING_ORDER.into_iter().map(|state| (state, Vec::new())).collect();
        for drawn in history_points(snapshot) {
            let of_state = states.iter_mut().find(|(state, _)| *state == drawn.state);
            if let (Some((_, points)), Some(point)) = (of_state, point([drawn.trial as f64, drawn.value])) {
                points.push(point);
            }
        }
        let ended = |state: TrialState| !matches!(state, TrialState::Running | TrialState::Waiting);
        let drawn: usize = states.iter().filter(|(state, _)| ended(*state)).map(|(_, points)| points.len()).sum();

        let ranked = snapshot.top(top);
        let running = snapshot.trials.iter().filter(|row| row.state == TrialState::Running).map(|row| row.number);
        let mut numbers: Vec<u64> = running.take(RUNNING).collect();
        numbers.extend(ranked.iter().rev());
        if let Some(selected) = selected {
            numbers.retain(|number| *number != selected);
            numbers.push(selected);
        }
        let curves = numbers.into_iter().filter_map(|number| {
            let row = snapshot.trial(number)?;
            let curve = curve(row, metric, CURVE_POINTS);
            let rank = snapshot.top(crate::theme::RANKED_COLORS).iter().position(|ranked| *ranked == number);
            let spread = curve.spread.iter().map(|[step, low, high]| [*step, scale(*low), scale(*high)]);
            let spread: Vec<[f64; 3]> = spread.filter(|[_, low, high]| low.is_finite() && high.is_finite()).collect();
            let column = |index: usize| spread.iter().map(|triple| triple[index]).collect();
            Some(DrawnCurve {
                trial: number,
                name: format!("Trial {number}"),
                rank,
                running: row.state == TrialState::Running,
                points: curve.points.into_iter().filter_map(point).collect(),
                band: (Some(number) == selected && !spread.is_empty()).then(|| [0, 1, 2].map(column)),
            })
        });
        Drawn {
            best: best_so_far(snapshot).into_iter().filter_map(point).collect(),
            without_value: snapshot.summary.ended() - drawn,
            curves: curves.filter(|curve| !curve.points.is_empty()).collect(),
            states,
        }
    }

    /// Whether the history has any point.
    pub fn has_history(&self) -> bool {
        self.states.iter().any(|(_, points)| !points.is_empty())
    }
}
