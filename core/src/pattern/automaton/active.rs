//! A set of positions as a row of bits, and which of its words are in use.

/// The number of words stored without allocation.
const INLINE: usize = 8;

/// Storage for two sets of positions.
pub(super) struct Room {
    inline: [u64; 2 * INLINE],
    heap: Vec<u64>,
}

impl Room {
    #[inline]
    pub(super) fn new(words: usize) -> Self {
        let heap = if words > INLINE { vec![0; 2 * words] } else { vec![] };
        Room { inline: [0; 2 * INLINE], heap }
    }

    /// An empty set.
    #[inline]
    pub(super) fn set(&mut self, words: usize) -> Active<'_> {
        let room = if words > INLINE { &mut self.heap[..] } else { &mut self.inline[..2 * words] };
        let (now, next) = room.split_at_mut(words);
        Active { now, next, busy: Busy(0) }
    }
}

/// The current set of positions, and storage for the next.
pub(super) struct Active<'r> {
    pub(super) now: &'r mut [u64],
    /// All zero between steps.
    pub(super) next: &'r mut [u64],
    pub(super) busy: Busy,
}

/// The words of a row that may be non-zero: bit `n % 64` stands for word `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Busy(pub(super) u64);

impl Busy {
    #[inline(always)]
    pub(super) fn mark(&mut self, word: usize) {
        self.0 |= 1 << (word % 64);
    }

    /// Calls `act` for each word in use of a row of this length.
    #[inline(always)]
    pub(super) fn for_each(self, length: usize, mut act: impl FnMut(usize)) {
        for base in (0..length).step_by(64) {
            let mut left = if length - base < 64 { self.0 & ((1 << (length - base)) - 1) } else { self.0 };
            while left != 0 {
                act(base + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }

    /// The words in use of a row of this length.
    pub(super) fn words(self, length: usize) -> impl Iterator<Item = usize> {
        (0..length).filter(move |word| self.0 >> (word % 64) & 1 == 1)
    }
}

impl Active<'_> {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.busy.0 == 0
    }

    /// Makes the next set the current one; `busy` has the words that may be non-zero. The words of the old set must be
    /// zero.
    #[inline(always)]
    pub(super) fn advance(&mut self, busy: Busy) {
        std::mem::swap(&mut self.now, &mut self.next);
        self.busy = busy;
    }

    /// Makes these positions active; the set must be empty.
    pub(super) fn load(&mut self, set: &[u64]) {
        self.now.copy_from_slice(set);
        self.recount();
    }

    /// Recomputes which words are in use, after bits were removed.
    pub(super) fn recount(&mut self) {
        let mut busy = Busy(0);
        self.now.iter().enumerate().filter(|(_, word)| **word != 0).for_each(|(at, _)| busy.mark(at));
        self.busy = busy;
    }

    /// The words in use.
    pub(super) fn words(&self) -> impl Iterator<Item = u64> {
        self.busy.words(self.now.len()).map(|word| self.now[word])
    }

    pub(super) fn clear(&mut self) {
        self.busy.words(self.now.len()).for_each(|word| self.now[word] = 0);
        self.busy = Busy(0);
    }
}
