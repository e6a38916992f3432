//! The five detectors, by their names in configurations.

use crate::exploit::Detector;
use crate::exploit::ssrf::{Options, Policy};
use crate::fields::read::{self, Fields};
use crate::fields::refusal::Refusal;

/// A detector's name, before its parameters are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // named as in configurations
pub enum DetectorKind {
    Lfi,
    Ssrf,
    Sqli,
    Shi,
    Cmdi,
}

impl DetectorKind {
    /// The detector of this name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"lfi_detector" => Self::Lfi,
            b"ssrf_detector" => Self::Ssrf,
            b"sqli_detector" => Self::Sqli,
            b"shi_detector" => Self::Shi,
            b"cmdi_detector" => Self::Cmdi,
            _ => return None,
        })
    }

    /// The name shown in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lfi => "lfi_detector",
            Self::Ssrf => "ssrf_detector",
            Self::Sqli => "sqli_detector",
            Self::Shi => "shi_detector",
            Self::Cmdi => "cmdi_detector",
        }
    }

    /// The latest version; rules that ask for a later one are skipped.
    pub fn max_version(self) -> u32 {
        match self {
            Self::Lfi => 2,
            Self::Ssrf | Self::Sqli => 3,
            Self::Shi | Self::Cmdi => 1,
        }
    }

    /// Its arguments, in the order of configurations and events.
    pub fn arguments(self) -> &'static [&'static str] {
        if self == Self::Sqli { &["resource", "params", "db_type"] } else { &["resource", "params"] }
    }

    /// Reads the options of a detector; all versions behave the same.
    pub fn configure(self, parameters: &Fields<'_>) -> Result<Detector, Refusal> {
        Ok(match self {
            Self::Lfi => Detector::Lfi,
            Self::Ssrf => Detector::Ssrf(Box::new(ssrf(parameters)?)),
            Self::Sqli => Detector::Sqli,
            Self::Shi => Detector::Shi,
            Self::Cmdi => Detector::Cmdi,
        })
    }
}

fn ssrf(parameters: &Fields<'_>) -> Result<Options, Refusal> {
    let mut options = Options::default();
    let given = parameters.optional("options", read::map)?.unwrap_or(Fields::EMPTY);
    for (key, option) in [
        ("authority-inspection", &mut options.authority_inspection),
        ("path-inspection", &mut options.path_inspection),
        ("query-inspection", &mut options.query_inspection),
        ("forbid-full-url-injection", &mut options.forbid_full_url_injection),
        ("enforce-policy-without-injection", &mut options.enforce_policy_without_injection),
    ] {
        *option = given.optional(key, read::boolean)?.unwrap_or(*option);
    }
    let given = parameters.optional("policy", read::map)?.unwrap_or(Fields::EMPTY);
    let texts = |key| {
        let list = given.optional_unkeyed(key, read::texts)?;
        Ok(list.map(|texts| texts.iter().map(|text| text.to_vec()).collect::<Vec<_>>()))
    };
    if let Some(schemes) = texts("allowed-schemes")? {
        options.policy.allowed_schemes = schemes;
    }
    if let Some(domains) = texts("forbidden-domains")? {
        options.policy.forbidden_domains = domains;
    }
    if let Some(networks) = given.optional_unkeyed("forbidden-ips", read::strict_strings)? {
        options.policy.forbidden_ips = Policy::networks(networks);
    }
    Ok(options)
}
