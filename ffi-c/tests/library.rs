//! The shared object itself: its exports, its name, its dependencies.

#![allow(unsafe_code)] // a client of a C library

mod support;

use std::ffi::{CStr, c_char};
use std::process::Command;
use support::{NAMES, api, is_ours, library};

/// What a tool of binutils prints about the library; `None` where there is no such tool.
fn inspect(tool: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(tool).args(arguments).arg(library()).output() else {
        eprintln!("skipped: there is no {tool} here");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn every_entry_point_of_the_abi_is_there() {
    assert_eq!(NAMES.len(), 73);
    // Loading resolves each of them.
    // SAFETY: a static C string.
    let version = unsafe { CStr::from_ptr((api().get_version)()) };
    assert_eq!(version, c"2.1.0");
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_else_is_exported() {
    let Some(symbols) = inspect("nm", &["--dynamic", "--defined-only", "--with-symbol-versions"]) else { return };
    let mut functions = vec![];
    for line in symbols.lines() {
        let [_, kind, name] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert_eq!(kind, "T", "{name}");
        functions.push(name);
    }
    let (abi, own): (Vec<&str>, Vec<&str>) = functions.into_iter().partition(|name| name.starts_with("ddwaf_"));
    let mut expected = NAMES.to_vec();
    expected.sort_unstable();
    assert_eq!(abi, expected);
    assert!(own.iter().all(|name| name.starts_with("bartizan_")), "{own:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_file_has_a_name_and_no_search_path() {
    let Some(entries) = inspect("readelf", &["--dynamic", "--wide"]) else { return };
    let name = if is_ours() { "[libbartizan.so]" } else { "[libddwaf.so]" };
    assert!(entries.lines().any(|line| line.contains("(SONAME)") && line.ends_with(name)), "{entries}");
    assert!(!entries.contains("RPATH") && !entries.contains("RUNPATH"), "{entries}");
    let needed = entries.lines().filter(|line| line.contains("(NEEDED)"));
    for line in needed {
        let system = ["libc.so", "libm.so", "libdl.so", "libpthread.so", "libgcc_s.so", "ld-linux"];
        assert!(system.iter().any(|library| line.contains(library)), "{line}");
    }
}

#[test]
fn our_own_version_is_there_too() {
    if !is_ours() {
        return;
    }
    // SAFETY: the function has this signature and returns a static C string.
    unsafe {
        let loaded = libloading::Library::new(library()).unwrap();
        let version = loaded.get::<unsafe extern "C" fn() -> *const c_char>("bartizan_version").unwrap();
        assert_eq!(CStr::from_ptr(version()).to_str(), Ok(env!("CARGO_PKG_VERSION")));
    }
}
