//! An event of the simulation: what happened, who did it, and whether it belongs to an attack.

use crate::client::Client;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// An event. A login is an attempt at first: whether its password is right counts only if nothing refuses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// The time, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// What is done.
    pub what: What,
    /// The name that is typed.
    pub login: Login,
    /// The client address.
    pub ip: IpAddr,
    /// The number in the cookie of a known device.
    pub device: Option<u64>,
    /// What the client shows of itself.
    pub client: Client,
    /// Whether the firewall finds an attack in the request.
    pub waf: bool,
    /// The time that the event claims for itself, if an attacker forges it.
    pub claimed_ms: Option<u64>,
    /// The truth about the event, which no defender sees.
    pub label: Label,
}

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A login, with a password that is right or wrong.
    Login {
        /// Whether the password is right.
        right: bool,
    },
    /// A new account.
    SignUp,
    /// The request of a password reset.
    Reset,
    /// A payment with a card of this number.
    Payment {
        /// Whether it succeeds.
        accepted: bool,
        /// The card.
        card: u64,
    },
    /// A sensitive activity of this name, which may need a role that the user does not have.
    Activity {
        /// The name.
        name: &'static str,
        /// The role it needs.
        needs: Option<&'static str>,
    },
}

/// The truth about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Who acts.
    pub actor: Actor,
    /// The campaign that the event belongs to; honest everyday life has none.
    pub campaign: Option<&'static str>,
    /// Whether the event, if nothing refuses it, takes over an account.
    pub compromise: bool,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// An honest person, or a machine in a person's name, by account.
    Person(u64),
    /// An attacker.
    Attacker,
    /// An attacker with an account of their own, in order to look honest. Such events are not counted as attempts.
    Cover,
}

impl Label {
    /// The label of an honest event.
    pub fn honest(person: u64, campaign: Option<&'static str>) -> Self {
        Label { actor: Actor::Person(person), campaign, compromise: false }
    }

    /// The label of an attack's event.
    pub fn attack(campaign: &'static str, compromise: bool) -> Self {
        Label { actor: Actor::Attacker, campaign: Some(campaign), compromise }
    }

    /// The label of an event by which an attacker wants to look honest.
    pub fn cover(campaign: &'static str) -> Self {
        Label { actor: Actor::Cover, campaign: Some(campaign), compromise: false }
    }
}

impl Event {
    /// An event in which all optional parts are absent.
    pub fn new(at_ms: u64, what: What, login: Login, ip: IpAddr, client: Client, label: Label) -> Self {
        Event { at_ms, what, login, ip, device: None, client, waf: false, claimed_ms: None, label }
    }

    /// Whether it is a login.
    pub fn is_login(&self) -> bool {
        matches!(self.what, What::Login { .. })
    }

    /// Whether it is an attempt of an attack. Covers are not.
    pub fn is_attack(&self) -> bool {
        self.label.actor == Actor::Attacker
    }
}

/// A name typed into the login form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Login {
    /// An account.
    Account(u64),
    /// An account, spelled with other capitals: those whose bit is set.
    Spelled(u64, u32),
    /// The misspelled name of an account; no account has it.
    Misspelled(u64, u32),
    /// A name from a list of leaked credentials that no account has.
    Stranger(u64),
    /// An attack's payload in place of a name.
    Payload(u32),
}

impl Login {
    /// The account that has this name.
    pub fn account(self) -> Option<u64> {
        match self {
            Login::Account(account) | Login::Spelled(account, _) => Some(account),
            _ => None,
        }
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Login::Account(number) => write!(f, "user{number}@example.com"),
            Login::Misspelled(number, variant) => write!(f, "usre{number}.{variant}@example.com"),
            Login::Stranger(number) => write!(f, "leaked{number}@mail.example"),
            Login::Payload(number) => write!(f, "x' or {number}=({number})--"),
            Login::Spelled(number, capitals) => {
                let text = Login::Account(*number).to_string();
                text.chars().enumerate().try_for_each(|(at, letter)| match capitals >> (at % 32) & 1 {
                    1 => write!(f, "{}", letter.to_ascii_uppercase()),
                    _ => write!(f, "{letter}"),
                })
            }
        }
    }
}

/// An IPv4 address from its number.
pub fn v4(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(number))
}
