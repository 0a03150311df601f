//! What takes longer than a frame is made here, on threads of its own.
//!
//! A page asks in every frame for what it shows, by a slot (a place on the screen) and a key (all that the product depends on beside
//! the study). What was asked for before is there at once; anything else is begun, and meanwhile the slot's last product is
//! shown as stale. Of several questions for one slot only the newest is answered.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use seqtune_plot::Snapshot;

/// What products are made of: the study now.
#[derive(Clone, Debug)]
pub struct Subject {
    /// All trials.
    pub whole: Arc<Snapshot>,
    /// The trials that the filter lists.
    pub listed: Arc<Snapshot>,
    /// The study's directory.
    pub directory: Arc<Path>,
    /// Changes whenever one of them does.
    pub revision: u64,
    /// The same for the same study with the same listed trials that have ended.
    pub ended: u64,
}

impl Subject {
    /// A study, and the part of it that is listed.
    pub fn new(whole: Arc<Snapshot>, listed: Arc<Snapshot>, directory: &Path, revision: u64) -> Subject {
        let mut hasher = DefaultHasher::new();
        directory.hash(&mut hasher);
        let ended = listed.trials.iter().filter_map(|row| Some((row.number, row.ended_us?)));
        ended.for_each(|trial| trial.hash(&mut hasher));
        Subject { whole, listed, directory: directory.into(), revision, ended: hasher.finish() }
    }
}

/// How long something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What all others wait for: which trials are listed.
    First,
    /// Some milliseconds: plots.
    Quick,
    /// Longer: importance, explanations, files of exports.
    Slow,
}

/// The answer to a question.
#[derive(Debug)]
pub struct Answer<T> {
    /// The newest product of the slot; `None` before the first.
    pub product: Option<Arc<T>>,
    /// Whether a newer one is being made.
    pub stale: bool,
}

type Product = Arc<dyn Any + Send + Sync>;
type Work = Box<dyn FnOnce() -> Product + Send>;

struct Job {
    slot: u64,
    key: u64,
    work: Work,
}

struct Done {
    slot: u64,
    key: u64,
    product: Product,
}

#[derive(Default)]
struct Slot {
    product: Option<(u64, Product)>,
    asked: Option<u64>,
    lane: Option<Lane>,
}

/// The threads, and what they have made.
pub struct Workshop {
    slots: HashMap<u64, Slot>,
    lanes: [Option<Sender<Job>>; 3],
    done: (Sender<Done>, Receiver<Done>),
    /// Whether nothing slow is begun: the study is still being read.
    waits: bool,
    ctx: egui::Context,
}

impl std::fmt::Debug for Workshop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workshop").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}

impl Workshop {
    /// A workshop that asks for a new frame whenever something is finished. Its threads begin with the first question.
    pub fn new(ctx: egui::Context) -> Workshop {
        Workshop { slots: HashMap::new(), lanes: [None, None, None], done: unbounded(), waits: false, ctx }
    }

    /// Takes over what was finished since the last frame.
    pub fn collect(&mut self) {
        for done in self.done.1.try_iter() {
            let slot = self.slots.entry(done.slot).or_default();
            slot.product = Some((done.key, done.product));
            if slot.asked == Some(done.key) {
                slot.asked = None;
            }
        }
    }

    /// Whether something is being made.
    pub fn is_busy(&self) -> bool {
        self.slots.values().any(|slot| slot.asked.is_some())
    }

    /// Whether a plot is being made; analyses take their time.
    pub fn is_quick_busy(&self) -> bool {
        self.slots.values().any(|slot| slot.asked.is_some() && slot.lane != Some(Lane::Slow))
    }

    /// Whether to leave slow work until later. What is asked for then is stale, and is to be asked for again.
    pub fn put_off(&mut self, waits: bool) {
        self.waits = waits;
    }

    /// Forgets all products: another study is open.
    pub fn clear(&mut self) {
        self.slots.clear();
        // What is still being made would come into the slots of the new study: it is told to nobody, and its threads end.
        self.lanes = [None, None, None];
        self.done = unbounded();
    }

    /// Asks for the product of a slot. `work` makes it of the study, should it not be there; it must depend on nothing but the
    /// study and `key`.
    pub fn ask<T: Send + Sync + 'static>(
        &mut self,
        slot: impl Hash,
        key: impl Hash,
        subject: &Subject,
        lane: Lane,
        work: impl FnOnce(&Subject) -> T + Send + 'static,
    ) -> Answer<T> {
        self.ask_by(hashed(&slot), hashed(&(key, subject.revision)), subject, lane, work)
    }

    /// As [`Workshop::ask`] for a product that no report changes, unless the key says so: of a decision that was made, of files, of the trials that
    /// have ended ([`Subject::ended`]).
    pub fn ask_still<T: Send + Sync + 'static>(
        &mut self,
        slot: impl Hash,
        key: impl Hash,
        subject: &Subject,
        lane: Lane,
        work: impl FnOnce(&Subject) -> T + Send + 'static,
    ) -> Answer<T> {
        self.ask_by(hashed(&slot), hashed(&(key, &subject.directory)), subject, lane, work)
    }

    /// As [`Workshop::ask`] for a product that depends on the key alone, and not on the study.
    pub fn ask_apart<T: Send + Sync + 'static>(
        &mut self,
        slot: impl Hash,
        key: impl Hash,
        lane: Lane,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Answer<T> {
        self.ask_for(hashed(&slot), hashed(&key), lane, || work)
    }

    /// The newest product of a slot, whatever it was asked for.
    pub fn last<T: Send + Sync + 'static>(&self, slot: impl Hash) -> Option<Arc<T>> {
        let (_, product) = self.slots.get(&hashed(&slot))?.product.as_ref()?;
        Arc::clone(product).downcast().ok()
    }

    fn ask_by<T: Send + Sync + 'static>(
        &mut self,
        id: u64,
        key: u64,
        subject: &Subject,
        lane: Lane,
        work: impl FnOnce(&Subject) -> T + Send + 'static,
    ) -> Answer<T> {
        self.ask_for(id, key, lane, || {
            let subject = subject.clone();
            move || work(&subject)
        })
    }

    /// `order` is asked for the work only where there is some.
    fn ask_for<T: Send + Sync + 'static, Made: FnOnce() -> T + Send + 'static>(
        &mut self,
        id: u64,
        key: u64,
        lane: Lane,
        order: impl FnOnce() -> Made,
    ) -> Answer<T> {
        let state = self.slots.entry(id).or_default();
        let is_current = state.product.as_ref().is_some_and(|(made, _)| *made == key);
        if is_current {
            state.asked = None;
        } else if state.asked != Some(key) && !(self.waits && lane == Lane::Slow) {
            state.asked = Some(key);
            state.lane = Some(lane);
            let work = order();
            let work: Work = Box::new(move || Arc::new(work()));
            self.send(lane, Job { slot: id, key, work });
        }
        let product = self.slots.get(&id).and_then(|state| state.product.as_ref());
        let product = product.and_then(|(_, product)| Arc::clone(product).downcast::<T>().ok());
        Answer { product, stale: !is_current }
    }

    fn send(&mut self, lane: Lane, job: Job) {
        let sender =
            self.lanes[lane as usize].get_or_insert_with(|| start(lane, self.done.0.clone(), self.ctx.clone()));
        // A thread that has ended (the system gave none) leaves the slot as it is: nothing to show beats a panic.
        let _ = sender.send(job);
    }
}

fn start(lane: Lane, done: Sender<Done>, ctx: egui::Context) -> Sender<Job> {
    let (sender, jobs) = unbounded::<Job>();
    let work = move || {
        while let Ok(first) = jobs.recv() {
            // Of several questions for one slot only the newest counts.
            let mut queue = vec![first];
            queue.extend(jobs.try_iter());
            while !queue.is_empty() {
                let job = queue.remove(0);
                if queue.iter().any(|newer| newer.slot == job.slot) {
                    continue;
                }
                let product = (job.work)();
                if done.send(Done { slot: job.slot, key: job.key, product }).is_err() {
                    return;
                }
                ctx.request_repaint();
                queue.extend(jobs.try_iter());
            }
        }
    };
    let name = match lane {
        Lane::First => "list",
        Lane::Quick => "plots",
        Lane::Slow => "analysis",
    };
    let _ = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    sender
}

fn hashed(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use seqtune_core::testing::study;

    use super::*;

    fn subject(revision: u64) -> Subject {
        let snapshot = Arc::new(Snapshot::of(&study("x = { type = 'bool' }").trials(2).history()));
        Subject::new(Arc::clone(&snapshot), snapshot, Path::new("none"), revision)
    }

    fn wait<T>(mut ask: impl FnMut() -> Answer<T>) -> Arc<T> {
        loop {
            let answer = ask();
            if let (Some(product), false) = (answer.product, answer.stale) {
                return product;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    #[test]
    fn a_product_is_made_once_and_again_for_another_key_or_study() {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let mut shop = Workshop::new(egui::Context::default());
        let mut product = |key: u32, revision: u64| {
            let subject = subject(revision);
            wait(|| {
                shop.collect();
                shop.ask("slot", key, &subject, Lane::Quick, move |subject| {
                    MADE.fetch_add(1, Ordering::SeqCst);
                    (key, subject.whole.trials.len())
                })
            })
        };
        assert_eq!((*product(1, 0), *product(1, 0)), ((1, 2), (1, 2)));
        assert_eq!(MADE.load(Ordering::SeqCst), 1);
        assert_eq!(*product(2, 0), (2, 2));
        product(2, 1);
        assert_eq!(MADE.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn the_last_product_stays_until_the_next_is_there() {
        let mut shop = Workshop::new(egui::Context::default());
        let subject = subject(0);
        wait(|| {
            shop.collect();
            shop.ask("slot", 1, &subject, Lane::Slow, |_| 1)
        });
        let (hold, held) = unbounded::<()>();
        let answer = shop.ask("slot", 2, &subject, Lane::Slow, move |_| {
            let _ = held.recv();
            2
        });
        assert_eq!((answer.product.as_deref(), answer.stale), (Some(&1), true));
        assert!(shop.is_busy());
        drop(hold);
        assert_eq!(
            *wait(|| {
                shop.collect();
                shop.ask("slot", 2, &subject, Lane::Slow, |_| 2)
            }),
            2
        );
    }

    #[test]
    fn what_was_begun_for_another_study_is_told_to_nobody() {
        let mut shop = Workshop::new(egui::Context::default());
        let subject = subject(0);
        let (hold, held) = unbounded::<()>();
        shop.ask("slot", 1, &subject, Lane::Slow, move |_| {
            let _ = held.recv();
            "old"
        });
        shop.clear();
        drop(hold);
        let answer = wait(|| {
            shop.collect();
            let answer = shop.ask("slot", 2, &subject, Lane::Slow, |_| "new");
            assert_ne!(answer.product.as_deref(), Some(&"old"));
            answer
        });
        assert_eq!(*answer, "new");
    }
}
