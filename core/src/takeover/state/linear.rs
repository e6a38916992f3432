//! Linear counting: an estimate of the number of distinct members from the number of bits they set.
//!
//! Each member sets one bit, selected by its hash. With `m` bits, `n` distinct members leave a share of `exp(-n / m)`
//! at zero (Whang et al., "A linear-time probabilistic counting algorithm", 1990); solving for `n` gives the
//! estimate. The estimates are tabulated, because a reading needs those of several counters.

/// The estimates of a 64-bit counter, by the number of set bits.
pub const OF_64: [u16; 65] = estimates();
/// The estimates of a 192-bit counter, by the number of set bits.
pub const OF_192: [u16; 193] = estimates();

/// Returns the estimate of a 64-bit counter.
pub fn of_64(bits: u64) -> u32 {
    u32::from(OF_64[bits.count_ones() as usize])
}

/// Returns the bit that a member sets in a 64-bit counter.
pub fn bit_of_64(member: u64) -> u64 {
    1 << (member % 64)
}

const fn estimates<const N: usize>() -> [u16; N] {
    let mut table = [0; N];
    let bits = (N - 1) as f64;
    let mut set = 0;
    while set < N {
        // A full counter is treated as if one bit were clear.
        let zero = if set + 1 == N { 1.0 } else { bits - set as f64 };
        table[set] = (bits * ln(bits / zero) + 0.5) as u16;
        set += 1;
    }
    table
}

/// The natural logarithm of `x`, at least one, in constant evaluation: the series of `2 artanh((x - 1) / (x + 1))`.
const fn ln(x: f64) -> f64 {
    let ratio = (x - 1.0) / (x + 1.0);
    let (mut sum, mut power, mut k) = (0.0, ratio, 1.0);
    while power / k > 1e-12 {
        sum += power / k;
        power *= ratio * ratio;
        k += 2.0;
    }
    2.0 * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_the_formula() {
        for set in 0..=192_u32 {
            let formula = |bits: f64| (-bits * ((bits - f64::from(set)).max(1.0) / bits).ln()).round();
            assert_eq!(f64::from(OF_192[set as usize]), formula(192.0), "{set} of 192");
            if set <= 64 {
                assert_eq!(f64::from(OF_64[set as usize]), formula(64.0), "{set} of 64");
            }
        }
        assert_eq!((OF_64[64], OF_192[192]), (266, 1009));
    }
}
