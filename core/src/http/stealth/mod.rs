//! Refusing a login so that the attacker cannot tell it from a wrong password.
//!
//! A block page tells a credential-stuffing tool exactly which of its traits gave it away. A stealth response imitates
//! the application's own login failure instead: the page, the headers that are always present, and a realistic delay,
//! because checking a password takes time and skipping that is noticeable.
//!
//! The imitation must not contain anybody's data, nor anything that an attacker wants others to see. So a response
//! consists of what the failures of several people have in common (at least three; after twenty, the next page is
//! begun). Tokens, ids and numbers are generated in their common shape, and everything else that differs is left out.
//! The login is echoed where the application does so, but only as text: never in tags, attributes, scripts and style
//! sheets. Nothing is learned from a login that is a word of the page itself.
//!
//! Failures are learned by route, status and media type, for the statuses with which applications respond to a wrong
//! password. The most common kind among the latest failures of a route is imitated. A response never carries a cookie
//! or a response id, and does not depend on whether the account exists.
//!
//! | file | concept |
//! |---|---|
//! | `failure`, `answer` | what is learned from, and what is sent |
//! | `kinds` | all known kinds of failures, within bounds |
//! | `failure_kind` | one of them: the page in use, and the next one |
//! | `page` | what the failures of several people have in common |
//! | `template` | the same for texts, and texts rendered from it |
//! | `align`, `words` | matching the words of two texts |
//! | `gap`, `random` | varying parts that are generated anew |
//! | `place` | the context within a page, and so what may be written there |

mod align;
mod answer;
mod failure;
mod failure_kind;
mod gap;
mod kinds;
mod page;
mod place;
mod random;
mod template;
#[cfg(test)]
mod tests;
mod words;

pub use answer::StealthAnswer;
pub use failure::LoginFailure;

use kinds::{Key, Kinds};
use page::Sample;
use place::Media;
use random::Random;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

/// The number of responses that are recognized when they come back.
const REMEMBERED_ANSWERS: usize = 1024;
const LONGEST_ROUTE: usize = 512;
const LONGEST_TYPE: usize = 128;

/// The failures learned so far.
#[derive(Debug, Default)]
pub struct StealthTemplates {
    kinds: Kinds,
    /// Hashes of the latest responses given, so that they are not learned from.
    given: VecDeque<u64>,
    hasher: RandomState,
}

impl StealthTemplates {
    /// Learns from a real login failure; `now` is in nanoseconds of a monotonic clock. False if nothing was learned:
    /// the status is not that of a wrong password, it is a blocking response or one of ours, the same person failed
    /// before, the login is too short or a word of the page, or the page is unlike those before.
    pub fn learn(&mut self, route: &str, login: &str, failure: &LoginFailure, now: u64) -> bool {
        let Some(media) = Media::of(&failure.content_type) else { return false };
        let bounded = route.len() <= LONGEST_ROUTE && failure.content_type.len() <= LONGEST_TYPE;
        if !bounded || !failure.is_genuine() || self.given.contains(&self.fingerprint(failure.status, &failure.body)) {
            return false;
        }
        let key = Key { route: route.into(), status: failure.status, content_type: failure.content_type.clone() };
        let person = self.hasher.hash_one(login.trim().to_lowercase());
        let Some(kind) = self.kinds.seen(&key, media) else { return false };
        let learned = kind.learn(|media| Sample::of(failure, login, person, media), now);
        if learned {
            self.kinds.taught(&key);
        }
        learned
    }

    /// The response for a login on a route; `None` if nothing is known.
    pub fn answer(&mut self, route: &str, login: &str, random: u64) -> Option<StealthAnswer> {
        let mut random = Random::new(random);
        let answer = self.kinds.of_route(route).into_iter().find_map(|(key, kind)| {
            kind.page()?.answer(key.status, &key.content_type, kind.media(), login, &mut random)
        })?;
        self.given.truncate(REMEMBERED_ANSWERS - 1);
        self.given.push_front(self.fingerprint(answer.status, &answer.body));
        Some(answer)
    }

    fn fingerprint(&self, status: u16, body: &str) -> u64 {
        self.hasher.hash_one((status, body))
    }
}
