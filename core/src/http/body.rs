//! The copy of a request body that an extended collection attaches to the report, with bounds on everything.

use crate::users::text::utf8;
use crate::value::{Object, Value, View};

const LONGEST_STRING: usize = 4096;
const MOST_ENTRIES: usize = 256;
const DEEPEST: usize = 20;

/// The tag for a copy from which something was left out.
pub const EXCEEDED_TAG: &str = "_dd.appsec.request_body_size.exceeded";

/// The copy, and whether anything was left out.
pub fn collected_body(body: &Object) -> (Value, bool) {
    let mut cut = false;
    let copy = copy(body, DEEPEST, &mut cut);
    (copy, cut)
}

/// Recursion is bounded by `depth`.
fn copy(value: &Object, depth: usize, cut: &mut bool) -> Value {
    *cut |= value.len() > MOST_ENTRIES || value.is_container() && depth == 0;
    match value.view() {
        View::Array(_) | View::Map(_) if depth == 0 => Value::null(),
        View::Array(elements) => {
            elements.iter().take(MOST_ENTRIES).map(|element| copy(element, depth - 1, cut)).collect()
        }
        View::Map(pairs) => {
            let mut map = Value::map();
            for pair in pairs.iter().take(MOST_ENTRIES) {
                let key = short(pair.key_bytes().unwrap_or_default(), cut);
                map.insert(key, copy(pair.value(), depth - 1, cut));
            }
            map
        }
        View::String(bytes) => Value::from(short(bytes, cut)),
        _ => value.to_value(),
    }
}

fn short(bytes: &[u8], cut: &mut bool) -> String {
    let mut text = utf8(bytes).into_owned();
    if let Some((end, _)) = text.char_indices().nth(LONGEST_STRING) {
        text.truncate(end);
        *cut = true;
    }
    text
}
