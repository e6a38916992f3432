//! Objects: bytes, growth, and the exact calls of an allocator.
#![allow(unsafe_code)] // a client of a C library

mod support;

use std::ffi::{CStr, c_void};
use std::ptr::{null, null_mut};
use support::{A, Alloc, Api, F, Obj, Object, Recorder, api, bytes, is_ours, json, show, tag, text};

const LONG: &CStr = c"123456789012345";

/// The bytes that a setter writes over 0xEE, in hexadecimal; `..` must not change, `??` may be anything.
fn expect(written: &str, set: impl FnOnce(&Api, Obj) -> Obj) -> Object {
    let mut object = Object::DIRTY;
    let target: Obj = &mut object;
    assert_eq!(set(api(), target), target);
    for (position, (expected, actual)) in written.split_whitespace().zip(object.0).enumerate() {
        match expected {
            ".." => assert_eq!(actual, 0xEE, "byte {position} of {written}"),
            "??" => {}
            hex => assert_eq!(format!("{actual:02x}"), hex, "byte {position} of {written}"),
        }
    }
    object
}

#[test]
fn setters_write_the_bytes_of_their_kind() {
    // SAFETY: each gets valid pointers.
    unsafe {
        expect("00 .. .. .. .. .. .. ..  .. .. .. .. .. .. .. ..", |api, o| (api.object_set_invalid)(o));
        expect("01 .. .. .. .. .. .. ..  .. .. .. .. .. .. .. ..", |api, o| (api.object_set_null)(o));
        expect("01 .. .. .. .. .. .. ..  .. .. .. .. .. .. .. ..", |api, o| (api.object_null)(o));
        expect("02 01 .. .. .. .. .. ..  .. .. .. .. .. .. .. ..", |api, o| (api.object_set_bool)(o, true));
        expect("02 00 .. .. .. .. .. ..  .. .. .. .. .. .. .. ..", |api, o| (api.object_bool)(o, false));
        expect("04 .. .. .. .. .. .. ..  ff ff ff ff ff ff ff ff", |api, o| (api.object_set_signed)(o, -1));
        expect("04 .. .. .. .. .. .. ..  fe ff ff ff ff ff ff ff", |api, o| (api.object_signed)(o, -2));
        expect("06 .. .. .. .. .. .. ..  ff ff ff ff ff ff ff ff", |api, o| (api.object_set_unsigned)(o, u64::MAX));
        expect("06 .. .. .. .. .. .. ..  07 00 00 00 00 00 00 00", |api, o| (api.object_unsigned)(o, 7));
        expect("08 .. .. .. .. .. .. ..  00 00 00 00 00 00 f8 3f", |api, o| (api.object_set_float)(o, 1.5));
        expect("08 .. .. .. .. .. .. ..  00 00 00 00 00 00 00 80", |api, o| (api.object_float)(o, -0.0));
        let heap = (api().get_default_allocator)();
        expect("14 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00", |api, o| {
            (api.object_set_string)(o, null(), 0, heap)
        });
        expect("14 03 61 00 62 00 00 00  00 00 00 00 00 00 00 00", |api, o| {
            (api.object_set_string)(o, b"a\0b".as_ptr().cast(), 3, heap)
        });
        expect("14 0e 31 32 33 34 35 36  37 38 39 30 31 32 33 34", |api, o| {
            (api.object_set_string)(o, c"12345678901234".as_ptr(), 14, heap)
        });
        let literal = c"abc".as_ptr();
        let object = expect("12 ?? ?? ?? 03 00 00 00  ?? ?? ?? ?? ?? ?? ?? ??", |api, o| {
            (api.object_set_string_literal)(o, literal, 3)
        });
        assert_eq!(object.pointer(), literal.cast_mut().cast());
    }
}

#[test]
fn containers_and_long_strings_allocate_exactly() {
    let recorder = Recorder::new();
    let alloc = recorder.handle;
    type Set = fn(&Api, Obj, usize, Alloc) -> Obj;
    // SAFETY: valid pointers.
    let array: Set = |api, o, n, alloc| unsafe { (api.object_set_array)(o, n as u16, alloc) };
    // SAFETY: as above.
    let map: Set = |api, o, n, alloc| unsafe { (api.object_set_map)(o, n as u16, alloc) };
    // SAFETY: as above.
    let large_array: Set = |api, o, n, alloc| unsafe { (api.object_set_array_large)(o, n, alloc) };
    // SAFETY: as above.
    let large_map: Set = |api, o, n, alloc| unsafe { (api.object_set_map_large)(o, n, alloc) };
    // SAFETY: as above.
    let string: Set = |api, o, n, alloc| unsafe { (api.object_set_string)(o, LONG.as_ptr(), n as u32, alloc) };
    let table = [
        ("20 ?? 00 00 00 00 ?? ??  00 00 00 00 00 00 00 00", array, 0, None, 8),
        ("40 ?? 00 00 01 00 ?? ??", map, 1, Some(32), 8),
        ("20 ?? 00 00 03 00 ?? ??", large_array, 3, Some(48), 8),
        ("20 ?? 00 00 ff ff ?? ??", large_array, 65_535, Some(1_048_560), 8),
        ("a0 00 00 00 00 00 10 00", large_array, 65_536, Some(1_048_576), 8),
        ("c0 00 00 00 00 6a 18 00", large_map, 100_000, Some(3_200_000), 8),
        ("20 ?? 00 00 ff ff ?? ??", array, 65_535, Some(1_048_560), 8),
        ("10 ?? ?? ?? 0f 00 00 00", string, 15, Some(15), 1),
    ];
    for (written, set, n, size, align) in table {
        let mut object = expect(written, |api, o| set(api, o, n, alloc));
        assert_eq!(recorder.calls(), size.map(|size| A(size, align)).into_iter().collect::<Vec<_>>());
        // SAFETY: a live object of this allocator; the second time it is invalid.
        unsafe {
            (api().object_destroy)(&mut object, alloc);
            (api().object_destroy)(&mut object, alloc);
        }
        assert_eq!(recorder.calls(), size.map(|size| F(size, align)).into_iter().collect::<Vec<_>>());
        assert_eq!(object.tag(), tag::INVALID);
    }
}

#[test]
fn what_a_setter_refuses_leaves_the_object_alone() {
    let api = api();
    let mut object = Object::DIRTY;
    let o: Obj = &mut object;
    let abc = c"abc".as_ptr();
    // SAFETY: valid or null pointers.
    unsafe {
        let heap = (api.get_default_allocator)();
        let refused = [
            (api.object_set_invalid)(null_mut()),
            (api.object_set_null)(null_mut()),
            (api.object_set_bool)(null_mut(), true),
            (api.object_set_signed)(null_mut(), 1),
            (api.object_set_unsigned)(null_mut(), 1),
            (api.object_set_float)(null_mut(), 1.0),
            (api.object_set_string)(null_mut(), abc, 3, heap),
            (api.object_set_string)(o, abc, 3, null_mut()),
            (api.object_set_string)(o, null(), 3, heap),
            (api.object_set_string_literal)(null_mut(), abc, 3),
            (api.object_set_string_literal)(o, null(), 0),
            (api.object_set_string_nocopy)(null_mut(), abc, 3),
            (api.object_set_string_nocopy)(o, null(), 0),
            (api.object_set_array)(null_mut(), 1, heap),
            (api.object_set_array)(o, 1, null_mut()),
            (api.object_set_map)(null_mut(), 1, heap),
            (api.object_set_map)(o, 1, null_mut()),
            (api.object_set_array_large)(o, 0x1000_0000, heap),
            (api.object_set_map_large)(o, 0x1000_0000, heap),
            (api.object_set_map_large)(o, usize::MAX, heap),
            (api.object_insert)(o, heap),
            (api.object_insert)(null_mut(), heap),
            (api.object_insert_key)(o, abc, 3, heap),
            (api.object_insert_key)(null_mut(), abc, 3, heap),
            (api.object_insert_key_nocopy)(o, abc, 3, heap),
            (api.object_insert_literal_key)(o, abc, 3, heap),
            (api.object_clone)(null(), o, heap),
            (api.object_clone)(o, o, null_mut()),
            (api.object_clone)(o, null_mut(), heap),
        ];
        assert_eq!(refused, [null_mut(); 29]);
        (api.object_destroy)(null_mut(), heap);
        (api.object_destroy)(o, null_mut());
    }
    assert_eq!(object, Object::DIRTY);
}

#[test]
fn containers_grow_in_the_steps_of_the_abi() {
    let (api, recorder) = (api(), Recorder::new());
    for (map, entry) in [(false, 16), (true, 32)] {
        let mut container = Object::DIRTY;
        let c: Obj = &mut container;
        let mut expected = vec![];
        // SAFETY: valid pointers.
        unsafe {
            if map {
                (api.object_set_map)(c, 0, recorder.handle)
            } else {
                (api.object_set_array)(c, 0, recorder.handle)
            };
            for i in 0..140_000u64 {
                let slot = match map {
                    true => (api.object_insert_literal_key)(c, c"k".as_ptr(), 1, recorder.handle),
                    false => (api.object_insert)(c, recorder.handle),
                };
                assert_eq!((*slot).tag(), tag::INVALID);
                (api.object_set_unsigned)(slot, i);
            }
        }
        let mut old = 0;
        for capacity in [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65535, 131_070, 262_140] {
            expected.push(A(capacity * entry, 8));
            if old > 0 {
                expected.push(F(old * entry, 8));
            }
            old = capacity;
        }
        assert_eq!(recorder.calls(), expected);
        let large = if map { tag::LARGE_MAP } else { tag::LARGE_ARRAY };
        assert_eq!((container.tag(), container.large_size(), container.capacity()), (large, 140_000, 262_140));
        // SAFETY: a live container.
        unsafe {
            assert_eq!((api.object_get_size)(c), 140_000);
            assert_eq!((api.object_get_unsigned)((api.object_at_value)(c, 139_999)), 139_999);
            assert_eq!((api.object_is_map)(c), map);
            assert_eq!((api.object_is_array)(c), !map);
            let mut copy = Object::DIRTY;
            assert!(!(api.object_clone)(c, &mut copy, recorder.handle).is_null());
            assert_eq!((copy.tag(), copy.large_size(), copy.capacity()), (large, 140_000, 140_000));
            (api.object_destroy)(&mut copy, recorder.handle);
            (api.object_destroy)(c, recorder.handle);
        }
        assert_eq!(recorder.live(), 0);
        recorder.calls();
    }
}

#[test]
fn keys_are_copied_taken_over_or_referred_to() {
    let (api, recorder) = (api(), Recorder::new());
    let alloc = recorder.handle;
    let mut map = Object::DIRTY;
    let m: Obj = &mut map;
    let (long, length) = text(b"a key of more than 14 bytes");
    // SAFETY: valid pointers; blocks taken over come from the same allocator.
    unsafe {
        (api.object_set_map)(m, 8, alloc);
        let owned = |content: &[u8]| {
            let block = (api.allocator_alloc)(alloc, content.len(), 1);
            std::ptr::copy_nonoverlapping(content.as_ptr().cast::<c_void>(), block, content.len());
            block.cast_const().cast()
        };
        recorder.calls();
        for slot in [
            (api.object_insert_key)(m, c"short".as_ptr(), 5, alloc),
            (api.object_insert_key)(m, long, length, alloc),
            (api.object_insert_key)(m, null(), 0, alloc),
            (api.object_insert_key_nocopy)(m, owned(b"taken"), 5, alloc),
            (api.object_insert_literal_key)(m, c"literal".as_ptr(), 7, alloc),
            (api.object_insert_key)(m, c"short".as_ptr(), 5, alloc),
            (api.object_insert_key_nocopy)(m, null(), 0, alloc),
        ] {
            (api.object_set_string)(slot, c"value".as_ptr(), 5, alloc);
        }
        assert_eq!(recorder.calls(), [A(27, 1), A(5, 1)]);
        let tags: Vec<u8> = (0..7).map(|i| (*(api.object_at_key)(m, i)).tag()).collect();
        assert_eq!(tags, [tag::SMALL, tag::STRING, tag::SMALL, tag::STRING, tag::LITERAL, tag::SMALL, tag::STRING]);
        // The first of equal keys is found; the empty key never is.
        assert_eq!((api.object_find)(m, c"short".as_ptr(), 5), (api.object_at_value)(m, 0));
        assert_eq!((api.object_find)(m, c"taken".as_ptr(), 5), (api.object_at_value)(m, 3));
        assert_eq!((api.object_find)(m, c"".as_ptr(), 0), null());
        assert_eq!((api.object_find)(m, null(), 5), null());
        assert_eq!((api.object_find)(m, c"shor".as_ptr(), 4), null());
        assert_eq!((api.object_at_key)(m, 7), null());
        assert_eq!((api.object_at_value)(m, 7), null());
        if is_ours() {
            assert_eq!((api.object_insert_key)(m, null(), 15, alloc), null_mut());
            assert_eq!((api.object_insert_key_nocopy)(m, null(), 1, alloc), null_mut());
        }
        (api.object_destroy)(m, alloc);
    }
    assert_eq!(recorder.calls(), [F(27, 1), F(5, 1), F(256, 8)]);
}

#[test]
fn objects_are_freed_in_order() {
    let recorder = Recorder::new();
    let mut object = json(r#"{"aaaaaaaaaaaaaaaaaaaa":[1,2,3],"b":"cccccccccccccccccccc"}"#, recorder.handle);
    assert_eq!(recorder.calls(), [A(20, 1), A(256, 8), A(128, 8), A(20, 1)]);
    // SAFETY: a live object.
    unsafe { (api().object_destroy)(&mut object, recorder.handle) };
    assert_eq!(recorder.calls(), [F(20, 1), F(128, 8), F(20, 1), F(256, 8)]);
}

#[test]
fn strings_taken_over_are_freed_with_their_size() {
    let (api, recorder) = (api(), Recorder::new());
    let mut object = Object::DIRTY;
    // SAFETY: valid pointers; the block comes from the allocator that frees it.
    unsafe {
        let block = (api.allocator_alloc)(recorder.handle, 3, 1).cast_const().cast();
        (api.object_set_string_nocopy)(&mut object, block, 3);
        assert_eq!((object.tag(), (api.object_get_length)(&object)), (tag::STRING, 3));
        let mut copy = Object::DIRTY;
        std::ptr::write_bytes(block.cast_mut(), b'x', 3);
        (api.object_clone)(&object, &mut copy, recorder.handle);
        assert_eq!((copy.tag(), bytes(&copy)), (tag::SMALL, Some(b"xxx".to_vec())));
        (api.object_destroy)(&mut object, recorder.handle);
    }
    assert_eq!(recorder.calls(), [A(3, 1), F(3, 1)]);
}

#[test]
fn a_clone_has_the_room_it_needs_and_keeps_literals() {
    let (api, recorder) = (api(), Recorder::new());
    let (literal, length) = text(b"a literal of more than 14 bytes");
    let mut source = json(r#"{"k":[1,null,-2,true,1.5,"a string beyond 14"],"e":[],"m":{"x":{}}}"#, recorder.handle);
    let mut copy = Object::DIRTY;
    // SAFETY: valid pointers.
    unsafe {
        let slot = (api.object_insert_literal_key)(&mut source, literal, length, recorder.handle);
        (api.object_set_string_literal)(slot, literal, length);
        let slot = (api.object_insert_key)(&mut source, c"odd".as_ptr(), 3, recorder.handle);
        (*slot).0[0] = 0x77;
        recorder.calls();
        assert_eq!((api.object_clone)(&source, &mut copy, recorder.handle), &mut copy as Obj);
        assert_eq!(show(&copy), show(&source));
        let text_of = |object: &Object, i| *(api.object_at_value)(object, i);
        assert_eq!((text_of(&copy, 3).tag(), text_of(&copy, 3).pointer()), (tag::LITERAL, literal.cast_mut().cast()));
        assert_eq!((*(api.object_at_key)(&copy, 3)).tag(), tag::STRING);
        assert_eq!(text_of(&copy, 4).tag(), tag::INVALID);
        assert_eq!(copy.capacity(), 5);
        let mut seen = recorder.calls();
        seen.sort_by_key(|call| format!("{call:?}"));
        assert_eq!(seen, [A(160, 8), A(18, 1), A(31, 1), A(32, 8), A(96, 8)]);
        (api.object_destroy)(&mut copy, recorder.handle);
        (api.object_destroy)(&mut source, recorder.handle);
    }
}

#[test]
fn inspection_converts_nothing() {
    let api = api();
    // SAFETY: valid or null pointers.
    unsafe {
        let heap = (api.get_default_allocator)();
        let mut list = json(r#"[7,-7,1.5,true,null,"text",[1],{"k":1}]"#, heap);
        let at = |i| (api.object_at_value)(&list, i);
        let types: Vec<i32> = (0..8).map(|i| (api.object_get_type)(at(i))).collect();
        assert_eq!(types, [0x06, 0x04, 0x08, 0x02, 0x01, 0x14, 0x20, 0x40]);
        for i in 0..8 {
            assert_eq!((api.object_get_unsigned)(at(i)), if i == 0 { 7 } else { 0 });
            assert_eq!((api.object_get_signed)(at(i)), if i == 1 { -7 } else { 0 });
            assert_eq!((api.object_get_float)(at(i)), if i == 2 { 1.5 } else { 0.0 });
            assert_eq!((api.object_get_bool)(at(i)), i == 3);
            assert_eq!((api.object_get_length)(at(i)), if i == 5 { 4 } else { 0 });
            assert_eq!((api.object_get_size)(at(i)), usize::from(i >= 6));
            let is = [
                (api.object_is_unsigned)(at(i)),
                (api.object_is_signed)(at(i)),
                (api.object_is_float)(at(i)),
                (api.object_is_bool)(at(i)),
                (api.object_is_null)(at(i)),
                (api.object_is_string)(at(i)),
                (api.object_is_array)(at(i)),
                (api.object_is_map)(at(i)),
            ];
            assert_eq!(is.iter().position(|&is| is), Some(i), "{i}");
            assert_eq!(is.iter().filter(|&&is| is).count(), 1);
            assert!(!(api.object_is_invalid)(at(i)));
        }
        let mut length = 77;
        assert_eq!((api.object_get_string)(at(0), &mut length), null());
        assert_eq!(length, 77);
        assert_eq!((api.object_get_string)(at(5), null_mut()), at(5).cast::<std::ffi::c_char>().add(2));
        assert_eq!((api.object_at_key)(at(6), 0), null());
        assert_eq!((api.object_at_value)(at(0), 0), null());
        assert!((api.object_is_invalid)(&Object::ZERO));
        // A string is anything with the bit; all other checks are exact.
        for odd in [0x11, 0x13, 0x16, 0x18, 0x30, 0x90, 0xFF] {
            let mut object = Object::ZERO;
            object.0[0] = odd;
            assert!((api.object_is_string)(&object));
            assert_eq!(((api.object_get_type)(&object), (api.object_get_length)(&object)), (odd.into(), 0));
            object.0[8..].fill(0x55);
            assert!(!is_ours() || (api.object_get_string)(&object, null_mut()).is_null());
        }
        (api.object_destroy)(&mut list, heap);
        let n = null();
        assert_eq!(((api.object_get_type)(n), (api.object_get_size)(n), (api.object_get_length)(n)), (0, 0, 0));
        assert_eq!(((api.object_get_unsigned)(n), (api.object_get_signed)(n)), (0, 0));
        assert_eq!(((api.object_get_float)(n), (api.object_get_bool)(n)), (0.0, false));
        assert_eq!((api.object_get_string)(n, null_mut()), null());
        assert_eq!((api.object_at_key)(n, 0), null());
        assert_eq!((api.object_at_value)(n, 0), null());
        assert_eq!((api.object_find)(n, c"k".as_ptr(), 1), null());
        assert!(!(api.object_is_invalid)(n) && !(api.object_is_string)(n) && !(api.object_is_map)(n));
    }
}

#[test]
fn a_million_levels_are_freed_without_recursion() {
    if !is_ours() {
        return; // libddwaf recurses, and overflows the stack
    }
    let api = api();
    // SAFETY: valid pointers; inner objects move into the outer ones.
    unsafe {
        let heap = (api.get_default_allocator)();
        let mut object = Object::ZERO;
        for _ in 0..1_000_000 {
            let mut outer = Object::ZERO;
            (api.object_set_array)(&mut outer, 1, heap);
            *(api.object_insert)(&mut outer, heap) = object;
            object = outer;
        }
        (api.object_destroy)(&mut object, heap);
    }
}

#[test]
fn wrong_sizes_and_keys_are_not_followed() {
    if !is_ours() {
        return; // libddwaf crashes
    }
    let api = api();
    // SAFETY: the objects are as wrong as these tests mean them to be.
    unsafe {
        let heap = (api.get_default_allocator)();
        let mut nothing = Object([0x40, 0, 5, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((api.object_at_key)(&nothing, 0), null());
        assert_eq!((api.object_find)(&nothing, c"k".as_ptr(), 1), null());
        let slot = (api.object_insert_key)(&mut nothing, c"k".as_ptr(), 1, heap);
        (api.object_set_null)(slot);
        assert_eq!((api.object_get_size)(&nothing), 1);
        (api.object_destroy)(&mut nothing, heap);
        let mut small = Object::ZERO;
        (api.object_set_array)(&mut small, 2, heap);
        small.0[2] = 200;
        assert_eq!((api.object_insert)(&mut small, heap), null_mut());
        small.0[2] = 0;
        (api.object_destroy)(&mut small, heap);
        let mut numbers = json(r#"{"k":1}"#, heap);
        (*(api.object_at_key)(&numbers, 0).cast_mut()).0[0] = tag::UNSIGNED;
        assert_eq!((api.object_find)(&numbers, c"k".as_ptr(), 1), null());
        (api.object_destroy)(&mut numbers, heap);
    }
}

#[test]
fn running_out_of_memory_leaves_everything_as_it_was() {
    if !is_ours() {
        return; // libddwaf writes through the null pointer
    }
    let (api, none) = (api(), Recorder::with_limit(Some(0)));
    let mut object = Object::DIRTY;
    let o: Obj = &mut object;
    let (long, length) = text(b"more than 14 bytes");
    // SAFETY: valid pointers.
    unsafe {
        assert_eq!((api.object_set_string)(o, long, length, none.handle), null_mut());
        assert_eq!((api.object_set_array)(o, 1, none.handle), null_mut());
        assert_eq!((api.object_set_map_large)(o, 70_000, none.handle), null_mut());
        assert_eq!(object, Object::DIRTY);
        let one = Recorder::with_limit(Some(1));
        (api.object_set_map)(o, 0, one.handle);
        assert_eq!((api.object_insert_key)(o, long, length, one.handle), null_mut());
        assert_eq!(((api.object_get_size)(o), one.live()), (0, 0));
        for limit in 0.. {
            let few = Recorder::with_limit(Some(limit));
            let mut source =
                json(r#"{"a key of some length":[1,{"k":"a string of some length"}]}"#, (api.get_default_allocator)());
            let mut copy = Object::DIRTY;
            let done = (api.object_clone)(&source, &mut copy, few.handle);
            (api.object_destroy)(&mut source, (api.get_default_allocator)());
            if done.is_null() {
                assert_eq!((copy, few.live()), (Object::DIRTY, 0));
                continue;
            }
            assert_eq!(limit, 5);
            (api.object_destroy)(&mut copy, few.handle);
            break;
        }
    }
}
