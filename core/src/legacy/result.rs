//! What a call found, in the order and with the types of libddwaf 1.30.

use crate::Outcome;
use crate::report::{ArgumentMatch, ConditionMatch, Event, EventRule};
use crate::value::{Step, Text, Value};

/// A map of `attributes`, if there are any, and, if a rule matched, of `events` and `actions`.
pub fn result(outcome: &Outcome) -> Value {
    let mut result = Value::map();
    if !outcome.attributes.is_empty() {
        let attributes = outcome.attributes.iter().map(|(name, value)| (name, value.to_value()));
        result.insert("attributes", Value::from_entries(attributes));
    }
    if outcome.matched {
        result.insert("events", outcome.events.iter().map(event).collect::<Value>());
        let actions = outcome.actions.iter();
        let actions = actions.map(|action| (&action.kind, Value::from_entries(action.parameters.iter().cloned())));
        result.insert("actions", Value::from_entries(actions));
    }
    result
}

fn event(event: &Event) -> Value {
    let mut map = Value::from_entries([
        ("rule", rule(&event.rule)),
        ("rule_matches", event.matches.iter().map(condition).collect()),
    ]);
    for (name, id) in [("security_response_id", &event.security_response_id), ("stack_id", &event.stack_id)] {
        if let Some(id) = id {
            map.insert(name, &**id);
        }
    }
    map
}

fn rule(rule: &EventRule) -> Value {
    let tags = Value::from_entries(rule.tags.iter().map(|(name, value)| (name, text(value))));
    let on_match = rule.on_match.iter().map(text).collect();
    Value::from_entries([("id", text(&rule.id)), ("name", text(&rule.name)), ("tags", tags), ("on_match", on_match)])
}

fn condition(found: &ConditionMatch) -> Value {
    let mut parameters = match &found.arguments[..] {
        [single] if single.name == "input" => argument(single),
        several => Value::from_entries(several.iter().map(|one| (one.name, argument(one)))),
    };
    parameters.insert("highlight", found.highlight.iter().map(|part| Value::from(&part[..])).collect::<Value>());
    Value::from_entries([
        ("operator", found.operator.to_string().into()),
        ("operator_value", text(&found.operator_value)),
        ("parameters", [parameters].into_iter().collect()),
    ])
}

fn argument(argument: &ArgumentMatch) -> Value {
    let key_path = argument.key_path.iter().map(|step| match step {
        Step::Key(key) => text(key),
        Step::Index(index) => index.to_string().into(),
    });
    Value::from_entries([
        ("address", text(&argument.address)),
        ("key_path", key_path.collect()),
        ("value", Value::from(&argument.value[..])),
    ])
}

fn text(text: &Text) -> Value {
    Value::from(&text[..])
}
