//! Checking the deadline while a long text is read.

use super::Deadline;

/// How many bytes are read between two checks.
const EVERY: usize = 1024;

/// The progress of a reader through a text. A short text is read without a check.
pub struct Stride<'d> {
    deadline: &'d mut Deadline,
    /// The cost of reading a stride, in units of [`Deadline::spend`].
    units: u32,
    /// The number of bytes after which the next check is due.
    due: usize,
}

impl<'d> Stride<'d> {
    /// Starts at the beginning of a text; `units` is the cost of a kilobyte in units of [`Deadline::spend`].
    pub fn new(deadline: &'d mut Deadline, units: u32) -> Self {
        Self { deadline, units, due: EVERY }
    }

    /// Starts over, with another text or with a part that is read again.
    pub fn anew(&mut self) -> Stride<'_> {
        Stride::new(self.deadline, self.units)
    }

    /// The deadline itself.
    pub fn deadline(&mut self) -> &mut Deadline {
        self.deadline
    }

    /// Whether the deadline is over after this many bytes. The reader then stops, and its result is discarded.
    #[inline]
    pub fn is_over(&mut self, read: usize) -> bool {
        read >= self.due && self.look(read)
    }

    /// The length of the run of bytes of a kind that `text` begins with, as far as there is time to read it; `before`
    /// is the number of bytes read before.
    #[inline]
    pub fn run(&mut self, text: &[u8], before: usize, is_of_kind: impl Fn(u8) -> bool) -> usize {
        // Up to the next check, only the kind of each byte has to be tested.
        let stretch = text.get(..self.due.saturating_sub(before)).unwrap_or(text);
        match stretch.iter().position(|&byte| !is_of_kind(byte)) {
            Some(end) => end,
            None if stretch.len() == text.len() => text.len(),
            None => self.run_on(text, before, stretch.len(), is_of_kind),
        }
    }

    /// The same where a check is due within the run, after `first` bytes.
    #[cold]
    #[inline(never)]
    fn run_on(&mut self, text: &[u8], before: usize, first: usize, is_of_kind: impl Fn(u8) -> bool) -> usize {
        let mut at = first;
        while at < text.len() && !self.is_over(before + at) {
            let stretch = &text[at..text.len().min(self.due.saturating_sub(before).max(at))];
            match stretch.iter().position(|&byte| !is_of_kind(byte)) {
                Some(end) => return at + end,
                None => at += stretch.len(),
            }
        }
        at
    }

    #[cold]
    fn look(&mut self, read: usize) -> bool {
        // Bytes skipped by a search for a byte cost little.
        let strides = (1 + (read - self.due) / EVERY).min(2);
        let is_over = self.deadline.spend(self.units.saturating_mul(strides as u32));
        // An expired deadline stays expired.
        self.due = if is_over { 0 } else { read + EVERY };
        is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_due_every_kilobyte_and_skipped_bytes_cost_little() {
        let mut deadline = Deadline::after(8);
        let mut stride = Stride::new(&mut deadline, 2);
        assert!(!stride.is_over(EVERY - 1) && !stride.is_over(EVERY) && !stride.is_over(2 * EVERY - 1));
        assert_eq!(stride.deadline.units(), Some(6));
        assert!(!stride.is_over(4 * EVERY) && stride.is_over(5 * EVERY) && stride.is_over(0));
    }

    #[test]
    fn a_run_ends_with_its_kind_of_bytes_or_with_the_deadline() {
        let text = [&[b'a'; 3 * EVERY][..], b"bb"].concat();
        let run = |units, before| Stride::new(&mut Deadline::after(units), 1).run(&text, before, |byte| byte == b'a');
        assert_eq!(run(100, 0), 3 * EVERY);
        assert_eq!(run(2, 0), 2 * EVERY);
        assert_eq!(run(1, 2 * EVERY), 0);
    }
}
