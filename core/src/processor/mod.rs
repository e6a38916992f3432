//! One processor a file: fingerprints, schemas, tokens, URIs.
