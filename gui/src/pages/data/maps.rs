//! Vectors on a plane, coloured and shaped by class.

use std::sync::Arc;

use egui::Ui;
use seqtune_plot::plots::{self, Named};
use seqtune_plot::spec::PlotSpec;

use super::grids::HEIGHT;
use super::{Shown, names};
use crate::cache::Cache;
use crate::exports::{Form, Map, Place};
use crate::model::{Action, DataChange, Method, Model};
use crate::panes::plot_pane::PlotPane;

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache, shown: &Shown) -> Vec<Action> {
    let maps = shown.tables(of);
    let chosen = model.views.data.map.as_deref();
    let found = maps.iter().find(|(name, _)| Some(*name) == chosen).or(maps.first());
    let Some((name, map)) = found.copied() else { return Vec::new() };
    let method = model.views.data.method;
    let pane = PlotPane {
        id: "map",
        name: "Vectors",
        help: "What the model learned of each token, on a plane: residues that are alike to the model lie together. PCA keeps the \
               directions of the largest variance, t-SNE (van der Maaten and Hinton, 2008) neighbourhoods; its distances between far \
               groups mean nothing.",
        height: HEIGHT,
        moves: true,
    };
    let key = (&shown.stamp, name, method, model.views.data.looks);
    let (tables, own) = (Arc::clone(&shown.tables), name.to_owned());
    let work = move |_: &crate::workshop::Subject| {
        let found = tables.iter().find(|read| read.name == own).and_then(|read| of(read.form.as_ref().ok()?));
        found.map_or_else(|| Err("there is no such table any more".to_owned()), |map| draw(&own, map, method))
    };
    let listed: Vec<String> = maps.iter().map(|(name, _)| (*name).to_owned()).collect();
    let has = |method: Method| match method {
        Method::Pca => !map.pca.is_empty(),
        Method::Tsne => !map.tsne.is_empty(),
    };
    pane.show(ui, model, cache, key, work, |ui| {
        let mut actions = names(ui, "map", "Vectors of", name, listed, DataChange::Map);
        for (other, label) in [(Method::Pca, "PCA"), (Method::Tsne, "t-SNE")] {
            let button = ui.add_enabled(has(other), egui::Button::selectable(method == other, label));
            if button.clicked() {
                actions.push(Action::Data(DataChange::Method(other)));
            }
        }
        actions
    })
    .actions
}

fn draw(name: &str, map: &Map, method: Method) -> Result<PlotSpec, String> {
    let places = match method {
        Method::Pca => &map.pca,
        Method::Tsne => &map.tsne,
    };
    let share = |at: usize| {
        map.shares.map_or(String::new(), |shares| format!(" ({:.0} % of the variance)", 100.0 * shares[at]))
    };
    let (title, axes) = match method {
        Method::Pca => ("PCA", [format!("PC1{}", share(0)), format!("PC2{}", share(1))]),
        Method::Tsne => ("t-SNE", ["t-SNE 1", "t-SNE 2"].map(str::to_owned)),
    };
    // In the order of classes, so that a class has one look by either method and in every fold.
    let named = |place: &Place| Named {
        name: place.name.clone(),
        at: place.at,
        class: map.classes.get(place.class).cloned().unwrap_or_default(),
    };
    let mut points: Vec<Named> = places.iter().map(named).collect();
    points.sort_by(|a, b| a.class.cmp(&b.class));
    plots::scatter(&format!("{title} of {name}"), [&axes[0], &axes[1]], &points).map_err(|error| error.to_string())
}

fn of(form: &Form) -> Option<&Map> {
    if let Form::Map(map) = form { Some(map) } else { None }
}
