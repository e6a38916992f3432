//! Dimensions: what is compared between the requests of an attack and those of honest users.

/// A dimension of requests. Their order is that of the conditions in generated rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// The path without the query.
    Path,
    /// Which of ten standard headers are present: a field of the header fingerprint.
    HeaderBits,
    /// The number of other headers and the hash of their names: two fields of the header fingerprint.
    HeaderUnknown,
    /// The whole header fingerprint.
    HeaderFull,
    /// The user agent.
    UserAgent,
    /// The user agent with `#` for each run of digits.
    UserAgentFamily,
    /// That a header which honest clients send is missing.
    Missing,
    /// That a header is present.
    Present,
    /// The value of a header.
    Value,
    /// The order of the header names.
    Order,
    /// The network fingerprint: the proxies that the request came through.
    Proxies,
    /// The endpoint fingerprint: the method, the path and the names of parameters.
    Endpoint,
    /// Whether the request has cookies: `some` or `none`.
    Cookies,
    /// The network of the client address.
    Network,
}

/// How well a dimension distinguishes software from other software. Of two items that match the same requests, the
/// one with the greater stability is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stability {
    /// No condition of a rule can express it.
    None,
    /// It changes with the way of the request through proxies.
    Low,
    /// The attacker changes it easily, or many honest users share it.
    Medium,
    /// It is a property of the attacker's program.
    High,
}

impl Dimension {
    /// The names in signals and of operators; those with a colon are followed by the name of a header.
    const NAMES: [(Dimension, &'static str); 14] = [
        (Dimension::Path, "url"),
        (Dimension::HeaderBits, "hdr.bits"),
        (Dimension::HeaderUnknown, "hdr.unknown"),
        (Dimension::HeaderFull, "hdr.full"),
        (Dimension::UserAgent, "ua"),
        (Dimension::UserAgentFamily, "ua_family"),
        (Dimension::Missing, "hdr.missing"),
        (Dimension::Present, "hdr.present"),
        (Dimension::Value, "hv:"),
        (Dimension::Order, "wire_order"),
        (Dimension::Proxies, "fp.network"),
        (Dimension::Endpoint, "fp.endpoint"),
        (Dimension::Cookies, "fp.session"),
        (Dimension::Network, "network"),
    ];

    /// The name; that of [`Dimension::Value`] ends with a colon, and the name of the header follows.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(dimension, _)| *dimension == self).map_or("", |(_, name)| name)
    }

    /// The dimension of this name, and the rest of the name: that of the header for values.
    pub fn from_name(name: &str) -> Option<(Self, &str)> {
        if let Some(header) = name.strip_prefix("hv:") {
            return (!header.is_empty()).then_some((Dimension::Value, header));
        }
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(dimension, _)| (*dimension, ""))
    }

    /// How well it distinguishes software.
    pub fn stability(self) -> Stability {
        match self {
            Dimension::Order => Stability::None,
            Dimension::Proxies => Stability::Low,
            Dimension::HeaderFull
            | Dimension::UserAgent
            | Dimension::UserAgentFamily
            | Dimension::Cookies
            | Dimension::Network => Stability::Medium,
            _ => Stability::High,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_written() {
        for (dimension, name) in Dimension::NAMES {
            assert_eq!(dimension.name(), name);
            let header = if dimension == Dimension::Value { "accept" } else { "" };
            assert_eq!(Dimension::from_name(&format!("{name}{header}")), Some((dimension, header)));
        }
        for name in ["", "hv:", "ua ", "exists", "ti"] {
            assert_eq!(Dimension::from_name(name), None, "{name}");
        }
    }
}
