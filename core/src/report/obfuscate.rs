//! Redacting secrets in events.

use super::ConditionMatch;
use crate::plan::{Obfuscator, ValueRule};
use crate::support::Deadline;
use crate::value::Step;

/// Replaces a secret.
const MARKER: &[u8] = b"<Redacted>";

/// Longer values are searched for secrets only while there is time; after that, they are redacted as a whole.
const LONG: usize = 4096;

impl Obfuscator {
    /// Redacts a match in place. Highlights are redacted together with their parameter.
    pub(super) fn redact(&self, found: &mut ConditionMatch, deadline: &Deadline) {
        let mut hide_highlight = false;
        for argument in &mut found.arguments {
            let under_secret_key = self.keys.as_ref().is_some_and(|keys| {
                argument.key_path.iter().any(|step| matches!(step, Step::Key(key) if keys.is_match(key)))
            });
            let redacted = if under_secret_key {
                argument.value = MARKER.to_vec();
                true
            } else {
                self.redact_value(&mut argument.value, deadline)
            };
            // In the reference, a later argument can undo this and so reveal the secret; here it stays redacted.
            hide_highlight |= redacted && matches!(argument.name, "input" | "params");
        }
        if hide_highlight {
            found.highlight.iter_mut().for_each(|part| *part = MARKER.to_vec());
        }
    }

    fn redact_value(&self, value: &mut Vec<u8>, deadline: &Deadline) -> bool {
        match &self.values {
            None => false,
            Some(_) if value.len() > LONG && deadline.is_past_grace() => {
                *value = MARKER.to_vec();
                true
            }
            Some(ValueRule::Whole(pattern)) => {
                let found = pattern.is_match(value);
                if found {
                    *value = MARKER.to_vec();
                }
                found
            }
            // Finding groups takes several times longer than finding a match.
            Some(ValueRule::Partial(pattern)) if !pattern.is_match(value) => false,
            Some(ValueRule::Partial(pattern)) => {
                let mut shown = vec![];
                let mut at = 0;
                while let Some(groups) = pattern.groups(value, at) {
                    let whole = groups.whole();
                    if whole.is_empty() {
                        break;
                    }
                    let secret = groups.iter().flatten().find(|group| !group.is_empty());
                    let secret = secret.unwrap_or(whole.end..whole.end);
                    shown.extend_from_slice(&value[at..secret.start]);
                    if !secret.is_empty() {
                        shown.extend_from_slice(MARKER);
                    }
                    shown.extend_from_slice(&value[secret.end..whole.end]);
                    at = whole.end;
                }
                let found = at > 0;
                if found {
                    shown.extend_from_slice(&value[at..]);
                    *value = shown;
                }
                found
            }
        }
    }
}
