//! A node: its layout, tags, and safe view.

/// The type tags (byte 0 of every object).
pub mod tag {
    /// Unknown or uninitialised.
    pub const INVALID: u8 = 0x00;
    /// The null value.
    pub const NULL: u8 = 0x01;
    /// `true` or `false` in byte 1.
    pub const BOOL: u8 = 0x02;
    /// A signed 64-bit integer.
    pub const SIGNED: u8 = 0x04;
    /// An unsigned 64-bit integer.
    pub const UNSIGNED: u8 = 0x06;
    /// An IEEE 754 double.
    pub const FLOAT: u8 = 0x08;
    /// A string in its own block, freed with the object.
    pub const STRING: u8 = 0x10;
    /// A string in borrowed memory, which is never freed.
    pub const LITERAL: u8 = 0x12;
    /// A string of at most 14 bytes inside the object.
    pub const SMALL: u8 = 0x14;
    /// A sequence of objects.
    pub const ARRAY: u8 = 0x20;
    /// A sequence of key/value pairs.
    pub const MAP: u8 = 0x40;
    /// Added to `ARRAY` or `MAP` when size and capacity need more than 16 bits.
    pub const LARGE: u8 = 0x80;
}

/// The longest string that fits into the object itself.
pub(super) const SMALL_SIZE: usize = 14;
/// The largest size a container can have (28 bits).
pub(super) const MAX_ENTRIES: usize = 0x0FFF_FFFF;

#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Scalar<T> {
    pub tag: u8,
    pub value: T,
}

#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct HeapText {
    pub tag: u8,
    pub size: u32,
    pub data: *mut u8,
}

#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct SmallText {
    pub tag: u8,
    pub size: u8,
    pub data: [u8; SMALL_SIZE],
}

#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Container {
    pub tag: u8,
    pub size: u16,
    pub capacity: u16,
    pub data: *mut u8,
}

/// `word` = tag | size << 8 | capacity << 36.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct LargeContainer {
    pub word: u64,
    pub data: *mut u8,
}

/// One node of a tree, 16 bytes, in the layout of the libddwaf 2.x ABI.
///
/// Objects are reached only by reference; the [module](super) says who owns what.
#[repr(C)]
pub union Object {
    pub(super) tag: u8,
    pub(super) boolean: Scalar<u8>,
    pub(super) signed: Scalar<i64>,
    pub(super) unsigned: Scalar<u64>,
    pub(super) float: Scalar<f64>,
    pub(super) text: HeapText,
    pub(super) small: SmallText,
    pub(super) container: Container,
    pub(super) large: LargeContainer,
}

// SAFETY: an object is only read through a shared reference, and so is what it points to (invariant of the module).
unsafe impl Sync for Object {}

/// An entry of a map: a value and its key, which is one of the string kinds.
#[repr(C)]
pub struct Pair {
    pub(super) key: Object,
    pub(super) value: Object,
}

const _: () = assert!(size_of::<Object>() == 16 && align_of::<Object>() == 8 && size_of::<Pair>() == 32);

/// What an object holds, borrowed from it.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// Unknown or uninitialised, or with an unknown tag.
    Invalid,
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A signed integer.
    Signed(i64),
    /// An unsigned integer.
    Unsigned(u64),
    /// A double.
    Float(f64),
    /// Any of the three string kinds.
    String(&'a [u8]),
    /// The elements of an array.
    Array(&'a [Object]),
    /// The entries of a map, in insertion order, duplicates included.
    Map(&'a [Pair]),
}

impl Object {
    /// The raw type tag.
    #[inline]
    pub fn tag(&self) -> u8 {
        // SAFETY: the tag byte is initialised in every object and common to all members.
        unsafe { self.tag }
    }

    /// What this object holds.
    #[inline]
    pub fn view(&self) -> View<'_> {
        // SAFETY: each member is read only under its own tag, whose fields the builder of the object initialised; the
        // pointers of strings and containers are valid (invariant of the module).
        unsafe {
            match self.tag {
                tag::SMALL => View::String(self.small_bytes()),
                tag::STRING | tag::LITERAL => View::String(slice(self.text.data, self.text.size as usize)),
                tag::MAP => View::Map(slice(self.container.data.cast(), self.container.size.into())),
                tag::ARRAY => View::Array(slice(self.container.data.cast(), self.container.size.into())),
                tag::BOOL => View::Bool(self.boolean.value != 0),
                tag::SIGNED => View::Signed(self.signed.value),
                tag::UNSIGNED => View::Unsigned(self.unsigned.value),
                tag::FLOAT => View::Float(self.float.value),
                tag::NULL => View::Null,
                LARGE_MAP => View::Map(slice(self.large.data.cast(), large_size(self.large.word))),
                LARGE_ARRAY => View::Array(slice(self.large.data.cast(), large_size(self.large.word))),
                _ => View::Invalid,
            }
        }
    }

    /// The bytes of a string of any kind.
    #[inline]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        // SAFETY: as in `view`, which would be slower: this is called for every key and leaf.
        unsafe {
            match self.tag {
                tag::SMALL => Some(self.small_bytes()),
                tag::STRING | tag::LITERAL => Some(slice(self.text.data, self.text.size as usize)),
                _ => None,
            }
        }
    }

    /// A copy of a string stored within the object, which needs no allocation.
    #[inline]
    pub(super) fn copy_inside(&self) -> Option<Object> {
        // SAFETY: the tag says which member is initialised; the copy owns nothing and refers to nothing.
        unsafe {
            let inside = self.tag == tag::SMALL && usize::from(self.small.size) <= SMALL_SIZE;
            inside.then(|| std::ptr::read(self))
        }
    }

    /// Whether this is a string, number or boolean.
    #[inline]
    pub fn is_scalar(&self) -> bool {
        use tag::*;
        matches!(self.tag(), SMALL | STRING | LITERAL | BOOL | SIGNED | UNSIGNED | FLOAT)
    }

    /// The entries of a map.
    #[inline]
    pub fn as_map(&self) -> Option<&[Pair]> {
        // SAFETY: as in `view`, which would be slower: this is called for every container.
        unsafe {
            match self.tag {
                tag::MAP => Some(slice(self.container.data.cast(), self.container.size.into())),
                LARGE_MAP => Some(slice(self.large.data.cast(), large_size(self.large.word))),
                _ => None,
            }
        }
    }

    /// The elements of an array.
    #[inline]
    pub fn as_array(&self) -> Option<&[Object]> {
        // SAFETY: as in `as_map`.
        unsafe {
            match self.tag {
                tag::ARRAY => Some(slice(self.container.data.cast(), self.container.size.into())),
                LARGE_ARRAY => Some(slice(self.large.data.cast(), large_size(self.large.word))),
                _ => None,
            }
        }
    }

    /// Whether this is an array, small or large.
    #[inline]
    pub fn is_array(&self) -> bool {
        self.tag() & !tag::LARGE == tag::ARRAY
    }

    /// Whether this is a map, small or large.
    #[inline]
    pub fn is_map(&self) -> bool {
        self.tag() & !tag::LARGE == tag::MAP
    }

    /// Whether this is an array or a map.
    #[inline]
    pub fn is_container(&self) -> bool {
        matches!(self.tag() & !tag::LARGE, tag::ARRAY | tag::MAP)
    }

    /// The value of the first entry of a map with this key.
    pub fn get(&self, key: &[u8]) -> Option<&Object> {
        self.as_map()?.iter().find(|pair| pair.key_bytes() == Some(key)).map(Pair::value)
    }

    /// The address of the object as its identity. Caches are keyed by it, as in the reference.
    #[inline]
    pub fn identity(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    /// The bytes of a string stored within the object.
    ///
    /// # Safety
    ///
    /// The tag is that of such a string.
    #[inline]
    unsafe fn small_bytes(&self) -> &[u8] {
        // SAFETY: the caller checked the tag; a size beyond the object is cut to what the object can hold.
        unsafe {
            let data = &*std::ptr::addr_of!(self.small.data);
            &data[..(self.small.size as usize).min(SMALL_SIZE)]
        }
    }

    /// The number of entries of a container, else 0.
    #[inline]
    pub fn len(&self) -> usize {
        // SAFETY: the size fields are initialised under container tags.
        unsafe {
            match self.tag {
                tag::ARRAY | tag::MAP => self.container.size.into(),
                LARGE_ARRAY | LARGE_MAP => large_size(self.large.word),
                _ => 0,
            }
        }
    }

    /// Whether there are no entries; also true for anything but a container.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The capacity of a container, else 0.
    #[inline]
    pub(super) fn capacity(&self) -> usize {
        // SAFETY: the capacity fields are initialised under container tags.
        unsafe {
            match self.tag {
                tag::ARRAY | tag::MAP => self.container.capacity.into(),
                LARGE_ARRAY | LARGE_MAP => (self.large.word >> 36) as usize,
                _ => 0,
            }
        }
    }

    /// The block of a container, small or large.
    #[inline]
    pub(super) fn block(&self) -> *mut u8 {
        // SAFETY: the pointer is at the same place in both forms and initialised under container tags.
        unsafe {
            match self.tag & !tag::LARGE {
                tag::ARRAY | tag::MAP => self.container.data,
                _ => std::ptr::null_mut(),
            }
        }
    }
}

impl Pair {
    /// The key's bytes, or `None` if a caller stored a key that is not a string.
    #[inline]
    pub fn key_bytes(&self) -> Option<&[u8]> {
        self.key.as_bytes()
    }

    /// The key as an object.
    #[inline]
    pub fn key(&self) -> &Object {
        &self.key
    }

    /// The value.
    #[inline]
    pub fn value(&self) -> &Object {
        &self.value
    }
}

pub(super) const LARGE_ARRAY: u8 = tag::ARRAY | tag::LARGE;
pub(super) const LARGE_MAP: u8 = tag::MAP | tag::LARGE;

#[inline]
fn large_size(word: u64) -> usize {
    (word >> 8) as usize & MAX_ENTRIES
}

/// A slice from a caller's pointer and size. Null with a size is a caller's mistake and reads as empty.
///
/// # Safety
///
/// A pointer that is not null is followed by `size` elements, initialised and unchanged for as long as the slice is
/// used.
#[inline]
pub(super) unsafe fn slice<'a, T>(data: *const T, size: usize) -> &'a [T] {
    if data.is_null() || size == 0 {
        return &[];
    }
    // SAFETY: invariant of the module: a non-null pointer is followed by `size` initialised elements.
    unsafe { std::slice::from_raw_parts(data, size) }
}

/// The size of one entry of a container of this kind, in bytes.
#[inline]
pub(super) fn entry_size(kind: u8) -> usize {
    if kind & !tag::LARGE == tag::MAP { size_of::<Pair>() } else { size_of::<Object>() }
}
