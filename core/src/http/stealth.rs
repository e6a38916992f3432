//! Refusing a login so that the attacker can't tell it from a wrong password.
//!
//! A block page tells a credential-stuffing tool exactly which of its traits gave it away. A stealth answer repeats the
//! application's own login failure instead: the latest real ones of each route are kept, and an answer is the newest of the
//! most common kind, with what varies between them (tokens, request ids) drawn anew in the same shape, the login echoed as
//! the application does, and a delay like theirs, because checking a password takes time and not checking it is a tell.
//!
//! It never carries a cookie or a response id, and it says the same whether the account exists or not: the templates are
//! failures of every kind, and the choice doesn't look at the account.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

const SAMPLES: usize = 20;
const MAX_ROUTES: usize = 128;
const LARGEST_BODY: usize = 64 * 1024;
const SHORTEST_ECHO: usize = 3;
const SHORTEST_TOKEN: usize = 16;
/// Stands for the login in a kept body: a private-use character, which no page needs.
const ECHO: char = '\u{e000}';

/// Headers that belong to one message, or that would give the client a session.
const DROPPED_HEADERS: [&str; 9] = [
    "set-cookie",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "date",
    "etag",
];

/// A failed login as the application answered it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginFailure {
    /// The status code.
    pub status: u16,
    /// The media type.
    pub content_type: String,
    /// The other headers.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: String,
    /// How long the application took, in microseconds.
    pub latency: u64,
}

/// An answer to write, after a delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StealthAnswer {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Microseconds the whole request should have taken.
    pub delay: u64,
}

/// The failures learned so far, and the one an operator configured for routes without any.
#[derive(Debug, Default)]
pub struct StealthTemplates {
    routes: HashMap<String, VecDeque<LoginFailure>>,
    configured: Option<LoginFailure>,
}

impl StealthTemplates {
    /// Sets the answer for routes where no failure has been seen; its status is 401 unless it has one.
    pub fn configure(&mut self, mut failure: LoginFailure) {
        if failure.status == 0 {
            failure.status = 401;
        }
        self.configured = Some(failure);
    }

    /// Learns from a real failure. Answers of this crate must not be fed back.
    pub fn learn(&mut self, route: &str, login: Option<&str>, mut failure: LoginFailure) {
        if failure.body.len() > LARGEST_BODY || !self.routes.contains_key(route) && self.routes.len() >= MAX_ROUTES {
            return;
        }
        failure.headers.retain(|(name, _)| !DROPPED_HEADERS.iter().any(|dropped| name.eq_ignore_ascii_case(dropped)));
        failure.body = failure.body.replace(ECHO, "");
        if let Some(login) = login.filter(|login| login.len() >= SHORTEST_ECHO) {
            let echo = String::from(ECHO);
            let escaped = escape(login, &failure.content_type);
            failure.body = failure.body.replace(escaped.as_ref(), &echo).replace(login, &echo);
        }
        let samples = self.routes.entry(route.into()).or_default();
        samples.push_front(failure);
        samples.truncate(SAMPLES);
    }

    /// The answer for a login on a route; `None` when nothing is known, and the caller blocks openly.
    pub fn answer(&self, route: &str, login: Option<&str>, random: u64) -> Option<StealthAnswer> {
        let learned: Vec<&LoginFailure> = self.routes.get(route).map(most_common_kind).unwrap_or_default();
        let same_kind = if learned.is_empty() { self.configured.iter().collect() } else { learned };
        let newest = *same_kind.first()?;
        let mut random = Random(random);
        let delay = same_kind.get(random.below(same_kind.len())).map_or(newest.latency, |sample| sample.latency);
        let body = renew(&newest.body, same_kind.get(1).map(|sample| sample.body.as_str()), &mut random);
        let body = body.replace(ECHO, &escape(login.unwrap_or_default(), &newest.content_type));
        let steady = |header: &&(String, String)| same_kind.iter().all(|sample| sample.headers.contains(header));
        let mut headers: Vec<_> = newest.headers.iter().filter(steady).cloned().collect();
        if !newest.content_type.is_empty() {
            headers.push(("content-type".into(), newest.content_type.clone()));
        }
        headers.push(("content-length".into(), body.len().to_string()));
        Some(StealthAnswer { status: newest.status, headers, body, delay })
    }
}

/// The samples of the most common status and media type, newest first.
fn most_common_kind(samples: &VecDeque<LoginFailure>) -> Vec<&LoginFailure> {
    let like = |one: &LoginFailure| {
        samples.iter().filter(|s| s.status == one.status && s.content_type == one.content_type).collect::<Vec<_>>()
    };
    let mut best: Vec<&LoginFailure> = Vec::new();
    for sample in samples {
        let kind = like(sample);
        if kind.len() > best.len() {
            best = kind;
        }
    }
    best
}

/// The body with its volatile words drawn anew: those that differ from `other` in the same place, and those that look random.
fn renew(body: &str, other: Option<&str>, random: &mut Random) -> String {
    let mut counterpart = other.filter(|other| words(other).count() == words(body).count()).map(words);
    let mut renewed = String::with_capacity(body.len());
    for word in words(body) {
        let differs = counterpart.as_mut().is_some_and(|words| words.next() != Some(word));
        if is_word(word) && (differs || looks_random(word)) {
            renewed.extend(word.chars().map(|character| random.like(character, word)));
        } else {
            renewed.push_str(word);
        }
    }
    renewed
}

/// The text cut into runs of word characters and runs of others.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.chunk_by_chars(|left, right| is_word_character(left) == is_word_character(right))
}

fn is_word(word: &str) -> bool {
    word.starts_with(is_word_character)
}

fn is_word_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

fn looks_random(word: &str) -> bool {
    word.len() >= SHORTEST_TOKEN
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Splitting a string where neighbouring characters differ in kind, as slices do.
trait ChunkByChars {
    fn chunk_by_chars(&self, same: impl Fn(char, char) -> bool) -> impl Iterator<Item = &str>;
}

impl ChunkByChars for str {
    fn chunk_by_chars(&self, same: impl Fn(char, char) -> bool) -> impl Iterator<Item = &str> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let mut characters = rest.char_indices();
            let (_, mut last) = characters.next()?;
            let end = characters
                .find(|(_, character)| {
                    let apart = !same(last, *character);
                    last = *character;
                    apart
                })
                .map_or(rest.len(), |(at, _)| at);
            let (chunk, tail) = rest.split_at(end);
            rest = tail;
            Some(chunk)
        })
    }
}

/// A login as a page of this type may show it.
fn escape<'a>(login: &'a str, content_type: &str) -> Cow<'a, str> {
    let mut escaped = String::with_capacity(login.len());
    let json = content_type.contains("json");
    for character in login.chars() {
        match character {
            '"' if json => escaped.push_str("\\\""),
            '\\' if json => escaped.push_str("\\\\"),
            control if json && control.is_control() => escaped.push_str(&format!("\\u{:04x}", u32::from(control))),
            other if json => escaped.push(other),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    if escaped == login { Cow::Borrowed(login) } else { Cow::Owned(escaped) }
}

/// SplitMix64: enough to make a token look like a token.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % (bound.max(1) as u64)) as usize
    }

    /// Another character of the same kind, so that the word keeps its shape.
    fn like(&mut self, character: char, word: &str) -> char {
        let hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let letters = if hexadecimal { 6 } else { 26 };
        let (first, bound) = match character {
            '0'..='9' => (b'0', 10),
            'a'..='z' => (b'a', letters),
            'A'..='Z' => (b'A', letters),
            other => return other,
        };
        char::from(first + self.below(bound) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(body: &str, latency: u64) -> LoginFailure {
        let headers = vec![
            ("Set-Cookie".to_string(), "session=1".to_string()),
            ("X-Frame-Options".to_string(), "DENY".to_string()),
            ("X-Request-Id".to_string(), latency.to_string()),
        ];
        LoginFailure { status: 401, content_type: "text/html".into(), headers, body: body.into(), latency }
    }

    #[test]
    fn an_answer_is_like_the_learned_ones() {
        let mut templates = StealthTemplates::default();
        assert_eq!(templates.answer("/login", None, 1), None);
        templates.learn("/login", Some("bob@x.org"), failure("<p>bob@x.org: wrong</p><i csrf=ab12cd34>", 100));
        templates.learn("/login", Some("eve@x.org"), failure("<p>eve@x.org: wrong</p><i csrf=99aabb00>", 200));
        templates.learn("/login", None, LoginFailure { status: 500, ..LoginFailure::default() });
        let answer = templates.answer("/login", Some("<script>"), 7).unwrap();
        assert_eq!(answer.status, 401);
        assert!(answer.body.starts_with("<p>&lt;script&gt;: wrong</p><i csrf="), "{}", answer.body);
        assert!(!answer.body.contains("ab12cd34") && !answer.body.contains("99aabb00"));
        let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["X-Frame-Options", "content-type", "content-length"]);
        assert!([100, 200].contains(&answer.delay));
    }

    #[test]
    fn a_configured_answer_serves_other_routes() {
        let mut templates = StealthTemplates::default();
        templates.configure(LoginFailure { body: "no".into(), ..LoginFailure::default() });
        let answer = templates.answer("/", None, 0).unwrap();
        assert_eq!((answer.status, answer.body.as_str(), answer.delay), (401, "no", 0));
    }

    #[test]
    fn words_cover_the_text() {
        for text in ["", "a", " ", "a b-c_d<é>1", "\u{e000}x"] {
            assert_eq!(words(text).collect::<String>(), text);
        }
    }
}
