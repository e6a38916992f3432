//! Parts of a URL, found by punctuation only.

use memchr::{memchr, memchr2, memrchr};

use super::step::Effect;

/// The part of the path after its last `/`.
pub(super) fn url_basename(input: &[u8], output: &mut Vec<u8>) -> Effect {
    let path = path(input);
    let start = memrchr(b'/', path).map_or(0, |slash| slash + 1);
    replace_by(&path[start..], input, output)
}

/// The text up to `?` or `#`.
pub(super) fn url_path(input: &[u8], output: &mut Vec<u8>) -> Effect {
    replace_by(path(input), input, output)
}

/// The text between `?` and `#`; empty if there is no query. Always reports a change.
pub(super) fn url_querystring(input: &[u8], output: &mut Vec<u8>) -> Effect {
    let query = input[path(input).len()..].strip_prefix(b"?").unwrap_or_default();
    output.extend_from_slice(&query[..memchr(b'#', query).unwrap_or(query.len())]);
    Effect::Changed
}

fn path(url: &[u8]) -> &[u8] {
    &url[..memchr2(b'?', b'#', url).unwrap_or(url.len())]
}

fn replace_by(part: &[u8], input: &[u8], output: &mut Vec<u8>) -> Effect {
    if part.len() == input.len() {
        return Effect::Kept;
    }
    output.extend_from_slice(part);
    Effect::Changed
}
