//! What a table is, by its columns.

use std::path::Path;

use super::predictions::{self, Predictions};
use super::table::Table;

/// A table that can be shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    /// What the trial says of each row of the data, and what is true.
    Predictions(Predictions),
    /// Counts: what is true in rows, what was said in columns.
    Confusion(Grid),
    /// Vectors on a plane.
    Map(Map),
    /// Numbers by rows and columns.
    Grid(Grid),
}

/// Numbers by rows and columns; NaN where there is none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid {
    pub(crate) rows: Vec<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) cells: Vec<Vec<f64>>,
}

/// Vectors on a plane, by two methods.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Map {
    pub(crate) pca: Vec<Place>,
    pub(crate) tsne: Vec<Place>,
    /// Classes, in the order in which they come.
    pub(crate) classes: Vec<String>,
    /// How much of the variance each of the two components holds, where that is known.
    pub(crate) shares: Option<[f64; 2]>,
}

/// One vector.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// Index of its class.
    pub(crate) class: usize,
    pub(crate) at: [f64; 2],
}

/// What a table is.
///
/// # Errors
/// A sentence, where it is nothing that can be shown.
pub(super) fn of(path: &Path, table: &Table) -> Result<Form, String> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    if let (Some(score), Some(target)) = (table.column("score"), table.column("target")) {
        return predictions::read(table, score, target)
            .map(Form::Predictions)
            .map_err(|what| format!("{name}: {what}."));
    }
    if table.column("pca_1").is_some() || table.column("tsne_1").is_some() {
        let shares = shares(&path.with_extension("json"));
        return Ok(Form::Map(map(table, shares)));
    }
    let grid =
        grid(table).ok_or_else(|| format!("{name} is no table that can be drawn: its cells are not numbers."))?;
    let is_confusion = grid.rows == grid.columns;
    Ok(if is_confusion { Form::Confusion(grid) } else { Form::Grid(grid) })
}

pub(super) fn number(cell: &str) -> Option<f64> {
    if cell.is_empty() { Some(f64::NAN) } else { cell.parse().ok() }
}

fn map(table: &Table, shares: Option<[f64; 2]>) -> Map {
    let class = table.column("class");
    let mut found = Map { pca: Vec::new(), tsne: Vec::new(), classes: Vec::new(), shares };
    let pca = table.column("pca_1").zip(table.column("pca_2"));
    let tsne = table.column("tsne_1").zip(table.column("tsne_2"));
    for row in &table.rows {
        let name = class.map_or("", |column| &row[column]);
        let known = found.classes.iter().position(|other| other == name);
        let class = known.unwrap_or_else(|| {
            found.classes.push(name.to_owned());
            found.classes.len() - 1
        });
        // A row without a place was never trained.
        let place = |columns: Option<(usize, usize)>| {
            let (x, y) = columns?;
            let at = [number(&row[x])?, number(&row[y])?];
            at.iter().all(|at| at.is_finite()).then(|| Place { name: row[0].clone(), class, at })
        };
        found.pca.extend(place(pca));
        found.tsne.extend(place(tsne));
    }
    found
}

/// The first column names the rows; all else is numbers.
fn grid(table: &Table) -> Option<Grid> {
    let cells =
        table.rows.iter().map(|row| row[1..].iter().map(|cell| number(cell)).collect()).collect::<Option<_>>()?;
    let rows = table.rows.iter().map(|row| row[0].clone()).collect();
    Some(Grid { rows, columns: table.titles[1..].to_vec(), cells })
}

/// What the file beside a map says of its components; nothing where there is no such file, or it says nothing.
fn shares(path: &Path) -> Option<[f64; 2]> {
    let text = std::fs::read_to_string(path).ok()?;
    let value: serde_json::Value = serde_json::from_str(&text).ok()?;
    let shares = value.get("variance_shares")?;
    Some([shares.get(0)?.as_f64()?, shares.get(1)?.as_f64()?])
}

#[cfg(test)]
mod tests {
    use super::super::table::read;
    use super::*;

    fn form(text: &str) -> Result<Form, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.tsv");
        std::fs::write(&path, text).unwrap();
        std::fs::write(path.with_extension("json"), r#"{"variance_shares": [0.4, 0.25, 0.1]}"#).unwrap();
        read(&path).and_then(|table| of(&path, &table))
    }

    #[test]
    fn tables_are_known_by_their_columns() {
        let confusion = form("measured \\ predicted\tweak\tstrong\nweak\t10\t2\nstrong\t1\t7\n").unwrap();
        let Form::Confusion(grid) = confusion else { panic!("{confusion:?}") };
        assert_eq!((grid.cells[0].as_slice(), grid.columns.len()), ([10.0, 2.0].as_slice(), 2));
        let map = form(
            "token\tclass\tpca_1\tpca_2\ttsne_1\ttsne_2\tv_1\n-\tother\t\t\t\t\t0\nA\taliphatic\t1\t2\t3\t4\t0.5\n",
        );
        let Ok(Form::Map(map)) = map else { panic!("{map:?}") };
        assert_eq!((map.pca.len(), map.tsne[0].at, map.shares), (1, [3.0, 4.0], Some([0.4, 0.25])));
        assert_eq!(map.classes[map.pca[0].class], "aliphatic");
        let grid = form("position\tA\tC\n1\t0.5\t\n2\t0.1\t0.2\n").unwrap();
        let Form::Grid(grid) = grid else { panic!("{grid:?}") };
        assert!(grid.cells[0][1].is_nan());
    }

    #[test]
    fn what_cannot_be_shown_is_one_sentence() {
        for (text, part) in [
            ("score\ttarget\n0.3\t0\n0.4", "line 3 has 1 cell where the heading has 2"),
            ("score\ttarget\n0.3\tabc\n", "row 1 has \"abc\" as its target"),
            ("score\ttarget\n\t1\n", "no row has a finite score"),
            ("a\tb\n", "a heading and no rows"),
            ("just text\n", "no heading with tabs"),
            ("a\tb\nx\ty\n", "its cells are not numbers"),
        ] {
            let sentence = form(text).unwrap_err();
            assert!(sentence.contains(part) && sentence.ends_with('.'), "{sentence}");
        }
        assert!(read(Path::new("/absent.tsv")).unwrap_err().starts_with("absent.tsv cannot be read"));
    }
}
