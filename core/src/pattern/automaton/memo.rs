//! A cache of transitions computed before.

/// The number of slots, a power of two; new entries overwrite old ones.
const KEPT: usize = 2048;

/// Maps two numbers and a set of assertions to a third number.
#[derive(Debug)]
pub(super) struct Memo(Box<[u64]>);

impl Memo {
    pub(super) fn new() -> Self {
        Memo(vec![0; KEPT].into())
    }

    #[inline(always)]
    pub(super) fn get(&self, one: u16, other: u16, looks: u8) -> Option<u16> {
        let key = key(one, other, looks);
        let entry = self.0[place(key)];
        (entry >> 16 == key).then_some(entry as u16)
    }

    #[inline]
    pub(super) fn set(&mut self, one: u16, other: u16, looks: u8, answer: u16) {
        let key = key(one, other, looks);
        self.0[place(key)] = key << 16 | u64::from(answer);
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.0)
    }
}

/// Never 0, which marks an empty slot.
#[inline(always)]
fn key(one: u16, other: u16, looks: u8) -> u64 {
    1 << 40 | u64::from(one) << 24 | u64::from(other) << 8 | u64::from(looks)
}

#[inline(always)]
fn place(key: u64) -> usize {
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize % KEPT
}
