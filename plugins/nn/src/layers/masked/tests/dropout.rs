//! What masks do, and what is refused.

use super::*;
use crate::layers::masked::stepwise::mask;
use crate::seed::{generator_lock, seed_update};

const DROPOUT: RecurrentOptions = RecurrentOptions { input_dropout: 0.4, recurrent_dropout: 0.3, ..OPTIONS };

/// The numbers of a tensor in order.
fn flat(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.detach().to_kind(Kind::Double).contiguous().view(-1)).expect("numbers")
}

/// One row by the book in f64: `masks[0][gate][input]` on the inputs, `masks[1][gate][unit]` on the state.
fn by_hand(cell: Cell, weights: &[Vec<f64>], row: &[Vec<f64>], masks: &[Vec<Vec<f64>>; 2]) -> Vec<f64> {
    let hidden = OPTIONS.hidden as usize;
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
    for x in row {
        let part = |of: usize, values: &[f64], gate: usize, unit: usize| -> f64 {
            let at = gate * hidden + unit;
            let sum: f64 =
                (0..values.len()).map(|i| weights[of][at * values.len() + i] * values[i] * masks[of][gate][i]).sum();
            sum + weights[of + 2][at]
        };
        let sum = |gate: usize, unit: usize| part(0, x, gate, unit) + part(1, &h, gate, unit);
        let (mut next_h, mut next_c) = (h.clone(), c.clone());
        for u in 0..hidden {
            match cell {
                Cell::Lstm => {
                    next_c[u] = sigmoid(sum(1, u)) * c[u] + sigmoid(sum(0, u)) * sum(2, u).tanh();
                    next_h[u] = sigmoid(sum(3, u)) * next_c[u].tanh();
                }
                Cell::Gru => {
                    let (r, z) = (sigmoid(sum(0, u)), sigmoid(sum(1, u)));
                    let new = (part(0, x, 2, u) + r * part(1, &h, 2, u)).tanh();
                    next_h[u] = (1.0 - z) * new + z * h[u];
                }
                Cell::Rnn => next_h[u] = sum(0, u).tanh(),
            }
        }
        (h, c) = (next_h, next_c);
    }
    h
}

/// Where the gate of the library's order stands among the masks: an LSTM's candidate comes last there.
fn place(cell: Cell, gate: usize) -> usize {
    if cell == Cell::Lstm { [0, 1, 3, 2][gate] } else { gate }
}

#[test]
fn each_gate_has_one_mask_for_all_positions() {
    let _generator = generator_lock();
    for cell in CELLS {
        let (layer, variables) = layer(RecurrentOptions { cell, ..DROPOUT });
        let weights: Vec<Vec<f64>> = variables.all().iter().map(|(_, tensor)| flat(tensor)).collect();
        let x = numbers(LENGTH, 5, 3);
        seed_update(3, 1);
        let last = layer.forward(&[x.shallow_clone()], &lengths(), true).expect("valid").last;
        seed_update(3, 1);
        let drawn = [(3, 0.4), (4, 0.3)]
            .map(|(width, rate)| mask(&[cell.gates(), 2, 5, width], rate, &x).expect("valid").expect("a rate above 0"));
        for direction in 0..2 {
            for (row, length) in (0..).zip(LENGTHS) {
                let masks = [0, 1].map(|of| {
                    let of_gate = |gate| flat(&drawn[of].get(place(cell, gate) as i64).get(direction).get(row));
                    (0..cell.gates() as usize).map(of_gate).collect()
                });
                let mut values: Vec<Vec<f64>> = (0..length).map(|at| flat(&x.get(at).get(row))).collect();
                if direction == 1 {
                    values.reverse();
                }
                let expected = by_hand(cell, &weights[4 * direction as usize..], &values, &masks);
                for (unit, expected) in (0..).zip(expected) {
                    let found = last.double_value(&[row, 4 * direction + unit]);
                    assert!((found - expected).abs() < 1e-6, "{cell:?} {found} {expected}");
                }
            }
        }
    }
}

#[test]
fn masks_are_scaled_and_differ_between_gates_directions_and_examples() {
    let _generator = generator_lock();
    seed_update(3, 2);
    let like = numbers(1, 1, 1);
    let drawn = mask(&[4, 2, 16, 50], 0.2, &like).expect("valid").expect("a rate above 0");
    let kept = drawn.gt(0.0);
    let share = kept.to_kind(Kind::Double).mean(Kind::Double).double_value(&[]);
    // The standard deviation of the share of 6400 is 0.005.
    assert!((share - 0.8).abs() < 0.03, "{share}");
    let values = drawn.masked_select(&kept);
    assert_eq!(values.max().double_value(&[]), f64::from(1.0_f32 / 0.8));
    assert_eq!(values.min().double_value(&[]), f64::from(1.0_f32 / 0.8));
    for dimension in 0..3 {
        assert!(!drawn.select(dimension, 0).equal(&drawn.select(dimension, 1)));
    }
    assert!(mask(&[4], 0.0, &like).expect("valid").is_none());
}

#[test]
fn dropout_follows_the_seed_and_rests_in_evaluation() {
    let _generator = generator_lock();
    for options in all_options() {
        for (input_dropout, recurrent_dropout) in [(0.4, 0.3), (0.4, 0.0), (0.0, 0.3)] {
            let (layer, _variables) = layer(RecurrentOptions { input_dropout, recurrent_dropout, ..options });
            let run = |update, train| {
                seed_update(3, update);
                layer.forward(&[numbers(LENGTH, 5, 3)], &lengths(), train).expect("valid").last
            };
            assert!(run(1, true).equal(&run(1, true)));
            assert!(!run(1, true).equal(&run(2, true)));
            assert!(run(1, false).equal(&run(2, false)));
        }
    }
}

#[test]
fn masks_do_not_touch_other_rows_gradients() {
    let _generator = generator_lock();
    let (layer, variables) = layer(RecurrentOptions { layers: 2, ..DROPOUT });
    let x = numbers(LENGTH, 5, 3).set_requires_grad(true);
    seed_update(3, 1);
    let output = layer.forward(&[x.shallow_clone()], &lengths(), true).expect("valid");
    let row = output.last.get(1).sum(Kind::Float);
    let by_x = gradients(&row, &x, &variables).swap_remove(0);
    assert!(by_x.narrow(1, 1, 1).narrow(0, 0, LENGTHS[1]).abs().max().double_value(&[]) > 0.0);
    assert_eq!(by_x.narrow(1, 1, 1).narrow(0, LENGTHS[1], LENGTH - LENGTHS[1]).abs().max().double_value(&[]), 0.0);
    for other in [0, 2, 3, 4] {
        assert_eq!(by_x.narrow(1, other, 1).abs().max().double_value(&[]), 0.0);
    }
}

#[test]
fn masks_apply_in_training_only_and_the_faster_way_is_taken() {
    let cpu = |options: RecurrentOptions, train| options.way(train, Device::Cpu);
    assert_eq!(cpu(DROPOUT, true), Way::Stepwise);
    assert_eq!(cpu(DROPOUT, false), Way::Library);
    assert_eq!(cpu(OPTIONS, true), Way::Library);
    let gru = RecurrentOptions { cell: Cell::Gru, ..OPTIONS };
    assert_eq!(cpu(gru, false), Way::Stepwise);
    assert_eq!(cpu(RecurrentOptions { bidirectional: false, ..gru }, false), Way::Library);
    assert_eq!(gru.way(true, Device::Cuda(0)), Way::Library);
}

#[test]
fn wrong_options_are_refused() {
    let variables = Variables::new(Device::Cpu, 8);
    for options in [
        RecurrentOptions { hidden: 0, ..OPTIONS },
        RecurrentOptions { inputs: -1, ..OPTIONS },
        RecurrentOptions { layers: 0, ..OPTIONS },
        RecurrentOptions { input_dropout: 1.0, ..OPTIONS },
        RecurrentOptions { recurrent_dropout: -0.1, ..OPTIONS },
        RecurrentOptions { recurrent_dropout: f64::NAN, ..OPTIONS },
    ] {
        assert!(matches!(Recurrent::new(&variables.root(), options), Err(Error::Input(_))), "{options:?}");
    }
    assert_eq!(variables.all().len(), 0);
}

#[test]
fn wrong_inputs_are_refused() {
    let (layer, _variables) = layer(OPTIONS);
    let x = numbers(LENGTH, 5, 3);
    let text = |inputs: &[&Tensor], lengths: &Tensor| {
        let inputs: Vec<Tensor> = inputs.iter().map(|x| x.shallow_clone()).collect();
        match layer.forward(&inputs, lengths, false) {
            Err(Error::Input(text)) => text,
            other => panic!("{other:?}"),
        }
    };
    let good = lengths();
    assert!(text(&[], &good).contains("0 inputs"));
    assert!(text(&[&x, &x, &x], &good).contains("3 inputs"));
    assert!(text(&[&x.get(0)], &good).contains("[length, batch, 3]"));
    assert!(text(&[&numbers(LENGTH, 5, 4)], &good).contains("[8, 5, 4]"));
    assert!(text(&[&numbers(0, 5, 3)], &good).contains("[0, 5, 3]"));
    assert!(text(&[&x, &numbers(7, 5, 3)], &good).contains("one shape"));
    assert!(text(&[&x, &x.to_kind(Kind::Double)], &good).contains("one shape"));
    assert!(text(&[&x], &Tensor::from_slice(&[1_i64, 2])).contains("[5] Int64"));
    assert!(text(&[&x], &good.to_kind(Kind::Int)).contains("[5] Int64"));
    assert_eq!(text(&[&x], &Tensor::from_slice(&[1_i64, 8, 0, 9, 1])), "row 2 has length 0, which is not 1 to 8");
    assert_eq!(text(&[&x], &Tensor::from_slice(&[1_i64, 8, 1, 9, 1])), "row 3 has length 9, which is not 1 to 8");
}
