//! Log messages for the caller.

use crate::abi::{LogLevel, ddwaf_log_cb};
use crate::wall::wall;
use engine::log::{Level, Record, set_sink};
use std::sync::Arc;

/// Installs the receiver of log messages for the whole process, replacing the previous one; NULL removes it. Must not
/// run concurrently with any other call into the library.
///
/// @param min_level  Messages below this level are not produced; DDWAF_LOG_OFF produces none.
/// @return true.
///
/// # Safety
///
/// The callback can be called on any thread and does not unwind, and no other function of the library runs meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_set_log_cb(cb: ddwaf_log_cb, min_level: LogLevel) -> bool {
    wall((), || {
        let (level, name) = level(min_level);
        let Some(receive) = cb else { return set_sink(None, Level::Off) };
        let forward = move |record: &Record<'_>| {
            let mut message = Vec::with_capacity(record.message.len() + 1);
            message.extend_from_slice(record.message.as_bytes());
            message.push(0);
            // SAFETY: the caller gave a function of this type; all three strings end with a NUL, two of them static.
            unsafe {
                receive(
                    record.level as LogLevel,
                    record.module.as_ptr().cast(),
                    record.file.as_ptr().cast(),
                    record.line,
                    message.as_ptr().cast(),
                    record.message.len() as u64,
                );
            }
        };
        set_sink(Some(Arc::new(forward)), level);
        engine::log!(Info, "Sending log messages to binding, min level {name}");
    });
    true
}

fn level(number: LogLevel) -> (Level, &'static str) {
    match number {
        ..=0 => (Level::Trace, "trace"),
        1 => (Level::Debug, "debug"),
        2 => (Level::Info, "info"),
        3 => (Level::Warn, "warn"),
        4 => (Level::Error, "error"),
        5.. => (Level::Off, "off"),
    }
}
