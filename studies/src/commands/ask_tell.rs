//! `seqtune ask-tell`: another program evaluates.

use std::io::{self, Write};

use seqtune::ask_tell::{ConversationError, converse, sampler_named, serve_kurobako};
use seqtune_core::SamplerSpec;

use crate::error::CommandError;
use crate::exit::Exit;

/// Propose points to a program that evaluates them, over standard input and output
///
/// For programs in any language that train or measure by themselves: JSON lines, one object a line each way, exactly one
/// reply for each line, in order. Several requests may be written before the first reply is read. The end of the input
/// ends the program with exit code 0. For Python, seqtune.py in plugins/python speaks it for you.
#[derive(clap::Args)]
#[command(after_long_help = AFTER)]
pub(crate) struct Arguments {
    /// Speak kurobako's protocol for external solvers instead, as `kurobako solver command` expects
    #[arg(long)]
    kurobako: bool,
    /// For kurobako: the sampler, such as tpe [default: auto]
    #[arg(long, value_name = "NAME", requires = "kurobako", value_parser = sampler)]
    sampler: Option<Sampler>,
}

/// The sampler that a name means, where it means one.
#[derive(Clone)]
struct Sampler(Option<SamplerSpec>);

fn sampler(name: &str) -> Result<Sampler, String> {
    sampler_named(name).map(Sampler).map_err(|error| error.to_string())
}

const AFTER: &str = r#"The first line says what is searched:
  space                a list of parameters, each with its name, as in a study file (`seqtune families`, studies/README.md):
                         {"name": "lr", "type": "float", "low": 1e-5, "high": 0.1, "log": true}
                         {"name": "layers", "type": "int", "low": 1, "high": 5}
                         {"name": "opt", "type": "categorical", "choices": ["sgd", "adam"]}
                         {"name": "momentum", "type": "float", "low": 0, "high": 1, "when": {"opt": ["sgd"]}}
                       also ordinal (values), bool and list (len, item), and {"constraint": "layers * 8 <= 32"}
  direction            "minimize" (default), "maximize", or a list of them for several objectives
  outcome_constraints  how many constraint values come with each result (default 0); 0 or less is satisfied
  sampler              a name, or an object with its "type" and options (default "auto": it chooses)
  pruner               null, or an object with its "type"
  seed                 an integer (default 0): the same seed and the same requests give the same replies
  n_trials             how many there will be, a hint
  storage              a study directory to keep the trials in, for `seqtune best` and the rest; one that exists is gone
                       on with, and what was running there can still be told

Requests and their replies:
  {"ask": 2}                                            {"trials": [{"id": 0, "params": {...}}, ...]}
  {"tell": {"id": 0, "value": 0.31}}                    {"ok": true}
  {"tell": {"id": 0, "values": [0.3, 12], "constraints": [-0.2]}}
  {"tell": {"id": 1, "state": "failed", "cause": "diverged"}}
                       or "pruned"; causes: bad_params, diverged, out_of_memory (the point's own fault: learned from),
                       crashed, timed_out, interrupted (not)
  {"report": {"id": 1, "step": 3, "value": 0.5}}        {"prune": false}
  {"add": [{"params": {...}, "value": 0.4}]}            {"ids": [2]}, trials that were evaluated elsewhere
  {"best": true}                                        {"trials": [{"id": 2, "params": {...}, "value": 0.4}]}, the
                                                        Pareto set where there are several objectives
A line that is refused changes nothing, and is answered with {"error": "no running trial 9"}.

Example:
  $ seqtune ask-tell
  > {"space":[{"name":"x","type":"float","low":-5,"high":5}],"seed":1}
  < {"ok":true,"protocol":1,"name":"seqtune","sampler":"auto"}
  > {"ask":1}
  < {"trials":[{"id":0,"params":{"x":1.25}}]}
  > {"tell":{"id":0,"value":1.5625}}
  < {"ok":true}

Benchmarks of kurobako:
  $ kurobako solver command -- seqtune ask-tell --kurobako --sampler tpe"#;

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let ended = if arguments.kurobako {
        let sampler = arguments.sampler.as_ref().and_then(|sampler| sampler.0.clone());
        serve_kurobako(sampler, io::stdin(), out)
    } else {
        converse(io::stdin(), out)
    };
    ended.map_err(|error| match error {
        ConversationError::Output(error) => CommandError::Output(error),
        ConversationError::Store(error) => CommandError::Store(error),
    })?;
    Ok(Exit::Done)
}
