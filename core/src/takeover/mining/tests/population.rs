//! Simulated requests: honest ones of 60 programs with Zipf-distributed popularity, 12 sets of headers and 40,000
//! networks, and attacks.

use crate::Waf;
use crate::builder::Builder;
use crate::support::test_random::Random;
use crate::takeover::Event;
use crate::takeover::event::Geo;
use crate::takeover::headers::{Headers, Received};
use crate::takeover::key::HashKey;
use crate::takeover::mining::{Cluster, Level, Mining, Traits};
use crate::takeover::normalization::Normalization;
use crate::takeover::subject::Subject;
use crate::value::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

pub const KEY: HashKey = HashKey([3, 4]);
/// The time of the first honest request, and that of the attack's first.
pub const START_S: u32 = 1_764_000_000;
pub const ATTACK_S: u32 = START_S + 86_400;
pub const AGENTS: usize = 60;
pub const NETWORKS: usize = 40_000;

/// A request to the login.
#[derive(Clone, Debug)]
pub struct Request {
    pub headers: Vec<Received>,
    pub address: Ipv4Addr,
    pub system: Option<u32>,
    pub path: &'static str,
    pub is_attack: bool,
    pub is_flagged: bool,
    /// The fingerprints of header, network and endpoint.
    pub fingerprints: [Option<String>; 3],
}

/// Makes requests, with the fingerprints that the engine gives them.
pub struct Population {
    pub random: Random,
    pub systems: bool,
    waf: Waf,
    /// The fingerprints of headers without the user agent.
    known: HashMap<Vec<Received>, [Option<String>; 3]>,
    /// For each program, how many of a thousand thousand requests are of it or one before it.
    popularity: Vec<usize>,
}

impl Population {
    pub fn new(seed: u64) -> Self {
        let mut builder = Builder::new();
        let processors = json::parse(include_bytes!("../../../../rules/processors.json")).unwrap();
        assert!(builder.add_or_update(b"processors", &processors).accepted);
        let waf = builder.build().unwrap();
        let mut popularity = vec![];
        for nth in 1..=AGENTS {
            let share = 1.0 / (nth as f64).powf(0.9);
            popularity.push(popularity.last().unwrap_or(&0) + (share * 1e6) as usize);
        }
        Population { random: Random(seed), systems: false, waf, known: HashMap::new(), popularity }
    }

    /// A program by its popularity: the n-th is used by a share proportional to 1/n^0.9.
    fn agent(&mut self) -> usize {
        let point = self.random.below(self.popularity[AGENTS - 1]);
        self.popularity.partition_point(|end| *end <= point)
    }

    pub fn address(&mut self) -> Ipv4Addr {
        let network = self.random.below(NETWORKS) as u32;
        Ipv4Addr::from(0x4000_0000 + (network << 8) + self.random.below(254) as u32 + 1)
    }

    /// A request of an honest user.
    pub fn honest(&mut self) -> Request {
        let agent = self.agent();
        self.request(&agent_name(agent), header_set(set_of(agent)), false)
    }

    /// A request with this user agent and these headers, from anywhere.
    pub fn request(&mut self, agent: &str, headers: Vec<Received>, is_attack: bool) -> Request {
        let mut fingerprints = match self.known.get(&headers) {
            Some(known) => known.clone(),
            None => {
                let fingerprints = self.fingerprints(&headers);
                self.known.insert(headers.clone(), fingerprints.clone());
                fingerprints
            }
        };
        fingerprints[0] = fingerprints[0].as_ref().map(|of_others| {
            let hash = Sha256::digest(agent.to_lowercase());
            let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            of_others.replacen("--", &format!("-{hash}-"), 1)
        });
        let mut all = headers;
        all.insert(1, ("user-agent".into(), agent.to_owned().into()));
        let address = self.address();
        let system = self.systems.then_some(1000 + u32::from(address) / 256 % 500);
        let is_flagged = self.random.below(100) < if is_attack { 40 } else { 3 };
        Request { headers: all, address, system, path: "/login", is_attack, is_flagged, fingerprints }
    }

    pub fn fingerprints(&self, headers: &[Received]) -> [Option<String>; 3] {
        let input = input(headers, "/login", Ipv4Addr::LOCALHOST);
        let outcome = self.waf.context().run(input, Duration::from_secs(60)).unwrap();
        ["header", "network", "endpoint"].map(|name| {
            let name = format!("_dd.appsec.fp.http.{name}");
            let found = outcome.attributes.iter().find(|(key, _)| **key == *name.as_bytes());
            found.map(|(_, value)| String::from_utf8(value.as_bytes().unwrap().to_vec()).unwrap())
        })
    }
}

pub fn agent_name(nth: usize) -> String {
    format!("Mozilla/5.0 (Platform {}) Browser/{}.0.0.{}", nth / 4, 100 + nth % 7, nth)
}

/// The headers that programs of this number send.
pub fn set_of(agent: usize) -> usize {
    agent * 5 % 12
}

/// One of twelve sets of headers.
pub fn header_set(nth: usize) -> Vec<Received> {
    let all: [(&str, &str); 14] = [
        ("host", "www.example.org"),
        ("accept", ["*/*", "application/json", "text/html,*/*;q=0.8"][nth % 3]),
        ("accept-language", ["en-US,en;q=0.5", "de", "fr-FR,fr;q=0.9"][nth / 3 % 3]),
        ("accept-encoding", ["gzip, deflate", "gzip, deflate, br"][nth % 2]),
        ("content-type", ["application/x-www-form-urlencoded", "application/json"][nth / 6]),
        ("connection", "keep-alive"),
        ("referer", "https://www.example.org/"),
        ("cache-control", "no-cache"),
        ("origin", "https://www.example.org"),
        ("sec-ch-ua", "\"Browser\";v=\"126\""),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-site", "same-origin"),
        ("x-requested-with", "XMLHttpRequest"),
        ("content-length", "44"),
    ];
    // The first five are in every set; which of the others are depends on the set.
    let has = |at: usize| at < 5 || at == 13 || (nth * 7 + 3) >> (at % 5) & 1 == 1 || at % 12 == nth;
    let picked = all.iter().enumerate().filter(|(at, _)| has(*at));
    picked.map(|(_, (name, value))| ((*name).into(), (*value).into())).collect()
}

pub fn without(headers: Vec<Received>, name: &str) -> Vec<Received> {
    headers.into_iter().filter(|(known, _)| known != name).collect()
}

/// The headers of a script.
pub fn script_headers() -> Vec<Received> {
    let headers =
        [("host", "www.example.org"), ("accept", "*/*"), ("x-api", "1"), ("content-type", "application/json")];
    headers.map(|(name, value)| (name.into(), value.into())).into()
}

/// The addresses of the firewall for a request.
pub fn input(headers: &[Received], uri: &str, address: Ipv4Addr) -> Value {
    let headers = headers.iter().map(|(name, value)| (name.as_bytes(), Value::from(&**value)));
    Value::from_entries([
        ("server.request.method", Value::from("POST")),
        ("server.request.uri.raw", Value::from(uri)),
        ("server.request.headers.no_cookies", Value::from_entries(headers)),
        ("server.request.query", Value::map()),
        ("http.client_ip", Value::from(address.to_string())),
    ])
}

impl Request {
    /// The request as one of an attack, whose sources are known offenders more often.
    pub fn made_an_attack(self, population: &mut Population) -> Self {
        Request { is_attack: true, is_flagged: population.random.below(100) < 40, ..self }
    }

    /// The event of a login of this request.
    pub fn event(&self) -> Event<'_> {
        let header =
            |wanted: &str| self.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| (&**value).into());
        let [fp_header, fp_network, fp_endpoint] =
            self.fingerprints.each_ref().map(|text| text.as_deref().map(Into::into));
        Event {
            event: "users.login.failure".into(),
            ip: Some(IpAddr::V4(self.address)),
            geo: self.system.map(|asn| Geo { asn: Some(asn), ..Geo::default() }),
            user_agent: header("user-agent"),
            accept: header("accept"),
            accept_language: header("accept-language"),
            accept_encoding: header("accept-encoding"),
            content_type: header("content-type"),
            path: Some(self.path.into()),
            exists: Some(!(self.is_attack && self.address.octets()[3].is_multiple_of(2))),
            headers: Headers::Received(&self.headers),
            fp_header,
            fp_network,
            fp_endpoint,
            ..Event::default()
        }
    }

    /// Runs a function on the traits of the request.
    pub fn with_traits<T>(&self, then: impl FnOnce(&Traits<'_>) -> T) -> T {
        let event = self.event();
        let subject = Subject::of(&event, &Normalization::default(), &KEY);
        then(&Traits::of(&event, &subject, self.is_flagged))
    }

    pub fn matches(&self, cluster: &Cluster) -> bool {
        self.with_traits(|traits| cluster.matches(traits))
    }
}

/// A miner that saw a day of honest logins.
pub fn trained(population: &mut Population, successes: u32, failures: u32) -> Mining {
    let mut mining = Mining::new(KEY);
    for (count, succeeds) in [(successes, true), (failures, false)] {
        for nth in 0..count {
            let at_s = START_S + (u64::from(nth) * 86_400 / u64::from(count)) as u32;
            population.honest().with_traits(|traits| match succeeds {
                true => mining.success(traits, at_s),
                false => mining.failure(traits, at_s),
            });
        }
    }
    mining
}

/// Has a miner see an attack within ten minutes, of which this share of the requests belong to it.
pub fn attack(
    mining: &mut Mining,
    population: &mut Population,
    share: f64,
    requests: u32,
    mut make: impl FnMut(&mut Population) -> Request,
) -> Vec<Request> {
    mining.begin_attack(ATTACK_S);
    let mut all = vec![];
    for nth in 0..requests {
        let is_attack = population.random.below(1000) < (share * 1000.0) as usize;
        let request = if is_attack { make(population) } else { population.honest() };
        let at_s = ATTACK_S + (u64::from(nth) * 600 / u64::from(requests)) as u32;
        request.with_traits(|traits| mining.attempt(traits, at_s));
        all.push(request);
    }
    all
}

pub fn level(share: f64) -> Level {
    Level { share, attempts_per_s: 14.0, legitimate_per_s: 2.0 }
}

/// Runs a search to its end.
pub fn search(mining: &mut Mining, now_s: u32, level: Level) -> Vec<Cluster> {
    mining.begin_search(now_s, level);
    while !mining.step() {
        assert!(mining.is_searching());
    }
    mining.clusters().cloned().collect()
}

#[test]
fn fingerprints_are_those_of_the_engine() {
    let mut population = Population::new(1);
    for _ in 0..20 {
        let request = population.honest();
        assert_eq!(request.fingerprints, population.fingerprints(&request.headers));
    }
}
