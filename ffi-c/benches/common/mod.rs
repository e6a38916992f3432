//! What the benchmarks share: libraries loaded by path, requests and rules.

// Each of them uses a part.
#![allow(dead_code)]

pub mod heap;
pub mod library;
pub mod requests;
pub mod rules;

/// The top of the repository.
pub fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
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
