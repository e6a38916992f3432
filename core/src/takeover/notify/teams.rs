//! Microsoft Teams: a message with one Adaptive Card.

use super::Notification;
use crate::value::{Value, json};

/// Returns the body of a notification.
pub fn body(notification: &Notification) -> String {
    let title = Value::from_entries([
        ("type", Value::from("TextBlock")),
        ("size", Value::from("Medium")),
        ("weight", Value::from("Bolder")),
        ("wrap", Value::from(true)),
        ("text", Value::from(escape(&notification.title))),
    ]);
    let mut facts = notification.facts();
    if notification.compromised() > 0 {
        facts.push(("Compromised accounts", notification.compromised().to_string()));
    }
    let facts = facts.iter().map(|(name, value)| Value::from_entries([("title", *name), ("value", &escape(value))]));
    let facts = Value::from_entries([("type", Value::from("FactSet")), ("facts", facts.collect::<Value>())]);
    let card = Value::from_entries([
        ("$schema", Value::from("http://adaptivecards.io/schemas/adaptive-card.json")),
        ("type", Value::from("AdaptiveCard")),
        ("version", Value::from("1.4")),
        ("body", [title, facts].into_iter().collect::<Value>()),
    ]);
    let attachment = Value::from_entries([
        ("contentType", Value::from("application/vnd.microsoft.card.adaptive")),
        ("content", card),
    ]);
    let attachments = [attachment].into_iter().collect::<Value>();
    json::to_string(&Value::from_entries([("type", Value::from("message")), ("attachments", attachments)]))
}

/// Escapes Markdown, which cards interpret.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '!' | '|' | '~') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
