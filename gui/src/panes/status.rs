//! The line at the bottom: what is shown of what, what is being computed, and what happened last.

use egui::{Align, Layout, RichText, Ui};

use crate::cache::Cache;
use crate::model::Model;
use crate::text;

/// How long something that happened stays in the line, in microseconds.
const SAID_FOR: i64 = 15_000_000;

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &Cache) {
    ui.horizontal(|ui| {
        match (&model.open, model.subject()) {
            (Some(open), Some(subject)) => {
                let path = open.directory.display().to_string();
                ui.label(RichText::new(path).weak()).on_hover_text("The study's directory");
                ui.separator();
                let (listed, all) = (subject.listed.trials.len(), subject.whole.trials.len());
                ui.label(format!("{listed} of {}", text::count(all, "trial"))).on_hover_text("Shown by the filter");
                ui.separator();
                ui.label(RichText::new(format!("event {}", subject.whole.seq)).weak())
                    .on_hover_text("Position of the last event of the log");
            }
            _ => drop(ui.label(RichText::new("No study is open.").weak())),
        }
        if cache.shop.is_busy() {
            ui.separator();
            ui.label(RichText::new("computing").weak());
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let last = model.notices.last().filter(|notice| model.now_us - notice.at_us < SAID_FOR);
            if let Some(notice) = last {
                let color = if notice.wrong { ui.visuals().error_fg_color } else { ui.visuals().text_color() };
                let all: Vec<&str> = model.notices.iter().rev().take(10).map(|notice| notice.text.as_str()).collect();
                ui.add(egui::Label::new(RichText::new(&notice.text).color(color)).truncate())
                    .on_hover_text(all.join("\n"));
            }
        });
    });
}
