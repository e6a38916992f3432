//! Containers whose number of entries is known before they are filled.
//!
//! Appending reads the size, compares it with the capacity and writes the size back, so each entry depends on the one
//! before; and an entry built elsewhere has to be copied into place. For nearly all containers that the engine makes
//! the number of entries is known: they are built in place, and the size is written once, when the [`Filling`] is
//! dropped.

use super::object::{SMALL_SIZE, SmallText};
use super::{Allocator, Heap, Object, OutOfMemory, Pair, Value, tag};
use std::marker::PhantomData;

/// A short key known in advance, which is inserted without copying bytes.
#[derive(Clone, Copy)]
pub(crate) struct Key(SmallText);

impl Key {
    /// A key of at most 14 bytes, which the compiler checks for constants.
    pub(crate) const fn new(text: &str) -> Self {
        let mut data = [0; SMALL_SIZE];
        let mut at = 0;
        while at < text.len() {
            data[at] = text.as_bytes()[at];
            at += 1;
        }
        Key(SmallText { tag: tag::SMALL, size: text.len() as u8, data })
    }
}

/// An entry of a container: an object, or a pair of a key and an object.
pub(crate) trait Entry {
    /// The tag of a container with such entries.
    const KIND: u8;
}

impl Entry for Object {
    const KIND: u8 = tag::ARRAY;
}

impl Entry for Pair {
    const KIND: u8 = tag::MAP;
}

/// An array or map with room for a number of entries, of which the first are filled.
pub(crate) struct Filling<'o, E: Entry, A> {
    /// A container with its final capacity; its size is set to [`Self::written`] only at the end.
    container: &'o mut Object,
    allocator: A,
    written: usize,
    room: usize,
    entries: PhantomData<E>,
}

/// An array that is being filled.
pub(crate) type Array<'o, A = Heap> = Filling<'o, Object, A>;

/// A map that is being filled.
pub(crate) type Map<'o, A = Heap> = Filling<'o, Pair, A>;

impl<'o, E: Entry, A: Allocator> Filling<'o, E, A> {
    /// Turns `place`, which holds nothing that needs freeing, into a container with room for this many entries. The
    /// allocator is that of the tree.
    #[inline]
    pub(crate) fn new_in(place: &'o mut Object, room: usize, allocator: A) -> Result<Self, OutOfMemory> {
        match place.set_container(E::KIND, room, &allocator) {
            true => Ok(Filling { container: place, allocator, written: 0, room, entries: PhantomData }),
            false => Err(OutOfMemory),
        }
    }

    /// Counts one more entry and returns its place, uninitialised.
    #[inline]
    fn add(&mut self) -> *mut E {
        assert!(self.written < self.room, "no room was asked for this entry");
        // SAFETY: the block has `room` places, of which `written` are taken.
        let place = unsafe { self.container.block().cast::<E>().add(self.written) };
        self.written += 1;
        place
    }
}

/// Makes a place an object that holds nothing. Only the tag is written: zeroing the whole object compiles to a slower
/// memset call.
///
/// # Safety
///
/// The place is within a block, and free.
#[inline]
unsafe fn empty<'o>(place: *mut Object) -> &'o mut Object {
    // SAFETY: the caller's promise; no other field of an invalid object is read.
    unsafe {
        (*place).tag = tag::INVALID;
        &mut *place
    }
}

/// Entries filled until then belong to the container and are freed with it.
impl<E: Entry, A> Drop for Filling<'_, E, A> {
    #[inline]
    fn drop(&mut self) {
        let block = self.container.block();
        // SAFETY: the block was allocated with this capacity, and each of the places counted was initialised when it
        // was given out.
        unsafe { self.container.set_container_parts(E::KIND, self.written, self.room, block) };
    }
}

impl<A: Allocator> Array<'_, A> {
    /// The place of the next element, which holds nothing yet.
    #[inline]
    pub(crate) fn place(&mut self) -> &mut Object {
        // SAFETY: a place just counted.
        unsafe { empty(self.add()) }
    }
}

impl<A: Allocator> Map<'_, A> {
    /// The place of the next value, under a key known in advance. It holds nothing yet.
    #[inline]
    pub(crate) fn place(&mut self, Key(key): Key) -> &mut Object {
        self.place_under(Object { small: key })
    }

    /// The place of the next value, under any key; equal keys are kept. It holds nothing yet.
    #[inline]
    pub(crate) fn try_place_at(&mut self, key: &[u8]) -> Result<&mut Object, OutOfMemory> {
        let place = self.add();
        // SAFETY: a place just counted.
        let (name, value) = unsafe { (empty(&raw mut (*place).key), empty(&raw mut (*place).value)) };
        name.try_put_text(key, &self.allocator).map(|()| value)
    }

    #[inline]
    fn place_under(&mut self, key: Object) -> &mut Object {
        let place = self.add();
        // SAFETY: a place just counted.
        unsafe {
            (&raw mut (*place).key).write(key);
            empty(&raw mut (*place).value)
        }
    }
}

impl<'o, E: Entry> Filling<'o, E, Heap> {
    /// Turns `place`, which holds nothing that needs freeing, into a container with room for this many entries.
    #[inline]
    pub(crate) fn new(place: &'o mut Object, room: usize) -> Self {
        Self::new_in(place, room, Heap).expect("memory for a container")
    }
}

impl Map<'_> {
    /// The place of the next value, under any key; equal keys are kept. It holds nothing yet.
    #[inline]
    pub(crate) fn place_at(&mut self, key: &[u8]) -> &mut Object {
        self.try_place_at(key).expect("memory for a key below 4 GiB")
    }

    /// The place of the next value, under the key of another map.
    #[inline]
    pub(crate) fn place_like(&mut self, key: &Object) -> &mut Object {
        match key.copy_inside() {
            Some(key) => self.place_under(key),
            None => self.place_at(key.as_bytes().unwrap_or_default()),
        }
    }
}

impl Object {
    /// Puts a copy of these bytes here, in a place that holds nothing that needs freeing.
    #[inline]
    pub(crate) fn try_put_text<A: Allocator>(&mut self, text: &[u8], allocator: A) -> Result<(), OutOfMemory> {
        if self.set_string(text, &allocator) { Ok(()) } else { Err(OutOfMemory) }
    }

    /// The same on the process heap.
    #[inline]
    pub(crate) fn put_text(&mut self, text: &[u8]) {
        self.try_put_text(text, Heap).expect("memory for a text below 4 GiB");
    }
}

impl Value {
    /// The value that `fill` builds in an empty place.
    #[inline]
    pub(crate) fn made(fill: impl FnOnce(&mut Object)) -> Self {
        let mut value = Self::invalid();
        fill(value.place());
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn filled_containers_have_their_entries() {
        let map = Value::made(|place| {
            let mut map = Map::new(place, 6);
            map.place(const { Key::new("short") }).set_unsigned(1);
            map.place_at(b"a key that is longer than an object").put_text(b"and a value that is, too");
            map.place_like(&Value::from("key")).set_bool(true);
            map.place_like(&Value::from("another long key, copied")).put_text(b"");
            let mut array = Array::new(map.place_at(b""), 2);
            array.place().set_signed(-1);
            array.place();
        });
        let expected = concat!(
            r#"{"short":1,"a key that is longer than an object":"and a value that is, too","#,
            r#""key":true,"another long key, copied":"","":[-1,null]}"#
        );
        assert_eq!(json::to_string(&map), expected);
        assert_eq!((map.len(), map.capacity()), (5, 6));
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
    fn containers_need_not_be_full() {
        for room in [0, 1, 70_000] {
            let array = Value::made(|place| {
                let mut array = Array::new(place, room);
                (0..room.min(3)).for_each(|_| array.place().put_text(b"a text in a block of its own"));
            });
            assert_eq!((array.len(), array.capacity()), (room.min(3), room));
        }
    }
}
