//! The condition tree as blocks: coordinates that exist together.

use seqtune_space::{Condition, Dimension, Domain, Length, Parameter, Part, SearchSpace};

/// Coordinates that exist at the same points, and so have one joint density.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Indices into the space's dimensions, ascending.
    pub(super) dimensions: Vec<usize>,
}

/// What decides whether a coordinate exists: the parameter's condition, whose length it follows, and which item it is of
/// those that not every list has.
type Existence<'a> = (&'a Condition, Option<&'a str>, Option<usize>);

/// All coordinates of the space, each in one block; blocks in the order of their first coordinates.
pub(super) fn blocks(space: &SearchSpace) -> Vec<Block> {
    let mut blocks: Vec<(Existence<'_>, Block)> = Vec::new();
    for (index, dimension) in space.dimensions().iter().enumerate() {
        let existence = existence(space, dimension);
        match blocks.iter_mut().find(|(known, _)| *known == existence) {
            Some((_, block)) => block.dimensions.push(index),
            None => blocks.push((existence, Block { dimensions: vec![index] })),
        }
    }
    blocks.into_iter().map(|(_, block)| block).collect()
}

fn existence<'a>(space: &'a SearchSpace, dimension: &Dimension) -> Existence<'a> {
    let parameter = &space.parameters()[dimension.parameter];
    let Domain::List { len, .. } = &parameter.domain else { return (&parameter.when, None, None) };
    let (source, fewest) = match len {
        Length::Between { low, .. } => (parameter.name.as_str(), *low),
        Length::As(other) => (other.as_str(), space.get(other).map_or(0, fewest)),
    };
    match dimension.part {
        Part::Item(item) if item as u64 >= fewest => (&parameter.when, Some(source), Some(item)),
        _ if matches!(len, Length::As(_)) => (&parameter.when, Some(source), None),
        _ => (&parameter.when, None, None),
    }
}

/// The shortest list that follows this parameter's length.
fn fewest(parameter: &Parameter) -> u64 {
    match &parameter.domain {
        Domain::Int { low, .. } => u64::try_from(*low).unwrap_or(0),
        Domain::List { len: Length::Between { low, .. }, .. } => *low,
        // A chain of lists, or choices: every item for itself.
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks_of(space: &str) -> Vec<Vec<usize>> {
        let space: SearchSpace = toml::from_str(space).unwrap();
        blocks(&space).into_iter().map(|block| block.dimensions).collect()
    }

    #[test]
    fn what_exists_together_is_one_block() {
        let space = "m = { type = 'categorical', choices = ['a', 'b'] }\n\
                     k = { type = 'int', low = 1, high = 8, when = { m = 'a' } }\n\
                     lr = { type = 'float', low = 1e-5, high = 0.1, log = true }\n\
                     d = { type = 'float', low = 0, high = 0.5, when = { m = 'a' } }\n\
                     e = { type = 'bool', when = { k = { at_least = 4 } } }";
        assert_eq!(blocks_of(space), [vec![0, 2], vec![1, 3], vec![4]]);
    }

    #[test]
    fn items_that_not_every_list_has_are_blocks_of_their_own() {
        let space = "filters = { type = 'list', len = { low = 1, high = 3 }, item = { type = 'int', low = 8, high = 64 } }\n\
             widths = { type = 'list', len = 'filters', item = { type = 'ordinal', values = [3, 5, 7] } }";
        // The length and the first item; the second items of both; the third ones; the first width is always there too,
        // but only by way of the other list.
        assert_eq!(blocks_of(space), [vec![0, 1], vec![2, 5], vec![3, 6], vec![4]]);
    }
}
