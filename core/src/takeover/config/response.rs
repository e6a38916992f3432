//! The response that a rule asks for, and its limits.

use super::scalar::{chosen, small, text};
use crate::fields::Refusal;
use crate::fields::read::{self, Fields, element};
use crate::takeover::severity::Severity;

/// The shortest automatic block, in seconds.
pub const SHORTEST_BLOCK_S: u32 = 60;
/// The longest automatic block, in seconds.
pub const LONGEST_BLOCK_S: u32 = 7 * 86_400;

/// Whether responses are carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Responses are only recorded.
    #[default]
    Monitor,
    /// Responses are carried out.
    Block,
}

impl Mode {
    /// Reads `monitor` or `block`.
    pub fn read(fields: &Fields<'_>, key: &str) -> Result<Option<Self>, Refusal> {
        let modes = [("monitor", Self::Monitor), ("block", Self::Block)];
        fields.optional(key, text)?.map(|mode| chosen("mode", &mode, &modes)).transpose()
    }

    /// The name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Monitor => "monitor",
            Mode::Block => "block",
        }
    }
}

/// The target of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The attacking sources.
    IpGroup,
    /// The network, unless familiar users are known there.
    Network,
    /// The compromised accounts.
    User,
}

/// The response of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The targets to refuse.
    pub block: Vec<Target>,
    /// The minimum severity, if it differs from the service's.
    pub min_severity: Option<Severity>,
    /// The duration in seconds, if it differs from the service's.
    pub duration_s: Option<u32>,
    /// The mode, if it differs from the service's.
    pub mode: Option<Mode>,
}

impl Response {
    /// Reads a response.
    pub fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        let targets = fields.optional("block", read::array)?.unwrap_or_default();
        let kinds = [("ip_group", Target::IpGroup), ("network", Target::Network), ("user", Target::User)];
        Ok(Response {
            block: targets
                .iter()
                .map(|target| chosen("target", &element(target, text)?, &kinds))
                .collect::<Result<_, Refusal>>()?,
            min_severity: read_severity(fields, "min_severity")?,
            duration_s: read_duration(fields, "duration_s")?,
            mode: Mode::read(fields, "mode")?,
        })
    }

    /// Returns this response with the fields that another one overrides.
    pub fn overridden(&self, by: &Response, replaces_targets: bool) -> Self {
        Response {
            block: if replaces_targets { by.block.clone() } else { self.block.clone() },
            min_severity: by.min_severity.or(self.min_severity),
            duration_s: by.duration_s.or(self.duration_s),
            mode: by.mode.or(self.mode),
        }
    }
}

/// A severity, if given.
pub(super) fn read_severity(fields: &Fields<'_>, key: &str) -> Result<Option<Severity>, Refusal> {
    let Some(name) = fields.optional(key, text)? else { return Ok(None) };
    Severity::read(&name).map(Some).map_err(Refusal::error)
}

/// The length of an automatic block, if given.
pub(super) fn read_duration(fields: &Fields<'_>, key: &str) -> Result<Option<u32>, Refusal> {
    match fields.optional(key, small)? {
        Some(seconds) if !(SHORTEST_BLOCK_S..=LONGEST_BLOCK_S).contains(&seconds) => {
            Err(Refusal::error(format!("'{key}' must be {SHORTEST_BLOCK_S} to {LONGEST_BLOCK_S} seconds")))
        }
        seconds => Ok(seconds),
    }
}
