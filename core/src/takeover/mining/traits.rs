//! The traits of one event: a value per dimension, computed only when it is asked for.
//!
//! Most events are neither sampled nor compared with a cluster, so creating this view costs next to nothing.

use super::super::event::Event;
use super::super::subject::Subject;
use super::super::text::{mask_digits, shown};
use super::dimension::Dimension;
use std::borrow::Cow;

/// The number of bytes of a value that are kept; a longer one is marked as cut and never becomes a condition.
pub const VALUE: usize = 256;
/// The same limit for values of headers other than the user agent.
pub const HEADER_VALUE: usize = 128;
/// The number of header names that are looked at; requests with more are treated as if theirs were not known.
const NAMES: usize = 64;
/// The number of bytes of all header names together, with separators.
const NAMES_BYTES: usize = 1024;

/// A value of a dimension, and whether it was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trait<'t> {
    /// The text.
    pub text: Cow<'t, str>,
    /// Whether the text is only the beginning of the value.
    pub cut: bool,
}

/// The traits of an event.
#[derive(Clone, Copy, Debug)]
pub struct Traits<'e> {
    event: &'e Event<'e>,
    subject: &'e Subject<'e>,
    flagged: bool,
}

impl<'e> Traits<'e> {
    /// The traits of an event; `flagged` says whether threat intelligence or earlier signals name its source.
    pub fn of(event: &'e Event<'e>, subject: &'e Subject<'e>, flagged: bool) -> Self {
        Traits { event, subject, flagged }
    }

    /// Whether the source is a known offender.
    pub fn is_flagged(&self) -> bool {
        self.flagged
    }

    /// Whether the account exists, if that is known.
    pub fn exists(&self) -> Option<bool> {
        self.event.exists
    }

    /// A hash of the source, even if it is local.
    pub fn source(&self) -> u32 {
        self.subject.group_hash().unwrap_or(0) as u32
    }

    /// The value of a dimension; `name` is that of a header for [`Dimension::Value`] and ignored by the others.
    /// [`Dimension::Missing`] and [`Dimension::Present`] have no single value: see [`Traits::header_names`].
    pub fn value(&self, dimension: Dimension, name: &str) -> Option<Trait<'e>> {
        let event = self.event;
        let whole = |text: &'e Option<Cow<'e, str>>| text.as_deref().map(|text| limited(text.into(), VALUE));
        match dimension {
            Dimension::Path => {
                let path = event.path.as_deref()?.split(['?', '#']).next()?;
                Some(limited(path.into(), VALUE))
            }
            Dimension::HeaderBits => Some(exact(self.fingerprint()?.0)),
            Dimension::HeaderUnknown => Some(exact(self.fingerprint()?.1)),
            Dimension::HeaderFull => whole(&event.fp_header),
            Dimension::UserAgent => whole(&event.user_agent),
            Dimension::UserAgentFamily => {
                // In a family, `#` stands for digits, so an agent that contains one has none.
                let agent = event.user_agent.as_deref().filter(|agent| !agent.contains('#'))?;
                Some(limited(mask_digits(agent).into(), VALUE))
            }
            Dimension::Value => {
                let value = match name {
                    "accept" => event.accept.as_deref().map(Cow::Borrowed),
                    "accept-encoding" => event.accept_encoding.as_deref().map(Cow::Borrowed),
                    "accept-language" => event.accept_language.as_deref().map(Cow::Borrowed),
                    "content-type" => event.content_type.as_deref().map(Cow::Borrowed),
                    _ => event.headers.value(name),
                };
                value.map(|value| limited(value, HEADER_VALUE))
            }
            Dimension::Order => self.order().map(exact),
            Dimension::Proxies => whole(&event.fp_network),
            Dimension::Endpoint => whole(&event.fp_endpoint),
            Dimension::Cookies => Some(exact(if self.has_cookies()? { "some" } else { "none" })),
            Dimension::Network => Some(exact(self.subject.network.filter(|_| !self.subject.local)?.to_string())),
            Dimension::Missing | Dimension::Present => None,
        }
    }

    /// The presence bits, and the number and hash of the unknown names, of the header fingerprint.
    fn fingerprint(&self) -> Option<(&'e str, &'e str)> {
        let fields = self.event.fp_header.as_deref()?.strip_prefix("hdr-")?;
        let (bits, rest) = fields.split_once('-')?;
        let (agent, unknown) = rest.split_once('-')?;
        let (count, hash) = unknown.split_once('-')?;
        let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_one = bits.len() == 10 && bits.bytes().all(|byte| matches!(byte, b'0' | b'1'));
        let count_fits = (1..=10).contains(&count.len()) && count.bytes().all(|byte| byte.is_ascii_digit());
        (is_one && count_fits && is_hex(agent) && is_hex(hash) && hash.len() <= 8).then_some((bits, unknown))
    }

    /// Whether the request has cookies, if the session fingerprint says so.
    pub fn has_cookies(&self) -> Option<bool> {
        let names = self.event.fp_session.as_deref()?.strip_prefix("ssn-")?.split('-').nth(1)?;
        Some(!names.is_empty())
    }

    /// Whether a header is present, by its lower-case name; `None` if the names of headers are not known.
    pub fn has_header(&self, wanted: &str) -> Option<bool> {
        let (mut count, mut bytes, mut found) = (0, 0, false);
        for name in self.event.headers.names() {
            (count, bytes) = (count + 1, bytes + name.len() + 1);
            found |= name.eq_ignore_ascii_case(wanted);
        }
        (count > 0 && fits(count, bytes)).then_some(found)
    }

    /// The names of the headers but `cookie` as one text: in lower case, sorted, without duplicates, one a line. `None`
    /// if they are not known, or too many.
    pub fn header_names(&self) -> Option<String> {
        let mut names: Vec<_> =
            self.event.headers.names().take(NAMES + 1).map(|name| name.to_ascii_lowercase()).collect();
        let bytes = names.iter().map(|name| name.len() + 1).sum();
        if names.is_empty() || !fits(names.len(), bytes) {
            return None;
        }
        names.sort_unstable();
        names.dedup();
        names.retain(|name| name != "cookie");
        Some(names.join("\n"))
    }

    /// A hash of the order of the header names, unless they are sorted, which says nothing.
    fn order(&self) -> Option<String> {
        let names: Vec<_> = self.event.headers.names().take(NAMES + 1).map(|name| name.to_ascii_lowercase()).collect();
        let bytes = names.iter().map(|name| name.len() + 1).sum();
        if names.is_sorted() || !fits(names.len(), bytes) {
            return None;
        }
        // The hash appears in signals, so it must be the same in every process: FNV-1a of 64 bits.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        let hash = names.join("\n").bytes().fold(0xcbf2_9ce4_8422_2325, mix);
        Some(format!("{hash:016x}"))
    }
}

fn fits(names: usize, bytes: usize) -> bool {
    names <= NAMES && bytes <= NAMES_BYTES
}

fn exact<'t>(text: impl Into<Cow<'t, str>>) -> Trait<'t> {
    Trait { text: text.into(), cut: false }
}

fn limited(text: Cow<'_, str>, most: usize) -> Trait<'_> {
    if text.len() <= most {
        return Trait { text, cut: false };
    }
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(shown(text, most)),
        Cow::Owned(text) => Cow::Owned(shown(&text, most).into()),
    };
    Trait { text, cut: true }
}
