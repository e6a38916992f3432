//! One pass over a string that says which matchers could match at all.
