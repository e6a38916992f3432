//! The requests to measure: ordinary ones of several sizes, long text, and attacks. They are in
//! `tests/data/benchmark.jsonl`, one name and request per line, which the benchmarks of the other languages use, too.

use engine::value::{Object, json};

/// Name and JSON of every request.
pub fn all() -> Vec<(String, String)> {
    let path = super::root().join("tests/data/benchmark.jsonl");
    let lines = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| read(line).expect("a line has a name and a request")).collect()
}

fn read(line: &[u8]) -> Option<(String, String)> {
    let line = json::parse(line).ok()?;
    let name = line.get(b"name").and_then(Object::as_bytes)?;
    Some((String::from_utf8_lossy(name).into_owned(), json::to_string(line.get(b"request")?)))
}

/// What a browser sends; about 1.2 KB.
pub fn typical_get() -> String {
    named("typical GET")
}

/// The request of this name.
pub fn named(wanted: &str) -> String {
    let request = all().into_iter().find(|(name, _)| name == wanted);
    request.unwrap_or_else(|| panic!("a request named {wanted}")).1
}
