//! The 16-byte tagged value that callers build and the engine reads in place.
