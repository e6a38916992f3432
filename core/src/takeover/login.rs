//! The normalization of logins, which maps spellings of the same account to one.
//!
//! Applications look up logins in many ways. Comparing them byte by byte here would give an attacker a separate
//! budget of guesses for each spelling.
//!
//! Unicode multiplies the spellings: full-width letters, ligatures and combining marks have compatible forms, and many
//! characters are not visible at all. Applications that accept them usually compare logins after NFKC and without
//! those characters (RFC 8265, "PRECIS"); [`LoginNormalization::Nfkc`] does the same. It is not the default, because
//! for an application that compares only letters without case, such spellings are different accounts.

use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// How logins are normalized.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LoginNormalization {
    /// Surrounding white space is removed, also that of other scripts.
    None,
    /// In addition, case is ignored.
    #[default]
    CaseFold,
    /// In addition, before that, compatible characters become the same (NFKC), and invisible ones are removed.
    Nfkc,
    /// As [`Nfkc`](Self::Nfkc), since domains are compared like that, and `+tag` of an email address is removed, as are dots
    /// before the `@` for these domains.
    Email {
        /// The domains, in lower case, whose mailboxes ignore dots.
        dotless_domains: Vec<String>,
    },
}

impl LoginNormalization {
    /// Normalizes a login; returns `None` if nothing is left.
    pub fn apply<'a>(&self, login: &'a str) -> Option<Cow<'a, str>> {
        let trimmed = login.trim_matches(is_blank);
        if trimmed.is_empty() {
            return None;
        }
        Some(match self {
            Self::None => Cow::Borrowed(trimmed),
            Self::CaseFold => fold(trimmed),
            Self::Nfkc => Cow::Owned(compatible(trimmed)?),
            Self::Email { dotless_domains } => {
                let folded: Cow<'a, str> = Cow::Owned(compatible(trimmed)?);
                match folded.rsplit_once('@') {
                    Some((mailbox, domain)) if !mailbox.is_empty() => {
                        let mailbox = mailbox.split_once('+').map_or(mailbox, |(before, _)| before);
                        match dotless_domains.iter().any(|dotless| dotless == domain) {
                            true => Cow::Owned(format!("{}@{domain}", mailbox.replace('.', ""))),
                            false => Cow::Owned(format!("{mailbox}@{domain}")),
                        }
                    }
                    _ => folded,
                }
            }
        })
    }
}

/// Converts text to one case and to NFKC; returns `None` if nothing is left.
fn compatible(text: &str) -> Option<String> {
    let composed = compose(text);
    let composed = composed.trim_matches(is_blank);
    // Folding may take a composed character apart.
    (!composed.is_empty()).then(|| compose(&fold(composed)).into_owned())
}

/// Whether applications cut a character off the ends of what was typed: what Python's `strip` and JavaScript's `trim` do.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}' | '\u{feff}')
}

/// Folds case, including characters that reach lower case in two steps, such as the Kelvin sign.
fn fold(text: &str) -> Cow<'_, str> {
    match text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.to_uppercase().to_lowercase()),
    }
}

/// Converts text to NFKC without invisible characters.
fn compose(text: &str) -> Cow<'_, str> {
    let visible = |character: &char| !is_invisible(*character);
    if text.is_ascii() || text.chars().all(|one| visible(&one)) && is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(visible).nfkc().filter(visible).collect())
}

/// Whether a character has no appearance of its own: the property `Default_Ignorable_Code_Point` of Unicode.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_account_agree() {
        let email = LoginNormalization::Email { dotless_domains: vec!["x.io".into()] };
        let table = [
            (LoginNormalization::None, " Bob ", Some("Bob")),
            (LoginNormalization::CaseFold, "\tBob@X.io ", Some("bob@x.io")),
            (LoginNormalization::None, "\u{a0}Bob\u{3000}\u{feff}", Some("Bob")),
            (LoginNormalization::CaseFold, "STRASSE", Some("strasse")),
            (LoginNormalization::CaseFold, "straße", Some("strasse")),
            (LoginNormalization::CaseFold, "  ", None),
            (LoginNormalization::CaseFold, "b\u{200b}ob", Some("b\u{200b}ob")),
            (LoginNormalization::Nfkc, "Bob", Some("bob")),
            (LoginNormalization::Nfkc, "\u{ff22}\u{200b}o\u{ad}b\u{e0041}", Some("bob")),
            (LoginNormalization::Nfkc, "\u{200b}\u{a0} \u{2060}", None),
            (LoginNormalization::Nfkc, "\u{200b} Bob \u{200d}", Some("bob")),
            (LoginNormalization::Nfkc, "o\u{fb03}ce", Some("office")),
            (LoginNormalization::Nfkc, "Zoe\u{308}", Some("zoë")),
            (LoginNormalization::Nfkc, "\u{130}x", Some("i\u{307}x")),
            (email.clone(), "B.o.B+news@X.io", Some("bob@x.io")),
            (email.clone(), "B.o.B+news@Y.io", Some("b.o.b@y.io")),
            (email.clone(), "+a@x.io", Some("@x.io")),
            (email.clone(), "\u{ff22}.ob\u{ff0b}a\u{ff20}\u{ff38}.io", Some("bob@x.io")),
            (email.clone(), "b\u{ad}ob@x.io", Some("bob@x.io")),
            (email.clone(), "\u{200b}", None),
            (email, "bob", Some("bob")),
        ];
        for (how, typed, counted) in table {
            assert_eq!(how.apply(typed).as_deref(), counted, "{typed}");
        }
    }
}
