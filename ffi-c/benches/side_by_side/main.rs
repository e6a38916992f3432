//! Two engines side by side: both shared objects in one process, alternating on the same prebuilt requests.
//!
//! ```text
//! cargo bench -p bartizan-ffi --bench side_by_side -- [--engine SO] [--reference SO] [--rules JSON] [--rounds N] [--only NAME]
//!     [--requests FILE...] [--limit N]
//! ```
//!
//! A measurement is the cost of a request for a tracer: a context, one evaluation, the result, and their destruction.
//! The engines alternate in short batches, so that changes in the machine's speed affect both alike; the table shows
//! the median and the 99th percentile of the batches, and the median of the ratios of neighbouring ones. Without
//! `--reference`, `tests/differential/reference.py` fetches it from the PyPI wheel of ddtrace.
//!
//! With `--requests`, the requests of these files are measured instead, at most `--limit` of them, and sorted into
//! [kinds](corpus).

#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod detectors;
mod memory;
mod processors;

use common::library::{Handle, Library, Object};
use common::{built_library, find_reference, named_file, requests, rules};
use std::io::IsTerminal;
use std::time::Instant;

/// How often each request is measured by default.
const ROUNDS: usize = 200;
/// The minimum duration of a batch, so that the resolution of the clock does not matter.
const BATCH_MICROS: f64 = 300.0;

fn main() {
    let options = Options::read();
    let Some(reference) = options.reference.clone().or_else(find_reference) else {
        eprintln!("the reference engine is not to be had; name it with --reference");
        std::process::exit(3);
    };
    let engine = options.engine.clone().unwrap_or_else(built_library);
    let rules = options.rules.as_deref();
    println!("engine    {engine}\nreference {reference}\nrules     {}\n", rules.unwrap_or("built-in"));
    let ruleset = rules::load(rules);
    let libraries = [Library::open(&reference), Library::open(&engine)];
    if !options.requests.is_empty() {
        return corpus::report(&libraries, &ruleset, &options.requests, options.limit);
    }
    let handles = libraries.each_ref().map(|library| built(library, &ruleset));

    let mut table = Table::new("us a request", &options, &libraries);
    for (name, json) in requests::all() {
        table.row(&name, &handles, &json);
    }
    table.finish();
    for (title, kinds) in [("processor alone, us", processors::all(&ruleset)), ("detector alone, us", detectors::all())]
    {
        let mut table = Table::new(title, &options, &libraries);
        for kind in kinds.into_iter().filter(|kind| options.wants(&kind.name)) {
            let handles = libraries.each_ref().map(|library| built(library, &kind.ruleset));
            table.row(&kind.name, &handles, &kind.request);
            libraries.iter().zip(handles).for_each(|(library, handle)| library.destroy(handle));
        }
        table.finish();
    }
    if options.only.is_none() {
        memory::report(&libraries, &ruleset);
    }
}

/// A request with its own ruleset.
struct Kind {
    name: String,
    ruleset: Vec<u8>,
    request: String,
}

struct Options {
    engine: Option<String>,
    reference: Option<String>,
    rules: Option<String>,
    rounds: usize,
    only: Option<String>,
    /// Files of recorded requests.
    requests: Vec<String>,
    /// The most recorded requests.
    limit: usize,
}

impl Options {
    fn read() -> Self {
        let mut options = Options {
            engine: None,
            reference: None,
            rules: None,
            rounds: ROUNDS,
            only: None,
            requests: vec![],
            limit: usize::MAX,
        };
        let mut arguments = std::env::args().skip(1).peekable();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
            match argument.as_str() {
                "--engine" => options.engine = Some(named_file(value())),
                "--reference" => options.reference = Some(named_file(value())),
                "--rules" => options.rules = Some(named_file(value())),
                "--rounds" => options.rounds = value().parse().expect("--rounds takes a number"),
                "--only" => options.only = Some(value()),
                "--limit" => options.limit = value().parse().expect("--limit takes a number"),
                "--requests" => {
                    let files = std::iter::from_fn(|| arguments.next_if(|argument| !argument.starts_with("--")));
                    options.requests.extend(files.map(named_file));
                }
                // An argument of cargo itself.
                "--bench" => {}
                other => panic!("unknown argument {other}"),
            }
        }
        options
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }
}

/// The rows of one kind, printed as they are measured, and their mean.
struct Table<'a> {
    title: &'a str,
    options: &'a Options,
    libraries: &'a [Library; 2],
    log_sum: f64,
    rows: i32,
}

impl<'a> Table<'a> {
    fn new(title: &'a str, options: &'a Options, libraries: &'a [Library; 2]) -> Self {
        Table { title, options, libraries, log_sum: 0.0, rows: 0 }
    }

    fn row(&mut self, name: &str, handles: &[Handle; 2], json: &str) {
        if !self.options.wants(name) {
            return;
        }
        self.progress(name);
        if self.rows == 0 {
            println!("{:<28}{:>11}{:>11}{:>11}{:>11}{:>8}", self.title, "reference", "p99", "engine", "p99", "ratio");
        }
        let ([theirs, ours], ratio) = compare(self.libraries, handles, json.as_bytes(), self.options.rounds);
        self.progress("");
        println!(
            "{name:<28}{:>11.2}{:>11.2}{:>11.2}{:>11.2}{ratio:>7.1}x",
            theirs.median, theirs.p99, ours.median, ours.p99
        );
        self.log_sum += ratio.ln();
        self.rows += 1;
    }

    /// Shows what is being measured.
    fn progress(&self, name: &str) {
        if std::io::stderr().is_terminal() {
            eprint!("\r{name:<28}\r");
        }
    }

    fn finish(self) {
        if self.rows > 0 {
            println!("{:<28}{:>52.1}x\n", "geometric mean", (self.log_sum / f64::from(self.rows)).exp());
        }
    }
}

fn built(library: &Library, ruleset: &[u8]) -> Handle {
    let config = library.parse(ruleset).expect("the ruleset is JSON");
    let handle = library.build(&config).expect("an instance");
    library.destroy_object(config);
    handle
}

struct Figures {
    median: f64,
    p99: f64,
}

/// Microseconds per request for each engine, alternating, and how many times faster the second is.
fn compare(libraries: &[Library; 2], handles: &[Handle; 2], json: &[u8], rounds: usize) -> ([Figures; 2], f64) {
    let requests = libraries.each_ref().map(|library| library.parse(json).expect("a request"));
    let mut samples = [vec![], vec![]];
    let mut batch = [1usize; 2];
    for side in [0, 1] {
        // What is made on first use must not count: batches of different sizes find caches in different states.
        measure(&libraries[side], &handles[side], &requests[side], 10);
        let once = measure(&libraries[side], &handles[side], &requests[side], 3);
        batch[side] = ((BATCH_MICROS / once).ceil() as usize).clamp(1, 5000);
    }
    let budget = Instant::now();
    for round in 0..rounds {
        for side in [0, 1] {
            samples[side].push(measure(&libraries[side], &handles[side], &requests[side], batch[side]));
        }
        if round >= 20 && budget.elapsed().as_secs() >= 5 {
            break;
        }
    }
    for (library, request) in libraries.iter().zip(requests) {
        library.destroy_object(request);
    }
    let ratios = samples[0].iter().zip(&samples[1]).map(|(theirs, ours)| theirs / ours).collect();
    (samples.map(Figures::of), Figures::of(ratios).median)
}

impl Figures {
    fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |q: f64| samples[((samples.len() - 1) as f64 * q).round() as usize];
        Figures { median: at(0.5), p99: at(0.99) }
    }
}

fn measure(library: &Library, handle: &Handle, request: &Object, batch: usize) -> f64 {
    let start = Instant::now();
    for _ in 0..batch {
        library.evaluate(handle, request);
    }
    start.elapsed().as_secs_f64() * 1e6 / batch as f64
}
