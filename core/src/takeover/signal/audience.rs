//! Whom logins are about: which domains, organisations and kinds of names they have.
//!
//! Compared with those of usual logins, they tell where the attacker's list comes from: the leak of one customer, one
//! region, one mail provider.

use super::top::Top;
use crate::takeover::event::Event;
use crate::takeover::text::{SHOWN, shown};
use crate::value::Value;

/// The number of entries of each list.
const LISTED: usize = 20;
/// First characters: 26 letters, and all others together.
const FIRST: usize = 27;

/// Counts of logins by what their names look like.
#[derive(Clone, Debug, Default)]
pub struct Audience {
    logins: u64,
    numeric: u64,
    exists: [u64; 2],
    first: [u64; FIRST],
    domains: Top<String>,
    organisations: Top<String>,
}

impl Audience {
    /// Counts a login; `exists` says whether the account exists, if that is known.
    pub fn note(&mut self, event: &Event<'_>, login: &str, exists: Option<bool>) {
        self.logins += 1;
        self.numeric += u64::from(!login.is_empty() && login.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(exists) = exists {
            self.exists[usize::from(exists)] += 1;
        }
        let first = login.bytes().next().map(|byte| byte.to_ascii_lowercase()).filter(u8::is_ascii_lowercase);
        self.first[first.map_or(FIRST - 1, |letter| usize::from(letter - b'a'))] += 1;
        if let Some((_, domain)) = login.rsplit_once('@') {
            self.domains.add(shown(domain, SHOWN), 1, str::to_owned);
        }
        if let Some(organisation) = &event.org {
            self.organisations.add(shown(organisation, SHOWN), 1, str::to_owned);
        }
    }

    /// Compares the logins of an attack with usual ones: for each trait its share, and the usual share or null if there
    /// are no usual logins.
    pub fn hint(&self, usual: &Self) -> Value {
        let pair = |count: u64, all: u64, usual_count: u64, usual_all: u64| {
            let share = |part: u64, whole: u64| (part as f64 / whole.max(1) as f64 * 10_000.0).round() / 10_000.0;
            let before = if usual_all == 0 { Value::null() } else { Value::from(share(usual_count, usual_all)) };
            Value::from_entries([("share", Value::from(share(count, all))), ("usual", before)])
        };
        let list = |of: &Top<String>, before: &Top<String>| {
            let entries = of.list().into_iter().take(LISTED);
            Value::from_entries(
                entries
                    .map(|(name, count)| (name, pair(count, self.logins, before.count(name.as_str()), usual.logins))),
            )
        };
        let letters = (0..FIRST).filter(|at| self.first[*at] > 0).map(|at| {
            let name = if at < FIRST - 1 { char::from(b'a' + at as u8).to_string() } else { "other".into() };
            (name, pair(self.first[at], self.logins, usual.first[at], usual.logins))
        });
        let told = |audience: &Self| audience.exists.iter().sum::<u64>();
        Value::from_entries([
            ("logins", Value::from(self.logins)),
            ("usual_logins", Value::from(usual.logins)),
            ("numeric", pair(self.numeric, self.logins, usual.numeric, usual.logins)),
            ("existing", pair(self.exists[1], told(self), usual.exists[1], told(usual))),
            ("domains", list(&self.domains, &usual.domains)),
            ("organisations", list(&self.organisations, &usual.organisations)),
            ("first_letters", Value::from_entries(letters)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn the_list_of_an_attacker_differs_from_usual_logins() {
        let (mut attack, mut usual) = (Audience::default(), Audience::default());
        let event = Event { org: Some("acme".into()), ..Event::default() };
        for login in ["ann@leak.example", "amy@leak.example", "4711", "zoe@other.example"] {
            attack.note(&event, login, Some(login.starts_with('a')));
        }
        for login in ["ann@leak.example", "bob@home.example"] {
            usual.note(&event, login, Some(true));
        }
        let hint = json::to_string(&attack.hint(&usual));
        for part in [
            r#""logins":4,"usual_logins":2,"numeric":{"share":0.25,"usual":0}"#,
            r#""existing":{"share":0.5,"usual":1}"#,
            r#""leak.example":{"share":0.5,"usual":0.5}"#,
            r#""acme":{"share":1,"usual":1}"#,
            r#""a":{"share":0.5,"usual":0.5},"z":{"share":0.25,"usual":0},"other":{"share":0.25,"usual":0}"#,
        ] {
            assert!(hint.contains(part), "{part} in {hint}");
        }
        assert!(
            json::to_string(&attack.hint(&Audience::default())).contains(r#""numeric":{"share":0.25,"usual":null}"#)
        );
    }
}
