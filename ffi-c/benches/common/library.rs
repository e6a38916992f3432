//! A shared object with the libddwaf 2.x ABI, loaded by path.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;

/// The ABI's 16-byte object.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct Object([MaybeUninit<u8>; 16]);

/// An instance.
pub struct Handle(*mut c_void);

/// A builder of instances.
pub struct Builder(*mut c_void);

type Pointer = *mut c_void;
type Evaluate = unsafe extern "C" fn(Pointer, *mut Object, Pointer, *mut Object, u64) -> c_int;

/// The functions needed for measurements.
pub struct Library {
    allocator: Pointer,
    from_json: unsafe extern "C" fn(*mut Object, *const c_char, u32, Pointer) -> bool,
    object_destroy: unsafe extern "C" fn(*mut Object, Pointer),
    init: unsafe extern "C" fn(*const Object, *mut Object) -> Pointer,
    destroy: unsafe extern "C" fn(Pointer),
    context_init: unsafe extern "C" fn(Pointer, Pointer) -> Pointer,
    context_eval: Evaluate,
    context_destroy: unsafe extern "C" fn(Pointer),
    builder_init: unsafe extern "C" fn() -> Pointer,
    builder_add: unsafe extern "C" fn(Pointer, *const c_char, u32, *const Object, *mut Object) -> bool,
    builder_build: unsafe extern "C" fn(Pointer) -> Pointer,
    builder_destroy: unsafe extern "C" fn(Pointer),
    set_map: unsafe extern "C" fn(*mut Object, u16, Pointer) -> *mut Object,
    set_string: unsafe extern "C" fn(*mut Object, *const c_char, u32, Pointer) -> *mut Object,
    insert_key: unsafe extern "C" fn(*mut Object, *const c_char, u32, Pointer) -> *mut Object,
    set_array: unsafe extern "C" fn(*mut Object, u16, Pointer) -> *mut Object,
    insert: unsafe extern "C" fn(*mut Object, Pointer) -> *mut Object,
    _library: libloading::Library,
}

impl Library {
    /// Loads a library with local symbols, so that two with one ABI can coexist.
    pub fn open(path: &str) -> Self {
        // SAFETY: the path names a library with this ABI (a promise of whoever runs the benchmark), whose functions
        // have these signatures.
        unsafe {
            let library = libloading::Library::new(path).unwrap_or_else(|e| panic!("{path}: {e}"));
            let allocator = library.get::<unsafe extern "C" fn() -> Pointer>(b"ddwaf_get_default_allocator").unwrap()();
            Library {
                allocator,
                from_json: *library.get(b"ddwaf_object_from_json").unwrap(),
                object_destroy: *library.get(b"ddwaf_object_destroy").unwrap(),
                init: *library.get(b"ddwaf_init").unwrap(),
                destroy: *library.get(b"ddwaf_destroy").unwrap(),
                context_init: *library.get(b"ddwaf_context_init").unwrap(),
                context_eval: *library.get(b"ddwaf_context_eval").unwrap(),
                context_destroy: *library.get(b"ddwaf_context_destroy").unwrap(),
                builder_init: *library.get(b"ddwaf_builder_init").unwrap(),
                builder_add: *library.get(b"ddwaf_builder_add_or_update_config").unwrap(),
                builder_build: *library.get(b"ddwaf_builder_build_instance").unwrap(),
                builder_destroy: *library.get(b"ddwaf_builder_destroy").unwrap(),
                set_map: *library.get(b"ddwaf_object_set_map").unwrap(),
                set_string: *library.get(b"ddwaf_object_set_string").unwrap(),
                insert_key: *library.get(b"ddwaf_object_insert_key").unwrap(),
                set_array: *library.get(b"ddwaf_object_set_array").unwrap(),
                insert: *library.get(b"ddwaf_object_insert").unwrap(),
                _library: library,
            }
        }
    }

    /// A value parsed from JSON.
    pub fn parse(&self, json: &[u8]) -> Option<Object> {
        let mut object = Object([MaybeUninit::zeroed(); 16]);
        // SAFETY: the text is as long as said, and the object may be uninitialised.
        let done = unsafe { (self.from_json)(&mut object, json.as_ptr().cast(), json.len() as u32, self.allocator) };
        done.then_some(object)
    }

    /// A map of one entry: nested arrays with this many levels, each with a string before the next level.
    pub fn nested(&self, key: &str, levels: usize, text: &str) -> Object {
        let mut root = Object([MaybeUninit::zeroed(); 16]);
        // SAFETY: each value is a fresh slot of the one before; an array has room for both of its elements from the
        // beginning, so making the second does not move the first.
        unsafe {
            (self.set_map)(&mut root, 1, self.allocator);
            let mut slot = (self.insert_key)(&mut root, key.as_ptr().cast(), key.len() as u32, self.allocator);
            for _ in 0..levels {
                (self.set_array)(slot, 2, self.allocator);
                let beside = (self.insert)(slot, self.allocator);
                (self.set_string)(beside, text.as_ptr().cast(), text.len() as u32, self.allocator);
                slot = (self.insert)(slot, self.allocator);
            }
        }
        root
    }

    /// Frees a value.
    pub fn destroy_object(&self, mut object: Object) {
        // SAFETY: the object came from `parse` with the same allocator.
        unsafe { (self.object_destroy)(&mut object, self.allocator) }
    }

    /// An instance of a ruleset.
    pub fn build(&self, ruleset: &Object) -> Option<Handle> {
        // SAFETY: the ruleset is a value of this library; no diagnostics are asked for.
        let handle = unsafe { (self.init)(ruleset, std::ptr::null_mut()) };
        (!handle.is_null()).then_some(Handle(handle))
    }

    /// Frees an instance.
    pub fn destroy(&self, handle: Handle) {
        // SAFETY: the handle came from `build` and is not used again.
        unsafe { (self.destroy)(handle.0) }
    }

    /// A builder.
    pub fn builder(&self) -> Builder {
        // SAFETY: the function has no conditions.
        Builder(unsafe { (self.builder_init)() })
    }

    /// Adds a configuration, or replaces the one under this path.
    pub fn add(&self, builder: &Builder, path: &str, config: &Object) {
        let (name, length) = (path.as_ptr().cast(), path.len() as u32);
        // SAFETY: builder and configuration are this library's; no diagnostics are asked for.
        let added = unsafe { (self.builder_add)(builder.0, name, length, config, std::ptr::null_mut()) };
        assert!(added, "the configuration '{path}' was refused");
    }

    /// An instance of what a builder holds.
    pub fn build_from(&self, builder: &Builder) -> Handle {
        // SAFETY: the builder is this library's.
        let handle = unsafe { (self.builder_build)(builder.0) };
        assert!(!handle.is_null(), "nothing to build");
        Handle(handle)
    }

    /// Frees a builder.
    pub fn destroy_builder(&self, builder: Builder) {
        // SAFETY: the builder came from `builder` and is not used again.
        unsafe { (self.builder_destroy)(builder.0) }
    }

    /// A context.
    pub fn context(&self, handle: &Handle) -> Pointer {
        // SAFETY: the handle is this library's; the context is freed by `destroy_context`.
        unsafe { (self.context_init)(handle.0, self.allocator) }
    }

    /// One evaluation of borrowed data within a context, and its result.
    pub fn run(&self, context: Pointer, request: &Object) {
        let mut data = *request;
        let mut result = Object([MaybeUninit::zeroed(); 16]);
        // SAFETY: context and data are this library's; without an allocator the data stay the caller's.
        unsafe {
            (self.context_eval)(context, &mut data, std::ptr::null_mut(), &mut result, 10_000_000);
            (self.object_destroy)(&mut result, self.allocator);
        }
    }

    /// A context that evaluated a request and then stays idle.
    pub fn idle_context(&self, handle: &Handle, request: &Object) -> Pointer {
        let context = self.context(handle);
        self.run(context, request);
        context
    }

    /// Frees a context.
    pub fn destroy_context(&self, context: Pointer) {
        // SAFETY: the context came from `idle_context` and is not used again.
        unsafe { (self.context_destroy)(context) }
    }

    /// One request: a context, one evaluation of borrowed data, and the result, all destroyed at the end.
    pub fn evaluate(&self, handle: &Handle, request: &Object) {
        let context = self.idle_context(handle, request);
        self.destroy_context(context);
    }
}
