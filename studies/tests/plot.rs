//! `seqtune plot`: every kind is drawn, and what cannot be drawn is one sentence.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use seqtune_core::testing::{StudyDraft, study};
use seqtune_core::{AttemptEnd, EventKind, Store};
use seqtune_plugin::Direction;
use seqtune_space::{Params, Value};
use tempfile::TempDir;

const SPACE: &str = "lr = { type = 'float', low = 0.001, high = 1, log = true }\nmodel = { type = 'categorical', \
                     choices = ['cnn', 'lstm'] }\nunits = { type = 'int', low = 1, high = 8, when = { model = 'lstm' } }";

/// Every kind there is, with what it needs beside a study.
const KINDS: [(&str, &[&str]); 16] = [
    ("history", &["--over-time"]),
    ("curves", &["--grouped", "--band", "confidence", "--trials", "3,4", "--top", "5"]),
    ("parallel", &[]),
    ("slice", &["--x", "units"]),
    ("contour", &["--x", "lr", "--y", "model"]),
    ("rank", &[]),
    ("importance", &["--method", "ped-anova"]),
    ("dependence", &["--x", "lr"]),
    ("differences", &["--trials", "2,3"]),
    ("expected", &[]),
    ("durations", &[]),
    ("timeline", &[]),
    ("pareto", &["--x", "value", "--y", "value"]),
    ("hypervolume", &["--y", "value"]),
    ("best", &["--over-time"]),
    ("edf", &["--metric", "value"]),
];

fn seqtune(place: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seqtune")).args(arguments).current_dir(place).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Puts a study with the log of a draft under `results/`, in which a worker trained every trial.
fn write(place: &TempDir, name: &str, draft: &StudyDraft) {
    let events = draft.clone().with(|spec| spec.name = name.to_owned()).events();
    let EventKind::StudyCreated { spec, settings, .. } = &events[0].kind else { panic!("a log begins so") };
    let mut store = Store::create(&place.path().join("results").join(name), spec, settings, "test").unwrap();
    let mut kinds: Vec<EventKind> = Vec::new();
    for event in &events[1..] {
        let kind = event.kind.clone();
        match kind {
            EventKind::TrialStarted { trial, .. } => {
                let (worker, device, build) = (0, "cpu".to_owned(), [("os".to_owned(), "any".to_owned())].into());
                let (attempt, from_step, elsewhere) = (0, 0, Vec::new());
                let begun = EventKind::AttemptStarted { trial, attempt, worker, device, build, from_step, elsewhere };
                kinds.extend([kind, begun]);
            }
            EventKind::Completed { trial } => {
                let (attempt, cause, message) = (0, AttemptEnd::Completed, String::new());
                kinds.extend([EventKind::AttemptEnded { trial, attempt, cause, message }, kind]);
            }
            other => kinds.push(other),
        }
    }
    store.append(kinds).unwrap();
    store.close().unwrap();
}

fn value(params: &Params) -> f64 {
    let lr = params.get("lr").and_then(Value::as_f64).unwrap_or(1.0);
    (lr.log10() + 2.0).abs() + if params.text("model") == Ok("cnn") { 0.5 } else { 0.0 }
}

fn draft(trials: u64) -> StudyDraft {
    study(SPACE).seed(4).objective(value).trials(trials)
}

/// `results/made`: 24 trials, of which the sampler's model expected something.
fn made() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    write(&place, "made", &draft(24).sampler("gp"));
    place
}

#[test]
fn every_kind_is_drawn_into_a_file_and_taught() {
    let place = made();
    let file = place.path().join("plot.svg");
    fs::write(&file, "old").unwrap();
    let help = String::from_utf8(seqtune(place.path(), &["plot", "--help"]).stdout).unwrap();
    for (kind, more) in KINDS {
        let output = seqtune(place.path(), &[&["plot", "made", "--kind", kind, "-o", "plot.svg"], more].concat());
        assert_eq!((code(&output), stderr(&output)), (0, String::new()), "{kind}");
        let drawn = fs::read_to_string(&file).unwrap();
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"), "{kind}: {drawn}");
        assert!(help.contains(&format!("- {kind}:")), "{kind} is not among the kinds: {help}");
        let example = format!("--kind {kind} ");
        assert!(help.contains(&example) || kind == "history", "{kind} has no example");
    }
    let listed = help.split("Possible values:").nth(1).unwrap().split("\n\n").next().unwrap();
    assert_eq!(listed.matches("- ").count(), KINDS.len(), "{listed}");
    let arguments =
        ["plot", "made", "--x", "value", "--y", "value", "--kind", "pareto", "--width", "85mm", "-o", "p.svg"];
    assert_eq!(code(&seqtune(place.path(), &arguments)), 0);
    assert!(fs::read_to_string(place.path().join("p.svg")).unwrap().contains("width=\"85mm\""));
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".partial")), "{left:?}");
}

/// What the description of a picture says.
fn description(place: &Path, arguments: &[&str]) -> String {
    let output = seqtune(place, &[arguments, &["-o", "plot.svg"]].concat());
    assert_eq!((code(&output), stderr(&output)), (0, String::new()), "{arguments:?}");
    let drawn = fs::read_to_string(place.join("plot.svg")).unwrap();
    drawn.split("<desc>").nth(1).unwrap().split("</desc>").next().unwrap().to_owned()
}

#[test]
fn a_picture_is_of_what_was_asked_for() {
    let place = made();
    let said = |more: &[&str]| description(place.path(), &[&["plot", "made", "--kind"], more].concat());
    assert!(said(&["importance"]).contains(" is the most important of 3 parameters"));
    let two = said(&["dependence", "--x", "lr", "--y", "model"]);
    assert!(two.contains("is expected at lr 0.") && two.contains(" and model lstm: "), "{two}");
    assert!(said(&["differences"]).contains("difference"), "the best three where none is named");
    assert!(said(&["expected"]).contains(", expected and outcome"));
    let single = description(place.path(), &["plot", "made", "--kind", "best"]);
    assert!(single.contains("1 study by their best so far"), "{single}");
}

#[test]
fn several_studies_are_drawn_beside_each_other() {
    let place = made();
    write(&place, "other", &draft(9).seed(7));
    for (kind, part) in [("best", "2 studies by their best so far"), ("edf", "Half of the 24 completed trials of made")]
    {
        let said = description(place.path(), &["plot", "made", "other", "--kind", kind]);
        assert!(said.contains(part), "{said}");
    }
    // Two of one name are told apart by their places.
    let output = seqtune(place.path(), &["plot", "made", "results/made", "--kind", "edf", "-o", "plot.svg"]);
    assert_eq!(code(&output), 0);
    let drawn = fs::read_to_string(place.path().join("plot.svg")).unwrap();
    assert!(drawn.contains(">made (24 ") && drawn.contains(">results/made (24 "), "{drawn}");

    let turned = |spec: &mut seqtune_core::StudySpec| spec.objectives[0].direction = Direction::Maximize;
    write(&place, "turned", &draft(3).with(turned));
    write(&place, "empty", &draft(0));
    for (studies, exit, fault) in [
        (["made", "turned"], 2, "error: turned cannot be drawn: of value it seeks the other end\n"),
        (["made", "empty"], 1, "error: empty cannot be drawn: no completed trial has a value of value yet\n"),
    ] {
        let output = seqtune(place.path(), &[&["plot"], &studies[..], &["--kind", "best", "-o", "b.svg"]].concat());
        assert_eq!((code(&output), stderr(&output).as_str()), (exit, fault));
    }
}

#[test]
fn a_list_is_drawn_by_its_length_and_its_items() {
    let place = tempfile::tempdir().unwrap();
    let space = "lr = { type = 'float', low = 0.001, high = 1, log = true }\n\
                 widths = { type = 'list', len = { low = 1, high = 3 }, item = { type = 'int', low = 8, high = 64, log = true } }";
    let length = |params: &Params| params.get("widths").and_then(Value::as_list).map_or(0.0, |list| list.len() as f64);
    write(&place, "lists", &study(space).objective(length).trials(24));
    let said = |more: &[&str]| description(place.path(), &[&["plot", "lists", "--kind"], more].concat());
    // The length is the value: the parameter that tells most.
    assert!(said(&["slice"]).contains(" over len(widths); the best is trial "));
    assert!(said(&["slice", "--x", "widths[1]"]).contains("value over widths[1]"));
    assert!(said(&["contour", "--x", "widths[0]", "--y", "len(widths)"]).contains("over widths[0] and len(widths)"));
    assert!(said(&["rank", "--x", "lr", "--y", "widths[2]"]).contains("over lr and widths[2] by rank"));
    assert!(said(&["dependence"]).contains("is expected at len(widths) 1: 1"));
    let table =
        String::from_utf8(seqtune(place.path(), &["table", "lists", "len(widths)", "-f", "csv"]).stdout).unwrap();
    assert!(table.lines().any(|line| line.starts_with("2,,2.0,")), "{table}");
    let output = seqtune(place.path(), &["plot", "lists", "--kind", "slice", "--x", "widths", "-o", "plot.svg"]);
    let fault = "error: widths is a list: name len(widths), widths[0], or another item\n";
    assert_eq!((code(&output), stderr(&output).as_str()), (2, fault));
}

#[test]
fn objectives_are_the_axes_where_there_are_several() {
    let place = tempfile::tempdir().unwrap();
    let both = [Direction::Minimize, Direction::Maximize];
    let draft = study(SPACE).objectives(&both, |params| vec![value(params), -value(params).powi(2)]).trials(12);
    write(&place, "two", &draft);
    assert!(description(place.path(), &["plot", "two", "--kind", "pareto"]).contains("on the Pareto front"));
    assert!(description(place.path(), &["plot", "two", "--kind", "hypervolume"]).contains("made the front better"));
}

#[test]
#[cfg(feature = "png")]
fn a_png_has_the_pixels_that_were_asked_for() {
    let place = made();
    let arguments = ["plot", "made", "--width", "5in", "--height", "3in", "--dpi", "100", "-o", "plot.png"];
    assert_eq!(code(&seqtune(place.path(), &arguments)), 0);
    let bytes = fs::read(place.path().join("plot.png")).unwrap();
    // The header: signature, length and name of the first chunk, width, height.
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!((&bytes[16..20], &bytes[20..24]), (&500_u32.to_be_bytes()[..], &300_u32.to_be_bytes()[..]));
}

#[test]
fn a_plot_that_cannot_be_drawn_says_why_and_leaves_the_file() {
    let place = tempfile::tempdir().unwrap();
    // Nobody trained these: another program told what came of them.
    let events = draft(5).sampler("random").events();
    let EventKind::StudyCreated { spec, settings, .. } = &events[0].kind else { panic!("a log begins so") };
    let mut store = Store::create(&place.path().join("results/made"), spec, settings, "test").unwrap();
    store.append(events[1..].iter().map(|event| event.kind.clone()).collect::<Vec<_>>()).unwrap();
    store.close().unwrap();
    fs::write(place.path().join("plot.svg"), "old").unwrap();
    let cases: [(&[&str], i32, &str); 19] = [
        (&["--kind", "histry"], 2, "history"),
        (&["--kind", "slice", "--x", "modle"], 2, "did you mean `model`?"),
        (&["--kind", "contour", "--x", "lr", "--y", "lr"], 2, "--x and --y both name \"lr\": give two parameters"),
        (&["--metric", "valu"], 2, "did you mean `value`?"),
        (&["--kind", "pareto"], 2, "name a metric with --y; the metrics are value"),
        (&["--kind", "hypervolume"], 2, "name a metric with --y; the metrics are value"),
        (&["--kind", "slice", "--y", "lr"], 2, "--y has no meaning for slice: it is for contour, rank, dependence"),
        (&["--top", "3"], 2, "--top has no meaning for history: it is for curves"),
        (&["--kind", "best", "--trials", "1"], 2, "--trials has no meaning for best: it is for curves, differences"),
        (&["made", "--kind", "rank"], 2, "more than one study has no meaning for rank: it is for best, edf"),
        (&["--kind", "curves", "--trials", "99"], 2, "has no trial 99"),
        (&["--kind", "differences", "--trials", "1"], 2, "a difference is between two trials"),
        (
            &["--kind", "importance"],
            1,
            "nothing to draw: importance needs at least 8 trials with a value, and there are 5",
        ),
        (&["--kind", "dependence"], 1, "nothing to draw: importance needs at least 8 trials"),
        (&["--kind", "expected"], 1, "nothing to draw: no model expected values of the last trials"),
        (&["--width", "180furlong"], 2, "is no length"),
        (&["--width", "3mm"], 2, "out of range"),
        (&["--kind", "timeline"], 1, "nothing to draw: no worker has trained a trial"),
        (&["-o", "plot.jpg"], 2, "must end in .svg or .png"),
    ];
    for (more, expected, said) in cases {
        let mut arguments = vec!["plot", "made"];
        arguments.extend(more);
        if !more.contains(&"-o") {
            arguments.extend(["-o", "plot.svg"]);
        }
        let output = seqtune(place.path(), &arguments);
        assert_eq!(code(&output), expected, "{more:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{more:?}: {}", stderr(&output));
    }
    assert_eq!(fs::read_to_string(place.path().join("plot.svg")).unwrap(), "old");
    write(&place, "empty", &draft(0));
    for kind in ["history", "contour", "rank", "edf"] {
        let output = seqtune(place.path(), &["plot", "empty", "--kind", kind, "-o", "plot.svg"]);
        assert_eq!(code(&output), 1, "{kind}");
        assert!(stderr(&output).contains("nothing to draw: the study has no trials yet"), "{}", stderr(&output));
    }
}
