//! A plot as a table: for those who do not see it, and for those who want its numbers.

use seqtune_plot::spec::{Axis, Layer, PlotSpec, Scale, short};

/// The numbers of a plot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Twin {
    /// Titles of the columns.
    pub titles: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Twin {
    /// As tab-separated text.
    pub fn tsv(&self) -> String {
        let clean = |cell: &String| cell.replace(['\t', '\n', '\r'], " ");
        let line = |cells: &Vec<String>| cells.iter().map(clean).collect::<Vec<_>>().join("\t");
        std::iter::once(&self.titles).chain(&self.rows).map(|cells| line(cells) + "\n").collect()
    }
}

/// The table of a plot: a row for each mark, point of a line, bar and cell, with the trial that it is of.
pub fn twin(spec: &PlotSpec) -> Twin {
    let name = |axis: &Axis, otherwise: &str| match axis.caption() {
        caption if caption.is_empty() => otherwise.to_owned(),
        caption => caption,
    };
    let titles = vec!["what".to_owned(), "trial".to_owned(), name(&spec.x, "x"), name(&spec.y, "y"), "to".to_owned()];
    let x = |value: f64| said(&spec.x, value);
    let y = |value: f64| said(&spec.y, value);
    let trial = |trial: Option<u64>| trial.map_or_else(String::new, |trial| trial.to_string());
    let mut rows = Vec::new();
    let mut row = |what: &str, of: Option<u64>, x: String, y: String, to: String| {
        rows.push(vec![what.to_owned(), trial(of), x, y, to]);
    };
    let none = String::new;
    for layer in &spec.layers {
        match layer {
            Layer::Points(marks) => {
                marks.iter().for_each(|mark| row("point", mark.trial, x(mark.x), y(mark.y), none()));
            }
            Layer::Line(line) => {
                line.points.iter().for_each(|[at, value]| row("line", line.trial, x(*at), y(*value), none()));
            }
            Layer::Band { points, .. } => {
                points.iter().for_each(|[at, low, high]| row("band", None, x(*at), y(*low), y(*high)));
            }
            Layer::Bars { bars, horizontal: true } => {
                bars.iter().for_each(|bar| row("bar", bar.trial, x(bar.to), y(bar.at), none()));
            }
            Layer::Bars { bars, horizontal: false } => {
                bars.iter().for_each(|bar| row("bar", bar.trial, x(bar.at), y(bar.to), none()));
            }
            Layer::Cells(cells) => {
                for cell in cells {
                    let middle = |[from, to]: [f64; 2]| f64::midpoint(from, to);
                    row("cell", cell.trial, x(middle(cell.x)), y(middle(cell.y)), cell.label.clone());
                }
            }
            // The trials in it are counted, not named; the notes say how many.
            Layer::Density(_) => {}
            Layer::Rule(rule) if rule.vertical => row("rule", None, x(rule.at), none(), rule.label.clone()),
            Layer::Rule(rule) => row("rule", None, none(), y(rule.at), rule.label.clone()),
            Layer::Labels(labels) => {
                labels.iter().for_each(|label| row("label", None, x(label.at[0]), y(label.at[1]), label.text.clone()));
            }
        }
    }
    Twin { titles, rows }
}

fn said(axis: &Axis, value: f64) -> String {
    match &axis.scale {
        // Marks of one name stand a little aside of each other.
        Scale::Categorical(names) => {
            names.get(value.round().max(0.0) as usize).cloned().unwrap_or_else(|| short(value, 6))
        }
        Scale::Linear { .. } | Scale::Log => short(value, 6),
    }
}

#[cfg(test)]
mod tests {
    use seqtune_core::testing::study;
    use seqtune_plot::{Snapshot, plots};

    use super::*;

    #[test]
    fn every_trial_of_a_plot_is_in_its_table() {
        let history = study("x = { type = 'float', low = 0, high = 1 }").trials(5).history();
        let snapshot = Snapshot::of(&history);
        let table = twin(&plots::history(&snapshot, history.spec.objective(), &Default::default()).unwrap());
        let points: Vec<&Vec<String>> = table.rows.iter().filter(|row| row[0] == "point").collect();
        assert_eq!(points.len(), 5);
        let mut trials: Vec<&str> = points.iter().map(|row| row[1].as_str()).collect();
        trials.sort_unstable();
        assert_eq!(trials, ["0", "1", "2", "3", "4"]);
        assert_eq!(table.tsv().lines().count(), table.rows.len() + 1);
    }
}
