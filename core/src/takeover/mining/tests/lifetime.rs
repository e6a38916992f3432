//! The miner over time: clusters keep their names, grow stale and end; samples survive a restart.

use super::population::{ATTACK_S, KEY, Population, Request, START_S, attack, header_set, level, script_headers};
use super::population::{search, trained};
use crate::takeover::mining::{Cluster, Enforced, Grade, Item, Level, Mining};
use crate::value::json;

fn script(population: &mut Population) -> Request {
    population.request("Script/1.0", script_headers(), true)
}

fn another(population: &mut Population) -> Request {
    population.request("Old/2.0", header_set(3), true)
}

fn names(clusters: &[Cluster]) -> Vec<(&str, bool)> {
    clusters.iter().map(|cluster| (cluster.id.as_str(), cluster.stale)).collect()
}

fn items(text: &str) -> Vec<Item> {
    Item::read(&json::parse(text.as_bytes()).unwrap()).unwrap()
}

#[test]
fn clusters_keep_their_ids_and_grow_stale() {
    let mut population = Population::new(31);
    let mut mining = trained(&mut population, 4000, 1000);
    let mut now_s = ATTACK_S + 600;
    attack(&mut mining, &mut population, 1.0, 1000, script);
    let first = search(&mut mining, now_s, level(0.95));
    assert_eq!(names(&first), [("k1", false)]);
    let again = search(&mut mining, now_s + 60, level(0.95));
    assert_eq!((names(&again), &again[0].items), (vec![("k1", false)], &first[0].items));

    // The attacker changes the program: a few minutes later there are two clusters, and then one is stale.
    let mut attempt = |mining: &mut Mining, make: fn(&mut Population) -> Request, now_s: u32| {
        (0..10).for_each(|_| make(&mut population).with_traits(|traits| mining.attempt(traits, now_s)));
    };
    for _ in 0..30 {
        now_s += 10;
        attempt(&mut mining, another, now_s);
    }
    let changed = search(&mut mining, now_s, level(0.95));
    assert_eq!(names(&changed), [("k1", false), ("k2", false)]);
    for _ in 0..120 {
        now_s += 10;
        attempt(&mut mining, another, now_s);
    }
    let later = search(&mut mining, now_s, level(0.95));
    let mut found = names(&later);
    found.sort_unstable();
    assert_eq!(found, [("k1", true), ("k2", false)]);

    mining.end_attack();
    assert!(mining.clusters().next().is_none() && mining.attacked_since_s().is_none());
    mining.begin_search(now_s, level(0.95));
    assert!(!mining.is_searching() && !mining.step());
}

#[test]
fn honest_logins_are_not_sampled_during_an_attack() {
    let mut population = Population::new(32);
    let mut mining = trained(&mut population, 2000, 500);
    let (mut before, mut after) = (vec![], vec![]);
    mining.begin_attack(ATTACK_S);
    mining.save(&mut before);
    for _ in 0..500 {
        script(&mut population).with_traits(|traits| {
            mining.success(traits, ATTACK_S);
            mining.failure(traits, ATTACK_S);
            mining.attempt(traits, ATTACK_S);
        });
    }
    mining.save(&mut after);
    assert!(before == after);
    mining.end_attack();
    script(&mut population).with_traits(|traits| mining.success(traits, ATTACK_S));
    mining.save(&mut after);
    assert!(before != after[before.len()..]);
}

#[test]
fn successes_of_an_attack_are_named_later() {
    let mut population = Population::new(33);
    let mut mining = trained(&mut population, 4000, 1000);
    script(&mut population).with_traits(|traits| mining.suspect(traits, ATTACK_S, 7));
    attack(&mut mining, &mut population, 0.5, 1000, script);
    for number in 0..5000 {
        let request = if number % 100 == 0 { script(&mut population) } else { population.honest() };
        request.with_traits(|traits| mining.suspect(traits, ATTACK_S + 600, number));
    }
    let clusters = search(&mut mining, ATTACK_S + 600, level(0.5));
    let expected: Vec<u64> = (904..5000).filter(|number| number % 100 == 0).collect();
    assert_eq!(mining.suspects(&clusters[0].items), expected, "the last 4,096 are kept, and 7 came before the attack");
}

#[test]
fn samples_survive_a_restart() {
    let mut population = Population::new(34);
    let mut mining = trained(&mut population, 3000, 700);
    mining.configure(&["x-app".into()]);
    let (mut saved, mut again) = (vec![], vec![]);
    mining.save(&mut saved);
    let mut restored = Mining::load(&saved, KEY).unwrap();
    restored.save(&mut again);
    assert!(saved == again);
    let mut run = |mining: &mut Mining| {
        population.random.0 = 1;
        attack(mining, &mut population, 0.5, 1000, script);
        search(mining, ATTACK_S + 600, level(0.5))
    };
    assert_eq!(run(&mut mining), run(&mut restored));
    for length in (0..saved.len()).step_by(997) {
        assert!(Mining::load(&saved[..length], KEY).is_err(), "{length} bytes");
    }
    for at in (0..saved.len()).step_by(1009) {
        let mut damaged = saved.clone();
        damaged[at] ^= 0x80;
        // What follows from damage is undefined, but no panic; the whole snapshot has checksums.
        drop(Mining::load(&damaged, KEY));
    }
}

#[test]
fn configured_headers_are_compared() {
    let mut population = Population::new(35);
    let mut mining = Mining::new(KEY);
    let with_version = |request: Request, version: &str| {
        let mut request = request;
        request.headers.push(("x-app-version".into(), version.to_owned().into()));
        request
    };
    mining.configure(&["x-other".into(), "x-app-version".into()]);
    for nth in 0..4000 {
        let request = with_version(population.honest(), &format!("4.{}", nth % 3));
        request.with_traits(|traits| mining.success(traits, START_S));
    }
    // The order changes, and samples keep their values.
    mining.configure(&["x-app-version".into()]);
    attack(&mut mining, &mut population, 1.0, 1000, |population| with_version(population.honest(), "3.9"));
    let clusters = search(&mut mining, ATTACK_S + 600, level(0.95));
    assert_eq!(clusters.len(), 1);
    assert_eq!(json::to_string(&Item::print(&clusters[0].items)), r#"{"hv:x-app-version":"3.9"}"#);
    assert_eq!(clusters[0].grade, Grade::Block);
    mining.configure(&[]);
    let clusters = search(&mut mining, ATTACK_S + 600, level(0.95));
    assert_eq!(names(&clusters), [("k1", true)], "the header is not compared any more");
}

#[test]
fn matches_before_the_attack_forbid_blocking() {
    let mut population = Population::new(36);
    let mut mining = Mining::new(KEY);
    for nth in 0..12_288u32 {
        let request = if nth % 3072 == 5 { script(&mut population) } else { population.honest() };
        request.with_traits(|traits| mining.success(traits, START_S + nth * 7));
    }
    // Four honest logins a day from the same program, and sixty attempts in fifteen hours, or in a minute.
    for (step_s, grade, before) in [(900, Grade::Monitor, 0.042), (1, Grade::Block, 0.0)] {
        mining.begin_attack(ATTACK_S);
        for nth in 0..60 {
            script(&mut population).with_traits(|traits| mining.attempt(traits, ATTACK_S + nth * step_s));
        }
        let level = Level { share: 1.0, attempts_per_s: 14.0, legitimate_per_s: 2.0 };
        let clusters = search(&mut mining, ATTACK_S + 60 * step_s, level);
        assert_eq!(clusters.len(), 1, "{clusters:?}");
        let found = clusters[0].present_before;
        assert!((found - before).abs() < 0.01, "{found}");
        assert_eq!(clusters[0].grade == grade, found > 0.05 || grade == Grade::Block, "{clusters:?}");
        mining.end_attack();
    }
}

#[test]
fn clusters_rise_and_fall_with_the_attack() {
    let mut population = Population::new(37);
    let mut mining = trained(&mut population, 4000, 1000);
    mining.begin_attack(ATTACK_S);
    let mut now_s = ATTACK_S;
    for minute in 0..30 {
        let attempts = [5, 40, 80, 20][minute % 4];
        (0..attempts).for_each(|_| script(&mut population).with_traits(|traits| mining.attempt(traits, now_s)));
        (0..10).for_each(|_| population.honest().with_traits(|traits| mining.attempt(traits, now_s)));
        mining.note_excess(now_s / 60, f64::from(attempts));
        now_s += 60;
    }
    mining.define("all", items(r#"{"url":"/login"}"#)).unwrap();
    mining.define("usual", items(r#"{"hv:accept-language":["de","en-US,en;q=0.5","fr-FR,fr;q=0.9"]}"#)).unwrap();
    let clusters = search(&mut mining, now_s, level(0.8));
    assert_eq!(names(&clusters), [("k1", false), ("all", false), ("usual", false)]);
    assert!(clusters[0].correlation > 0.99 && clusters[1].correlation > 0.99 && clusters[2].correlation < 0.5);
    assert!(clusters[1].custom && clusters[1].grade == Grade::Monitor && clusters[1].metrics.collateral == 1.0);
    let printed = json::to_string(&clusters[1].to_export(&Enforced::default()));
    assert!(printed.contains(r#""custom":true"#) && printed.contains(r#""collateral":1"#), "{printed}");
}

#[test]
fn analysts_explore_and_isolate() {
    let mut population = Population::new(38);
    let mut mining = trained(&mut population, 4000, 1000);
    attack(&mut mining, &mut population, 0.75, 2000, script);
    search(&mut mining, ATTACK_S + 600, level(0.75));
    let everything = mining.explore(&items(r#"{"url":"/login"}"#));
    assert_eq!(everything.len(), 25, "a day, and the hour of the attack");
    assert!(everything.iter().all(|hour| (hour.matches - hour.logins as f64).abs() < 1e-6));
    let of_script = mining.explore(&items(r#"{"ua":"Script/1.0"}"#));
    assert!(of_script[..24].iter().all(|hour| hour.matches == 0.0 && !hour.during));
    let last = of_script.last().unwrap();
    assert!(last.during && last.logins == 2000 && (1400.0..1600.0).contains(&last.matches), "{last:?}");
    let isolated = mining.isolate(4000.0, 1000.0);
    assert!((isolated.residual - 1.0).abs() < 0.15, "{isolated:?}");
    assert_eq!(isolated.present_before, [("k1".to_string(), 0.0)]);
    assert_eq!(Mining::new(KEY).isolate(10.0, 0.0).residual, 20.0);
}

#[test]
fn analysts_clusters_have_names_of_their_own() {
    let mut mining = Mining::new(KEY);
    let some = || items(r#"{"ua":"a"}"#);
    assert_eq!(mining.define("mine", some()).unwrap_err(), "there is no attack to compare with");
    mining.begin_attack(ATTACK_S);
    for bad in ["", "k1", "a b", "ä", &"x".repeat(65)] {
        assert!(mining.define(bad, some()).unwrap_err().starts_with("invalid id of a cluster"), "{bad}");
    }
    for nth in 0..32 {
        mining.define(&format!("c{nth}"), some()).unwrap();
    }
    assert_eq!(mining.define("more", some()).unwrap_err(), "there are already 32 clusters of analysts");
    mining.define("c5", items(r#"{"ua":"b"}"#)).unwrap();
    assert_eq!(mining.clusters().count(), 32);
}
