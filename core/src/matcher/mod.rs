//! One operator a file: what a condition asks of one value.
