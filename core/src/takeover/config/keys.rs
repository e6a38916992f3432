//! The keys of documents, and those of a document that are none of them.
//!
//! An unknown key is most often a misspelt one, whose absence would otherwise show only when an attack is not stopped.
//! The readers of rules and exceptions ask for the keys that they need; this table lists the same keys once more, so
//! that whatever is left over can be reported with its path.

use crate::fields::Refusal;
use crate::fields::read::quoted;
use crate::value::{Object, Text};

/// What is under a key.
enum Shape {
    /// A value, or a map with keys of the author's choice.
    Any,
    /// A map with these keys.
    Map(&'static Keys),
    /// A list of such maps, each named by its `id` if it has one.
    List(&'static Keys),
    /// A list of comparisons and of nested groups of them.
    Conditions,
}

type Keys = [(&'static str, Shape)];

/// The depth below which conditions are not read.
const DEPTH: usize = 4;

const SECTION: &Keys = &[
    ("version", Shape::Any),
    // Settings report their keys themselves, as each is refused alone; what is within them is reported here.
    ("settings", Shape::Map(SETTINGS)),
    ("rules", Shape::List(RULE)),
    ("rules_override", Shape::List(OVERRIDE)),
    ("suppressions", Shape::List(SUPPRESSION)),
    ("allow", Shape::List(ALLOW)),
    ("threat_intel", Shape::List(INTEL)),
];

/// The settings; [`Settings::apply`](super::Settings::apply) refuses others.
const SETTINGS: &Keys = &[
    ("enabled", Shape::Any),
    ("defaults", Shape::Any),
    ("vendor_compat", Shape::Any),
    ("cred_fp", Shape::Any),
    ("gate", Shape::Any),
    ("notify_pii", Shape::Any),
    ("purge_blocks", Shape::Any),
    ("login_normalization", Shape::Any),
    ("dotless_domains", Shape::Any),
    ("ipv6_group", Shape::Any),
    ("local_cidrs_extra", Shape::Any),
    ("local_cidrs_remove", Shape::Any),
    ("profile", Shape::Any),
    ("login_routes", Shape::List(LOGIN_ROUTE)),
    ("privileged_roles", Shape::Any),
    ("trait_headers", Shape::Any),
    ("deviation_tolerance", Shape::Any),
    ("learning_period_h", Shape::Any),
    ("learning_period_baseline", Shape::Any),
    ("timezone", Shape::Any),
    ("response", Shape::Map(SETTINGS_RESPONSE)),
];

const LOGIN_ROUTE: &Keys = &[("path", Shape::Any), ("login", Shape::Any)];

const SETTINGS_RESPONSE: &Keys = &[
    ("enabled", Shape::Any),
    ("mode", Shape::Any),
    ("min_severity", Shape::Any),
    ("duration_s", Shape::Any),
    ("block_users", Shape::Any),
];

const RULE: &Keys = &[
    ("id", Shape::Any),
    ("name", Shape::Any),
    ("tags", Shape::Any),
    ("enabled", Shape::Any),
    ("min_version", Shape::Any),
    ("max_version", Shape::Any),
    ("documented", Shape::Any),
    ("looks_for", Shape::Any),
    ("threshold", Shape::Any),
    ("source", Shape::Any),
    ("type", Shape::Any),
    ("detector", Shape::Any),
    ("initial_threshold", Shape::Any),
    ("series", Shape::Any),
    ("events", Shape::Any),
    ("success_events", Shape::Any),
    ("filter", Shape::Any),
    ("requires", Shape::Any),
    ("group_by", Shape::Any),
    ("distinct", Shape::Any),
    ("window_s", Shape::Any),
    ("count", Shape::Any),
    ("cases", Shape::List(CASE)),
    ("escalations", Shape::List(ESCALATION)),
    ("guards", Shape::Any),
    ("joins", Shape::Any),
    ("relabels", Shape::Any),
    ("absorbs", Shape::Any),
    ("keep_alive_s", Shape::Any),
    ("max_duration_s", Shape::Any),
    ("cooldown_s", Shape::Any),
    ("response", Shape::Map(RESPONSE)),
];

const RESPONSE: &Keys =
    &[("block", Shape::Any), ("min_severity", Shape::Any), ("duration_s", Shape::Any), ("mode", Shape::Any)];

const CASE: &Keys = &[("severity", Shape::Any), ("all", Shape::Conditions), ("any", Shape::Conditions)];

const ESCALATION: &Keys = &[
    ("event", Shape::Any),
    ("filter", Shape::Any),
    ("from_attacker", Shape::Any),
    ("any_source", Shape::Any),
    ("severity", Shape::Any),
    ("all", Shape::Conditions),
    ("any", Shape::Conditions),
];

const COMPARISON: &Keys = &[("metric", Shape::Any), ("op", Shape::Any), ("value", Shape::Any)];

const GROUP: &Keys = &[("all", Shape::Conditions), ("any", Shape::Conditions)];

const OVERRIDE: &Keys = &[
    ("id", Shape::Any),
    ("tags", Shape::Any),
    ("enabled", Shape::Any),
    ("cases", Shape::List(CASE)),
    ("response", Shape::Map(RESPONSE)),
];

const SUPPRESSION: &Keys = &[
    ("id", Shape::Any),
    ("rules", Shape::Any),
    ("match", Shape::Any),
    ("until", Shape::Any),
    ("treat_as_explained", Shape::Any),
];

const ALLOW: &Keys = &[("cidr", Shape::Any), ("user", Shape::Any), ("mode", Shape::Any)];

const INTEL: &Keys = &[("id", Shape::Any), ("type", Shape::Any), ("data", Shape::List(INTEL_ENTRY))];

const INTEL_ENTRY: &Keys = &[
    ("value", Shape::Any),
    ("category", Shape::Any),
    ("intention", Shape::Any),
    ("source", Shape::Any),
    ("expiration", Shape::Any),
];

/// Reports the unknown keys of a section, each with its path: `rules:ID.cases[0].all[1].metrik`.
pub(super) fn report_unknown(section: &Object, report: &mut dyn FnMut(Text, Refusal)) {
    for pair in section.as_map().unwrap_or_default() {
        let key = pair.key_bytes().unwrap_or_default();
        match shape(SECTION, key) {
            None => report(key.into(), unknown(key)),
            Some(Shape::Map(_)) => {
                for setting in pair.value().as_map().unwrap_or_default() {
                    let name = setting.key_bytes().unwrap_or_default();
                    if let Some(shape) = shape(SETTINGS, name) {
                        within(shape, setting.value(), &path(&[b"settings:", name]), DEPTH, report);
                    }
                }
            }
            Some(Shape::List(keys)) => {
                for (index, item) in pair.value().as_array().unwrap_or_default().iter().enumerate() {
                    let id = item.get(b"id").and_then(Object::as_bytes).filter(|id| !id.is_empty());
                    let name = id.map_or_else(|| format!("index:{index}").into_bytes(), <[u8]>::to_vec);
                    map(keys, item, &path(&[key, b":", &name]), DEPTH, report);
                }
            }
            Some(Shape::Any | Shape::Conditions) => {}
        }
    }
}

/// The warning about an unknown setting.
pub(super) fn unknown_setting(key: &[u8]) -> Refusal {
    Refusal::warning(quoted("unknown setting ", key))
}

/// The warning about any other unknown key.
fn unknown(key: &[u8]) -> Refusal {
    Refusal::warning(quoted("unknown key ", key))
}

fn shape(keys: &'static Keys, key: &[u8]) -> Option<&'static Shape> {
    keys.iter().find(|(known, _)| known.as_bytes() == key).map(|(_, shape)| shape)
}

fn map(keys: &'static Keys, object: &Object, at: &[u8], depth: usize, report: &mut dyn FnMut(Text, Refusal)) {
    for pair in object.as_map().unwrap_or_default() {
        let key = pair.key_bytes().unwrap_or_default();
        let at = path(&[at, b".", key]);
        match shape(keys, key) {
            None => report(at[..].into(), unknown(key)),
            Some(shape) => within(shape, pair.value(), &at, depth, report),
        }
    }
}

fn within(shape: &Shape, object: &Object, at: &[u8], depth: usize, report: &mut dyn FnMut(Text, Refusal)) {
    let items = || object.as_array().unwrap_or_default().iter().enumerate();
    let numbered = |index: usize| path(&[at, format!("[{index}]").as_bytes()]);
    match shape {
        Shape::Any => {}
        Shape::Map(keys) => map(keys, object, at, depth, report),
        Shape::List(keys) => items().for_each(|(index, item)| map(keys, item, &numbered(index), depth, report)),
        Shape::Conditions if depth == 0 => {}
        Shape::Conditions => items().for_each(|(index, item)| {
            let has = |key: &str| item.get(key.as_bytes()).is_some();
            let is_group = !has("metric") && (has("all") || has("any"));
            map(if is_group { GROUP } else { COMPARISON }, item, &numbered(index), depth - 1, report);
        }),
    }
}

fn path(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}
