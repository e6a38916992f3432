//! Requests as the engine's addresses, from their bytes.
//!
//! A host hands over what came over the wire: method, target, headers, and the body in pieces. This room does what
//! frameworks do later, so that the engine sees fields, names and texts and not their encodings; and since the
//! application may read a request otherwise than we do, it is made for disagreement:
//!
//! * **A failure hides nothing.** Parsers read on behind a mistake. What they could not read is judged as raw text beside
//!   what they read.
//! * **Ambiguity is judged in each way.** Repeated names, several boundaries or media types, charsets that change ASCII,
//!   text that looks like another format than declared: every reading is there.
//! * **All work is bounded.** Parsers are linear, none recurses, depth and decompressed size are limited, and a body is
//!   held up to a limit ([`Limits`]); what lies beyond is not read, and said to be cut.
//!
//! The value at `server.request.body` is the one reading of a body if there is one only. If there are several, those
//! behind the first are entries of its map with a name of their own: `$json`, `$form`, `$xml`, and at the end `$raw`, the
//! text itself. If the first is no map, it has such a name too.
//!
//! | file | what it reads |
//! |---|---|
//! | `head` | target, query, headers, cookies |
//! | `body` | what kind a body is; the readings of it as addresses |
//! | `hold` | pieces of a body up to a limit |
//! | `coding` | gzip, deflate, Brotli, Zstandard |
//! | `charset`, `percent` | text as UTF-8 |
//! | `media` | headers with parameters |
//! | `form`, `cookies`, `multipart` | named `fields` |
//! | `json`, `xml` | nested values, built as a `tree` of bounded depth |
//! | `graphql` | arguments in documents |

pub(crate) mod body;
pub(crate) mod charset;
pub(crate) mod coding;
pub(crate) mod cookies;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod graphql;
pub(crate) mod head;
pub(crate) mod hold;
pub(crate) mod json;
pub(crate) mod media;
pub(crate) mod multipart;
pub(crate) mod percent;
pub(crate) mod tree;
pub(crate) mod xml;

#[cfg(test)]
mod properties;

pub use head::Head;
pub use hold::{Held, Limits, ReadBody, Room};

use crate::value::Value;

/// What a parser read.
#[derive(Debug)]
pub struct Reading {
    /// Everything that could be read.
    pub value: Value,
    /// What was not valid, if anything; the text must then be judged as well.
    pub fault: Option<&'static str>,
}

#[cfg(test)]
impl Reading {
    /// What was read as JSON, and whether it was valid.
    fn shown(&self) -> (String, bool) {
        (crate::value::json::to_string(&self.value), self.fault.is_none())
    }
}
