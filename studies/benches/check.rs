//! Reading and checking a study of 200 parameters, from its text to the resolved specification:
//! `cargo bench -p seqtune --bench check`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use seqtune::launch::Opened;
use seqtune::study_file::StudyFile;
use seqtune_plugin::{Direction, FamilyInfo, MetricInfo};

const REPEATS: usize = 200;

/// Forty models, each with a rate, a width, a list of layers and a dropout of its own: what a large conditional space
/// looks like. With the choice of the model and the rest it is 200 parameters.
fn space(model_limits: bool) -> String {
    let wide = |narrow: f64, wide: f64| if model_limits { wide } else { narrow };
    let models: Vec<String> = (0..39).map(|index| format!("\"m{index}\"")).collect();
    let mut text = format!(
        "model = {{ type = \"categorical\", choices = [{}], default = \"m0\" }}\n\
         batch = {{ type = \"int\", low = 8, high = {}, log = true, default = 64 }}\n\
         decay = {{ type = \"float\", low = 1e-6, high = {}, log = true, default = 1e-4 }}\n\
         clip = {{ type = \"float\", low = 0.0, high = {}, step = 0.25, default = 1.0 }}\n\
         nesterov = {{ type = \"bool\", default = false }}\n",
        models.join(", "),
        wide(256.0, 4096.0),
        wide(0.1, 1.0),
        wide(5.0, 10.0),
    );
    for index in 0..39 {
        let when = format!("when = {{ model = \"m{index}\" }}");
        text.push_str(&format!(
            "rate{index} = {{ type = \"float\", low = 1e-5, high = {}, log = true, default = 1e-3, {when} }}\n\
             width{index} = {{ type = \"int\", low = 8, high = {}, log = true, default = 64, {when} }}\n\
             layers{index} = {{ type = \"list\", len = {{ low = 1, high = 4 }}, item = {{ type = \"int\", low = 8, \
             high = 512, log = true }}, rule = \"non_increasing\", default = [64], {when} }}\n\
             dropout{index} = {{ type = \"float\", low = 0.0, high = {}, default = 0.1, {when} }}\n\
             cell{index} = {{ type = \"ordinal\", values = [1, 2, 4, 8], default = 2, {when} }}\n",
            wide(0.1, 1.0),
            wide(512.0, 4096.0),
            wide(0.6, 0.9),
        ));
    }
    text.push_str("constraints = [\"width0 * cell0 <= 2048\", \"batch * clip < 1000\"]\n");
    text
}

fn main() {
    let metric =
        MetricInfo { name: "loss".to_owned(), direction: Direction::Minimize, unit: String::new(), doc: String::new() };
    let info = FamilyInfo {
        name: "large".to_owned(),
        version: "1".to_owned(),
        summary: String::new(),
        step: "epoch".to_owned(),
        parameters: toml::from_str(&space(true)).expect("the limits are a space"),
        metrics: vec![metric],
        data: BTreeMap::new(),
    };
    let opened = Opened { info, digest: "d".to_owned(), summary: BTreeMap::new(), build: BTreeMap::new() };
    let text = format!(
        "name = \"large\"\nfamily = \"large\"\nmetric = \"loss\"\ntrial = {{ steps = 10 }}\nbudget = {{ trials = 500 }}\n\
         [space]\n{}\n[[enqueue]]\nmodel = \"m3\"\nwidth3 = 2048\n",
        space(false)
    );
    let mut parse = Vec::new();
    let mut whole = Vec::new();
    for _ in 0..REPEATS {
        let begin = Instant::now();
        let file = StudyFile::parse(Path::new("large.toml"), &text).expect("the file is right");
        parse.push(begin.elapsed().as_secs_f64() * 1e3);
        let resolved = file.resolve(&opened).expect("it is within the limits");
        whole.push(begin.elapsed().as_secs_f64() * 1e3);
        assert_eq!(resolved.spec.space.len(), 200);
    }
    for (name, times) in [("parsing", &mut parse), ("parsing and checking", &mut whole)] {
        times.sort_by(f64::total_cmp);
        let (median, p99) = (times[REPEATS / 2], times[REPEATS * 99 / 100]);
        println!("{name:<22} median {median:>6.2} ms   p99 {p99:>6.2} ms   ({} lines)", text.lines().count());
    }
}
