//! Generated rules: the worked example, and whether rules match exactly the requests of their clusters.
//!
//! The documents are in `tests/data/takeover/cluster_rules.jsonl`, where the differential test has the reference run
//! them. With `WRITE=1` in the environment, the test writes the file.

use super::accuracy::ATTACKS;
use super::population::{ATTACK_S, KEY, Population, Request, attack, input, level, search, trained};
use crate::Waf;
use crate::builder::Builder;
use crate::support::test_random::Random;
use crate::support::{FixedClock, RandomIds};
use crate::takeover::Event;
use crate::takeover::mining::generate::actions;
use crate::takeover::mining::{Cluster, Grade, Item, Mining, Mode, Plan, Rules, Traits};
use crate::takeover::normalization::Normalization;
use crate::takeover::subject::Subject;
use crate::value::{Object, Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

const UNTIL_S: u64 = 4_000_000_000;

/// A cluster with these items, as JSON.
fn cluster(id: &str, items: &str) -> Cluster {
    let items = Item::read(&json::parse(items.as_bytes()).unwrap()).unwrap_or_else(|error| panic!("{items}: {error}"));
    let mut mining = Mining::new(KEY);
    mining.begin_attack(0);
    mining.define("c", items).unwrap();
    let cluster = mining.clusters().next().unwrap().clone();
    Cluster { id: id.into(), ..cluster }
}

/// An instance of the fingerprint processors and a document, at this time.
fn waf(document: &Object, now_s: u64) -> Waf {
    let mut builder = Builder::with_sources(Arc::new(FixedClock::at_millis(now_s * 1000)), Arc::new(RandomIds));
    let processors = json::parse(include_bytes!("../../../../rules/processors.json")).unwrap();
    assert!(builder.add_or_update(b"processors", &processors).accepted);
    let added = builder.add_or_update(b"bartizan/ato/clusters/x", document);
    assert!(added.accepted && !added.diagnostics.has_errors(), "{}", added.diagnostics);
    builder.build().unwrap()
}

/// The ids of the rules that match a request, sorted, and the printed result.
fn evaluate(waf: &Waf, input: Value) -> (Vec<String>, Value) {
    let outcome = waf.context().run(input, Duration::from_secs(60)).unwrap();
    let id = |event: &crate::report::Event| String::from_utf8_lossy(&event.rule.id).into_owned();
    let mut ids: Vec<_> = outcome.events.iter().map(id).collect();
    ids.sort();
    (ids, outcome.to_value())
}

fn worked_example(until_s: u64) -> Rules {
    let items = r#"{"hdr.bits":"0000000111","hdr.unknown":"2-d0de8182","ua":"Mozilla/5.0 (X11) Foo","hdr.missing":"sec-ch-ua"}"#;
    let plan = Plan { signal: "7f3a", routes: &["/login".into()], until_s };
    plan.rules([(&cluster("1", items), Mode::Stealth)])
}

#[test]
fn the_worked_example_is_generated() {
    let expected = r#"{ "version": "2.2",
      "custom_rules": [ { "id": "ato-c-7f3a-1", "name": "ATO cluster 7f3a/1",
        "tags": {"type": "ato.cluster.7f3a.1", "category": "account_takeover", "module": "custom-acl", "confidence": "1"},
        "conditions": [
          {"operator": "match_regex", "parameters": {"inputs": [{"address": "server.request.uri.raw"}],
            "regex": "^/login(?:[?#]|$)", "options": {"case_sensitive": true}}},
          {"operator": "match_regex", "parameters": {"inputs": [{"address": "_dd.appsec.fp.http.header"}],
            "regex": "^hdr-0000000111-[0-9a-f]{8}-2-d0de8182$", "options": {"case_sensitive": true}}},
          {"operator": "exact_match", "parameters": {"inputs": [{"address": "server.request.headers.no_cookies",
            "key_path": ["user-agent"]}], "data": "ato_ua_7f3a"}},
          {"operator": "!exists", "parameters": {"inputs": [{"address": "server.request.headers.no_cookies",
            "key_path": ["sec-ch-ua"]}]}} ],
        "on_match": ["ato_stealth"] } ],
      "rules_data": [ {"id": "ato_ua_7f3a", "type": "data_with_expiration",
        "data": [{"value": "Mozilla/5.0 (X11) Foo", "expiration": 1764111600}]} ],
      "actions": [ {"id": "ato_stealth", "type": "block_request",
        "parameters": {"status_code": 401, "type": "json", "ato_response": "login_failure"}} ] }"#;
    let rules = worked_example(1_764_111_600);
    assert_eq!(json::to_string(&rules.document()), json::to_string(&json::parse(expected.as_bytes()).unwrap()));
    assert_eq!(rules.rules, [("1".to_string(), "ato-c-7f3a-1".to_string())]);
    assert_eq!(rules.skipped, []);
}

fn request_of_the_example(change: impl FnOnce(&mut Vec<(&str, &str)>), uri: &str) -> Value {
    let mut headers = vec![
        ("user-agent", "Mozilla/5.0 (X11) Foo"),
        ("accept", "*/*"),
        ("accept-language", "en"),
        ("content-type", "application/json"),
        ("x-custom", "1"),
        ("host", "example.org"),
        ("x-forwarded-for", "1.2.3.4, 5.6.7.8"),
    ];
    change(&mut headers);
    Value::from_entries([
        ("server.request.uri.raw", Value::from(uri)),
        ("server.request.headers.no_cookies", Value::from_entries(headers)),
    ])
}

#[test]
fn the_worked_example_matches_as_documented() {
    let document = worked_example(1_764_111_600).document();
    let now = waf(&document, 1_764_111_600);
    let (ids, result) = evaluate(&now, request_of_the_example(|_| {}, "/login?x=1"));
    assert_eq!(ids, ["ato-c-7f3a-1"]);
    let events = result.get(b"events").and_then(Object::as_array).unwrap();
    let matches = events[0].get(b"rule_matches").and_then(Object::as_array).unwrap();
    assert_eq!(matches.len(), 4);
    let last = json::to_string(&matches[3]);
    assert!(last.contains(r#""key_path":["sec-ch-ua"]"#) && last.contains(r#""highlight":[]"#), "{last}");
    let action = result.get(b"actions").and_then(|actions| actions.get(b"block_request")).unwrap();
    let parameter = |name: &[u8]| json::to_string(action.get(name).unwrap());
    let expected = [("status_code", "401"), ("type", "\"json\""), ("ato_response", "\"login_failure\"")];
    for (name, value) in expected.into_iter().chain([("grpc_status_code", "10")]) {
        assert_eq!(parameter(name.as_bytes()), value, "{name}");
    }
    assert_eq!(parameter(b"security_response_id").len(), 38);
    let attribute = |name: &[u8]| {
        let value = result.get(b"attributes").and_then(|attributes| attributes.get(name)).unwrap();
        String::from_utf8(value.as_bytes().unwrap().to_vec()).unwrap()
    };
    assert_eq!(attribute(b"_dd.appsec.fp.http.header"), "hdr-0000000111-aaf3b582-2-d0de8182");
    assert_eq!(attribute(b"_dd.appsec.fp.http.network"), "net-2-1000000000");

    let others = [
        ("another header", request_of_the_example(|headers| headers.push(("sec-ch-ua", "x")), "/login?x=1")),
        ("another path", request_of_the_example(|_| {}, "/loginx")),
        ("another case", request_of_the_example(|headers| headers[0].1 = "mozilla/5.0 (X11) Foo", "/login?x=1")),
    ];
    for (what, request) in others {
        let (ids, result) = evaluate(&now, request);
        assert_eq!(ids, [""; 0], "{what}");
        assert!(result.get(b"attributes").is_some(), "{what}: attributes alone make it a match");
    }
    let later = waf(&document, 1_764_111_601);
    assert_eq!(evaluate(&later, request_of_the_example(|_| {}, "/login?x=1")).0, [""; 0]);
}

/// Requests with the ids of the rules that match them.
type Expected = Vec<(Value, Vec<String>)>;

/// The documents of the data file: a name, the rules, and requests.
fn documents() -> Vec<(String, Value, Expected)> {
    let mut documents = of_attacks();
    documents.extend(of_dimensions());
    documents.push((
        "the worked example".into(),
        worked_example(UNTIL_S).document(),
        vec![
            (request_of_the_example(|_| {}, "/login?x=1"), vec!["ato-c-7f3a-1".into()]),
            (request_of_the_example(|headers| headers.push(("sec-ch-ua", "x")), "/login?x=1"), vec![]),
            (request_of_the_example(|_| {}, "/loginx"), vec![]),
        ],
    ));
    documents
}

fn of_attacks() -> Vec<(String, Value, Expected)> {
    let mut documents = vec![];
    let mut population = Population::new(21);
    let mut saved = vec![];
    trained(&mut population, 4000, 1000).save(&mut saved);
    for (what, make, grade) in ATTACKS {
        population.random = Random(5);
        population.systems = what.contains("system");
        let mut mining = Mining::load(&saved, KEY).unwrap();
        let requests = attack(&mut mining, &mut population, 0.5, 2000, make);
        let clusters = search(&mut mining, ATTACK_S + 600, level(0.5));
        assert!(!clusters.is_empty(), "{what}");
        let plan = Plan {
            signal: "3f0d8c52-6a1e-5b7c-9d33-0b8a51f7e2aa",
            routes: &["/login".into(), "/api/v1.0".into()],
            until_s: UNTIL_S,
        };
        let rules = plan.rules(clusters.iter().map(|cluster| (cluster, Mode::Monitor)));
        if rules.rules.is_empty() {
            assert!(grade == Grade::Monitor && rules.document().is_empty(), "{what}: {:?}", rules.skipped);
            continue;
        }
        let matching = |request: &Request, uri: &str| {
            let ids = clusters.iter().filter(|cluster| uri.starts_with("/login?") && request.matches(cluster));
            let mut ids: Vec<_> = ids.map(|cluster| plan.rule_id(&cluster.id)).collect();
            ids.sort();
            (input(&request.headers, uri, request.address), ids)
        };
        let attacks = requests.iter().filter(|request| request.is_attack).take(6);
        let honest = requests.iter().filter(|request| !request.is_attack).take(4);
        let mut expected: Expected = attacks.chain(honest).map(|request| matching(request, "/login?x=1")).collect();
        expected.extend(
            requests.iter().filter(|request| request.is_attack).take(1).map(|request| matching(request, "/loginx")),
        );
        documents.push((what.to_string(), rules.document(), expected));
    }
    documents
}

/// Texts that patterns and lists must take literally.
const HOSTILE: [&str; 8] = [
    "(.*)+[^]{1,9}$^|\\Q.\\E",
    "\"'<script>%00 Bot/1.2",
    "é\u{1f600}\u{2028} Bot/3",
    "a\\x41.b/10",
    "# Bot 5",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "-",
    "{\"a\":[1]}",
];

/// A document for each dimension and hostile text.
fn of_dimensions() -> Vec<(String, Value, Expected)> {
    let routes = ["/login".to_string()];
    let plan = Plan { signal: "00000001-0000", routes: &routes, until_s: UNTIL_S };
    let request = |agent: &str, more: &[(&str, &str)]| {
        let headers = [("host", "h"), ("user-agent", agent), ("accept", "*/*")].into_iter().chain(more.iter().copied());
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_owned().into(), value.to_owned().into())).collect();
        input(&headers, "/login", Ipv4Addr::new(203, 0, 113, 9))
    };
    let quoted = |text: &str| json::to_string(&Value::from(text));
    let mut documents = vec![];
    for text in HOSTILE {
        let items = [format!(r#"{{"ua":{}}}"#, quoted(text)), format!(r#"{{"hv:x-app":{}}}"#, quoted(text))];
        let family = format!(r#"{{"ua_family":{}}}"#, quoted(&crate::takeover::text::mask_digits(text)));
        let family = Some(family).filter(|_| !text.contains('#'));
        let clusters: Vec<_> = items
            .into_iter()
            .chain(family)
            .enumerate()
            .map(|(nth, items)| cluster(&format!("t{nth}"), &items))
            .collect();
        let rules = plan.rules(clusters.iter().map(|cluster| (cluster, Mode::Monitor)));
        assert_eq!((rules.rules.len(), rules.skipped.len()), (clusters.len(), 0), "{text}");
        let ids = |which: &[usize]| {
            which
                .iter()
                .filter(|nth| **nth < clusters.len())
                .map(|nth| plan.rule_id(&format!("t{nth}")))
                .collect::<Vec<_>>()
        };
        let digits = text.chars().map(|c| if c.is_ascii_digit() { '7' } else { c }).collect::<String>();
        let of_digits = if digits == text { &[0, 2][..] } else { &[2][..] };
        documents.push((
            format!("the text {text}"),
            rules.document(),
            vec![
                (request(text, &[]), ids(&[0, 2])),
                (request(&format!("{text}x"), &[]), vec![]),
                (request(&format!("x{text}"), &[]), vec![]),
                (request(&digits, &[]), ids(of_digits)),
                (request("x", &[("x-app", text)]), ids(&[1])),
                (request("x", &[("x-app", &format!("{text}x"))]), vec![]),
            ],
        ));
    }
    let with = |more: Vec<(&str, Value)>| {
        let mut value = request("Agent 1", &[("x-app", "1"), ("x-forwarded-for", "1.2.3.4")]);
        more.into_iter().for_each(|(address, more)| value.insert(address, more));
        value
    };
    let cookies = Value::from_entries([("session", "1")]);
    let all = r#"{"hdr.present":["x-app","accept"],"hdr.missing":"te","fp.network":"net-1-1000000000","network":["203.0.113.0/24","2001:db8::/48"]}"#;
    let clusters = [
        cluster("all", all),
        cluster("some", r#"{"fp.session":"some"}"#),
        cluster("none", r#"{"fp.session":"none"}"#),
        cluster("path", r#"{"url":"/login"}"#),
    ];
    let rules = plan.rules(clusters.iter().map(|cluster| (cluster, Mode::Monitor)));
    let ids = |which: &[&str]| which.iter().map(|id| plan.rule_id(id)).collect::<Vec<_>>();
    documents.push((
        "every other dimension".into(),
        rules.document(),
        vec![
            (with(vec![]), ids(&["all", "path"])),
            (with(vec![("server.request.cookies", cookies)]), ids(&["all", "path", "some"])),
            (with(vec![("server.request.cookies", Value::map())]), ids(&["all", "none", "path"])),
            (request("Agent 1", &[("x-app", "1")]), ids(&["path"])),
        ],
    ));
    documents
}

#[test]
fn rules_match_what_their_clusters_match() {
    let mut lines = String::new();
    for (name, document, requests) in documents() {
        let waf = waf(&document, UNTIL_S);
        for (request, expected) in &requests {
            assert_eq!(
                evaluate(&waf, request.clone()).0,
                *expected,
                "{name}: {}\n{}",
                json::to_string(request),
                json::to_string(&document)
            );
        }
        let requests = requests.into_iter().map(|(request, ids)| {
            Value::from_entries([("input", request), ("rules", ids.iter().map(Value::from).collect())])
        });
        let line = [("name", Value::from(name)), ("document", document), ("requests", requests.collect())];
        lines.push_str(&json::to_string(&Value::from_entries(line)));
        lines.push('\n');
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/takeover/cluster_rules.jsonl");
    if std::env::var_os("WRITE").is_some() {
        std::fs::write(path, &lines).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap() == lines, "{path} differs: write it anew with WRITE=1");
}

#[test]
fn clusters_without_a_rule_say_why() {
    let routes = ["/login".to_string()];
    let plan = Plan { signal: "s", routes: &routes, until_s: UNTIL_S };
    let long = "(".repeat(200);
    let table = [
        (r#"{"wire_order":"00"}"#.to_string(), "a trait has no condition"),
        (r#"{"network":"AS64500"}"#.to_string(), "a trait has no condition"),
        (r#"{"hdr.missing":"cookie"}"#.to_string(), "a trait has no condition"),
        (format!(r#"{{"ua_family":"{long}"}}"#), "a trait is too long for a condition"),
    ];
    let good = cluster("good", r#"{"ua":"a"}"#);
    for (items, why) in table {
        let bad = cluster("bad", &items);
        let rules = plan.rules([(&bad, Mode::Block), (&good, Mode::Block)]);
        assert_eq!(rules.skipped, [("bad".to_string(), why)], "{items}");
        assert_eq!(rules.rules, [("good".to_string(), "ato-c-s-good".to_string())]);
        waf(&rules.document(), 0);
    }
    let rules = Plan { routes: &[], ..plan }.rules([(&good, Mode::Block)]);
    assert_eq!(rules.skipped, [("good".to_string(), "the paths of login requests are not known")]);
    assert!(rules.document().is_empty());
}

#[test]
fn a_path_too_long_for_a_pattern_becomes_a_list() {
    let long = format!("/{}", "(x)".repeat(100));
    let routes = [long.clone()];
    let plan = Plan { signal: "s", routes: &routes, until_s: UNTIL_S };
    let document = plan.rules([(&cluster("a", r#"{"ua":"a"}"#), Mode::Block)]).document();
    let waf = waf(&document, 0);
    let headers = [("user-agent".into(), "a".into())];
    for (uri, expected) in [(long.clone(), 1), (format!("{long}x"), 0)] {
        assert_eq!(evaluate(&waf, input(&headers, &uri, Ipv4Addr::LOCALHOST)).0.len(), expected);
    }
}

#[test]
fn the_end_of_a_signal_leaves_the_action_of_others() {
    let mut builder = Builder::new();
    let routes = ["/login".to_string()];
    assert!(
        !builder.add_or_update(super::super::generate::ACTIONS_PATH.as_bytes(), &actions()).diagnostics.has_errors()
    );
    for signal in ["a", "b"] {
        let plan = Plan { signal, routes: &routes, until_s: UNTIL_S };
        let rules = plan.rules([(&cluster("k", r#"{"ua":"a"}"#), Mode::Stealth)]);
        assert!(!builder.add_or_update(plan.path().as_bytes(), &rules.fragment).diagnostics.has_errors());
    }
    assert!(builder.remove(b"bartizan/ato/clusters/a"));
    let headers = [("user-agent".into(), "a".into())];
    let (ids, result) = evaluate(&builder.build().unwrap(), input(&headers, "/login", Ipv4Addr::LOCALHOST));
    assert_eq!(ids, ["ato-c-b-k"]);
    assert!(json::to_string(&result).contains("login_failure"));
}

/// Pieces that mean something in patterns, documents or encodings.
const PIECES: [&str; 24] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "*",
    "+",
    "?",
    "|",
    "^",
    "$",
    "\\",
    "\\E",
    ".",
    "#",
    "\"",
    "'",
    "%00",
    "é",
    "\u{1f600}",
    "a",
    "7",
    "-",
];

#[test]
fn rules_of_random_texts_load_and_match_only_them() {
    let mut random = Random(9);
    let routes = ["/login".to_string()];
    let plan = Plan { signal: "s", routes: &routes, until_s: UNTIL_S };
    let mut text = || (0..1 + random.below(12)).map(|_| *random.of(&PIECES)).collect::<String>();
    let mut texts: Vec<String> = (0..300).map(|_| text()).collect();
    texts.sort();
    texts.dedup();
    let items = |name: &str, text: &String| json::to_string(&Value::from_entries([(name, Value::from(text))]));
    let agents = texts.iter().enumerate().map(|(nth, text)| cluster(&format!("a{nth}"), &items("ua", text)));
    let families = texts
        .iter()
        .enumerate()
        .map(|(nth, text)| cluster(&format!("f{nth}"), &items("ua_family", &crate::takeover::text::mask_digits(text))));
    let clusters: Vec<Cluster> = agents.chain(families).collect();
    let rules = plan.rules(clusters.iter().map(|cluster| (cluster, Mode::Monitor)));
    assert_eq!((rules.rules.len(), rules.skipped.len()), (clusters.len(), 0));
    let waf = waf(&rules.document(), 0);
    for text in &texts {
        let headers = [("user-agent".into(), text.clone().into())];
        let (found, _) = evaluate(&waf, input(&headers, "/login", Ipv4Addr::LOCALHOST));
        let event = Event { user_agent: Some(text.into()), path: Some("/login".into()), ..Event::default() };
        let subject = Subject::of(&event, &Normalization::default(), &KEY);
        let traits = Traits::of(&event, &subject, false);
        let matching = clusters.iter().filter(|cluster| cluster.matches(&traits));
        let mut expected: Vec<_> = matching.map(|cluster| plan.rule_id(&cluster.id)).collect();
        expected.sort();
        assert!(!expected.is_empty());
        assert_eq!(found, expected, "{text}");
    }
}
