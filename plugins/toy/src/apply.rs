//! Applying a trial of the toy family: small answers that depend on the checkpoint and the data.

use std::path::Path;

use seqtune_plugin::{Applied, Apply, FamilyError, MetricValue};

use crate::data::ToyData;
use crate::noise::Noise;
use crate::session::{Reported, State, write};

/// Seeds what the test split is harder by: no study's seed, so that it is the same for all.
const TEST_SEED: u64 = 0x7E57;

pub(crate) fn apply(data: &ToyData, checkpoint: &Path, what: &Apply) -> Result<Applied, FamilyError> {
    let State { step, reported, .. } = State::load(checkpoint)?;
    let Some(Reported { value, accuracy }) = reported else {
        return Err(FamilyError::Other(format!(
            "checkpoint {} is of an older version, which kept nothing to apply",
            checkpoint.display()
        )));
    };
    let mut noise = Noise::at(TEST_SEED, 0);
    let mut applied = Applied::default();
    match what {
        Apply::Evaluate { split } if split == "test" => {
            let harder = data.noise * noise.normal().abs();
            applied.metrics.insert("test/value".to_owned(), MetricValue::number(value + harder));
            let accuracy = accuracy.map(|fold| (fold - data.noise * noise.normal().abs()).clamp(0.0, 1.0));
            applied.metrics.insert("test/accuracy".to_owned(), MetricValue::mean_of(&accuracy));
        }
        Apply::Evaluate { split } => {
            return Err(FamilyError::Other(format!("there is no split {split:?}; choose test")));
        }
        Apply::Predict { out } => {
            let rows = accuracy.iter().enumerate().map(|(row, score)| format!("{row}\t{score}\n"));
            write(out, format!("row\tscore\n{}", rows.collect::<String>()).as_bytes())?;
            applied.files.push(out.clone());
        }
        Apply::Export { out } => {
            let text = serde_json::json!({ "step": step, "value": value, "accuracy": accuracy }).to_string();
            write(out, (text + "\n").as_bytes())?;
            applied.files.push(out.clone());
        }
    }
    Ok(applied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::ToySession;
    use seqtune_plugin::{Job, ModelFamily as _, Session as _, StepContext};

    /// A trial of two steps, saved.
    fn saved(directory: &Path) -> ToyData {
        let data = ToyData::default();
        let job = Job {
            trial: 0,
            attempt: 0,
            params: crate::Toy.info().parameters.defaults().unwrap(),
            seed: 1,
            study_seed: 2,
            device: "cpu".to_owned(),
            steps: 2,
            checkpoint: None,
        };
        let mut session = ToySession::open(&data, &job).unwrap();
        let mut progress = |_: u64, _: u64| Ok(());
        for _ in 0..2 {
            session.step(&mut StepContext::new(&mut progress)).unwrap();
        }
        session.save(directory).unwrap();
        data
    }

    #[test]
    fn a_trial_can_be_applied() {
        let place = tempfile::tempdir().unwrap();
        let data = saved(place.path());
        let what = Apply::Evaluate { split: "test".to_owned() };
        let evaluated = apply(&data, place.path(), &what).unwrap();
        assert_eq!(evaluated, apply(&data, place.path(), &what).unwrap());
        assert_eq!(evaluated.metrics["test/accuracy"].parts().len(), 3);
        let error = apply(&data, place.path(), &Apply::Evaluate { split: "train".to_owned() }).unwrap_err();
        assert_eq!(error.to_string(), "there is no split \"train\"; choose test");

        let out = place.path().join("out");
        let predicted = apply(&data, place.path(), &Apply::Predict { out: out.clone() }).unwrap();
        assert_eq!(predicted.files, std::slice::from_ref(&out));
        assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), 4);
        apply(&data, place.path(), &Apply::Export { out: out.clone() }).unwrap();
        assert!(std::fs::read_to_string(&out).unwrap().contains("\"step\":2"));
    }

    #[test]
    fn checkpoints_of_older_versions_say_so() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("state.json"), r#"{"step":1,"accumulated":0.5,"noise_position":4}"#).unwrap();
        let what = Apply::Evaluate { split: "test".to_owned() };
        let error = apply(&ToyData::default(), place.path(), &what).unwrap_err().to_string();
        assert!(error.contains("of an older version"), "{error}");
    }
}
