//! The 64-bit string hash that determines bucket numbers: the first published form of CityHash64.

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;
const K3: u64 = 0xc949_d7c7_509e_6557;
const M: u64 = 0x9ddf_ea08_eb38_2d69;

/// Little-endian loads at an offset; offsets are always in range for the length class that uses them.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn u64(&self, at: usize) -> u64 {
        self.0[at..at + 8].iter().rev().fold(0, |word, &b| word << 8 | u64::from(b))
    }

    fn u32(&self, at: usize) -> u64 {
        self.0[at..at + 4].iter().rev().fold(0, |word, &b| word << 8 | u64::from(b))
    }
}

/// The hash of a byte string.
pub fn hash(text: &[u8]) -> u64 {
    match text.len() {
        0 => K2,
        1..=3 => upto_3(text),
        4..=16 => upto_16(text),
        17..=32 => upto_32(text),
        33..=64 => upto_64(text),
        _ => longer(text),
    }
}

fn mix(v: u64) -> u64 {
    v ^ (v >> 47)
}

fn pair(u: u64, v: u64) -> u64 {
    let a = mix((u ^ v).wrapping_mul(M));
    let b = mix((v ^ a).wrapping_mul(M));
    b.wrapping_mul(M)
}

fn upto_3(text: &[u8]) -> u64 {
    let n = text.len();
    let y = u64::from(text[0]) + (u64::from(text[n / 2]) << 8);
    let z = n as u64 + (u64::from(text[n - 1]) << 2);
    mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K3)).wrapping_mul(K2)
}

fn upto_16(text: &[u8]) -> u64 {
    let (n, s) = (text.len() as u64, Bytes(text));
    if n <= 8 {
        let first = (s.u32(0) << 3) & 0xffff_ffff;
        return pair(n.wrapping_add(first), s.u32(text.len() - 4));
    }
    let (a, b) = (s.u64(0), s.u64(text.len() - 8));
    pair(a, b.wrapping_add(n).rotate_right(n as u32)) ^ b
}

fn upto_32(text: &[u8]) -> u64 {
    let (n, s) = (text.len(), Bytes(text));
    let (a, b) = (s.u64(0).wrapping_mul(K1), s.u64(8));
    let (c, d) = (s.u64(n - 8).wrapping_mul(K2), s.u64(n - 16).wrapping_mul(K0));
    let u = a.wrapping_sub(b).rotate_right(43).wrapping_add(c.rotate_right(30)).wrapping_add(d);
    let v = a.wrapping_add((b ^ K3).rotate_right(20)).wrapping_sub(c).wrapping_add(n as u64);
    pair(u, v)
}

fn upto_64(text: &[u8]) -> u64 {
    let (n, s) = (text.len(), Bytes(text));
    let half = |a: u64, z: u64, p: u64, q: u64| {
        let b = a.wrapping_add(z).rotate_right(52);
        let mut c = a.rotate_right(37);
        let a = a.wrapping_add(p);
        c = c.wrapping_add(a.rotate_right(7));
        let a = a.wrapping_add(q);
        (a.wrapping_add(z), b.wrapping_add(a.rotate_right(31)).wrapping_add(c))
    };
    let start = s.u64(0).wrapping_add((n as u64).wrapping_add(s.u64(n - 16)).wrapping_mul(K0));
    let z = s.u64(24);
    let (vf, vs) = half(start, z, s.u64(8), s.u64(16));
    let (wf, ws) =
        half(s.u64(16).wrapping_add(s.u64(n - 32)), z.wrapping_add(s.u64(n - 8)), s.u64(n - 24), s.u64(n - 16));
    let r = mix(vf.wrapping_add(ws).wrapping_mul(K2).wrapping_add(wf.wrapping_add(vs).wrapping_mul(K0)));
    mix(r.wrapping_mul(K0).wrapping_add(vs)).wrapping_mul(K2)
}

fn longer(text: &[u8]) -> u64 {
    let (n, s) = (text.len(), Bytes(text));
    let weak = |p: usize, a: u64, b: u64| {
        let a = a.wrapping_add(s.u64(p));
        let b = b.wrapping_add(a).wrapping_add(s.u64(p + 24)).rotate_right(21);
        let c = a;
        let a = a.wrapping_add(s.u64(p + 8)).wrapping_add(s.u64(p + 16));
        let b = b.wrapping_add(a.rotate_right(44));
        (a.wrapping_add(s.u64(p + 24)), b.wrapping_add(c))
    };
    let mut x = s.u64(n - 40);
    let mut y = s.u64(n - 16).wrapping_add(s.u64(n - 56));
    let mut z = pair(s.u64(n - 48).wrapping_add(n as u64), s.u64(n - 24));
    let mut v = weak(n - 64, n as u64, z);
    let mut w = weak(n - 32, y.wrapping_add(K1), x);
    x = x.wrapping_mul(K1).wrapping_add(s.u64(0));
    for i in (0..(n - 1) / 64 * 64).step_by(64) {
        x = x.wrapping_add(y).wrapping_add(v.0).wrapping_add(s.u64(i + 8)).rotate_right(37).wrapping_mul(K1);
        y = y.wrapping_add(v.1).wrapping_add(s.u64(i + 48)).rotate_right(42).wrapping_mul(K1);
        x ^= w.1;
        y = y.wrapping_add(v.0).wrapping_add(s.u64(i + 40));
        z = z.wrapping_add(w.0).rotate_right(33).wrapping_mul(K1);
        v = weak(i, v.1.wrapping_mul(K1), x.wrapping_add(w.0));
        w = weak(i + 32, z.wrapping_add(w.1), y.wrapping_add(s.u64(i + 16)));
        std::mem::swap(&mut x, &mut z);
    }
    pair(pair(v.0, w.0).wrapping_add(mix(y).wrapping_mul(K1)).wrapping_add(z), pair(v.1, w.1).wrapping_add(x))
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn agrees_with_recorded_values() {
        let hex = "0123456789abcdef";
        let table = [
            (String::new(), 0x9ae16a3b2f90404f),
            ("a".into(), 0x2420662cd003acfa),
            ("id".into(), 0x41c894eec0b09a39),
            ("abc".into(), 0x3a912f483a4ece31),
            ("type".into(), 0x9c232a440b301fa1),
            ("block".into(), 0x558127f919d3f65e),
            ("category".into(), 0x022610ec6e299fca),
            ("rule-0001".into(), 0x93bf446cac10af50),
            ("crs-942-100".into(), 0x63612006a947531e),
            (hex.into(), 0x099d21e99dac3317),
            (format!("{hex}g"), 0x0affc467e579303a),
            (hex.repeat(2), 0x186c0e3ffd9476f6),
            (hex.repeat(2) + "0", 0x3ac347b355bc3c0c),
            (hex.repeat(4), 0x46a5e385b634344c),
            (hex.repeat(4) + "0", 0xbdd44c77cdcfebd5),
            (hex.repeat(8), 0x45892aed593dd691),
            (hex.repeat(8) + "xyz", 0xd3a06af0c12782a4),
            ("server.request.query".into(), 0x5d6f9b984fde5c58),
        ];
        for (text, value) in table {
            assert_eq!(hash(text.as_bytes()), value, "{text}");
        }
    }
}
