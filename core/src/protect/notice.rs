//! What an operator without a tracer gets to see: a record of each attack and each block, as one line of JSON.
//!
//! The line is made here, so that all languages log the same bytes. What a client sent stands in it as escaped text: it
//! can neither end the line nor hide in it, and a length bounds each field.

use crate::http::rate::TraceLimiter;
use crate::report::Event;
use crate::users::text::utf8;
use crate::value::{Step, Value, json};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest text of a field, in bytes.
const LONGEST: usize = 256;
/// The longest path of keys.
const DEEPEST: usize = 16;

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeKind {
    /// A rule found an attack.
    Attack,
    /// A request was blocked, or should have been when it was too late.
    Block,
}

impl NoticeKind {
    /// `attack` or `block`.
    pub fn name(self) -> &'static str {
        match self {
            NoticeKind::Attack => "attack",
            NoticeKind::Block => "block",
        }
    }
}

/// An attack or a block, for whoever watches.
#[derive(Debug)]
#[non_exhaustive]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// A map; absent fields are not known. Always `event` (`attack` or `block`), `client`, `method`, `path`, `route`.
    ///
    /// An attack has `rule`, `name`, `type`, `category`, the `address` and `key_path` of the first match, what `matched`
    /// (as the obfuscator shows it), and `action`: `block`, `would_block` or `report`. A block has its `reason` (`rule`,
    /// `address`, `user`, `application`, `incomplete` or `takeover`), the `rule`, the `user` if that is the reason, the
    /// `status`, `security_response_id`, and `failed` if it came too late.
    pub record: Value,
    /// The line to log: the record, and as `suppressed` how many of its kind were not logged before it. `None` if this
    /// one is not to be logged, because there are too many.
    pub line: Option<String>,
}

/// Decides which notices are logged.
#[derive(Debug)]
pub(super) struct Lines {
    limits: [TraceLimiter; 2],
    suppressed: [AtomicU64; 2],
}

impl Lines {
    /// So many of each kind per second; negative for all, zero for none.
    pub fn new(rate: i64) -> Self {
        Self { limits: [TraceLimiter::new(rate), TraceLimiter::new(rate)], suppressed: Default::default() }
    }

    /// The notice of a record, at a time in nanoseconds. Attacks do not use up the lines of blocks.
    pub fn notice(&self, kind: NoticeKind, mut record: Value, now: u64) -> Notice {
        let (limit, suppressed) = (&self.limits[kind as usize], &self.suppressed[kind as usize]);
        if !limit.allow(now) {
            suppressed.fetch_add(1, Ordering::Relaxed);
            return Notice { kind, record, line: None };
        }
        let before = record.clone();
        let untold = suppressed.swap(0, Ordering::Relaxed);
        if untold > 0 {
            record.insert("suppressed", untold);
        }
        let line = line(&record);
        crate::log!(Warn, "{line}");
        Notice { kind, record: before, line: Some(line) }
    }
}

/// What a rule found, without what is known of the request.
pub(super) fn attack(event: &Event, action: &'static str) -> Value {
    let tag = |name: &[u8]| event.rule.tags.iter().find(|(tag, _)| **tag == *name).map(|(_, value)| text(value));
    let mut record = Value::from_entries([
        ("event", Value::from(NoticeKind::Attack.name())),
        ("rule", text(&event.rule.id).into()),
        ("name", text(&event.rule.name).into()),
    ]);
    for (field, tag) in [("type", tag(b"type")), ("category", tag(b"category"))] {
        tag.into_iter().for_each(|tag| record.insert(field, tag));
    }
    if let Some(found) = event.matches.first() {
        if let Some(argument) = found.arguments.first() {
            record.insert("address", text(&argument.address));
            record.insert("key_path", argument.key_path.iter().take(DEEPEST).map(step).collect::<Value>());
        }
        let matched = found.highlight.first().map(|highlight| text(highlight));
        matched.into_iter().for_each(|matched| record.insert("matched", matched));
    }
    record.insert("action", action);
    record
}

fn step(step: &Step) -> Value {
    match step {
        Step::Key(key) => text(key).into(),
        Step::Index(index) => (*index).into(),
    }
}

/// Bytes as text of a bounded length.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut text = utf8(bytes).into_owned();
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// A record as a line in which nothing can end it, move in it, or turn the direction of the text.
fn line(record: &Value) -> String {
    let text = json::to_string(record);
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(line, "\\u{:04x}", character as u32);
            }
            _ => line.push(character),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_client_sends_ends_a_line() {
        let hostile: String = (0..0x3000).filter_map(char::from_u32).collect();
        let line = line(&Value::from_entries([("path", hostile.as_str())]));
        let wrong = |c: char| {
            c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        assert_eq!(line.chars().find(|c| wrong(*c)), None);
        assert_eq!(json::parse(line.as_bytes()).unwrap().get(b"path").unwrap().as_bytes(), Some(hostile.as_bytes()));
        assert_eq!(text("é".repeat(300).as_bytes()).len(), LONGEST + 3);
    }

    #[test]
    fn lines_are_limited_and_the_others_counted() {
        let lines = Lines::new(2);
        let record = || Value::from_entries([("event", "attack")]);
        let told = |now: u64| lines.notice(NoticeKind::Attack, record(), now).line;
        let told: Vec<_> = [0, 0, 0, 0, 600_000_000].into_iter().map(told).collect();
        let plain = Some(r#"{"event":"attack"}"#.to_string());
        let counted = Some(r#"{"event":"attack","suppressed":2}"#.to_string());
        assert_eq!(told, [plain.clone(), plain, None, None, counted]);
        assert!(lines.notice(NoticeKind::Block, record(), 0).line.is_some(), "blocks have a limit of their own");
    }
}
