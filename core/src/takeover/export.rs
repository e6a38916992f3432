//! Exports of a signal's attempts as files, streamed in pieces.
//!
//! Logins and user agents are attacker-controlled: a cell that a spreadsheet would evaluate as a formula is marked as
//! text.

use super::respond::blocks::Blocks;
use super::signal::audience::Audience;
use super::signal::campaign::{Attempt, Kind, Log};
use super::signal::{Compromised, Signal};
use super::text::timestamp;
use super::words::chosen;
use crate::value::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// The approximate size of a piece, in bytes.
const PIECE: usize = 64 * 1024;

/// The files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum File {
    TargetedUsers,
    Ips,
    Compromised,
    EventsCsv,
    EventsNdjson,
    Clusters,
    Rules,
    SourceHint,
}

impl File {
    /// Returns the file of this name, or a message about an unknown one.
    pub fn read(name: &str) -> Result<Self, String> {
        let files = [
            ("targeted_users.csv", Self::TargetedUsers),
            ("ips.csv", Self::Ips),
            ("compromised.csv", Self::Compromised),
            ("events.csv", Self::EventsCsv),
            ("events.ndjson", Self::EventsNdjson),
            ("clusters.json", Self::Clusters),
            ("rules.json", Self::Rules),
            ("source_hint.json", Self::SourceHint),
        ];
        chosen("export", name, &files)
    }
}

/// The pieces of a file.
pub struct Export {
    lines: Box<dyn Iterator<Item = String> + Send>,
}

impl Iterator for Export {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut piece = self.lines.next()?.into_bytes();
        while piece.len() < PIECE {
            match self.lines.next() {
                Some(line) => piece.extend(line.into_bytes()),
                None => break,
            }
        }
        Some(piece)
    }
}

/// What a file about a signal is made of. It is a cheap copy, so that the file can be made while the signal changes.
pub struct Material {
    log: Log,
    compromised: Vec<Compromised>,
    clusters: Value,
    rules: Value,
    hint: Value,
}

impl Material {
    /// Copies the current state of a signal; `rules` are those made of its clusters, `usual` is whom successful logins are
    /// about.
    pub fn of(signal: &Signal, rules: Value, usual: &Audience) -> Self {
        Material {
            log: signal.campaign.log(),
            compromised: signal.compromised.clone(),
            clusters: signal.clusters.iter().map(|one| one.cluster.to_export(&one.enforced)).collect(),
            rules,
            hint: signal.audience.hint(usual),
        }
    }
}

/// Exports a file about a signal.
pub fn export(signal: Material, file: File, blocks: &Blocks, now_s: u64) -> Export {
    let signal = &signal;
    let lines: Box<dyn Iterator<Item = String> + Send> = match file {
        File::TargetedUsers => Box::new(targeted_users(signal)),
        File::Ips => Box::new(ips(signal, blocks, now_s)),
        File::Compromised => Box::new(compromised(signal)),
        File::EventsCsv => Box::new(events_csv(signal)),
        File::EventsNdjson => Box::new(events_ndjson(signal)),
        File::Clusters => Box::new(whole(&signal.clusters)),
        File::Rules => Box::new(whole(&signal.rules)),
        File::SourceHint => Box::new(whole(&signal.hint)),
    };
    Export { lines }
}

/// A document as a file.
fn whole(document: &Value) -> impl Iterator<Item = String> + Send + use<> {
    std::iter::once(json::to_string(document) + "\n")
}

/// Formats one line of CSV (RFC 4180).
pub fn csv_line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let mut line = String::new();
    for (at, text) in cells.into_iter().enumerate() {
        let text = text.as_ref();
        if at > 0 {
            line.push(',');
        }
        let quoted = text.contains(['"', ',', ';', '\n', '\r']);
        if quoted {
            line.push('"');
        }
        // Where a comma separates decimals a semicolon separates cells, whatever the quotes say.
        for (at, part) in text.split(';').enumerate() {
            if at > 0 {
                line.push(';');
            }
            if is_formula(part) {
                line.push('\'');
            }
            line.push_str(&if quoted { part.replace('"', "\"\"") } else { part.to_owned() });
        }
        if quoted {
            line.push('"');
        }
    }
    line.push_str("\r\n");
    line
}

/// Whether a spreadsheet may compute a cell: signs count in full width too, and some skip what is not seen in front of them.
fn is_formula(cell: &str) -> bool {
    let seen = cell.trim_start_matches(|character: char| {
        character.is_whitespace()
            || matches!(character, '"' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    });
    let signs = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{2212}'];
    seen.starts_with(signs) || cell.starts_with(['\t', '\r'])
}

#[derive(Default)]
struct Totals {
    user_id: Option<String>,
    exists: Option<bool>,
    attempts: u64,
    failures: u64,
    refused: u64,
    successes: u64,
    first_s: u32,
    last_s: u32,
    others: BTreeSet<String>,
    asn: Option<u32>,
    flagged: bool,
}

impl Totals {
    fn add(&mut self, attempt: &Attempt) {
        if self.attempts == 0 {
            self.first_s = attempt.at_s;
        }
        self.attempts += 1;
        self.failures += u64::from(attempt.kind == Kind::Failure);
        self.refused += u64::from(attempt.kind == Kind::Refused);
        self.successes += u64::from(attempt.kind == Kind::Success);
        self.first_s = self.first_s.min(attempt.at_s);
        self.last_s = self.last_s.max(attempt.at_s);
        self.exists = self.exists.or(attempt.exists);
        self.asn = self.asn.or(attempt.asn);
        self.flagged |= attempt.flagged;
    }
}

/// Sums attempts by a key, in the order of first appearance.
fn totals(
    log: &Log,
    key: impl Fn(&Attempt) -> Option<String>,
    other: impl Fn(&Attempt) -> Option<String>,
) -> Vec<(String, Totals)> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<(String, Totals)> = vec![];
    for attempt in log.attempts() {
        let Some(name) = key(attempt) else { continue };
        let place = *places.entry(name.clone()).or_insert_with(|| {
            all.push((name, Totals::default()));
            all.len() - 1
        });
        let (_, totals) = &mut all[place];
        totals.add(attempt);
        totals.others.extend(other(attempt));
        if totals.user_id.is_none() {
            totals.user_id = log.text(attempt.user_id).map(str::to_owned);
        }
    }
    all
}

fn targeted_users(signal: &Material) -> impl Iterator<Item = String> + Send + use<> {
    let login = |attempt: &Attempt| signal.log.text(attempt.login).map(str::to_owned);
    let ip = |attempt: &Attempt| attempt.ip.map(|ip| ip.to_string());
    let rows = totals(&signal.log, login, ip);
    let compromised: BTreeSet<_> = signal.compromised.iter().filter_map(|one| one.login.clone()).collect();
    let header = csv_line([
        "usr.login",
        "usr.id",
        "usr.exists",
        "attempts",
        "failures",
        "refused",
        "first_seen",
        "last_seen",
        "distinct_ips",
        "succeeded",
        "compromised",
    ]);
    std::iter::once(header).chain(rows.into_iter().map(move |(login, totals)| {
        let compromised = compromised.contains(&login);
        csv_line([
            login,
            totals.user_id.unwrap_or_default(),
            totals.exists.map_or_else(String::new, |exists| exists.to_string()),
            totals.attempts.to_string(),
            totals.failures.to_string(),
            totals.refused.to_string(),
            timestamp(totals.first_s.into()),
            timestamp(totals.last_s.into()),
            totals.others.len().to_string(),
            (totals.successes > 0).to_string(),
            compromised.to_string(),
        ])
    }))
}

fn ips(signal: &Material, blocks: &Blocks, now_s: u64) -> impl Iterator<Item = String> + Send + use<> {
    let ip = |attempt: &Attempt| attempt.ip.map(|ip| ip.to_string());
    let login = |attempt: &Attempt| signal.log.text(attempt.login).map(str::to_owned);
    let rows: Vec<_> = totals(&signal.log, ip, login)
        .into_iter()
        .map(|(ip, totals)| {
            let address = ip.parse().ok();
            let until = address.and_then(|address| blocks.end_of(address, now_s));
            let until = until.map_or_else(String::new, |until| until.map_or_else(|| "forever".into(), timestamp));
            (ip, totals, until)
        })
        .collect();
    let header = csv_line([
        "ip",
        "network",
        "asn",
        "attempts",
        "failures",
        "successes",
        "users",
        "ti_category",
        "blocked_until",
        "first_seen",
        "last_seen",
    ]);
    std::iter::once(header).chain(rows.into_iter().map(|(ip, totals, until)| {
        let network = super::address::Prefix::parse(&ip).map(|ip| ip.cut_by_family(24, 48).to_string());
        csv_line([
            ip,
            network.unwrap_or_default(),
            totals.asn.map_or_else(String::new, |asn| asn.to_string()),
            totals.attempts.to_string(),
            totals.failures.to_string(),
            totals.successes.to_string(),
            totals.others.len().to_string(),
            if totals.flagged { "offender".into() } else { String::new() },
            until,
            timestamp(totals.first_s.into()),
            timestamp(totals.last_s.into()),
        ])
    }))
}

fn compromised(signal: &Material) -> impl Iterator<Item = String> + Send + use<> {
    let header = csv_line(["usr.id", "usr.login", "at", "ip", "reason", "confidence", "post_compromise_events"]);
    let rows = signal.compromised.clone();
    std::iter::once(header).chain(rows.into_iter().map(|one| {
        let after: Vec<_> = one.after.iter().map(|(event, at)| format!("{event}@{}", timestamp(*at))).collect();
        csv_line([
            one.user_id.unwrap_or_default(),
            one.login.unwrap_or_default(),
            timestamp(one.at_s),
            one.ip.map_or_else(String::new, |ip| ip.to_string()),
            one.reason.into(),
            if one.status == "confirmed" { "high".into() } else { "low".into() },
            after.join(" "),
        ])
    }))
}

/// One attempt with its strings resolved.
struct Row {
    attempt: Attempt,
    login: String,
    user_id: String,
}

/// Resolves the attempts one by one, as the file is read.
fn rows(signal: &Material) -> impl Iterator<Item = Row> + Send + use<> {
    let log = signal.log.clone();
    let mut at = 0;
    std::iter::from_fn(move || {
        let attempt = *log.attempt(at)?;
        at += 1;
        let text = |place| log.text(place).unwrap_or_default().to_owned();
        Some(Row { attempt, login: text(attempt.login), user_id: text(attempt.user_id) })
    })
}

fn events_csv(signal: &Material) -> impl Iterator<Item = String> + Send + use<> {
    let header = csv_line(["at", "kind", "ip", "usr.login", "usr.id", "usr.exists", "familiar", "offender"]);
    std::iter::once(header).chain(rows(signal).map(|row| {
        let truth = |truth: Option<bool>| truth.map_or_else(String::new, |truth| truth.to_string());
        csv_line([
            timestamp(row.attempt.at_s.into()),
            row.attempt.kind.name().into(),
            row.attempt.ip.map_or_else(String::new, |ip| ip.to_string()),
            row.login,
            row.user_id,
            truth(row.attempt.exists),
            truth(row.attempt.familiar),
            row.attempt.flagged.to_string(),
        ])
    }))
}

fn events_ndjson(signal: &Material) -> impl Iterator<Item = String> + Send + use<> {
    rows(signal).map(|row| {
        let text = |text: String| if text.is_empty() { Value::null() } else { Value::from(text) };
        let truth = |truth: Option<bool>| truth.map_or_else(Value::null, Value::from);
        let line = Value::from_entries([
            ("at", Value::from(u64::from(row.attempt.at_s))),
            ("kind", Value::from(row.attempt.kind.name())),
            ("ip", row.attempt.ip.map_or_else(Value::null, |ip| Value::from(ip.to_string()))),
            ("usr.login", text(row.login)),
            ("usr.id", text(row.user_id)),
            ("usr.exists", truth(row.attempt.exists)),
            ("familiar", truth(row.attempt.familiar)),
            ("offender", Value::from(row.attempt.flagged)),
        ]);
        json::to_string(&line) + "\n"
    })
}

#[cfg(test)]
mod tests {
    use super::csv_line;

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        let cells = ["a", "b,c", "d\"e", "=1+1", "+1", "-1", "@x", "\tx", "x=1", "=a,b", "f\r\ng", ""];
        let line = "a,\"b,c\",\"d\"\"e\",'=1+1,'+1,'-1,'@x,'\tx,x=1,\"'=a,b\",\"f\r\ng\",\r\n";
        assert_eq!(csv_line(cells), line);
        let cells = [" =1", "\u{feff}=1", "\u{ff1d}1", "a;=1;b", "a;\"=1", "a b"];
        let line = "' =1,'\u{feff}=1,'\u{ff1d}1,\"a;'=1;b\",\"a;'\"\"=1\",a b\r\n";
        assert_eq!(csv_line(cells), line);
    }
}
