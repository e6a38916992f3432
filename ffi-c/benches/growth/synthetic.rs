//! Rulesets of any size: a ruleset repeated with other words in its patterns, and long lists.

use crate::common::root;
use engine::value::{Object, Value, json};
use std::fmt::Write;

/// A request whose values are not in the lists.
pub const CLIENT: &str = r#"{"http.client_ip":"203.0.113.7","usr.id":"f3a1c9d2-5b7e-4c11-9d20-8a61c7f0be55"}"#;

/// The rules of a ruleset repeated this many times. Each copy has its own ids, and its patterns and phrases contain
/// other words: all literal letters are shifted along the alphabet.
pub fn rules(ruleset: &[u8], times: usize) -> Vec<u8> {
    let document = json::parse(ruleset).expect("a ruleset");
    let rules = document.get(b"rules").and_then(Object::as_array).unwrap_or_default();
    let mut all: Vec<String> = rules.iter().map(json::to_string).collect();
    for copy in 1..times {
        all.extend(rules.iter().map(|rule| {
            let mut text = String::new();
            moved(rule, copy, Place::Rule, &mut text);
            text
        }));
    }
    let rest = document.as_map().unwrap_or_default().iter().filter(|section| section.key_bytes() != Some(b"rules"));
    let rest = rest.map(|section| format!("{},", entry(section.key(), &json::to_string(section.value()))));
    format!("{{{}\"rules\":[{}]}}", rest.collect::<String>(), all.join(",")).into_bytes()
}

/// The position of a value in a rule.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Rule,
    Id,
    Pattern,
    Phrases,
    Elsewhere,
}

fn moved(value: &Object, copy: usize, place: Place, text: &mut String) {
    if let Some(map) = value.as_map() {
        let entries = map.iter().map(|pair| {
            let inner = match pair.key_bytes() {
                Some(b"id") if place == Place::Rule => Place::Id,
                Some(b"regex") => Place::Pattern,
                Some(b"list") => Place::Phrases,
                _ => Place::Elsewhere,
            };
            let mut text = String::new();
            moved(pair.value(), copy, inner, &mut text);
            entry(pair.key(), &text)
        });
        _ = write!(text, "{{{}}}", entries.collect::<Vec<_>>().join(","));
    } else if let Some(array) = value.as_array() {
        let elements = array.iter().map(|element| {
            let mut text = String::new();
            moved(element, copy, place, &mut text);
            text
        });
        _ = write!(text, "[{}]", elements.collect::<Vec<_>>().join(","));
    } else {
        let bytes = value.as_bytes().unwrap_or_default();
        match place {
            Place::Id => text.push_str(&quoted(&[bytes, format!("-{copy}").as_bytes()].concat())),
            Place::Pattern => text.push_str(&quoted(&pattern(bytes, copy as u8))),
            Place::Phrases => {
                text.push_str(&quoted(&bytes.iter().map(|byte| letter(*byte, copy as u8)).collect::<Vec<_>>()));
            }
            Place::Rule | Place::Elsewhere => text.push_str(&json::to_string(value)),
        }
    }
}

fn entry(key: &Object, value: &str) -> String {
    format!("{}:{value}", json::to_string(key))
}

fn quoted(bytes: &[u8]) -> String {
    json::to_string(&Value::from(bytes))
}

fn letter(byte: u8, distance: u8) -> u8 {
    match byte {
        b'a'..=b'z' => b'a' + (byte - b'a' + distance) % 26,
        b'A'..=b'Z' => b'A' + (byte - b'A' + distance) % 26,
        other => other,
    }
}

/// A pattern with other letters, except in escapes, classes, repetitions and the beginnings of groups.
fn pattern(bytes: &[u8], distance: u8) -> Vec<u8> {
    let mut out = vec![];
    let mut rest = bytes;
    while let Some(&byte) = rest.first() {
        let kept = match byte {
            b'\\' => escape(rest),
            b'[' => class(rest),
            b'{' => through(rest, b"}"),
            b'(' if rest.get(1) == Some(&b'?') => through(rest, b":>)"),
            _ => 0,
        };
        let (head, tail) = rest.split_at(kept.clamp(1, rest.len()));
        out.extend(head.iter().map(|byte| if kept == 0 { letter(*byte, distance) } else { *byte }));
        rest = tail;
    }
    out
}

fn through(rest: &[u8], ends: &[u8]) -> usize {
    rest.iter().position(|byte| ends.contains(byte)).map_or(rest.len(), |end| end + 1)
}

fn escape(rest: &[u8]) -> usize {
    match (rest.get(1), rest.get(2)) {
        (Some(b'x' | b'p' | b'P'), Some(b'{')) => through(rest, b"}"),
        (Some(b'x'), _) => 4,
        (Some(b'p' | b'P'), _) => 3,
        _ => 2,
    }
}

fn class(rest: &[u8]) -> usize {
    let mut at = 1 + usize::from(rest.get(1) == Some(&b'^'));
    // A bracket in first position is literal.
    at += usize::from(rest.get(at) == Some(&b']'));
    while let Some(&byte) = rest.get(at) {
        at += match byte {
            b']' => return at + 1,
            b'\\' => 2,
            b'[' if rest.get(at + 1) == Some(&b':') => through(&rest[at..], b"]"),
            _ => 1,
        };
    }
    rest.len()
}

/// The built-in rules about denylists, with these lists.
pub fn with_lists(lists: &str) -> String {
    let file = root().join("core/rules/denylists.json");
    let rules = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let end = rules.trim_end().strip_suffix('}').expect("an object").trim_end();
    format!(r#"{end},"rules_data":[{lists}]}}"#)
}

/// A list of this many addresses; every eighth is a network.
pub fn addresses(count: usize) -> String {
    let entry = |n: usize| {
        // Multiplying by an odd number visits all addresses once, in scattered order.
        let bits = (n as u32).wrapping_mul(2_654_435_761).to_be_bytes();
        let [a, b, c, d] = bits.map(|byte| byte.to_string());
        if n % 8 == 7 { format!("{a}.{b}.{c}.0/28") } else { format!("{a}.{b}.{c}.{d}") }
    };
    list("blocked_ips", "ip_with_expiration", count, entry)
}

/// A list of this many users.
pub fn users(count: usize) -> String {
    list("blocked_users", "data_with_expiration", count, |n| {
        let bits = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("{:08x}-{:04x}-4c11-9d20-{:012x}", bits >> 32, bits & 0xFFFF, bits >> 16)
    })
}

fn list(id: &str, kind: &str, count: usize, entry: impl Fn(usize) -> String) -> String {
    let mut text = format!(r#"{{"id":"{id}","type":"{kind}","data":["#);
    for n in 0..count {
        let comma = if n == 0 { "" } else { "," };
        _ = write!(text, r#"{comma}{{"value":"{}"}}"#, entry(n));
    }
    text.push_str("]}");
    text
}

/// A rule with this many phrases.
pub fn phrases(count: usize) -> String {
    let phrases = (0..count).map(|n| format!(r#""phrase-{n:x}-{:x}""#, n * 7919 % 65_536)).collect::<Vec<_>>();
    format!(
        r#"{{"version":"2.2","rules":[{{"id":"phrases","name":"phrases","tags":{{"type":"t","category":"c"}},
        "conditions":[{{"operator":"phrase_match","parameters":{{"inputs":[{{"address":"server.request.body"}}],
        "list":[{}]}}}}]}}]}}"#,
        phrases.join(",")
    )
}
