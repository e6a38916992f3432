//! The settings of an engine by name, with the environment variables that stand in for them.
//!
//! One table for all languages: `SETTINGS.md` at the top of the repository is made of it (a test compares them), and the
//! types of Python and TypeScript are checked against it.

use super::super::args::{Args, Result};
use crate::http::settings::waf_timeout;
use crate::value::{Object, Value};

/// What a setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// True or false; in a variable also 1 or 0.
    Flag,
    /// A number.
    Number,
    /// Microseconds; in a variable with a unit, as tracers read it.
    Budget,
    /// A list of texts; in a variable separated by commas.
    Texts,
    /// Something that only some languages or tests can express: see its meaning.
    Other,
}

/// A setting of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// The variable that counts if it is not given; empty if there is none.
    pub variable: &'static str,
    /// Its type.
    pub kind: Kind,
    /// The default, in words or as a value.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

const fn setting(
    name: &'static str,
    variable: &'static str,
    kind: Kind,
    default: &'static str,
    meaning: &'static str,
) -> Setting {
    Setting { name, variable, kind, default, meaning }
}

/// All settings.
pub const SETTINGS: [Setting; 31] = [
    setting(
        "rules",
        "DD_APPSEC_RULES",
        Kind::Other,
        "the built-in rules",
        "A ruleset: a map, its JSON text, or the path of a file with it. A file named by the variable counts as `local_rules`.",
    ),
    setting(
        "mode",
        "BARTIZAN_MODE",
        Kind::Text,
        "monitor",
        "`monitor`: rules report, and what they would have blocked has the tag `bartizan.would_block`. `block`: their blocking actions are taken; of the built-in rules all but those that only inform. Refused users and addresses are blocked in either mode.",
    ),
    setting(
        "enabled",
        "DD_APPSEC_ENABLED",
        Kind::Flag,
        "true",
        "Whether anything is evaluated. Null: off until remote configuration turns it on.",
    ),
    setting(
        "local_rules",
        "",
        Kind::Flag,
        "false",
        "Whether an operator chose the rules, so that remote configuration does not change them.",
    ),
    setting(
        "exclusions",
        "BARTIZAN_EXCLUSIONS",
        Kind::Other,
        "none",
        "A list of maps, each as for `exclude`: `rule`, `type`, `path`, `parameter`, `header`, `cookie`. In a variable it is JSON, or the path of a file with it.",
    ),
    setting(
        "allow",
        "BARTIZAN_ALLOW",
        Kind::Texts,
        "none",
        "Addresses and networks from which requests are never refused. Behind proxies it needs `client_ip_header` or `trusted_proxies`; without them the other end of the connection is compared.",
    ),
    setting(
        "allow_mode",
        "BARTIZAN_ALLOW_MODE",
        Kind::Text,
        "bypass",
        "`bypass`: rules are not evaluated for them, `monitor`: rules report.",
    ),
    setting(
        "on_incomplete",
        "BARTIZAN_ON_INCOMPLETE",
        Kind::Text,
        "pass",
        "`pass` or `block`: what becomes of a request that was not inspected completely.",
    ),
    setting(
        "block_page_html",
        "DD_APPSEC_HTTP_BLOCKED_TEMPLATE_HTML",
        Kind::Text,
        "our page",
        "The page for blocked clients: its text, or the path of a file with it. `[security_response_id]` stands for the id. In a variable it is a path; a file that cannot be read is then a warning.",
    ),
    setting(
        "block_page_json",
        "DD_APPSEC_HTTP_BLOCKED_TEMPLATE_JSON",
        Kind::Text,
        "our document",
        "The same for clients that prefer JSON.",
    ),
    setting(
        "block_page_graphql",
        "DD_APPSEC_GRAPHQL_BLOCKED_TEMPLATE_JSON",
        Kind::Text,
        "our document",
        "The same for GraphQL.",
    ),
    setting(
        "log_rate_limit",
        "BARTIZAN_LOG_RATE_LIMIT",
        Kind::Number,
        "10",
        "Attacks, and blocks, that are logged per second; negative for all, 0 for none. Lines say how many were left out before them.",
    ),
    setting(
        "obfuscator_key_regex",
        "DD_APPSEC_OBFUSCATION_PARAMETER_KEY_REGEXP",
        Kind::Text,
        "passwords, tokens, keys ...",
        "Values under keys that match are redacted in events and log lines, unless the configuration has an `obfuscator`. Empty: none.",
    ),
    setting(
        "obfuscator_value_regex",
        "DD_APPSEC_OBFUSCATION_PARAMETER_VALUE_REGEXP",
        Kind::Text,
        "secrets within texts",
        "What is redacted within values.",
    ),
    setting(
        "timeout_us",
        "DD_APPSEC_WAF_TIMEOUT",
        Kind::Budget,
        "5000",
        "The budget of an evaluation, in microseconds. In the variable a unit may follow (`us`, `ms`, `s`).",
    ),
    setting(
        "body_limit",
        "BARTIZAN_BODY_LIMIT",
        Kind::Number,
        "1048576",
        "Bytes of a request's body that are held and read.",
    ),
    setting(
        "decompressed_limit",
        "BARTIZAN_DECOMPRESSED_LIMIT",
        Kind::Number,
        "4194304",
        "Bytes that a compressed body may have decompressed.",
    ),
    setting(
        "bodies_limit",
        "BARTIZAN_BODIES_LIMIT",
        Kind::Number,
        "67108864",
        "Bytes that the bodies of all requests may take at a time.",
    ),
    setting(
        "client_ip_header",
        "DD_TRACE_CLIENT_IP_HEADER",
        Kind::Text,
        "none",
        "The header in which the proxies in front of the service write the client's address.",
    ),
    setting(
        "trusted_proxies",
        "BARTIZAN_TRUSTED_PROXIES",
        Kind::Texts,
        "unknown",
        "The addresses and networks of these proxies: the client is then the last hop that is not one of them. Empty: there are none.",
    ),
    setting(
        "trace_rate_limit",
        "DD_APPSEC_TRACE_RATE_LIMIT",
        Kind::Number,
        "100",
        "Traces that are kept per second; negative for all, 0 for none.",
    ),
    setting(
        "schema_delay",
        "DD_API_SECURITY_SAMPLE_DELAY",
        Kind::Number,
        "30",
        "Seconds between two schemas of the same endpoint; 0 for one of every request.",
    ),
    setting(
        "propagate",
        "DD_TRACE_PROPAGATE_USER_ID_DEFAULT",
        Kind::Flag,
        "false",
        "Whether users' ids are passed to downstream services.",
    ),
    setting(
        "takeover",
        "BARTIZAN_TAKEOVER",
        Kind::Flag,
        "true",
        "Whether account takeover is detected; or how: a document with the key `bartizan_ato` (see `core/rules/takeover/CONFIGURATION.md`).",
    ),
    setting(
        "takeover_snapshot",
        "",
        Kind::Other,
        "none",
        "Bytes from which detection continues: the `snapshot` of an earlier engine's detector.",
    ),
    setting("service", "DD_SERVICE", Kind::Text, "", "The service that signals of takeover name."),
    setting("env", "DD_ENV", Kind::Text, "", "The environment that they name."),
    setting(
        "environment",
        "",
        Kind::Other,
        "those of the process",
        "A map of environment variables, in place of the process's own: those of this table, and those of automatic user events (`DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE`, `DD_APPSEC_AUTOMATED_USER_EVENTS_TRACKING`, `DD_APPSEC_AUTOMATED_USER_EVENTS_TRACKING_ENABLED`).",
    ),
    setting(
        "clock",
        "",
        Kind::Text,
        "system",
        "`manual`, for tests: time stands still until the detector's `advance` moves it.",
    ),
    setting("start_ms", "", Kind::Number, "0", "Where a manual clock starts, in milliseconds since the Unix epoch."),
    setting(
        "host",
        "",
        Kind::Text,
        "python",
        "`python` or `javascript`: how numbers are printed in tags. Packages set it themselves.",
    ),
];

/// The names of all settings.
pub(in crate::sdk) fn names() -> Vec<&'static str> {
    SETTINGS.iter().map(|setting| setting.name).collect()
}

/// Environment variables: those that the settings bring, or the process's own.
#[derive(Clone, Copy)]
pub(in crate::sdk) struct Environment<'a>(Option<Args<'a>>);

impl<'a> Environment<'a> {
    pub fn of(settings: Args<'a>) -> Result<Self> {
        settings.map("environment").map(Self)
    }

    /// A variable; an empty one counts as unset.
    pub fn get(self, name: &str) -> Option<String> {
        self.text(name, false)
    }

    fn text(self, name: &str, may_be_empty: bool) -> Option<String> {
        let found = match self.0 {
            Some(variables) => variables.text(name).ok().flatten().map(String::from),
            None => std::env::var(name).ok(),
        };
        found.filter(|text| may_be_empty || !text.is_empty())
    }
}

/// What the environment says where the settings do not: a map of settings. What a variable of tracers says and cannot be
/// used is a warning, as they read some of them in other ways; one of ours is an error.
pub(in crate::sdk) fn from_environment(
    given: &Object,
    environment: Environment<'_>,
    warnings: &mut Vec<String>,
) -> Result<Value> {
    let mut found = Value::map();
    for Setting { name, variable, kind, .. } in SETTINGS {
        if variable.is_empty() || given.get(name.as_bytes()).is_some() {
            continue;
        }
        // An empty expression switches the obfuscator off.
        let Some(text) = environment.text(variable, name.starts_with("obfuscator")) else { continue };
        match read(kind, text.trim(), warnings) {
            Some(value) => found.insert(name, value),
            None => {
                let message = format!("the variable `{variable}` must be {}, not `{text}`", wanted(kind));
                if !variable.starts_with("DD_") {
                    return Err(message);
                }
                warnings.push(message);
            }
        }
    }
    Ok(found)
}

fn read(kind: Kind, text: &str, warnings: &mut Vec<String>) -> Option<Value> {
    Some(match kind {
        Kind::Text | Kind::Other => text.into(),
        Kind::Flag => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => true.into(),
            "false" | "0" | "no" | "off" => false.into(),
            _ => return None,
        },
        Kind::Number => text.parse::<f64>().ok().filter(|number| number.is_finite())?.into(),
        Kind::Budget => waf_timeout(text, false, warnings).into(),
        Kind::Texts => text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect(),
    })
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "`true` or `false`",
        Kind::Number | Kind::Budget => "a number",
        Kind::Text | Kind::Texts | Kind::Other => "a text",
    }
}

/// A message about a setting that came from a variable, in terms of the variable.
pub(in crate::sdk) fn in_terms_of_variables(message: String, found: &Object) -> String {
    let mut message = message;
    for Setting { name, variable, .. } in SETTINGS {
        if found.get(name.as_bytes()).is_some() {
            let as_setting = format!("the setting `{name}`");
            message = message.replace(&as_setting, &format!("the variable `{variable}`"));
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> String {
        let mut rows = String::new();
        for Setting { name, variable, kind, default, meaning } in SETTINGS {
            let variable = if variable.is_empty() { String::new() } else { format!("`{variable}`") };
            let kind = match kind {
                Kind::Text => "text",
                Kind::Flag => "true or false",
                Kind::Number | Kind::Budget => "number",
                Kind::Texts => "list of texts",
                Kind::Other => "",
            };
            rows += &format!("| `{name}` | {variable} | {kind} | {default} | {meaning} |\n");
        }
        rows
    }

    /// To write the table anew, run this test with the variable `BARTIZAN_WRITE_SETTINGS`.
    #[test]
    fn the_page_has_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../SETTINGS.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (head, rest) = text.split_once("|---|---|---|---|---|\n").expect("a table");
        let after = rest.find("\n\n").map_or("", |end| &rest[end + 1..]);
        if std::env::var_os("BARTIZAN_WRITE_SETTINGS").is_some() {
            std::fs::write(path, format!("{head}|---|---|---|---|---|\n{}{after}", page())).unwrap();
        }
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&page()), "SETTINGS.md differs from the table");
    }
}
