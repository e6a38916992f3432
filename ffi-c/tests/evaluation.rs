//! Builders, instances, contexts: ownership, when data is freed, and results.

#![allow(unsafe_code)] // a client of a C library

mod support;

use std::ffi::{CStr, c_int};
use std::ptr::{null, null_mut};
use support::{
    A, Call, ERR_INTERNAL, ERR_INVALID_ARGUMENT, ERR_INVALID_OBJECT, F, Handle, MATCH, OK, Object, Recorder, api, heap,
    is_ours, json, show, tag, text,
};

const SECOND: u64 = 1_000_000;

/// r1 finds `attack` in a1; r2 in b1, and blocks; r3 in c1 and d1; r4 in e1, without an event.
const RULES: &str = r#"{"version":"2.2","rules":[
    {"id":"r1","name":"n1","tags":{"type":"t1","category":"attack_attempt"},"conditions":[
        {"operator":"match_regex","parameters":{"inputs":[{"address":"a1"}],"regex":"attack"}}]},
    {"id":"r2","name":"n2","tags":{"type":"t2","category":"attack_attempt"},"conditions":[
        {"operator":"match_regex","parameters":{"inputs":[{"address":"b1"}],"regex":"attack"}}],"on_match":["block"]},
    {"id":"r3","name":"n3","tags":{"type":"t3","category":"attack_attempt"},"conditions":[
        {"operator":"match_regex","parameters":{"inputs":[{"address":"c1"}],"regex":"attack"}},
        {"operator":"match_regex","parameters":{"inputs":[{"address":"d1"}],"regex":"attack"}}]},
    {"id":"r4","name":"n4","tags":{"type":"t4","category":"attack_attempt"},"conditions":[
        {"operator":"match_regex","parameters":{"inputs":[{"address":"e1"}],"regex":"attack"}}],
     "output":{"event":false,"keep":true,"attributes":{
        "my.attr":{"value":"v"},"my.num":{"value":5},"my.addr":{"address":"e1"}}}}]}"#;

/// An instance of a ruleset, destroyed at the end.
struct Instance(Handle);

impl Instance {
    fn new(rules: &str) -> Instance {
        let mut object = json(rules, heap());
        // SAFETY: a live object.
        let handle = unsafe { (api().init)(&object, null_mut()) };
        assert!(!handle.is_null());
        // SAFETY: the library copied what it needs.
        unsafe { (api().object_destroy)(&mut object, heap()) };
        Instance(handle)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: a live handle.
        unsafe { (api().destroy)(self.0) }
    }
}

/// Evaluates JSON text and shows the result.
struct Run<'a> {
    input: &'a Recorder,
    output: &'a Recorder,
}

impl Run<'_> {
    fn call(&self, eval: support::Eval, target: Handle, source: &str) -> (c_int, String) {
        self.call_within(eval, target, source, SECOND)
    }

    fn call_within(&self, eval: support::Eval, target: Handle, source: &str, budget: u64) -> (c_int, String) {
        let mut data = json(source, self.input.handle);
        let mut result = Object::DIRTY;
        // SAFETY: live handles and objects.
        let code = unsafe { eval(target, &mut data, self.input.handle, &mut result, budget) };
        if code < 0 {
            assert_eq!(result, Object::DIRTY);
            return (code, String::new());
        }
        let shown = show(&result);
        // SAFETY: the result is ours, of the output allocator.
        unsafe { (api().object_destroy)(&mut result, self.output.handle) };
        assert_eq!(self.output.live(), 0);
        (code, shown)
    }

    /// The ids of the rules of the events.
    fn rules(&self, eval: support::Eval, target: Handle, source: &str) -> Vec<String> {
        let (_, shown) = self.call(eval, target, source);
        shown.split(r#""rule":{"id":""#).skip(1).map(|rest| rest[..2].to_owned()).collect()
    }
}

fn nothing(evaluated: u32) -> (c_int, String) {
    let start = r#"{"events":[],"actions":{},"duration":0,"timeout":false,"attributes":{},"keep":false,"evaluated":"#;
    (OK, format!("{start}{evaluated}}}"))
}

#[test]
fn an_evaluation_allocates_only_results_and_frees_inputs_in_order() {
    let (api, input, output) = (api(), Recorder::new(), Recorder::new());
    let instance = Instance::new(RULES);
    let run = Run { input: &input, output: &output };
    // SAFETY: live handles.
    unsafe {
        let context = (api.context_init)(instance.0, output.handle);
        assert_eq!(run.call(api.context_eval, context, r#"{"a1":"hello there, long string"}"#), nothing(1));
        assert_eq!(output.calls(), [A(224, 8), F(224, 8)]);
        assert_eq!(input.calls(), [A(24, 1), A(256, 8)]);
        let event = concat!(
            r#"{"events":[{"rule":{"id":"r1","name":"n1","on_match":[],"tags":{"type":"t1","category":"attack_attempt"}},"#,
            r#""rule_matches":[{"operator":"match_regex","operator_value":"attack","parameters":["#,
            r#"{"address":"a1","value":"attack there, long string","key_path":[],"highlight":["attack"]}]}]}],"#,
            r#""actions":{},"duration":0,"timeout":false,"attributes":{},"keep":true,"evaluated":1}"#
        );
        assert_eq!(run.call(api.context_eval, context, r#"{"a1":"attack there, long string"}"#), (MATCH, event.into()));
        let calls = output.calls();
        assert_eq!(calls.iter().filter(|call| matches!(call, A(_, 1))).collect::<Vec<_>>(), [&A(25, 1)]);
        assert_eq!(calls.iter().filter(|call| matches!(call, Call::Alloc(..))).count() * 2, calls.len());
        input.calls();
        (api.context_destroy)(context);
        assert_eq!(input.calls(), [F(24, 1), F(256, 8), F(25, 1), F(256, 8)]);
    }
}

#[test]
fn a_rule_fires_once_in_a_context() {
    let (api, input, output) = (api(), Recorder::new(), Recorder::new());
    let (instance, run) = (Instance::new(RULES), Run { input: &input, output: &output });
    // SAFETY: live handles.
    unsafe {
        let context = (api.context_init)(instance.0, output.handle);
        assert_eq!(run.rules(api.context_eval, context, r#"{"a1":"attack"}"#), ["r1"]);
        assert_eq!(run.call(api.context_eval, context, r#"{"a1":"attack"}"#), nothing(1));
        (api.context_destroy)(context);
        let context = (api.context_init)(instance.0, output.handle);
        let (code, result) = run.call_within(api.context_eval, context, r#"{"a1":"attack"}"#, 0);
        assert_eq!((code, result.contains(r#""timeout":true"#), result.contains(r#""evaluated":0"#)), (OK, true, true));
        let (code, result) = run.call_within(api.context_eval, context, r#"{"a1":"attack"}"#, u64::MAX);
        assert_eq!((code, result.contains(r#""timeout":false"#)), (MATCH, true));
        (api.context_destroy)(context);
    }
}

#[test]
fn refused_data_is_freed_with_the_context() {
    let (api, input, output) = (api(), Recorder::new(), Recorder::new());
    let (instance, run) = (Instance::new(RULES), Run { input: &input, output: &output });
    // SAFETY: live handles.
    unsafe {
        let context = (api.context_init)(instance.0, output.handle);
        let subcontext = (api.subcontext_init)(context);
        let refused = (ERR_INVALID_OBJECT, String::new());
        assert_eq!(run.call(api.context_eval, context, r#"[{"a1":"attack"}]"#), refused);
        assert_eq!(run.call(api.context_multieval, context, r#"{"a1":"attack"}"#), refused);
        assert_eq!(run.call(api.context_multieval, context, r#"[{"a1":"attack"},3]"#), refused);
        assert_eq!(run.call(api.context_eval, context, r#""a string of some length""#), refused);
        assert_eq!(run.call(api.subcontext_eval, subcontext, "[[]]"), refused);
        assert!(input.calls().iter().all(|call| matches!(call, Call::Alloc(..))));
        // Nothing of it was applied.
        assert_eq!(run.rules(api.context_eval, context, r#"{"a1":"an attack, found"}"#), ["r1"]);
        input.calls();
        (api.subcontext_destroy)(subcontext);
        assert_eq!(input.calls(), [F(128, 8)]);
        (api.context_destroy)(context);
        let batches = [F(256, 8), F(128, 8), F(256, 8), F(256, 8), F(128, 8)];
        assert_eq!(input.calls(), [&batches[..], &[F(23, 1), F(16, 1), F(256, 8)]].concat());
    }
    assert_eq!(input.live(), 0);
}

#[test]
fn data_without_an_allocator_stays_the_callers() {
    let (api, input) = (api(), Recorder::new());
    let instance = Instance::new(RULES);
    // SAFETY: live handles; the data lives until after the context.
    unsafe {
        let context = (api.context_init)(instance.0, heap());
        let sources =
            [(r#"{"a1":"an attack of some length"}"#, MATCH), (r#"["an attack of some length"]"#, ERR_INVALID_OBJECT)];
        let mut all = vec![];
        for (source, expected) in sources {
            let mut data = json(source, input.handle);
            let mut root = data;
            assert_eq!((api.context_eval)(context, &mut root, null_mut(), null_mut(), SECOND), expected);
            // The root's own 16 bytes are not needed any more.
            root = Object::DIRTY;
            assert_eq!(root, Object::DIRTY);
            all.push(std::mem::replace(&mut data, Object::ZERO));
        }
        input.calls();
        (api.context_destroy)(context);
        assert_eq!(input.calls(), []);
        all.iter_mut().for_each(|data| (api.object_destroy)(data, input.handle));
    }
}

#[test]
fn missing_arguments_are_refused_untouched() {
    let (api, input) = (api(), Recorder::new());
    let instance = Instance::new(RULES);
    let mut result = Object::DIRTY;
    // SAFETY: live or null handles and objects.
    unsafe {
        let mut data = json(r#"{"a1":"attack"}"#, input.handle);
        let context = (api.context_init)(instance.0, heap());
        input.calls();
        for eval in [api.context_eval, api.context_multieval, api.subcontext_eval, api.subcontext_multieval] {
            assert_eq!(eval(null_mut(), &mut data, input.handle, &mut result, SECOND), ERR_INVALID_ARGUMENT);
        }
        let none = (api.context_eval)(context, null_mut(), input.handle, &mut result, SECOND);
        assert_eq!((none, result, input.calls()), (ERR_INVALID_ARGUMENT, Object::DIRTY, vec![]));
        (api.context_destroy)(context);
        (api.object_destroy)(&mut data, input.handle);
        assert!((api.context_init)(null_mut(), heap()).is_null());
        assert!((api.context_init)(instance.0, null_mut()).is_null());
        assert!((api.subcontext_init)(null_mut()).is_null());
        (api.context_destroy)(null_mut());
        (api.subcontext_destroy)(null_mut());
        (api.destroy)(null_mut());
        (api.builder_destroy)(null_mut());
        assert!((api.builder_build_instance)(null_mut()).is_null());
        assert!((api.init)(null(), &mut result).is_null());
        assert_eq!((api.builder_get_config_paths)(null_mut(), &mut result, null(), 0), 0);
        assert_eq!(result, Object::DIRTY);
    }
}

#[test]
fn batches_run_in_order_until_one_blocks() {
    let (api, input, output) = (api(), Recorder::new(), Recorder::new());
    let (instance, run) = (Instance::new(RULES), Run { input: &input, output: &output });
    // SAFETY: live handles.
    unsafe {
        let context = (api.context_init)(instance.0, output.handle);
        let batches = r#"[{"c1":"attack"},{},{"d1":"attack"},{"a1":"attack"},{"b1":"attack"},{"e1":"attack"}]"#;
        let (code, shown) = run.call(api.context_multieval, context, batches);
        let fired: Vec<&str> = shown.split(r#""rule":{"id":""#).skip(1).map(|rest| &rest[..2]).collect();
        assert_eq!((code, fired), (MATCH, vec!["r3", "r1", "r2"]));
        let end = concat!(
            r#""actions":{"block_request":{"status_code":403,"type":"auto","grpc_status_code":10,"#,
            r#""security_response_id":"<uuid>"}},"duration":0,"timeout":false,"attributes":{},"keep":true,"evaluated":5}"#
        );
        assert!(shown.ends_with(end), "{shown}");
        let (code, shown) = run.call(api.context_eval, context, r#"{"e1":"attack"}"#);
        let attributes = r#""attributes":{"my.attr":"v","my.num":5,"my.addr":"attack"},"keep":true,"evaluated":1}"#;
        assert!(code == MATCH && shown.starts_with(r#"{"events":[],"#) && shown.ends_with(attributes), "{shown}");
        assert_eq!(run.call(api.context_multieval, context, "[]"), nothing(0));
        assert_eq!(run.call(api.context_multieval, context, "[{}]"), nothing(1));
        assert_eq!(run.call(api.context_eval, context, "{}"), nothing(1));
        (api.context_destroy)(context);
    }
    assert_eq!(input.live(), 0);
}

#[test]
fn subcontexts_are_snapshots_that_outlive_their_context() {
    let (api, input, output) = (api(), Recorder::new(), Recorder::new());
    let (instance, run) = (Instance::new(RULES), Run { input: &input, output: &output });
    // SAFETY: live handles.
    unsafe {
        let c = (api.context_init)(instance.0, output.handle);
        let s = (api.subcontext_init)(c);
        assert_eq!(run.rules(api.subcontext_eval, s, r#"{"a1":"attack"}"#), ["r1"]);
        assert_eq!(run.rules(api.context_eval, c, r#"{"a1":"attack"}"#), ["r1"]);
        let later = (api.subcontext_init)(c);
        assert!(run.rules(api.subcontext_eval, later, r#"{"a1":"attack"}"#).is_empty());
        assert!(run.rules(api.context_eval, c, r#"{"c1":"attack"}"#).is_empty());
        assert!(run.rules(api.subcontext_eval, s, r#"{"d1":"attack"}"#).is_empty());
        let last = (api.subcontext_init)(c);
        assert_eq!(run.rules(api.subcontext_eval, last, r#"{"d1":"attack"}"#), ["r3"]);
        drop(instance);
        (api.context_destroy)(c);
        assert_eq!(run.rules(api.subcontext_multieval, s, r#"[{"b1":"attack"}]"#), ["r2"]);
        assert_eq!(run.rules(api.subcontext_eval, last, r#"{"b1":"attack"}"#), ["r2"]);
        assert!(input.live() > 0);
        for subcontext in [s, later, last] {
            (api.subcontext_destroy)(subcontext);
        }
        assert_eq!(input.live(), 0);
    }
}

#[test]
fn siblings_run_side_by_side() {
    let (api, instance) = (api(), Instance::new(RULES));
    // SAFETY: live handles; each subcontext is used by one thread.
    unsafe {
        let context = (api.context_init)(instance.0, heap());
        let mut data = json(r#"{"c1":"attack"}"#, heap());
        (api.context_eval)(context, &mut data, heap(), null_mut(), SECOND);
        let shared = context as usize;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || {
                    for _ in 0..50 {
                        let subcontext = (api.subcontext_init)(shared as Handle);
                        let mut data = json(r#"{"d1":"attack","a1":["attack"]}"#, heap());
                        let mut result = Object::ZERO;
                        assert_eq!((api.subcontext_eval)(subcontext, &mut data, heap(), &mut result, SECOND), MATCH);
                        assert_eq!((api.object_get_size)((api.object_at_value)(&result, 0)), 2);
                        (api.object_destroy)(&mut result, heap());
                        (api.subcontext_destroy)(subcontext);
                    }
                });
            }
        });
        (api.context_destroy)(context);
    }
}

#[test]
fn wrong_data_is_skipped_or_refused_but_not_followed() {
    if !is_ours() {
        return; // libddwaf crashes
    }
    let (api, instance) = (api(), Instance::new(RULES));
    // SAFETY: the objects are as wrong as this test means them to be.
    unsafe {
        let context = (api.context_init)(instance.0, heap());
        let mut data = json(r#"{"a1":"attack","a1":[{"k":"v"}],"b1":"benign"}"#, heap());
        (*(api.object_at_key)(&data, 0).cast_mut()).0[0] = tag::UNSIGNED;
        let nested = (api.object_at_value)(&data, 1);
        let inner = (api.object_at_value)(nested, 0);
        (*(api.object_at_key)(inner, 0).cast_mut()).0[0] = tag::FLOAT;
        assert_eq!((api.context_eval)(context, &mut data, heap(), null_mut(), SECOND), OK);
        let mut nothing = Object([0x40, 0, 5, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let code = (api.context_eval)(context, &mut nothing, null_mut(), null_mut(), SECOND);
        assert!(code == OK || code == ERR_INVALID_OBJECT);
        (api.context_destroy)(context);
    }
}

#[test]
fn running_out_of_memory_for_a_result_is_an_internal_error() {
    if !is_ours() {
        return; // libddwaf writes through the null pointer
    }
    let (api, instance) = (api(), Instance::new(RULES));
    for limit in 0..100 {
        let output = Recorder::with_limit(Some(limit));
        let mut result = Object::DIRTY;
        // SAFETY: live handles and objects.
        unsafe {
            let context = (api.context_init)(instance.0, output.handle);
            let mut data = json(r#"{"a1":"an attack of some length","b1":{"key":["attack"]}}"#, heap());
            let code = (api.context_eval)(context, &mut data, heap(), &mut result, SECOND);
            (api.context_destroy)(context);
            if code == MATCH {
                (api.object_destroy)(&mut result, output.handle);
                assert!(limit > 10, "{limit}");
                return;
            }
            assert_eq!((code, result, output.live()), (ERR_INTERNAL, Object::DIRTY, 0));
        }
    }
    panic!("never enough memory");
}

#[test]
fn builders_hold_configurations_under_paths() {
    let api = api();
    let add = |builder, path: &[u8], source: &str| {
        let mut config = json(source, heap());
        let mut diagnostics = Object::DIRTY;
        let (path, length) = text(path);
        // SAFETY: live handles and objects.
        unsafe {
            let done = (api.builder_add_or_update_config)(builder, path, length, &config, &mut diagnostics);
            (api.object_destroy)(&mut config, heap());
            let shown = show(&diagnostics);
            (api.object_destroy)(&mut diagnostics, heap());
            (done, shown)
        }
    };
    let paths = |builder, filter: Option<&[u8]>| {
        let (filter, length) = filter.map_or((null(), 0), text);
        let mut list = Object::DIRTY;
        // SAFETY: live handles and objects.
        unsafe {
            let count = (api.builder_get_config_paths)(builder, &mut list, filter, length);
            assert_eq!((api.builder_get_config_paths)(builder, null_mut(), filter, length), count);
            assert_eq!((api.object_get_size)(&list), count as usize);
            let shown = show(&list);
            (api.object_destroy)(&mut list, heap());
            shown
        }
    };
    // SAFETY: live handles and objects.
    unsafe {
        let builder = (api.builder_init)();
        assert_eq!(paths(builder, None), "[]");
        assert!((api.builder_build_instance)(builder).is_null());
        let (done, diagnostics) = add(builder, b"ASM_DD/rules", RULES);
        assert!(done && diagnostics.contains(r#""loaded":["r1","r2","r3","r4"]"#), "{diagnostics}");
        let (path, length) = text(b"p\0q");
        let mut config = json("{}", heap());
        assert!((api.builder_add_or_update_config)(builder, path, length, &config, null_mut()));
        let mut untouched = Object::DIRTY;
        for (path, length, config) in [(null(), 1, &config as *const Object), (path, 0, &config), (path, 1, null())] {
            assert!(!(api.builder_add_or_update_config)(builder, path, length, config, &mut untouched));
        }
        assert!(!(api.builder_add_or_update_config)(null_mut(), path, length, &config, &mut untouched));
        assert_eq!(untouched, Object::DIRTY);
        (api.object_destroy)(&mut config, heap());
        // What is no map leaves the configuration there as it is; a map that fails removes it.
        let wrong = r#"{"error":"invalid configuration type, expected 'map', obtained 'array'"}"#;
        assert_eq!(add(builder, b"ASM_DD/rules", "[]"), (false, wrong.to_owned()));
        assert_eq!(paths(builder, Some(b"ASM_DD")), r#"["ASM_DD/rules"]"#);
        let (done, _) = add(builder, b"gone", RULES);
        assert!(!done, "the ids are taken");
        assert_eq!(paths(builder, Some(b"^gone$")), "[]");
        assert_eq!(paths(builder, Some(b"asm_dd")), "[]");
        assert_eq!(paths(builder, Some(b"(")), "[]");
        for all in [None, Some(&b""[..]), Some(b".")] {
            assert!(
                [r#"["ASM_DD/rules","p\0q"]"#, r#"["p\0q","ASM_DD/rules"]"#].contains(&paths(builder, all).as_str())
            );
        }
        assert!((api.builder_remove_config)(builder, path, length));
        assert!(!(api.builder_remove_config)(builder, path, length));
        assert!(!(api.builder_remove_config)(builder, path, 0));
        assert!(!(api.builder_remove_config)(builder, null(), 3));
        assert!(!(api.builder_remove_config)(null_mut(), path, length));
        let first = (api.builder_build_instance)(builder);
        let second = (api.builder_build_instance)(builder);
        assert!(!first.is_null() && !second.is_null() && first != second);
        (api.builder_destroy)(builder);
        let context = (api.context_init)(first, heap());
        (api.destroy)(first);
        (api.destroy)(second);
        let mut data = json(r#"{"a1":"attack"}"#, heap());
        assert_eq!((api.context_eval)(context, &mut data, heap(), null_mut(), SECOND), MATCH);
        (api.context_destroy)(context);
    }
}

#[test]
fn known_names_are_c_strings_at_a_stable_place() {
    let api = api();
    let list = |handle, function: unsafe extern "C" fn(Handle, *mut u32) -> *const support::Text| {
        let mut size = 77;
        // SAFETY: live or null handles.
        unsafe {
            let names = function(handle, &mut size);
            assert_eq!(function(handle, &mut size), names);
            assert_eq!(names.is_null(), size == 0);
            let all = (0..size as usize).map(|i| CStr::from_ptr(*names.add(i)).to_str().unwrap());
            let mut all: Vec<&'static str> = all.collect();
            all.sort_unstable();
            all
        }
    };
    let instance = Instance::new(RULES);
    assert_eq!(list(instance.0, api.known_addresses), ["a1", "b1", "c1", "d1", "e1"]);
    assert_eq!(list(instance.0, api.known_actions), ["block_request"]);
    assert!(list(null_mut(), api.known_addresses).is_empty());
    assert!(list(null_mut(), api.known_actions).is_empty());
    // They live as long as a context does.
    // SAFETY: live handles.
    unsafe {
        let context = (api.context_init)(instance.0, heap());
        let names = list(instance.0, api.known_addresses);
        drop(instance);
        assert_eq!(names.join(" "), "a1 b1 c1 d1 e1");
        (api.context_destroy)(context);
    }
}

#[test]
fn diagnostics_say_what_was_refused_even_without_an_instance() {
    let api = api();
    let mut ruleset = json(r#"{"rules":[{"id":"r1"}]}"#, heap());
    let mut diagnostics = Object::DIRTY;
    // SAFETY: live objects.
    unsafe {
        assert!((api.init)(&ruleset, &mut diagnostics).is_null());
        let shown = show(&diagnostics);
        assert!(shown.contains(r#""failed":["r1"]"#) && shown.contains("missing key"), "{shown}");
        (api.object_destroy)(&mut diagnostics, heap());
        (api.object_destroy)(&mut ruleset, heap());
    }
}
