//! Headers with parameters: `Content-Type` and `Content-Disposition`.
//!
//! Parsers disagree on quotes, on repeated parameters and on what follows a stray character, and attacks live on that.
//! So all parameters are kept, repeated ones too, and whoever asks for one gets every reading.

/// A header's value and its parameters.
#[derive(Debug, Default, PartialEq)]
pub struct Media {
    /// The value before the parameters, in lower case.
    pub kind: String,
    /// Names in lower case, and values without quotes.
    parameters: Vec<(String, Vec<u8>)>,
}

impl Media {
    /// Reads a header. Parameters are separated by semicolons, or by commas as where several headers were joined.
    pub fn read(header: &[u8]) -> Self {
        let end = header.iter().position(|byte| b";,".contains(byte)).unwrap_or(header.len());
        let (kind, mut rest) = header.split_at(end);
        let mut parameters = Vec::new();
        while let Some((name, after)) = name(rest) {
            let (value, after) = value(after);
            rest = after;
            if !name.is_empty() {
                parameters.push((lower(name), value));
            }
        }
        Self { kind: lower(kind), parameters }
    }

    /// Adds the parameters of another header of the same name.
    pub fn merge(&mut self, other: Self) {
        if self.kind.is_empty() {
            self.kind = other.kind;
        }
        self.parameters.extend(other.parameters);
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.parameters.iter().filter(move |(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// The first value of a parameter.
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// All parameters in the order received.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.parameters.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether this is what honest senders write before the content of a field or a file: a type, or a common charset.
    pub fn is_usual(&self) -> bool {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
        let is_type =
            self.kind.split_once('/').is_some_and(|(main, sub)| main.bytes().chain(sub.bytes()).all(is_token));
        let common = ["utf-8", "us-ascii", "iso-8859-1"].map(str::as_bytes);
        let is_common = |charset: &[u8]| common.iter().any(|known| known.eq_ignore_ascii_case(charset));
        is_type && self.parameters.iter().all(|(name, value)| name == "charset" && is_common(value))
    }

    /// Whether the media type is JSON: `json` as the subtype, or as its last part (`application/ld+json`).
    pub fn is_json(&self) -> bool {
        let subtype = self.kind.split_once('/').map_or("", |(_, subtype)| subtype);
        let last = subtype.rsplit(['+', '.', '-']).next().unwrap_or_default();
        ["json", "json5"].contains(&last) || self.is_json_lines()
    }

    /// Whether the media type is a sequence of JSON texts.
    pub fn is_json_lines(&self) -> bool {
        let subtype = self.kind.split_once('/').map_or("", |(_, subtype)| subtype);
        ["ndjson", "jsonl", "jsonlines", "json-seq"].contains(&subtype.trim_start_matches("x-"))
            || subtype.ends_with("+json-seq")
    }

    /// Whether the media type is XML.
    pub fn is_xml(&self) -> bool {
        let subtype = self.kind.split_once('/').map_or("", |(_, subtype)| subtype);
        subtype == "xml" || subtype.ends_with("+xml") || subtype.ends_with("-xml")
    }
}

/// The name of the next parameter, and what follows it; none at the end.
fn name(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = rest.iter().position(|byte| !b";, \t\r\n".contains(byte))?;
    let rest = &rest[start..];
    let end = rest.iter().position(|byte| b"=;,".contains(byte)).unwrap_or(rest.len());
    Some((rest[..end].trim_ascii(), &rest[end..]))
}

/// The value that may follow a name, and what follows it.
fn value(rest: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(rest) = rest.strip_prefix(b"=") else { return (Vec::new(), rest) };
    let rest = rest.trim_ascii_start();
    if let Some(quoted) = rest.strip_prefix(b"\"") {
        return unquote(quoted);
    }
    let end = rest.iter().position(|byte| b";,".contains(byte)).unwrap_or(rest.len());
    (rest[..end].trim_ascii_end().to_vec(), &rest[end..])
}

/// The text up to the closing quote, or to the end without one. A backslash escapes quotes and backslashes only: some
/// clients send the backslashes of paths as they are.
fn unquote(quoted: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut text = Vec::new();
    let mut rest = quoted;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'"', _) => return (text, after),
            (b'\\', [escaped @ (b'"' | b'\\'), after @ ..]) => {
                text.push(*escaped);
                rest = after;
            }
            _ => text.push(byte),
        }
    }
    (text, rest)
}

fn lower(text: &[u8]) -> String {
    String::from_utf8_lossy(text.trim_ascii()).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_all_shapes() {
        for (header, kind, expected) in [
            ("text/plain", "text/plain", &[][..]),
            (" Text/HTML ;Charset = UTF-8 ", "text/html", &[("charset", "UTF-8")]),
            (r#"a/b; x="1;2, \"3\""; y=4"#, "a/b", &[("x", r#"1;2, "3""#), ("y", "4")]),
            (r#"a/b; x="C:\dir\f"; x=2"#, "a/b", &[("x", r"C:\dir\f"), ("x", "2")]),
            (r#"a/b;;x;y="open"#, "a/b", &[("x", ""), ("y", "open")]),
            (r#"a/b;x="1"2;y=3"#, "a/b", &[("x", "1"), ("2", ""), ("y", "3")]),
            ("a/b, c/d; x=1", "a/b", &[("c/d", ""), ("x", "1")]),
            ("; x=1", "", &[("x", "1")]),
        ] {
            let media = Media::read(header.as_bytes());
            let parameters: Vec<_> = media.parameters().map(|(name, value)| (name, value.to_vec())).collect();
            let expected: Vec<_> = expected.iter().map(|(name, value)| (*name, value.as_bytes().to_vec())).collect();
            assert_eq!((media.kind.as_str(), parameters), (kind, expected), "{header}");
        }
    }

    #[test]
    fn media_types_by_their_suffix() {
        for (kind, json, xml) in [
            ("application/json", true, false),
            ("text/json", true, false),
            ("application/vnd.api+json", true, false),
            ("application/csp-report", false, false),
            ("application/x-ndjson", true, false),
            ("application/json-seq", true, false),
            ("application/json-patch+json", true, false),
            ("text/xml", false, true),
            ("image/svg+xml", false, true),
            ("json", false, false),
        ] {
            let media = Media::read(kind.as_bytes());
            assert_eq!((media.is_json(), media.is_xml()), (json, xml), "{kind}");
        }
    }
}
