//! What holds for every body, whatever it is made of.
//!
//! Bodies are put together at random from the syntax of a format and from words that occur once. Whatever becomes of the
//! syntax, every word must be in what is judged.

use super::{Head, Held, Limits, Room};
use crate::support::test_random::Random;
use crate::value::{Object, View};
use std::sync::Arc;

/// Media types, and the pieces of their formats; `@` stands for a word of its own each time.
const FORMATS: [(&str, &[&str]); 9] = [
    (
        "application/json",
        &[
            "{", "}", "[", "]", ",", ":", "\"", "'", "\\", "\\u0", "@", "//", "/*", "*/", "\n", "1", "-", "null",
            "\"@\":", "\"@\"",
        ],
    ),
    ("application/x-ndjson", &["{", "}", "[", "\n", "\x1e", "\"@\"", "@", ",", ":"]),
    ("application/x-www-form-urlencoded", &["@", "=", "&", "%", "+", "%4", "{", "[", "\"", ";", "\r\n"]),
    ("text/plain", &["@", "{", "}", "\"@\"", "=", "<@>", "</@>", "&", "\n"]),
    ("application/octet-stream", &["@", "{", "}", "\"@\"", "=", "<@>", "\0", "\x01", "&"]),
    (
        "multipart/form-data; boundary=B",
        &[
            "--B",
            "--B\r\n",
            "--B--",
            "\r\n",
            "\r\n\r\n",
            "\n",
            "@",
            "@: @",
            ":",
            ";",
            "=",
            "\"",
            "Content-Disposition: form-data",
            "; name=\"@\"",
            "; filename=\"@\"",
            "; name=@",
            "; filename*=utf-8''@",
            "; filename*0=@",
            "Content-Type: text/plain",
            "Content-Type: @",
            "; boundary=C",
            "; charset=@",
            "Content-Type: multipart/mixed; boundary=C",
            "--C",
            "Content-Transfer-Encoding: base64",
            "\t",
        ],
    ),
    (
        "text/xml",
        &[
            "<@>",
            "</@>",
            "<@",
            "/>",
            ">",
            "@",
            " @='@'",
            " @=\"",
            "\"",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<!DOCTYPE @ [",
            "]>",
            "<?@",
            "?>",
            "&@;",
            "&#60;",
            "&",
            "<!",
            "<",
            "<?xml @?>",
            "<!ENTITY @ \"@\">",
        ],
    ),
    ("application/graphql", &["{", "}", "(", ")", "@", "@:", "\"@\"", "\"\"\"", "$", "...", "#", "query ", "["]),
    ("", &["{", "}", "\"@\"", "@", "=", "&", "<@>", "</@>", ",", ":"]),
];

/// All strings of a value, keys too.
fn texts(root: &Object) -> Vec<u8> {
    let (mut found, mut open) = (vec![], vec![root]);
    let mut add = |bytes: &[u8]| {
        found.extend_from_slice(bytes);
        found.push(b'|');
    };
    while let Some(object) = open.pop() {
        match object.view() {
            View::String(bytes) => add(bytes),
            View::Array(elements) => open.extend(elements),
            View::Map(pairs) => {
                for pair in pairs {
                    add(pair.key_bytes().unwrap_or_default());
                    open.push(pair.value());
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn no_word_is_lost() {
    let room = Arc::new(Room::default());
    let mut random = Random(3);
    for round in 0..40_000 {
        let (media, pieces) = FORMATS[round % FORMATS.len()];
        let (mut body, mut words) = (String::new(), vec![]);
        for _ in 0..random.below(24) {
            for character in random.of(pieces).chars() {
                match character {
                    '@' => {
                        words.push(format!("w{}x", words.len()));
                        body.push_str(&words[words.len() - 1]);
                    }
                    other => body.push(other),
                }
            }
        }
        let head = Head::new(b"POST", b"/").header(b"content-type", media.as_bytes());
        let mut held = Held::new(&head, Limits::default(), room.clone());
        assert!(held.push(body.as_bytes()));
        let read = held.finish();
        let texts = texts(&read.addresses);
        for word in words {
            let found = memchr::memmem::find(&texts, word.as_bytes()).is_some();
            assert!(found, "{media}: {word} of {body:?} is not in {:?}", read.addresses);
        }
    }
}

/// Random bytes in every media type, charset and coding.
#[test]
fn nothing_panics() {
    let room = Arc::new(Room::default());
    let mut random = Random(5);
    let charsets = ["", "utf-7", "utf-16", "utf-32be", "shift_jis", "iso-2022-jp", "gb18030", "windows-1252", "x"];
    let codings = ["", "gzip", "deflate", "br", "zstd", "gzip, br"];
    for round in 0..20_000 {
        let (media, pieces) = FORMATS[round % FORMATS.len()];
        let (charset, coding) = (*random.of(&charsets), *random.of(&codings));
        let media = format!("{media}; charset={charset}");
        let mut body = vec![];
        for _ in 0..random.below(64) {
            match random.below(3) {
                0 => body.push(random.below(256) as u8),
                1 => {
                    body.extend([0x1f, 0x8b, 8, 0, 0x78, 0x9c, 0x28, 0xb5, 0x2f, 0xfd, 0, 0][random.below(12)..].iter())
                }
                _ => body.extend_from_slice(random.of(pieces).as_bytes()),
            }
        }
        let head = Head::new(b"POST", b"/")
            .header(b"content-type", media.as_bytes())
            .header(b"content-encoding", coding.as_bytes());
        let mut held = Held::new(&head, Limits::default(), room.clone());
        held.push(&body);
        let read = held.finish();
        let size = texts(&read.addresses).len();
        assert!(
            size <= (body.len() + 64) * 16 + (64 << 10) * usize::from(!coding.is_empty()),
            "{} makes {size}",
            body.escape_ascii()
        );
    }
}
