//! The cost of each processor: a small request, a 100 KB body, and costly inputs.

use bartizan::Deadline;
use bartizan::internals::processor::{
    Argument, Arguments, Fragments, Generator, RunOutcome, Scanner, ScannerMatcher, Scanners,
};
use bartizan::value::{Step, Value};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;

fn headers() -> Value {
    Value::from_entries([
        ("host", "shop.example.com"),
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
        ),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"),
        ("accept-language", "en-GB,en;q=0.9,de;q=0.8"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("connection", "keep-alive"),
        ("x-forwarded-for", "203.0.113.7, 198.51.100.2"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "4f1c2d8e-9b1f-4b5c-8d55-2f3f6f1f6a10"),
        ("referer", "https://shop.example.com/catalogue?page=3"),
        ("sec-fetch-mode", "navigate"),
        (
            "authorization",
            concat!(
                "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.",
                "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.",
                "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
            ),
        ),
    ])
}

/// About 100 KB as JSON: customers with nested orders, with no two records quite alike.
fn body() -> Value {
    let order = |i: u64| {
        let mut order = Value::from_entries([("id", i), ("quantity", i % 7), ("price", 100 + i)]);
        order.insert("article", format!("article number {i} with a longer description"));
        order
    };
    let mut customers = Value::map();
    for i in 0..110u64 {
        let mut customer = Value::map();
        customer.insert("name", format!("Customer {i}"));
        customer.insert("email", format!("customer{i}@example.com"));
        customer.insert(format!("field_{i}"), "a value");
        customer.insert("active", i % 2 == 0);
        customer.insert("orders", (0..8).map(|k| order(i * 8 + k)).collect::<Value>());
        customers.insert(format!("customer_{i}"), customer);
    }
    customers
}

/// 37 scanners with 12 key patterns, about as in a production ruleset.
fn scanners() -> Scanners {
    let pattern = |text: &str| {
        let regex = regex::bytes::RegexBuilder::new(text).case_insensitive(true).unicode(false).build().unwrap();
        Arc::new(move |text: &[u8]| text.len() >= 3 && regex.is_match(text)) as Arc<dyn ScannerMatcher>
    };
    let keys: Vec<_> = [
        r"\b(?:card|cc|credit|debit|payment|amex|visa)\b",
        r"\b(?:zip|postal)\b",
        r"\bauthorization\b",
        r"\b(?:social[\s_]?(?:insurance)?)\b",
        r"\b(?:(?:e[-\s]?)?mail|address|sender|\bto\b|from|recipient)\b",
        r"\b(?:iban|account|sender|receiver)\b",
        r"\bpass(?:[_-]?word|wd)?\b|\bpwd\b",
        r"\bphone|number|mobile\b",
        r"^nin$|\binsurance\b",
        r"\bpassport\b",
        r"\b(?:SSN|security)\b",
        r"\b(?:vehicle[_\s-]*identification[_\s-]*number|vin)\b",
    ]
    .into_iter()
    .map(pattern)
    .collect();
    let scanner = |index: usize| {
        let key = if index < 25 { 0 } else { index - 24 };
        Arc::new(Scanner {
            id: format!("scanner-{index}").into(),
            tags: vec![(b"type"[..].into(), b"some"[..].into()), (b"category"[..].into(), b"pii"[..].into())],
            key: keys.get(key).cloned(),
            value: Some(pattern(&format!(r"\b3{}\d{{13}}\b|@example", index % 10))),
        })
    };
    Scanners::new((0..37).map(scanner).collect())
}

fn run(generator: Generator, inputs: &Arguments<'_>, scanners: &Scanners) -> RunOutcome {
    generator.generate(inputs, &mut Fragments::default(), scanners, &mut Deadline::unlimited())
}

fn small_request(c: &mut Criterion) {
    let mut group = c.benchmark_group("small request");
    let none = Scanners::default();
    let headers = headers();
    let method = Value::from("GET");
    let uri = Value::from("/catalogue/items/4711/reviews?page=2&sort=date");
    let query = Value::from_entries([("page", "2"), ("sort", "date")]);
    let cookies = Value::from_entries([("session", "ansd0182u2n"), ("theme", "dark"), ("language", "en-GB")]);
    let (session, user) = (Value::from("ansd0182u2n"), Value::from("4711"));
    let url = Value::from("http://user:pw@Example.COM:8080/a/b?x=1&y&x=2&z[]=3#frag");
    let path = [Step::Key(b"authorization"[..].into())];
    let some = |value| Some(Argument { object: value, key_path: &[] });
    let token = [Some(Argument { object: &headers, key_path: &path })];
    for (generator, inputs) in [
        (Generator::HttpEndpointFingerprint, &[some(&*method), some(&uri), some(&query), None][..]),
        (Generator::HttpHeaderFingerprint, &[some(&headers)]),
        (Generator::HttpNetworkFingerprint, &[some(&headers)]),
        (Generator::SessionFingerprint, &[some(&cookies), some(&session), some(&user)]),
        (Generator::JwtDecode, &token),
        (Generator::UriParse, &[some(&url)]),
        (Generator::ExtractSchema, &[some(&headers)]),
    ] {
        group.bench_function(generator.name(), |b| b.iter(|| run(generator, black_box(inputs), &none)));
    }
}

fn schema_of_a_large_body(c: &mut Criterion) {
    let mut group = c.benchmark_group("schema of 100 KB");
    let body = body();
    let inputs = [Some(Argument::from(&*body))];
    for (name, scanners) in [("without scanners", Scanners::default()), ("with 37 scanners", scanners())] {
        group.bench_function(name, |b| b.iter(|| run(Generator::ExtractSchema, black_box(&inputs), &scanners)));
    }
}

fn hostile(c: &mut Criterion) {
    let mut group = c.benchmark_group("hostile");
    group.sample_size(10);
    let none = Scanners::default();
    let wide =
        Value::from_entries((0..100_000u64).map(|i| (format!("key_{:08x}", i * 2_654_435_761 % (1 << 32)), "v")));
    let mut deep = Value::from("x");
    for _ in 0..100_000 {
        deep = [deep].into_iter().collect();
    }
    let token = Value::from(format!("Bearer {}.{}.x", "W1tb".repeat(20_000), "e30".repeat(100_000)));
    let url = Value::from(format!("/?{}", (0..20_000).map(|i| format!("k{}=v&", i % 5000)).collect::<String>()));
    for (name, generator, input) in [
        ("cookies, 100,000", Generator::SessionFingerprint, &wide),
        ("headers, 100,000", Generator::HttpHeaderFingerprint, &wide),
        ("schema, 100,000 entries", Generator::ExtractSchema, &wide),
        ("schema, 100,000 levels", Generator::ExtractSchema, &deep),
        ("token, 380 KB", Generator::JwtDecode, &token),
        ("query, 20,000 parameters", Generator::UriParse, &url),
    ] {
        let inputs = [Some(Argument::from(&**input))];
        group.bench_function(name, |b| b.iter(|| run(generator, black_box(&inputs), &none)));
    }
}

criterion_group!(benches, small_request, schema_of_a_large_body, hostile);
criterion_main!(benches);
