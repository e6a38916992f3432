//! The samples of honest logins in a snapshot.
//!
//! Numbers are little-endian, and lists begin with their length in four bytes. Written are the configured headers, the
//! strings, the weight and time of each reservoir with its samples, which name strings by their place in the list, and
//! the logins of the last hours.

use super::dictionary::{Dictionary, NONE, OTHER, STRINGS};
use super::history::{History, Hour};
use super::reservoir::Reservoir;
use super::sample::{COLUMNS, Columns, Facts, Sample};
use crate::takeover::state::snapshot::Fields;
use std::collections::HashMap;

/// The maximum length of a string that is read.
const LONGEST: u64 = 4096;
/// The version of this part of snapshots.
const VERSION: u16 = 1;

/// What was read, apart from the strings.
pub struct Restored {
    /// The configured headers.
    pub columns: Columns,
    /// The samples of successes and of failures, with the weight of their streams and its time.
    pub reservoirs: [(Vec<Sample>, f64, u32); 2],
    /// The logins of the last hours.
    pub history: History,
}

/// Appends the samples to a snapshot.
pub fn write(
    columns: &Columns,
    strings: &Dictionary,
    reservoirs: [&Reservoir; 2],
    history: &History,
    out: &mut Vec<u8>,
) {
    out.extend(VERSION.to_le_bytes());
    let text = |text: &str, out: &mut Vec<u8>| {
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text.bytes());
    };
    out.extend((columns.configured().len() as u32).to_le_bytes());
    columns.configured().iter().for_each(|name| text(name, out));

    let mut places: HashMap<u16, u16> = HashMap::from([(NONE, NONE), (OTHER, OTHER)]);
    let mut listed = vec![];
    for id in reservoirs.iter().flat_map(|reservoir| reservoir.samples()).flat_map(|sample| sample.ids) {
        places.entry(id).or_insert_with(|| {
            listed.push(id);
            (listed.len() - 1) as u16 + FIRST
        });
    }
    out.extend((listed.len() as u32).to_le_bytes());
    for id in listed {
        out.push(strings.is_cut(id).into());
        text(strings.text(id).unwrap_or_default(), out);
    }
    for reservoir in reservoirs {
        let (weight, at_s) = reservoir.weight();
        out.extend(weight.to_bits().to_le_bytes());
        out.extend(at_s.to_le_bytes());
        out.extend((reservoir.samples().len() as u32).to_le_bytes());
        for sample in reservoir.samples() {
            sample.ids.iter().for_each(|id| out.extend(places[id].to_le_bytes()));
            out.extend(sample.facts.0.to_le_bytes());
            out.extend(sample.at_s.to_le_bytes());
            out.extend(sample.source.to_le_bytes());
        }
    }
    let hours: Vec<&Hour> = history.hours().collect();
    out.extend((hours.len() as u32).to_le_bytes());
    for hour in hours {
        [hour.hour, hour.successes, hour.failures].iter().for_each(|number| out.extend(number.to_le_bytes()));
    }
}

/// The first place that stands for a string.
const FIRST: u16 = 2;

/// Reads samples into an empty dictionary; of each kind at most `most`.
pub fn read(bytes: &[u8], strings: &mut Dictionary, most: [usize; 2]) -> Result<Restored, &'static str> {
    let mut fields = Fields(bytes);
    if fields.u16()? != VERSION {
        return Err("the samples were written by a newer version");
    }
    let mut headers = vec![];
    for _ in 0..within(fields.u32()?, crate::takeover::event::TRAIT_HEADERS)? {
        headers.push(text(&mut fields)?);
    }
    let mut ids = vec![NONE, OTHER];
    for _ in 0..within(fields.u32()?, STRINGS)? {
        let [cut] = fields.array()?;
        ids.push(strings.refer(&text(&mut fields)?, cut != 0));
    }
    let mut reservoir = |most: usize| -> Result<_, &'static str> {
        let (weight, at_s) = (f64::from_bits(fields.u64()?), fields.u32()?);
        if !(0.0..1e15).contains(&weight) {
            return Err(WRONG);
        }
        let count = within(fields.u32()?, most)?;
        let mut samples = Vec::with_capacity(count);
        for _ in 0..count {
            samples.push(sample(&mut fields, &ids, strings)?);
        }
        Ok((samples, weight, at_s))
    };
    let reservoirs = [reservoir(most[0])?, reservoir(most[1])?];
    // The list itself referred to each string as well.
    ids.iter().for_each(|id| strings.release(*id));
    let mut hours = vec![];
    for _ in 0..within(fields.u32()?, 48)? {
        hours.push(Hour { hour: fields.u32()?, successes: fields.u32()?, failures: fields.u32()? });
    }
    Ok(Restored { columns: Columns::new(&headers), reservoirs, history: History::restored(hours) })
}

const WRONG: &str = "the samples hold what this version cannot read";

fn within(count: u32, most: usize) -> Result<usize, &'static str> {
    usize::try_from(count).ok().filter(|count| *count <= most).ok_or(WRONG)
}

fn text(fields: &mut Fields<'_>) -> Result<String, &'static str> {
    let length = u64::from(fields.u32()?);
    if length > LONGEST {
        return Err(WRONG);
    }
    String::from_utf8(fields.bytes(length)?.to_vec()).map_err(|_| WRONG)
}

fn sample(fields: &mut Fields<'_>, known: &[u16], strings: &mut Dictionary) -> Result<Sample, &'static str> {
    let mut ids = [NONE; COLUMNS];
    for id in &mut ids {
        *id = *known.get(usize::from(fields.u16()?)).ok_or(WRONG)?;
        strings.refer_to(*id);
    }
    Ok(Sample { ids, facts: Facts(fields.u16()?), at_s: fields.u32()?, source: fields.u32()? })
}
