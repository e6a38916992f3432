//! The obfuscator: what events must not show.

use crate::fields::read::{self, Fields};
use crate::fields::refusal::Refusal;
use crate::value::Text;

/// Both expressions as configured. Absent means the default, empty means off.
#[derive(Clone, Debug, Default)]
pub struct Obfuscator {
    /// Redacts values under keys that match.
    pub key_regex: Option<Text>,
    /// Redacts (parts of) values that match.
    pub value_regex: Option<Text>,
}

/// Reads the `obfuscator` section.
pub fn parse(fields: &Fields<'_>) -> Result<Obfuscator, Refusal> {
    let read = |key| Ok(fields.optional(key, read::strict_string)?.map(Text::from));
    Ok(Obfuscator { key_regex: read("key_regex")?, value_regex: read("value_regex")? })
}
