//! Selecting the frames of a deep stack: most from the top, where the call was made, the rest from the bottom, where
//! the request was received.

/// The default number of frames.
pub const DEFAULT_DEPTH: usize = 32;
/// The share of them taken from the top, in percent.
pub const DEFAULT_TOP_PERCENT: f64 = 75.0;

/// The number of frames to take from the top and from the bottom of a stack; a depth of zero is unlimited.
pub fn select_frames(frames: usize, depth: usize, top_percent: f64) -> (usize, usize) {
    if depth == 0 || frames <= depth {
        return (frames, 0);
    }
    let share = if top_percent.is_finite() { top_percent.clamp(0.0, 100.0) } else { DEFAULT_TOP_PERCENT };
    let top = (depth as f64 * share / 100.0).ceil() as usize;
    let top = top.min(depth);
    (top, depth - top)
}

#[cfg(test)]
mod tests {
    use super::select_frames;

    #[test]
    fn top_and_bottom() {
        for (frames, depth, percent, expected) in [
            (10, 32, 75.0, (10, 0)),
            (100, 32, 75.0, (24, 8)),
            (100, 0, 75.0, (100, 0)),
            (100, 5, 50.0, (3, 2)),
            (100, 32, 200.0, (32, 0)),
            (100, 4, f64::NAN, (3, 1)),
        ] {
            assert_eq!(select_frames(frames, depth, percent), expected);
        }
    }
}
