//! The panic wall: panics never unwind into a caller's frames.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs an entry point; a panic is logged and results in `neutral`.
pub fn wall<T>(neutral: T, body: impl FnOnce() -> T) -> T {
    // State that a panic may leave half changed is behind a `Fuse`, so it is never used again.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(answer) => answer,
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
            engine::log!(Error, "internal error: {text}");
            // A payload of an unknown type could panic again when dropped.
            std::mem::forget(payload);
            neutral
        }
    }
}

/// Blown by a panic: what it protects is not used again.
#[derive(Default)]
pub struct Fuse(AtomicBool);

impl Fuse {
    /// Runs `body` unless the fuse is blown. A panic in `body` propagates and blows it.
    pub fn run<T>(&self, body: impl FnOnce() -> T) -> Option<T> {
        let guard = self.guard()?;
        let answer = body();
        guard.passed();
        Some(answer)
    }

    /// A guard that blows the fuse unless it is told that nothing failed; `None` if the fuse is blown already. For
    /// large results, which [`Self::run`] would copy.
    pub fn guard(&self) -> Option<BlowOnUnwind<'_>> {
        if self.0.load(Ordering::Acquire) {
            engine::log!(Error, "unusable after an internal error");
            return None;
        }
        Some(BlowOnUnwind(self))
    }
}

/// Blows a fuse when it is dropped.
pub struct BlowOnUnwind<'a>(&'a Fuse);

impl BlowOnUnwind<'_> {
    /// Keeps the fuse intact.
    pub fn passed(self) {
        std::mem::forget(self);
    }
}

impl Drop for BlowOnUnwind<'_> {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_gives_the_neutral_answer_and_blows_the_fuse() {
        let fuse = Fuse::default();
        assert_eq!(wall(-1, || fuse.run(|| 1).unwrap_or(-2)), 1);
        assert_eq!(wall(-1, || fuse.run(|| panic!("on purpose")).unwrap_or(-2)), -1);
        assert_eq!(wall(-1, || fuse.run(|| 1).unwrap_or(-2)), -2);
    }
}
