//! Strings that are costly to inspect, or meant to be.
//!
//! Most repeat what some part of the engine reacts to: a literal of the scan, the beginning of a pattern without its
//! end, bytes that a transformer changes, tokens that a detector has to read.

use crate::{Kind, Random};
use bartizan::value::Value;

/// Repeated unchanged.
const REPEATED: [(&str, &str); 42] = [
    ("one letter", "a"),
    ("spaces", " "),
    ("newlines", "\n"),
    ("NULs", "\0"),
    ("quotes", "'"),
    ("double quotes", "\""),
    ("backslashes", "\\"),
    ("percent signs", "%"),
    ("percent escapes", "%27"),
    ("double percent escapes", "%2527"),
    ("entities", "&#x27;"),
    ("ampersands", "&"),
    ("unicode escapes", "\\u0027"),
    ("hex escapes", "\\x27"),
    ("css escapes", "\\27 "),
    ("look-alikes of s", "\u{17F}elect "),
    ("look-alikes of k", "\u{212A}"),
    ("zero-width", "\u{200B}"),
    ("full-width", "\u{FF1C}\u{FF53}"),
    ("path steps", "../"),
    ("backslash steps", "..\\"),
    ("slashes", "/"),
    ("comments opened", "/*"),
    ("comments", "/**/"),
    ("line comments", "--\n"),
    ("parentheses", "("),
    ("tags", "<a "),
    ("tags and attributes", "<a b=c "),
    ("angle brackets", "<"),
    ("expressions opened", "${"),
    ("templates opened", "{{"),
    ("substitutions opened", "$("),
    ("pipes", "|a"),
    ("programs", "|id"),
    ("wildcards", ";/u*?*?*?*?*?ab"),
    ("assignments", ";a=b c"),
    ("conditions", "1 or a=1 and "),
    ("strings of SQL", "'||''"),
    ("calls", "f(a,1)*"),
    ("union select", "union select "),
    ("or 1=1", "' or 1=1 "),
    ("base64", "PHNjcmlwdD5h"),
];

/// Letters that keep an automaton with counted repetitions busy, after a beginning that makes it a candidate.
const BEGINNINGS: [(&str, &str, &str); 14] = [
    ("look-up letters", "${", "jnda"),
    ("look-up letters and signs", "${jndi:", "jndi:${}-"),
    ("template letters", "{{", "config.{}[]_'\""),
    ("path letters", "../", "./\\etcpaswd"),
    ("sql letters", "' ", "unioselct '1=-*/"),
    ("sql operators", "1 ", "or andxlike =<>!'10"),
    ("html letters", "<", "<script>onerv=/ "),
    ("event handlers", "<a on", "on=abc \"'<>/"),
    ("shell letters", ";", "cat;|&$(){}wgeturl "),
    ("php letters", "<?", "php$_GET['a']();"),
    ("ldap letters", "*)(", "()&|!*=uidcn"),
    ("url letters", "http://", "htp:/.@0123456789%"),
    ("json letters", "{\"", "{}[]\":,$whereg"),
    ("java letters", "java.lang.", "java.lngRutime()$"),
];

/// Alphabets without a beginning.
const ALPHABETS: [(&str, &str); 6] = [
    ("random digits", "0123456789"),
    ("random hex", "0123456789abcdef"),
    ("random letters", "abcdefghijklmnopqrstuvwxyz"),
    ("random base64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
    ("random punctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ("random whitespace", " \t\r\n\u{b}\u{c}"),
];

const PROSE: &str =
    "The committee's office is open; select one of these at the union's index, or order a table from the menu. ";
const CODE: &str = "```sql\nSELECT name, count(*) FROM users u JOIN orders o ON o.user_id = u.id WHERE u.name LIKE '%a%' GROUP BY 1;\n```\n\
                    <div class=\"note\">Use `rm -rf build && make` to <b>start</b> over.</div>\n";

/// Makes a string of about this many bytes.
pub type Make = Box<dyn Fn(usize) -> Vec<u8>>;

/// Every kind of string, in the body.
pub fn kinds() -> Vec<Kind> {
    let in_body = |(name, make): (&str, Make)| {
        Kind::new(format!("string: {name}"), move |size| {
            let body = Value::from_entries([("text", Value::from(&make(size)[..]))]);
            Value::from_entries([("server.request.body", body)])
        })
    };
    texts().into_iter().map(in_body).collect()
}

/// Only the strings.
pub fn texts() -> Vec<(&'static str, Make)> {
    let mut kinds = vec![];
    for (name, piece) in REPEATED {
        kinds.push(text(name, move |size| piece.repeat(size / piece.len()).into_bytes()));
    }
    for (name, head, letters) in BEGINNINGS {
        kinds.push(text(name, move |size| [head.as_bytes(), &random(letters, size)].concat()));
    }
    for (name, letters) in ALPHABETS {
        kinds.push(text(name, move |size| random(letters, size)));
    }
    kinds.push(text("random bytes", |size| {
        let mut bytes = Random(9);
        (0..size).map(|_| bytes.below(256) as u8).collect()
    }));
    kinds.push(text("prose", |size| PROSE.repeat(size / PROSE.len() + 1).into_bytes()));
    kinds.push(text("code in prose", |size| [PROSE, CODE].concat().repeat(size / 250 + 1).into_bytes()));
    kinds.push(text("recorded attacks", |size| {
        let attacks = attacks();
        let mut pick = Random(5);
        let mut text = vec![];
        while text.len() < size {
            text.extend_from_slice(attacks[pick.below(attacks.len())].as_bytes());
            text.push(b' ');
        }
        text.truncate(size);
        text
    }));
    kinds
}

/// Paddings for small attacks.
pub fn paddings() -> Vec<(String, Value)> {
    let long = |text: Vec<u8>| Value::from(&text[..]);
    vec![
        ("1.5 KB of look-up letters".into(), long([b"${", &random("jnda", 1498)[..]].concat())),
        ("4 KB of look-up letters".into(), long([b"${", &random("jnda", 4096)[..]].concat())),
        ("256 KB of look-up letters".into(), long([b"${", &random("jnda", 256 << 10)[..]].concat())),
        ("500 KB of one letter".into(), long(vec![b'a'; 500_000])),
        ("500 KB of prose".into(), long(PROSE.repeat(500_000 / PROSE.len()).into_bytes())),
        ("1 MB of sql letters".into(), long(random("unioselct '1=-*/", 1 << 20))),
        ("1 MB of recorded attacks".into(), long(attacks().join(" ").repeat(100).into_bytes())),
        ("100,000 short strings".into(), (0..100_000).map(|n| format!("attic {n}")).collect()),
        ("5,000 attacks".into(), (0..5000).map(|n| format!("{n}' or 1=1--")).collect()),
        ("1,500,000 nulls".into(), (0..1_500_000).map(|_| Value::null()).collect()),
        ("300,000 empty lists".into(), (0..300_000).map(|_| Value::array()).collect()),
    ]
}

fn text(name: &'static str, make: impl Fn(usize) -> Vec<u8> + 'static) -> (&'static str, Make) {
    (name, Box::new(make))
}

/// Random letters.
pub fn random(letters: &str, size: usize) -> Vec<u8> {
    let (letters, mut pick) = (letters.as_bytes(), Random(7));
    (0..size).map(|_| letters[pick.below(letters.len())]).collect()
}

/// The strings of the cases that built-in rules match.
fn attacks() -> Vec<String> {
    let folder = format!("{}/rules/cases", env!("CARGO_MANIFEST_DIR"));
    let mut attacks = vec![];
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("cases").map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(file).expect("cases");
        for line in text.lines().filter(|line| line.contains("\"match\": true")) {
            let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
            collect(&case["input"], &mut attacks);
        }
    }
    attacks
}

fn collect(value: &serde_json::Value, strings: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => strings.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, strings)),
        serde_json::Value::Object(map) => map.values().for_each(|item| collect(item, strings)),
        _ => {}
    }
}
