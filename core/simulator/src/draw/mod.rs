//! A campaign as a picture: what happens at the login, how unusual it is, and the traits of the attackers.
//!
//! | file | concept |
//! |---|---|
//! | this file | the run, counted in buckets of five minutes |
//! | `picture` | the picture, in SVG |

mod picture;

use crate::defenders::ours::{Mode, Ours};
use crate::defenders::{Answer, Defender};
use crate::event::{Actor, Event, What};
use crate::options::Options;
use crate::play::play;
use crate::suite::{Learned, find};
use crate::time::{HOUR, MINUTE, TODAY};
use bartizan::value::{Object, View, json};
use std::collections::BTreeMap;

/// The length of a bucket.
const BUCKET: u64 = 5 * MINUTE;
/// How much of the time before a campaign is shown.
const BEFORE: u64 = HOUR;
/// The traits of attackers that are shown at most.
const CLUSTERS: usize = 6;

/// What is drawn.
#[derive(Default)]
struct Course {
    title: String,
    /// The beginning, and the buckets from then on.
    from_ms: u64,
    buckets: Vec<Bucket>,
    clusters: Vec<Cluster>,
}

/// What happened in five minutes.
#[derive(Clone, Copy, Default)]
struct Bucket {
    /// Logins of people that succeeded.
    honest: u32,
    /// Failures, of people and attackers.
    failures: u32,
    /// Attempts that were refused.
    refused: u32,
    /// The failures expected and how far the actual ones deviate, while a signal about the service is open.
    expected: Option<f64>,
    deviation: Option<f64>,
}

/// Traits of attackers.
struct Cluster {
    id: String,
    traits: String,
    /// The share of the attack that has them.
    share: f64,
    grade: String,
    /// The first and the last bucket in which they were known.
    seen: (usize, usize),
}

/// Draws a campaign of the first seed into a file, or to the standard output.
pub fn draw(options: &Options) -> Result<bool, String> {
    let campaign = find(options.only.first().map_or("A2", String::as_str))?;
    let learned = Learned::new(options.first_seed, options);
    let world = &learned.world;
    let script = (campaign.script)(world);
    let (start_ms, disturbances) = (script.start_ms, script.disturbances.clone());
    let from_ms = start_ms.saturating_sub(BEFORE).max(TODAY) / BUCKET * BUCKET;
    let mut course = Course { title: format!("{}: {}", campaign.id, campaign.about), from_ms, ..Course::default() };
    let mut attacked = 0;
    let mut ours = Ours::restored(world, Mode::Strict, TODAY, &learned.snapshot);
    let mut watch = |event: &Event, answer: Answer, defender: &dyn Defender| {
        if event.at_ms >= from_ms {
            course.count(event, answer, defender);
            attacked = if event.label.campaign.is_some() { course.buckets.len() } else { attacked };
        }
    };
    play(&mut script.play(world, campaign.id), start_ms, &disturbances, &mut ours, &mut watch);
    course.buckets.truncate(attacked + (BEFORE / BUCKET) as usize);
    let svg = picture::draw(&course);
    match options.names.first() {
        Some(name) => std::fs::write(name, svg).map_err(|why| format!("{name}: {why}"))?,
        None => print!("{svg}"),
    }
    Ok(true)
}

impl Course {
    fn count(&mut self, event: &Event, answer: Answer, defender: &dyn Defender) {
        let at = ((event.at_ms - self.from_ms) / BUCKET) as usize;
        if at >= self.buckets.len() {
            self.look(defender);
            self.buckets.resize(at + 1, Bucket::default());
        }
        let What::Login { right } = event.what else { return };
        let bucket = &mut self.buckets[at];
        let is_refused = answer != Answer::Allow && (answer != Answer::StepUp || event.is_attack());
        match event.label.actor {
            _ if is_refused => bucket.refused += 1,
            _ if !right => bucket.failures += 1,
            Actor::Person(_) => bucket.honest += 1,
            Actor::Attacker | Actor::Cover => {}
        }
    }

    /// Looks at the signals at the end of a bucket.
    fn look(&mut self, defender: &dyn Defender) {
        let Some(last) = self.buckets.len().checked_sub(1) else { return };
        let signals = defender.signals();
        for signal in signals.as_array().unwrap_or_default() {
            let number = |key: &[u8]| signal.get(b"evidence").and_then(|evidence| number(evidence.get(key)?));
            let bucket = &mut self.buckets[last];
            if let (Some(expected), Some(deviation)) = (number(b"mu"), number(b"z")) {
                (bucket.expected, bucket.deviation) = (Some(expected), Some(deviation));
            }
            for cluster in signal.get(b"clusters").and_then(Object::as_array).unwrap_or_default() {
                self.note(cluster, last);
            }
        }
    }

    fn note(&mut self, cluster: &Object, at: usize) {
        let text = |key: &[u8]| {
            cluster.get(key).and_then(Object::as_bytes).map(|text| String::from_utf8_lossy(text).into_owned())
        };
        let (Some(id), share) = (text(b"id"), cluster.get(b"share").and_then(number).unwrap_or(0.0)) else { return };
        let grade = text(b"grade").unwrap_or_default();
        let has_room = self.clusters.len() < CLUSTERS;
        match self.clusters.iter_mut().find(|known| known.id == id) {
            Some(known) => {
                known.seen.1 = at;
                known.share = known.share.max(share);
                known.grade = grade;
            }
            None if has_room => {
                let traits = cluster.get(b"items").map(describe).unwrap_or_default();
                self.clusters.push(Cluster { id, traits, share, grade, seen: (at, at) });
            }
            None => {}
        }
    }
}

fn number(value: &Object) -> Option<f64> {
    match value.view() {
        View::Float(number) => Some(number),
        View::Unsigned(number) => Some(number as f64),
        View::Signed(number) => Some(number as f64),
        _ => None,
    }
}

/// The items of a cluster in one line.
fn describe(items: &Object) -> String {
    let pairs = items.as_map().unwrap_or_default().iter();
    let sorted: BTreeMap<String, String> = pairs
        .map(|pair| {
            let value = pair.value().as_bytes().map(|text| String::from_utf8_lossy(text).into_owned());
            let key = String::from_utf8_lossy(pair.key_bytes().unwrap_or_default()).into_owned();
            (key, value.unwrap_or_else(|| json::to_string(pair.value())))
        })
        .collect();
    sorted.into_iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
}
