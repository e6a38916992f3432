//! The context of each part of a page, which decides what may be written there.
//!
//! The login that a page shows is chosen by whoever logs in. Escaped, it is harmless as text; within a tag, an
//! attribute, a script or a style sheet no escaping is always right, so it is never written there. The tokenization is
//! that of browsers as far as it distinguishes these contexts.

use super::words::{ECHO, GAP};
use std::ops::Range;

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Markup,
    Json,
    Plain,
}

impl Media {
    /// The format of a media type; `None` for those that login failures do not have.
    pub(super) fn of(content_type: &str) -> Option<Self> {
        let name = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match name.as_str() {
            "text/plain" => Some(Self::Plain),
            "" | "text/html" | "application/xml" | "text/xml" => Some(Self::Markup),
            json if json.ends_with("/json") || json.ends_with("+json") => Some(Self::Json),
            xml if xml.ends_with("+xml") => Some(Self::Markup),
            _ => None,
        }
    }
}

/// The context of a part of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Visible text.
    Text,
    /// The inside of a tag, except for attribute values.
    Tag,
    /// The value of an attribute.
    Value {
        /// Whether it is quoted.
        quoted: bool,
    },
    /// Scripts, style sheets, comments and declarations.
    Hidden,
    /// The inside of a string in JSON.
    String,
    /// Everything between strings in JSON.
    Bare,
}

impl Place {
    /// Whether people see it.
    pub(super) fn is_visible(self) -> bool {
        matches!(self, Self::Text | Self::String | Self::Bare)
    }
}

/// Elements whose content browsers do not parse as markup and do not show as text.
const HIDDEN: [&str; 8] = ["script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"];
/// Elements that contain only text.
const TEXT_ONLY: [&str; 2] = ["title", "textarea"];

/// The parts of a text in order, without gaps.
pub(super) fn places(text: &str, media: Media) -> Vec<(Place, Range<usize>)> {
    let mut pieces = Pieces { text, at: 0, pieces: Vec::new() };
    match media {
        Media::Plain => pieces.until(text.len(), Place::Text),
        Media::Json => pieces.json(),
        Media::Markup => pieces.markup(),
    }
    pieces.pieces
}

struct Pieces<'a> {
    text: &'a str,
    at: usize,
    pieces: Vec<(Place, Range<usize>)>,
}

impl<'a> Pieces<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Ends a part of this context here.
    fn until(&mut self, end: usize, place: Place) {
        if end > self.at {
            self.pieces.push((place, self.at..end));
            self.at = end;
        }
    }

    /// Ends a part before what is found, or at the end of the text.
    fn to(&mut self, found: Option<usize>, place: Place) {
        self.until(found.map_or(self.text.len(), |offset| self.at + offset), place);
    }

    fn json(&mut self) {
        let mut closing = 0; // the quote that ends the string before
        while self.at < self.text.len() {
            let opening = self.rest()[closing..].find('"').map(|at| closing + at + 1);
            self.to(opening, Place::Bare);
            let mut escaped = false;
            let end = self.rest().bytes().position(|byte| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            });
            self.to(end, Place::String);
            closing = 1;
        }
    }

    fn markup(&mut self) {
        while self.at < self.text.len() {
            // A mark may stand for a letter.
            let begins_markup = |(at, _): &(usize, &str)| {
                let next = self.rest()[at + 1..].chars().next();
                next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?' | ECHO | GAP))
            };
            let start = self.rest().match_indices('<').find(begins_markup).map(|(at, _)| at);
            self.to(start, Place::Text);
            let rest = self.rest();
            if rest.starts_with("<!--") {
                self.to(rest.find("-->").map(|at| at + 3), Place::Hidden);
            } else if rest.starts_with("<![CDATA[") {
                self.to(rest.find("]]>").map(|at| at + 3), Place::Hidden);
            } else if rest.starts_with("<!") || rest.starts_with("<?") {
                self.to(rest.find('>').map(|at| at + 1), Place::Hidden);
            } else if !rest.is_empty() {
                self.element();
            }
        }
    }

    /// A tag, and the content of elements that are not parsed as markup.
    fn element(&mut self) {
        let rest = self.rest();
        let name_end = rest
            .find(|character: char| character.is_ascii_whitespace() || matches!(character, '>'))
            .unwrap_or(rest.len());
        let name = rest[1..name_end].trim_end_matches('/').to_ascii_lowercase();
        self.until(self.at + name_end, Place::Tag);
        self.attributes();
        let content = if HIDDEN.contains(&name.as_str()) {
            Place::Hidden
        } else if TEXT_ONLY.contains(&name.as_str()) {
            Place::Text
        } else {
            return;
        };
        let end = end_tag(self.rest(), &name);
        self.to(end, content);
    }

    /// The rest of a tag after its name.
    fn attributes(&mut self) {
        while let Some(next) = self.rest().find(['=', '>']) {
            let ends = self.rest()[next..].starts_with('>');
            self.until(self.at + next + 1, Place::Tag);
            if ends {
                return;
            }
            let blank = self.rest().find(|character: char| !character.is_ascii_whitespace());
            self.to(blank, Place::Tag);
            match self.rest().chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    self.until(self.at + 1, Place::Tag);
                    self.to(self.rest().find(quote), Place::Value { quoted: true });
                    self.until(self.text.len().min(self.at + 1), Place::Tag);
                }
                _ => {
                    let end = self.rest().find(|character: char| character.is_ascii_whitespace() || character == '>');
                    self.to(end, Place::Value { quoted: false });
                }
            }
        }
        self.until(self.text.len(), Place::Tag);
    }
}

/// The start of an element's end tag.
fn end_tag(text: &str, name: &str) -> Option<usize> {
    let ends = |(at, _): &(usize, &str)| {
        let bytes = &text.as_bytes()[at + 2..];
        bytes.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
            && bytes.get(name.len()).is_none_or(|next| next.is_ascii_whitespace() || matches!(next, b'>' | b'/'))
    };
    text.match_indices("</").find(ends).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts as text, each after a letter for its context.
    fn shown(text: &str, media: Media) -> String {
        let mut end = 0;
        let pieces = places(text, media).into_iter().map(|(place, range)| {
            assert_eq!(range.start, end, "{text}");
            end = range.end;
            let sign = match place {
                Place::Text => 't',
                Place::Tag => '<',
                Place::Value { quoted: true } => 'q',
                Place::Value { quoted: false } => 'u',
                Place::Hidden => 'h',
                Place::String => 's',
                Place::Bare => 'b',
            };
            format!("{sign}[{}]", &text[range])
        });
        let pieces: String = pieces.collect();
        assert_eq!(end, text.len(), "{text}");
        pieces
    }

    #[test]
    fn markup() {
        for (text, expected) in [
            ("", ""),
            ("a < b", "t[a < b]"),
            ("<p>a</p>b", "<[<p]<[>]t[a]<[</p]<[>]t[b]"),
            ("<p", "<[<p]"),
            (
                "<a b c=d e='f>\"' g = \"h\">i",
                "<[<a]<[ b c=]u[d]<[ e=]<[']q[f>\"]<[']<[ g =]<[ ]<[\"]q[h]<[\"]<[>]t[i]",
            ),
            ("<a b=\"c", "<[<a]<[ b=]<[\"]q[c]"),
            ("<script>a<b>\"</b></SCRIPT >c", "<[<script]<[>]h[a<b>\"</b>]<[</SCRIPT]<[ >]t[c]"),
            ("<style>a", "<[<style]<[>]h[a]"),
            ("<title><b a=\"></title>c", "<[<title]<[>]t[<b a=\">]<[</title]<[>]t[c]"),
            ("<!-- <p> -->a<!doctype x>b<?c?>", "h[<!-- <p> -->]t[a]h[<!doctype x>]t[b]h[<?c?>]"),
            ("<![CDATA[ <p> ]]>a", "h[<![CDATA[ <p> ]]>]t[a]"),
            ("a<\u{e000} b>", "t[a]<[<\u{e000}]<[ b>]"),
            ("1 <2 <é a=\"", "t[1 <2 <é a=\"]"),
        ] {
            assert_eq!(shown(text, Media::Markup), expected, "{text}");
        }
    }

    #[test]
    fn json_and_plain_text() {
        assert_eq!(shown(r#"{"a\"b": 1, "c": "d\\"}"#, Media::Json), r#"b[{"]s[a\"b]b[": 1, "]s[c]b[": "]s[d\\]b["}]"#);
        assert_eq!(shown(r#""a"#, Media::Json), r#"b["]s[a]"#);
        assert_eq!(shown("<p>", Media::Plain), "t[<p>]");
    }

    #[test]
    fn media_types() {
        for (text, media) in [
            ("text/html; charset=utf-8", Some(Media::Markup)),
            ("", Some(Media::Markup)),
            ("application/problem+JSON", Some(Media::Json)),
            ("application/xhtml+xml", Some(Media::Markup)),
            ("TEXT/Plain", Some(Media::Plain)),
            ("application/javascript", None),
            ("text/css", None),
        ] {
            assert_eq!(Media::of(text), media, "{text}");
        }
    }

    /// Many unclosed constructs of every kind.
    #[test]
    fn long_texts_take_no_quadratic_time() {
        for unit in
            ["<", "<a ", "<a b=", "<a b=\"", "<!--", "<title>", "</title", "\"", "\\", "<script></scripts", "</"]
        {
            for media in [Media::Markup, Media::Json] {
                places(&unit.repeat(100_000), media);
            }
        }
    }
}
