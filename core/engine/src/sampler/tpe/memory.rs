//! What is worked out once for each trial: its place in the cube, sorted into what the densities are made from.
//!
//! A density over ten thousand trials differs from the one before by a trial or two. All that follows from a trial's point alone is
//! kept here from one decision to the next; it is made anew where a decision sees other trials (a replay, another branch
//! of the space), so that nothing depends on it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use seqtune_space::{Grain, SearchSpace};

use super::super::observation::{Outcome, Told};
use super::blocks::{Block, blocks};
use super::mixture::{CELLS, FLOOR, ln_norm};
use crate::event::Seen;
use crate::order::View;

/// The points of earlier trials, a row for each.
#[derive(Debug, Default)]
pub(super) struct Memory {
    space: SearchSpace,
    /// The trials' numbers.
    numbers: Vec<u64>,
    /// For the key of each point the first trial that had it.
    keys: HashMap<String, u32>,
    /// What each trial said, as far as the last view showed it.
    told: Vec<Option<Told>>,
    seen: Option<Seen>,
    /// Trials whose end it did not show.
    open: Vec<u32>,
    /// Trials that repeat an earlier one, and which that is.
    repeats: Vec<(u32, u32)>,
    pub(super) blocks: Vec<Rows>,
}

/// The coordinates of one block.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) block: Block,
    /// Whether a point has any of them.
    pub(super) exists: Vec<bool>,
    pub(super) columns: Vec<Column>,
    /// For each point which of the combinations of cells it has.
    pub(super) combination: Vec<u32>,
    /// The combinations that occur: a cell for each column of cells.
    pub(super) combinations: Vec<Vec<u32>>,
    known: HashMap<Vec<u32>, u32>,
}

/// One coordinate.
#[derive(Debug)]
pub(super) enum Column {
    /// A number.
    Numbers {
        /// Not a number where the point says nothing.
        at: Vec<f64>,
        /// The points that say something, in ascending order, equals by row.
        sorted: Vec<(f64, u32)>,
        /// What [`ln_norm`] is for a kernel of the least width.
        ln_norms: Vec<f64>,
    },
    /// Values in cells.
    Cells {
        /// Whether they have an order.
        ordered: bool,
        /// Ends of the cells.
        ends: Vec<f64>,
        /// The cell of each point; their number where it says nothing.
        cells: Vec<u32>,
    },
}

/// More new points than this are sorted at once.
const MANY: usize = 64;

impl Memory {
    /// Takes in the trials that the view shows.
    pub(super) fn follow(&mut self, space: &SearchSpace, view: &View<'_>) {
        if self.space != *space || !self.is_earlier_than(view) {
            let blocks = blocks(space).into_iter().map(|block| Rows::new(space, block)).collect();
            *self = Memory { space: space.clone(), blocks, ..Memory::default() };
        }
        let (told, numbers) = (&mut self.told, &self.numbers);
        self.open.retain(|row| {
            let Some(trial) = view.history().trial(numbers[*row as usize]) else { return true };
            told[*row as usize] = Told::by(view, trial);
            !view.sees_end(trial)
        });
        let first = self.numbers.len();
        for trial in view.earlier_from(first) {
            let unit = space.encode(&trial.params);
            self.blocks.iter_mut().for_each(|rows| rows.push(&unit));
            let row = self.numbers.len() as u32;
            match self.keys.get(&trial.config_key) {
                Some(first) if trial.replicate > 0 => self.repeats.push((row, *first)),
                Some(_) => {}
                None => drop(self.keys.insert(trial.config_key.clone(), row)),
            }
            self.told.push(Told::by(view, trial));
            if !view.sees_end(trial) {
                self.open.push(row);
            }
            self.numbers.push(trial.number);
        }
        self.seen = Some(view.seen());
        let new = self.numbers.len() - first;
        self.blocks.iter_mut().flat_map(|rows| &mut rows.columns).for_each(|column| column.sort_in(new));
    }

    /// Whether the view shows all that was taken in, and the same of it or more.
    fn is_earlier_than(&self, view: &View<'_>) -> bool {
        let more = match (self.seen, view.seen()) {
            (None, _) => true,
            (Some(Seen::ResultsBelow(then)), Seen::ResultsBelow(now)) => then <= now,
            (Some(Seen::Events(then)), Seen::Events(now)) => then <= now,
            _ => false,
        };
        let Some(last) = self.numbers.last() else { return more };
        if view.is_whole() && *last + 1 == self.numbers.len() as u64 {
            // All of them, which need not be looked at one by one.
            return more && *last < view.trial();
        }
        let mut earlier = view.earlier();
        more && self.numbers.iter().all(|number| earlier.next().is_some_and(|trial| trial.number == *number))
    }

    /// Whether a trial had the point of this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// What each trial said. Configurations that were repeated say the mean over all of their trials that completed, once.
    pub(super) fn told(&self) -> Cow<'_, [Option<Told>]> {
        if self.repeats.is_empty() {
            return Cow::Borrowed(&self.told);
        }
        let mut told = self.told.clone();
        let mut counts: HashMap<u32, f64> = HashMap::new();
        for (row, first) in &self.repeats {
            let is_completed =
                |one: &Option<Told>| matches!(one, Some(Told { outcome: Outcome::Completed { .. }, .. }));
            if !is_completed(&told[*row as usize]) || !is_completed(&told[*first as usize]) {
                continue;
            }
            if let (Some(more), Some(mean)) = (told[*row as usize].take(), &mut told[*first as usize]) {
                let count = counts.entry(*first).or_insert(1.0);
                *count += 1.0;
                mean.take_in(&more, *count);
            }
        }
        Cow::Owned(told)
    }
}

impl Rows {
    fn new(space: &SearchSpace, block: Block) -> Rows {
        let column = |dimension: &usize| {
            let cells = |ordered, ends| Column::Cells { ordered, ends, cells: Vec::new() };
            match space.grain(&space.dimensions()[*dimension], CELLS) {
                Grain::Continuous => Column::Numbers { at: Vec::new(), sorted: Vec::new(), ln_norms: Vec::new() },
                Grain::Cells(ends) => cells(true, ends),
                Grain::Choices(count) => cells(false, (0..=count).map(|end| end as f64 / count as f64).collect()),
            }
        };
        Rows {
            columns: block.dimensions.iter().map(column).collect(),
            block,
            exists: Vec::new(),
            combination: Vec::new(),
            combinations: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// Of these points of the cube.
    #[cfg(test)]
    pub(super) fn of(space: &SearchSpace, block: Block, units: &[[Option<f64>; 3]]) -> Rows {
        let mut rows = Rows::new(space, block);
        units.iter().for_each(|unit| rows.push(unit));
        rows.columns.iter_mut().for_each(|column| column.sort_in(units.len()));
        rows
    }

    fn push(&mut self, unit: &[Option<f64>]) {
        let mut combination = Vec::new();
        let mut exists = false;
        for (column, dimension) in self.columns.iter_mut().zip(&self.block.dimensions) {
            let place = unit[*dimension];
            exists |= place.is_some();
            match column {
                Column::Numbers { at, sorted, ln_norms } => {
                    if let Some(place) = place {
                        sorted.push((place, at.len() as u32));
                    }
                    at.push(place.unwrap_or(f64::NAN));
                    ln_norms.push(place.map_or(0.0, |place| ln_norm(place, FLOOR)));
                }
                Column::Cells { ends, cells, .. } => {
                    let own = place.map_or(ends.len() - 1, |place| cell(ends, place)) as u32;
                    cells.push(own);
                    combination.push(own);
                }
            }
        }
        self.exists.push(exists);
        let combinations = &mut self.combinations;
        let number = *self.known.entry(combination).or_insert_with_key(|combination| {
            combinations.push(combination.clone());
            combinations.len() as u32 - 1
        });
        self.combination.push(number);
    }
}

impl Column {
    /// Puts the last points, of `new` trials at most, where they belong.
    fn sort_in(&mut self, new: usize) {
        let Column::Numbers { at, sorted, .. } = self else { return };
        if new > MANY {
            sorted.sort_by(ascending);
            return;
        }
        let first = (at.len() - new) as u32;
        let late = sorted.iter().rev().take_while(|(_, row)| *row >= first).count();
        for one in sorted.split_off(sorted.len() - late) {
            let place = sorted.partition_point(|other| ascending(other, &one).is_lt());
            sorted.insert(place, one);
        }
    }
}

/// By place, equals by row.
pub(super) fn ascending(a: &(f64, u32), b: &(f64, u32)) -> Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

/// The cell that holds a place.
pub(super) fn cell(ends: &[f64], at: f64) -> usize {
    ends[1..ends.len() - 1].partition_point(|end| *end <= at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::spec::ReplicateSpec;
    use crate::testing::study;

    fn followed(history: &History, until: &[u64]) -> Memory {
        let mut memory = Memory::default();
        until.iter().for_each(|trial| memory.follow(&history.spec.space, &View::now(history, *trial)));
        memory
    }

    /// However it came about, the same trials leave the same.
    #[test]
    fn it_depends_on_the_last_view_alone() {
        let text = "m = { type = 'categorical', choices = ['a', 'b', 'c'] }\n\
                    x = { type = 'float', low = 0, high = 1, when = { m = ['a', 'b'] } }\n\
                    n = { type = 'int', low = 1, high = 5 }";
        let history = study(text).window(4).trials(200).history();
        let shown = |memory: &Memory| {
            let rows = memory.blocks.iter().map(|rows| {
                (
                    rows.exists.clone(),
                    format!("{:?}", rows.columns),
                    rows.combination.clone(),
                    rows.combinations.clone(),
                )
            });
            let told = format!("{:?} {:?} {:?}", memory.told(), memory.open, memory.seen);
            (memory.numbers.clone(), memory.keys.len(), told, rows.collect::<Vec<_>>())
        };
        let whole = shown(&followed(&history, &[150]));
        for until in [vec![20, 21, 22, 120, 150], vec![200, 150], vec![150, 150], vec![0, 60, 150]] {
            assert_eq!(shown(&followed(&history, &until)), whole, "{until:?}");
        }
        assert_eq!(whole.0.len(), 150);
    }

    #[test]
    fn what_was_repeated_is_said_once() {
        let text = "x = { type = 'int', low = 0, high = 199 }";
        let history = study(text)
            .noise(30.0)
            .objective(|params| params.int("x").unwrap() as f64)
            .with(|spec| spec.replicates = Some(ReplicateSpec { seeds: 3, share: 0.5 }))
            .trials(60)
            .history();
        let memory = followed(&history, &[60]);
        let told = memory.told();
        let mut merged = 0;
        for trial in history.trials.iter().filter(|trial| trial.replicate == 0) {
            let seeds = history.seeds(trial);
            let mean = seeds.iter().filter_map(|seed| history.value(seed)).sum::<f64>() / seeds.len() as f64;
            let Some(Told { outcome: Outcome::Completed { loss }, .. }) = &told[trial.number as usize] else {
                panic!()
            };
            assert!((loss - mean).abs() < 1e-9);
            let others = seeds.iter().filter(|seed| seed.replicate > 0);
            others.for_each(|seed| assert!(told[seed.number as usize].is_none()));
            merged += usize::from(seeds.len() > 1);
        }
        assert!(merged >= 3, "{merged} configurations were repeated");
        assert!(memory.has(&history.trials[3].config_key) && !memory.has("another"));
    }
}
