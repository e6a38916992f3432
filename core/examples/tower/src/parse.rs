//! The data for the rules: queries, forms and JSON as values, parsed as applications do.

use bartizan::value::{Value, json};
use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// A query or a form: each name with all of its values.
pub(crate) fn form(text: &[u8]) -> Value {
    let mut fields: Vec<(Vec<u8>, Value)> = Vec::new();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = at.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
        let (name, value) = (decoded(name), decoded(value));
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => fields.push((name, [value].into_iter().collect())),
        }
    }
    Value::from_entries(fields)
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high << 4 | low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) => bytes.push(b' '),
            (other, ..) => bytes.push(*other),
        }
        at += 1;
    }
    bytes
}

/// The body parsed by its type, or the reason why it was not parsed.
pub(crate) fn body(headers: &HeaderMap, text: &[u8]) -> Result<Value, String> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => Ok(form(text)),
        "application/json" => json::parse(text).map_err(|reason| format!("it is not valid JSON: {reason}")),
        other => Err(format!("the content type '{other}' is not parsed")),
    }
}
