//! The types of `ddwaf.h`. Public names, fields and enumerators are part of the ABI: clients generate bindings from
//! the header.

use std::ffi::{c_char, c_int, c_uint, c_void};

/// Bytes a small string can hold inside the object.
pub const DDWAF_OBJ_SSTR_SIZE: usize = 14;

/// The kind of an object: the `type` byte of ddwaf_object. ddwaf_object_get_size, ddwaf_object_at_key and
/// ddwaf_object_at_value read large arrays and maps like small ones.
#[repr(C)]
pub enum DDWAF_OBJ_TYPE {
    /// Unknown or uninitialised.
    DDWAF_OBJ_INVALID = 0x00,
    /// Null.
    DDWAF_OBJ_NULL = 0x01,
    /// A boolean: `b8`.
    DDWAF_OBJ_BOOL = 0x02,
    /// A signed 64-bit integer: `i64`.
    DDWAF_OBJ_SIGNED = 0x04,
    /// An unsigned 64-bit integer: `u64`.
    DDWAF_OBJ_UNSIGNED = 0x06,
    /// A double: `f64`.
    DDWAF_OBJ_FLOAT = 0x08,
    /// A string in its own block, freed with the object: `str`.
    DDWAF_OBJ_STRING = 0x10,
    /// A string in borrowed memory, never freed: `str`.
    DDWAF_OBJ_LITERAL_STRING = 0x12,
    /// A string inside the object: `sstr`.
    DDWAF_OBJ_SMALL_STRING = 0x14,
    /// A sequence of objects: `array`.
    DDWAF_OBJ_ARRAY = 0x20,
    /// A sequence of key/value pairs: `map`.
    DDWAF_OBJ_MAP = 0x40,
    /// A sequence of more than 65535 objects: `large_array`.
    DDWAF_OBJ_LARGE_ARRAY = 0xA0,
    /// A sequence of more than 65535 key/value pairs: `large_map`.
    DDWAF_OBJ_LARGE_MAP = 0xC0,
}

/// What an evaluation returns.
#[repr(C)]
pub enum DDWAF_RET_CODE {
    /// Internal error of the library.
    DDWAF_ERR_INTERNAL = -3,
    /// The data was not a map (eval) or not an array of maps (multieval).
    DDWAF_ERR_INVALID_OBJECT = -2,
    /// A required pointer was NULL.
    DDWAF_ERR_INVALID_ARGUMENT = -1,
    /// Nothing to report.
    DDWAF_OK = 0,
    /// The result holds events, actions or attributes.
    DDWAF_MATCH = 1,
}

/// The severity of a log message.
#[repr(C)]
pub enum DDWAF_LOG_LEVEL {
    /// Every step.
    DDWAF_LOG_TRACE,
    /// For developers of the library.
    DDWAF_LOG_DEBUG,
    /// For information.
    DDWAF_LOG_INFO,
    /// A caller's mistake that was worked around.
    DDWAF_LOG_WARN,
    /// An operation failed.
    DDWAF_LOG_ERROR,
    /// As a minimum level: no messages at all.
    DDWAF_LOG_OFF,
}

/// A DDWAF_LOG_LEVEL from a caller, which may be any number.
pub type LogLevel = c_int;
/// A DDWAF_OBJ_TYPE read from an object, which may be any byte.
pub type ObjectType = c_int;

/// A boolean.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _ddwaf_object_bool {
    pub r#type: u8,
    pub val: bool,
}

/// A signed integer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _ddwaf_object_signed {
    pub r#type: u8,
    pub val: i64,
}

/// An unsigned integer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _ddwaf_object_unsigned {
    pub r#type: u8,
    pub val: u64,
}

/// A double.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _ddwaf_object_float {
    pub r#type: u8,
    pub val: f64,
}

/// A string outside of the object: bytes with a length, without a terminator.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _ddwaf_object_string {
    pub r#type: u8,
    pub size: u32,
    pub ptr: *mut c_char,
}

/// A string inside the object.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _ddwaf_object_small_string {
    pub r#type: u8,
    pub size: u8,
    pub data: [c_char; DDWAF_OBJ_SSTR_SIZE],
}

/// An array of up to 65535 elements.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _ddwaf_object_array {
    pub r#type: u8,
    pub size: u16,
    pub capacity: u16,
    pub ptr: *mut ddwaf_object,
}

/// A map of up to 65535 entries, in insertion order; equal keys may occur.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _ddwaf_object_map {
    pub r#type: u8,
    pub size: u16,
    pub capacity: u16,
    pub ptr: *mut ddwaf_object_kv,
}

/// A node of a tree of values, 16 bytes. `type` is common to all members and says which one is valid.
#[repr(C)]
#[derive(Clone, Copy)]
pub union _ddwaf_object {
    pub r#type: u8,
    pub b8: _ddwaf_object_bool,
    pub i64: _ddwaf_object_signed,
    pub u64: _ddwaf_object_unsigned,
    pub f64: _ddwaf_object_float,
    pub str: _ddwaf_object_string,
    pub sstr: _ddwaf_object_small_string,
    pub array: _ddwaf_object_array,
    pub map: _ddwaf_object_map,
}

/// An entry of a map, 32 bytes. The key is one of the three kinds of string.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _ddwaf_object_kv {
    pub key: ddwaf_object,
    pub val: ddwaf_object,
}

/// A node of a tree of values.
pub type ddwaf_object = _ddwaf_object;
/// An entry of a map.
pub type ddwaf_object_kv = _ddwaf_object_kv;

/// A source of memory.
pub type ddwaf_allocator = *mut crate::allocator::AllocatorHandle;

/// Allocates `size` bytes aligned to `alignment`; returns NULL on failure.
pub type ddwaf_alloc_fn_type =
    Option<unsafe extern "C" fn(udata: *mut c_void, size: usize, alignment: usize) -> *mut c_void>;
/// Frees a block, with the size and alignment with which it was allocated.
pub type ddwaf_free_fn_type =
    Option<unsafe extern "C" fn(udata: *mut c_void, block: *mut c_void, size: usize, alignment: usize)>;
/// Called once when a user allocator is destroyed.
pub type ddwaf_udata_free_fn_type = Option<unsafe extern "C" fn(udata: *mut c_void)>;

/// Receives log messages, on the thread that caused them; several threads may call it at once. `function` and `file`
/// are valid as long as the library is loaded, `message` during the call; `message_len` excludes the terminating NUL.
pub type ddwaf_log_cb = Option<
    unsafe extern "C" fn(
        level: LogLevel,
        function: *const c_char,
        file: *const c_char,
        line: c_uint,
        message: *const c_char,
        message_len: u64,
    ),
>;

/// The engine reads these types in place.
const _: () = {
    use engine::value::{Object, Pair};
    assert!(size_of::<_ddwaf_object>() == size_of::<Object>() && align_of::<_ddwaf_object>() == align_of::<Object>());
    assert!(size_of::<_ddwaf_object_kv>() == size_of::<Pair>());
    assert!(std::mem::offset_of!(_ddwaf_object_bool, val) == 1);
    assert!(std::mem::offset_of!(_ddwaf_object_string, size) == 4);
    assert!(std::mem::offset_of!(_ddwaf_object_string, ptr) == 8);
    assert!(std::mem::offset_of!(_ddwaf_object_small_string, data) == 2);
    assert!(std::mem::offset_of!(_ddwaf_object_array, size) == 2);
    assert!(std::mem::offset_of!(_ddwaf_object_array, capacity) == 4);
    assert!(std::mem::offset_of!(_ddwaf_object_map, ptr) == 8);
};
