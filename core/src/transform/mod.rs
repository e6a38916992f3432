//! Transformers decode and normalise strings before they are matched.
//!
//! A condition may ask for a chain of them (`url_decode`, then `lowercase`, ...). Nearly all strings pass a chain
//! unchanged, so the design aims at finding that out cheaply:
//!
//! 1. [`ByteClasses`] are computed once per string, in one table-driven pass; [`Chain::may_change`] then rules out most
//!    chains with one bit test.
//! 2. A transformer that does run first looks for the first byte that it would change, and leaves its output buffer
//!    alone if there is none.
//! 3. Only then does it write, from the input into a buffer of a [`Scratch`]. Buffers grow once and are reused; their
//!    content serves other chains that begin with the same steps.
//!
//! Writing from one buffer to another, rather than in place as the reference does, costs a copy only if something
//! changes, and lets the first transformer read the caller's bytes directly. Every transformer is linear in its input,
//! and checks the deadline every few kilobytes.
//!
//! | file | transformers |
//! |---|---|
//! | `bytes` | `lowercase`, `remove_nulls`, `compress_whitespace` |
//! | `path` | `normalize_path`, `normalize_path_win` |
//! | `percent` | `url_decode`, `url_decode_iis` |
//! | `css`, `js`, `html` | `css_decode`, `js_decode`, `html_entity_decode` |
//! | `base64` | `base64_decode`, `base64url_decode`, `base64_encode` |
//! | `shell`, `comments` | `shell_unescape`, `remove_comments` |
//! | `url` | `url_basename`, `url_path`, `url_querystring` |
//! | `unicode` | `unicode_normalize` |
//! | `disguise`, `credentials`, `wrapping` | `disguise_decode`, `credentials_decode`, `wrapping_decode`: of this engine alone, for rules under `bartizan_rules` |

mod base64;
mod bytes;
mod chain;
mod classes;
mod comments;
mod credentials;
mod css;
mod disguise;
mod hex;
mod html;
mod js;
mod path;
mod percent;
mod shell;
mod step;
mod unicode;
mod url;
mod utf8;
mod wrapping;

use crate::support::{Deadline, Stride};
pub(crate) use chain::Copy;
pub use chain::{Chain, Scratch};
pub use classes::{ByteClasses, Triggers};
use step::Effect;

/// The cost of transforming a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 64;

/// One step of a [`Chain`].
///
/// The source selectors `keys_only` and `values_only` appear in the same lists of names but transform nothing; the
/// parser of the configuration removes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each is its name in a configuration
pub enum Transformer {
    Lowercase,
    RemoveNulls,
    CompressWhitespace,
    NormalizePath,
    NormalizePathWin,
    UrlDecode,
    UrlDecodeIis,
    CssDecode,
    JsDecode,
    HtmlEntityDecode,
    Base64Decode,
    Base64UrlDecode,
    Base64Encode,
    ShellUnescape,
    UrlBasename,
    UrlPath,
    UrlQuerystring,
    RemoveComments,
    UnicodeNormalize,
    DisguiseDecode,
    CredentialsDecode,
    WrappingDecode,
}

impl Transformer {
    /// The transformer with this name or alias; both are case-sensitive.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"lowercase" => Self::Lowercase,
            b"remove_nulls" | b"removeNulls" => Self::RemoveNulls,
            b"compress_whitespace" | b"compressWhiteSpace" => Self::CompressWhitespace,
            b"normalize_path" | b"normalizePath" => Self::NormalizePath,
            b"normalize_path_win" | b"normalizePathWin" => Self::NormalizePathWin,
            b"url_decode" | b"urlDecode" => Self::UrlDecode,
            b"url_decode_iis" | b"urlDecodeUni" => Self::UrlDecodeIis,
            b"css_decode" | b"cssDecode" => Self::CssDecode,
            b"js_decode" | b"jsDecode" => Self::JsDecode,
            b"html_entity_decode" | b"htmlEntityDecode" => Self::HtmlEntityDecode,
            b"base64_decode" | b"base64Decode" => Self::Base64Decode,
            b"base64url_decode" => Self::Base64UrlDecode,
            b"base64_encode" | b"base64Encode" => Self::Base64Encode,
            b"shell_unescape" | b"cmdLine" => Self::ShellUnescape,
            b"url_basename" | b"_sqr_basename" => Self::UrlBasename,
            b"url_path" | b"_sqr_filename" => Self::UrlPath,
            b"url_querystring" | b"_sqr_querystring" => Self::UrlQuerystring,
            b"remove_comments" | b"removeComments" => Self::RemoveComments,
            b"unicode_normalize" => Self::UnicodeNormalize,
            b"disguise_decode" => Self::DisguiseDecode,
            b"credentials_decode" => Self::CredentialsDecode,
            b"wrapping_decode" => Self::WrappingDecode,
            _ => return None,
        })
    }

    /// Writes the transformed `input` to `output`, which must be empty, unless the answer is [`Effect::Kept`].
    fn apply(self, input: &[u8], output: &mut Vec<u8>, deadline: &mut Deadline) -> Effect {
        let stride = &mut Stride::new(deadline, UNITS);
        match self {
            Self::Lowercase => bytes::lowercase(input, output, stride),
            Self::RemoveNulls => bytes::remove_nulls(input, output, stride),
            Self::CompressWhitespace => bytes::compress_whitespace(input, output, stride),
            Self::NormalizePath => path::normalize_path(input, output, stride),
            Self::NormalizePathWin => path::normalize_path_win(input, output, stride),
            Self::UrlDecode => percent::url_decode(input, output, stride),
            Self::UrlDecodeIis => percent::url_decode_iis(input, output, stride),
            Self::CssDecode => css::css_decode(input, output, stride),
            Self::JsDecode => js::js_decode(input, output, stride),
            Self::HtmlEntityDecode => html::html_entity_decode(input, output, stride),
            Self::Base64Decode => base64::base64_decode(input, output, stride),
            Self::Base64UrlDecode => base64::base64url_decode(input, output, stride),
            Self::Base64Encode => base64::base64_encode(input, output, stride),
            Self::ShellUnescape => shell::shell_unescape(input, output, stride),
            Self::UrlBasename => url::url_basename(input, output),
            Self::UrlPath => url::url_path(input, output),
            Self::UrlQuerystring => url::url_querystring(input, output),
            Self::RemoveComments => comments::remove_comments(input, output, stride),
            Self::UnicodeNormalize => unicode::unicode_normalize(input, output, stride),
            Self::DisguiseDecode => disguise::disguise_decode(input, output, stride),
            Self::CredentialsDecode => credentials::credentials_decode(input, output, stride),
            Self::WrappingDecode => wrapping::wrapping_decode(input, output, stride),
        }
    }
}

#[cfg(test)]
mod tests;
