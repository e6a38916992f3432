//! The built-in ruleset, embedded as configuration documents.
//!
//! Each class of attack is a separate document with its own builder path (`builtin/<name>`), so they need no merging,
//! and a caller can replace or remove one class. `rules/README.md` describes how the rules are written and tested.

use crate::value::{Object, Value, json};
use crate::{Builder, Waf};

/// One embedded document: its builder path and its JSON text.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// The path to add the document under, `builtin/<name>`.
    pub path: &'static str,
    /// A configuration document in JSON.
    pub json: &'static str,
}

macro_rules! documents {
    ($($name:literal),+ $(,)?) => {
        &[$(Document { path: concat!("builtin/", $name), json: include_str!(concat!("../rules/", $name, ".json")) }),+]
    };
}

/// The documents of the built-in ruleset.
pub const DOCUMENTS: &[Document] = documents![
    "command-injection",
    "data-scanners",
    "denylists",
    "java",
    "javascript",
    "ldap-xpath",
    "lfi",
    "nosql",
    "php",
    "processors",
    "protocol",
    "rasp",
    "rfi",
    "scanners",
    "sqli",
    "ssi",
    "ssrf",
    "template-injection",
    "tokens",
    "upload",
    "xss",
    "xxe",
];

/// The built-in ruleset as one document, for interfaces that take a single one.
///
/// ```
/// assert!(bartizan::Waf::new(&bartizan::builtin::ruleset()).is_ok());
/// ```
pub fn ruleset() -> Value {
    let documents: Vec<_> =
        DOCUMENTS.iter().filter_map(|document| json::parse(document.json.as_bytes()).ok()).collect();
    let mut ruleset = Value::from_entries([("version", "2.2")]);
    if let Some(metadata) = documents.first().and_then(|document| document.get(b"metadata")) {
        ruleset.insert("metadata", metadata.to_value());
    }
    for section in SECTIONS {
        let parts = documents.iter().filter_map(|document| document.get(section.as_bytes())?.as_array());
        ruleset.insert(section, parts.flatten().map(Object::to_value).collect::<Value>());
    }
    ruleset
}

/// The same for engines, whose mode decides whether rules block: the rules on which an operator may block (see
/// `rules/README.md`) have the action `block`.
pub(crate) fn blocking_ruleset() -> Value {
    let sections = ["rules", "bartizan_rules"];
    sections.into_iter().fold(ruleset(), |ruleset, section| {
        let rules = ruleset.get(section.as_bytes()).and_then(Object::as_array).unwrap_or_default().iter();
        let rules: Value = rules.map(|rule| if may_block(rule) { blocking(rule) } else { rule.to_value() }).collect();
        with(&ruleset, section, rules)
    })
}

/// Whether a rule is about attacks, and sure enough.
fn may_block(rule: &Object) -> bool {
    let tag = |name: &[u8]| rule.get(b"tags").and_then(|tags| tags.get(name)).and_then(Object::as_bytes);
    tag(b"confidence") == Some(b"1") && matches!(tag(b"category"), Some(b"attack_attempt" | b"vulnerability_trigger"))
}

fn blocking(rule: &Object) -> Value {
    let own = rule.get(b"on_match").and_then(Object::as_array).unwrap_or_default().iter().map(Object::to_value);
    let on_match: Value = own.chain([Value::from("block")]).collect();
    with(rule, "on_match", on_match)
}

/// A copy of a map with another value under a key.
fn with(map: &Object, key: &str, value: Value) -> Value {
    let others = map.as_map().unwrap_or_default().iter().filter(|pair| pair.key_bytes() != Some(key.as_bytes()));
    let mut copy =
        Value::from_entries(others.map(|pair| (pair.key_bytes().unwrap_or_default(), pair.value().to_value())));
    copy.insert(key, value);
    copy
}

/// The sections of the documents.
const SECTIONS: [&str; 4] = ["rules", "bartizan_rules", "processors", "scanners"];

impl Builder {
    /// Adds the documents of the built-in ruleset, each under its own path.
    pub fn add_builtin(&mut self) {
        for document in DOCUMENTS {
            if let Ok(value) = json::parse(document.json.as_bytes()) {
                self.add_or_update(document.path.as_bytes(), &value);
            }
        }
    }
}

impl Waf {
    /// An instance of the built-in ruleset.
    pub fn builtin() -> Waf {
        let mut builder = Builder::new();
        builder.add_builtin();
        builder.build().expect("the embedded rules are checked by a test")
    }
}
