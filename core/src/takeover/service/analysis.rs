//! What analysts ask of a distributed attack: clusters of their own, when traits occur, the rules as a document.

use super::{Inner, Service};
use crate::takeover::export::Material;
use crate::takeover::mining::{Explored, Isolated, Item, Mining};
use crate::takeover::record::any_number;
use crate::takeover::series::Name;
use crate::value::Value;

/// The error for a signal without samples of its attack.
const NOT_MINED: &str = "the signal is not about an attack on the service that goes on";

impl Service {
    /// Defines a cluster of an attack.
    pub fn define_cluster(&self, signal: &str, id: &str, items: Vec<Item>) -> Result<(), String> {
        mined(&mut self.inner(), signal)?.define(id, items)
    }

    /// Returns the items of a cluster of a signal.
    pub fn cluster_items(&self, signal: &str, id: &str) -> Option<Vec<Item>> {
        let mut inner = self.inner();
        let mining = mined(&mut inner, signal).ok()?;
        mining.clusters().find(|cluster| cluster.id == id).map(|cluster| cluster.items.clone())
    }

    /// Returns when logins had these traits, by hour.
    pub fn explore(&self, signal: &str, items: &[Item]) -> Result<Vec<Explored>, String> {
        Ok(mined(&mut self.inner(), signal)?.explore(items))
    }

    /// Tests whether the clusters explain an attack.
    pub fn isolate(&self, signal: &str, now_s: u32) -> Result<Isolated, String> {
        let mut inner = self.inner();
        let window = inner.series.window(Name::Unfamiliar, now_s / 60 * 60, 5);
        let slot = inner.signals.by_id(signal);
        let expected = slot.and_then(|slot| inner.signals.get(slot)?.evidence.get(b"mu")).and_then(any_number);
        let failures = f64::from(window.count) + f64::from(window.refused);
        Ok(mined(&mut inner, signal)?.isolate(failures, expected.unwrap_or(0.0)))
    }

    /// Copies what exports of a signal are made of.
    pub fn material(&self, signal: &str) -> Option<Material> {
        let inner = self.inner();
        let slot = inner.signals.by_id(signal)?;
        let rules = inner.published.iter().find(|published| published.slot == slot);
        let rules = rules.map_or_else(Value::map, |published| published.document.clone());
        Some(Material::of(inner.signals.get(slot)?, rules, &inner.audience))
    }
}

/// Returns the miner, if it has samples of the attack that a signal is about.
fn mined<'i>(inner: &'i mut Inner, signal: &str) -> Result<&'i mut Mining, String> {
    let slot = inner.signals.by_id(signal);
    let is_live = slot.and_then(|slot| inner.signals.get(slot)).is_some_and(|signal| {
        signal.is_live()
            && signal.tags.iter().any(|(_, value)| value == "credential_stuffing")
            && signal.group.is_empty()
    });
    let mining = inner.mining.as_deref_mut().filter(|mining| is_live && mining.attacked_since_s().is_some());
    mining.ok_or_else(|| NOT_MINED.into())
}
