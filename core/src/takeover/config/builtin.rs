//! The built-in rules, read from the same table as their documentation.

use super::rule::Rule;
use crate::fields::read::{self, element};
use crate::value::{Value, json};
use once_cell::race::OnceBox;

const TABLE: &str = include_str!("../../../rules/takeover/rules.json");

static RULES: OnceBox<Vec<(Rule, RuleDoc)>> = OnceBox::new();

fn read_table() -> Vec<(Rule, RuleDoc)> {
    let table: Value = json::parse(TABLE.as_bytes()).unwrap_or_default();
    let rules = table.get(b"rules").and_then(|rules| rules.as_array()).unwrap_or_default();
    let read = rules.iter().filter_map(|rule| {
        let fields = element(rule, read::map).ok()?;
        let id = fields.required("id", read::text).ok()?;
        let text = |key: &str| fields.optional(key, super::scalar::text).ok().flatten().unwrap_or_default();
        let rule = Rule::read(&fields, &id).ok()?;
        let doc = RuleDoc {
            id: rule.id.clone(),
            looks_for: text("looks_for"),
            threshold: text("threshold"),
            source: text("source"),
        };
        Some((rule, doc))
    });
    read.collect()
}

fn table() -> &'static [(Rule, RuleDoc)] {
    RULES.get_or_init(|| Box::new(read_table()))
}

/// The documentation of a built-in rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDoc {
    /// The id of the rule.
    pub id: String,
    /// What it looks for.
    pub looks_for: String,
    /// The threshold above which it opens a signal.
    pub threshold: String,
    /// The source of the numbers.
    pub source: String,
}

/// Returns the built-in rules.
pub(super) fn rules() -> Vec<Rule> {
    table().iter().map(|(rule, _)| rule.clone()).collect()
}

/// Returns the documentation of the built-in rules.
pub fn rule_docs() -> Vec<RuleDoc> {
    table().iter().map(|(_, doc)| doc.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_matches_the_rules() {
        let names = |severities: Vec<crate::takeover::severity::Severity>| {
            let capital = |name: &str| name[..1].to_uppercase() + &name[1..];
            severities.iter().map(|severity| capital(severity.name())).collect::<Vec<_>>().join(", ")
        };
        let rows: Vec<String> = rules()
            .iter()
            .zip(rule_docs())
            .map(|(rule, doc)| {
                let mut severity = names(rule.cases.iter().map(|case| case.severity).collect());
                if let Some(escalation) = rule.escalations.first() {
                    severity += &format!(" -> {}", names(vec![escalation.severity]));
                }
                format!("| `{}` | {} | {} | {severity} | {} |", doc.id, doc.looks_for, doc.threshold, doc.source)
            })
            .collect();
        let table = include_str!("../../../rules/takeover/README.md");
        let written: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(written, rows);
    }

    #[test]
    fn the_rules_have_no_unknown_key() {
        let document: Value = json::parse(format!(r#"{{"bartizan_ato": {TABLE}}}"#).as_bytes()).unwrap();
        let (said, _) = super::super::Documents::default().apply("page", &document);
        assert!(said.sections["bartizan_ato"].warnings.is_empty(), "{said}");
    }

    #[test]
    fn the_documented_example_is_taken_whole() {
        let page = include_str!("../../../rules/takeover/CONFIGURATION.md");
        let example = page.split("```").nth(1).unwrap().trim_start_matches("json");
        let document: Value = json::parse(example.as_bytes()).unwrap();
        let (said, config) = super::super::Documents::default().apply("page", &document);
        let section = &said.sections["bartizan_ato"];
        assert!(section.failed.is_empty() && section.skipped.is_empty(), "{said}");
        assert_eq!((section.loaded.len(), config.unwrap().allow.len()), (10, 2));
    }

    #[test]
    fn every_rule_of_the_table_is_read_and_documented() {
        let table: serde_json::Value = serde_json::from_str(TABLE).unwrap();
        let ids: Vec<_> = table["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert_eq!(rule_docs().iter().map(|doc| doc.id.as_str()).collect::<Vec<_>>(), ids);
        for doc in rule_docs() {
            assert!(!doc.looks_for.is_empty() && !doc.threshold.is_empty() && !doc.source.is_empty(), "{}", doc.id);
        }
        for rule in rules() {
            assert!(rules().iter().any(|other| other.id == rule.family()), "{} joins nothing", rule.id);
        }
    }
}
