//! `ddwaf_object_from_json`: results, ownership, and exhausted memory.
#![allow(unsafe_code)] // a client of a C library

mod support;

use std::ptr::{null, null_mut};
use support::{Object, Recorder, api, is_ours, show, tag, text};

#[test]
fn documents_become_objects() {
    let nested = |n: usize, inner: &str| "[".repeat(n) + inner + &"]".repeat(n);
    let [deep, deep_shown] = ["1", ""].map(|inner| nested(21, inner));
    type Expected<'a> = Option<(u8, &'a str)>;
    let table: [(&[u8], Expected<'_>); 24] = [
        (b"127", Some((tag::UNSIGNED, "127"))),
        (b"-1", Some((tag::SIGNED, "-1"))),
        (b"-0", Some((tag::SIGNED, "0"))),
        (b"1.0", Some((tag::FLOAT, "1.0"))),
        (b"-0.0", Some((tag::FLOAT, "-0.0"))),
        (b"18446744073709551615", Some((tag::UNSIGNED, "18446744073709551615"))),
        (b"18446744073709551616", Some((tag::FLOAT, "1.8446744073709552e19"))),
        (b"-9223372036854775808", Some((tag::SIGNED, "-9223372036854775808"))),
        (b"123456789012345678901234567890", Some((tag::FLOAT, "1.2345678901234566e29"))),
        (b"1.7976931348623157e308", Some((tag::FLOAT, "1.7976931348623157e308"))),
        (b"1.7976931348623159e308", None),
        (b"5e-325", Some((tag::FLOAT, "0.0"))),
        (br#"{"a":1,"a":2}"#, Some((tag::MAP, r#"{"a":1,"a":2}"#))),
        (br#""\ud83d\ude00""#, Some((tag::SMALL, "\"\u{1F600}\""))),
        (br#""\ud83d""#, None),
        (b"null", Some((tag::NULL, "null"))),
        (b" [ ] ", Some((tag::ARRAY, "[]"))),
        (b"{}\0garbage", Some((tag::MAP, "{}"))),
        (b"{} x", None),
        (b"\xef\xbb\xbf{}", None),
        (b"[1,]", None),
        (b" ", None),
        (b"{\"a\":[\"a string that needs memory\", {\"b\": 01}]}", None),
        (deep.as_bytes(), Some((tag::ARRAY, &deep_shown))),
    ];
    let recorder = Recorder::new();
    for (source, expected) in table {
        let mut object = Object::DIRTY;
        let (data, length) = text(source);
        // SAFETY: valid pointers.
        let done = unsafe { (api().object_from_json)(&mut object, data, length, recorder.handle) };
        let name = String::from_utf8_lossy(source);
        assert_eq!(done, expected.is_some(), "{name}");
        match expected {
            Some((tag, shown)) => assert_eq!((object.tag(), show(&object).as_str()), (tag, shown), "{name}"),
            None => assert_eq!((object.tag(), recorder.live()), (tag::INVALID, 0), "{name}"),
        }
        // SAFETY: a live or invalid object.
        unsafe { (api().object_destroy)(&mut object, recorder.handle) };
        assert_eq!(recorder.live(), 0);
    }
}

#[test]
fn missing_arguments_leave_the_object_alone() {
    let api = api();
    let mut object = Object::DIRTY;
    let (data, length) = text(b"{}");
    // SAFETY: valid or null pointers.
    unsafe {
        let heap = (api.get_default_allocator)();
        assert!(!(api.object_from_json)(null_mut(), data, length, heap));
        assert!(!(api.object_from_json)(&mut object, null(), length, heap));
        assert!(!(api.object_from_json)(&mut object, data, 0, heap));
        assert!(!(api.object_from_json)(&mut object, data, length, null_mut()));
    }
    assert_eq!(object, Object::DIRTY);
}

#[test]
fn running_out_of_memory_frees_what_was_made() {
    if !is_ours() {
        return; // libddwaf writes through the null pointer
    }
    let (data, length) =
        text(br#"{"a key of some length":[1,2,3,4,5,6,7,8,9,"a string of some length"],"b":{"c":[{}]}}"#);
    for limit in 0..100 {
        let recorder = Recorder::with_limit(Some(limit));
        let mut object = Object::DIRTY;
        // SAFETY: valid pointers.
        if unsafe { (api().object_from_json)(&mut object, data, length, recorder.handle) } {
            assert_eq!(limit, 7);
            // SAFETY: a live object.
            unsafe { (api().object_destroy)(&mut object, recorder.handle) };
            return;
        }
        assert_eq!((object.tag(), recorder.live()), (tag::INVALID, 0));
    }
    panic!("never enough memory");
}
