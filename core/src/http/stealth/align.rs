//! Aligning the words of two texts.
//!
//! Two versions of a page share their template, so most words have exactly one counterpart. The algorithm is that of
//! patience diff: words that occur once in either text are anchors, as far as their order agrees, and the text between
//! anchors is compared from both of its ends. The longest common subsequence would find more in repetitive texts, but
//! takes quadratic time, and whoever logs in may lengthen the texts; this takes `n log n`.

use std::collections::HashMap;
use std::ops::Range;

/// Pairs of positions of equal words, increasing in both texts.
pub(super) fn align(left: &[&str], right: &[&str]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::with_capacity(left.len().min(right.len()));
    let common = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let head = left.iter().zip(right).take_while(common).count();
    let tail = left[head..].iter().rev().zip(right[head..].iter().rev()).take_while(common).count();
    pairs.extend((0..head).map(|at| (at, at)));
    let (left_end, right_end) = (left.len() - tail, right.len() - tail);
    let (mut left_at, mut right_at) = (head, head);
    for anchor in anchors(left, right, head..left_end, head..right_end) {
        between(left, right, left_at..anchor.0, right_at..anchor.1, &mut pairs);
        pairs.push(anchor);
        (left_at, right_at) = (anchor.0 + 1, anchor.1 + 1);
    }
    between(left, right, left_at..left_end, right_at..right_end, &mut pairs);
    pairs.extend((0..tail).map(|at| (left_end + at, right_end + at)));
    pairs
}

/// Compares the text between two anchors from its ends, and word by word if it is equally long in both texts.
fn between(left: &[&str], right: &[&str], mut l: Range<usize>, mut r: Range<usize>, pairs: &mut Vec<(usize, usize)>) {
    while !l.is_empty() && !r.is_empty() && left[l.start] == right[r.start] {
        pairs.push((l.start, r.start));
        (l.start, r.start) = (l.start + 1, r.start + 1);
    }
    let tail =
        left[l.clone()].iter().rev().zip(right[r.clone()].iter().rev()).take_while(|pair| pair.0 == pair.1).count();
    (l.end, r.end) = (l.end - tail, r.end - tail);
    if l.len() == r.len() {
        pairs.extend(l.clone().zip(r.clone()).filter(|(l, r)| left[*l] == right[*r]));
    }
    pairs.extend((0..tail).map(|at| (l.end + at, r.end + at)));
}

/// The longest choice of words that occur once in either range and are in the same order.
fn anchors(left: &[&str], right: &[&str], l: Range<usize>, r: Range<usize>) -> Vec<(usize, usize)> {
    #[derive(Default)]
    struct Seen {
        left: usize,
        right: usize,
        at: (usize, usize),
    }
    let mut seen: HashMap<&str, Seen> = HashMap::new();
    for at in l {
        let word = seen.entry(left[at]).or_default();
        word.left += 1;
        word.at.0 = at;
    }
    for at in r {
        let word = seen.entry(right[at]).or_default();
        word.right += 1;
        word.at.1 = at;
    }
    let once = seen.values().filter(|word| word.left == 1 && word.right == 1);
    let mut pairs: Vec<_> = once.map(|word| word.at).collect();
    pairs.sort_unstable();
    longest_increasing(&pairs)
}

/// Of pairs sorted by their first halves, the longest choice whose second halves increase, too.
fn longest_increasing(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut ends: Vec<usize> = Vec::new(); // the pair that ends the best choice of each length
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].1 < pair.1);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut chosen: Vec<_> =
        std::iter::successors(ends.last().copied(), |&at| before[at]).map(|at| pairs[at]).collect();
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use super::align;

    fn aligned(left: &str, right: &str) -> String {
        let (left, right): (Vec<_>, Vec<_>) = (left.split(' ').collect(), right.split(' ').collect());
        let pairs = align(&left, &right);
        assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1), "{pairs:?}");
        assert!(pairs.iter().all(|(l, r)| left[*l] == right[*r]));
        pairs.iter().map(|(l, _)| left[*l]).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn same_words_are_found() {
        assert_eq!(aligned("a b c", "a b c"), "a b c");
        assert_eq!(aligned("a b c", "a x y c"), "a c");
        assert_eq!(aligned("a b c d e", "x b c y e"), "b c e");
        assert_eq!(aligned("one two three", "three one two"), "one two");
        assert_eq!(aligned("x x x", "y y y y"), "");
        assert_eq!(aligned("t a t b t c t", "t 1 t b t 2 t"), "t t b t t");
        assert_eq!(aligned("t a t a t", "t b t b t"), "t t t");
        assert_eq!(aligned("a a a a", "a a a"), "a a a");
    }

    /// A megabyte of hostile texts: nothing but repetitions, and reversed order.
    #[test]
    fn long_texts_take_no_quadratic_time() {
        let numbers: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let forward: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let backward: Vec<&str> = forward.iter().rev().copied().collect();
        assert_eq!(align(&forward, &backward).len(), 1);
        assert_eq!(align(&["a"; 200_000], &["b"; 100_000]), []);
        assert_eq!(align(&["a", "b"].repeat(100_000), &["b", "a"].repeat(90_000)).len(), 0);
    }
}
