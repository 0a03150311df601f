//! Which trials are good: values under the objectives, violations of the outcome constraints, and the order of both.

use std::cmp::Ordering;
use std::collections::HashMap;

use seqtune_plugin::Direction;

use super::{History, Point, Trial, TrialEnd};
use crate::domination::first_front;
use crate::replicate::Beliefs;
use crate::spec::{Objective, Reduce};

impl History {
    /// The value of a trial under the first objective; `None` where it has no finite one.
    pub fn value(&self, trial: &Trial) -> Option<f64> {
        self.valued_point(trial)?.value
    }

    /// The values of a trial under all objectives, in their order; `None` where one is not finite.
    pub fn values(&self, trial: &Trial) -> Option<Vec<f64>> {
        // The first one stands in the log beside the metrics, which are read only where they are needed.
        let first = self.value(trial)?;
        let others = &self.spec.objectives[1..];
        if others.is_empty() {
            return Some(vec![first]);
        }
        let last = trial.reports.last()?.metrics.parse();
        let other = |objective: &Objective| match objective.reduce {
            Reduce::Last => last.get(&objective.metric)?.value(),
            Reduce::Best => {
                let steps = trial.curve(&objective.metric).into_iter().filter_map(|(_, value)| value.value());
                steps.reduce(|best, value| if objective.direction.better(value, best) { value } else { best })
            }
        };
        std::iter::once(Some(first)).chain(others.iter().map(other)).collect()
    }

    /// By how much a trial breaks each outcome constraint, at the step that gave its value; satisfied where it is 0 or
    /// less. `None` where that is not known: there is no report, or a metric is not finite.
    pub fn violations(&self, trial: &Trial) -> Option<Vec<f64>> {
        let constraints = &self.spec.outcome_constraints;
        if constraints.is_empty() {
            return Some(Vec::new());
        }
        let metrics = self.valued_point(trial)?.metrics.parse();
        constraints.iter().map(|one| Some(one.violation(metrics.get(&one.metric)?.value()?))).collect()
    }

    /// Whether a trial is known to satisfy all outcome constraints.
    pub fn is_feasible(&self, trial: &Trial) -> bool {
        self.violation(trial) == 0.0
    }

    /// The best completed trial: of those that satisfy the outcome constraints, or else of those that break them least.
    /// The lower number where two are equal. Where a study repeats configurations, each is as good as
    /// its mean over all seeds is expected to be.
    pub fn best(&self) -> Option<&Trial> {
        let mut best: Option<(Rank, &Trial)> = None;
        for (rank, trial) in self.rated() {
            if best.as_ref().is_none_or(|(old, _)| rank.cmp(old) == Ordering::Less) {
                best = Some((rank, trial));
            }
        }
        best.map(|(_, trial)| trial)
    }

    /// Completed trials with a value: those that satisfy the outcome constraints first, then those that break them least;
    /// among equals by the first objective, then by number. Where a study repeats configurations, all trials of one rank
    /// alike.
    pub fn ranked(&self) -> Vec<&Trial> {
        let mut ranked: Vec<(Rank, &Trial)> = self.rated().collect();
        ranked.sort_by(|(a, _), (b, _)| a.cmp(b));
        ranked.into_iter().map(|(_, trial)| trial).collect()
    }

    /// The Pareto set, in number order: the completed trials that no other one beats in one objective without losing in
    /// another. Only those that satisfy the outcome constraints count; where none does, those that break them least. With
    /// one objective it is the best trial.
    pub fn pareto(&self) -> Vec<&Trial> {
        if self.spec.objectives.len() == 1 {
            return self.best().into_iter().collect();
        }
        let mut least = f64::INFINITY;
        let mut candidates: Vec<(f64, Vec<f64>, &Trial)> = Vec::new();
        for trial in self.completed() {
            let violation = self.violation(trial);
            if violation <= least
                && let Some(losses) = self.losses(trial)
            {
                least = violation;
                candidates.push((violation, losses, trial));
            }
        }
        candidates.retain(|(violation, ..)| *violation <= least);
        let losses: Vec<&[f64]> = candidates.iter().map(|(_, losses, _)| losses.as_slice()).collect();
        let mut set: Vec<&Trial> = first_front(&losses).into_iter().map(|at| candidates[at].2).collect();
        set.sort_by_key(|trial| trial.number);
        set
    }

    /// The report that gives a trial its value.
    pub(crate) fn valued_point<'a>(&self, trial: &'a Trial) -> Option<&'a Point> {
        let objective = self.spec.objective();
        match objective.reduce {
            Reduce::Last => trial.reports.last(),
            Reduce::Best => trial.best_point(objective.direction),
        }
    }

    fn completed(&self) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(|trial| trial.end == Some(TrialEnd::Completed))
    }

    /// The completed trials with a value that have the configuration of `trial`, which are its seeds, in number order.
    pub fn seeds(&self, trial: &Trial) -> Vec<&Trial> {
        let same = |other: &&Trial| other.config_key == trial.config_key && self.value(other).is_some();
        self.completed().filter(same).collect()
    }

    fn rated(&self) -> impl Iterator<Item = (Rank, &Trial)> {
        let means = self.means();
        self.completed().filter_map(move |trial| {
            let own = Rank { violation: self.violation(trial), loss: self.loss(trial)? };
            let rank = means.get(trial.config_key.as_str()).copied().unwrap_or(own);
            Some((rank, trial))
        })
    }

    /// What each configuration's mean over all seeds is expected to be; nothing where none was repeated.
    fn means(&self) -> HashMap<&str, Rank> {
        // Most studies repeat nothing.
        if self.trials.iter().all(|trial| trial.replicate == 0) {
            return HashMap::new();
        }
        let mut places: HashMap<&str, usize> = HashMap::new();
        let (mut losses, mut violations) = (Vec::<Vec<f64>>::new(), Vec::<f64>::new());
        for trial in self.completed() {
            let Some(loss) = self.loss(trial) else { continue };
            let at = *places.entry(&trial.config_key).or_insert_with(|| {
                losses.push(Vec::new());
                violations.push(0.0);
                losses.len() - 1
            });
            losses[at].push(loss);
            violations[at] += self.violation(trial);
        }
        let seeds: Vec<&[f64]> = losses.iter().map(Vec::as_slice).collect();
        let expected = Beliefs::of(&seeds).means;
        let rank = |at: usize| Rank { violation: violations[at] / losses[at].len() as f64, loss: expected[at] };
        places.into_iter().map(|(key, at)| (key, rank(at))).collect()
    }

    /// The value under the first objective, turned so that less is better.
    pub(crate) fn loss(&self, trial: &Trial) -> Option<f64> {
        Some(loss_under(self.spec.objective().direction, self.value(trial)?))
    }

    /// The values under all objectives, turned so that less is better; `None` where one is not finite.
    pub(crate) fn losses(&self, trial: &Trial) -> Option<Vec<f64>> {
        let values = self.values(trial)?;
        let directions = self.spec.objectives.iter().map(|objective| objective.direction);
        Some(directions.zip(values).map(|(direction, value)| loss_under(direction, value)).collect())
    }

    /// The losses of all objectives at one report; `None` where one is not finite.
    pub(crate) fn losses_at(&self, report: &Point) -> Option<Vec<f64>> {
        let metrics = report.metrics.parse();
        let of =
            |objective: &Objective| Some(loss_under(objective.direction, metrics.get(&objective.metric)?.value()?));
        self.spec.objectives.iter().map(of).collect()
    }

    /// What a trial breaks of all constraints together; infinite where that is not known.
    pub(crate) fn violation(&self, trial: &Trial) -> f64 {
        self.violations(trial).map_or(f64::INFINITY, |each| each.iter().map(|one| one.max(0.0)).sum())
    }
}

pub(crate) fn loss_under(direction: Direction, value: f64) -> f64 {
    match direction {
        Direction::Minimize => value,
        Direction::Maximize => -value,
    }
}

/// Less is better.
#[derive(Clone, Copy, Debug)]
struct Rank {
    violation: f64,
    loss: f64,
}

impl Rank {
    fn cmp(&self, other: &Rank) -> Ordering {
        self.violation.total_cmp(&other.violation).then(self.loss.total_cmp(&other.loss))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use seqtune_plugin::{Direction, MetricValue};

    use super::super::History;
    use crate::event::{Event, EventKind, MetricsJson};
    use crate::spec::{Objective, OutcomeConstraint, Reduce};
    use crate::testing;

    fn objective(metric: &str, direction: Direction, reduce: Reduce) -> Objective {
        Objective { metric: metric.to_owned(), direction, reduce }
    }

    fn at_most(metric: &str, bound: f64) -> OutcomeConstraint {
        OutcomeConstraint { metric: metric.to_owned(), at_most: Some(bound), at_least: None }
    }

    /// A history with these reports for each trial, all completed: by step, the metrics a, b, c.
    fn history(
        objectives: Vec<Objective>,
        outcome_constraints: Vec<OutcomeConstraint>,
        trials: &[&[[f64; 3]]],
    ) -> History {
        let first = objectives[0].metric.clone();
        let draft = testing::study("x = { type = 'float', low = 0, high = 1 }").with(|spec| {
            spec.objectives = objectives;
            spec.outcome_constraints = outcome_constraints;
        });
        let mut history = draft.history();
        let proposer = crate::propose::Proposer::new(&history.spec.sampler);
        for (number, reports) in trials.iter().enumerate() {
            let trial = number as u64;
            let mut kinds = vec![proposer.propose(&history, trial).unwrap().into_event()];
            for (step, values) in reports.iter().enumerate() {
                let named = ["a", "b", "c"].into_iter().zip(values);
                let metrics: BTreeMap<String, MetricValue> =
                    named.map(|(name, value)| (name.to_owned(), MetricValue::number(*value))).collect();
                let value = metrics[&first].value();
                let (step, metrics) = (step as u64 + 1, MetricsJson::new(&metrics));
                kinds.push(EventKind::Reported { trial, attempt: 0, step, value, metrics });
            }
            kinds.push(EventKind::Completed { trial });
            for kind in kinds {
                history.apply(&Event { seq: history.seq + 1, at_us: 0, kind }).unwrap();
            }
        }
        history
    }

    fn numbers(trials: Vec<&super::Trial>) -> Vec<u64> {
        trials.into_iter().map(|trial| trial.number).collect()
    }

    #[test]
    fn each_objective_is_reduced_in_its_own_way() {
        let objectives = vec![
            objective("a", Direction::Minimize, Reduce::Last),
            objective("b", Direction::Maximize, Reduce::Best),
            objective("c", Direction::Minimize, Reduce::Best),
        ];
        let history = history(objectives, Vec::new(), &[&[[1.0, 5.0, 9.0], [2.0, 4.0, 8.0]], &[[1.0, f64::NAN, 0.0]]]);
        assert_eq!(history.values(&history.trials[0]), Some(vec![2.0, 5.0, 8.0]));
        assert_eq!(history.values(&history.trials[1]), None, "one of them is not finite");
        assert_eq!(history.value(&history.trials[1]), Some(1.0));
        assert_eq!(numbers(history.pareto()), [0]);
    }

    #[test]
    fn the_pareto_set_holds_what_nothing_beats() {
        let objectives =
            vec![objective("a", Direction::Minimize, Reduce::Last), objective("b", Direction::Maximize, Reduce::Last)];
        let trials: [&[[f64; 3]]; 6] = [
            &[[3.0, 3.0, 0.0]],
            &[[1.0, 1.0, 0.0]],
            &[[3.0, 2.0, 0.0]],
            &[[2.0, 2.0, 0.0]],
            &[[1.0, 1.0, 0.0]],
            &[[2.0, 1.5, 0.0]],
        ];
        let history = history(objectives.clone(), Vec::new(), &trials);
        assert_eq!(numbers(history.pareto()), [0, 1, 3, 4], "equals stand side by side");
        assert_eq!(numbers(history.ranked()), [1, 4, 3, 5, 0, 2], "ranked by the first objective");
        assert_eq!(numbers(super::tests::history(objectives[..1].to_vec(), Vec::new(), &trials).pareto()), [1]);
    }

    #[test]
    fn what_satisfies_the_constraints_comes_first() {
        let objectives = vec![objective("a", Direction::Minimize, Reduce::Last)];
        let at_least = OutcomeConstraint { metric: "c".to_owned(), at_most: None, at_least: Some(1.0) };
        let constraints = vec![at_most("b", 10.0), at_least];
        let trials: [&[[f64; 3]]; 5] = [
            &[[1.0, 13.0, 0.0]],
            &[[5.0, 10.0, 1.0]],
            &[[4.0, 2.0, 7.0]],
            &[[0.0, 11.0, 5.0]],
            &[[0.0, f64::NAN, 5.0]],
        ];
        let both = history(objectives.clone(), constraints.clone(), &trials);
        assert_eq!(both.violations(&both.trials[0]), Some(vec![3.0, 1.0]));
        assert_eq!(both.violations(&both.trials[4]), None);
        assert!(both.is_feasible(&both.trials[1]), "bounds are closed");
        assert!(!both.is_feasible(&both.trials[4]), "what is not known is not satisfied");
        assert_eq!(numbers(both.ranked()), [2, 1, 3, 0, 4]);
        assert_eq!(both.best().map(|trial| trial.number), Some(2));
        // None is feasible: the least violation.
        let two = vec![objectives[0].clone(), objective("c", Direction::Minimize, Reduce::Last)];
        let none = history(two, vec![at_most("b", 1.0)], &trials);
        assert_eq!(numbers(none.pareto()), [2]);
        assert_eq!(none.best().map(|trial| trial.number), Some(2));
    }

    #[test]
    fn a_constraint_is_looked_at_where_the_value_comes_from() {
        let best = vec![objective("a", Direction::Minimize, Reduce::Best)];
        let reports: &[[f64; 3]] = &[[1.0, 5.0, 0.0], [2.0, 0.0, 0.0]];
        let history = history(best, vec![at_most("b", 1.0)], &[reports]);
        assert_eq!(history.violations(&history.trials[0]), Some(vec![4.0]));
    }

    #[test]
    fn patience_counts_from_the_last_trial_that_improved_the_set() {
        let objectives =
            vec![objective("a", Direction::Minimize, Reduce::Last), objective("b", Direction::Minimize, Reduce::Last)];
        let trials: [&[[f64; 3]]; 5] =
            [&[[3.0, 3.0, 0.0]], &[[4.0, 2.0, 0.0]], &[[4.0, 2.0, 0.0]], &[[1.0, 1.0, 9.0]], &[[9.0, 9.0, 0.0]]];
        let history = history(objectives, vec![at_most("c", 1.0)], &trials);
        let since: Vec<u64> = (1..=5).map(|number| history.without_improvement(number)).collect();
        assert_eq!(since, [0, 0, 1, 2, 3], "an infeasible trial improves nothing");
    }
}
