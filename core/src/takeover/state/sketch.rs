//! A count-min sketch with conservative update, in two generations: how often keys without a slot were seen lately.
//!
//! Each byte holds one cell of both generations: one nibble counts now, the other keeps the count of the previous
//! half window. At the end of a generation they swap, in one pass over the bytes. All cells of a key are in one block
//! of 64 bytes, so an update waits for memory once. The estimate only decides about admission to a slot and is never
//! part of a count, so a collision only means that a key is admitted slightly too early.
//!
//! Row `r` consists of the cells whose index modulo four is `r`. Confining a key to one block loads some blocks more
//! than others, but costs so little accuracy that `cargo bench --bench takeover_state` does not show it (Cormode and
//! Muthukrishnan, "An improved data stream summary: the count-min sketch and its applications", 2005).

/// The largest estimate.
pub const CAP: u8 = 15;
/// The number of rows.
const ROWS: usize = 4;
/// The size of a cache line in bytes.
const LINE: usize = 64;
/// The smallest number of occurrences for which a key may evict another one.
const ADMISSION: u8 = 3;

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Sketch {
    cells: Vec<u8>,
    generation: u32,
    /// The number of keys that were new in this generation, that is, had a cell of zero.
    distinct: usize,
}

impl Sketch {
    /// Creates a sketch of `cells` cells, a power of two.
    pub fn new(cells: usize) -> Self {
        Self { cells: vec![0; cells.max(2 * ROWS)], ..Self::default() }
    }

    /// Advances to a generation, if it is later than the current one.
    pub fn advance(&mut self, generation: u32) {
        if generation <= self.generation {
            return;
        }
        let kept = if generation - self.generation == 1 { 0xF << self.shift() } else { 0 };
        self.cells.iter_mut().for_each(|cell| *cell &= kept);
        self.generation = generation;
        self.distinct = 0;
    }

    /// Counts a key and returns the estimate of how often it was seen in both generations, this time included, up to
    /// [`CAP`].
    pub fn add(&mut self, key: u64) -> u8 {
        let shift = self.shift();
        let cells = self.cells_of(key);
        let counts = cells.map(|cell| self.cells[cell]);
        let now = counts.iter().map(|count| count >> shift & CAP).min().unwrap_or(0);
        let before = counts.iter().map(|count| count >> (4 - shift) & CAP).min().unwrap_or(0);
        if now < CAP {
            for (cell, count) in cells.into_iter().zip(counts) {
                if count >> shift & CAP == now {
                    self.cells[cell] = count + (1 << shift);
                }
            }
        }
        self.distinct += usize::from(now == 0);
        (now + 1).saturating_add(before).min(CAP)
    }

    /// The estimate from which a key may evict another one: three, plus two for each key per cell of a row, because a
    /// fuller sketch overestimates more. It never exceeds seven: once no cell is zero, no key looks new, and a key
    /// must still have been seen more often than the one that it evicts.
    pub fn admission(&self) -> u8 {
        ADMISSION + (2 * ROWS * self.distinct / self.cells.len().max(1)) as u8
    }

    /// The memory allocated, in bytes.
    pub fn memory(&self) -> usize {
        self.cells.len()
    }

    /// The bit offset of the current generation in a byte.
    fn shift(&self) -> u32 {
        self.generation % 2 * 4
    }

    fn cells_of(&self, key: u64) -> [usize; ROWS] {
        // Keys are already hashes; the multiplication makes the choice of cells independent of that of the set.
        let mixed = (key ^ key >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let line = LINE.min(self.cells.len());
        let block = (mixed >> 32) as usize & (self.cells.len() / line - 1);
        let of_row = line / ROWS;
        // The lowest bits of a product are mixed the least.
        std::array::from_fn(|row| block * line + ((mixed >> (8 + 5 * row)) as usize & (of_row - 1)) * ROWS + row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> u64 {
        number.wrapping_mul(0xD6E8_FEB8_6659_FD93).rotate_left(29).wrapping_mul(0xA076_1D64_78BD_642F)
    }

    #[test]
    fn counts_up_to_fifteen() {
        let mut sketch = Sketch::new(1 << 12);
        for count in 1..=20 {
            assert_eq!(sketch.add(key(1)), count.min(CAP));
        }
        assert_eq!(sketch.add(key(2)), 1);
    }

    #[test]
    fn the_generation_before_counts_and_the_one_before_that_does_not() {
        let mut sketch = Sketch::new(1 << 12);
        sketch.advance(7);
        (0..3).for_each(|_| _ = sketch.add(key(1)));
        sketch.advance(8);
        assert_eq!((sketch.add(key(1)), sketch.add(key(1))), (4, 5));
        sketch.advance(9);
        assert_eq!(sketch.add(key(1)), 3);
        sketch.advance(11);
        assert_eq!(sketch.add(key(1)), 1);
        sketch.advance(3);
        assert_eq!(sketch.add(key(1)), 2, "time does not go back");
    }

    #[test]
    fn one_key_per_cell_of_a_row_is_rarely_admitted_at_once() {
        let mut sketch = Sketch::new(1 << 16);
        let keys = 1 << 14;
        let admitted = (0..keys).filter(|number| sketch.add(key(*number)) >= sketch.admission()).count();
        assert!((4..=5).contains(&sketch.admission()), "three at first, five with a key per cell of a row");
        // With a fixed threshold of three, 0.5 % of the keys would be admitted.
        assert!(admitted < keys as usize / 200, "{admitted}");
        (keys..16 * keys).for_each(|number| _ = sketch.add(key(number)));
        assert_eq!(sketch.admission(), 7, "however many come");
        sketch.advance(1);
        assert_eq!(sketch.admission(), ADMISSION);
    }
}
