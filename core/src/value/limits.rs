//! How much of a host's values is converted, and what was cut.

/// How much of a host's value is converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a string or key; the cut is between characters where the string is UTF-8.
    pub string_bytes: usize,
    /// Entries of a container.
    pub entries: usize,
    /// The depth of nesting. Containers below it become empty.
    pub depth: usize,
    /// Values in the whole tree.
    pub values: usize,
    /// Bytes of all strings and keys together; strings of up to 256 bytes are not cut for it.
    pub text_bytes: usize,
}

impl Limits {
    /// For the data of requests, with the limits that tracers apply.
    pub const REQUEST: Limits =
        Limits { string_bytes: 4096, entries: 256, depth: 20, values: 100_000, text_bytes: 64 << 20 };
    /// For configurations and arguments: high limits that only nonsensical input exceeds.
    pub const WHOLE: Limits = Limits {
        string_bytes: u32::MAX as usize,
        entries: 0x0FFF_FFFF,
        depth: 1_000_000,
        values: 20_000_000,
        text_bytes: 256 << 20,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::REQUEST
    }
}

/// The original size of the largest item of each kind that was cut, 0 where none was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truncation {
    /// Bytes of a string or key.
    pub string_length: u64,
    /// Entries of a container, or values of the whole tree if their number ended the intake.
    pub container_size: u64,
    /// The depth of the first container that was left out.
    pub container_depth: u64,
    /// Whether the deadline ended before everything was converted.
    pub unfinished: bool,
}

impl Truncation {
    /// Whether anything was cut.
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// What was cut in either of two trees.
    pub fn or(self, other: Self) -> Self {
        Truncation {
            string_length: self.string_length.max(other.string_length),
            container_size: self.container_size.max(other.container_size),
            container_depth: self.container_depth.max(other.container_depth),
            unfinished: self.unfinished || other.unfinished,
        }
    }
}
