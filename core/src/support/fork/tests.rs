//! What a child finds, tested with locks that claim to be made in another process. `core/loom` checks the
//! interleavings, and `tests/c/fork.c` really forks.

use super::{Renewable, Versioned};
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::thread;

/// A lock as a child inherits it.
fn inherited<T: Default>(content: T) -> Renewable<T> {
    Renewable::made_in(0, content)
}

#[test]
fn a_child_keeps_what_is_not_in_use() {
    let lock = inherited(1);
    *lock.lock() += 1;
    assert_eq!(*lock.lock(), 2);
}

#[test]
fn a_child_does_not_wait_for_those_left_behind() {
    let lock = inherited(vec![1]);
    forget(lock.lock());
    assert!(lock.lock().is_empty());
    lock.lock().push(2);
    assert_eq!(*lock.lock(), [2]);
}

#[test]
fn half_changed_content_is_not_even_dropped() {
    #[derive(Default)]
    struct Torn(bool);
    impl Drop for Torn {
        fn drop(&mut self) {
            assert!(!self.0);
        }
    }
    let lock = inherited(Torn(true));
    forget(lock.lock());
    drop(lock);
}

#[test]
fn a_grandchild_does_not_wait_either() {
    let lock = inherited(vec![1]);
    forget(lock.lock());
    lock.heir.set(Box::new(inherited(vec![2]))).unwrap();
    assert_eq!(*lock.lock(), [2]);
    forget(lock.lock());
    assert!(lock.lock().is_empty());
}

#[test]
fn threads_of_one_process_wait_for_each_other() {
    let lock = Renewable::new(0);
    let (held, waits) = (lock.lock(), channel());
    thread::scope(|scope| {
        scope.spawn(|| {
            waits.0.send(()).unwrap();
            *lock.lock() += 1;
        });
        waits.1.recv().unwrap();
        thread::yield_now();
        assert_eq!(*held, 0);
        drop(held);
    });
    assert_eq!((*lock.lock(), lock.heir.get().is_none()), (1, true));
}

#[test]
fn no_change_is_lost() {
    let number = Versioned::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..1000).for_each(|_| number.change(|n| *n += 1)));
        }
    });
    assert_eq!(**number.load(), 8000);
}

#[test]
fn a_child_continues_from_the_last_finished_change() {
    let mut number = Versioned::new(5);
    number.turn = inherited(());
    forget(number.turn.lock());
    assert_eq!(number.change(|n| std::mem::replace(n, 6)), 5);
    assert_eq!(**number.load(), 6);
}

#[test]
fn a_change_that_panics_changes_nothing() {
    let list = Versioned::new(vec![1]);
    let change = || {
        list.change(|list| {
            list.clear();
            panic!("on purpose")
        })
    };
    assert!(catch_unwind(AssertUnwindSafe(change)).is_err());
    list.change(|list| list.push(2));
    assert_eq!(**list.load(), [1, 2]);
}

#[test]
fn work_that_only_one_thread_does_goes_on_in_a_child() {
    let (own, of_parent) = (Renewable::new(()), inherited(()));
    let _held = own.lock();
    forget(of_parent.lock());
    assert!(own.try_lock().is_none());
    let in_child = of_parent.try_lock();
    assert!(in_child.is_some() && of_parent.try_lock().is_none());
}
