//! Whether rules block.

use std::fmt;
use std::str::FromStr;

/// The effect of rules on requests.
///
/// Lists of refused users and addresses block in either mode, as do blocks by the application and by takeover detection
/// where it is configured to block. So do rules that carry out such decisions: those over the lists `blocked_ips` and
/// `blocked_users`, of the modules `network-acl` and `authentication-acl`, and with the tag `category` `security_response`
/// or `account_takeover`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// They report. What they would have blocked has the tag `bartizan.would_block`.
    #[default]
    Monitor,
    /// They take their actions. The built-in rules block, except those that only inform.
    Block,
}

impl Mode {
    /// The environment variable with the mode of an engine whose settings say nothing.
    pub const VARIABLE: &str = "BARTIZAN_MODE";

    /// `monitor` or `block`.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Monitor => "monitor",
            Mode::Block => "block",
        }
    }
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "monitor" => Ok(Mode::Monitor),
            "block" => Ok(Mode::Block),
            other => Err(UnknownMode(other.into())),
        }
    }
}

/// There is no such [`Mode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMode(String);

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be `monitor` or `block`, not `{}`", self.0)
    }
}

impl std::error::Error for UnknownMode {}
