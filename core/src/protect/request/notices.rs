//! What a request tells whoever watches: its attacks, and its block.

use super::super::cause::Cause;
use super::super::notice::{NoticeKind, attack, text};
use super::Request;
use crate::http::block::{Answer, Blocking};
use crate::report::{Event, Outcome};
use crate::value::Value;

/// The most attacks of one request that are told; counters have all.
const MOST: usize = 16;

impl Request {
    pub(super) fn notice_attacks(&mut self, outcome: &Outcome) {
        for event in outcome.events.iter().filter(|event| !decides(event)).take(MOST) {
            let blocks = event.security_response_id.is_some();
            let withheld = outcome.withheld.is_some() && !blocks;
            let action = if blocks {
                "block"
            } else if withheld {
                "would_block"
            } else {
                "report"
            };
            let mut record = attack(event, action);
            if let Some(id) = &event.security_response_id {
                record.insert("security_response_id", &**id);
            }
            self.describe(&mut record);
            let notice = self.engine.notice(NoticeKind::Attack, record);
            self.notices.push(notice);
        }
    }

    /// Tells of a block once, with the response that is sent.
    pub(super) fn notice_block(&mut self, answer: &Answer, blocking: &Blocking) {
        let too_late = matches!(answer, Answer::TooLate);
        if self.told || self.block_failed && too_late {
            return;
        }
        self.told = !too_late;
        let cause = self.cause.clone().unwrap_or_else(|| Cause::decided("application"));
        self.engine.counts.blocked(&cause, too_late);
        let mut record = Value::from_entries([("event", NoticeKind::Block.name()), ("reason", cause.reason)]);
        if let Some(rule) = &cause.rule {
            record.insert("rule", text(rule.as_bytes()));
        }
        if let Some(user) = self.refused.last().filter(|_| cause.reason == "user") {
            record.insert("user", text(user.1.as_bytes()));
        }
        match answer {
            Answer::Http(page) => record.insert("status", u64::from(page.status)),
            Answer::Grpc { status, .. } => record.insert("status", u64::from(*status)),
            Answer::TooLate => record.insert("failed", true),
        }
        if !blocking.security_response_id.is_empty() {
            record.insert("security_response_id", blocking.security_response_id.as_str());
        }
        self.describe(&mut record);
        let notice = self.engine.notice(NoticeKind::Block, record);
        self.notices.push(notice);
    }

    /// Adds what is known of the request.
    fn describe(&self, record: &mut Value) {
        if let Some(client) = self.client.client.or(self.client.peer) {
            record.insert("client", client.to_string());
        }
        let known = [("method", &self.method), ("path", &self.path), ("route", &self.route)];
        for (field, known) in known {
            if let Some(known) = known {
                record.insert(field, text(known.as_bytes()));
            }
        }
    }
}

/// Whether a rule reports a block that was decided before, of which the block itself tells.
fn decides(event: &Event) -> bool {
    event.rule.tags.iter().any(|(tag, value)| &**tag == b"category" && &**value == b"security_response")
}
