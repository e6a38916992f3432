//! Scanners: what kind of data a string is, judged by the key it stands under and by its content.
//!
//! Rulesets hold dozens of scanners but few distinct key patterns (twenty kinds of payment card share one), and the keys
//! of a document repeat in every record. So each distinct key pattern is asked once per distinct key, and only the
//! scanners whose key fits see the value.

use super::{Expired, check};
use crate::support::Deadline;
use crate::value::Value;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of a value that a matcher reads between two looks at the deadline.
const STRIDE: usize = 4096;

/// A scalar matcher, as a scanner uses it.
pub trait ScannerMatcher: Send + Sync {
    /// Whether it accepts this string. Matchers for other types accept none.
    fn matches(&self, text: &[u8]) -> bool;
}

impl<F: Fn(&[u8]) -> bool + Send + Sync> ScannerMatcher for F {
    fn matches(&self, text: &[u8]) -> bool {
        self(text)
    }
}

/// A name and a value.
pub type Tag = (Box<[u8]>, Box<[u8]>);

/// One scanner of a configuration.
pub struct Scanner {
    /// Its id.
    pub id: Box<str>,
    /// What a string is if the scanner matches: names and values, each name once. May be empty.
    pub tags: Vec<Tag>,
    /// Accepts the key a string stands under; never asked about an empty key. Scanners with the same pattern do best to
    /// share one matcher.
    pub key: Option<Arc<dyn ScannerMatcher>>,
    /// Accepts the string.
    pub value: Option<Arc<dyn ScannerMatcher>>,
}

/// The scanners selected for a processor, in the order in which they are asked.
#[derive(Default)]
pub struct Scanners {
    scanners: Vec<Arc<Scanner>>,
    /// For each scanner the first one with equal tags: equal tags make equal schemas.
    labels: Vec<u32>,
    /// The distinct key matchers.
    keys: Vec<Arc<dyn ScannerMatcher>>,
    /// For each scanner its key matcher among `keys`.
    key_of: Vec<Option<u32>>,
}

impl Scanners {
    /// Prepares a selection.
    pub fn new(scanners: Vec<Arc<Scanner>>) -> Self {
        let mut labels: Vec<u32> = Vec::with_capacity(scanners.len());
        let mut keys: Vec<Arc<dyn ScannerMatcher>> = Vec::new();
        let mut key_of = Vec::with_capacity(scanners.len());
        for scanner in &scanners {
            let equal = scanners.iter().position(|other| same_tags(&other.tags, &scanner.tags));
            labels.push(equal.unwrap_or_default() as u32);
            key_of.push(scanner.key.as_ref().map(|key| {
                let known = keys.iter().position(|other| Arc::ptr_eq(other, key));
                known.unwrap_or_else(|| {
                    keys.push(Arc::clone(key));
                    keys.len() - 1
                }) as u32
            }));
        }
        Scanners { scanners, labels, keys, key_of }
    }

    /// The tags of a label as a map.
    pub(super) fn tags(&self, Label(label): Label) -> Value {
        let tags = self.scanners.get(label as usize).map_or(&[][..], |scanner| &scanner.tags);
        Value::from_entries(tags.iter().map(|(name, value)| (name, &value[..])))
    }
}

fn same_tags(a: &[Tag], b: &[Tag]) -> bool {
    a.len() == b.len() && a.iter().all(|tag| b.contains(tag))
}

/// A set of tags that is not empty; equal exactly when the tags are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(u32);

impl Label {
    /// Differs from the hash of any type code.
    pub(super) fn hash(self) -> u64 {
        u64::from(self.0) + 0x100
    }
}

/// Classifies the strings of one document.
pub(super) struct Classifier<'a> {
    scanners: &'a Scanners,
    /// For each key seen its part of `candidates`.
    known: HashMap<&'a [u8], Range<usize>>,
    /// The scanners that accept a key, in order.
    candidates: Vec<u32>,
    /// Scratch: which of the distinct key matchers accept the key at hand.
    accepted: Vec<bool>,
}

impl<'a> Classifier<'a> {
    pub(super) fn new(scanners: &'a Scanners) -> Self {
        Classifier { scanners, known: HashMap::new(), candidates: Vec::new(), accepted: Vec::new() }
    }

    /// The tags of the first scanner that matches, unless it has none.
    pub(super) fn classify(
        &mut self,
        key: &'a [u8],
        value: &[u8],
        deadline: &mut Deadline,
    ) -> Result<Option<Label>, Expired> {
        if self.scanners.scanners.is_empty() {
            return Ok(None);
        }
        let scanners = self.scanners;
        for &index in self.candidates_for(key) {
            let Some(scanner) = scanners.scanners.get(index as usize) else { continue };
            if let Some(matcher) = &scanner.value {
                for _ in 0..=value.len() / STRIDE {
                    check(deadline)?;
                }
                if !matcher.matches(value) {
                    continue;
                }
            }
            let label = scanners.labels.get(index as usize).map(|&label| Label(label));
            return Ok(label.filter(|_| !scanner.tags.is_empty()));
        }
        Ok(None)
    }

    fn candidates_for(&mut self, key: &'a [u8]) -> &[u32] {
        let range = match self.known.get(key) {
            Some(range) => range.clone(),
            None => {
                let range = self.look_at(key);
                self.known.insert(key, range.clone());
                range
            }
        };
        &self.candidates[range]
    }

    fn look_at(&mut self, key: &[u8]) -> Range<usize> {
        self.accepted.clear();
        self.accepted.extend(self.scanners.keys.iter().map(|matcher| !key.is_empty() && matcher.matches(key)));
        let start = self.candidates.len();
        for (index, key_matcher) in self.scanners.key_of.iter().enumerate() {
            if key_matcher.is_none_or(|at| self.accepted.get(at as usize) == Some(&true)) {
                self.candidates.push(index as u32);
            }
        }
        start..self.candidates.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn scanner(tag: &str, key: Option<Arc<dyn ScannerMatcher>>, value: Option<&'static [u8]>) -> Arc<Scanner> {
        let tags = if tag.is_empty() { vec![] } else { vec![(b"type"[..].into(), tag.as_bytes().into())] };
        let value = value.map(|part| {
            Arc::new(move |text: &[u8]| memchr::memmem::find(text, part).is_some()) as Arc<dyn ScannerMatcher>
        });
        Arc::new(Scanner { id: tag.into(), tags, key, value })
    }

    fn is(name: &'static [u8]) -> Option<Arc<dyn ScannerMatcher>> {
        Some(Arc::new(move |key: &[u8]| key == name))
    }

    fn classify<'a>(classifier: &mut Classifier<'a>, key: &'a str, value: &str) -> Option<Label> {
        let found = classifier.classify(key.as_bytes(), value.as_bytes(), &mut Deadline::unlimited());
        found.unwrap_or_default()
    }

    #[test]
    fn the_first_scanner_whose_key_and_value_fit_decides() {
        let scanners = Scanners::new(vec![
            scanner("mail", is(b"to"), Some(b"@")),
            scanner("", is(b"to"), Some(b"none")),
            scanner("number", None, Some(b"4")),
            scanner("mail", None, Some(b"at")),
            scanner("anything", Some(Arc::new(|_: &[u8]| true)), None),
        ]);
        let mut classifier = Classifier::new(&scanners);
        for (key, value, expected) in [
            ("to", "a@b 4", Some(Label(0))),
            ("to", "none 4", None),
            ("cc", "a@b 4", Some(Label(2))),
            ("cc", "a at b", Some(Label(0))),
            ("cc", "", Some(Label(4))),
            ("", "", None),
        ] {
            assert_eq!(classify(&mut classifier, key, value), expected, "{key}: {value}");
        }
    }

    #[test]
    fn a_shared_key_pattern_is_asked_once_per_key() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let key: Arc<dyn ScannerMatcher> = Arc::new(move |_: &[u8]| counter.fetch_add(1, Ordering::Relaxed) > 99);
        let scanners = Scanners::new((0..20).map(|_| scanner("card", Some(Arc::clone(&key)), None)).collect());
        let mut classifier = Classifier::new(&scanners);
        for key in ["a", "b", "a", ""] {
            assert_eq!(classify(&mut classifier, key, "x"), None);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}
