//! The expressions for what events must not show.

use crate::config::obfuscator;
use crate::pattern::PatternCache;
use crate::pattern::{Options, Pattern};
use crate::value::Text;
use once_cell::race::OnceBox;

/// Names of keys whose values are secrets: passwords, keys, tokens, session ids.
const KEYS: &str = r"(?i)pass|pw(?:or)?d|secret|(?:api|private|public|access)[_-]?key|token|consumer[_-]?(?:id|key|secret)|sign(?:ed|ature)|bearer|authorization|jsessionid|phpsessid|asp\.net[_-]sessionid|sid|jwt";

/// Secrets within values; the first participating group is redacted.
const VALUES: &str = r#"(?i)(?:p(?:ass)?w(?:or)?d|pass(?:[_-]?phrase)?|secret(?:[_-]?key)?|(?:(?:api|private|public|access)[_-]?)key(?:[_-]?id)?|(?:(?:auth|access|id|refresh)[_-]?)?token|consumer[_-]?(?:id|key|secret)|sign(?:ed|ature)?|auth(?:entication|orization)?|jsessionid|phpsessid|asp\.net(?:[_-]|-)sessionid|sid|jwt)(?:\s*=([^;&]+)|"\s*:\s*("[^"]+"|\d+))|bearer\s+([a-z0-9\._\-]+)|token\s*:\s*([a-z0-9]{13})|gh[opsu]_([0-9a-zA-Z]{36})|ey[I-L][\w=-]+\.(ey[I-L][\w=-]+(?:\.[\w.+\/=-]+)?)|[\-]{5}BEGIN[a-z\s]+PRIVATE\sKEY[\-]{5}([^\-]+)[\-]{5}END[a-z\s]+PRIVATE\sKEY|ssh-rsa\s*([a-z0-9\/\.+]{100,})"#;

/// What values are searched for.
#[derive(Clone)]
pub enum ValueRule {
    /// A match redacts the first participating group.
    Partial(Pattern),
    /// A match redacts the whole value.
    Whole(Pattern),
}

/// The compiled obfuscator; without a configuration it redacts nothing.
#[derive(Default)]
pub struct Obfuscator {
    /// Redacts values below keys that match.
    pub keys: Option<Pattern>,
    /// Redacts values that match.
    pub values: Option<ValueRule>,
}

impl Obfuscator {
    /// Compiles a configuration: absent or invalid expressions mean the defaults, empty ones nothing.
    pub fn new(config: Option<&obfuscator::Obfuscator>, patterns: &mut PatternCache) -> Self {
        let Some(config) = config else { return Self::default() };
        let mut compile = |expression: &Option<Text>| match expression {
            Some(text) if text.is_empty() => Expression::Off,
            Some(text) => match patterns.get(text, Options { case_sensitive: false }) {
                Ok(pattern) => Expression::Own(pattern),
                Err(_) => Expression::Default,
            },
            None => Expression::Default,
        };
        let keys = match compile(&config.key_regex) {
            Expression::Off => None,
            Expression::Own(pattern) => Some(pattern),
            Expression::Default => default_pattern(&DEFAULT_KEYS, KEYS),
        };
        let values = match compile(&config.value_regex) {
            Expression::Off => None,
            Expression::Own(pattern) if pattern.source() != VALUES.as_bytes() => Some(ValueRule::Whole(pattern)),
            _ => default_pattern(&DEFAULT_VALUES, VALUES).map(ValueRule::Partial),
        };
        Obfuscator { keys, values }
    }
}

enum Expression {
    Off,
    Default,
    Own(Pattern),
}

static DEFAULT_KEYS: OnceBox<Option<Pattern>> = OnceBox::new();
static DEFAULT_VALUES: OnceBox<Option<Pattern>> = OnceBox::new();

fn default_pattern(cell: &OnceBox<Option<Pattern>>, source: &str) -> Option<Pattern> {
    cell.get_or_init(|| Box::new(Pattern::new(source.as_bytes(), Options { case_sensitive: false }).ok())).clone()
}
