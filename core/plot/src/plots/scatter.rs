//! Named points of several classes, such as residues by the first two components of their vectors.

use super::{PlotError, count};
use crate::spec::{Align, Axis, Entry, Label, Layer, Mark, PlotSpec, Role, Sample, Shape};

/// A point with a name and a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub at: [f64; 2],
    /// What it belongs to; colour and shape go by it.
    pub class: String,
}

/// Shapes of classes, in their order: neither colour nor shape is alone.
const SHAPES: [Shape; 5] = [Shape::Disc, Shape::Triangle, Shape::Square, Shape::Cross, Shape::Ring];

/// Points by name, coloured and shaped by class, the classes in the order in which they come.
///
/// # Errors
/// Where no point has a place.
pub fn scatter(title: &str, axes: [&str; 2], points: &[Named]) -> Result<PlotSpec, PlotError> {
    let placed: Vec<&Named> = points.iter().filter(|point| point.at.iter().all(|at| at.is_finite())).collect();
    if placed.is_empty() {
        return Err(PlotError::NoPoints);
    }
    let mut classes: Vec<&str> = Vec::new();
    for point in &placed {
        if !classes.contains(&point.class.as_str()) {
            classes.push(&point.class);
        }
    }
    let look = |class: &str| {
        let index = classes.iter().position(|known| *known == class).unwrap_or(0);
        (SHAPES[index % SHAPES.len()], Role::Series(index))
    };
    let mark = |point: &&Named| {
        let (shape, role) = look(&point.class);
        Mark { x: point.at[0], y: point.at[1], shape, role, size: 1.3, trial: None }
    };
    let label =
        |point: &&Named| Label { at: point.at, text: point.name.clone(), align: Align::Start, role: Role::Front };
    let entry = |class: &&str| {
        let (shape, role) = look(class);
        Entry { label: (*class).to_owned(), sample: Sample::Mark(shape, role) }
    };
    let axis = |at: usize| Axis::linear(axes[at], placed.iter().map(|point| point.at[at]));
    let left_out = points.len() - placed.len();
    Ok(PlotSpec {
        title: title.to_owned(),
        reading: format!(
            "{} of {}.",
            count(placed.len(), "point"),
            count(classes.len(), "class").replace("classs", "classes")
        ),
        x: axis(0),
        y: axis(1),
        layers: vec![
            Layer::Points(placed.iter().map(mark).collect()),
            Layer::Labels(placed.iter().map(label).collect()),
        ],
        legend: classes.iter().map(entry).collect(),
        scale: None,
        notes: if left_out > 0 { vec![format!("{} without a place", count(left_out, "point"))] } else { Vec::new() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_a_colour_and_a_shape() {
        let named =
            |name: &str, x: f64, class: &str| Named { name: name.to_owned(), at: [x, 0.5], class: class.to_owned() };
        let points = [
            named("W", 1.0, "aromatic"),
            named("K", 2.0, "positive"),
            named("F", 1.5, "aromatic"),
            named("?", f64::NAN, "none"),
        ];
        let spec = scatter("PCA", ["PC1", "PC2"], &points).unwrap();
        let Layer::Points(marks) = &spec.layers[0] else { panic!("points") };
        let looks: Vec<(Shape, Role)> = marks.iter().map(|mark| (mark.shape, mark.role)).collect();
        assert_eq!(looks[0], looks[2]);
        assert!(looks[0].0 != looks[1].0 && looks[0].1 != looks[1].1);
        assert_eq!((spec.legend.len(), spec.reading.as_str()), (2, "3 points of 2 classes."));
        assert_eq!(spec.notes, ["1 point without a place"]);
        assert_eq!(scatter("", ["", ""], &points[3..]), Err(PlotError::NoPoints));
    }
}
