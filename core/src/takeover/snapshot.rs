//! Snapshots: accounts, learned rates, offenders, open signals, blocks and rules, with the key of their hashes, for
//! a restart.
//!
//! Counters are omitted because they fill again within a window, and campaigns because they can be exported. A
//! snapshot that cannot be read is refused as a whole, before any of it is used.

use super::detector::{Detector, Options};
use super::familiarity::Familiarity;
use super::key::HashKey;
use super::mining::Mining;
use super::record::{number, text};
use super::respond::blocks::{Block, Look, Selector};
use super::respond::offenders::Offenders;
use super::rules::learned::LearnedRates;
use super::series::history::History;
use super::service::Service;
use super::service::newcomers::Newcomers;
use super::service::restart::Saved;
use super::signal::Signal;
use super::signal::record::read_target;
use super::state::snapshot::{self, Fields, Header, Name, Sections};
use crate::config::Diagnostics;
use crate::value::{Object, json};

const SERVICE: Name = *b"serv";
const BLOCKS: Name = *b"blok";

/// The error for a snapshot with valid checksums but invalid content.
const UNREADABLE: &str = "the snapshot holds what this version cannot read";

/// A snapshot whose checksums are right.
pub(crate) struct Snapshot<'a> {
    /// The key of the hashes in it.
    pub key: HashKey,
    sections: Sections<'a>,
}

impl<'a> Snapshot<'a> {
    /// Reads a snapshot, or tells why it cannot be read.
    pub fn read(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let (header, sections) = snapshot::read(bytes)?;
        Ok(Snapshot { key: HashKey(header.key), sections })
    }
}

impl Detector {
    /// Returns a snapshot. It contains the key of the hashes, so it is a secret.
    pub fn snapshot(&self) -> Vec<u8> {
        let now_s = self.now_s();
        let mut out = vec![];
        snapshot::start(Header { created_ms: self.now_ms(), key: self.options.hash_key.0 }, &mut out);
        for service in self.all_services() {
            snapshot::section(SERVICE, &mut out, |out| service.save(out));
        }
        snapshot::section(BLOCKS, &mut out, |out| {
            let blocks = self.blocks.list(0, usize::MAX, now_s);
            // There is one line per block, oldest first.
            for block in blocks.iter().rev() {
                out.extend(json::to_string(&block.to_value()).into_bytes());
                out.push(b'\n');
            }
        });
        snapshot::finish(&mut out);
        out
    }

    /// Creates a detector that continues from a snapshot, with these documents by path. The documents are applied first,
    /// because a snapshot names rules and does not contain them: signals of rules that no document has are lost.
    pub fn restore(
        options: Options,
        documents: &[(&str, &Object)],
        bytes: &[u8],
    ) -> Result<(Self, Vec<Diagnostics>), &'static str> {
        let snapshot = Snapshot::read(bytes)?;
        let detector = Detector::new(Options { hash_key: snapshot.key, ..options });
        let diagnostics = documents.iter().map(|(path, document)| detector.apply(path, document)).collect();
        detector.adopt(snapshot)?;
        Ok((detector, diagnostics))
    }

    /// Continues from a snapshot. The detector must have been created with its key, and must not have processed any
    /// event. If the snapshot cannot be read, the detector is empty as before.
    pub(crate) fn adopt(&self, snapshot: Snapshot<'_>) -> Result<(), &'static str> {
        self.adopt_sections(snapshot.sections).inspect_err(|_| {
            self.services.change(Vec::clear);
            self.blocks.remove(&Selector::All, self.now_s());
        })
    }

    fn adopt_sections(&self, sections: Sections<'_>) -> Result<(), &'static str> {
        let now_s = self.now_s();
        for (name, fields) in sections {
            match name {
                SERVICE => self.restore_service(fields, now_s)?,
                BLOCKS => {
                    for line in fields.0.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                        let block = json::parse(line).map_err(|_| UNREADABLE)?;
                        self.blocks.insert(read_block(&block).ok_or(UNREADABLE)?, now_s);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn restore_service(&self, mut fields: Fields<'_>, now_s: u64) -> Result<(), &'static str> {
        let mut part = || -> Result<&[u8], &'static str> {
            let length = fields.u64()?;
            fields.bytes(length)
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| UNREADABLE);
        let (name, env) = (text(part()?)?, text(part()?)?);
        let service = self.service(Some(&name), Some(&env));
        service.state.load(part()?, now_s as u32)?;
        let learned = LearnedRates::load(part()?).ok_or(UNREADABLE)?;
        let offenders = Offenders::load(part()?).ok_or(UNREADABLE)?;
        let familiarity = Familiarity::load(part()?).ok_or(UNREADABLE)?;
        let signals = part()?;
        // Snapshots of earlier versions have no history.
        let history = History::load(part().unwrap_or_default()).ok_or(UNREADABLE)?;
        let samples = part().unwrap_or_default();
        let rules = part().unwrap_or_default();
        let newcomers = Newcomers::load(part().unwrap_or_default())?;
        let mining = (!samples.is_empty()).then(|| Mining::load(samples, self.options.hash_key)).transpose()?;
        let mut inner = service.inner();
        inner.mining = mining.map(Box::new);
        inner.learned = learned;
        inner.offenders = offenders;
        inner.series.resume(history, now_s as u32);
        inner.familiarity = familiarity;
        inner.newcomers = newcomers;
        let plan = self.plan();
        let mut rules = Saved::read(rules, &plan.config.rules)?;
        inner.adopt_closed(&mut rules, &plan, &self.options.hash_key);
        for line in signals.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let record = json::parse(line).map_err(|_| UNREADABLE)?;
            // A signal is dropped if its rule no longer exists.
            if let Some(signal) = Signal::from_record(&record, &plan.config.rules) {
                service.state.pin(signal.table, signal.key, true);
                inner.adopt(signal, &plan, &self.options.hash_key);
            }
        }
        drop(inner);
        service.continue_rules(rules, now_s, &plan, &self.options.hash_key, &self.blocks);
        Ok(())
    }
}

impl Service {
    fn save(&self, out: &mut Vec<u8>) {
        let inner = self.inner();
        let mut part = |write: &dyn Fn(&mut Vec<u8>)| {
            let start = out.len();
            out.extend([0; 8]);
            write(out);
            let length = (out.len() - start - 8) as u64;
            out[start..start + 8].copy_from_slice(&length.to_le_bytes());
        };
        part(&|out| out.extend(self.name.bytes()));
        part(&|out| out.extend(self.env.bytes()));
        part(&|out| self.state.save(out));
        part(&|out| inner.learned.save(out));
        part(&|out| inner.offenders.save(out));
        part(&|out| inner.familiarity.save(out));
        part(&|out| {
            for (_, signal) in inner.signals.all().filter(|(_, signal)| signal.is_live()) {
                out.extend(json::to_string(&signal.to_record()).into_bytes());
                out.push(b'\n');
            }
        });
        part(&|out| inner.series.history.save(out));
        part(&|out| inner.mining.iter().for_each(|mining| mining.save(out)));
        part(&|out| inner.save_rules(out));
        part(&|out| inner.newcomers.save(out));
    }
}

fn read_block(block: &Object) -> Option<Block> {
    let (text, number) = (|key| text(block, key), |key| number(block, key));
    Some(Block {
        target: read_target(block)?,
        until_s: number("until"),
        look: if text("mode")? == "stealth" { Look::Stealth } else { Look::Block },
        reason: text("reason")?,
        automatic: text("origin")? == "automatic",
        signal: text("signal"),
        rule: text("rule"),
        created_s: number("created_at"),
        hits: number("hits")?,
        hit_s: number("first_hit").zip(number("last_hit")),
    })
}
