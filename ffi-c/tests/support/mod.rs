//! The library as a client sees it: loaded at run time, called through the signatures of the ABI.
//!
//! `BARTIZAN_LIBRARY` names another shared object to test. With libddwaf 2.1.0, everything passes except for bartizan's
//! additions (names, and defined results if memory is exhausted), which is how these tests were validated.
#![allow(unsafe_code)] // a client of a C library
#![allow(clippy::missing_safety_doc)] // the library calls these as the ABI says
#![allow(dead_code)] // each test file uses a part
#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // does not fork

use std::collections::HashMap;
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

pub mod tag {
    pub const INVALID: u8 = 0x00;
    pub const NULL: u8 = 0x01;
    pub const BOOL: u8 = 0x02;
    pub const SIGNED: u8 = 0x04;
    pub const UNSIGNED: u8 = 0x06;
    pub const FLOAT: u8 = 0x08;
    pub const STRING: u8 = 0x10;
    pub const LITERAL: u8 = 0x12;
    pub const SMALL: u8 = 0x14;
    pub const ARRAY: u8 = 0x20;
    pub const MAP: u8 = 0x40;
    pub const LARGE_ARRAY: u8 = 0xA0;
    pub const LARGE_MAP: u8 = 0xC0;
}

pub const ERR_INTERNAL: c_int = -3;
pub const ERR_INVALID_OBJECT: c_int = -2;
pub const ERR_INVALID_ARGUMENT: c_int = -1;
pub const OK: c_int = 0;
pub const MATCH: c_int = 1;

/// The 16 bytes of an object.
#[derive(Clone, Copy, PartialEq, Debug)]
#[repr(C, align(8))]
pub struct Object(pub [u8; 16]);

impl Object {
    /// What a caller's uninitialised memory might hold.
    pub const DIRTY: Object = Object([0xEE; 16]);
    pub const ZERO: Object = Object([0; 16]);

    pub fn tag(&self) -> u8 {
        self.0[0]
    }

    pub fn pointer(&self) -> *mut u8 {
        usize::from_le_bytes(self.0[8..].try_into().unwrap()) as *mut u8
    }

    /// The 28-bit size of the large forms.
    pub fn large_size(&self) -> u64 {
        u64::from_le_bytes(self.0[..8].try_into().unwrap()) >> 8 & 0x0FFF_FFFF
    }

    pub fn capacity(&self) -> u64 {
        match self.tag() {
            tag::LARGE_ARRAY | tag::LARGE_MAP => u64::from_le_bytes(self.0[..8].try_into().unwrap()) >> 36,
            _ => u16::from_le_bytes(self.0[4..6].try_into().unwrap()).into(),
        }
    }
}

pub type Alloc = *mut c_void;
pub type Handle = *mut c_void;
pub type Obj = *mut Object;
pub type Const = *const Object;
pub type Text = *const c_char;
pub type AllocFn = unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void;
pub type FreeFn = unsafe extern "C" fn(*mut c_void, *mut c_void, usize, usize);
pub type UdataFn = unsafe extern "C" fn(*mut c_void);
pub type LogFn = unsafe extern "C" fn(c_int, Text, Text, c_uint, Text, u64);
pub type Eval = unsafe extern "C" fn(Handle, Obj, Alloc, Obj, u64) -> c_int;

macro_rules! api {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The entry points.
        pub struct Api {
            $(pub $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
            library: libloading::Library,
        }

        /// Every name that a library with this ABI exports.
        pub const NAMES: &[&str] = &[$(concat!("ddwaf_", stringify!($name))),*];

        impl Api {
            fn load(path: &Path) -> Api {
                // SAFETY: the functions have these signatures by the definition of the ABI, and the library stays
                // loaded for as long as the pointers are there.
                unsafe {
                    let library = libloading::Library::new(path).expect("the library loads");
                    Api {
                        $($name: *library.get(concat!("ddwaf_", stringify!($name), "\0")).expect(stringify!($name)),)*
                        library,
                    }
                }
            }
        }
    };
}

api! {
    get_default_allocator: fn() -> Alloc;
    synchronized_pool_allocator_init: fn() -> Alloc;
    unsynchronized_pool_allocator_init: fn() -> Alloc;
    monotonic_allocator_init: fn() -> Alloc;
    user_allocator_init: fn(Option<AllocFn>, Option<FreeFn>, *mut c_void, Option<UdataFn>) -> Alloc;
    allocator_alloc: fn(Alloc, usize, usize) -> *mut c_void;
    allocator_free: fn(Alloc, *mut c_void, usize, usize);
    allocator_destroy: fn(Alloc);
    object_set_invalid: fn(Obj) -> Obj;
    object_set_null: fn(Obj) -> Obj;
    object_set_bool: fn(Obj, bool) -> Obj;
    object_set_signed: fn(Obj, i64) -> Obj;
    object_set_unsigned: fn(Obj, u64) -> Obj;
    object_set_float: fn(Obj, f64) -> Obj;
    object_null: fn(Obj) -> Obj;
    object_bool: fn(Obj, bool) -> Obj;
    object_signed: fn(Obj, i64) -> Obj;
    object_unsigned: fn(Obj, u64) -> Obj;
    object_float: fn(Obj, f64) -> Obj;
    object_set_string: fn(Obj, Text, u32, Alloc) -> Obj;
    object_set_string_literal: fn(Obj, Text, u32) -> Obj;
    object_set_string_nocopy: fn(Obj, Text, u32) -> Obj;
    object_set_array: fn(Obj, u16, Alloc) -> Obj;
    object_set_map: fn(Obj, u16, Alloc) -> Obj;
    object_set_array_large: fn(Obj, usize, Alloc) -> Obj;
    object_set_map_large: fn(Obj, usize, Alloc) -> Obj;
    object_insert: fn(Obj, Alloc) -> Obj;
    object_insert_key: fn(Obj, Text, u32, Alloc) -> Obj;
    object_insert_key_nocopy: fn(Obj, Text, u32, Alloc) -> Obj;
    object_insert_literal_key: fn(Obj, Text, u32, Alloc) -> Obj;
    object_destroy: fn(Obj, Alloc);
    object_clone: fn(Const, Obj, Alloc) -> Obj;
    object_get_type: fn(Const) -> c_int;
    object_get_size: fn(Const) -> usize;
    object_get_length: fn(Const) -> usize;
    object_get_string: fn(Const, *mut usize) -> Text;
    object_get_unsigned: fn(Const) -> u64;
    object_get_signed: fn(Const) -> i64;
    object_get_float: fn(Const) -> f64;
    object_get_bool: fn(Const) -> bool;
    object_at_key: fn(Const, usize) -> Const;
    object_at_value: fn(Const, usize) -> Const;
    object_find: fn(Const, Text, usize) -> Const;
    object_is_invalid: fn(Const) -> bool;
    object_is_null: fn(Const) -> bool;
    object_is_bool: fn(Const) -> bool;
    object_is_signed: fn(Const) -> bool;
    object_is_unsigned: fn(Const) -> bool;
    object_is_float: fn(Const) -> bool;
    object_is_string: fn(Const) -> bool;
    object_is_array: fn(Const) -> bool;
    object_is_map: fn(Const) -> bool;
    object_from_json: fn(Obj, Text, u32, Alloc) -> bool;
    builder_init: fn() -> Handle;
    builder_add_or_update_config: fn(Handle, Text, u32, Const, Obj) -> bool;
    builder_remove_config: fn(Handle, Text, u32) -> bool;
    builder_build_instance: fn(Handle) -> Handle;
    builder_get_config_paths: fn(Handle, Obj, Text, u32) -> u32;
    builder_destroy: fn(Handle);
    init: fn(Const, Obj) -> Handle;
    destroy: fn(Handle);
    known_addresses: fn(Handle, *mut u32) -> *const Text;
    known_actions: fn(Handle, *mut u32) -> *const Text;
    context_init: fn(Handle, Alloc) -> Handle;
    context_eval: fn(Handle, Obj, Alloc, Obj, u64) -> c_int;
    context_multieval: fn(Handle, Obj, Alloc, Obj, u64) -> c_int;
    context_destroy: fn(Handle);
    subcontext_init: fn(Handle) -> Handle;
    subcontext_eval: fn(Handle, Obj, Alloc, Obj, u64) -> c_int;
    subcontext_multieval: fn(Handle, Obj, Alloc, Obj, u64) -> c_int;
    subcontext_destroy: fn(Handle);
    set_log_cb: fn(Option<LogFn>, c_int) -> bool;
    get_version: fn() -> Text;
}

/// The library under test.
pub fn api() -> &'static Api {
    static API: OnceLock<Api> = OnceLock::new();
    API.get_or_init(|| Api::load(&library()))
}

/// Whether it is bartizan itself.
pub fn is_ours() -> bool {
    // SAFETY: only looked up.
    unsafe { api().library.get::<unsafe extern "C" fn() -> Text>("bartizan_version").is_ok() }
}

/// The path of the library, which is built first, as cargo does not build a shared object for the tests of its package.
pub fn library() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match std::env::var_os("BARTIZAN_LIBRARY") {
        Some(path) => path.into(),
        None => build(),
    })
    .clone()
}

fn build() -> PathBuf {
    // This program is target/PROFILE/deps/NAME.
    let program = std::env::current_exe().expect("the path of this program");
    let folder = program.ancestors().nth(2).expect("a folder of the profile").to_owned();
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--quiet", "--package", "bartizan-ffi", "--lib"])
        .args(["--profile", profile, "--target-dir"])
        .arg(folder.parent().expect("the target folder"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the library builds");
    folder.join(format!("{}bartizan{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX))
}

/// The allocator of the process heap.
pub fn heap() -> Alloc {
    // SAFETY: a function without arguments.
    unsafe { (api().get_default_allocator)() }
}

/// Pointer and length of a string for C.
pub fn text(bytes: &[u8]) -> (Text, u32) {
    (bytes.as_ptr().cast(), bytes.len() as u32)
}

/// One call to a [`Recorder`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Call {
    Alloc(usize, usize),
    Free(usize, usize),
}
#[allow(unused_imports)]
pub use Call::{Alloc as A, Free as F};

/// A user allocator that records every call, checks every free against its allocation, and can run out of memory.
pub struct Recorder {
    state: Box<Mutex<State>>,
    pub handle: Alloc,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    live: HashMap<usize, (usize, usize)>,
    mistakes: Vec<String>,
    /// Allocations still granted.
    left: Option<usize>,
    destroyed: u32,
}

impl Recorder {
    pub fn new() -> Recorder {
        Self::with_limit(None)
    }

    /// One that grants this many allocations.
    pub fn with_limit(left: Option<usize>) -> Recorder {
        let state = Box::new(Mutex::new(State { left, ..State::default() }));
        let udata = (&raw const *state).cast_mut().cast();
        // SAFETY: functions of the right types; `udata` lives in this Recorder, which destroys the handle.
        let handle = unsafe { (api().user_allocator_init)(Some(allocate), Some(release), udata, Some(destroyed)) };
        assert!(!handle.is_null());
        Recorder { state, handle }
    }

    /// The calls since the last query.
    pub fn calls(&self) -> Vec<Call> {
        let mut state = self.state.lock().unwrap();
        assert_eq!(state.mistakes, Vec::<String>::new());
        std::mem::take(&mut state.calls)
    }

    /// Blocks that were not freed.
    pub fn live(&self) -> usize {
        self.state.lock().unwrap().live.len()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // SAFETY: made by `with_limit`, destroyed once.
        unsafe { (api().allocator_destroy)(self.handle) };
        let state = self.state.lock().unwrap();
        if !std::thread::panicking() {
            assert_eq!((&state.mistakes, state.live.len(), state.destroyed), (&vec![], 0, 1));
        }
    }
}

unsafe fn state<'a>(udata: *mut c_void) -> std::sync::MutexGuard<'a, State> {
    // SAFETY: what `with_limit` passed.
    unsafe { &*udata.cast::<Mutex<State>>() }.lock().unwrap()
}

fn layout(size: usize, align: usize) -> std::alloc::Layout {
    std::alloc::Layout::from_size_align(size.max(1), align).expect("a valid alignment")
}

unsafe extern "C" fn allocate(udata: *mut c_void, size: usize, align: usize) -> *mut c_void {
    // SAFETY: called by the library with our `udata`.
    let mut state = unsafe { state(udata) };
    match &mut state.left {
        Some(0) => return std::ptr::null_mut(),
        Some(left) => *left -= 1,
        None => {}
    }
    state.calls.push(Call::Alloc(size, align));
    // SAFETY: at least one byte.
    let block = unsafe { std::alloc::alloc(layout(size, align)) };
    state.live.insert(block as usize, (size, align));
    block.cast()
}

unsafe extern "C" fn release(udata: *mut c_void, block: *mut c_void, size: usize, align: usize) {
    // SAFETY: called by the library with our `udata`.
    let mut state = unsafe { state(udata) };
    state.calls.push(Call::Free(size, align));
    match state.live.remove(&(block as usize)) {
        // SAFETY: allocated above with this layout.
        Some(asked) if asked == (size, align) => unsafe { std::alloc::dealloc(block.cast(), layout(size, align)) },
        asked => state.mistakes.push(format!("free of {asked:?} as {:?}", (size, align))),
    }
}

unsafe extern "C" fn destroyed(udata: *mut c_void) {
    // SAFETY: called by the library with our `udata`.
    unsafe { state(udata) }.destroyed += 1;
}

/// An object read from JSON with this allocator.
pub fn json(source: &str, alloc: Alloc) -> Object {
    let mut object = Object::DIRTY;
    let (data, length) = text(source.as_bytes());
    // SAFETY: valid pointers.
    assert!(unsafe { (api().object_from_json)(&mut object, data, length, alloc) }, "{source}");
    object
}

/// The bytes of a string object.
pub fn bytes(object: Const) -> Option<Vec<u8>> {
    let mut length = usize::MAX;
    // SAFETY: valid or null pointers.
    unsafe {
        let data = (api().object_get_string)(object, &mut length);
        (!data.is_null()).then(|| std::slice::from_raw_parts(data.cast::<u8>(), length).to_vec())
    }
}

/// An object as compact JSON text (enough of JSON for these tests), with UUIDs as `<uuid>` and durations as 0.
pub fn show(object: Const) -> String {
    let api = api();
    // SAFETY: an object of the library or null.
    unsafe {
        match (*object).tag() & 0x7F {
            tag::BOOL => (api.object_get_bool)(object).to_string(),
            tag::SIGNED => (api.object_get_signed)(object).to_string(),
            tag::UNSIGNED => (api.object_get_unsigned)(object).to_string(),
            tag::FLOAT => format!("{:?}", (api.object_get_float)(object)),
            tag::STRING | tag::LITERAL | tag::SMALL => show_text(&bytes(object).unwrap()),
            tag::ARRAY => {
                let elements = (0..(api.object_get_size)(object)).map(|i| show((api.object_at_value)(object, i)));
                format!("[{}]", elements.collect::<Vec<_>>().join(","))
            }
            tag::MAP => {
                let entry = |i| {
                    let key = bytes((api.object_at_key)(object, i)).unwrap();
                    let value = (api.object_at_value)(object, i);
                    format!("{}:{}", show_text(&key), if key == b"duration" { "0".into() } else { show(value) })
                };
                format!("{{{}}}", (0..(api.object_get_size)(object)).map(entry).collect::<Vec<_>>().join(","))
            }
            tag::NULL => "null".into(),
            _ => "invalid".into(),
        }
    }
}

fn show_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let uuid = text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if uuid { "\"<uuid>\"".into() } else { format!("{text:?}") }
}
