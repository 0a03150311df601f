//! `seqtune plot`: a study as a picture.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use seqtune::study_file::did_you_mean;
use seqtune_core::{History, Objective, StoreReader};
use seqtune_plot::plots::{self, PlotError, telling_parameters};
use seqtune_plot::spec::PlotSpec;
use seqtune_plot::svg::{Length, Size, svg};
use seqtune_plot::{Snapshot, theme};

use super::export::into_file;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;

/// Draw a study into a file: SVG or PNG
///
/// The metric is that of the study's first objective unless --metric names another. Trials that were
/// pruned count with the value they had reached. Where no parameter is named, those that tell most about the value are drawn.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune plot demo -o history.svg\n\
\x20 seqtune plot demo --kind curves --top 5 --metric valid/loss -o curves.png\n\
\x20 seqtune plot demo --kind slice --x lr -o lr.svg\n\
\x20 seqtune plot demo --kind contour --x lr --y dropout --theme print --width 85mm --height 70mm -o figure-2.svg\n\
\x20 seqtune plot demo --kind pareto --x valid/auc --y valid/loss -o front.png --dpi 300\n\n\
In a picture of a trial's state: a disc is completed, a triangle pruned, a cross failed, a dashed ring running, a square\n\
waiting. An SVG says in its description what there is to see. A file that is there is replaced.")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// What to draw
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
    /// Parameter from left to right (slice, contour, rank), or metric (pareto)
    #[arg(long, value_name = "NAME")]
    x: Option<String>,
    /// Parameter from below to above (contour, rank), or metric (pareto)
    #[arg(long, value_name = "NAME")]
    y: Option<String>,
    /// A metric of the reports [default: that of the study's first objective]
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// How many of the best trials have their curve drawn
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    /// Where to write: FILE.svg or FILE.png
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Width: 180mm, 18cm, 7in, or pixels
    #[arg(long, value_name = "LENGTH", default_value = "720px")]
    width: Length,
    /// Height
    #[arg(long, value_name = "LENGTH", default_value = "440px")]
    height: Length,
    /// Colours
    #[arg(long, value_enum, default_value_t)]
    theme: Colors,
    /// Dots per inch of a PNG
    #[arg(long, value_name = "N", default_value_t = 192, value_parser = clap::value_parser!(u16).range(24..=2400))]
    dpi: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The values of the trials in their order, and the best so far
    #[default]
    History,
    /// The learning curves of the best trials
    Curves,
    /// Each trial as a line through its parameters
    Parallel,
    /// The value over one parameter
    Slice,
    /// The mean value over two parameters
    Contour,
    /// Which part of the trials has which value or less
    Edf,
    /// The rank of the trials over two parameters
    Rank,
    /// Which worker trained which trial when
    Timeline,
    /// The trials by two metrics, and those that nothing beats in both
    Pareto,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Colors {
    /// On white
    #[default]
    Light,
    /// On dark grey
    Dark,
    /// On black
    HighContrast,
    /// For paper: black text
    Print,
}

impl Colors {
    fn theme(self) -> &'static theme::Theme {
        match self {
            Colors::Light => &theme::LIGHT,
            Colors::Dark => &theme::DARK,
            Colors::HighContrast => &theme::HIGH_CONTRAST,
            Colors::Print => &theme::PRINT,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Svg,
    Png,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<Exit, CommandError> {
    let ending = ending(&arguments.output)?;
    let history = StoreReader::open(&places::study(&arguments.study)?)?.history()?;
    let spec = spec(&history, arguments)?;
    let size = Size { width: arguments.width, height: arguments.height };
    let theme = arguments.theme.theme();
    let bytes = match ending {
        Ending::Svg => svg(&spec, size, theme).into_bytes(),
        Ending::Png => png(&spec, size, theme, arguments.dpi)?,
    };
    into_file(&arguments.output, |file| Ok(file.write_all(&bytes)?))?;
    Ok(Exit::Done)
}

fn ending(path: &Path) -> Result<Ending, CommandError> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    match ending.as_deref() {
        Some("svg") => Ok(Ending::Svg),
        Some("png") => Ok(Ending::Png),
        _ => Err(CommandError::Usage(format!("{} must end in .svg or .png", path.display()))),
    }
}

#[cfg(feature = "png")]
fn png(spec: &PlotSpec, size: Size, theme: &theme::Theme, dpi: u16) -> Result<Vec<u8>, CommandError> {
    seqtune_plot::png::png(spec, size, theme, f64::from(dpi)).map_err(|error| CommandError::Usage(error.to_string()))
}

#[cfg(not(feature = "png"))]
fn png(_: &PlotSpec, _: Size, _: &theme::Theme, _: u16) -> Result<Vec<u8>, CommandError> {
    let reason = "this seqtune was built without the feature `png`: write FILE.svg";
    Err(CommandError::Usage(reason.to_owned()))
}

fn spec(history: &History, arguments: &Arguments) -> Result<PlotSpec, CommandError> {
    let snapshot = Snapshot::of(history);
    let objective = match &arguments.metric {
        Some(name) => metric(history, name)?,
        None => history.spec.objective().clone(),
    };
    let (x, y) = (arguments.x.as_deref(), arguments.y.as_deref());
    let drawn = match arguments.kind {
        Kind::History => plots::history(&snapshot, &objective, &plots::HistoryOptions::default()),
        Kind::Curves => plots::curves(&snapshot, &plots::CurvesOf::new(&objective.metric, usize::from(arguments.top))),
        Kind::Parallel => plots::parallel(&snapshot, &objective),
        Kind::Edf => plots::edf(&[&snapshot], &objective),
        Kind::Timeline => plots::timeline(&snapshot),
        Kind::Slice => {
            let [x] = parameters(&snapshot, &objective, [x])?;
            plots::slice(&snapshot, &objective, &x)
        }
        Kind::Contour => {
            let [x, y] = parameters(&snapshot, &objective, [x, y])?;
            plots::contour(&snapshot, &objective, &x, &y)
        }
        Kind::Rank => {
            let [x, y] = parameters(&snapshot, &objective, [x, y])?;
            plots::rank(&snapshot, &objective, &x, &y)
        }
        Kind::Pareto => {
            let named = |name: Option<&str>, at: usize| match (name, history.spec.objectives.get(at)) {
                (Some(name), _) => metric(history, name),
                (None, Some(objective)) => Ok(objective.clone()),
                (None, None) => Err(CommandError::Usage(format!(
                    "a study with one objective has no second axis of its own: name a metric with --y; {}",
                    did_you_mean("", "metrics", history.spec.info.metrics.iter().map(|metric| metric.name.as_str()))
                ))),
            };
            plots::pareto(&snapshot, &named(x, 0)?, &named(y, 1)?)
        }
    };
    drawn.map_err(nothing)
}

/// There is nothing to draw yet: no fault of the command.
fn nothing(error: PlotError) -> CommandError {
    CommandError::Other(format!("nothing to draw: {error}"))
}

/// A metric as what trials are compared by.
fn metric(history: &History, name: &str) -> Result<Objective, CommandError> {
    if let Some(objective) = history.spec.objectives.iter().find(|objective| objective.metric == name) {
        return Ok(objective.clone());
    }
    let Some(metric) = history.spec.info.metric(name) else {
        let names = history.spec.info.metrics.iter().map(|metric| metric.name.as_str());
        let hint = did_you_mean(name, "metrics", names);
        return Err(CommandError::Usage(format!("there is no metric {name:?}; {hint}")));
    };
    let reduce = history.spec.objective().reduce;
    Ok(Objective { metric: metric.name.clone(), direction: metric.direction, reduce })
}

/// The parameters that are asked for; for those that are not, the ones that tell most.
fn parameters<const N: usize>(
    snapshot: &Snapshot,
    objective: &Objective,
    named: [Option<&str>; N],
) -> Result<[String; N], CommandError> {
    let searched = || snapshot.spec.space.parameters().iter().map(|parameter| parameter.name.as_str());
    let declared = snapshot.spec.info.parameters.parameters().iter().map(|parameter| parameter.name.as_str());
    let known: Vec<&str> = searched().chain(declared).collect();
    for name in named.into_iter().flatten() {
        if !known.contains(&name) {
            let hint = did_you_mean(name, "parameters", searched());
            return Err(CommandError::Usage(format!("there is no parameter {name:?}; {hint}")));
        }
    }
    let telling = telling_parameters(snapshot, objective);
    let mut left = telling.iter().map(|(name, _)| name).filter(|name| !named.contains(&Some(name.as_str())));
    let mut chosen = Vec::with_capacity(N);
    for name in named {
        match name {
            Some(name) => chosen.push(name.to_owned()),
            None => {
                let reason = if snapshot.trials.is_empty() { PlotError::NoTrials } else { PlotError::NothingVaries };
                chosen.push(left.next().ok_or_else(|| nothing(reason))?.clone());
            }
        }
    }
    chosen.try_into().map_err(|_| nothing(PlotError::NothingVaries))
}
