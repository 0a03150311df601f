//! What residues are chemically.

use serde::Serialize;

/// The class of a residue's side chain: the groups of Nelson and Cox, Lehninger Principles of Biochemistry, chapter 3, but for
/// cysteine, glycine and proline, which are unlike the rest of their groups and stand apart. In the order of a legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Hydrophobic without a ring: A, V, L, I, M.
    Aliphatic,
    /// F, W, Y.
    Aromatic,
    /// Polar without a charge: S, T, N, Q.
    Polar,
    /// K, R, and H, which is charged at low pH.
    Positive,
    /// D, E.
    Negative,
    /// C, G, P.
    Special,
    /// No residue, or an unknown one: padding, X, start, stop.
    Other,
}

impl Class {
    /// All of them, in order.
    pub const ALL: [Class; 7] = [
        Class::Aliphatic,
        Class::Aromatic,
        Class::Polar,
        Class::Positive,
        Class::Negative,
        Class::Special,
        Class::Other,
    ];

    /// The class of a token: a residue's letter, or anything else.
    pub fn of(token: &str) -> Class {
        match token {
            "A" | "V" | "L" | "I" | "M" => Class::Aliphatic,
            "F" | "W" | "Y" => Class::Aromatic,
            "S" | "T" | "N" | "Q" => Class::Polar,
            "K" | "R" | "H" => Class::Positive,
            "D" | "E" => Class::Negative,
            "C" | "G" | "P" => Class::Special,
            _ => Class::Other,
        }
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Class::Aliphatic => "aliphatic",
            Class::Aromatic => "aromatic",
            Class::Polar => "polar",
            Class::Positive => "positive",
            Class::Negative => "negative",
            Class::Special => "special",
            Class::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_residue_has_a_class_and_nothing_else_has() {
        let count =
            |class| "ACDEFGHIKLMNPQRSTVWY".chars().filter(|letter| Class::of(&letter.to_string()) == class).count();
        assert_eq!(Class::ALL.map(count), [5, 3, 4, 3, 2, 3, 0]);
        for token in ["X", "-", "start", "stop", "a", "", "AV", "B", "Z", "U"] {
            assert_eq!(Class::of(token), Class::Other, "{token:?}");
        }
    }

    #[test]
    fn names_and_order_stand() {
        assert!(Class::ALL.is_sorted());
        for class in Class::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
        }
    }
}
