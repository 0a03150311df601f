//! How sure a loss is that is a mean over parts: folds, or seeds within one trial.
//!
//! Some parts are harder than others for all points alike; that says nothing about a point, and is taken out. What is left
//! scatters around a trial's mean, and the mean of k parts by `1/√k` of that. Few parts tell their own spread badly, so each
//! trial's is drawn towards what is usual in the study (as variances are by Smyth, "Linear models and empirical Bayes
//! methods", 2004).

use std::collections::HashMap;

use super::super::observation::{Observation, Outcome};
use crate::history::History;
use crate::order::View;

/// As how many parts more than a trial has the usual spread counts.
const USUAL: f64 = 3.0;

/// Standard deviations of the means, by trial and objective; of a mean without parts there is none.
#[derive(Debug, Default)]
pub(super) struct Parts {
    deviations: HashMap<(u64, usize), f64>,
}

impl Parts {
    /// For the completed trials, and the first ones of the study's objectives.
    pub(super) fn of(view: &View<'_>, observations: &[Observation<'_>], objectives: usize) -> Parts {
        let history = view.history();
        let completed = || observations.iter().filter(|one| matches!(one.told.outcome, Outcome::Completed { .. }));
        let has_parts = |one: &Observation<'_>| {
            history.valued_point(one.trial).is_some_and(|point| point.metrics.as_str().contains("\"parts\""))
        };
        let mut deviations = HashMap::new();
        // Metrics are text, which is read only where it is of use: all trials of a study report alike.
        if completed().next().is_some_and(has_parts) {
            let trials: Vec<(u64, Vec<Vec<f64>>)> =
                completed().map(|one| (one.trial.number, parts(history, one, objectives))).collect();
            for objective in 0..objectives {
                let rows: Vec<(u64, &[f64])> =
                    trials.iter().map(|(trial, of)| (*trial, of[objective].as_slice())).collect();
                let of_means = of_means(&rows);
                deviations.extend(of_means.into_iter().map(|(trial, deviation)| ((trial, objective), deviation)));
            }
        }
        Parts { deviations }
    }

    /// Of the mean of one trial.
    pub(super) fn deviation(&self, trial: u64, objective: usize) -> f64 {
        self.deviations.get(&(trial, objective)).copied().unwrap_or(0.0)
    }
}

/// The finite parts of each objective at the step that gave a trial its value.
fn parts(history: &History, one: &Observation<'_>, objectives: usize) -> Vec<Vec<f64>> {
    let metrics = history.valued_point(one.trial).map(|point| point.metrics.parse()).unwrap_or_default();
    let of = |metric: &str| {
        metrics.get(metric).map(|value| value.parts().iter().flatten().copied().collect()).unwrap_or_default()
    };
    history.spec.objectives.iter().take(objectives).map(|objective| of(&objective.metric)).collect()
}

/// The standard deviation of each trial's mean. Those with another number of parts than most say nothing.
fn of_means(trials: &[(u64, &[f64])]) -> Vec<(u64, f64)> {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    trials.iter().for_each(|(_, parts)| *counts.entry(parts.len()).or_default() += 1);
    let usual = counts.into_iter().max_by_key(|(parts, trials)| (*trials, *parts)).map_or(0, |(parts, _)| parts);
    let trials: Vec<&(u64, &[f64])> = trials.iter().filter(|(_, parts)| parts.len() == usual).collect();
    if usual < 2 || trials.len() < 2 {
        return Vec::new();
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let apart = |parts: &[f64]| -> Vec<f64> {
        let mean = mean(parts);
        parts.iter().map(|part| part - mean).collect()
    };
    let residuals: Vec<Vec<f64>> = trials.iter().map(|(_, parts)| apart(parts)).collect();
    // Medians, since a trial that went wrong may be anywhere.
    let harder: Vec<f64> =
        (0..usual).map(|part| median(residuals.iter().map(|residual| residual[part]).collect())).collect();
    let freedom = usual as f64 - 1.0;
    let squares: Vec<f64> = residuals
        .iter()
        .map(|residual| residual.iter().zip(&harder).map(|(part, harder)| (part - harder) * (part - harder)).sum())
        .collect();
    let common = median(squares.iter().map(|sum| sum / freedom).collect());
    let deviation = |sum: &f64| ((USUAL * common + sum) / (USUAL + freedom) / usual as f64).sqrt();
    let found = trials.iter().zip(&squares).map(|((trial, _), sum)| (*trial, deviation(sum)));
    found.filter(|(_, deviation)| deviation.is_finite()).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use seqtune_plugin::MetricValue;

    use super::super::super::observation::observations;
    use super::*;
    use crate::event::{EventKind, MetricsJson};
    use crate::testing::study;

    #[test]
    fn what_is_harder_for_all_is_no_noise() {
        let hard = |trial: u64| [0.1, 0.5, 0.9].map(|part| part + trial as f64);
        let alike: Vec<[f64; 3]> = (0..9).map(hard).collect();
        let rows: Vec<(u64, &[f64])> =
            alike.iter().enumerate().map(|(k, parts)| (k as u64, parts.as_slice())).collect();
        let found = of_means(&rows);
        assert!(found.len() == 9 && found.iter().all(|(_, deviation)| *deviation < 1e-9), "{found:?}");
        // One of them scatters: by ±0.3 around its mean, beyond what is hard.
        let mut one = alike.clone();
        one[4] = [0.1 + 0.3, 0.5 - 0.3, 0.9];
        let rows: Vec<(u64, &[f64])> = one.iter().enumerate().map(|(k, parts)| (k as u64, parts.as_slice())).collect();
        let found = of_means(&rows);
        let expected = (0.18_f64 / 5.0 / 3.0).sqrt();
        assert!((found[4].1 - expected).abs() < 1e-9 && found[3].1 < 1e-9, "{found:?}");
        let few: [(u64, &[f64]); 3] = [(0, &[1.0]), (1, &[2.0]), (2, &[3.0, 4.0])];
        assert_eq!(of_means(&few), [], "single numbers say nothing");
    }

    /// The deviation that folds tell comes out of the log as it went in.
    #[test]
    fn parts_are_read_from_the_log() {
        let mut events = study("x = { type = 'float', low = 0, high = 1 }").trials(60).events();
        for event in &mut events {
            if let EventKind::Reported { trial, value: Some(value), metrics, .. } = &mut event.kind {
                let noise = |fold: u64| 0.2 * f64::from(u8::from((*trial * 7 + fold * 5) % 4 < 2)) - 0.1;
                let parts: Vec<f64> = (0..4).map(|fold| *value + noise(fold)).collect();
                *metrics = MetricsJson::new(&BTreeMap::from([("value".to_owned(), MetricValue::mean_of(&parts))]));
            }
        }
        let history = History::fold(&events).unwrap();
        let view = View::now(&history, 60);
        let observations = observations(&view);
        let parts = Parts::of(&view, &observations, 1);
        for trial in 0..60 {
            // Of four parts with deviation 0.1.
            let deviation = parts.deviation(trial, 0);
            assert!((0.02..0.09).contains(&deviation), "{deviation}");
        }
        let plain = study("x = { type = 'float', low = 0, high = 1 }").trials(9).history();
        let view = View::now(&plain, 9);
        assert_eq!(Parts::of(&view, &super::super::super::observation::observations(&view), 1).deviation(3, 0), 0.0);
    }
}
