//! Study files, right and wrong.

use std::collections::BTreeMap;
use std::path::Path;

use seqtune_core::{Budget, FamilyChoice, Order, Reduce, SamplerSpec};
use seqtune_plugin::{Direction, FamilyInfo, MetricInfo};
use seqtune_space::Params;

use super::{Resolved, StudyFile, StudyFileError};
use crate::launch::Opened;

const WHOLE: &str = r#"
name = "demo"
family = "tf"
seed = 3
order = "eager"
metric = "valid/auc"
direction = "maximize"
reduce = "best"
[data]
source = "synthetic"
sizes = [1, 2.5]
[trial]
steps = 8
time_limit = "1h30m"
stall_limit = 90
[budget]
trials = 24
hours = 2
device_hours = 1.5
patience = 20
[sampler]
type = "random"
[pruner]
type = "none"
[workers]
count = 2
device = "cuda:0"
[space]
model = "lstm"
lr = { type = "float", low = 1e-4, high = 1e-1, log = true }
layers = { type = "int", low = 1, high = 3 }
[[enqueue]]
lr = 1
"#;

/// The least that a study file holds, in six lines, so that what a test appends begins at line 7.
const LEAST: &str =
    "name = \"s\"\nfamily = \"tf\"\nmetric = \"valid/auc\"\ntrial = { steps = 8 }\n[space]\nlr = 0.01\n";

fn opened() -> Opened {
    let parameters = r#"
        model = { type = "categorical", choices = ["mlp", "cnn", "lstm", "gru"], default = "cnn" }
        kernel = { type = "int", low = 1, high = 64, default = 12, when = { model = "cnn" } }
        layers = { type = "int", low = 1, high = 8, default = 1, when = { model = ["lstm", "gru"] } }
        lr = { type = "float", low = 1e-7, high = 10.0, log = true, default = 0.002, doc = "Learning rate." }
        width = { type = "int", low = 8, high = 512, step = 8, default = 64 }
        heads = { type = "int", low = 1, high = 16, default = 4 }
        convs = { type = "list", len = { low = 0, high = 6 }, item = { type = "int", low = 4, high = 512, log = true }, default = [32] }
        constraints = ["width % heads == 0"]
    "#;
    let metric = |name: &str, direction| MetricInfo {
        name: name.to_owned(),
        direction,
        unit: String::new(),
        doc: String::new(),
    };
    let info = FamilyInfo {
        name: "tf".to_owned(),
        version: "1".to_owned(),
        summary: "A family for tests.".to_owned(),
        step: "epoch".to_owned(),
        parameters: toml::from_str(parameters).unwrap(),
        metrics: vec![metric("valid/auc", Direction::Maximize), metric("valid/loss", Direction::Minimize)],
        data: BTreeMap::new(),
    };
    Opened { info, digest: "d1".to_owned(), summary: BTreeMap::new(), build: BTreeMap::new() }
}

fn resolve(text: &str) -> Result<Resolved, StudyFileError> {
    StudyFile::parse(Path::new("s.toml"), text)?.resolve(&opened())
}

fn params(json: &str) -> Params {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_whole_file_resolves() {
    let Resolved { spec, settings, warnings, .. } = resolve(WHOLE).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(spec.name, "demo");
    assert_eq!(spec.family, FamilyChoice::Name("tf".to_owned()));
    assert_eq!(spec.data_digest, "d1");
    assert_eq!(serde_json::to_string(&spec.data).unwrap(), r#"{"sizes":[1,2.5],"source":"synthetic"}"#);
    assert_eq!((spec.seed, spec.order, spec.window), (3, Order::Eager, 4));
    assert_eq!(spec.objective().reduce, Reduce::Best);
    assert_eq!(spec.trial.time_limit_secs, Some(5400.0));
    assert_eq!((spec.trial.stall_limit_secs, spec.trial.retries, spec.trial.checkpoint_every), (90.0, 2, 1));
    assert_eq!(
        settings.budget,
        Budget { trials: Some(24), hours: Some(2.0), device_hours: Some(1.5), patience: Some(20) }
    );
    assert_eq!((settings.workers.count, settings.workers.device.as_str()), (2, "cuda:0"));
    assert_eq!(spec.sampler, SamplerSpec::Random);
    // A bare value is fixed, the family's default is taken over where it is in range, and numbers take their kind.
    assert_eq!(spec.space.defaults().unwrap(), params(r#"{"model":"lstm","lr":0.002,"layers":1}"#));
    assert_eq!(spec.enqueue, [params(r#"{"model":"lstm","lr":1.0,"layers":1}"#)]);
}

#[test]
fn the_least_file_has_the_documented_defaults() {
    let Resolved { spec, settings, warnings, .. } = resolve(LEAST).unwrap();
    assert_eq!((spec.seed, spec.order, spec.window), (0, Order::Fixed, 1));
    assert_eq!(spec.sampler, SamplerSpec::Auto);
    assert_eq!((spec.objective().direction, spec.objective().reduce), (Direction::Maximize, Reduce::Last));
    assert_eq!((spec.trial.stall_limit_secs, spec.trial.time_limit_secs), (600.0, None));
    assert_eq!((settings.workers.count, settings.workers.device.as_str()), (1, "auto"));
    assert_eq!(warnings, ["there is no [budget]: the study goes on until it is stopped; add for instance trials = 50"]);
}

#[test]
fn conditions_of_the_family_are_inherited() {
    let text = LEAST.to_owned()
        + "model = { type = \"categorical\", choices = [\"cnn\", \"lstm\"] }\n\
           kernel = { type = \"int\", low = 3, high = 9 }\n\
           layers = { type = \"int\", low = 1, high = 3 }\n\
           [budget]\ntrials = 5\n";
    let Resolved { spec, warnings, .. } = resolve(&text).unwrap();
    let when = |name: &str| spec.space.get(name).unwrap().when.in_words();
    assert_eq!(when("kernel"), "`model` is \"cnn\"");
    assert_eq!(when("layers"), "`model` is \"lstm\"");
    assert_eq!(when("lr"), "");
    assert_eq!(
        warnings,
        ["`kernel` has no default in its range, so no trial tries the default configuration"],
        "12 is not within 3 to 9"
    );
}

#[test]
fn a_family_may_be_a_command() {
    let text = LEAST.replace("\"tf\"", "{ command = [\"python3\", \"train.py\"] }");
    let file = StudyFile::parse(Path::new("s.toml"), &text).unwrap();
    assert_eq!(file.family().to_string(), "python3 train.py");
}

#[test]
fn several_objectives_have_their_own_tables() {
    let text = LEAST.replace("metric = \"valid/auc\"\n", "")
        + "[[objective]]\nmetric = \"valid/loss\"\nreduce = \"best\"\n[[objective]]\nmetric = \"valid/auc\"\n";
    let spec = resolve(&text).unwrap().spec;
    assert_eq!(spec.objectives.len(), 2);
    assert_eq!((spec.objective().direction, spec.objective().reduce), (Direction::Minimize, Reduce::Best));
}

/// Which samplers learn little from several objectives, and which nothing from outcome constraints.
#[test]
fn a_sampler_that_does_not_learn_from_all_is_warned_about() {
    let text = LEAST.replace("metric = \"valid/auc\"\n", "")
        + "[budget]\ntrials = 1\n[[objective]]\nmetric = \"valid/loss\"\n[[objective]]\nmetric = \"valid/auc\"\n\
           [[outcome_constraint]]\nmetric = \"valid/loss\"\nat_most = 1\n";
    let warned = |sampler: &str, words: &str| {
        let warnings = resolve(&format!("sampler = \"{sampler}\"\n{text}")).unwrap().warnings;
        warnings.iter().any(|warning| warning.contains(words))
    };
    for sampler in ["auto", "gp", "tpe", "nsga2"] {
        assert!(!warned(sampler, "Pareto set") && !warned(sampler, "outcome constraints"), "{sampler}");
    }
    assert!(warned("cmaes", "finds little of the Pareto set"));
    assert!(warned("random", "does not learn from outcome constraints"));
}

#[test]
fn outcome_constraints_name_a_metric_and_one_bound() {
    let with = |text: &str| resolve(&(LEAST.to_owned() + text));
    let spec = with(
        "[[outcome_constraint]]\nmetric = \"valid/loss\"\nat_most = 1\n\
                     [[outcome_constraint]]\nmetric = \"valid/loss\"\nat_least = 0.25\n",
    )
    .unwrap()
    .spec;
    let shown: Vec<String> = spec.outcome_constraints.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["valid/loss at most 1", "valid/loss at least 0.25"]);
    for (text, expected) in [
        (
            "metric = \"valid/los\"\nat_most = 1",
            "8:10: the family tf has no metric \"valid/los\"; did you mean `valid/loss`?",
        ),
        ("metric = \"valid/loss\"", "8:1: this constraint has no bound; add `at_most` or `at_least`"),
        (
            "metric = \"valid/loss\"\nat_most = 1\nat_least = 0",
            "10:1: `at_least` stands beside `at_most`; give each bound a table [[outcome_constraint]] of its own",
        ),
        ("metric = \"valid/loss\"\nat_most = \"1\"", "9:11: `at_most` is \"1\"; it must be a finite number"),
        (
            "metric = \"valid/loss\"\nmax = 1",
            "9:1: there is no key `max` in [[outcome_constraint]]; the keys are metric, at_most, at_least",
        ),
        ("at_most = 1", "7:1: [[outcome_constraint]] has no `metric`; add for instance: metric = \"valid/loss\""),
    ] {
        let error = with(&format!("[[outcome_constraint]]\n{text}\n")).unwrap_err().to_string();
        assert!(error.starts_with(&format!("s.toml:{expected}")), "{error}");
    }
    let twice = LEAST.replace("metric = \"valid/auc\"\n", "")
        + "[[objective]]\nmetric = \"valid/auc\"\n[[objective]]\nmetric = \"valid/auc\"\n";
    let error = resolve(&twice).unwrap_err().to_string();
    assert_eq!(error, "s.toml:9:10: valid/auc is an objective already; remove one");
}

#[test]
fn more_workers_do_not_widen_the_window_of_a_study() {
    let old = resolve(&(LEAST.to_owned() + "[workers]\ncount = 2\n")).unwrap().spec;
    let more = LEAST.to_owned() + "[workers]\ncount = 4\n";
    let edited = resolve(&more).unwrap();
    assert_eq!((old.window, edited.spec.window), (4, 8));
    assert_eq!(edited.going_on_with(&old), old);
    let wider = resolve(&more.replace("family", "window = 8\nfamily")).unwrap();
    assert_eq!(wider.going_on_with(&old).window, 8);
}

#[test]
fn what_is_questionable_is_warned_of() {
    let text = LEAST.to_owned()
        + "width = { type = \"int\", low = 8, high = 24, step = 8 }\n\
           [budget]\ntrials = 9\npatience = 9\n";
    let text = text.replace("family", "direction = \"minimize\"\nfamily");
    insta::assert_snapshot!(resolve(&text).unwrap().warnings.join("\n"));
}

#[test]
fn a_sampler_is_a_name_or_a_table_with_its_options() {
    let with = |sampler: &str| resolve(&WHOLE.replace("[sampler]\ntype = \"random\"", sampler));
    let of = |sampler: &str| with(sampler).unwrap().spec.sampler;
    assert_eq!(of("[sampler]\ntype = \"sobol\""), SamplerSpec::Sobol);
    let error = |sampler: &str| with(sampler).unwrap_err().to_string();
    let message = error("[sampler]\ntype = \"bandit\"\nrule = \"max_uc\"");
    assert!(message.contains("`rule` is \"max_uc\"; did you mean `max_ucb`?"), "{message}");
    let message = error("[sampler]\ntype = \"bandit\"\narms = \"model\"");
    assert!(message.contains("there is no key `arms` in [sampler]; did you mean `arm`?"), "{message}");
    let message = error("[sampler]\ntype = \"bandit\"\narm = \"lr\"");
    assert!(message.contains("the sampler bandit has no arms: `lr` is"), "{message}");
    let message = error("[sampler]\ntype = \"tpe\"\nrule = \"max_ucb\"");
    assert!(message.contains("there is no key `rule` in [sampler]"), "{message}");
    let short = WHOLE.replace("[sampler]\ntype = \"random\"", "").replacen("family", "sampler = \"tpe\"\nfamily", 1);
    assert_eq!(resolve(&short).unwrap().spec.sampler, SamplerSpec::Tpe);
    let short = short.replace("sampler = \"tpe\"", "sampler = \"tpi\"");
    let message = resolve(&short).unwrap_err().to_string();
    assert!(message.contains("`sampler` is \"tpi\"; did you mean `tpe`?"), "{message}");
}

/// The same study in JSON, key by key.
#[test]
fn json_says_the_same_as_toml() {
    let json = r#"{
        // Comments are welcome.
        "name": "demo", "family": "tf", "seed": 3, "order": "eager",
        "metric": "valid/auc", "direction": "maximize", "reduce": "best",
        "data": {"source": "synthetic", "sizes": [1, 2.5]},
        "trial": {"steps": 8, "time_limit": "1h30m", "stall_limit": 90},
        "budget": {"trials": 24, "hours": 2, "device_hours": 1.5, "patience": 20},
        "sampler": {"type": "random"}, "pruner": {"type": "none"},
        "workers": {"count": 2, "device": "cuda:0"},
        "space": {
            "model": "lstm",
            "lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": true},
            "layers": {"type": "int", "low": 1, "high": 3},
        },
        "enqueue": [{"lr": 1}]
    }"#;
    let from_json = StudyFile::parse(Path::new("s.json"), json).unwrap().resolve(&opened()).unwrap();
    let from_toml = resolve(WHOLE).unwrap();
    assert_eq!(from_json.spec, from_toml.spec);
    assert_eq!(from_json.settings, from_toml.settings);
}

#[test]
fn wrong_json_is_explained_like_wrong_toml() {
    let least = |space: &str, more: &str| {
        let text = format!(
            "{{\n\"name\": \"s\", \"family\": \"tf\", \"metric\": \"valid/auc\", \"trial\": {{\"steps\": 8}},\n\
             \"space\": {space}{more}\n}}"
        );
        let resolved = StudyFile::parse(Path::new("s.json"), &text).and_then(|file| file.resolve(&opened()));
        resolved.map(|_| ()).map_err(|error| error.to_string())
    };
    let lr = |value: &str| least(&format!("{{\"lr\": {value}}}"), "");
    assert_eq!(lr("0.1"), Ok(()));
    for (found, expected) in [
        (least("{\"lr\": 0.1}", "}"), "s.json:4:1: this is not JSON: text cannot contain more than one JSON value"),
        (lr("null"), "s.json:3:17: null says nothing; leave the key out, and it takes its default"),
        (lr("0.1, \"lr\": 0.2"), "s.json:3:22: the key `lr` is given twice; remove one"),
        (lr("100"), "s.json:3:11: parameter `lr` is 100 here; in the family tf it must be a number from 1e-7 to 10"),
        (
            lr("99999999999999999999"),
            "s.json:3:17: the number 99999999999999999999 is too large to be kept exactly; give a smaller one",
        ),
        (
            lr("{\"type\": \"float\", \"low\": 1, \"hihg\": 2}"),
            "s.json:3:45: there is no key `hihg` in parameter `lr`; did you mean `high`?",
        ),
        (
            least("{\"lr\": 0.1}", ", \"budgte\": {}"),
            "s.json:3:23: there is no key `budgte` in the study file; did you mean `budget`?",
        ),
    ] {
        assert_eq!(found.unwrap_err(), expected);
    }
    let error = StudyFile::parse(Path::new("s.json"), "[]").unwrap_err().to_string();
    assert_eq!(error, "s.json:1:1: a study file in JSON is an object: {\"name\": \"my-study\", ...}");
}

#[test]
fn a_ready_space_is_a_beginning() {
    let start = LEAST.replace("lr = 0.01\n", "extends = \"tf-cnn\"\n");
    let info = |name: &str| FamilyInfo {
        parameters: seqtune_space::ready::declaration("tf").unwrap().clone(),
        name: name.to_owned(),
        ..opened().info
    };
    let resolve = |text: &str, family: &str| {
        StudyFile::parse(Path::new("s.toml"), text)?.resolve(&Opened { info: info(family), ..opened() })
    };
    let spec = resolve(&start, "tf").unwrap().spec;
    assert_eq!(spec.space.len(), seqtune_space::ready::space("tf-cnn").unwrap().space.len());

    let changed = start.clone() + "kernel = { type = \"int\", low = 20, high = 40 }\npool = \"max\"\nmask = 0.3\n";
    let spec = resolve(&changed, "tf").unwrap().spec;
    let names: Vec<&str> = spec.space.parameters().iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names[..3], ["model", "channels", "kernel"], "what is overridden keeps its place");
    assert!(!names.contains(&"pool_size"), "what only `pool = \"local\"` needs is gone");
    assert_eq!(spec.space.get("kernel").unwrap().domain.describe(), "a whole number from 20 to 40");

    let other = resolve(&start.replace("\"tf\"", "\"rna\""), "rna").unwrap_err().to_string();
    assert_eq!(
        other,
        "s.toml:6:11: \"tf-cnn\" is a space of the family tf, and this study's is rna; it has no ready spaces"
    );
    let slip = resolve(&start.replace("tf-cnn", "tf-ccn"), "tf").unwrap_err().to_string();
    assert_eq!(slip, "s.toml:6:11: there is no ready space \"tf-ccn\"; did you mean `tf-cnn`?");
}

#[test]
fn what_the_family_cannot_build_is_not_proposed() {
    // The family's constraint names `heads`, which this space leaves at its default: it becomes a fixed parameter.
    let text = LEAST.to_owned() + "width = { type = \"int\", low = 8, high = 512, step = 8 }\n";
    let Resolved { spec, feasibility, .. } = resolve(&text).unwrap();
    let constraints: Vec<&str> = spec.space.constraints().iter().map(|constraint| constraint.text()).collect();
    assert_eq!(constraints, ["width % heads == 0"]);
    assert_eq!(spec.space.get("heads").unwrap().domain.describe(), "4");
    assert_eq!((feasibility.exact, feasibility.looked_at, feasibility.allowed), (true, 64, 64));

    let searched = text.clone() + "heads = { type = \"int\", low = 3, high = 9 }\n";
    let feasibility = resolve(&searched).unwrap().feasibility;
    assert!(feasibility.exact && feasibility.allowed > 100, "{feasibility:?}");
    // Neither is in this space: nothing to constrain.
    assert!(resolve(LEAST).unwrap().spec.space.constraints().is_empty());
}

#[test]
fn lists_and_priors_are_read() {
    let text = LEAST.to_owned()
        + "convs = { type = \"list\", len = { low = 1, high = 4 }, item = { type = \"int\", low = 8, high = 128, log = true }, \
           rule = \"non_decreasing\" }\n\
           width = { type = \"int\", low = 8, high = 512, step = 8, prior = { center = 64, confidence = \"high\" } }\n\
           [[enqueue]]\nconvs = [512, 4]\n";
    let spec = resolve(&text).unwrap().spec;
    assert_eq!(
        spec.space.get("convs").unwrap().domain.describe(),
        "a list of 1 to 4 items, each a whole number from 8 to 128, none below the one before it"
    );
    assert!(spec.space.get("width").unwrap().prior.is_some());
    assert_eq!(spec.enqueue[0].list("convs").unwrap().len(), 2, "outside the space, within the family's limits");
    let fixed = resolve(&(LEAST.to_owned() + "convs = [64, 64]\n")).unwrap().spec;
    assert_eq!(fixed.space.defaults().unwrap().sizes("convs").unwrap(), [64, 64]);
}

/// Each wrong line stands alone in a file that is right otherwise.
#[test]
fn wrong_files_are_explained_in_one_sentence_at_their_place() {
    let appended = |more: &str| LEAST.to_owned() + more;
    let replaced = |from: &str, to: &str| LEAST.replace(from, to);
    let cases = [
        // TOML.
        replaced("\"s\"", "\"s"),
        replaced("name", "name ="),
        appended("lr = 0.1\n"),
        // Keys.
        String::new(),
        replaced("name", "nmae"),
        replaced("family", "familly"),
        replaced("metric = \"valid/auc\"\n", ""),
        replaced("trial =", "trials ="),
        replaced("{ steps = 8 }", "{ stepz = 8 }"),
        appended("[pruner]\ntype = \"ashe\"\n"),
        appended("pruner = \"ashe\"\n"),
        appended("pruner = \"percentile\"\n"),
        appended("[pruner]\ntype = \"asha\"\nfactor = 1\n"),
        appended("[pruner]\ntype = \"asha\"\nmax_step = 9\n"),
        appended("[pruner]\ntype = \"median\"\nmin_step = 0\n"),
        appended("[pruner]\ntype = \"threshold\"\n"),
        appended("[pruner]\ntype = \"threshold\"\nat_most = 1\nat_least = 2.5\n"),
        appended("[pruner]\ntype = \"patient\"\npatience = 2\ninner = { type = \"patient\", patience = 1 }\n"),
        appended("[pruner]\ntype = \"patient\"\npatience = 2\ninner = { type = \"median\", min_steps = 1 }\n"),
        appended("[pruner]\ntype = \"curve\"\nchance = 5\n"),
        appended("[pruner]\ntype = \"wilcoxon\"\np = 0.5\n"),
        appended("[budget]\ntrails = 5\n"),
        appended("[workers]\ncores = 5\n"),
        // Types and ranges.
        replaced("\"s\"", "\"a/b\""),
        replaced("\"s\"", "7"),
        replaced("\"tf\"", "{ command = [] }"),
        replaced("steps = 8", "steps = 0"),
        replaced("steps = 8", "steps = 8.5"),
        replaced("steps = 8", "steps = \"many\""),
        replaced("steps = 8", "steps = 8, time_limit = \"5 parsecs\""),
        replaced("{ steps = 8 }", "8"),
        replaced("family", "seed = -1\nfamily"),
        replaced("family", "order = \"fix\"\nfamily"),
        replaced("family", "reduce = \"mean\"\nfamily"),
        replaced("family", "window = 0\nfamily"),
        appended("[budget]\nhours = -2.0\n"),
        appended("[workers]\ncount = 5000\n"),
        appended("[workers]\ndevice = \"gpu\"\n"),
        appended("[sampler]\ntype = \"sobel\"\n"),
        appended("[replicates]\nseeds = 1\n"),
        appended("[replicates]\nshare = 1.5\n"),
        appended("[replicates]\nshares = 0.5\n"),
        appended("[sampler]\ntype = \"bandit\"\nplain = true\n[replicates]\n"),
        replaced("metric = \"valid/auc\"", "")
            + "[replicates]\n[[objective]]\nmetric = \"valid/auc\"\n[[objective]]\nmetric = \"valid/loss\"\n",
        appended("[data]\nnoise = nan\n"),
        appended("[[objective]]\nmetric = \"valid/loss\"\n"),
        // Parameters.
        replaced("lr = 0.01", "lr = [0.1, 0.2]"),
        replaced("lr = 0.01\n", ""),
        replaced("0.01", "{ low = 1, high = 2 }"),
        replaced("0.01", "{ type = \"flaot\", low = 1, high = 2 }"),
        replaced("0.01", "{ type = \"float\", low = 2, high = 1 }"),
        replaced("0.01", "{ type = \"float\", low = 0, high = 1, log = true }"),
        replaced("0.01", "{ type = \"float\", low = \"a\", high = 1 }"),
        replaced("0.01", "{ type = \"float\", high = 1 }"),
        replaced("0.01", "{ type = \"float\", min = 0, high = 1 }"),
        replaced("0.01", "{ type = \"float\", low = 0, high = 1, default = 3 }"),
        replaced("0.01", "{ type = \"int\", low = 0, high = 1, choices = [1] }"),
        replaced("0.01", "{ type = \"categorical\", choices = [1, 1] }"),
        replaced("0.01", "{ type = \"float\", low = 0, high = 1, when = { modle = \"x\" } }"),
        replaced("0.01", "{ type = \"float\", low = 0, high = 1, when = { model = { above = 1 } } }"),
        // What the family says.
        replaced("valid/auc", "valid/acu"),
        replaced("valid/auc", "accuracy"),
        replaced("lr = 0.01", "learning_rate = 0.01"),
        replaced("lr = 0.01", "widht = 8"),
        replaced("0.01", "{ type = \"float\", low = 0.0, high = 1 }"),
        replaced("lr = 0.01", "width = { type = \"int\", low = 8, high = 64 }"),
        replaced("lr = 0.01", "width = { type = \"float\", low = 8, high = 64 }"),
        replaced("lr = 0.01", "model = { type = \"categorical\", choices = [\"cnn\", \"transformer\"] }"),
        replaced("lr = 0.01", "layers = 2"),
        replaced("lr = 0.01", "model = \"cnn\"\nlayers = 2"),
        replaced("lr = 0.01", "layers = 2\nmodel = \"lstm\""),
        appended("[[enqueue]]\nlr = 0.0\n"),
        appended("[[enqueue]]\nrl = 0.1\n"),
        appended("[[enqueue]]\nlayers = 2\n"),
        appended("enqueue = 5\n"),
        replaced("name", "enqueue = [5]\nname"),
        // Constraints, lists, priors.
        appended("constraints = \"lr < 1\"\n"),
        appended("constraints = [\"lr <\"]\n"),
        appended("constraints = [\"lr < 1\", \"wdith > 3\"]\n"),
        appended("constraints = [\"lr + 1\"]\n"),
        appended("constraints = [\"lr > 1\"]\n"),
        appended("width = { type = \"int\", low = 8, high = 512, step = 8 }\nconstraints = [\"width > 512\"]\n"),
        appended("width = { type = \"int\", low = 8, high = 16, step = 8 }\nheads = 5\n"),
        appended("[[enqueue]]\nheads = 3\n"),
        appended("convs = { type = \"list\", item = { type = \"int\", low = 4, high = 8 } }\n"),
        appended("convs = { type = \"list\", len = -1, item = { type = \"int\", low = 4, high = 8 } }\n"),
        appended("convs = { type = \"list\", len = { low = 2 }, item = { type = \"int\", low = 4, high = 8 } }\n"),
        appended("convs = { type = \"list\", len = \"depth\", item = { type = \"int\", low = 4, high = 8 } }\n"),
        appended("convs = { type = \"list\", len = 2, item = { type = \"int\", low = 9, high = 8 } }\n"),
        appended("convs = { type = \"list\", len = 2, item = { type = \"int\", low = 4, high = 8, when = {} } }\n"),
        appended(
            "convs = { type = \"list\", len = 2, item = { type = \"int\", low = 4, high = 8 }, rule = \"rising\" }\n",
        ),
        appended("convs = { type = \"list\", len = 9, item = { type = \"int\", low = 4, high = 8 } }\n"),
        appended("convs = [2]\n"),
        replaced("0.01", "{ type = \"float\", low = 0.1, high = 1, prior = 0.5 }"),
        replaced("0.01", "{ type = \"float\", low = 0.1, high = 1, prior = { center = 2 } }"),
        replaced("0.01", "{ type = \"float\", low = 0.1, high = 1, prior = { center = 1, confidence = \"sure\" } }"),
        replaced("0.01", "{ type = \"float\", low = 0.1, high = 1, prior = { weights = [1, 2] } }"),
    ];
    let messages: Vec<String> = cases
        .iter()
        .map(|text| match resolve(text) {
            Ok(_) => format!("IS RIGHT: {text}"),
            Err(error) => format!("{error}\n{}", error.excerpt().unwrap_or_default()),
        })
        .collect();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn what_the_family_says_of_the_data_stands_at_its_key() {
    let text = LEAST.to_owned() + "[data]\nlabels = \"x.npy\"\nnoise = -1\n";
    let file = StudyFile::parse(Path::new("s.toml"), &text).unwrap();
    let place = |message: &str| file.wrong_data(message).to_string().split(": ").next().unwrap().to_owned();
    assert_eq!(place("[data]: noise is -1"), "s.toml:9:1");
    assert_eq!(place("data \"x.npy\" not found"), "s.toml:8:1");
    assert_eq!(place("no data"), "s.toml:7:2");
}

#[test]
fn a_file_that_cannot_be_read_says_what_to_do() {
    let scratch = tempfile::tempdir().unwrap();
    let binary = scratch.path().join("binary.toml");
    std::fs::write(&binary, [0xff, 0xfe]).unwrap();
    for (path, advice) in [
        (Path::new("no/such.toml"), "; `seqtune init FAMILY -o no/such.toml` writes one"),
        (scratch.path(), "; a study that is there goes on with `seqtune resume DIR`"),
        (&binary, "; a study file is text in UTF-8"),
    ] {
        let text = StudyFile::read(path).unwrap_err().to_string();
        assert!(text.starts_with(&format!("cannot read the study file {}: ", path.display())), "{text}");
        assert!(text.ends_with(advice), "{text}");
    }
}

/// A file that is still being written, or lost a line, is wrong at some place and never a panic.
#[test]
fn a_file_cut_anywhere_is_read_or_refused_at_a_place_in_it() {
    let check = |text: &str| {
        if let Err(error) = resolve(text) {
            let StudyFileError::Wrong { line, column, .. } = error else { panic!("{error}") };
            assert!(line >= 1 && line <= text.lines().count() + 1 && column >= 1, "{line}:{column} of {text:?}");
        }
    };
    for end in 0..WHOLE.len() {
        check(&WHOLE[..end]);
    }
    for left_out in 0..WHOLE.lines().count() {
        let lines = WHOLE.lines().enumerate().filter(|(index, _)| *index != left_out);
        check(&lines.map(|(_, line)| line).collect::<Vec<_>>().join("\r\n"));
    }
}
