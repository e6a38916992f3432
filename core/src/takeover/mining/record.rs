//! A cluster in a snapshot: all of it, so that its rule goes on after a restart.

use super::cluster::{Cluster, Grade};
use super::dimension::Dimension;
use super::item::{Item, VALUES};
use super::metrics::{Counts, Metrics};
use crate::takeover::record::{flag, float, items, text, texts};
use crate::value::{Object, Value};

/// Writes a cluster.
pub fn write(cluster: &Cluster) -> Value {
    let metrics = &cluster.metrics;
    let matches = [metrics.matches.attack, metrics.matches.failures, metrics.matches.successes];
    let numbers = [
        ("share", metrics.share),
        ("collateral", metrics.collateral),
        ("collateral_upper", metrics.collateral_upper),
        ("precision", metrics.precision),
        ("lift", metrics.lift),
        ("threat_intel", cluster.threat_intel[0]),
        ("threat_intel_before", cluster.threat_intel[1]),
        ("nonexistent", cluster.nonexistent),
        ("present_before", cluster.present_before),
        ("correlation", cluster.correlation),
    ];
    let mut value = Value::from_entries(numbers);
    value.insert("id", &cluster.id);
    value.insert("items", cluster.items.iter().map(write_item).collect::<Value>());
    value.insert("matches", matches.into_iter().map(|count| Value::from(u64::from(count))).collect::<Value>());
    value.insert("grade", cluster.grade.name());
    value.insert("stale", cluster.stale);
    value.insert("custom", cluster.custom);
    value
}

fn write_item(item: &Item) -> Value {
    let mut value = Value::from_entries([("dimension", item.dimension.name()), ("header", &item.header)]);
    value.insert("values", item.values.iter().map(Value::from).collect::<Value>());
    value.insert("cut", item.cut);
    value
}

/// Reads what [`write`] wrote.
pub fn read(value: &Object) -> Option<Cluster> {
    let count = |at: usize| {
        let count = items(value, "matches").get(at).and_then(crate::takeover::record::unsigned);
        count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
    };
    let items = items(value, "items").iter().map(read_item).collect::<Option<Vec<Item>>>()?;
    (!items.is_empty()).then_some(())?;
    Some(Cluster {
        id: text(value, "id")?,
        items,
        metrics: Metrics {
            matches: Counts { attack: count(0), failures: count(1), successes: count(2) },
            share: float(value, "share")?,
            collateral: float(value, "collateral")?,
            collateral_upper: float(value, "collateral_upper")?,
            precision: float(value, "precision")?,
            lift: float(value, "lift")?,
        },
        threat_intel: [float(value, "threat_intel")?, float(value, "threat_intel_before")?],
        nonexistent: float(value, "nonexistent")?,
        present_before: float(value, "present_before")?,
        correlation: float(value, "correlation")?,
        grade: if text(value, "grade")? == Grade::Block.name() { Grade::Block } else { Grade::Monitor },
        stale: flag(value, "stale"),
        custom: flag(value, "custom"),
    })
}

fn read_item(value: &Object) -> Option<Item> {
    let name = text(value, "dimension")?;
    let dimension = if name == Dimension::Value.name() { Dimension::Value } else { Dimension::from_name(&name)?.0 };
    let mut values = texts(value, "values");
    values.sort_unstable();
    let item = Item { dimension, header: text(value, "header")?, values, cut: flag(value, "cut") };
    (item.values.len() <= VALUES).then_some(item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn clusters_are_read_as_written() {
        let metrics = Metrics {
            matches: Counts { attack: 7, failures: 1, successes: 0 },
            share: 0.97,
            collateral: 0.0,
            collateral_upper: 0.000_312_5,
            precision: 1.0,
            lift: 3104.0,
        };
        let items = vec![
            Item::of(Dimension::HeaderUnknown, "", "2-d0de8182"),
            Item::header(Dimension::Missing, "sec-ch-ua"),
            Item { cut: true, ..Item::of(Dimension::Value, "accept", "a\u{e9}") },
        ];
        let cluster = Cluster {
            id: "k1".into(),
            items,
            metrics,
            threat_intel: [0.44, 0.03],
            nonexistent: 0.6,
            present_before: 0.01,
            correlation: 0.98,
            grade: Grade::Block,
            stale: false,
            custom: false,
        };
        let text = json::to_string(&write(&cluster));
        assert_eq!(read(&json::parse(text.as_bytes()).unwrap()), Some(cluster));
        assert_eq!(read(&json::parse(b"{}").unwrap()), None);
        let without = text.replace("\"hdr.unknown\"", "\"?\"");
        assert_eq!(read(&json::parse(without.as_bytes()).unwrap()), None);
    }
}
