//! The kinds of plots, and which options each of them has a use for.

use clap::ValueEnum;

use super::Arguments;
use crate::error::CommandError;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// The values of the trials in their order, and the best so far
    #[default]
    History,
    /// The learning curves of the best trials, or of configurations
    Curves,
    /// Each trial as a line through its parameters
    Parallel,
    /// The value over one parameter
    Slice,
    /// The mean value over two parameters
    Contour,
    /// The rank of the trials over two parameters
    Rank,
    /// How much each parameter matters
    Importance,
    /// What is expected along one parameter, or over two, whatever the others are
    Dependence,
    /// Paired differences of every metric between trials, with their intervals
    Differences,
    /// What the sampler's model expected of the last thirty trials, and what came; decides again about each
    Expected,
    /// How long trials took, and what each state cost
    Durations,
    /// Which worker trained which trial when
    Timeline,
    /// The trials by two metrics, and those that nothing beats in both
    Pareto,
    /// How much of what two metrics could be is dominated, over the trials
    Hypervolume,
    /// The best value so far of each study
    Best,
    /// Which part of the trials of each study has which value or less
    Edf,
}

impl Kind {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// The kinds that draw several studies beside each other.
const OF_SEVERAL: &[Kind] = &[Kind::Best, Kind::Edf];

/// Those that are of one metric.
const OF_METRIC: &[Kind] = &[
    Kind::History,
    Kind::Curves,
    Kind::Parallel,
    Kind::Slice,
    Kind::Contour,
    Kind::Rank,
    Kind::Importance,
    Kind::Dependence,
    Kind::Best,
    Kind::Edf,
];

/// Refuses what was given and has no meaning for the kind: who gives it means something else.
pub(super) fn check(arguments: &Arguments) -> Result<(), CommandError> {
    use Kind::{Best, Contour, Curves, Dependence, Differences, History, Hypervolume, Importance, Pareto, Rank, Slice};
    let options: [(&str, bool, &[Kind]); 9] = [
        ("--x", arguments.x.is_some(), &[Slice, Contour, Rank, Dependence, Pareto, Hypervolume]),
        ("--y", arguments.y.is_some(), &[Contour, Rank, Dependence, Pareto, Hypervolume]),
        ("--metric", arguments.metric.is_some(), OF_METRIC),
        ("--top", arguments.top.is_some(), &[Curves]),
        ("--trials", !arguments.trials.is_empty(), &[Curves, Differences]),
        ("--grouped", arguments.grouped, &[Curves]),
        ("--band", arguments.band.is_some(), &[Curves]),
        ("--over-time", arguments.over_time, &[History, Curves, Best]),
        ("--method", arguments.method.is_some(), &[Importance]),
    ];
    let kind = arguments.kind;
    let wrong = |(option, kinds): (&str, &[Kind])| {
        let names: Vec<String> = kinds.iter().map(|kind| kind.name()).collect();
        Err(CommandError::Usage(format!("{option} has no meaning for {}: it is for {}", kind.name(), names.join(", "))))
    };
    if let Some((option, _, kinds)) = options.into_iter().find(|(_, given, kinds)| *given && !kinds.contains(&kind)) {
        return wrong((option, kinds));
    }
    if arguments.studies.len() > 1 && !OF_SEVERAL.contains(&kind) {
        return wrong(("more than one study", OF_SEVERAL));
    }
    Ok(())
}
