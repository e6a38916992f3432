//! The patterns of the built-in rules: parsing and compiling them, and scanning strings for all of them at once.

use bartizan::internals::pattern::{Options, Pattern};
use bartizan::internals::scan::{MatcherId, Prefilter};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;
use std::hint::black_box;

const SUBJECTS: [(&str, &str); 4] = [
    ("short", "price-asc"),
    ("header", "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"),
    ("sentence", "Please select one of the options and update your order in the table below"),
    ("attack", "1' UNION ALL SELECT username, password FROM users -- <script>alert(1)</script>"),
];

/// The sources of all expressions in the documents of `core/rules`.
fn sources() -> Vec<String> {
    let folder = format!("{}/rules", env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    let mut open: Vec<Value> = std::fs::read_dir(folder)
        .expect("rules")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| serde_json::from_slice(&std::fs::read(path).expect("document")).expect("JSON"))
        .collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(map) => {
                for (key, value) in map {
                    match value {
                        Value::String(source) if key == "regex" => sources.push(source),
                        value => open.push(value),
                    }
                }
            }
            _ => {}
        }
    }
    sources
}

fn read(sources: &[String]) -> Vec<Pattern> {
    let options = Options { case_sensitive: false };
    sources.iter().flat_map(|source| Pattern::new(source.as_bytes(), options)).collect()
}

fn scanner(patterns: &[Pattern]) -> Prefilter {
    Prefilter::new(patterns.iter().enumerate().map(|(at, pattern)| (MatcherId(at as u32), pattern.required())))
}

fn building(c: &mut Criterion) {
    let sources = sources();
    let patterns = read(&sources);
    let mut group = c.benchmark_group("patterns");
    group.sample_size(20);
    group.bench_function("read", |b| b.iter(|| read(black_box(&sources))));
    group.bench_function("plan the scan", |b| b.iter(|| scanner(black_box(&patterns))));
    // The first search compiles.
    group.bench_function("read and compile", |b| {
        b.iter_batched(
            || read(&sources),
            |patterns| patterns.iter().filter(|pattern| pattern.is_match(b"x")).count(),
            BatchSize::LargeInput,
        )
    });
    group.finish();
}

fn scanning(c: &mut Criterion) {
    let patterns = read(&sources());
    let scanner = scanner(&patterns);
    let long = SUBJECTS[2].1.repeat(1000);
    let mut candidates = scanner.candidates();
    let mut group = c.benchmark_group("scan");
    for (name, subject) in SUBJECTS.into_iter().chain([("long", long.as_str())]) {
        group.throughput(Throughput::Bytes(subject.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                candidates.clear();
                scanner.scan(black_box(subject.as_bytes()), &mut candidates);
                candidates.is_empty()
            })
        });
    }
    for (name, subject) in SUBJECTS {
        group.throughput(Throughput::Bytes(subject.len() as u64));
        group.bench_function(format!("{name}, with the candidates run"), |b| {
            b.iter(|| {
                candidates.clear();
                scanner.scan(black_box(subject.as_bytes()), &mut candidates);
                candidates.iter().filter(|id| patterns[id.0 as usize].is_match(subject.as_bytes())).count()
            })
        });
    }
    group.finish();
}

criterion_group!(benches, building, scanning);
criterion_main!(benches);
