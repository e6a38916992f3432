//! Each processor alone: rulesets of one processor and a rule that never matches, so that nothing else is measured but
//! the base cost of a request.

use crate::Kind;
use crate::common::requests;
use serde_json::{Value, json};

/// One of each processor; schemas use the scanners of `rules`, as the recommended ruleset applies them to bodies.
pub fn all(rules: &[u8]) -> Vec<Kind> {
    let rules: Value = serde_json::from_slice(rules).expect("the ruleset is JSON");
    let scanners = &rules["scanners"];
    let kind = |name: &str, processor: Processor, request| Kind {
        name: String::from(name),
        ruleset: processor.ruleset(scanners),
        request,
    };
    let endpoint = json!({"method": address("server.request.method"), "uri_raw": address("server.request.uri.raw"),
        "query": address("server.request.query"), "body": address("server.request.body")});
    let headers = json!({"headers": address("server.request.headers.no_cookies")});
    let session = json!({"cookies": address("server.request.cookies"), "session_id": address("usr.session_id"),
        "user_id": address("usr.id")});
    let token = json!({"inputs": [{"address": "server.request.headers.no_cookies", "key_path": ["authorization"]}]});
    let uri = json!({"inputs": address("server.io.net.url")});
    vec![
        Kind {
            name: "no processor".into(),
            ruleset: ruleset(&json!([]), &json!([])),
            request: requests::typical_get(),
        },
        kind("endpoint fingerprint", Processor::pre("http_endpoint_fingerprint", endpoint), requests::named("form")),
        kind("header fingerprint", Processor::pre("http_header_fingerprint", headers.clone()), requests::typical_get()),
        kind("network fingerprint", Processor::pre("http_network_fingerprint", headers), requests::typical_get()),
        kind("session fingerprint", Processor::pre("session_fingerprint", session), logged_in()),
        kind(
            "JWT, for rules",
            Processor { output: false, ..Processor::pre("jwt_decode", token.clone()) },
            with_token(),
        ),
        kind("JWT, reported", Processor::post("jwt_decode", token), with_token()),
        kind("URI", Processor::post("uri_parse", uri), outgoing()),
        kind("schema 1 KB", Processor::schema(false), records(1_000)),
        kind("schema 10 KB", Processor::schema(false), records(10_000)),
        kind("schema 100 KB", Processor::schema(false), records(100_000)),
        kind("schema of a form, scanned", Processor::schema(true), requests::named("form")),
        kind("schema 1 KB, scanned", Processor::schema(true), records(1_000)),
        kind("schema 10 KB, scanned", Processor::schema(true), records(10_000)),
        kind("schema 100 KB, scanned", Processor::schema(true), records(100_000)),
        kind("schema 100 KB, all keys new", Processor::schema(true), distinct_keys(100_000)),
    ]
}

fn address(name: &str) -> Value {
    json!([{"address": name}])
}

struct Processor {
    generator: &'static str,
    mapping: Value,
    evaluate: bool,
    output: bool,
    scanners: bool,
}

impl Processor {
    fn pre(generator: &'static str, mapping: Value) -> Self {
        Processor { generator, mapping, evaluate: true, output: true, scanners: false }
    }

    fn post(generator: &'static str, mapping: Value) -> Self {
        Processor { evaluate: false, ..Processor::pre(generator, mapping) }
    }

    fn schema(scanners: bool) -> Self {
        let mapping = json!({"inputs": address("server.request.body")});
        Processor { scanners, ..Processor::post("extract_schema", mapping) }
    }

    fn ruleset(mut self, scanners: &Value) -> Vec<u8> {
        self.mapping["output"] = json!("derived");
        let mut parameters = json!({"mappings": [self.mapping]});
        if self.scanners {
            parameters["scanners"] = json!([{"tags": {"category": "payment"}}, {"tags": {"category": "pii"}}]);
        }
        let processor = json!([{"id": "p", "generator": self.generator, "conditions": [], "parameters": parameters,
            "evaluate": self.evaluate, "output": self.output}]);
        ruleset(&processor, scanners)
    }
}

fn ruleset(processors: &Value, scanners: &Value) -> Vec<u8> {
    let never = json!({"operator": "exact_match", "parameters": {"inputs": address("inert"), "list": ["inert"]}});
    let rules = json!([{"id": "inert", "name": "inert", "tags": {"type": "inert", "category": "inert"}, "conditions": [never]}]);
    let ruleset = json!({"version": "2.2", "scanners": scanners, "processors": processors, "rules": rules});
    ruleset.to_string().into_bytes()
}

fn with(request: &str, entries: &str) -> String {
    format!("{},{entries}}}", &request[..request.len() - 1])
}

fn logged_in() -> String {
    with(
        &requests::typical_get(),
        r#""usr.id":"maria.obrien@mail.example","usr.session_id":"2f6c1f6e9d1b4a35b1c4a7b7a2c0d9ee""#,
    )
}

fn outgoing() -> String {
    with(
        &requests::typical_get(),
        r#""server.io.net.url":"https://api.shop.example:8443/v2/orders/17032/items?page=3&sort=price&expand=tax&expand=stock#top""#,
    )
}

/// A token as an identity provider issues it.
fn with_token() -> String {
    // {"alg":"RS256","typ":"JWT","kid":"2023-10-key-1"}, and a payload of twelve claims, one of them a list and one a map.
    const HEADER: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjIwMjMtMTAta2V5LTEifQ";
    const PAYLOAD: &str = concat!(
        "eyJpc3MiOiJodHRwczovL2xvZ2luLnNob3AuZXhhbXBsZS8iLCJzdWIiOiJhdXRoMHw1ZjdjOGVjN2MzM2M2YzAwNGJiYWZl",
        "ODIiLCJhdWQiOlsiaHR0cHM6Ly9hcGkuc2hvcC5leGFtcGxlIiwiaHR0cHM6Ly9zaG9wLmV4YW1wbGUvdXNlcmluZm8iXSwi",
        "YXpwIjoibXlfY2xpZW50X2lkIiwiZXhwIjoxNzM1Njg5NjAwLCJpYXQiOjE3MzU2MDMyMDAsIm5iZiI6MTczNTYwMzIwMCwi",
        "anRpIjoiNGYxYzJkOGUtOWIxZi00YjVjLThkNTUtMmYzZjZmMWY2YTEwIiwic2NvcGUiOiJvcGVuaWQgcHJvZmlsZSBlbWFp",
        "bCByZWFkOm9yZGVycyIsImVtYWlsIjoibWFyaWEub2JyaWVuQG1haWwuZXhhbXBsZSIsImVtYWlsX3ZlcmlmaWVkIjp0cnVl",
        "LCJyZWFsbV9hY2Nlc3MiOnsicm9sZXMiOlsib2ZmbGluZV9hY2Nlc3MiLCJjdXN0b21lciIsImJldGEtdGVzdGVyIl19fQ",
    );
    let signature = "kJ4Vw9Qm".repeat(43);
    let bearer = format!("\"authorization\":\"Bearer {HEADER}.{PAYLOAD}.{signature}\",\"host\":");
    requests::typical_get().replace("\"host\":", &bearer)
}

/// A body of numbered customers with a list of orders each, about this many bytes. All of it is in the schema (of an
/// array only ten elements would be).
fn records(bytes: usize) -> String {
    let order = |n: usize| json!({"id": n, "quantity": n % 7, "price": 100 + n, "article": format!("article number {n} with a longer description")});
    body_of(bytes, |n| {
        json!({"name": format!("Customer {n}"), "email": format!("customer{n}@mail.example"),
            "phone": format!("+353 91 555 {:04}", n % 10_000), "active": n % 2 == 0,
            "orders": (0..6).map(|k| order(n * 8 + k)).collect::<Vec<_>>()})
    })
}

/// A body in which all keys differ.
fn distinct_keys(bytes: usize) -> String {
    body_of(bytes, |n| {
        json!({format!("name_{n}"): format!("Customer {n}"), format!("email_{n}"): format!("customer{n}@mail.example"),
            format!("phone_{n}"): "+353 91 555 0134", format!("card_{n}"): "none", format!("balance_{n}"): 17.5,
            format!("note_{n}"): format!("Prefers deliveries in the morning, {n} Main Street"),
            format!("lines_{n}"): [{format!("line_{n}"): n, format!("sku_{n}"): "GH-01234"}, {format!("text_{n}"): "two of these"}]})
    })
}

fn body_of(bytes: usize, record: impl Fn(usize) -> Value) -> String {
    let mut body = serde_json::Map::new();
    let mut length = 0;
    for n in 0.. {
        if length >= bytes {
            break;
        }
        let record = record(n);
        length += record.to_string().len() + 10;
        body.insert(format!("entry_{n}"), record);
    }
    with(&requests::typical_get(), &format!("\"server.request.body\":{}", Value::from(body)))
}
