//! What was taken for what.

use super::PlotError;
use crate::spec::{Axis, HeatCell, Layer, PlotSpec, ValueScale, short, thousands};

/// A confusion matrix: `counts[real][predicted]`, real classes from above to below. Colours are shares of the real class.
///
/// # Errors
/// Where there is nothing, or not a row and a column for each label.
pub fn confusion(title: &str, labels: &[String], counts: &[Vec<u64>]) -> Result<PlotSpec, PlotError> {
    let total: u64 = counts.iter().flatten().sum();
    let is_square = counts.len() == labels.len() && counts.iter().all(|row| row.len() == labels.len());
    if total == 0 || !is_square {
        return Err(PlotError::NoCounts);
    }
    let scale = ValueScale { label: "share of the real class".to_owned(), worst: 0.0, best: 1.0, areas: true };
    let mut cells = Vec::with_capacity(labels.len() * labels.len());
    for (real, row) in counts.iter().enumerate() {
        let of_class: u64 = row.iter().sum();
        let y = (labels.len() - 1 - real) as f64;
        for (predicted, number) in row.iter().enumerate() {
            let share = *number as f64 / of_class.max(1) as f64;
            let x = predicted as f64;
            cells.push(HeatCell {
                x: [x - 0.5, x + 0.5],
                y: [y - 0.5, y + 0.5],
                role: scale.role(share),
                label: format!("{} ({} %)", thousands(*number as usize), short(share * 100.0, 2)),
                trial: None,
            });
        }
    }
    let right: u64 = (0..labels.len()).map(|class| counts[class][class]).sum();
    let share = short(right as f64 / total as f64 * 100.0, 3);
    Ok(PlotSpec {
        title: title.to_owned(),
        reading: format!("{share} % of {} are in their own class.", thousands(total as usize)),
        x: Axis::names("predicted", labels.to_vec()),
        y: Axis::names("real", labels.iter().rev().cloned().collect()),
        layers: vec![Layer::Cells(cells)],
        legend: Vec::new(),
        scale: Some(scale),
        notes: vec!["in brackets the share of the real class".to_owned()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Role;

    #[test]
    fn the_first_class_is_above_and_the_diagonal_is_right() {
        let labels = ["binds", "does not"].map(str::to_owned);
        let spec = confusion("Confusion", &labels, &[vec![30, 10], vec![0, 60]]).unwrap();
        let [Layer::Cells(cells)] = &spec.layers[..] else { panic!("cells") };
        assert_eq!((cells[0].x, cells[0].y, cells[0].label.as_str()), ([-0.5, 0.5], [0.5, 1.5], "30 (75 %)"));
        assert_eq!((cells[1].role, cells[2].role), (Role::Value(0.25), Role::Value(0.0)));
        assert_eq!(spec.reading, "90 % of 100 are in their own class.");
        assert_eq!(confusion("", &labels, &[vec![1, 2]]), Err(PlotError::NoCounts));
        assert_eq!(confusion("", &labels, &[vec![0, 0], vec![0, 0]]), Err(PlotError::NoCounts));
    }
}
