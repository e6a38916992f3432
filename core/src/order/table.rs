//! A map with the iteration order of libc++'s `unordered_map` after the same history.
//!
//! All elements form one list; a bucket remembers the node *before* its first element. The order of the list is
//! observable, so it is replicated here with linked indices and the same rules for inserting a node.

use super::hash;
use crate::value::Text;
use std::collections::HashMap;

/// Stands for the head of the list, which precedes the first node.
const HEAD: usize = 0;

#[derive(Clone)]
struct Node<V> {
    key: Text,
    hash: u64,
    next: Option<usize>,
    value: Option<V>,
}

/// A map from ids to values that iterates in the reference's order.
#[derive(Clone)]
pub struct Table<V> {
    /// Slot 0 is the head; free slots are listed in `free`.
    nodes: Vec<Node<V>>,
    free: Vec<usize>,
    /// Per bucket, the node before its first element.
    buckets: Vec<Option<usize>>,
    /// A separate index, as finding a key does not depend on the layout.
    index: HashMap<Text, usize>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        let head = Node { key: Text::default(), hash: 0, next: None, value: None };
        Table { nodes: vec![head], free: vec![], buckets: vec![], index: HashMap::new() }
    }
}

impl<V> Table<V> {
    /// A table with room for this many elements, as the reference reserves it if it knows the number.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut table = Table::default();
        if capacity > 0 {
            table.rehash(round_up(capacity));
        }
        table
    }

    /// The number of elements.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether the table has this key.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.index.contains_key(key)
    }

    /// The value under this key.
    pub fn get(&self, key: &[u8]) -> Option<&V> {
        self.nodes[*self.index.get(key)?].value.as_ref()
    }

    /// The value under this key, mutable.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        self.nodes[*self.index.get(key)?].value.as_mut()
    }

    /// The values in iteration order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// Keys and values in iteration order.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &V)> {
        let mut at = self.nodes[HEAD].next;
        std::iter::from_fn(move || {
            let node = &self.nodes[at?];
            at = node.next;
            node.value.as_ref().map(|value| (&node.key, value))
        })
    }

    /// Adds an element unless its key is taken; returns whether it did.
    pub fn insert(&mut self, key: Text, value: V) -> bool {
        if self.index.contains_key(&key) {
            return false;
        }
        let wanted = self.len() + 1;
        if wanted > self.buckets.len() {
            let buckets = self.buckets.len();
            let extra = usize::from(!(buckets > 2 && buckets.is_power_of_two()));
            self.rehash(round_up((2 * buckets + extra).max(wanted)));
        }
        let node = Node { key: key.clone(), hash: hash(&key), next: None, value: Some(value) };
        let bucket = self.bucket(node.hash);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.nodes[slot] = node;
                slot
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        };
        self.index.insert(key, slot);
        match self.buckets[bucket] {
            Some(before) => self.link_after(before, slot),
            None => {
                self.link_after(HEAD, slot);
                self.buckets[bucket] = Some(HEAD);
                if let Some(second) = self.nodes[slot].next {
                    let pushed = self.bucket(self.nodes[second].hash);
                    self.buckets[pushed] = Some(slot);
                }
            }
        }
        true
    }

    /// Removes an element.
    pub fn remove(&mut self, key: &[u8]) -> Option<V> {
        let slot = self.index.remove(key)?;
        let bucket = self.bucket(self.nodes[slot].hash);
        let mut before = self.buckets[bucket]?;
        while self.nodes[before].next != Some(slot) {
            before = self.nodes[before].next?;
        }
        let next = self.nodes[slot].next;
        let is_first = before == HEAD || self.bucket(self.nodes[before].hash) != bucket;
        let next_bucket = next.map(|n| self.bucket(self.nodes[n].hash));
        if is_first && next_bucket != Some(bucket) {
            self.buckets[bucket] = None;
        }
        if let Some(b) = next_bucket.filter(|&b| b != bucket) {
            self.buckets[b] = Some(before);
        }
        self.nodes[before].next = next;
        self.nodes[slot].next = None;
        self.free.push(slot);
        self.nodes[slot].value.take()
    }

    fn bucket(&self, hash: u64) -> usize {
        (hash % self.buckets.len() as u64) as usize
    }

    fn link_after(&mut self, before: usize, slot: usize) {
        self.nodes[slot].next = self.nodes[before].next;
        self.nodes[before].next = Some(slot);
    }

    /// One walk over the list: a node stays if it follows one of its own bucket or is the first of its bucket;
    /// otherwise it moves to the front of its bucket.
    fn rehash(&mut self, buckets: usize) {
        self.buckets = vec![None; buckets];
        let Some(first) = self.nodes[HEAD].next else { return };
        let mut last = first;
        let mut last_bucket = self.bucket(self.nodes[first].hash);
        self.buckets[last_bucket] = Some(HEAD);
        while let Some(node) = self.nodes[last].next {
            let bucket = self.bucket(self.nodes[node].hash);
            if bucket == last_bucket {
                last = node;
            } else if self.buckets[bucket].is_none() {
                self.buckets[bucket] = Some(last);
                last = node;
                last_bucket = bucket;
            } else if let Some(before) = self.buckets[bucket] {
                self.nodes[last].next = self.nodes[node].next;
                self.link_after(before, node);
            }
        }
    }
}

/// Bucket counts are powers of two if one is requested, else primes.
fn round_up(n: usize) -> usize {
    match n {
        1 => 2,
        n if n.is_power_of_two() => n,
        n => (n..).find(|&n| is_prime(n)).unwrap_or(n),
    }
}

fn is_prime(n: usize) -> bool {
    n > 1 && (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(keys: impl Iterator<Item = String>) -> Vec<String> {
        let mut table = Table::default();
        keys.for_each(|key| assert!(table.insert(Text::from(key.as_bytes()), key.clone())));
        table.values().cloned().collect()
    }

    #[test]
    fn iterates_in_recorded_order() {
        let twelve = order((1..=12).map(|i| format!("r{i}"))).join(" ");
        assert_eq!(twelve, "r12 r10 r8 r3 r6 r11 r1 r5 r9 r2 r7 r4");
        let thirty: Vec<_> = order((0..30).map(|i| format!("crs-{i:03}"))).iter().map(|s| s[4..].to_string()).collect();
        assert_eq!(
            thirty.join(" "),
            "029 028 025 024 023 005 022 008 016 020 018 017 015 014 026 013 012 009 007 021 027 011 004 002 019 010 \
             001 006 003 000"
        );
    }

    #[test]
    fn removal_keeps_the_list_and_the_index_together() {
        let mut table = Table::default();
        for i in 0..200 {
            table.insert(Text::from(format!("k{i}").as_bytes()), i);
        }
        for i in (0..200).step_by(3) {
            assert_eq!(table.remove(format!("k{i}").as_bytes()), Some(i));
        }
        assert_eq!(table.remove(b"k0"), None);
        assert!(!table.insert(Text::from("k1"), 0));
        for i in 200..300 {
            table.insert(Text::from(format!("k{i}").as_bytes()), i);
        }
        let mut left: Vec<_> = table.values().copied().collect();
        left.sort_unstable();
        assert_eq!(left, (0..300).filter(|i| *i >= 200 || i % 3 != 0).collect::<Vec<_>>());
        assert_eq!(left.len(), table.len());
    }
}
