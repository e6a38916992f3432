//! Objects in a caller's memory, for the C boundary only.
//!
//! Everywhere else in this room a reference stands for an initialised node. C instead passes the address of 16 bytes
//! that may be uninitialised, and that may overlap the bytes they are to be filled from. A [`Slot`] is such an address.
//! It never holds references to its source and its destination at the same time, so the source may lie anywhere, even
//! within the object itself.
//!
//! Callers of this module promise with `unsafe` what the rest of the crate relies on: that tags are truthful and
//! pointers valid.

use super::object::slice;
use super::{Allocator, Object, OutOfMemory, Value, tag};
use std::ptr::NonNull;

/// Whether the bytes of a string with a pointer are freed with the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The bytes are a block of the same allocator as the rest of the tree, which the object takes over.
    Owned,
    /// The caller keeps the bytes. The ABI calls such a string a literal.
    Borrowed,
}

impl Ownership {
    fn tag(self) -> u8 {
        match self {
            Ownership::Owned => tag::STRING,
            Ownership::Borrowed => tag::LITERAL,
        }
    }
}

/// Sixteen bytes of a caller's that hold, or will hold, an object. A setter writes the fields of its kind and frees
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(NonNull<Object>);

impl Slot {
    /// The slot at this address; `None` for null.
    ///
    /// # Safety
    ///
    /// A pointer that is not null is aligned, and the 16 bytes at it can be read and written for as long as the slot is
    /// used. During each call of a method nobody else writes them, and no reference to them exists that is used
    /// afterwards.
    #[inline]
    pub unsafe fn new(object: *mut Object) -> Option<Slot> {
        Self::at(object)
    }

    fn at(object: *mut Object) -> Option<Slot> {
        NonNull::new(object).map(Slot)
    }

    /// The address.
    #[inline]
    pub fn as_ptr(self) -> *mut Object {
        self.0.as_ptr()
    }

    /// Makes the object invalid.
    pub fn set_invalid(self) {
        self.set_tag(tag::INVALID);
    }

    /// Makes the object null.
    pub fn set_null(self) {
        self.set_tag(tag::NULL);
    }

    fn set_tag(self, tag: u8) {
        // SAFETY: the promise of `new`.
        unsafe { (*self.as_ptr()).tag = tag }
    }

    /// Makes the object a boolean.
    pub fn set_bool(self, value: bool) {
        self.set_tag(tag::BOOL);
        // SAFETY: the promise of `new`.
        unsafe { (*self.as_ptr()).boolean.value = value.into() }
    }

    /// Makes the object a signed integer.
    pub fn set_signed(self, value: i64) {
        self.set_tag(tag::SIGNED);
        // SAFETY: the promise of `new`.
        unsafe { (*self.as_ptr()).signed.value = value }
    }

    /// Makes the object an unsigned integer.
    pub fn set_unsigned(self, value: u64) {
        self.set_tag(tag::UNSIGNED);
        // SAFETY: the promise of `new`.
        unsafe { (*self.as_ptr()).unsigned.value = value }
    }

    /// Makes the object a double.
    pub fn set_float(self, value: f64) {
        self.set_tag(tag::FLOAT);
        // SAFETY: the promise of `new`.
        unsafe { (*self.as_ptr()).float.value = value }
    }

    /// Makes the object a copy of `size` bytes, which may overlap it. On false nothing is changed.
    ///
    /// # Safety
    ///
    /// `size` bytes can be read at `data`; null stands for no bytes.
    pub unsafe fn set_string(self, data: *const u8, size: u32, allocator: &dyn Allocator) -> bool {
        // SAFETY: the caller's promise. The copy is elsewhere and complete before the slot is written.
        unsafe {
            let mut copy = Object::INVALID;
            if !copy.set_string(slice(data, size as usize), allocator) {
                return false;
            }
            match copy.tag() {
                tag::STRING => self.set_text(Ownership::Owned, copy.text.data, copy.text.size),
                _ => self.as_ptr().write(copy),
            }
        }
        true
    }

    /// Makes the object a string that points at its bytes, even if they would fit within it.
    ///
    /// # Safety
    ///
    /// `size` bytes can be read at `data`, unless it is null, for as long as the object exists; `ownership` says who
    /// owns them.
    pub unsafe fn set_text(self, ownership: Ownership, data: *mut u8, size: u32) {
        let object = self.as_ptr();
        // SAFETY: the promise of `new`.
        unsafe {
            (*object).text.tag = ownership.tag();
            (*object).text.size = size;
            (*object).text.data = data;
        }
    }

    /// Makes the object an empty array with room for exactly this many elements. On false nothing is changed.
    pub fn set_array(self, capacity: usize, allocator: &dyn Allocator) -> bool {
        self.set_container(tag::ARRAY, capacity, allocator)
    }

    /// Makes the object an empty map with room for exactly this many entries. On false nothing is changed.
    pub fn set_map(self, capacity: usize, allocator: &dyn Allocator) -> bool {
        self.set_container(tag::MAP, capacity, allocator)
    }

    fn set_container(self, kind: u8, capacity: usize, allocator: &dyn Allocator) -> bool {
        // SAFETY: the promise of `new`; a union of plain fields has no invalid bytes, and this reads none of them.
        unsafe { (*self.as_ptr()).set_container(kind, capacity, allocator) }
    }

    /// A new, invalid slot at the end of an array; `None` if this is not an array, memory is exhausted, or the array is
    /// full. It is valid until the next one is made.
    ///
    /// # Safety
    ///
    /// The slot holds an object, and an array was built with this allocator.
    pub unsafe fn insert(self, allocator: &dyn Allocator) -> Option<Slot> {
        // SAFETY: the caller's promise.
        unsafe { (*self.as_ptr()).new_element(allocator) }.and_then(Slot::at)
    }

    /// A new, invalid slot at the end of a map under a copy of a key, whose bytes may lie within the map; `None` as for
    /// [`Slot::insert`].
    ///
    /// # Safety
    ///
    /// The slot holds an object, and a map was built with this allocator. `size` bytes can be read at `data`; null
    /// stands for no bytes.
    pub unsafe fn insert_key(self, data: *const u8, size: u32, allocator: &dyn Allocator) -> Option<Slot> {
        let mut key = Object::INVALID;
        // SAFETY: the caller's promise. The copy is complete before the map is touched.
        unsafe {
            if !(*self.as_ptr()).is_map() || !key.set_string(slice(data, size as usize), allocator) {
                return None;
            }
            let pair = (*self.as_ptr()).new_pair(std::ptr::read(&key), allocator);
            if pair.is_none() {
                key.destroy(allocator);
            }
            pair.and_then(|pair| Slot::at(&raw mut (*pair).value))
        }
    }

    /// A new, invalid slot at the end of a map under a key that points at its bytes, even if they would fit within it;
    /// `None` as for [`Slot::insert`], in which case the caller still owns the bytes.
    ///
    /// # Safety
    ///
    /// The slot holds an object, and a map was built with this allocator. `size` bytes can be read at `data`, unless it
    /// is null, for as long as the map exists; `ownership` says who owns them.
    pub unsafe fn insert_text(
        self,
        ownership: Ownership,
        data: *mut u8,
        size: u32,
        allocator: &dyn Allocator,
    ) -> Option<Slot> {
        let mut key = Object::INVALID;
        // SAFETY: the caller's promise.
        unsafe {
            key.set_text(ownership.tag(), data, size);
            (*self.as_ptr()).new_pair(key, allocator).and_then(|pair| Slot::at(&raw mut (*pair).value))
        }
    }

    /// Makes the object a value, which whoever owns the slot now owns.
    pub fn put<A: Allocator>(self, value: Value<A>) {
        // SAFETY: the promise of `new`.
        unsafe { self.as_ptr().write(value.into_object()) }
    }

    /// Frees everything below the object and makes it invalid, so that a second call does nothing.
    ///
    /// # Safety
    ///
    /// The slot holds an object. Its tree was built with this allocator, each block is reached once, and nothing refers
    /// into it any more.
    pub unsafe fn destroy(self, allocator: &dyn Allocator) {
        // SAFETY: the caller's promise.
        unsafe { (*self.as_ptr()).destroy(allocator) }
    }
}

/// The bitwise copy by which an object changes hands; `None` for null.
///
/// # Safety
///
/// A pointer that is not null points at an object. The caller uses and frees only one of the two copies.
pub unsafe fn take(object: *const Object) -> Option<Object> {
    // SAFETY: the caller's promise.
    unsafe { (!object.is_null()).then(|| object.read()) }
}

/// The pointer and size of a string of any kind, as its builder set them (null and dangling pointers of empty strings
/// included).
pub fn text_parts(object: &Object) -> Option<(*const u8, usize)> {
    match object.tag() {
        // SAFETY: pointer and size are initialised under these tags.
        tag::STRING | tag::LITERAL => unsafe { Some((object.text.data, object.text.size as usize)) },
        _ => object.as_bytes().map(|bytes| (bytes.as_ptr(), bytes.len())),
    }
}

/// The copy that `ddwaf_object_clone` makes: literals keep their pointer, except as keys.
///
/// # Safety
///
/// The literals' bytes outlive the copy.
pub unsafe fn clone_keeping_literals<A: Allocator>(object: &Object, allocator: A) -> Result<Value<A>, OutOfMemory> {
    // SAFETY: the caller's promise.
    unsafe { object.copy_keeping_literals(allocator) }
}
