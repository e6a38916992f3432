//! What the benchmarks share: libraries loaded by path, requests and rules.

// Each benchmark uses a part of it.
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

/// A file named on the command line. Cargo runs benchmarks in the folder of their package, but a path relative to the
/// top of the repository should work, too.
pub fn named_file(path: String) -> String {
    let from_root = root().join(&path);
    if !Path::new(&path).exists() && from_root.exists() { from_root.to_string_lossy().into_owned() } else { path }
}

/// The path of the reference engine, which is fetched if necessary.
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
