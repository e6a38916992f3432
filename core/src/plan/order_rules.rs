//! Rules after overrides, in evaluation order.
//!
//! Modules come in a fixed order. Within a module blocking rules come before others, then base rules before user rules or
//! the other way round, then (in the WAF module) types in byte order; what is still equal keeps the order of the
//! reference's tables and sort (see [`order`](crate::order)).

use super::actions::Actions;
use super::rule::Verdict;
use crate::config::action::Action;
use crate::config::condition;
use crate::config::overrides::RuleOverride;
use crate::config::rule::{Origin, Rule};
use crate::config::store::Store;
use crate::matcher::ScalarMatcher;
use crate::order::{Table, sort_unstable_like_libcxx};
use crate::value::Text;
use std::sync::Arc;

/// The categories of rules that carry out decisions.
const DECISIONS: [&[u8]; 2] = [b"security_response", b"account_takeover"];
/// The lists of refused addresses and users.
const DENYLISTS: [&[u8]; 2] = [b"blocked_ips", b"blocked_users"];

/// A rule with everything that determines its position.
pub struct Planned {
    /// As configured.
    pub spec: Arc<Rule>,
    /// Including those that overrides added.
    pub tags: Vec<(Text, Text)>,
    /// Action ids with their actions.
    pub on_match: Vec<(Text, Option<Arc<Action>>)>,
    /// Whether it has a blocking action, taken or not.
    blocks: bool,
    /// Derived from the actions and from whether they are taken.
    pub verdict: Verdict,
    /// Whether it carries out a decision about whom to refuse, as opposed to judging what a request contains: rules over
    /// lists of refused users and addresses, of the modules for them, and of the categories `security_response` and
    /// `account_takeover` do. They block even where the engine monitors, and its own exclusions do not concern them.
    pub decides: bool,
    /// Whether its blocking actions are not taken.
    pub withholds: bool,
    /// Derived from the final tags.
    pub module: ModuleKind,
}

impl Planned {
    /// The value of the `type` tag.
    pub fn type_name(&self) -> &[u8] {
        tag(&self.tags, b"type").map_or(b"", |name| name)
    }
}

/// The modules, in evaluation order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // named as in the tags
pub enum ModuleKind {
    NetworkAcl,
    AuthenticationAcl,
    CustomAcl,
    Configuration,
    BusinessLogic,
    Rasp,
    Waf,
}

impl ModuleKind {
    fn of(tags: &[(Text, Text)]) -> Self {
        match tag(tags, b"module").map(|name| &name[..]) {
            Some(b"network-acl") => Self::NetworkAcl,
            Some(b"authentication-acl") => Self::AuthenticationAcl,
            Some(b"custom-acl") => Self::CustomAcl,
            Some(b"configuration") => Self::Configuration,
            Some(b"business-logic") => Self::BusinessLogic,
            Some(b"rasp") => Self::Rasp,
            _ => Self::Waf,
        }
    }

    /// Denylists are cheap, and must not be skipped because time is short.
    pub fn ignores_deadline(self) -> bool {
        matches!(self, Self::NetworkAcl | Self::AuthenticationAcl)
    }

    /// Which rules come first, base or user rules.
    fn first_origin(self) -> Origin {
        match self {
            Self::NetworkAcl | Self::AuthenticationAcl | Self::Rasp => Origin::Base,
            _ => Origin::User,
        }
    }
}

fn tag<'a>(tags: &'a [(Text, Text)], name: &[u8]) -> Option<&'a Text> {
    tags.iter().find(|(key, _)| **key == *name).map(|(_, value)| value)
}

/// All enabled rules, in order.
pub fn in_evaluation_order(store: &Store, actions: &Actions<'_>, monitors: bool) -> Vec<Planned> {
    let mut rules: Vec<Planned> = vec![];
    for table in [&store.base_rules, &store.user_rules] {
        rules.extend(planned(table, store, actions, monitors));
    }
    // Each module is sorted separately: the sort is not stable, so its input order matters.
    let mut ordered = vec![];
    for module in 0..=ModuleKind::Waf as u8 {
        let (mut members, others): (Vec<_>, Vec<_>) = rules.into_iter().partition(|rule| rule.module as u8 == module);
        rules = others;
        sort_unstable_like_libcxx(&mut members, |a, b| key(a) < key(b));
        ordered.append(&mut members);
    }
    ordered
}

fn key(rule: &Planned) -> (bool, bool, &[u8]) {
    let type_name = if rule.module == ModuleKind::Waf { rule.type_name() } else { b"" };
    // An engine that monitors visits rules in the order in which it would block, to report the rule that would.
    (!rule.blocks, rule.spec.origin != rule.module.first_origin(), type_name)
}

fn planned(table: &Table<Arc<Rule>>, store: &Store, actions: &Actions<'_>, monitors: bool) -> Vec<Planned> {
    let mut rules = vec![];
    for spec in table.values() {
        let mut enabled = spec.enabled;
        let mut on_match = spec.on_match.clone();
        let mut added: Vec<(Text, Text)> = vec![];
        if spec.origin == Origin::Base {
            for change in overrides_of(spec, store) {
                enabled = change.enabled.unwrap_or(enabled);
                if let Some(actions) = &change.on_match {
                    on_match.clone_from(actions);
                }
                for (name, value) in &change.tags {
                    match added.iter_mut().find(|(known, _)| known == name) {
                        Some((_, known)) => known.clone_from(value),
                        None => added.push((name.clone(), value.clone())),
                    }
                }
            }
        }
        if !enabled {
            continue;
        }
        let mut tags = spec.tags.clone();
        tags.extend(added.into_iter().filter(|(name, _)| tag(&spec.tags, name).is_none()));
        let on_match: Vec<_> = on_match.into_iter().map(|id| (id.clone(), actions.get(&id))).collect();
        let blocks = on_match.iter().any(|(_, action)| action.as_ref().is_some_and(|a| a.kind.is_blocking()));
        let module = ModuleKind::of(&tags);
        let decides = carries_out(spec, &tags, module);
        let withholds = monitors && !decides;
        let verdict = if blocks && !withholds { Verdict::Block } else { Verdict::Monitor };
        rules.push(Planned { spec: spec.clone(), tags, on_match, blocks, verdict, decides, withholds, module });
    }
    rules
}

/// See [`Planned::decides`].
fn carries_out(spec: &Rule, tags: &[(Text, Text)], module: ModuleKind) -> bool {
    let decided = matches!(module, ModuleKind::NetworkAcl | ModuleKind::AuthenticationAcl);
    let category = tag(tags, b"category").map_or(&b""[..], |category| category);
    decided || DECISIONS.contains(&category) || spec.conditions.iter().any(asks_denylist)
}

fn asks_denylist(condition: &condition::Condition) -> bool {
    match condition {
        condition::Condition::Scalar { matcher: ScalarMatcher::Data(id), negated: false, .. } => {
            DENYLISTS.contains(&&id[..])
        }
        _ => false,
    }
}

/// Overrides by tags before those by id, each newest first: the last one to apply wins.
fn overrides_of<'a>(rule: &'a Rule, store: &'a Store) -> impl Iterator<Item = &'a RuleOverride> {
    let of_kind = move |by_tags| {
        let newest_first = store.rule_overrides.iter().rev().map(|owned| &*owned.item);
        newest_first.filter(move |o| {
            o.by_tags == by_tags && o.targets.iter().any(|target| target.selects(&rule.id, &rule.tags))
        })
    };
    of_kind(true).chain(of_kind(false))
}
