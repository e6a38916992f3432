//! The response to a blocked client.
//!
//! The engine names a type (`block_request`, `redirect_request`) and parameters; the response depends on the client: a
//! page for a browser, JSON for a program, the GraphQL error form, a gRPC status, a redirect. Parameters may come from
//! remote configuration, so each is checked again here, and invalid ones lead to the default block: a bad redirect must
//! not let the request pass.

use super::negotiate::prefers_html;
use super::pages::Templates;
use super::stealth::StealthAnswer;
use crate::report::ReportedAction;
use crate::users::text::utf8;
use crate::value::{Object, View};
use std::borrow::Cow;
use std::time::Duration;

const DEFAULT_STATUS: u16 = 403;
const DEFAULT_GRPC_STATUS: u32 = 10; // ABORTED
const DEFAULT_REDIRECT: u16 = 303;
const LONGEST_ID: usize = 64;

/// The message of a blocked gRPC call.
pub const GRPC_MESSAGE: &str = "Request blocked";

/// The form that the configuration sets; `Auto` lets the client decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Form {
    Auto,
    Html,
    Json,
}

/// A blocking action, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocking {
    /// Where to redirect the client, as status and location.
    pub redirect: Option<(u16, String)>,
    /// The status of a blocking response.
    pub status: u16,
    /// Its form.
    pub form: Form,
    /// The status of a blocked gRPC call.
    pub grpc_status: u32,
    /// The id that links the response to the event; empty if there is none.
    pub security_response_id: String,
    /// Whether the response must look like the application's own login failure (see [`super::stealth`]).
    pub stealth: bool,
}

impl Default for Blocking {
    fn default() -> Self {
        Self {
            redirect: None,
            status: DEFAULT_STATUS,
            form: Form::Auto,
            grpc_status: DEFAULT_GRPC_STATUS,
            security_response_id: String::new(),
            stealth: false,
        }
    }
}

impl Blocking {
    /// The blocking action among the actions of an evaluation; a redirect takes precedence over a block.
    pub fn among(actions: &Object) -> Option<Self> {
        ["redirect_request", "block_request"]
            .into_iter()
            .find_map(|kind| Self::read(kind, actions.get(kind.as_bytes())?))
    }

    /// Reads an action of the engine; `None` if it is not a blocking one.
    pub fn of(action: &ReportedAction) -> Option<Self> {
        Self::with(&utf8(&action.kind), |name| action.parameter(name))
    }

    /// Reads an action of a type; `None` if the type is not a blocking one.
    pub fn read(kind: &str, parameters: &Object) -> Option<Self> {
        Self::with(kind, |name| parameters.get(name))
    }

    fn with<'a>(kind: &str, parameter: impl Fn(&[u8]) -> Option<&'a Object>) -> Option<Self> {
        let number = |name: &[u8]| parameter(name).and_then(small_number);
        let text = |name: &[u8]| parameter(name).and_then(Object::as_bytes).map(utf8);
        let base = Self {
            security_response_id: text(b"security_response_id").filter(|id| is_id(id)).unwrap_or_default().into_owned(),
            ..Self::default()
        };
        match kind {
            "block_request" => Some(Self {
                status: number(b"status_code").filter(|code| (200..=599).contains(code)).unwrap_or(DEFAULT_STATUS),
                grpc_status: number(b"grpc_status_code").map_or(DEFAULT_GRPC_STATUS, u32::from),
                form: match text(b"type").as_deref() {
                    Some("html") => Form::Html,
                    Some("json") => Form::Json,
                    _ => Form::Auto,
                },
                stealth: text(b"ato_response").as_deref() == Some("login_failure"),
                ..base
            }),
            "redirect_request" => Some(Self {
                redirect: text(b"location").filter(|location| is_location(location)).map(|location| {
                    let status = number(b"status_code").filter(|code| (300..=399).contains(code));
                    (status.unwrap_or(DEFAULT_REDIRECT), location.into_owned())
                }),
                ..base
            }),
            _ => None,
        }
    }
}

/// The properties of the client and its call that determine the form of the response.
#[derive(Clone, Debug, Default)]
pub struct Ask<'a> {
    /// The `Accept` header.
    pub accept: Option<Cow<'a, str>>,
    /// The method: a `HEAD` request gets the headers of a `GET`, without the body.
    pub method: Option<Cow<'a, str>>,
    /// Whether the endpoint speaks GraphQL.
    pub graphql: bool,
    /// Whether it is a gRPC call.
    pub grpc: bool,
    /// Whether the head of the response was sent already, so that it cannot be replaced.
    pub headers_sent: bool,
    /// An operator's templates.
    pub templates: Templates<'a>,
}

/// How to respond to a blocked client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// An HTTP response.
    Http(Response),
    /// A gRPC status and a message, in a trailers-only response.
    Grpc {
        /// The status.
        status: u32,
        /// The message.
        message: &'static str,
    },
    /// The head of the response was sent already. The host may abort the response.
    TooLate,
}

impl Answer {
    /// The response for a blocking action.
    pub fn new(blocking: &Blocking, ask: &Ask<'_>) -> Self {
        if ask.headers_sent {
            Self::TooLate
        } else if ask.grpc {
            Self::Grpc { status: grpc_status(blocking), message: GRPC_MESSAGE }
        } else {
            Self::Http(respond(blocking, ask))
        }
    }

    /// The tags of a request with this response.
    pub fn tags(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let status = match self {
            Self::Http(response) => Some(response.status),
            Self::Grpc { .. } | Self::TooLate => None,
        };
        let blocked = (*self != Self::TooLate).then(|| ("appsec.blocked", "true".to_string()));
        blocked.into_iter().chain(status.map(|status| ("http.status_code", status.to_string())))
    }
}

/// An answer ready to be written. The host must first discard *everything* the application prepared: one surviving
/// `content-encoding` spoils the page, one surviving cookie may be a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names and values.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body; empty for a redirect or a `HEAD` request.
    pub body: String,
    /// How long the whole request should have taken before the answer is written: as long as the application's own answer
    /// takes, for one that looks like it; otherwise nothing.
    pub delay: Duration,
}

impl From<StealthAnswer> for Response {
    /// An answer that looks like the application's own login failure.
    fn from(answer: StealthAnswer) -> Self {
        let headers = answer.headers.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect();
        let delay = Duration::from_micros(answer.delay);
        Self { status: answer.status, headers, body: answer.body, delay }
    }
}

/// Renders the response for HTTP.
fn respond(blocking: &Blocking, ask: &Ask<'_>) -> Response {
    let templates = &ask.templates;
    let id = blocking.security_response_id.as_str();
    if let Some((status, location)) = &blocking.redirect {
        let location = Templates::fill(location, id);
        return Response { status: *status, headers: vec![("location".into(), location)], ..Response::default() };
    }
    let (template, content_type) = match blocking.form {
        _ if ask.graphql => (&templates.graphql, "application/json"),
        Form::Html => (&templates.html, "text/html; charset=utf-8"),
        Form::Auto if ask.accept.as_deref().is_some_and(prefers_html) => (&templates.html, "text/html; charset=utf-8"),
        Form::Json | Form::Auto => (&templates.json, "application/json"),
    };
    let body = Templates::fill(template, id);
    let head = ask.method.as_deref().is_some_and(|method| method.eq_ignore_ascii_case("head"));
    let headers = vec![("content-type".into(), content_type.into()), ("content-length".into(), body.len().to_string())];
    Response { status: blocking.status, headers, body: if head { String::new() } else { body }, delay: Duration::ZERO }
}

/// The status of a blocked gRPC call, to go with [`GRPC_MESSAGE`] in a trailers-only response.
fn grpc_status(blocking: &Blocking) -> u32 {
    if blocking.redirect.is_some() { DEFAULT_GRPC_STATUS } else { blocking.grpc_status }
}

/// An integer up to 999, or its decimal text.
fn small_number(value: &Object) -> Option<u16> {
    let number = match value.view() {
        View::Unsigned(number) => number,
        View::Signed(number) => u64::try_from(number).ok()?,
        View::Float(number) if number.fract() == 0.0 && (0.0..1000.0).contains(&number) => number as u64,
        View::String(digits) if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            utf8(digits).parse().ok()?
        }
        _ => return None,
    };
    u16::try_from(number).ok().filter(|number| *number <= 999)
}

/// An id from outside is inserted into a page verbatim, so it must look like an id.
fn is_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// A location is the operator's choice, except that it must not end the header: hosts and proxies differ in what they
/// accept as the end of a line (among others U+000B, U+0085 and U+2028), and refuse or garble non-ASCII text.
fn is_location(location: &str) -> bool {
    !location.is_empty() && location.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
