//! Values that attackers choose: long, many, and malformed ones.

use super::population::{ATTACK_S, KEY, Population, level, search, trained};
use crate::support::test_random::Random;
use crate::takeover::Event;
use crate::takeover::mining::dimension::Dimension;
use crate::takeover::mining::{Item, Mining, Traits};
use crate::takeover::normalization::Normalization;
use crate::takeover::subject::Subject;
use crate::value::Value;

/// Samples an event everywhere.
fn sample(mining: &mut Mining, event: &Value, at_s: u32) {
    let event = Event::read(event).unwrap();
    let subject = Subject::of(&event, &Normalization::default(), &KEY);
    let traits = Traits::of(&event, &subject, false);
    mining.success(&traits, at_s);
    mining.failure(&traits, at_s);
    mining.attempt(&traits, at_s);
    mining.suspect(&traits, at_s, 1);
    assert!(mining.clusters().all(|cluster| !cluster.matches(&traits) || cluster.id == "k1"));
}

const FIELDS: [&str; 10] = [
    "http.user_agent",
    "http.accept",
    "http.accept_language",
    "http.accept_encoding",
    "http.content_type",
    "http.url_path",
    "fp.header",
    "fp.network",
    "fp.endpoint",
    "fp.session",
];

#[test]
fn long_and_malformed_values_are_sampled() {
    let mut mining = Mining::new(KEY);
    mining.configure(&["x-app".into(), "X".into(), String::new()]);
    mining.begin_attack(ATTACK_S);
    let texts: [&[u8]; 12] = [
        b"",
        b"#",
        b"hdr-",
        b"hdr-0000000111-aaf3b582-2-d0de8182-",
        b"hdr-0000000112-aaf3b582-2-d0de8182",
        b"hdr-0000000111-AAF3-2-d0",
        b"hdr-0000000111--99999999999-",
        b"ssn-",
        b"ssn----",
        b"\xff\xfe(\x00",
        b"\n\r\x7f",
        b"?",
    ];
    let long = b"a1(".repeat(400_000);
    for text in texts.into_iter().chain([&long[..]]) {
        let mut event = Value::from_entries([("event", "users.login.failure"), ("ip", "203.0.113.9")]);
        FIELDS.iter().for_each(|field| event.insert(field, Value::from(text)));
        event.insert("http.header_names", std::iter::repeat_n(Value::from(text), 1000).collect::<Value>());
        event.insert("http.headers", Value::from_entries([("x-app", Value::from(text)), ("x", Value::array())]));
        (0..40).for_each(|_| sample(&mut mining, &event, ATTACK_S));
    }
    let longest = Item::read(&Value::from_entries([("ua", Value::from(&long[..]))]));
    assert_eq!(longest.unwrap_err(), "a value of 'ua' has more than 256 bytes");
    search(&mut mining, ATTACK_S + 600, level(0.95));
    assert!(mining.memory() < 1 << 20, "{}", mining.memory());
}

#[test]
fn a_cut_value_is_no_condition() {
    let mut population = Population::new(41);
    let mut mining = trained(&mut population, 4000, 1000);
    mining.begin_attack(ATTACK_S);
    let agent = "x".repeat(500);
    let event = Value::from_entries([("event", "users.login.failure"), ("http.user_agent", &agent)]);
    for _ in 0..100 {
        let event = Event::read(&event).unwrap();
        let subject = Subject::of(&event, &Normalization::default(), &KEY);
        mining.attempt(&Traits::of(&event, &subject, false), ATTACK_S);
    }
    let clusters = search(&mut mining, ATTACK_S + 600, level(1.0));
    assert!(clusters.len() == 1 && clusters[0].items.iter().all(|item| item.cut && !item.has_condition()));
    assert_eq!(clusters[0].grade.name(), "monitor");
}

/// An event of which every value is new, but for headers that are missing.
fn noise(random: &mut Random, constant: Option<(&str, &str)>) -> Value {
    let mut event = Value::from_entries([("event", "users.login.failure"), ("ip", "203.0.113.9")]);
    for field in FIELDS {
        event.insert(field, format!("{field}{}", random.below(1 << 60)));
    }
    let names = (0..8).map(|_| Value::from(format!("x-{}", random.below(1 << 60)))).chain([Value::from("accept")]);
    event.insert("http.header_names", names.collect::<Value>());
    if let Some((field, value)) = constant {
        event.insert("http.headers", Value::from_entries([(field, value)]));
    }
    event
}

#[test]
fn random_values_neither_fill_the_memory_nor_hide_common_ones() {
    let mut population = Population::new(42);
    let mut mining = trained(&mut population, 4000, 1000);
    mining.configure(&["x-bot".into()]);
    mining.begin_attack(ATTACK_S);
    let mut random = Random(1);
    for nth in 0..24_000u32 {
        let event = noise(&mut random, (nth >= 20_000).then_some(("x-bot", "late")));
        let event = Event::read(&event).unwrap();
        let subject = Subject::of(&event, &Normalization::default(), &KEY);
        mining.attempt(&Traits::of(&event, &subject, false), ATTACK_S + nth / 10);
        if nth % 500 == 0 {
            mining.step();
        }
    }
    assert!(mining.memory() < 12 << 20, "{}", mining.memory());
    let clusters = search(&mut mining, ATTACK_S + 2400, level(1.0));
    assert!(clusters.iter().any(|cluster| cluster.metrics.share > 0.9), "{clusters:?}");
    let late = Item::of(Dimension::Value, "x-bot", "late");
    let share = mining.explore(&[late]).iter().filter(|hour| hour.during).map(|hour| hour.matches).sum::<f64>();
    assert!(share > 2000.0, "a value that comes when strings are many is stored: {share}");
}

#[test]
fn random_values_before_an_attack_leave_room() {
    let mut mining = Mining::new(KEY);
    let mut random = Random(2);
    let mut parts = 0;
    for nth in 0..24_000u32 {
        let event = noise(&mut random, None);
        let event = Event::read(&event).unwrap();
        let subject = Subject::of(&event, &Normalization::default(), &KEY);
        let traits = Traits::of(&event, &subject, false);
        mining.success(&traits, ATTACK_S + nth);
        mining.failure(&traits, ATTACK_S + nth);
        if nth % 100 == 0 {
            while mining.has_work() {
                parts += 1;
                mining.step();
            }
        }
    }
    assert!(parts > 0 && mining.memory() < 12 << 20, "{parts}, {}", mining.memory());
    let mut population = Population::new(43);
    for _ in 0..8000 {
        population.honest().with_traits(|traits| mining.success(traits, ATTACK_S + 30_000));
    }
    let german = mining.explore(&[Item::of(Dimension::Value, "accept-language", "de")]);
    let known: f64 = german.iter().map(|hour| hour.matches).sum();
    assert!(known > 2000.0, "values that come later are stored: {known}");
}
