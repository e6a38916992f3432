//! Logging: one process-wide sink, off until one is installed.
//!
//! A message below the installed level costs one relaxed load; its text is not even formatted.

use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// The severity of a message. The numbers are the ABI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Level {
    Trace = 0,
    Debug = 1,
    Info = 2,
    Warn = 3,
    Error = 4,
    Off = 5,
}

/// One message, and where in the source it was written.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The severity.
    pub level: Level,
    /// The module it comes from, followed by a NUL that is not part of the name.
    pub module: &'static str,
    /// The source file, likewise NUL-terminated.
    pub file: &'static str,
    /// The line in that file.
    pub line: u32,
    /// The text.
    pub message: &'a str,
}

/// Receives messages, on whichever thread logs them.
pub type Sink = Arc<dyn Fn(&Record<'_>) + Send + Sync>;

static MIN_LEVEL: AtomicU8 = AtomicU8::new(Level::Off as u8);
static SINK: ArcSwapOption<Sink> = ArcSwapOption::const_empty();

/// Installs a sink for messages of at least `min_level`; `None` removes it.
pub fn set_sink(sink: Option<Sink>, min_level: Level) {
    let level = if sink.is_some() { min_level } else { Level::Off };
    SINK.store(sink.map(Arc::new));
    MIN_LEVEL.store(level as u8, Ordering::Release);
}

/// Whether a message of this level would be delivered.
#[inline]
pub fn enabled(level: Level) -> bool {
    level as u8 >= MIN_LEVEL.load(Ordering::Relaxed) && level != Level::Off
}

/// Delivers one message. Use the [`log!`](macro@crate::log) macro, which skips the formatting when nobody listens.
pub fn deliver(record: &Record<'_>) {
    if let Some(sink) = SINK.load_full() {
        sink(record);
    }
}

/// Logs a formatted message: `log!(Warn, "no rule of {} loaded", name)`.
#[doc(hidden)]
#[macro_export]
macro_rules! log {
    ($level:ident, $($text:tt)+) => {
        if $crate::log::enabled($crate::log::Level::$level) {
            $crate::log::deliver(&$crate::log::Record {
                level: $crate::log::Level::$level,
                module: concat!(module_path!(), "\0"),
                file: concat!(file!(), "\0"),
                line: line!(),
                message: &format!($($text)+),
            });
        }
    };
}
