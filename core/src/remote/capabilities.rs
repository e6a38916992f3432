//! The capabilities that this process reports to remote configuration. Bits follow the live state: a feature that is
//! off is not offered.

use base64::prelude::{BASE64_STANDARD, Engine};

/// The state that determines the bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Abilities {
    /// Whether `DD_APPSEC_ENABLED` is unset, so that remote configuration may switch the engine on.
    pub remotely_switched: bool,
    /// Whether the engine runs.
    pub engine_on: bool,
    /// Whether the rules come from a local file, which excludes remote configuration of the engine.
    pub local_rules: bool,
    /// Whether exploit prevention is on.
    pub exploit_prevention: bool,
    /// Whether the environment permits automated user tracking.
    pub user_tracking: bool,
    /// Whether the host attaches extended header and body collections.
    pub extended_collection: bool,
}

const ACTIVATION: u64 = 1 << 1;
/// Blocking by address, rules, exclusions, blocking of requests and responses, by user, custom rules and answers, trusted
/// addresses, processor overrides, custom scanners, exclusion data, the four fingerprints, several rule files, trace tagging.
const ENGINE: u64 = 0x7fc | 0x7 << 16 | 0xf << 32 | 0x3 << 42;
/// SQL, file, request and shell injection, and command injection.
const EXPLOIT: u64 = 0xf << 21 | 1 << 37;
const USER_MODE: u64 = 1 << 31;
const EXTENDED_COLLECTION: u64 = 1 << 44;

impl Abilities {
    /// The bit mask.
    pub fn bits(self) -> u64 {
        let remote_engine = self.engine_on && !self.local_rules;
        let when = |condition: bool, bits: u64| if condition { bits } else { 0 };
        when(self.remotely_switched, ACTIVATION)
            | when(remote_engine, ENGINE)
            | when(remote_engine && self.exploit_prevention, EXPLOIT)
            | when(remote_engine && self.extended_collection, EXTENDED_COLLECTION)
            | when(self.user_tracking, USER_MODE)
    }

    /// The mask in the form of the protocol: big-endian bytes without leading zeros, in base64.
    pub fn encode(self) -> String {
        encode(self.bits())
    }
}

fn encode(bits: u64) -> String {
    let bytes = bits.to_be_bytes();
    let leading = bytes.iter().take_while(|byte| **byte == 0).count();
    BASE64_STANDARD.encode(bytes.split_at(leading).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        let idle = Abilities { remotely_switched: true, user_tracking: true, ..Abilities::default() };
        assert_eq!((idle.bits(), idle.encode().as_str()), (0x8000_0002, "gAAAAg=="));
        let on = Abilities { engine_on: true, exploit_prevention: true, user_tracking: true, ..Abilities::default() };
        let without_trusted = on.bits() & !(1 << 10);
        assert_eq!((without_trusted, encode(without_trusted).as_str()), (0xc2f_81e7_03fc, "DC+B5wP8"));
        assert_eq!(encode(without_trusted | 2), "DC+B5wP+");
        let all = Abilities { remotely_switched: true, extended_collection: true, ..on };
        assert_eq!(encode(all.bits() & !(1 << 10)), "HC+B5wP+");
        let local = Abilities { local_rules: true, ..on };
        assert_eq!(local.bits(), 1 << 31);
    }
}
