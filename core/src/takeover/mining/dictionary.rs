//! The strings of samples as small numbers.
//!
//! Attackers choose these strings, so the number and the total size are bounded. A string that does not fit becomes
//! [`OTHER`], which is never an item. Strings that no sample refers to are kept until their place is needed, the least
//! recently used first out.
//!
//! Random values, one per request, could still fill the dictionary with strings that samples do refer to. A value that
//! occurs once among all samples is of no use, so [`Dictionary::is_crowded`] tells the owner to replace such values by
//! `OTHER`.

use super::super::key::HashKey;
use crate::support::NumberMap;

/// The number that stands for no value.
pub const NONE: u16 = 0;
/// The number that stands for a value beyond the dictionary.
pub const OTHER: u16 = 1;
/// The first number that stands for a string.
const FIRST: u16 = 2;
/// The maximum number of strings.
pub const STRINGS: usize = u16::MAX as usize + 1 - FIRST as usize;
/// The maximum size of all strings, in bytes.
const BYTES: usize = 4 << 20;

/// A string with its users.
#[derive(Debug, Default)]
struct Entry {
    text: Box<str>,
    /// Whether the string is only the beginning of a value.
    cut: bool,
    hash: u64,
    references: u32,
    /// The neighbours in the list of unused strings.
    older: u16,
    newer: u16,
}

/// The strings.
#[derive(Debug)]
pub struct Dictionary {
    key: HashKey,
    entries: Vec<Entry>,
    by_hash: NumberMap<u64, u16>,
    /// The size of all strings, and of those that samples refer to.
    bytes: usize,
    used_bytes: usize,
    /// The ends of the list of unused strings.
    oldest: u16,
    newest: u16,
    free: Vec<u16>,
    used: usize,
    /// Whether unused strings keep their numbers, because a search still refers to them.
    is_held: bool,
}

impl Dictionary {
    /// An empty dictionary.
    pub fn new(key: HashKey) -> Self {
        Dictionary {
            key,
            entries: vec![],
            by_hash: NumberMap::default(),
            bytes: 0,
            used_bytes: 0,
            oldest: NONE,
            newest: NONE,
            free: vec![],
            used: 0,
            is_held: false,
        }
    }

    /// Returns the number of a string and counts a reference to it.
    pub fn refer(&mut self, text: &str, cut: bool) -> u16 {
        let hash = self.key.hasher().part(text.as_bytes()).number(cut.into()).finish();
        if let Some(id) = self.by_hash.get(&hash).copied() {
            // Two strings with one hash of 64 keyed bits are not expected, but must not be confused.
            if *self.entry(id).text != *text {
                return OTHER;
            }
            self.refer_to(id);
            return id;
        }
        let Some(id) = self.room(text.len()) else { return OTHER };
        self.bytes += text.len();
        self.used_bytes += text.len();
        *self.entry(id) = Entry { text: text.into(), cut, hash, references: 1, older: NONE, newer: NONE };
        self.used += 1;
        self.by_hash.insert(hash, id);
        id
    }

    /// Counts a reference to a number.
    pub fn refer_to(&mut self, id: u16) {
        if id < FIRST {
            return;
        }
        if self.entry(id).references == 0 {
            self.unlink(id);
            self.used += 1;
            self.used_bytes += self.entry(id).text.len();
        }
        self.entry(id).references += 1;
    }

    /// Takes a reference back.
    pub fn release(&mut self, id: u16) {
        if id < FIRST {
            return;
        }
        let entry = self.entry(id);
        entry.references = entry.references.saturating_sub(1);
        if entry.references == 0 {
            let length = entry.text.len();
            self.used -= 1;
            self.used_bytes -= length;
            self.append(id);
        }
    }

    /// Returns the number of a string that is in the dictionary, without a reference.
    pub fn find(&self, text: &str, cut: bool) -> Option<u16> {
        let hash = self.key.hasher().part(text.as_bytes()).number(cut.into()).finish();
        self.by_hash.get(&hash).copied().filter(|id| self.text(*id) == Some(text))
    }

    /// The number of references.
    pub fn references(&self, id: u16) -> u32 {
        self.get(id).map_or(0, |entry| entry.references)
    }

    /// The string of a number; `None` for the two numbers that stand for none.
    pub fn text(&self, id: u16) -> Option<&str> {
        self.get(id).map(|entry| &*entry.text)
    }

    /// Whether the string is only the beginning of a value.
    pub fn is_cut(&self, id: u16) -> bool {
        self.get(id).is_some_and(|entry| entry.cut)
    }

    /// Whether strings that samples refer to take up so much room that some should be given up.
    pub fn is_crowded(&self) -> bool {
        self.used > STRINGS / 4 * 3 || self.used_bytes > BYTES / 4 * 3
    }

    /// Lets unused strings keep their numbers, or not.
    pub fn hold(&mut self, held: bool) {
        self.is_held = held;
    }

    /// The memory of the strings, in bytes.
    pub fn memory(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.by_hash.capacity() * 16 + self.bytes
    }

    fn get(&self, id: u16) -> Option<&Entry> {
        self.entries.get(usize::from(id.checked_sub(FIRST)?))
    }

    /// An entry that exists, which every number given out does.
    fn entry(&mut self, id: u16) -> &mut Entry {
        &mut self.entries[usize::from(id - FIRST)]
    }

    /// A free number, with room for a string of this length.
    fn room(&mut self, length: usize) -> Option<u16> {
        while self.bytes + length > BYTES {
            let id = self.evict()?;
            self.free.push(id);
        }
        if let Some(id) = self.free.pop() {
            return Some(id);
        }
        if self.entries.len() < STRINGS {
            self.entries.push(Entry::default());
            return Some((self.entries.len() - 1) as u16 + FIRST);
        }
        self.evict()
    }

    /// Forgets the unused string that was used least recently.
    fn evict(&mut self) -> Option<u16> {
        if self.is_held || self.oldest == NONE {
            return None;
        }
        let id = self.oldest;
        self.unlink(id);
        let entry = std::mem::take(self.entry(id));
        self.bytes -= entry.text.len();
        self.by_hash.remove(&entry.hash);
        Some(id)
    }

    fn append(&mut self, id: u16) {
        let newest = self.newest;
        let entry = self.entry(id);
        (entry.older, entry.newer) = (newest, NONE);
        match newest {
            NONE => self.oldest = id,
            newest => self.entry(newest).newer = id,
        }
        self.newest = id;
    }

    fn unlink(&mut self, id: u16) {
        let entry = self.entry(id);
        let (older, newer) = (entry.older, entry.newer);
        match older {
            NONE => self.oldest = newer,
            older => self.entry(older).newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.entry(newer).older = older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dictionary() -> Dictionary {
        Dictionary::new(HashKey([1, 2]))
    }

    #[test]
    fn equal_strings_have_one_number() {
        let mut strings = dictionary();
        let [one, again, cut, other] =
            [("a", false), ("a", false), ("a", true), ("b", false)].map(|(text, cut)| strings.refer(text, cut));
        assert!(one == again && one != cut && one != other && one >= FIRST);
        assert_eq!((strings.text(one), strings.is_cut(one), strings.is_cut(cut)), (Some("a"), false, true));
        assert_eq!((strings.references(one), strings.references(cut)), (2, 1));
        assert_eq!((strings.text(NONE), strings.text(OTHER), strings.text(9)), (None, None, None));
    }

    #[test]
    fn the_least_recently_used_of_the_unused_goes_first() {
        let mut strings = dictionary();
        let ids: Vec<_> = (0..STRINGS).map(|n| strings.refer(&n.to_string(), false)).collect();
        assert!(ids.iter().all(|id| *id >= FIRST));
        assert_eq!(strings.refer("one more", false), OTHER);
        assert!(strings.is_crowded());
        for n in [7, 5, 9] {
            strings.release(ids[n]);
        }
        assert_eq!(strings.refer("7", false), ids[7], "an unused string comes back into use");
        assert_eq!(strings.refer("new", false), ids[5]);
        assert_eq!((strings.text(ids[5]), strings.text(ids[9])), (Some("new"), Some("9")));
        strings.hold(true);
        assert_eq!(strings.refer("newer", false), OTHER, "a search still refers to what is unused");
        strings.hold(false);
        assert_eq!(strings.refer("newer", false), ids[9]);
        assert_eq!(strings.refer("newest", false), OTHER);
    }

    #[test]
    fn size_is_bounded_whatever_the_strings() {
        let mut strings = dictionary();
        let long = "x".repeat(1000);
        let ids: Vec<_> = (0..STRINGS).map(|n| strings.refer(&format!("{n}{long}"), false)).collect();
        let kept = ids.iter().filter(|id| **id != OTHER).count();
        assert!((4000..4200).contains(&kept) && strings.memory() < 8 << 20, "{kept}");
        ids.iter().for_each(|id| strings.release(*id));
        assert!(!strings.is_crowded() && strings.bytes > BYTES / 4 * 3, "what is unused can be replaced");
        assert!(strings.refer(&format!("{long}{long}"), false) >= FIRST);
    }
}
