//! Requests from their bytes: `http_requests.jsonl` runs from Rust, C, Python and Node.

use crate::common::random::Random;
use crate::common::values::{canonical, key, parse, text, unwrap};
use bartizan::internals::sdk;
use bartizan::value::{Object, Value, View};

fn table() -> Vec<Value> {
    include_str!("../../../tests/vectors/http_requests.jsonl").lines().map(parse).collect()
}

/// The members of a line that are arguments.
const ARGUMENTS: [&str; 9] = [
    "method",
    "target",
    "headers",
    "peer",
    "client_ip_header",
    "trusted_proxies",
    "body",
    "body_limit",
    "decompressed_limit",
];

fn arguments(line: &Object) -> Value {
    let given = ARGUMENTS.iter().filter_map(|name| Some((*name, unwrap(line.get(name.as_bytes())?))));
    Value::from_entries(given)
}

#[test]
fn requests_are_read_as_the_table_says() {
    let mut wrong = vec![];
    for line in table() {
        let got = sdk::call("read_request", &arguments(&line));
        if let Err(error) = check(&line, &got) {
            wrong.push(format!("{}: {error}", text(line.get(b"name").expect("a name"))));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

fn check(line: &Object, got: &Object) -> Result<(), String> {
    let addresses = got.get(b"addresses").ok_or_else(|| canonical(got))?;
    for entry in line.get(b"addresses").and_then(Object::as_map).unwrap_or_default() {
        let found = addresses.get(key(entry)).map(canonical);
        let expected = match entry.value().view() {
            View::Null => None,
            _ => Some(canonical(&unwrap(entry.value()))),
        };
        if found != expected {
            return Err(format!("{} is\n  {found:?}, not\n  {expected:?}", key(entry).escape_ascii()));
        }
    }
    for wanted in line.get(b"texts").and_then(Object::as_array).unwrap_or_default() {
        let wanted = wanted.as_bytes().expect("a text");
        if !strings(addresses).iter().any(|found| memchr::memmem::find(found, wanted).is_some()) {
            return Err(format!("no text has {}", wanted.escape_ascii()));
        }
    }
    let is =
        |object: Option<&Object>| object.is_some_and(|object| !matches!(object.view(), View::Null | View::Bool(false)));
    let (fault, cut) = (got.get(b"fault"), is(got.get(b"cut")));
    if is(fault) != is(line.get(b"fault")) || cut != is(line.get(b"cut")) {
        return Err(format!("fault {:?}, cut {cut}", fault.map(canonical)));
    }
    Ok(())
}

/// All strings of a value, keys too.
fn strings(root: &Object) -> Vec<&[u8]> {
    let (mut found, mut open) = (vec![], vec![root]);
    while let Some(object) = open.pop() {
        match object.view() {
            View::String(bytes) => found.push(bytes),
            View::Array(elements) => open.extend(elements),
            View::Map(pairs) => {
                for pair in pairs {
                    found.extend(pair.key_bytes());
                    open.push(pair.value());
                }
            }
            _ => {}
        }
    }
    found
}

/// How a body arrives in pieces does not matter.
#[test]
fn pieces_are_put_together() {
    let mut random = Random(7);
    for line in table() {
        let arguments = arguments(&line);
        let whole: Vec<u8> = match arguments.get(b"body").map(Object::view) {
            Some(View::String(bytes)) => bytes.to_vec(),
            Some(View::Array(pieces)) => pieces.iter().filter_map(Object::as_bytes).collect::<Vec<_>>().concat(),
            _ => continue,
        };
        let mut pieces = Value::array();
        let mut rest = &whole[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(1 + random.below(1 + whole.len() / 3)));
            pieces.push(piece);
            rest = after;
        }
        let others = ARGUMENTS.iter().filter(|name| **name != "body");
        let mut again =
            Value::from_entries(others.filter_map(|name| Some((*name, arguments.get(name.as_bytes())?.to_value()))));
        again.insert("body", pieces);
        let (once, twice) = (sdk::call("read_request", &arguments), sdk::call("read_request", &again));
        assert_eq!(canonical(&once), canonical(&twice), "{}", text(line.get(b"name").expect("a name")));
    }
}
