//! Required bytes and pairs of bytes for which no bit is left.
//!
//! Sharing bits would be cheaper but useless: with a few hundred pairs, nearly every string would have every bit.
//! Instead, each pair of bytes has an entry in a table, which names the matchers that require it; each list of matchers
//! is offered once per string.

use super::pairs::Slot;
use super::{Owner, OwnerList, Owners};
use std::collections::HashMap;

/// The size, in words, of the set of lists already offered; lists beyond it may be offered repeatedly.
const SEEN: usize = 32;

/// The table stays small, as bytes that are first (or second) in the same pairs share a row (or column).
#[derive(Debug)]
pub(super) struct Overflow {
    /// By byte: the list of matchers that require it; 0 is the empty list.
    bytes: Box<[u32; 256]>,
    /// By byte: the start of its row of pairs.
    rows: Box<[u16; 256]>,
    /// By byte: its column.
    columns: Box<[u16; 256]>,
    /// The list for each pair, including that for its second byte.
    pairs: Box<[u32]>,
    lists: Vec<OwnerList>,
}

impl Overflow {
    pub(super) fn new(slots: Vec<Slot>, owners: &mut Owners) -> Self {
        let (mut of_bytes, mut of_pairs) = (HashMap::new(), HashMap::new());
        for slot in slots {
            for first in slot.first.iter() {
                match &slot.second {
                    None => of_bytes.entry(first).or_insert_with(Vec::new).extend(&slot.owners),
                    Some(second) => second.iter().for_each(|second| {
                        of_pairs.entry(index(first, second)).or_insert_with(Vec::new).extend(&slot.owners);
                    }),
                }
            }
        }
        let mut lists = Lists { numbers: HashMap::new(), lists: vec![OwnerList::default()], owners };
        let mut all = vec![0; 1 << 16];
        for (&second, list) in &of_bytes {
            let number = lists.number(list.clone());
            (0..=u8::MAX).for_each(|first| all[index(first, second)] = number);
        }
        for (pair, mut list) in of_pairs {
            list.extend(of_bytes.get(&(pair as u8)).into_iter().flatten());
            all[pair] = lists.number(list);
        }
        let mut bytes = Box::new([0; 256]);
        of_bytes.into_iter().for_each(|(byte, list)| bytes[usize::from(byte)] = lists.number(list));
        let lists = lists.lists;
        let row = |first: u8| (0..=u8::MAX).map(|second| all[index(first, second)]).collect::<Vec<u32>>();
        let column = |second: u8| (0..=u8::MAX).map(|first| all[index(first, second)]).collect::<Vec<u32>>();
        let (row_of, first_of_row) = distinct(row);
        let (column_of, first_of_column) = distinct(column);
        let width = first_of_column.len() as u16;
        let cells = first_of_row.iter().flat_map(|&first| first_of_column.iter().map(move |&second| (first, second)));
        let pairs = cells.map(|(first, second)| all[index(first, second)]).collect();
        let rows = Box::new(row_of.map(|row| row * width));
        Overflow { bytes, rows, columns: Box::new(column_of), pairs, lists }
    }

    /// Calls `offer` with the lists of all bytes and pairs of the subject.
    pub(super) fn for_each_list(&self, subject: &[u8], mut offer: impl FnMut(OwnerList)) {
        let mut seen = [0u64; SEEN];
        let mut take = |number: u32| {
            let number = number as usize;
            let known = seen.get_mut(number / 64).is_some_and(|word| {
                let bit = 1 << (number % 64);
                let known = *word & bit != 0;
                *word |= bit;
                known
            });
            if !known {
                offer(self.lists[number]);
            }
        };
        let Some((&first, rest)) = subject.split_first() else { return };
        take(self.bytes[usize::from(first)]);
        let mut row = self.rows[usize::from(first)];
        for &byte in rest {
            let number = self.pairs[usize::from(row) + usize::from(self.columns[usize::from(byte)])];
            if number != 0 {
                take(number);
            }
            row = self.rows[usize::from(byte)];
        }
    }

    pub(super) fn memory(&self) -> usize {
        let tables = size_of_val(&*self.bytes) + size_of_val(&*self.rows) + size_of_val(&*self.columns);
        tables + size_of_val(&*self.pairs) + self.lists.capacity() * size_of::<OwnerList>()
    }
}

fn index(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// Numbers bytes so that equal values of `of` give equal numbers; also returns one byte for each number.
fn distinct(of: impl Fn(u8) -> Vec<u32>) -> ([u16; 256], Vec<u8>) {
    let mut known: HashMap<Vec<u32>, u16> = HashMap::new();
    let mut members = vec![];
    let numbers = std::array::from_fn(|byte| {
        *known.entry(of(byte as u8)).or_insert_with(|| {
            members.push(byte as u8);
            members.len() as u16 - 1
        })
    });
    (numbers, members)
}

/// The lists by their content.
struct Lists<'o> {
    numbers: HashMap<Vec<Owner>, u32>,
    lists: Vec<OwnerList>,
    owners: &'o mut Owners,
}

impl Lists<'_> {
    fn number(&mut self, mut list: Vec<Owner>) -> u32 {
        list.sort_unstable();
        list.dedup();
        if let Some(&number) = self.numbers.get(&list) {
            return number;
        }
        let known = self.owners.add(list.clone());
        self.lists.push(known);
        let number = (self.lists.len() - 1) as u32;
        self.numbers.insert(list, number);
        number
    }
}
