//! Merges documents with the key `bartizan_ato` into one configuration, with diagnostics of what was refused and why.
//!
//! `core/rules/takeover/CONFIGURATION.md` describes the format for people.
//!
//! Like those of the engine, documents have paths, and are merged in the byte order of their paths, so that processes
//! which received them in different orders agree. The rules of all documents are combined; if two have the same id,
//! the later one is refused. Of settings the later one wins, key by key. An error affects only the element that
//! contains it.

mod builtin;
pub mod condition;
pub mod counting;
pub mod exceptions;
pub mod field;
pub mod filter;
mod guard;
mod keys;
pub mod login_route;
mod overrides;
pub mod response;
pub mod rule;
mod scalar;
mod settings;

pub use builtin::{RuleDoc, rule_docs};
pub use exceptions::{Allow, IntelList, Suppression};
pub use rule::Rule;
pub use settings::Settings;

use crate::Builder;
use crate::config::{Diagnostics, Section};
use crate::fields::Refusal;
use crate::fields::read::{self, Fields, element, type_word};
use crate::fields::refusal::index_name;
use crate::value::Text;
use crate::value::{Object, Value};
use overrides::Override;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The key of the documents.
pub const KEY: &str = crate::config::document::TAKEOVER;

/// The maximum number of rules in documents.
const RULES: usize = 256;
/// The maximum number of classes of the rules in documents.
const CLASSES: usize = 64;
/// The maximum number of suppressions.
const SUPPRESSIONS: usize = 1000;
/// The maximum number of allow-list entries.
const ALLOWED: usize = 10_000;

/// The merged configuration.
#[derive(Clone, Default)]
pub struct Config {
    /// The settings, which apply to all rules.
    pub settings: Settings,
    /// The rules: built-in ones first, then those of documents, in order.
    pub rules: Vec<Rule>,
    /// The suppressions.
    pub suppressions: Vec<Suppression>,
    /// The allow-list.
    pub allow: Vec<Allow>,
    /// The threat-intelligence lists.
    pub intel: Vec<IntelList>,
}

/// The documents by path.
#[derive(Clone, Default)]
pub struct Documents {
    sections: BTreeMap<String, Value>,
    /// The paths that belong to a builder.
    built: BTreeSet<String>,
}

impl Documents {
    /// Stores a document under a path, replacing any former one, and returns its diagnostics. A document that is
    /// refused as a whole leaves the former one in place.
    pub fn apply(&mut self, path: &str, document: &Object) -> (Diagnostics, Option<Config>) {
        let mut diagnostics = Diagnostics::default();
        if document.as_map().is_none() {
            let word = type_word(document);
            diagnostics.error = Some(format!("invalid configuration type, expected 'map', obtained '{word}'"));
            return (diagnostics, None);
        }
        match document.get(KEY.as_bytes()) {
            None => self.sections.remove(path),
            Some(section) => match element(section, read::map) {
                Ok(_) => self.sections.insert(path.into(), section.to_value()),
                Err(refusal) => {
                    let section = Section { error: Some(refusal.text), ..Section::default() };
                    diagnostics.sections.insert(KEY, section);
                    return (diagnostics, None);
                }
            },
        };
        let (config, mut sections) = self.merge();
        if let Some(section) = sections.remove(path) {
            diagnostics.sections.insert(KEY, section);
        }
        (diagnostics, Some(config))
    }

    /// Replaces all sections that came from a builder, and returns the diagnostics of each. A section that is refused
    /// as a whole leaves the former one of its path in place.
    pub fn replace_built(&mut self, sections: Vec<(String, Value)>) -> (BTreeMap<String, Section>, Config) {
        let mut refused = BTreeMap::new();
        let paths: BTreeSet<String> = sections.iter().map(|(path, _)| path.clone()).collect();
        for gone in self.built.difference(&paths) {
            self.sections.remove(gone);
        }
        self.built = paths;
        for (path, section) in sections {
            match element(&section, read::map) {
                Ok(_) => drop(self.sections.insert(path, section)),
                Err(refusal) => {
                    refused.insert(path, Section { error: Some(refusal.text), ..Section::default() });
                }
            }
        }
        let (config, sections) = self.merge();
        let of_builder = sections.into_iter().filter(|(path, _)| self.built.contains(*path));
        let mut said: BTreeMap<String, Section> =
            of_builder.map(|(path, section)| (path.to_owned(), section)).collect();
        said.append(&mut refused);
        (said, config)
    }

    /// Removes a document; returns `None` if there was none.
    pub fn remove(&mut self, path: &str) -> Option<Config> {
        self.sections.remove(path)?;
        Some(self.merge().0)
    }

    /// Merges all documents, and returns the diagnostics of each.
    pub fn merge(&self) -> (Config, BTreeMap<&str, Section>) {
        let mut merging = Merging::default();
        let mut sections: BTreeMap<&str, Section> =
            self.sections.keys().map(|path| (path.as_str(), Section::default())).collect();
        for (path, document) in &self.sections {
            if let (Ok(fields), Some(section)) = (element(document, read::map), sections.get_mut(path.as_str())) {
                merging.settings(&fields, section);
            }
        }
        if merging.config.settings.defaults {
            merging.config.rules = builtin::rules();
        }
        merging.builtin = merging.config.rules.len();
        for (path, document) in &self.sections {
            if let (Ok(fields), Some(section)) = (element(document, read::map), sections.get_mut(path.as_str())) {
                merging.rules(&fields, section);
            }
        }
        for (path, document) in &self.sections {
            if let (Ok(fields), Some(section)) = (element(document, read::map), sections.get_mut(path.as_str())) {
                merging.exceptions(&fields, section);
            }
        }
        for (path, document) in &self.sections {
            if let Some(section) = sections.get_mut(path.as_str()) {
                keys::report_unknown(document, &mut |path, refusal| section.refuse(refusal, Some(&path), 0));
            }
        }
        (merging.finish(), sections)
    }
}

/// Returns the sections of a builder's configurations, by path.
pub fn built(builder: &Builder) -> Vec<(String, Value)> {
    let sections = builder.takeover_sections();
    sections.map(|(path, section)| (String::from_utf8_lossy(path).into_owned(), section.to_value())).collect()
}

/// Returns the diagnostics of the section that a builder has under a path, read together with its other sections.
pub fn review(builder: &Builder, path: &[u8]) -> Option<Section> {
    let (mut said, _) = Documents::default().replace_built(built(builder));
    said.remove(&*String::from_utf8_lossy(path))
}

#[derive(Default)]
struct Merging {
    config: Config,
    builtin: usize,
}

impl Merging {
    fn settings(&mut self, fields: &Fields<'_>, section: &mut Section) {
        match fields.optional_unkeyed("settings", read::map) {
            Ok(None) => {}
            Ok(Some(fields)) => self.config.settings.apply(&fields, |key, taken| {
                note(section, &named("settings", &key), taken);
            }),
            Err(refusal) => note(section, b"settings", Err(refusal)),
        }
    }

    fn rules(&mut self, fields: &Fields<'_>, section: &mut Section) {
        each(fields, "rules", section, |fields, section, index| {
            let mut id = None;
            let added = fields.required("id", read::text).and_then(|text| {
                id = Some(text.clone());
                self.add_rule(fields, &text)
            });
            match added {
                Ok(()) => section.loaded.extend(id),
                Err(refusal) => section.refuse(refusal, id.as_ref(), index),
            }
        });
    }

    fn add_rule(&mut self, fields: &Fields<'_>, id: &Text) -> Result<(), Refusal> {
        if self.config.rules.iter().any(|rule| rule.id.as_bytes() == &id[..]) {
            return Err(Refusal::about_id("duplicate rule"));
        }
        let rule = Rule::read(fields, id)?;
        let custom = self.config.rules.get(self.builtin..).unwrap_or_default();
        if custom.len() >= RULES {
            return Err(Refusal::error(format!("more than {RULES} rules")));
        }
        let mut classes: HashSet<u64> = custom.iter().map(Rule::class_signature).collect();
        if classes.insert(rule.class_signature()) && classes.len() > CLASSES {
            return Err(Refusal::error(format!("more than {CLASSES} ways of grouping")));
        }
        if let Some(family) =
            rule.joins.as_ref().filter(|family| self.config.rules.iter().all(|rule| rule.id != **family))
        {
            return Err(Refusal::error(format!("unknown rule '{family}'")));
        }
        self.config.rules.push(rule);
        Ok(())
    }

    fn exceptions(&mut self, fields: &Fields<'_>, section: &mut Section) {
        each(fields, "rules_override", section, |fields, section, index| {
            let applied = Override::read(fields).and_then(|change| change.apply(&mut self.config.rules));
            note(section, &named("rules_override", &index_name(index)), applied);
        });
        each(fields, "suppressions", section, |fields, section, index| {
            let mut name = index_name(index);
            let added = fields.required("id", read::text).and_then(|id| {
                name = id.clone();
                bounded(&mut self.config.suppressions, SUPPRESSIONS, Suppression::read(fields, &id)?, "suppressions")
            });
            note(section, &named("suppressions", &name), added);
        });
        each(fields, "allow", section, |fields, section, index| {
            let added = Allow::read(fields);
            let added = added.and_then(|entry| bounded(&mut self.config.allow, ALLOWED, entry, "entries to allow"));
            note(section, &named("allow", &index_name(index)), added);
        });
        each(fields, "threat_intel", section, |fields, section, index| {
            let mut name = index_name(index);
            let added = fields.required("id", read::text).and_then(|id| {
                name = id.clone();
                self.config.intel.push(IntelList::read(fields)?);
                Ok(())
            });
            note(section, &named("threat_intel", &name), added);
        });
    }

    fn finish(mut self) -> Config {
        if self.config.settings.vendor_compat {
            for rule in self.config.rules.iter_mut().filter(|rule| rule.documented) {
                rule.counting.unfamiliar_only = false;
                rule.guards.retain(|guard| guard.is_part_of_rule());
                rule.escalations.iter_mut().for_each(|escalation| escalation.any_source = true);
            }
        }
        self.config
    }
}

fn bounded<T>(list: &mut Vec<T>, most: usize, item: T, what: &str) -> Result<(), Refusal> {
    if list.len() >= most {
        return Err(Refusal::error(format!("more than {most} {what}")));
    }
    list.push(item);
    Ok(())
}

/// Reads each element of a list of maps.
fn each(
    fields: &Fields<'_>,
    name: &'static str,
    section: &mut Section,
    mut read_one: impl FnMut(&Fields<'_>, &mut Section, usize),
) {
    match fields.optional_unkeyed(name, read::array) {
        Ok(items) => {
            for (index, item) in items.unwrap_or_default().iter().enumerate() {
                match element(item, read::map) {
                    Ok(fields) => read_one(&fields, section, index),
                    Err(refusal) => note(section, &named(name, &index_name(index)), Err(refusal)),
                }
            }
        }
        Err(refusal) => note(section, name.as_bytes(), Err(refusal)),
    }
}

/// Names an element other than a rule in diagnostics: by its list and its name there.
fn named(list: &str, name: &[u8]) -> Vec<u8> {
    [list.as_bytes(), b":", name].concat()
}

fn note(section: &mut Section, name: &[u8], taken: Result<(), Refusal>) {
    let name: Text = name.into();
    match taken {
        Ok(()) => section.loaded.push(name),
        Err(refusal) => section.refuse(refusal, Some(&name), 0),
    }
}
