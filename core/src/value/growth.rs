//! Appending to containers, one entry at a time, with the steps of growth that the ABI shows.

use super::object::{Container, LARGE_ARRAY, LARGE_MAP, MAX_ENTRIES, entry_size};
use super::{Allocator, Object, Pair, tag};

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
            let pair = self.insert_pair(text, allocator);
            if pair.is_none() {
                key.destroy(allocator);
            }
            pair.map(|pair| &mut pair.value)
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
        unsafe { self.insert_pair(key, allocator).map(|pair| &mut pair.value) }
    }

    /// Whether one more entry takes no memory.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.len() < self.capacity()
    }

    /// A new pair at the end of a map, with this key and an invalid value. On `None` nothing happened to what the key
    /// refers to.
    ///
    /// # Safety
    ///
    /// Map and key were built with this allocator.
    #[inline]
    pub(super) unsafe fn insert_pair(&mut self, key: Object, allocator: &dyn Allocator) -> Option<&mut Pair> {
        if !self.is_map() {
            return None;
        }
        // SAFETY: a map, built with this allocator; the new pair is within its block.
        unsafe {
            let slot = self.next_place(size_of::<Pair>(), allocator)?.cast::<Pair>();
            std::ptr::write(slot, Pair { key, value: Object::INVALID });
            Some(&mut *slot)
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
    use crate::value::{Value, View};

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
}
