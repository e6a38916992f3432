//! HTML or JSON for a blocked client, according to its `Accept` header.
//!
//! Browsers list `text/html`; programs list JSON, `*/*` or nothing. So HTML requires an explicit preference, a wildcard
//! subtype counts little without an explicit weight, and every tie goes to JSON.

const LONGEST_ELEMENT: usize = 128;
const WILDCARD_WEIGHT: f64 = 0.2;

/// Whether the client prefers HTML to JSON.
pub fn prefers_html(accept: &str) -> bool {
    let (mut html, mut json) = (0.0f64, 0.0f64);
    for element in accept.split(',').filter(|element| element.len() <= LONGEST_ELEMENT) {
        let mut parts = element.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let is = |name: &str| media_type.eq_ignore_ascii_case(name);
        let (best, default) = if is("text/html") {
            (&mut html, 1.0)
        } else if is("text/*") {
            (&mut html, WILDCARD_WEIGHT)
        } else if is("application/json") {
            (&mut json, 1.0)
        } else if is("application/*") {
            (&mut json, WILDCARD_WEIGHT)
        } else {
            continue;
        };
        *best = best.max(parts.find_map(weight).unwrap_or(default));
    }
    html > json
}

/// The weight of a `q` parameter; `None` for another parameter, zero for an invalid weight.
fn weight(parameter: &str) -> Option<f64> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value = value.trim();
    let decimal = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    Some(value.parse().ok().filter(|_| decimal).unwrap_or(0.0f64).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::prefers_html;

    #[test]
    fn the_table_of_accept_headers() {
        for (accept, html) in [
            ("", false),
            ("*/*", false),
            ("image/webp,*/*", false),
            ("text/plain", false),
            ("text/html", true),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/json", false),
            ("text/html, application/json", false),
            ("application/json, text/html", false),
            ("text/*", true),
            ("text/*;q=0.7, application/*;q=0.8, */*;q=0.9", false),
            ("text/*;q=0.8, application/*;q=0.7, */*;q=0.9", true),
            ("text/*;q=0.8, application/*;q=0.7, application/json;q=0.85, */*;q=0.9", false),
            ("text/html;q=0.9, text/*;q=0.8, application/json;q=0.85, */*;q=0.9", true),
            ("text/html;q=0", false),
            ("text/html;q=0.5, application/json;q=0.5", false),
            ("text/*, application/json;q=0.1", true),
            ("application/*, text/html;q=0.1", false),
            ("text/html; q=0.5, application/json;q=0.6", false),
            ("text/html;level=1;q=0.4, application/json;q=0.5", false),
            ("TEXT/HTML", true),
            ("text/html;q=-1", false),
            ("text/html;q=inf", false),
            ("text/html;q=7, application/json", false),
            ("text/html ; q = 0.9", true),
        ] {
            assert_eq!(prefers_html(accept), html, "{accept}");
        }
        assert!(!prefers_html(&format!("text/html;x={}", "y".repeat(200))));
    }
}
