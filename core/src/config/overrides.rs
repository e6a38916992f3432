//! Overrides: configuration that changes rules and processors of other configurations.

use super::reference::{self, Reference};
use crate::fields::read::{self, Fields};
use crate::fields::refusal::Refusal;
use crate::value::Text;

/// A change to base rules.
#[derive(Clone, Debug)]
pub struct RuleOverride {
    /// Enables or disables them.
    pub enabled: Option<bool>,
    /// Replaces their actions.
    pub on_match: Option<Vec<Text>>,
    /// Adds tags that they lack.
    pub tags: Vec<(Text, Text)>,
    /// The rules it applies to, all by id or all by tags.
    pub targets: Vec<Reference>,
    /// Whether the targets are by tags; these overrides are applied first.
    pub by_tags: bool,
}

/// Reads an entry of `rules_override`.
pub fn parse_rule_override(fields: &Fields<'_>) -> Result<RuleOverride, Refusal> {
    let enabled = fields.optional_unkeyed("enabled", read::boolean)?;
    let on_match = fields.optional_unkeyed("on_match", read::texts)?;
    let tags = fields.optional_unkeyed("tags", read::plain_text_map)?.unwrap_or_default();
    let mut targets = vec![];
    for object in fields.optional("rules_target", read::array)?.unwrap_or_default() {
        targets.push(reference::parse(object)?);
        check_kinds(&targets)?;
    }
    if targets.is_empty() {
        targets.push(Reference::Id(fields.required("id", read::text)?));
    }
    if enabled.is_none() && on_match.is_none() && tags.is_empty() {
        return Err(Refusal::error("rule override without side-effects"));
    }
    let by_tags = match targets.iter().find(|target| **target != Reference::Empty) {
        Some(target) => matches!(target, Reference::Tags(_)),
        None => return Err(Refusal::error("rule override with no targets")),
    };
    Ok(RuleOverride { enabled, on_match, tags, targets, by_tags })
}

/// The first non-empty reference decides whether an override is by id or by tags; all later ones must agree.
fn check_kinds(targets: &[Reference]) -> Result<(), Refusal> {
    let mut kinds = targets.iter().map(std::mem::discriminant);
    let first = kinds.clone().find(|kind| *kind != std::mem::discriminant(&Reference::Empty));
    if first.is_some() && kinds.next_back() != first {
        return Err(Refusal::error("rule override targets rules and tags"));
    }
    Ok(())
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
    let references = fields.required("target", read::array)?;
    if references.is_empty() {
        return Err(Refusal::error("processor override without targets"));
    }
    let mut targets = vec![];
    for object in references {
        match reference::parse(object)? {
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
