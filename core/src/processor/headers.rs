//! What the header and network fingerprints know about header names and values.

use super::digest::header_name_byte;
use crate::value::{Object, View};

/// The length of the longest name with a meaning of its own.
const LONGEST: usize = 19;

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
    pub(super) fn of(name: &[u8]) -> Self {
        let mut buffer = [0; LONGEST];
        buffer.iter_mut().zip(name).for_each(|(slot, &byte)| *slot = header_name_byte(byte));
        if buffer.starts_with(b"x-datadog") {
            return Header::Tracing;
        }
        match buffer.get(..name.len()) {
            Some(folded) => Self::of_folded(folded),
            None => Header::Unknown,
        }
    }

    fn of_folded(name: &[u8]) -> Self {
        match name {
            b"referer" => Header::Standard(0),
            b"connection" => Header::Standard(1),
            b"accept-encoding" => Header::Standard(2),
            b"content-encoding" => Header::Standard(3),
            b"cache-control" => Header::Standard(4),
            b"te" => Header::Standard(5),
            b"accept-charset" => Header::Standard(6),
            b"content-type" => Header::Standard(7),
            b"accept" => Header::Standard(8),
            b"accept-language" => Header::Standard(9),
            b"x-forwarded-for" => Header::Address(0),
            b"x-real-ip" => Header::Address(1),
            b"true-client-ip" => Header::Address(2),
            b"x-client-ip" => Header::Address(3),
            b"x-forwarded" => Header::Address(4),
            b"forwarded-for" => Header::Address(5),
            b"x-cluster-client-ip" => Header::Address(6),
            b"fastly-client-ip" => Header::Address(7),
            b"cf-connecting-ip" => Header::Address(8),
            b"cf-connecting-ipv6" => Header::Address(9),
            b"user-agent" => Header::UserAgent,
            _ => Header::Unknown,
        }
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
        ] {
            assert_eq!(Header::of(name.as_bytes()), expected, "{name}");
        }
    }
}
