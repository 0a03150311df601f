//! How good the best trial is, against noise, the default, and what came before.

use seqtune_core::{Origin, TrialState};

use super::{About, Card, PlotKind, Status, card, count};
use crate::configs::{Config, configs};
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::short;
use crate::statistics::{Mean, student};

/// Completed trials below which little can be said.
const FEW: usize = 10;

/// Trials without improvement that are worth a word.
const MANY: usize = 50;

/// The standard deviation of the value between seeds of one configuration, pooled, and its degrees of freedom.
struct Noise {
    deviation: f64,
    freedom: usize,
}

impl Noise {
    fn of(configs: &[Config]) -> Option<Noise> {
        let known = configs.iter().filter_map(|config| {
            let value = config.value?;
            Some((value.deviation?.powi(2) * (value.n - 1) as f64, value.n - 1))
        });
        let (squares, freedom) = known.fold((0.0, 0), |(squares, all), (own, n)| (squares + own, all + n));
        (freedom > 0).then(|| Noise { deviation: (squares / freedom as f64).sqrt(), freedom })
    }

    /// How far two means of so many seeds may lie apart by chance.
    fn between(&self, seeds: [usize; 2]) -> f64 {
        let spread: f64 = seeds.iter().map(|n| 1.0 / *n as f64).sum();
        student(self.freedom) * self.deviation * spread.sqrt()
    }
}

/// Completed trials that keep the outcome constraints, with their values.
fn good(snapshot: &Snapshot) -> impl Iterator<Item = (&TrialRow, f64)> {
    let completed = snapshot.trials.iter().filter(|row| row.state == TrialState::Completed && row.is_feasible());
    completed.filter_map(|row| Some((row.as_ref(), row.value?)))
}

/// The trial with the best value, of equals the first.
fn best_single(snapshot: &Snapshot) -> Option<(&TrialRow, f64)> {
    let better = |a: &(_, f64), b: &(_, f64)| snapshot.direction().better(b.1, a.1);
    good(snapshot).reduce(|best, one| if better(&best, &one) { one } else { best })
}

/// The best trial or configuration; `None` before a trial has completed with a value.
pub(super) fn best(snapshot: &Snapshot) -> Option<Card> {
    let first = snapshot.best()?;
    let Some((single, value)) = best_single(snapshot) else {
        let sentence = format!(
            "Of {} none keeps the outcome constraints; trial {} breaks them least.",
            count(snapshot.ranked.len(), "completed trial"),
            first.number
        );
        return Some(card(Status::Warning, "No trial is allowed", sentence, Some(About::Trial(first.number))));
    };
    let metric = snapshot.objective();
    let all = configs(snapshot);
    let means = all.iter().filter(|config| config.is_feasible);
    let means = means.filter_map(|config| Some((config, config.value.filter(|value| value.n > 1)?)));
    let better = |a: f64, b: f64| snapshot.direction().better(a, b);
    let leading = means.reduce(|best, one| if better(one.1.mean, best.1.mean) { one } else { best });
    let about = |trial| Some(About::Trial(trial));
    let Some(((config, mean), noise)) = leading.zip(Noise::of(&all)) else {
        let sentence = format!(
            "Trial {} has {metric} {}. Each configuration was trained with one seed, so how much of that is luck is not known: \
             train the leading ones again with other seeds.",
            single.number,
            short(value, 4)
        );
        return Some(card(Status::Note, format!("Best {}", short(value, 4)), sentence, about(single.number)));
    };
    let title = format!("Best mean {} ± {}", short(mean.mean, 4), short(mean.half_width().unwrap_or(0.0), 2));
    let start = format!(
        "The configuration of trial {} has a mean {metric} of {} over {}.",
        config.first(),
        short(mean.mean, 4),
        count(mean.n, "seed")
    );
    let is_its_own = config.trials.contains(&single.number);
    let is_luck = (value - mean.mean).abs() <= noise.between([1, mean.n]);
    let (status, end) = if is_its_own || is_luck {
        (Status::Pass, "which is within what seeds differ by")
    } else {
        (Status::Note, "which is beyond what seeds differ by: train it with more seeds")
    };
    let rest = format!(" The best single trial is {} with {}, {end}.", single.number, short(value, 4));
    Some(card(status, title, start + &rest, about(if status == Status::Pass { config.first() } else { single.number })))
}

/// Whether the search found something better than what it began with.
pub(super) fn baseline(snapshot: &Snapshot) -> Option<Card> {
    let (single, value) = best_single(snapshot)?;
    let direction = snapshot.direction();
    let all: Vec<(&TrialRow, f64)> = good(snapshot).collect();
    if all.len() < FEW {
        return None;
    }
    let default = all.iter().find(|(row, _)| row.origin == Origin::Default);
    let (base, name, seeds) = match default {
        Some((row, _)) => {
            let own: Vec<f64> =
                all.iter().filter(|(one, _)| one.config_key == row.config_key).map(|(_, value)| *value).collect();
            (own.iter().sum::<f64>() / own.len() as f64, "the default".to_owned(), own.len())
        }
        None if all.len() < 2 * FEW => return None,
        None => {
            let first = all[..FEW].iter().map(|(_, value)| *value);
            let best = first.reduce(|best, one| if direction.better(one, best) { one } else { best })?;
            (best, format!("the best of the first {FEW} trials"), 1)
        }
    };
    let gain = (value - base).abs();
    let relative = if base == 0.0 { String::new() } else { format!(", or {} %", short(gain / base.abs() * 100.0, 2)) };
    let figures = format!("{} {} against {} of {name}", snapshot.objective(), short(value, 4), short(base, 4));
    let about = Some(About::Trial(single.number));
    let by_chance = Noise::of(&configs(snapshot)).map(|noise| noise.between([1, seeds]));
    let by_folds = default.and_then(|(row, _)| over_folds(snapshot, single, row));
    let found = if !direction.better(value, base) {
        let sentence = format!("{} since then: {figures}.", count(all.len(), "completed trial"));
        card(Status::Warning, format!("Nothing is better than {name}"), sentence, about)
    } else if by_chance.is_some_and(|chance| gain <= chance) {
        let sentence = format!("{figures}: the difference of {} is within what seeds differ by.", short(gain, 2));
        card(Status::Warning, format!("Hardly better than {name}"), sentence, about)
    } else if let (None, Some([low, high])) = (by_chance, by_folds.filter(|[low, high]| *low <= 0.0 && *high >= 0.0)) {
        let interval = format!("{} to {}", short(low, 2), short(high, 2));
        let sentence =
            format!("{figures}: over folds or seeds the difference is {interval} with 95 %, and may be none.");
        card(Status::Note, format!("Hardly better than {name}"), sentence, about)
    } else {
        let sentence = format!("{figures}: better by {}{relative}.", short(gain, 2));
        card(Status::Pass, format!("Better than {name}"), sentence, about)
    };
    Some(found)
}

/// The interval of the difference between two trials over the parts of the objective.
fn over_folds(snapshot: &Snapshot, own: &TrialRow, base: &TrialRow) -> Option<[f64; 2]> {
    let objective = snapshot.spec.objective();
    let parts = |row: &TrialRow| row.curves.parts(&objective.metric, objective.reduce).to_vec();
    let (own, base) = (parts(own), parts(base));
    let differences: Vec<f64> = own.iter().zip(&base).map(|(own, base)| own - base).collect();
    let is_whole = own.len() == base.len() && differences.iter().all(|difference| difference.is_finite());
    Mean::of(&differences).filter(|_| is_whole)?.interval
}

/// How long nothing has become better. Of several objectives the first does not tell.
pub(super) fn standstill(snapshot: &Snapshot) -> Option<Card> {
    if snapshot.spec.objectives.len() > 1 {
        return None;
    }
    let (best, value) = best_single(snapshot)?;
    let ended = |row: &TrialRow| row.end.is_some();
    let since = snapshot.trials.iter().filter(|row| ended(row) && row.number > best.number).count();
    let all = snapshot.trials.iter().filter(|row| ended(row)).count();
    let sentence = format!(
        "The best, trial {} with {}, is followed by {}, of {}.",
        best.number,
        short(value, 4),
        count(since, "ended trial"),
        crate::spec::thousands(all)
    );
    let title = format!("No improvement for {}", count(since, "trial"));
    (since >= MANY && since * 3 >= all)
        .then(|| card(Status::Note, title, sentence, Some(About::Plot(PlotKind::History))))
}

/// That it is early to say anything.
pub(super) fn too_few(snapshot: &Snapshot) -> Option<Card> {
    let completed = snapshot.ranked.len();
    let sentence = format!(
        "{} so far: what is best, and which parameters matter, may still change with each one.",
        count(completed, "completed trial")
    );
    (completed < FEW).then(|| card(Status::Note, "Too few trials to say", sentence, None))
}
