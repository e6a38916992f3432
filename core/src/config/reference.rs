//! References, by which exclusions, overrides and lists of scanners name their targets.

use crate::fields::read::{self, Fields, element};
use crate::fields::refusal::Refusal;
use crate::value::Object;
use crate::value::Text;

/// One reference; lists of them are alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The element with this id.
    Id(Text),
    /// The elements with all of these tags.
    Tags(Vec<(Text, Text)>),
    /// Nothing.
    Empty,
}

impl Reference {
    /// Whether the reference selects an element with this id and these tags.
    pub fn selects(&self, id: &[u8], tags: &[(Text, Text)]) -> bool {
        match self {
            Reference::Id(wanted) => **wanted == *id,
            Reference::Tags(wanted) => wanted.iter().all(|tag| tags.contains(tag)),
            Reference::Empty => false,
        }
    }
}

/// Reads an array of references.
pub fn parse_all(references: &[Object]) -> Result<Vec<Reference>, Refusal> {
    references.iter().map(parse).collect()
}

/// Reads the array of references under a key, empty if absent.
pub fn optional(fields: &Fields<'_>, key: &str) -> Result<Vec<Reference>, Refusal> {
    parse_all(fields.optional(key, read::array)?.unwrap_or_default())
}

/// Reads one reference.
pub fn parse(reference: &Object) -> Result<Reference, Refusal> {
    let fields = element(reference, read::map)?;
    for key in ["rule_id", "id"] {
        if let Some(id) = fields.optional(key, read::text)?.filter(|id| !id.is_empty()) {
            return Ok(Reference::Id(id));
        }
    }
    let tags = fields.optional("tags", read::map)?.unwrap_or(Fields::EMPTY);
    let tags = tags.read_all(|key, value| Ok((Text::from(key), element(value, read::text)?)))?;
    Ok(if tags.is_empty() { Reference::Empty } else { Reference::Tags(tags) })
}
