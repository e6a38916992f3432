//! What the header and network fingerprints know about header names and values.

use crate::value::{Object, View};

/// What a header is to a fingerprint. Names are compared ignoring case, with `_` and `-` the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// Added by a tracer, not by the client.
    Tracing,
    /// One that most clients send; the number is its place in the header fingerprint.
    Standard(usize),
    /// One that carries the client address; the number is its place in the network fingerprint and its precedence.
    Address(usize),
    UserAgent,
    Unknown,
}

impl Header {
    #[inline]
    pub(super) fn of(name: &[u8]) -> Self {
        let known = BY_LENGTH.get(name.len()).copied().unwrap_or_default();
        // Most names of no meaning are seen by their length, or else by their first letter.
        if known.is_empty() && !matches!(name, [b'x' | b'X', ..]) {
            return Header::Unknown;
        }
        let folded = Name::folded(name);
        if folded.is_of_a_tracer() {
            return Header::Tracing;
        }
        known.iter().find(|(known, _)| *known == folded).map_or(Header::Unknown, |(_, header)| *header)
    }
}

/// The first 24 bytes of a folded name, filled up with zeros. Names compare as words: a comparison of bytes would cost a call
/// for each of them.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name([u64; 3]);

impl Name {
    const TRACER: Name = Name::new(b"x-datadog");

    #[inline]
    fn folded(name: &[u8]) -> Self {
        let (words, rest) = name.as_chunks::<8>();
        let word = |nth: usize| match words.get(nth) {
            Some(word) => u64::from_le_bytes(*word),
            None if nth == words.len() => last_word(name, rest),
            None => 0,
        };
        Name([fold(word(0)), fold(word(1)), fold(word(2))])
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

/// What follows the whole words of a name, without a loop over its bytes: the end of the last eight, if there are as many.
#[inline]
fn last_word(name: &[u8], rest: &[u8]) -> u64 {
    let unused = 64 - 8 * rest.len() as u32;
    if let Some(last) = name.last_chunk() {
        return u64::from_le_bytes(*last).checked_shr(unused).unwrap_or(0);
    }
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        let (first, last) = (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
        return first | last << (32 - unused);
    }
    rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// Eight bytes of a header name, folded: lower case, with `_` as `-`.
#[inline]
const fn fold(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    // In the high bits: where a byte is ASCII and at least `A`, and beyond `Z`.
    let low = word & !HIGH;
    let from_a = low + (0x80 - b'A' as u64) * ONES;
    let beyond_z = low + (0x7F - b'Z' as u64) * ONES;
    let capital = from_a & !beyond_z & !word & HIGH;
    let apart = word ^ ((b'_' as u64) * ONES);
    let underscore = !(((apart & !HIGH) + !HIGH) | apart) & HIGH;
    (word | capital >> 2) ^ ((underscore >> 7) * (b'_' ^ b'-') as u64)
}

/// The names with a meaning, by their lengths.
static BY_LENGTH: [&[(Name, Header)]; 20] = {
    use Header::{Address, Standard, UserAgent};
    const fn known(name: &[u8], header: Header) -> (Name, Header) {
        (Name::new(name), header)
    }
    let mut names: [&[(Name, Header)]; 20] = [&[]; 20];
    names[2] = const { &[known(b"te", Standard(5))] };
    names[6] = const { &[known(b"accept", Standard(8))] };
    names[7] = const { &[known(b"referer", Standard(0))] };
    names[9] = const { &[known(b"x-real-ip", Address(1))] };
    names[10] = const { &[known(b"user-agent", UserAgent), known(b"connection", Standard(1))] };
    names[11] = const { &[known(b"x-forwarded", Address(4)), known(b"x-client-ip", Address(3))] };
    names[12] = const { &[known(b"content-type", Standard(7))] };
    names[13] = const { &[known(b"cache-control", Standard(4)), known(b"forwarded-for", Address(5))] };
    names[14] = const { &[known(b"accept-charset", Standard(6)), known(b"true-client-ip", Address(2))] };
    names[15] = const {
        &[
            known(b"accept-encoding", Standard(2)),
            known(b"accept-language", Standard(9)),
            known(b"x-forwarded-for", Address(0)),
        ]
    };
    names[16] = const {
        &[
            known(b"content-encoding", Standard(3)),
            known(b"fastly-client-ip", Address(7)),
            known(b"cf-connecting-ip", Address(8)),
        ]
    };
    names[18] = const { &[known(b"cf-connecting-ipv6", Address(9))] };
    names[19] = const { &[known(b"x-cluster-client-ip", Address(6))] };
    names
};

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

/// The places of either fingerprint, as ten characters `0` or `1`.
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

/// A value as one string: itself, or the only element of an array if that is a string; else the empty string.
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
    fn words_fold_as_bytes_do() {
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
    fn known_names_stand_under_their_lengths() {
        for (length, names) in BY_LENGTH.iter().enumerate() {
            for (Name(words), _) in *names {
                let text: Vec<u8> =
                    words.iter().flat_map(|word| word.to_le_bytes()).take_while(|&byte| byte != 0).collect();
                assert_eq!(text.len(), length, "{}", text.escape_ascii());
            }
        }
        assert_eq!(BY_LENGTH.iter().map(|names| names.len()).sum::<usize>(), 21);
    }

    #[test]
    fn numbers_are_written_in_full() {
        for number in [0, 7, 10, 1_234_567_890, usize::MAX] {
            assert_eq!(Decimal::of(number).as_bytes(), number.to_string().as_bytes());
        }
    }
}
