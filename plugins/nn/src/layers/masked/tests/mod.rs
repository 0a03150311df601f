//! Both ways against each other, against rows alone, and against the cells by hand.

use tch::{Device, Kind, Tensor};

use super::*;
use crate::variables::Variables;

mod dropout;

const CELLS: [Cell; 3] = [Cell::Lstm, Cell::Gru, Cell::Rnn];
const WAYS: [Way; 2] = [Way::Library, Way::Stepwise];
const OPTIONS: RecurrentOptions = RecurrentOptions {
    cell: Cell::Lstm,
    inputs: 3,
    hidden: 4,
    layers: 1,
    bidirectional: true,
    input_dropout: 0.0,
    recurrent_dropout: 0.0,
};
const LENGTHS: [i64; 5] = [4, 7, 1, 6, 7];
const LENGTH: i64 = 8;

/// Every cell, with one and two layers and directions.
fn all_options() -> impl Iterator<Item = RecurrentOptions> {
    CELLS.into_iter().flat_map(|cell| {
        [(1, false), (1, true), (2, false), (2, true)].map(|(layers, bidirectional)| RecurrentOptions {
            cell,
            layers,
            bidirectional,
            ..OPTIONS
        })
    })
}

fn layer(options: RecurrentOptions) -> (Recurrent, Variables) {
    let variables = Variables::new(Device::Cpu, 8);
    let layer = Recurrent::new(&variables.root(), options).expect("valid");
    (layer, variables)
}

/// Numbers without a pattern, `[length, batch, width]`.
fn numbers(length: i64, batch: i64, width: i64) -> Tensor {
    (Tensor::arange(length * batch * width, (Kind::Float, Device::Cpu)) * 1.7).sin().view([length, batch, width])
}

fn lengths() -> Tensor {
    Tensor::from_slice(&LENGTHS)
}

fn far(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a - b).abs().max().double_value(&[])
}

/// A loss that sees every number of the output differently.
fn loss(output: &RecurrentOutput) -> Tensor {
    let weigh = |x: &Tensor| {
        let weights = (Tensor::arange(x.numel() as i64, (Kind::Float, Device::Cpu)) * 0.9).cos().view_as(x);
        (x * weights).sum(Kind::Float)
    };
    weigh(&output.sequence) + weigh(&output.last)
}

/// The gradients of `loss` by the inputs and all variables.
fn gradients(loss: &Tensor, x: &Tensor, variables: &Variables) -> Vec<Tensor> {
    let mut by = vec![x.shallow_clone()];
    by.extend(variables.trainable().into_iter().map(|(_, tensor)| tensor));
    Tensor::run_backward(&[loss], &by, false, false)
}

#[test]
fn the_two_ways_agree_in_states_and_gradients() {
    for options in all_options() {
        let (layer, variables) = layer(options);
        let x = numbers(LENGTH, 5, 3).set_requires_grad(true);
        let [library, stepwise] = WAYS.map(|way| {
            let output = layer.forward_by(way, &[x.shallow_clone()], &lengths(), true).expect("valid");
            let gradients = gradients(&loss(&output), &x, &variables);
            (output, gradients)
        });
        assert_eq!(library.0.sequence.size(), [LENGTH, 5, layer.width()]);
        assert_eq!(library.0.last.size(), [5, layer.width()]);
        assert!(far(&library.0.sequence, &stepwise.0.sequence) < 1e-6, "{options:?}");
        assert!(far(&library.0.last, &stepwise.0.last) < 1e-6, "{options:?}");
        for (a, b) in library.1.iter().zip(&stepwise.1) {
            let scale = a.abs().max().double_value(&[]).max(1.0);
            assert!(far(a, b) < 1e-6 * scale, "{options:?} {}", far(a, b));
        }
    }
}

#[test]
fn a_row_is_what_it_is_alone_whatever_the_padding_holds() {
    for options in all_options() {
        for way in WAYS {
            let (layer, variables) = layer(options);
            let padding =
                Tensor::arange(LENGTH, (Kind::Int64, Device::Cpu)).unsqueeze(1).ge_tensor(&lengths()).unsqueeze(2);
            let x = numbers(LENGTH, 5, 3).masked_fill(&padding, 1e6).set_requires_grad(true);
            let together = layer.forward_by(way, &[x.shallow_clone()], &lengths(), true).expect("valid");
            assert_eq!(together.sequence.masked_select(&padding).abs().max().double_value(&[]), 0.0);
            let of_all = gradients(&loss(&together), &x, &variables);
            assert_eq!(of_all[0].masked_select(&padding).abs().max().double_value(&[]), 0.0);
            for (row, length) in (0..).zip(LENGTHS) {
                let alone = numbers(LENGTH, 5, 3).narrow(1, row, 1).narrow(0, 0, length).set_requires_grad(true);
                let output = layer
                    .forward_by(way, &[alone.shallow_clone()], &Tensor::from_slice(&[length]), true)
                    .expect("valid");
                let beside = RecurrentOutput {
                    sequence: together.sequence.narrow(1, row, 1).narrow(0, 0, length),
                    last: together.last.narrow(0, row, 1),
                };
                assert!(far(&output.sequence, &beside.sequence) < 1e-6, "{options:?}");
                assert!(far(&output.last, &beside.last) < 1e-6, "{options:?}");
                let again = layer.forward_by(way, &[x.shallow_clone()], &lengths(), true).expect("valid");
                let again = RecurrentOutput {
                    sequence: again.sequence.narrow(1, row, 1).narrow(0, 0, length),
                    last: again.last.narrow(0, row, 1),
                };
                let in_batch = gradients(&loss(&again), &x, &variables);
                let by_itself = gradients(&loss(&output), &alone, &variables);
                let own = in_batch[0].narrow(1, row, 1).narrow(0, 0, length);
                for (a, b) in [&own].into_iter().chain(&in_batch[1..]).zip(&by_itself) {
                    assert!(far(a, b) < 1e-6 * b.abs().max().double_value(&[]).max(1.0), "{options:?} {}", far(a, b));
                }
            }
        }
    }
}

#[test]
fn the_backward_direction_reads_the_row_turned_round() {
    for cell in CELLS {
        let (both, variables) = layer(RecurrentOptions { cell, ..OPTIONS });
        let (one, of_one) = layer(RecurrentOptions { cell, bidirectional: false, ..OPTIONS });
        let reverse: Vec<(String, Tensor)> = variables
            .snapshot()
            .into_iter()
            .filter_map(|(name, value)| Some((name.strip_suffix("_reverse")?.to_owned(), value)))
            .collect();
        of_one.restore(&reverse).expect("same shapes");
        let x = numbers(LENGTH, 5, 3);
        for way in WAYS {
            let output = both.forward_by(way, &[x.shallow_clone()], &lengths(), false).expect("valid");
            for (row, length) in (0..).zip(LENGTHS) {
                let turned = x.narrow(1, row, 1).narrow(0, 0, length).flip([0]);
                let expected = one.forward(&[turned], &Tensor::from_slice(&[length]), false).expect("valid");
                let sequence = output.sequence.narrow(1, row, 1).narrow(0, 0, length).narrow(2, 4, 4);
                assert!(far(&sequence, &expected.sequence.flip([0])) < 1e-6);
                assert!(far(&output.last.narrow(0, row, 1).narrow(1, 4, 4), &expected.last) < 1e-6);
                assert!(far(&output.last.narrow(0, row, 1).narrow(1, 4, 4), &sequence.get(0)) < 1e-6);
            }
        }
    }
}

#[test]
fn a_second_layer_reads_both_directions_of_the_same_position() {
    for cell in CELLS {
        let (two, variables) = layer(RecurrentOptions { cell, layers: 2, ..OPTIONS });
        let (first, of_first) = layer(RecurrentOptions { cell, ..OPTIONS });
        let (second, of_second) = layer(RecurrentOptions { cell, inputs: 8, ..OPTIONS });
        let part = |layer: &str| -> Vec<(String, Tensor)> {
            let all = variables.snapshot().into_iter();
            all.filter(|(name, _)| name.contains(layer))
                .map(|(name, value)| (name.replace(layer, "_l0"), value))
                .collect()
        };
        of_first.restore(&part("_l0")).expect("same shapes");
        of_second.restore(&part("_l1")).expect("same shapes");
        let x = numbers(LENGTH, 5, 3);
        for way in WAYS {
            let output = two.forward_by(way, &[x.shallow_clone()], &lengths(), false).expect("valid");
            let below = first.forward(&[x.shallow_clone()], &lengths(), false).expect("valid").sequence;
            let expected = second.forward(&[below], &lengths(), false).expect("valid");
            assert!(far(&output.sequence, &expected.sequence) < 1e-6);
            assert!(far(&output.last, &expected.last) < 1e-6);
        }
    }
}

#[test]
fn states_are_those_of_packed_sequences() {
    let options = RecurrentOptions { layers: 2, ..OPTIONS };
    let (layer, variables) = layer(options);
    let weights: Vec<Tensor> = variables.all().into_iter().map(|(_, tensor)| tensor).collect();
    // The library wants falling lengths.
    let falling = Tensor::from_slice(&[7_i64, 7, 6, 4, 1]);
    let x = numbers(LENGTH, 5, 3);
    let (data, batch_sizes) = x.internal_pack_padded_sequence(&falling, false);
    let zeros = Tensor::zeros([4, 5, 4], (Kind::Float, Device::Cpu));
    let (packed, last, _) = Tensor::lstm_data(
        &data,
        &batch_sizes,
        &[&zeros, &zeros],
        &weights.iter().collect::<Vec<_>>(),
        true,
        2,
        0.0,
        false,
        true,
    );
    let (sequence, _) = Tensor::internal_pad_packed_sequence(&packed, &batch_sizes, false, 0.0, LENGTH);
    let last = last.narrow(0, 2, 2).transpose(0, 1).reshape([5, 8]);
    for way in WAYS {
        let output = layer.forward_by(way, &[x.shallow_clone()], &falling, false).expect("valid");
        assert!(far(&output.sequence, &sequence) < 1e-6);
        assert!(far(&output.last, &last) < 1e-6);
    }
}

#[test]
fn each_direction_may_read_its_own_inputs() {
    let (layer, _variables) = layer(OPTIONS);
    let (x, other) = (numbers(LENGTH, 5, 3), numbers(LENGTH, 5, 3).cos());
    for way in WAYS {
        let run = |inputs: &[&Tensor]| {
            let inputs: Vec<Tensor> = inputs.iter().map(|x| x.shallow_clone()).collect();
            layer.forward_by(way, &inputs, &lengths(), false).expect("valid").sequence
        };
        assert!(run(&[&x]).equal(&run(&[&x, &x])));
        let mixed = run(&[&x, &other]);
        assert!(far(&mixed.narrow(2, 0, 4), &run(&[&x]).narrow(2, 0, 4)) < 1e-6);
        assert!(far(&mixed.narrow(2, 4, 4), &run(&[&other]).narrow(2, 4, 4)) < 1e-6);
    }
}
