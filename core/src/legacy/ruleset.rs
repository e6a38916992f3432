//! Configurations and the instance they give.

use crate::shared::SharedInstance;
use crate::value::{Object, Text, Value};
use crate::{Added, Builder, Waf};

/// The path of the patterns of an [`Obfuscation`], which no caller sees.
const OBFUSCATION: &[u8] = b"\0obfuscation";

/// What is redacted in events: values whose key, or which themselves, match a pattern. An empty pattern matches none, and
/// one that is invalid is replaced by the engine's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Obfuscation<'a> {
    /// The pattern of keys.
    pub keys: &'a str,
    /// The pattern of values.
    pub values: &'a str,
}

/// Configurations under paths, and the last instance that could be built from them.
pub struct Ruleset {
    builder: Builder,
    waf: Waf,
}

impl Ruleset {
    /// A ruleset with a first configuration; nothing if no rule of it can be used.
    pub fn new(path: &str, document: &Object, obfuscation: Obfuscation<'_>) -> (Option<Self>, Added) {
        let mut builder = Builder::new();
        let patterns = [("key_regex", obfuscation.keys), ("value_regex", obfuscation.values)];
        let patterns = Value::from_entries([("obfuscator", Value::from_entries(patterns))]);
        builder.add_or_update(OBFUSCATION, &patterns);
        let added = builder.add_or_update(path.as_bytes(), document);
        let waf = builder.build();
        (waf.map(|waf| Ruleset { builder, waf }), added)
    }

    /// Adds a configuration, or replaces the one under this path.
    pub fn update(&mut self, path: &str, document: &Object) -> Added {
        let added = self.builder.add_or_update(path.as_bytes(), document);
        if added.accepted {
            self.rebuild();
        }
        added
    }

    /// Removes a configuration; returns whether there was one.
    pub fn remove(&mut self, path: &str) -> bool {
        let removed = path.as_bytes() != OBFUSCATION && self.builder.remove(path.as_bytes());
        if removed {
            self.rebuild();
        }
        removed
    }

    fn rebuild(&mut self) {
        if let Some(waf) = self.builder.build() {
            self.waf = waf;
        }
    }

    /// The paths of all configurations.
    pub fn paths(&self) -> Vec<&[u8]> {
        self.builder.paths(None).into_iter().filter(|path| *path != OBFUSCATION).collect()
    }

    /// The addresses that the instance uses.
    pub fn known_addresses(&self) -> &[Text] {
        self.waf.known_addresses()
    }

    /// The types of actions that a match can lead to.
    pub fn known_actions(&self) -> &[Text] {
        self.waf.known_actions()
    }

    /// The current instance, for [conversations](super::Conversation).
    pub fn instance(&self) -> SharedInstance {
        self.waf.clone().into()
    }
}
