//! Transformers: decoding and normalising of strings before they are matched.
