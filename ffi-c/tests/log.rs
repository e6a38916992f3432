//! Log messages. The receiver is one for the whole process, so this file has a single test.

#![allow(unsafe_code)] // a client of a C library
#![allow(clippy::disallowed_methods)] // does not fork

mod support;

use std::ffi::{CStr, c_int, c_uint};
use std::ptr::{null, null_mut};
use std::sync::Mutex;
use support::{ERR_INVALID_ARGUMENT, ERR_INVALID_OBJECT, Object, Recorder, Text, api, json};

static SEEN: Mutex<Vec<(c_int, String)>> = Mutex::new(vec![]);

unsafe extern "C" fn receive(level: c_int, function: Text, file: Text, line: c_uint, message: Text, length: u64) {
    // SAFETY: the library passes terminated strings.
    let text = |text| unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned();
    assert!(!text(function).is_empty() && text(file).contains('.') && line > 0);
    let message = text(message);
    assert_eq!(message.len() as u64, length);
    SEEN.lock().unwrap().push((level, message));
}

fn seen() -> Vec<(c_int, String)> {
    std::mem::take(&mut SEEN.lock().unwrap())
}

#[test]
fn messages_reach_the_receiver_from_the_minimum_level_on() {
    let api = api();
    let invalid = (3, "Illegal WAF call: parameter structure invalid!".to_owned());
    // SAFETY: valid or null pointers.
    unsafe {
        let heap = (api.get_default_allocator)();
        for (level, name) in ["trace", "debug", "info", "warn", "error", "off"].into_iter().enumerate() {
            assert!((api.set_log_cb)(Some(receive), level as c_int));
            let installed = (2, format!("Sending log messages to binding, min level {name}"));
            assert_eq!(seen(), if level <= 2 { vec![installed] } else { vec![] });
            (api.context_eval)(null_mut(), null_mut(), null_mut(), null_mut(), 0);
            let illegal = (3, "Illegal WAF call: context or data was null".to_owned());
            assert_eq!(seen(), if level <= 3 { vec![illegal] } else { vec![] });
            (api.user_allocator_init)(None, None, null_mut(), None);
            let undefined = (4, "undefined user alloc/free function".to_owned());
            assert_eq!(seen(), if level <= 4 { vec![undefined] } else { vec![] });
        }
        (api.set_log_cb)(Some(receive), 3);
        assert_eq!((api.subcontext_multieval)(null_mut(), null_mut(), heap, null_mut(), 0), ERR_INVALID_ARGUMENT);
        assert_eq!(seen(), [(3, "Illegal WAF call: subcontext or data was null".to_owned())]);

        let recorder = Recorder::new();
        let mut empty = json("{}", heap);
        assert!((api.init)(&empty, null_mut()).is_null());
        assert!(seen().contains(&(3, "No valid rules or postprocessors found".to_owned())));
        let mut ruleset = json(
            r#"{"version":"2.2","rules":[{"id":"r","name":"n","tags":{"type":"t"},"conditions":
                [{"operator":"match_regex","parameters":{"inputs":[{"address":"a"}],"regex":"x"}}]}]}"#,
            heap,
        );
        let handle = (api.init)(&ruleset, null_mut());
        let context = (api.context_init)(handle, heap);
        seen();
        // A wrong structure is reported, except a wrong root that stays the caller's.
        let table = [
            (api.context_eval, "[]", false),
            (api.context_multieval, "{}", false),
            (api.context_multieval, "[1]", true),
        ];
        for (eval, source, without_allocator) in table {
            let mut data = json(source, recorder.handle);
            assert_eq!(eval(context, &mut data, recorder.handle, null_mut(), 1000), ERR_INVALID_OBJECT);
            assert_eq!(seen(), std::slice::from_ref(&invalid));
            let mut data = json(source, heap);
            assert_eq!(eval(context, &mut data, null_mut(), null_mut(), 1000), ERR_INVALID_OBJECT);
            assert_eq!(seen(), if without_allocator { vec![invalid.clone()] } else { vec![] });
            (api.object_destroy)(&mut data, heap);
        }
        (api.context_destroy)(context);
        (api.destroy)(handle);
        // Getters and JSON say nothing.
        let mut object = Object::ZERO;
        (api.object_from_json)(&mut object, c"[".as_ptr(), 1, heap);
        (api.object_set_string)(&mut object, null(), 5, heap);
        assert_eq!(seen(), []);
        (api.set_log_cb)(None, 0);
        (api.context_eval)(null_mut(), null_mut(), null_mut(), null_mut(), 0);
        assert_eq!(seen(), []);
        (api.object_destroy)(&mut empty, heap);
        (api.object_destroy)(&mut ruleset, heap);
    }
}
