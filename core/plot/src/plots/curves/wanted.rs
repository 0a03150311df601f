//! Which curves are drawn, in what order and look.

use seqtune_core::TrialState;

use super::CurvesOf;
use crate::configs::configs;
use crate::plots::count;
use crate::plots::values::{Valued, Values};
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::{Role, short};
use crate::theme::SERIES;

/// Curves whose band is drawn without being pinned or selected: more bands hide each other.
const BANDS: usize = 3;

/// One curve to be.
pub(super) struct Wanted<'a> {
    pub rows: Vec<&'a TrialRow>,
    /// The trial that it is called by.
    pub trial: u64,
    pub label: String,
    pub role: Role,
    pub width: f64,
    pub dashed: bool,
    pub band: bool,
}

/// The curves of trials from the back to the front, of how many, and whether running ones are among them.
pub(super) fn trials<'a>(values: &Values<'a>, of: &CurvesOf<'_>) -> (Vec<Wanted<'a>>, usize, bool) {
    let is_running = |one: &Valued| one.row.state == TrialState::Running;
    let all = values.best_first();
    let is_special = |row: &TrialRow| of.pins.contains(&row.number) || of.selected == Some(row.number);
    let mut best: Vec<Valued> =
        all.iter().filter(|one| one.row.state == TrialState::Completed).take(of.top).copied().collect();
    if best.is_empty() {
        best = all.iter().filter(|one| !is_running(one)).take(of.top).copied().collect();
    }
    let is_best = |one: &Valued| best.iter().any(|other| other.row.number == one.row.number);
    let running = all.iter().filter(|one| is_running(one) && !is_special(one.row)).take(of.top);
    let special = all.iter().filter(|one| is_special(one.row) && !is_best(one));
    let plain = |one: &Valued<'a>| Wanted {
        rows: vec![one.row],
        trial: one.row.number,
        label: format!("trial {} ({})", one.row.number, short(one.value, 4)),
        role: Role::Quiet,
        width: 1.0,
        dashed: is_running(one),
        band: false,
    };
    let behind: Vec<Wanted> = running.map(|one| Wanted { width: 0.8, ..plain(one) }).collect();
    let has_running = !behind.is_empty();
    let ranked = best.iter().map(plain).collect();
    (in_order(behind, ranked, special.map(plain).collect(), of), values.worst_first.len(), has_running)
}

/// The curves of configurations, as [`trials`].
pub(super) fn configurations<'a>(
    snapshot: &'a Snapshot,
    values: &Values<'a>,
    of: &CurvesOf<'_>,
) -> (Vec<Wanted<'a>>, usize, bool) {
    let has_value = |row: &TrialRow| row.value_under(values.objective).is_some();
    let mut all: Vec<(f64, f64, Wanted)> = Vec::new();
    for config in configs(snapshot) {
        let rows: Vec<&TrialRow> =
            config.trials.iter().filter_map(|number| snapshot.trial(*number)).filter(|row| has_value(row)).collect();
        let completed = rows.iter().filter(|row| row.state == TrialState::Completed);
        let completed: Vec<&TrialRow> = completed.copied().collect();
        let is_open = completed.is_empty();
        let rows = if is_open { rows } else { completed };
        if rows.is_empty() {
            continue;
        }
        let mean = rows.iter().filter_map(|row| row.value_under(values.objective)).sum::<f64>() / rows.len() as f64;
        let seeds = count(rows.len(), "seed");
        let wanted = Wanted {
            trial: config.first(),
            label: format!("trial {} ({}, {seeds})", config.first(), short(mean, 4)),
            role: Role::Quiet,
            width: 1.0,
            // One seed tells little: it is drawn as what is not sure.
            dashed: rows.len() == 1,
            band: false,
            rows,
        };
        let loss = if values.objective.direction.better(1.0, 0.0) { -mean } else { mean };
        let broken = wanted.rows.iter().map(|row| row.violation).fold(0.0, f64::max);
        all.push((if is_open { f64::INFINITY } else { broken }, loss, wanted));
    }
    all.sort_by(|(a_broken, a, _), (b_broken, b, _)| a_broken.total_cmp(b_broken).then(a.total_cmp(b)));
    let total = all.len();
    let special = |wanted: &Wanted| {
        let own = |number: &u64| wanted.rows.iter().any(|row| row.number == *number) || wanted.trial == *number;
        of.pins.iter().any(own) || of.selected.iter().any(own)
    };
    let mut best: Vec<Wanted> = Vec::new();
    let mut pinned = Vec::new();
    for (_, _, wanted) in all {
        if best.len() < of.top {
            best.push(wanted);
        } else if special(&wanted) {
            pinned.push(wanted);
        }
    }
    (in_order(Vec::new(), best, pinned, of), total, false)
}

/// From the back to the front: what is behind, the others of the best, the pinned ones, the selected one. Where something is
/// pinned, its colours are the only ones.
fn in_order<'a>(
    behind: Vec<Wanted<'a>>,
    best_first: Vec<Wanted<'a>>,
    special: Vec<Wanted<'a>>,
    of: &CurvesOf<'_>,
) -> Vec<Wanted<'a>> {
    // The best of all has its band alone where many curves are drawn.
    let bands = if best_first.len() <= BANDS { BANDS } else { 1 };
    let ranked = best_first.into_iter().enumerate().map(|(rank, one)| Wanted {
        role: if rank < SERIES && of.pins.is_empty() { Role::Series(rank) } else { Role::Faint },
        width: if rank == 0 { 1.4 } else { 1.0 },
        band: rank < bands && of.pins.is_empty(),
        ..one
    });
    let ranked: Vec<Wanted> = ranked.collect();
    let own =
        |wanted: &Wanted, number: u64| wanted.rows.iter().any(|row| row.number == number) || wanted.trial == number;
    let mut all: Vec<(usize, Wanted)> = behind.into_iter().map(|one| (0, one)).collect();
    for one in ranked.into_iter().rev().chain(special) {
        let pin = of.pins.iter().position(|number| own(&one, *number));
        let is_selected = of.selected.is_some_and(|number| own(&one, number));
        let found = match (pin, is_selected) {
            (Some(pin), _) => {
                (if is_selected { 3 } else { 2 }, Wanted { role: Role::Pinned(pin), width: 1.6, band: true, ..one })
            }
            (None, true) => (3, Wanted { role: Role::Front, width: 1.6, band: true, ..one }),
            (None, false) => (1, one),
        };
        all.push(found);
    }
    all.sort_by_key(|(level, _)| *level);
    all.into_iter().map(|(_, one)| one).collect()
}
