//! Several transformers in a row, over one text.

use std::mem;

use super::classes::{ByteClasses, Triggers};
use super::{Outcome, Transformer};
use crate::pattern::Presence;
use crate::support::{Deadline, Expired};

/// The transformers a condition applies to each string, in order.
///
/// Equal chains transform equally, so conditions with the same chain can share one transformed copy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Chain {
    transformers: Box<[Transformer]>,
    triggers: Triggers,
}

/// The two buffers a chain writes to, in turn. Kept from one string to the next, they stop allocating.
#[derive(Debug, Default)]
pub struct Scratch {
    current: Vec<u8>,
    next: Vec<u8>,
}

impl Scratch {
    /// The bytes there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.current.capacity() + self.next.capacity()
    }
}

impl Chain {
    /// A chain that applies `transformers` from first to last.
    pub fn new(transformers: impl Into<Box<[Transformer]>>) -> Self {
        let transformers = transformers.into();
        let triggers = transformers.iter().fold(Triggers::default(), |all, &one| all.or(Triggers::of(one)));
        Self { transformers, triggers }
    }

    /// Whether there is nothing to apply.
    pub fn is_empty(&self) -> bool {
        self.transformers.is_empty()
    }

    /// When the chain might do more to a text than change the case of ASCII letters.
    pub fn beyond_case(&self) -> Triggers {
        let each = self.transformers.iter().map(|&transformer| Triggers::beyond_case(transformer));
        each.fold(Triggers::default(), Triggers::or)
    }

    /// What bytes the chain may bring into a text beyond those there, in any case; nothing if it may bring any.
    pub(crate) fn brings(&self) -> Option<Presence> {
        use Transformer as T;
        self.transformers.iter().try_fold(Presence::default(), |all, transformer| match transformer {
            T::Lowercase | T::RemoveNulls | T::NormalizePath | T::RemoveComments => Some(all),
            T::UrlBasename | T::UrlPath | T::UrlQuerystring => Some(all),
            T::CompressWhitespace | T::ShellUnescape => Some(all.or(Presence::of(b" "))),
            T::NormalizePathWin => Some(all.or(Presence::of(b"/"))),
            _ => None,
        })
    }

    /// Whether a text of these classes might come out changed. "No" is certain; "yes" is a guess.
    #[inline]
    pub fn may_change(&self, classes: ByteClasses) -> bool {
        self.triggers.met_by(classes)
    }

    /// The transformed text, or `None` if the original is to be used because no transformer claims a change.
    ///
    /// The original is never written to. Claiming is not the same as changing: some transformers claim a change
    /// whenever they see a certain byte, and one keeps quiet about changes that leave the length alone, which become
    /// visible only if another claims something. All of this follows the reference.
    pub fn apply<'s>(
        &self,
        input: &[u8],
        scratch: &'s mut Scratch,
        deadline: &mut Deadline,
    ) -> Result<Option<&'s [u8]>, Expired> {
        let Scratch { current, next } = scratch;
        let (mut current, mut next) = (current, next);
        let mut rewritten = false;
        let mut changed = false;
        for transformer in &self.transformers {
            let text = if rewritten { current.as_slice() } else { input };
            if text.is_empty() {
                break;
            }
            next.clear();
            let outcome = transformer.apply(text, next, deadline);
            deadline.in_time()?;
            if outcome != Outcome::Kept {
                mem::swap(&mut current, &mut next);
                rewritten = true;
                changed |= outcome == Outcome::Changed;
            }
        }
        Ok(changed.then_some(current.as_slice()))
    }
}
