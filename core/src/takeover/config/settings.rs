//! The settings, which apply to all rules of a service.

use super::keys;
use super::login_route::LoginRoute;
use super::response::{Mode, read_duration, read_severity};
use super::scalar::{chosen, text};
use crate::fields::Refusal;
use crate::fields::read::{self, Fields, element};
use crate::takeover::address::{LocalNetworks, Prefix};
use crate::takeover::event::TRAIT_HEADERS;
use crate::takeover::login::LoginNormalization;
use crate::takeover::normalization::Normalization;
use crate::takeover::series::expected::Tuning;
use crate::takeover::severity::Severity;
use crate::takeover::state::Profile;
use crate::value::Object;
use crate::value::Text;

/// The settings; defaults are in the `Default` implementation.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether detection is enabled.
    pub enabled: bool,
    /// Whether the built-in rules are used.
    pub defaults: bool,
    /// Whether the vendor's documented rules count every failure and have no guards.
    pub vendor_compat: bool,
    /// The normalization of logins and addresses.
    pub normalization: Normalization,
    /// The memory profile.
    pub profile: Profile,
    /// The paths of login requests.
    pub login_routes: Vec<LoginRoute>,
    /// The additional headers whose values may distinguish attackers, in lower case.
    pub trait_headers: Vec<String>,
    /// Whether applications provide fingerprints of passwords.
    pub cred_fp: bool,
    /// Whether unfamiliar attempts need a further step of authentication during a distributed attack.
    pub gate: bool,
    /// The roles that make an activity privileged.
    pub privileged_roles: Vec<String>,
    /// Whether notifications contain logins and addresses rather than hashes.
    pub notify_pii: bool,
    /// Whether removing a rule removes its blocks.
    pub purge_blocks: bool,
    /// Whether responses are planned at all.
    pub response_enabled: bool,
    /// Whether responses are carried out, unless the rule says otherwise.
    pub response_mode: Mode,
    /// The minimum severity for a response, unless the rule says otherwise.
    pub min_severity: Severity,
    /// The duration of blocks in seconds, unless the rule says otherwise.
    pub duration_s: u32,
    /// What deviations of the service depend on.
    pub tuning: Tuning,
    /// Whether compromised accounts are blocked.
    pub block_users: bool,
    dotless_domains: Vec<String>,
    by_email: bool,
    local_extra: Vec<Prefix>,
    local_remove: Vec<Prefix>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            enabled: true,
            defaults: true,
            vendor_compat: false,
            normalization: Normalization::default(),
            profile: Profile::STANDARD,
            login_routes: vec![],
            trait_headers: vec![],
            cred_fp: false,
            gate: false,
            privileged_roles: vec!["admin".into()],
            notify_pii: true,
            purge_blocks: false,
            response_enabled: true,
            response_mode: Mode::Monitor,
            min_severity: Severity::High,
            duration_s: 43_200,
            tuning: Tuning::default(),
            block_users: false,
            dotless_domains: vec![],
            by_email: false,
            local_extra: vec![],
            local_remove: vec![],
        }
    }
}

impl Settings {
    /// Applies the settings of one document; each is accepted or refused individually.
    pub fn apply(&mut self, fields: &Fields<'_>, mut report: impl FnMut(Text, Result<(), Refusal>)) {
        for (key, _) in fields.entries() {
            let taken = self.set(key, fields);
            report(key.into(), taken);
        }
        if self.by_email {
            self.normalization.login = LoginNormalization::Email { dotless_domains: self.dotless_domains.clone() };
        }
        self.normalization.local = LocalNetworks::new(&self.local_extra, &self.local_remove);
    }

    fn set(&mut self, key: &[u8], fields: &Fields<'_>) -> Result<(), Refusal> {
        match key {
            b"enabled" => flag(fields, "enabled", &mut self.enabled),
            b"defaults" => flag(fields, "defaults", &mut self.defaults),
            b"vendor_compat" => flag(fields, "vendor_compat", &mut self.vendor_compat),
            b"cred_fp" => flag(fields, "cred_fp", &mut self.cred_fp),
            b"gate" => flag(fields, "gate", &mut self.gate),
            b"notify_pii" => flag(fields, "notify_pii", &mut self.notify_pii),
            b"purge_blocks" => flag(fields, "purge_blocks", &mut self.purge_blocks),
            b"login_normalization" => self.set_login(&fields.required("login_normalization", text)?),
            b"dotless_domains" => {
                self.dotless_domains = strings(fields, "dotless_domains")?.iter().map(|d| d.to_lowercase()).collect();
                Ok(())
            }
            b"ipv6_group" => match fields.required("ipv6_group", read::unsigned)? {
                bits @ 48..=128 => {
                    self.normalization.ipv6_group = bits as u8;
                    Ok(())
                }
                _ => Err(Refusal::error("'ipv6_group' must be 48 to 128")),
            },
            b"local_cidrs_extra" => networks(fields, "local_cidrs_extra", &mut self.local_extra),
            b"local_cidrs_remove" => networks(fields, "local_cidrs_remove", &mut self.local_remove),
            b"deviation_tolerance" => match fields.required("deviation_tolerance", read::unsigned)? {
                level @ 1..=5 => {
                    self.tuning.tolerance = TOLERANCES[level as usize - 1];
                    Ok(())
                }
                _ => Err(Refusal::error("'deviation_tolerance' must be 1 to 5")),
            },
            b"learning_period_h" => match fields.required("learning_period_h", read::unsigned)? {
                hours @ (1 | 6 | 12 | 24 | 48 | 168 | 336) => {
                    self.tuning.learning_s = hours as u32 * 3600;
                    Ok(())
                }
                _ => Err(Refusal::error("'learning_period_h' must be 1, 6, 12, 24, 48, 168 or 336")),
            },
            b"learning_period_baseline" => {
                let events = fields.required("learning_period_baseline", read::unsigned)?;
                self.tuning.learning_baseline = Some(events.min(u32::MAX.into()) as f64);
                Ok(())
            }
            b"timezone" => {
                let name = fields.required("timezone", text)?;
                self.tuning.zone_s = offset_s(&name).ok_or_else(|| {
                    Refusal::error(format!("unknown timezone '{name}', expected 'UTC' or an offset such as '+01:00'"))
                })?;
                Ok(())
            }
            b"profile" => {
                let profiles = [("small", Profile::SMALL), ("standard", Profile::STANDARD), ("large", Profile::LARGE)];
                self.profile = chosen("profile", &fields.required("profile", text)?, &profiles)?;
                Ok(())
            }
            b"login_routes" => {
                let routes = fields.required("login_routes", read::array)?;
                self.login_routes = routes.iter().map(LoginRoute::read).collect::<Result<_, _>>()?;
                Ok(())
            }
            b"privileged_roles" => {
                self.privileged_roles = strings(fields, "privileged_roles")?;
                Ok(())
            }
            b"trait_headers" => {
                let names = strings(fields, "trait_headers")?;
                if names.len() > TRAIT_HEADERS {
                    return Err(Refusal::error("more than 16 elements in 'trait_headers'"));
                }
                self.trait_headers = names.iter().map(|name| name.to_ascii_lowercase()).collect();
                Ok(())
            }
            b"response" => self.set_response(&fields.required("response", read::map)?),
            _ => Err(keys::unknown_setting(key)),
        }
    }

    fn set_login(&mut self, name: &str) -> Result<(), Refusal> {
        let ways = [
            ("none", LoginNormalization::None),
            ("casefold", LoginNormalization::CaseFold),
            ("nfkc", LoginNormalization::Nfkc),
            ("email", LoginNormalization::CaseFold),
        ];
        self.normalization.login = chosen("login normalization", name, &ways)?;
        self.by_email = name == "email";
        Ok(())
    }

    fn set_response(&mut self, fields: &Fields<'_>) -> Result<(), Refusal> {
        let enabled = fields.optional("enabled", read::boolean)?;
        let mode = Mode::read(fields, "mode")?;
        let min_severity = read_severity(fields, "min_severity")?;
        let duration_s = read_duration(fields, "duration_s")?;
        let users = fields.optional("block_users", read::boolean)?;
        self.response_enabled = enabled.unwrap_or(self.response_enabled);
        self.response_mode = mode.unwrap_or(self.response_mode);
        self.min_severity = min_severity.unwrap_or(self.min_severity);
        self.duration_s = duration_s.unwrap_or(self.duration_s);
        self.block_users = users.unwrap_or(self.block_users);
        Ok(())
    }
}

/// The factors of the thresholds of deviations, by tolerance from 1 to 5.
const TOLERANCES: [f64; 5] = [0.75, 1.0, 4.0 / 3.0, 5.0 / 3.0, 7.0 / 3.0];

/// Returns the seconds of an offset from UTC.
fn offset_s(name: &str) -> Option<i32> {
    if name == "UTC" {
        return Some(0);
    }
    let (sign, digits) = match name.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let number = |text: &str, most: i32| -> Option<i32> {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| is_number && *number <= most)
    };
    Some(sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60))
}

fn flag(fields: &Fields<'_>, key: &str, into: &mut bool) -> Result<(), Refusal> {
    *into = fields.required(key, read::boolean)?;
    Ok(())
}

fn strings(fields: &Fields<'_>, key: &str) -> Result<Vec<String>, Refusal> {
    fields.required(key, read::array)?.iter().map(|item: &Object| element(item, text)).collect()
}

fn networks(fields: &Fields<'_>, key: &str, into: &mut Vec<Prefix>) -> Result<(), Refusal> {
    let parse = |text: &String| Prefix::parse(text).ok_or_else(|| Refusal::error(format!("invalid network '{text}'")));
    *into = strings(fields, key)?.iter().map(parse).collect::<Result<_, _>>()?;
    Ok(())
}
