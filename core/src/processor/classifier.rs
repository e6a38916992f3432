//! The kind of data in a string, according to scanners.
//!
//! Rulesets have dozens of scanners but few distinct key patterns (twenty kinds of payment card share one), and keys
//! repeat, so the [patterns of keys](super::keys) are seldom run. The remaining scanners examine the string, but most
//! of them look for numbers: counting the string's digits, once, rules these out.

use super::keys::{KeptKeys, KeyPatterns, SET};
use super::scanner::{Label, Scanner, Tag};
use crate::support::{Deadline, Expired};
use crate::value::Value;
use std::sync::Arc;

/// Bytes of a value that a matcher reads between two checks of the deadline.
const STRIDE: usize = 4096;

/// Scanners in the order in which they are tried.
pub(super) struct Selection {
    asked: Vec<Asked>,
    keys: KeyPatterns,
}

/// A scanner with its precomputed properties.
struct Asked {
    scanner: Arc<Scanner>,
    /// The first scanner with equal tags, as equal tags make equal schemas.
    label: Option<Label>,
    /// The least that the value must contain.
    least: Least,
}

/// The least number of bytes, and of digits among them.
#[derive(Clone, Copy)]
struct Least {
    bytes: usize,
    digits: usize,
}

impl Default for Selection {
    fn default() -> Self {
        Selection::new(vec![])
    }
}

impl Selection {
    /// Prepares a selection.
    pub(super) fn new(scanners: Vec<Arc<Scanner>>) -> Self {
        let label = |scanner: &Scanner| {
            let equal = scanners.iter().position(|other| same_tags(&other.tags, &scanner.tags))?;
            (!scanner.tags.is_empty()).then_some(Label(equal as u32))
        };
        let asked = scanners.iter().map(|scanner| {
            let (bytes, digits) = scanner.value.as_ref().map_or((0, 0), |value| value.least());
            Asked { scanner: Arc::clone(scanner), label: label(scanner), least: Least { bytes, digits } }
        });
        let keys = KeyPatterns::new(scanners.iter().map(|scanner| scanner.key.as_ref()));
        Selection { asked: asked.collect(), keys }
    }

    /// The tags of a label as a map.
    pub(super) fn tags(&self, Label(label): Label) -> Value {
        let tags = self.asked.get(label as usize).map_or(&[][..], |asked| &asked.scanner.tags);
        Value::from_entries(tags.iter().map(|(name, value)| (name, &value[..])))
    }
}

fn same_tags(a: &[Tag], b: &[Tag]) -> bool {
    a.len() == b.len() && a.iter().all(|tag| b.contains(tag))
}

/// Classifies strings with a selection of scanners.
pub(super) struct Classifier<'a> {
    scanners: &'a Selection,
    kept: KeptKeys,
}

impl<'a> Classifier<'a> {
    /// `kept` comes from a classifier with the same scanners, or is new.
    pub(super) fn new(scanners: &'a Selection, kept: KeptKeys) -> Self {
        Classifier { scanners, kept }
    }

    /// Returns the cached results for keys.
    pub(super) fn into_kept(self) -> KeptKeys {
        self.kept
    }

    /// The tags of the first scanner that matches, unless it has none.
    #[inline]
    pub(super) fn classify(
        &mut self,
        key: &[u8],
        value: &[u8],
        deadline: &mut Deadline,
    ) -> Result<Option<Label>, Expired> {
        if self.scanners.asked.is_empty() {
            return Ok(None);
        }
        self.find(key, value, deadline)
    }

    fn find(&mut self, key: &[u8], value: &[u8], deadline: &mut Deadline) -> Result<Option<Label>, Expired> {
        let mut value = Text { bytes: value, digits: None };
        let mut left = self.scanners.keys.scanners(key, &mut self.kept, deadline)?;
        while left != 0 {
            let candidate = left.trailing_zeros() as usize;
            left &= left - 1;
            let Some(asked) = self.scanners.asked.get(candidate) else { continue };
            if value.has(asked.least) && asked.accepts(value.bytes, deadline)? {
                return Ok(asked.label);
            }
        }
        // The scanners beyond the capacity of a set.
        for asked in self.scanners.asked.iter().skip(SET) {
            let takes_key = match &asked.scanner.key {
                Some(pattern) => !key.is_empty() && pattern.matches(key, deadline)?,
                None => true,
            };
            if takes_key && value.has(asked.least) && asked.accepts(value.bytes, deadline)? {
                return Ok(asked.label);
            }
        }
        Ok(None)
    }
}

impl Asked {
    fn accepts(&self, value: &[u8], deadline: &mut Deadline) -> Result<bool, Expired> {
        let Some(matcher) = &self.scanner.value else { return Ok(true) };
        for _ in 0..=value.len() / STRIDE {
            deadline.check()?;
        }
        matcher.matches(value, deadline)
    }
}

/// A string and, once it is known, the number of its digits.
struct Text<'a> {
    bytes: &'a [u8],
    digits: Option<usize>,
}

impl Text<'_> {
    fn has(&mut self, least: Least) -> bool {
        let bytes = self.bytes;
        bytes.len() >= least.bytes
            && (least.digits == 0 || *self.digits.get_or_insert_with(|| count_digits(bytes)) >= least.digits)
    }
}

/// The number of ASCII digits, counted in bytes so that the loop is vectorised.
fn count_digits(text: &[u8]) -> usize {
    let of = |part: &[u8]| part.iter().map(|byte| u8::from(byte.is_ascii_digit())).sum::<u8>();
    text.chunks(usize::from(u8::MAX)).map(|part| usize::from(of(part))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processor::ScannerMatcher;
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

    fn classify(classifier: &mut Classifier<'_>, key: &str, value: &str) -> Option<Label> {
        let found = classifier.classify(key.as_bytes(), value.as_bytes(), &mut Deadline::unlimited());
        found.unwrap_or_default()
    }

    #[test]
    fn the_first_scanner_whose_key_and_value_fit_decides() {
        let scanners = Selection::new(vec![
            scanner("mail", is(b"to"), Some(b"@")),
            scanner("", is(b"to"), Some(b"none")),
            scanner("number", None, Some(b"4")),
            scanner("mail", None, Some(b"at")),
            scanner("anything", Some(Arc::new(|_: &[u8]| true)), None),
        ]);
        let mut classifier = Classifier::new(&scanners, KeptKeys::default());
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
    fn a_shared_key_pattern_runs_once_per_key() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let key: Arc<dyn ScannerMatcher> = Arc::new(move |_: &[u8]| counter.fetch_add(1, Ordering::Relaxed) > 99);
        let scanners = Selection::new((0..20).map(|_| scanner("card", Some(Arc::clone(&key)), None)).collect());
        let mut classifier = Classifier::new(&scanners, KeptKeys::default());
        for key in ["a", "b", "a", ""] {
            assert_eq!(classify(&mut classifier, key, "x"), None);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn more_scanners_than_a_set_holds_run_in_order() {
        let number = |n: usize| format!("{n:03}");
        let matching = |n: usize| {
            let wanted = number(n);
            let matcher = move |text: &[u8]| memchr::memmem::find(text, wanted.as_bytes()).is_some();
            Some(Arc::new(matcher) as Arc<dyn ScannerMatcher>)
        };
        let scanners = Selection::new(
            (0..200)
                .map(|n| {
                    let tags = vec![(b"type"[..].into(), number(n).into_bytes().into())];
                    Arc::new(Scanner { id: number(n).into(), tags, key: matching(n % 3), value: matching(n) })
                })
                .collect(),
        );
        let mut classifier = Classifier::new(&scanners, KeptKeys::default());
        for (key, value, expected) in [
            ("000", "150 003 001", Some(Label(3))),
            ("001", "150 199 196", Some(Label(196))),
            ("002 001", "150 151 149", Some(Label(149))),
            ("003", "003", None),
            ("", "003", None),
        ] {
            assert_eq!(classify(&mut classifier, key, value), expected, "{key}: {value}");
        }
    }

    #[test]
    fn digits_are_counted() {
        for length in [0, 1, 7, 255, 256, 3000] {
            assert_eq!(count_digits("9".repeat(length).as_bytes()), length);
            assert_eq!(count_digits("1x-".repeat(length).as_bytes()), length);
        }
        assert_eq!(count_digits("/09:\u{660}".as_bytes()), 2);
    }
}
