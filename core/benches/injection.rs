//! `is_sqli` and `is_xss` on ordinary strings of requests, on text that resembles SQL or HTML, on attacks and on long
//! text.

use bartizan::Deadline;
use bartizan::internals::injection::{is_sqli, is_xss};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const ORDINARY: [&str; 12] = [
    "page",
    "4211",
    "2024-06-11T09:30:00Z",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "/assets/js/vendor.min.js?v=1.2.3",
    "text/html,application/xhtml+xml;q=0.9",
    "Jane Doe, 12 Main Street",
    "q=shoes&sort=price&size=42",
    "jane.doe@example.com",
    "en-US,en;q=0.5",
    "It's a nice day, isn't it?",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
];

const TEXT: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Please select one of the options and update your order in the table below",
    "if (a < b && c > d) { return e[f] || \"none\"; }",
    "<p class=\"intro\">Hello <b>world</b>, see <a href=\"/help\">help</a></p>",
    "O'Brien said \"1 or 2\" and left",
];

const ATTACKS: [&str; 6] = [
    "1 OR 1=1",
    "' UNION SELECT username, password FROM users -- ",
    "-1' and 1=1 union/* foo */select load_file('/etc/passwd')--",
    "<script>alert(document.cookie)</script>",
    "\"><img src=x onerror=alert(1)>",
    "<a href=\"&#106;avascript:alert(1)\">",
];

fn benches(c: &mut Criterion) {
    let long = "The quick brown fox jumps over the lazy dog, 42 times a day; it doesn't tire. ".repeat(128);
    let groups: [(&str, &[&str]); 4] =
        [("ordinary", &ORDINARY), ("text", &TEXT), ("attacks", &ATTACKS), ("long", &[long.as_str()])];
    for (name, strings) in groups {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(strings.iter().map(|string| string.len() as u64).sum()));
        group.bench_function("is_sqli", |b| {
            b.iter(|| {
                strings
                    .iter()
                    .filter(|string| is_sqli(black_box(string.as_bytes()), &mut Deadline::unlimited()).is_some())
                    .count()
            })
        });
        group.bench_function("is_xss", |b| {
            b.iter(|| {
                strings.iter().filter(|string| is_xss(black_box(string.as_bytes()), &mut Deadline::unlimited())).count()
            })
        });
        group.finish();
    }
}

criterion_group!(injection, benches);
criterion_main!(injection);
