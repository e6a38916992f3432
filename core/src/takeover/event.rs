//! One thing a user did, or somebody in their name: the record that every producer reduces to.
//!
//! Names are flat, with dots, as span tags have them; only `geo`, `ti` and `meta` nest. Whatever has the wrong type counts
//! as absent, and absent fields are never empty strings. Events borrow from the map they were read from.

use super::text::clean;
use crate::value::{Object, View, scalar_text};
use std::borrow::Cow;
use std::net::IpAddr;

/// Keys of `meta` that are kept.
const META_KEYS: usize = 32;
/// Bytes of a value of `meta` that are kept.
const META_VALUE: usize = 256;
/// Header names, and entries of threat intelligence, that are kept.
const LIST: usize = 64;
/// Headers beside the usual ones whose values a configuration may ask for.
pub const TRAIT_HEADERS: usize = 16;

/// An event as it came in, cleaned.
#[derive(Clone, Debug, Default)]
pub struct Event<'a> {
    /// One of [`name`](super::name), or any custom name.
    pub event: Cow<'a, str>,
    /// Event time in milliseconds since the epoch; believed only in replays.
    pub ts_ms: Option<u64>,
    /// Where it happened.
    pub service: Option<Cow<'a, str>>,
    /// See `service`.
    pub env: Option<Cow<'a, str>>,
    /// Which request it belongs to; of several equal events of one request the first counts.
    pub request_id: Option<Cow<'a, str>>,
    /// Who told: the application (`sdk`, the default), a framework's instrumentation (`auto`) or a rule that tags (`rule`).
    pub producer: Option<Cow<'a, str>>,
    /// What was typed as login.
    pub login: Option<Cow<'a, str>>,
    /// The account's stable id.
    pub user_id: Option<Cow<'a, str>>,
    /// Whether the account exists, where the application says so.
    pub exists: Option<bool>,
    /// The account's role.
    pub role: Option<Cow<'a, str>>,
    /// The account's organisation.
    pub org: Option<Cow<'a, str>>,
    /// The session.
    pub session_id: Option<Cow<'a, str>>,
    /// A long-lived first-party cookie.
    pub device_id: Option<Cow<'a, str>>,
    /// The client's address; a text that is none counts as absent.
    pub ip: Option<IpAddr>,
    /// The user agent.
    pub user_agent: Option<Cow<'a, str>>,
    /// The request's method.
    pub method: Option<Cow<'a, str>>,
    /// The framework's route, else the path.
    pub route: Option<Cow<'a, str>>,
    /// How many header names the request had, if the host told.
    pub header_count: Option<usize>,
    /// `accept-language`.
    pub accept_language: Option<Cow<'a, str>>,
    /// The header fingerprint of the same request.
    pub fp_header: Option<Cow<'a, str>>,
    /// What threat intelligence says of the address.
    pub intel: Vec<Intel<'a>>,
    /// Where the address is, if the host knows.
    pub geo: Option<Geo<'a>>,
    /// The same request was an attack by itself.
    pub waf_attack: bool,
    /// Twelve bits that tell one tried password of an account from another.
    pub cred_fp: Option<u16>,
    /// The outcome of a second factor: `passed`, `failed` or `none`.
    pub mfa: Option<Cow<'a, str>>,
    /// What stopped the attempt before the password was checked: `block`, `stealth` or `step_up`.
    pub refused: Option<Cow<'a, str>>,
    /// Anything else about it.
    pub meta: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Fields that were there but of no use: a wrong type, an address that is none, more than is kept.
    pub ignored_fields: u32,
}

/// One entry of threat intelligence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Intel<'a> {
    pub category: Option<Cow<'a, str>>,
    pub intention: Option<Cow<'a, str>>,
}

/// Where an address is.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Geo<'a> {
    pub asn: Option<u32>,
    pub as_type: Option<Cow<'a, str>>,
    pub country: Option<Cow<'a, str>>,
    /// Degrees, north and east positive; both or none.
    pub position: Option<(f64, f64)>,
}

/// Why an event was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// It is no map.
    NotAMap,
    /// It has no name.
    NoName,
    /// The name has characters that names don't have, or is too long.
    BadName,
}

impl Dropped {
    /// For a person.
    pub fn message(self) -> &'static str {
        match self {
            Dropped::NotAMap => "an event must be a map",
            Dropped::NoName => "missing key 'event'",
            Dropped::BadName => "invalid event name, expected 1 to 64 of a-z, 0-9, '_' and '.'",
        }
    }
}

impl<'a> Event<'a> {
    /// Reads an event.
    pub fn read(object: &'a Object) -> Result<Self, Dropped> {
        let mut event = Self::fields(object)?;
        match &event.event {
            name if name.is_empty() => Err(Dropped::NoName),
            name if !is_name(name) => Err(Dropped::BadName),
            _ => Ok(()),
        }?;
        if event.login.is_none() {
            event.login = event.user_id.clone();
        }
        Ok(event)
    }

    /// Reads an attempt: an event without a name, which is asked about rather than told.
    pub fn read_attempt(object: &'a Object) -> Result<Self, Dropped> {
        let mut event = Self::fields(object)?;
        if event.login.is_none() {
            event.login = event.user_id.clone();
        }
        Ok(event)
    }

    fn fields(object: &'a Object) -> Result<Self, Dropped> {
        let pairs = object.as_map().ok_or(Dropped::NotAMap)?;
        let mut event = Event::default();
        for pair in pairs {
            event.field(pair.key_bytes().unwrap_or_default(), pair.value());
        }
        Ok(event)
    }

    fn field(&mut self, name: &[u8], value: &'a Object) {
        if matches!(value.view(), View::Null | View::Invalid) {
            return;
        }
        let understood = match name {
            b"event" => set(&mut self.event, text(value)),
            b"ts_ms" => put(&mut self.ts_ms, unsigned(value)),
            b"service" => put(&mut self.service, text(value)),
            b"env" => put(&mut self.env, text(value)),
            b"request_id" => put(&mut self.request_id, text(value)),
            b"producer" => put(&mut self.producer, text(value)),
            b"usr.login" => put(&mut self.login, text(value)),
            b"usr.id" => put(&mut self.user_id, text(value)),
            b"usr.exists" => put(&mut self.exists, boolean(value)),
            b"exists" if self.exists.is_none() => put(&mut self.exists, boolean(value)),
            b"usr.role" => put(&mut self.role, text(value)),
            b"usr.org" => put(&mut self.org, text(value)),
            b"usr.session_id" => put(&mut self.session_id, text(value)),
            b"usr.device_id" => put(&mut self.device_id, text(value)),
            b"ip" => put(&mut self.ip, value.as_bytes().and_then(address)),
            b"http.user_agent" => put(&mut self.user_agent, text(value)),
            b"http.method" => put(&mut self.method, text(value)),
            b"http.route" => put(&mut self.route, text(value)),
            b"http.url_path" if self.route.is_none() => put(&mut self.route, text(value)),
            b"http.header_names" => put(&mut self.header_count, value.as_array().map(<[Object]>::len)),
            b"http.accept_language" => put(&mut self.accept_language, text(value)),
            b"fp.header" => put(&mut self.fp_header, text(value)),
            b"ti" => self.read_intel(value),
            b"geo" => put(&mut self.geo, geo(value)),
            b"waf_attack" => set(&mut self.waf_attack, boolean(value)),
            b"cred_fp" => put(&mut self.cred_fp, unsigned(value).and_then(|bits| u16::try_from(bits).ok())),
            b"mfa" => put(&mut self.mfa, one_of(value, &["passed", "failed", "none"])),
            b"refused" => put(&mut self.refused, one_of(value, &["block", "stealth", "step_up"])),
            b"meta" => self.read_meta(value),
            _ => true,
        };
        self.ignored_fields += u32::from(!understood);
    }

    fn read_intel(&mut self, value: &'a Object) -> bool {
        let Some(entries) = value.as_array() else { return false };
        let entries = entries.iter().take(LIST).filter(|entry| entry.as_map().is_some());
        self.intel = entries
            .map(|entry| Intel {
                category: entry.get(b"category").and_then(text),
                intention: entry.get(b"intention").and_then(text),
            })
            .collect();
        true
    }

    fn read_meta(&mut self, value: &'a Object) -> bool {
        let Some(pairs) = value.as_map() else { return false };
        let mut all = true;
        for pair in pairs {
            let (key, value) = (pair.key_bytes().and_then(clean), text(pair.value()));
            match (key, value) {
                (Some(key), Some(value)) if self.meta.len() < META_KEYS => {
                    self.meta.push((key, super::text::cut(value, META_VALUE)));
                }
                _ => all = false,
            }
        }
        all
    }

    /// A value of `meta`.
    pub fn meta(&self, key: &str) -> Option<&str> {
        self.meta.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_ref())
    }

    /// Whether the host's intelligence calls the source an offender. Addresses of, say, a company's own VPN are known too,
    /// and called benign.
    pub fn is_malicious(&self) -> bool {
        self.intel.iter().any(|entry| matches!(entry.intention.as_deref(), Some("malicious" | "suspicious")))
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

/// Puts a value that was understood into its field; of two the later counts.
fn put<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    let understood = value.is_some();
    if understood {
        *field = value;
    }
    understood
}

fn set<T>(field: &mut T, value: Option<T>) -> bool {
    value.map(|value| *field = value).is_some()
}

/// Any scalar as text.
pub(super) fn text(value: &Object) -> Option<Cow<'_, str>> {
    match value.as_bytes() {
        Some(bytes) => clean(bytes),
        None => scalar_text(value).and_then(|text| Some(Cow::Owned(clean(&text)?.into_owned()))),
    }
}

/// A boolean, also as the text that span tags carry: `"false"` is false.
fn boolean(value: &Object) -> Option<bool> {
    match value.view() {
        View::Bool(value) => Some(value),
        View::String(text) if text.eq_ignore_ascii_case(b"true") => Some(true),
        View::String(text) if text.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}

fn unsigned(value: &Object) -> Option<u64> {
    match value.view() {
        View::Unsigned(number) => Some(number),
        View::Signed(number) => u64::try_from(number).ok(),
        View::Float(number) if number >= 0.0 && number < u64::MAX as f64 => Some(number as u64),
        _ => None,
    }
}

fn number(value: &Object) -> Option<f64> {
    match value.view() {
        View::Unsigned(number) => Some(number as f64),
        View::Signed(number) => Some(number as f64),
        View::Float(number) => Some(number),
        _ => None,
    }
}

/// An address without zone, port or white space.
fn address(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn one_of<'a>(value: &'a Object, words: &[&str]) -> Option<Cow<'a, str>> {
    text(value).filter(|text| words.contains(&text.as_ref()))
}

fn geo(value: &Object) -> Option<Geo<'_>> {
    value.as_map()?;
    let get = |key: &str| value.get(key.as_bytes());
    let degrees = |key, most: f64| get(key).and_then(number).filter(|degrees| degrees.abs() <= most);
    Some(Geo {
        asn: get("asn").and_then(unsigned).and_then(|number| u32::try_from(number).ok()),
        as_type: get("as_type").and_then(text),
        country: get("country").and_then(text),
        position: degrees("lat", 90.0).zip(degrees("lon", 180.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    fn read<T>(json: &str, then: impl FnOnce(Result<Event<'_>, Dropped>) -> T) -> T {
        then(Event::read(&json::parse(json.as_bytes()).unwrap()))
    }

    #[test]
    fn what_has_the_wrong_type_is_absent_and_counted() {
        read(
            r#"{"event":"x.y","usr.login":["a"],"usr.exists":"FALSE","ip":"1.2.3.4:80","geo":7,"ti":{},"meta":{"a":[1],"b":2.5},
               "cred_fp":70000,"mfa":"maybe","ts_ms":-1,"waf_attack":"true","unknown":{},"usr.id":null}"#,
            |event| {
                let event = event.unwrap();
                assert_eq!((event.exists, event.waf_attack, event.ip), (Some(false), true, None));
                assert_eq!((event.meta("b"), event.meta("a"), &event.login), (Some("2.5"), None, &None));
                assert_eq!(event.ignored_fields, 8);
            },
        );
    }

    #[test]
    fn events_without_a_proper_name_are_dropped() {
        let table = [
            ("[]", Dropped::NotAMap),
            ("{}", Dropped::NoName),
            (r#"{"event":""}"#, Dropped::NoName),
            (r#"{"event":[]}"#, Dropped::NoName),
            (r#"{"event":"A"}"#, Dropped::BadName),
        ];
        for (json, why) in table {
            read(json, |event| assert_eq!(event.err(), Some(why), "{json}"));
        }
        let long = format!(r#"{{"event":"{}"}}"#, "a".repeat(65));
        read(&long, |event| assert_eq!(event.err(), Some(Dropped::BadName)));
    }

    #[test]
    fn the_id_stands_in_for_the_login() {
        read(r#"{"event":"x","usr.id":5}"#, |event| assert_eq!(event.unwrap().login.as_deref(), Some("5")));
        read(r#"{"event":"x","exists":true,"usr.exists":false}"#, |event| {
            assert_eq!(event.unwrap().exists, Some(false))
        });
    }
}
