//! `seqtune plot`: a study, or several beside each other, as a picture.

mod drawn;
mod kind;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use seqtune_plot::plots::BandKind;
use seqtune_plot::spec::PlotSpec;
use seqtune_plot::svg::{Length, Size, svg};
use seqtune_plot::theme;

use super::export::into_file;
use crate::error::CommandError;
use crate::exit::Exit;
use kind::Kind;

/// Draw a study into a file: SVG or PNG
///
/// The metric is that of the study's first objective unless --metric names another. Trials that were
/// pruned count with the value they had reached. Where no parameter is named, those that tell most about the value are drawn.
/// A list counts as its length, `len(widths)`, and its items, `widths[0]` and so on.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune plot demo -o history.svg\n\
\x20 seqtune plot demo --kind history --over-time --theme dark -o history.svg\n\
\x20 seqtune plot demo --kind curves --top 5 --metric valid/loss -o curves.png\n\
\x20 seqtune plot demo --kind curves --grouped --band confidence --trials 12,3 -o seeds.svg\n\
\x20 seqtune plot demo --kind parallel -o parallel.svg\n\
\x20 seqtune plot demo --kind slice --x lr -o lr.svg\n\
\x20 seqtune plot demo --kind contour --x lr --y dropout --theme print --width 85mm --height 70mm -o figure-2.svg\n\
\x20 seqtune plot demo --kind rank --x lr --y dropout -o rank.svg\n\
\x20 seqtune plot demo --kind importance --method ped-anova -o importance.svg\n\
\x20 seqtune plot demo --kind dependence --x lr -o lr.svg\n\
\x20 seqtune plot demo --kind dependence --x lr --y model -o lr-model.svg\n\
\x20 seqtune plot demo --kind differences --trials 12,3,7 -o differences.svg\n\
\x20 seqtune plot demo --kind expected -o expected.svg\n\
\x20 seqtune plot demo --kind durations -o durations.svg\n\
\x20 seqtune plot demo --kind timeline -o timeline.svg\n\
\x20 seqtune plot demo --kind pareto --x valid/auc --y valid/loss -o front.png --dpi 300\n\
\x20 seqtune plot demo --kind hypervolume -o volume.svg\n\
\x20 seqtune plot demo other third --kind best --over-time -o searches.svg\n\
\x20 seqtune plot demo other third --kind edf -o distributions.svg\n\n\
In a picture of a trial's state: a disc is completed, a triangle pruned, a cross failed, a dashed ring running, a square\n\
waiting. An SVG says in its description what there is to see. A file that is there is replaced.")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/; of best and edf several
    #[arg(value_name = "DIR", required = true)]
    studies: Vec<PathBuf>,
    /// What to draw
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
    /// Parameter from left to right (slice, contour, rank, dependence), or metric (pareto, hypervolume)
    #[arg(long, value_name = "NAME")]
    x: Option<String>,
    /// Parameter from below to above (contour, rank, dependence of two), or metric (pareto, hypervolume)
    #[arg(long, value_name = "NAME")]
    y: Option<String>,
    /// A metric of the reports [default: that of the study's first objective]
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// How many of the best trials or configurations have their curve drawn [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    top: Option<u16>,
    /// Trials whose curves are drawn in any case; of differences those compared, the first being what the others are compared
    /// with [default of differences: the best three]
    #[arg(long, value_name = "N,N", value_delimiter = ',')]
    trials: Vec<u64>,
    /// One curve for each configuration: the mean of its seeds
    #[arg(long)]
    grouped: bool,
    /// What the bands of curves are, over folds, or over seeds with --grouped [default: min-max]
    #[arg(long, value_enum)]
    band: Option<Band>,
    /// Over the time since the first trial began (history, best), or that was trained (curves)
    #[arg(long)]
    over_time: bool,
    /// How importance is measured [default: fanova]
    #[arg(long, value_enum)]
    method: Option<Method>,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Band {
    /// There is none
    None,
    /// From the smallest to the largest
    MinMax,
    /// One standard deviation to either side
    Deviation,
    /// The 95 % interval of the mean, by Student's t
    Confidence,
}

impl From<Band> for BandKind {
    fn from(band: Band) -> BandKind {
        match band {
            Band::None => BandKind::None,
            Band::MinMax => BandKind::MinMax,
            Band::Deviation => BandKind::Deviation,
            Band::Confidence => BandKind::Confidence,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    /// The share of the variance of the value, over the whole space
    Fanova,
    /// The share in what tells the best tenth of the trials from all
    PedAnova,
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
    kind::check(arguments)?;
    let spec = drawn::spec(arguments)?;
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
