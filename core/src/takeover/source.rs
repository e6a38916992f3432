//! Events out of what rules of the firewall report: a login flow is instrumented without a line of code by a rule that tags.
//!
//! Attributes `appsec.events.<name>.track` mark an event, and `appsec.events.<name>.<field>` are its fields. A reported rule
//! whose tags have the category `business_logic` is an event of the name in its tag `type`, with nothing known but that.
//! The recommended ruleset marks payments in a way of its own, with the kind in front of the fields.

use super::event::text;
use crate::value::{Object, Value};

const PREFIX: &str = "appsec.events.";
const PAYMENTS: &str = "payments.";
const PAYMENT_KINDS: [&str; 4] = ["creation", "success", "failure", "cancellation"];
/// Calls of language models are somebody else's business.
const IGNORED: &str = "llm.call";
/// Events of one request.
const MOST: usize = 16;

/// Fields of an event that have a place of their own; others are its `meta`.
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

/// The events of one evaluation, by its `attributes` and its reported `events`. Who asked, and from where, is the host's to
/// add.
pub fn events(attributes: &Object, reported: &Object) -> Vec<Value> {
    let mut found: Vec<(String, Value)> = vec![];
    for (key, value) in entries(attributes) {
        let Some(name) = key.strip_suffix(".track").filter(|name| *name != IGNORED) else { continue };
        // A sign-up that did not succeed is marked as well, with `false`.
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

/// The event of this name, with the fields below a prefix.
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

/// The attributes below the prefix of events, without it.
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
