//! Lists: coordinates, rules, and how many there are.

use super::unit::cell_of;
use super::{Domain, Length, MAX_LIST, Rule};
use crate::value::Value;

impl Length {
    /// The length at `u`, where it is a coordinate of its own.
    pub(crate) fn decode(&self, u: f64) -> Option<usize> {
        let Length::Between { low, high } = self else { return None };
        Some((low + cell_of(u, high - low + 1)) as usize)
    }

    /// Where a length lies in the unit interval: the middle of its cell.
    pub(crate) fn encode(&self, length: usize) -> Option<f64> {
        let Length::Between { low, high } = self else { return None };
        let index = (length as u64).checked_sub(*low).filter(|_| length as u64 <= *high)?;
        Some((index as f64 + 0.5) / (high - low + 1) as f64)
    }
}

impl Domain {
    /// The list of these coordinates, one an item (of the rule `constant`, one for all). Sorted coordinates give sorted
    /// items, since decoding is monotone: this is how a rule on the order is kept, and every list that keeps it comes
    /// back from its own coordinates.
    pub(crate) fn list_of(&self, length: usize, units: &[f64]) -> Value {
        let Domain::List { item, rule, .. } = self else { return Value::List(Vec::new()) };
        let at = |u: &f64| item.decode(*u);
        let sorted = |descending: bool| {
            let mut units = units[..length].to_vec();
            units.sort_by(|a, b| if descending { b.total_cmp(a) } else { a.total_cmp(b) });
            units.iter().map(at).collect()
        };
        Value::List(match rule {
            None => units[..length].iter().map(at).collect(),
            Some(Rule::NonIncreasing) => sorted(true),
            Some(Rule::NonDecreasing) => sorted(false),
            Some(Rule::Constant) => units.first().map_or_else(Vec::new, |u| vec![item.decode(*u); length]),
        })
    }

    pub(super) fn list_at(&self, u: f64) -> Value {
        let Domain::List { len, .. } = self else { return Value::List(Vec::new()) };
        // Of a length that is another parameter's there is nothing to know here but that one item is possible.
        let length = len.decode(u).unwrap_or(1);
        self.list_of(length, &vec![u; length.max(1)])
    }

    /// Whether items of this domain keep the rule.
    pub(super) fn keeps(&self, rule: Option<Rule>, items: &[Value]) -> bool {
        let pairs = || items.windows(2).map(|pair| (self.encode(&pair[0]), self.encode(&pair[1])));
        match rule {
            None => true,
            Some(Rule::NonIncreasing) => pairs().all(|(before, after)| after <= before),
            Some(Rule::NonDecreasing) => pairs().all(|(before, after)| after >= before),
            Some(Rule::Constant) => items.windows(2).all(|pair| pair[0] == pair[1]),
        }
    }

    /// How many coordinates the items of a list take, where it holds at most so many items.
    pub(crate) fn item_coordinates(&self, longest: u64) -> u64 {
        match self {
            Domain::List { rule: Some(Rule::Constant), .. } => longest.min(1),
            Domain::List { .. } => longest,
            _ => 0,
        }
    }

    /// How many lists of a length there are; `None` where they are too many to count.
    pub(crate) fn lists_of(&self, length: u64) -> Option<u64> {
        let Domain::List { item, rule, .. } = self else { return None };
        if length == 0 {
            return Some(1);
        }
        let cells = item.cardinality()?;
        match rule {
            None => cells.checked_pow(u32::try_from(length).ok()?),
            Some(Rule::Constant) => Some(cells),
            // Sorted lists are multisets: cells + length - 1 over length.
            Some(Rule::NonIncreasing | Rule::NonDecreasing) => {
                let mut count: u128 = 1;
                for k in 1..=u128::from(length) {
                    count = count.checked_mul(u128::from(cells) - 1 + k)? / k;
                }
                u64::try_from(count).ok()
            }
        }
    }

    /// Lists near a list: one item changed to a neighbour of it, the last item dropped or repeated.
    pub(super) fn list_neighbours(&self, items: &[Value]) -> Vec<Value> {
        let Domain::List { len, item, rule } = self else { return Vec::new() };
        let mut near = Vec::new();
        if let (Some(Rule::Constant), Some(first)) = (rule, items.first()) {
            near.extend(item.neighbours(first).into_iter().map(|value| vec![value; items.len()]));
        } else {
            for (index, old) in items.iter().enumerate() {
                for value in item.neighbours(old) {
                    let mut changed = items.to_vec();
                    changed[index] = value;
                    near.push(changed);
                }
            }
        }
        if matches!(len, Length::Between { .. }) {
            near.extend(items.split_last().map(|(_, rest)| rest.to_vec()));
            let last = items.last().cloned().unwrap_or_else(|| item.decode(0.5));
            if (items.len() as u64) < MAX_LIST {
                near.push([items, &[last]].concat());
            }
        }
        near.into_iter().map(Value::List).filter(|list| self.contains(list)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::widths;
    use super::*;

    #[test]
    fn rules_hold_for_any_coordinates_and_lists_come_back_from_their_own() {
        let units = [0.4, 0.9, 0.1, 0.6];
        for rule in [None, Some(Rule::NonIncreasing), Some(Rule::NonDecreasing), Some(Rule::Constant)] {
            let domain = widths(rule);
            let Domain::List { len, item, .. } = &domain else { panic!() };
            for length in 1..=4 {
                let list = domain.list_of(length, &units);
                assert!(domain.contains(&list), "{list} {rule:?}");
                let own: Vec<f64> = list.as_list().unwrap().iter().map(|value| item.encode(value).unwrap()).collect();
                assert_eq!(domain.list_of(length, &own), list);
                assert_eq!(len.decode(len.encode(length).unwrap()), Some(length));
            }
            assert!(domain.contains(&domain.decode(0.3)));
        }
    }

    #[test]
    fn lists_are_counted() {
        let of = |rule, low, high| Domain::List {
            len: Length::Between { low, high },
            item: Box::new(Domain::Ordinal { values: vec![16.into(), 32.into(), 64.into()] }),
            rule,
        };
        for rule in [None, Some(Rule::NonIncreasing), Some(Rule::NonDecreasing), Some(Rule::Constant)] {
            let domain = of(rule, 0, 3);
            let values = domain.values(1000).unwrap();
            assert_eq!(domain.cardinality(), Some(values.len() as u64), "{rule:?}");
            assert!(values.iter().all(|list| domain.contains(list)), "{rule:?}");
            let mut different = values.clone();
            different.dedup();
            assert_eq!(different, values);
        }
        assert_eq!(of(None, 0, 3).cardinality(), Some(1 + 3 + 9 + 27));
        assert_eq!(of(Some(Rule::NonIncreasing), 2, 2).cardinality(), Some(6));
    }
}
