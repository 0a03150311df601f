//! What is true of every picture, and two pictures word by word.

use proptest::prelude::*;
use seqtune_core::testing::study;

use super::*;
use crate::Snapshot;
use crate::plots;
use crate::spec::*;
use crate::theme::{LIGHT, PRINT, Theme};

fn size(width: f64, height: f64) -> Size {
    Size { width: Length::Px(width), height: Length::Px(height) }
}

fn plain(layers: Vec<Layer>) -> PlotSpec {
    PlotSpec {
        title: "A & B".to_owned(),
        reading: "Three points.".to_owned(),
        x: Axis::counting("trial", [0.0, 2.0]),
        y: Axis::linear("loss", [0.0, 1.0]),
        layers,
        legend: vec![Entry {
            label: "completed (2)".to_owned(),
            sample: Sample::Mark(Shape::Disc, Role::State(State::Completed)),
        }],
        scale: None,
        notes: vec!["2 of 3 trials drawn".to_owned()],
    }
}

#[test]
fn a_small_plot_word_by_word() {
    let mark =
        |x, y, state: State| Mark { x, y, shape: state.shape(), role: Role::State(state), size: 1.0, trial: None };
    let spec = plain(vec![
        Layer::Line(Line { stepped: true, ..Line::new(vec![[0.0, 1.0], [2.0, 0.25]], Role::Front) }),
        Layer::Points(vec![mark(0.0, 1.0, State::Completed), mark(2.0, 0.25, State::Pruned)]),
        Layer::Labels(vec![Label { at: [2.0, 0.25], text: "<2>".to_owned(), align: Align::Start, role: Role::Front }]),
    ]);
    insta::assert_snapshot!(svg(&spec, size(240.0, 180.0), &LIGHT));
}

#[test]
fn a_heat_map_word_by_word() {
    let scale = ValueScale { label: "auc".to_owned(), worst: 0.5, best: 0.9, areas: true };
    let cell = |x: f64, value: f64| HeatCell {
        x: [x - 0.5, x + 0.5],
        y: [-0.5, 0.5],
        role: scale.role(value),
        label: short(value, 2),
        trial: None,
    };
    let spec = PlotSpec {
        x: Axis::names("model", ["cnn", "a-long-name-that-is-turned"].map(str::to_owned).into()),
        y: Axis::names("", vec!["adam".to_owned()]),
        layers: vec![Layer::Cells(vec![cell(0.0, 0.5), cell(1.0, 0.9)])],
        legend: Vec::new(),
        notes: Vec::new(),
        scale: Some(scale.clone()),
        ..plain(Vec::new())
    };
    let text = svg(&spec, Size { width: Length::Mm(70.0), height: Length::Mm(50.0) }, &PRINT);
    // The scale's forty parts are of no interest.
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("width=\"12\"")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

/// All numbers of an attribute, and whether anything in it looks like a number that is none.
fn numbers(document: &str) -> Vec<f64> {
    assert!(!document.contains("NaN") && !document.contains("inf\"") && !document.contains("inf "), "{document}");
    let mut found = Vec::new();
    for name in [
        " x=\"",
        " y=\"",
        " cx=\"",
        " cy=\"",
        " r=\"",
        " x1=\"",
        " y1=\"",
        " x2=\"",
        " y2=\"",
        " d=\"",
        " width=\"",
        " height=\"",
    ] {
        for part in document.split(name).skip(1) {
            let value = part.split('"').next().unwrap_or_default();
            let pieces = value.split(|c: char| c.is_ascii_uppercase() || c == ' ').filter(|piece| !piece.is_empty());
            found.extend(pieces.filter_map(|piece| piece.trim_end_matches("mm").parse::<f64>().ok()));
        }
    }
    found
}

/// The marks inside the clip path: `[x, y]` of every point of a path, circle, rectangle or line.
fn places(document: &str) -> Vec<[f64; 2]> {
    let inside =
        document.split("clip-path=\"url(").nth(1).and_then(|rest| rest.split("</g>").next()).unwrap_or_default();
    let attribute = |line: &str, name: &str| -> Option<f64> {
        line.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.parse().ok()
    };
    let mut found = Vec::new();
    for line in inside.lines() {
        for (x, y) in [("cx", "cy"), ("x1", "y1"), ("x2", "y2"), ("x", "y")] {
            found.extend(attribute(line, x).zip(attribute(line, y)).map(|(x, y)| [x, y]));
        }
        let d = line.split(" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        for point in d.split(['M', 'L', 'Z']).filter(|point| !point.is_empty()) {
            let both: Vec<f64> = point.split(' ').filter_map(|number| number.parse().ok()).collect();
            if let [x, y] = both[..] {
                found.push([x, y]);
            }
        }
    }
    found
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        5 => -2.0..5.0_f64,
        1 => any::<f64>(),
        1 => Just(f64::NAN),
        1 => Just(f64::MAX),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(1e-300),
    ]
}

fn any_layers() -> impl Strategy<Value = Vec<Layer>> {
    let numbers = || prop::collection::vec([any_number(), any_number(), any_number()], 0..12);
    let layer = (numbers(), 0..8_u8).prop_map(|(numbers, kind)| {
        let pairs = || numbers.iter().map(|[x, y, _]| [*x, *y]);
        match kind {
            0 => Layer::Points(
                pairs()
                    .map(|[x, y]| Mark { x, y, shape: Shape::Ring, role: Role::Value(x), size: 1.0, trial: None })
                    .collect(),
            ),
            1 => Layer::Line(Line::new(pairs().collect(), Role::Series(3))),
            2 => Layer::Line(Line { stepped: true, ..Line::new(pairs().collect(), Role::Quiet) }),
            3 => Layer::Band { points: numbers.clone(), role: Role::Series(99) },
            4 => {
                let bar = |[at, from, to]: &[f64; 3]| Bar {
                    at: *at,
                    thickness: 0.5,
                    from: *from,
                    to: *to,
                    error: Some([*from, *to]),
                    role: Role::Front,
                    trial: None,
                };
                Layer::Bars { bars: numbers.iter().map(bar).collect(), horizontal: numbers.len() % 2 == 0 }
            }
            5 => {
                let cell = |[x, y, z]: &[f64; 3]| HeatCell {
                    x: [*x, *z],
                    y: [*y, *z],
                    role: Role::Value(*z),
                    label: "0".to_owned(),
                    trial: None,
                };
                Layer::Cells(numbers.iter().map(cell).collect())
            }
            6 => Layer::Density(Density {
                x: numbers.first().map_or([0.0, 1.0], |[x, y, _]| [*x, *y]),
                y: numbers.last().map_or([0.0, 1.0], |[x, y, _]| [*x, *y]),
                columns: 3,
                rows: 2,
                cells: vec![0.0, 0.5, 0.5, 1.0, 0.2, f32::NAN],
                role: Role::Quiet,
            }),
            _ => Layer::Rule(Rule {
                at: numbers.first().map_or(0.0, |[x, ..]| *x),
                vertical: numbers.len() % 2 == 0,
                role: Role::Faint,
                label: String::new(),
            }),
        }
    });
    prop::collection::vec(layer, 0..5)
}

proptest! {
    #[test]
    fn every_number_is_finite_and_nothing_leaves_the_area(
        layers in any_layers(),
        values in prop::collection::vec(any_number(), 0..6),
        log: bool,
        sides in (120.0..900.0_f64, 120.0..900.0_f64),
    ) {
        let spec = PlotSpec {
            x: if log { Axis::log("x", values.iter().copied()) } else { Axis::linear("x", values.iter().copied()) },
            y: Axis::fitting("y", &values),
            ..plain(layers)
        };
        let size = size(sides.0, sides.1);
        let document = svg(&spec, size, &LIGHT);
        prop_assert!(numbers(&document).iter().all(|number| number.is_finite() && number.abs() <= 1e6));
        let area = Layout::of(&spec, sides.0, sides.1).area;
        prop_assert!(area.width() > 0.0 && area.height() > 0.0, "{:?}", area);
        // A shape reaches a little around its place, and is clipped there.
        for [x, y] in places(&document) {
            prop_assert!((area.left - 5.0..=area.right + 5.0).contains(&x), "{x} of {area:?}");
            prop_assert!((area.top - 5.0..=area.bottom + 5.0).contains(&y), "{y} of {area:?}");
        }
    }

    #[test]
    fn no_name_breaks_the_document(name in any::<String>()) {
        let mut spec = plain(vec![Layer::Labels(vec![Label {
            at: [1.0, 0.5],
            text: name.clone(),
            align: Align::Middle,
            role: Role::Quiet,
        }])]);
        spec.title = name.clone();
        spec.reading = name.clone();
        spec.legend[0].label = name.clone();
        spec.x = Axis::names(name.clone(), vec![name.clone(), name]);
        let document = svg(&spec, size(400.0, 300.0), &LIGHT);
        let inside = document.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").replace("&quot;", "");
        prop_assert!(!inside.replace("&#39;", "").contains('&'));
        prop_assert!(document.chars().all(|c| c == '\n' || !c.is_control()));
        // Each element is closed: as many texts begin as end, and none holds a bracket of its own.
        prop_assert_eq!(document.matches("<text ").count(), document.matches("</text>").count());
        prop_assert_eq!(document.matches('<').count(), document.matches('>').count());
    }
}

#[test]
fn every_plot_of_a_study_is_drawn_in_every_theme() {
    let text = "lr = { type = 'float', low = 1e-4, high = 1, log = true }\nmodel = { type = 'categorical', choices = ['a', 'b'] }";
    let history = study(text).trials(20).history();
    let (snapshot, objective) = (Snapshot::of(&history), history.spec.objective());
    let forest = crate::Surrogate::fit(&history.spec.space, &crate::completed(&snapshot), 1).unwrap();
    let all = [
        plots::history(&snapshot, objective, &plots::HistoryOptions::default()),
        plots::curves(&snapshot, &plots::CurvesOf::new(&objective.metric, 5)),
        plots::parallel(&snapshot, objective),
        plots::slice(&snapshot, objective, "lr"),
        plots::contour(&snapshot, objective, "lr", "model"),
        plots::rank(&snapshot, objective, "lr", "model"),
        plots::edf(&[&snapshot], objective),
        plots::timeline(&plots::tests::with_attempts(snapshot.clone())),
        plots::pareto(&snapshot, objective, objective),
        plots::hypervolume(&snapshot, objective, objective),
        plots::durations(&plots::tests::with_attempts(snapshot.clone())),
        plots::dependence(&snapshot, objective, "lr", &forest.dependence("lr").unwrap()),
        plots::dependence(&snapshot, objective, "model", &forest.dependence("model").unwrap()),
        plots::dependence_on_two(
            &snapshot,
            objective,
            ["lr", "model"],
            &forest.dependence_on_two(["lr", "model"]).unwrap(),
        ),
        plots::importance_of(&snapshot, objective, crate::Method::Fanova, &forest.importance()),
        plots::best_lines(&[&snapshot, &snapshot], objective, true),
    ];
    for spec in all {
        let spec = spec.unwrap();
        assert!(!spec.reading.is_empty() && spec.reading.ends_with('.'), "{}", spec.reading);
        for theme in Theme::ALL {
            let document = svg(&spec, size(300.0, 220.0), theme);
            assert!(document.contains("role=\"img\"") && document.contains("<desc>"), "{document}");
            assert!(numbers(&document).iter().all(|number| number.is_finite()));
            assert_eq!(document, svg(&spec, size(300.0, 220.0), theme));
        }
    }
}
