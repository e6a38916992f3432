//! Evaluates recorded requests with the built-in ruleset and prints what came of each, as a table.
//!
//! ```text
//! cargo run --release -p bartizan --example requests [-- FILE.jsonl]
//! ```
//!
//! Each line of the file is a request, `{"name": ..., "expect": ..., "request": {address: value, ...}}`; without a file it
//! is `tests/data/requests.jsonl`. The exit status is 1 if a request met with something else than it expects.

use bartizan::value::{Object, json};
use bartizan::{Outcome, Waf};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/requests.jsonl");
    let file = std::env::args_os().nth(1).map_or(default, PathBuf::from);
    let text = match std::fs::read(&file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    };
    let start = Instant::now();
    let waf = Waf::builtin();
    println!("built-in ruleset ready in {:.1} ms\n", start.elapsed().as_secs_f64() * 1e3);
    println!("{:<34} {:<8} {:<16} {:<46} {:>9}", "request", "verdict", "rule", "matched part", "us");
    let (mut total, mut surprises) = (0, 0);
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let request = match json::parse(line) {
            Ok(request) => request,
            Err(error) => {
                eprintln!("{}:{}: {error}", file.display(), number + 1);
                return ExitCode::FAILURE;
            }
        };
        total += 1;
        surprises += u32::from(!show(&waf, &request));
    }
    println!("\n{total} requests, {surprises} of them met with something else than expected");
    if surprises == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Evaluates one request twice (the first time compiles the patterns it needs) and prints its row; says whether the outcome
/// is the expected one.
fn show(waf: &Waf, line: &Object) -> bool {
    let name = line.get(b"name").and_then(Object::as_bytes).unwrap_or(b"?");
    let expected = line.get(b"expect").and_then(Object::as_bytes).unwrap_or(b"pass");
    let Some(request) = line.get(b"request") else { return false };
    let evaluate = || waf.context().run(request.to_value(), Duration::from_secs(1));
    let (Ok(_), start) = (evaluate(), Instant::now()) else { return false };
    let Ok(outcome) = evaluate() else { return false };
    let time = start.elapsed().as_secs_f64() * 1e6;

    let verdict = match (outcome.blocking_action(), outcome.events.is_empty()) {
        (Some(_), _) => "BLOCK",
        (None, false) => "attack",
        (None, true) => "pass",
    };
    let (rule, part) = first_match(&outcome);
    let expectation = if as_expected(&outcome, expected) { "" } else { "  <- unexpected" };
    println!("{:<34} {verdict:<8} {rule:<16} {:<46} {time:>9.1}{expectation}", cut(name, 34), cut(&part, 46));
    for event in outcome.events.iter().skip(1) {
        let part = event.matches.first().and_then(|m| m.highlight.first()).cloned().unwrap_or_default();
        println!("{:<34} {:<8} {:<16} {}", "", "", String::from_utf8_lossy(&event.rule.id), cut(&part, 46));
    }
    expectation.is_empty()
}

fn first_match(outcome: &Outcome) -> (String, Vec<u8>) {
    let Some(event) = outcome.events.first() else { return (String::new(), vec![]) };
    let part = event.matches.first().and_then(|found| found.highlight.first().filter(|part| !part.is_empty()).cloned());
    let value = || event.matches.first().and_then(|found| found.arguments.first()).map(|a| a.value.clone());
    (String::from_utf8_lossy(&event.rule.id).into_owned(), part.or_else(value).unwrap_or_default())
}

fn as_expected(outcome: &Outcome, expected: &[u8]) -> bool {
    let is_type = |tag: &(bartizan::config::Text, bartizan::config::Text)| *tag.0 == *b"type" && *tag.1 == *expected;
    match expected {
        b"pass" => outcome.events.is_empty(),
        _ => outcome.events.iter().any(|event| event.rule.tags.iter().any(is_type)),
    }
}

/// At most `width` characters, on one line.
fn cut(text: &[u8], width: usize) -> String {
    let text = String::from_utf8_lossy(text).replace(|c: char| c.is_control(), " ");
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width - 3).chain("...".chars()).collect()
}
