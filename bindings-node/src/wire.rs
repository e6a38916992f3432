//! Reading what `lib/encode.js` wrote.
//!
//! A value is a byte that says its kind, followed by:
//!
//! | kind | | |
//! |---|---|---|
//! | 0, 1, 2 | null, false, true | |
//! | 3, 4, 5 | float, signed, unsigned | 8 bytes |
//! | 6 | string | length of the whole (f64), bytes here (u32), the bytes |
//! | 7 | array | elements of the whole (u32), elements here (u32), the elements |
//! | 8 | map | as an array; each element is a key (length of the whole (u32), bytes here (u32), the bytes) and a value |
//! | 9 | invalid | |
//!
//! The arguments of a request's call are written one by one, in the order of conversion: a string with its name and a
//! value for each that does not share the budget; at the end a map of all others.
//!
//! Numbers are little-endian. The writer leaves out what the limits and the budget do not allow, by the rules of the
//! intake that all languages share, which saves copying it; what it left out is counted here.

use engine::Deadline;
use engine::internals::sdk::Arguments;
use engine::protect::Taken;
use engine::value::{Intake, Limits, Truncation, Value};

/// The bytes do not follow the format.
#[derive(Debug)]
pub struct Malformed;

type Read<T> = Result<T, Malformed>;

/// Reads the one value in `bytes`.
pub fn read(bytes: &[u8], limits: Limits) -> Read<(Value, Truncation)> {
    let mut reader = Reader { bytes };
    let value = reader.one(limits)?;
    match reader.bytes.is_empty() {
        true => Ok(value),
        false => Err(Malformed),
    }
}

/// Reads the arguments of a request's call; `deadline` is what is left of its budget.
pub fn read_arguments(bytes: &[u8], deadline: Deadline) -> Read<(Value, Taken)> {
    let mut reader = Reader { bytes };
    let mut arguments = Arguments::default();
    loop {
        let (first, truncation) = reader.one(Limits::WHOLE)?;
        if let Some(name) = first.as_bytes() {
            let (value, truncation) = reader.one(Limits::WHOLE)?;
            arguments.add(name, value, truncation);
        } else if reader.bytes.is_empty() {
            return Ok(arguments.with(first, truncation, deadline));
        } else {
            return Err(Malformed);
        }
    }
}

/// Reads the two values in `bytes`, each within these limits.
pub fn read_two(bytes: &[u8], limits: Limits) -> Read<([Value; 2], Truncation)> {
    let mut reader = Reader { bytes };
    let (first, second) = (reader.one(limits)?, reader.one(limits)?);
    match reader.bytes.is_empty() {
        true => Ok(([first.0, second.0], first.1.or(second.1))),
        false => Err(Malformed),
    }
}

struct Open {
    left: u32,
    keyed: bool,
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The next value with its content.
    fn one(&mut self, limits: Limits) -> Read<(Value, Truncation)> {
        let Limits { values, text_bytes, .. } = Limits::WHOLE;
        let mut intake = Intake::new(Limits { values, text_bytes, ..limits });
        // The containers being read: the number of entries still to come, and whether they have keys.
        let mut open: Vec<Open> = vec![];
        self.value(&mut intake, &mut open)?;
        while let Some(top) = open.last_mut() {
            if top.left == 0 {
                open.pop();
                intake.close();
                continue;
            }
            top.left -= 1;
            if top.keyed {
                let (whole, length) = (self.u32()? as usize, self.u32()?);
                let bytes = self.take(length)?;
                intake.cut_key(bytes, whole.max(bytes.len()));
            }
            self.value(&mut intake, &mut open)?;
        }
        Ok(intake.finish())
    }

    fn value(&mut self, intake: &mut Intake, open: &mut Vec<Open>) -> Read<()> {
        match self.array::<1>()?[0] {
            0 => intake.scalar(Value::null()),
            kind @ (1 | 2) => intake.scalar(kind == 2),
            3 => intake.scalar(f64::from_le_bytes(self.array()?)),
            4 => intake.scalar(i64::from_le_bytes(self.array()?)),
            5 => intake.scalar(u64::from_le_bytes(self.array()?)),
            6 => {
                let whole = f64::from_le_bytes(self.array()?) as usize;
                let length = self.u32()?;
                let bytes = self.take(length)?;
                intake.cut_string(bytes, whole.max(bytes.len()));
            }
            kind @ (7 | 8) => {
                let (whole, here) = (self.u32()?, self.u32()?);
                let keyed = kind == 8;
                let wanted = match keyed {
                    true => intake.open_map(whole.max(here) as usize),
                    false => intake.open_array(whole.max(here) as usize),
                };
                // The writer sends no more than the limits allow; if it did, the rest could not be skipped in place.
                if here as usize > wanted {
                    return Err(Malformed);
                }
                if here < whole && wanted > 0 {
                    intake.left_out(whole as usize);
                }
                open.push(Open { left: here, keyed });
            }
            9 => intake.scalar(Value::invalid()),
            _ => return Err(Malformed),
        }
        Ok(())
    }

    fn u32(&mut self) -> Read<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn take(&mut self, length: u32) -> Read<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length as usize).ok_or(Malformed)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.bytes.split_first_chunk::<N>().ok_or(Malformed)?;
        self.bytes = rest;
        Ok(*taken)
    }
}
