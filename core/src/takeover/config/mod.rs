//! Documents with the key `bartizan_ato` -> one configuration, and diagnostics that say what was refused and why.
//!
//! Documents come under paths, as those of the engine do, and merge in the byte order of their paths, so that processes
//! that were told in different orders agree. Rules are the union of all; of two with one id the later is refused. Of
//! settings the later wins, key by key. A mistake costs what it is in and nothing else.
//!
//! `core/rules/takeover/CONFIGURATION.md` describes the format for people.

mod builtin;
pub mod condition;
pub mod exceptions;
pub mod field;
pub mod filter;
mod overrides;
pub mod response;
pub mod rule;
mod scalar;
mod settings;

pub use builtin::{RuleDoc, rule_docs};
pub use exceptions::{Allow, IntelList, Suppression};
pub use rule::Rule;
pub use settings::Settings;

use crate::config::{Diagnostics, Section};
use crate::fields::Refusal;
use crate::fields::read::{self, Fields, element, type_word};
use crate::fields::refusal::index_name;
use crate::value::Text;
use crate::value::{Object, Value};
use overrides::Override;
use std::collections::{BTreeMap, HashSet};

/// The key that documents have.
pub const KEY: &str = crate::config::document::TAKEOVER;

/// Rules that documents may bring.
const RULES: usize = 256;
/// Ways of grouping that documents may bring.
const CLASSES: usize = 64;
/// Suppressions of all documents.
const SUPPRESSIONS: usize = 1000;
/// Entries of the allow-list.
const ALLOWED: usize = 10_000;

/// All documents as one.
#[derive(Clone, Default)]
pub struct Config {
    /// What holds for all rules.
    pub settings: Settings,
    /// Built-in ones first, then in the order of paths and documents.
    pub rules: Vec<Rule>,
    /// What is silenced.
    pub suppressions: Vec<Suppression>,
    /// Whom rules leave alone.
    pub allow: Vec<Allow>,
    /// Known offenders.
    pub intel: Vec<IntelList>,
}

/// The documents by path.
#[derive(Clone, Default)]
pub struct Documents(BTreeMap<String, Value>);

impl Documents {
    /// Puts a document under a path, in place of the former one, and says what became of it. A document that is refused
    /// as a whole leaves the former in place.
    pub fn apply(&mut self, path: &str, document: &Object) -> (Diagnostics, Option<Config>) {
        let mut diagnostics = Diagnostics::default();
        if document.as_map().is_none() {
            let word = type_word(document);
            diagnostics.error = Some(format!("invalid configuration type, expected 'map', obtained '{word}'"));
            return (diagnostics, None);
        }
        match document.get(KEY.as_bytes()) {
            None => self.0.remove(path),
            Some(section) => match element(section, read::map) {
                Ok(_) => self.0.insert(path.into(), section.to_value()),
                Err(refusal) => {
                    let section = Section { error: Some(refusal.text), ..Section::default() };
                    diagnostics.sections.insert(KEY, section);
                    return (diagnostics, None);
                }
            },
        };
        let (config, section) = self.merge(path);
        if let Some(section) = section {
            diagnostics.sections.insert(KEY, section);
        }
        (diagnostics, Some(config))
    }

    /// Takes a document away. `None` if there was none.
    pub fn remove(&mut self, path: &str) -> Option<Config> {
        self.0.remove(path)?;
        Some(self.merge("").0)
    }

    /// All documents as one, and what became of that under `path`.
    pub fn merge(&self, path: &str) -> (Config, Option<Section>) {
        let mut merging = Merging::default();
        let mut sections: BTreeMap<&str, Section> =
            self.0.keys().map(|path| (path.as_str(), Section::default())).collect();
        for (path, document) in &self.0 {
            if let (Ok(fields), Some(section)) = (element(document, read::map), sections.get_mut(path.as_str())) {
                merging.settings(&fields, section);
            }
        }
        if merging.config.settings.defaults {
            merging.config.rules = builtin::rules();
        }
        merging.builtin = merging.config.rules.len();
        for (path, document) in &self.0 {
            if let (Ok(fields), Some(section)) = (element(document, read::map), sections.get_mut(path.as_str())) {
                merging.rules(&fields, section);
            }
        }
        for (path, document) in &self.0 {
            if let (Ok(fields), Some(section)) = (element(document, read::map), sections.get_mut(path.as_str())) {
                merging.exceptions(&fields, section);
            }
        }
        (merging.finish(), sections.remove(path))
    }
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
                rule.unfamiliar_only = false;
                rule.guards.clear();
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

/// Reads each element of a list that is a map.
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

/// What an element is called where it is not a rule: the list it is in, and its name there.
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
