//! What the login failures of several people have in common.

use super::answer::{DROPPED_HEADERS, StealthAnswer};
use super::failure::LoginFailure;
use super::place::Media;
use super::random::Random;
use super::template::{Template, Weight, escape};
use super::words::{ECHO, GAP, is_word_character};
use memchr::memmem::find_iter;

/// The least number of people for a page: what the failures of three people have in common is not about one of them.
pub(super) const FEWEST_PEOPLE: usize = 3;
/// The number of people from whom a page is made.
pub(super) const MOST_PEOPLE: usize = 20;
/// Shorter and longer logins cannot be told from the page, so nothing is learned from them.
const LOGIN_LENGTH: std::ops::RangeInclusive<usize> = 3..=256;
const LARGEST_BODY: usize = 64 * 1024;
const MOST_HEADERS: usize = 64;
const LONGEST_HEADER: usize = 4 * 1024;
/// The longest delay is ten seconds, in microseconds.
const LONGEST_DELAY: u64 = 10_000_000;

/// A login as it was entered, and as a page shows it.
#[derive(Debug)]
struct Login([String; 2]);

impl Login {
    fn occurs_in(&self, text: &str) -> bool {
        let alone =
            |form: &&String| find_iter(text.as_bytes(), form.as_str()).any(|at| stands_alone(text, at, form.len()));
        self.0.iter().any(|form| alone(&form))
    }

    /// The text with its login, where it is a separate word, replaced by marks.
    fn masked(&self, text: &str) -> String {
        let [given, shown] = &self.0;
        masked(&masked(text, shown), given)
    }
}

/// A login failure with the login replaced by marks.
pub(super) struct Sample {
    /// The person who logged in, as a hash, so that the same person does not count twice.
    person: u64,
    login: Login,
    body: String,
    headers: Vec<(String, String)>,
    latency: u64,
}

impl Sample {
    /// `None` if nothing can be learned from the failure.
    pub(super) fn of(failure: &LoginFailure, login: &str, person: u64, media: Media) -> Option<Self> {
        let has_marks = failure.body.contains([ECHO, GAP]);
        if !LOGIN_LENGTH.contains(&login.len()) || failure.body.len() > LARGEST_BODY || has_marks {
            return None;
        }
        let login = Login([login.into(), escape(login, media)]);
        let body = login.masked(&failure.body);
        let usable = |(name, value): &&(String, String)| {
            let dropped = DROPPED_HEADERS.iter().any(|dropped| name.eq_ignore_ascii_case(dropped));
            !dropped && value.len() <= LONGEST_HEADER && !value.contains([ECHO, GAP])
        };
        let headers = failure.headers.iter().filter(usable).take(MOST_HEADERS).cloned().collect();
        Some(Self { person, login, body, headers, latency: failure.latency.min(LONGEST_DELAY) })
    }
}

/// The result of learning from a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Learned {
    /// The sample was merged into the page.
    Joined,
    /// The login of the page's first sample turned out to be a word of the page, which now starts from this sample.
    Restarted,
    /// Nothing was learned: the same person again, or a login that is a word of the page.
    Nothing,
    /// The sample is of another page.
    Unlike,
}

/// A page made of the failures of different people.
#[derive(Debug)]
pub(super) struct Page {
    people: Vec<u64>,
    /// The login of the first sample, until another one has shown that it is not a word of the page.
    first_login: Option<Login>,
    /// How much text the first sample had.
    first: Weight,
    body: Template,
    headers: Vec<(String, Template)>,
    latencies: Vec<u64>,
}

impl Page {
    pub(super) fn new(sample: Sample, media: Media) -> Self {
        Self {
            people: vec![sample.person],
            first_login: Some(sample.login),
            first: Weight::of(&sample.body, media),
            body: Template::of(sample.body),
            headers: sample.headers.into_iter().map(|(name, value)| (name, Template::of(value))).collect(),
            latencies: vec![sample.latency],
        }
    }

    /// Whether it has been seen often enough to be used.
    pub(super) fn is_confirmed(&self) -> bool {
        self.people.len() >= FEWEST_PEOPLE
    }

    pub(super) fn is_complete(&self) -> bool {
        self.people.len() >= MOST_PEOPLE
    }

    /// Keeps what the page has in common with another sample.
    pub(super) fn learn(&mut self, sample: Sample, media: Media) -> Learned {
        if self.people.contains(&sample.person) || sample.login.occurs_in(self.body.text()) {
            return Learned::Nothing;
        }
        if self.first_login.as_ref().is_some_and(|login| login.occurs_in(&sample.body)) {
            *self = Self::new(sample, media);
            return Learned::Restarted;
        }
        let (body, shared) = self.body.and(&sample.body, media);
        if !shared.is_half_of(self.first) || !shared.is_half_of(Weight::of(&sample.body, media)) {
            return Learned::Unlike;
        }
        self.body = body;
        let mut theirs = sample.headers;
        self.headers.retain_mut(|(name, template)| {
            let same = theirs.iter().position(|(other, _)| name.eq_ignore_ascii_case(other));
            same.map(|at| *template = template.and(&theirs.remove(at).1, Media::Plain).0).is_some()
        });
        self.people.push(sample.person);
        self.latencies.push(sample.latency);
        self.first_login = None;
        Learned::Joined
    }

    /// The page for this login; `None` if an essential part is missing.
    pub(super) fn answer(
        &self,
        status: u16,
        content_type: &str,
        media: Media,
        login: &str,
        random: &mut Random,
    ) -> Option<StealthAnswer> {
        let login = if LOGIN_LENGTH.contains(&login.len()) { login } else { "" };
        let body = self.body.render(media, login, random)?;
        let whole = |(name, value): &(String, Template)| Some((name.clone(), value.render_whole(random)?));
        let headers: Vec<_> = self.headers.iter().filter_map(whole).collect();
        let is_redirect = (300..400).contains(&status);
        if is_redirect && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("location")) {
            return None;
        }
        let delay = self.latencies.get(random.below(self.latencies.len())).copied().unwrap_or_default();
        Some(StealthAnswer::new(status, content_type, headers, body, delay))
    }
}

fn masked(text: &str, login: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for at in find_iter(text.as_bytes(), login).filter(|&at| stands_alone(text, at, login.len())) {
        masked.push_str(&text[end..at]);
        masked.push(ECHO);
        end = at + login.len();
    }
    masked.push_str(&text[end..]);
    masked
}

/// Whether neither the character before nor the one after continues a word.
fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let before = text[..at].chars().next_back().filter(|&character| is_word_character(character));
    let after = text[at + length..].chars().next().filter(|&character| is_word_character(character));
    let goes_on = |beside: Option<char>, edge: Option<char>| beside.is_some() && edge.is_some_and(is_word_character);
    let login = &text[at..at + length];
    !goes_on(before, login.chars().next()) && !goes_on(after, login.chars().next_back())
}
