//! Walking a value: all its scalars, or all its map keys, depth first, in stored order.
//!
//! A flat container needs no stack. Millions of entries may contain nothing of interest, so the walk itself checks the
//! deadline.

use super::exclusions::Excluded;
use crate::config::condition::Source;
use crate::support::{Deadline, Expired};
use crate::value::{Cursor, Object, Step};

/// The result of a step of a walk.
pub(super) enum Advance<'a> {
    /// A scalar, or a key.
    Leaf(&'a Object),
    /// No leaf among [`PASSED`] entries.
    Passed,
    End,
}

/// A walk in progress.
pub(super) struct Walk<'a> {
    source: Source,
    excluded: Excluded<'a>,
    /// A scalar root, until it is returned; or the next container to enter.
    pending: Option<&'a Object>,
    root: Option<Cursor<'a>>,
    below: Vec<Cursor<'a>>,
    top: Top<'a>,
}

/// The source of the outermost map's key.
#[derive(Clone, Copy)]
enum Top<'a> {
    Root,
    /// The walk that this one was split off from.
    Inherited(Option<&'a [u8]>),
}

impl<'a> Walk<'a> {
    /// A walk over `root`. It skips excluded objects and everything below them; the root itself is not checked.
    pub(super) fn new(root: &'a Object, source: Source, excluded: Excluded<'a>) -> Self {
        match Cursor::of(root) {
            Some(container) => {
                Walk { source, excluded, pending: None, root: Some(container), below: vec![], top: Top::Root }
            }
            None => {
                let pending = (source == Source::Values).then_some(root);
                Walk { source, excluded, pending, root: None, below: vec![], top: Top::Root }
            }
        }
    }

    /// The path from the root to the last leaf.
    pub(super) fn path(&self) -> Vec<Step> {
        self.root.iter().chain(&self.below).filter_map(Cursor::step).collect()
    }

    /// Splits the rest of the innermost container off as another walk, unless it is the only one. Neither then knows
    /// its path.
    pub(super) fn split(&mut self) -> Option<Walk<'a>> {
        let root = Some(self.below.pop()?);
        let top = Top::Inherited(self.top_key());
        Some(Walk { pending: self.pending.take(), root, below: vec![], top, ..*self })
    }

    /// The outermost map's key on the path to the last leaf, if the root is a map.
    #[inline]
    pub(super) fn top_key(&self) -> Option<&'a [u8]> {
        match self.top {
            Top::Inherited(key) => key,
            Top::Root => self.root.as_ref()?.key(),
        }
    }

    /// The next leaf.
    #[inline]
    pub(super) fn next(&mut self, deadline: &mut Deadline) -> Result<Option<&'a Object>, Expired> {
        loop {
            match self.advance() {
                Advance::Leaf(leaf) => return Ok(Some(leaf)),
                Advance::End => return Ok(None),
                Advance::Passed if deadline.spend(PASSED_COST) => return Err(Expired),
                Advance::Passed => {}
            }
        }
    }

    /// Advances to the next leaf, or over a bounded number of other entries.
    #[inline]
    pub(super) fn advance(&mut self) -> Advance<'a> {
        let Some(root) = &mut self.root else {
            let Some(object) = self.pending.take() else { return Advance::End };
            return if object.is_scalar() { Advance::Leaf(object) } else { Advance::End };
        };
        if let Some(container) = self.pending.take().and_then(Cursor::of) {
            self.below.push(container);
        }
        for _ in 0..PASSED {
            let root = &mut *root;
            let Some((key, value)) = self.below.last_mut().unwrap_or(root).next() else {
                if self.below.pop().is_none() {
                    return Advance::End;
                }
                continue;
            };
            if self.excluded.contains(value) {
                continue;
            }
            if self.source == Source::Keys {
                if let Some(key) = key {
                    self.pending = Some(value);
                    return Advance::Leaf(key);
                }
            } else if value.is_scalar() {
                return Advance::Leaf(value);
            }
            if let Some(container) = Cursor::of(value) {
                self.below.push(container);
            }
        }
        Advance::Passed
    }
}

/// The number of entries skipped in one step.
const PASSED: u32 = 64;

/// The cost of that, in the units of [`Deadline::spend`].
pub(super) const PASSED_COST: u32 = PASSED / 4;
