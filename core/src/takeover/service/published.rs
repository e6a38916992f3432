//! The rules that were made of clusters, and the documents in which they reach the engine.

use crate::takeover::mining::{Cluster, Item, Mode};
use crate::takeover::signal::Slot;
use crate::value::Value;

/// A document for the engine's configuration, or that there is none any more.
#[derive(Clone)]
pub struct Publication {
    /// The path of the document.
    pub path: String,
    /// The document.
    pub document: Option<Value>,
}

/// The rules of a signal's clusters.
pub struct Published {
    /// The signal.
    pub slot: Slot,
    /// The path of the document.
    pub path: String,
    /// The document, with the actions it needs.
    pub document: Value,
    /// The clusters with what their rules do.
    pub rules: Vec<Ruled>,
    /// The paths of login requests that the rules are about.
    pub routes: Vec<String>,
    /// When the rules end, in seconds since the Unix epoch.
    pub until_s: u64,
    /// When the lists of values in the document end.
    pub listed_until_s: u64,
    /// The requests that were refused long after the attack.
    pub tail_refused: u32,
}

impl Published {
    /// Whether the document has to be published in place of a former one. Lists of values in it end by themselves, and must
    /// not while the attack lasts.
    pub fn differs_from(&self, former: Option<&Published>, duration_s: u64) -> bool {
        let shape = |one: &Published| -> Vec<(String, Mode, Vec<Item>)> {
            let rules = one.rules.iter();
            rules.map(|ruled| (ruled.rule_id.clone(), ruled.mode, ruled.cluster.items.clone())).collect()
        };
        let is_old = self.until_s > self.listed_until_s + duration_s / 2 && !self.rules.is_empty();
        former.map(shape).unwrap_or_default() != shape(self)
            || former.is_some_and(|former| former.routes != self.routes)
            || is_old
    }
}

/// A cluster with a rule.
pub struct Ruled {
    /// The cluster.
    pub cluster: Cluster,
    /// What the rule does.
    pub mode: Mode,
    /// The id of the rule.
    pub rule_id: String,
    /// Whether a rule could be made of it. Without one, it is only compared with assessed attempts.
    pub has_rule: bool,
    /// The number of requests that it refused.
    pub refused: u64,
}
