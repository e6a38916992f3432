//! How often keys without a slot were seen lately: a count-min sketch with conservative update, in two generations.
//!
//! A byte is one cell of both generations: one nibble counts now, the other keeps what the half window before counted,
//! and at the end of a generation they change places, in one pass over bytes. All cells of a key are in one block of 64
//! bytes, so an update waits for memory once. The estimate only says who may have a slot, it is never part of a count: where keys
//! collide, somebody waits a little less, and nothing else.
//!
//! Row `r` has the cells whose index leaves `r` when divided by four; some blocks have more keys than others, which costs so
//! little of the estimate's quality that `cargo bench --bench takeover_state` does not show it (Cormode and Muthukrishnan, "An improved data stream
//! summary: the count-min sketch and its applications", 2005).

/// The largest estimate.
pub const CAP: u8 = 15;
/// Rows.
const ROWS: usize = 4;
/// Bytes of the processor's unit of memory.
const LINE: usize = 64;
/// What fewer occurrences than this never get: a slot that somebody else has.
const ADMISSION: u8 = 3;

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Sketch {
    cells: Vec<u8>,
    generation: u32,
    /// Keys that were new to this generation: one of their cells was zero.
    distinct: usize,
}

impl Sketch {
    /// A sketch of `cells` cells, a power of two.
    pub fn new(cells: usize) -> Self {
        Self { cells: vec![0; cells.max(2 * ROWS)], ..Self::default() }
    }

    /// Goes on to a generation, if it is later.
    pub fn advance(&mut self, generation: u32) {
        if generation <= self.generation {
            return;
        }
        let kept = if generation - self.generation == 1 { 0xF << self.shift() } else { 0 };
        self.cells.iter_mut().for_each(|cell| *cell &= kept);
        self.generation = generation;
        self.distinct = 0;
    }

    /// Counts a key; how often it was seen in both generations, this time included, up to [`CAP`].
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

    /// The estimate from which a key may take somebody's slot: three, and two more for each key per cell of a row, for
    /// the fuller the sketch is, the more it overestimates. It never rises beyond seven: where no cell is zero any more, no
    /// key looks new, and whoever evicts must still have been seen more often than the one that goes.
    pub fn admission(&self) -> u8 {
        ADMISSION + (2 * ROWS * self.distinct / self.cells.len().max(1)) as u8
    }

    /// Bytes of memory.
    pub fn memory(&self) -> usize {
        self.cells.len()
    }

    /// Where the generation of now is in a byte.
    fn shift(&self) -> u32 {
        self.generation % 2 * 4
    }

    fn cells_of(&self, key: u64) -> [usize; ROWS] {
        // Keys are hashes already; a multiplication makes this choice independent of that of the set.
        let mixed = (key ^ key >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let line = LINE.min(self.cells.len());
        let block = (mixed >> 32) as usize & (self.cells.len() / line - 1);
        let of_row = line / ROWS;
        // The lowest bits of a product are the least mixed.
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
        // 0.5 % of the keys would be, were the threshold still three.
        assert!(admitted < keys as usize / 200, "{admitted}");
        (keys..16 * keys).for_each(|number| _ = sketch.add(key(number)));
        assert_eq!(sketch.admission(), 7, "however many come");
        sketch.advance(1);
        assert_eq!(sketch.admission(), ADMISSION);
    }
}
