//! Actions: what a match makes the caller do.

use crate::exploit::uri;
use crate::fields::read::{self, Fields};
use crate::fields::refusal::Refusal;
use crate::support::Deadline;
use crate::value::Text;
use crate::value::{Object, Value};

/// An action as configured, with its parameters checked and completed.
#[derive(Clone, Debug)]
pub struct Action {
    /// The id rules use.
    pub id: Text,
    /// How it is reported.
    pub kind: ActionKind,
    /// The type's name, which is the key in the result.
    pub type_name: Text,
    /// Scalars for the caller.
    pub parameters: Vec<(Text, Value)>,
}

/// The types that the engine distinguishes, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionKind {
    /// Any other type, reported as it is.
    Custom,
    /// Reported with an id for the stack trace.
    GenerateStack,
    /// Requests a schema.
    GenerateSchema,
    /// Reports a match without acting; never listed among the actions.
    Monitor,
    /// Ends the request with an error response.
    BlockRequest,
    /// Ends the request with a redirection.
    RedirectRequest,
}

impl ActionKind {
    /// Ends the request.
    pub fn is_blocking(self) -> bool {
        self >= ActionKind::BlockRequest
    }

    /// Whether it replaces other modal actions when a filter applies it to a rule.
    pub fn is_modal(self) -> bool {
        self >= ActionKind::Monitor
    }
}

/// The id of the action that ends a request, unless a configuration redefines it.
pub const BLOCK: &[u8] = b"block";

/// The default action that ends a request with an error response, with its default parameters.
pub fn default_block() -> Action {
    block(BLOCK.into())
}

/// The actions that exist without configuration.
pub fn defaults() -> Vec<Action> {
    let plain = |id: &str, kind, type_name: &str| Action {
        id: id.as_bytes().into(),
        kind,
        type_name: type_name.as_bytes().into(),
        parameters: vec![],
    };
    vec![
        default_block(),
        plain("stack_trace", ActionKind::GenerateStack, "generate_stack"),
        plain("extract_schema", ActionKind::GenerateSchema, "generate_schema"),
        plain("monitor", ActionKind::Monitor, "monitor"),
    ]
}

fn block(id: Text) -> Action {
    let mut parameters = vec![];
    complete_block(&mut parameters);
    Action { id, kind: ActionKind::BlockRequest, type_name: b"block_request"[..].into(), parameters }
}

fn complete_block(parameters: &mut Vec<(Text, Value)>) {
    let defaults =
        [("status_code", Value::from(403u64)), ("type", Value::from("auto")), ("grpc_status_code", Value::from(10u64))];
    for (name, value) in defaults {
        if !parameters.iter().any(|(key, _)| **key == *name.as_bytes()) {
            parameters.push((name.as_bytes().into(), value));
        }
    }
}

/// Reads an action, after its id.
pub fn parse(fields: &Fields<'_>, id: Text) -> Result<Action, Refusal> {
    let type_name = fields.required("type", read::text)?;
    let mut parameters = vec![];
    for (name, value) in fields.required("parameters", scalar_map)? {
        if name != b"security_response_id" && name != b"stack_id" {
            parameters.push((Text::from(name), value.to_value()));
        }
    }
    Ok(match &type_name[..] {
        b"block_request" => {
            for name in [&b"status_code"[..], b"grpc_status_code"] {
                keep_status(&mut parameters, name, |code| code <= 999);
            }
            complete_block(&mut parameters);
            Action { id, kind: ActionKind::BlockRequest, type_name, parameters }
        }
        b"redirect_request" => redirect(id, type_name, parameters),
        name => {
            let kind = match name {
                b"generate_stack" => ActionKind::GenerateStack,
                b"generate_schema" => ActionKind::GenerateSchema,
                b"monitor" => ActionKind::Monitor,
                _ => ActionKind::Custom,
            };
            Action { id, kind, type_name, parameters }
        }
    })
}

/// A redirection without a usable location becomes the default block.
fn redirect(id: Text, type_name: Text, mut parameters: Vec<(Text, Value)>) -> Action {
    let location = parameters.iter().find(|(key, _)| **key == *b"location");
    if !location.and_then(|(_, value)| value.as_bytes()).is_some_and(is_acceptable_location) {
        return block(id);
    }
    keep_status(&mut parameters, b"status_code", |code| matches!(code, 301..=303 | 307));
    if !parameters.iter().any(|(key, _)| **key == *b"status_code") {
        parameters.push((b"status_code"[..].into(), Value::from(303u64)));
    }
    Action { id, kind: ActionKind::RedirectRequest, type_name, parameters }
}

fn is_acceptable_location(location: &[u8]) -> bool {
    let Some(uri) = uri::parse(location, &mut Deadline::unlimited()) else { return false };
    let rooted = uri.path.is_some_and(|path| path.text.starts_with(b"/"));
    matches!(uri.scheme, None | Some(b"http" | b"https")) && (uri.authority.is_some() || rooted)
}

/// Turns a status parameter into an unsigned number, or drops it.
fn keep_status(parameters: &mut Vec<(Text, Value)>, name: &[u8], acceptable: impl Fn(u64) -> bool) {
    parameters.retain_mut(|(key, value)| {
        if **key != *name {
            return true;
        }
        let code = read::unsigned(value).ok().filter(|&code| acceptable(code));
        if let Some(code) = code {
            *value = Value::from(code);
        }
        code.is_some()
    });
}

/// The parameters: a map of scalars, in which empty keys are allowed; each key once.
fn scalar_map(object: &Object) -> Result<Vec<(&[u8], &Object)>, read::Fault> {
    let Some(pairs) = object.as_map() else {
        return Err(read::Fault::Cast { expected: "map", obtained: read::type_word(object) });
    };
    let mut entries: Vec<(&[u8], &Object)> = vec![];
    for pair in pairs {
        let key = pair.key_bytes().unwrap_or_default();
        if crate::value::scalar_text(pair.value()).is_none() {
            return Err(read::Fault::Broken("malformed object, item in scalar map not a valid scalar"));
        }
        if !entries.iter().any(|(name, _)| *name == key) {
            entries.push((key, pair.value()));
        }
    }
    Ok(entries)
}
