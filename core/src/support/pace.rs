//! Looks at the deadline while a long text is read.

use super::Deadline;

/// How many bytes are read between two looks.
const STRIDE: usize = 1024;

/// The progress of a reader through a text. A short text is read without a look.
pub struct Pace<'d> {
    deadline: &'d mut Deadline,
    /// What reading a stride costs, in units of [`Deadline::spend`].
    units: u32,
    /// The next look is due when so many bytes have been read.
    due: usize,
}

impl<'d> Pace<'d> {
    /// The beginning of a text, of which a kilobyte costs so much in units of [`Deadline::spend`].
    pub fn new(deadline: &'d mut Deadline, units: u32) -> Self {
        Self { deadline, units, due: STRIDE }
    }

    /// The beginning of another text, or of a part that is read again.
    pub fn anew(&mut self) -> Pace<'_> {
        Pace::new(self.deadline, self.units)
    }

    /// The deadline itself.
    pub fn deadline(&mut self) -> &mut Deadline {
        self.deadline
    }

    /// Whether the deadline is over, now that so many bytes have been read. The reader then stops; what it has found out doesn't
    /// matter.
    #[inline]
    pub fn is_over(&mut self, read: usize) -> bool {
        read >= self.due && self.look(read)
    }

    /// How many bytes a text begins with that are of a kind, and that there is time to look at. So many were read before.
    #[inline]
    pub fn run(&mut self, text: &[u8], before: usize, is_of_kind: impl Fn(u8) -> bool) -> usize {
        let stops = |(at, &byte): (usize, &u8)| !is_of_kind(byte) || self.is_over(before + at);
        text.iter().enumerate().position(stops).unwrap_or(text.len())
    }

    #[cold]
    fn look(&mut self, read: usize) -> bool {
        let strides = 1 + (read - self.due) / STRIDE;
        let is_over = self.deadline.spend(self.units.saturating_mul(strides as u32));
        // Once over, always over.
        self.due = if is_over { 0 } else { read + STRIDE };
        is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_due_every_kilobyte_and_for_all_that_was_skipped() {
        let mut deadline = Deadline::after(10);
        let mut pace = Pace::new(&mut deadline, 2);
        assert!(!pace.is_over(STRIDE - 1) && !pace.is_over(STRIDE) && !pace.is_over(2 * STRIDE - 1));
        assert_eq!(pace.deadline.units(), Some(8));
        assert!(!pace.is_over(4 * STRIDE) && pace.is_over(5 * STRIDE) && pace.is_over(0));
    }

    #[test]
    fn a_run_ends_where_its_kind_does_or_with_the_deadline() {
        let text = [&[b'a'; 3 * STRIDE][..], b"bb"].concat();
        let run = |units, before| Pace::new(&mut Deadline::after(units), 1).run(&text, before, |byte| byte == b'a');
        assert_eq!(run(100, 0), 3 * STRIDE);
        assert_eq!(run(2, 0), 2 * STRIDE);
        assert_eq!(run(1, 2 * STRIDE), 0);
    }
}
