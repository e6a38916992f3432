//! The heap usage of the engines.

/// What this process uses of the C library's heap, in KiB: both engines allocate there, and freed memory does not
/// count.
pub fn in_use() -> f64 {
    // SAFETY: the function only fills a structure it returns.
    #[allow(unsafe_code)]
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as f64 / 1024.0
}
