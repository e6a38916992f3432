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
