//! Trees that own their memory.

use super::object::{Container, LARGE_ARRAY, LARGE_MAP, MAX_ENTRIES, SMALL_SIZE, entry_size};
use super::{Allocator, Heap, Object, OutOfMemory, Pair, tag};
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
/// assert!(matches!(query.get(b"q").unwrap().view(), View::String(b"<script>")));
/// ```
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
    /// A node without content, to be filled by the setters of a scalar.
    #[inline]
    pub(crate) fn invalid_in(allocator: A) -> Self {
        Value { object: Object::INVALID, allocator }
    }

    /// A scalar that needs no memory.
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

    /// Appends to an array. Anything but an array is left as it is and `element` dropped.
    #[inline]
    pub(crate) fn try_push(&mut self, element: Value<A>) -> Result<(), OutOfMemory> {
        // SAFETY: the container was built with this allocator, and the element with the same one (callers pair them).
        let slot = unsafe { self.object.insert(&self.allocator) }.ok_or(OutOfMemory)?;
        *slot = element.into_object();
        Ok(())
    }

    /// Appends an entry to a map. Anything but a map is left as it is and `value` dropped.
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

    /// Gives the tree up as a bare node; whoever takes it frees it with the same allocator.
    #[inline]
    pub fn into_object(self) -> Object {
        let this = std::mem::ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped, so the node has one owner.
        unsafe { std::ptr::read(&this.object) }
    }

    /// Takes a bare node over.
    ///
    /// # Safety
    ///
    /// The tree below `object` was built with this allocator, and nobody else frees it.
    pub unsafe fn from_object(object: Object, allocator: A) -> Self {
        Value { object, allocator }
    }

    /// The place to be filled of a value without content.
    #[inline]
    pub(crate) fn place(&mut self) -> &mut Object {
        &mut self.object
    }

    /// The node, for filling it in place within this room.
    pub(super) fn object_mut(&mut self) -> (&mut Object, &A) {
        (&mut self.object, &self.allocator)
    }
}

/// With the process heap, memory is there or the process ends, as everywhere in Rust.
impl Value {
    /// The null value.
    pub fn null() -> Self {
        Self::scalar_in(Heap, |object| object.set_tag(tag::NULL))
    }

    /// The value of no type, as a slot that nobody filled has it.
    pub fn invalid() -> Self {
        Self::invalid_in(Heap)
    }

    /// An empty array.
    pub fn array() -> Self {
        Self::invalid_in(Heap).with(|object| object.set_container_parts(tag::ARRAY, 0, 0, std::ptr::null_mut()))
    }

    /// An empty map.
    pub fn map() -> Self {
        Self::invalid_in(Heap).with(|object| object.set_container_parts(tag::MAP, 0, 0, std::ptr::null_mut()))
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

    fn with(mut self, set: impl FnOnce(&mut Object)) -> Self {
        set(&mut self.object);
        self
    }

    /// Appends to an array; does nothing to any other kind.
    #[inline]
    pub fn push(&mut self, element: impl Into<Value>) {
        if self.is_array() {
            self.try_push(element.into()).expect("room in an array");
        }
    }

    /// Appends an entry to a map (an equal key is kept beside it); does nothing to any other kind.
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

macro_rules! from_scalar {
    ($($from:ty => |$object:ident, $value:ident| $set:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::scalar_in(Heap, |$object| $set)
            }
        }
    )*};
}

from_scalar! {
    bool => |object, value| object.set_bool(value);
    i64 => |object, value| object.set_signed(value);
    u64 => |object, value| object.set_unsigned(value);
    f64 => |object, value| object.set_float(value);
}

impl From<&[u8]> for Value {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        Self::string_in(bytes, Heap).expect("memory for a string below 4 GiB")
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<Vec<u8>> for Value {
    /// Takes a long text over as it is.
    fn from(text: Vec<u8>) -> Self {
        match u32::try_from(text.len()) {
            Ok(size) if text.len() > SMALL_SIZE => {
                // On the heap the block of a boxed slice is what the heap gives out for its size and alignment.
                let block = Box::into_raw(text.into_boxed_slice()).cast();
                Self::scalar_in(Heap, |object| object.set_text_parts(tag::STRING, block, size))
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

impl Object {
    /// A new, invalid slot at the end of an array; `None` if this is no array, memory is out, or it is full.
    ///
    /// # Safety
    ///
    /// The array was built with this allocator.
    #[inline]
    pub unsafe fn insert(&mut self, allocator: &dyn Allocator) -> Option<&mut Object> {
        if !self.is_array() {
            return None;
        }
        // SAFETY: an array, built with this allocator; the new slot is within its block.
        unsafe {
            let slot = self.next_place(size_of::<Object>(), allocator)?.cast::<Object>();
            std::ptr::write(slot, Object::INVALID);
            Some(&mut *slot)
        }
    }

    /// A new, invalid value slot at the end of a map under `key`, which the map takes over; on `None` the key is freed.
    ///
    /// # Safety
    ///
    /// Map and key were built with this allocator.
    #[inline]
    pub unsafe fn insert_key(&mut self, mut key: Object, allocator: &dyn Allocator) -> Option<&mut Object> {
        // SAFETY: the caller's promise; a key that found no place is nobody's else, and freed once.
        unsafe {
            let text = std::ptr::read(&key);
            let slot = self.insert_pair(text, allocator);
            if slot.is_none() {
                key.destroy(allocator);
            }
            slot
        }
    }

    /// As [`Self::insert_key`] with a key made of its parts (see [`Self::set_text_parts`]), which stays the caller's on
    /// `None`.
    ///
    /// # Safety
    ///
    /// Map and key were built with this allocator, or the key is a literal that outlives the map.
    pub unsafe fn insert_key_text(
        &mut self,
        tag: u8,
        data: *mut u8,
        size: u32,
        allocator: &dyn Allocator,
    ) -> Option<&mut Object> {
        let mut key = Object::INVALID;
        key.set_text_parts(tag, data, size);
        // SAFETY: the caller's promise.
        unsafe { self.insert_pair(key, allocator) }
    }

    /// A new pair at the end of a map, whose key and value hold nothing yet.
    ///
    /// # Safety
    ///
    /// The map was built with this allocator.
    #[inline]
    pub(super) unsafe fn insert_empty(&mut self, allocator: &dyn Allocator) -> Option<&mut Pair> {
        if !self.is_map() {
            return None;
        }
        // SAFETY: a map, built with this allocator; the new pair is within its block.
        unsafe {
            let slot = self.next_place(size_of::<Pair>(), allocator)?.cast::<Pair>();
            std::ptr::write(slot, Pair { key: Object::INVALID, value: Object::INVALID });
            Some(&mut *slot)
        }
    }

    /// Whether one more entry takes no memory.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.len() < self.capacity()
    }

    /// On `None` nothing happened to what the key refers to.
    #[inline]
    unsafe fn insert_pair(&mut self, key: Object, allocator: &dyn Allocator) -> Option<&mut Object> {
        if !self.is_map() {
            return None;
        }
        // SAFETY: a map, built with this allocator; the new pair is within its block.
        unsafe {
            let slot = self.next_place(size_of::<Pair>(), allocator)?.cast::<Pair>();
            std::ptr::write(slot, Pair { key, value: Object::INVALID });
            Some(&mut (*slot).value)
        }
    }

    /// Counts one more entry and returns its place.
    #[inline]
    unsafe fn next_place(&mut self, entry: usize, allocator: &dyn Allocator) -> Option<*mut u8> {
        if self.tag() & tag::LARGE == 0 {
            // SAFETY: a container in the small form, whose fields are initialised; its block has room for the place.
            unsafe {
                let Container { size, capacity, data, .. } = self.container;
                if size < capacity && !data.is_null() {
                    self.container.size = size + 1;
                    return Some(data.add(usize::from(size) * entry));
                }
            }
        }
        // SAFETY: the caller's promise.
        unsafe { self.grow_by_one(allocator) }
    }

    /// Makes room for one more entry, counts it, and returns its place. The steps of growth are part of the ABI.
    unsafe fn grow_by_one(&mut self, allocator: &dyn Allocator) -> Option<*mut u8> {
        let (kind, capacity) = (self.tag(), self.capacity());
        let entry = entry_size(kind);
        let mut block = self.block();
        // A caller may have written sizes that the block cannot have.
        let size = if block.is_null() { 0 } else { self.len() };
        if size > capacity {
            return None;
        }
        let mut room = capacity;
        if size == capacity || block.is_null() {
            room = next_capacity(kind, capacity)?;
            let grown = allocator.allocate(room * entry, align_of::<Object>());
            if grown.is_null() {
                return None;
            }
            if !block.is_null() {
                // SAFETY: both blocks hold at least `size` entries, and the old one has exactly this capacity.
                unsafe {
                    std::ptr::copy_nonoverlapping(block, grown, size * entry);
                    if capacity > 0 {
                        allocator.release(block, capacity * entry, align_of::<Object>());
                    }
                }
            }
            block = grown;
        }
        self.set_container_parts(kind, size + 1, room, block);
        // SAFETY: `size < room` entries fit into the block.
        Some(unsafe { block.add(size * entry) })
    }
}

/// 0, 8, 16 ... 32768, 65535, then 28-bit capacities, then no more.
fn next_capacity(kind: u8, capacity: usize) -> Option<usize> {
    match (kind, capacity) {
        (_, 0) => Some(8),
        (_, MAX_ENTRIES..) => None,
        (LARGE_ARRAY | LARGE_MAP, c) => Some((2 * c).min(MAX_ENTRIES)),
        (_, 0x8000..=0xFFFE) => Some(0xFFFF),
        (_, c) => Some(2 * c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::View;

    #[test]
    fn containers_grow_as_the_abi_says() {
        let mut array = Value::array();
        let mut seen = vec![];
        for i in 0..140_000u64 {
            array.push(i);
            if seen.last() != Some(&array.capacity()) {
                seen.push(array.capacity());
            }
        }
        assert_eq!(seen[..3], [8, 16, 32]);
        assert_eq!(seen[seen.len() - 4..], [32768, 65535, 131070, 262140]);
        assert_eq!((array.tag(), array.len()), (LARGE_ARRAY, 140_000));
        assert!(matches!(array.as_array().unwrap()[139_999].view(), View::Unsigned(139_999)));
    }

    #[test]
    fn strings_are_inside_up_to_14_bytes() {
        assert_eq!(Value::from("12345678901234").tag(), tag::SMALL);
        assert_eq!(Value::from("123456789012345").tag(), tag::STRING);
        assert_eq!(Value::from("").as_bytes(), Some(&b""[..]));
    }

    #[test]
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
