//! Recorded requests: how many times faster each of them is, by kind of request, and what the first ones of an instance
//! cost.
//!
//! A file has a request on each line, as JSON or compressed by gzip: `{"id": ..., "label": ..., "input": {address:
//! value}}`. The kinds are told apart by size and body; requests of no kind are left out.

use std::io::IsTerminal;
use std::process::Command;

use serde_json::Value;

use crate::common::library::{Handle, Library, Object};
use crate::{built, measure};

/// The least time of this many passes counts.
const PASSES: usize = 5;
/// The duration of a pass.
const PASS_MICROS: f64 = 50.0;
/// How many of the slowest requests are shown.
const SHOWN: usize = 10;
/// How many requests a new instance is asked.
const FIRST: usize = 100;
/// How many new instances there are for each engine.
const INSTANCES: usize = 3;

/// The kinds, in the order of the table.
const KINDS: [&str; 7] = ["tiny GET", "typical GET", "form", "JSON 1 KB", "JSON 10 KB", "JSON 90 KB", "attack"];
/// The kinds whose first requests are measured.
const ORDINARY: [&str; 3] = ["typical GET", "form", "JSON 1 KB"];

/// A request of a kind.
struct Recorded {
    id: String,
    kind: &'static str,
    input: String,
}

/// The figures of a request, in microseconds.
struct Figures<'r> {
    request: &'r Recorded,
    theirs: f64,
    ours: f64,
}

impl Figures<'_> {
    fn ratio(&self) -> f64 {
        self.theirs / self.ours
    }
}

/// Measures the requests of these files, at most `limit`, and prints the tables.
pub fn report(libraries: &[Library; 2], ruleset: &[u8], files: &[String], limit: usize) {
    let requests: Vec<Recorded> = files.iter().flat_map(|file| read(file)).take(limit).collect();
    let handles = libraries.each_ref().map(|library| built(library, ruleset));
    let mut all = vec![];
    for (nth, request) in requests.iter().enumerate() {
        progress(&format!("{}/{} {}", nth + 1, requests.len(), request.id));
        let [theirs, ours] = compare(libraries, &handles, &request.input);
        all.push(Figures { request, theirs, ours });
    }
    progress("");
    libraries.iter().zip(handles).for_each(|(library, handle)| library.destroy(handle));
    print_kinds(&all);
    print_slowest(&mut all);
    print_first(libraries, ruleset, &requests);
}

fn print_kinds(all: &[Figures<'_>]) {
    println!(
        "{:<16}{:>9}{:>9}{:>9}{:>9}{:>9}{:>14}{:>14}  slowest",
        "times faster", "requests", "least", "5 %", "median", "sum", "theirs, us", "ours, us"
    );
    let (mut log_sum, mut kinds) = (0.0, 0);
    for kind in KINDS {
        let of_kind: Vec<&Figures<'_>> = all.iter().filter(|figures| figures.request.kind == kind).collect();
        let mut ratios: Vec<f64> = of_kind.iter().map(|figures| figures.ratio()).collect();
        ratios.sort_by(f64::total_cmp);
        let Some(slowest) = of_kind.iter().max_by(|a, b| a.ours.total_cmp(&b.ours)) else { continue };
        let at = |share: f64| ratios[((ratios.len() - 1) as f64 * share).round() as usize];
        let theirs: f64 = of_kind.iter().map(|figures| figures.theirs).sum();
        let ours: f64 = of_kind.iter().map(|figures| figures.ours).sum();
        println!(
            "{kind:<16}{:>9}{:>8.1}x{:>8.1}x{:>8.1}x{:>8.1}x{:>14.1}{:>14.1}  {}",
            ratios.len(),
            at(0.0),
            at(0.05),
            at(0.5),
            theirs / ours,
            of_kind.iter().map(|figures| figures.theirs).fold(0.0, f64::max),
            slowest.ours,
            slowest.request.id
        );
        log_sum += at(0.5).ln();
        kinds += 1;
    }
    println!("{:<16}{:>35.1}x\n", "geometric mean", (log_sum / f64::from(kinds.max(1))).exp());
}

fn print_slowest(all: &mut [Figures<'_>]) {
    println!("{:<16}{:<16}{:>14}{:>14}{:>8}", "slowest", "kind", "theirs, us", "ours, us", "ratio");
    all.sort_by(|a, b| b.ours.total_cmp(&a.ours));
    for figures in all.iter().take(SHOWN) {
        let Figures { request, theirs, ours } = figures;
        println!("{:<16}{:<16}{theirs:>14.1}{ours:>14.1}{:>7.1}x", request.id, request.kind, figures.ratio());
    }
    println!();
}

/// The cost of the first requests of new instances, beside that of the same requests later.
fn print_first(libraries: &[Library; 2], ruleset: &[u8], requests: &[Recorded]) {
    let ordinary: Vec<&Recorded> =
        requests.iter().filter(|request| ORDINARY.contains(&request.kind)).take(FIRST).collect();
    if ordinary.is_empty() {
        return;
    }
    println!(
        "{:<16}{:>12}{:>12}{:>12}{:>12}{:>12}",
        "new instance, us",
        "first",
        "first 10",
        format!("first {}", ordinary.len()),
        "later",
        "slowest"
    );
    for (name, library) in ["theirs", "ours"].into_iter().zip(libraries) {
        let inputs: Vec<Object> =
            ordinary.iter().map(|request| library.parse(request.input.as_bytes()).expect("a request")).collect();
        let mut best = [f64::INFINITY; 5];
        for nth in 0..INSTANCES {
            progress(&format!("{name}: new instance {}", nth + 1));
            let handle = built(library, ruleset);
            let pass = || inputs.iter().map(|input| measure(library, &handle, input, 1)).collect::<Vec<f64>>();
            let (first, later) = (pass(), pass());
            let sum = |times: &[f64], count: usize| times.iter().take(count).sum::<f64>();
            let slowest = first.iter().copied().fold(0.0, f64::max);
            let figures = [first[0], sum(&first, 10), sum(&first, FIRST), sum(&later, FIRST), slowest];
            best.iter_mut().zip(figures).for_each(|(best, figure)| *best = best.min(figure));
            library.destroy(handle);
        }
        progress("");
        let [first, ten, hundred, later, slowest] = best;
        println!("{name:<16}{first:>12.1}{ten:>12.1}{hundred:>12.1}{later:>12.1}{slowest:>12.1}");
        inputs.into_iter().for_each(|input| library.destroy_object(input));
    }
    println!();
}

/// Microseconds for each engine: the least of several passes, which alternate.
fn compare(libraries: &[Library; 2], handles: &[Handle; 2], input: &str) -> [f64; 2] {
    let requests = libraries.each_ref().map(|library| library.parse(input.as_bytes()).expect("a request"));
    let mut best = [f64::INFINITY; 2];
    for _ in 0..PASSES {
        for side in [0, 1] {
            let once = if best[side].is_finite() { best[side] } else { PASS_MICROS };
            let batch = ((PASS_MICROS / once).ceil() as usize).clamp(1, 50);
            best[side] = best[side].min(measure(&libraries[side], &handles[side], &requests[side], batch));
        }
    }
    libraries.iter().zip(requests).for_each(|(library, request)| library.destroy_object(request));
    best
}

/// The requests of a file that are of a kind.
fn read(file: &str) -> Vec<Recorded> {
    let text = if file.ends_with(".gz") {
        let output = Command::new("gzip").args(["-dc", file]).output().unwrap_or_else(|e| panic!("gzip: {e}"));
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    } else {
        std::fs::read(file).unwrap_or_else(|e| panic!("{file}: {e}"))
    };
    let lines = text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    let read = lines.filter_map(|(nth, line)| {
        let line: Value = serde_json::from_slice(line).unwrap_or_else(|e| panic!("{file}, line {}: {e}", nth + 1));
        let kind = kind(&line)?;
        let id = line["id"].as_str().unwrap_or("?").to_owned();
        Some(Recorded { id, kind, input: line["input"].to_string() })
    });
    read.collect()
}

/// The kind of a line, by its label, its body and, without one, its headers.
fn kind(line: &Value) -> Option<&'static str> {
    let input = &line["input"];
    let size = |address: &str| input.get(address).map_or(0, |value| value.to_string().len());
    let count = |address: &str| input[address].as_object().map_or(0, serde_json::Map::len);
    let body = size("server.request.body");
    if line["label"] == "attack" {
        return (body < 8 << 10).then_some("attack");
    }
    if line["label"] != "benign" {
        return None;
    }
    let headers = &input["server.request.headers.no_cookies"];
    if body == 0 {
        let has_more = count("server.request.query") > 0 || count("server.request.cookies") > 0;
        return match (headers.as_object().map_or(0, serde_json::Map::len), has_more) {
            (0..=4, false) => Some("tiny GET"),
            (8..=14, true) => Some("typical GET"),
            _ => None,
        };
    }
    let media_type = headers["content-type"].to_string();
    match body {
        150..=900 if media_type.contains("form") => Some("form"),
        _ if !media_type.contains("json") => None,
        700..=1_500 => Some("JSON 1 KB"),
        6_000..=15_000 => Some("JSON 10 KB"),
        70_000.. => Some("JSON 90 KB"),
        _ => None,
    }
}

/// Shows what is being measured.
fn progress(what: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{what:<60}\r");
    }
}
