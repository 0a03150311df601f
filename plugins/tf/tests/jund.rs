//! Known facts of the JUND data. Skipped where SEQTUNE_DATA does not name a directory with `tf/jund_bases.npy`.

use std::path::{Path, PathBuf};

use seqtune_plugin::{DataSpec, ModelFamily, Prepared};
use seqtune_tf::Tf;
use seqtune_tf::baseline::motif;
use seqtune_tf::data::TfData;
use seqtune_tf::folds::folds;

fn jund() -> Option<Prepared> {
    let root = std::env::var_os("SEQTUNE_DATA").map(PathBuf::from)?;
    if !root.join("tf/jund_bases.npy").exists() {
        return None;
    }
    let table = serde_json::json!({"source": "npy", "dir": "tf", "prefix": "jund_"});
    let serde_json::Value::Object(values) = table else { return None };
    Some(Tf.prepare(&DataSpec { values, roots: vec![root] }, Path::new("unused")).unwrap())
}

#[test]
fn the_exact_motif_has_its_known_rates() {
    let Some(prepared) = jund() else {
        println!("skipped: no data");
        return;
    };
    let data: &TfData = prepared.content().unwrap();
    let hits = motif::hits(&data.windows);
    let rate = |positive: bool| {
        let of: Vec<bool> = hits
            .iter()
            .zip(&data.windows.labels)
            .filter(|(_, label)| **label == positive)
            .map(|(hit, _)| *hit)
            .collect();
        of.iter().filter(|hit| **hit).count() as f64 / of.len() as f64
    };
    assert_eq!(data.windows.rows(), 41_624);
    assert!((rate(true) - 0.213).abs() < 0.0005, "{}", rate(true));
    assert!((rate(false) - 0.015).abs() < 0.0005, "{}", rate(false));
    let balanced = 0.5 * (rate(true) + 1.0 - rate(false));
    assert!((balanced - 0.599).abs() < 0.0005, "{balanced}");
}

#[test]
fn five_folds_hold_thirty_positives_each() {
    let Some(prepared) = jund() else {
        println!("skipped: no data");
        return;
    };
    let data: &TfData = prepared.content().unwrap();
    for fold in folds(data, 1) {
        let positives = fold.valid.iter().filter(|row| data.windows.labels[**row]).count();
        assert!((29..=31).contains(&positives), "{positives}");
    }
}
