//! `seqtune-view [PATH]`: opens the window.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use seqtune_view::model::{Action, Page};
use seqtune_view::place::Place;
use seqtune_view::settings::ThemeChoice;
use seqtune_view::{HeadStart, Viewer};

/// Many small strings and meshes live for one frame only; this allocator makes drawing 10 000 points 3 times faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Shows studies in a window, live while they run: what to look at, comparisons, parameters, decisions, time, data. A running
/// study is never disturbed; it is only read, until you allow to control it in the menu Control.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  seqtune-view results/\n  seqtune-view results/demo\n  seqtune-view results/demo/study.db\n\nExit codes: 0 closed, 1 no window could be opened, 2 wrong usage or nothing at PATH."
)]
struct Arguments {
    /// A folder with studies, a study's directory, or its study.db [default: results, where it exists]
    path: Option<PathBuf>,

    /// The page to begin with
    #[arg(long, value_enum)]
    page: Option<Page>,

    /// The trial to select
    #[arg(long, value_name = "TRIAL")]
    select: Option<u64>,

    /// Trials to pin, such as 48,58,42
    #[arg(long, value_name = "TRIALS", value_delimiter = ',')]
    pin: Vec<u64>,

    /// Colours, instead of those chosen last
    #[arg(long, value_enum)]
    theme: Option<ThemeChoice>,

    /// Save a picture of the window once everything is drawn, and close it
    #[arg(long, value_name = "FILE.png")]
    screenshot: Option<PathBuf>,

    /// Print when window, trials and curves were there, in milliseconds, and close
    #[arg(long, hide = true)]
    times: bool,

    /// What draws: OpenGL, or Vulkan, Metal and DirectX by wgpu (where it was built in)
    #[arg(long, value_enum, default_value_t)]
    renderer: Renderer,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Renderer {
    #[default]
    Glow,
    #[cfg(feature = "wgpu")]
    Wgpu,
}

fn main() -> ExitCode {
    let begin = Instant::now();
    let arguments = Arguments::parse();
    let path = match &arguments.path {
        Some(path) => match Place::of(path) {
            Ok(_) => Some(path.clone()),
            Err(error) => {
                eprintln!("seqtune-view: {error}");
                return ExitCode::from(2);
            }
        },
        None => Some(PathBuf::from("results")).filter(|results| results.is_dir()),
    };
    if !has_display() {
        eprintln!(
            "seqtune-view: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); log in with ssh -X, or \
             list the trials with: seqtune trials DIR"
        );
        return ExitCode::FAILURE;
    }
    let head_start = path.as_deref().and_then(HeadStart::at);
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_app_id("seqtune-view")
            .with_icon(icon())
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([960.0, 600.0]),
        renderer: match arguments.renderer {
            Renderer::Glow => eframe::Renderer::Glow,
            #[cfg(feature = "wgpu")]
            Renderer::Wgpu => eframe::Renderer::Wgpu,
        },
        ..Default::default()
    };
    // A picture is of the usual window, whatever this user has chosen.
    let settings = eframe::storage_dir("seqtune-view").map(|folder| folder.join("settings.json"));
    let settings = settings.filter(|_| arguments.screenshot.is_none());
    let create = move |context: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        let mut viewer = Viewer::with_settings(context.egui_ctx.clone(), path.as_deref(), settings, head_start);
        let mut actions: Vec<Action> = arguments.theme.map(Action::ShowTheme).into_iter().collect();
        actions.extend(arguments.page.map(Action::Show));
        actions.extend(arguments.pin.iter().copied().map(Action::Pin));
        actions.extend(arguments.select.map(|trial| Action::Select(Some(trial))));
        viewer.at_first(actions);
        if arguments.times {
            viewer.time_start(begin);
        }
        if let Some(path) = arguments.screenshot {
            viewer.take_picture(path);
        }
        Ok(Box::new(viewer))
    };
    match eframe::run_native("seqtune-view", options, Box::new(create)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let why = match &error {
                // What winit says is for its authors: it names lines of its own source.
                eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => {
                    "the display cannot be reached".to_owned()
                }
                other => other.to_string(),
            };
            eprintln!(
                "seqtune-view: cannot open a window: {why}; check the display and its OpenGL driver, or list the \
                 trials with: seqtune trials DIR"
            );
            ExitCode::FAILURE
        }
    }
}

/// Three learning curves, in the colours of plots.
fn icon() -> egui::IconData {
    const SIZE: u32 = 64;
    let curves: [([u8; 3], f64, f64); 3] =
        [([0x56, 0xB4, 0xE9], 0.92, 6.0), ([0xE6, 0x9F, 0x00], 0.74, 4.0), ([0x00, 0xB8, 0x88], 0.56, 2.5)];
    let mut rgba = Vec::with_capacity((SIZE * SIZE * 4) as usize);
    for y in 0..SIZE {
        for x in 0..SIZE {
            let (across, up) = (f64::from(x) / f64::from(SIZE), 1.0 - f64::from(y) / f64::from(SIZE));
            let on = curves.iter().find(|(_, top, speed)| (top * (1.0 - (-speed * across).exp()) - up).abs() < 0.05);
            let [red, green, blue] = on.map_or([0x1B, 0x1B, 0x1B], |(color, ..)| *color);
            rgba.extend([red, green, blue, 0xFF]);
        }
    }
    egui::IconData { rgba, width: SIZE, height: SIZE }
}

/// Whether there is something to open a window on.
fn has_display() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}
