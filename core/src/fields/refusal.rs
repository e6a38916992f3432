//! Why an element of a configuration was refused.

use crate::value::Text;

/// How a refused element is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Under `errors`.
    Error,
    /// Under `warnings`, as it uses something this engine does not know.
    Warning,
    /// Under `skipped`, without a text, as it is meant for another engine version.
    Skip,
}

/// A refused element: the severity, and the text of the diagnostic.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// How it is reported.
    pub severity: Severity,
    /// The text; a byte string, since it may quote the configuration.
    pub text: Vec<u8>,
    /// Whether the element is named by its id even if that is empty.
    pub by_id: bool,
    /// An explanation of the error in a pattern that is clearer than the reference's words.
    pub pattern: Option<String>,
}

impl Refusal {
    /// An error.
    pub fn error(text: impl Into<Vec<u8>>) -> Self {
        Refusal { severity: Severity::Error, text: text.into(), by_id: false, pattern: None }
    }

    /// An error found after the element was read (a duplicate, an element without effect), which is named by its id
    /// even if that is empty.
    pub fn about_id(text: impl Into<Vec<u8>>) -> Self {
        Refusal { by_id: true, ..Self::error(text) }
    }

    /// A warning.
    pub fn warning(text: impl Into<Vec<u8>>) -> Self {
        Refusal { severity: Severity::Warning, ..Self::error(text) }
    }

    /// A skip.
    pub fn skip() -> Self {
        Refusal { severity: Severity::Skip, by_id: true, ..Self::error(vec![]) }
    }

    /// The name of the refused element; `id` is as far as it could be read.
    pub fn name(&self, id: Option<&Text>, index: usize) -> Text {
        match id {
            Some(id) if self.by_id || !id.is_empty() => id.clone(),
            _ => index_name(index),
        }
    }
}

/// The name of an element without a readable id.
pub fn index_name(index: usize) -> Text {
    format!("index:{index}").into_bytes().into()
}

/// Joins byte strings.
pub fn concat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}
