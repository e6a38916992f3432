//! The addresses under which requests, users and operations are submitted.
//!
//! The engine gives a name no meaning: a rule on a name under which no data is submitted loads and never matches. So
//! such names cause a warning. They are not refused, as an application may submit data under names of its own.

/// Sorted by bytes.
const NAMES: [&[u8]; 45] = [
    b"_dd.appsec.fp.http.endpoint",
    b"_dd.appsec.fp.http.header",
    b"_dd.appsec.fp.http.network",
    b"_dd.appsec.fp.session",
    b"graphql.server.all_resolvers",
    b"graphql.server.resolver",
    b"grpc.server.method",
    b"grpc.server.request.message",
    b"grpc.server.request.metadata",
    b"grpc.server.response.message",
    b"http.client_ip",
    b"server.db.statement",
    b"server.db.system",
    b"server.io.fs.file",
    b"server.io.fs.file_write",
    b"server.io.net.request.body",
    b"server.io.net.request.headers",
    b"server.io.net.request.method",
    b"server.io.net.response.body",
    b"server.io.net.response.headers",
    b"server.io.net.response.status",
    b"server.io.net.url",
    b"server.request.body",
    b"server.request.body.filenames",
    b"server.request.body.files_content",
    b"server.request.body.files_field_names",
    b"server.request.body.raw",
    b"server.request.cookies",
    b"server.request.headers.no_cookies",
    b"server.request.jwt",
    b"server.request.method",
    b"server.request.path_params",
    b"server.request.query",
    b"server.request.uri.raw",
    b"server.response.body",
    b"server.response.body.raw",
    b"server.response.headers.no_cookies",
    b"server.response.status",
    b"server.sys.exec.cmd",
    b"server.sys.shell.cmd",
    b"usr.id",
    b"usr.login",
    b"usr.session_id",
    b"waf.context.event",
    b"waf.context.processor",
];

/// The prefix of business events, whose names the application chooses.
const BUSINESS: &[u8] = b"server.business_logic.";

/// Whether data is known to be submitted under this name.
pub(super) fn is_known(address: &[u8]) -> bool {
    NAMES.binary_search(&address).is_ok() || address.starts_with(BUSINESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order() {
        assert!(NAMES.is_sorted());
        assert!(is_known(b"usr.id") && is_known(b"server.business_logic.payment.failure"));
        assert!(!is_known(b"usr.ID") && !is_known(b""));
    }
}
