//! A second check of a subject that the scan found to be a candidate, before the pattern is run on it.
//!
//! A pattern requires more than the one set of literals that the scan searches for: the words of `union.+select.+from`
//! must all occur, and so must the letters of `m\\W*o\\W*z`. Checking that takes a fraction of a search.

use super::needs::Needs;
use super::rarity::rarity;
use super::strings::Strings;
use crate::pattern::haystack::Haystack;
use crate::support::{Deadline, Expired, Stride};
use memchr::{memchr_iter, memchr2_iter};

/// Longer subjects contain nearly every byte.
const LONGEST_FOR_BYTES: usize = 1024;
/// The cost of searching a kilobyte for a literal, in units of [`Deadline::spend`].
const UNITS: u32 = 32;
/// A larger set of literals is left to a pass that searches for those of all patterns.
const MAX_LITERALS: usize = 4;

/// What every match contains beyond the first requirement.
#[derive(Clone, Debug, Default)]
pub(super) struct SecondLook {
    needs: Needs,
    /// A match contains a literal of each of these sets.
    literals: Box<[LiteralSet]>,
}

/// A few literals, searched for one by one.
#[derive(Clone, Debug)]
pub(super) struct LiteralSet(Box<[Literal]>);

/// A literal in lower case, and the place of its rarest byte.
#[derive(Clone, Debug)]
struct Literal {
    bytes: Box<[u8]>,
    rarest: usize,
}

impl SecondLook {
    pub(super) fn new(needs: Needs, others: &[Strings]) -> Self {
        let literals = others.iter().filter_map(|set| LiteralSet::new(set.iter().map(|text| text.as_bytes())));
        SecondLook { needs, literals: literals.collect() }
    }

    /// The bytes a match needs.
    pub(super) fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Whether the subject may match; if not, it cannot.
    pub(super) fn passes(&self, haystack: &mut Haystack<'_>, deadline: &mut Deadline) -> Result<bool, Expired> {
        let long = haystack.bytes.len() > LONGEST_FOR_BYTES;
        if !self.needs.is_empty() && !long && !self.needs.met_by(haystack.presence()) {
            return Ok(false);
        }
        for set in &self.literals {
            if !set.is_in(haystack.bytes, deadline)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn memory(&self) -> usize {
        self.needs.memory() + self.literals.iter().map(LiteralSet::memory).sum::<usize>()
    }
}

impl LiteralSet {
    /// A set of literals in lower case; `None` if there are too many to search for one by one.
    pub(super) fn new<'a>(literals: impl ExactSizeIterator<Item = &'a [u8]>) -> Option<Self> {
        (1..=MAX_LITERALS).contains(&literals.len()).then(|| LiteralSet(literals.map(Literal::new).collect()))
    }

    /// Whether a subject contains one of the literals in any ASCII case.
    pub(super) fn is_in(&self, subject: &[u8], deadline: &mut Deadline) -> Result<bool, Expired> {
        let is_in = self.0.iter().any(|literal| literal.is_in(subject, &mut Stride::new(deadline, UNITS)));
        deadline.in_time().map(|()| is_in)
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val(self) + self.0.iter().map(|literal| size_of::<Literal>() + literal.bytes.len()).sum::<usize>()
    }
}

impl Literal {
    fn new(bytes: &[u8]) -> Self {
        let rarest = (0..bytes.len()).max_by_key(|&at| rarity(bytes[at])).unwrap_or(0);
        Literal { bytes: bytes.into(), rarest }
    }

    /// Whether a subject contains the literal in any ASCII case. The answer does not matter once the deadline is over.
    fn is_in(&self, subject: &[u8], stride: &mut Stride<'_>) -> bool {
        let Some(&byte) = self.bytes.get(self.rarest) else { return true };
        let stands_around = |at: usize| {
            let start = at.checked_sub(self.rarest)?;
            subject.get(start..start + self.bytes.len())
        };
        let is_there = |at: usize| stands_around(at).is_some_and(|text| text.eq_ignore_ascii_case(&self.bytes));
        let mut is_there = |at: usize| is_there(at) || stride.is_over(at);
        if byte.is_ascii_lowercase() {
            memchr2_iter(byte, byte.to_ascii_uppercase(), subject).any(&mut is_there)
        } else {
            memchr_iter(byte, subject).any(&mut is_there)
        }
    }
}
