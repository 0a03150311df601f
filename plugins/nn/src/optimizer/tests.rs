//! Each rule against its definition computed by hand in f64, and against itself after a restart.

use super::*;
use tch::Device;

const START: [[f64; 3]; 2] = [[1.0, -2.0, 0.5], [0.25, 3.0, -0.125]];
const STEPS: usize = 6;
const RATE: f64 = 0.05;

/// A gradient that changes from update to update.
fn gradient(update: usize, at: usize, position: usize) -> f64 {
    (1.7 * update as f64 + 0.9 * at as f64 + 0.3 * position as f64).sin() * (1.0 + position as f64)
}

fn variables() -> Variables {
    let variables = Variables::new(Device::Cpu, 0);
    for (name, start) in ["a", "b"].iter().zip(&START) {
        let _ = variables.root().variable(name, &Tensor::from_slice(start)).expect("new name");
    }
    variables
}

fn gradients(update: usize) -> Vec<Tensor> {
    (0..2).map(|at| Tensor::from_slice(&[0, 1, 2].map(|position| gradient(update, at, position)))).collect()
}

fn values(variables: &Variables) -> Vec<f64> {
    variables.all().iter().flat_map(|(_, tensor)| Vec::<f64>::try_from(tensor.detach()).expect("f64")).collect()
}

fn trained(kind: OptimizerKind, clip: Option<f64>) -> Vec<f64> {
    let variables = variables();
    let mut optimizer = Optimizer::new(kind, RATE, &variables).expect("valid constants");
    if let Some(limit) = clip {
        optimizer = optimizer.with_clip_norm(limit).expect("valid limit");
    }
    for update in 0..STEPS {
        optimizer.apply(&gradients(update)).expect("one gradient a variable");
    }
    values(&variables)
}

/// Runs a rule for one number: (value, gradient, memory, update counted from 1) to the new value.
fn by_hand(clip: Option<f64>, rule: impl Fn(f64, f64, &mut [f64; 2], i32) -> f64) -> Vec<f64> {
    let mut numbers: Vec<f64> = START.concat();
    let mut memory = [[0.0; 2]; 6];
    for update in 0..STEPS {
        let mut slopes: Vec<f64> = (0..6).map(|at| gradient(update, at / 3, at % 3)).collect();
        if let Some(limit) = clip {
            let norm = slopes.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
            let factor = (limit / (norm + 1e-6)).min(1.0);
            slopes.iter_mut().for_each(|slope| *slope *= factor);
        }
        for at in 0..6 {
            numbers[at] = rule(numbers[at], slopes[at], &mut memory[at], update as i32 + 1);
        }
    }
    numbers
}

fn assert_close(left: &[f64], right: &[f64]) {
    assert_eq!(left.len(), right.len());
    for (a, b) in left.iter().zip(right) {
        // The kernels take the number of updates and so the bias correction in float.
        assert!((a - b).abs() < 1e-7, "{left:?} {right:?}");
    }
}

fn adam_rule(decoupled: bool, decay: f64) -> impl Fn(f64, f64, &mut [f64; 2], i32) -> f64 {
    move |mut x, mut g, memory, t| {
        if decoupled {
            x -= RATE * decay * x;
        } else {
            g += decay * x;
        }
        memory[0] = 0.9 * memory[0] + 0.1 * g;
        memory[1] = 0.999 * memory[1] + 0.001 * g * g;
        let mean = memory[0] / (1.0 - 0.9_f64.powi(t));
        let square = memory[1] / (1.0 - 0.999_f64.powi(t));
        x - RATE * mean / (square.sqrt() + 1e-8)
    }
}

#[test]
fn adam_follows_its_definition() {
    assert_close(&trained(OptimizerKind::adam(), None), &by_hand(None, adam_rule(false, 0.0)));
    assert_close(&trained(OptimizerKind::adam().with_weight_decay(0.3), None), &by_hand(None, adam_rule(false, 0.3)));
}

#[test]
fn adamw_follows_its_definition() {
    assert_close(&trained(OptimizerKind::adamw(), None), &by_hand(None, adam_rule(true, 0.01)));
    assert_close(&trained(OptimizerKind::adamw().with_weight_decay(0.3), None), &by_hand(None, adam_rule(true, 0.3)));
}

#[test]
fn rmsprop_follows_its_definition() {
    for (momentum, decay) in [(0.0, 0.0), (0.8, 0.0), (0.8, 0.3)] {
        let kind = OptimizerKind::RmsProp { alpha: 0.95, epsilon: 1e-8, momentum, weight_decay: decay };
        let expected = by_hand(None, |x, g, memory, _| {
            let g = g + decay * x;
            memory[0] = 0.95 * memory[0] + 0.05 * g * g;
            memory[1] = momentum * memory[1] + g / (memory[0].sqrt() + 1e-8);
            x - RATE * memory[1]
        });
        assert_close(&trained(kind, None), &expected);
    }
}

#[test]
fn sgd_follows_its_definition() {
    for (momentum, nesterov, decay) in [(0.0, false, 0.0), (0.0, false, 0.3), (0.9, false, 0.3), (0.9, true, 0.3)] {
        let kind = OptimizerKind::Sgd { momentum, nesterov, weight_decay: decay };
        let expected = by_hand(None, |x, g, memory, _| {
            let g = g + decay * x;
            memory[0] = momentum * memory[0] + g;
            x - RATE * if nesterov { g + momentum * memory[0] } else { memory[0] }
        });
        assert_close(&trained(kind, None), &expected);
    }
}

#[test]
fn clipping_scales_all_gradients_together() {
    let descend = |x: f64, g: f64, _: &mut [f64; 2], _: i32| x - RATE * g;
    // The norms lie between 2 and 6: a limit of 1 always acts, one of 100 never does.
    assert_close(&trained(OptimizerKind::sgd(0.0), Some(1.0)), &by_hand(Some(1.0), descend));
    assert_close(&trained(OptimizerKind::sgd(0.0), Some(3.0)), &by_hand(Some(3.0), descend));
    assert_close(&trained(OptimizerKind::sgd(0.0), Some(100.0)), &by_hand(None, descend));
}

#[test]
fn gradients_that_share_memory_or_lie_otherwise_are_taken_right() {
    let run = |kind, gradients: [Tensor; 2]| {
        let variables = Variables::new(Device::Cpu, 0);
        for name in ["a", "b"] {
            let _ =
                variables.root().variable(name, &Tensor::ones([2, 3], (Kind::Double, Device::Cpu))).expect("new name");
        }
        let optimizer = Optimizer::new(kind, RATE, &variables).expect("valid constants");
        let mut optimizer = optimizer.with_clip_norm(0.5).expect("valid limit");
        for _ in 0..3 {
            optimizer.apply(&gradients.each_ref().map(Tensor::shallow_clone)).expect("shapes fit");
        }
        variables
            .all()
            .iter()
            .flat_map(|(_, t)| Vec::<f64>::try_from(t.detach().view(-1)).expect("f64"))
            .collect::<Vec<f64>>()
    };
    let transposed = Tensor::arange(6, (Kind::Double, Device::Cpu)).view([3, 2]).transpose(0, 1);
    let expanded = Tensor::from_slice(&[2.0]).expand([2, 3], false);
    for kind in [
        OptimizerKind::adam(),
        OptimizerKind::adamw(),
        OptimizerKind::rmsprop().with_weight_decay(0.1),
        OptimizerKind::sgd(0.9),
    ] {
        let plain = run(kind, [transposed.contiguous(), transposed.contiguous()]);
        assert_eq!(run(kind, [transposed.shallow_clone(), transposed.shallow_clone()]), plain);
        let plain = run(kind, [expanded.contiguous(), transposed.contiguous()]);
        assert_eq!(run(kind, [expanded.shallow_clone(), transposed.shallow_clone()]), plain);
    }
}

#[test]
fn a_restored_state_goes_on_bit_for_bit() {
    for kind in [
        OptimizerKind::adam(),
        OptimizerKind::adamw(),
        OptimizerKind::rmsprop(),
        OptimizerKind::RmsProp { alpha: 0.9, epsilon: 1e-8, momentum: 0.5, weight_decay: 0.1 },
        OptimizerKind::sgd(0.0),
        OptimizerKind::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.1 },
    ] {
        let first = variables();
        let mut optimizer = Optimizer::new(kind, RATE, &first).expect("valid constants");
        (0..3).for_each(|update| optimizer.apply(&gradients(update)).expect("shapes fit"));
        let second = variables();
        second.restore(&first.snapshot()).expect("same variables");
        let mut restored = Optimizer::new(kind, RATE, &second).expect("valid constants");
        restored.load_state(&optimizer.state()).expect("same optimizer");
        assert_eq!(restored.updates(), 3);
        for update in 3..STEPS {
            optimizer.apply(&gradients(update)).expect("shapes fit");
            restored.apply(&gradients(update)).expect("shapes fit");
        }
        assert_eq!(values(&first), values(&second), "{kind:?}");
        assert_eq!(values(&first), trained(kind, None), "{kind:?}");
    }
}

#[test]
fn a_state_of_another_optimizer_is_refused() {
    let variables = variables();
    let mut adam = Optimizer::new(OptimizerKind::adam(), RATE, &variables).expect("valid");
    let sgd = Optimizer::new(OptimizerKind::sgd(0.9), RATE, &variables).expect("valid");
    let error = adam.load_state(&sgd.state()).unwrap_err().to_string();
    assert!(error.contains("exp_avg.a"), "{error}");
    assert!(adam.load_state(&[]).unwrap_err().to_string().contains("`step`"));
}

#[test]
fn wrong_use_is_refused_in_a_sentence() {
    let variables = variables();
    for kind in [
        OptimizerKind::Adam { beta1: 1.0, beta2: 0.9, epsilon: 1e-8, weight_decay: 0.0 },
        OptimizerKind::adamw().with_weight_decay(-1.0),
        OptimizerKind::RmsProp { alpha: f64::NAN, epsilon: 1e-8, momentum: 0.0, weight_decay: 0.0 },
        OptimizerKind::Sgd { momentum: 0.0, nesterov: true, weight_decay: 0.0 },
    ] {
        assert!(matches!(Optimizer::new(kind, RATE, &variables), Err(Error::Input(_))), "{kind:?}");
    }
    assert!(Optimizer::new(OptimizerKind::adam(), f64::NAN, &variables).is_err());
    assert!(Optimizer::new(OptimizerKind::adam(), RATE, &Variables::new(Device::Cpu, 0)).is_err());

    let mut optimizer = Optimizer::new(OptimizerKind::adam(), RATE, &variables).expect("valid");
    assert!(optimizer.set_learning_rate(-1.0).is_err());
    assert!(optimizer.apply(&gradients(0)[..1]).is_err());
    let only_a = variables.trainable()[0].1.sum(Kind::Double);
    assert!(optimizer.step(&only_a).unwrap_err().to_string().contains("`b` has no part"));
    let constant = Tensor::from(1.0);
    assert_eq!(optimizer.step(&constant).unwrap_err().to_string().lines().count(), 1);
    assert_eq!(optimizer.updates(), 0);
}
