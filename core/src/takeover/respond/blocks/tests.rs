//! Tests of blocks.

use super::*;

fn block(target: Target, until_s: Option<u64>, automatic: bool) -> Block {
    Block {
        target,
        until_s,
        look: Look::Block,
        reason: String::new(),
        automatic,
        signal: None,
        rule: None,
        created_s: Some(0),
        hits: 0,
        hit_s: None,
    }
}

fn ip(text: &str) -> Target {
    Target::Ip(Prefix::parse(text).unwrap())
}

fn refused(blocks: &Blocks, address: &str, now_s: u64) -> bool {
    blocks.refuses(Some(address.parse().unwrap()), None, None, true, now_s).is_some()
}

/// Entries with their ends, addresses that match, and addresses that do not.
type Case = (&'static [(&'static str, Option<u64>)], &'static [&'static str], &'static [&'static str]);

#[test]
fn blocks_match_like_entries_of_configurations() {
    const LIVE: Option<u64> = Some(200);
    const DEAD: Option<u64> = Some(90);
    let now = 100;
    let table: [Case; 5] = [
        (&[("10.0.0.0/8", LIVE), ("10.1.1.1", DEAD)], &["10.1.1.1", "10.1.1.2"], &[]),
        (&[("10.0.0.0/8", DEAD), ("10.1.1.1", LIVE)], &["10.1.1.1"], &["10.1.1.2"]),
        (
            &[("10.1.1.0/24", DEAD), ("10.1.0.0/16", LIVE), ("10.0.0.0/8", DEAD)],
            &["10.1.1.1", "10.1.2.1"],
            &["10.2.2.2"],
        ),
        (&[("::ffff:2.2.2.2", LIVE)], &["2.2.2.2", "::ffff:2.2.2.2"], &[]),
        (&[("3.3.3.3/32", None)], &["3.3.3.3"], &["3.3.3.4"]),
    ];
    for (entries, hits, misses) in table {
        let blocks = Blocks::default();
        for (text, until) in entries {
            assert!(blocks.insert(block(ip(text), *until, true), now));
        }
        hits.iter().for_each(|address| assert!(refused(&blocks, address, now), "{address}"));
        misses.iter().for_each(|address| assert!(!refused(&blocks, address, now), "{address}"));
    }
}

#[test]
fn an_entry_holds_in_its_last_second_and_the_later_end_wins() {
    let blocks = Blocks::default();
    blocks.insert(block(ip("1.1.1.1"), Some(100), true), 0);
    blocks.insert(block(ip("1.1.1.1"), Some(50), true), 0);
    assert!(refused(&blocks, "1.1.1.1", 100) && !refused(&blocks, "1.1.1.1", 101));
    assert_eq!(blocks.extend(&Selector::All, Some(10), 0), 1);
    assert!(!refused(&blocks, "1.1.1.1", 11));
    assert_eq!(blocks.extend(&Selector::All, Some(20), 11), 0);
    blocks.insert(block(ip("1.1.1.1"), None, true), 11);
    assert!(refused(&blocks, "1.1.1.1", u64::MAX));
    assert_eq!(blocks.remove(&Selector::Kind("ip".into()), 12).len(), 1);
    assert!(blocks.count() == 0 && blocks.records().lengths.is_empty());
    assert_eq!(blocks.audit().len(), 5);
}

#[test]
fn automatic_entries_can_be_disarmed() {
    let blocks = Blocks::default();
    blocks.insert(block(ip("1.1.1.1"), None, true), 0);
    blocks.insert(block(Target::User("5".into()), None, false), 0);
    blocks.arm(false);
    assert!(!refused(&blocks, "1.1.1.1", 0));
    assert!(blocks.refuses(None, Some("5"), None, true, 0).is_some());
    assert_eq!(blocks.list(0, 10, 0).len(), 2);
    blocks.arm(true);
    assert!(refused(&blocks, "1.1.1.1", 0));
}
