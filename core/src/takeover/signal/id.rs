//! Ids of signals, which are the same in every process that sees the same attack, and for every retry.

use sha2::{Digest, Sha256};

/// Returns a name-based UUID (formatted as version 5 of RFC 9562, but with SHA-256) of the group of a signal and the
/// five minutes in which it opened.
pub fn signal_id(service: &str, env: &str, rule: &str, group: &[(String, String)], opened_s: u64) -> String {
    let mut hasher = Sha256::new();
    let mut part = |text: &str| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    };
    [service, env, rule].into_iter().for_each(&mut part);
    for (name, value) in group {
        part(name);
        part(value);
    }
    hasher.update((opened_s / 300).to_le_bytes());
    let mut bytes: [u8; 16] = std::array::from_fn(|_| 0);
    bytes.iter_mut().zip(hasher.finalize()).for_each(|(byte, hashed)| *byte = hashed);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_groups_and_times_apart_and_nothing_else() {
        let group = |value: &str| vec![("ip_group".to_string(), value.to_string())];
        let id = signal_id("auth", "prod", "r", &group("1.2.3.4"), 600);
        assert_eq!(id, signal_id("auth", "prod", "r", &group("1.2.3.4"), 899));
        assert_ne!(id, signal_id("auth", "prod", "r", &group("1.2.3.4"), 900));
        assert_ne!(id, signal_id("aut", "hprod", "r", &group("1.2.3.4"), 600));
        assert_eq!((id.len(), &id[14..15]), (36, "5"));
    }
}
