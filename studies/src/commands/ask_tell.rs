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

const AFTER: &str = r#"The first line says what is searched and how:
  {"space": [...], "direction": "minimize", "sampler": "tpe", "seed": 7}

space      a list of parameters, with the keys of a study file:
             {"name": "lr", "type": "float", "low": 1e-5, "high": 0.1, "log": true}
             {"name": "layers", "type": "int", "low": 1, "high": 5}
             {"name": "opt", "type": "categorical", "choices": ["sgd", "adam"]}
             {"name": "mom", "type": "float", "low": 0, "high": 1,
              "when": {"opt": ["sgd"], "layers": {"at_least": 2}}}
             {"name": "size", "type": "ordinal", "values": [16, 64, 256]}
             {"name": "wide", "type": "bool"}
             {"name": "dims", "type": "list", "len": {"low": 1, "high": 4},
              "item": {"type": "int", "low": 8, "high": 64}}
             {"constraint": "layers * size <= 512"}
direction  "minimize" (default), "maximize", or a list: several objectives
outcome_constraints
           how many constraint values a result has; 0 or less is satisfied
sampler    a name, or an object with its "type" and options (default "auto")
pruner     null, or an object with its "type"
seed       an integer (default 0): the same seed and the same requests give
           the same replies
n_trials   how many there will be, a hint
storage    a study directory to keep the trials in, for `seqtune best` and the
           rest; one that exists is gone on with, and what was running there
           can still be told

Requests and replies:
  {"ask": 2}
    {"trials": [{"id": 0, "params": {...}}, {"id": 1, "params": {...}}]}
  {"tell": {"id": 0, "value": 0.31}}
  {"tell": {"id": 0, "values": [0.31, 12], "constraints": [-0.2]}}
  {"tell": {"id": 1, "state": "failed", "cause": "diverged"}}  (or "pruned")
    {"ok": true}; of the causes, bad_params, diverged and out_of_memory are
    learned from, crashed, timed_out and interrupted are not
  {"report": {"id": 1, "step": 3, "value": 0.5}}
    {"prune": false}
  {"add": [{"params": {...}, "value": 0.4}]}  (trials evaluated elsewhere)
    {"ids": [2]}
  {"best": true}
    {"trials": [{"id": 2, "params": {...}, "value": 0.4}]}; with several
    objectives the Pareto set
A line that is refused changes nothing: {"error": "no running trial 9"}

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
