//! Trials of one configuration: the same parameters with other seeds.

use std::collections::HashMap;

use seqtune_core::TrialState;

use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::statistics::Mean;

/// One configuration with its trials.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Its key, as [`TrialRow::config_key`].
    pub key: String,
    /// Numbers of its trials, whatever became of them.
    pub trials: Vec<u64>,
    /// The value over those of them that completed; `None` where none did with a value.
    pub value: Option<Mean>,
    /// Whether all of those keep the outcome constraints.
    pub is_feasible: bool,
}

impl Config {
    /// Its first trial: what it is called by.
    pub fn first(&self) -> u64 {
        self.trials[0]
    }
}

/// The configurations, the best first as the study ranks them; those without a value after them, in number order. Where a study
/// repeats configurations it ranks by what a mean is expected to be, so that of two equal means the one of more seeds leads.
pub fn configs(snapshot: &Snapshot) -> Vec<Config> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut found: Vec<(Config, Vec<f64>)> = Vec::new();
    let ranked = snapshot.ranked.iter().filter_map(|number| snapshot.trial(*number));
    // In the order of the ranks first, so that each gets its place; then all in number order.
    for row in ranked.chain(snapshot.trials.iter().map(AsRef::as_ref)) {
        places.entry(&row.config_key).or_insert_with(|| {
            let key = row.config_key.clone();
            found.push((Config { key, trials: Vec::new(), value: None, is_feasible: true }, Vec::new()));
            found.len() - 1
        });
    }
    for row in &snapshot.trials {
        let (config, values) = &mut found[places[row.config_key.as_str()]];
        config.trials.push(row.number);
        if let Some(value) = completed_value(row) {
            values.push(value);
            config.is_feasible &= row.is_feasible();
        }
    }
    let whole = |(config, values): (Config, Vec<f64>)| Config { value: Mean::of(&values), ..config };
    found.into_iter().map(whole).collect()
}

fn completed_value(row: &TrialRow) -> Option<f64> {
    row.value.filter(|_| row.state == TrialState::Completed)
}
