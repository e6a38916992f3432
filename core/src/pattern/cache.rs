//! Patterns shared between rules and between successive builds.

use crate::value::Text;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::{Inner, Options, Pattern, PatternError};

/// The patterns that a builder has made, for as long as they are in use. Rulesets repeat patterns, and an update
/// consists mostly of known ones: each is parsed and compiled once.
#[derive(Clone, Debug, Default)]
pub struct PatternCache {
    sensitive: HashMap<Text, Weak<Inner>>,
    insensitive: HashMap<Text, Weak<Inner>>,
}

impl PatternCache {
    /// The pattern of a source, compiled unless it is known.
    pub fn get(&mut self, source: &[u8], options: Options) -> Result<Pattern, PatternError> {
        let patterns = if options.case_sensitive { &mut self.sensitive } else { &mut self.insensitive };
        if let Some(pattern) = patterns.get(source).and_then(Weak::upgrade) {
            return Ok(Pattern(pattern));
        }
        let pattern = Pattern::new(source, options)?;
        patterns.insert(pattern.shared_source(), Arc::downgrade(&pattern.0));
        Ok(pattern)
    }

    /// Drops the patterns that are no longer in use.
    pub fn drop_unused(&mut self) {
        for patterns in [&mut self.sensitive, &mut self.insensitive] {
            patterns.retain(|_, pattern| pattern.strong_count() > 0);
        }
    }

    /// The number of patterns kept.
    pub fn len(&self) -> usize {
        self.sensitive.len() + self.insensitive.len()
    }

    /// Whether no pattern is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_shared_while_used() {
        let mut cache = PatternCache::default();
        let options = Options { case_sensitive: false };
        let first = cache.get(b"a+", options).unwrap();
        assert!(cache.get(b"a+", options).unwrap().is_same(&first));
        let sensitive = cache.get(b"a+", Options { case_sensitive: true }).unwrap();
        assert!(!sensitive.is_same(&first));
        assert!(cache.get(b"a(", options).is_err());
        assert_eq!(cache.len(), 2);
        drop(sensitive);
        cache.drop_unused();
        assert_eq!(cache.len(), 1);
        assert!(cache.get(b"a+", options).unwrap().is_same(&first));
    }
}
