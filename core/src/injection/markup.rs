//! Whether a value would become elements of the page that shows it.
//!
//! The value is read as an HTML parser reads it: tags, attributes and their values, unclosed quotes and tags as well, as
//! browsers repair these. Two questions are asked. Does an element or attribute *run* something? And is the value markup
//! at all, where a name, a number or a sentence was expected?
//!
//! Articles, mails and documentation hold markup on purpose. So only *tight* values count: short ones in which at most a
//! break-out comes before the first tag. Of these, elements that editors of text produce (headings, links, lists, images)
//! count only where the caller asks for [any element](Elements::Any), because the place takes no text at all.

use crate::support::{Deadline, Stride};

/// The longest value that is judged, in bytes. What is longer is a text.
const LONGEST: usize = 600;

/// How much may come before the first tag, in bytes.
const BREAK_OUT: usize = 24;

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 512;

/// Which elements count when nothing in the value runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elements {
    /// Those that no editor of texts produces: forms, frames, parts of the document, plug-ins.
    Foreign,
    /// Any with an attribute, a second tag or an end.
    Any,
}

/// Whether a value becomes elements of a page.
pub fn adds_markup(text: &[u8], elements: Elements, deadline: &mut Deadline) -> bool {
    let text = text.trim_ascii();
    if text.len() > LONGEST || Stride::new(deadline, UNITS).is_over(text.len()) {
        return false;
    }
    let mut tags = Tags { text, at: 0 };
    let Some((first, start)) = tags.next() else { return false };
    if start > BREAK_OUT || text[..start].iter().any(u8::is_ascii_whitespace) {
        return false;
    }
    let open = text[tags.at..].len();
    let second = tags.next();
    // `<div> vs <span>` compares two; an end, or a tag directly behind the first, is markup.
    let nested = second.as_ref().is_some_and(|(tag, at)| tag.kind == Kind::End || text.len() - at == open);
    let closes = first.kind == Kind::End && start <= 4;
    let plain = elements == Elements::Any && (first.attributes || closes || nested);
    first.runs
        || matches!(first.kind, Kind::Foreign | Kind::Declaration)
        || plain && matches!(first.kind, Kind::Plain | Kind::End | Kind::Comment)
        || second.into_iter().chain(tags).any(|(tag, _)| tag.runs)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Foreign,
    Plain,
    End,
    Comment,
    /// `<!ENTITY`, `<?import`: what is no comment.
    Declaration,
    /// A name of no known element: `<path>` in a usage text.
    Unknown,
}

struct Tag {
    kind: Kind,
    attributes: bool,
    runs: bool,
}

/// The tags of a text, each with where it begins.
struct Tags<'t> {
    text: &'t [u8],
    at: usize,
}

impl Iterator for Tags<'_> {
    type Item = (Tag, usize);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at + memchr::memchr(b'<', &self.text[self.at..])?;
            self.at = start + 1;
            if let Some((tag, length)) = read(&self.text[start..]) {
                self.at = start + length;
                return Some((tag, start));
            }
        }
    }
}

/// The tag at the start of a text, and its length.
fn read(text: &[u8]) -> Option<(Tag, usize)> {
    let tag = |kind| Tag { kind, attributes: false, runs: false };
    match text {
        [b'<', b'!', b'-', b'-', rest @ ..] => {
            let end = memchr::memmem::find(rest, b"-->").map_or(text.len(), |end| end + 7);
            Some((tag(Kind::Comment), end))
        }
        [b'<', b'!' | b'?', letter, ..] if letter.is_ascii_alphabetic() || *letter == b'[' => {
            let end = memchr::memchr(b'>', text).map_or(text.len(), |end| end + 1);
            // What XML begins with is no element, and honest documents begin with it too.
            let harmless = [&b"?xml"[..], b"!doctype html"];
            let kind =
                if harmless.iter().any(|name| begins(&text[1..], name)) { Kind::Unknown } else { Kind::Declaration };
            Some((tag(kind), end))
        }
        [b'<', b'/', letter, ..] if letter.is_ascii_alphabetic() => {
            let end = memchr::memchr(b'>', text).map_or(text.len(), |end| end + 1);
            let kind = if kind_of(name(&text[2..])) == Kind::Unknown { Kind::Unknown } else { Kind::End };
            Some((tag(kind), end))
        }
        [b'<', letter, ..] if letter.is_ascii_alphabetic() => {
            let name = name(&text[1..]);
            let mut tag = tag(kind_of(name));
            tag.runs = name.eq_ignore_ascii_case(b"script");
            let end = 1 + name.len() + attributes(&text[1 + name.len()..], &mut tag);
            Some((tag, end))
        }
        _ => None,
    }
}

fn name(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b':'));
    &text[..end.unwrap_or(text.len())]
}

/// Reads attributes up to the end of a tag; the length.
fn attributes(text: &[u8], tag: &mut Tag) -> usize {
    let ends = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'=' | 0x0B);
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'>' => return at + 1,
            byte if ends(byte) => {
                at += 1;
                continue;
            }
            _ => {}
        }
        let name = &text[at..at + text[at..].iter().position(|&byte| ends(byte)).unwrap_or(text.len() - at)];
        at += name.len();
        let blanks = text[at..].iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0B).count();
        if text.get(at + blanks) != Some(&b'=') {
            continue;
        }
        at += blanks + 1;
        at += text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let value = match text.get(at) {
            Some(&quote @ (b'"' | b'\'' | b'`')) => {
                let end = memchr::memchr(quote, &text[at + 1..]).unwrap_or(text.len() - at - 1);
                let value = &text[at + 1..at + 1 + end];
                at = (at + end + 2).min(text.len());
                value
            }
            _ => {
                let end = text[at..].iter().position(|&byte| byte.is_ascii_whitespace() || byte == b'>');
                let value = &text[at..at + end.unwrap_or(text.len() - at)];
                at += value.len();
                value
            }
        };
        tag.attributes = true;
        tag.runs |= runs(name, value);
    }
    text.len()
}

/// Whether an attribute runs something.
fn runs(name: &[u8], value: &[u8]) -> bool {
    let is_handler = name.len() >= 5
        && name[..2].eq_ignore_ascii_case(b"on")
        && name[2..].iter().all(u8::is_ascii_alphabetic)
        && !value.is_empty();
    let any = |names: &[&[u8]]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
    is_handler
        || any(&[b"srcdoc", b"http-equiv", b"formaction"])
        || is_script_address(value)
        || any(&[b"style"])
            && [&b"expression("[..], b"behavior:", b"-moz-binding", b"javascript:"].iter().any(|one| holds(value, one))
}

/// An address whose scheme runs script. Browsers leave out blanks and control characters in a scheme.
fn is_script_address(value: &[u8]) -> bool {
    let mut scheme = [0; 16];
    let letters = value.iter().filter(|&&byte| byte > b' ');
    let length = scheme.iter_mut().zip(letters).map(|(to, from)| *to = from.to_ascii_lowercase()).count();
    let schemes = [
        &b"javascript:"[..],
        b"vbscript:",
        b"livescript:",
        b"mocha:",
        b"data:text/html",
        b"data:image/svg+",
        b"data:text/xml",
    ];
    schemes.iter().any(|one| scheme[..length].starts_with(one))
}

/// What an element is, by its name.
fn kind_of(name: &[u8]) -> Kind {
    const FOREIGN: [&[u8]; 57] = [
        b"animate",
        b"animatemotion",
        b"animatetransform",
        b"applet",
        b"base",
        b"basefont",
        b"bgsound",
        b"body",
        b"button",
        b"datalist",
        b"embed",
        b"feimage",
        b"fieldset",
        b"foreignobject",
        b"form",
        b"frame",
        b"frameset",
        b"handler",
        b"head",
        b"html",
        b"ilayer",
        b"import",
        b"input",
        b"isindex",
        b"keygen",
        b"layer",
        b"legend",
        b"link",
        b"listing",
        b"marquee",
        b"math",
        b"meta",
        b"multicol",
        b"nobr",
        b"noembed",
        b"noframes",
        b"noscript",
        b"object",
        b"optgroup",
        b"option",
        b"param",
        b"plaintext",
        b"portal",
        b"script",
        b"select",
        b"set",
        b"slot",
        b"spacer",
        b"style",
        b"stylesheet",
        b"template",
        b"textarea",
        b"title",
        b"use",
        b"xml",
        b"xmp",
        b"xss",
    ];
    const PLAIN: [&[u8]; 57] = [
        b"a",
        b"abbr",
        b"address",
        b"article",
        b"aside",
        b"audio",
        b"b",
        b"big",
        b"blockquote",
        b"br",
        b"canvas",
        b"center",
        b"circle",
        b"cite",
        b"code",
        b"dd",
        b"del",
        b"details",
        b"div",
        b"dl",
        b"dt",
        b"em",
        b"figure",
        b"font",
        b"footer",
        b"h1",
        b"h2",
        b"h3",
        b"h4",
        b"header",
        b"hr",
        b"iframe",
        b"i",
        b"image",
        b"img",
        b"label",
        b"li",
        b"main",
        b"nav",
        b"ol",
        b"p",
        b"pre",
        b"rect",
        b"s",
        b"section",
        b"small",
        b"source",
        b"span",
        b"strong",
        b"svg",
        b"table",
        b"tbody",
        b"td",
        b"tr",
        b"u",
        b"ul",
        b"video",
    ];
    let one_of = |names: &[&[u8]]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
    match memchr::memchr(b':', name) {
        Some(_) => Kind::Plain,
        None if one_of(&FOREIGN) => Kind::Foreign,
        None if one_of(&PLAIN) => Kind::Plain,
        None => Kind::Unknown,
    }
}

fn begins(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adds(text: &str, elements: Elements) -> bool {
        adds_markup(text.as_bytes(), elements, &mut Deadline::unlimited())
    }

    #[test]
    fn finds_elements_that_run_or_that_no_editor_makes() {
        for text in [
            "<img src=x onerror=alert(1)>",
            "\"><svg/onload=alert(1)>",
            "<a href=\"java\tscript:alert(1)\">x</a>",
            "<p>x</p><iframe srcdoc='<b>'>",
            "<form action=//203.0.113.5><input name=password>",
            "<textarea>",
            "<base href=//0>",
            "x'><input type=text",
            "<!ENTITY % a SYSTEM 'x'>",
            "<div style='x:expression(alert(1))'>",
        ] {
            assert!(adds(text, Elements::Foreign), "{text}");
        }
    }

    #[test]
    fn any_element_counts_where_no_text_belongs() {
        for text in
            ["<a href='http://x.example'>X</a>", "<div id=1><!-- x -->", "</div>", "<h1>x</h1>", "<!-- a --><p>"]
        {
            assert!(adds(text, Elements::Any) && !adds(text, Elements::Foreign), "{text}");
        }
    }

    #[test]
    fn leaves_texts_and_comparisons() {
        let article = format!("<p>{}</p><form>", "word ".repeat(200));
        for text in [
            "a < b and c > d",
            "what does <form> do?",
            "<b>",
            "<name> <surname>",
            "use <script> at the end of the body",
            "I <3 you",
            "x<y>z",
            "<div> vs <span>",
            "<?xml version='1.0'?>",
            article.as_str(),
        ] {
            assert!(!adds(text, Elements::Any), "{text}");
        }
    }

    #[test]
    fn reads_whatever_comes() {
        for piece in
            ["<a b='", "<a b=`c", "<!--", "<!", "</", "<a ='", "<", "a=b ", "<a\0b", "<?x", "<a/b/c=", "='>'\""]
        {
            for times in [1, 2, 7, 60] {
                adds(&piece.repeat(times), Elements::Any);
            }
        }
    }
}
