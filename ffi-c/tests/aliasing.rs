//! Objects made from their own bytes, and results that overwrite their source: the source must be copied first.
#![allow(unsafe_code)] // a client of a C library

mod support;

use std::ffi::c_char;
use std::ptr::null_mut;
use support::{Alloc, MATCH, Obj, Object, Recorder, Text, api, bytes, heap, json, show, tag};

/// An object that holds a copy of a string.
fn string(content: &[u8], alloc: Alloc) -> Object {
    let mut object = Object::DIRTY;
    // SAFETY: valid pointers.
    unsafe { (api().object_set_string)(&mut object, content.as_ptr().cast(), content.len() as u32, alloc) };
    object
}

/// The address of an object's bytes.
fn data(object: Obj) -> Text {
    // SAFETY: a live object, of which the length is not asked for.
    unsafe { (api().object_get_string)(object, null_mut()) }
}

#[test]
fn a_short_string_is_made_from_any_part_of_itself() {
    for (from, length) in [(0, 14), (0, 13), (0, 5), (3, 8), (3, 0), (1, 1), (5, 9), (10, 4), (13, 1)] {
        let mut object = string(b"abcdefghijklmn", heap());
        let o: Obj = &mut object;
        // SAFETY: the bytes are within the object.
        unsafe {
            assert_eq!((api().object_set_string)(o, data(o).add(from), length as u32, heap()), o);
        }
        assert_eq!(bytes(o), Some(b"abcdefghijklmn"[from..from + length].to_vec()), "{from}, {length}");
        assert_eq!(object.tag(), tag::SMALL);
        assert!(object.0[2 + length..].iter().all(|&byte| byte == 0), "padded with zeros");
    }
}

#[test]
fn a_string_is_made_from_the_sixteen_bytes_of_its_object() {
    let recorder = Recorder::new();
    for length in [1, 8, 14, 15, 16] {
        let before = json("1.5", heap());
        let mut object = before;
        let o: Obj = &mut object;
        // SAFETY: the bytes are those of the object.
        unsafe {
            assert_eq!((api().object_set_string)(o, o.cast::<c_char>(), length as u32, recorder.handle), o);
            // A setter does not write all fields, so these bytes may differ between libraries.
            let copy = bytes(o).unwrap();
            assert_eq!((copy[0], &copy[8.min(length)..]), (tag::FLOAT, &before.0[8.min(length)..length]));
            (api().object_destroy)(o, recorder.handle);
        }
    }
}

#[test]
fn a_string_is_made_from_the_block_it_had() {
    let recorder = Recorder::new();
    let content = b"a string in a block of its own";
    for (from, length) in [(0, 30), (0, 14), (2, 20), (9, 0), (15, 15)] {
        let mut object = string(content, recorder.handle);
        let o: Obj = &mut object;
        let mut before = object;
        // SAFETY: the bytes are in the block, which setters do not free and `before` still knows of.
        unsafe {
            (api().object_set_string)(o, data(o).add(from), length as u32, recorder.handle);
            assert_eq!(bytes(o), Some(content[from..from + length].to_vec()));
            (api().object_destroy)(o, recorder.handle);
            (api().object_destroy)(&mut before, recorder.handle);
        }
    }
}

#[test]
fn strings_that_point_at_their_object_keep_the_pointer() {
    let api = api();
    for (set, tag) in [(api.object_set_string_literal, tag::LITERAL), (api.object_set_string_nocopy, tag::STRING)] {
        let mut object = string(b"abcdefghijklmn", heap());
        let o: Obj = &mut object;
        // SAFETY: the bytes are within the object, which is not destroyed.
        unsafe {
            assert_eq!(set(o, data(o).add(2), 4), o);
        }
        assert_eq!((object.tag(), object.0[4..8].to_vec()), (tag, vec![4, 0, 0, 0]));
        assert_eq!(object.pointer(), o.cast::<u8>().wrapping_add(4));
    }
}

#[test]
fn keys_are_copied_from_the_map_they_go_to_also_when_it_grows() {
    let (api, recorder) = (api(), Recorder::new());
    let mut map = json(r#"{"short key":1,"a key in a block of its own":2,"3":3,"4":4,"5":5,"6":6}"#, recorder.handle);
    let m: Obj = &mut map;
    // SAFETY: valid pointers; the bytes are within the map, whose block is replaced meanwhile.
    unsafe {
        for insertion in 0..12 {
            let key = (api.object_at_key)(m, insertion % 6);
            let content = bytes(key).unwrap();
            let length = content.len().min(6);
            let slot = (api.object_insert_key)(m, data(key.cast_mut()), length as u32, recorder.handle);
            (api.object_set_unsigned)(slot, 7);
            let inserted = (api.object_at_key)(m, (api.object_get_size)(m) - 1);
            assert_eq!(bytes(inserted), Some(content[..length].to_vec()), "{insertion}");
        }
        // The sixteen bytes of the map itself.
        (api.object_set_null)((api.object_insert_key)(m, m.cast::<c_char>(), 1, recorder.handle));
        assert_eq!(bytes((api.object_at_key)(m, 18)), Some(vec![tag::MAP]));
        (api.object_destroy)(m, recorder.handle);
    }
}

#[test]
fn elements_are_copied_from_the_array_they_go_to() {
    let (api, recorder) = (api(), Recorder::new());
    let mut array = json(r#"["short","a string in a block of its own",3]"#, recorder.handle);
    let a: Obj = &mut array;
    // SAFETY: valid pointers, taken after the array has grown.
    unsafe {
        for from in [0, 1, 1, 0, 1, 0] {
            let slot = (api.object_insert)(a, recorder.handle);
            let source = (api.object_at_value)(a, from).cast_mut();
            let length = (api.object_get_length)(source) as u32;
            (api.object_set_string)(slot, data(source), length, recorder.handle);
        }
        let long = "\"a string in a block of its own\"";
        let expected = format!("[\"short\",{long},3,\"short\",{long},{long},\"short\",{long},\"short\"]");
        assert_eq!(show(a), expected);
        (api.object_destroy)(a, recorder.handle);
    }
}

/// The text of a JSON document after it was read.
fn read_and_shown(text: &str) -> String {
    let mut object = json(text, heap());
    let shown = show(&object);
    // SAFETY: a live object of this allocator.
    unsafe { (api().object_destroy)(&mut object, heap()) };
    shown
}

#[test]
fn json_is_read_from_the_object_it_goes_to() {
    let recorder = Recorder::new();
    let texts =
        ["1.25", "null", r#""inside""#, r#"{"a":[1,"x"]}"#, r#"{"a key that is long":["and a value that is"]}"#, "[1,"];
    for text in texts {
        let mut object = string(text.as_bytes(), recorder.handle);
        let o: Obj = &mut object;
        let mut before = object;
        // SAFETY: valid pointers; `before` still knows of the block that the text may lie in.
        unsafe {
            let read = (api().object_from_json)(o, data(o), text.len() as u32, recorder.handle);
            assert_eq!(read, text != "[1,");
            if read {
                assert_eq!(show(o), read_and_shown(text));
            } else {
                assert_eq!(object.tag(), tag::INVALID);
            }
            (api().object_destroy)(&mut object, recorder.handle);
            (api().object_destroy)(&mut before, recorder.handle);
        }
    }
}

#[test]
fn an_object_is_cloned_onto_itself() {
    let recorder = Recorder::new();
    for text in
        [r#"{"k":[1,"a string in a block of its own",{}],"e":[]}"#, r#""short""#, "\"a string of its own\"", "7"]
    {
        let mut object = json(text, recorder.handle);
        let o: Obj = &mut object;
        let mut before = object;
        // SAFETY: valid pointers; `before` still knows of what the clone replaces.
        unsafe {
            assert_eq!((api().object_clone)(o, o, recorder.handle), o);
            assert_eq!(show(o), read_and_shown(text));
            (api().object_destroy)(o, recorder.handle);
            (api().object_destroy)(&mut before, recorder.handle);
        }
    }
}

#[test]
fn a_part_is_cloned_over_the_whole_and_the_whole_over_a_part() {
    let recorder = Recorder::new();
    let text = r#"[["a string in a block of its own",2],"x"]"#;
    let mut object = json(text, recorder.handle);
    let o: Obj = &mut object;
    let mut before = object;
    // SAFETY: valid pointers; `before` still knows of what the clone replaces.
    unsafe {
        let part = (api().object_at_value)(o, 0);
        (api().object_clone)(part, o, recorder.handle);
        assert_eq!(show(o), r#"["a string in a block of its own",2]"#);
        (api().object_destroy)(o, recorder.handle);
        let part = (api().object_at_value)(&before, 1).cast_mut();
        (api().object_clone)(&before, part, recorder.handle);
        assert_eq!(show(&before), format!(r#"[["a string in a block of its own",2],{text}]"#));
        (api().object_destroy)(&mut before, recorder.handle);
    }
}

const RULES: &str = r#"{"version":"2.2","rules":[{"id":"r1","name":"n1","tags":{"type":"t1","category":"c"},"conditions":[
    {"operator":"match_regex","parameters":{"inputs":[{"address":"a1"}],"regex":"attack"}}]}]}"#;

#[test]
fn diagnostics_may_take_the_place_of_the_ruleset() {
    let api = api();
    // SAFETY: valid pointers; `before` still knows of what is replaced.
    unsafe {
        let mut rules = json(RULES, heap());
        let mut before = rules;
        let r: Obj = &mut rules;
        let handle = (api.init)(r, r);
        assert!(!handle.is_null() && show(r).contains(r#""loaded":["r1"]"#));
        (api.destroy)(handle);
        (api.object_destroy)(r, heap());

        let mut config = before;
        let c: Obj = &mut config;
        let builder = (api.builder_init)();
        assert!((api.builder_add_or_update_config)(builder, c"p".as_ptr(), 1, c, c));
        assert!(show(c).contains(r#""loaded":["r1"]"#));
        (api.builder_destroy)(builder);
        (api.object_destroy)(c, heap());
        (api.object_destroy)(&mut before, heap());
    }
}

#[test]
fn the_result_may_take_the_place_of_the_data() {
    let (api, input, output) = (api(), Recorder::new(), Recorder::new());
    // SAFETY: valid pointers; the root of the data is taken over by value, so its place may be used again.
    unsafe {
        let mut rules = json(RULES, heap());
        let handle = (api.init)(&rules, null_mut());
        (api.object_destroy)(&mut rules, heap());
        for (owner, text) in [(input.handle, r#"{"a1":"an attack in a block"}"#), (null_mut(), r#"{"a1":"attack"}"#)] {
            let context = (api.context_init)(handle, output.handle);
            let mut data = json(text, input.handle);
            let mut before = data;
            let d: Obj = &mut data;
            assert_eq!((api.context_eval)(context, d, owner, d, 1_000_000), MATCH);
            assert!(show(d).contains(r#""id":"r1""#));
            (api.object_destroy)(d, output.handle);
            (api.context_destroy)(context);
            if owner.is_null() {
                (api.object_destroy)(&mut before, input.handle);
            }
        }
        (api.destroy)(handle);
    }
}
