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

type Pointer = *mut c_void;
type Evaluate = unsafe extern "C" fn(Pointer, *mut Object, Pointer, *mut Object, u64) -> c_int;

/// The functions that measuring needs.
pub struct Library {
    allocator: Pointer,
    from_json: unsafe extern "C" fn(*mut Object, *const c_char, u32, Pointer) -> bool,
    object_destroy: unsafe extern "C" fn(*mut Object, Pointer),
    init: unsafe extern "C" fn(*const Object, *mut Object) -> Pointer,
    destroy: unsafe extern "C" fn(Pointer),
    context_init: unsafe extern "C" fn(Pointer, Pointer) -> Pointer,
    context_eval: Evaluate,
    context_destroy: unsafe extern "C" fn(Pointer),
    _library: libloading::Library,
}

impl Library {
    /// Loads a library; its symbols stay its own, so two of one ABI can live side by side.
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
                _library: library,
            }
        }
    }

    /// A value from JSON.
    pub fn parse(&self, json: &[u8]) -> Option<Object> {
        let mut object = Object([MaybeUninit::zeroed(); 16]);
        // SAFETY: the text is as long as said, and the object may be uninitialised.
        let done = unsafe { (self.from_json)(&mut object, json.as_ptr().cast(), json.len() as u32, self.allocator) };
        done.then_some(object)
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

    /// A context that is left alone.
    pub fn idle_context(&self, handle: &Handle, request: &Object) -> Pointer {
        // SAFETY: as in `evaluate`; the context is freed by `destroy_context`.
        unsafe {
            let context = (self.context_init)(handle.0, self.allocator);
            let mut data = *request;
            let mut result = Object([MaybeUninit::zeroed(); 16]);
            (self.context_eval)(context, &mut data, std::ptr::null_mut(), &mut result, 10_000_000);
            (self.object_destroy)(&mut result, self.allocator);
            context
        }
    }

    /// Frees a context.
    pub fn destroy_context(&self, context: Pointer) {
        // SAFETY: the context came from `idle_context` and is not used again.
        unsafe { (self.context_destroy)(context) }
    }

    /// One request: a context, one evaluation of borrowed data, the result, and their end.
    pub fn evaluate(&self, handle: &Handle, request: &Object) {
        let context = self.idle_context(handle, request);
        self.destroy_context(context);
    }
}
