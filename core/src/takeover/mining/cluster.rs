//! A cluster: traits that an attack's requests have in common, with what is known of their use for blocking.

use super::dimension::Dimension;
use super::item::Item;
use super::metrics::Metrics;
use super::traits::Traits;
use crate::value::Value;

/// Whether a cluster may refuse requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// It hits so few honest logins that it may.
    Block,
    /// It may only be watched.
    Monitor,
}

impl Grade {
    /// The name in signals.
    pub fn name(self) -> &'static str {
        match self {
            Grade::Block => "block",
            Grade::Monitor => "monitor",
        }
    }
}

/// What the grade depends on besides the items.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Merits {
    /// The upper bound of the share of honest logins that match.
    pub collateral_upper: f64,
    /// The matches per hour on the day before the attack, relative to those of the attack.
    pub present_before: f64,
    /// The number of sampled successes.
    pub successes: u32,
    /// The expected share of the attack among requests that match.
    pub precision: f64,
}

/// The number of sampled successes without which a small collateral cannot be shown.
pub const ENOUGH_SUCCESSES: u32 = 3840;

impl Merits {
    /// The grade of a cluster of these items.
    pub fn grade(&self, items: &[Item]) -> Grade {
        let is_weak = |item: &Item| match item.dimension {
            Dimension::Path | Dimension::Endpoint | Dimension::Network => true,
            Dimension::Value => item.header == "content-type",
            _ => false,
        };
        let fits = self.collateral_upper <= 0.001
            && self.present_before <= 0.05
            && self.successes >= ENOUGH_SUCCESSES
            && self.precision >= 0.99
            && items.iter().all(Item::has_condition)
            && !items.iter().all(is_weak);
        if fits { Grade::Block } else { Grade::Monitor }
    }
}

/// A cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// The id within its signal: `k1`, `k2`, ... or one that an analyst chose.
    pub id: String,
    /// The items, in the order of their dimensions; a request matches if it has all of them.
    pub items: Vec<Item>,
    /// How well the items separate the attack from honest logins.
    pub metrics: Metrics,
    /// The share of known offenders among the sources that match, and among those of honest successes.
    pub threat_intel: [f64; 2],
    /// The share of attempts on accounts that do not exist, among those that match and say so.
    pub nonexistent: f64,
    /// The matches per hour on the day before the attack, relative to those of the attack: above 0.05 honest users
    /// probably match, above 0.2 blocking would hit them.
    pub present_before: f64,
    /// The correlation of the matches per minute with the failures beyond the expected level.
    pub correlation: f64,
    /// Whether it may refuse requests.
    pub grade: Grade,
    /// Whether fewer than 1 % of the attempts of the last ten minutes matched.
    pub stale: bool,
    /// Whether an analyst defined it.
    pub custom: bool,
}

/// What the response to a cluster adds to its printed form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enforced {
    /// The mode of its rule: `monitor`, `block` or `stealth`; `None` without a rule.
    pub mode: Option<&'static str>,
    /// The id of its rule.
    pub rule_id: Option<String>,
    /// The number of requests that it refused.
    pub refused: u64,
}

impl Cluster {
    /// Whether a request has all of the items.
    pub fn matches(&self, traits: &Traits<'_>) -> bool {
        !self.items.is_empty() && self.items.iter().all(|item| item.matches(traits))
    }

    /// The cluster as part of a signal.
    pub fn to_value(&self, enforced: &Enforced) -> Value {
        let text = |text: Option<&str>| text.map_or_else(Value::null, Value::from);
        Value::from_entries([
            ("id", Value::from(&self.id)),
            ("items", Item::print(&self.items)),
            ("share", rounded(self.metrics.share)),
            ("collateral_upper", rounded(self.metrics.collateral_upper)),
            ("precision", rounded(self.metrics.precision)),
            ("threat_intel", rounded(self.threat_intel[0])),
            ("present_before", rounded(self.present_before)),
            ("correlation", rounded(self.correlation)),
            ("grade", Value::from(self.grade.name())),
            ("mode", text(enforced.mode)),
            ("rule_id", text(enforced.rule_id.as_deref())),
            ("refused", Value::from(enforced.refused)),
            ("stale", Value::from(self.stale)),
        ])
    }

    /// The cluster as part of the export `clusters.json`, with all metrics.
    pub fn to_export(&self, enforced: &Enforced) -> Value {
        let mut value = self.to_value(enforced);
        value.insert("custom", self.custom);
        value.insert("collateral", rounded(self.metrics.collateral));
        value.insert("lift", rounded(self.metrics.lift));
        value.insert("nonexistent", rounded(self.nonexistent));
        value.insert("threat_intel_before", rounded(self.threat_intel[1]));
        let matches = &self.metrics.matches;
        value.insert(
            "samples",
            Value::from_entries([
                ("attack", Value::from(u64::from(matches.attack))),
                ("failures", Value::from(u64::from(matches.failures))),
                ("successes", Value::from(u64::from(matches.successes))),
            ]),
        );
        value
    }
}

/// A number with five digits, so that it prints the same in every language.
fn rounded(number: f64) -> Value {
    Value::from((number * 100_000.0).round() / 100_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    const BEST: Merits = Merits { collateral_upper: 0.001, present_before: 0.05, successes: 3840, precision: 0.99 };

    #[test]
    fn grades_at_their_boundaries() {
        let header = || Item::of(Dimension::HeaderUnknown, "", "2-d0de8182");
        let with = |change: fn(&mut Merits)| {
            let mut merits = BEST;
            change(&mut merits);
            merits
        };
        let (block, monitor) = (Grade::Block, Grade::Monitor);
        let table: [(&str, Merits, Vec<Item>, Grade); 14] = [
            ("best", BEST, vec![header()], block),
            ("collateral", with(|merits| merits.collateral_upper = 0.001_000_1), vec![header()], monitor),
            ("before", with(|merits| merits.present_before = 0.050_1), vec![header()], monitor),
            ("successes", with(|merits| merits.successes = 3839), vec![header()], monitor),
            ("precision", with(|merits| merits.precision = 0.989_9), vec![header()], monitor),
            ("not a number", with(|merits| merits.precision = f64::NAN), vec![header()], monitor),
            ("path", BEST, vec![Item::of(Dimension::Path, "", "/login")], monitor),
            ("endpoint", BEST, vec![Item::of(Dimension::Endpoint, "", "http-post-1--")], monitor),
            ("network", BEST, vec![Item::of(Dimension::Network, "", "203.0.113.0/24")], monitor),
            ("content type", BEST, vec![Item::of(Dimension::Value, "content-type", "text/plain")], monitor),
            ("accept", BEST, vec![Item::of(Dimension::Value, "accept", "text/plain")], block),
            ("path and more", BEST, vec![Item::of(Dimension::Path, "", "/login"), header()], block),
            ("order", BEST, vec![Item::of(Dimension::Order, "", "x"), header()], monitor),
            ("system", BEST, vec![Item::of(Dimension::Network, "", "AS64500"), header()], monitor),
        ];
        for (what, merits, items, grade) in table {
            assert_eq!(merits.grade(&items), grade, "{what}");
        }
    }

    #[test]
    fn clusters_print_as_in_signals() {
        let cluster = Cluster {
            id: "k1".into(),
            items: vec![
                Item::of(Dimension::HeaderUnknown, "", "2-d0de8182"),
                Item::header(Dimension::Missing, "sec-ch-ua"),
            ],
            metrics: Metrics { share: 0.97, collateral_upper: 0.0003, precision: 0.999, ..Metrics::default() },
            threat_intel: [0.44, 0.03],
            nonexistent: 0.61,
            present_before: 0.0,
            correlation: 0.98,
            grade: Grade::Block,
            stale: false,
            custom: false,
        };
        let enforced = Enforced { mode: Some("block"), rule_id: Some("ato-c-3f0d8c52-k1".into()), refused: 82_790 };
        let printed = r#"{"id":"k1","items":{"hdr.unknown":"2-d0de8182","hdr.missing":"sec-ch-ua"},"share":0.97,"collateral_upper":0.0003,"precision":0.999,"threat_intel":0.44,"present_before":0,"correlation":0.98,"grade":"block","mode":"block","rule_id":"ato-c-3f0d8c52-k1","refused":82790,"stale":false}"#;
        assert_eq!(json::to_string(&cluster.to_value(&enforced)), printed);
        let unused = json::to_string(&cluster.to_export(&Enforced::default()));
        assert!(unused.contains(r#""mode":null,"rule_id":null,"refused":0"#) && unused.contains("threat_intel_before"));
    }
}
