//! How much automation may collect about users: everything, pseudonyms only, or nothing.
//!
//! The mode comes from two environment variables (an older and a newer name), a master switch and remote configuration.
//! An unknown value means *disabled*: a typo in `anonymization` must not start the collection of raw identifiers. An
//! empty value counts as unset. What application code reports through the SDK is never subject to the mode.

/// The environment variable with the mode.
pub const MODE_VARIABLE: &str = "DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE";
/// The older name; [`MODE_VARIABLE`] takes precedence if both are set.
pub const OLD_MODE_VARIABLE: &str = "DD_APPSEC_AUTOMATED_USER_EVENTS_TRACKING";
/// The master switch of automated collection: false overrides remote configuration, too.
pub const SWITCH_VARIABLE: &str = "DD_APPSEC_AUTOMATED_USER_EVENTS_TRACKING_ENABLED";

/// What automated hooks may collect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CollectionMode {
    /// Identifiers and logins unchanged.
    #[default]
    Identification,
    /// Their pseudonyms.
    Anonymization,
    /// Nothing.
    Disabled,
}

impl CollectionMode {
    /// The name written into tags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identification => "identification",
            Self::Anonymization => "anonymization",
            Self::Disabled => "disabled",
        }
    }

    /// Reads a mode; `None` for the empty text, which means "not set". Warnings go to `warnings`.
    pub fn parse(text: &str, warnings: &mut Vec<String>) -> Option<Self> {
        let is = |name: &str| text.eq_ignore_ascii_case(name);
        if text.is_empty() {
            None
        } else if is("ident") || is("identification") {
            Some(Self::Identification)
        } else if is("anon") || is("anonymization") {
            Some(Self::Anonymization)
        } else if is("disabled") {
            Some(Self::Disabled)
        } else if is("extended") {
            warnings.push("The user collection mode `extended` is deprecated, use `identification`".into());
            Some(Self::Identification)
        } else if is("safe") {
            warnings.push("The user collection mode `safe` is deprecated, use `anonymization`".into());
            Some(Self::Anonymization)
        } else {
            warnings.push(format!("Unknown user collection mode: {text}"));
            Some(Self::Disabled)
        }
    }
}

/// The local settings, read once at start-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeSettings {
    /// Whether the master switch permits automated collection.
    pub tracking: bool,
    /// The mode set in the environment, if any.
    pub local: Option<CollectionMode>,
}

/// The settings of an empty environment.
impl Default for ModeSettings {
    fn default() -> Self {
        Self { tracking: true, local: None }
    }
}

impl ModeSettings {
    /// Reads the settings through `variable`, which returns the value of an environment variable.
    pub fn read(variable: impl Fn(&str) -> Option<String>, warnings: &mut Vec<String>) -> Self {
        let tracking = variable(SWITCH_VARIABLE).is_none_or(|text| read_switch(&text, warnings));
        let local = [MODE_VARIABLE, OLD_MODE_VARIABLE]
            .iter()
            .find_map(|name| CollectionMode::parse(&variable(name)?, warnings));
        Self { tracking, local }
    }

    /// The mode in force: disabled if the engine is off or the switch forbids collection; else that of remote
    /// configuration, or else of the environment.
    pub fn effective(&self, engine_on: bool, remote: Option<&str>, warnings: &mut Vec<String>) -> CollectionMode {
        if !engine_on || !self.tracking {
            return CollectionMode::Disabled;
        }
        remote.and_then(|text| CollectionMode::parse(text, warnings)).or(self.local).unwrap_or_default()
    }
}

fn read_switch(text: &str, warnings: &mut Vec<String>) -> bool {
    match text.to_ascii_lowercase().as_str() {
        "" | "true" | "1" => true,
        "false" | "0" => false,
        _ => {
            warnings.push(format!("{SWITCH_VARIABLE} is neither true nor false: {text}"));
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// variables, engine on, remote, expected mode, number of warnings
    type Case = (&'static [(&'static str, &'static str)], bool, Option<&'static str>, CollectionMode, usize);

    #[test]
    fn sources_in_their_order() {
        use CollectionMode::*;
        let cases: &[Case] = &[
            (&[], true, None, Identification, 0),
            (&[], false, Some("ident"), Disabled, 0),
            (&[(MODE_VARIABLE, "")], true, None, Identification, 0),
            (&[(MODE_VARIABLE, "ANON")], true, None, Anonymization, 0),
            (&[(MODE_VARIABLE, "")] as &[_], true, Some(""), Identification, 0),
            (&[(OLD_MODE_VARIABLE, "safe")], true, None, Anonymization, 1),
            (&[(OLD_MODE_VARIABLE, "Extended")], true, None, Identification, 1),
            (&[(MODE_VARIABLE, ""), (OLD_MODE_VARIABLE, "disabled")], true, None, Disabled, 0),
            (&[(MODE_VARIABLE, "ident"), (OLD_MODE_VARIABLE, "disabled")], true, None, Identification, 0),
            (&[(MODE_VARIABLE, " ident")], true, None, Disabled, 1),
            (&[(MODE_VARIABLE, "anonymisation")], true, None, Disabled, 1),
            (&[(MODE_VARIABLE, "disabled")], true, Some("anonymization"), Anonymization, 0),
            (&[], true, Some("what"), Disabled, 1),
            (&[(SWITCH_VARIABLE, "FALSE")], true, Some("identification"), Disabled, 0),
            (&[(SWITCH_VARIABLE, "0")], true, None, Disabled, 0),
            (&[(SWITCH_VARIABLE, "1")], true, None, Identification, 0),
            (&[(SWITCH_VARIABLE, "maybe")], true, None, Identification, 1),
        ];
        for (variables, engine_on, remote, expected, warned) in cases {
            let mut warnings = Vec::new();
            let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_string());
            let mode = ModeSettings::read(lookup, &mut warnings).effective(*engine_on, *remote, &mut warnings);
            assert_eq!((mode, warnings.len()), (*expected, *warned), "{variables:?} {remote:?} {warnings:?}");
        }
    }
}
