//! The pieces of a body, held until it is judged.
//!
//! The application must not see a byte before the verdict, so a body is held up to a limit. All requests of a process
//! share a [`Room`]: many large bodies at once are cut earlier, rather than that memory ends.

use super::body::{self, Kinds};
use super::head::Head;
use crate::support::fork;
use crate::value::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// How much of a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body that are held and judged. 1 MiB by default.
    pub body: usize,
    /// Bytes that a compressed body may have decompressed. 4 MiB by default.
    pub decompressed: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 1 << 20, decompressed: 4 << 20 }
    }
}

/// The memory for the bodies of all requests of a process.
#[derive(Debug)]
pub struct Room {
    most: usize,
    used: AtomicUsize,
    /// The process that counts; what was in use when it forked is not in use in the child.
    process: AtomicU32,
}

impl Room {
    /// Bytes for all bodies together, unless said otherwise.
    pub const DEFAULT: usize = 64 << 20;

    /// Room for this many bytes.
    pub fn new(most: usize) -> Self {
        Self { most, used: AtomicUsize::new(0), process: AtomicU32::new(fork::process()) }
    }

    /// Takes up to `wanted` bytes of room, and returns how many.
    fn take(&self, wanted: usize) -> usize {
        let process = fork::process();
        if self.process.swap(process, Ordering::Relaxed) != process {
            self.used.store(0, Ordering::Relaxed);
        }
        let grant = |used: usize| wanted.min(self.most.saturating_sub(used));
        let before = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| Some(used + grant(used)));
        before.map_or(0, grant)
    }

    fn give_back(&self, taken: usize) {
        let less = |used: usize| Some(used.saturating_sub(taken));
        _ = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

/// A body of which some pieces have come.
///
/// ```
/// use bartizan::http::inbound::{Head, Held, Limits, Room};
/// use bartizan::value::json;
/// let head = Head::new(b"POST", b"/").header(b"content-type", b"application/json");
/// let mut body = Held::new(&head, Limits::default(), Room::default().into());
/// assert!(body.push(b"{\"a\":") && body.push(b" 1}"));
/// let read = body.finish();
/// assert_eq!(json::to_string(&read.addresses), r#"{"server.request.body":{"a":1}}"#);
/// assert_eq!((read.fault, read.cut), (None, false));
/// ```
#[derive(Debug)]
pub struct Held {
    kinds: Kinds,
    limits: Limits,
    room: Arc<Room>,
    bytes: Vec<u8>,
    cut: bool,
}

/// What was read of a body.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReadBody {
    /// A map from addresses to values; empty for an empty body.
    pub addresses: Value,
    /// What was not as its media type, charset and coding promise. Its text is then among what was read.
    pub fault: Option<&'static str>,
    /// Whether more came than was held.
    pub cut: bool,
}

impl Held {
    /// The body that this head announces.
    pub fn new(head: &Head<'_>, limits: Limits, room: Arc<Room>) -> Self {
        Self { kinds: Kinds::of(head), limits, room, bytes: Vec::new(), cut: false }
    }

    /// Takes the next piece; false once the limit is reached and nothing more is read.
    pub fn push(&mut self, piece: &[u8]) -> bool {
        if self.cut {
            return false;
        }
        let wanted = piece.len().min(self.limits.body - self.bytes.len());
        let taken = self.room.take(wanted);
        self.bytes.extend_from_slice(&piece[..taken]);
        self.cut = taken < piece.len();
        !self.cut
    }

    /// Reads what was held.
    pub fn finish(mut self) -> ReadBody {
        let bytes = std::mem::take(&mut self.bytes);
        let (addresses, fault) = body::read(&bytes, &self.kinds, self.limits.decompressed);
        self.room.give_back(bytes.len());
        ReadBody { addresses, fault, cut: self.cut }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.give_back(self.bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn bodies_share_the_room() {
        let room = Arc::new(Room::new(10));
        let head = Head::new(b"POST", b"/").header(b"content-type", b"text/plain");
        let new = || Held::new(&head, Limits { body: 8, ..Limits::default() }, room.clone());
        let (mut first, mut second) = (new(), new());
        assert!(first.push(b"12345") && !first.push(b"67890") && !first.push(b"x"));
        assert!(second.push(b"ab") && !second.push(b"c"));
        let read = second.finish();
        assert_eq!((json::to_string(&read.addresses), read.cut), (r#"{"server.request.body":"ab"}"#.into(), true));
        drop(first);
        assert_eq!(room.used.load(Ordering::Relaxed), 0);
        assert!(new().push(b"12345678"));
    }
}
