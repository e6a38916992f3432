//! What all transformers share.

/// The result of a transformer for a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// No change; the output buffer is not meaningful.
    Kept,
    /// The output replaces the text, but only if another transformer of the chain returns [`Effect::Changed`];
    /// otherwise the original is matched.
    Rewritten,
    /// The output replaces the text.
    Changed,
}

/// The six bytes that the decoders of CSS and shells treat as blanks.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0D)
}
