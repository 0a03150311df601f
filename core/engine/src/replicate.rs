//! Extra seeds for leading configurations: what is known of each, and when a study measures one again.
//!
//! A trial's value is one draw: of many configurations with one seed each, the one that leads was lucky. So where it is more
//! likely than not that another one of the leading few is better, one of them is trained with another seed, as far as the
//! study allows: the one that is likeliest to be the best. Each configuration gets the same list of seeds, so that
//! seeds are common.
//!
//! What a configuration's mean over all seeds is, a normal model says: seeds scatter around it with one variance, pooled over
//! all that have several, and the means of all configurations scatter around their median, with the variance that their
//! quartiles tell (empirical Bayes). So of two with equal results the one with more seeds leads.

use std::collections::HashMap;

use crate::event::Origin;
use crate::history::{Trial, TrialEnd};
use crate::order::View;
use crate::spec::ReplicateSpec;

/// Configurations that are compared.
const LEADERS: usize = 5;

/// Results before anything is repeated: the leader of a few is not worth it.
const FEWEST: usize = 2 * LEADERS;

/// Degrees of freedom with which the spread of seeds counts as known. Before, it has to be found out.
const KNOWN: usize = 3;

/// The configuration that is to be repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeated<'a> {
    /// The first trial of it.
    pub(crate) trial: &'a Trial,
    /// How likely it is to be the best of the leading few; `None` while the spread of seeds is not known.
    pub(crate) probability: Option<f64>,
}

/// One configuration's results.
struct Configuration<'a> {
    first: &'a Trial,
    losses: Vec<f64>,
    /// Trials of it, whatever became of them.
    trials: u64,
    pending: bool,
}

/// The configuration of which another seed is due.
pub(crate) fn due<'a>(view: &View<'a>, rule: &ReplicateSpec) -> Option<Repeated<'a>> {
    let extra = view.earlier().filter(|trial| trial.origin == Origin::Replicate).count();
    if (extra + 1) as f64 > rule.share * (view.trial() + 1) as f64 {
        return None;
    }
    let configurations = configurations(view);
    if configurations.len() < FEWEST {
        return None;
    }
    let losses: Vec<&[f64]> = configurations.iter().map(|one| one.losses.as_slice()).collect();
    let beliefs = Beliefs::of(&losses);
    let mut order: Vec<usize> = (0..configurations.len()).collect();
    order.sort_by(|a, b| beliefs.means[*a].total_cmp(&beliefs.means[*b]).then(a.cmp(b)));
    order.truncate(LEADERS);
    let open = |one: &Configuration<'_>| !one.pending && one.trials < rule.seeds;
    let Some(deviations) = &beliefs.deviations else {
        let leader = &configurations[order[0]];
        return open(leader).then_some(Repeated { trial: leader.first, probability: None });
    };
    let belief = |k: usize| (beliefs.means[k], deviations[k]);
    let probability = |k: usize| {
        let rivals: Vec<(f64, f64)> = order.iter().filter(|other| **other != k).map(|other| belief(*other)).collect();
        probability_of_least(belief(k), &rivals)
    };
    if probability(order[0]) >= 0.5 {
        return None;
    }
    let mut likeliest: Option<Repeated<'a>> = None;
    for k in order.iter().copied().filter(|k| open(&configurations[*k])) {
        let probability = Some(probability(k));
        if likeliest.is_none_or(|most| probability > most.probability) {
            likeliest = Some(Repeated { trial: configurations[k].first, probability });
        }
    }
    likeliest
}

/// What is known of the means of configurations.
pub(crate) struct Beliefs {
    /// What each is expected to be.
    pub(crate) means: Vec<f64>,
    /// How sure that is; `None` while nothing is known of how far seeds lie apart.
    deviations: Option<Vec<f64>>,
}

impl Beliefs {
    /// From each configuration's losses, one at least.
    pub(crate) fn of(losses: &[&[f64]]) -> Beliefs {
        let means: Vec<f64> = losses.iter().map(|seeds| seeds.iter().sum::<f64>() / seeds.len() as f64).collect();
        let freedom: usize = losses.iter().map(|seeds| seeds.len() - 1).sum();
        if freedom < KNOWN {
            return Beliefs { means, deviations: None };
        }
        let squares =
            |(seeds, mean): (&&[f64], &f64)| seeds.iter().map(|loss| (loss - mean) * (loss - mean)).sum::<f64>();
        let noise = losses.iter().zip(&means).map(squares).sum::<f64>() / freedom as f64;
        let mut sorted = means.clone();
        sorted.sort_by(f64::total_cmp);
        let quantile = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
        let centre = quantile(0.5);
        // The distance between the quartiles of a normal distribution is 1.349 deviations.
        let quartiles = (quantile(0.75) - quantile(0.25)) / 1.349;
        let measured = quartiles * quartiles;
        let by_noise = noise * losses.iter().map(|seeds| 1.0 / seeds.len() as f64).sum::<f64>() / losses.len() as f64;
        let among = (measured - by_noise).max(1e-3 * measured);
        let usual = noise > 0.0 && among > 0.0 && (noise / among).is_finite();
        if !usual {
            // Without noise means are what they are; where all are alike, or too far apart for numbers, nothing is drawn in.
            let deviations = losses.iter().map(|seeds| (noise / seeds.len() as f64).sqrt()).collect();
            return Beliefs { means, deviations: Some(deviations) };
        }
        let precision = |seeds: &&[f64]| seeds.len() as f64 / noise + 1.0 / among;
        let expected = losses.iter().zip(&means).map(|(seeds, mean)| {
            let weight = seeds.len() as f64 / noise / precision(seeds);
            centre + weight * (mean - centre)
        });
        let deviations = losses.iter().map(|seeds| 1.0 / precision(seeds).sqrt()).collect();
        Beliefs { means: expected.collect(), deviations: Some(deviations) }
    }
}

/// The configurations that have a result and keep the outcome constraints, in the order of their first trials.
fn configurations<'a>(view: &View<'a>) -> Vec<Configuration<'a>> {
    let history = view.history();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut configurations: Vec<Configuration<'a>> = Vec::new();
    for trial in view.earlier() {
        let at = *places.entry(&trial.config_key).or_insert_with(|| {
            configurations.push(Configuration { first: trial, losses: Vec::new(), trials: 0, pending: false });
            configurations.len() - 1
        });
        let one = &mut configurations[at];
        one.trials += 1;
        if !view.sees_end(trial) {
            one.pending = true;
        } else if trial.end == Some(TrialEnd::Completed) && history.is_feasible(trial) {
            one.losses.extend(history.loss(trial));
        }
    }
    configurations.retain(|one| !one.losses.is_empty());
    configurations
}

/// The probability that a normal variable (mean and deviation) is less than all of the others:
/// `∫ φ(z) Π_i Φ((m_i - m - s z) / s_i) dz`, by Simpson's rule. Where one deviation is 0, all are.
fn probability_of_least((mean, deviation): (f64, f64), others: &[(f64, f64)]) -> f64 {
    const STEPS: u32 = 240;
    const FAR: f64 = 6.0;
    if deviation == 0.0 {
        // Equals are as good as each other.
        return f64::from(u8::from(others.iter().all(|(other, _)| mean <= *other)));
    }
    let below = |z: f64| libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2) / 2.0;
    let at = |z: f64| -> f64 {
        let all: f64 = others.iter().map(|(other, spread)| below((other - mean - deviation * z) / spread)).product();
        libm::exp(-0.5 * z * z) * all
    };
    let width = 2.0 * FAR / f64::from(STEPS);
    let sum: f64 = (0..=STEPS)
        .map(|k| {
            let weight = if k == 0 || k == STEPS { 1.0 } else { f64::from(2 + 2 * (k % 2)) };
            weight * at(-FAR + width * f64::from(k))
        })
        .sum();
    sum * width / 3.0 / (2.0 * std::f64::consts::PI).sqrt()
}

#[cfg(test)]
mod tests {
    use seqtune_space::Params;

    use super::*;
    use crate::history::History;
    use crate::testing::{StudyDraft, study};
    use crate::verify::verify;

    #[test]
    fn the_probability_is_that_of_normal_variables() {
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        near(probability_of_least((0.0, 1.0), &[]), 1.0);
        near(probability_of_least((0.0, 1.0), &[(0.0, 1.0)]), 0.5);
        near(probability_of_least((0.0, 1.0), &[(0.0, 1.0); 4]), 0.2);
        // Φ(1) of two with distance √2.
        near(probability_of_least((0.0, 1.0), &[(std::f64::consts::SQRT_2, 1.0)]), 0.841_344_746);
        near(probability_of_least((0.0, 0.0), &[(1.0, 0.0), (0.0, 0.0)]), 1.0);
    }

    /// Two hundred configurations a twentieth apart, measured with noise that depends on configuration and seed.
    fn noisy(noise: f64, trials: u64) -> StudyDraft {
        let draft = study("x = { type = 'int', low = 0, high = 199 }").sampler("random").trials(trials);
        draft.noise(noise).objective(|params| 0.05 * params.int("x").unwrap() as f64).with(|spec| {
            spec.replicates = Some(ReplicateSpec::default());
        })
    }

    fn repeated(history: &History) -> Vec<&Trial> {
        history.trials.iter().filter(|trial| trial.origin == Origin::Replicate).collect()
    }

    #[test]
    fn leaders_are_measured_again_as_often_as_the_study_allows() {
        let history = noisy(2.0, 80).history();
        let extra = repeated(&history);
        assert!((5..=10).contains(&extra.len()), "{} of 80 trials are extra seeds", extra.len());
        for trial in &extra {
            let first = history.trials.iter().find(|other| other.config_key == trial.config_key).unwrap();
            assert!(first.number < trial.number && trial.replicate >= 1 && trial.replicate < 3);
            assert_ne!(first.seed, trial.seed, "another seed");
            assert!(trial.number >= FEWEST as u64);
        }
        // The seeds are common: the second one of each configuration is the same.
        let seconds: Vec<u64> = extra.iter().filter(|trial| trial.replicate == 1).map(|trial| trial.seed).collect();
        assert!(seconds.len() >= 2 && seconds.iter().all(|seed| *seed == seconds[0]));
        assert_eq!(verify(&history).differences, []);
        let without = noisy(2.0, 80).with(|spec| spec.replicates = None).history();
        assert_eq!(repeated(&without).len(), 0);
    }

    /// Once it is known that seeds make no difference, none is spent on them.
    #[test]
    fn what_is_certain_is_not_measured_again() {
        let history = noisy(0.0, 80).history();
        let extra = repeated(&history);
        assert!(!extra.is_empty() && extra.len() <= KNOWN, "{} extra seeds", extra.len());
    }

    /// The lucky one of many does not stay the best: on average the configuration that is called best in the end is better than
    /// without extra seeds.
    #[test]
    fn luck_is_found_out() {
        let of = |draft: StudyDraft| {
            let history = draft.history();
            let best: &Params = &history.best().unwrap().params;
            best.int("x").unwrap() as f64
        };
        let (mut with, mut without) = (0.0, 0.0);
        for seed in 0..30 {
            let draft = || noisy(3.0, 100).seed(seed);
            let generous = |spec: &mut crate::StudySpec| {
                spec.replicates = Some(ReplicateSpec { seeds: 6, share: 0.3 });
            };
            with += of(draft().with(generous));
            without += of(draft().with(|spec| spec.replicates = None));
        }
        assert!(
            with < 0.9 * without,
            "the best is at {} with extra seeds and at {} without",
            with / 30.0,
            without / 30.0
        );
    }

    #[test]
    fn trials_under_way_are_waited_for() {
        let history = noisy(2.0, 80).window(4).history();
        for trial in repeated(&history) {
            let seen = (trial.number + 1).saturating_sub(4);
            let waiting = history.trials.iter().take(trial.number as usize).skip(seen as usize);
            let of_it = waiting.filter(|other| other.config_key == trial.config_key).count();
            assert_eq!(of_it, 0, "trial {} repeats what is under way", trial.number);
        }
        assert_eq!(verify(&history).differences, []);
    }
}
