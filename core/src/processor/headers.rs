//! Header names and values for the header and network fingerprints.

use crate::support::words;
use crate::value::{Object, View};

/// The role of a header in fingerprints. Names are compared case-insensitively, with `_` and `-` the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// Added by a tracer, not by the client.
    Tracing,
    /// One that most clients send; the number is its position in the header fingerprint.
    Standard(usize),
    /// One that carries the client address; the number is its position in the network fingerprint and its precedence.
    Address(usize),
    UserAgent,
    Unknown,
}

impl Header {
    #[inline]
    pub(super) fn of(name: &[u8]) -> Self {
        if !KNOWN.may_hold(name) && !matches!(name, [b'x' | b'X', ..]) {
            return Header::Unknown;
        }
        let folded = Name::folded(name);
        if folded.is_of_a_tracer() {
            return Header::Tracing;
        }
        KNOWN.find(name.len(), folded)
    }

    /// As [`of`](Self::of), but only for headers with addresses.
    #[inline]
    pub(super) fn address_place(name: &[u8]) -> Option<usize> {
        if !ADDRESSES.may_hold(name) {
            return None;
        }
        match ADDRESSES.find(name.len(), Name::folded(name)) {
            Header::Address(place) => Some(place),
            _ => None,
        }
    }
}

/// The first 24 bytes of a folded name, padded with zeros. Names are compared as words, as comparing bytes would take a
/// call each.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name([u64; 3]);

impl Name {
    const TRACER: Name = Name::new(b"x-datadog");

    #[inline]
    fn folded(name: &[u8]) -> Self {
        let (whole, rest) = name.as_chunks::<8>();
        let word = |nth: usize| match whole.get(nth) {
            Some(word) => words::header_name(u64::from_le_bytes(*word)),
            None if nth == whole.len() && !rest.is_empty() => words::header_name(words::rest(name, rest)),
            None => 0,
        };
        Name([word(0), word(1), word(2)])
    }

    const fn new(name: &[u8]) -> Self {
        let mut words = [0; 3];
        let mut at = 0;
        while at < name.len() {
            words[at / 8] |= (name[at] as u64) << (at % 8 * 8);
            at += 1;
        }
        Name(words)
    }

    #[inline]
    fn is_of_a_tracer(&self) -> bool {
        let (Name([start, next, _]), Name([tracer, end, _])) = (self, Self::TRACER);
        *start == tracer && (*next ^ end) & 0xFF == 0
    }
}

/// The names with a role.
const NAMES: [(&[u8], Header); 21] = [
    (b"user-agent", Header::UserAgent),
    (b"referer", Header::Standard(0)),
    (b"connection", Header::Standard(1)),
    (b"accept-encoding", Header::Standard(2)),
    (b"content-encoding", Header::Standard(3)),
    (b"cache-control", Header::Standard(4)),
    (b"te", Header::Standard(5)),
    (b"accept-charset", Header::Standard(6)),
    (b"content-type", Header::Standard(7)),
    (b"accept", Header::Standard(8)),
    (b"accept-language", Header::Standard(9)),
    (b"x-forwarded-for", Header::Address(0)),
    (b"x-real-ip", Header::Address(1)),
    (b"true-client-ip", Header::Address(2)),
    (b"x-client-ip", Header::Address(3)),
    (b"x-forwarded", Header::Address(4)),
    (b"forwarded-for", Header::Address(5)),
    (b"x-cluster-client-ip", Header::Address(6)),
    (b"fastly-client-ip", Header::Address(7)),
    (b"cf-connecting-ip", Header::Address(8)),
    (b"cf-connecting-ipv6", Header::Address(9)),
];

static KNOWN: Table = Table::new(false);
static ADDRESSES: Table = Table::new(true);

/// Names by their lengths.
struct Table {
    /// The first letters of the names of each length, a bit each.
    letters: [u32; Self::LENGTHS],
    names: [[(Name, Header); Self::MOST]; Self::LENGTHS],
}

impl Table {
    /// One more than the length of the longest name.
    const LENGTHS: usize = 20;
    /// The most names of one length.
    const MOST: usize = 3;

    const fn new(addresses_only: bool) -> Self {
        let mut table = Table {
            letters: [0; Self::LENGTHS],
            names: [[(Name([0; 3]), Header::Unknown); Self::MOST]; Self::LENGTHS],
        };
        let mut at = 0;
        while at < NAMES.len() {
            let (name, header) = NAMES[at];
            at += 1;
            if addresses_only && !matches!(header, Header::Address(_)) {
                continue;
            }
            let mut place = 0;
            while !matches!(table.names[name.len()][place].1, Header::Unknown) {
                place += 1;
            }
            table.names[name.len()][place] = (Name::new(name), header);
            table.letters[name.len()] |= 1 << (name[0] - b'a');
        }
        table
    }

    /// Whether there is a name with this length and first letter.
    #[inline]
    fn may_hold(&self, name: &[u8]) -> bool {
        let (Some(letters), [first, ..]) = (self.letters.get(name.len()), name) else { return false };
        let letter = (first | 0x20).wrapping_sub(b'a');
        letter < 26 && letters >> letter & 1 == 1
    }

    #[inline]
    fn find(&self, length: usize, folded: Name) -> Header {
        let Some(names) = self.names.get(length) else { return Header::Unknown };
        names.iter().find(|(name, _)| *name == folded).map_or(Header::Unknown, |(_, header)| *header)
    }
}

/// A number in decimal digits.
pub(super) struct Decimal {
    digits: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(super) fn of(mut number: usize) -> Self {
        let mut decimal = Decimal { digits: [b'0'; 20], start: 20 };
        for digit in decimal.digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
            decimal.start -= 1;
            if number == 0 {
                break;
            }
        }
        decimal
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

/// Positions of a fingerprint, as ten characters `0` or `1`.
#[derive(Clone, Copy)]
pub(super) struct Places([u8; 10]);

impl Places {
    pub(super) const NONE: Places = Places([b'0'; 10]);

    pub(super) fn set(&mut self, place: usize) {
        if let Some(digit) = self.0.get_mut(place) {
            *digit = b'1';
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A value as one string: a string itself, or the only element of an array if that is a string; else the empty string.
pub(super) fn single_string(value: &Object) -> &[u8] {
    match value.view() {
        View::String(text) => text,
        View::Array([only]) => only.as_bytes().unwrap_or_default(),
        _ => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::super::digest::header_name_byte;
    use super::*;

    #[test]
    fn names_are_folded_before_they_are_looked_up() {
        for (name, expected) in [
            ("Referer", Header::Standard(0)),
            ("ACCEPT_LANGUAGE", Header::Standard(9)),
            ("X-Cluster_Client-IP", Header::Address(6)),
            ("cf-connecting-ipv6", Header::Address(9)),
            ("User_Agent", Header::UserAgent),
            ("x-datadog", Header::Tracing),
            ("X_DATADOG-something-very-long-indeed", Header::Tracing),
            ("x-datado", Header::Unknown),
            ("x-cluster-client-ip-", Header::Unknown),
            ("te\0", Header::Unknown),
            ("forwarded", Header::Unknown),
            ("", Header::Unknown),
            ("te", Header::Standard(5)),
            ("X-REAL_IP", Header::Address(1)),
            ("x-datadoh", Header::Unknown),
            ("a header whose name goes beyond three words", Header::Unknown),
        ] {
            assert_eq!(Header::of(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn names_fold_as_bytes_do() {
        let mut name = vec![];
        for length in 0..30 {
            for byte in 0..=u8::MAX {
                name.clear();
                name.extend((0..length).map(|at| byte.wrapping_add(u8::wrapping_mul(at, 37))));
                let folded: Vec<u8> = name.iter().map(|&byte| header_name_byte(byte)).take(24).collect();
                assert!(Name::folded(&name) == Name::new(&folded), "{}", name.escape_ascii());
            }
        }
    }

    #[test]
    fn all_known_names_are_found() {
        for (name, header) in NAMES {
            for name in [
                name.to_vec(),
                name.to_ascii_uppercase(),
                name.iter().map(|b| if *b == b'-' { b'_' } else { *b }).collect(),
            ] {
                assert_eq!(Header::of(&name), header);
                let place = if let Header::Address(place) = header { Some(place) } else { None };
                assert_eq!(Header::address_place(&name), place);
            }
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        for number in [0, 7, 10, 1_234_567_890, usize::MAX] {
            assert_eq!(Decimal::of(number).as_bytes(), number.to_string().as_bytes());
        }
    }
}
