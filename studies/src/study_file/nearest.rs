//! "Did you mean": the known name nearest to a mistyped one.

/// What other programs call the same thing.
const ELSEWHERE: [(&str, &str); 22] = [
    ("min", "low"),
    ("max", "high"),
    ("lower", "low"),
    ("upper", "high"),
    ("options", "choices"),
    ("distribution", "type"),
    ("epochs", "steps"),
    ("n_trials", "trials"),
    ("max_trials", "trials"),
    ("goal", "direction"),
    ("timeout", "time_limit"),
    ("algorithm", "sampler"),
    ("learning_rate", "lr"),
    ("integer", "int"),
    ("double", "float"),
    ("uniform", "float"),
    ("loguniform", "float"),
    ("boolean", "bool"),
    ("choice", "categorical"),
    ("array", "list"),
    ("decreasing", "non_increasing"),
    ("increasing", "non_decreasing"),
];

/// Names of more bytes are not compared: nobody means one, and comparing long ones takes long.
const LONGEST: usize = 64;

/// The candidate nearest to `name`, where one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let lower = name.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.into_iter().filter(|candidate| candidate.len() <= LONGEST) {
        let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
        if best.is_none_or(|(nearest, _)| distance < nearest) {
            best = Some((distance, candidate));
        }
    }
    let (distance, candidate) = best?;
    // One slip in three letters; a name that the other one starts with is near as well: `auc` for `auc_roc`.
    let near = distance <= (lower.chars().count() / 3).max(1);
    let starts = lower.len() >= 3 && candidate.to_lowercase().starts_with(&lower);
    (near || starts).then_some(candidate)
}

/// "did you mean `x`?" or, where none is near, "the NOUN are a, b, c".
pub fn did_you_mean<'a>(name: &str, noun: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let elsewhere = ELSEWHERE.iter().find(|(other, ours)| *other == name && candidates.contains(ours));
    if let Some((_, ours)) = elsewhere {
        return format!("did you mean `{ours}`?");
    }
    match nearest(name, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if candidates.is_empty() => format!("there are no {noun} here"),
        None => format!("the {noun} are {}", candidates.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let keys = ["steps", "checkpoint_every", "valid/auc"];
        assert_eq!(nearest("step", keys), Some("steps"));
        assert_eq!(nearest("Stesp", keys), Some("steps"));
        assert_eq!(nearest("checkpoint-every", keys), Some("checkpoint_every"));
        assert_eq!(nearest("epochs", keys), None);
        assert_eq!(nearest("valid/ac", keys), Some("valid/auc"));
        assert_eq!(did_you_mean("epochs", "keys", ["a", "b"]), "the keys are a, b");
        assert_eq!(did_you_mean("epochs", "keys", keys), "did you mean `steps`?");
    }
}
