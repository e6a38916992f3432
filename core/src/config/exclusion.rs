//! Exclusions: filters that disable rules or change their effect, and filters that exclude parts of the input.

use super::condition::{self, Condition, Defaults};
use super::reference::{self, Reference};
use super::rule::check_versions;
use crate::fields::read::{self, Fields, element};
use crate::fields::refusal::Refusal;
use crate::pattern::PatternCache;
use crate::value::Object;
use crate::value::Text;
use std::sync::Arc;

/// Either kind of filter.
pub enum Filter {
    /// Without `inputs`.
    Rule(RuleFilter),
    /// With `inputs`.
    Input(InputFilter),
}

/// The effect of a rule filter, strongest last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterMode {
    /// Replaces their action.
    Custom(Text),
    /// Lets them report but not act.
    Monitor,
    /// Disables them.
    Bypass,
}

/// A filter over rules.
#[derive(Clone)]
pub struct RuleFilter {
    /// Unique over all filters.
    pub id: Text,
    /// All must hold; none means always.
    pub conditions: Arc<[Condition]>,
    /// The rules it applies to; none means all.
    pub targets: Vec<Reference>,
    /// Its effect.
    pub mode: FilterMode,
}

/// A filter over inputs.
#[derive(Clone)]
pub struct InputFilter {
    /// Unique over all filters.
    pub id: Text,
    /// All must hold; none means always.
    pub conditions: Arc<[Condition]>,
    /// The rules it applies to; none means all.
    pub targets: Vec<Reference>,
    /// What it excludes, as (address, path); `*` stands for any key or element.
    pub inputs: Vec<(Text, Vec<Text>)>,
}

/// Reads a filter, after its id.
pub fn parse(fields: &Fields<'_>, id: Text, patterns: &mut PatternCache) -> Result<Filter, Refusal> {
    check_versions(fields)?;
    let conditions = fields.optional("conditions", read::array)?.unwrap_or_default();
    let conditions: Arc<[Condition]> = condition::parse_all(conditions, &Defaults::default(), patterns)?.into();
    let targets = reference::optional(fields, "rules_target")?;
    if fields.get("inputs").is_none() {
        let mode = fields.optional("on_match", read::strict_string)?.unwrap_or(b"bypass");
        let mode = match mode {
            b"" => return Err(Refusal::error("empty on_match value")),
            b"bypass" => FilterMode::Bypass,
            b"monitor" => FilterMode::Monitor,
            action => FilterMode::Custom(action.into()),
        };
        if conditions.is_empty() && targets.is_empty() {
            return Err(Refusal::error("empty exclusion filter"));
        }
        return Ok(Filter::Rule(RuleFilter { id, conditions, targets, mode }));
    }
    let inputs = fields.required("inputs", read::array)?;
    if conditions.is_empty() && inputs.is_empty() {
        return Err(Refusal::error("empty exclusion filter"));
    }
    let inputs = inputs.iter().map(input).collect::<Result<_, _>>()?;
    Ok(Filter::Input(InputFilter { id, conditions, targets, inputs }))
}

fn input(input: &Object) -> Result<(Text, Vec<Text>), Refusal> {
    let fields = element(input, read::map)?;
    let address = fields.required("address", read::text)?;
    let path = fields.optional("key_path", read::strict_strings)?.unwrap_or_default();
    Ok((address, path.into_iter().map(Text::from).collect()))
}
