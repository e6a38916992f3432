//! Appending to containers, one entry at a time, with the growth steps that the ABI exposes.

use super::object::{Container, LARGE_ARRAY, LARGE_MAP, MAX_ENTRIES, entry_size};
use super::{Allocator, Object, Pair, tag};

impl Object {
    /// A new, invalid element at the end of an array; `None` if this is not an array, memory is exhausted, or the array
    /// is full.
    ///
    /// # Safety
    ///
    /// The array was built with this allocator.
    #[inline]
    pub(super) unsafe fn insert(&mut self, allocator: &dyn Allocator) -> Option<&mut Object> {
        // SAFETY: the caller's promise; the element is initialised, and belongs to a container borrowed exclusively.
        unsafe { self.new_element(allocator).map(|element| &mut *element) }
    }

    /// The same as a raw pointer, which other uses of the array do not invalidate as long as it does not grow.
    ///
    /// # Safety
    ///
    /// As for [`Object::insert`].
    #[inline]
    pub(super) unsafe fn new_element(&mut self, allocator: &dyn Allocator) -> Option<*mut Object> {
        if !self.is_array() {
            return None;
        }
        // SAFETY: an array, built with this allocator; the new element is within its block.
        unsafe {
            let element = self.next_place(size_of::<Object>(), allocator)?.cast::<Object>();
            element.write(Object::INVALID);
            Some(element)
        }
    }

    /// A new, invalid value at the end of a map under `key`, which the map takes over; if the result is `None`, the key
    /// is freed.
    ///
    /// # Safety
    ///
    /// Map and key were built with this allocator.
    #[inline]
    pub(super) unsafe fn insert_key(&mut self, mut key: Object, allocator: &dyn Allocator) -> Option<&mut Object> {
        // SAFETY: the caller's promise. A key that was not inserted is freed here, and only here.
        unsafe {
            let text = std::ptr::read(&key);
            let pair = self.insert_pair(text, allocator);
            if pair.is_none() {
                key.destroy(allocator);
            }
            pair.map(|pair| &mut pair.value)
        }
    }

    /// A new pair at the end of a map, with this key and an invalid value. On `None` the caller still owns the key.
    ///
    /// # Safety
    ///
    /// Map and key were built with this allocator.
    #[inline]
    pub(super) unsafe fn insert_pair(&mut self, key: Object, allocator: &dyn Allocator) -> Option<&mut Pair> {
        // SAFETY: the caller's promise; the pair is initialised, and belongs to a container borrowed exclusively.
        unsafe { self.new_pair(key, allocator).map(|pair| &mut *pair) }
    }

    /// The same as a raw pointer, which other uses of the map do not invalidate as long as it does not grow.
    ///
    /// # Safety
    ///
    /// As for [`Object::insert_pair`].
    #[inline]
    pub(super) unsafe fn new_pair(&mut self, key: Object, allocator: &dyn Allocator) -> Option<*mut Pair> {
        if !self.is_map() {
            return None;
        }
        // SAFETY: a map, built with this allocator; the new pair is within its block.
        unsafe {
            let pair = self.next_place(size_of::<Pair>(), allocator)?.cast::<Pair>();
            pair.write(Pair { key, value: Object::INVALID });
            Some(pair)
        }
    }

    /// Whether one more entry needs no allocation.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.len() < self.capacity()
    }

    /// Counts one more entry and returns its place, which the caller must fill at once.
    ///
    /// # Safety
    ///
    /// This is a container with entries of this size, built with this allocator.
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

    /// Allocates room for one more entry, counts it, and returns its place, which the caller must fill at once. The
    /// growth steps are part of the ABI.
    ///
    /// # Safety
    ///
    /// This is a container, built with this allocator.
    unsafe fn grow_by_one(&mut self, allocator: &dyn Allocator) -> Option<*mut u8> {
        let (kind, capacity) = (self.tag(), self.capacity());
        let entry = entry_size(kind);
        let mut block = self.block();
        // A C caller may have written a size without a block.
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
        // SAFETY: `size < room` entries fit into the block; the caller fills the new one before anything reads it.
        unsafe {
            self.set_container_parts(kind, size + 1, room, block);
            Some(block.add(size * entry))
        }
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
    use crate::value::{Value, View};

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
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
}
