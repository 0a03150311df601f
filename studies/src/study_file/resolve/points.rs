//! Enqueued points: what the study's space fixes or defaults to is filled in; the family's limits hold, not the ranges of
//! the space.

use seqtune_plugin::FamilyInfo;
use seqtune_space::{Params, SearchSpace, SpaceError, Value};

use super::{named, no_such_parameter};
use crate::study_file::StudyFile;
use crate::study_file::sections::PointTable;
use crate::study_file::source::{Span, StudyFileError};

impl StudyFile {
    pub(super) fn point(
        &self,
        given: &PointTable,
        space: &SearchSpace,
        info: &FamilyInfo,
    ) -> Result<Params, StudyFileError> {
        let place_of = |name: &str| -> Span {
            let entry = given.entries.iter().find(|entry| entry.name.value == name);
            entry.map_or(given.place.clone(), |entry| entry.value.span.clone())
        };
        let mut params = Params::default();
        for parameter in space.parameters() {
            let entry = given.entries.iter().find(|entry| entry.name.value == parameter.name);
            let value = match entry {
                Some(entry) => Some(entry.value.value.clone()),
                None if parameter.is_active(&params) => match parameter.default_at(&params) {
                    Some(default) => Some(default),
                    None => {
                        let message = format!(
                            "the enqueued point has no `{}`, which has no default in the space; it must be {}",
                            parameter.name,
                            parameter.domain.describe()
                        );
                        return Err(self.source.wrong(given.place.clone(), message));
                    }
                },
                None => None,
            };
            if let Some(value) = value {
                params.set(&parameter.name, value);
            }
        }
        for entry in &given.entries {
            let name = &entry.name.value;
            if info.parameters.get(name).is_none() {
                return Err(self.source.wrong(entry.name.span.clone(), no_such_parameter(name, info)));
            }
            if params.get(name).is_none() {
                params.set(name, entry.value.value.clone());
            }
        }
        let complete = info.parameters.complete(&params).map_err(|error| {
            let reason = match &error {
                SpaceError::Inactive { name, .. } => {
                    let when = info.parameters.get(name).map(|limits| limits.when.in_words()).unwrap_or_default();
                    format!("parameter `{name}` exists only when {when}")
                }
                SpaceError::Broken { text, values, reason } => format!("it breaks `{text}` ({values}){reason}"),
                other => other.to_string(),
            };
            self.source.wrong(place_of(named(&error)), format!("the enqueued point is refused: {reason}"))
        })?;
        // In the family's own kinds of numbers: 1 is 1.0 where it must be.
        let kind = |(name, value): (&str, &Value)| {
            (name.to_owned(), complete.get(name).cloned().unwrap_or_else(|| value.clone()))
        };
        Ok(Params(params.iter().map(kind).collect()))
    }
}
