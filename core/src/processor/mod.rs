//! Processors, one per file: fingerprints, schemas, tokens, URIs.
//!
//! A processor derives an object from the values of one or more addresses. Which addresses, when, and where the result
//! goes is decided elsewhere (`config`, `plan`, `eval`); this room only generates it, in two steps:
//!
//! 1. [`Generator::presence`] says whether the inputs suffice, and which count as present. A generator with optional
//!    inputs runs again when the [`Presence`] differs from that of its last run, until all optional inputs were present
//!    at once ([`Generator::is_final`]).
//! 2. [`Generator::generate`] makes the object.
//!
//! The fields of the endpoint and session fingerprints do not change once they are computed; they are kept in
//! [`Fragments`], which belong to one processor in one context.
//!
//! Generators write no intermediate strings, walk at most 18 levels of a tree, and check the deadline at every entry,
//! and within long ones.

mod base64url;
mod classifier;
mod collate;
mod digest;
mod endpoint;
mod fingerprint;
mod header;
mod headers;
mod jwt;
mod keys;
mod network;
mod scanner;
mod schema;
mod session;
#[cfg(test)]
mod tests;
mod uri;

pub use fingerprint::Fragments;
pub use scanner::{Scanner, ScannerMatcher, Tag};
pub use schema::Scanners;

use crate::support::{Deadline, Expired};
use crate::value::{Object, Step, Value, View};

/// Derives an object; configurations refer to it by its [name](Self::name).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generator {
    /// The shape of a value: types, keys and lengths, no content.
    ExtractSchema,
    /// The endpoint and the names of its parameters.
    HttpEndpointFingerprint,
    /// The headers that a client sends.
    HttpHeaderFingerprint,
    /// The proxies that a request came through.
    HttpNetworkFingerprint,
    /// The user and the session.
    SessionFingerprint,
    /// Header and payload of a JSON Web Token.
    JwtDecode,
    /// The components of a URI.
    UriParse,
}

/// An input of a generator, as configurations name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The key in a mapping.
    pub name: &'static str,
    /// Whether the generator runs without it. Mappings must still name an address for it.
    pub optional: bool,
    kind: ParameterType,
}

/// The type a value must have to count as present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ParameterType {
    Any,
    Map,
    Text,
}

const fn required(name: &'static str, kind: ParameterType) -> Parameter {
    Parameter { name, optional: false, kind }
}

const fn optional(name: &'static str, kind: ParameterType) -> Parameter {
    Parameter { name, optional: true, kind }
}

/// The value of an address for one parameter.
#[derive(Clone, Copy)]
pub struct Argument<'a> {
    /// The value of the address.
    pub object: &'a Object,
    /// The path within it; only `jwt_decode` uses it.
    pub key_path: &'a [Step],
}

impl<'a> From<&'a Object> for Argument<'a> {
    fn from(object: &'a Object) -> Self {
        Argument { object, key_path: &[] }
    }
}

/// One input per parameter, in the order of [`Generator::parameters`]; `None` where the address has no value.
pub type Arguments<'a> = [Option<Argument<'a>>];

/// How many inputs are present, that is, exist and have the right type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The number of inputs present.
    pub all: u8,
    /// The number of optional ones among them.
    pub optional: u8,
}

/// How a generator's run ended.
#[derive(Debug)]
pub enum RunOutcome {
    /// The inputs do not suffice. This is not a run; try again when they change.
    NotNow,
    /// The deadline passed. This is not a run; try again.
    TimedOut,
    /// A run with nothing to report, such as a malformed URI. It is not repeated for other inputs.
    Nothing,
    /// A run with this result.
    Made(Value),
}

impl Generator {
    /// All generators.
    pub const ALL: [Generator; 7] = [
        Generator::ExtractSchema,
        Generator::HttpEndpointFingerprint,
        Generator::HttpHeaderFingerprint,
        Generator::HttpNetworkFingerprint,
        Generator::SessionFingerprint,
        Generator::JwtDecode,
        Generator::UriParse,
    ];

    /// The name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Generator::ExtractSchema => "extract_schema",
            Generator::HttpEndpointFingerprint => "http_endpoint_fingerprint",
            Generator::HttpHeaderFingerprint => "http_header_fingerprint",
            Generator::HttpNetworkFingerprint => "http_network_fingerprint",
            Generator::SessionFingerprint => "session_fingerprint",
            Generator::JwtDecode => "jwt_decode",
            Generator::UriParse => "uri_parse",
        }
    }

    /// The generator of this exact name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|generator| generator.name() == name)
    }

    /// Its parameters, in the order in which configurations are checked.
    pub fn parameters(self) -> &'static [Parameter] {
        match self {
            Generator::ExtractSchema | Generator::JwtDecode => const { &[required("inputs", ParameterType::Any)] },
            Generator::UriParse => const { &[required("inputs", ParameterType::Text)] },
            Generator::HttpHeaderFingerprint | Generator::HttpNetworkFingerprint => {
                const { &[required("headers", ParameterType::Map)] }
            }
            Generator::HttpEndpointFingerprint => {
                const {
                    &[
                        required("method", ParameterType::Text),
                        required("uri_raw", ParameterType::Text),
                        optional("query", ParameterType::Map),
                        optional("body", ParameterType::Map),
                    ]
                }
            }
            Generator::SessionFingerprint => {
                const {
                    &[
                        optional("cookies", ParameterType::Map),
                        optional("session_id", ParameterType::Text),
                        optional("user_id", ParameterType::Text),
                    ]
                }
            }
        }
    }

    /// Which inputs are present; `None` if they do not suffice.
    pub fn presence(self, inputs: &Arguments<'_>) -> Option<Presence> {
        let mut presence = Presence::default();
        for (position, parameter) in self.parameters().iter().enumerate() {
            if parameter.find(inputs, position).is_some() {
                presence.all += 1;
                presence.optional += u8::from(parameter.optional);
            } else if !parameter.optional {
                return None;
            }
        }
        (presence.all > 0).then_some(presence)
    }

    /// Whether a result made with this presence is kept for the rest of the context.
    pub fn is_final(self, presence: Presence) -> bool {
        let optional = self.parameters().iter().filter(|parameter| parameter.optional).count();
        usize::from(presence.optional) == optional
    }

    /// Whether it runs again when more of its inputs are present.
    pub fn has_optional_parameters(self) -> bool {
        self.parameters().iter().any(|parameter| parameter.optional)
    }

    /// Makes the object. `scanners` are those selected for the processor; only `extract_schema` uses them.
    pub fn generate(
        self,
        inputs: &Arguments<'_>,
        fragments: &mut Fragments,
        scanners: &Scanners,
        deadline: &mut Deadline,
    ) -> RunOutcome {
        if self.presence(inputs).is_none() {
            return RunOutcome::NotNow;
        }
        // A run that is cut off keeps no fields.
        let before = self.has_optional_parameters().then(|| fragments.clone());
        match self.run(inputs, fragments, scanners, deadline) {
            Ok(Some(value)) => RunOutcome::Made(value),
            Ok(None) => RunOutcome::Nothing,
            Err(Expired) => {
                if let Some(before) = before {
                    *fragments = before;
                }
                RunOutcome::TimedOut
            }
        }
    }

    fn run(
        self,
        inputs: &Arguments<'_>,
        fragments: &mut Fragments,
        scanners: &Scanners,
        deadline: &mut Deadline,
    ) -> Result<Option<Value>, Expired> {
        let parameters = self.parameters();
        let input = |position: usize| parameters.get(position).and_then(|p| p.find(inputs, position));
        let text = |position| input(position).and_then(|input| input.object.as_bytes());
        let map = |position| input(position).and_then(|input| input.object.as_map());
        match self {
            Generator::ExtractSchema => {
                input(0).map(|input| schema::generate(input.object, scanners, deadline)).transpose()
            }
            Generator::HttpEndpointFingerprint => {
                endpoint::generate(text(0), text(1), map(2), map(3), fragments, deadline).map(Some)
            }
            Generator::HttpHeaderFingerprint => map(0).map(|headers| header::generate(headers, deadline)).transpose(),
            Generator::HttpNetworkFingerprint => map(0).map(|headers| network::generate(headers, deadline)).transpose(),
            Generator::SessionFingerprint => session::generate(map(0), text(1), text(2), fragments, deadline).map(Some),
            Generator::JwtDecode => {
                input(0).map_or(Ok(None), |input| jwt::generate(input.object, input.key_path, deadline))
            }
            Generator::UriParse => text(0).map_or(Ok(None), |text| uri::generate(text, deadline)),
        }
    }
}

impl Parameter {
    /// The input at this parameter's position, if its type is right.
    fn find<'a>(&self, inputs: &Arguments<'a>, position: usize) -> Option<Argument<'a>> {
        let input = inputs.get(position).copied().flatten()?;
        let right = match (self.kind, input.object.view()) {
            (ParameterType::Any, _) | (ParameterType::Map, View::Map(_)) | (ParameterType::Text, View::String(_)) => {
                true
            }
            (ParameterType::Map | ParameterType::Text, _) => false,
        };
        right.then_some(input)
    }
}
