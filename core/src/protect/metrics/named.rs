//! Counters by name, of which there is a bounded number.

use crate::support::fork::Versioned;
use crate::users::text::utf8;
use crate::value::{Text, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Names beyond these are counted together: a backend keeps a series for each, and remote configuration may bring any
/// number of rules.
const MOST: usize = 500;
/// What is counted for them.
pub(super) const OTHERS: &str = "other";

/// Counters by name.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// In the order of the names.
    counters: Versioned<Vec<(Text, Arc<AtomicU64>)>>,
    others: AtomicU64,
}

impl Named {
    pub fn count(&self, name: &[u8]) {
        let known = self.counters.load();
        if let Ok(at) = known.binary_search_by(|(known, _)| (**known).cmp(name)) {
            known[at].1.fetch_add(1, Relaxed);
            return;
        }
        if known.len() >= MOST {
            self.others.fetch_add(1, Relaxed);
            return;
        }
        drop(known);
        let counter =
            self.counters.change(|counters| match counters.binary_search_by(|(known, _)| (**known).cmp(name)) {
                Ok(at) => counters[at].1.clone(),
                Err(at) => {
                    let counter = Arc::<AtomicU64>::default();
                    counters.insert(at, (name.into(), counter.clone()));
                    counter
                }
            });
        counter.fetch_add(1, Relaxed);
    }

    pub fn snapshot(&self) -> Value {
        let counters = self.counters.load();
        let named = counters.iter().map(|(name, counter)| (utf8(name).into_owned(), counter.load(Relaxed)));
        let others = self.others.load(Relaxed);
        Value::from_entries(named.chain((others > 0).then(|| (OTHERS.to_string(), others))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_names_is_bounded() {
        let named = Named::default();
        (0..2 * MOST).for_each(|n| named.count(format!("{n}").as_bytes()));
        named.count(b"7");
        let snapshot = named.snapshot();
        assert_eq!(snapshot.len(), MOST + 1);
        let count = |name: &str| crate::value::json::to_string(snapshot.get(name.as_bytes()).unwrap());
        assert_eq!((count("7"), count(OTHERS)), ("2".into(), MOST.to_string()));
    }
}
