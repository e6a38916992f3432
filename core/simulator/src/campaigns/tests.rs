//! Whether the campaigns have the figures that they are told to have, and are the same in every run.

use super::*;
use std::collections::{HashMap, HashSet};

fn world(seed: u64) -> World {
    World::new(seed, 200_000, 4000)
}

/// The events of a campaign, without everyday life.
fn events(world: &World, id: &str) -> Vec<Event> {
    let campaign = all().into_iter().find(|campaign| campaign.id == id).unwrap();
    let mut merged = Merged::new((campaign.script)(world).sources);
    let events: Vec<_> = std::iter::from_fn(|| merged.next()).collect();
    assert!(events.windows(2).all(|two| two[0].at_ms <= two[1].at_ms), "{id}");
    events
}

fn distinct<T: Eq + std::hash::Hash>(events: &[Event], of: impl Fn(&Event) -> T) -> usize {
    events.iter().map(of).collect::<HashSet<_>>().len()
}

/// Events, addresses, names, header sets, and the time from the first to the last event in minutes.
fn figures(events: &[Event]) -> [usize; 5] {
    let last = events.last().map_or(0, |event| event.at_ms - events[0].at_ms);
    [
        events.len(),
        distinct(events, |event| event.ip),
        distinct(events, |event| event.login.to_string().to_lowercase()),
        distinct(events, |event| event.client.headers),
        last.div_ceil(MINUTE) as usize,
    ]
}

#[test]
fn attacks_have_their_figures() {
    let world = world(1);
    let table = [
        ("A1", [500_000, 495_050, 500_000, 1, 360]),
        ("A2", [20_000, 20_000, 20_000, 1, 600]),
        ("A3", [20_000, 20_000, 20_000, 12, 600]),
        ("A4", [50_000, 5, 50_000, 1, 120]),
        ("A5", [10_000, 3, 5, 1, 60]),
        ("A6", [3000, 3000, 1, 1, 120]),
        ("A7", [8400, 200, 8400, 1, 840]),
        ("A8", [280, 1, 280, 1, 840]),
        ("A9", [8000, 250, 8000, 1, 180]),
        ("A10-spelling", [2000, 50, 1, 1, 60]),
        ("A11-signups", [300, 1, 300, 1, 60]),
        ("A11-cards", [2000, 1500, 1500, 1, 120]),
        ("A11-resets", [500, 1, 500, 1, 60]),
        ("C3", [40_320, 40_320, 40_320, 1, 20_160]),
    ];
    for (id, expected) in table {
        let events = events(&world, id);
        let mut found = figures(&events);
        // A list of 500,000 names has some accounts twice, as there are only 200,000; and the first and last attempts are
        // not exactly at the ends of the time.
        found[2] = if found[2].abs_diff(expected[2]) * 5 < expected[2] { expected[2] } else { found[2] };
        found[4] = if found[4].abs_diff(expected[4]) <= 7 { expected[4] } else { found[4] };
        assert_eq!(found, expected, "{id}");
        assert!(events.iter().all(|event| event.label.actor == Actor::Attacker && event.label.campaign == Some(id)));
    }
}

use crate::event::Actor;

#[test]
fn lists_of_leaked_credentials_have_their_shares() {
    let world = world(2);
    for id in ["A1", "A2", "A4"] {
        let events = events(&world, id);
        let existing = events.iter().filter(|event| event.login.account().is_some()).count() as f64;
        let right = events.iter().filter(|event| event.label.compromise).count() as f64;
        let all = events.len() as f64;
        assert!((existing / all - 0.4).abs() < 0.01, "{id}");
        assert!((right / existing * 200.0 - 1.0).abs() < 0.4, "{id}");
        assert!(events.iter().all(|event| event.label.compromise == (event.what == What::Login { right: true })));
    }
    let agents = distinct(&events(&world, "A1"), |event| event.client.agent);
    assert_eq!(agents, 5);
}

#[test]
fn mimicry_is_drawn_jointly_from_honest_people() {
    let world = world(3);
    let honest: HashSet<_> =
        (0..world.accounts).map(|account| world.client(account)).map(|c| (c.agent, c.headers)).collect();
    assert!(honest.len() < 400, "not every agent goes with every header set");
    let is_honest = |event: &Event| honest.contains(&(event.client.agent, event.client.headers));
    assert!(events(&world, "A3").iter().all(is_honest));
    assert!(!events(&world, "A2").iter().any(is_honest));
}

#[test]
fn evasions_have_their_figures() {
    let world = world(4);
    let covers = |events: &[Event]| events.iter().filter(|event| event.label.actor == Actor::Cover).count();
    let padding = events(&world, "A10-padding");
    assert_eq!((padding.len(), covers(&padding), distinct(&padding, |event| event.ip)), (4010, 1010, 1));
    let inflation = events(&world, "A10-inflation");
    assert_eq!((inflation.len() - covers(&inflation), covers(&inflation)), (20_000, 108_300));
    let own: Vec<_> = inflation.iter().filter(|event| event.label.actor == Actor::Cover).copied().collect();
    assert_eq!((distinct(&own, |event| event.ip), distinct(&own, |event| event.login)), (300, 300));
    let flood = events(&world, "A10-flood");
    assert_eq!((flood.len(), covers(&flood)), (1_010_000, 1_000_000));
    let ipv6 = events(&world, "A10-ipv6");
    let group = |event: &Event| match event.ip {
        IpAddr::V6(ip) => ip.segments()[..4].to_vec(),
        IpAddr::V4(_) => vec![],
    };
    assert_eq!((ipv6.len(), distinct(&ipv6, group)), (8000, 256));
    let forged = events(&world, "A10-time");
    assert!(forged.iter().all(|event| event.claimed_ms.is_some_and(|at| at + 10 * MINUTE >= event.at_ms)));
}

#[test]
fn honest_campaigns_have_their_figures() {
    let world = world(5);
    let people = |events: &[Event]| {
        assert!(events.iter().all(|event| matches!(event.label.actor, Actor::Person(_)) && !event.label.compromise));
        distinct(events, |event| event.label.actor)
    };
    let right =
        |events: &[Event]| events.iter().filter(|event| event.what == What::Login { right: true }).count() as f64;
    let b1 = events(&world, "B1");
    assert_eq!((people(&b1), distinct(&b1, |event| event.ip)), (3000, 1));
    assert!((b1.len() as f64 / right(&b1) * 0.82 - 1.0).abs() < 0.04);
    let known: HashSet<_> = b1.iter().filter(|event| event.device.is_some()).map(|event| event.label.actor).collect();
    assert!((known.len() as f64 / 3000.0 - 0.85).abs() < 0.02);
    let b2 = events(&world, "B2");
    assert_eq!((people(&b2), b2.len(), right(&b2)), (5000, 600_000, 0.0));
    let b3 = events(&world, "B3");
    assert_eq!(people(&b3), 30_000);
    let mean = b3.len() as f64 / 30_000.0;
    assert!((2.3..2.5).contains(&mean), "60 % fail, at most six times: {mean}");
    let b6 = events(&world, "B6");
    let payloads = b6.iter().filter(|event| matches!(event.login, Login::Payload(_))).count();
    assert_eq!((b6.len(), distinct(&b6, |event| event.ip)), (4000, 1));
    assert!((250..350).contains(&payloads));
}

#[test]
fn flash_crowds_and_outages_change_everyday_life() {
    let world = world(6);
    let during = |id: &'static str| {
        let campaign = all().into_iter().find(|campaign| campaign.id == id).unwrap();
        let script = (campaign.script)(&world);
        let from_ms = script.start_ms;
        let mut events = script.play(&world, id);
        let all = std::iter::from_fn(|| events.next()).filter(|event| event.is_login());
        let within = all.filter(|event| (from_ms..from_ms + 30 * MINUTE).contains(&event.at_ms)).collect::<Vec<_>>();
        let fails = within.iter().filter(|event| event.what == What::Login { right: false }).count();
        (within.len() as f64, fails as f64 / within.len() as f64)
    };
    let ((quiet, _), (crowd, crowd_fails), (_, outage_fails)) = (during("Q"), during("B4"), during("B5"));
    assert!((7.0..14.0).contains(&(crowd / quiet)));
    assert!((0.10..0.16).contains(&crowd_fails) && outage_fails == 1.0);
}

#[test]
fn two_runs_are_identical_and_seeds_differ() {
    let print = |seed| {
        let world = World::new(seed, 20_000, 4000);
        let mut hash: HashMap<&str, u64> = HashMap::new();
        for campaign in all().into_iter().filter(|campaign| !["A1", "B7", "A10-flood", "B2"].contains(&campaign.id)) {
            let mut events = (campaign.script)(&world).play(&world, campaign.id);
            let sum = hash.entry(campaign.id).or_default();
            while let Some(event) = events.next() {
                *sum = format!("{event:?}").bytes().fold(*sum, |sum, byte| mix(sum, byte.into()));
            }
        }
        hash
    };
    let (one, again, other) = (print(1), print(1), print(2));
    assert_eq!(one, again);
    assert!(one.iter().all(|(id, sum)| other[id] != *sum));
}

#[test]
fn adversaries_change_their_template_only_if_refused() {
    let world = world(7);
    let campaign = all().into_iter().find(|campaign| campaign.id == "C1").unwrap();
    for (answer, templates) in [(crate::defenders::Answer::Allow, 1), (crate::defenders::Answer::Cluster, 60)] {
        let mut merged = Merged::new((campaign.script)(&world).sources);
        let mut seen = HashSet::new();
        while let Some(event) = merged.next() {
            seen.insert(event.client.headers);
            merged.told(answer);
        }
        assert!(seen.len().abs_diff(templates) <= 1, "{} of {templates}", seen.len());
    }
}
