//! One random forest of the trials for all that is asked of it: importance and partial dependence, on whatever page.
//!
//! It takes most of the time of both. It is grown of the completed trials among those that are listed, or of all; where nothing is
//! filtered, these are the same forest.

use std::hash::Hash;

use seqtune_plot::{Snapshot, Surrogate, completed_under};

use crate::cache::Cache;
use crate::model::Model;
use crate::text;
use crate::workshop::{Answer, Lane, Subject};

/// Seed of the forest: any will do, the same one always.
pub(super) const SEED: u64 = 1;

/// What a forest is grown of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source {
    /// All trials, whatever is listed.
    pub of_all: bool,
    /// Which of them have ended.
    ended: u64,
    metric: String,
}

impl Source {
    pub(super) fn now(model: &Model, subject: &Subject, of_all: bool) -> Source {
        let of_all = of_all || subject.listed.trials.len() == subject.whole.trials.len();
        let ended = if of_all { subject.whole.summary.ended() as u64 } else { subject.ended };
        Source { of_all, ended, metric: model.metric(&subject.whole).to_owned() }
    }

    /// The trials that it is of.
    pub(super) fn part<'a>(&self, subject: &'a Subject) -> &'a Snapshot {
        if self.of_all { &subject.whole } else { &subject.listed }
    }
}

/// A forest with what it was grown of, or a sentence why there is none.
#[derive(Debug)]
pub(super) struct Forest {
    source: Source,
    pub grown: Result<Surrogate, String>,
}

/// The newest forest; a new one is begun where other trials have ended since.
pub(super) fn forest(model: &Model, cache: &mut Cache, subject: &Subject, of_all: bool) -> Answer<Forest> {
    let source = Source::now(model, subject, of_all);
    let (own, objective) = (source.clone(), model.objective(&subject.whole));
    cache.shop.ask_still(("forest", source.of_all), &source, subject, Lane::Slow, move |subject| {
        let snapshot = own.part(subject);
        let grown = Surrogate::fit(&snapshot.spec.space, &completed_under(snapshot, &objective), SEED);
        Forest { source: own, grown: grown.map_err(|error| text::sentence(&error.to_string())) }
    })
}

/// What a forest says once it is grown. `work` must depend on nothing but the forest, what it was grown of, and `key`.
pub(super) fn told<T: Send + Sync + 'static>(
    cache: &mut Cache,
    subject: &Subject,
    forest: &Answer<Forest>,
    (slot, key): (impl Hash + Copy, impl Hash),
    work: impl FnOnce(&Surrogate, &Snapshot) -> Result<T, String> + Send + 'static,
) -> Answer<Result<T, String>> {
    let Some(product) = forest.product.clone() else { return Answer { product: None, stale: true } };
    let key = (product.source.clone(), key);
    let mut made = cache.shop.ask_still(slot, key, subject, Lane::Slow, move |subject| match &product.grown {
        Ok(grown) => work(grown, product.source.part(subject)),
        Err(sentence) => Err(sentence.clone()),
    });
    made.stale |= forest.stale;
    made
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use seqtune_core::testing::study;

    use super::*;
    use crate::model::{Action, OpenStudy};
    use crate::reader::News;

    fn wait<T>(cache: &mut Cache, mut ask: impl FnMut(&mut Cache) -> Answer<T>) -> Arc<T> {
        loop {
            cache.shop.collect();
            let answer = ask(cache);
            if let (Some(product), false) = (answer.product, answer.stale) {
                return product;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    #[test]
    fn a_forest_is_grown_once_for_the_same_trials() {
        let draft = study("x = { type = 'float', low = 0, high = 1 }\nb = { type = 'bool' }").sampler("random");
        let history = draft.objective(|params| params.float("x").unwrap_or(0.0)).trials(40).history();
        let directory = Path::new("none");
        let mut model = Model::new(history.last_us);
        model.open = Some(OpenStudy { directory: directory.into(), news: News::default() });
        let news = News { snapshot: Some(Arc::new(Snapshot::of(&history))), ..News::default() };
        model.set_news(directory, news);
        let mut cache = Cache::new(egui::Context::default());
        let grown = |model: &Model, cache: &mut Cache, of_all: bool| {
            let subject = model.subject().unwrap();
            wait(cache, |cache| forest(model, cache, subject, of_all))
        };
        let listed = grown(&model, &mut cache, false);
        assert!(Arc::ptr_eq(&listed, &grown(&model, &mut cache, true)), "nothing is filtered");

        let subject = model.subject().unwrap();
        let ask = |cache: &mut Cache| {
            let forest = forest(&model, cache, subject, false);
            told(cache, subject, &forest, ("names", 1), |grown, _| Ok(grown.names().count()))
        };
        assert_eq!(*wait(&mut cache, ask), Ok(2));

        model.apply(Action::Filter("b=true".to_owned()));
        assert!(Arc::ptr_eq(&listed, &grown(&model, &mut cache, true)), "that of all stays");
        let some = grown(&model, &mut cache, false);
        assert!(!Arc::ptr_eq(&listed, &some) && some.grown.is_ok());
        model.apply(Action::Filter("x<0.01".to_owned()));
        let none = grown(&model, &mut cache, false);
        assert!(none.grown.as_ref().is_err_and(|sentence| sentence.starts_with("Importance needs at least 8 trials")));
        let subject = model.subject().unwrap();
        let said = wait(&mut cache, |cache| {
            let forest = forest(&model, cache, subject, false);
            told(cache, subject, &forest, ("names", 1), |grown, _| Ok::<usize, String>(grown.names().count()))
        });
        assert_eq!(said.as_ref().as_ref().err(), none.grown.as_ref().err(), "the reason why there is none");
    }
}
