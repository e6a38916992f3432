//! What every room may use: clock, random ids, deadline, log sink.
