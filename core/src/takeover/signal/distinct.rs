//! A counter of distinct values in bounded memory: exact up to 64 values, HyperLogLog beyond.

/// The number of values up to which the counter is exact.
const EXACT: usize = 64;
/// The number of registers, a power of two; the standard error is 1.04 divided by its square root, 3.3 %.
const REGISTERS: usize = 1024;
/// The length of an estimate as text, longer than any exact counter.
const ESTIMATE_TEXT: usize = 2 * REGISTERS;
const _: () = assert!(ESTIMATE_TEXT > 16 * EXACT);

/// A counter of distinct values.
#[derive(Clone, Debug)]
pub enum Distinct {
    /// The hashes in ascending order.
    Exact(Vec<u64>),
    /// Per register, the longest run of zeros seen.
    Estimate(Box<[u8; REGISTERS]>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exact(vec![])
    }
}

impl Distinct {
    /// Adds a value, given by a uniformly distributed hash.
    pub fn insert(&mut self, hash: u64) {
        match self {
            Self::Exact(hashes) => {
                if let Err(at) = hashes.binary_search(&hash) {
                    hashes.insert(at, hash);
                }
                if hashes.len() > EXACT {
                    let mut registers = Box::new([0; REGISTERS]);
                    hashes.iter().for_each(|hash| note(&mut registers, *hash));
                    *self = Self::Estimate(registers);
                }
            }
            Self::Estimate(registers) => note(registers, hash),
        }
    }

    /// Returns the number of distinct values.
    pub fn count(&self) -> u64 {
        let registers = match self {
            Self::Exact(hashes) => return hashes.len() as u64,
            Self::Estimate(registers) => registers,
        };
        let size = REGISTERS as f64;
        let sum: f64 = registers.iter().map(|zeros| 0.5f64.powi((*zeros).into())).sum();
        let raw = 0.7213 / (1.0 + 1.079 / size) * size * size / sum;
        let empty = registers.iter().filter(|zeros| **zeros == 0).count();
        let estimate = if raw <= 2.5 * size && empty > 0 { size * (size / empty as f64).ln() } else { raw };
        estimate.round() as u64
    }
}

impl Distinct {
    /// Returns the counter as text, for snapshots.
    pub fn to_text(&self) -> String {
        match self {
            Self::Exact(hashes) => hashes.iter().map(|hash| format!("{hash:016x}")).collect(),
            Self::Estimate(registers) => registers.iter().map(|zeros| format!("{zeros:02x}")).collect(),
        }
    }

    /// The inverse of [`Distinct::to_text`].
    pub fn from_text(text: &str) -> Option<Self> {
        let part = |bytes: &[u8]| u64::from_str_radix(std::str::from_utf8(bytes).ok()?, 16).ok();
        match text.len() {
            ESTIMATE_TEXT => {
                let mut registers = Box::new([0; REGISTERS]);
                for (register, zeros) in registers.iter_mut().zip(text.as_bytes().chunks(2)) {
                    *register = part(zeros)? as u8;
                }
                Some(Self::Estimate(registers))
            }
            length if length <= 16 * EXACT && length % 16 == 0 => {
                let mut hashes = text.as_bytes().chunks(16).map(part).collect::<Option<Vec<u64>>>()?;
                hashes.sort_unstable();
                hashes.dedup();
                Some(Self::Exact(hashes))
            }
            _ => None,
        }
    }
}

fn note(registers: &mut [u8; REGISTERS], hash: u64) {
    let (register, rest) = ((hash % REGISTERS as u64) as usize, hash / REGISTERS as u64);
    let zeros = (rest | 1 << 54).trailing_zeros() as u8 + 1;
    registers[register] = registers[register].max(zeros);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::takeover::key::HashKey;

    #[test]
    fn counts_are_exact_then_estimated() {
        let hash = HashKey([1, 2]);
        let mut distinct = Distinct::default();
        for n in 0..100_000u64 {
            if n % 1000 == 50 {
                distinct = Distinct::from_text(&distinct.to_text()).unwrap();
            }
            for _ in 0..2 {
                distinct.insert(hash.hasher().number(n).finish());
            }
            let (counted, real) = (distinct.count() as f64, n as f64 + 1.0);
            assert!(counted == real || n >= 64 && (counted / real - 1.0).abs() < 0.15, "{counted} of {real}");
        }
    }
}
