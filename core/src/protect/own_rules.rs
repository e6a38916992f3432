//! The configuration by which this crate blocks requests itself: rules over addresses that only it submits, with the
//! current action `block`.
//!
//! So a user or an address blocked at run time is reported like any other match; the block itself does not depend on it
//! (see `Request::refuse`).

pub(super) const OWN_PATH: &str = "bartizan/own";

pub(super) const BLOCKED_USER: &str = "bartizan.blocked.user";
pub(super) const BLOCKED_IP: &str = "bartizan.blocked.ip";
pub(super) const BLOCKED_REQUEST: &str = "bartizan.blocked.request";
pub(super) const BLOCKED_INCOMPLETE: &str = "bartizan.blocked.incomplete";

/// What each of these rules blocks for.
pub(super) const OWN_REASONS: [(&str, &str); 4] = [
    ("bartizan-block-user", "user"),
    ("bartizan-block-ip", "address"),
    ("bartizan-block-request", "application"),
    ("bartizan-block-incomplete", "incomplete"),
];

pub(super) const OWN_RULES: &str = r#"{"version": "2.2", "rules": [
    {"id": "bartizan-block-user", "name": "Block users at run time", "on_match": ["block"],
     "tags": {"type": "block_user", "category": "security_response"},
     "conditions": [{"operator": "match_regex", "parameters": {"regex": ".+", "inputs": [{"address": "bartizan.blocked.user"}]}}]},
    {"id": "bartizan-block-ip", "name": "Block IP addresses at run time", "on_match": ["block"],
     "tags": {"type": "block_ip", "category": "security_response"},
     "conditions": [{"operator": "match_regex", "parameters": {"regex": ".+", "inputs": [{"address": "bartizan.blocked.ip"}]}}]},
    {"id": "bartizan-block-request", "name": "Block a request on demand", "on_match": ["block"],
     "tags": {"type": "block_request", "category": "security_response"},
     "conditions": [{"operator": "exists", "parameters": {"inputs": [{"address": "bartizan.blocked.request"}]}}]},
    {"id": "bartizan-block-incomplete", "name": "Block requests that were not inspected completely", "on_match": ["block"],
     "tags": {"type": "block_incomplete", "category": "security_response"},
     "conditions": [{"operator": "match_regex", "parameters": {"regex": ".+", "inputs": [{"address": "bartizan.blocked.incomplete"}]}}]}]}"#;
