//! Checks a request's login events for what is legal but prevents detection.

use super::client_ip::is_public;
use crate::users::event::{LoginEvent, public};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// With fewer request headers than this, clients cannot be told apart.
const FEWEST_HEADERS: usize = 3;

/// Diagnostics for developers who set up login events; never an error.
pub fn check(meta: &BTreeMap<String, String>, client: Option<IpAddr>) -> Vec<String> {
    let has = |event: LoginEvent, field: &str| meta.contains_key(&public(event.name(), field));
    let (success, failure) = (has(LoginEvent::Success, "track"), has(LoginEvent::Failure, "track"));
    let mut notes = Vec::new();
    let mut note = |wrong: bool, text: &str| {
        if wrong {
            notes.push(text.to_string());
        }
    };
    note(success && failure, "a login success and a login failure in the same request");
    note(success && !has(LoginEvent::Success, "usr.login"), "a login success without usr.login");
    note(success && !meta.contains_key("usr.id"), "a login success without usr.id");
    note(failure && !has(LoginEvent::Failure, "usr.login"), "a login failure without usr.login");
    note(failure && !has(LoginEvent::Failure, "usr.exists"), "a login failure without usr.exists");
    if success || failure {
        note(
            client.is_some_and(|client| !is_public(client)),
            "a login event from a private address: is the proxy's header configured?",
        );
        let headers = meta.keys().filter(|key| key.starts_with("http.request.headers.")).count();
        note(headers < FEWEST_HEADERS, "a login event with hardly any request header collected");
    }
    notes
}
