//! Trees that own their memory.

use super::object::SMALL_SIZE;
use super::{Allocator, Heap, Object, OutOfMemory, tag};
use std::ops::Deref;

/// An owned tree: built with an allocator, freed with the same one when dropped.
///
/// With the default [`Heap`] allocator the infallible methods apply; with a caller's allocator, which may refuse,
/// the crate uses the `try_` forms.
///
/// ```
/// use bartizan::value::{Value, View};
/// let mut query = Value::map();
/// query.insert("q", Value::from("<script>"));
/// query.insert("page", 5);
/// assert!(matches!(query.get(b"q").unwrap().view(), View::String(b"<script>")));
/// ```
///
/// Strings, booleans, and numbers of every width become values by `From`: signed integers stay signed, unsigned ones
/// unsigned, and `None` is null.
pub struct Value<A: Allocator = Heap> {
    pub(super) object: Object,
    pub(super) allocator: A,
}

// SAFETY: a tree owns its blocks exclusively; with an allocator that may move between threads, so may the tree.
unsafe impl<A: Allocator + Send> Send for Value<A> {}
// SAFETY: a shared tree is only read.
unsafe impl<A: Allocator + Sync> Sync for Value<A> {}

impl<A: Allocator> Drop for Value<A> {
    #[inline]
    fn drop(&mut self) {
        if matches!(self.tag(), tag::INVALID..=tag::FLOAT | tag::LITERAL | tag::SMALL) {
            return;
        }
        // SAFETY: the tree was built with this allocator and is not used afterwards.
        unsafe { self.object.destroy(&self.allocator) }
    }
}

impl<A: Allocator> Deref for Value<A> {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.object
    }
}

impl<A: Allocator> Value<A> {
    /// An invalid node, for the setters of scalars to fill.
    #[inline]
    pub(crate) fn invalid_in(allocator: A) -> Self {
        Value { object: Object::INVALID, allocator }
    }

    /// A scalar that needs no allocation.
    #[inline]
    pub(crate) fn scalar_in(allocator: A, set: impl FnOnce(&mut Object)) -> Self {
        let mut value = Self::invalid_in(allocator);
        set(&mut value.object);
        value
    }

    /// A copy of these bytes.
    #[inline]
    pub(crate) fn string_in(bytes: &[u8], allocator: A) -> Result<Self, OutOfMemory> {
        let mut value = Self::invalid_in(allocator);
        match value.object.set_string(bytes, &value.allocator) {
            true => Ok(value),
            false => Err(OutOfMemory),
        }
    }

    /// An empty array with room for `capacity` elements.
    #[inline]
    pub(crate) fn array_in(capacity: usize, allocator: A) -> Result<Self, OutOfMemory> {
        Self::container_in(tag::ARRAY, capacity, allocator)
    }

    /// An empty map with room for `capacity` entries.
    #[inline]
    pub(crate) fn map_in(capacity: usize, allocator: A) -> Result<Self, OutOfMemory> {
        Self::container_in(tag::MAP, capacity, allocator)
    }

    #[inline]
    fn container_in(kind: u8, capacity: usize, allocator: A) -> Result<Self, OutOfMemory> {
        let mut value = Self::invalid_in(allocator);
        match value.object.set_container(kind, capacity, &value.allocator) {
            true => Ok(value),
            false => Err(OutOfMemory),
        }
    }

    /// Appends to an array. Anything but an array is left as it is, and `element` is dropped.
    #[inline]
    pub(crate) fn try_push(&mut self, element: Value<A>) -> Result<(), OutOfMemory> {
        // SAFETY: the container was built with this allocator, and the element with the same one (callers pair them).
        let slot = unsafe { self.object.insert(&self.allocator) }.ok_or(OutOfMemory)?;
        *slot = element.into_object();
        Ok(())
    }

    /// Appends an entry to a map. Anything but a map is left as it is, and `value` is dropped.
    #[inline]
    pub(crate) fn try_insert(&mut self, key: &[u8], value: Value<A>) -> Result<(), OutOfMemory> {
        let mut name = Object::INVALID;
        if !name.set_string(key, &self.allocator) {
            return Err(OutOfMemory);
        }
        // SAFETY: map, key and value were built with the same allocator.
        let slot = unsafe { self.object.insert_key(name, &self.allocator) }.ok_or(OutOfMemory)?;
        *slot = value.into_object();
        Ok(())
    }

    /// Gives the tree up as a bare node, which its new owner frees with the same allocator.
    #[inline]
    pub(crate) fn into_object(self) -> Object {
        let this = std::mem::ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped, so the node has one owner.
        unsafe { std::ptr::read(&this.object) }
    }

    /// Takes a bare node over.
    ///
    /// # Safety
    ///
    /// The tree below `object` was built with this allocator, and nobody else frees it.
    pub(super) unsafe fn from_object(object: Object, allocator: A) -> Self {
        Value { object, allocator }
    }

    /// The place of an invalid value, to be filled.
    #[inline]
    pub(crate) fn place(&mut self) -> &mut Object {
        &mut self.object
    }

    /// The node, for filling it in place within this room.
    pub(super) fn object_mut(&mut self) -> (&mut Object, &A) {
        (&mut self.object, &self.allocator)
    }
}

/// On the process heap, running out of memory ends the process, as everywhere in Rust.
impl Value {
    /// The null value.
    pub fn null() -> Self {
        Self::scalar_in(Heap, |object| object.set_null())
    }

    /// The invalid value, as in a slot that was never filled.
    pub fn invalid() -> Self {
        Self::invalid_in(Heap)
    }

    /// An empty array.
    pub fn array() -> Self {
        Self::array_with_capacity(0)
    }

    /// An empty map.
    pub fn map() -> Self {
        Self::map_with_capacity(0)
    }

    /// An empty array with room for `capacity` elements.
    #[inline]
    pub fn array_with_capacity(capacity: usize) -> Self {
        Self::array_in(capacity, Heap).expect("memory for an array")
    }

    /// An empty map with room for `capacity` entries.
    #[inline]
    pub fn map_with_capacity(capacity: usize) -> Self {
        Self::map_in(capacity, Heap).expect("memory for a map")
    }

    /// Appends to an array; any other kind is left as it is.
    #[inline]
    pub fn push(&mut self, element: impl Into<Value>) {
        if self.is_array() {
            self.try_push(element.into()).expect("room in an array");
        }
    }

    /// Appends an entry to a map (equal keys are kept); any other kind is left as it is.
    #[inline]
    pub fn insert(&mut self, key: impl AsRef<[u8]>, value: impl Into<Value>) {
        if self.is_map() {
            self.try_insert(key.as_ref(), value.into()).expect("room in a map");
        }
    }

    /// A map of these entries.
    pub fn from_entries<K: AsRef<[u8]>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut map = Self::map();
        entries.into_iter().for_each(|(key, value)| map.insert(key, value));
        map
    }
}

impl Default for Value {
    fn default() -> Self {
        Self::null()
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        self.object.to_value()
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::json::to_string(self))
    }
}

macro_rules! from_scalars {
    ($($set:ident($as:ty): $($from:ty)*;)*) => {$($(
        impl From<$from> for Value {
            #[inline]
            fn from(scalar: $from) -> Self {
                Self::scalar_in(Heap, |object| object.$set(scalar as $as))
            }
        }
    )*)*};
}

// All are lossless: `isize` and `usize` have at most 64 bits.
from_scalars! {
    set_bool(bool): bool;
    set_signed(i64): i8 i16 i32 i64 isize;
    set_unsigned(u64): u8 u16 u32 u64 usize;
    set_float(f64): f32 f64;
}

/// `None` is null.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(Value::null, T::into)
    }
}

impl From<&[u8]> for Value {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        Self::string_in(bytes, Heap).expect("memory for a string below 4 GiB")
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Self {
        Self::from(&bytes[..])
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<Vec<u8>> for Value {
    /// Takes a long text over without copying it.
    fn from(text: Vec<u8>) -> Self {
        match u32::try_from(text.len()) {
            Ok(size) if text.len() > SMALL_SIZE => {
                // The block of a boxed slice is what [`Heap`] allocates for its size and alignment.
                let block = Box::into_raw(text.into_boxed_slice()).cast();
                // SAFETY: a block of the heap, of this size, that nobody else has.
                Self::scalar_in(Heap, |object| unsafe { object.set_text(tag::STRING, block, size) })
            }
            _ => Self::from(&text[..]),
        }
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut array = Self::array();
        elements.into_iter().for_each(|element| array.push(element));
        array
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_inside_up_to_14_bytes() {
        assert_eq!(Value::from("12345678901234").tag(), tag::SMALL);
        assert_eq!(Value::from("123456789012345").tag(), tag::STRING);
        assert_eq!(Value::from("").as_bytes(), Some(&b""[..]));
    }

    #[test]
    fn scalars_keep_their_kind_and_value() {
        let mut values = Value::array();
        values.push(5);
        values.push(-1i8);
        values.push(u64::MAX);
        values.push(7usize);
        values.push(1.5f32);
        values.push(true);
        values.push(b"bytes");
        values.push(String::from("text"));
        values.push(None::<i64>);
        values.push(Some("some"));
        let expected = r#"[5,-1,18446744073709551615,7,1.5,true,"bytes","text",null,"some"]"#;
        assert_eq!(format!("{values:?}"), expected);
        assert_eq!((Value::from(5).tag(), Value::from(5u8).tag()), (tag::SIGNED, tag::UNSIGNED));
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
    fn a_million_levels_are_dropped_and_cloned_without_recursion() {
        let mut value = Value::from(1u64);
        for _ in 0..1_000_000 {
            let mut outer = Value::array_with_capacity(1);
            outer.push(value);
            value = outer;
        }
        drop(value.clone());
    }
}
