//! The page of exports.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use seqtune_core::Store;

use crate::window::{Window, model, says, small, wait};

/// Peptides of 8 to 13 residues whose score is the better, the smaller `noise` is.
fn predictions(noise: f64) -> String {
    let mut text = "row\tpeptide\tfold\tmeas\ttarget\tscore\tbinder\n".to_owned();
    for row in 0..120_usize {
        let peptide = "A".repeat(8 + row / 3 % 6);
        let binds = row % 3 == 0;
        let (target, meas) = if binds { (0.7, 25.0) } else { (0.2, 5743.0) };
        let off = noise * (((row * 37) % 100) as f64 / 100.0 - 0.5);
        let score = target + off;
        writeln!(text, "{row}\t{peptide}\t{}\t{meas}\t{target}\t{score}\t{}", row % 5, u8::from(binds)).unwrap();
    }
    text
}

/// An export as the peptide family writes one.
fn export(folder: &Path, noise: f64) {
    std::fs::create_dir_all(folder).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("predictions.tsv", &predictions(noise));
    write("levels.tsv", "measured \\ predicted\tweak\tstrong\nweak\t70\t10\nstrong\t5\t35\n");
    for fold in 0..2 {
        let mut text = "token\tclass\tpca_1\tpca_2\ttsne_1\ttsne_2\tv_1\n-\tother\t\t\t\t\t0\n".to_owned();
        for (at, (token, class)) in [("A", "aliphatic"), ("K", "positive"), ("D", "negative")].into_iter().enumerate() {
            let at = (at + fold) as f64;
            writeln!(text, "{token}\t{class}\t{at}\t{}\t{}\t{at}\t0.5", -at, 2.0 * at).unwrap();
        }
        write(&format!("embedding-fold-{fold}.tsv"), &text);
    }
    write("embedding-fold-0.json", r#"{"variance_shares": [0.41, 0.18]}"#);
    write("motif.tsv", "position\tA\tC\n1\t0.5\t-0.25\n2\t0.125\t1\n");
}

fn page(folder: &Path) -> (PathBuf, Store, Window<'static>) {
    let (store, mut window) = small(folder);
    window.key_press(Key::Num7);
    window.run_ok();
    (folder.join("small"), store, window)
}

#[test]
fn without_an_export_the_command_that_makes_one_can_be_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (directory, _store, mut window) = page(folder.path());
    wait(&mut window, "the lack is said", |window| says(window, "No trial has been exported"));
    let best = model(&window).snapshot().unwrap().ranked[0];
    let command = format!("seqtune apply export {} {best} -o ", directory.display());
    assert!(says(&window, &command), "{command}");
    window.get_by_label("Copy the command").click();
    window.run_ok();
    assert!(says(&window, "Copied the command."));

    // What appears is found by looking again.
    export(&directory.join(format!("exports/{best:04}")), 0.8);
    window.get_by_label("Look again").click();
    wait(&mut window, "the export is shown", |window| says(window, "ROC: "));
}

#[test]
fn an_export_is_shown_by_the_form_of_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    export(&folder.path().join("small/exports/0002"), 0.9);
    let (_, _store, mut window) = page(folder.path());
    for plot in ["ROC: ", "Precision and recall: ", "Confusion: ", "Vectors: ", "Table: 2 rows by 2 columns"] {
        wait(&mut window, plot, |window| says(window, plot));
    }
    wait(&mut window, "the parts are measured", |window| says(window, "9-mers"));
    assert!(says(&window, "positive: binder = 1") && says(&window, "12-mers and longer"));

    window.get_by_label("t-SNE").scroll_to_me();
    window.run_ok();
    window.get_by_label("t-SNE").click();
    window.run_ok();
    assert_eq!(model(&window).views.data.method, seqtune_view::model::Method::Tsne);
    window.get_by_role_and_label(Role::ComboBox, "Vectors of embedding-fold-0").click();
    window.run_ok();
    window.get_by_label("embedding-fold-1").click();
    wait(&mut window, "the other fold is shown", |window| {
        window.query_by_role_and_label(Role::ComboBox, "Vectors of embedding-fold-1").is_some()
    });
    window.get_by_role_and_label(Role::ComboBox, "Fold all folds").scroll_to_me();
    window.run_ok();
    window.get_by_role_and_label(Role::ComboBox, "Fold all folds").click();
    window.run_ok();
    window.get_by_label("3").click();
    window.run_ok();
    assert_eq!(model(&window).views.data.fold.as_deref(), Some("3"));
}

#[test]
fn pinned_trials_are_compared_on_one_length() {
    let folder = tempfile::tempdir().unwrap();
    for (trial, noise) in [(0, 0.9), (1, 1.6)] {
        export(&folder.path().join(format!("small/exports/{trial:04}")), noise);
    }
    let (_, _store, mut window) = page(folder.path());
    wait(&mut window, "the export is shown", |window| says(window, "ROC: "));
    for trial in [0, 1] {
        while model(&window).selected != Some(trial) {
            window.key_press(Key::J);
            window.run_ok();
            assert!(
                model(&window).selected != Some(*model(&window).rows.last().unwrap())
                    || model(&window).selected == Some(trial)
            );
        }
        window.key_press(Key::Space);
        window.run_ok();
        window.key_press(Key::Home);
        window.run_ok();
    }
    assert_eq!(model(&window).pins, [0, 1]);
    window.get_by_role_and_label(Role::ComboBox, "Compare on each length").click();
    window.run_ok();
    window.get_by_role_and_label(Role::Button, "9-mers").click();
    wait(&mut window, "both trials have a curve", |window| says(window, "trial 0") && says(window, "trial 1 "));
}

#[test]
fn a_table_that_is_not_whole_is_a_sentence_and_the_others_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("small/exports/0002");
    export(&out, 0.9);
    let whole = predictions(0.9);
    std::fs::write(out.join("predictions.tsv"), &whole[..whole.len() - 9]).unwrap();
    let (_, _store, mut window) = page(folder.path());
    wait(&mut window, "the damage is said", |window| says(window, "predictions.tsv is not whole: line 121 has"));
    wait(&mut window, "the confusion is drawn", |window| says(window, "Confusion: "));
    std::fs::write(out.join("predictions.tsv"), whole).unwrap();
    window.get_by_label("Look again").click();
    wait(&mut window, "the whole table is shown", |window| says(window, "ROC: "));
    assert!(!says(&window, "is not whole"));
}

#[test]
fn any_folder_can_be_opened_and_what_is_none_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    export(&other.path().join("best"), 0.9);
    let (_, _store, mut window) = page(folder.path());
    wait(&mut window, "the lack is said", |window| says(window, "No trial has been exported"));
    let label = "Another folder with an export";
    window.get_by_role_and_label(Role::TextInput, label).focus();
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, label).type_text("/absent");
    window.run_ok();
    window.get_by_label("Show it").click();
    window.run_ok();
    assert!(says(&window, "There is no folder at /absent."));
    window.get_by_role_and_label(Role::TextInput, label).focus();
    window.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    window.run_ok();
    let path = other.path().join("best");
    window.get_by_role_and_label(Role::TextInput, label).type_text(path.to_str().unwrap());
    window.run_ok();
    window.get_by_label("Show it").click();
    wait(&mut window, "the export is shown", |window| says(window, "ROC: "));
    assert!(window.query_by_role_and_label(Role::ComboBox, "Export of best").is_some());
}

/// Rows from 10 to 5000 nM, of which the family counts those below 300 nM; what the score says of them is a little off.
fn affinities() -> String {
    let mut text = "row\tmeas\ttarget\tscore\tnM\tbinder\n".to_owned();
    let target = |nanomolar: f64| 1.0 - nanomolar.ln() / 50_000_f64.ln();
    for row in 0..80_u32 {
        let meas = 10.0 * 500_f64.powf(f64::from(row) / 79.0);
        let said = meas * if row % 2 == 0 { 1.6 } else { 0.7 };
        let binder = u8::from(meas < 300.0);
        writeln!(text, "{row}\t{meas}\t{}\t{}\t{said}\t{binder}", target(meas), target(said)).unwrap();
    }
    text
}

#[test]
fn the_threshold_of_what_is_positive_is_moved_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("small/exports/0002");
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(out.join("predictions.tsv"), affinities()).unwrap();
    let (_, _store, mut window) = page(folder.path());
    let below = |at: f64| (0..80).filter(|row| 10.0 * 500_f64.powf(f64::from(*row) / 79.0) < at).count();
    wait(&mut window, "the curves are drawn", |window| says(window, &format!("({} of 80)", below(300.0))));
    assert!(says(&window, "positive: binder = 1"));
    wait(&mut window, "the decisions are drawn", |window| says(window, "% of 80 are in their own class."));
    wait(&mut window, "the areas have intervals", |window| {
        says(window, "all: AUC 0.9") && says(window, " [0.") && says(window, "all: AP 0.9")
    });
    let slider = "Binds below, in nM";
    assert!(window.get_by_label("The family's own threshold").accesskit_node().is_disabled());

    window.get_by_role_and_label(Role::Slider, slider).set_value_accesskit(100.0);
    window.run_ok();
    assert!(model(&window).views.data.threshold.is_some_and(|(_, at)| (at - 100.0).abs() < 1e-9));
    assert!(says(&window, "positive: meas < 100 nM"));
    wait(&mut window, "fewer are positive", |window| says(window, &format!("({} of 80)", below(100.0))));

    window.get_by_label("The family's own threshold").click();
    window.run_ok();
    assert_eq!(model(&window).views.data.threshold, None);
    wait(&mut window, "it is as before", |window| says(window, &format!("({} of 80)", below(300.0))));
}
