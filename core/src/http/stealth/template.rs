//! What several versions of a text have in common, and texts rendered from it.

use super::align::align;
use super::gap::Gap;
use super::place::{Media, Place, places};
use super::random::Random;
use super::words::{ECHO, GAP, is_word_character, words};
use crate::value::json;

/// A text in which marks replace the login and whatever differs between versions.
#[derive(Clone, Debug)]
pub(super) struct Template {
    text: String,
    /// The gaps, one per mark, in order.
    gaps: Vec<Gap>,
}

/// The amount of text in a text, or in what two texts have in common.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    /// Bytes of words.
    all: usize,
    /// Those that are visible.
    visible: usize,
}

impl Weight {
    /// The weight of a text.
    pub(super) fn of(text: &str, media: Media) -> Self {
        weights(text, media).into_iter().fold(Self::default(), Self::plus)
    }

    /// Whether this is at least half of the words, and of the visible ones.
    pub(super) fn is_half_of(self, whole: Self) -> bool {
        self.all * 2 >= whole.all && self.visible * 2 >= whole.visible
    }

    fn plus(self, other: Self) -> Self {
        Self { all: self.all + other.all, visible: self.visible + other.visible }
    }
}

impl Template {
    /// The template of a single version, which may contain marks of the login.
    pub(super) fn of(text: String) -> Self {
        Self { text, gaps: Vec::new() }
    }

    /// The text with its marks.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What another version has in common with these, and its weight.
    pub(super) fn and(&self, version: &str, media: Media) -> (Self, Weight) {
        let (ours, theirs): (Vec<_>, Vec<_>) = (words(&self.text).collect(), words(version).collect());
        let weights = weights(version, media);
        let mut shared = Weight::default();
        let mut merged = Self::of(String::with_capacity(self.text.len()));
        let mut gaps = self.gaps.iter();
        let (mut at, mut their_at) = (0, 0);
        let ends = std::iter::once((ours.len(), theirs.len()));
        for (next, their_next) in align(&ours, &theirs).into_iter().chain(ends) {
            merged.push_difference(&ours[at..next], &mut gaps, &theirs[their_at..their_next]);
            if let Some(word) = ours.get(next) {
                merged.text.push_str(word);
                shared = shared.plus(weights.get(their_next).copied().unwrap_or_default());
            }
            (at, their_at) = (next + 1, their_next + 1);
        }
        (merged, shared)
    }

    /// Adds a gap for words without a counterpart: these of the template, those of the version.
    fn push_difference<'a>(&mut self, ours: &[&str], gaps: &mut impl Iterator<Item = &'a Gap>, theirs: &[&str]) {
        if ours.is_empty() && theirs.is_empty() {
            return;
        }
        let known: Vec<&Gap> = ours.iter().filter(|word| word.starts_with(GAP)).filter_map(|_| gaps.next()).collect();
        let gap = match known.as_slice() {
            [] => Gap::of(&ours.concat()),
            [gap] if ours.len() == 1 => (*gap).clone(),
            _ => Gap::SHAPELESS,
        };
        self.text.push(GAP);
        self.gaps.push(gap.and(&theirs.concat()));
    }

    /// The text for this login. `None` if a difference is in a place that cannot be left out.
    pub(super) fn render(&self, media: Media, login: &str, random: &mut Random) -> Option<String> {
        let mut text = String::with_capacity(self.text.len());
        let mut echoes = Vec::new();
        let login = escape(login, media);
        let mut gaps = self.gaps.iter();
        for (place, range) in places(&self.text, media) {
            let (start, mut spoilt) = (text.len(), false);
            for (plain, mark) in marked(&self.text[range]) {
                text.push_str(plain);
                let Some(mark) = mark else { continue };
                let gap = if mark == GAP { Some(gaps.next()?) } else { None };
                let drawn = gap.and_then(|gap| gap.draw(random));
                match (place, drawn) {
                    (Place::Tag, _) => return None,
                    (Place::Bare, Some(number)) if gap.is_some_and(Gap::is_number) => text.push_str(&number),
                    (Place::Bare, _) => text.push_str("null"),
                    (_, Some(drawn)) => text.push_str(&drawn),
                    (Place::Text | Place::String, None) if mark == ECHO => {
                        echoes.extend(Some(text.len()).filter(|_| !login.is_empty()));
                        text.push_str(&login);
                    }
                    (Place::Value { .. }, None) => spoilt = true,
                    (Place::Text | Place::String | Place::Hidden, None) => {}
                }
            }
            if let (Place::Value { quoted }, true) = (place, spoilt) {
                text.truncate(start);
                text.push_str(if quoted { "" } else { "\"\"" });
            }
        }
        let is_sound = media != Media::Json || text.is_empty() || json::parse(text.as_bytes()).is_ok();
        (is_sound && are_visible(&echoes, &text, media)).then_some(text)
    }

    /// A text without login that contains everything its versions have; `None` if something would be missing.
    pub(super) fn render_whole(&self, random: &mut Random) -> Option<String> {
        let mut gaps = self.gaps.iter();
        let mut text = String::with_capacity(self.text.len());
        for character in self.text.chars() {
            match character {
                GAP => text.push_str(&gaps.next()?.draw(random)?),
                other => text.push(other),
            }
        }
        Some(text)
    }
}

/// The parts of a text, each with the mark after it.
fn marked(text: &str) -> impl Iterator<Item = (&str, Option<char>)> {
    text.split_inclusive([ECHO, GAP]).map(|piece| match piece.strip_suffix([ECHO, GAP]) {
        Some(plain) => (plain, piece.chars().next_back()),
        None => (piece, None),
    })
}

/// Whether the parts at these positions are visible, as generated text must not change how the page is parsed.
fn are_visible(positions: &[usize], text: &str, media: Media) -> bool {
    let mut pieces = places(text, media).into_iter().peekable();
    positions.iter().all(|position| {
        while pieces.peek().is_some_and(|(_, range)| range.end <= *position) {
            pieces.next();
        }
        pieces.peek().is_none_or(|(place, _)| matches!(place, Place::Text | Place::String))
    })
}

/// The weights of the words of a text.
fn weights(text: &str, media: Media) -> Vec<Weight> {
    let mut pieces = places(text, media).into_iter().peekable();
    let mut at = 0;
    let weigh = |word: &str| {
        while pieces.peek().is_some_and(|(_, range)| range.end <= at) {
            pieces.next();
        }
        at += word.len();
        let all = if word.starts_with(is_word_character) { word.len() } else { 0 };
        let visible = pieces.peek().is_some_and(|(place, _)| place.is_visible());
        Weight { all, visible: if visible { all } else { 0 } }
    };
    words(text).map(weigh).collect()
}

/// A login as a page of this format may show it.
pub(super) fn escape(login: &str, media: Media) -> String {
    let mut escaped = String::with_capacity(login.len());
    for character in login.chars() {
        match (media, character) {
            (Media::Json, '"') => escaped.push_str("\\\""),
            (Media::Json, '\\') => escaped.push_str("\\\\"),
            (Media::Json, control) if control.is_control() => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(control)))
            }
            (Media::Json, other) => escaped.push(other),
            (_, '<') => escaped.push_str("&lt;"),
            (_, '>') => escaped.push_str("&gt;"),
            (_, '&') => escaped.push_str("&amp;"),
            (_, '"') => escaped.push_str("&#34;"),
            (_, '\'') => escaped.push_str("&#39;"),
            (_, other) => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(versions: &[&str], media: Media) -> Option<String> {
        let (first, others) = versions.split_first().unwrap();
        let template =
            others.iter().fold(Template::of(first.to_string()), |template, text| template.and(text, media).0);
        template.render(media, "<\"'&>", &mut Random::new(7))
    }

    #[test]
    fn common_text_is_kept() {
        let versions = [
            "<p>\u{e000}: wrong, Alice</p><b>3 of 5</b><a title=\"for Alice\" href=/u/alice>x</a><i t=\"0123456789abcdef\">",
            "<p>\u{e000}: wrong, Bob</p><b>4 of 5</b><a title=\"for Bob\" href=/u/bob>x</a><i t=\"fedcba9876543210\">",
            "<p>\u{e000}: wrong, Al</p><b>9 of 5</b><a title=\"for Al\" href=/u/al>x</a><i t=\"00112233445566ff\">",
        ];
        let page = rendered(&versions, Media::Markup).unwrap();
        let (before, after) = page.split_once("<b>").unwrap();
        assert_eq!(before, "<p>&lt;&#34;&#39;&amp;&gt;: wrong, </p>");
        let (number, after) = after.split_once(" of 5</b>").unwrap();
        assert!((1..=9).contains(&number.parse().unwrap()), "{number}");
        let (links, token) = after.split_once("<i t=\"").unwrap();
        assert_eq!(links, "<a title=\"\" href=\"\">x</a>");
        assert_eq!(token.len(), 18, "{token}");
        assert!(!versions.iter().any(|version| version.ends_with(token)));
    }

    #[test]
    fn nothing_is_written_into_tags_and_scripts() {
        let one = |text: &str| rendered(&[text], Media::Markup);
        assert_eq!(one("<input value=\"\u{e000}\">"), Some("<input value=\"\">".into()));
        assert_eq!(one("<input value=a\u{e000} x>"), Some("<input value=\"\" x>".into()));
        assert_eq!(one("<script>f('\u{e000}')</script>"), Some("<script>f('')</script>".into()));
        assert_eq!(one("<!--\u{e000}--><style>\u{e000}</style>"), Some("<!----><style></style>".into()));
        assert_eq!(one("<title>\u{e000}</title>"), Some("<title>&lt;&#34;&#39;&amp;&gt;</title>".into()));
        for text in ["<\u{e000}>", "</\u{e000}>", "<a \u{e000}>", "<a \u{e000}=b>", "<\u{e001}>", "<p \u{e000}"] {
            assert_eq!(one(text), None, "{text}");
        }
        assert_eq!(rendered(&["<h1>a</h1>", "<h2>a</h2>"], Media::Markup), None);
    }

    #[test]
    fn json_stays_json() {
        let both = |one: &str, two: &str| rendered(&[one, two], Media::Json);
        assert_eq!(both("{\"e\":\"no \u{e000}\"}", "{\"e\":\"no \u{e000}\"}"), Some("{\"e\":\"no <\\\"'&>\"}".into()));
        assert_eq!(both(r#"{"user":"alice","e":1}"#, r#"{"user":"bob","e":1}"#), Some(r#"{"user":"","e":1}"#.into()));
        assert_eq!(both(r#"{"exists":true}"#, r#"{"exists":false}"#), Some(r#"{"exists":null}"#.into()));
        assert_eq!(both("{\"id\":\u{e000}}", "{\"id\":\u{e000}}"), Some(r#"{"id":null}"#.into()));
        assert!(both(r#"{"left":4}"#, r#"{"left":3}"#).is_some_and(|body| json::parse(body.as_bytes()).is_ok()));
        assert_eq!(both(r#"{"a":{"b":1}}"#, r#"{"a":[1]}"#), None);
        assert_eq!(both("", ""), Some(String::new()));
    }

    #[test]
    fn headers_are_whole_or_not_there() {
        let both =
            |one: &str, two: &str| Template::of(one.into()).and(two, Media::Plain).0.render_whole(&mut Random::new(1));
        assert_eq!(both("DENY", "DENY"), Some("DENY".into()));
        assert_eq!(both("/login?user=alice", "/login?user=bob"), None);
        assert!(both("0123456789abcdef", "fedcba9876543210").is_some_and(|id| id.len() == 16));
    }

    #[test]
    fn weights_tell_what_people_see() {
        let weight = Weight::of("<p class=x>ab \u{e000} cd</p><script>f</script>", Media::Markup);
        assert_eq!((weight.all, weight.visible), (25, 4));
    }
}
