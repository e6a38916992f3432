//! Whether the traits of simulated attacks are found, and nothing else.

use super::population::{ATTACK_S, Population, Request, agent_name, attack, header_set, level, script_headers};
use super::population::{KEY, search, set_of, trained, without};
use crate::support::test_random::Random;
use crate::takeover::mining::{Cluster, Grade, Mining};
use std::net::Ipv4Addr;

pub const SHARES: [f64; 3] = [0.95, 0.5, 0.2];

/// An attack: its name, one of its requests, and whether its clusters may block.
pub type Attack = (&'static str, fn(&mut Population) -> Request, Grade);

pub const ATTACKS: [Attack; 9] = [
    ("a random user agent with own headers", random_agent, Grade::Block),
    ("five stale user agents", stale_agents, Grade::Block),
    ("a cloned program without accept-language", clone, Grade::Block),
    ("a common user agent with common headers that never occur together", rare_pair, Grade::Block),
    ("two templates at once", two_templates, Grade::Block),
    ("headers in another order", other_order, Grade::Monitor),
    ("an outdated version with the headers of another program", old_version, Grade::Block),
    ("networks of a hosting company", hosting_networks, Grade::Monitor),
    ("a hosting company's autonomous system", hosting_system, Grade::Monitor),
];

fn random_agent(population: &mut Population) -> Request {
    let agent = format!("Agent-{:x}", population.random.below(1 << 40));
    population.request(&agent, script_headers(), true)
}

fn stale_agents(population: &mut Population) -> Request {
    let agent = format!("Mozilla/5.0 (Platform 9) Browser/{}.0.0.1", 40 + population.random.below(5));
    population.request(&agent, header_set(3), true)
}

fn clone(population: &mut Population) -> Request {
    let headers = without(header_set(set_of(7)), "accept-language");
    population.request(&agent_name(7), headers, true)
}

fn rare_pair(population: &mut Population) -> Request {
    population.request(&agent_name(0), header_set(set_of(1)), true)
}

fn two_templates(population: &mut Population) -> Request {
    if population.random.below(2) == 0 { random_agent(population) } else { clone(population) }
}

fn other_order(population: &mut Population) -> Request {
    let mut request = population.request(&agent_name(7), header_set(set_of(7)), true);
    request.headers.reverse();
    request
}

fn old_version(population: &mut Population) -> Request {
    let headers = header_set(population.random.below(12));
    population.request("Mozilla/4.0 (compatible; Old 6.0)", headers, true)
}

fn hosting_networks(population: &mut Population) -> Request {
    let mut request = population.honest();
    let network = population.random.below(4) as u8;
    request.address = Ipv4Addr::new(198, 51, 100 + network, population.random.below(250) as u8);
    request.made_an_attack(population)
}

fn hosting_system(population: &mut Population) -> Request {
    let mut request = population.honest();
    request.system = population.systems.then_some(64_500);
    request.made_an_attack(population)
}

/// The share of the attack that clusters match, and the share of the attack among what they match.
fn recall_and_precision(clusters: &[Cluster], requests: &[Request]) -> (f64, f64) {
    let matches = |request: &&Request| clusters.iter().any(|cluster| request.matches(cluster));
    let of_attack = requests.iter().filter(|request| request.is_attack).count();
    let matching: Vec<&Request> = requests.iter().filter(matches).collect();
    let hits = matching.iter().filter(|request| request.is_attack).count();
    (hits as f64 / of_attack as f64, hits as f64 / matching.len().max(1) as f64)
}

#[test]
fn attacks_are_found_and_honest_requests_are_not() {
    for systems in [false, true] {
        let mut population = Population::new(11);
        population.systems = systems;
        let mut saved = vec![];
        trained(&mut population, 12_288, 4096).save(&mut saved);
        for (what, make, grade) in ATTACKS.iter().filter(|(what, ..)| what.contains("system") == systems) {
            for share in SHARES {
                population.random = Random(7);
                let mut mining = Mining::load(&saved, KEY).unwrap();
                let requests = attack(&mut mining, &mut population, share, 4096, make);
                let clusters = search(&mut mining, ATTACK_S + 600, level(share));
                let shown = format!("{what}, {share}: {clusters:#?}");
                assert_eq!(recall_and_precision(&clusters, &requests), (1.0, 1.0), "{shown}");
                assert!(clusters.iter().all(|cluster| cluster.metrics.matches.successes == 0), "{shown}");
                assert!(clusters.iter().all(|cluster| cluster.grade == *grade), "{shown}");
                assert!(clusters.iter().all(|cluster| (0.3..0.5).contains(&cluster.threat_intel[0])), "{shown}");
                for cluster in &clusters {
                    let live = requests.iter().filter(|request| request.matches(cluster)).count();
                    assert_eq!(live, cluster.metrics.matches.attack as usize, "events and samples differ: {shown}");
                }
                assert!(clusters.iter().all(|cluster| (0.4..0.6).contains(&cluster.nonexistent)), "{shown}");
                assert!(mining.isolate(14.0 * 300.0, 14.0 * 300.0 * (1.0 - share)).residual < 1.1, "{shown}");
            }
        }
    }
}

#[test]
fn an_attack_without_any_defect_has_no_cluster() {
    let mut population = Population::new(12);
    let mut saved = vec![];
    trained(&mut population, 12_288, 4096).save(&mut saved);
    for share in SHARES {
        let mut mining = Mining::load(&saved, KEY).unwrap();
        attack(&mut mining, &mut population, share, 8192, |population| population.honest());
        assert_eq!(search(&mut mining, ATTACK_S + 600, level(share)), []);
    }
}

#[test]
fn small_samples_are_not_overrated() {
    let mut population = Population::new(13);
    // Without honest samples nothing is found; with few, nothing may block; and few attempts are not enough.
    for (successes, failures, attempts, found, grade) in [
        (0, 0, 4000, false, Grade::Monitor),
        (100, 30, 4000, false, Grade::Monitor),
        (3000, 1000, 4000, true, Grade::Monitor),
        // The samples of the ten minutes before the attack was noticed do not count.
        (3880, 1000, 4000, true, Grade::Block),
        (12_288, 4096, 31, true, Grade::Block),
        (12_288, 4096, 29, false, Grade::Monitor),
    ] {
        let mut mining = trained(&mut population, successes, failures);
        attack(&mut mining, &mut population, 1.0, attempts, random_agent);
        let clusters = search(&mut mining, ATTACK_S + 600, level(0.95));
        assert_eq!(!clusters.is_empty(), found, "{successes} successes, {attempts} attempts: {clusters:?}");
        assert!(clusters.iter().all(|cluster| cluster.grade == grade), "{successes} successes: {clusters:?}");
    }
}

#[test]
fn the_result_does_not_depend_on_the_parts() {
    let mut population = Population::new(14);
    let mut saved = vec![];
    trained(&mut population, 4000, 1000).save(&mut saved);
    let run = || {
        let mut population = Population::new(15);
        let mut mining = Mining::load(&saved, KEY).unwrap();
        attack(&mut mining, &mut population, 0.5, 3000, two_templates);
        mining
    };
    let (mut whole, mut parted) = (run(), run());
    let expected = search(&mut whole, ATTACK_S + 600, level(0.5));
    parted.begin_search(ATTACK_S + 600, level(0.5));
    let mut population = Population::new(16);
    while !parted.step() {
        // Attempts that come in between belong to the next search.
        random_agent(&mut population).with_traits(|traits| parted.attempt(traits, ATTACK_S + 601));
    }
    assert!(!expected.is_empty() && parted.clusters().eq(&expected));
}
