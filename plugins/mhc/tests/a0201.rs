//! Known facts of the HLA-A*02:01 data. Skipped where SEQTUNE_DATA does not name a directory with `mhc/hla_a_0201.tsv`.

use std::collections::HashSet;
use std::path::PathBuf;

use seqtune_mhc::data::{Inequality, MhcData, prepare};
use seqtune_mhc::folds::{check, folds, groups};
use seqtune_mhc::view::View;
use seqtune_plugin::{DataSpec, FamilyError, Prepared};

fn table(file: &str, more: serde_json::Value) -> Option<Result<Prepared, FamilyError>> {
    let root = std::env::var_os("SEQTUNE_DATA").map(PathBuf::from)?;
    if !root.join("mhc/hla_a_0201.tsv").exists() {
        println!("skipped: no data");
        return None;
    }
    let serde_json::Value::Object(mut values) = serde_json::json!({"source": "table", "file": file}) else {
        return None;
    };
    values.extend(more.as_object().cloned().unwrap_or_default());
    Some(prepare(&DataSpec { values, roots: vec![root] }))
}

fn a0201(more: serde_json::Value) -> Option<Prepared> {
    table("mhc/hla_a_0201.tsv", more).map(Result::unwrap)
}

fn binders(prepared: &Prepared) -> usize {
    let data: &MhcData = prepared.content().unwrap();
    data.labels.binders.iter().filter(|binder| **binder).count()
}

#[test]
fn rows_and_binders_are_the_known_ones() {
    let Some(prepared) = a0201(serde_json::json!({"allele": "HLA-A*02:01"})) else { return };
    let data: &MhcData = prepared.content().unwrap();
    let peptides = &data.peptides;
    assert_eq!(peptides.rows(), 8147);
    assert_eq!(prepared.summary["9-mers"], 5739);
    assert_eq!((&prepared.summary["shortest"], &prepared.summary["longest"]), (&8.into(), &15.into()));
    assert_eq!(prepared.summary["repeated peptides"], 0);
    let share = binders(&prepared) as f64 / 8147.0;
    assert!((share - 0.337).abs() < 0.0005, "{share}");
    // Clipped at 0 below, and not at 1 above.
    assert_eq!(peptides.nanomolar.iter().filter(|value| **value > 50_000.0).count(), 809);
    assert!(data.labels.targets.iter().all(|target| *target >= 0.0));
    assert_eq!(data.labels.targets.iter().filter(|target| **target > 1.0).count(), 272);
    let largest = data.labels.targets.iter().copied().fold(0.0, f32::max);
    assert!((largest - 1.49).abs() < 0.005, "{largest}");
    let bounded = |bound: Inequality| data.labels.bounds.iter().filter(|found| **found == bound).count();
    assert_eq!(bounded(Inequality::Above), 0);
    assert_eq!(prepared.summary["rows with only a bound"], bounded(Inequality::Below));
}

#[test]
fn toy_rules_hold_for_the_known_numbers_of_peptides() {
    for (labels, expected) in [("hard", 267), ("leucine", 971)] {
        let Some(prepared) = a0201(serde_json::json!({"labels": labels})) else { return };
        assert_eq!(binders(&prepared), expected);
    }
}

#[test]
fn views_have_the_known_sizes() {
    let Some(prepared) = a0201(serde_json::json!({})) else { return };
    let data: &MhcData = prepared.content().unwrap();
    let nonamers = View::Nonamers.tokens(&data.peptides).unwrap();
    assert_eq!((nonamers.rows(), nonamers.width, nonamers.vocabulary), (29_709, 9, 21));
    assert_eq!(nonamers.dropped, [0_usize; 0]);
    let full = View::Full { start_stop: true }.tokens(&data.peptides).unwrap();
    assert_eq!((full.rows(), full.width, full.vocabulary), (8147, 17, 23));
    assert_eq!(View::Ends { length: 4 }.tokens(&data.peptides).unwrap().width, 8);
}

#[test]
fn groups_stay_small_and_folds_even() {
    let Some(prepared) = a0201(serde_json::json!({})) else { return };
    let data: &MhcData = prepared.content().unwrap();
    let groups = groups(&data.peptides);
    let mut sizes = vec![0; *groups.iter().max().unwrap() as usize + 1];
    for group in &groups {
        sizes[*group as usize] += 1;
    }
    assert_eq!((sizes.len(), *sizes.iter().max().unwrap()), (6760, 16));
    let folds = folds(data, 1);
    check(&folds, &data.labels.binders).unwrap();
    for fold in &folds {
        let binders = fold.valid.iter().filter(|row| data.labels.binders[**row]).count();
        assert!(fold.valid.len().abs_diff(8147 / 3) <= 1);
        assert!(binders.abs_diff(2749 / 3) <= 1);
        let cores = |rows: &[usize]| -> HashSet<Vec<u8>> {
            rows.iter().flat_map(|row| data.peptides.sequences[*row].windows(9).map(<[u8]>::to_vec)).collect()
        };
        assert!(cores(&fold.train).is_disjoint(&cores(&fold.valid)));
    }
}

#[test]
fn a_table_of_several_alleles_asks_for_one() {
    let Some(several) = table("mhc/other_alleles.tsv", serde_json::json!({})) else { return };
    let error = several.err().unwrap().to_string();
    assert!(error.contains("5 alleles, and a study is of one"), "{error}");
    let one = table("mhc/other_alleles.tsv", serde_json::json!({"allele": "HLA-A*03:01"})).unwrap().unwrap();
    assert!(one.summary["rows"].as_u64().unwrap() + one.summary["left out by allele"].as_u64().unwrap() == 25_290);
}
