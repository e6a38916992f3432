//! The samples of a service, and the clusters found in them.

use super::super::key::HashKey;
use super::cluster::Cluster;
use super::dictionary::{Dictionary, NONE};
use super::history::History;
use super::item::Item;
use super::matcher::Matcher;
use super::metrics::Level;
use super::reservoir::Reservoir;
use super::sample::{CONFIGURED, Columns, Sample};
use super::save;
use super::search::Search;
use super::search::measure::Times;
use super::search::samples::Samples;
use super::traits::Traits;
use std::collections::VecDeque;

/// The number of sampled attempts of an attack.
const ATTACK: usize = 8192;
/// How long after its beginning an attack is noticed at the latest, in seconds; slow ones aside.
const NOTICED_AFTER_S: u32 = 600;
/// The number of sampled honest successes.
const SUCCESSES: usize = 12_288;
/// The number of sampled honest failures.
const FAILURES: usize = 4096;
/// The mean age of samples of honest logins, in seconds.
const HONEST_AGE_S: f64 = 7.0 * 86_400.0;
/// The mean age of samples of an attack that lasts longer, in seconds. An attacker who changes the program leaves a
/// twentieth of the samples, which a cluster needs, within two minutes.
const ATTACK_AGE_S: f64 = 1800.0;
/// The number of unfamiliar successes during an attack that are kept.
const SUSPECTS: usize = 4096;
/// The number of new attempts, at least a hundredth of the samples, after which a search is worth it.
const LEAST_NEW: u32 = 10;
/// The time after which a search is made in any case, in seconds.
const AGAIN_S: u32 = 600;
/// The number of new samples after which unique strings are given up again, if they are too many.
const TIDY_AFTER: u32 = 1024;
/// The number of samples whose strings are released or given up at once.
const RELEASED: usize = 128;

/// The miner of a service.
pub struct Mining {
    pub(super) strings: Dictionary,
    pub(super) columns: Columns,
    pub(super) attack: Reservoir,
    pub(super) successes: Reservoir,
    pub(super) failures: Reservoir,
    suspects: VecDeque<(Sample, u64)>,
    pub(super) history: History,
    /// When the attack began, if there is one.
    pub(super) since_s: Option<u32>,
    pub(super) clusters: Vec<Cluster>,
    pub(super) custom: Vec<Cluster>,
    pub(super) named: u32,
    pub(super) covered: f64,
    search: Progress,
    /// When the last search was requested, and the attempts since.
    pub(super) searched_s: Option<u32>,
    fresh: u32,
    /// New samples since unique strings were given up, and how many reservoirs remain to be tidied.
    kept: u32,
    untidy: usize,
    /// How many samples of the reservoir at hand are tidy.
    tidied: usize,
    /// Samples of attacks that are over, whose strings are still to be released.
    leaving: Vec<Sample>,
}

/// How far the search is.
enum Progress {
    Idle,
    /// The samples are copied, one reservoir after the other.
    Copying(u32, Level, Vec<Vec<Sample>>),
    Running(Box<Search>),
}

impl Mining {
    /// A miner without samples. The key decides which requests are sampled, so equal keys and events lead to equal
    /// clusters.
    pub fn new(key: HashKey) -> Self {
        let seed = |name: &[u8]| key.hash(name);
        Mining {
            strings: Dictionary::new(key),
            columns: Columns::default(),
            attack: Reservoir::new(ATTACK, ATTACK_AGE_S, seed(b"attack")),
            successes: Reservoir::new(SUCCESSES, HONEST_AGE_S, seed(b"successes")),
            failures: Reservoir::new(FAILURES, HONEST_AGE_S, seed(b"failures")),
            suspects: VecDeque::new(),
            history: History::default(),
            since_s: None,
            clusters: vec![],
            custom: vec![],
            named: 0,
            covered: 0.0,
            search: Progress::Idle,
            searched_s: None,
            fresh: 0,
            kept: 0,
            untidy: 0,
            tidied: 0,
            leaving: vec![],
        }
    }

    /// Sets the headers whose values are compared besides the usual ones (`trait_headers` of the configuration, in
    /// lower case). Samples keep the values of headers that remain.
    pub fn configure(&mut self, trait_headers: &[String]) {
        if self.columns.configured() == trait_headers {
            return;
        }
        self.cancel();
        let former = std::mem::replace(&mut self.columns, Columns::new(trait_headers));
        let (strings, columns) = (&mut self.strings, &self.columns);
        let reservoirs = [&mut self.attack, &mut self.failures, &mut self.successes];
        let samples = reservoirs.into_iter().flat_map(|reservoir| reservoir.samples_mut());
        for sample in samples.chain(self.suspects.iter_mut().map(|(sample, _)| sample)) {
            let ids = sample.ids;
            sample.ids[CONFIGURED..].fill(NONE);
            for (nth, name) in former.configured().iter().enumerate() {
                match columns.configured().iter().position(|known| known == name) {
                    Some(place) => sample.ids[CONFIGURED + place] = ids[CONFIGURED + nth],
                    None => strings.release(ids[CONFIGURED + nth]),
                }
            }
        }
    }

    /// Offers a successful login as a sample of honest ones. During an attack nothing is sampled.
    pub fn success(&mut self, traits: &Traits<'_>, at_s: u32) {
        if self.since_s.is_none() {
            self.history.note_login(at_s, true);
            offer(&mut self.successes, &mut self.strings, &self.columns, &mut self.kept, traits, at_s);
        }
    }

    /// Offers a failed login that no signal explains as a sample of honest ones. During an attack nothing is sampled.
    pub fn failure(&mut self, traits: &Traits<'_>, at_s: u32) {
        if self.since_s.is_none() {
            self.history.note_login(at_s, false);
            offer(&mut self.failures, &mut self.strings, &self.columns, &mut self.kept, traits, at_s);
        }
    }

    /// An attack may have begun: from now on its attempts are sampled, and honest logins are not. Has no effect during
    /// an attack. The attack has begun some minutes before it is noticed, and the accounts that fell in these must not count
    /// as honest logins, which would forbid to refuse the rest of it.
    pub fn begin_attack(&mut self, now_s: u32) {
        if self.since_s.is_none() {
            self.since_s = Some(now_s);
            let noticed_from_s = now_s.saturating_sub(NOTICED_AFTER_S);
            self.successes.forget_since(noticed_from_s, &mut self.strings);
            self.failures.forget_since(noticed_from_s, &mut self.strings);
        }
    }

    /// Takes over the clusters of an attack that goes on after a pause or a restart. Its samples are lost.
    pub fn recall(&mut self, clusters: Vec<Cluster>) {
        let number = |cluster: &Cluster| cluster.id.strip_prefix('k')?.parse::<u32>().ok();
        self.named = clusters.iter().filter_map(number).max().unwrap_or(0);
        (self.custom, self.clusters) = clusters.into_iter().partition(|cluster| cluster.custom);
    }

    /// When the attack began, in seconds since the Unix epoch.
    pub fn attacked_since_s(&self) -> Option<u32> {
        self.since_s
    }

    /// Ends the attack: its samples and clusters are forgotten, and honest logins are sampled again.
    pub fn end_attack(&mut self) {
        self.cancel();
        self.since_s = None;
        self.leaving.extend(self.attack.take_all());
        self.leaving.extend(self.suspects.drain(..).map(|(sample, _)| sample));
        self.history.end_attack();
        self.clusters.clear();
        self.custom.clear();
        (self.named, self.covered) = (0, 0.0);
        (self.searched_s, self.fresh) = (None, 0);
    }

    /// Offers an attempt of the attack as a sample: a failure from an unfamiliar origin that no other signal explains,
    /// or an attempt that was refused.
    pub fn attempt(&mut self, traits: &Traits<'_>, at_s: u32) {
        if self.since_s.is_some() {
            self.history.note_attempt(at_s);
            self.fresh = self.fresh.saturating_add(1);
            offer(&mut self.attack, &mut self.strings, &self.columns, &mut self.kept, traits, at_s);
        }
    }

    /// Keeps an unfamiliar success during the attack, so that a cluster found later can name it. The number is the
    /// caller's and identifies the success; of too many, the oldest is forgotten.
    pub fn suspect(&mut self, traits: &Traits<'_>, at_s: u32, number: u64) {
        if self.since_s.is_none() {
            return;
        }
        if self.suspects.len() == SUSPECTS
            && let Some((oldest, _)) = self.suspects.pop_front()
        {
            oldest.release(&mut self.strings);
        }
        let sample = Sample::take(traits, at_s, &self.columns, &mut self.strings);
        self.kept += 1;
        self.suspects.push_back((sample, number));
    }

    /// The numbers of the kept successes that have all of these items, oldest first.
    pub fn suspects(&self, items: &[Item]) -> Vec<u64> {
        let mut matcher = Matcher::new(items, &self.columns, &self.strings);
        let matching = self.suspects.iter().filter(|(sample, _)| matcher.matches(sample, &self.strings));
        matching.map(|(_, number)| *number).collect()
    }

    /// The number of sampled honest failures that have all of these items, and of all of them.
    pub fn failures_with(&self, items: &[Item]) -> (u32, u32) {
        let mut matcher = Matcher::new(items, &self.columns, &self.strings);
        let samples = self.failures.samples();
        let matching = samples.iter().filter(|sample| matcher.matches(sample, &self.strings)).count();
        (matching as u32, samples.len() as u32)
    }

    /// Stores by how much the failures of a minute exceeded the expected level. The minute is counted from the epoch.
    pub fn note_excess(&mut self, minute: u32, excess: f64) {
        if self.since_s.is_some() {
            self.history.note_excess(minute, excess);
        }
    }

    /// Whether enough attempts are new, or the last search is long ago: an attack of weeks is not searched each minute.
    pub fn is_worth_a_search(&self, now_s: u32) -> bool {
        let enough = LEAST_NEW.max(self.attack.samples().len() as u32 / 100);
        self.fresh >= enough || self.searched_s.is_none_or(|searched_s| now_s.saturating_sub(searched_s) >= AGAIN_S)
    }

    /// Requests a search, which [`Mining::step`] runs. Has no effect without an attack, or while a search runs.
    pub fn begin_search(&mut self, now_s: u32, level: Level) {
        if self.since_s.is_some() && !self.is_searching() {
            self.search = Progress::Copying(now_s, level, vec![]);
            (self.searched_s, self.fresh) = (Some(now_s), 0);
        }
    }

    /// Whether a search is requested or runs.
    pub fn is_searching(&self) -> bool {
        !matches!(self.search, Progress::Idle)
    }

    /// Whether [`Mining::step`] has something to do: a search, or strings to give up.
    pub fn has_work(&self) -> bool {
        self.is_searching() || self.is_untidy() || !self.leaving.is_empty()
    }

    /// Runs a part of the search, which takes a few hundred microseconds at most; without a search it only bounds the
    /// memory of strings. Returns true when the search is complete and the clusters are new.
    pub fn step(&mut self) -> bool {
        if self.release_some() || self.tidy() {
            return false;
        }
        match (std::mem::replace(&mut self.search, Progress::Idle), self.since_s) {
            (Progress::Copying(now_s, level, mut copied), Some(since_s)) => {
                self.strings.hold(true);
                copied.push(match copied.len() {
                    0 => self.attack.samples().to_vec(),
                    1 => self.failures.samples().to_vec(),
                    _ => self.successes.samples().to_vec(),
                });
                self.search = match <[Vec<Sample>; 3]>::try_from(copied) {
                    Ok(copied) => Progress::Running(Box::new(self.search_in(Samples(copied), level, since_s, now_s))),
                    Err(copied) => Progress::Copying(now_s, level, copied),
                };
                false
            }
            (Progress::Running(mut search), Some(_)) => {
                let Some(found) = search.step(&self.strings, &self.history) else {
                    self.search = Progress::Running(search);
                    return false;
                };
                self.strings.hold(false);
                self.take(found);
                true
            }
            _ => false,
        }
    }

    fn search_in(&self, samples: Samples, level: Level, since_s: u32, now_s: u32) -> Search {
        let items = |clusters: &[Cluster]| clusters.iter().map(|cluster| cluster.items.clone()).collect();
        let (in_use, custom) = (items(&self.clusters), items(&self.custom));
        Search::new(samples, self.columns.clone(), level, Times { since_s, now_s }, in_use, custom)
    }

    fn cancel(&mut self) {
        self.strings.hold(false);
        self.search = Progress::Idle;
    }

    fn is_untidy(&self) -> bool {
        self.untidy > 0 || self.kept >= TIDY_AFTER && self.strings.is_crowded()
    }

    /// Releases the strings of some samples of attacks that are over; returns whether there were any.
    fn release_some(&mut self) -> bool {
        let kept = self.leaving.len().saturating_sub(RELEASED);
        let released = self.leaving.drain(kept..);
        let is_some = released.len() > 0;
        released.for_each(|sample| sample.release(&mut self.strings));
        is_some
    }

    /// Gives up strings that occur only once, of one reservoir, if strings have become too many; returns whether there
    /// was something to do.
    fn tidy(&mut self) -> bool {
        // A search refers to the strings as they were at its beginning.
        let has_begun = match &self.search {
            Progress::Idle => false,
            Progress::Copying(.., copied) => !copied.is_empty(),
            Progress::Running(_) => true,
        };
        if has_begun {
            return false;
        }
        if !self.is_untidy() {
            return false;
        }
        if self.untidy == 0 {
            (self.kept, self.untidy, self.tidied) = (0, 3, 0);
        }
        let samples = match self.untidy {
            3 => self.attack.samples_mut(),
            2 => self.failures.samples_mut(),
            _ => self.successes.samples_mut(),
        };
        let end = samples.len().min(self.tidied + RELEASED);
        let part = samples.get_mut(self.tidied..end).unwrap_or_default();
        part.iter_mut().for_each(|sample| sample.give_up_unique(&mut self.strings));
        self.tidied = end;
        if end == samples.len() {
            let is_enough = !self.strings.is_crowded();
            self.untidy = if is_enough { 0 } else { self.untidy - 1 };
            self.tidied = 0;
        }
        true
    }

    /// The clusters: those found, the most important first, then stale ones and those of analysts.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.iter().chain(&self.custom)
    }

    /// The share of the attack's attempts that the clusters match.
    pub fn covered(&self) -> f64 {
        self.covered
    }

    /// The memory allocated, in bytes.
    pub fn memory(&self) -> usize {
        let samples = [&self.attack, &self.successes, &self.failures].map(|reservoir| reservoir.samples().len());
        let samples = samples.iter().sum::<usize>() + self.suspects.len() + self.leaving.len();
        self.strings.memory() + samples * size_of::<Sample>()
    }

    /// Appends what survives a restart: the samples of honest logins. The content refers to the key of the hashes.
    pub fn save(&self, out: &mut Vec<u8>) {
        save::write(&self.columns, &self.strings, [&self.successes, &self.failures], &self.history, out);
    }

    /// Reads what [`Mining::save`] wrote.
    pub fn load(bytes: &[u8], key: HashKey) -> Result<Self, &'static str> {
        let mut mining = Mining::new(key);
        let restored = save::read(bytes, &mut mining.strings, [SUCCESSES, FAILURES])?;
        mining.columns = restored.columns;
        mining.history = restored.history;
        let [successes, failures] = restored.reservoirs;
        mining.successes = mining.successes.restored(successes.0, successes.1, successes.2);
        mining.failures = mining.failures.restored(failures.0, failures.1, failures.2);
        Ok(mining)
    }
}

fn offer(
    reservoir: &mut Reservoir,
    strings: &mut Dictionary,
    columns: &Columns,
    kept: &mut u32,
    traits: &Traits<'_>,
    at_s: u32,
) {
    reservoir.offer(at_s, strings, |strings| {
        *kept += 1;
        Sample::take(traits, at_s, columns, strings)
    });
}
