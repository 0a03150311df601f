//! What a frame of the window costs (layout and tessellation, no painting), what follows a new snapshot, and what a running study
//! notices of it: `cargo bench -p seqtune-view --bench frame`. Frames are measured in CPU time of the drawing thread.

#[path = "../tests/sample/mod.rs"]
mod sample;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use sample::Sample;
use seqtune_core::{Event, EventKind, History, Settings, Store};
use seqtune_plot::Snapshot;
use seqtune_view::Viewer;
use seqtune_view::cache::Cache;
use seqtune_view::model::{Action, Column, Model, OpenStudy, Page, ParameterPlot, ParametersView};
use seqtune_view::panes;
use seqtune_view::place::Place;
use seqtune_view::reader::{News, Reader};

/// As in the program: it changes the figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FRAMES: usize = 400;

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|word| word == name);
    if is_chosen("live") {
        live();
    }
    if is_chosen("writers") {
        writers();
    }
    if is_chosen("forests") {
        forests();
    }
    for (name, trials) in [("10k", 10_000), ("100k", 100_000)] {
        if is_chosen(name) {
            frames(trials);
        }
    }
}

/// Frames of all pages at a size.
fn frames(trials: u64) {
    println!("-- {trials} trials x 50 reports");
    let history = history(&Sample { name: "large", trials, steps: 50, running: true });
    let snapshot = timed("first snapshot", || Snapshot::of(&history));
    let snapshot = timed("following snapshot", || Arc::new(snapshot.next(&history)));
    drop(history);

    let directory = PathBuf::from("large");
    let mut model = Model::new(snapshot.last_us);
    model.place = Some(Place::Study(directory.clone()));
    model.open = Some(OpenStudy { directory: directory.clone(), news: News::default() });
    let news = News { snapshot: Some(snapshot), managed: true, ..News::default() };
    let ctx = egui::Context::default();
    seqtune_view::theme::install(&ctx);
    let mut cache = Cache::new(ctx.clone());
    follows("a snapshot", &mut model, &mut cache, |model| {
        model.set_news(&directory, news);
    });
    for (what, filter) in [
        ("a comparison in the filter", "value>0.9 and model=cnn"),
        ("a word in the filter, first", "cnn"),
        ("a word in the filter, then", "cnn completed"),
    ] {
        follows(what, &mut model, &mut cache, |model| drop(model.apply(Action::Filter(filter.to_owned()))));
    }
    follows("another order", &mut model, &mut cache, |model| drop(model.apply(Action::SortBy(Column::Number))));
    model.apply(Action::Filter(String::new()));
    let best = model.snapshot().map(|snapshot| snapshot.top(3).to_vec()).unwrap_or_default();
    best.into_iter().for_each(|trial| drop(model.apply(Action::Pin(trial))));
    for page in Page::ALL {
        model.apply(Action::Show(page));
        let begin = Instant::now();
        drawn(&ctx, &mut model, &mut cache);
        let whole = ms(begin.elapsed());
        let times = many(&ctx, &mut model, &mut cache, false, false);
        println!("{:<11} frame {}; all of it after {whole:.0} ms", page.name(), said(times));
    }
    model.apply(Action::Show(Page::Overview));
    drawn(&ctx, &mut model, &mut cache);
    println!("pointer over the plots: {}", said(many(&ctx, &mut model, &mut cache, true, false)));
    println!("going down the table:   {}", said(many(&ctx, &mut model, &mut cache, true, true)));

    model.apply(Action::Show(Page::Parameters));
    drawn(&ctx, &mut model, &mut cache);
    let mut brushed: Vec<Duration> = (0..20)
        .map(|step| {
            let begin = Instant::now();
            let to = 0.25 + f64::from(step) * 0.01;
            model.apply(Action::Brush("dropout".to_owned(), Some([0.1, to])));
            drawn(&ctx, &mut model, &mut cache);
            begin.elapsed()
        })
        .collect();
    brushed.sort();
    println!("brush to picture: median {:.1} ms, worst of 20 {:.1} ms (wall)", ms(brushed[10]), ms(brushed[19]));
}

/// Until what a forest says is drawn, on one page after the other: the time of all threads, and on the clock.
fn forests() {
    println!("-- importance and dependence, of 3,000 trials of which two thirds are completed");
    let history = history(&Sample { name: "forests", trials: 3000, steps: 10, running: false });
    let snapshot = Arc::new(Snapshot::of(&history));
    let directory = PathBuf::from("forests");
    let mut model = Model::new(snapshot.last_us);
    model.place = Some(Place::Study(directory.clone()));
    model.open = Some(OpenStudy { directory: directory.clone(), news: News::default() });
    model.set_news(&directory, News { snapshot: Some(snapshot), ..News::default() });
    let ctx = egui::Context::default();
    seqtune_view::theme::install(&ctx);
    let mut cache = Cache::new(ctx.clone());
    let mut timed = |name: &str, model: &mut Model| {
        let (begin, used) = (Instant::now(), cpu_time(ClockId::ProcessCPUTime));
        drawn(&ctx, model, &mut cache);
        let used = cpu_time(ClockId::ProcessCPUTime) - used;
        println!("{name:<28} {:>8.1} ms, {:.1} ms on the clock", ms(used), ms(begin.elapsed()));
    };
    timed("Overview", &mut model);
    model.apply(Action::Show(Page::Parameters));
    let plots = [ParameterPlot::Importance, ParameterPlot::Dependence];
    for plot in plots {
        model.apply(Action::ViewParameters(ParametersView { plot, ..ParametersView::default() }));
        timed(plot.name(), &mut model);
    }
    let other = ParametersView { plot: plots[1], dependence: Some("dropout".to_owned()), ..ParametersView::default() };
    model.apply(Action::ViewParameters(other));
    timed("along another parameter", &mut model);
}

/// Times from a log on disk to what the window shows.
fn live() {
    println!("-- following a log");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample = Sample { name: "large", trials: 10_000, steps: 50, running: false };
    let (directory, mut store) = sample.write(folder.path());
    let begin = Instant::now();
    let reader = Reader::start(&directory, || ()).expect("a thread");
    wait(&reader, |news| news.snapshot.is_some());
    println!("log to first snapshot        {:>8.1} ms", ms(begin.elapsed()));
    wait(&reader, |news| news.reading.is_none());
    println!("log to whole snapshot        {:>8.1} ms", ms(begin.elapsed()));
    drop(reader);

    let ctx = egui::Context::default();
    let mut viewer = Viewer::new(ctx.clone(), Some(&directory));
    draw_until(&ctx, &mut viewer, Viewer::is_settled);
    let new = Sample { name: "large", trials: 10_015, steps: 50, running: false }.events();
    let new: Vec<EventKind> = new.into_iter().skip_while(|kind| !begins(kind, 10_000)).collect();
    let (mut listed, mut drawn) = (Vec::new(), Vec::new());
    for (index, trial) in new.chunk_by(|_, next| !matches!(next, EventKind::TrialStarted { .. })).enumerate() {
        // At any moment between two looks at the log.
        std::thread::sleep(Duration::from_millis(500 + 17 * index as u64));
        let events = store.append(trial.to_vec()).expect("the trial is new");
        let last = events.last().map_or(0, |event| event.seq);
        let begin = Instant::now();
        let shows = |viewer: &Viewer| viewer.model().subject().is_some_and(|subject| subject.whole.seq >= last);
        draw_until(&ctx, &mut viewer, shows);
        listed.push(begin.elapsed());
        draw_until(&ctx, &mut viewer, Viewer::is_settled);
        drawn.push(begin.elapsed());
    }
    for (what, mut times) in [("commit to its line in the table", listed), ("commit to all plots and analyses", drawn)]
    {
        times.sort();
        println!("{what:<32} median {:.1} ms, worst of {} {:.1} ms", ms(times[7]), times.len(), ms(times[14]));
    }
}

/// Draws a frame every few milliseconds until one shows this.
fn draw_until(ctx: &egui::Context, viewer: &mut Viewer, is_so: impl Fn(&Viewer) -> bool) {
    for frame in 0.. {
        let output = ctx.run_ui(input(frame, false), |ui| viewer.ui(ui));
        drop(ctx.tessellate(output.shapes, output.pixels_per_point));
        if frame > 1 && is_so(viewer) {
            break;
        }
        std::thread::sleep(Duration::from_millis(4));
    }
}

fn begins(kind: &EventKind, number: u64) -> bool {
    matches!(kind, EventKind::TrialStarted { trial, .. } if *trial == number)
}

/// How long the commits of 8 workers' reports take, without a viewer and with one that scrolls all the time.
fn writers() {
    println!("-- commits of 8 workers' reports");
    for watched in [false, true] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sample = Sample { name: "busy", trials: 1000, steps: 50, running: true };
        let (directory, mut store) = sample.write(folder.path());
        let done = AtomicBool::new(false);
        let (mut times, frames) = std::thread::scope(|scope| {
            let commits = scope.spawn(|| {
                let times = commits(&mut store);
                done.store(true, Ordering::SeqCst);
                times
            });
            let frames = if watched { scroll(&directory, &done) } else { 0 };
            (commits.join().expect("the writer ends"), frames)
        });
        times.sort();
        let at = |share: usize| ms(times[(times.len() - 1) * share / 100]);
        let what = if watched { format!("with {frames} frames drawn") } else { "alone".to_owned() };
        println!(
            "{what:<24} median {:.1} ms, p99 {:.1} ms, worst of {} {:.1} ms",
            at(50),
            at(99),
            times.len(),
            at(100)
        );
    }
}

/// New trials by eights, each with all its reports: the reports of a step in one transaction.
fn commits(store: &mut Store) -> Vec<Duration> {
    let more = Sample { name: "busy", trials: 1064, steps: 50, running: false };
    let kinds: Vec<EventKind> = more.events();
    let new: Vec<EventKind> = kinds.into_iter().skip_while(|kind| !begins(kind, 1000)).collect();
    let mut times = Vec::new();
    for together in new.chunks(8) {
        let begin = Instant::now();
        store.append(together.to_vec()).expect("the events are new");
        times.push(begin.elapsed());
        std::thread::sleep(Duration::from_millis(5));
    }
    times
}

/// Draws the window over and over, one row further down each time. Gives the number of frames.
fn scroll(directory: &Path, done: &AtomicBool) -> usize {
    let ctx = egui::Context::default();
    let mut viewer = Viewer::new(ctx.clone(), Some(directory));
    let mut frame = 0;
    while !done.load(Ordering::SeqCst) {
        let mut input = input(frame, true);
        input.events.push(egui::Event::Key {
            key: egui::Key::J,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: egui::Modifiers::NONE,
        });
        let output = ctx.run_ui(input, |ui| viewer.ui(ui));
        drop(ctx.tessellate(output.shapes, output.pixels_per_point));
        frame += 1;
        std::thread::sleep(Duration::from_millis(16));
    }
    frame
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
    let mut events = kinds.zip(1..).map(|(kind, seq)| Event { seq, at_us: seq as i64 * 1_000_000, kind });
    let mut history = History::new(&events.next().expect("it was put in front")).expect("a study begins so");
    events.for_each(|event| history.apply(&event).expect("the sample keeps the rules of the log"));
    history
}

/// What a change costs the drawing thread, and when the list of trials is there.
fn follows(what: &str, model: &mut Model, cache: &mut Cache, change: impl FnOnce(&mut Model)) {
    let begin = Instant::now();
    let cpu = cpu_time(ClockId::ThreadCPUTime);
    change(model);
    cache.take_list(model);
    let spent = cpu_time(ClockId::ThreadCPUTime) - cpu;
    while model.question().is_some() {
        std::thread::sleep(Duration::from_micros(200));
        cache.take_list(model);
    }
    println!("{what:<28} {:>8.1} ms in the drawing thread, listed after {:.1} ms", ms(spent), ms(begin.elapsed()));
}

/// Draws until the threads have made everything that the page shows.
fn drawn(ctx: &egui::Context, model: &mut Model, cache: &mut Cache) {
    for frame in 0.. {
        cache.take_list(model);
        one_frame(ctx, model, cache, frame, false, false);
        if frame > 1 && !cache.shop.is_busy() && model.question().is_none() {
            break;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

fn many(ctx: &egui::Context, model: &mut Model, cache: &mut Cache, moves: bool, selects: bool) -> Vec<Duration> {
    let mut times: Vec<Duration> =
        (0..FRAMES).map(|frame| one_frame(ctx, model, cache, frame, moves, selects)).collect();
    times.drain(..20);
    times.sort();
    times
}

fn said(times: Vec<Duration>) -> String {
    let at = |share: usize| ms(times[(times.len() - 1) * share / 100]);
    format!("median {:.2} ms, p95 {:.2} ms, p99 {:.2} ms", at(50), at(95), at(99))
}

fn input(frame: usize, moves: bool) -> egui::RawInput {
    let at = egui::pos2(300.0 + (frame % 400) as f32, 150.0 + (frame % 200) as f32);
    egui::RawInput {
        screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1600.0, 1000.0))),
        time: Some(frame as f64 / 60.0),
        events: if moves { vec![egui::Event::PointerMoved(at)] } else { Vec::new() },
        ..Default::default()
    }
}

fn one_frame(
    ctx: &egui::Context,
    model: &mut Model,
    cache: &mut Cache,
    frame: usize,
    moves: bool,
    selects: bool,
) -> Duration {
    let begin = cpu_time(ClockId::ThreadCPUTime);
    if selects {
        model.apply(Action::Go(1));
    }
    let mut actions = Vec::new();
    let output = ctx.run_ui(input(frame, moves), |ui| actions = panes::ui(ui, model, cache));
    let meshes = ctx.tessellate(output.shapes, output.pixels_per_point);
    let spent = cpu_time(ClockId::ThreadCPUTime) - begin;
    assert!(!meshes.is_empty());
    model.scroll_to = None;
    for action in actions {
        model.apply(action);
    }
    spent
}

/// CPU time of this thread, or of all.
fn cpu_time(of: ClockId) -> Duration {
    let time = clock_gettime(of);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let made = work();
    println!("{what:<28} {:>8.1} ms", ms(begin.elapsed()));
    made
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
