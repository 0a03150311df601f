//! What people ask of a running study.

use seqtune_core::{EventKind, RequestKind};

use super::ManagerError;
use super::run::{Stopping, Turn};

impl Turn<'_> {
    /// Answers open requests. Those that ask a run to stop or to pause and were made before this one took the study are too
    /// late.
    pub(super) fn answer_requests(&mut self) -> Result<(), ManagerError> {
        let from_trial = self.log.history().trials.len() as u64;
        for request in self.log.open_requests()? {
            let mut kinds = Vec::new();
            let mut pause = None;
            let is_of_a_run = matches!(
                request.kind,
                Some(RequestKind::StopAfterRunning | RequestKind::StopNow | RequestKind::Pause | RequestKind::GoOn)
            );
            let answer = match request.kind {
                _ if is_of_a_run && request.id <= self.log.last_request() => {
                    "not carried out: the study was not running".to_owned()
                }
                Some(RequestKind::Pause) if self.stopping.is_some() => {
                    "not carried out: the run is stopping".to_owned()
                }
                Some(RequestKind::Pause) if self.log.history().paused.is_some() => "paused before".to_owned(),
                Some(RequestKind::Pause) => {
                    pause = Some(true);
                    format!("paused by request of the {}", request.by)
                }
                Some(RequestKind::GoOn) if self.log.history().paused.is_none() => "nothing was paused".to_owned(),
                Some(RequestKind::GoOn) => {
                    pause = Some(false);
                    format!("goes on by request of the {}", request.by)
                }
                Some(RequestKind::StopAfterRunning) => {
                    let reason = format!("stopped by request of the {}", request.by);
                    self.stopping.get_or_insert(Stopping::AfterRunning(reason));
                    "stopping after the running trials".to_owned()
                }
                Some(RequestKind::StopNow) => {
                    self.leave(format!("stopped by request of the {}", request.by));
                    "stopping now".to_owned()
                }
                Some(RequestKind::Enqueue { params }) => match self.log.history().spec.complete(&params) {
                    Ok(_) => {
                        let request = Some(request.id);
                        kinds.push(EventKind::Enqueued { params, from_trial, request, again: false });
                        format!("enqueued, from trial {from_trial} on")
                    }
                    Err(error) => format!("refused: {error}"),
                },
                Some(RequestKind::Replicate { trial, seeds }) => match self.log.history().trial(trial) {
                    Some(trial) => {
                        let again = EventKind::Enqueued {
                            params: trial.params.clone(),
                            from_trial,
                            request: Some(request.id),
                            again: true,
                        };
                        kinds.extend(std::iter::repeat_n(again, seeds.min(RequestKind::MOST_SEEDS) as usize));
                        format!("enqueued with {} more seeds, from trial {from_trial} on", kinds.len())
                    }
                    None => format!("refused: there is no trial {trial}"),
                },
                // A remark is never open.
                Some(RequestKind::Note { .. } | RequestKind::Tag { .. }) => continue,
                None => "refused: this seqtune does not know the request".to_owned(),
            };
            kinds.push(EventKind::RequestAnswered { id: request.id, from_trial, answer, pause });
            self.log.append(kinds)?;
        }
        Ok(())
    }
}
