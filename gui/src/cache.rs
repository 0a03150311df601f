//! What is kept between frames and is no part of what the window shows: products of the workshop, and plots with their meshes.

use std::collections::HashMap;

use crate::decisions::Decisions;
use crate::model::Model;
use crate::plot::Plot;
use crate::workshop::{Lane, Workshop};

/// What pages keep between frames.
#[derive(Debug)]
pub struct Cache {
    /// Makes what takes longer than a frame.
    pub shop: Workshop,
    /// The history of the open study, for jobs of the slow lane.
    pub decisions: Decisions,
    plots: HashMap<String, Plot>,
}

impl Cache {
    /// An empty one.
    pub fn new(ctx: egui::Context) -> Cache {
        Cache { shop: Workshop::new(ctx), decisions: Decisions::default(), plots: HashMap::new() }
    }

    /// Takes over the list of trials, where a thread has to make it. To be called once a frame.
    pub fn take_list(&mut self, model: &mut Model) {
        let Some(question) = model.question().cloned() else { return };
        self.shop.collect();
        let answer = self.shop.ask_apart("list", question.revision, Lane::First, move || question.answer());
        if let (Some(listed), false) = (answer.product, answer.stale) {
            model.set_listed(&listed);
        }
    }

    /// The plot of a place on the screen.
    pub fn plot(&mut self, id: &str) -> &mut Plot {
        if !self.plots.contains_key(id) {
            self.plots.insert(id.to_owned(), Plot::default());
        }
        self.plots.entry(id.to_owned()).or_default()
    }

    /// Forgets everything: another study is open.
    pub fn clear(&mut self) {
        self.shop.clear();
        self.plots.clear();
        self.decisions = Decisions::default();
    }
}
