//! Rules that match the requests of a cluster, as a configuration of the engine.
//!
//! | file | concept |
//! |---|---|
//! | this file | the document |
//! | [`condition`] | the conditions for items |
//! | [`escape`] | text of attackers in patterns |
//! | [`lists`] | lists of values, which expire |
//!
//! Each cluster becomes one rule: its conditions are the login route, so that the rest of the site is not affected,
//! and the items. The rules are of the module `custom-acl`, where every rule reports and one that blocks comes first,
//! and each has a type of its own, because of rules with a common type only one can match. Fingerprints come from the
//! processors of the recommended ruleset, which the document does not repeat.

pub mod condition;
pub mod escape;
pub mod lists;

use super::cluster::Cluster;
use crate::value::Value;
use lists::Lists;

/// The id of the action that answers like a failed login.
pub const STEALTH: &str = "ato_stealth";

/// What the rule of a cluster does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It reports requests.
    Monitor,
    /// It answers them with the page for blocked requests.
    Block,
    /// It answers them like a failed login.
    Stealth,
}

impl Mode {
    /// The name in signals.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Monitor => "monitor",
            Mode::Block => "block",
            Mode::Stealth => "stealth",
        }
    }
}

/// What the rules of a signal have in common.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'p> {
    /// The id of the signal; the part before the first `-` appears in the ids of rules and lists.
    pub signal: &'p str,
    /// The paths of the service's login requests.
    pub routes: &'p [String],
    /// When lists of values expire, in seconds since the Unix epoch.
    pub until_s: u64,
}

/// The path under which [`actions`] belong in the engine's configuration.
pub const ACTIONS_PATH: &str = "bartizan/ato/actions";

/// The document with the action of stealth rules. The documents of signals share it: if each had it, it would load
/// once, and be gone together with the first signal.
pub fn actions() -> Value {
    Value::from_entries([("version", Value::from("2.2")), ("actions", stealth())])
}

/// The rules of a signal.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The document for [`Plan::path`], which needs [`actions`] beside it; empty if no cluster has a rule.
    pub fragment: Value,
    /// The id of each cluster that has a rule, and the id of the rule.
    pub rules: Vec<(String, String)>,
    /// The id of each cluster that has none, and why.
    pub skipped: Vec<(String, &'static str)>,
    has_stealth: bool,
}

impl Rules {
    /// The rules as a document that stands alone, for the export `rules.json`.
    pub fn document(&self) -> Value {
        let mut document = self.fragment.clone();
        if self.has_stealth {
            document.insert("actions", stealth());
        }
        document
    }
}

impl Plan<'_> {
    fn short(&self) -> &str {
        self.signal.split('-').next().unwrap_or_default()
    }

    /// The path under which the document belongs in the engine's configuration.
    pub fn path(&self) -> String {
        format!("bartizan/ato/clusters/{}", self.signal)
    }

    /// The id of the rule for a cluster.
    pub fn rule_id(&self, cluster: &str) -> String {
        format!("ato-c-{}-{cluster}", self.short())
    }

    /// Makes the rules for these clusters, each with its mode.
    pub fn rules<'c>(&self, clusters: impl IntoIterator<Item = (&'c Cluster, Mode)>) -> Rules {
        let (mut rules, mut skipped, mut custom_rules) = (vec![], vec![], Value::array());
        let mut lists = Lists::new(self.short(), self.until_s);
        let mut has_stealth = false;
        for (cluster, mode) in clusters {
            let before = lists.count();
            match self.rule(cluster, mode, &mut lists) {
                Ok(rule) => {
                    custom_rules.push(rule);
                    rules.push((cluster.id.clone(), self.rule_id(&cluster.id)));
                    has_stealth |= mode == Mode::Stealth;
                }
                Err(why) => {
                    lists.truncate(before);
                    skipped.push((cluster.id.clone(), why));
                }
            }
        }
        let mut fragment = Value::map();
        if !rules.is_empty() {
            fragment.insert("version", "2.2");
            fragment.insert("custom_rules", custom_rules);
            lists.into_value().into_iter().for_each(|lists| fragment.insert("rules_data", lists));
        }
        Rules { fragment, rules, skipped, has_stealth }
    }

    fn rule(&self, cluster: &Cluster, mode: Mode, lists: &mut Lists<'_>) -> Result<Value, &'static str> {
        if self.routes.is_empty() {
            return Err("the paths of login requests are not known");
        }
        let mut conditions = vec![condition::route(self.routes, lists)];
        conditions.extend(condition::of_items(&cluster.items, lists)?);
        let (signal, id) = (self.short(), &cluster.id);
        let tags = [
            ("type", format!("ato.cluster.{signal}.{id}")),
            ("category", "account_takeover".into()),
            ("module", "custom-acl".into()),
            ("confidence", "1".into()),
        ];
        let mut rule = Value::from_entries([
            ("id", Value::from(self.rule_id(id))),
            ("name", Value::from(format!("ATO cluster {signal}/{id}"))),
            ("tags", Value::from_entries(tags)),
            ("conditions", conditions.into_iter().collect::<Value>()),
        ]);
        let action = match mode {
            Mode::Monitor => None,
            Mode::Block => Some("block"),
            Mode::Stealth => Some(STEALTH),
        };
        if let Some(action) = action {
            rule.insert("on_match", [Value::from(action)].into_iter().collect::<Value>());
        }
        Ok(rule)
    }
}

/// The action that answers like a failed login, in a list. The parameter `ato_response` tells the host so.
fn stealth() -> Value {
    let parameters = Value::from_entries([
        ("status_code", Value::from(401u64)),
        ("type", Value::from("json")),
        ("ato_response", Value::from("login_failure")),
    ]);
    let action = Value::from_entries([
        ("id", Value::from(STEALTH)),
        ("type", Value::from("block_request")),
        ("parameters", parameters),
    ]);
    [action].into_iter().collect()
}
