//! Building a tree out of a host's values, within limits.
//!
//! A host language hands its dictionaries and lists over piece by piece; an [`Intake`] assembles them, cuts what is too
//! long, too many or too deep, and reports what it cut. Every binding builds through it, so that the same request is
//! cut at the same places in every language.
//!
//! Limits on depth and number of entries alone do not bound the work: a list that contains itself 256 times has 256^20
//! elements at a depth of 20, and a list may hold one long string a million times. Hence there are limits on the number
//! of values and on the bytes of text in all, which also make special treatment of cycles needless.
//!
//! These limits may still exceed what a request may cost. So an intake has a deadline too, shared with the evaluation:
//! the number of values is limited to what half of the budget buys.
//!
//! A limited resource must be shared fairly, or padding would hide what comes after it: each container leaves a few
//! values for every one of its later siblings, so a huge list beside a short string is cut, and the string is not. But
//! some values take far longer to convert than estimated: numbers of thousands of digits, or objects that compute their
//! text. Then a [`Pace`] divides the time.

use super::limits::{Limits, Truncation};
use super::{Heap, Value};
use crate::support::{Deadline, Pace};

/// A tree under construction. Containers are opened, filled and closed in depth-first order; in a map, [`Intake::key`]
/// comes before each value.
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
    pace: Pace,
    truncation: Truncation,
    /// The open containers, each with the state of its parent.
    open: Vec<Open>,
    key: Value,
    root: Value,
    /// How many values the innermost container may still have.
    left: usize,
    /// How many of the entries that were requested have not come yet.
    entries: usize,
    text_bytes: usize,
}

/// An open container.
struct Open {
    /// The key under which it will be inserted.
    key: Value,
    container: Value,
    /// Values and entries left to its parent.
    left: usize,
    entries: usize,
}

/// Values that a container reserves for each later sibling, if there are that many.
const RESERVED: usize = 16;

/// A rough cost of converting a value in a host language, of which half of a budget must pay for all.
const NANOSECONDS_A_VALUE: u128 = 300;

/// A rough speed at which text is copied.
const BYTES_A_NANOSECOND: usize = 2;

/// A string of up to this length is converted even if the limit on all text is exhausted.
const SHORT: usize = 256;

/// A request of this many values is converted whatever its budget.
const SMALL: usize = 1024;

/// The most room that is reserved on a host's word, as hosts may lie about sizes.
const ROOM: usize = 4096;

impl Intake {
    /// An intake within these limits.
    pub fn new(limits: Limits) -> Self {
        Self::until(Deadline::unlimited(), limits)
    }

    /// An intake within these limits and at most half of a deadline: as many values as that normally buys, or fewer if
    /// they take longer.
    pub fn until(deadline: Deadline, limits: Limits) -> Self {
        let affordable = deadline.budget().as_nanos() / NANOSECONDS_A_VALUE;
        let affordable = usize::try_from(affordable).unwrap_or(usize::MAX).max(SMALL);
        let text =
            usize::try_from(deadline.budget().as_nanos()).unwrap_or(usize::MAX).saturating_mul(BYTES_A_NANOSECOND);
        let limits =
            Limits { values: limits.values.min(affordable), text_bytes: limits.text_bytes.min(text), ..limits };
        let (key, root) = (Value::null(), Value::null());
        Intake {
            limits,
            pace: Pace::of(deadline),
            truncation: Truncation::default(),
            open: vec![],
            key,
            root,
            left: limits.values,
            entries: 1,
            text_bytes: 0,
        }
    }

    /// Whether the time for the current container is over. Nothing more of it is converted, so the host may stop
    /// handing entries over until it closes the container.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.pace.is_over()
    }

    /// The longest string worth handing over; of a longer one, pass only the beginning to [`Intake::cut_string`].
    pub fn string_bytes(&self) -> usize {
        self.limits.string_bytes.min(self.limits.text_bytes.saturating_sub(self.text_bytes).max(SHORT))
    }

    /// The most entries of a container that are converted.
    pub fn entry_limit(&self) -> usize {
        self.limits.entries.min(self.share())
    }

    /// Bytes of all strings converted so far, keys included, as a measure of how much there is to evaluate.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// Reports that the next value takes the host longer than usual. A unit is about a short string, or 256 bytes of a
    /// longer one.
    pub fn costs(&mut self, units: u32) {
        self.truncation.unfinished |= self.pace.spend(units);
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

    /// Any other value that is not a container.
    pub fn scalar(&mut self, value: impl Into<Value>) {
        if self.is_over() && !self.open.is_empty() {
            self.key = Value::null();
            return;
        }
        self.left = self.left.saturating_sub(1);
        self.entries = self.entries.saturating_sub(1);
        self.place(value.into());
    }

    /// Opens a map of `size` entries and returns how many of them to hand over.
    pub fn open_map(&mut self, size: usize) -> usize {
        let wanted = self.admit(size);
        self.begin(Value::map_with_capacity(wanted.min(ROOM)), wanted);
        wanted
    }

    /// Opens an array of `size` elements and returns how many of them to hand over.
    pub fn open_array(&mut self, size: usize) -> usize {
        let wanted = self.admit(size);
        self.begin(Value::array_with_capacity(wanted.min(ROOM)), wanted);
        wanted
    }

    /// Reports that the host left out entries of the innermost container, which has `size` of them.
    pub fn left_out(&mut self, size: usize) {
        self.truncation.container_size = self.truncation.container_size.max(size as u64);
    }

    /// Closes the innermost container.
    pub fn close(&mut self) {
        if let Some(Open { key, container, left, entries }) = self.open.pop() {
            self.pace.leave();
            self.key = key;
            // Values that the container did not use are left to its siblings.
            self.left = self.left.saturating_add(left);
            self.entries = entries;
            self.place(container);
        }
    }

    /// The tree, and what was cut from it.
    pub fn finish(self) -> (Value, Truncation) {
        let (root, truncation, _) = self.finish_within();
        (root, truncation)
    }

    /// The same, with the deadline for what follows.
    pub fn finish_within(mut self) -> (Value, Truncation, Deadline) {
        while !self.open.is_empty() {
            self.close();
        }
        (self.root, self.truncation, self.pace.finish())
    }

    fn begin(&mut self, container: Value, wanted: usize) {
        let share = self.share();
        let (left, entries) = (self.left - share, self.entries.saturating_sub(1));
        self.open.push(Open { key: std::mem::take(&mut self.key), container, left, entries });
        self.left = share.saturating_sub(1);
        self.entries = wanted;
        self.pace.enter();
    }

    /// How many values the next entry may have, including itself.
    fn share(&self) -> usize {
        let reserved = self.entries.saturating_sub(1).saturating_mul(RESERVED);
        self.left.saturating_sub(reserved).max(self.left / self.entries.max(1))
    }

    fn admit(&mut self, size: usize) -> usize {
        if self.open.len() >= self.limits.depth {
            let depth = self.open.len() as u64 + 1;
            self.truncation.container_depth = self.truncation.container_depth.max(depth);
            return 0;
        }
        if self.is_over() {
            return 0;
        }
        let wanted = size.min(self.limits.entries).min(self.share().saturating_sub(1));
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
        self.truncation.unfinished |= self.pace.spend((kept.len() / BYTES_A_UNIT) as u32);
        kept
    }

    fn place(&mut self, value: Value) {
        self.truncation.unfinished |= self.pace.spend(1);
        match self.open.last_mut() {
            None => self.root = value,
            Some(Open { container, .. }) if container.is_map() => {
                let key = std::mem::take(&mut self.key);
                container.insert_entry(key, value);
            }
            Some(Open { container, .. }) => container.push(value),
        }
    }
}

/// The bytes copied for one unit of [`Deadline::spend`].
const BYTES_A_UNIT: usize = 1024;

/// The longest prefix of at most `limit` bytes that does not end within a character.
fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    if bytes.len() <= limit {
        return bytes;
    }
    let continues = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    // A character has at most three continuation bytes; with more, the string is not UTF-8 anyway.
    let back = (0..=3.min(limit)).find(|back| !continues(limit - back)).unwrap_or(0);
    &bytes[..limit - back]
}

impl Value<Heap> {
    /// Appends an entry whose key is already a value; a key that is not a string counts as empty.
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
    fn containers_that_are_too_deep_are_empty() {
        let mut intake = Intake::new(Limits { depth: 2, ..Limits::REQUEST });
        for wanted in [1, 1, 0] {
            assert_eq!(intake.open_map(1), wanted);
            intake.key(b"k");
        }
        let (value, truncation) = intake.finish();
        assert_eq!(json::to_string(&value), r#"{"k":{"k":{}}}"#);
        assert_eq!(truncation.container_depth, 3);
    }

    /// A list that contains itself 256 times is ended by the number of values, not by the depth.
    #[test]
    #[cfg_attr(miri, ignore = "slow")]
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

    /// The total of text is bounded, whatever the length of each string, but short strings are converted.
    #[test]
    fn the_text_is_bounded() {
        let mut intake = Intake::new(Limits { text_bytes: 1000, ..Limits::REQUEST });
        intake.open_array(4);
        for length in [800, 800, 200, 800] {
            intake.string(&vec![b'a'; length]);
        }
        let (value, truncation) = intake.finish();
        let lengths: Vec<_> = value.as_array().unwrap().iter().map(|text| text.as_bytes().unwrap().len()).collect();
        assert_eq!((lengths, truncation.string_length), (vec![800, 256, 200, 256], 800));
    }

    /// The huge list is cut, and leaves the string and the other list their places.
    #[test]
    fn siblings_of_a_huge_list_are_taken_in() {
        let mut intake = Intake::new(Limits { values: 1000, entries: 1_000_000, ..Limits::REQUEST });
        intake.open_map(3);
        intake.key(b"a");
        let wanted = intake.open_array(1_000_000);
        assert_eq!(wanted, 1000 - 1 - 2 * RESERVED - 1);
        (0..wanted).for_each(|n| intake.scalar(n as u64));
        intake.close();
        intake.key(b"y");
        assert_eq!(intake.open_array(2), 2);
        intake.string(b"attack");
        intake.close();
        intake.key(b"z");
        intake.string(b"attack");
        let (value, truncation) = intake.finish();
        assert_eq!(truncation, Truncation { container_size: 1_000_000, ..Truncation::default() });
        assert_eq!(value.get(b"z").and_then(|z| z.as_bytes()), Some(&b"attack"[..]));
    }

    #[test]
    fn values_after_the_deadline_are_left_out() {
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
    fn values_before_the_deadline_are_kept() {
        let mut intake = Intake::until(Deadline::after(100), Limits::REQUEST);
        for key in [b"a", b"b"] {
            intake.open_map(1);
            intake.key(key);
        }
        intake.open_array(10_000);
        (0..10_000).for_each(|_| intake.scalar(true));
        let (value, truncation) = intake.finish();
        let list = value.get(b"a").and_then(|inner| inner.get(b"b")).and_then(|list| list.as_array());
        assert!(truncation.unfinished && list.is_some_and(|list| list.len() >= 90), "{}", json::to_string(&value));
    }

    /// The time spent decides, not the number of values.
    #[test]
    fn a_slow_part_leaves_time_for_what_comes_after_it() {
        let deadline = Deadline::simulated(std::time::Duration::from_millis(10));
        let mut intake = Intake::until(deadline, Limits::REQUEST);
        intake.open_map(3);
        for (key, count) in [(b"a", 100), (b"b", 100), (b"c", 1)] {
            intake.key(key);
            intake.open_array(count);
            for _ in 0..count {
                intake.costs(100);
                intake.scalar(true);
            }
            intake.close();
        }
        intake.close();
        let (value, truncation, mut deadline) = intake.finish_within();
        let taken = |key: &[u8]| value.get(key).map_or(0, |list| list.len());
        assert!((30..40).contains(&taken(b"a")) && (1..10).contains(&taken(b"b")), "{} {}", taken(b"a"), taken(b"b"));
        assert_eq!((taken(b"c"), truncation.unfinished, deadline.expired()), (1, true, false));
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
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
