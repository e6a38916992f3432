//! Computing what a pattern requires, bottom-up.
//!
//! For each node the analysis keeps all strings that it matches, if these are few and short; otherwise the prefixes and
//! suffixes of its matches, and the best set found so far of which each match *contains* an element. In a
//! concatenation, the suffixes of one part are joined to the prefixes of the next, which yields literals that no part
//! has alone. Letters are in lower case throughout, and assertions count as empty: both only accept more.

use super::byte_set::ByteSet;
use super::choice::{share_of_bytes, share_of_strings};
use super::rarity::rarity;
use super::strings::{Strings, Text};
use crate::pattern::ast::{Ast, Node, NodeId};
use crate::pattern::set::CodeSet;

/// A set of all matches is kept up to this many strings.
const EXACT_STRINGS: usize = 128;
/// Where two sets meet, their products are cut to this many strings.
const SEAM_STRINGS: usize = 256;
/// Larger classes are not enumerated.
const CLASS_MEMBERS: usize = 16;
/// Larger sets of strings are useless.
const MAX_STRINGS: usize = 2048;
/// A set below this share is rare enough, and the search for a rarer one stops.
const RARE: f32 = 1.0 / (1u32 << 18) as f32;
/// How many sets are kept beside the best.
const OTHERS: usize = 3;
/// The most strings of such a set.
const OTHER_STRINGS: usize = 4;
/// The shortest string of such a set.
const OTHER_LENGTH: usize = 3;

/// What is known of the matches of a node.
pub(super) struct Facts {
    pub(super) min_length: usize,
    matches: Matches,
}

enum Matches {
    /// One byte, for plain characters, which are by far the most frequent.
    Byte(u8),
    /// All matches.
    Exact(Strings),
    Partial(Box<Partial>),
}

struct Partial {
    /// Each match begins with one of these.
    prefixes: Strings,
    /// Each match ends with one of these.
    suffixes: Strings,
    /// What each match contains.
    best: Best,
}

/// The best requirements found so far.
#[derive(Default)]
struct Best {
    strings: Option<(f32, Strings)>,
    bytes: Option<(f32, ByteSet)>,
    /// Small sets that were not the best; each match contains one of each of these, too.
    others: Vec<(f32, Strings)>,
}

/// A set of which each match contains an element.
pub(super) enum Requirement {
    Strings(Strings),
    Bytes(ByteSet),
}

/// The facts of a whole pattern, and whether U+017F and U+212A were ignored.
pub(super) fn analyse(ast: &Ast) -> (Facts, bool) {
    let mut look_alikes = false;
    let mut known: Vec<Facts> = Vec::with_capacity(ast.nodes.len());
    for node in &ast.nodes {
        let facts = match *node {
            Node::Char(c @ 0..=0x7F) => Facts::of_byte(c as u8),
            Node::Folded(c @ 0..=0x7F) => {
                look_alikes |= matches!((c as u8).to_ascii_lowercase(), b's' | b'k');
                Facts::of_byte(c as u8)
            }
            Node::Char(c) => of_set(&CodeSet::new(vec![(c, c)]), &mut look_alikes),
            Node::Folded(c) => of_set(&CodeSet::new(vec![(c, c)]).folded(), &mut look_alikes),
            Node::Set(index) => of_set(ast.set(index), &mut look_alikes),
            Node::Empty | Node::Look(_) => Facts::of_strings(Strings::empty()),
            Node::AnyByte => Facts::of_partial(1, Partial::unknown()),
            Node::Group { node, .. } => take(&mut known, node),
            Node::Repeat { node, min, max, .. } => of_repeat(take(&mut known, node), min, max),
            Node::Concat(parts) => {
                let mut concat = Concat::default();
                ast.parts(parts).iter().for_each(|&part| concat.push(take(&mut known, part)));
                concat.finish()
            }
            Node::Alternate(parts) => of_alternation(ast.parts(parts).iter().map(|&part| take(&mut known, part))),
        };
        known.push(facts);
    }
    (known.pop().unwrap_or_else(|| Facts::of_partial(0, Partial::unknown())), look_alikes)
}

/// Moves the facts of a child out, as each has one parent.
fn take(known: &mut [Facts], node: NodeId) -> Facts {
    std::mem::replace(&mut known[node as usize], Facts::of_byte(0))
}

impl Facts {
    fn of_byte(byte: u8) -> Self {
        Facts { min_length: 1, matches: Matches::Byte(byte.to_ascii_lowercase()) }
    }

    fn of_partial(min_length: usize, partial: Partial) -> Self {
        Facts { min_length, matches: Matches::Partial(Box::new(partial)) }
    }

    /// The facts of a set of all matches, reduced if they are too many.
    fn of_strings(mut strings: Strings) -> Self {
        strings.dedup();
        let min_length = strings.iter().map(Text::len).min().unwrap_or(0);
        let matches = match strings.len() {
            0..=EXACT_STRINGS => Matches::Exact(strings),
            _ => Matches::Partial(Box::new(Partial::of(&strings))),
        };
        Facts { min_length, matches }
    }

    fn exact(&self) -> Option<Strings> {
        match &self.matches {
            Matches::Byte(byte) => Some(Strings::new(vec![Text::new(&[*byte])])),
            Matches::Exact(strings) => Some(strings.clone()),
            Matches::Partial(_) => None,
        }
    }

    fn into_partial(self) -> Partial {
        match self.matches {
            Matches::Byte(byte) => Partial::of(&Strings::new(vec![Text::new(&[byte])])),
            Matches::Exact(strings) => Partial::of(&strings),
            Matches::Partial(partial) => *partial,
        }
    }

    /// The better of the strings and the bytes, and the small sets of which each match contains an element, too.
    pub(super) fn requirement(self) -> (Option<Requirement>, Vec<Strings>) {
        let mut best = self.into_partial().best;
        let second = match (best.strings.take(), best.bytes) {
            (Some((share, strings)), bytes) if bytes.is_none_or(|bytes| share <= bytes.0) => {
                best.others.retain(|(_, other)| !other.overlaps(&strings));
                return (Some(Requirement::Strings(strings)), best.finish());
            }
            (strings, _) => strings,
        };
        if let Some(strings) = second {
            best.keep_other(strings);
        }
        (best.bytes.map(|(_, bytes)| Requirement::Bytes(bytes)), best.finish())
    }
}

impl Partial {
    fn unknown() -> Self {
        Partial { prefixes: Strings::empty(), suffixes: Strings::empty(), best: Best::default() }
    }

    /// The facts that follow from a set of all matches.
    fn of(strings: &Strings) -> Self {
        let mut best = Best::default();
        best.offer(strings);
        Partial { prefixes: strings.map(Text::head), suffixes: strings.map(Text::tail), best }
    }
}

impl Best {
    /// Offers a set of strings of which each match contains one, kept if it is better than the current one.
    fn offer(&mut self, strings: &Strings) {
        if strings.is_vague() || strings.len() > MAX_STRINGS {
            return;
        }
        let mut literals = strings.map(Text::literal);
        literals.dedup();
        self.take(literals);
    }

    /// Offers the strings that occur where one set is followed by another, unless the current set is rare enough.
    fn offer_seam(&mut self, before: &Strings, after: &Strings) {
        if self.strings.as_ref().is_some_and(|best| best.0 < RARE) {
            return;
        }
        if let Some(seam) = before.seam(after, SEAM_STRINGS) {
            self.offer(&seam);
        }
    }

    fn take(&mut self, strings: Strings) {
        let offered = (share_of_strings(&strings), strings);
        let second = match &mut self.strings {
            Some(best) if offered.0 < best.0 => std::mem::replace(best, offered),
            Some(_) => offered,
            none => return *none = Some(offered),
        };
        self.keep_other(second);
    }

    /// Keeps the rarest of the small sets.
    fn keep_other(&mut self, other: (f32, Strings)) {
        if other.1.len() > OTHER_STRINGS || other.1.shortest() < OTHER_LENGTH {
            return;
        }
        if let Some(known) = self.others.iter_mut().find(|known| known.1.overlaps(&other.1)) {
            if other.0 < known.0 {
                *known = other;
            }
        } else if self.others.len() < OTHERS {
            self.others.push(other);
        } else if let Some(most) =
            self.others.iter_mut().max_by(|a, b| a.0.total_cmp(&b.0)).filter(|most| other.0 < most.0)
        {
            *most = other;
        }
    }

    fn offer_bytes(&mut self, bytes: ByteSet) {
        let share = share_of_bytes(&bytes);
        if self.bytes.is_none_or(|best| share < best.0) {
            self.bytes = Some((share, bytes));
        }
    }

    /// Adopts whatever is better in another set of requirements.
    fn merge(&mut self, other: Best) {
        if let Some((_, strings)) = other.strings {
            self.take(strings);
        }
        if let Some((_, bytes)) = other.bytes {
            self.offer_bytes(bytes);
        }
        other.others.into_iter().for_each(|other| self.keep_other(other));
    }

    /// The requirements of an alternation.
    fn either(self, other: Best) -> Best {
        let bytes = self.bytes().zip(other.bytes()).map(|(bytes, others)| (0.0, bytes.union(&others)));
        let strings = self.into_strings().zip(other.into_strings()).and_then(|(mut strings, others)| {
            strings.extend(&others);
            (strings.len() <= 2 * MAX_STRINGS).then_some((0.0, strings))
        });
        Best { strings, bytes, others: vec![] }
    }

    /// The strings, or else the bytes as strings, if there are few.
    fn into_strings(self) -> Option<Strings> {
        if let Some((_, strings)) = self.strings {
            return Some(strings);
        }
        let bytes = self.bytes.filter(|(_, bytes)| bytes.len() <= 2 * CLASS_MEMBERS)?.1;
        let mut strings = Strings::new(bytes.iter().map(|byte| Text::new(&[byte.to_ascii_lowercase()])).collect());
        strings.dedup();
        Some(strings)
    }

    /// The bytes, or else the rarest byte of each string.
    fn bytes(&self) -> Option<ByteSet> {
        if let Some((_, bytes)) = self.bytes {
            return Some(bytes);
        }
        let mut bytes = ByteSet::default();
        for text in self.strings.as_ref()?.1.iter() {
            let rarest = text.as_bytes().iter().copied().max_by_key(|&byte| rarity(byte))?;
            bytes.insert(rarest);
            bytes.insert(rarest.to_ascii_uppercase());
        }
        Some(bytes)
    }

    fn finish(self) -> Vec<Strings> {
        self.others.into_iter().map(|(_, strings)| strings).collect()
    }

    /// Recomputes the shares after unions.
    fn settle(&mut self) {
        if let Some((_, mut strings)) = self.strings.take() {
            strings.dedup();
            if strings.len() <= MAX_STRINGS {
                self.take(strings);
            }
        }
        if let Some((_, bytes)) = self.bytes.take() {
            self.offer_bytes(bytes);
        }
    }
}

fn of_set(set: &CodeSet, look_alikes: &mut bool) -> Facts {
    let (ascii, others) = set.split_ascii();
    let ascii = ByteSet::from_ranges(&ascii);
    // If the ASCII letters are members, the scan deals with their look-alikes.
    let is_look_alike = |range: &(u32, u32)| match range {
        (0x17F, 0x17F) => ascii.contains(b's'),
        (0x212A, 0x212A) => ascii.contains(b'k'),
        _ => false,
    };
    *look_alikes |= others.iter().any(is_look_alike);
    let others: Vec<_> = others.into_iter().filter(|range| !is_look_alike(range)).collect();

    let code_points = others.iter().map(|&(first, last)| u64::from(last - first) + 1).sum::<u64>();
    if code_points <= CLASS_MEMBERS as u64 && ascii.len() <= 2 * CLASS_MEMBERS {
        let ascii = ascii.iter().map(|byte| Text::new(&[byte.to_ascii_lowercase()]));
        let others = others.iter().flat_map(|&(first, last)| first..=last);
        let others = others.map(|c| char::from_u32(c).map(|c| Text::new(c.encode_utf8(&mut [0; 4]).as_bytes())));
        // Surrogates cannot be encoded here.
        if let Some(members) = ascii.map(Some).chain(others).collect::<Option<Vec<Text>>>() {
            let mut strings = Strings::new(members);
            strings.dedup();
            if strings.len() <= CLASS_MEMBERS {
                return Facts::of_strings(strings);
            }
        }
    }
    let mut partial = Partial::unknown();
    let others = if others.is_empty() { ByteSet::default() } else { ByteSet::from_ranges(&[(0xC2, 0xF4)]) };
    partial.best.offer_bytes(ascii.union(&others));
    Facts::of_partial(1, partial)
}

fn of_repeat(body: Facts, min: u32, max: Option<u32>) -> Facts {
    let exact = body.exact();
    if max == Some(0) {
        return Facts::of_strings(Strings::empty());
    }
    if min == 0 {
        return match exact {
            Some(mut strings) if max == Some(1) => {
                strings.extend(&Strings::empty());
                Facts::of_strings(strings)
            }
            _ => Facts::of_partial(0, Partial::unknown()),
        };
    }
    let min_length = body.min_length.saturating_mul(min as usize);
    let Some(strings) = exact else {
        let mut partial = body.into_partial();
        if min > 1 {
            let Partial { prefixes, suffixes, best } = &mut partial;
            best.offer_seam(suffixes, prefixes);
        }
        return Facts::of_partial(min_length, partial);
    };
    // Some copies are expanded: all of them, if their matches stay few and short.
    let mut copies = 1;
    let mut power = strings.clone();
    while copies < min
        && power.len() * strings.len() <= EXACT_STRINGS
        && power.longest() + strings.longest() <= Text::CAPACITY
    {
        power = power.cross(&strings);
        power.dedup();
        copies += 1;
    }
    if copies == min && max == Some(min) {
        return Facts::of_strings(power);
    }
    let mut partial = Partial::of(&power);
    if copies < min {
        partial.best.offer_seam(&power, &strings);
    }
    Facts::of_partial(min_length, partial)
}

/// A concatenation under construction.
struct Concat {
    min_length: usize,
    /// The prefixes of the first parts, once the run no longer covers them all.
    prefixes: Option<Strings>,
    best: Best,
    /// The suffixes of the parts so far.
    run: Strings,
}

impl Default for Concat {
    fn default() -> Self {
        Concat { min_length: 0, prefixes: None, best: Best::default(), run: Strings::empty() }
    }
}

impl Concat {
    fn push(&mut self, part: Facts) {
        self.min_length = self.min_length.saturating_add(part.min_length);
        match part.matches {
            Matches::Byte(byte) => {
                self.make_room(1);
                self.run.push_byte(byte);
            }
            Matches::Exact(strings) if self.run.len() * strings.len() <= EXACT_STRINGS => {
                self.make_room(strings.longest());
                self.run = self.run.cross(&strings);
            }
            // The run is complete before this part, which begins the next one.
            Matches::Exact(strings) => {
                self.close(&strings.map(Text::head));
                self.run = strings;
            }
            Matches::Partial(part) => {
                self.close(&part.prefixes);
                self.best.merge(part.best);
                self.run = part.suffixes;
            }
        }
    }

    /// Cuts the run if it would grow too long. Its tails and a part of a class or a literal always fit.
    fn make_room(&mut self, length: usize) {
        if self.run.longest() + length <= Text::CAPACITY {
            return;
        }
        self.close(&Strings::empty());
        self.run = self.run.map(Text::tail);
        self.run.dedup();
        if self.run.longest() + length > Text::CAPACITY {
            self.run = Strings::empty();
        }
    }

    /// Offers the run, alone and followed by the prefixes of the next part.
    fn close(&mut self, next: &Strings) {
        let next = next.map(Text::head);
        let joined = if self.run.len() * next.len() <= EXACT_STRINGS {
            // If they do not fit together, the end of the run matters, and its beginning is offered alone.
            let fits = self.run.longest() + next.longest() <= Text::CAPACITY;
            let run = if fits { &self.run } else { &self.run.map(Text::tail) };
            self.best.offer(&run.cross(&next));
            fits.then(|| self.run.cross(&next))
        } else {
            self.best.offer_seam(&self.run, &next);
            None
        };
        self.best.offer(&self.run);
        if self.prefixes.is_none() {
            self.prefixes = Some(joined.as_ref().unwrap_or(&self.run).map(Text::head));
        }
    }

    fn finish(mut self) -> Facts {
        if self.prefixes.is_none() {
            return Facts { min_length: self.min_length, ..Facts::of_strings(self.run) };
        }
        self.best.offer(&self.run);
        let partial = Partial {
            prefixes: self.prefixes.unwrap_or_else(Strings::empty),
            suffixes: self.run.map(Text::tail),
            best: self.best,
        };
        Facts::of_partial(self.min_length, partial)
    }
}

fn of_alternation(branches: impl Iterator<Item = Facts>) -> Facts {
    let branches: Vec<Facts> = branches.collect();
    let min_length = branches.iter().map(|branch| branch.min_length).min().unwrap_or(0);
    let exact = branches.iter().try_fold(Strings::new(Vec::new()), |mut all, branch| {
        all.extend(&branch.exact()?);
        (all.len() <= 2 * EXACT_STRINGS).then_some(all)
    });
    if let Some(strings) = exact {
        return Facts { min_length, ..Facts::of_strings(strings) };
    }
    let all = branches.into_iter().map(Facts::into_partial).reduce(|mut all, branch| {
        for (of_all, of_branch) in [(&mut all.prefixes, branch.prefixes), (&mut all.suffixes, branch.suffixes)] {
            of_all.extend(&of_branch);
            if of_all.len() > EXACT_STRINGS {
                *of_all = Strings::empty();
            }
        }
        all.best = all.best.either(branch.best);
        all
    });
    let mut all = all.unwrap_or_else(Partial::unknown);
    all.prefixes.dedup();
    all.suffixes.dedup();
    all.best.settle();
    Facts::of_partial(min_length, all)
}
