//! What the benchmarks share: libraries loaded by path, requests and rules.

// Each of them uses a part.
#![allow(dead_code)]

pub mod heap;
pub mod library;
pub mod requests;
pub mod rules;

use std::path::{Path, PathBuf};

/// The top of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The file somebody named. Cargo runs benchmarks in the folder of their package; a path from the top, where most people
/// stand, is meant to work, too.
pub fn named_file(path: String) -> String {
    let from_root = root().join(&path);
    if !Path::new(&path).exists() && from_root.exists() { from_root.to_string_lossy().into_owned() } else { path }
}

/// Where the reference engine is; fetches it where it is not.
pub fn find_reference() -> Option<String> {
    let script = root().join("tests/differential/reference.py");
    let output = std::process::Command::new("python3").arg(script).output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?.trim().to_string();
    (!path.is_empty()).then_some(path)
}

/// The library as it ships.
pub fn built_library() -> String {
    root().join("target/release/libbartizan.so").to_string_lossy().into_owned()
}
