//! Writing one node.
//!
//! Each setter writes only the fields of its kind, as clients of the ABI can observe, and frees nothing: it is for
//! places that hold nothing yet. All are private to the crate; [`raw`](super::raw) is the interface for C.

use super::object::{LargeContainer, MAX_ENTRIES, SMALL_SIZE, SmallText, entry_size};
use super::{Allocator, Object, tag};

impl Object {
    /// A node that holds nothing.
    pub(crate) const INVALID: Object =
        Object { small: SmallText { tag: tag::INVALID, size: 0, data: [0; SMALL_SIZE] } };

    /// Makes this invalid.
    #[inline]
    pub(crate) fn set_invalid(&mut self) {
        self.tag = tag::INVALID;
    }

    /// Makes this null.
    #[inline]
    pub(crate) fn set_null(&mut self) {
        self.tag = tag::NULL;
    }

    /// Makes this a boolean.
    #[inline]
    pub(crate) fn set_bool(&mut self, value: bool) {
        self.boolean.tag = tag::BOOL;
        self.boolean.value = value.into();
    }

    /// Makes this a signed integer.
    #[inline]
    pub(crate) fn set_signed(&mut self, value: i64) {
        self.signed.tag = tag::SIGNED;
        self.signed.value = value;
    }

    /// Makes this an unsigned integer.
    #[inline]
    pub(crate) fn set_unsigned(&mut self, value: u64) {
        self.unsigned.tag = tag::UNSIGNED;
        self.unsigned.value = value;
    }

    /// Makes this a double.
    #[inline]
    pub(crate) fn set_float(&mut self, value: f64) {
        self.float.tag = tag::FLOAT;
        self.float.value = value;
    }

    /// Makes this a copy of `bytes`: within the object if it fits, else in its own block. On false nothing is changed.
    #[inline]
    pub(crate) fn set_string(&mut self, bytes: &[u8], allocator: &dyn Allocator) -> bool {
        if bytes.len() > SMALL_SIZE {
            return self.set_long_string(bytes, allocator);
        }
        self.small = SmallText { tag: tag::SMALL, size: bytes.len() as u8, data: [0; SMALL_SIZE] };
        // SAFETY: the field was just written.
        let data = unsafe { &mut self.small.data };
        copy_small(data, bytes);
        true
    }

    fn set_long_string(&mut self, bytes: &[u8], allocator: &dyn Allocator) -> bool {
        let Ok(size) = u32::try_from(bytes.len()) else { return false };
        let block = allocator.allocate(bytes.len(), 1);
        if block.is_null() {
            return false;
        }
        // SAFETY: the block is fresh, has room for the bytes, and becomes this object's.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), block, bytes.len());
            self.set_text(tag::STRING, block, size);
        }
        true
    }

    /// Makes this a string of a kind that points at its bytes.
    ///
    /// # Safety
    ///
    /// `tag` is [`tag::STRING`] or [`tag::LITERAL`]. `size` bytes can be read at `data`, unless it is null, for as long
    /// as the object exists; those of a `STRING` are a block that only this object frees.
    #[inline]
    pub(super) unsafe fn set_text(&mut self, tag: u8, data: *mut u8, size: u32) {
        self.text.tag = tag;
        self.text.size = size;
        self.text.data = data;
    }

    /// Makes this an empty array or map (by `kind`) with exactly this capacity. On false nothing is changed.
    #[inline]
    pub(crate) fn set_container(&mut self, kind: u8, capacity: usize, allocator: &dyn Allocator) -> bool {
        debug_assert!(matches!(kind, tag::ARRAY | tag::MAP));
        if capacity > MAX_ENTRIES {
            return false;
        }
        let mut block = std::ptr::null_mut();
        if capacity > 0 {
            block = allocator.allocate(capacity * entry_size(kind), align_of::<Object>());
            if block.is_null() {
                return false;
            }
        }
        // SAFETY: a fresh block with this capacity and no initialised entries.
        unsafe { self.set_container_parts(kind, 0, capacity, block) };
        true
    }

    /// Makes this a container, in the small form if its kind and capacity allow.
    ///
    /// # Safety
    ///
    /// `kind` is that of a container. `data` is a block with room for `capacity` entries of this kind, or null for
    /// none, and its first `size` entries are initialised.
    #[inline]
    pub(super) unsafe fn set_container_parts(&mut self, kind: u8, size: usize, capacity: usize, data: *mut u8) {
        if capacity <= usize::from(u16::MAX) && kind & tag::LARGE == 0 {
            self.container.tag = kind;
            self.container.size = size as u16;
            self.container.capacity = capacity as u16;
            self.container.data = data;
        } else {
            let kind = u64::from(kind | tag::LARGE);
            self.large = LargeContainer { word: kind | (size as u64) << 8 | (capacity as u64) << 36, data };
        }
    }
}

/// Copies at most [`SMALL_SIZE`] bytes. Two overlapping chunks are faster than a call to memcpy.
#[inline]
fn copy_small(data: &mut [u8; SMALL_SIZE], bytes: &[u8]) {
    let Some(data) = data.get_mut(..bytes.len()) else { return };
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        data[..8].copy_from_slice(first);
        data[bytes.len() - 8..].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        data[..4].copy_from_slice(first);
        data[bytes.len() - 4..].copy_from_slice(last);
    } else {
        data.iter_mut().zip(bytes).for_each(|(slot, &byte)| *slot = byte);
    }
}
