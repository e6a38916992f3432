//! Whether what was read was written to change a statement, rather than being able to by accident.

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
}

impl Evidence {
    /// A comment was read.
    pub(super) fn hidden_rest(&self, place: Place, comment: &[u8]) -> bool {
        if place.quote.is_none() {
            return (self.connective
                && (self.compared || self.call)
                && (self.names == 0 || self.telling || place.bare))
                || (self.telling && self.operators > 0 && place.bare)
                || (self.connective
                    && self.literals > u32::from(self.began)
                    && self.names == 0
                    && place.bare
                    && hides_nothing(comment))
                || (self.sorted && place.bare && self.literals > 0 && self.names == 0);
        }
        if self.operators == 0 && !self.sorted {
            return place.bare && hides(comment);
        }
        place.bare || (self.connective && (self.compared || self.telling))
    }

    /// The value ends behind an operand.
    pub(super) fn end(&self, place: Place) -> bool {
        let literals_only = self.names == 0;
        if place.quote.is_some() {
            // The statement's own quote would follow, so this does not work here; but it was meant to, elsewhere.
            return place.bare
                && (self.connective && self.compared && literals_only && self.literals > 1
                    || self.telling && self.call && self.names <= 1);
        }
        let compared = self.connective && self.compared;
        (self.connective && self.telling)
            || (compared && literals_only && self.literals > 1)
            || (compared && place.bare && self.began && self.names == 1 && self.literals > 0)
            || (self.telling && self.operators > 0 && place.bare && self.call)
            || (self.sorted && place.bare && literals_only && self.literals > 0)
    }

    /// The value ends in a string that the statement's own quote closes.
    pub(super) fn end_in_string(&self, place: Place) -> bool {
        (self.connective && (self.compared || self.telling))
            || (self.telling && self.operators > 0)
            || (place.bare && self.operators > 0 && self.call)
            || (place.short && place.bare && self.operators > 0 && self.names == 0)
    }
}

/// Whether a comment says nothing.
fn hides_nothing(comment: &[u8]) -> bool {
    matches!(comment.trim_ascii(), b"--" | b"#" | b"/*" | b"-- -")
}

/// Whether a comment that comes at once hides a statement, rather than being a sign in a text.
pub(super) fn hides(comment: &[u8]) -> bool {
    let marks = [&b"--"[..], b"#", b"/*"];
    let rest = marks.iter().find_map(|mark| comment.strip_prefix(*mark)).unwrap_or(comment);
    let blank = rest.iter().all(|byte| byte.is_ascii_whitespace() || matches!(byte, b'-' | b'+'));
    blank || (!comment.starts_with(b"#") && rest.len() <= 24 && memchr::memchr3(b'\'', b'"', b'`', rest).is_none())
}
