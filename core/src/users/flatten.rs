//! Nested metadata as dotted tags.
//!
//! A key path has at most five segments, so the walk is shallow whatever the caller built (even a cyclic host object),
//! and one call emits at most 256 pairs; whatever exceeds either bound is counted.

use super::identity::tag_text;
use super::text::utf8;
use crate::value::FloatStyle;
use crate::value::{Object, View};
use std::borrow::Cow;

const MAX_SEGMENTS: usize = 5;
const MAX_PAIRS: usize = 256;

/// The pairs of one call, in the order of the input.
#[derive(Debug)]
pub(super) struct Flattened {
    pub pairs: Vec<(String, String)>,
    /// The number of pairs beyond the limit of one call.
    pub truncated: usize,
    /// Whether a container was nested too deep.
    pub too_deep: bool,
    floats: FloatStyle,
}

impl Flattened {
    pub fn new(floats: FloatStyle) -> Self {
        Self { pairs: Vec::new(), truncated: 0, too_deep: false, floats }
    }

    /// Adds the entries of a map whose dotted key `wanted` accepts, below `prefix` (the segments already used).
    pub fn add(&mut self, container: &Object, prefix: &str, wanted: &impl Fn(&str) -> bool) {
        let (mut path, depth) = match prefix {
            "" => (String::new(), 0),
            _ => (format!("{prefix}."), 1),
        };
        self.walk(container, &mut path, depth, wanted);
    }

    /// Recursion is bounded by the number of segments.
    fn walk(&mut self, container: &Object, path: &mut String, depth: usize, wanted: &impl Fn(&str) -> bool) {
        let parent = path.len();
        match container.view() {
            View::Map(pairs) => {
                for pair in pairs {
                    path.push_str(&pair.key_bytes().map_or(Cow::Borrowed(""), utf8));
                    self.entry(pair.value(), path, depth + 1, wanted);
                    path.truncate(parent);
                }
            }
            View::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    path.push_str(&index.to_string());
                    self.entry(element, path, depth + 1, wanted);
                    path.truncate(parent);
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, value: &Object, path: &mut String, segments: usize, wanted: &impl Fn(&str) -> bool) {
        if value.is_container() {
            if segments < MAX_SEGMENTS {
                path.push('.');
                self.walk(value, path, segments, wanted);
            } else {
                self.too_deep = true;
            }
        } else if !wanted(path) {
        } else if self.pairs.len() == MAX_PAIRS {
            self.truncated += usize::from(!matches!(value.view(), View::Null | View::Invalid));
        } else if let Some(text) = tag_text(value, self.floats) {
            self.pairs.push((path.clone(), text.into_owned()));
        }
    }
}
