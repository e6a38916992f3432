//! Profiles: how much the state remembers, and how much memory it takes.

use super::accounts;
use super::table::TableSize;

/// The sizes of all parts of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The size of the tables by address and by login.
    pub wide: TableSize,
    /// The size of each other table: by network, by network and user agent, by address and event, and those of
    /// configured rules.
    pub narrow: TableSize,
    /// The number of accounts whose origins are remembered; a power of two.
    pub accounts: usize,
    /// The memory for the texts behind keys, in bytes.
    pub spellings: usize,
}

impl Profile {
    /// For services with up to about ten thousand distinct addresses and logins in a quarter of an hour.
    pub const SMALL: Self = Self::of(1 << 12, 1 << 17, 1 << 17, 384 << 10);
    /// For up to about a hundred thousand distinct addresses and logins, and for floods of ten million single-use
    /// keys.
    pub const STANDARD: Self = Self::of(1 << 16, 1 << 20, 1 << 20, 6 << 20);
    /// For up to about a million distinct addresses and logins, and for floods of any size.
    pub const LARGE: Self = Self::of(1 << 20, 1 << 24, 1 << 22, 32 << 20);

    /// Returns the sizes for this many distinct keys in a window, none of which then waits for admission.
    pub fn for_keys(keys: usize) -> Self {
        let slots = (keys / 8).next_power_of_two().clamp(1 << 12, 1 << 20);
        let cells = (2 * keys).next_power_of_two().clamp(1 << 16, 1 << 24);
        let accounts = keys.next_power_of_two().clamp(1 << 14, 1 << 22);
        Self::of(slots, cells, accounts, (slots * 96).min(32 << 20))
    }

    const fn of(slots: usize, cells: usize, accounts: usize, spellings: usize) -> Self {
        let narrow = TableSize { slots: slots / 4, cells: cells / 4 };
        Self { wide: TableSize { slots, cells }, narrow, accounts, spellings }
    }

    /// The memory in bytes when all of it is in use, without the tables for windows that only configured rules have.
    pub fn memory(&self) -> usize {
        let tables = 2 * self.wide.memory() + 3 * self.narrow.memory();
        tables + self.accounts * accounts::RECORD + self.spellings
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::STANDARD
    }
}
