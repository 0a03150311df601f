//! Unbroken training against training that is saved, forgotten, and loaded.

use super::*;
use crate::batch::{Batches, DataSet, Sampling};
use crate::layers::{BatchNorm, Conv1d, ConvOptions, Linear, Lstm, LstmOptions, dropout};
use crate::optimizer::OptimizerKind;
use crate::{loss, seed};

const SEED: u64 = 11;

/// A small model with everything that has state: convolution, LSTM with dropout, batch norm, several updates an epoch.
struct Trial {
    variables: Variables,
    conv: Conv1d,
    lstm: Lstm,
    norm: BatchNorm,
    out: Linear,
    optimizer: Optimizer,
    data: DataSet,
    batches: Batches,
    update: u64,
}

impl Trial {
    fn new(kind: OptimizerKind) -> Self {
        let variables = Variables::new(Device::Cpu, SEED);
        let root = variables.root();
        let conv = Conv1d::new(&root.at("conv"), 4, 6, 3, ConvOptions::default()).expect("valid");
        let options = LstmOptions { inputs: 6, hidden: 5, layers: 2, bidirectional: true, dropout: 0.3 };
        let lstm = Lstm::new(&root.at("lstm"), options).expect("valid");
        let norm = BatchNorm::new(&root.at("norm"), 10).expect("valid");
        let out = Linear::new(&root.at("out"), 10, 1).expect("valid");
        let optimizer = Optimizer::new(kind, 0.01, &variables).and_then(|o| o.with_clip_norm(1.0)).expect("valid");
        let x = (Tensor::arange(23 * 4 * 9, (Kind::Float, Device::Cpu)) * 1.3).sin().view([23, 4, 9]);
        let y = Tensor::arange(23, (Kind::Int64, Device::Cpu)).remainder(2).to_kind(Kind::Float);
        let data = DataSet::new(Device::Cpu, vec![x, y]).expect("equal lengths");
        let batches = Batches::new((0..23).collect(), 8, Sampling::Shuffled, SEED).expect("valid");
        Self { variables, conv, lstm, norm, out, optimizer, data, batches, update: 0 }
    }

    fn logits(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let x = self.conv.forward(x)?.f_relu()?.f_permute([2, 0, 1])?;
        let x = self.norm.forward(&self.lstm.forward(&x, train)?.last, train)?;
        Ok(self.out.forward(&dropout(&x, 0.4, train)?)?.f_squeeze_dim(1)?)
    }

    fn train(&mut self, updates: u64) -> Result<()> {
        for _ in 0..updates {
            let per_epoch = self.batches.per_epoch() as u64;
            let epoch = self.batches.epoch(self.update / per_epoch, Device::Cpu)?;
            let batch = self.data.batch(&epoch.index((self.update % per_epoch) as usize)?)?;
            seed::seed_update(SEED, self.update);
            let loss = loss::binary_cross_entropy_with_logits(&self.logits(&batch[0], true)?, &batch[1], None)?;
            self.optimizer.step(&loss)?;
            self.update += 1;
        }
        Ok(())
    }

    fn save(&self, directory: &Path) -> Result<()> {
        save(directory, &self.variables, &self.optimizer, &Counters::new().with_u64("update", self.update))
    }
}

fn bits(variables: &Variables) -> Vec<u32> {
    let values = variables.all().into_iter().map(|(_, tensor)| tensor.detach().view(-1));
    values.flat_map(|tensor| Vec::<f32>::try_from(tensor).expect("floats")).map(f32::to_bits).collect()
}

#[test]
fn five_updates_and_five_more_after_loading_are_ten() {
    let _generator = seed::generator_lock();
    let sgd = OptimizerKind::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.01 };
    for kind in [OptimizerKind::adam(), OptimizerKind::adamw(), OptimizerKind::rmsprop(), sgd] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut unbroken = Trial::new(kind);
        unbroken.train(10).expect("it trains");

        let mut first = Trial::new(kind);
        first.train(5).expect("it trains");
        first.save(directory.path()).expect("it saves");
        drop(first);
        // Something else happens to the process's generator in between.
        tch::manual_seed(99);

        let mut second = Trial::new(kind);
        second.train(2).expect("it trains");
        let counters = load(directory.path(), &second.variables, &mut second.optimizer).expect("its own checkpoint");
        second.update = counters.u64("update").expect("saved");
        assert_eq!(second.update, 5);
        second.train(5).expect("it trains");

        assert_ne!(bits(&unbroken.variables), bits(&Trial::new(kind).variables));
        assert_eq!(bits(&unbroken.variables), bits(&second.variables), "{kind:?}");
        assert_eq!(unbroken.optimizer.updates(), second.optimizer.updates());
    }
}

#[test]
fn equal_states_have_equal_bytes() {
    let _generator = seed::generator_lock();
    let directories = [(); 2].map(|()| tempfile::tempdir().expect("a temporary directory"));
    for directory in &directories {
        let mut trial = Trial::new(OptimizerKind::adam());
        trial.train(2).expect("it trains");
        trial.save(directory.path()).expect("it saves");
    }
    for name in [WEIGHTS, OPTIMIZER, STATE] {
        let [a, b] =
            directories.each_ref().map(|directory| fs::read(directory.path().join(name)).expect("it was saved"));
        assert_eq!(a, b, "{name}");
    }
    let mut names: Vec<_> = fs::read_dir(directories[0].path())
        .expect("it exists")
        .map(|entry| entry.expect("readable").file_name())
        .collect();
    names.sort();
    assert_eq!(names, [OPTIMIZER, STATE, WEIGHTS]);
}

#[test]
fn weights_alone_give_the_same_predictions() {
    let _generator = seed::generator_lock();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut trained = Trial::new(OptimizerKind::adam());
    trained.train(4).expect("it trains");
    trained.save(directory.path()).expect("it saves");
    let other = Trial::new(OptimizerKind::sgd(0.0));
    load_weights(directory.path(), &other.variables).expect("the same model");
    let x = &trained.data.columns()[0];
    let [a, b] = [&trained, &other].map(|trial| trial.logits(x, false).expect("it fits"));
    assert!(a.equal(&b));
}

#[test]
fn counters_come_back_exactly() {
    let numbers = [0.1, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE / 8.0, f64::MAX];
    let counters = numbers
        .iter()
        .enumerate()
        .fold(Counters::new().with_u64("large", u64::MAX), |all, (at, value)| all.with_f64(&at.to_string(), *value));
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut trial = Trial::new(OptimizerKind::adam());
    save(directory.path(), &trial.variables, &trial.optimizer, &counters).expect("it saves");
    let back = load(directory.path(), &trial.variables, &mut trial.optimizer).expect("it loads");
    assert_eq!(back.u64("large"), Some(u64::MAX));
    for (at, value) in numbers.iter().enumerate() {
        assert_eq!(back.f64(&at.to_string()).map(f64::to_bits), Some(value.to_bits()));
    }
    assert_eq!((back.u64("0"), back.f64("large")), (None, None));
}

#[test]
fn what_does_not_fit_is_refused_with_its_path_and_changes_nothing() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path();
    let mut trial = Trial::new(OptimizerKind::adam());
    let refused = |trial: &mut Trial| {
        let before = bits(&trial.variables);
        let error = load(path, &trial.variables, &mut trial.optimizer).unwrap_err();
        assert_eq!(before, bits(&trial.variables));
        assert!(matches!(error, Error::Checkpoint { .. }), "{error}");
        let text = error.to_string();
        assert_eq!(text.lines().count(), 1, "{text}");
        text
    };
    assert!(refused(&mut trial).contains(STATE));

    trial.save(path).expect("it saves");
    assert!(refused(&mut Trial::new(OptimizerKind::sgd(0.9))).contains("momentum_buffer"));

    let weights = path.join(WEIGHTS);
    let mut bytes = fs::read(&weights).expect("it was saved");
    *bytes.last_mut().expect("not empty") ^= 1;
    fs::write(&weights, bytes).expect("writable");
    assert!(refused(&mut trial).contains("damaged"));

    fs::remove_file(&weights).expect("it was there");
    assert!(refused(&mut trial).contains(WEIGHTS));

    trial.save(path).expect("it saves");
    let text = fs::read_to_string(path.join(STATE)).expect("it was saved");
    fs::write(path.join(STATE), text.replace("\"format\": 1", "\"format\": 2")).expect("writable");
    assert!(refused(&mut trial).contains("newer version"));
}

#[test]
fn weights_that_do_not_fit_leave_the_optimizer_as_it_was() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let model = |with_buffer: bool| {
        let variables = Variables::new(Device::Cpu, SEED);
        let weight = variables.root().uniform("w", &[3], 1.0).expect("new name");
        if with_buffer {
            let _ = variables.root().buffer("b", &weight).expect("new name");
        }
        let mut optimizer = Optimizer::new(OptimizerKind::adam(), 0.01, &variables).expect("valid");
        optimizer.step(&weight.square().sum(Kind::Float)).expect("it trains");
        (variables, optimizer, weight)
    };
    let (variables, mut optimizer, weight) = model(true);
    optimizer.step(&weight.square().sum(Kind::Float)).expect("it trains");
    save(directory.path(), &variables, &optimizer, &Counters::new()).expect("it saves");

    let (other, mut its_optimizer, _) = model(false);
    let before = its_optimizer.state();
    let error = load(directory.path(), &other, &mut its_optimizer).unwrap_err();
    assert!(error.to_string().contains("`b`"), "{error}");
    assert_eq!(its_optimizer.updates(), 1);
    for ((name, was), (_, is)) in before.iter().zip(its_optimizer.state()) {
        assert!(was.equal(&is), "{name}");
    }
}
