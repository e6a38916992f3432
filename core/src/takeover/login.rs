//! The normalization of logins, which maps spellings of the same account to one.
//!
//! Applications look up logins in many ways. Comparing them byte by byte here would give an attacker a separate
//! budget of guesses for each spelling.

use std::borrow::Cow;

/// How logins are normalized.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LoginNormalization {
    /// Surrounding white space is removed, also that of other scripts.
    None,
    /// In addition, case is ignored.
    #[default]
    CaseFold,
    /// In addition, `+tag` of an email address is removed, as are dots before the `@` for these domains.
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
            Self::Email { dotless_domains } => {
                let folded = fold(trimmed);
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
            (email.clone(), "B.o.B+news@X.io", Some("bob@x.io")),
            (email.clone(), "B.o.B+news@Y.io", Some("b.o.b@y.io")),
            (email.clone(), "+a@x.io", Some("@x.io")),
            (email, "bob", Some("bob")),
        ];
        for (how, typed, counted) in table {
            assert_eq!(how.apply(typed).as_deref(), counted, "{typed}");
        }
    }
}
