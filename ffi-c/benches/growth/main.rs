//! How cost grows: with the size of requests, the number of rules, and the length of lists.
//!
//! ```text
//! cargo bench -p bartizan-ffi --bench growth -- [--engine SO] [--reference SO] [--rules JSON] [--only NAME] [--picture SVG]
//! ```
//!
//! Every curve is measured for the engine and, where it can be had, the reference, and printed with its exponent over the last
//! stretch: 1 is linear, less is better, more would be a defect. Then come the figures of large denylists. `--picture`
//! draws the curves; `growth.svg` beside this file was drawn that way.

#[path = "../common/mod.rs"]
mod common;
mod curves;
mod denylist;
mod picture;
mod requests;
mod synthetic;

use common::library::Library;
use common::{built_library, find_reference, rules};

/// One of the libraries compared.
pub struct Side {
    /// Its name in tables.
    pub name: &'static str,
    /// Its library.
    pub library: Library,
}

fn main() {
    let options = Options::read();
    let engine = options.engine.unwrap_or_else(built_library);
    let mut sides = vec![Side { name: "engine", library: Library::open(&engine) }];
    match options.reference.or_else(find_reference) {
        Some(reference) => sides.insert(0, Side { name: "reference", library: Library::open(&reference) }),
        None => eprintln!("the reference engine is not to be had; measuring the engine alone"),
    }
    let curves = curves::measure(&sides, &rules::load(options.rules.as_deref()), &options.only);
    if options.only.is_empty() || "denylist".contains(&options.only) {
        denylist::report(&sides);
    }
    if let Some(file) = options.picture {
        std::fs::write(&file, picture::draw(&curves)).unwrap_or_else(|e| panic!("{file}: {e}"));
        println!("drawn: {file}");
    }
}

#[derive(Default)]
struct Options {
    engine: Option<String>,
    reference: Option<String>,
    rules: Option<String>,
    picture: Option<String>,
    only: String,
}

impl Options {
    fn read() -> Self {
        let mut options = Options::default();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
            match argument.as_str() {
                "--engine" => options.engine = Some(value()),
                "--reference" => options.reference = Some(value()),
                "--rules" => options.rules = Some(value()),
                "--picture" => options.picture = Some(value()),
                "--only" => options.only = value(),
                // An argument of cargo itself.
                "--bench" => {}
                other => panic!("unknown argument {other}"),
            }
        }
        options
    }
}
