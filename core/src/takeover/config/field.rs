//! The fields of an event that rules group, filter and count by.

use super::scalar::unknown;
use crate::fields::Refusal;
use crate::takeover::event::Event;
use crate::takeover::key::HashKey;
use crate::takeover::subject::Subject;
use std::borrow::Cow;

/// A field of an event; rules name it as given for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// `usr.login`: the normalized login, or the user id if there is none.
    Login,
    /// `usr.id`
    UserId,
    /// `usr.exists`
    Exists,
    /// `usr.role`
    Role,
    /// `usr.session_id`
    SessionId,
    /// `ip`: the client address.
    Ip,
    /// `ip_group`: the IPv4 address or the IPv6 prefix of the client.
    IpGroup,
    /// `network`
    Network,
    /// `http.user_agent`
    UserAgent,
    /// `http.route`
    Route,
    /// `fp.header`
    FpHeader,
    /// `geo.country`
    Country,
    /// `cred_fp`
    CredFp,
    /// `producer`
    Producer,
    /// `actor`: the account, or the address if there is none.
    Actor,
    /// `meta.<key>`
    Meta(String),
}

impl Field {
    /// Returns the field of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "usr.login" => Self::Login,
            "usr.id" => Self::UserId,
            "usr.exists" => Self::Exists,
            "usr.role" => Self::Role,
            "usr.session_id" => Self::SessionId,
            "ip" => Self::Ip,
            "ip_group" => Self::IpGroup,
            "network" => Self::Network,
            "http.user_agent" => Self::UserAgent,
            "http.route" => Self::Route,
            "fp.header" => Self::FpHeader,
            "geo.country" => Self::Country,
            "cred_fp" => Self::CredFp,
            "producer" => Self::Producer,
            "actor" => Self::Actor,
            _ => Self::Meta(name.strip_prefix("meta.").filter(|key| !key.is_empty())?.into()),
        })
    }

    /// The names of all fields; `meta.<key>` stands for the last.
    pub const NAMES: [&'static str; 16] = [
        "usr.login",
        "usr.id",
        "usr.exists",
        "usr.role",
        "usr.session_id",
        "ip",
        "ip_group",
        "network",
        "http.user_agent",
        "http.route",
        "fp.header",
        "geo.country",
        "cred_fp",
        "producer",
        "actor",
        "meta.<key>",
    ];

    /// Returns the field of this name, or a message about an unknown one.
    pub fn read(name: &str) -> Result<Self, Refusal> {
        Self::from_name(name).ok_or_else(|| unknown("field", name, Self::NAMES))
    }

    /// The name in configurations.
    pub fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Login => "usr.login",
            Self::UserId => "usr.id",
            Self::Exists => "usr.exists",
            Self::Role => "usr.role",
            Self::SessionId => "usr.session_id",
            Self::Ip => "ip",
            Self::IpGroup => "ip_group",
            Self::Network => "network",
            Self::UserAgent => "http.user_agent",
            Self::Route => "http.route",
            Self::FpHeader => "fp.header",
            Self::Country => "geo.country",
            Self::CredFp => "cred_fp",
            Self::Producer => "producer",
            Self::Actor => "actor",
            Self::Meta(key) => return Cow::Owned(format!("meta.{key}")),
        })
    }

    /// Whether rules may group by it.
    pub fn groups(&self) -> bool {
        use Field::*;
        matches!(self, Login | UserId | SessionId | IpGroup | Network | UserAgent | FpHeader | Actor | Meta(_))
    }

    /// Whether the field identifies the source of an event, which a local address does not.
    pub fn is_source(&self) -> bool {
        matches!(self, Self::IpGroup | Self::Network | Self::Ip)
    }

    /// Returns the hash of the value, if the event has one.
    pub fn hash(&self, event: &Event<'_>, subject: &Subject<'_>, hash: &HashKey) -> Option<u64> {
        match self {
            Self::Login => subject.login_hash(),
            Self::IpGroup => subject.group_hash(),
            Self::Network => subject.network_hash(),
            other => other.text(event, subject).map(|text| hash.hash(text.as_bytes())),
        }
    }

    /// Returns the value as text, if the event has one.
    pub fn text<'e>(&self, event: &'e Event<'_>, subject: &'e Subject<'_>) -> Option<Cow<'e, str>> {
        let borrowed = |value: &'e Option<Cow<'_, str>>| value.as_deref().map(Cow::Borrowed);
        match self {
            Self::Login => subject.account().map(Cow::Borrowed),
            Self::UserId => borrowed(&event.user_id),
            Self::Exists => event.exists.map(|exists| Cow::Borrowed(if exists { "true" } else { "false" })),
            Self::Role => borrowed(&event.role),
            Self::SessionId => borrowed(&event.session_id),
            Self::Ip => subject.address.map(|address| Cow::Owned(address.to_string())),
            Self::IpGroup => subject.group.map(|group| Cow::Owned(group.to_string())),
            Self::Network => subject.network.map(|network| Cow::Owned(network.to_string())),
            Self::UserAgent => borrowed(&event.user_agent),
            Self::Route => borrowed(&event.route),
            Self::FpHeader => borrowed(&event.fp_header),
            Self::Country => event.geo.as_ref().and_then(|geo| geo.country.as_deref()).map(Cow::Borrowed),
            Self::CredFp => event.cred_fp.map(|bits| Cow::Owned(bits.to_string())),
            Self::Producer => Some(event.producer.as_deref().map_or(Cow::Borrowed("sdk"), Cow::Borrowed)),
            Self::Actor => subject.account().map(Cow::Borrowed).or_else(|| Self::IpGroup.text(event, subject)),
            Self::Meta(key) => event.meta(key).map(Cow::Borrowed),
        }
    }
}
