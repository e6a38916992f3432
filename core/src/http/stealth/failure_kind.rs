//! One kind of login failure: those of one route with one status and one media type.

use super::page::{Learned, Page, Sample};
use super::place::Media;

/// After this many failures in a row with another page, the application has a new page.
const MOST_UNLIKE: u32 = 20;
/// A page in use learns from at most one failure per second, so that a flood costs nothing.
const INTERVAL: u64 = 1_000_000_000;

/// The page in use, and its successor, as applications change.
#[derive(Debug)]
pub(super) struct FailureKind {
    media: Media,
    complete: Option<Page>,
    growing: Option<Page>,
    unlike: u32,
    learned_at: Option<u64>,
}

impl FailureKind {
    pub(super) fn new(media: Media) -> Self {
        Self { media, complete: None, growing: None, unlike: 0, learned_at: None }
    }

    /// The page to respond with, if there is one: the complete one, or a confirmed one.
    pub(super) fn page(&self) -> Option<&Page> {
        self.complete.as_ref().or(self.growing.as_ref().filter(|page| page.is_confirmed()))
    }

    pub(super) fn media(&self) -> Media {
        self.media
    }

    /// Learns from a failure; `now` is in nanoseconds. False if nothing was learned.
    pub(super) fn learn(&mut self, sample: impl FnOnce(Media) -> Option<Sample>, now: u64) -> bool {
        let too_soon = self.learned_at.is_some_and(|at| now.saturating_sub(at) < INTERVAL);
        if self.complete.is_some() && too_soon {
            return false;
        }
        let Some(sample) = sample(self.media) else { return false };
        self.learned_at = Some(now);
        match self.growing.as_mut() {
            None => self.growing = Some(Page::new(sample, self.media)),
            Some(page) => match page.learn(sample, self.media) {
                Learned::Joined | Learned::Restarted => self.unlike = 0,
                Learned::Nothing => return false,
                Learned::Unlike => {
                    self.unlike += 1;
                    if self.unlike >= MOST_UNLIKE {
                        self.unlike = 0;
                        let outdated = self.growing.take();
                        self.complete = outdated.filter(Page::is_confirmed).or(self.complete.take());
                    }
                    return false;
                }
            },
        }
        if self.growing.as_ref().is_some_and(Page::is_complete) {
            self.complete = self.growing.take();
        }
        true
    }
}
