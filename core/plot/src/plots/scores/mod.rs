//! How well scores tell two classes apart: ROC and precision-recall curves.

mod areas;

use super::{PlotError, count};
use crate::spec::{Axis, Entry, Layer, Line, PlotSpec, Role, Sample, short, thousands};
pub use areas::{AREAS_METHOD, Area, Areas, areas};

/// Corners that one curve is thinned to.
const MOST_CORNERS: usize = 1000;

/// Scores of one subset with what is true.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Its name, such as "9-mers".
    pub name: String,
    /// Whether each belongs to the class.
    pub labels: Vec<bool>,
    /// Of each, the higher the more likely it does. Those that are not finite are left out.
    pub scores: Vec<f64>,
}

/// Of a threshold: how many of the class, and how many others, have at least its score.
type Counts = [usize; 2];

/// What one subset comes to.
struct Curve {
    points: Vec<[f64; 2]>,
    area: f64,
}

/// ROC curves: the share of the class that is found against the share of the others that is taken for it. The area under a
/// curve is the chance that one of the class has a higher score than one of the others. `sure` has the intervals of each subset,
/// where they are known.
///
/// # Errors
/// Where no subset has both classes.
pub fn roc(title: &str, subsets: &[Scored], sure: &[Option<Areas>]) -> Result<PlotSpec, PlotError> {
    let curve = |[of_class, others]: Counts, steps: &[Counts]| {
        let at = |[found, wrong]: &Counts| [*wrong as f64 / others as f64, *found as f64 / of_class as f64];
        let points: Vec<[f64; 2]> = std::iter::once([0.0, 0.0]).chain(steps.iter().map(at)).collect();
        let area = points.windows(2).map(|pair| (pair[1][0] - pair[0][0]) * (pair[0][1] + pair[1][1]) / 2.0).sum();
        Curve { points, area }
    };
    let chance = Line { dashed: true, width: 0.8, ..Line::new(vec![[0.0, 0.0], [1.0, 1.0]], Role::Quiet) };
    let axes = [share("share of the others taken for it"), share("share of the class found")];
    let interval = |at: usize| sure.get(at).copied().flatten().map(|areas| areas.roc.interval);
    drawn(title, "AUC", (subsets, &interval), axes, Some(chance), curve)
}

/// Precision-recall curves: which part of what is taken for the class belongs to it, against the share of the class that is found.
/// The area is the average precision, a sum over steps without interpolation. `sure` is as that of [`roc`].
///
/// # Errors
/// Where no subset has both classes.
pub fn precision_recall(title: &str, subsets: &[Scored], sure: &[Option<Areas>]) -> Result<PlotSpec, PlotError> {
    let curve = |[of_class, _]: Counts, steps: &[Counts]| {
        let at = |[found, wrong]: &Counts| [*found as f64 / of_class as f64, *found as f64 / (found + wrong) as f64];
        let points: Vec<[f64; 2]> = steps.iter().map(at).collect();
        let start = points.first().map(|[_, precision]| [0.0, *precision]);
        let points: Vec<[f64; 2]> = start.into_iter().chain(points).collect();
        let area = points.windows(2).map(|pair| (pair[1][0] - pair[0][0]) * pair[1][1]).sum();
        Curve { points, area }
    };
    let interval = |at: usize| sure.get(at).copied().flatten().map(|areas| areas.precision.interval);
    drawn(title, "AP", (subsets, &interval), [share("share of the class found"), share("precision")], None, curve)
}

/// The area under a subset's ROC curve; none where it has one class only.
pub fn auc(subset: &Scored) -> Option<f64> {
    let steps = steps(subset);
    let [of_class, others] = steps.last().copied().filter(|[a, b]| *a > 0 && *b > 0)?;
    let from = std::iter::once([0, 0]).chain(steps.iter().copied());
    let under = |([found, wrong], [found_next, wrong_next]): (Counts, Counts)| {
        (wrong_next - wrong) as f64 * (found + found_next) as f64 / 2.0
    };
    Some(from.zip(steps.iter().copied()).map(under).sum::<f64>() / (of_class as f64 * others as f64))
}

fn share(label: &str) -> Axis {
    Axis { low: -0.02, high: 1.02, ..Axis::linear(label, []) }
}

fn drawn(
    title: &str,
    measure: &str,
    (subsets, interval): (&[Scored], &dyn Fn(usize) -> Option<[f64; 2]>),
    [x, y]: [Axis; 2],
    behind: Option<Line>,
    curve: impl Fn(Counts, &[Counts]) -> Curve,
) -> Result<PlotSpec, PlotError> {
    let mut layers: Vec<Layer> = behind.map(Layer::Line).into_iter().collect();
    let (mut legend, mut without, mut said) = (Vec::new(), Vec::new(), Vec::new());
    let mut are_sure = false;
    for (index, subset) in subsets.iter().enumerate() {
        let steps = steps(subset);
        let Some(all @ [of_class, others]) = steps.last().copied().filter(|[a, b]| *a > 0 && *b > 0) else {
            without.push(subset.name.as_str());
            continue;
        };
        let Curve { points, area } = curve(all, &steps);
        let every = points.len().div_ceil(MOST_CORNERS);
        let last = points.last().copied();
        let mut kept: Vec<[f64; 2]> = points.iter().copied().step_by(every).collect();
        kept.extend(last.filter(|last| kept.last() != Some(last)));
        let role = Role::Series(index);
        layers.push(Layer::Line(Line { width: 1.3, ..Line::new(kept, role) }));
        let numbers = format!("{} of {}", thousands(of_class), thousands(of_class + others));
        let sure = interval(index);
        are_sure |= sure.is_some();
        let sure = sure.map_or_else(String::new, |[low, high]| format!(" [{}, {}]", short(low, 3), short(high, 3)));
        let label = format!("{}: {measure} {}{sure} ({numbers})", subset.name, short(area, 4));
        legend.push(Entry { label, sample: Sample::Line { role, dashed: false } });
        said.push(format!("{} {}", subset.name, short(area, 4)));
    }
    if said.is_empty() {
        return Err(PlotError::OneClass);
    }
    let mut notes: Vec<String> = are_sure.then(|| AREAS_METHOD.to_owned()).into_iter().collect();
    if !without.is_empty() {
        let number = count(without.len(), "subset");
        notes.push(format!("{number} of one class only, without a curve: {}", without.join(", ")));
    }
    let reading = format!("{measure} by subset: {}.", said.join(", "));
    Ok(PlotSpec { title: title.to_owned(), reading, x, y, layers, legend, scale: None, notes })
}

/// The counts at each threshold, from the highest score down; equal scores are one threshold.
fn steps(subset: &Scored) -> Vec<Counts> {
    let both = subset.scores.iter().copied().zip(subset.labels.iter().copied());
    let mut sorted: Vec<(f64, bool)> = both.filter(|(score, _)| score.is_finite()).collect();
    sorted.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let (mut found, mut wrong) = (0, 0);
    let alike = sorted.chunk_by(|(a, _), (b, _)| a == b);
    alike
        .map(|group| {
            let own = group.iter().filter(|(_, is_in)| *is_in).count();
            found += own;
            wrong += group.len() - own;
            [found, wrong]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(name: &str, all: &[(f64, bool)]) -> Scored {
        let (scores, labels) = all.iter().copied().unzip();
        Scored { name: name.to_owned(), labels, scores }
    }

    /// Of the four pairs three are in the right order and one is a tie: 3.5 of 4.
    #[test]
    fn areas_are_those_by_hand() {
        let one = scored("all", &[(0.9, true), (0.5, true), (0.5, false), (0.1, false), (f64::NAN, false)]);
        let spec = roc("ROC", &[one.clone(), scored("11", &[(0.3, true)])], &[]).unwrap();
        assert_eq!(spec.legend[0].label, "all: AUC 0.875 (2 of 4)");
        assert_eq!((auc(&one), auc(&scored("11", &[(0.3, true)]))), (Some(0.875), None));
        assert_eq!(spec.notes, ["1 subset of one class only, without a curve: 11"]);
        let Layer::Line(line) = &spec.layers[1] else { panic!("a line") };
        assert_eq!(line.points, [[0.0, 0.0], [0.0, 0.5], [0.5, 1.0], [1.0, 1.0]]);
        // Precision 1 at half of the class, 2/3 at all of it: (1 + 2/3) / 2.
        let spec = precision_recall("PR", std::slice::from_ref(&one), &[]).unwrap();
        assert_eq!(spec.legend[0].label, "all: AP 0.8333 (2 of 4)");
        assert_eq!(roc("ROC", &[scored("x", &[(1.0, true)])], &[]), Err(PlotError::OneClass));
    }

    #[test]
    fn intervals_stand_beside_their_areas_and_their_method_in_the_notes() {
        let one = scored("all", &[(0.9, true), (0.5, true), (0.5, false), (0.1, false)]);
        let at = |value, interval| Area { value, interval };
        let sure = Areas { roc: at(0.875, [0.5, 1.0]), precision: at(0.8333, [0.25, 1.0]) };
        let subsets = [scored("11", &[(0.3, true)]), one];
        let spec = roc("ROC", &subsets, &[None, Some(sure)]).unwrap();
        assert_eq!(spec.legend[0].label, "all: AUC 0.875 [0.5, 1] (2 of 4)");
        assert_eq!(spec.notes[0], AREAS_METHOD);
        let spec = precision_recall("PR", &subsets, &[None, Some(sure)]).unwrap();
        assert_eq!(spec.legend[0].label, "all: AP 0.8333 [0.25, 1] (2 of 4)");
    }
}
