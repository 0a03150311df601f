//! The `[data]` table of the toy family.

use std::collections::BTreeMap;

use seqtune_plugin::{DataSpec, FamilyError, text_digest};
use serde::{Deserialize, Serialize};

/// What all trials of a toy study share: how noisy, how slow, how large, and when faults strike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ToyData {
    /// Standard deviation of the noise of each step; 0 gives exact values.
    pub noise: f64,
    /// Time that a step takes, in milliseconds, with signs of life in between.
    pub step_millis: u64,
    /// Up to so many milliseconds more, as it happens: no two runs take the same time.
    pub jitter_millis: u64,
    /// The step, from 1, at which the faults of `behave` strike.
    pub fault_at_step: u64,
    /// Attempts from this one on, counted from 0, are without faults; absent: none is.
    pub faults_until_attempt: Option<u32>,
    /// Bytes that each checkpoint holds beside what it needs.
    pub checkpoint_bytes: usize,
}

impl Default for ToyData {
    fn default() -> Self {
        ToyData {
            noise: 0.01,
            step_millis: 0,
            jitter_millis: 0,
            fault_at_step: 1,
            faults_until_attempt: None,
            checkpoint_bytes: 0,
        }
    }
}

impl ToyData {
    /// Reads and checks the table.
    pub(crate) fn read(spec: &DataSpec) -> Result<ToyData, FamilyError> {
        let data: ToyData = spec.read()?;
        if !(data.noise.is_finite() && data.noise >= 0.0) {
            return Err(FamilyError::Data(format!("[data]: noise is {}; it must be a number from 0", data.noise)));
        }
        if data.fault_at_step == 0 {
            return Err(FamilyError::Data("[data]: fault_at_step is 0; steps count from 1".to_owned()));
        }
        Ok(data)
    }

    /// One sentence for each key.
    pub(crate) fn keys() -> BTreeMap<String, String> {
        [
            ("noise", "Standard deviation of the noise of each step; default 0.01."),
            ("step_millis", "Time that a step takes, in milliseconds; default 0."),
            ("jitter_millis", "Up to so many milliseconds more, as it happens; default 0."),
            ("fault_at_step", "The step at which the faults of `behave` strike; default 1."),
            ("checkpoint_bytes", "Bytes that each checkpoint holds beside what it needs; default 0."),
            ("faults_until_attempt", "Attempts from this one on are without faults; by default none is."),
        ]
        .map(|(key, doc)| (key.to_owned(), doc.to_owned()))
        .into()
    }

    /// Identity of the numbers: what only costs time, or breaks trials, is not part of it.
    pub(crate) fn digest(&self) -> String {
        text_digest(&format!("toy 1 noise={}", self.noise))
    }

    pub(crate) fn summary(&self) -> BTreeMap<String, serde_json::Value> {
        [("noise", self.noise.into()), ("step_millis", self.step_millis.into())]
            .map(|(key, value)| (key.to_owned(), value))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ToyData, String> {
        let values = serde_json::from_str(json).unwrap();
        ToyData::read(&DataSpec { values, roots: Vec::new() }).map_err(|error| error.to_string())
    }

    #[test]
    fn the_table_is_checked() {
        assert_eq!(read("{}").unwrap(), ToyData::default());
        assert_eq!(read(r#"{"noise":0.5}"#).unwrap().noise, 0.5);
        assert!(read(r#"{"noise":-1}"#).unwrap_err().contains("noise is -1"));
        assert!(read(r#"{"fault_at_step":0}"#).unwrap_err().contains("count from 1"));
        assert!(read(r#"{"loudness":1}"#).unwrap_err().contains("unknown field `loudness`"));
    }

    #[test]
    fn every_key_is_documented() {
        let data = ToyData { faults_until_attempt: Some(1), ..ToyData::default() };
        let json = serde_json::to_value(data).unwrap();
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(keys, ToyData::keys().keys().collect::<Vec<_>>());
    }

    #[test]
    fn the_digest_tells_numbers_apart_and_nothing_else() {
        let data = ToyData::default();
        assert_eq!(data.digest(), ToyData { step_millis: 5, ..data.clone() }.digest());
        assert_ne!(data.digest(), ToyData { noise: 0.5, ..data.clone() }.digest());
    }
}
