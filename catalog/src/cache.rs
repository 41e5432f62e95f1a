//! A bounded cache of what was parsed from immutable files, by path. Everything in it can be read
//! again; dropping an entry costs time, never correctness. It knows nothing of Iceberg.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Values by path, at most `budget_bytes` of them; the longest unused go first.
pub(crate) struct Cache<V> {
    budget_bytes: usize,
    state: Mutex<State<V>>,
}

struct State<V> {
    entries: HashMap<String, Entry<V>>,
    held_bytes: usize,
    uses: u64,
}

struct Entry<V> {
    value: Arc<V>,
    bytes: usize,
    last_use: u64,
}

impl<V> Cache<V> {
    pub(crate) fn new(budget_bytes: usize) -> Self {
        let state = State {
            entries: HashMap::new(),
            held_bytes: 0,
            uses: 0,
        };
        Self {
            budget_bytes,
            state: Mutex::new(state),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Option<Arc<V>> {
        let mut state = self.lock();
        state.uses += 1;
        let now = state.uses;
        let entry = state.entries.get_mut(path)?;
        entry.last_use = now;
        Some(Arc::clone(&entry.value))
    }

    /// Keeps `value` of about `bytes`; a value larger than the whole budget is not kept.
    pub(crate) fn put(&self, path: &str, value: Arc<V>, bytes: usize) {
        if bytes > self.budget_bytes {
            return;
        }
        let mut state = self.lock();
        state.uses += 1;
        let entry = Entry {
            value,
            bytes,
            last_use: state.uses,
        };
        state.held_bytes += bytes;
        if let Some(old) = state.entries.insert(path.to_owned(), entry) {
            state.held_bytes -= old.bytes;
        }
        while state.held_bytes > self.budget_bytes {
            state.evict_oldest();
        }
    }

    /// A panic elsewhere leaves the map whole, so a poisoned lock is taken as it is.
    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> State<V> {
    fn evict_oldest(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.last_use);
        let Some(path) = oldest.map(|(path, _)| path.clone()) else {
            return;
        };
        if let Some(entry) = self.entries.remove(&path) {
            self.held_bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_entry_goes_first() {
        let cache = Cache::new(20);
        cache.put("a", Arc::new(1), 10);
        cache.put("b", Arc::new(2), 10);
        assert_eq!(cache.get("a").as_deref(), Some(&1));
        cache.put("c", Arc::new(3), 10);
        assert!(cache.get("b").is_none());
        assert_eq!(cache.get("a").as_deref(), Some(&1));
        assert_eq!(cache.get("c").as_deref(), Some(&3));
    }

    #[test]
    fn what_exceeds_the_budget_is_not_kept() {
        let cache = Cache::new(20);
        cache.put("a", Arc::new(1), 10);
        cache.put("big", Arc::new(2), 21);
        assert!(cache.get("big").is_none());
        assert!(cache.get("a").is_some());
    }
}
