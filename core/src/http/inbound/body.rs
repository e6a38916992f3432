//! Which kind a body is, and its readings as addresses.

use super::charset::{self, Decoded};
use super::head::{Head, resolvers_of_fields};
use super::media::Media;
use super::{Reading, coding, form, graphql, json, multipart, xml};
use crate::value::{Object, Value, View};
use std::cell::Cell;

/// The most media types of one body that are tried.
const MOST_KINDS: usize = 3;

/// What the head of a request says about its body.
#[derive(Debug)]
pub struct Kinds {
    media: Vec<Media>,
    /// All headers `Content-Encoding`, joined.
    coding: Vec<u8>,
}

impl Kinds {
    /// Reads the headers.
    pub fn of(head: &Head<'_>) -> Self {
        let mut media: Vec<Media> = Vec::new();
        for header in head.values("content-type").flat_map(types) {
            let read = Media::read(header);
            if media.iter().all(|known| *known != read) && media.len() < MOST_KINDS {
                media.push(read);
            }
        }
        if media.is_empty() {
            media.push(Media::default());
        }
        let codings: Vec<_> = head.values("content-encoding").collect();
        Self { media, coding: codings.join(&b","[..]) }
    }
}

/// A header that says one media type; several are separated by commas where headers were joined.
fn types(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let pieces = header.split(move |byte| {
        quoted ^= *byte == b'"';
        !quoted && *byte == b','
    });
    let is_type = |piece: &&[u8]| {
        let end = piece.iter().position(|byte| b";=".contains(byte)).unwrap_or(piece.len());
        piece[..end].contains(&b'/')
    };
    // The first is kept whatever it is; so are parameters behind a comma, by reading the whole header.
    std::iter::once(header).chain(pieces.skip(1).filter(is_type))
}

/// All readings of a body.
#[derive(Default)]
struct Readings {
    /// The name of the first reading of each kind, and the reading.
    values: Vec<(&'static str, Value)>,
    /// Texts that are judged as they are.
    raw: Vec<Vec<u8>>,
    filenames: Vec<Value>,
    file_fields: Vec<Value>,
    contents: Vec<Value>,
    resolvers: Option<Value>,
    fault: Option<&'static str>,
}

/// Reads a body that has the codings and one of the media types of its head.
pub fn read(bytes: &[u8], kinds: &Kinds, most: usize) -> (Value, Option<&'static str>) {
    let mut readings = Readings::default();
    if !bytes.is_empty() {
        let coding::Decoded { body, rest, fault } = coding::decode(bytes, &kinds.coding, most);
        readings.fault = fault;
        if kinds.media.len() > 1 {
            readings.fails("several media types");
        }
        for media in &kinds.media {
            readings.read(&body, media);
        }
        readings.add_raw(&rest);
    }
    let fault = readings.fault;
    (readings.into_addresses(), fault)
}

impl Readings {
    fn read(&mut self, bytes: &[u8], media: &Media) {
        let charset = media.first("charset");
        match &*media.kind {
            "application/x-www-form-urlencoded" => self.form(bytes, charset),
            "application/graphql" => self.graphql(bytes, charset),
            kind if kind.starts_with("multipart/") => self.multipart(bytes, media),
            _ if media.is_json() => self.json(bytes, charset, media.is_json_lines()),
            _ if media.is_xml() => self.xml(bytes, charset),
            kind if kind.starts_with("text/") => {
                let text = charset::decode(bytes, charset);
                self.text(bytes, &text);
            }
            _ => self.unknown(bytes, media),
        }
    }

    fn json(&mut self, bytes: &[u8], charset: Option<&[u8]>, lines: bool) {
        let text = charset::decode_by_pattern(bytes, charset);
        let Reading { value, fault } = if lines { json::read_lines(&text.text) } else { json::read(&text.text) };
        self.resolvers_in(&value);
        self.add("$json", value);
        if let Some(fault) = fault.or(text.fault) {
            self.fails(fault);
            self.add_text(bytes, &text);
            if fault != text.fault.unwrap_or_default() {
                self.guess(&text.text, "$json");
            }
        }
    }

    fn form(&mut self, bytes: &[u8], charset: Option<&[u8]>) {
        let text = charset::decode(bytes, charset);
        let fault = Cell::new(text.fault);
        let value = match charset {
            // The charset of percent-encoded bytes, where the encoding itself is ASCII.
            Some(_) if *text.text == *bytes => form::read_with(bytes, |value| {
                let decoded = charset::decode(&value, charset);
                fault.set(fault.get().or(decoded.fault));
                decoded.text.into_owned().into()
            }),
            _ => form::read(&text.text),
        };
        let value = value.into_value();
        self.resolvers = self.resolvers.take().or_else(|| resolvers_of_fields(&value));
        self.add("$form", value);
        if let Some(fault) = fault.get() {
            self.fails(fault);
            self.add_raw(bytes);
        } else if !is_form(&text.text) {
            self.add_raw(&text.text);
        }
        if !is_form(&text.text) {
            self.guess(&text.text, "$form");
        }
    }

    fn multipart(&mut self, bytes: &[u8], media: &Media) {
        let form = multipart::read(bytes, media);
        if let Some(fault) = form.fault {
            self.fails(fault);
        }
        if !form.fields.is_empty() {
            let value = form.fields.into_value();
            self.resolvers = self.resolvers.take().or_else(|| resolvers_of_fields(&value));
            self.add("$form", value);
        }
        self.filenames.extend(form.filenames);
        self.file_fields.extend(form.file_fields);
        self.contents.extend(form.contents);
        if !form.left.is_empty() {
            self.guess(&form.left, "$multipart");
            self.add_raw(&form.left);
        }
    }

    fn xml(&mut self, bytes: &[u8], charset: Option<&[u8]>) {
        let text = charset::decode_by_pattern(bytes, charset.or_else(|| xml::declared_charset(bytes)));
        let Reading { value, fault } = xml::read(&text.text);
        if !value.is_empty() {
            self.add("$xml", value);
        }
        if let Some(fault) = fault.or(text.fault) {
            self.fails(fault);
            self.add_text(bytes, &text);
            self.guess(&text.text, "$xml");
        }
    }

    fn graphql(&mut self, bytes: &[u8], charset: Option<&[u8]>) {
        let text = charset::decode(bytes, charset);
        self.resolvers = self.resolvers.take().or_else(|| graphql::resolvers(&text.text, None));
        self.text(bytes, &text);
    }

    /// Text, which may be of another format: browsers send what scripts want as plain text without asking.
    fn text(&mut self, bytes: &[u8], text: &Decoded<'_>) {
        self.add_raw(&text.text);
        if let Some(fault) = text.fault {
            self.fails(fault);
            self.add_raw(bytes);
        }
        self.guess(&text.text, "$raw");
    }

    /// Any other type: a text if it is one, and the content of a file if not.
    fn unknown(&mut self, bytes: &[u8], media: &Media) {
        let text = charset::decode_by_pattern(bytes, media.first("charset"));
        if is_text(&text.text) {
            return self.text(bytes, &text);
        }
        self.contents.push(bytes.into());
        if !is_file(&media.kind) {
            self.fails("its media type is not read");
        }
    }

    /// Reads a text as the format that it looks like, if that is not the one it was read as.
    fn guess(&mut self, text: &[u8], read_as: &'static str) {
        let text = text.trim_ascii_start();
        let (name, reading) = match text.first() {
            Some(b'{' | b'[' | b'"') if read_as != "$json" => ("$json", json::read(text)),
            Some(b'<') if read_as != "$xml" => ("$xml", xml::read(text)),
            Some(first) if read_as != "$form" && !b"{[<\"".contains(first) && looks_like_form(text) => {
                ("$form", Reading { value: form::read(text).into_value(), fault: None })
            }
            _ => return,
        };
        if self.values.iter().any(|(known, _)| *known == name) {
            return;
        }
        // Prose is no format; its text is judged anyway.
        let is_plain = reading.value.as_bytes().is_some_and(|value| value == text);
        if reading.fault.is_none() && !is_plain {
            self.resolvers_in(&reading.value);
            self.add(name, reading.value);
        }
    }

    /// The arguments in GraphQL documents of a JSON body: an operation, or an array of them.
    fn resolvers_in(&mut self, value: &Object) {
        let operations = value.as_array().unwrap_or(std::slice::from_ref(value));
        let read =
            |operation: &Object| graphql::resolvers(operation.get(b"query")?.as_bytes()?, operation.get(b"variables"));
        let mut found: Vec<Value> = operations.iter().filter_map(read).collect();
        let found = match found.len() {
            0 => return,
            1 => found.pop(),
            _ => Some(found.into_iter().collect()),
        };
        self.resolvers = self.resolvers.take().or(found);
    }

    fn add(&mut self, name: &'static str, value: Value) {
        self.values.push((name, value));
    }

    /// The text that a parser failed at: decoded, and as it came where the decoding is in doubt.
    fn add_text(&mut self, bytes: &[u8], text: &Decoded<'_>) {
        self.add_raw(&text.text);
        if text.fault.is_some() {
            self.add_raw(bytes);
        }
    }

    fn add_raw(&mut self, text: &[u8]) {
        if !text.is_empty() && self.raw.iter().all(|known| *known != text) {
            self.raw.push(text.to_vec());
        }
    }

    fn fails(&mut self, fault: &'static str) {
        self.fault.get_or_insert(fault);
    }

    fn into_addresses(mut self) -> Value {
        let mut addresses = Value::map();
        let is_present = |body: &Value| match body.view() {
            View::Invalid | View::Null | View::String(b"") => false,
            View::Array(_) | View::Map(_) => !body.is_empty(),
            _ => true,
        };
        if let Some(body) = self.body().filter(is_present) {
            addresses.insert("server.request.body", body);
        }
        for (address, values) in [
            ("server.request.body.filenames", self.filenames),
            ("server.request.body.files_field_names", self.file_fields),
            ("server.request.body.files_content", self.contents),
        ] {
            if !values.is_empty() {
                addresses.insert(address, values.into_iter().collect::<Value>());
            }
        }
        if let Some(resolvers) = self.resolvers {
            addresses.insert("graphql.server.all_resolvers", resolvers);
        }
        addresses
    }

    /// All readings as one value.
    fn body(&mut self) -> Option<Value> {
        let mut values = std::mem::take(&mut self.values);
        let mut raw: Vec<Value> = std::mem::take(&mut self.raw).iter().map(|text| Value::from(&text[..])).collect();
        match raw.len() {
            0 => {}
            1 => values.extend(raw.pop().map(|text| ("$raw", text))),
            _ => values.push(("$raw", raw.into_iter().collect())),
        }
        if values.len() < 2 {
            return values.pop().map(|(_, value)| value);
        }
        let mut values = values.into_iter();
        let mut body = match values.next()? {
            (_, value) if value.is_map() => value,
            (name, value) => Value::from_entries([(name, value)]),
        };
        values.for_each(|(name, value)| body.insert(name, value));
        Some(body)
    }
}

/// Whether a text is a form and looks like nothing else.
fn is_form(text: &[u8]) -> bool {
    let first = text.trim_ascii_start().first();
    text.contains(&b'=') && !first.is_some_and(|first| b"{[<".contains(first))
}

/// Whether a text of another type may be meant as a form: one line, with a name before the first `=`.
fn looks_like_form(text: &[u8]) -> bool {
    let name = memchr::memchr(b'=', text).map_or(&b""[..], |at| &text[..at]);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]%$+&".contains(byte);
    !name.is_empty() && name.iter().all(is_name) && !text.trim_ascii_end().contains(&b'\n')
}

/// Whether bytes are a text: UTF-8 without the control characters that texts do not have.
fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < b' ' && !b"\t\r\n\x0c\x1e\0".contains(byte);
    std::str::from_utf8(bytes).is_ok() && !bytes.iter().any(is_control)
}

/// Whether a media type is one of files that are no text.
fn is_file(kind: &str) -> bool {
    let (main, subtype) = kind.split_once('/').unwrap_or((kind, ""));
    match main {
        "image" | "audio" | "video" | "font" | "model" => true,
        "application" => {
            ["octet-stream", "pdf", "zip", "gzip", "x-tar", "x-gzip", "wasm"].contains(&subtype)
                || subtype.starts_with("vnd.")
        }
        _ => false,
    }
}
