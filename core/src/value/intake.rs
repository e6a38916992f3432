//! Building a tree out of a host's values, within limits.
//!
//! A host language hands its dictionaries and lists over piece by piece; an [`Intake`] puts them together, cuts what is too
//! long, too many or too deep, and says what it cut. Every binding builds through it, so that the same request is cut at the
//! same places in every language.
//!
//! Limits on depth and number of entries alone do not bound the work: a list that contains itself 256 times has 256^20
//! elements at a depth of 20, and a list that holds one long string a million times is short itself. Hence limits on the
//! number of values and on the bytes of text in all. They make a special treatment of cycles needless.
//!
//! The limits bound the work, but not to what a request may cost. So an intake has a deadline too, which counts for what is
//! taken in and for its evaluation together.

use super::{Heap, Value};
use crate::support::Deadline;

/// How much of a host's value is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a string or key; the cut is between characters where the string is UTF-8.
    pub string_bytes: usize,
    /// Entries of a container.
    pub entries: usize,
    /// Containers within each other. What is deeper becomes empty.
    pub depth: usize,
    /// Values in the whole tree.
    pub values: usize,
    /// Bytes of all strings and keys together.
    pub text_bytes: usize,
}

impl Limits {
    /// For the data of requests, as tracers limit them.
    pub const REQUEST: Limits =
        Limits { string_bytes: 4096, entries: 256, depth: 20, values: 100_000, text_bytes: 64 << 20 };
    /// For configurations and arguments, which are taken as they are unless they cannot be meant.
    pub const WHOLE: Limits = Limits {
        string_bytes: u32::MAX as usize,
        entries: 0x0FFF_FFFF,
        depth: 1_000_000,
        values: 20_000_000,
        text_bytes: 256 << 20,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::REQUEST
    }
}

/// The original size of the largest item of each kind that was cut, 0 where none was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truncation {
    /// Bytes of a string or key.
    pub string_length: u64,
    /// Entries of a container, or values of the whole tree where their number was what ended the intake.
    pub container_size: u64,
    /// The depth at which the first container was left out.
    pub container_depth: u64,
    /// The deadline was over before everything was taken in.
    pub unfinished: bool,
}

impl Truncation {
    /// True if anything was cut.
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// What was cut here or there.
    pub fn or(self, other: Self) -> Self {
        Truncation {
            string_length: self.string_length.max(other.string_length),
            container_size: self.container_size.max(other.container_size),
            container_depth: self.container_depth.max(other.container_depth),
            unfinished: self.unfinished || other.unfinished,
        }
    }
}

/// A tree in the making. Containers are opened, filled and closed in depth-first order; in a map, [`Intake::key`] comes
/// before each value.
///
/// ```
/// use bartizan::value::{Intake, Limits, json};
/// let mut intake = Intake::new(Limits { entries: 2, ..Limits::REQUEST });
/// let wanted = intake.open_map(1);
/// assert_eq!(wanted, 1);
/// intake.key(b"q");
/// let wanted = intake.open_array(3);
/// assert_eq!(wanted, 2);
/// intake.string(b"a");
/// intake.string(b"b");
/// intake.close();
/// intake.close();
/// let (value, truncation) = intake.finish();
/// assert_eq!(json::to_string(&value), r#"{"q":["a","b"]}"#);
/// assert_eq!(truncation.container_size, 3);
/// ```
pub struct Intake {
    limits: Limits,
    deadline: Deadline,
    truncation: Truncation,
    /// The containers that are open, each with the key it goes under.
    open: Vec<(Value, Value)>,
    key: Value,
    root: Value,
    /// How many values may still come.
    left: usize,
    text_bytes: usize,
}

/// Hosts may lie about sizes: more room than this comes only with the entries.
const ROOM: usize = 4096;

impl Intake {
    /// An intake within these limits.
    pub fn new(limits: Limits) -> Self {
        Self::until(Deadline::unlimited(), limits)
    }

    /// The same, up to a deadline. What comes after it is left out.
    pub fn until(deadline: Deadline, limits: Limits) -> Self {
        let (key, root) = (Value::null(), Value::null());
        Intake {
            limits,
            deadline,
            truncation: Truncation::default(),
            open: vec![],
            key,
            root,
            left: limits.values,
            text_bytes: 0,
        }
    }

    /// Whether the deadline is over: nothing more is taken in, and nothing more need be handed over.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.truncation.unfinished
    }

    /// The longest string worth handing over; of a longer one, the rest may be left out with [`Intake::cut_string`].
    pub fn string_bytes(&self) -> usize {
        self.limits.string_bytes.min(self.limits.text_bytes.saturating_sub(self.text_bytes))
    }

    /// The most entries of a container that will be wanted.
    pub fn entry_limit(&self) -> usize {
        self.limits.entries.min(self.left)
    }

    /// Bytes of all strings taken in so far, keys included: how much there is to evaluate.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// The key of the next value.
    pub fn key(&mut self, key: &[u8]) {
        self.cut_key(key, key.len());
    }

    /// The key of the next value, of which the host converted only the beginning; `length` is that of the whole.
    pub fn cut_key(&mut self, key: &[u8], length: usize) {
        let kept = self.keep(key, length);
        self.key = Value::from(kept);
    }

    /// A string.
    pub fn string(&mut self, bytes: &[u8]) {
        self.cut_string(bytes, bytes.len());
    }

    /// A string of which the host converted only the beginning; `length` is that of the whole.
    pub fn cut_string(&mut self, bytes: &[u8], length: usize) {
        let kept = self.keep(bytes, length);
        self.scalar(Value::from(kept));
    }

    /// Any other value without parts.
    pub fn scalar(&mut self, value: impl Into<Value>) {
        self.left = self.left.saturating_sub(1);
        self.place(value.into());
    }

    /// Begins a map of `size` entries; says how many of them to hand over.
    pub fn open_map(&mut self, size: usize) -> usize {
        let wanted = self.admit(size);
        self.begin(Value::map_with_capacity(wanted.min(ROOM)));
        wanted
    }

    /// Begins an array of `size` elements; says how many of them to hand over.
    pub fn open_array(&mut self, size: usize) -> usize {
        let wanted = self.admit(size);
        self.begin(Value::array_with_capacity(wanted.min(ROOM)));
        wanted
    }

    /// Ends the container begun last.
    pub fn close(&mut self) {
        if let Some((key, container)) = self.open.pop() {
            self.key = key;
            self.place(container);
        }
    }

    /// The tree, and what is missing from it.
    pub fn finish(self) -> (Value, Truncation) {
        let (root, truncation, _) = self.finish_within();
        (root, truncation)
    }

    /// The same, with what is left of the deadline.
    pub fn finish_within(mut self) -> (Value, Truncation, Deadline) {
        while !self.open.is_empty() {
            self.close();
        }
        (self.root, self.truncation, self.deadline)
    }

    fn begin(&mut self, container: Value) {
        self.left = self.left.saturating_sub(1);
        let key = std::mem::take(&mut self.key);
        self.open.push((key, container));
    }

    /// Entries promised here are taken off what is left only as they come, so a level cannot starve its own children; it
    /// can only be cut where the values really end.
    fn admit(&mut self, size: usize) -> usize {
        if self.open.len() >= self.limits.depth {
            let depth = self.open.len() as u64 + 1;
            self.truncation.container_depth = self.truncation.container_depth.max(depth);
            return 0;
        }
        if self.is_over() {
            return 0;
        }
        let wanted = size.min(self.limits.entries).min(self.left.saturating_sub(1));
        if wanted < size {
            self.truncation.container_size = self.truncation.container_size.max(size as u64);
        }
        wanted
    }

    fn keep<'a>(&mut self, bytes: &'a [u8], length: usize) -> &'a [u8] {
        let kept = cut(bytes, self.string_bytes());
        if length > kept.len() {
            self.truncation.string_length = self.truncation.string_length.max(length as u64);
        }
        self.text_bytes = self.text_bytes.saturating_add(kept.len());
        self.deadline.spend((kept.len() / BYTES_A_UNIT) as u32);
        kept
    }

    fn place(&mut self, value: Value) {
        if self.is_over() && !self.open.is_empty() {
            self.key = Value::null();
            return;
        }
        self.truncation.unfinished = self.deadline.spend(1);
        match self.open.last_mut() {
            None => self.root = value,
            Some((_, container)) if container.is_map() => {
                let key = std::mem::take(&mut self.key);
                container.insert_entry(key, value);
            }
            Some((_, container)) => container.push(value),
        }
    }
}

/// What copying costs, in the units of [`Deadline::spend`].
const BYTES_A_UNIT: usize = 1024;

/// The longest beginning of at most `limit` bytes that does not end within a character.
fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    if bytes.len() <= limit {
        return bytes;
    }
    let continues = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    // A character has at most three continuation bytes; where there are more, the string is no UTF-8 anyway.
    let back = (0..=3.min(limit)).find(|back| !continues(limit - back)).unwrap_or(0);
    &bytes[..limit - back]
}

impl Value<Heap> {
    /// Appends an entry whose key is already a value; a key that is no string counts as empty.
    fn insert_entry(&mut self, key: Value, value: Value) {
        let key = if key.as_bytes().is_some() { key } else { Value::from("") };
        if !self.is_map() {
            return;
        }
        // SAFETY: map, key and value were all built on the process heap, and the map takes key and value over.
        let slot = unsafe { self.object.insert_key(key.into_object(), &Heap) };
        *slot.expect("room in a map") = value.into_object();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn strings_are_cut_between_characters() {
        assert_eq!(cut("aé".as_bytes(), 2), b"a");
        assert_eq!(cut("aé".as_bytes(), 3), "aé".as_bytes());
        assert_eq!(cut("€uro".as_bytes(), 2), b"");
        assert_eq!(cut(&[0x80; 10], 5), &[0x80; 5]);
        assert_eq!(cut(b"abc", 0), b"");
        let mut intake = Intake::new(Limits::REQUEST);
        intake.string("x".repeat(5000).as_bytes());
        let (value, truncation) = intake.finish();
        assert_eq!(value.as_bytes().map(<[u8]>::len), Some(4096));
        assert_eq!(truncation, Truncation { string_length: 5000, ..Truncation::default() });
    }

    #[test]
    fn what_is_too_deep_is_empty() {
        let mut intake = Intake::new(Limits { depth: 2, ..Limits::REQUEST });
        for wanted in [1, 1, 0] {
            assert_eq!(intake.open_map(1), wanted);
            intake.key(b"k");
        }
        let (value, truncation) = intake.finish();
        assert_eq!(json::to_string(&value), r#"{"k":{"k":{}}}"#);
        assert_eq!(truncation.container_depth, 3);
    }

    /// A list of itself, 256 times over: the number of values ends it, not the depth.
    #[test]
    fn the_number_of_values_is_bounded() {
        let mut intake = Intake::new(Limits::REQUEST);
        let mut pending = vec![intake.open_array(256)];
        let mut steps = 0;
        while let Some(left) = pending.last_mut() {
            steps += 1;
            match left.checked_sub(1) {
                Some(rest) => {
                    *left = rest;
                    pending.push(intake.open_array(256));
                }
                None => {
                    pending.pop();
                    intake.close();
                }
            }
        }
        assert!(steps < 250_000, "{steps}");
        let (_, truncation) = intake.finish();
        assert_eq!((truncation.container_size, truncation.container_depth), (256, 21));
    }

    /// The text is bounded, whatever the length of each string.
    #[test]
    fn the_text_is_bounded() {
        let mut intake = Intake::new(Limits { text_bytes: 10, ..Limits::REQUEST });
        intake.open_array(3);
        for text in [b"12345678", b"abcdefgh", b"ABCDEFGH"] {
            intake.string(text);
        }
        assert_eq!((intake.string_bytes(), intake.text_bytes()), (0, 10));
        let (value, truncation) = intake.finish();
        assert_eq!(json::to_string(&value), r#"["12345678","ab",""]"#);
        assert_eq!(truncation.string_length, 8);
    }

    #[test]
    fn what_comes_after_the_deadline_is_left_out() {
        let mut intake = Intake::until(Deadline::after(100), Limits::REQUEST);
        intake.open_array(10_000);
        let taken = (0..10_000).take_while(|_| {
            intake.open_map(1);
            intake.key(b"k");
            intake.string(b"text");
            intake.close();
            !intake.is_over()
        });
        let taken = taken.count();
        let (value, truncation, mut deadline) = intake.finish_within();
        assert!((20..100).contains(&taken) && value.len().abs_diff(taken) < 2, "{taken} {}", value.len());
        assert!(truncation.unfinished && truncation.any() && deadline.expired());
    }

    #[test]
    fn configurations_may_be_deep() {
        let mut intake = Intake::new(Limits::WHOLE);
        for _ in 0..100_000 {
            intake.open_array(1);
        }
        let (value, truncation) = intake.finish();
        assert!(!truncation.any());
        assert_eq!(value.len(), 1);
    }
}
