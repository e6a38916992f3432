//! Streams of events: sources that make them one by one, and their merging by time. Nothing is stored.

use crate::defenders::Answer;
use crate::event::Event;
use crate::random::Random;

/// Makes events in the order of time.
pub trait Source {
    /// The next event.
    fn next(&mut self) -> Option<Event>;

    /// Hears what became of the last event, before the next one is made. Only adversaries that adapt listen.
    fn told(&mut self, _answer: Answer) {}
}

/// Events of several sources in the order of time; of equal times, those of the first source come first.
pub struct Merged<'w> {
    sources: Vec<(Option<Event>, Box<dyn Source + 'w>)>,
    /// The source of the event given last, which has to be told and asked for the next one.
    last: Option<usize>,
}

impl<'w> Merged<'w> {
    /// Merges sources.
    pub fn new(sources: Vec<Box<dyn Source + 'w>>) -> Self {
        let first = |mut source: Box<dyn Source + 'w>| (source.next(), source);
        Merged { sources: sources.into_iter().map(first).collect(), last: None }
    }
}

impl Source for Merged<'_> {
    fn next(&mut self) -> Option<Event> {
        if let Some((pending, source)) = self.last.take().and_then(|last| self.sources.get_mut(last)) {
            *pending = source.next();
        }
        let pending = self.sources.iter().enumerate().filter_map(|(at, (event, _))| Some((event.as_ref()?.at_ms, at)));
        let (_, at) = pending.min()?;
        self.last = Some(at);
        self.sources[at].0
    }

    fn told(&mut self, answer: Answer) {
        if let Some((_, source)) = self.last.and_then(|last| self.sources.get_mut(last)) {
            source.told(answer);
        }
    }
}

/// A number of events evenly over a time, each at a random moment of its share.
pub struct Volley<F> {
    random: Random,
    sent: u64,
    count: u64,
    start_ms: u64,
    length_ms: u64,
    make: F,
}

/// What the next event of a volley is made from.
pub struct Shot<'r> {
    /// The number of the event, from 0.
    pub number: u64,
    /// The time.
    pub at_ms: u64,
    /// Random numbers.
    pub random: &'r mut Random,
}

impl<F: FnMut(Shot<'_>) -> Event> Volley<F> {
    /// A volley of `count` events.
    pub fn new(random: Random, count: u64, start_ms: u64, length_ms: u64, make: F) -> Self {
        Volley { random, sent: 0, count, start_ms, length_ms, make }
    }
}

impl<F: FnMut(Shot<'_>) -> Event> Source for Volley<F> {
    fn next(&mut self) -> Option<Event> {
        if self.sent == self.count {
            return None;
        }
        let place = (self.sent as f64 + self.random.unit()) / self.count as f64;
        let at_ms = self.start_ms + (place * self.length_ms as f64) as u64;
        let number = self.sent;
        self.sent += 1;
        Some((self.make)(Shot { number, at_ms, random: &mut self.random }))
    }
}
