//! What can be asked of a study, through its request table, once that is switched on: nothing else in the viewer writes.

use seqtune_core::RequestKind;
use seqtune_plot::Snapshot;
use seqtune_space::{Params, Value};

/// What is said when a request was written down.
pub(crate) fn said(kind: &RequestKind) -> &'static str {
    match kind {
        RequestKind::StopAfterRunning => "Asked to stop after the running trials.",
        RequestKind::StopNow => "Asked to stop now.",
        RequestKind::Pause => "Asked to pause.",
        RequestKind::GoOn => "Asked to go on.",
        RequestKind::Enqueue { .. } => "Asked to try the point next.",
        RequestKind::Replicate { .. } => "Asked for more seeds.",
        RequestKind::Note { text, .. } if text.is_empty() => "The note is removed.",
        RequestKind::Note { .. } => "The note is kept.",
        RequestKind::Tag { on: true, .. } => "The tag is kept.",
        RequestKind::Tag { .. } => "The tag is removed.",
    }
}

/// A point from lines such as `lr = 0.01`. What the family cannot train is refused with its sentence.
pub(crate) fn point(snapshot: &Snapshot, text: &str) -> Result<Params, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let mut params = Params::default();
    for (name, value) in table {
        let value: Value =
            serde_json::to_value(value).and_then(serde_json::from_value).map_err(|error| format!("{name}: {error}"))?;
        params.set(&name, value);
    }
    snapshot.spec.complete(&params).map_err(|error| error.to_string())?;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use seqtune_core::testing::study;

    use super::*;

    #[test]
    fn a_point_is_read_and_checked() {
        let space = "lr = { type = 'float', low = 1e-4, high = 1e-1 }\nmodel = { type = 'categorical', choices = ['cnn', 'lstm'] }";
        let snapshot = Snapshot::of(&study(space).trials(3).history());
        let written = crate::text::params_toml(&snapshot.trials[1].params);
        assert_eq!(point(&snapshot, &written), Ok(snapshot.trials[1].params.clone()));
        assert!(point(&snapshot, "lr = 0.01\nmodel = \"mlp\"").unwrap_err().contains("model"));
        assert!(point(&snapshot, "lr 0.01").is_err());
    }
}
