//! The locks that survive `fork`, and tables that are read without any, with every order of steps that [loom] finds.
//!
//! A fork leaves the child with one thread and everything else unchanged. To threads of the child it looks as if the
//! threads of the parent never ran again, so a model of a child begins with locks made in another process that nobody
//! will release.

#![cfg(test)]

#[allow(dead_code)] // models use some of it
mod live;
#[path = "../../src/support/fork/renewable.rs"]
mod renewable;
mod sync;
#[allow(dead_code)] // models use some of it
#[path = "../../src/support/fork/versioned.rs"]
mod versioned;

use loom::thread;
use renewable::Renewable;
use std::mem::forget;
use sync::{Arc, CHILD, PARENT};
use versioned::Versioned;

/// A lock of the parent, as the child finds it.
fn inherited<T: Default>(content: T, in_use: bool) -> Renewable<T> {
    let lock = Renewable::made_in(PARENT, content);
    if in_use {
        forget(lock.lock());
    }
    lock
}

/// Runs the same function in two threads.
fn twice<T: Send + Sync + 'static>(shared: T, run: fn(&T)) -> Arc<T> {
    let shared = Arc::new(shared);
    let other = shared.clone();
    let thread = thread::spawn(move || run(&other));
    run(&shared);
    thread.join().unwrap();
    shared
}

fn counts(versions: Versioned<usize>) {
    let versions = twice(versions, |versions| versions.change(|n| *n += 1));
    assert_eq!(**versions.load(), 2);
}

#[test]
fn threads_of_one_process_take_turns() {
    loom::model(|| {
        let lock = twice(Renewable::made_in(CHILD, 0), |lock| *lock.lock() += 1);
        assert_eq!(*lock.lock(), 2);
        assert!(lock.heir.get().is_none());
    });
}

#[test]
fn threads_of_a_child_agree_on_the_heir() {
    loom::model(|| {
        let lock = twice(inherited(7, true), |lock| *lock.lock() += 1);
        assert_eq!(*lock.lock(), 2);
    });
}

#[test]
fn threads_of_a_child_share_what_was_free() {
    loom::model(|| {
        let lock = twice(inherited(0, false), |lock| *lock.lock() += 1);
        // If both came at the same time there is a replacement, and one of them used it.
        let of_heir = lock.heir.get().map_or(0, |heir| *heir.lock());
        assert_eq!(*lock.lock() + of_heir, 2);
    });
}

#[test]
fn no_change_is_lost() {
    loom::model(|| counts(Versioned::new(0)));
}

#[test]
fn no_change_of_a_child_is_lost() {
    for in_use in [true, false] {
        loom::model(move || {
            let mut versions = Versioned::new(0);
            versions.turn = inherited((), in_use);
            counts(versions);
        });
    }
}

#[test]
fn readers_see_whole_changes() {
    loom::model(|| {
        let versions = Arc::new(Versioned::new((0, 0)));
        let writer = versions.clone();
        let thread = thread::spawn(move || {
            writer.change(|pair| {
                pair.0 += 1;
                pair.1 += 1;
            })
        });
        let seen = **versions.load();
        assert_eq!(seen.0, seen.1);
        thread.join().unwrap();
    });
}
