//! Reading the arguments of operations, which are maps.

use super::Result;
use crate::takeover::address::Prefix;
use crate::takeover::event::text;
use crate::takeover::respond::Target;
use crate::takeover::words::unknown;
use crate::value::{Object, View};

/// The kinds of targets.
const KINDS: [&str; 4] = ["ip", "cidr", "user", "session"];
/// The arguments that name a target.
pub(super) const TARGET: &[&str] = &["ip", "cidr", "user", "session", "kind", "value"];
/// The arguments that select a part of a list.
pub(super) const PAGE: &[&str] = &["skip", "limit"];

/// Returns an argument; null counts as absent.
pub(super) fn argument<'a>(arguments: &'a Object, name: &str) -> Option<&'a Object> {
    arguments.get(name.as_bytes()).filter(|value| !matches!(value.view(), View::Null | View::Invalid))
}

pub(super) fn string(arguments: &Object, name: &str) -> Result<Option<String>> {
    let Some(value) = argument(arguments, name) else { return Ok(None) };
    text(value).map(|text| Some(text.into_owned())).ok_or_else(|| format!("the argument `{name}` must be a string"))
}

pub(super) fn unsigned(arguments: &Object, name: &str) -> Result<Option<u64>> {
    match argument(arguments, name).map(Object::view) {
        None => Ok(None),
        Some(View::Unsigned(number)) => Ok(Some(number)),
        Some(View::Signed(number)) if number >= 0 => Ok(Some(number as u64)),
        Some(View::Float(number)) if number >= 0.0 => Ok(Some(number as u64)),
        Some(_) => Err(format!("the argument `{name}` must be a number that is not negative")),
    }
}

/// Whether a flag is set.
pub(super) fn flag(arguments: &Object, name: &str) -> bool {
    matches!(argument(arguments, name).map(Object::view), Some(View::Bool(true)))
}

/// Refuses arguments that are none of `known`, as a misspelt one must not be ignored.
pub(super) fn only(arguments: &Object, known: &[&[&str]]) -> Result<()> {
    for pair in arguments.as_map().ok_or("the arguments must be a map")? {
        let name = pair.key_bytes().unwrap_or_default();
        if known.iter().all(|names| names.iter().all(|known| known.as_bytes() != name)) {
            let (name, known) = (String::from_utf8_lossy(name), known.concat().join(", "));
            return Err(format!("unknown argument `{name}`; the arguments are {known}"));
        }
    }
    Ok(())
}

/// Reads a target: `ip`, `cidr`, `user` or `session`, or `kind` and `value`.
pub(super) fn target(arguments: &Object, hash_group: u8) -> Result<Option<Target>> {
    let named = KINDS
        .into_iter()
        .find_map(|kind| string(arguments, kind).transpose().map(|value| value.map(|value| (kind.to_owned(), value))));
    let (kind, value) = match named.transpose()? {
        Some(named) => named,
        None => match (string(arguments, "kind")?, string(arguments, "value")?) {
            (Some(kind), Some(value)) => (kind, value),
            _ => return Ok(None),
        },
    };
    match kind.as_str() {
        "user" => Ok(Some(Target::User(value))),
        "session" => Ok(Some(Target::Session(value))),
        "ip" | "cidr" => {
            let prefix =
                Prefix::parse(&value).ok_or_else(|| format!("'{value}' is neither an address nor a network"))?;
            // A single IPv6 address is widened to its group, since its holder controls the whole group.
            let prefix = if prefix.is_host() { prefix.source(hash_group) } else { prefix };
            Ok(Some(Target::Ip(prefix)))
        }
        other => Err(unknown("kind", other, KINDS)),
    }
}
