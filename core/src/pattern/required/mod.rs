//! What every match of a pattern must contain.
//!
//! Most patterns cannot match unless the subject contains one of a handful of literals, at the beginning, the end or in
//! the middle. Searching for the literals of all patterns at once is far cheaper than running each pattern, so this set
//! is computed when a pattern is made. Among the possible sets the analysis chooses the one that ordinary traffic is
//! least likely to contain. It may err only by requiring too little.

mod analysis;
mod byte_set;
mod choice;
mod digits;
mod needs;
mod rarity;
mod second_look;
mod strings;

pub use byte_set::ByteSet;

use super::ast::Ast;
use super::haystack::Haystack;
use crate::support::{Deadline, Expired};
use analysis::Requirement;
use second_look::{LiteralSet, SecondLook};
use strings::Text;

pub(crate) use needs::{Needs, Presence};
pub(crate) use rarity::rarity;

/// What a subject needs for a match to be possible: enough bytes, and one of a set of literals or bytes.
#[derive(Clone, Debug, Default)]
pub struct Required {
    min_length: usize,
    min_digits: usize,
    bytes: ByteSet,
    literals: Box<[u8]>,
    literal_ends: Box<[u32]>,
    look_alikes: bool,
    /// The literals, if they are few and no bytes are required.
    few: Option<LiteralSet>,
    second_look: SecondLook,
}

impl Required {
    /// The length of the longest literals.
    pub const MAX_LITERAL: usize = strings::MAX_LENGTH;

    pub(super) fn of(ast: &Ast) -> Self {
        let (facts, look_alikes) = analysis::analyse(ast);
        let mut required = Required {
            min_length: facts.min_length,
            min_digits: digits::least(ast),
            look_alikes,
            ..Required::default()
        };
        let (requirement, others) = facts.requirement();
        required.second_look = SecondLook::new(Needs::of_pattern(ast), &others);
        match requirement {
            Some(Requirement::Strings(strings)) => required.set_strings(strings.iter().map(Text::as_bytes)),
            Some(Requirement::Bytes(bytes)) => required.bytes = bytes,
            None => {}
        }
        required
    }

    /// A requirement given explicitly: at least `min_length` bytes, and one of `literals` in any ASCII case. If one of
    /// these is empty, no literal is required.
    pub fn from_literals<'a>(min_length: usize, literals: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut required = Required { min_length, ..Required::default() };
        let literals: Vec<Vec<u8>> = literals.into_iter().map(<[u8]>::to_ascii_lowercase).collect();
        required.second_look = SecondLook::new(Needs::of_phrases(literals.iter().map(Vec::as_slice)), &[]);
        if !literals.iter().any(Vec::is_empty) {
            required.set_strings(literals.iter().map(|literal| Text::new(literal).literal().as_bytes().to_vec()));
        }
        required
    }

    fn set_strings<S: AsRef<[u8]> + Ord>(&mut self, strings: impl Iterator<Item = S>) {
        let mut strings: Vec<S> = strings.collect();
        for string in &strings {
            if let [byte] = *string.as_ref() {
                self.bytes.insert(byte);
                self.bytes.insert(byte.to_ascii_uppercase());
            }
        }
        // A literal that contains a required byte is redundant; only these are removed.
        strings.retain(|string| !string.as_ref().iter().any(|&byte| self.bytes.contains(byte)));
        strings.sort_unstable();
        strings.dedup_by(|longer, shorter| longer.as_ref().starts_with(shorter.as_ref()));
        self.literals = strings.iter().flat_map(|string| string.as_ref()).copied().collect();
        let mut end = 0;
        let ends = strings.iter().map(|string| {
            end += string.as_ref().len() as u32;
            end
        });
        self.literal_ends = ends.collect();
        let literals: Vec<&[u8]> = strings.iter().map(AsRef::as_ref).collect();
        self.few = if self.bytes.is_empty() { LiteralSet::new(literals.into_iter()) } else { None };
    }

    /// The least number of bytes in a match.
    pub fn min_length(&self) -> usize {
        self.min_length
    }

    /// The least number of ASCII digits in a match.
    pub fn min_digits(&self) -> usize {
        self.min_digits
    }

    /// Whether no literal or byte is required, so that any subject that is long enough may match.
    pub fn is_open(&self) -> bool {
        self.literal_ends.is_empty() && self.bytes.is_empty()
    }

    /// A match contains one of these literals, in any ASCII case, or of the [`bytes`](Self::bytes). They are in lower
    /// case, two to [`MAX_LITERAL`](Self::MAX_LITERAL) bytes long, and none is a prefix of another.
    pub fn literals(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.literal_ends.iter().copied());
        starts.zip(self.literal_ends.iter()).map(|(start, &end)| &self.literals[start as usize..end as usize])
    }

    /// A match contains one of these bytes, or of the [`literals`](Self::literals). Letters are included in both cases.
    pub fn bytes(&self) -> &ByteSet {
        &self.bytes
    }

    /// Whether a subject that has what is required passes the second check; if not, it cannot match.
    pub(super) fn passes_second_look(
        &self,
        haystack: &mut Haystack<'_>,
        deadline: &mut Deadline,
    ) -> Result<bool, Expired> {
        Ok((self.look_alikes && !haystack.bytes.is_ascii()) || self.second_look.passes(haystack, deadline)?)
    }

    /// The bytes a match needs.
    pub(crate) fn needs(&self) -> &Needs {
        self.second_look.needs()
    }

    /// A check whether a subject may match that needs no scan, if there is one.
    pub(crate) fn quick_look(&self) -> Option<impl Fn(&[u8], &mut Deadline) -> Result<bool, Expired>> {
        let few = self.few.as_ref()?;
        Some(|subject: &[u8], deadline: &mut Deadline| {
            Ok((self.look_alikes && !subject.is_ascii()) || few.is_in(subject, deadline)?)
        })
    }

    pub(super) fn memory(&self) -> usize {
        let few = self.few.as_ref().map_or(0, LiteralSet::memory);
        self.literals.len() + size_of_val(&*self.literal_ends) + few + self.second_look.memory()
    }

    /// Whether a match may contain U+017F or U+212A in place of the letters `s` and `k` of a literal, or of the bytes:
    /// a subject with one of these may match without containing what is required.
    pub fn ignores_look_alikes(&self) -> bool {
        self.look_alikes
    }
}
