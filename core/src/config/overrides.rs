//! Overrides: configuration that changes rules and processors of other configurations.

use super::read::{self, Fields, Text};
use super::reference::{self, Reference};
use super::refusal::Refusal;

/// A change to base rules.
#[derive(Clone, Debug)]
pub struct RuleOverride {
    /// Switches them on or off.
    pub enabled: Option<bool>,
    /// Replaces their actions.
    pub on_match: Option<Vec<Text>>,
    /// Adds tags they lack.
    pub tags: Vec<(Text, Text)>,
    /// The rules it is about: all by id or all by tags.
    pub targets: Vec<Reference>,
    /// Which of the two; overrides by tags are applied first.
    pub by_tags: bool,
}

/// Reads an entry of `rules_override`.
pub fn parse_rule_override(fields: &Fields<'_>) -> Result<RuleOverride, Refusal> {
    let enabled = fields.optional_unkeyed("enabled", read::boolean)?;
    let on_match = fields.optional_unkeyed("on_match", read::texts)?;
    let tags = fields.optional_unkeyed("tags", read::text_map)?.unwrap_or_default();
    let mut targets = reference::optional(fields, "rules_target")?;
    if targets.is_empty() {
        targets = vec![Reference::Id(fields.required("id", read::text)?)];
    }
    let by_tags = kind(&targets)?;
    if enabled.is_none() && on_match.is_none() && tags.is_empty() {
        return Err(Refusal::error("rule override without side-effects"));
    }
    Ok(RuleOverride { enabled, on_match, tags, targets, by_tags })
}

/// True by tags, false by id; the first reference that names anything decides, and all after it must agree.
fn kind(targets: &[Reference]) -> Result<bool, Refusal> {
    let mut named = targets.iter().skip_while(|target| **target == Reference::Empty);
    let Some(first) = named.next() else { return Err(Refusal::error("rule override with no targets")) };
    if named.any(|other| std::mem::discriminant(other) != std::mem::discriminant(first)) {
        return Err(Refusal::error("rule override targets rules and tags"));
    }
    Ok(matches!(first, Reference::Tags(_)))
}

/// A change to the scanners of schema processors.
#[derive(Clone, Debug)]
pub struct ProcessorOverride {
    /// Ids of processors.
    pub targets: Vec<Text>,
    /// Scanners to add.
    pub include: Vec<Reference>,
    /// Scanners to leave out.
    pub exclude: Vec<Reference>,
}

/// Reads an entry of `processor_overrides`.
pub fn parse_processor_override(fields: &Fields<'_>) -> Result<ProcessorOverride, Refusal> {
    let references = reference::parse_all(fields.required("target", read::array)?)?;
    if references.is_empty() {
        return Err(Refusal::error("processor override without targets"));
    }
    let mut targets = vec![];
    for reference in references {
        match reference {
            Reference::Id(id) => targets.push(id),
            Reference::Empty => {}
            Reference::Tags(_) => {
                return Err(Refusal::error("processor override with target by tags not supported"));
            }
        }
    }
    let scanners = fields.required("scanners", read::map)?;
    let include = reference::optional(&scanners, "include")?;
    let exclude = reference::optional(&scanners, "exclude")?;
    Ok(ProcessorOverride { targets, include, exclude })
}
