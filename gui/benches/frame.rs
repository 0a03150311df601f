//! CPU time of one frame of the window (layout and tessellation, no painting) on a large study:
//! `cargo bench -p seqtune-view --bench frame`.

#[path = "../tests/sample/mod.rs"]
mod sample;

use std::time::{Duration, Instant};

use sample::Sample;
use seqtune_core::{Event, EventKind, History, Settings};
use seqtune_plot::Snapshot;
use seqtune_view::cache::Cache;
use seqtune_view::model::{Action, Model, OpenStudy};
use seqtune_view::panes;
use seqtune_view::place::Place;
use seqtune_view::reader::{News, Reader};

/// As in the program: it changes the figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FRAMES: usize = 600;

fn main() {
    live();
    let history = history(&Sample { name: "large", trials: 10_000, steps: 50, running: true });
    let begin = Instant::now();
    let snapshot = Snapshot::of(&history);
    println!("first snapshot             {:>8.1} ms", ms(begin.elapsed()));

    let begin = Instant::now();
    let snapshot = std::sync::Arc::new(snapshot.next(&history));
    println!("following snapshot         {:>8.1} ms", ms(begin.elapsed()));

    let directory = std::path::PathBuf::from("large");
    let mut model = Model::new(history.last_us);
    model.place = Some(Place::Study(directory.clone()));
    model.open = Some(OpenStudy { directory: directory.clone(), news: News::default() });
    let begin = Instant::now();
    model.set_news(&directory, News { snapshot: Some(snapshot), managed: true, ..News::default() });
    println!("table and plots after news {:>8.1} ms", ms(begin.elapsed()));

    let begin = Instant::now();
    model.apply(Action::Filter("cnn completed".to_owned()));
    println!("a word in the filter       {:>8.1} ms", ms(begin.elapsed()));
    model.apply(Action::Filter(String::new()));

    let ctx = egui::Context::default();
    seqtune_view::theme::install(&ctx);
    let mut cache = Cache::new(ctx.clone());
    drawn(&ctx, &mut model, &mut cache);
    for (name, moves, selects) in
        [("at rest", false, false), ("pointer over the plots", true, false), ("going down", true, true)]
    {
        let mut times: Vec<Duration> =
            (0..FRAMES).map(|frame| one_frame(&ctx, &mut model, &mut cache, frame, moves, selects)).collect();
        times.drain(..20);
        times.sort();
        println!(
            "frame, {name:<22} median {:.2} ms, p95 {:.2} ms, p99 {:.2} ms",
            ms(times[times.len() / 2]),
            ms(times[times.len() * 95 / 100]),
            ms(times[times.len() * 99 / 100])
        );
    }
}

/// Times from a log on disk to what the window receives.
fn live() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample = Sample { name: "large", trials: 10_000, steps: 50, running: true };
    let (directory, mut store) = sample.write(folder.path());
    let begin = Instant::now();
    let reader = Reader::start(&directory, || ()).expect("a thread");
    wait(&reader, |news| news.snapshot.is_some());
    println!("log to first snapshot      {:>8.1} ms", ms(begin.elapsed()));
    let mut times = Vec::new();
    for step in 30..45 {
        // At any moment between two polls.
        std::thread::sleep(Duration::from_millis(step * 17));
        let event = sample::report(9999, 0, step, 0.9, 50);
        let events = store.append([event]).expect("the report is new");
        let begin = Instant::now();
        wait(&reader, |news| news.snapshot.as_ref().is_some_and(|snapshot| snapshot.seq >= events[0].seq));
        times.push(begin.elapsed());
    }
    times.sort();
    println!("commit to snapshot         {:>8.1} ms median, {:.1} ms worst of 15", ms(times[7]), ms(times[14]));
}

fn wait(reader: &Reader, is_so: impl Fn(&News) -> bool) {
    while !reader.news().is_some_and(|news| is_so(&news)) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The sample in memory, one event a second.
fn history(sample: &Sample) -> History {
    let (spec, settings) = (Box::new(sample.spec()), Settings::default());
    let created = EventKind::StudyCreated { spec, settings, build: "bench".to_owned() };
    let kinds = std::iter::once(created).chain(sample.events());
    let events = kinds.zip(1..).map(|(kind, seq)| Event { seq, at_us: seq as i64 * 1_000_000, kind });
    History::fold(&events.collect::<Vec<Event>>()).expect("the sample keeps the rules of the log")
}

/// Draws until the threads have made everything that the page shows.
fn drawn(ctx: &egui::Context, model: &mut Model, cache: &mut Cache) {
    let begin = Instant::now();
    for frame in 0.. {
        one_frame(ctx, model, cache, frame, false, false);
        if !cache.shop.is_busy() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("all plots of the page     {:>8.1} ms", ms(begin.elapsed()));
}

fn one_frame(
    ctx: &egui::Context,
    model: &mut Model,
    cache: &mut Cache,
    frame: usize,
    moves: bool,
    selects: bool,
) -> Duration {
    let at = egui::pos2(300.0 + (frame % 400) as f32, 150.0 + (frame % 200) as f32);
    let input = egui::RawInput {
        screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1600.0, 1000.0))),
        time: Some(frame as f64 / 60.0),
        events: if moves { vec![egui::Event::PointerMoved(at)] } else { Vec::new() },
        ..Default::default()
    };
    let begin = Instant::now();
    if selects {
        model.apply(Action::Go(1));
    }
    let mut actions = Vec::new();
    let output = ctx.run_ui(input, |ui| actions = panes::ui(ui, model, cache));
    let meshes = ctx.tessellate(output.shapes, output.pixels_per_point);
    let spent = begin.elapsed();
    assert!(!meshes.is_empty());
    model.scroll_to = None;
    for action in actions {
        model.apply(action);
    }
    spent
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
