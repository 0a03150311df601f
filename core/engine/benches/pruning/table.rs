//! Real training, tabulated epoch by epoch, as the benchmark of samplers has it.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs::File;
use std::path::Path;

use flate2::read::GzDecoder;
use seqtune_core::testing;
use seqtune_space::{Domain, Params, SearchSpace, Value};
use serde_json::Value as Json;

/// Curves of all points of a space, minimised.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) space: String,
    pub(crate) steps: u64,
    curves: HashMap<String, Vec<Vec<f64>>>,
    best: f64,
}

impl Table {
    pub(crate) fn read(name: &'static str) -> Table {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/problems/tables");
        let file = File::open(folder.join(format!("{name}.json.gz"))).expect("the table is in the repository");
        let table: Json = serde_json::from_reader(GzDecoder::new(file)).expect("the table is JSON");
        let space = in_toml(&table["space"]);
        let parsed = testing::study(&space).spec().space.clone();
        let rows: Vec<Vec<Vec<f64>>> = serde_json::from_value(table["curves"].clone()).expect("it has curves");
        let steps = rows[0][0].len() as u64;
        let curves: HashMap<String, Vec<Vec<f64>>> = points(&parsed).iter().map(Params::key).zip(rows).collect();
        let mut table = Table { name, space, steps, curves, best: 0.0 };
        table.best = table.curves.values().map(|row| last_mean(row)).fold(f64::INFINITY, f64::min);
        table
    }

    /// The value at a step, from 1, of one of the replicates.
    pub(crate) fn value(&self, params: &Params, step: u64, replicate: u64) -> f64 {
        let row = &self.curves[&params.key()];
        row[replicate as usize % row.len()][step as usize - 1]
    }

    /// What a configuration is worth: the mean of all replicates after the last step.
    pub(crate) fn truth(&self, params: &Params) -> f64 {
        last_mean(&self.curves[&params.key()])
    }

    pub(crate) fn regret(&self, params: &Params) -> f64 {
        self.truth(params) - self.best
    }
}

fn last_mean(row: &[Vec<f64>]) -> f64 {
    row.iter().filter_map(|curve| curve.last()).sum::<f64>() / row.len() as f64
}

fn in_toml(space: &Json) -> String {
    let mut text = String::new();
    for parameter in space.as_array().expect("a space is a list") {
        let mut keys: Vec<String> = Vec::new();
        for (key, value) in parameter.as_object().expect("a parameter is an object") {
            match (key.as_str(), value) {
                ("name", _) => {}
                ("when", Json::Object(when)) => {
                    let tests: Vec<String> = when.iter().map(|(name, values)| format!("{name} = {values}")).collect();
                    keys.push(format!("when = {{ {} }}", tests.join(", ")));
                }
                (key, value) => keys.push(format!("{key} = {value}")),
            }
        }
        writeln!(text, "{} = {{ {} }}", parameter["name"].as_str().expect("it has a name"), keys.join(", "))
            .expect("a string takes all");
    }
    text
}

/// All points, the last parameter changing fastest, as `every_point` of the other benchmark counts them.
fn points(space: &SearchSpace) -> Vec<Params> {
    let mut points = vec![Params::default()];
    for parameter in space.parameters() {
        let mut longer = Vec::new();
        for point in points {
            if !parameter.is_active(&point) {
                longer.push(point);
                continue;
            }
            let values: Vec<Value> = match &parameter.domain {
                Domain::Int { low, high, .. } => (*low..=*high).map(Value::Int).collect(),
                Domain::Categorical { choices } => choices.clone(),
                domain => panic!("a table has no {domain:?}"),
            };
            for value in values {
                let mut next = point.clone();
                next.set(&parameter.name, value);
                longer.push(next);
            }
        }
        points = longer;
    }
    points
}
