//! The prefilter: one pass over a string that rules out the matchers that cannot match.
//!
//! A ruleset tests every string against some two hundred patterns, and in ordinary traffic none of them matches. Most
//! patterns [require](crate::pattern::Required) one of a few literals. So one pass searches for the literals of all
//! patterns together, and only the candidates it leaves are run: at most three of a ruleset's two hundred on ordinary
//! strings.
//!
//! # How
//!
//! A full automaton of two thousand literals takes megabytes and misses the caches. This pass uses a few small tables
//! instead, like the literal matchers of intrusion detection systems. For each position of the subject,
//!
//! - the hash of the three bytes there selects the groups of bytes with which a literal (`literals`) can continue, and
//!   the byte after them has its own groups. If both agree, the literals with that hash are compared in full;
//! - required single bytes and pairs of bytes (`pairs`) have a bit each; two tables select them, and one word collects
//!   them.
//!
//! Letters are compared without regard to ASCII case, even for case-sensitive patterns: that costs an additional
//! candidate now and then, and saves a second pass. Case folding beyond ASCII comes down to two code points, U+017F for
//! `s` and U+212A for `k`; a subject with one of them is scanned once more (`look_alikes`) with these letters
//! substituted.
//!
//! Transformed copies are scanned where they differ from the text they were made from (`changes`).
//!
//! The pass may have false positives, but never false negatives. It allocates only if there are look-alikes, and takes
//! time linear in the subject.

mod candidates;
mod changes;
mod literals;
mod look_alikes;
mod overflow;
mod pairs;

pub use candidates::Candidates;
use changes::Changes;

use crate::pattern::Required;
use crate::transform::ByteClasses;
use literals::{Literals, LiteralsBuilder};
use pairs::{Pairs, PairsBuilder};

/// The number of a matcher; small numbers keep [`Candidates`] small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatcherId(pub u32);

/// How much of a subject is scanned between two checks of the deadline: usually two microseconds, some tens if it
/// consists of literals.
pub const STRETCH: usize = 2 * 1024;

/// Shorter copies are scanned completely.
const COMPARED: usize = 64;

/// How many times faster texts are compared than scanned.
const COMPARED_FASTER: usize = 8;

/// The longest encoding of a look-alike.
const LOOK_ALIKE: usize = 3;

/// The prefilter of all matchers.
#[derive(Debug)]
pub struct Prefilter {
    /// One more than the largest matcher number.
    matchers: usize,
    owners: Owners,
    literals: Literals,
    pairs: Pairs,
    /// Matchers that require neither literals nor bytes.
    open: Box<[Owner]>,
    /// Whether there are matchers that may match U+017F or U+212A where they require `s` or `k`.
    look_alikes: bool,
}

/// A matcher, and the shortest subject that it may match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Owner {
    matcher: MatcherId,
    min_length: u32,
}

impl Owner {
    #[inline]
    fn offer(&self, length: usize, candidates: &mut Candidates) {
        if length >= self.min_length as usize {
            candidates.insert(self.matcher);
        }
    }
}

/// Lists of matchers, each a range of one array.
#[derive(Debug, Default)]
struct Owners(Vec<Owner>);

/// One of the [`Owners`]' lists.
#[derive(Clone, Copy, Debug, Default)]
struct OwnerList {
    start: u32,
    end: u32,
}

impl Owners {
    fn add(&mut self, mut owners: Vec<Owner>) -> OwnerList {
        owners.sort_unstable();
        owners.dedup();
        let start = self.0.len() as u32;
        self.0.extend(owners);
        OwnerList { start, end: self.0.len() as u32 }
    }

    fn offer(&self, list: OwnerList, length: usize, candidates: &mut Candidates) {
        for owner in &self.0[list.start as usize..list.end as usize] {
            owner.offer(length, candidates);
        }
    }
}

impl Prefilter {
    /// A prefilter for these matchers and their requirements.
    pub fn new<'a>(matchers: impl IntoIterator<Item = (MatcherId, &'a Required)>) -> Self {
        let mut count = 0;
        let mut literals = LiteralsBuilder::default();
        let mut pairs = PairsBuilder::default();
        let (mut open, mut look_alikes) = (Vec::new(), false);
        for (matcher, required) in matchers {
            count = count.max(matcher.0 as usize + 1);
            let min_length = u32::try_from(required.min_length()).unwrap_or(u32::MAX);
            let owner = Owner { matcher, min_length };
            if required.is_open() {
                open.push(owner);
                continue;
            }
            look_alikes |= required.ignores_look_alikes();
            pairs.add_bytes(required.bytes(), owner);
            pairs.add_literals(required.literals().filter_map(|literal| literal.try_into().ok()), owner);
            required.literals().filter(|literal| literal.len() > 2).for_each(|literal| literals.add(literal, owner));
        }
        let mut owners = Owners::default();
        let (literals, pairs) = (literals.build(&mut owners), pairs.build(&mut owners));
        owners.0.shrink_to_fit();
        Prefilter { matchers: count, owners, literals, pairs, open: open.into(), look_alikes }
    }

    /// One more than the largest matcher number.
    pub fn matchers(&self) -> usize {
        self.matchers
    }

    /// An empty set with room for the prefilter's matchers.
    pub fn candidates(&self) -> Candidates {
        Candidates::new(self.matchers)
    }

    /// Adds every matcher that may match the subject to the candidates, which come from
    /// [`candidates`](Self::candidates) or have as much room. Returns the classes of the subject's bytes.
    pub fn scan(&self, subject: &[u8], candidates: &mut Candidates) -> ByteClasses {
        self.scan_unless(subject, candidates, &mut || false).unwrap_or_default()
    }

    /// The same, but calls `stop` every [`STRETCH`] bytes, and returns `None` if it is true.
    pub fn scan_unless(
        &self,
        subject: &[u8],
        candidates: &mut Candidates,
        stop: &mut dyn FnMut() -> bool,
    ) -> Option<ByteClasses> {
        for owner in &self.open {
            owner.offer(subject.len(), candidates);
        }
        self.scan_part(subject, subject.len(), candidates, stop)
    }

    /// Adds every matcher that may match a transformed copy of a subject to the candidates, given those of the subject.
    /// Only what surrounds the differences is scanned. Calls `stop` like [`scan_unless`](Self::scan_unless); `false`
    /// means that it returned true.
    pub fn scan_copy(
        &self,
        (subject, of_subject, classes): (&[u8], &Candidates, ByteClasses),
        copy: &[u8],
        candidates: &mut Candidates,
        stop: &mut dyn FnMut() -> bool,
    ) -> bool {
        if copy.len() < COMPARED || copy.len() > subject.len() {
            // Matchers that the subject was too short for may match a longer copy.
            return self.scan_unless(copy, candidates, stop).is_some();
        }
        candidates.union(of_subject);
        // A literal, or a literal of look-alikes.
        let margin = if classes.is_ascii() { Required::MAX_LITERAL } else { Required::MAX_LITERAL * LOOK_ALIKE };
        let (mut compared, mut scanned) = (0, 0);
        for range in Changes::new(subject, copy, margin - 1) {
            scanned += range.len() + range.start.saturating_sub(compared) / COMPARED_FASTER;
            compared = range.end;
            if scanned >= STRETCH {
                scanned = 0;
                if stop() {
                    return false;
                }
            }
            if self.scan_part(&copy[range], copy.len(), candidates, stop).is_none() {
                return false;
            }
        }
        true
    }

    /// Scans a part of a text of this length.
    #[inline]
    fn scan_part(
        &self,
        part: &[u8],
        length: usize,
        candidates: &mut Candidates,
        stop: &mut dyn FnMut() -> bool,
    ) -> Option<ByteClasses> {
        let classes = self.scan_as_it_is(part, length, candidates, stop)?;
        if self.look_alikes
            && !classes.is_ascii()
            && let Some(part) = look_alikes::replaced(part, stop)?
        {
            self.scan_as_it_is(&part, length, candidates, stop)?;
        }
        Some(classes)
    }

    fn scan_as_it_is(
        &self,
        subject: &[u8],
        length: usize,
        candidates: &mut Candidates,
        stop: &mut dyn FnMut() -> bool,
    ) -> Option<ByteClasses> {
        let Some((&first, rest)) = subject.split_first() else { return Some(ByteClasses::default()) };
        // Each step handles one byte, with the one before it and the window of four that it ends.
        let mut found = 0;
        let mut before = self.pairs.first(first);
        for &byte in rest.iter().take(2) {
            found |= before & self.pairs.second(byte);
            before = self.pairs.first(byte);
        }
        let mut confirm = |at: usize, bucket: usize| {
            self.literals.confirm(subject, at, bucket, |list| self.owners.offer(list, length, candidates));
        };
        let (mut from, mut end) = (0, subject.len().min(STRETCH));
        loop {
            while let Some((at, bucket)) = self.next_hit(&subject[from..end], &mut found, &mut before) {
                confirm(from + at, bucket);
                from += at + 1;
            }
            if end == subject.len() {
                break;
            }
            if stop() {
                return None;
            }
            // The next window is the first that ends beyond this stretch.
            (from, end) = (end - 3, subject.len().min(end + STRETCH));
        }
        // The last byte has no successor, but may be a required byte, or end a literal of three.
        if let Some(&[a, b, c]) = subject.last_chunk::<3>() {
            let bucket = literals::bucket(u32::from_le_bytes([a, b, c, 0]));
            if self.literals.continuing(bucket) & literals::ANY != 0 {
                confirm(subject.len() - 3, bucket);
            }
        }
        self.pairs.for_each_list(found, before, |list| self.owners.offer(list, length, candidates));
        if let Some(overflow) = self.pairs.overflow() {
            // Each stretch begins with the last byte of the one before.
            for start in (0..subject.len()).step_by(STRETCH) {
                if start > 0 && stop() {
                    return None;
                }
                let stretch = &subject[start..subject.len().min(start + STRETCH + 1)];
                overflow.for_each_list(stretch, |list| self.owners.offer(list, length, candidates));
            }
        }
        Some(ByteClasses::from_bits(found, before))
    }

    /// Advances to the next window that passes the filter, and returns its offset and bucket. A separate function, so
    /// that everything it needs stays in registers.
    #[inline]
    fn next_hit(&self, subject: &[u8], found: &mut u64, before: &mut u64) -> Option<(usize, usize)> {
        let (mut pairs_found, mut previous) = (*found, *before);
        let mut hit = None;
        for (at, window) in subject.windows(4).enumerate() {
            let Ok(window) = window.try_into().map(u32::from_le_bytes) else { break };
            let byte = (window >> 24) as u8;
            pairs_found |= previous & self.pairs.second(byte);
            previous = self.pairs.first(byte);
            let bucket = literals::bucket(window);
            if self.literals.continuing(bucket) & pairs::group_of(previous) != 0 {
                hit = Some((at, bucket));
                break;
            }
        }
        (*found, *before) = (pairs_found, previous);
        hit
    }

    /// The memory that the prefilter takes, in bytes.
    pub fn memory(&self) -> usize {
        let owners = self.owners.0.capacity() + self.open.len();
        size_of::<Self>() + owners * size_of::<Owner>() + self.literals.memory() + self.pairs.memory()
    }
}
