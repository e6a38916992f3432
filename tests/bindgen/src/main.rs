//! Uses the names that clients written for libddwaf 2.0 and 2.1 use, with the fields where they expect them.

#[allow(warnings, clippy::all)]
mod ddwaf {
    include!(concat!(env!("OUT_DIR"), "/ddwaf.rs"));
}

use ddwaf::*;
use std::ffi::CStr;

fn main() {
    // SAFETY: the objects are zeroed or made by the library, which initialises what it is given, and are destroyed once with the
    // allocator that they were made with; pointers are read while their object lives.
    unsafe {
        let version = CStr::from_ptr(ddwaf_get_version()).to_str().unwrap();
        let allocator = ddwaf_get_default_allocator();
        let mut map: ddwaf_object = std::mem::zeroed();
        assert!(!ddwaf_object_set_map_large(&mut map, 70_000, allocator).is_null());
        assert_eq!(map.type_, DDWAF_OBJ_TYPE_DDWAF_OBJ_LARGE_MAP as u8);
        ddwaf_object_destroy(&mut map, allocator);

        assert!(!ddwaf_object_set_map(&mut map, 1, allocator).is_null());
        let value = ddwaf_object_insert_key(&mut map, c"key".as_ptr(), 3, allocator);
        ddwaf_object_set_string(value, c"a text on the heap".as_ptr(), 18, allocator);
        assert_eq!((map.via.map.type_, map.via.map.size, map.via.map.capacity), (DDWAF_OBJ_TYPE_DDWAF_OBJ_MAP as u8, 1, 1));
        let pair: *mut ddwaf_object_kv = map.via.map.ptr;
        assert_eq!(((*pair).key.via.sstr.size, (*pair).key.via.sstr.data[0] as u8), (3, b'k'));
        assert_eq!(((*pair).val.via.str_.size, *(*pair).val.via.str_.ptr as u8), (18, b'a'));
        assert_eq!(size_of::<ddwaf_object>(), 16);
        assert_eq!(size_of::<ddwaf_object_kv>(), 32);
        ddwaf_object_destroy(&mut map, allocator);

        let mut number: ddwaf_object = std::mem::zeroed();
        ddwaf_object_set_signed(&mut number, -5);
        assert_eq!((number.via.i64_.type_, number.via.i64_.val), (DDWAF_OBJ_TYPE_DDWAF_OBJ_SIGNED as u8, -5));
        assert_eq!((DDWAF_RET_CODE_DDWAF_MATCH, DDWAF_RET_CODE_DDWAF_ERR_INTERNAL), (1, -3));
        assert_eq!(DDWAF_LOG_LEVEL_DDWAF_LOG_OFF, 5);
        println!("{version} bindgen");
    }
}
