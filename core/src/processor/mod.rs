//! One processor a file: fingerprints, schemas, tokens, URIs.
//!
//! A processor derives an object from the values of one or more addresses. Which addresses, when, and what becomes of
//! the result is decided elsewhere (`config`, `plan`, `eval`); this room only generates. A caller asks in two steps:
//!
//! 1. [`Generator::presence`] says whether the inputs suffice, and which count as present. Nothing else about them decides
//!    whether a generator whose inputs are optional has to run again: it does when the [`Presence`] differs from that of
//!    its last run, until every optional input was there at once ([`Generator::is_final`]).
//! 2. [`Generator::generate`] makes the object.
//!
//! The fields of the endpoint and session fingerprints freeze when they are first computed; they are kept in
//! [`Fragments`], which belong to one processor in one context.
//!
//! Generators write no intermediate strings, walk at most 18 levels of a tree, and look at the deadline at every entry, and within long ones.

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

/// What derives an object; named in a configuration by its [name](Self::name).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generator {
    /// The shape of a value: types, keys and lengths, no content.
    ExtractSchema,
    /// Which endpoint is called with which parameters.
    HttpEndpointFingerprint,
    /// Which headers a client sends.
    HttpHeaderFingerprint,
    /// Through which proxies a request came.
    HttpNetworkFingerprint,
    /// Who calls, in which session.
    SessionFingerprint,
    /// Header and payload of a JSON web token.
    JwtDecode,
    /// The components of a URI.
    UriParse,
}

/// An input of a generator, as configurations name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The key in a mapping.
    pub name: &'static str,
    /// Whether the generator runs without it. Mappings must name an address for it all the same.
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

/// What an address holds for one parameter.
#[derive(Clone, Copy)]
pub struct Argument<'a> {
    /// The value of the address.
    pub object: &'a Object,
    /// Where to look in it; followed by `jwt_decode` only.
    pub key_path: &'a [Step],
}

impl<'a> From<&'a Object> for Argument<'a> {
    fn from(object: &'a Object) -> Self {
        Argument { object, key_path: &[] }
    }
}

/// One input per parameter, in the order of [`Generator::parameters`]; `None` where the address has no value.
pub type Arguments<'a> = [Option<Argument<'a>>];

/// How many inputs are present, that is: there, and of the right type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// All of them.
    pub all: u8,
    /// The optional ones among them.
    pub optional: u8,
}

/// How a generator's run ended.
#[derive(Debug)]
pub enum RunOutcome {
    /// The inputs do not suffice. Not a run: to be asked again when they change.
    NotNow,
    /// The deadline passed. Not a run: to be asked again.
    TimedOut,
    /// A run that found nothing to report, such as a malformed URI. It is not repeated for other inputs.
    Nothing,
    /// A run that made this object.
    Made(Value),
}

impl Generator {
    /// All of them.
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

    /// What is present of the inputs, or `None` if they do not suffice to run.
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

    /// Whether a result made with this presence stands for the rest of the context.
    pub fn is_final(self, presence: Presence) -> bool {
        let optional = self.parameters().iter().filter(|parameter| parameter.optional).count();
        usize::from(presence.optional) == optional
    }

    /// Whether it runs again when more of its inputs are there.
    pub fn has_optional_parameters(self) -> bool {
        self.parameters().iter().any(|parameter| parameter.optional)
    }

    /// Makes the object. `scanners` are those selected for the processor; only `extract_schema` asks them.
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
        // A run that is cut off leaves no fields behind.
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
