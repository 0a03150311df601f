//! Clocks that were set back.

use super::*;
use crate::event::Event;

const HOUR: i64 = 3_600_000_000;

fn started(trial: u64) -> EventKind {
    EventKind::AttemptStarted {
        trial,
        attempt: 0,
        worker: 0,
        device: "cpu".to_owned(),
        build: Default::default(),
        from_step: 0,
        elsewhere: Vec::new(),
    }
}

fn manager() -> EventKind {
    EventKind::ManagerStarted { pid: 1, host: String::new(), build: String::new() }
}

#[test]
fn the_log_goes_on_from_the_time_that_it_has_reached() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    let present = store.append([manager()]).unwrap()[0].at_us;
    drop(store);
    // It was written by a clock that was an hour ahead.
    let ahead = "INSERT INTO event(seq, at_us, kind, body) VALUES (3, ?, 'manager_stopped', '{\"reason\":\"\"}')";
    sql(scratch.path()).execute(ahead, [present + HOUR]).unwrap();
    let mut store = Store::open(scratch.path()).unwrap();
    let mut times = vec![present + HOUR];
    for _ in 0..3 {
        times.push(store.append([manager()]).unwrap()[0].at_us);
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{times:?}");
    assert!(times[3] - times[1] >= 4_000, "time passes: {times:?}");
    assert!(times[3] < present + 2 * HOUR, "{times:?}");
}

/// Logs of older builds have the times of the clock as it was.
#[test]
fn no_span_of_a_log_with_a_clock_set_back_is_negative() {
    let mut events = draft().events();
    let begin = events[0].at_us;
    let kinds = [
        (0, manager()),
        (HOUR, kinds()[0].clone()),
        (HOUR, started(0)),
        // Two hours back, in the middle of a trial.
        (-HOUR, kinds()[1].clone()),
        (-HOUR, EventKind::AttemptEnded { trial: 0, attempt: 0, cause: AttemptEnd::Completed, message: String::new() }),
        (-HOUR, kinds()[2].clone()),
        (-HOUR, kinds()[3].clone()),
        (-HOUR, started(1)),
        // Killed, and further back.
        (-9 * HOUR, manager()),
        (-9 * HOUR, EventKind::AttemptEnded { trial: 1, attempt: 0, cause: AttemptEnd::Lost, message: String::new() }),
        (-9 * HOUR, EventKind::ManagerStopped { reason: String::new() }),
        (2 * HOUR, manager()),
        (3 * HOUR, EventKind::ManagerStopped { reason: String::new() }),
    ];
    events.truncate(1);
    let mut history = History::fold(&events).unwrap();
    let mut spent = 0.0;
    for (after, kind) in kinds {
        history.apply(&Event { seq: history.seq + 1, at_us: begin + after, kind }).unwrap();
        for now in [None, Some(begin - 20 * HOUR), Some(begin + after)] {
            let hours = history.hours(now);
            assert!(hours >= spent && history.device_hours(now) >= 0.0, "{hours} after {spent}");
            assert!(history.trials.iter().all(|trial| trial.seconds(now.unwrap_or(history.last_us)) >= 0.0));
        }
        spent = history.hours(None);
    }
    assert_eq!(spent, 2.0, "one before the clock was set back, one in the end");
    assert!(history.trials.iter().all(|trial| trial.ended_us.is_none_or(|end| end >= trial.started_us)));
}

/// Whether a request came before or after the writer is not a question of times.
#[test]
fn a_request_is_this_writers_by_its_number() {
    let scratch = TempDir::new().unwrap();
    let store = create(scratch.path());
    let requests = Requests::open(scratch.path()).unwrap();
    let early = requests.add("test", &RequestKind::StopNow).unwrap();
    assert!(early > store.last_request());
    drop(store);
    let store = Store::open(scratch.path()).unwrap();
    assert_eq!(store.last_request(), early);
    assert!(requests.add("test", &RequestKind::StopNow).unwrap() > store.last_request());
}
