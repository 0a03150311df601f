//! `seqtune report`: what stands in the page, and what must not.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use seqtune_core::{AttemptEnd, Event, EventKind, RequestKind, Requests, Store, testing};
use seqtune_plugin::{Direction, FailureCause};
use seqtune_space::{Params, Value};
use tempfile::TempDir;

const SPACE: &str = "lr = { type = 'float', low = 0.001, high = 1, log = true }\nmodel = { type = 'categorical', \
                     choices = ['cnn', 'lstm'] }\nunits = { type = 'int', low = 1, high = 8, when = { model = 'lstm' } }";

/// A study in `results/made` with the log of a draft, in which a worker trained every trial for a second.
fn made(draft: &testing::StudyDraft) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let mut kinds: Vec<EventKind> = Vec::new();
    for (index, event) in draft.events().into_iter().enumerate() {
        let (trial, attempt) = (event.kind.clone(), 0);
        match trial {
            EventKind::TrialStarted { trial, .. } => {
                let (worker, device, build) =
                    (trial % 2, "cpu".to_owned(), [("os".to_owned(), "any".to_owned())].into());
                let (from_step, elsewhere) = (0, Vec::new());
                kinds.extend([
                    event.kind,
                    EventKind::AttemptStarted { trial, attempt, worker, device, build, from_step, elsewhere },
                ]);
            }
            EventKind::Completed { trial } | EventKind::Failed { trial, .. } | EventKind::Pruned { trial, .. } => {
                let (cause, message) = (AttemptEnd::Completed, String::new());
                kinds.extend([EventKind::AttemptEnded { trial, attempt, cause, message }, event.kind]);
            }
            _ => kinds.push(event.kind),
        }
        if index == 0 {
            let (host, build) = ("<host>".to_owned(), "seqtune 0".to_owned());
            kinds.push(EventKind::ManagerStarted { pid: 1, host, build });
        }
    }
    kinds.push(EventKind::ManagerStopped { reason: "all trials are done".to_owned() });
    let event = |(index, kind): (usize, EventKind)| {
        let seq = index as u64 + 1;
        Event { seq, at_us: 1_700_000_000_000_000 + 500_000 * index as i64, kind }
    };
    let events: Vec<Event> = kinds.into_iter().enumerate().map(event).collect();
    Store::restore(&place.path().join("results/made"), &events).unwrap().close().unwrap();
    place
}

fn is_third(params: &Params) -> bool {
    params.get("lr").and_then(Value::as_f64).is_some_and(|lr| lr > 0.2)
}

fn seqtune(place: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seqtune")).args(arguments).current_dir(place).output().unwrap()
}

fn report(place: &Path, options: &[&str]) -> String {
    let output = seqtune(place, &[&["report", "made"], options].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn note(place: &Path, trial: Option<u64>, text: &str) {
    let kind = RequestKind::Note { trial, text: text.to_owned() };
    Requests::open(&place.join("results/made")).unwrap().add("test", &kind).unwrap();
}

/// The markup of a page: each tag without its brackets, and the text before it.
fn parts(page: &str) -> Vec<(&str, &str)> {
    let body = page.find("<body>").unwrap();
    page[body..].split('<').skip(1).map(|part| part.split_once('>').unwrap()).collect()
}

/// What is read of a page: a line for each text, headings marked, and of a picture its title.
fn read(page: &str) -> String {
    let (mut lines, mut picture) = (Vec::new(), false);
    for (tag, text) in parts(page) {
        let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default();
        picture = if tag.starts_with("svg") { true } else { picture && tag != "/svg" };
        let text = text.trim();
        if text.is_empty() || picture && tag != "title" {
            continue;
        }
        lines.push(match name {
            "h1" | "h2" | "h3" => format!("\n{} {text}", "#".repeat(name[1..].parse().unwrap())),
            "caption" => format!("\n[{text}]"),
            "title" => format!("(picture: {text})"),
            "td" | "th" if tag.starts_with('t') => format!("| {text}"),
            _ => text.to_owned(),
        });
    }
    lines.join("\n")
}

/// The time at which a page was made, and that at which a note was written, in words.
fn redacted(text: &str) -> String {
    let year = &text[text.find("as of 20").unwrap() + 6..][..5];
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(year) {
        out.push_str(&rest[..at]);
        out.push_str("<now>");
        rest = &rest[at + "2026-03-01 14:05:09Z".len()..];
    }
    out + rest
}

#[test]
fn a_report_says_what_there_is_to_say() {
    let draft = testing::study(SPACE).seed(4).failing(FailureCause::Diverged, is_third).trials(12);
    let place = made(&draft);
    note(place.path(), None, "first\nsecond line");
    note(place.path(), Some(1), "odd");
    let page = report(place.path(), &[]);
    insta::assert_snapshot!(redacted(&read(&page)));
    assert!(!page.contains("http-equiv"), "nothing runs: there is nothing to load again");

    let data: serde_json::Value = serde_json::from_str(&report(place.path(), &["-f", "json"])).unwrap();
    assert_eq!((&data["status"]["completed"], data["best"].as_array().unwrap().len()), (&11.into(), 10));
    let kinds: Vec<&str> =
        data["plots"].as_array().unwrap().iter().map(|plot| plot["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds[..4], ["history", "curves", "importance", "parallel"]);
    assert_eq!(kinds.iter().filter(|kind| **kind == "slice").count(), 3);
    assert!(data["plots"][0]["plot"]["layers"].as_array().is_some_and(|layers| !layers.is_empty()));
    assert_eq!(data["notes"][1]["note"], "odd");
    assert!(data["reproduce"]["study_file"].as_str().unwrap().contains("[space]"));
    assert!(data["differences"]["metrics"][0]["cells"][1]["mean"]["mean"].is_f64());
}

#[test]
fn nothing_that_somebody_wrote_becomes_markup_and_nothing_is_loaded() {
    let space = "lr = { type = 'float', low = 0.001, high = 1 }\nmodel = { type = 'categorical', choices = \
                 ['</svg><script>alert(1)</script>', '\" onload=\"alert(1)', \"' & <b>\"] }";
    let draft = testing::study(space).seed(4).trials(12).with(|spec| {
        spec.name = "</title><script>alert(\"name\")</script>\u{0}\u{1b}".to_owned();
        spec.data_digest = "<img src=x onerror=alert(1)>".to_owned();
        spec.data.insert("</pre><script>".to_owned(), "https://example.org/x.css".into());
    });
    let place = made(&draft);
    note(place.path(), None, "</span></td><script src='https://example.org'></script>\r\n&amp; <!-- <style>");
    note(place.path(), Some(3), "<![CDATA[ ]]> <a href=javascript:alert(1)>");
    let page = report(place.path(), &[]);
    let known = "a article b body br caption circle clipPath code defs desc div figcaption figure footer g h1 h2 h3 header \
                 html li line main nav p path polygon polyline pre rect section span strong style svg table tbody td text \
                 th thead title tr tspan ul linearGradient stop use symbol ellipse";
    for (tag, _) in parts(&page) {
        let name = tag.split_whitespace().next().unwrap().trim_matches('/');
        assert!(known.split_whitespace().any(|one| one == name), "<{tag}>");
        assert!(!tag.contains(" on") && !tag.contains("src="), "<{tag}>");
        for attribute in ["href=\"", "url("] {
            for (at, _) in tag.match_indices(attribute) {
                assert_eq!(tag[at + attribute.len()..].chars().next(), Some('#'), "<{tag}>");
            }
        }
        if tag.contains("://") {
            assert!(tag.starts_with("svg xmlns=\"http://www.w3.org/2000/svg\""), "<{tag}>");
        }
    }
    let style = &page[page.find("<style>").unwrap()..page.find("</style>").unwrap()];
    assert!(!style.contains("url(") && !style.contains("@import"));
    assert!(page.contains("&lt;script&gt;alert(&quot;name&quot;)&lt;/script&gt;\u{fffd}\u{fffd}</h1>"));
    assert!(!page.contains(|c: char| c.is_control() && c != '\n'));
    assert_eq!(page.matches("<script").count(), 0);
}

#[test]
fn two_objectives_have_a_front() {
    let directions = [Direction::Minimize, Direction::Maximize];
    let values = |params: &Params| {
        let lr = params.get("lr").and_then(Value::as_f64).unwrap_or_default();
        vec![lr, lr * lr - lr]
    };
    let place = made(&testing::study(SPACE).objectives(&directions, values).trials(9));
    let text = read(&report(place.path(), &[]));
    assert!(text.contains("### What nothing beats") && text.contains("| value_2"), "{text}");
}

#[test]
fn a_study_without_trials_has_a_report_too() {
    let place = made(&testing::study(SPACE));
    let text = read(&report(place.path(), &[]));
    for sentence in [
        "No trial is completed yet.",
        "The study has no trials yet.",
        "Values in their order: nothing to draw, since the study has no trials yet.",
        "Who trained what when: nothing to draw, since the study has no trials yet.",
    ] {
        assert!(text.contains(sentence), "{text}");
    }
}

#[test]
fn a_file_is_whole_or_not_there() {
    let place = made(&testing::study(SPACE).trials(3));
    let at = |path: &str| place.path().join(path);
    assert_eq!(report(place.path(), &["-o", "report.html"]), "");
    assert!(fs::read_to_string(at("report.html")).unwrap().ends_with("</html>\n"));
    report(place.path(), &["-o", "report.json", "--watch", "1"]);
    serde_json::from_slice::<serde_json::Value>(&fs::read(at("report.json")).unwrap()).unwrap();

    let refused = |options: &[&str]| {
        let output = seqtune(place.path(), &[&["report", "made"], options].concat());
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = refused(&["-o", "nowhere/report.html"]);
    assert!(code == 1 && said.starts_with("error: cannot use nowhere/report.html: "), "{said}");
    let (code, said) = refused(&["-o", "results"]);
    assert!(code == 1 && said.starts_with("error: cannot use results: "), "{said}");
    assert_eq!(refused(&["--watch", "1"]).0, 2, "there is no file to write again");
    let left = fs::read_dir(place.path()).unwrap().count();
    assert_eq!(left, 3, "results and two reports: nothing half-written");
}

#[test]
fn a_watched_report_is_written_until_the_run_ends() {
    let place = made(&testing::study(SPACE).trials(3));
    let held = Store::open(&place.path().join("results/made")).unwrap();
    let path = place.path().join("report.html");
    let mut child = Command::new(env!("CARGO_BIN_EXE_seqtune"))
        .args(["report", "made", "-o", "report.html", "--watch", "1"])
        .current_dir(place.path())
        .spawn()
        .unwrap();
    let until = |what: &str, holds: &mut dyn FnMut() -> bool| {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !holds() {
            assert!(Instant::now() < deadline, "{what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let holds = |text: &str| fs::read_to_string(&path).is_ok_and(|page| page.contains(text));
    until("the page loads itself again", &mut || holds("<meta http-equiv=\"refresh\" content=\"1\">"));
    note(place.path(), None, "while it runs");
    until("it is written again", &mut || holds("while it runs"));
    assert!(child.try_wait().unwrap().is_none());
    held.close().unwrap();
    until("it ends with the run", &mut || child.try_wait().unwrap().is_some_and(|status| status.success()));
    assert!(!holds("http-equiv") && holds("</html>"));
}
