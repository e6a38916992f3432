//! An event: something that a user, or somebody in their name, did. All producers reduce to this record.
//!
//! Field names are flat, with dots, as in span tags; only `geo`, `ti` and `meta` nest. A value of the wrong type
//! counts as absent, and no field is ever an empty string. Events borrow from the map they were read from.

use super::headers::Headers;
use super::text::clean;
use crate::value::{Object, View, scalar_text};
use std::borrow::Cow;
use std::net::IpAddr;

/// The maximum number of keys of `meta`.
const META_KEYS: usize = 32;
/// The maximum length of a value of `meta`, in bytes.
const META_VALUE: usize = 256;
/// The maximum number of entries of threat intelligence.
const LIST: usize = 64;
/// The maximum number of additional headers whose values a configuration may ask for.
pub const TRAIT_HEADERS: usize = 16;

/// A sanitized event.
#[derive(Clone, Debug, Default)]
pub struct Event<'a> {
    /// The name: one of those that detection knows, or a custom one.
    pub event: Cow<'a, str>,
    /// The time in milliseconds since the Unix epoch; used only in replays.
    pub ts_ms: Option<u64>,
    /// The service.
    pub service: Option<Cow<'a, str>>,
    /// The environment.
    pub env: Option<Cow<'a, str>>,
    /// The id of the request; of several equal events of one request only the first counts.
    pub request_id: Option<Cow<'a, str>>,
    /// The producer: the application (`sdk`, the default), a framework's instrumentation (`auto`) or a rule of the
    /// firewall (`rule`).
    pub producer: Option<Cow<'a, str>>,
    /// The login as entered.
    pub login: Option<Cow<'a, str>>,
    /// The account's stable id.
    pub user_id: Option<Cow<'a, str>>,
    /// Whether the account exists, if the application reports it.
    pub exists: Option<bool>,
    /// The account's role.
    pub role: Option<Cow<'a, str>>,
    /// The account's organisation.
    pub org: Option<Cow<'a, str>>,
    /// The session id.
    pub session_id: Option<Cow<'a, str>>,
    /// The device id, from a long-lived first-party cookie.
    pub device_id: Option<Cow<'a, str>>,
    /// The client address; invalid text counts as absent.
    pub ip: Option<IpAddr>,
    /// The user agent.
    pub user_agent: Option<Cow<'a, str>>,
    /// The method of the request.
    pub method: Option<Cow<'a, str>>,
    /// The framework's route, or else the path.
    pub route: Option<Cow<'a, str>>,
    /// The path without the query.
    pub path: Option<Cow<'a, str>>,
    /// The number of header names of the request, if the host provides it.
    pub header_count: Option<usize>,
    /// The `accept-language` header.
    pub accept_language: Option<Cow<'a, str>>,
    /// The `accept` header.
    pub accept: Option<Cow<'a, str>>,
    /// The `accept-encoding` header.
    pub accept_encoding: Option<Cow<'a, str>>,
    /// The `content-type` header.
    pub content_type: Option<Cow<'a, str>>,
    /// The other headers of the request, as far as they are known.
    pub headers: Headers<'a>,
    /// The header fingerprint of the request.
    pub fp_header: Option<Cow<'a, str>>,
    /// The network fingerprint of the request.
    pub fp_network: Option<Cow<'a, str>>,
    /// The endpoint fingerprint of the request.
    pub fp_endpoint: Option<Cow<'a, str>>,
    /// The session fingerprint of the request.
    pub fp_session: Option<Cow<'a, str>>,
    /// Threat intelligence about the address.
    pub intel: Vec<Intel<'a>>,
    /// The location of the address, if the host provides it.
    pub geo: Option<Geo<'a>>,
    /// Whether the firewall found an attack in the request.
    pub waf_attack: bool,
    /// A fingerprint of twelve bits that distinguishes the passwords tried on an account.
    pub cred_fp: Option<u16>,
    /// The outcome of a second factor: `passed`, `failed` or `none`.
    pub mfa: Option<Cow<'a, str>>,
    /// What refused the attempt before the password was checked: `block`, `stealth` or `step_up`.
    pub refused: Option<Cow<'a, str>>,
    /// Any other fields.
    pub meta: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The number of fields that were present but unusable: of a wrong type, invalid, or beyond a limit.
    pub ignored_fields: u32,
}

/// An entry of threat intelligence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Intel<'a> {
    pub category: Option<Cow<'a, str>>,
    pub intention: Option<Cow<'a, str>>,
}

/// The location of an address.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Geo<'a> {
    pub asn: Option<u32>,
    pub as_type: Option<Cow<'a, str>>,
    pub country: Option<Cow<'a, str>>,
    /// Latitude and longitude in degrees, north and east positive; both or neither are given.
    pub position: Option<(f64, f64)>,
}

/// The reason for which an event was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The event is not a map.
    NotAMap,
    /// The event has no name.
    NoName,
    /// The name has invalid characters or is too long.
    BadName,
}

impl Dropped {
    /// Returns the reason as text.
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

    /// Reads an attempt: an event without a name, which is to be assessed rather than counted.
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
        if event.route.is_none() {
            event.route = event.path.clone();
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
            b"http.url_path" => put(&mut self.path, text(value)),
            b"http.header_names" => {
                value.as_array().into_iter().for_each(|names| self.headers.set_names(names));
                put(&mut self.header_count, value.as_array().map(<[Object]>::len))
            }
            b"http.headers" => value.as_map().map(|values| self.headers.set_values(values)).is_some(),
            b"http.accept_language" => put(&mut self.accept_language, text(value)),
            b"http.accept" => put(&mut self.accept, text(value)),
            b"http.accept_encoding" => put(&mut self.accept_encoding, text(value)),
            b"http.content_type" => put(&mut self.content_type, text(value)),
            b"fp.header" => put(&mut self.fp_header, text(value)),
            b"fp.network" => put(&mut self.fp_network, text(value)),
            b"fp.endpoint" => put(&mut self.fp_endpoint, text(value)),
            b"fp.session" => put(&mut self.fp_session, text(value)),
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

    /// Returns a value of `meta`.
    pub fn meta(&self, key: &str) -> Option<&str> {
        self.meta.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_ref())
    }

    /// Whether the host's threat intelligence considers the source an offender. Entries can also be benign, such as a
    /// company's own VPN.
    pub fn is_malicious(&self) -> bool {
        self.intel.iter().any(|entry| matches!(entry.intention.as_deref(), Some("malicious" | "suspicious")))
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

/// Stores a value that was read; the later of two wins.
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

/// Reads any scalar as text.
pub(super) fn text(value: &Object) -> Option<Cow<'_, str>> {
    match value.as_bytes() {
        Some(bytes) => clean(bytes),
        None => scalar_text(value).and_then(|text| Some(Cow::Owned(clean(&text)?.into_owned()))),
    }
}

/// Reads a boolean, or its text form in span tags.
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

/// Reads an address without zone, port or white space.
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
    fn fields_of_the_wrong_type_are_ignored_and_counted() {
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
