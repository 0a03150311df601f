//! The best value so far of several studies.

use seqtune_core::{Objective, TrialState};

use super::{PlotError, caption};
use crate::best_line::best_line;
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Entry, Layer, Line, PlotSpec, Role, Sample, short};

/// The best value so far of each study, of completed trials that keep its constraints: over its trials, or over the hours since its
/// first trial began. With equal budgets, which search gets on faster.
///
/// # Errors
/// Where none of the studies has such a trial with a value.
pub fn best_lines(studies: &[&Snapshot], objective: &Objective, by_time: bool) -> Result<PlotSpec, PlotError> {
    let (mut layers, mut legend) = (Vec::new(), Vec::new());
    let (mut across, mut up) = (vec![0.0], Vec::new());
    let mut leader: Option<(&str, f64)> = None;
    for (index, snapshot) in studies.iter().enumerate() {
        let begin = snapshot.trials.iter().map(|row| row.started_us).min().unwrap_or(0);
        let hours = |us: i64| (us - begin) as f64 / 3.6e9;
        let place =
            |row: &TrialRow| if by_time { hours(row.ended_us.unwrap_or(row.started_us)) } else { row.number as f64 };
        let counts = |row: &&TrialRow| row.state == TrialState::Completed && row.is_feasible();
        let completed = snapshot.trials.iter().map(AsRef::as_ref).filter(counts);
        let mut values: Vec<(f64, f64)> =
            completed.filter_map(|row| Some((place(row), row.value_under(objective)?))).collect();
        values.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let last = snapshot.trials.iter().map(|row| place(row)).fold(0.0, f64::max);
        let corners = best_line(values.into_iter(), Some(last), objective.direction);
        let Some([_, best]) = corners.last().copied() else { continue };
        let name = snapshot.spec.name.as_str();
        if leader.is_none_or(|(_, value)| objective.direction.better(best, value)) {
            leader = Some((name, best));
        }
        across.push(last);
        up.extend(corners.iter().map(|[_, value]| *value));
        let role = Role::Series(index);
        layers.push(Layer::Line(Line { width: 1.3, ..Line::new(corners, role) }));
        let label = format!("{name} ({})", short(best, 4));
        legend.push(Entry { label, sample: Sample::Line { role, dashed: false } });
    }
    let Some((name, best)) = leader else { return Err(PlotError::NoValues(objective.metric.clone())) };
    let x = match by_time {
        true => Axis::linear("time since the first trial began", across).unit("h"),
        false => Axis::counting("trial", across),
    };
    Ok(PlotSpec {
        title: format!("Best {} so far", objective.metric),
        reading: format!(
            "{} by their best so far; {name} leads with {}.",
            studies_in_words(layers.len()),
            short(best, 5)
        ),
        x,
        y: Axis { label: caption(objective), ..Axis::fitting("", &up) },
        layers,
        legend,
        scale: None,
        notes: Vec::new(),
    })
}

/// Why a study cannot be drawn beside others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    /// It was never asked for the metric.
    #[error("it has no metric {0}")]
    Metric(String),
    /// What is better there is worse here.
    #[error("of {0} it seeks the other end")]
    Direction(String),
    /// Nothing is completed yet.
    #[error("no completed trial has a value of {0} yet")]
    Values(String),
}

/// Whether [`best_lines`] and [`edf`](super::edf) can draw a study under an objective that may be that of another one.
///
/// # Errors
/// [`Lack`] where they cannot.
pub fn lack(snapshot: &Snapshot, objective: &Objective) -> Result<(), Lack> {
    let metric = &objective.metric;
    if snapshot.metrics.iter().all(|known| **known != **metric) {
        return Err(Lack::Metric(metric.clone()));
    }
    if snapshot.objective_of(metric).direction != objective.direction {
        return Err(Lack::Direction(metric.clone()));
    }
    let mut completed = snapshot.trials.iter().filter(|row| row.state == TrialState::Completed);
    let has_value = completed.any(|row| row.value_under(objective).is_some());
    if has_value { Ok(()) } else { Err(Lack::Values(metric.clone())) }
}

fn studies_in_words(number: usize) -> String {
    if number == 1 { "1 study".to_owned() } else { format!("{number} studies") }
}

#[cfg(test)]
mod tests {
    use seqtune_core::testing::study;

    use super::*;

    #[test]
    fn each_study_has_a_line_and_the_better_one_leads() {
        let one = |seed: u64, trials: u64| {
            let draft = study("x = { type = 'float', low = 0, high = 1 }").sampler("random").seed(seed);
            Snapshot::of(&draft.with(|spec| spec.name = format!("s{seed}")).trials(trials).history())
        };
        let (first, second, empty) = (one(1, 20), one(2, 5), one(3, 0));
        let objective = first.spec.objective();
        for by_time in [false, true] {
            let spec = best_lines(&[&first, &second, &empty], objective, by_time).unwrap();
            assert_eq!((spec.layers.len(), spec.legend.len()), (2, 2));
            let best = |snapshot: &Snapshot| snapshot.best().unwrap().value.unwrap();
            let leader = if best(&first) <= best(&second) { "s1" } else { "s2" };
            assert!(
                spec.reading.contains(&format!("2 studies by their best so far; {leader} leads")),
                "{}",
                spec.reading
            );
        }
        assert!(best_lines(&[&empty], objective, false).is_err());
        assert_eq!(lack(&first, objective), Ok(()));
        assert_eq!(lack(&empty, objective), Err(Lack::Values("value".to_owned())));
        let other = Objective { metric: "auc".to_owned(), ..objective.clone() };
        assert_eq!(lack(&first, &other), Err(Lack::Metric("auc".to_owned())));
        let turned = Objective { direction: seqtune_plugin::Direction::Maximize, ..objective.clone() };
        assert_eq!(lack(&first, &turned), Err(Lack::Direction("value".to_owned())));
    }
}
