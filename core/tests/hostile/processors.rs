//! Processors on costly input: wide, deep, long, malformed. Their results stay within the limits of the format, and
//! their work is proportional to what they read.

use bartizan::Deadline;
use bartizan::internals::processor::{Argument, Fragments, Generator, RunOutcome, Scanner, ScannerMatcher, Scanners};
use bartizan::value::{Object, Value, View, json};
use memchr::memmem;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MANY: usize = 100_000;

/// Scanners with key patterns, with values only, and more of them than a set can hold.
fn scanners() -> Scanners {
    let contains = |part: String| -> Option<Arc<dyn ScannerMatcher>> {
        Some(Arc::new(move |text: &[u8]| memmem::find(text, part.as_bytes()).is_some()))
    };
    let scanner = |n: usize| {
        let key = if n.is_multiple_of(2) { contains(format!("secret{n}")) } else { None };
        let tags = vec![(b"type"[..].into(), format!("t{n}").into_bytes().into())];
        Arc::new(Scanner { id: n.to_string().into(), tags, key, value: contains(format!("value{n}")) })
    };
    Scanners::new((0..70).map(scanner).collect())
}

fn run(generator: Generator, inputs: &[Option<&Value>], scanners: &Scanners, deadline: &mut Deadline) -> RunOutcome {
    let inputs: Vec<_> = inputs.iter().map(|input| input.map(|value| Argument::from(&**value))).collect();
    generator.generate(&inputs, &mut Fragments::default(), scanners, deadline)
}

fn made(generator: Generator, inputs: &[Option<&Value>]) -> Option<Value> {
    match run(generator, inputs, &scanners(), &mut Deadline::unlimited()) {
        RunOutcome::Made(value) => Some(value),
        RunOutcome::Nothing => None,
        other => panic!("{}: {other:?}", generator.name()),
    }
}

fn text(generator: Generator, inputs: &[Option<&Value>]) -> String {
    let value = made(generator, inputs).expect("a fingerprint");
    String::from_utf8(value.as_bytes().expect("a string").to_vec()).expect("UTF-8")
}

fn schema(value: &Value) -> Value {
    made(Generator::ExtractSchema, &[Some(value)]).expect("a schema")
}

fn map(entries: usize, key: impl Fn(usize) -> String) -> Value {
    let mut map = Value::map_with_capacity(entries);
    (0..entries).for_each(|n| map.insert(key(n), "a value"));
    map
}

/// The number of containers and scalars of a tree, and its depth.
fn size(value: &Object) -> (usize, usize) {
    let of = |children: &mut dyn Iterator<Item = &Object>| {
        children.map(size).fold((1, 1), |(nodes, depth), (its, deep)| (nodes + its, depth.max(deep + 1)))
    };
    match value.view() {
        View::Map(entries) => of(&mut entries.iter().map(|pair| pair.value())),
        View::Array(elements) => of(&mut elements.iter()),
        _ => (1, 0),
    }
}

#[test]
fn wide_maps() {
    let distinct = map(MANY, |n| format!("Key_{}", n * 7919 % MANY));
    let equal = map(MANY, |_| "X-Forwarded-For".into());
    let (method, uri) = (Value::from("GET"), Value::from("/"));

    let nodes = size(&schema(&distinct)).0;
    assert!((255..2000).contains(&nodes), "{nodes}");
    assert_eq!(json::to_string(&schema(&equal)), r#"[{"X-Forwarded-For":[8]},{"truncated":true}]"#);

    let of_query =
        |query: &Value| text(Generator::HttpEndpointFingerprint, &[Some(&method), Some(&uri), Some(query), None]);
    assert_eq!(of_query(&distinct).len(), "http-get-12345678-12345678-".len());
    assert_ne!(of_query(&distinct), of_query(&equal));
    let of_headers = |headers: &Value| text(Generator::HttpHeaderFingerprint, &[Some(headers)]);
    assert!(of_headers(&distinct).starts_with("hdr-0000000000--100000-"));
    assert_eq!(of_headers(&equal), "hdr-0000000000--0-");
    assert_eq!(text(Generator::HttpNetworkFingerprint, &[Some(&equal)]), "net-1-1000000000");
    let of_cookies = |cookies: &Value| text(Generator::SessionFingerprint, &[Some(cookies), None, None]);
    assert_eq!(of_cookies(&distinct).len(), "ssn--12345678-12345678-".len());
}

#[test]
fn wide_trees() {
    let mut tree = Value::map();
    for n in 0..300 {
        tree.insert(format!("branch{n}"), map(300, |leaf| format!("leaf{}", leaf * 31 % 300)));
    }
    let (nodes, depth) = size(&schema(&tree));
    assert!((255 * 255..4 * 255 * 255).contains(&nodes) && depth <= 6, "{nodes} {depth}");

    let list: Value = (0..MANY as u64).collect();
    assert_eq!(json::to_string(&schema(&list)), r#"[[[4]],{"len":100000,"truncated":true}]"#);
    // Nested lists whose elements differ only in their last leaf.
    let mut nested = Value::from("leaf");
    for level in 0..5u64 {
        nested = (0..10u64).map(|n| if n < 9 { nested.clone() } else { Value::from(level) }).collect();
    }
    assert!(size(&schema(&nested)).0 < 100);
}

#[test]
fn records_are_sets_of_entries() {
    let record = |keys: &mut dyn Iterator<Item = usize>| {
        let mut record = Value::map();
        keys.for_each(|n| record.insert(format!("a key of some length {n}"), n as u64));
        record
    };
    for size in [1, 5, 8, 9, 255] {
        let orders = [
            record(&mut (0..size)),
            record(&mut (0..size).rev()),
            record(&mut (0..size).chain(0..size / 2).take(255)),
            record(&mut (size / 2..size).chain(0..size / 2)),
        ];
        let list: Value = orders.iter().cloned().collect();
        let types = schema(&list);
        let types = types.as_array().and_then(|node| node[0].as_array()).map(<[_]>::len);
        assert_eq!(types, Some(1), "{size}");
        let other: Value = [orders[0].clone(), record(&mut (1..=size))].into_iter().collect();
        let types = schema(&other);
        assert_eq!(types.as_array().and_then(|node| node[0].as_array()).map(<[_]>::len), Some(2));
    }
    let repeated =
        Value::from_entries([("b", Value::from(1u64)), ("a", true.into()), ("b", "x".into()), ("a", 1u64.into())]);
    let schema = schema(&repeated);
    assert_eq!(json::to_string(schema.as_array().and_then(|node| node[0].get(b"a")).expect("a")), "[2]");
    assert_eq!(json::to_string(schema.as_array().and_then(|node| node[0].get(b"b")).expect("b")), "[4]");
}

#[test]
fn deep_trees() {
    let mut lists = Value::from(1u64);
    let mut maps = Value::from(1u64);
    for _ in 0..MANY {
        lists = std::iter::once(lists).collect();
        maps = Value::from_entries([("k", maps)]);
    }
    assert_eq!(size(&schema(&lists)).1, 2 * 18);
    assert_eq!(size(&schema(&maps)).1, 2 * 18);
    let (method, uri) = (Value::from("GET"), Value::from("/"));
    assert_eq!(
        text(Generator::HttpEndpointFingerprint, &[Some(&method), Some(&uri), Some(&maps), Some(&maps)]),
        "http-get-8a5edab2-8254c329-8254c329"
    );
}

#[test]
fn huge_keys_and_strings() {
    let long = "x,".repeat(500_000);
    let mut input = Value::from_entries([(&long[..], &long[..]), (&long[1..], "secret")]);
    input.insert(long.to_uppercase(), long.as_str());
    let schema = schema(&input);
    assert_eq!(schema.as_array().and_then(|node| node[0].as_map()).map(<[_]>::len), Some(3));
    let huge = Value::from(long.as_str());
    let method = Value::from("get,");
    assert_eq!(
        text(Generator::HttpEndpointFingerprint, &[Some(&huge), Some(&huge), Some(&input), None]).len(),
        "http---12345678-12345678".len() + long.len()
    );
    assert!(
        text(Generator::HttpEndpointFingerprint, &[Some(&method), Some(&huge), None, None]).starts_with("http-get,-")
    );
    assert_eq!(text(Generator::SessionFingerprint, &[Some(&input), Some(&huge), Some(&huge)]).len(), 3 + 4 * 9);
    assert!(text(Generator::HttpHeaderFingerprint, &[Some(&input)]).starts_with("hdr-0000000000--3-"));
    let chain = Value::from_entries([("x-forwarded-for", long.as_str())]);
    assert_eq!(text(Generator::HttpNetworkFingerprint, &[Some(&chain)]), "net-500001-1000000000");
}

/// `text` as a segment of a token.
fn encoded(text: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut segment = String::new();
    for group in text.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        (0..=group.len()).for_each(|nth| segment.push(DIGITS[(bits >> (18 - 6 * nth) & 63) as usize].into()));
    }
    segment
}

fn token(payload: &str) -> Option<String> {
    let value = Value::from(format!("Bearer e30.{payload}.x"));
    made(Generator::JwtDecode, &[Some(&value)]).map(|decoded| match decoded.get(b"payload").map(Object::view) {
        Some(View::Invalid) => "invalid".into(),
        Some(_) => json::to_string(decoded.get(b"payload").expect("a payload")),
        None => panic!("no payload"),
    })
}

#[test]
fn giant_tokens() {
    let long = "A".repeat(1 << 20);
    assert_eq!(token(&long).as_deref(), Some("invalid"));
    for malformed in ["=", "/", "+AAA", "====="] {
        assert_eq!(
            token(&format!("{}{malformed}{}", &long[1..], &long[..9])).as_deref(),
            Some("invalid"),
            "{malformed}"
        );
    }
    for (deep, shown) in [
        ("[".repeat(700_000), "invalid".to_string()),
        ("[".repeat(400_000) + &"]".repeat(400_000), "[".repeat(21) + &"]".repeat(21)),
    ] {
        assert_eq!(token(&encoded(deep.as_bytes())), Some(shown));
    }
    let mut wide = String::from("[0");
    (1..MANY).for_each(|n| _ = write!(wide, ",{n}"));
    wide.push(']');
    assert_eq!(token(&encoded(wide.as_bytes())), Some(wide));
    let escapes = format!("\"{}\"", r"\u0041".repeat(MANY));
    assert_eq!(token(&encoded(escapes.as_bytes())), Some(format!("\"{}\"", "A".repeat(MANY))));
    let dots = Value::from(format!("Bearer {}", ".".repeat(1 << 20)));
    assert!(made(Generator::JwtDecode, &[Some(&dots)]).is_some());
    let blanks = Value::from(format!("Bearer {}e30.e30.", " ".repeat(1 << 20)));
    assert!(made(Generator::JwtDecode, &[Some(&blanks)]).is_some());
}

#[test]
fn long_uris() {
    let parsed = |text: String| made(Generator::UriParse, &[Some(&Value::from(text))]);
    let query = |text: String| parsed(text).and_then(|uri| uri.get(b"query")?.as_map().map(<[_]>::len));
    let mut distinct = String::from("http://h/?");
    (0..MANY).for_each(|n| _ = write!(distinct, "k{}={n}&", n * 7919 % MANY));
    assert_eq!(query(distinct.clone()), Some(MANY));
    assert_eq!(query(format!("http://h/?{}", "a[]=1&".repeat(MANY))), Some(1));
    assert_eq!(query(format!("http://h/?{}", "&".repeat(MANY))), Some(0));
    assert!(parsed(format!("{distinct} ")).is_none());
    assert!(parsed(format!("http://{}/", "@".repeat(MANY))).is_some());
    assert!(parsed(format!("http://{}", "1.".repeat(MANY))).is_some());
    assert!(parsed(format!("{}://h", "a".repeat(MANY))).is_some());
}

/// Prints how the time of each generator grows with its input. To be read, as machines differ:
/// `cargo test --release -p bartizan --test hostile -- --ignored --nocapture`
#[test]
#[ignore = "a table to read"]
fn growth() {
    println!("{:<26}{:>12}{:>12}{:>12}{:>12}", "us", 1_000, 10_000, 100_000, 1_000_000);
    let method = Value::from("GET");
    let uri = Value::from("/");
    let keys = |n: usize| map(n, |nth| format!("key{}", nth * 7919 % n));
    let same = |n: usize| map(n, |_| "a key that is long, and the same in all".into());
    let payload = |n: usize| format!("[{}0]", "12,".repeat(n / 3));
    let bearer = |text: String| Value::from(format!("Bearer e30.{}.x", encoded(text.as_bytes())));
    let tree = |n: usize| -> Value {
        let width = (n as f64).sqrt() as usize;
        (0..10u64).map(|_| map(width.min(255), |nth| format!("key{nth}"))).collect()
    };
    type Make<'a> = Box<dyn Fn(usize) -> Value + 'a>;
    let rows: [(&str, Generator, Make<'_>); 12] = [
        ("schema, wide", Generator::ExtractSchema, Box::new(keys)),
        ("schema, tree", Generator::ExtractSchema, Box::new(tree)),
        ("schema, long key", Generator::ExtractSchema, Box::new(|n| map(1, |_| "k".repeat(n)))),
        ("schema, long string", Generator::ExtractSchema, Box::new(|n| Value::from("5".repeat(n)))),
        ("endpoint, query", Generator::HttpEndpointFingerprint, Box::new(keys)),
        ("endpoint, equal keys", Generator::HttpEndpointFingerprint, Box::new(same)),
        ("header", Generator::HttpHeaderFingerprint, Box::new(keys)),
        ("network", Generator::HttpNetworkFingerprint, Box::new(|n| map(n, |_| "x-real-ip".into()))),
        ("session, cookies", Generator::SessionFingerprint, Box::new(keys)),
        ("token, numbers", Generator::JwtDecode, Box::new(|n| bearer(payload(n)))),
        ("token, brackets", Generator::JwtDecode, Box::new(|n| bearer("[".repeat(n)))),
        ("URI, parameters", Generator::UriParse, Box::new(|n| Value::from(format!("/?{}", "ab=c&".repeat(n / 5))))),
    ];
    for (name, generator, make) in rows {
        print!("{name:<26}");
        for size in [1_000, 10_000, 100_000, 1_000_000] {
            let value = make(size);
            let inputs = match generator {
                Generator::HttpEndpointFingerprint => vec![Some(&method), Some(&uri), Some(&value), None],
                Generator::SessionFingerprint => vec![Some(&value), None, None],
                _ => vec![Some(&value)],
            };
            let scanners = scanners();
            let once = || {
                let start = Instant::now();
                drop(run(generator, &inputs, &scanners, &mut Deadline::unlimited()));
                start.elapsed()
            };
            let best = (0..5).map(|_| once()).min().unwrap_or(Duration::ZERO);
            print!("{:>12.1}", best.as_secs_f64() * 1e6);
        }
        println!();
    }
}
