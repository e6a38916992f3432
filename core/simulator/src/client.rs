//! What a client shows of itself in a request: its user agent, the headers it sends, and its language.
//!
//! Clients are numbers into a catalogue, so that an event stays small; the texts are made once.

use crate::random::{mix, unit};
use bartizan::value::Value;

/// The number of user agents of honest people.
pub const AGENTS: u64 = 60;
/// The number of header sets of honest people. Higher numbers are sets that only attackers' tools send.
pub const HEADER_SETS: u64 = 12;
/// The number of languages.
const LANGUAGES: [&str; 6] = [
    "en-US,en;q=0.9",
    "en-GB,en;q=0.8",
    "de-DE,de;q=0.9,en;q=0.7",
    "fr-FR,fr;q=0.9",
    "es-ES,es;q=0.9",
    "pl-PL,pl;q=0.8",
];
/// The exponent of the popularity of user agents.
const PARETO: f64 = 0.9;

/// A client; all three are numbers of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The user agent: the most popular is 0; agents from [`AGENTS`] on are outdated ones, which nobody honest uses.
    pub agent: u16,
    /// The header set.
    pub headers: u16,
    /// The language.
    pub language: u8,
}

/// The texts of clients.
pub struct Catalogue {
    agents: Vec<String>,
    /// Whether header sets of honest people have a language; all others do.
    have_language: Vec<bool>,
    /// The cumulative popularity of agents.
    popularity: Vec<f64>,
}

/// The headers of a client.
pub struct HeaderSet {
    /// Names in the order sent.
    pub names: Vec<String>,
}

impl Catalogue {
    /// Makes the texts.
    pub fn new() -> Self {
        let agents = (0..AGENTS + 20).map(agent).collect();
        let weights = (1..=AGENTS).map(|rank| (rank as f64).powf(-PARETO));
        let mut popularity: Vec<f64> = weights
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        let all = popularity.last().copied().unwrap_or(1.0);
        popularity.iter_mut().for_each(|sum| *sum /= all);
        let have_language = (0..HEADER_SETS as u16).map(|set| header_set(set).has("accept-language")).collect();
        Catalogue { agents, have_language, popularity }
    }

    /// The client of an honest person, from any number that belongs to the person. Most people with a user agent send the
    /// same headers, as browsers do; some have another set from an extension or a proxy.
    pub fn honest(&self, number: u64) -> Client {
        let agent = self.honest_agent(mix(number, 1));
        let usual = (u64::from(agent) * 5) % HEADER_SETS;
        let other = (u64::from(agent) * 5 + 1 + mix(number, 2) % 3) % HEADER_SETS;
        let headers = if unit(mix(number, 3)) < 0.85 { usual } else { other };
        Client { agent, headers: headers as u16, language: language(mix(number, 4)) }
    }

    /// A user agent as popular as among honest people.
    pub fn honest_agent(&self, number: u64) -> u16 {
        let share = unit(number);
        self.popularity.partition_point(|sum| *sum <= share).min(AGENTS as usize - 1) as u16
    }

    /// The text of a user agent.
    pub fn agent(&self, client: Client) -> &str {
        &self.agents[usize::from(client.agent) % self.agents.len()]
    }

    /// The language header, if the client sends one.
    pub fn language(&self, client: Client) -> Option<&'static str> {
        let sends = self.have_language.get(usize::from(client.headers)).is_none_or(|sends| *sends);
        sends.then(|| LANGUAGES[usize::from(client.language) % LANGUAGES.len()])
    }
}

/// The number of a language; the first two are the most common.
fn language(number: u64) -> u8 {
    let share = unit(number);
    [0.55, 0.75, 0.85, 0.92, 0.97].iter().take_while(|bound| share >= **bound).count() as u8
}

/// A user agent of the catalogue.
fn agent(number: u64) -> String {
    let version = if number < AGENTS { 126 + number / 12 } else { 80 + number % 20 };
    let system = [
        "Windows NT 10.0; Win64; x64",
        "Macintosh; Intel Mac OS X 10_15_7",
        "X11; Linux x86_64",
        "Linux; Android 14; Pixel 8",
    ][(number / 3 % 4) as usize];
    match number % 12 {
        3 | 7 => format!("Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"),
        5 => format!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
             Version/17.{} Mobile/15E148 Safari/604.1",
            number % 7,
            number % 7
        ),
        11 => format!("ExampleApp/{}.{} (Android 14; build {number})", 3 + number % 4, number % 10),
        9 => format!(
            "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36 \
             Edg/{version}.0.{number}.0"
        ),
        _ => format!(
            "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.{number}.0 Safari/537.36"
        ),
    }
}

/// The names whose presence the header fingerprint shows, in its order.
const FINGERPRINTED: [&str; 10] = [
    "referer",
    "connection",
    "accept-encoding",
    "content-encoding",
    "cache-control",
    "te",
    "accept-charset",
    "content-type",
    "accept",
    "accept-language",
];

/// Names that some honest clients send and others do not.
const OPTIONAL: [&str; 9] = [
    "connection",
    "cache-control",
    "te",
    "sec-ch-ua",
    "sec-ch-ua-platform",
    "sec-fetch-site",
    "dnt",
    "upgrade-insecure-requests",
    "priority",
];

/// The header set of a number. An attacker's own set lacks the hints that browsers send, or has a name that no browser
/// sends.
pub fn header_set(number: u16) -> HeaderSet {
    let mut names =
        vec!["host", "user-agent", "accept", "accept-language", "accept-encoding", "content-type", "referer"];
    let bits = mix(77, number.into());
    let own = u64::from(number) >= HEADER_SETS;
    let optional = OPTIONAL.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| *name);
    names.extend(optional.filter(|name| !own || !name.starts_with("sec-")));
    if own && bits >> 20 & 1 == 1 {
        names.retain(|name| *name != "referer");
    }
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    if own {
        names.push(format!("x-client-{}", number % 1000));
    } else {
        names.extend(["cookie", "origin", "content-length"].map(str::to_owned));
    }
    HeaderSet { names }
}

impl HeaderSet {
    /// Whether a header is sent.
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|one| one == name)
    }

    /// The header fingerprint of a request with these headers and this user agent.
    pub fn fingerprint(&self, agent: &str) -> String {
        let bits: String = FINGERPRINTED.iter().map(|name| if self.has(name) { '1' } else { '0' }).collect();
        let mut unknown: Vec<&str> = self.names.iter().map(String::as_str).collect();
        unknown.retain(|name| !FINGERPRINTED.contains(name) && *name != "user-agent");
        unknown.sort_unstable();
        let hash = |text: &str| text.bytes().fold(0, |hash, byte| mix(hash, byte.into())) as u32;
        format!("hdr-{bits}-{:08x}-{}-{:08x}", hash(agent), unknown.len(), hash(&unknown.join(",")))
    }

    /// The names as a list.
    pub fn names_value(&self) -> Value {
        self.names.iter().map(Value::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn honest_clients_are_distinct_and_own_sets_are_unlike_them() {
        let catalogue = Catalogue::new();
        let agents: HashSet<_> = catalogue.agents.iter().collect();
        assert_eq!(agents.len(), 80);
        let honest: HashSet<_> = (0..12).map(|set| header_set(set).fingerprint("x")).collect();
        assert_eq!(honest.len(), 12);
        assert!((12..200).all(|set| !honest.contains(&header_set(set).fingerprint("x"))));
    }

    #[test]
    fn popular_agents_are_popular() {
        let catalogue = Catalogue::new();
        let mut counts = [0u32; AGENTS as usize];
        (0..50_000).for_each(|number| counts[usize::from(catalogue.honest(number).agent)] += 1);
        assert!(counts[0] > 5 * counts[9] && counts[59] > 0, "{counts:?}");
    }
}
