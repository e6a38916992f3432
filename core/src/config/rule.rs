//! Rules and their output.

use super::condition::{self, Condition, Defaults};
use super::version::Version;
use crate::fields::read::{self, Fields, element};
use crate::fields::refusal::Refusal;
use crate::pattern::PatternCache;
use crate::value::Text;
use crate::value::{Object, Step, Value, View};
use std::sync::Arc;

/// Who wrote a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// `rules`, `rules_compat` and `bartizan_rules`.
    Base,
    /// `custom_rules`.
    User,
}

/// A rule as configured.
#[derive(Clone)]
pub struct Rule {
    /// Unique over all rules of a builder.
    pub id: Text,
    /// The name for people.
    pub name: Text,
    /// `type` and `module` affect the evaluation; all are copied to events.
    pub tags: Vec<(Text, Text)>,
    /// Disabled rules are not evaluated.
    pub enabled: bool,
    /// Ids of actions.
    pub on_match: Vec<Text>,
    /// Base or user.
    pub origin: Origin,
    /// All must hold.
    pub conditions: Arc<[Condition]>,
    /// Whether a match is reported as an event.
    pub event: bool,
    /// Whether a match asks for the trace to be kept.
    pub keep: bool,
    /// The attributes that a match sets.
    pub attributes: Arc<[Attribute]>,
}

/// One attribute of a rule's output.
#[derive(Clone)]
pub struct Attribute {
    /// The key in the result's `attributes`.
    pub name: Text,
    /// Where the value comes from.
    pub source: AttributeSource,
}

/// Where an attribute's value comes from.
#[derive(Clone)]
pub enum AttributeSource {
    /// The configuration.
    Literal(Value),
    /// The data.
    Copy {
        /// The address.
        address: Text,
        /// The path within it.
        key_path: Vec<Step>,
    },
}

/// Reads a rule, after its id.
pub fn parse(fields: &Fields<'_>, id: Text, origin: Origin, patterns: &mut PatternCache) -> Result<Rule, Refusal> {
    check_versions(fields)?;
    let defaults = Defaults::of_rule(fields)?;
    let conditions = condition::parse_all(fields.required("conditions", read::array)?, &defaults, patterns)?;
    if conditions.is_empty() {
        return Err(Refusal::error("rule has no valid conditions"));
    }
    let tags = fields.required("tags", read::text_map)?;
    if !tags.iter().any(|(key, _)| **key == *b"type") {
        return Err(Refusal::error("missing key 'type'"));
    }
    let output = fields.optional("output", read::map)?.unwrap_or(Fields::EMPTY);
    let event = output.optional("event", read::boolean)?.unwrap_or(true);
    let keep = output.optional("keep", read::boolean)?.unwrap_or(true);
    let attributes = attributes(&output)?;
    let enabled = fields.optional("enabled", read::boolean)?.unwrap_or(true);
    let name = fields.required("name", read::text)?;
    let on_match = fields.optional("on_match", read::texts)?.unwrap_or_default();
    if !event && attributes.is_empty() {
        return Err(Refusal::about_id("rule generates no events or attributes"));
    }
    let (conditions, attributes) = (conditions.into(), attributes.into());
    Ok(Rule { id, name, tags, enabled, on_match, origin, conditions, event, keep, attributes })
}

/// Skips a rule that is meant for another engine version.
pub fn check_versions(fields: &Fields<'_>) -> Result<(), Refusal> {
    let bound = |key, default| match fields.optional(key, read::version)? {
        Some(text) => Version::parse(text),
        None => Ok(default),
    };
    let range = bound("min_version", Version::MIN)?..=bound("max_version", Version::MAX)?;
    if range.contains(&Version::of_engine()) { Ok(()) } else { Err(Refusal::skip()) }
}

/// The attributes, in the order in which the reference sets them: the reverse of its hash table's.
fn attributes(output: &Fields<'_>) -> Result<Vec<Attribute>, Refusal> {
    let bodies = output.optional("attributes", read::map)?.unwrap_or(Fields::EMPTY);
    let read = |(name, body): (&[u8], &Object)| Ok(Attribute { name: name.into(), source: source(body)? });
    let mut attributes = bodies.hashed().into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    attributes.reverse();
    Ok(attributes)
}

fn source(body: &Object) -> Result<AttributeSource, Refusal> {
    let fields = element(body, read::map)?;
    if let Some(value) = fields.get("value") {
        return match value.view() {
            View::Map(_) | View::Array(_) | View::Null | View::Invalid => {
                Err(Refusal::error("invalid type for 'value', expected scalar"))
            }
            _ => Ok(AttributeSource::Literal(value.to_value())),
        };
    }
    let address = fields.required("address", read::strict_string)?.into();
    let key_path = fields.optional("key_path", read::key_path)?.unwrap_or_default();
    Ok(AttributeSource::Copy { address, key_path })
}
