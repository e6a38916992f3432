//! A sequence of transformers applied to one text.

use std::mem;

use super::Transformer;
use super::classes::{ByteClasses, Triggers};
use super::step::Effect;
use crate::pattern::Presence;
use crate::support::{Deadline, Expired};

/// The transformers that a condition applies to each string, in order.
///
/// Conditions with equal chains share one transformed copy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Chain {
    transformers: Box<[Transformer]>,
    triggers: Triggers,
}

/// The output of chains, step by step. The buffers are kept from one string to the next, so they soon stop allocating.
///
/// Most chains over one string begin with the same steps, so the results of the last chain are kept, and the next one
/// starts where it differs.
#[derive(Debug, Default)]
pub struct Scratch {
    steps: Vec<Step>,
    /// The number of valid steps, and the text they were applied to.
    done: usize,
    text: Option<Text>,
    /// The number of steps ever done.
    ever: u64,
}

/// The output of a chain.
pub(crate) struct Copy<'s> {
    pub text: &'s [u8],
    /// Identifies the copy: equal for chains with the same result, as long as the scratch is used for one text.
    pub number: u64,
}

/// Identifies a text: its object, and the address and length of its bytes.
type Text = (usize, usize, usize);

/// What a transformer did to the output of the one before it.
#[derive(Debug)]
struct Step {
    transformer: Transformer,
    outcome: Effect,
    output: Vec<u8>,
    number: u64,
}

impl Scratch {
    /// The total capacity of the buffers, in bytes.
    pub(crate) fn capacity(&self) -> usize {
        self.steps.iter().map(|step| step.output.capacity()).sum()
    }

    /// Discards the results, since objects may have changed.
    pub(crate) fn forget(&mut self) {
        (self.done, self.text) = (0, None);
    }

    /// The output of the first steps; `None` if they left the text unchanged.
    fn latest(&self, steps: usize) -> Option<Copy<'_>> {
        let rewritten = self.steps[..steps].iter().rev().find(|step| step.outcome != Effect::Kept);
        rewritten.map(|step| Copy { text: &step.output, number: step.number })
    }

    /// Does a step after `done` others.
    fn step(
        &mut self,
        nth: usize,
        transformer: Transformer,
        input: &[u8],
        deadline: &mut Deadline,
    ) -> Result<(), Expired> {
        self.done = nth;
        if self.steps.len() == nth {
            self.steps.push(Step { transformer, outcome: Effect::Kept, output: vec![], number: 0 });
        }
        let mut output = mem::take(&mut self.steps[nth].output);
        output.clear();
        let outcome = transformer.apply(self.latest(nth).map_or(input, |copy| copy.text), &mut output, deadline);
        self.ever += 1;
        self.steps[nth] = Step { transformer, outcome, output, number: self.ever };
        deadline.in_time()?;
        self.done = nth + 1;
        Ok(())
    }
}

impl Chain {
    /// A chain that applies `transformers` from first to last.
    pub fn new(transformers: impl Into<Box<[Transformer]>>) -> Self {
        let transformers = transformers.into();
        let triggers = transformers.iter().fold(Triggers::default(), |all, &one| all.or(Triggers::of(one)));
        Self { transformers, triggers }
    }

    /// The transformers, from first to last.
    pub(crate) fn transformers(&self) -> &[Transformer] {
        &self.transformers
    }

    /// Whether the chain is empty.
    pub fn is_empty(&self) -> bool {
        self.transformers.is_empty()
    }

    /// When the chain may do more to a text than change the case of ASCII letters.
    pub fn rewrites(&self) -> Triggers {
        let each = self.transformers.iter().map(|&transformer| Triggers::rewrites(transformer));
        each.fold(Triggers::default(), Triggers::or)
    }

    /// The bytes that the chain may introduce into a text, in either case; `None` if it may introduce any.
    pub(crate) fn introduces(&self) -> Option<Presence> {
        use Transformer as T;
        self.transformers.iter().try_fold(Presence::default(), |all, transformer| match transformer {
            T::Lowercase | T::RemoveNulls | T::NormalizePath | T::RemoveComments => Some(all),
            T::UrlBasename | T::UrlPath | T::UrlQuerystring => Some(all),
            T::CompressWhitespace | T::ShellUnescape => Some(all.or(Presence::of(b" "))),
            T::NormalizePathWin => Some(all.or(Presence::of(b"/"))),
            _ => None,
        })
    }

    /// Whether a text of these classes may be changed; if not, it is certain to stay.
    #[inline]
    pub fn may_change(&self, classes: ByteClasses) -> bool {
        self.triggers.met_by(classes)
    }

    /// The transformed text, or `None` if the original is to be used because no transformer reports a change.
    ///
    /// The original is never written to. A reported change is not the same as an actual one: some transformers report a
    /// change whenever they see a certain byte, and one does not report changes that preserve the length, which become
    /// visible only if another transformer reports one. All of this follows the reference.
    pub fn apply<'s>(
        &self,
        input: &[u8],
        scratch: &'s mut Scratch,
        deadline: &mut Deadline,
    ) -> Result<Option<&'s [u8]>, Expired> {
        scratch.forget();
        Ok(self.go_on(input, scratch, deadline)?.map(|copy| copy.text))
    }

    /// The same for the text of an object, which must not change until the scratch is [reset](Scratch::forget): steps
    /// that the previous chain applied to it are not repeated.
    #[inline]
    pub(crate) fn apply_to<'s>(
        &self,
        (identity, input): (usize, &[u8]),
        scratch: &'s mut Scratch,
        deadline: &mut Deadline,
    ) -> Result<Option<Copy<'s>>, Expired> {
        let text = Some((identity, input.as_ptr() as usize, input.len()));
        if scratch.text != text {
            (scratch.done, scratch.text) = (0, text);
        }
        self.go_on(input, scratch, deadline)
    }

    fn go_on<'s>(
        &self,
        input: &[u8],
        scratch: &'s mut Scratch,
        deadline: &mut Deadline,
    ) -> Result<Option<Copy<'s>>, Expired> {
        let done = self.transformers.iter().zip(&scratch.steps[..scratch.done]);
        let mut nth = done.take_while(|(transformer, step)| **transformer == step.transformer).count();
        while let Some(&transformer) = self.transformers.get(nth) {
            if scratch.latest(nth).map_or(input, |copy| copy.text).is_empty() {
                break;
            }
            scratch.step(nth, transformer, input, deadline)?;
            nth += 1;
        }
        let changed = scratch.steps[..nth].iter().any(|step| step.outcome == Effect::Changed);
        Ok(if changed { scratch.latest(nth) } else { None })
    }
}
