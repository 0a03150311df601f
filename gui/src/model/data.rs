//! What the pages of resources and of data show.

use std::path::PathBuf;

use seqtune_plot::plots::Lanes;

/// What the page of resources shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourcesView {
    /// What a line of the timeline is.
    pub lanes: Lanes,
}

/// What the page of data shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataView {
    /// Folders that were opened beside those in the study's directory.
    pub opened: Vec<PathBuf>,
    /// The path that is being typed.
    pub path: String,
    /// Why it was refused, one sentence.
    pub refused: Option<String>,
    /// The export that was chosen.
    pub chosen: Option<PathBuf>,
    /// Which rows of the data.
    pub subset: Subset,
    /// The fold or split that predictions are of; all folds where none is chosen.
    pub fold: Option<String>,
    /// The threshold of what is positive, and on what; the family's own where none was chosen.
    pub threshold: Option<(Cut, f64)>,
    /// Which of the maps.
    pub map: Option<String>,
    /// How vectors are laid on a plane.
    pub method: Method,
    /// Which of the grids.
    pub grid: Option<String>,
    /// How often somebody asked to look at the files again.
    pub looks: u64,
}

/// Rows of the data that predictions are compared on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Subset {
    /// Each length by itself.
    #[default]
    Each,
    /// All rows together.
    All,
    /// Peptides of so many residues.
    Length(usize),
    /// Peptides of so many residues or fewer.
    UpTo(usize),
    /// Peptides of so many residues or more.
    From(usize),
}

/// What a threshold of predictions is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cut {
    /// What was measured and what the score says of it, both in nM: what is below is positive.
    Affinity,
    /// The target, and the score on its scale: what is above is positive.
    Target,
    /// The score alone, as the target is a class: what is above is taken for positive.
    Score,
}

/// How vectors are laid on a plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// By their two principal components.
    #[default]
    Pca,
    /// By t-SNE.
    Tsne,
}

/// Something that somebody did on the page of data.
#[derive(Clone, Debug, PartialEq)]
pub enum DataChange {
    /// What was typed as a path.
    Type(String),
    /// Open the folder whose path was typed.
    Open,
    /// Show an export.
    Show(PathBuf),
    /// Compare on these rows.
    Subset(Subset),
    /// Predictions of one fold, or of all.
    Fold(Option<String>),
    /// Another threshold of what is positive, or the family's own.
    Threshold(Option<(Cut, f64)>),
    /// Show a map.
    Map(String),
    /// Lay vectors on a plane in this way.
    Method(Method),
    /// Show a grid.
    Grid(String),
    /// Look at the files again.
    Look,
}

impl DataView {
    pub(super) fn apply(&mut self, change: DataChange) {
        match change {
            DataChange::Type(path) => (self.path, self.refused) = (path, None),
            DataChange::Open => {
                let path = PathBuf::from(self.path.trim());
                if path.is_dir() {
                    if !self.opened.contains(&path) {
                        self.opened.push(path.clone());
                    }
                    (self.chosen, self.refused) = (Some(path), None);
                    self.path.clear();
                } else {
                    self.refused = Some(format!("There is no folder at {}.", path.display()));
                }
            }
            DataChange::Show(path) => self.chosen = Some(path),
            DataChange::Subset(subset) => self.subset = subset,
            DataChange::Fold(fold) => self.fold = fold,
            DataChange::Threshold(threshold) => self.threshold = threshold,
            DataChange::Map(name) => self.map = Some(name),
            DataChange::Method(method) => self.method = method,
            DataChange::Grid(name) => self.grid = Some(name),
            DataChange::Look => self.looks += 1,
        }
    }
}
