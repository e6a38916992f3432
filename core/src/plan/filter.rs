//! Filters, with their rules resolved.

use super::addresses::AddressId;
use super::condition::ConditionId;
use super::rule::RuleId;
use crate::config::action::Action;
use crate::support::Bits;
use crate::value::Text;
use crate::value::{Object, View};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// The effect of a rule filter, strongest last: of several on one rule the strongest wins, among equals the first.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Replaces the rule's action, if the new one is known, and makes the rule blocking in any case.
    Custom(Option<Arc<Action>>),
    /// Replaces the rule's action by `monitor` and makes the rule non-blocking.
    Monitor(Option<Arc<Action>>),
    /// Disables the rule.
    Bypass,
}

impl Mode {
    /// The strength, for comparison.
    pub fn rank(&self) -> u8 {
        match self {
            Mode::Custom(_) => 1,
            Mode::Monitor(_) => 2,
            Mode::Bypass => 3,
        }
    }
}

/// A filter over rules.
pub struct RuleFilter {
    /// All must hold.
    pub conditions: Range<ConditionId>,
    /// The rules it applies to.
    pub rules: Vec<RuleId>,
    /// Its effect.
    pub mode: Mode,
}

/// A filter over inputs.
pub struct InputFilter {
    /// All must hold.
    pub conditions: Range<ConditionId>,
    /// The rules it applies to.
    pub rules: Bits,
    /// What it excludes below each address.
    pub inputs: Vec<(AddressId, PathTrie)>,
}

/// Paths that select objects. `*` stands for any map key and any array element; a literal stands for a map key and
/// never descends into an array. A shorter path includes longer ones.
#[derive(Default)]
pub struct PathTrie {
    children: HashMap<Text, PathTrie>,
    wildcard: Option<Box<PathTrie>>,
    /// Whether a path ends here, which selects this object and all below it.
    end: bool,
}

impl PathTrie {
    /// Adds a path. As in the reference, the empty path is ignored if there are others.
    pub fn insert(&mut self, path: &[Text]) {
        self.end = path.is_empty() && self.is_leaf();
        if !path.is_empty() {
            self.insert_below(path);
        }
    }

    fn insert_below(&mut self, path: &[Text]) {
        if self.end {
            return;
        }
        match path.split_first() {
            None => *self = PathTrie { end: true, ..PathTrie::default() },
            Some((step, rest)) => {
                let child = match &step[..] {
                    b"*" => self.wildcard.get_or_insert_default(),
                    _ => self.children.entry(step.clone()).or_default(),
                };
                child.insert_below(rest);
            }
        }
    }

    fn is_leaf(&self) -> bool {
        self.children.is_empty() && self.wildcard.is_none()
    }

    /// Collects the identities of the objects below `root` that the paths select.
    pub fn select(&self, root: &Object, selected: &mut HashSet<usize>) {
        // Paths are as long as configured, so the work is bounded by the number of nodes times the depth of the trie.
        let mut open = vec![(self, root)];
        while let Some((trie, object)) = open.pop() {
            if trie.end {
                selected.insert(object.identity());
                continue;
            }
            match object.view() {
                View::Map(pairs) => {
                    for pair in pairs {
                        let literal = pair.key_bytes().and_then(|key| trie.children.get(key));
                        open.extend(literal.map(|child| (child, pair.value())));
                        open.extend(trie.wildcard.as_deref().map(|child| (child, pair.value())));
                    }
                }
                View::Array(elements) => {
                    if let Some(child) = trie.wildcard.as_deref() {
                        open.extend(elements.iter().map(|element| (child, element)));
                    }
                }
                _ => {}
            }
        }
    }
}
