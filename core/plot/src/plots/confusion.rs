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

/// What a threshold makes of the rows: the confusion of two classes, `real` and whether a row was taken for it, in pairs. How much
/// of the class is found, and how sure one can be of what was taken for it, stands among the notes.
///
/// # Errors
/// Where there is no row.
pub fn decisions(title: &str, rows: impl IntoIterator<Item = (bool, bool)>) -> Result<PlotSpec, PlotError> {
    let mut counts = [[0_u64; 2]; 2];
    rows.into_iter().for_each(|(real, taken)| counts[usize::from(!real)][usize::from(!taken)] += 1);
    let [[right, missed], [wrong, left]] = counts;
    let labels = ["positive", "negative"].map(str::to_owned);
    let mut spec = confusion(title, &labels, &counts.map(Vec::from))?;
    let part = |part: u64, rest: u64, said: &str| {
        let share = 100.0 * part as f64 / (part + rest) as f64;
        (part + rest > 0).then(|| format!("{} % {said}", short(share, 3)))
    };
    spec.notes.extend(part(right, missed, "of the positive found"));
    spec.notes.extend(part(right, wrong, "of what is taken for positive is"));
    let [right, missed, wrong, left] = [right, missed, wrong, left].map(|count| count as f64);
    // Matthews 1975; nothing where a row or a column is empty.
    let sides = (right + wrong) * (right + missed) * (left + wrong) * (left + missed);
    if sides > 0.0 {
        let correlation = (right * left - wrong * missed) / sides.sqrt();
        spec.notes.push(format!("Matthews correlation {}", short(correlation, 3)));
    }
    Ok(spec)
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

    /// Of 4 positive rows 3 are found, of 6 others 1 is taken for one: 3 of 4 right, and (3 * 5 - 1 * 1) / sqrt(4 * 4 * 6 * 6).
    #[test]
    fn decisions_have_their_shares() {
        let rows = [(true, true, 3), (true, false, 1), (false, true, 1), (false, false, 5)];
        let rows = rows.iter().flat_map(|(real, taken, count)| std::iter::repeat_n((*real, *taken), *count));
        let spec = decisions("Decisions", rows).unwrap();
        assert_eq!(spec.reading, "80 % of 10 are in their own class.");
        let notes =
            ["75 % of the positive found", "75 % of what is taken for positive is", "Matthews correlation 0.583"];
        assert_eq!(spec.notes[1..], notes);
        let [Layer::Cells(cells)] = &spec.layers[..] else { panic!("cells") };
        assert_eq!((cells[1].label.as_str(), cells[2].label.as_str()), ("1 (25 %)", "1 (17 %)"));
        let none = decisions("Decisions", [(false, false)]).unwrap();
        assert_eq!(none.notes.len(), 1, "there is no positive row: {:?}", none.notes);
        assert!(decisions("Decisions", []).is_err());
    }
}
