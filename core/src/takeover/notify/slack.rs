//! Slack's incoming webhooks: a message of blocks.

use super::Notification;
use crate::value::{Value, json};

/// The maximum length of a text field, in characters.
const LONGEST: usize = 3000;
/// The maximum length of a header, in characters.
const LONGEST_HEADER: usize = 150;

/// Returns the body of a notification.
pub fn body(notification: &Notification) -> String {
    let title = escape(&notification.title, LONGEST);
    let header = Value::from_entries([
        ("type", Value::from("header")),
        ("text", text("plain_text", crate::takeover::text::shown(&notification.title, LONGEST_HEADER))),
    ]);
    let facts = notification
        .facts()
        .into_iter()
        .map(|(name, value)| text("mrkdwn", &escape(&format!("*{name}*\n{value}"), LONGEST)));
    let fields = Value::from_entries([("type", Value::from("section")), ("fields", facts.collect::<Value>())]);
    let mut blocks: Value = [header, fields].into_iter().collect();
    let compromised = notification.compromised();
    if compromised > 0 {
        let line = format!("Compromised accounts: {compromised}");
        blocks.push(Value::from_entries([("type", Value::from("section")), ("text", text("mrkdwn", &line))]));
    }
    json::to_string(&Value::from_entries([("text", Value::from(title)), ("blocks", blocks)]))
}

fn text(kind: &str, content: &str) -> Value {
    Value::from_entries([("type", kind), ("text", content)])
}

/// Escapes what Slack would read as markup, and truncates without splitting an escape.
fn escape(content: &str, longest: usize) -> String {
    let mut escaped = String::new();
    for character in content.chars() {
        let mut buffer = [0; 4];
        let piece = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            other => other.encode_utf8(&mut buffer),
        };
        if escaped.len() + piece.len() > longest {
            break;
        }
        escaped.push_str(piece);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_is_escaped_and_cut_between_escapes() {
        assert_eq!(escape("<!channel> & é", 100), "&lt;!channel&gt; &amp; é");
        assert_eq!(escape("a&", 5), "a");
    }
}
