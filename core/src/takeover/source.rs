//! Reads events from what rules of the firewall report, so that a rule that tags instruments a login flow without any
//! code.
//!
//! The attribute `appsec.events.<name>.track` marks an event, and `appsec.events.<name>.<field>` are its fields. A
//! reported rule whose `category` tag is `business_logic` is an event named by its `type` tag, without fields. The
//! recommended ruleset marks payments in its own way, with the kind before the field names.

use super::event::text;
use crate::value::{Object, Value};

const PREFIX: &str = "appsec.events.";
const PAYMENTS: &str = "payments.";
const PAYMENT_KINDS: [&str; 4] = ["creation", "success", "failure", "cancellation"];
/// Calls of language models are not account events.
const IGNORED: &str = "llm.call";
/// The maximum number of events of a request.
const MOST: usize = 16;

/// The fields of an event that are not part of its `meta`.
const FIELDS: [&str; 9] = [
    "usr.login",
    "usr.id",
    "usr.exists",
    "exists",
    "usr.role",
    "usr.org",
    "usr.session_id",
    "usr.device_id",
    "http.route",
];

/// Returns the events of one evaluation, given its `attributes` and its reported `events`. The host adds the account
/// and the source.
pub fn events(attributes: &Object, reported: &Object) -> Vec<Value> {
    let mut found: Vec<(String, Value)> = vec![];
    for (key, value) in entries(attributes) {
        let Some(name) = key.strip_suffix(".track").filter(|name| *name != IGNORED) else { continue };
        // A sign-up that failed is marked with `false`.
        if text(value).as_deref() != Some("true") {
            continue;
        }
        match name {
            "payments" => payments(attributes, &mut found),
            _ => add(&mut found, name, event(attributes, name, &format!("{name}."))),
        }
    }
    for rule in reported.as_array().unwrap_or_default().iter().filter_map(|event| event.get(b"rule")) {
        let tag = |name: &[u8]| rule.get(b"tags")?.get(name).and_then(text);
        if let (Some("business_logic"), Some(name)) = (tag(b"category").as_deref(), tag(b"type")) {
            add(&mut found, &name, named(&name));
        }
    }
    found.into_iter().map(|(_, event)| event).collect()
}

fn add(found: &mut Vec<(String, Value)>, name: &str, event: Value) {
    if found.len() < MOST && found.iter().all(|(known, _)| known != name) {
        found.push((name.to_owned(), event));
    }
}

fn payments(attributes: &Object, found: &mut Vec<(String, Value)>) {
    for kind in PAYMENT_KINDS {
        let prefix = format!("{PAYMENTS}{kind}.");
        if entries(attributes).any(|(key, _)| key.starts_with(&prefix)) {
            let name = format!("payment.{kind}");
            add(found, &name, event(attributes, &name, &prefix));
        }
    }
}

/// Returns the event of this name, with the fields below a prefix.
fn event(attributes: &Object, name: &str, prefix: &str) -> Value {
    let mut event = named(name);
    let mut meta = Value::map();
    for (key, value) in entries(attributes) {
        let Some(field) = key.strip_prefix(prefix).filter(|field| *field != "track") else { continue };
        match FIELDS.contains(&field) {
            true => event.insert(field, value.to_value()),
            false => meta.insert(field, value.to_value()),
        }
    }
    if !meta.is_empty() {
        event.insert("meta", meta);
    }
    event
}

fn named(name: &str) -> Value {
    Value::from_entries([("event", name), ("producer", "rule")])
}

/// Iterates over the attributes of events, without their common prefix.
fn entries(attributes: &Object) -> impl Iterator<Item = (&str, &Object)> {
    attributes.as_map().unwrap_or_default().iter().filter_map(|pair| {
        let key = std::str::from_utf8(pair.key_bytes()?).ok()?;
        Some((key.strip_prefix(PREFIX)?, pair.value()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn attributes_and_reports_are_events() {
        let table = [
            (r#"{}"#, "[]", r#"[]"#),
            (
                r#"{"appsec.events.users.login.failure.usr.login":"Bob@x.io","appsec.events.users.login.failure.track":"true","other":1}"#,
                "[]",
                r#"[{"event":"users.login.failure","producer":"rule","usr.login":"Bob@x.io"}]"#,
            ),
            (
                r#"{"appsec.events.activity.sensitive.track":"true","appsec.events.activity.sensitive.name":"x"}"#,
                "[]",
                r#"[{"event":"activity.sensitive","producer":"rule","meta":{"name":"x"}}]"#,
            ),
            (
                r#"{"appsec.events.payments.track":"true","appsec.events.payments.failure.id":"p","appsec.events.payments.failure.usr.id":"u"}"#,
                "[]",
                r#"[{"event":"payment.failure","producer":"rule","usr.id":"u","meta":{"id":"p"}}]"#,
            ),
            (r#"{"appsec.events.llm.call.track":"true"}"#, "[]", "[]"),
            (r#"{"appsec.events.users.signup.track":"false","appsec.events.users.signup.usr.id":"5"}"#, "[]", "[]"),
            (
                "{}",
                r#"[{"rule":{"tags":{"category":"business_logic","type":"users.signup"}}},{"rule":{"tags":{"category":"attack_attempt","type":"lfi"}}},7]"#,
                r#"[{"event":"users.signup","producer":"rule"}]"#,
            ),
            (
                r#"{"appsec.events.users.signup.track":"true","appsec.events.users.signup.usr.id":"5"}"#,
                r#"[{"rule":{"tags":{"category":"business_logic","type":"users.signup"}}}]"#,
                r#"[{"event":"users.signup","producer":"rule","usr.id":"5"}]"#,
            ),
        ];
        for (attributes, reported, expected) in table {
            let parse = |text: &str| json::parse(text.as_bytes()).unwrap();
            let found: Value = events(&parse(attributes), &parse(reported)).into_iter().collect();
            assert_eq!(json::to_string(&found), expected, "{attributes} {reported}");
        }
    }
}
