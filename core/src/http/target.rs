//! The parts of a request target (RFC 9112, section 3.2): a path, or the whole URL as it is sent to a proxy.

/// Path and query, as received.
pub fn path_and_query(target: &str) -> &str {
    path_start(target.as_bytes()).map_or("/", |at| &target[at..])
}

/// Path and query of a target that need not be text.
pub fn path_and_query_of_bytes(target: &[u8]) -> &[u8] {
    path_start(target).map_or(b"/", |at| &target[at..])
}

/// The path, by which logins are recognized.
pub fn path(target: &str) -> &str {
    let target = path_and_query(target);
    target.split(['?', '#']).next().unwrap_or(target)
}

/// Where path and query begin; none for a URL without them.
fn path_start(target: &[u8]) -> Option<usize> {
    let is_scheme = |scheme: &[u8]| scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    match memchr::memmem::find(target, b"://") {
        Some(scheme) if is_scheme(&target[..scheme]) => {
            let authority = scheme + 3;
            target[authority..].iter().position(|byte| b"/?#".contains(byte)).map(|length| authority + length)
        }
        _ => Some(0),
    }
}
