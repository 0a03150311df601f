//! A report as HTML: one file that needs no other, and runs nothing.

use std::fmt::{self, Write as _};

use seqtune_plot::svg::{Length, Size, svg};
use seqtune_plot::{Status, theme};

use super::content::{Differences, Differing, Environment, Line, Report, short};
use super::pictures::Picture;
use crate::output::show_number;

/// Parameters that have columns of their own; of more, each trial's stand in one cell.
const MOST_COLUMNS: usize = 12;

const PICTURE: Size = Size { width: Length::Px(720.0), height: Length::Px(440.0) };

/// The page. Where it is written again every so many seconds, a reader's browser loads it again as often.
pub(super) fn html(report: &Report, again: Option<u64>) -> String {
    let mut page = Page(String::new());
    page.head(report, again);
    page.section("summary", "Summary", |page| page.lines("The study", &report.summary));
    page.section("health", "How it stands", |page| page.health(report));
    page.section("best", "The best trials", |page| page.best(report));
    if let Some(differences) = &report.differences {
        page.section("differences", "What sets the best apart", |page| page.differences(differences));
    }
    page.section("plots", "Plots", |page| page.pictures(&report.plots));
    if !report.failures.is_empty() {
        page.section("failures", "Failures", |page| page.failures(report));
    }
    if !report.notes.is_empty() {
        page.section("notes", "Notes and tags", |page| page.notes(report));
    }
    page.section("space", "What is searched", |page| page.space(report));
    page.section("settings", "How it is searched", |page| page.lines("Settings", &report.settings));
    page.section("environment", "Where it ran", |page| page.environment(&report.environment));
    page.section("reproduce", "How to have it again", |page| page.reproduce(report));
    page.write(format_args!(
        "<footer class=\"soft\"><p>{}, {}</p></footer>\n</body>\n</html>\n",
        Text(&report.by),
        Text(&report.made)
    ));
    page.0
}

/// The sections that a report has, for the list of contents.
fn contents(report: &Report) -> Vec<(&'static str, &'static str)> {
    let all = [
        ("summary", "Summary", true),
        ("health", "How it stands", true),
        ("best", "Best trials", true),
        ("differences", "What sets them apart", report.differences.is_some()),
        ("plots", "Plots", true),
        ("failures", "Failures", !report.failures.is_empty()),
        ("notes", "Notes", !report.notes.is_empty()),
        ("space", "Space", true),
        ("settings", "Settings", true),
        ("environment", "Where it ran", true),
        ("reproduce", "How to have it again", true),
    ];
    all.into_iter().filter(|(.., is_there)| *is_there).map(|(id, name, _)| (id, name)).collect()
}

/// A text between tags or in an attribute: nothing in it is markup, and what a page must not hold becomes a mark.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(character)?,
                // A carriage return would be normalised, and the others are no characters of HTML.
                '\r' => {}
                character if character.is_control() => f.write_char('\u{fffd}')?,
                character => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// A column: its heading, and whether numbers stand in it.
type Column<'a> = (&'a str, bool);

struct Page(String);

impl Page {
    fn write(&mut self, text: fmt::Arguments<'_>) {
        // Writing into a String does not fail.
        let _ = self.0.write_fmt(text);
    }

    fn head(&mut self, report: &Report, again: Option<u64>) {
        let name = Text(&report.status.study);
        let refresh = again.map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n"));
        self.write(format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{}<title>{name}: report</title>\n\
             <style>\n{}</style>\n</head>\n<body>\n<header>\n<h1>{name}</h1>\n",
            refresh.unwrap_or_default(),
            include_str!("page.css")
        ));
        let state = report.summary.iter().find(|line| line.name == "state").map_or("", |line| &line.text);
        self.write(format_args!(
            "<p class=\"soft\">{}; as of {}</p>\n</header>\n<nav aria-label=\"Contents\">\n<ul>\n",
            Text(state),
            Text(&report.made)
        ));
        for (id, name) in contents(report) {
            self.write(format_args!("<li><a href=\"#{id}\">{name}</a></li>\n"));
        }
        self.0.push_str("</ul>\n</nav>\n");
    }

    fn section(&mut self, id: &str, heading: &str, fill: impl FnOnce(&mut Page)) {
        self.write(format_args!("<section id=\"{id}\" aria-labelledby=\"{id}-heading\">\n"));
        self.write(format_args!("<h2 id=\"{id}-heading\">{heading}</h2>\n"));
        fill(self);
        self.0.push_str("</section>\n");
    }

    fn paragraph(&mut self, text: &str) {
        self.write(format_args!("<p>{}</p>\n", Text(text)));
    }

    /// A table. What is wide is scrolled by itself, also by keys. The first cell of a row is its heading. Cells are markup.
    fn table(&mut self, caption: &str, columns: &[Column<'_>], rows: impl IntoIterator<Item = Vec<String>>) {
        let caption = Text(caption);
        self.write(format_args!(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n<table>\n\
             <caption>{caption}</caption>\n<thead><tr>"
        ));
        for (heading, number) in columns {
            self.write(format_args!("<th scope=\"col\"{}>{}</th>", class(*number), Text(heading)));
        }
        self.0.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.0.push_str("<tr>");
            for (index, (cell, (_, number))) in row.iter().zip(columns).enumerate() {
                let (open, close) = if index == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
                self.write(format_args!("<{open}{}>{cell}</{close}>", class(*number)));
            }
            self.0.push_str("</tr>\n");
        }
        self.0.push_str("</tbody>\n</table>\n</div>\n");
    }

    fn lines(&mut self, caption: &str, lines: &[Line]) {
        let rows = lines.iter().map(|line| vec![shown(&line.name), shown(&line.text)]);
        self.write(format_args!("<table>\n<caption>{}</caption>\n<tbody>\n", Text(caption)));
        for row in rows {
            self.write(format_args!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", row[0], row[1]));
        }
        self.0.push_str("</tbody>\n</table>\n");
    }

    fn health(&mut self, report: &Report) {
        self.0.push_str("<ul class=\"cards\">\n");
        for card in &report.health {
            let (class, word) = match card.status {
                Status::Pass => ("pass", "Good"),
                Status::Note => ("note", "Note"),
                Status::Warning => ("warning", "Warning"),
            };
            self.write(format_args!(
                "<li class=\"{class}\"><strong>{word}: {}</strong><br>{}</li>\n",
                Text(&card.title),
                Text(&card.sentence)
            ));
        }
        self.0.push_str("</ul>\n");
    }

    fn best(&mut self, report: &Report) {
        if report.best.is_empty() {
            return self.paragraph("No trial is completed yet.");
        }
        // Names of the other objectives are those of the values; the first one has a field of its own.
        let others: Vec<&String> = report.best[0].values.keys().filter(|name| **name != report.metric).collect();
        let named = report.varying.len() <= MOST_COLUMNS;
        let remarked = report.best.iter().any(|row| row.note.is_some() || !row.tags.is_empty());
        let mut columns: Vec<Column<'_>> = vec![("trial", true), (&report.metric, true)];
        columns.extend(others.iter().map(|name| (name.as_str(), true)));
        columns.extend([("step", true), ("seconds", true), ("seed", true)]);
        if named {
            columns.extend(report.varying.iter().map(|name| (name.as_str(), true)));
        } else {
            columns.push(("parameters", false));
        }
        if remarked {
            columns.push(("tags and note", false));
        }
        let rows = report.best.iter().map(|row| {
            let mut cells = vec![row.trial.to_string(), show_number(row.value)];
            let number = |name: &&String| show_number(row.values.get(name.as_str()).and_then(|value| value.as_f64()));
            cells.extend(others.iter().map(number));
            let step = format!("{}/{}", row.step, row.steps);
            cells.extend([step, format!("{:.1}", row.seconds), row.seed.to_string()]);
            let value = |name: &String| row.params.get(name).map(short);
            if named {
                cells.extend(report.varying.iter().map(|name| shown(&value(name).unwrap_or_default())));
            } else {
                let pairs = report.varying.iter().filter_map(|name| Some(format!("{name}={}", value(name)?)));
                cells.push(shown(&pairs.collect::<Vec<_>>().join(" ")));
            }
            if remarked {
                let tags = row.tags.iter().map(|tag| format!("#{tag}"));
                cells.push(shown(&tags.chain(row.note.clone()).collect::<Vec<_>>().join(" ")));
            }
            cells
        });
        self.table("The best completed trials, the best first", &columns, rows);
    }

    fn differences(&mut self, differences: &Differences) {
        let headings: Vec<String> = differences.trials.iter().map(|trial| format!("trial {trial}")).collect();
        let columns = |what| {
            let trials = headings.iter().map(|heading| (heading.as_str(), true));
            std::iter::once((what, false)).chain(trials).collect::<Vec<Column<'_>>>()
        };
        let row = |row: &Differing| {
            let mut cells = vec![shown(&row.name)];
            for (index, cell) in row.cells.iter().enumerate() {
                let value = shown(cell.value.as_deref().unwrap_or("-"));
                // That of the first one says nothing.
                let says = index > 0 && !cell.relation.is_empty();
                let relation = says.then(|| format!("<span class=\"relation\">{}</span>", Text(&cell.relation)));
                cells.push(value + &relation.unwrap_or_default());
            }
            cells
        };
        let parameters = format!("Parameters of the {} best configurations, against the first", headings.len());
        self.table(&parameters, &columns("parameter"), differences.parameters.iter().map(row));
        if !differences.equal.is_empty() {
            self.paragraph(&format!("Equal in all of them: {}.", differences.equal.join(", ")));
        }
        let metrics = "Their metrics: mean over seeds with its 95 % interval, and the difference to the first in pairs of \
                       seeds or folds";
        self.table(metrics, &columns("metric"), differences.metrics.iter().map(row));
    }

    fn pictures(&mut self, pictures: &[Picture]) {
        self.0.push_str("<div class=\"plots\">\n");
        for picture in pictures {
            let Some(plot) = &picture.plot else { continue };
            self.write(format_args!("<figure>\n<h3>{}</h3>\n", Text(&picture.heading)));
            self.0.push_str(&svg(plot, PICTURE, &theme::LIGHT));
            let notes = plot.notes.iter().map(|note| format!(" {note}."));
            let caption = format!("{}{}", plot.reading, notes.collect::<String>());
            self.write(format_args!("<figcaption>{}</figcaption>\n</figure>\n", Text(&caption)));
        }
        self.0.push_str("</div>\n");
        for picture in pictures {
            if let Some(reason) = &picture.reason {
                self.paragraph(&format!("{}: nothing to draw, since {reason}.", picture.heading));
            }
        }
    }

    fn failures(&mut self, report: &Report) {
        let columns = [("cause", false), ("trials", true), ("which", false), ("the first said", false)];
        let rows = report.failures.iter().map(|failure| {
            let mut which = failure.first.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            if failure.first.len() < failure.trials {
                which.push_str(", ...");
            }
            vec![shown(&failure.cause), failure.trials.to_string(), which, shown(&failure.message)]
        });
        self.table("Failed trials by cause", &columns, rows);
    }

    fn notes(&mut self, report: &Report) {
        let columns = [("about", false), ("tags", false), ("note", false), ("by", false), ("when", false)];
        let rows = report.notes.iter().map(|noted| {
            vec![
                noted.trial.map_or_else(|| "the study".to_owned(), |trial| format!("trial {trial}")),
                shown(&noted.tags.iter().map(String::as_str).collect::<Vec<_>>().join(" ")),
                format!("<span class=\"text\">{}</span>", Text(noted.note.as_deref().unwrap_or_default())),
                shown(noted.by.as_deref().unwrap_or_default()),
                shown(noted.at.as_deref().unwrap_or_default()),
            ]
        });
        self.table("What was written beside the study and its trials", &columns, rows);
    }

    fn space(&mut self, report: &Report) {
        let expected = report.space.iter().any(|parameter| !parameter.expected.is_empty());
        let docs = report.space.iter().any(|parameter| parameter.doc.is_some() || parameter.source.is_some());
        let mut columns = vec![("parameter", false), ("values", false), ("default", false), ("only when", false)];
        columns.extend(expected.then_some(("expected", false)));
        columns.extend(docs.then_some(("what it is", false)));
        let rows = report.space.iter().map(|one| {
            let mut cells = vec![shown(&one.name), shown(&one.values), shown(&one.default), shown(&one.when)];
            cells.extend(expected.then(|| shown(&one.expected)));
            let words = one.doc.iter().chain(&one.source).map(String::as_str).collect::<Vec<_>>().join(" ");
            cells.extend(docs.then(|| shown(&words)));
            cells
        });
        self.table("The space", &columns, rows);
        if !report.constraints.is_empty() {
            let constraints: Vec<String> = report.constraints.iter().map(|text| code(text)).collect();
            self.write(format_args!("<p>Constraints: {}</p>\n", constraints.join("; ")));
        }
    }

    fn environment(&mut self, environment: &Environment) {
        let Environment { founded_by, data_digest, study_seed, training_seeds, runs, workers, builds } = environment;
        let seeds = training_seeds.iter().map(|(replicate, seeds)| {
            let all = seeds.iter().take(3).map(u64::to_string).collect::<Vec<_>>().join(", ");
            format!("{all}{} (replicate {replicate})", if seeds.len() > 3 { ", ..." } else { "" })
        });
        let lines = [
            ("founded by", founded_by.clone()),
            ("data", format!("digest {data_digest}")),
            ("seed", format!("{study_seed}, from which all others come")),
            ("seeds of training", seeds.collect::<Vec<_>>().join("; ")),
        ];
        let lines = lines.map(|(name, text)| Line { name: name.to_owned(), text });
        self.lines("Program, data and seeds", &lines);
        if !runs.is_empty() {
            let columns = [("started", false), ("machine", false), ("program", false), ("ended", false)];
            let rows = runs.iter().map(|run| {
                let ended = run.ended.as_deref().unwrap_or("without a word, or it still runs");
                [&run.started, &run.host, &run.build, ended].map(shown).to_vec()
            });
            self.table("Runs", &columns, rows);
        }
        if !workers.is_empty() {
            let columns = [("worker", true), ("device", false), ("attempts", true), ("hours", true)];
            let rows = workers.iter().map(|one| {
                vec![
                    one.worker.to_string(),
                    shown(&one.device),
                    one.attempts.to_string(),
                    seqtune_plot::spec::short(one.hours, 3),
                ]
            });
            self.table("Workers", &columns, rows);
        }
        for build in builds {
            let lines = build.versions.iter().map(|(name, text)| Line { name: name.clone(), text: text.clone() });
            let lines: Vec<Line> = lines.collect();
            if !lines.is_empty() {
                self.lines(&format!("Versions and machine of the worker, of {} attempts", build.attempts), &lines);
            }
        }
    }

    fn reproduce(&mut self, report: &Report) {
        let columns = [("command", false), ("what it does", false)];
        let rows = report.reproduce.commands.iter().map(|line| vec![code(&line.name), shown(&line.text)]);
        self.table("Commands", &columns, rows);
        match &report.reproduce.study_file {
            Some(file) => {
                self.write(format_args!("<h3>{}</h3>\n<pre>{}</pre>\n", Text(&report.reproduce.file_name), Text(file)))
            }
            None => self.paragraph("There is no study file: another program evaluated the trials."),
        }
    }
}

fn class(number: bool) -> &'static str {
    if number { " class=\"n\"" } else { "" }
}

/// A text as markup.
fn shown(text: &str) -> String {
    Text(text).to_string()
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", Text(text))
}
