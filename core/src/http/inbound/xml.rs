//! XML as nested maps.
//!
//! An element is a map of its attributes (`@name`), its children (`name`) and its text (`#text`); with text only, it is
//! that text. Names that repeat have lists. The text of an element runs on across comments, sections and references, as
//! the application sees it. No entity but the five of XML is expanded: `&file;` stays, and the document type with its
//! declarations is a text beside the root (`!DOCTYPE`), as are processing instructions (`?name`) and comments
//! (`#comment`).
//!
//! `quick-xml` splits the text into tags; mistakes do not stop it here as long as there is more to be read.

use super::Reading;
use super::fields::Fields;
use crate::value::Value;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;

/// The deepest level of elements that are maps; what lies below belongs to the element at that level.
const DEEPEST: usize = 64;

/// Reads a document in UTF-8.
pub fn read(text: &[u8]) -> Reading {
    let (text, malformed) = match std::str::from_utf8(text) {
        Ok(text) => (Cow::Borrowed(text), None),
        Err(_) => (String::from_utf8_lossy(text), Some("it is not UTF-8")),
    };
    let mut document = Document { open: vec![Element::default()], below: Vec::new(), fault: malformed };
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    (config.allow_unmatched_ends, config.check_end_names, config.allow_dangling_amp) = (true, false, true);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => document.take(event),
            Err(_) => {
                document.fault.get_or_insert("it is not well-formed");
                break;
            }
        }
    }
    document.finish()
}

#[derive(Default)]
struct Element {
    name: String,
    fields: Fields<'static>,
    text: String,
}

struct Document {
    /// The root of the document, and the elements that are open.
    open: Vec<Element>,
    /// The names of the open elements below the deepest level.
    below: Vec<String>,
    fault: Option<&'static str>,
}

impl Document {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::Empty(tag) => {
                self.start(&tag);
                self.end(None);
            }
            Event::End(tag) => self.end(Some(tag.name().as_ref())),
            Event::Text(text) => self.text(&text),
            Event::CData(text) => self.text(&text),
            Event::GeneralRef(reference) => self.text(&unescape(&format!("&{};", &*reference))),
            Event::Comment(text) => self.add("#comment", &*text),
            Event::DocType(text) => self.add("!DOCTYPE", format!("<!DOCTYPE {}>", &*text)),
            Event::PI(text) => {
                let name = text.split_ascii_whitespace().next().unwrap_or_default();
                self.add(format!("?{name}"), format!("<?{}?>", &*text));
            }
            Event::Decl(text) if is_plain(&text) => {}
            Event::Decl(text) => self.add("?xml", format!("<?{}?>", &*text)),
            Event::Eof => {}
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) {
        self.leave_text();
        let name = tag.name().as_ref().to_string();
        if self.open.len() <= DEEPEST {
            self.open.push(Element { name, ..Element::default() });
        } else {
            self.below.push(name);
        }
        let mut attributes = tag.attributes();
        for attribute in attributes.with_checks(false) {
            match attribute {
                Ok(attribute) => {
                    let name = format!("@{}", attribute.key.as_ref());
                    self.add(name, &*unescape(&attribute.value));
                }
                Err(_) => {
                    self.fault.get_or_insert("an attribute is not well-formed");
                    self.add("@", tag.attributes_raw());
                    break;
                }
            }
        }
    }

    /// Ends the innermost element, whatever its name.
    fn end(&mut self, name: Option<&str>) {
        let below = self.below.pop();
        let open = below.as_deref().or(self.open.last().map(|element| &*element.name));
        if name.is_some_and(|name| open != Some(name)) {
            self.fault.get_or_insert("an end of another element");
        }
        match below {
            Some(_) => self.leave_text(),
            // The root is not an element.
            None if self.open.len() > 1 => self.close(),
            None => {}
        }
    }

    fn close(&mut self) {
        let Some(mut element) = self.open.pop() else { return };
        let name = std::mem::take(&mut element.name);
        let value = match element.fields.is_empty() {
            true => Value::from(element.text),
            false => element.into_value(),
        };
        self.add(name, value);
    }

    fn text(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    /// Text before a child is a value of its own, unless it is only white space.
    fn leave_text(&mut self) {
        if let Some(element) = self.open.last_mut() {
            element.leave_text();
        }
    }

    fn add(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        if let Some(element) = self.open.last_mut() {
            element.fields.add(name.into().into_bytes(), value);
        }
    }

    fn finish(mut self) -> Reading {
        if self.open.len() > 1 {
            self.fault.get_or_insert("it has no end");
        }
        while self.open.len() > 1 {
            self.close();
        }
        let root = self.open.pop().unwrap_or_default();
        if !root.text.trim().is_empty() {
            self.fault.get_or_insert("text outside of the root");
        }
        Reading { value: root.into_value(), fault: self.fault }
    }
}

impl Element {
    fn leave_text(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            self.fields.add(&b"#text"[..], text);
        }
    }

    fn into_value(mut self) -> Value {
        self.leave_text();
        self.fields.into_value()
    }
}

/// Whether a declaration says nothing but version, encoding and the like.
fn is_plain(declaration: &str) -> bool {
    let known = ["xml", "version=", "encoding=", "standalone="];
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"=\"'._-".contains(&byte);
    let mut words = declaration.split_ascii_whitespace();
    words.all(|word| known.iter().any(|start| word.starts_with(start)) && word.bytes().all(is_plain))
}

/// The charset that the declaration of a document names.
pub fn declared_charset(document: &[u8]) -> Option<&[u8]> {
    const FARTHEST: usize = 256;
    let start = document.trim_ascii_start().strip_prefix(b"<?xml")?;
    let start = &start[..start.len().min(FARTHEST)];
    let declaration = &start[..memchr::memchr(b'>', start)?];
    let value = &declaration[memchr::memmem::find(declaration, b"encoding")? + b"encoding".len()..];
    let value = value.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first()?;
    Some(&value[..memchr::memchr(*quote, value)?])
}

/// Replaces references to characters and to the five entities of XML; others stay.
fn unescape(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else { return Cow::Borrowed(text) };
    let mut plain = text[..first].to_string();
    let mut rest = &text[first..];
    while let Some(after) = rest.strip_prefix('&') {
        let end = after.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((meaning(&after[..end])?, end + 1))) {
            Some((character, length)) => {
                plain.push(character);
                rest = &after[length..];
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
        let next = rest.find('&').unwrap_or(rest.len());
        plain.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Cow::Owned(plain)
}

fn meaning(reference: &str) -> Option<char> {
    Some(match reference {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = reference.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(document: &str) -> (String, bool) {
        read(document.as_bytes()).shown()
    }

    #[test]
    fn well_formed_documents() {
        for (document, expected) in [
            ("<a/>", r#"{"a":""}"#),
            ("<?xml version=\"1.0\" encoding='UTF-8'?>\n<a>x</a>\n", r#"{"a":"x"}"#),
            (
                "<a b=\"1\" c='&lt;2'>x<d>y</d> <d/>z</a>",
                r##"{"a":{"@b":"1","@c":"<2","#text":["x","z"],"d":["y",""]}}"##,
            ),
            ("<a>s<![CDATA[<c>]]>r<!-- no -->i&#112;&#x74;</a>", r##"{"a":{"#comment":" no ","#text":"s<c>ript"}}"##),
            (
                "<!DOCTYPE a [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><a>&f;&amp;</a>",
                r#"{"!DOCTYPE":"<!DOCTYPE a [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>","a":"&f;&"}"#,
            ),
            ("<?php echo 1 ?><a/>", r#"{"?php":"<?php echo 1 ?>","a":""}"#),
            ("<s:E xmlns:s=\"u\"><s:B>1</s:B></s:E>", r#"{"s:E":{"@xmlns:s":"u","s:B":"1"}}"#),
        ] {
            assert_eq!(text(document), (expected.into(), true), "{document}");
        }
    }

    #[test]
    fn mistakes_keep_what_was_read() {
        for (document, expected) in [
            ("<a><b>x", r#"{"a":{"b":"x"}}"#),
            ("<a>x</b>", r#"{"a":"x"}"#),
            ("</a>x", r##"{"#text":"x"}"##),
            ("<a b=c d>x</a>", r##"{"a":{"@":" b=c d","#text":"x"}}"##),
            ("x<a/>y", r##"{"#text":["x","y"],"a":""}"##),
            ("<a>x<", r#"{"a":"x"}"#),
        ] {
            let (read, valid) = text(document);
            assert_eq!((read.as_str(), valid && !document.starts_with("x<a/>")), (expected, false), "{document}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "<a x='1'>".repeat(100_000) + "deep";
        let (read, valid) = text(&deep);
        assert!(!valid && read.contains("deep"));
        for piece in
            ["<", "<a ", "<!", "<!--", "<![CDATA[", "&", "&#", "<a b='", "</a>", "<!DOCTYPE [", "<?", "<a b='1' "]
        {
            read_all(piece);
        }
    }

    fn read_all(piece: &str) {
        read(piece.repeat(100_000).as_bytes());
        read(format!("<a>{}", piece.repeat(100_000)).as_bytes());
    }
}
