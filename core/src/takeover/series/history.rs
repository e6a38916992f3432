//! 28 days of the series in buckets of five minutes.
//!
//! A bucket in which nothing could be counted is a gap, which is not the same as zero: zeros would lower what is
//! expected, so that the next normal hour would look like an attack. Buckets of an attack are anomalous and do not
//! count for a week; after that, or if too little would be left, they do, because a change that lasts is the new normal.

use super::name::{BUCKET_S, Name, Topic};

/// The number of buckets: 28 days.
pub const BUCKETS: usize = 28 * DAY;
/// The number of buckets in a day.
pub const DAY: usize = 86_400 / BUCKET_S as usize;
/// The maximum number of intervals that are marked before their buckets are over.
const MARKS: usize = 64;

/// What is known of a bucket besides its counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Nothing could be counted.
    pub gap: bool,
    /// An attack on logins was going on.
    pub logins: bool,
    /// Password resets deviated.
    pub resets: bool,
    /// Failed payments deviated.
    pub payments: bool,
    /// Too little was known of where accounts log in from, so all failures counted as unfamiliar.
    pub cold: bool,
}

impl Flags {
    /// Whether an anomaly of the topic was found.
    pub fn anomalous(self, topic: Topic) -> bool {
        match topic {
            Topic::Logins => self.logins,
            Topic::Resets => self.resets,
            Topic::Payments => self.payments,
        }
    }

    /// The flags for an anomaly of the topic.
    pub fn of_anomaly(topic: Topic) -> Self {
        let is = |other| topic == other;
        Flags {
            logins: is(Topic::Logins),
            resets: is(Topic::Resets),
            payments: is(Topic::Payments),
            ..Flags::default()
        }
    }

    fn to_bits(self) -> u8 {
        [self.gap, self.logins, self.resets, self.payments, self.cold]
            .iter()
            .enumerate()
            .fold(0, |bits, (at, flag)| bits | u8::from(*flag) << at)
    }

    fn from_bits(bits: u8) -> Self {
        let flag = |at: u8| bits >> at & 1 == 1;
        Flags { gap: flag(0), logins: flag(1), resets: flag(2), payments: flag(3), cold: flag(4) }
    }
}

/// The buckets, in a ring.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The counts of each series, empty until the first bucket.
    counts: [Vec<u32>; Name::ALL.len()],
    flags: Vec<u8>,
    /// The numbers of the first bucket and of the next one, in five minutes since the Unix epoch.
    span: Option<(u32, u32)>,
    /// Flags of buckets that are not over yet: from, to (exclusive), and which.
    marks: Vec<(u32, u32, u8)>,
}

impl History {
    /// Begins with a bucket.
    pub fn begin(&mut self, bucket: u32) {
        self.counts = std::array::from_fn(|_| vec![0; BUCKETS]);
        self.flags = vec![0; BUCKETS];
        self.span = Some((bucket, bucket));
    }

    /// The number of the next bucket.
    pub fn next(&self) -> Option<u32> {
        self.span.map(|(_, next)| next)
    }

    /// The number of buckets between the first one, which may be forgotten, and this one.
    pub fn age(&self, bucket: u32) -> u32 {
        self.span.map_or(0, |(first, _)| bucket.saturating_sub(first))
    }

    /// Adds a bucket. Those that are left out are gaps.
    pub fn push(&mut self, bucket: u32, counts: [u32; Name::ALL.len()], flags: Flags) {
        let Some((first, next)) = self.span else { return };
        for missing in next.max(bucket.saturating_sub(BUCKETS as u32))..bucket {
            self.flags[place(missing)] = Flags { gap: true, ..Flags::default() }.to_bits();
        }
        let marked = self.marks.iter().filter(|(from, to, _)| (*from..*to).contains(&bucket));
        self.flags[place(bucket)] = marked.fold(flags.to_bits(), |bits, (.., mark)| bits | mark);
        self.marks.retain(|(_, to, _)| *to > bucket + 1);
        for (series, count) in self.counts.iter_mut().zip(counts) {
            series[place(bucket)] = count;
        }
        self.span = Some((first, bucket + 1));
    }

    /// Marks buckets, from `from` to before `to`, whether or not they are over.
    pub fn mark(&mut self, from: u32, to: u32, flags: Flags) {
        let Some((first, next)) = self.span else { return };
        let oldest = first.max(next.saturating_sub(BUCKETS as u32));
        for bucket in from.max(oldest)..to.min(next) {
            self.flags[place(bucket)] |= flags.to_bits();
        }
        if to > next && self.marks.len() < MARKS {
            let mark = (from.max(next), to, flags.to_bits());
            if !self.marks.contains(&mark) {
                self.marks.push(mark);
            }
        }
    }

    /// Removes the marks of an anomaly that turned out to be none.
    pub fn unmark(&mut self, from: u32, to: u32, topic: Topic) {
        let Some((first, next)) = self.span else { return };
        let mask = !Flags::of_anomaly(topic).to_bits();
        for bucket in from.max(first).max(next.saturating_sub(BUCKETS as u32))..to.min(next) {
            self.flags[place(bucket)] &= mask;
        }
        self.marks.retain(|(.., bits)| bits & mask == *bits);
    }

    /// Marks the buckets of an interval as gaps.
    pub fn gap(&mut self, from: u32, to: u32) {
        self.mark(from, to + 1, Flags { gap: true, ..Flags::default() });
    }

    /// Returns the count of a series in a bucket, and the flags of the bucket, if it is kept and no gap.
    pub fn get(&self, bucket: u32, name: Name) -> Option<(u32, Flags)> {
        let (first, next) = self.span?;
        if bucket < first || bucket >= next || bucket as usize + BUCKETS < next as usize {
            return None;
        }
        let flags = Flags::from_bits(self.flags[place(bucket)]);
        (!flags.gap).then(|| (self.counts[name as usize][place(bucket)], flags))
    }

    /// The numbers of the kept buckets.
    pub fn kept(&self) -> std::ops::Range<u32> {
        self.span.map_or(0..0, |(first, next)| first.max(next.saturating_sub(BUCKETS as u32))..next)
    }

    /// Shifts all buckets after the clock was set back.
    pub fn rebase(&mut self, by_s: i64) {
        let by = by_s.div_euclid(BUCKET_S.into());
        let moved = |bucket: u32| (i64::from(bucket) + by).max(0) as u32;
        let Some((first, next)) = self.span.filter(|_| by != 0) else { return };
        let kept = self.kept();
        let old = std::mem::take(self);
        self.begin(moved(first));
        for bucket in kept {
            let counts = Name::ALL.map(|name| old.counts[name as usize][place(bucket)]);
            self.push(moved(bucket), counts, Flags::from_bits(old.flags[place(bucket)]));
        }
        self.span = Some((moved(first), moved(next)));
    }

    /// Writes the history for a snapshot.
    pub fn save(&self, out: &mut Vec<u8>) {
        let Some((first, next)) = self.span else { return };
        let kept = self.kept();
        [first, next, kept.start].iter().for_each(|number| out.extend(number.to_le_bytes()));
        for bucket in kept {
            out.push(self.flags[place(bucket)]);
            self.counts.iter().for_each(|series| out.extend(series[place(bucket)].to_le_bytes()));
        }
    }

    /// Reads what [`History::save`] wrote.
    pub fn load(bytes: &[u8]) -> Option<Self> {
        let mut history = History::default();
        if bytes.is_empty() {
            return Some(history);
        }
        let (head, mut rest) = bytes.split_first_chunk::<12>()?;
        let number = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
        let (first, next, start) = (number(0)?, number(4)?, number(8)?);
        if start < first || next < start || next - start > BUCKETS as u32 {
            return None;
        }
        history.begin(first);
        for bucket in start..next {
            let (flags, more) = rest.split_first()?;
            let (counts, more) = more.split_first_chunk::<{ 4 * Name::ALL.len() }>()?;
            let count = |at: usize| counts[4 * at..4 * at + 4].try_into().map_or(0, u32::from_le_bytes);
            history.push(bucket, std::array::from_fn(count), Flags::from_bits(*flags));
            rest = more;
        }
        history.span = Some((first, next));
        rest.is_empty().then_some(history)
    }
}

fn place(bucket: u32) -> usize {
    bucket as usize % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: Name, count: u32) -> [u32; Name::ALL.len()] {
        std::array::from_fn(|at| if at == name as usize { count } else { 0 })
    }

    #[test]
    fn the_ring_keeps_28_days() {
        let mut history = History::default();
        history.begin(100);
        for bucket in 100..100 + BUCKETS as u32 + 50 {
            history.push(bucket, of(Name::Unfamiliar, bucket), Flags::default());
        }
        let get = |bucket| history.get(bucket, Name::Unfamiliar).map(|(count, _)| count);
        assert_eq!((get(149), get(150), get(100 + BUCKETS as u32 + 49)), (None, Some(150), Some(8213)));
        assert_eq!((get(8214), history.age(8214)), (None, 8114));
    }

    #[test]
    fn gaps_and_anomalies_are_marked_before_and_after_the_end_of_a_bucket() {
        let mut history = History::default();
        history.begin(0);
        history.mark(2, 4, Flags::of_anomaly(Topic::Logins));
        for bucket in [0, 1, 2, 3, 6] {
            history.push(bucket, of(Name::Unfamiliar, 1), Flags::default());
        }
        let seen = |history: &History| -> Vec<Option<bool>> {
            let flags = |bucket| history.get(bucket, Name::Unfamiliar);
            (0..7).map(|bucket| flags(bucket).map(|(_, flags)| flags.anomalous(Topic::Logins))).collect()
        };
        let (no, yes) = (Some(false), Some(true));
        assert_eq!(seen(&history), [no, no, yes, yes, None, None, no]);
        history.gap(0, 0);
        history.unmark(3, 9, Topic::Logins);
        assert_eq!(seen(&history), [None, no, yes, no, None, None, no]);
    }

    #[test]
    fn a_history_is_read_as_written_and_shifted_with_the_clock() {
        let mut history = History::default();
        assert_eq!(History::load(&[]), Some(History::default()));
        history.begin(1000);
        (1000..10_000)
            .for_each(|n| history.push(n, of(Name::Users, n % 7), Flags { cold: n % 2 == 0, ..Flags::default() }));
        let mut bytes = vec![];
        history.save(&mut bytes);
        assert_eq!(History::load(&bytes).as_ref(), Some(&history));
        (0..bytes.len())
            .step_by(997)
            .for_each(|length| assert!(length == 0 || History::load(&bytes[..length]).is_none()));
        let before = history.get(9000, Name::Users);
        history.rebase(-3600);
        assert_eq!(history.get(9000 - 12, Name::Users), before);
    }
}
