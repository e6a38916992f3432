//! The writer: compact JSON text of a tree. Bytes that are not UTF-8 become U+FFFD, since JSON cannot carry them.

use crate::value::{FloatStyle, Object, Pair, View};
use std::fmt::Write;

/// A tree as JSON text.
pub fn to_string(object: &Object) -> String {
    let mut text = String::new();
    write(object, &mut text);
    text
}

/// What is still to be written of an open container.
enum Open<'a> {
    Array(std::slice::Iter<'a, Object>),
    Map(std::slice::Iter<'a, Pair>),
}

/// Appends a tree as JSON text.
pub fn write(object: &Object, text: &mut String) {
    let mut open = vec![];
    start(object, text, &mut open);
    while let Some(top) = open.last_mut() {
        let (child, close) = match top {
            Open::Array(rest) => (rest.next(), ']'),
            Open::Map(rest) => match rest.next() {
                Some(pair) => {
                    separate(text);
                    string(pair.key_bytes().unwrap_or_default(), text);
                    text.push(':');
                    (Some(pair.value()), '}')
                }
                None => (None, '}'),
            },
        };
        match child {
            Some(child) => {
                separate(text);
                start(child, text, &mut open);
            }
            None => {
                text.push(close);
                open.pop();
            }
        }
    }
}

/// A comma, unless this is the first entry of its container or the value after a key.
fn separate(text: &mut String) {
    if !text.ends_with(['[', '{', ':']) {
        text.push(',');
    }
}

fn start<'a>(object: &'a Object, text: &mut String, open: &mut Vec<Open<'a>>) {
    match object.view() {
        View::Invalid | View::Null => text.push_str("null"),
        View::Bool(value) => text.push_str(if value { "true" } else { "false" }),
        View::Signed(value) => drop(write!(text, "{value}")),
        View::Unsigned(value) => drop(write!(text, "{value}")),
        View::Float(value) if value.is_finite() => text.push_str(&FloatStyle::Reference.print(value)),
        View::Float(_) => text.push_str("null"),
        View::String(bytes) => string(bytes, text),
        View::Array(elements) => {
            text.push('[');
            open.push(Open::Array(elements.iter()));
        }
        View::Map(pairs) => {
            text.push('{');
            open.push(Open::Map(pairs.iter()));
        }
    }
}

fn string(bytes: &[u8], text: &mut String) {
    text.push('"');
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            c if c < ' ' => drop(write!(text, "\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}
