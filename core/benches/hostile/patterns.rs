//! The cost of each pattern of a ruleset.

use bartizan::builtin;
use bartizan::internals::pattern::{Options, Pattern};
use serde_json::Value;

use crate::{processor_time, strings};

/// A pattern of a rule.
struct Named {
    rule: String,
    pattern: Pattern,
}

/// The size of the texts that are searched.
const SIZE: usize = 16 << 10;
/// The number of most costly patterns shown.
const SHOWN: usize = 8;

/// Prints the patterns by their cost on their hardest texts, then the most costly ones on each kind of string.
pub fn print(rules: Option<&str>, chosen: &dyn Fn(&str) -> bool) {
    let patterns = patterns(rules);
    if chosen("hardest") {
        print_hardest(&patterns);
    }
    for (name, make) in strings::texts().into_iter().filter(|(name, _)| chosen(name)) {
        let text = make(SIZE);
        let mut costs: Vec<_> =
            patterns.iter().map(|named| (nanoseconds(&named.pattern, &text), &named.rule)).collect();
        costs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let sum: f64 = costs.iter().map(|(cost, _)| cost).sum();
        let dearest: Vec<String> = costs.iter().take(SHOWN).map(|(cost, rule)| format!("{rule} {cost:.1}")).collect();
        println!("{name:<28}{sum:>8.1}  {}", dearest.join(", "));
    }
}

fn print_hardest(patterns: &[Named]) {
    println!("{} patterns\n\n{:<20}{:>8}{:>12}{:>10}", patterns.len(), "rule", "bound", "operations", "ns/byte");
    let mut rows: Vec<_> = patterns
        .iter()
        .map(|named| {
            let text = named.pattern.hardest_text(2000);
            let operations = named.pattern.effort(&text) as f64 / text.len() as f64;
            (nanoseconds(&named.pattern, &text.repeat(1 + SIZE / text.len().max(1))), operations, named)
        })
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (time, operations, named) in rows.iter().take(3 * SHOWN) {
        println!("{:<20}{:>8}{operations:>12.1}{time:>10.1}", named.rule, named.pattern.bound());
    }
}

fn patterns(rules: Option<&str>) -> Vec<Named> {
    let documents: Vec<String> = match rules {
        Some(path) => vec![std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))],
        None => builtin::DOCUMENTS.iter().map(|document| document.json.to_string()).collect(),
    };
    let mut patterns = vec![];
    for document in documents {
        let document: Value = serde_json::from_str(&document).expect("JSON");
        for rule in document["rules"].as_array().into_iter().flatten() {
            for condition in rule["conditions"].as_array().into_iter().flatten() {
                let parameters = &condition["parameters"];
                let Some(regex) = parameters["regex"].as_str() else { continue };
                let case_sensitive = parameters["options"]["case_sensitive"].as_bool().unwrap_or(false);
                let pattern = Pattern::new(regex.as_bytes(), Options { case_sensitive }).expect("a pattern");
                patterns.push(Named { rule: rule["id"].as_str().unwrap_or("?").to_string(), pattern });
            }
        }
    }
    patterns
}

/// The cost of searching a byte, the least of three.
fn nanoseconds(pattern: &Pattern, text: &[u8]) -> f64 {
    let time = || {
        let start = processor_time();
        std::hint::black_box(pattern.find(text));
        (processor_time() - start).as_secs_f64() * 1e9
    };
    (0..3).map(|_| time()).fold(f64::INFINITY, f64::min) / text.len() as f64
}
