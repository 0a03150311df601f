//! The comparison as a table of texts: for the page, turned, and for the clipboard.

use seqtune_plot::spec::short;
use seqtune_plot::{Comparison, ParameterCell, Relation};

use crate::text;

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// What it says.
    pub text: String,
    /// What it is to the baseline's: beside it, less loud.
    pub beside: String,
    /// Which of the columns it heads.
    pub heads: Option<usize>,
}

impl Cell {
    fn new(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    fn in_words(&self) -> String {
        if self.beside.is_empty() { self.text.clone() } else { format!("{} ({})", self.text, self.beside) }
    }
}

/// A table whose first row and first column are titles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sheet {
    /// Its rows, all of the same length.
    pub rows: Vec<Vec<Cell>>,
    /// How many parameters are left out, because they are the same everywhere.
    pub hidden: usize,
}

impl Sheet {
    /// The comparison with a row for each parameter, cost and metric, and a column for each configuration.
    pub(super) fn of(comparison: &Comparison, only_differences: bool) -> Sheet {
        let columns = &comparison.columns;
        let row = |title: &str, cells: Vec<Cell>| std::iter::once(Cell::new(title)).chain(cells).collect::<Vec<Cell>>();
        let head = |(at, column): (usize, &seqtune_plot::Column)| {
            let beside = if at == comparison.baseline { "baseline" } else { "" }.to_owned();
            Cell { text: format!("trial {}", column.trial), beside, heads: Some(at) }
        };
        let mut rows = vec![row("", columns.iter().enumerate().map(head).collect())];
        let of_all = |cell: &dyn Fn(&seqtune_plot::Column) -> String| {
            columns.iter().map(|column| Cell::new(cell(column))).collect::<Vec<Cell>>()
        };
        let mut hidden = 0;
        for parameter in &comparison.parameters {
            if only_differences && !parameter.differs {
                hidden += 1;
                continue;
            }
            let cell = |(at, cell): (usize, &ParameterCell)| {
                let value = cell.value.as_ref().map_or_else(|| "not set".to_owned(), text::value);
                let beside = if at == comparison.baseline { String::new() } else { relation(cell) };
                Cell { beside, ..Cell::new(value) }
            };
            rows.push(row(&parameter.name, parameter.cells.iter().enumerate().map(cell).collect()));
        }
        rows.push(row("seeds (n)", of_all(&|column| column.trials.len().to_string())));
        for metric in &comparison.metrics {
            let cell = |cell: &seqtune_plot::MetricCell| {
                let Some(mean) = &cell.mean else { return Cell::new("-") };
                let beside = match mean.half_width() {
                    Some(half) => format!("\u{b1} {}", short(half, 2)),
                    None => "n = 1".to_owned(),
                };
                Cell { beside, ..Cell::new(text::number(mean.mean)) }
            };
            rows.push(row(&metric.objective.metric, metric.cells.iter().map(cell).collect()));
        }
        let cost = |column: &seqtune_plot::Column| {
            column.seconds.as_ref().map_or_else(|| "-".to_owned(), |mean| text::span(mean.mean))
        };
        rows.push(row("time a trial", of_all(&cost)));
        Sheet { rows, hidden }
    }

    /// With rows and columns exchanged.
    pub(super) fn turned(&self) -> Sheet {
        let width = self.rows.first().map_or(0, Vec::len);
        let column = |at: usize| self.rows.iter().map(|row| row[at].clone()).collect();
        Sheet { rows: (0..width).map(column).collect(), hidden: self.hidden }
    }

    /// As tab-separated text.
    pub(super) fn tsv(&self) -> String {
        let clean = |cell: &Cell| cell.in_words().replace(['\t', '\n', '\r'], " ");
        self.rows.iter().map(|row| row.iter().map(clean).collect::<Vec<_>>().join("\t") + "\n").collect()
    }
}

/// What a value is to that of the baseline: `x1.4`, `=`, `differs`.
fn relation(cell: &ParameterCell) -> String {
    match cell.relation {
        Relation::Equal => "=".to_owned(),
        Relation::Times(factor) => format!("x{}", short(factor, 3)),
        Relation::Plus(more) if more > 0.0 => format!("+{}", short(more, 3)),
        Relation::Plus(more) => short(more, 3),
        Relation::Differs => "differs".to_owned(),
        Relation::Absent if cell.value.is_some() => "not set in the baseline".to_owned(),
        Relation::Absent => "set in the baseline".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use seqtune_core::testing::study;
    use seqtune_plot::{Snapshot, compare};

    use super::*;

    fn comparison() -> Comparison {
        let space = "x = { type = 'float', low = 1, high = 9 }\nsame = { type = 'categorical', choices = ['a'] }\n\
                     m = { type = 'categorical', choices = ['a', 'b'] }";
        let snapshot = Snapshot::of(&study(space).sampler("random").trials(12).history());
        let other = snapshot.trials.iter().find(|row| row.params.get("m") != snapshot.trials[0].params.get("m"));
        compare(&snapshot, &[0, other.unwrap().number], 0)
    }

    #[test]
    fn equal_parameters_are_left_out_and_counted() {
        let comparison = comparison();
        let titles = |sheet: &Sheet| sheet.rows.iter().map(|row| row[0].text.clone()).collect::<Vec<String>>();
        let some = Sheet::of(&comparison, true);
        assert_eq!(titles(&some), ["", "x", "m", "seeds (n)", "value", "time a trial"]);
        assert_eq!(some.hidden, 1);
        let all = Sheet::of(&comparison, false);
        assert_eq!(titles(&all), ["", "x", "same", "m", "seeds (n)", "value", "time a trial"]);
        assert_eq!((all.hidden, all.rows[2][2].beside.as_str(), all.rows[3][2].beside.as_str()), (0, "=", "differs"));
        assert!(all.rows[1][2].beside.starts_with('x'), "{:?}", all.rows[1]);
    }

    #[test]
    fn a_sheet_is_turned_and_copied() {
        let sheet = Sheet::of(&comparison(), false);
        let turned = sheet.turned();
        assert_eq!((turned.rows.len(), turned.rows[0].len()), (3, 7));
        assert_eq!(turned.turned(), sheet);
        let tsv = sheet.tsv();
        assert_eq!(tsv.lines().count(), 7);
        assert!(tsv.starts_with("\ttrial 0 (baseline)\ttrial "), "{tsv}");
    }
}
