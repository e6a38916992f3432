//! Values that contain themselves, or share parts so often that they might as well: they are refused wherever they
//! would be walked, and the caller still owns them. Values that merely share parts are treated normally.
#![allow(unsafe_code)] // a client of a C library

mod support;

use std::ffi::c_int;
use std::ptr::null_mut;
use support::{ERR_INVALID_OBJECT, Handle, MATCH, OK, Object, Recorder, api, heap, is_ours, json, show, tag};

/// A rule about a1 and a2, one that ignores the budget about c1, a detector with parameters in b1, and a schema of s1.
const RULES: &str = r#"{"version":"2.2","rules":[
    {"id":"r1","name":"n1","tags":{"type":"t1","category":"c"},"conditions":[
        {"operator":"match_regex","parameters":{"inputs":[{"address":"a1"},{"address":"a2"}],"regex":"attack"}}]},
    {"id":"r2","name":"n2","tags":{"type":"t2","category":"c","module":"network-acl"},"conditions":[
        {"operator":"exact_match","parameters":{"inputs":[{"address":"c1"}],"list":["attack"]}}]},
    {"id":"r3","name":"n3","tags":{"type":"t3","category":"c","module":"rasp"},"conditions":[
        {"operator":"lfi_detector","parameters":{"resource":[{"address":"f1"}],"params":[{"address":"b1"}]}}]}],
    "processors":[{"id":"p1","generator":"extract_schema","conditions":[],"evaluate":false,"output":true,
        "parameters":{"mappings":[{"inputs":[{"address":"s1"}],"output":"schema"}]}}]}"#;

/// A client's own containers, laid out as in the ABI: arrays and maps that refer to each other in any way.
struct Graph {
    blocks: Vec<Vec<Object>>,
    is_map: fn(usize) -> bool,
}

impl Graph {
    /// Each node is a container of these nodes; an index out of range stands for a null. The keys of maps are `k`.
    fn new(edges: &[Vec<usize>], is_map: fn(usize) -> bool) -> Graph {
        let mut graph = Graph { blocks: vec![], is_map };
        for (node, edges) in edges.iter().enumerate() {
            let mut null = Object::ZERO;
            null.0[0] = tag::NULL;
            let mut key = Object::ZERO;
            key.0[..3].copy_from_slice(&[tag::SMALL, 1, b'k']);
            let entry = if is_map(node) { vec![key, null] } else { vec![null] };
            graph.blocks.push(entry.repeat(edges.len()));
        }
        for (node, edges) in edges.iter().enumerate() {
            for (nth, edge) in edges.iter().enumerate() {
                if *edge >= graph.blocks.len() {
                    continue;
                }
                let place = if is_map(node) { 2 * nth + 1 } else { nth };
                graph.blocks[node][place] = graph.node(*edge);
            }
        }
        graph
    }

    fn node(&self, node: usize) -> Object {
        let is_map = (self.is_map)(node);
        let block = &self.blocks[node];
        let size = block.len() / if is_map { 2 } else { 1 };
        let kind = if is_map { tag::MAP } else { tag::ARRAY };
        let mut object = Object::ZERO;
        if size <= 0xFFFF {
            object.0[0] = kind;
            object.0[2..4].copy_from_slice(&(size as u16).to_le_bytes());
            object.0[4..6].copy_from_slice(&(size as u16).to_le_bytes());
        } else {
            let word = u64::from(kind | 0x80) | (size as u64) << 8 | (size as u64) << 36;
            object.0[..8].copy_from_slice(&word.to_le_bytes());
        }
        object.0[8..].copy_from_slice(&(block.as_ptr() as usize).to_le_bytes());
        object
    }
}

const NULL: usize = usize::MAX;

/// A ring of nodes, each with some nulls before the next.
fn ring(nodes: usize, nulls: usize) -> Vec<Vec<usize>> {
    (0..nodes).map(|node| [vec![NULL; nulls], vec![(node + 1) % nodes]].concat()).collect()
}

/// Levels each of which holds the next one `times` times.
fn shared(levels: usize, times: usize) -> Vec<Vec<usize>> {
    (0..levels).map(|level| vec![level + 1; times]).collect()
}

fn endless() -> Vec<(&'static str, Graph)> {
    vec![
        ("an array of itself", Graph::new(&ring(1, 0), |_| false)),
        ("a map of itself", Graph::new(&ring(1, 0), |_| true)),
        ("an array and a map of each other", Graph::new(&ring(2, 1), |node| node == 1)),
        ("a ring of seven", Graph::new(&ring(7, 3), |node| node % 3 == 0)),
        ("a ring of three thousand", Graph::new(&ring(3_000, 0), |_| false)),
        ("behind fifty thousand nulls", Graph::new(&ring(1, 50_000), |_| false)),
        ("itself, 256 times", Graph::new(&[vec![0; 256]], |_| true)),
        ("a tail and a ring", Graph::new(&[vec![1], vec![2], vec![NULL, 3], vec![1]], |_| false)),
        (
            "behind forty levels",
            Graph::new(&[ring(41, 1)[..40].to_vec(), vec![vec![40]]].concat(), |node| node % 2 == 1),
        ),
        ("two to the power of 64", Graph::new(&shared(64, 2), |_| false)),
        ("two to the power of 200", Graph::new(&shared(200, 2), |_| false)),
        ("256 to the power of 20", Graph::new(&shared(20, 256), |node| node % 2 == 1)),
    ]
}

/// The same, so large that checking them takes longer than the minimum spent whatever the budget.
fn large() -> Vec<(&'static str, Graph)> {
    vec![
        ("a ring of twenty thousand", Graph::new(&ring(20_000, 0), |_| false)),
        ("behind two hundred thousand nulls", Graph::new(&ring(1, 200_000), |_| false)),
    ]
}

struct Instance(Handle);

impl Instance {
    fn new() -> Instance {
        let mut rules = json(RULES, heap());
        // SAFETY: a live object, which the library copies.
        unsafe {
            let handle = (api().init)(&rules, null_mut());
            (api().object_destroy)(&mut rules, heap());
            assert!(!handle.is_null());
            Instance(handle)
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: a live handle.
        unsafe { (api().destroy)(self.0) }
    }
}

/// A map with one entry, laid out by the client, and the memory it refers to.
fn data(address: &str, value: Object) -> (Object, Box<[Object; 2]>) {
    let mut key = Object::ZERO;
    key.0[..2].copy_from_slice(&[tag::SMALL, address.len() as u8]);
    key.0[2..2 + address.len()].copy_from_slice(address.as_bytes());
    let pair = Box::new([key, value]);
    let mut map = Object::ZERO;
    map.0[..6].copy_from_slice(&[tag::MAP, 0, 1, 0, 1, 0]);
    map.0[8..].copy_from_slice(&(pair.as_ptr() as usize).to_le_bytes());
    (map, pair)
}

/// Evaluates without passing ownership of the data, and shows the result.
fn eval(eval: support::Eval, target: Handle, data: &Object, budget: u64) -> (c_int, String) {
    let (mut copy, mut result) = (*data, Object::DIRTY);
    // SAFETY: live objects; they outlive the context.
    let code = unsafe { eval(target, &mut copy, null_mut(), &mut result, budget) };
    if code < 0 {
        assert_eq!(result, Object::DIRTY);
        return (code, String::new());
    }
    let shown = show(&result);
    // SAFETY: the result is ours.
    unsafe { (api().object_destroy)(&mut result, heap()) };
    (code, shown)
}

#[test]
fn endless_data_is_refused_and_stays_the_callers() {
    if !is_ours() {
        return;
    }
    let (api, instance) = (api(), Instance::new());
    let all_budgets: &[u64] = &[0, 1000, 60_000_000];
    let endless = endless().into_iter().map(|(name, graph)| (name, graph, all_budgets));
    let large = large().into_iter().map(|(name, graph)| (name, graph, &all_budgets[2..]));
    for (name, graph, budgets) in endless.chain(large) {
        let frees = Recorder::new();
        // SAFETY: live handles; what a context keeps outlives it.
        unsafe {
            let context = (api.context_init)(instance.0, heap());
            let subcontext = (api.subcontext_init)(context);
            for address in ["a1", "b1", "c1", "s1", "unknown"] {
                for &budget in budgets {
                    let (map, _entry) = data(address, graph.node(0));
                    let refused = (ERR_INVALID_OBJECT, String::new());
                    assert_eq!(eval(api.context_eval, context, &map, budget), refused, "{name} {address}");
                    assert_eq!(eval(api.subcontext_eval, subcontext, &map, budget), refused, "{name} {address}");
                    let batches = [map];
                    let mut array = Object::ZERO;
                    array.0[..6].copy_from_slice(&[tag::ARRAY, 0, 1, 0, 1, 0]);
                    array.0[8..].copy_from_slice(&(batches.as_ptr() as usize).to_le_bytes());
                    assert_eq!(eval(api.context_multieval, context, &array, budget), refused, "{name} {address}");
                    // The library does not take over data that is passed with its ownership.
                    let (mut map, mut result) = (map, Object::DIRTY);
                    let code = (api.context_eval)(context, &mut map, frees.handle, &mut result, budget);
                    assert_eq!((code, result), (ERR_INVALID_OBJECT, Object::DIRTY), "{name} {address}");
                }
            }
            // The context works as before.
            let attack = json(r#"{"a1":"an attack"}"#, heap());
            assert_eq!(eval(api.context_eval, context, &attack, 1_000_000).0, MATCH, "{name}");
            (api.subcontext_destroy)(subcontext);
            (api.context_destroy)(context);
            (api.object_destroy)(&mut { attack }, heap());
        }
        assert_eq!(frees.calls(), [], "{name}");
    }
}

#[test]
fn endless_values_are_neither_copied_nor_read_as_configurations() {
    if !is_ours() {
        return;
    }
    let api = api();
    for (name, graph) in endless().into_iter().chain(large()) {
        let recorder = Recorder::new();
        // SAFETY: live objects and handles.
        unsafe {
            let mut copy = Object::DIRTY;
            assert_eq!((api.object_clone)(&graph.node(0), &mut copy, recorder.handle), null_mut(), "{name}");
            assert_eq!((copy, recorder.calls()), (Object::DIRTY, vec![]), "{name}");

            let builder = (api.builder_init)();
            let mut rules = json(RULES, heap());
            assert!((api.builder_add_or_update_config)(builder, c"p".as_ptr(), 1, &rules, null_mut()));
            for key in ["rules", "processors", "rules_data", "actions"] {
                let (config, _entry) = data(key, graph.node(0));
                let mut diagnostics = Object::DIRTY;
                assert!(!(api.builder_add_or_update_config)(builder, c"p".as_ptr(), 1, &config, &mut diagnostics));
                assert_eq!(show(&diagnostics), r#"{"error":"the configuration contains itself"}"#, "{name} {key}");
                (api.object_destroy)(&mut diagnostics, heap());
                assert_eq!((api.init)(&config, &mut diagnostics), null_mut(), "{name} {key}");
                (api.object_destroy)(&mut diagnostics, heap());
            }
            // The configuration that was there is still there.
            let handle = (api.builder_build_instance)(builder);
            assert!(!handle.is_null());
            (api.destroy)(handle);
            (api.builder_destroy)(builder);
            (api.object_destroy)(&mut rules, heap());
        }
    }
}

#[test]
fn shared_parts_are_evaluated_and_copied_normally() {
    let (api, instance, recorder) = (api(), Instance::new(), Recorder::new());
    let ends: [(Graph, usize); 3] = [
        (Graph::new(&shared(3, 3), |_| false), 39),
        (Graph::new(&shared(10, 2), |node| node % 2 == 1), 2046),
        (Graph::new(&[vec![1, 1, NULL], vec![2, NULL], vec![NULL]], |_| false), 9),
    ];
    for (mut graph, amount) in ends {
        // The deepest holds an attack.
        let last = graph.blocks.last_mut().unwrap().last_mut().unwrap();
        last.0[..8].copy_from_slice(&[tag::SMALL, 6, b'a', b't', b't', b'a', b'c', b'k']);
        // SAFETY: live objects and handles; the data outlives the context.
        unsafe {
            let mut copy = Object::DIRTY;
            assert!(!(api.object_clone)(&graph.node(0), &mut copy, recorder.handle).is_null());
            assert_eq!(show(&copy), show(&graph.node(0)));
            assert_eq!(entries(&copy), amount);
            let context = (api.context_init)(instance.0, heap());
            for (address, shared_code, rule) in [("a1", MATCH, "r1"), ("c1", MATCH, "r2"), ("unknown", OK, "")] {
                let (map, _entry) = data(address, graph.node(0));
                let (code, shown) = eval(api.context_eval, context, &map, 1_000_000);
                assert_eq!(code, shared_code);
                assert!(shown.contains(rule), "{shown}");
            }
            (api.context_destroy)(context);
            (api.object_destroy)(&mut copy, recorder.handle);
        }
    }
}

fn entries(object: support::Const) -> usize {
    // SAFETY: a live object.
    unsafe {
        let size = (api().object_get_size)(object);
        size + (0..size).map(|nth| entries((api().object_at_value)(object, nth))).sum::<usize>()
    }
}

/// Data that is too large to be checked within the budget: the time is used up, the call ends, and the data is not
/// freed.
#[test]
fn unchecked_data_is_evaluated_within_the_budget_and_never_freed() {
    if !is_ours() {
        return;
    }
    let (api, instance, frees) = (api(), Instance::new(), Recorder::new());
    let graph = Graph::new(&ring(1, 400_000), |_| false);
    for address in ["a1", "b1", "c1", "s1", "unknown"] {
        let (mut map, _entry) = data(address, graph.node(0));
        // SAFETY: live objects and handles; the data outlives the context.
        unsafe {
            let context = (api.context_init)(instance.0, heap());
            for _ in 0..2 {
                let mut result = Object::DIRTY;
                let code = (api.context_eval)(context, &mut map, frees.handle, &mut result, 100);
                assert!(matches!(code, OK | ERR_INVALID_OBJECT));
                if code == OK {
                    assert!(show(&result).contains(r#""timeout":true"#), "{address}");
                    (api.object_destroy)(&mut result, heap());
                }
            }
            (api.context_destroy)(context);
        }
        assert_eq!(frees.calls(), []);
    }
}
