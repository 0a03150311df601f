//! The model of one decision: what it says of points, and which it takes.

use rand_chacha::ChaCha8Rng;
use seqtune_space::{Params, SearchSpace};

use super::super::observation::Observation;
use super::super::reason::value_of;
use super::super::scale::Scale;
use super::super::{Expected, GpReason, Reason, SampleError, Suggestion, Turn, drawn, most_worth, tried};
use super::acquisition::{Acquisition, Expectation};
use super::axes::{Axis, Row, row_of_point};
use super::search::{Candidate, Effort, Search, Worth};
use super::targets::{Aims, Known};
use super::{DOUBTED, best, neglected, stands_still};
use crate::order::View;
use crate::seed::seed_of;

/// All that a decision knows.
pub(super) struct Model<'m> {
    pub(super) space: &'m SearchSpace,
    pub(super) view: &'m View<'m>,
    pub(super) axes: &'m [Axis],
    pub(super) known: &'m Known,
    pub(super) aims: Aims<'m>,
    pub(super) observations: &'m [Observation<'m>],
    pub(super) acquisition: &'m Acquisition<'m>,
    /// How much declared priors weigh, where there are some.
    pub(super) prior: Option<f64>,
}

impl Model<'_> {
    fn worth(&self) -> Worth<'_> {
        Worth { space: self.space, acquisition: self.acquisition, prior: self.prior }
    }

    fn why(&self, row: &Row, ln_improvement: f64, compared: Option<usize>, turn: Option<Turn>) -> Reason {
        Reason::Gp(GpReason {
            points: self.known.data.len() as u64,
            pending: self.known.pending.len() as u64,
            expected: expected(self.view, self.known, self.aims, self.acquisition.expectations(row)),
            ln_improvement,
            feasible: self.acquisition.ln_feasible(row).map(libm::exp),
            compared: compared.map(|points| points as u64),
            turn,
        })
    }

    /// What it says of a point, whether or not it takes it.
    pub(super) fn said_of(&self, point: &Params) -> Reason {
        let row = row_of_point(self.space, self.axes, point);
        let worth = self.worth().of(std::slice::from_ref(&row), [point]);
        self.why(&row, worth.first().copied().unwrap_or(f64::NEG_INFINITY), None, None)
    }

    /// The point that it takes: of a small space one of those that are `untried`.
    pub(super) fn best(
        &self,
        untried: Option<Vec<Params>>,
        seed: u64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Suggestion, SampleError> {
        let Model { space, view, axes, known, aims, observations, .. } = *self;
        let worth = self.worth();
        if let Some(mut points) = untried {
            let mut rows: Vec<_> = points.iter().map(|point| row_of_point(space, axes, point)).collect();
            let worth = worth.of(&rows, &points);
            let (most, compared) = (most_worth(&worth), points.len());
            let reason = self.why(&rows.swap_remove(most), worth[most], Some(compared), None);
            return Ok(Suggestion::new(points.swap_remove(most), reason));
        }
        let tried = tried(view);
        let best = best(space, observations, aims);
        let neglected = if view.trial().is_multiple_of(DOUBTED) && stands_still(observations, aims) {
            neglected(axes, known)
        } else {
            None
        };
        let effort = Effort::of(known.data.len());
        let search = Search { space, axes, worth: &worth, tried: &tried, neglected, effort };
        let found = search.run(&best, seed_of(seed, 0, "gp candidates") as u32, rng)?;
        match found.into_iter().next() {
            Some(Candidate { params, row, value, .. }) => {
                let turn = neglected.map(|(axis, _)| turn(space, axis, &params));
                let reason = self.why(&row, value, None, turn);
                Ok(Suggestion::new(params, reason))
            }
            None => drawn(space, view, seed),
        }
    }
}

/// What is expected of a point, as values of the study's objectives.
fn expected(view: &View<'_>, known: &Known, aims: Aims<'_>, said: Vec<Expectation>) -> Vec<Expected> {
    let scales = std::iter::once(&known.scale).chain(known.second.as_ref().map(|(_, scale)| scale));
    let of = |(objective, (said, scale)): (usize, (Expectation, &Scale))| {
        let value = |target: f64| match aims {
            Aims::Together(_) => scale.loss(target),
            Aims::One | Aims::Two => value_of(view, objective, scale.loss(target)),
        };
        let metric = match aims {
            Aims::Together(_) => "the weighted losses of all objectives".to_owned(),
            Aims::One | Aims::Two => view.history().spec.objectives[objective].metric.clone(),
        };
        Expected {
            metric,
            median: value(said.mean),
            from: value(said.mean - said.deviation),
            to: value(said.mean + said.deviation),
            best: said.incumbent.map(value),
        }
    };
    said.into_iter().zip(scales).enumerate().map(of).collect()
}

/// What it means that an axis had its turn.
fn turn(space: &SearchSpace, axis: usize, params: &Params) -> Turn {
    let parameter = &space.parameters()[space.dimensions()[axis].parameter].name;
    Turn { parameter: parameter.clone(), choice: params.get(parameter).cloned() }
}
