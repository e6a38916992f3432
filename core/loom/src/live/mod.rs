//! Tables that are read without locks while somebody writes to them and they grow.

#[path = "../../../src/live/cells.rs"]
mod cells;
#[path = "../../../src/live/end.rs"]
mod end;
mod sync;
#[path = "../../../src/live/table.rs"]
mod table;
#[path = "../../../src/live/terms.rs"]
mod terms;

use cells::{Cells, Found, Key};
use loom::thread;
use std::sync::Arc;
use table::Table;
use terms::Terms;

/// All orders with up to three changes of threads where none of them had to wait.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.max_branches = 100_000;
    builder.check(run);
}

/// Two words that belong together.
fn extra(nth: u64) -> [u64; 2] {
    [nth, nth + 100]
}

fn insert(table: &Table<2>, nth: u64) {
    table.change(extra(nth), nth as u32, |_| Some(Terms(nth as u32)));
}

fn find(table: &Table<2>, nth: u64) -> Option<u32> {
    table.find(extra(nth), nth as u32).map(|terms| terms.0)
}

/// A table with these entries, one thread that writes and one that reads.
fn meet(entries: &'static [u64], write: fn(&Table<2>), read: fn(&Table<2>)) {
    model(move || {
        let table = Arc::new(Table::default());
        entries.iter().for_each(|nth| insert(&table, *nth));
        let writer = thread::spawn({
            let table = table.clone();
            move || write(&table)
        });
        read(&table);
        writer.join().unwrap();
    });
}

#[test]
fn an_entry_is_seen_whole_or_not_at_all() {
    meet(&[], |table| insert(table, 1), |table| assert!(matches!(find(table, 1), None | Some(1))));
    // A key that is not written yet would read as zeros.
    meet(&[2], |table| insert(table, 1), |table| assert_eq!(table.find([0, 0], 1), None));
}

#[test]
fn an_entry_is_found_wherever_growth_moves_it() {
    meet(&[1, 2], |table| (3..6).for_each(|nth| insert(table, nth)), |table| assert_eq!(find(table, 1), Some(1)));
}

#[test]
fn an_entry_is_found_while_blocks_come_and_go() {
    meet(&[1], |table| (2..12).for_each(|nth| insert(table, nth)), |table| assert_eq!(find(table, 1), Some(1)));
}

#[test]
fn what_was_inserted_before_is_found_after() {
    meet(
        &[1, 2],
        |table| {
            insert(table, 3);
            assert_eq!(find(table, 3), Some(3));
            assert_eq!(find(table, 1), Some(1));
        },
        |table| {
            let third = find(table, 3);
            assert!(third.is_none() || find(table, 3).is_some(), "an entry does not come and go");
        },
    );
}

#[test]
fn changes_and_removals_are_seen_once() {
    meet(
        &[1, 2],
        |table| {
            table.change(extra(1), 1, |_| Some(Terms(7)));
            insert(table, 3);
            table.change(extra(1), 1, |_| None);
            assert_eq!(find(table, 1), None);
        },
        |table| match (find(table, 1), find(table, 1)) {
            (Some(1), _) | (Some(7), Some(7) | None) | (None, None) => {}
            other => panic!("{other:?}"),
        },
    );
}

#[test]
fn nobody_finds_what_was_never_there() {
    meet(&[1, 2], |table| (3..6).for_each(|nth| insert(table, nth)), |table| assert_eq!(find(table, 9), None));
}

/// In a forked child there may be two writers for a moment.
#[test]
fn two_writers_take_different_cells() {
    model(|| {
        let cells = Arc::new(Cells::<2>::new(4));
        let key = |nth: u64| Key { hash: 0, extra: extra(nth), high: nth as u32 };
        let other = thread::spawn({
            let cells = cells.clone();
            move || assert!(cells.insert(&key(1), Terms(1)))
        });
        assert!(cells.insert(&key(2), Terms(2)));
        other.join().unwrap();
        for nth in 1..3 {
            assert!(matches!(cells.find(&key(nth)), Found::Entry(_, Terms(terms)) if u64::from(terms) == nth));
        }
    });
}
