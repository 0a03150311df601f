//! The newest value of something, handed from a thread to the window.

use std::sync::{Arc, Mutex, PoisonError};

/// A place for one value. A newer value replaces one that was not taken yet: whoever is slow misses steps in between,
/// never the last one, and nothing piles up.
#[derive(Debug)]
pub(crate) struct Latest<T>(Arc<Mutex<Option<T>>>);

impl<T> Latest<T> {
    pub(crate) fn new() -> Latest<T> {
        Latest(Arc::new(Mutex::new(None)))
    }

    pub(crate) fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> Clone for Latest<T> {
    fn clone(&self) -> Latest<T> {
        Latest(Arc::clone(&self.0))
    }
}
