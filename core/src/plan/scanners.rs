//! The scanners of each schema processor.

use crate::config::processor::{self as config, Processor};
use crate::config::reference::Reference;
use crate::config::store::Store;
use crate::matcher::Matcher;
use crate::pattern::Required;
use crate::processor::{Scanner, ScannerMatcher, Scanners};
use crate::support::{Deadline, Expired};
use std::collections::HashMap;
use std::sync::Arc;

struct ByMatcher(Arc<Matcher>);

impl ScannerMatcher for ByMatcher {
    fn matches(&self, text: &[u8], deadline: &mut Deadline) -> Result<bool, Expired> {
        self.0.accepts(text, deadline)
    }

    fn required(&self) -> Option<&Required> {
        self.0.required()
    }

    fn least(&self) -> (usize, usize) {
        self.0.least()
    }
}

/// All scanners of a store, for selection.
pub struct Selection<'a> {
    store: &'a Store,
    scanners: Vec<(Arc<config::ScannerSpec>, Arc<Scanner>)>,
}

impl<'a> Selection<'a> {
    /// Prepares the scanners; equal matchers are shared.
    pub fn new(store: &'a Store) -> Self {
        let mut shared: HashMap<*const Matcher, Arc<dyn ScannerMatcher>> = HashMap::new();
        let mut share = |matcher: &Option<Arc<Matcher>>| {
            let matcher = matcher.as_ref()?;
            let known = shared.entry(Arc::as_ptr(matcher)).or_insert_with(|| Arc::new(ByMatcher(matcher.clone())));
            Some(known.clone())
        };
        let scanners = store.scanners.values().map(|spec| {
            let tags = spec.tags.iter().map(|(name, value)| (name[..].into(), value[..].into())).collect();
            let (key, value) = (share(&spec.key), share(&spec.value));
            let id = String::from_utf8_lossy(&spec.id).into();
            (spec.clone(), Arc::new(Scanner { id, tags, key, value }))
        });
        Selection { scanners: scanners.collect(), store }
    }

    /// By precedence: excluded by id, included by id, excluded by tags, included by tags.
    pub fn for_processor(&self, processor: &Processor) -> Arc<Scanners> {
        let mut include: Vec<&Reference> = processor.scanners.iter().collect();
        let mut exclude: Vec<&Reference> = vec![];
        for change in &self.store.processor_overrides {
            if change.item.targets.contains(&processor.id) {
                include.extend(&change.item.include);
                exclude.extend(&change.item.exclude);
            }
        }
        let selected = self.scanners.iter().filter(|(spec, _)| {
            let named = |list: &[&Reference], by_id: bool| {
                list.iter().any(|r| matches!(r, Reference::Id(_)) == by_id && r.selects(&spec.id, &spec.tags))
            };
            if named(&exclude, true) {
                return false;
            }
            named(&include, true) || (named(&include, false) && !named(&exclude, false))
        });
        Arc::new(Scanners::new(selected.map(|(_, scanner)| scanner.clone()).collect()))
    }
}
