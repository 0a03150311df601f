//! By how much pinned configurations differ from their baseline, metric by metric.

use super::{PlotError, count};
use crate::compare::{Comparison, Difference, Pairs};
use crate::spec::{Align, Axis, Entry, Label, Layer, Line, Mark, PlotSpec, Role, Rule, Sample, Shape, short};

/// How far apart the configurations of one metric stand.
const APART: f64 = 0.7;

/// One interval to be.
struct Row<'a> {
    metric: usize,
    column: usize,
    difference: &'a Difference,
    /// Of how much the difference is a part: the baseline's value.
    whole: f64,
}

/// The paired differences of each configuration to the baseline, an interval a metric, with the rule of no difference. Metrics have
/// scales of their own: across stands how much of the baseline's value it is, and beside the interval the difference itself. The
/// n-th configuration has the colour of the n-th pin.
///
/// # Errors
/// Where nothing makes a pair.
pub fn differences(comparison: &Comparison) -> Result<PlotSpec, PlotError> {
    let mut rows: Vec<Row> = Vec::new();
    let mut without: Vec<&str> = Vec::new();
    for (metric, row) in comparison.metrics.iter().enumerate() {
        let whole = row.cells[comparison.baseline].mean.map(|mean| mean.mean.abs());
        let own = row.cells.iter().enumerate().filter_map(|(column, cell)| Some((column, cell.difference.as_ref()?)));
        let own: Vec<(usize, &Difference)> = own.collect();
        match whole.filter(|whole| *whole > 0.0) {
            Some(whole) => {
                rows.extend(own.into_iter().map(|(column, difference)| Row { metric, column, difference, whole }));
            }
            None if own.is_empty() => {}
            None => without.push(&row.objective.metric),
        }
    }
    if rows.is_empty() {
        return Err(PlotError::NoPairs);
    }
    let mut metrics: Vec<usize> = rows.iter().map(|row| row.metric).collect();
    metrics.dedup();
    let others = comparison.columns.len().saturating_sub(1).max(1);
    let step = APART / others as f64;
    // The first metric is on top, and so is the first pin of each.
    let place = |row: &Row| {
        let from_top = metrics.iter().position(|metric| *metric == row.metric).unwrap_or(0);
        let rank = row.column - usize::from(row.column > comparison.baseline);
        (metrics.len() - 1 - from_top) as f64 + (others as f64 - 1.0) / 2.0 * step - rank as f64 * step
    };
    let percent = |row: &Row, value: f64| 100.0 * value / row.whole;
    let ends = |row: &Row| row.difference.mean.interval.unwrap_or([row.difference.mean.mean; 2]);
    let (mut lines, mut marks, mut labels, mut across) = (Vec::new(), Vec::new(), Vec::new(), vec![0.0]);
    for row in &rows {
        let (y, role) = (place(row), Role::Pinned(row.column));
        let [low, high] = ends(row).map(|end| percent(row, end));
        let x = percent(row, row.difference.mean.mean);
        across.extend([low, high, x]);
        if low < high {
            lines.push(Layer::Line(Line { width: 1.6, ..Line::new(vec![[low, y], [high, y]], role) }));
        }
        // An interval without zero is sure of its sign: a full disc.
        let shape = if row.difference.is_better.is_some() { Shape::Disc } else { Shape::Ring };
        let trial = Some(comparison.columns[row.column].trial);
        marks.push(Mark { x, y, shape, role, size: 1.4, trial });
    }
    // In a column at the right, where no interval is.
    let right = across.iter().copied().fold(0.0, f64::max);
    for row in &rows {
        let text = briefly(row.difference);
        labels.push(Label { at: [right, place(row)], text, align: Align::Start, role: Role::Front });
    }
    let rule = Layer::Rule(Rule { at: 0.0, vertical: true, role: Role::Quiet, label: String::new() });
    let layers = std::iter::once(rule).chain(lines).chain([Layer::Points(marks), Layer::Labels(labels)]).collect();
    let base = comparison.columns[comparison.baseline].trial;
    let entry = |(at, column): (usize, &crate::compare::Column)| {
        let label = format!("trial {} less trial {base}", column.trial);
        Entry { label, sample: Sample::Line { role: Role::Pinned(at), dashed: false } }
    };
    let is_other = |(at, _): &(usize, &crate::compare::Column)| *at != comparison.baseline;
    let legend = comparison.columns.iter().enumerate().filter(is_other).map(entry).collect();
    let sure = rows.iter().filter(|row| row.difference.is_better.is_some()).count();
    let mut notes = vec!["a full disc where the 95 % interval leaves zero out".to_owned()];
    if let [first, rest @ ..] = rows.as_slice()
        && rest.iter().all(|row| row.difference.mean.n == first.difference.mean.n)
    {
        notes.push(pairs_in_words(first.difference));
    }
    if rows.iter().any(|row| row.difference.pairs == Pairs::Parts) {
        notes.push("folds share most of what was trained on: their intervals are rather too narrow".to_owned());
    }
    if !without.is_empty() {
        notes.push(format!("not drawn, as the baseline is at zero: {}", without.join(", ")));
    }
    let x = Axis::linear(format!("difference to trial {base}, of its value"), across).unit("%");
    let high = x.high + (x.high - x.low) * 0.6;
    let names = metrics.iter().rev().map(|metric| comparison.metrics[*metric].objective.metric.clone()).collect();
    Ok(PlotSpec {
        title: format!("Differences to trial {base}"),
        reading: format!(
            "{} to trial {base}, of which {sure} with an interval that leaves zero out.",
            count(rows.len(), "difference")
        ),
        x: Axis { high, ..x },
        y: Axis::names("", names),
        layers,
        legend,
        scale: None,
        notes,
    })
}

/// A difference in little room: `+0.0041 ±0.0029`.
fn briefly(difference: &Difference) -> String {
    let mean = signed(difference.mean.mean);
    match difference.mean.interval {
        Some([low, high]) => format!("{mean} \u{b1}{}", short((high - low) / 2.0, 2)),
        None => mean,
    }
}

fn signed(value: f64) -> String {
    let text = short(value, 3);
    if value > 0.0 { format!("+{text}") } else { text }
}

/// `5 pairs of folds`.
fn pairs_in_words(difference: &Difference) -> String {
    let of = match difference.pairs {
        Pairs::Seeds => "seeds",
        Pairs::Parts => "folds",
    };
    format!("{} of {of}", count(difference.mean.n, "pair"))
}

/// A difference as one says it: `+0.0041 [+0.0011, +0.0070], better, 3 pairs of seeds`.
pub fn in_words(difference: &Difference) -> String {
    let interval = match difference.mean.interval {
        Some([low, high]) => format!(" [{}, {}]", signed(low), signed(high)),
        None => String::new(),
    };
    let verdict = match difference.is_better {
        Some(true) => ", better",
        Some(false) => ", worse",
        None if difference.mean.interval.is_some() => ", not told apart",
        None => ", unsure",
    };
    format!("{}{interval}{verdict}, {}", signed(difference.mean.mean), pairs_in_words(difference))
}

#[cfg(test)]
mod tests {
    use seqtune_core::Objective;
    use seqtune_plugin::Direction;

    use super::*;
    use crate::compare::{Column, MetricCell, MetricRow};
    use crate::statistics::Mean;

    fn comparison(base: f64, differences: &[f64]) -> Comparison {
        let objective =
            Objective { metric: "auc".to_owned(), direction: Direction::Maximize, reduce: Default::default() };
        let mean = Mean::of(differences).unwrap();
        let is_better = (mean.differs_from_zero() == Some(true)).then_some(mean.mean > 0.0);
        let difference = Some(Difference { mean, pairs: Pairs::Parts, is_better });
        let cells = vec![
            MetricCell { mean: Mean::of(&[base]), difference: None },
            MetricCell { mean: Mean::of(&[base + mean.mean]), difference },
        ];
        let column = |trial| Column { trial, trials: vec![trial], seconds: None };
        let metrics = vec![MetricRow { objective, cells }];
        Comparison { columns: vec![column(3), column(5)], baseline: 0, parameters: Vec::new(), metrics }
    }

    #[test]
    fn a_difference_is_a_part_of_the_baseline_with_its_own_number_beside() {
        let spec = differences(&comparison(0.5, &[0.010, 0.012, 0.011])).unwrap();
        let Some(Layer::Points(marks)) = spec.layers.iter().find(|layer| matches!(layer, Layer::Points(_))) else {
            panic!("{spec:?}")
        };
        assert!((marks[0].x - 2.2).abs() < 1e-9 && marks[0].shape == Shape::Disc && marks[0].trial == Some(5));
        let Some(Layer::Labels(labels)) = spec.layers.last() else { panic!("{spec:?}") };
        assert_eq!(labels[0].text, "+0.011 \u{b1}0.0025");
        assert!(spec.notes.contains(&"3 pairs of folds".to_owned()));
        assert_eq!(spec.reading, "1 difference to trial 3, of which 1 with an interval that leaves zero out.");
    }

    #[test]
    fn nothing_can_be_a_part_of_zero() {
        assert_eq!(differences(&comparison(0.0, &[0.1, 0.2])), Err(PlotError::NoPairs));
    }
}
