//! Overrides, which change the cases and responses of existing rules, or enable and disable them.

use super::response::Response;
use super::rule::{Rule, read_cases};
use super::scalar::text;
use crate::fields::Refusal;
use crate::fields::read::{self, Fields, Getter};
use crate::value::Object;

/// An override.
pub struct Override<'a> {
    id: Option<String>,
    tags: Vec<(String, String)>,
    enabled: Option<bool>,
    cases: Option<&'a [Object]>,
    response: Option<(Response, bool)>,
}

impl<'a> Override<'a> {
    /// Reads an override.
    pub fn read(fields: &Fields<'a>) -> Result<Self, Refusal> {
        let id = fields.optional("id", text)?;
        let tags = fields.optional("tags", read::text_map)?.unwrap_or_default();
        if id.is_none() && tags.is_empty() {
            return Err(Refusal::error("missing key 'id'"));
        }
        let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let array: Getter<'a, &'a [Object]> = read::array;
        let response = match fields.optional("response", read::map)? {
            Some(fields) => Some((Response::read(&fields)?, fields.get("block").is_some())),
            None => None,
        };
        Ok(Override {
            id,
            tags: tags.iter().map(|(key, value)| (lossy(key), lossy(value))).collect(),
            enabled: fields.optional("enabled", read::boolean)?,
            cases: fields.optional("cases", array)?,
            response,
        })
    }

    /// Changes all rules that the override selects, or none if any of the changes fails.
    pub fn apply(&self, rules: &mut [Rule]) -> Result<(), Refusal> {
        let mut changed = vec![];
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| self.concerns(rule)) {
            changed.push((at, self.changed(rule)?));
        }
        if let (true, Some(id)) = (changed.is_empty(), &self.id) {
            return Err(Refusal::error(format!("unknown rule '{id}'")));
        }
        for (at, rule) in changed {
            rules[at] = rule;
        }
        Ok(())
    }

    fn concerns(&self, rule: &Rule) -> bool {
        self.id.as_ref().is_none_or(|id| rule.id == *id)
            && self.tags.iter().all(|(key, value)| rule.tag(key) == Some(value))
    }

    fn changed(&self, rule: &Rule) -> Result<Rule, Refusal> {
        let mut rule = rule.clone();
        rule.enabled = self.enabled.unwrap_or(rule.enabled);
        if let Some(cases) = self.cases {
            rule.cases = read_cases(cases, &rule)?;
        }
        if let Some((response, replaces_targets)) = &self.response {
            rule.response = rule.response.overridden(response, *replaces_targets);
        }
        Ok(rule)
    }
}
