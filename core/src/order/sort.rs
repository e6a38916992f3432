//! LLVM's introsort, step by step: a stable insertion sort below 24 elements, and unstable from there on. The order in
//! which it leaves equal rules decides which of them is reported.

/// Sorts exactly like libc++'s `std::sort` with this strict order.
pub fn sort_unstable_like_libcxx<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let depth = 2 * items.len().checked_ilog2().unwrap_or(0);
    let end = items.len();
    Sort { items, less: &less }.range(0, end, true, depth);
}

struct Sort<'a, T, F> {
    items: &'a mut [T],
    less: &'a F,
}

impl<T, F: Fn(&T, &T) -> bool> Sort<'_, T, F> {
    fn lt(&self, i: usize, j: usize) -> bool {
        (self.less)(&self.items[i], &self.items[j])
    }

    /// Recursion is bounded by `depth`: at 0 the range is heap sorted.
    fn range(&mut self, mut first: usize, mut last: usize, mut leftmost: bool, mut depth: u32) {
        loop {
            let n = last - first;
            if n < 24 {
                return self.insertion(first, last);
            }
            if depth == 0 {
                return self.heap(first, last);
            }
            depth -= 1;
            self.choose_pivot(first, last);
            if !leftmost && !self.lt(first - 1, first) {
                first = self.partition_left(first, last) + 1;
                continue;
            }
            let (pivot, clean) = self.partition_right(first, last);
            if clean {
                let left = self.limited_insertion(first, pivot);
                match (left, self.limited_insertion(pivot + 1, last)) {
                    (true, true) => return,
                    (false, true) => {
                        last = pivot;
                        continue;
                    }
                    (true, false) => {
                        // Only in this case, what follows still counts as leftmost.
                        first = pivot + 1;
                        continue;
                    }
                    (false, false) => {}
                }
            }
            self.range(first, pivot, leftmost, depth);
            leftmost = false;
            first = pivot + 1;
        }
    }

    fn choose_pivot(&mut self, first: usize, last: usize) {
        let n = last - first;
        let half = first + n / 2;
        if n > 128 {
            self.three(first, half, last - 1);
            self.three(first + 1, half - 1, last - 2);
            self.three(first + 2, half + 1, last - 3);
            self.three(half - 1, half, half + 1);
            self.items.swap(first, half);
        } else {
            self.three(half, first, last - 1);
        }
    }

    /// Orders three positions, moving nothing that is in order.
    fn three(&mut self, i: usize, j: usize, k: usize) {
        if !self.lt(j, i) {
            if self.lt(k, j) {
                self.items.swap(j, k);
                if self.lt(j, i) {
                    self.items.swap(i, j);
                }
            }
        } else if self.lt(k, j) {
            self.items.swap(i, k);
        } else {
            self.items.swap(i, j);
            if self.lt(k, j) {
                self.items.swap(j, k);
            }
        }
    }

    /// Moves the pivot, at `first`, after everything that is not greater; returns its position.
    fn partition_left(&mut self, first: usize, last: usize) -> usize {
        let mut i = first + 1;
        while i < last && !self.lt(first, i) {
            i += 1;
        }
        let mut j = last;
        if i < last {
            j -= 1;
            while self.lt(first, j) {
                j -= 1;
            }
        }
        while i < j {
            self.items.swap(i, j);
            i += 1;
            while !self.lt(first, i) {
                i += 1;
            }
            j -= 1;
            while self.lt(first, j) {
                j -= 1;
            }
        }
        self.items.swap(first, i - 1);
        i - 1
    }

    /// Moves the pivot, at `first`, before everything that is not less; returns its position and whether nothing moved.
    fn partition_right(&mut self, first: usize, last: usize) -> (usize, bool) {
        let mut i = first + 1;
        while i < last && self.lt(i, first) {
            i += 1;
        }
        let mut j = last - 1;
        if i == first + 1 {
            while i < j && !self.lt(j, first) {
                j -= 1;
            }
        } else {
            while !self.lt(j, first) {
                j -= 1;
            }
        }
        let clean = i >= j;
        while i < j {
            self.items.swap(i, j);
            i += 1;
            while self.lt(i, first) {
                i += 1;
            }
            j -= 1;
            while !self.lt(j, first) {
                j -= 1;
            }
        }
        self.items.swap(first, i - 1);
        (i - 1, clean)
    }

    fn insertion(&mut self, first: usize, last: usize) {
        for i in first + 1..last {
            self.sink(first, i);
        }
    }

    /// Moves the element at `i` left to its sorted position; returns whether it moved.
    fn sink(&mut self, first: usize, i: usize) -> bool {
        let mut at = i;
        while at > first && self.lt(at, at - 1) {
            self.items.swap(at, at - 1);
            at -= 1;
        }
        at != i
    }

    /// Gives up after the 8th element that had to move, unless it was the last one; returns whether the range is
    /// sorted.
    fn limited_insertion(&mut self, first: usize, last: usize) -> bool {
        if last - first <= 5 {
            self.insertion(first, last);
            return true;
        }
        self.three(first, first + 1, first + 2);
        let mut moved = 0;
        for i in first + 3..last {
            if self.sink(first, i) {
                moved += 1;
                if moved == 8 {
                    return i + 1 == last;
                }
            }
        }
        true
    }

    fn heap(&mut self, first: usize, last: usize) {
        let n = last - first;
        for root in (0..n / 2).rev() {
            self.sift(first, root, n);
        }
        for end in (1..n).rev() {
            self.items.swap(first, first + end);
            self.sift(first, 0, end);
        }
    }

    fn sift(&mut self, first: usize, mut root: usize, n: usize) {
        while 2 * root + 1 < n {
            let mut child = 2 * root + 1;
            if child + 1 < n && self.lt(first + child, first + child + 1) {
                child += 1;
            }
            if !self.lt(first + root, first + child) {
                return;
            }
            self.items.swap(first + root, first + child);
            root = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sort_unstable_like_libcxx;

    #[test]
    fn sorts_whatever_the_size_and_keeps_small_ranges_stable() {
        let mut seed = 1u64;
        for n in 0..400 {
            let mut items: Vec<(u64, usize)> = (0..n)
                .map(|i| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (seed >> 33 & 15, i)
                })
                .collect();
            let mut sorted = items.clone();
            sorted.sort();
            sort_unstable_like_libcxx(&mut items, |a, b| a.0 < b.0);
            assert!(items.is_sorted_by_key(|item| item.0));
            if n < 24 {
                assert_eq!(items, sorted);
            }
            items.sort();
            assert_eq!(items, sorted);
        }
    }
}
