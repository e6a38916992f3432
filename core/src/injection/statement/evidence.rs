//! Whether what was read was written to change a statement, rather than being able to by accident.

use super::reader::Reader;

/// Where the value is thought to stand.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The quote it broke out of.
    pub(super) quote: Option<u8>,
    /// Whether no more than one word comes before the break-out.
    pub(super) bare: bool,
    pub(super) short: bool,
}

/// What was seen on the way.
#[derive(Default, Clone, Copy)]
pub(super) struct Evidence {
    /// Operators, whatever they are.
    pub(super) operators: u32,
    pub(super) connective: bool,
    /// A comparison behind a connective.
    pub(super) compared: bool,
    pub(super) comparisons: u32,
    /// Operands behind the connective that are names rather than literals.
    pub(super) names: u32,
    pub(super) literals: u32,
    /// A call of a function.
    pub(super) call: bool,
    /// A call of a function that is telling by itself.
    pub(super) telling: bool,
    pub(super) sorted: bool,
    /// Whether there was an operand or a bracket to go on from.
    pub(super) began: bool,
    pub(super) clause: bool,
}

impl<'t> Reader<'t> {
    /// A comment was read.
    pub(super) fn hidden_rest(&self) -> bool {
        let seen = &self.seen;
        if self.place.quote.is_none() {
            return (seen.connective
                && (seen.compared || seen.call)
                && (seen.names == 0 || seen.telling || self.place.bare))
                || (seen.telling && seen.operators > 0 && self.place.bare)
                || (seen.connective
                    && seen.literals > u32::from(seen.began)
                    && seen.names == 0
                    && self.place.bare
                    && self.hides_nothing())
                || (seen.sorted && self.place.bare && seen.literals > 0 && seen.names == 0);
        }
        if seen.operators == 0 && !seen.sorted {
            return self.place.bare && self.hides();
        }
        self.place.bare || (seen.connective && (seen.compared || seen.telling))
    }

    /// Whether the comment says nothing.
    fn hides_nothing(&self) -> bool {
        matches!(self.comment().trim_ascii(), b"--" | b"#" | b"/*" | b"-- -")
    }

    /// Whether a comment that comes at once hides a statement, rather than being a sign in a text.
    pub(super) fn hides(&self) -> bool {
        let text = self.comment();
        let rest = text.strip_prefix(b"--").or(text.strip_prefix(b"#")).or(text.strip_prefix(b"/*")).unwrap_or(text);
        let blank = rest.iter().all(|byte| byte.is_ascii_whitespace() || matches!(byte, b'-' | b'+'));
        blank || (!text.starts_with(b"#") && rest.len() <= 24 && memchr::memchr3(b'\'', b'"', b'`', rest).is_none())
    }

    /// The comment that was read last; it reaches to the end of the text.
    fn comment(&self) -> &'t [u8] {
        let text = self.lexer.read();
        let from = [&b"--"[..], b"#", b"/*"].iter().filter_map(|mark| memchr::memmem::rfind(text, mark)).min();
        from.map_or(b"", |from| &text[from..])
    }

    /// The value ends behind an operand.
    pub(super) fn end(&self) -> bool {
        let seen = &self.seen;
        let literals_only = seen.names == 0;
        if self.place.quote.is_some() {
            // The statement's own quote would follow, so this does not work here; but it was meant to, elsewhere.
            return self.place.bare
                && (seen.connective && seen.compared && literals_only && seen.literals > 1
                    || seen.telling && seen.call && seen.names <= 1);
        }
        let compared = seen.connective && seen.compared;
        (seen.connective && seen.telling)
            || (compared && literals_only && seen.literals > 1)
            || (compared && self.place.bare && seen.began && seen.names == 1 && seen.literals > 0)
            || (seen.telling && seen.operators > 0 && self.place.bare && seen.call)
            || (seen.sorted && self.place.bare && literals_only && seen.literals > 0)
    }

    /// The value ends in a string that the statement's own quote closes.
    pub(super) fn end_in_string(&self) -> bool {
        let seen = &self.seen;
        (seen.connective && (seen.compared || seen.telling))
            || (seen.telling && seen.operators > 0)
            || (self.place.bare && seen.operators > 0 && seen.call)
            || (self.place.short && self.place.bare && seen.operators > 0 && seen.names == 0)
    }
}
