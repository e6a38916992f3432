//! A configuration document: its root, its sections in their fixed order, and whether it is accepted.

use super::diagnostics::{Diagnostics, Section};
use super::exclusion::Filter;
use super::rule::{self, Origin};
use super::store::Adding;
use super::version::schema_major;
use super::warning::{Warning, WarningKind};
use super::{action, data, exclusion, obfuscator, overrides, processor};
use crate::fields::read::{self, Fields, Getter, element, type_word};
use crate::fields::refusal::Refusal;
use crate::fields::refusal::index_name;
use crate::pattern::{Options, PatternCache};
use crate::value::Object;
use crate::value::Text;
use std::collections::BTreeMap;

/// The only schema version there is.
const SCHEMA: u32 = 2;

/// What a document may hold.
const KEYS: [&[u8]; 16] = [
    b"version",
    b"metadata",
    b"actions",
    b"rules",
    b"rules_compat",
    b"custom_rules",
    b"rules_data",
    b"rules_override",
    b"processor_overrides",
    b"exclusions",
    b"exclusion_data",
    b"processors",
    b"scanners",
    b"obfuscator",
    OWN_RULES.as_bytes(),
    TAKEOVER.as_bytes(),
];

/// The section of account-takeover detection, which reads it itself.
pub const TAKEOVER: &str = "bartizan_ato";

/// Rules that use operators or transformers of this engine alone, in the form of those under `rules`. Other engines ignore
/// the section.
pub const OWN_RULES: &str = "bartizan_rules";

/// What a document's root says about the document.
pub enum Root<'a> {
    /// Not a configuration: what the path had is kept.
    Unusable,
    /// A configuration that cannot be read: the path is left empty.
    Unreadable,
    /// To be read section by section.
    Usable(Fields<'a>),
}

/// Checks the root of a document.
pub fn root<'a>(document: &'a Object, diagnostics: &mut Diagnostics) -> Root<'a> {
    if document.as_map().is_none() {
        let word = type_word(document);
        diagnostics.error = Some(format!("invalid configuration type, expected 'map', obtained '{word}'"));
        return Root::Unusable;
    }
    if document.is_endless() {
        diagnostics.error = Some("the configuration contains itself".into());
        return Root::Unusable;
    }
    let mut warn = |kind, message: String| diagnostics.warnings.push(Warning::of_document(kind, message));
    let Ok(fields) = read::map(document) else {
        warn(WarningKind::Unreadable, "the document has a key that is empty".into());
        return Root::Unusable;
    };
    for key in fields.entries().map(|(key, _)| key).filter(|key| !KEYS.contains(key)) {
        let key = String::from_utf8_lossy(key);
        warn(WarningKind::UnknownSection, format!("`{key}` is no section of a configuration"));
    }
    let metadata = fields.optional("metadata", read::map).map(|m| m.unwrap_or(Fields::EMPTY));
    match metadata.and_then(|metadata| metadata.optional("rules_version", read::strict_string)) {
        Err(_) => {
            warn(WarningKind::Unreadable, "`metadata` must be a map, and `rules_version` in it a string".into());
            return Root::Unreadable;
        }
        Ok(version) => {
            diagnostics.ruleset_version = version.filter(|v| !v.is_empty()).map(Text::from);
        }
    }
    let major = match fields.optional("version", read::strict_string) {
        Ok(None | Some(b"")) => Some(SCHEMA),
        Ok(Some(text)) => schema_major(text),
        Err(_) => None,
    };
    match major {
        Some(SCHEMA) => Root::Usable(fields),
        Some(other) => {
            diagnostics.error = Some(format!("unsupported schema version: {other}.x"));
            Root::Unreadable
        }
        None => {
            let message = "`version` must be a string of the form `2.2`";
            diagnostics.warnings.push(Warning::of_document(WarningKind::Unreadable, message));
            Root::Unreadable
        }
    }
}

/// Reads all sections into `adding`; returns whether the document is accepted.
pub fn read_sections(
    root: &Fields<'_>,
    adding: &mut Adding<'_>,
    patterns: &mut PatternCache,
    diagnostics: &mut Diagnostics,
) -> bool {
    let is_of_takeover = root.get(TAKEOVER).is_some();
    let mut reader = Reader { root, adding, patterns, diagnostics };
    reader.actions();
    reader.rules("rules", Origin::Base);
    reader.rules("rules_compat", Origin::Base);
    reader.rules(OWN_RULES, Origin::Base);
    reader.rules("custom_rules", Origin::User);
    reader.data("rules_data", |adding, id, list| adding.rules_data(id, list));
    reader.rule_overrides();
    reader.processor_overrides();
    reader.exclusions();
    reader.data("exclusion_data", |adding, id, list| adding.exclusion_data(id, list));
    reader.processors();
    reader.scanners();
    reader.obfuscator();
    if diagnostics.sections.is_empty() && !is_of_takeover {
        let message = "the document has no section, so it changes nothing";
        diagnostics.warnings.push(Warning::of_document(WarningKind::Empty, message));
    } else if brings_no_rules(&diagnostics.sections) {
        let message = "the document has no rule that can be used";
        diagnostics.warnings.push(Warning::of_document(WarningKind::NoRules, message));
    }
    let sections = &diagnostics.sections;
    sections.values().any(Section::is_valid) || !sections.values().any(Section::is_invalid)
}

/// Whether a document has rules, none of which was accepted.
fn brings_no_rules(sections: &BTreeMap<&'static str, Section>) -> bool {
    let names = ["rules", "rules_compat", OWN_RULES, "custom_rules"];
    let mut rules = names.iter().filter_map(|name| sections.get(name)).peekable();
    rules.peek().is_some() && rules.all(|section| section.loaded.is_empty())
}

/// Whether the document counts as a ruleset. One without rules does, with a warning, as other documents may add some.
pub fn is_ruleset(adding: &Adding<'_>, diagnostics: &mut Diagnostics) -> bool {
    if diagnostics.sections.is_empty() {
        diagnostics.warnings.retain(|warning| warning.kind != WarningKind::Empty);
        diagnostics.error = Some("the ruleset has none of the sections of a configuration, such as `rules`".into());
        return false;
    }
    if !adding.has_enabled_rules() && !brings_no_rules(&diagnostics.sections) {
        let message = "there is no rule that is enabled, so nothing is protected";
        diagnostics.warnings.push(Warning::of_document(WarningKind::NoRules, message));
    }
    true
}

/// How a section reacts to an element that is not a map.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnNonMap {
    FailElement,
    AbortSection,
}

struct Reader<'r, 'a, 's> {
    root: &'r Fields<'a>,
    adding: &'r mut Adding<'s>,
    patterns: &'r mut PatternCache,
    diagnostics: &'r mut Diagnostics,
}

impl<'a, 's> Reader<'_, 'a, 's> {
    fn actions(&mut self) {
        self.identified("actions", OnNonMap::AbortSection, |fields, id, adding, _| {
            if adding.has_action(&id) {
                return Err(Refusal::about_id("duplicate action"));
            }
            adding.action(action::parse(fields, id)?);
            Ok(())
        });
    }

    fn rules(&mut self, section: &'static str, origin: Origin) {
        self.identified(section, OnNonMap::FailElement, |fields, id, adding, patterns| {
            if adding.has_rule(&id) {
                return Err(Refusal::about_id("duplicate rule"));
            }
            adding.rule(rule::parse(fields, id, origin, patterns)?);
            Ok(())
        });
    }

    fn data(&mut self, section: &'static str, add: fn(&mut Adding<'s>, Text, &data::DataList)) {
        self.identified(section, OnNonMap::FailElement, |fields, id, adding, _| {
            add(adding, id, &data::parse(fields)?);
            Ok(())
        });
    }

    fn rule_overrides(&mut self) {
        self.numbered("rules_override", |fields, adding| {
            adding.rule_override(overrides::parse_rule_override(fields)?);
            Ok(())
        });
    }

    fn processor_overrides(&mut self) {
        self.numbered("processor_overrides", |fields, adding| {
            adding.processor_override(overrides::parse_processor_override(fields)?);
            Ok(())
        });
    }

    fn exclusions(&mut self) {
        self.identified("exclusions", OnNonMap::AbortSection, |fields, id, adding, patterns| {
            if adding.has_filter(&id) {
                return Err(Refusal::about_id("duplicate filter"));
            }
            match exclusion::parse(fields, id, patterns)? {
                Filter::Rule(filter) => adding.rule_filter(filter),
                Filter::Input(filter) => adding.input_filter(filter),
            }
            Ok(())
        });
    }

    fn processors(&mut self) {
        self.identified("processors", OnNonMap::AbortSection, |fields, id, adding, patterns| {
            if adding.has_processor(&id) {
                return Err(Refusal::about_id("duplicate processor"));
            }
            adding.processor(processor::parse(fields, id, patterns)?);
            Ok(())
        });
    }

    fn scanners(&mut self) {
        self.identified("scanners", OnNonMap::AbortSection, |fields, id, adding, patterns| {
            if adding.has_scanner(&id) {
                return Err(Refusal::about_id("duplicate scanner"));
            }
            adding.scanner(processor::parse_scanner(fields, id, patterns)?);
            Ok(())
        });
    }

    /// Reports under `scanners`, as the reference does.
    fn obfuscator(&mut self) {
        let Some(object) = self.root.get("obfuscator") else { return };
        let parsed = if self.adding.has_obfuscator() {
            Err(Refusal::error("duplicate obfuscator configuration"))
        } else {
            element(object, read::map).and_then(|fields| obfuscator::parse(&fields))
        };
        let section = self.diagnostics.sections.entry("scanners").or_default();
        match parsed {
            Ok(obfuscator) => {
                for source in [&obfuscator.key_regex, &obfuscator.value_regex].into_iter().flatten() {
                    if let Err(error) = self.patterns.get(source, Options { case_sensitive: false }) {
                        let message = format!("the default is used instead: {}", error.explain(source));
                        self.adding.warn(Warning::of_section(WarningKind::InvalidPattern, "obfuscator", message));
                    }
                }
                self.adding.obfuscator(obfuscator);
            }
            Err(refusal) => section.error = Some(refusal.text),
        }
    }

    /// A section whose elements have an `id`.
    fn identified(
        &mut self,
        name: &'static str,
        on_non_map: OnNonMap,
        mut add: impl FnMut(&Fields<'a>, Text, &mut Adding<'s>, &mut PatternCache) -> Result<(), Refusal>,
    ) {
        self.section(name, on_non_map, |fields, _, section, index, adding, patterns| {
            let mut id = None;
            let added = fields.required("id", read::text).and_then(|read| {
                id = Some(read.clone());
                add(fields, read, adding, patterns)
            });
            match (added, id) {
                (Ok(()), Some(id)) => section.loaded.push(id),
                (Ok(()), None) => {}
                (Err(refusal), id) => {
                    if let Some(message) = refusal.pattern.clone() {
                        let id = refusal.name(id.as_ref(), index);
                        adding.warn(Warning::of_element(WarningKind::InvalidPattern, name, &id, message));
                    }
                    section.refuse(refusal, id.as_ref(), index);
                }
            }
        });
    }

    /// A section whose elements are identified by their index.
    fn numbered(
        &mut self,
        name: &'static str,
        mut add: impl FnMut(&Fields<'a>, &mut Adding<'s>) -> Result<(), Refusal>,
    ) {
        self.section(name, OnNonMap::AbortSection, |fields, name, section, index, adding, _| {
            match add(fields, adding) {
                Ok(()) => section.loaded.push(name),
                Err(refusal) => section.refuse(refusal, None, index),
            }
        });
    }

    fn section(
        &mut self,
        name: &'static str,
        on_non_map: OnNonMap,
        mut read_one: impl FnMut(&Fields<'a>, Text, &mut Section, usize, &mut Adding<'s>, &mut PatternCache),
    ) {
        let Some(object) = self.root.get(name) else { return };
        let mut section = Section::default();
        match element(object, read::array) {
            Err(refusal) => section.error = Some(refusal.text),
            Ok(elements) => {
                for (index, object) in elements.iter().enumerate() {
                    let as_map: Getter<'a, Fields<'a>> = read::map;
                    match element(object, as_map) {
                        Ok(fields) => {
                            let name = index_name(index);
                            read_one(&fields, name, &mut section, index, self.adding, self.patterns);
                        }
                        Err(refusal) if on_non_map == OnNonMap::FailElement => section.refuse(refusal, None, index),
                        Err(refusal) => {
                            section = Section { error: Some(refusal.text), ..Section::default() };
                            break;
                        }
                    }
                }
            }
        }
        self.diagnostics.sections.insert(name, section);
    }
}
