//! What all transformers have in common.

/// What a transformer did with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing; the output buffer holds nothing of use.
    Kept,
    /// The output replaces the text, but alone it is no reason to: if no transformer of the chain answers
    /// [`Effect::Changed`], the original is matched.
    Rewritten,
    /// The output replaces the text.
    Changed,
}

/// The six bytes that the decoders of style sheets and shells take for blanks.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0D)
}
