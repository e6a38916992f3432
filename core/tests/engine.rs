//! Requests through the whole of the engine: users blocked, addresses refused, rules delivered while it runs.

use bartizan::sdk::{Engine, Request};
use bartizan::value::json;
use serde_json::{Value, json};
use std::sync::Arc;

fn engine(settings: Value) -> Arc<Engine> {
    let mut all = json!({"enabled": true, "rules": {"version": "2.2",
        "rules": [
            {"id": "blk-001-002", "name": "Block User Addresses", "on_match": ["block"],
             "tags": {"type": "block_user", "category": "security_response"},
             "conditions": [{"operator": "exact_match",
                             "parameters": {"inputs": [{"address": "usr.id"}], "data": "blocked_users"}}]},
            {"id": "ua", "name": "scanner", "tags": {"type": "security_scanner", "category": "attack_attempt"},
             "conditions": [{"operator": "match_regex", "parameters": {"regex": "^Arachni", "inputs": [
                 {"address": "server.request.headers.no_cookies", "key_path": ["user-agent"]}]}}]}],
        "rules_data": [{"id": "blocked_users", "type": "data_with_expiration", "data": [{"value": "blockedUser"}]}]}});
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    Engine::new(&json::parse(all.to_string().as_bytes()).unwrap()).unwrap().0
}

fn call(request: &mut Request, function: &str, arguments: Value) -> Value {
    read(request.call(function, &json::parse(arguments.to_string().as_bytes()).unwrap()))
}

fn manage(engine: &Engine, function: &str, arguments: Value) -> Value {
    read(engine.call(function, &json::parse(arguments.to_string().as_bytes()).unwrap()))
}

fn read(value: bartizan::value::Value) -> Value {
    serde_json::from_str(&json::to_string(&value)).unwrap()
}

fn get(engine: &Arc<Engine>, address: &str) -> (Request, Value) {
    let mut request = engine.request();
    let headers = json!({"User-Agent": "curl", "X-Forwarded-For": address, "Accept": "text/html"});
    let started =
        call(&mut request, "start", json!({"method": "GET", "url": "/", "headers": headers, "peer": "10.0.0.1"}));
    (request, started)
}

#[test]
fn a_listed_user_is_blocked_and_reported() {
    let engine = engine(json!({}));
    let (mut request, started) = get(&engine, "8.8.8.8");
    assert_eq!(started["blocked"], false);
    assert_eq!(started["meta"], json!({"http.client_ip": "8.8.8.8", "network.client.ip": "10.0.0.1"}));
    let tracked = call(&mut request, "track_user_login_success", json!({"login": "l", "user": "blockedUser"}));
    assert_eq!(tracked["blocked"], true);
    let response = call(&mut request, "block_response", json!({}));
    assert_eq!(response["status"], 403);
    assert!(response["body"].as_str().unwrap().contains(response["security_response_id"].as_str().unwrap()));
    assert!(response["headers"]["content-type"].as_str().unwrap().starts_with("text/html"));
    let finished = call(&mut request, "finish", json!({}));
    let meta = &finished["meta"];
    assert_eq!((&meta["appsec.blocked"], &meta["usr.id"]), (&json!("true"), &json!("blockedUser")));
    assert_eq!((&meta["appsec.event"], &meta["actor.ip"]), (&json!("true"), &json!("8.8.8.8")));
    assert_eq!((&meta["http.status_code"], &finished["keep"]), (&json!("403"), &json!(true)));
    assert_eq!(meta["http.request.headers.x-forwarded-for"], "8.8.8.8");
    assert!(meta["http.response.headers.content-length"].is_string());
    let events: Value = serde_json::from_str(meta["_dd.appsec.json"].as_str().unwrap()).unwrap();
    assert_eq!(events["triggers"][0]["security_response_id"], response["security_response_id"]);
    let tags = &finished["telemetry"][0]["tags"];
    assert_eq!((&tags["request_blocked"], &tags["rule_triggered"]), (&json!("true"), &json!("true")));
}

#[test]
fn asking_about_users_changes_nothing() {
    let engine = engine(json!({}));
    let (mut request, _) = get(&engine, "8.8.8.8");
    call(&mut request, "set_user", json!({"user": {"id": "alice"}}));
    for (user, blocked) in [("blockedUser", true), ("blockedUser", true), ("alice", false), ("bob", false)] {
        assert_eq!(call(&mut request, "is_user_blocked", json!({"user": user}))["blocked"], blocked, "{user}");
    }
    assert_eq!(call(&mut request, "is_user_blocked", json!({"user": {"id": "blockedUser"}}))["blocked"], true);
    assert_eq!(call(&mut request, "set_user", json!({"user": "blockedUser"}))["blocked"], true);
    assert_eq!(call(&mut request, "set_user", json!({"user": "blockedUser"}))["blocked"], true);
    assert_eq!(call(&mut request, "is_user_blocked", json!({}))["blocked"], false);
}

#[test]
fn users_and_addresses_are_blocked_at_run_time() {
    let engine = engine(json!({}));
    let set_user = |engine: &Arc<Engine>| {
        let (mut request, _) = get(engine, "8.8.8.8");
        let blocked = call(&mut request, "set_user", json!({"user": "bob"}))["blocked"].clone();
        (request, blocked)
    };
    assert_eq!(set_user(&engine).1, false);
    manage(&engine, "block", json!({"user": "bob", "seconds": 600}));
    let (mut request, blocked) = set_user(&engine);
    assert_eq!(blocked, true);
    assert_eq!(call(&mut request, "block_response", json!({}))["status"], 403);
    let meta = call(&mut request, "finish", json!({}))["meta"].clone();
    assert!(meta["_dd.appsec.json"].as_str().unwrap().contains("\"value\":\"bob\""), "{meta}");
    assert_eq!(manage(&engine, "extend", json!({"user": "bob", "until": 1}))["done"], true);
    assert_eq!(set_user(&engine).1, false);

    manage(&engine, "block", json!({"ip": "8.8.0.0/16"}));
    let (mut request, started) = get(&engine, "8.8.8.8");
    assert_eq!(started["blocked"], true);
    assert_eq!(call(&mut request, "block_response", json!({"method": "HEAD"}))["body"], "");
    assert_eq!(get(&engine, "9.9.9.9").1["blocked"], false);
    assert_eq!(manage(&engine, "unblock", json!({"ip": "8.8.0.0/16"}))["done"], true);
    assert_eq!(get(&engine, "8.8.8.8").1["blocked"], false);
}

#[test]
fn blocking_on_demand_follows_the_configured_action() {
    let engine = engine(json!({}));
    let action = |status: u64| json!({"actions": [{"id": "block", "type": "block_request", "parameters": {"status_code": status, "type": "json"}}]});
    let status = |engine: &Arc<Engine>| {
        let (mut request, _) = get(engine, "8.8.8.8");
        call(&mut request, "block_request", json!({}));
        call(&mut request, "block_response", json!({}))["status"].clone()
    };
    assert_eq!(status(&engine), 403);
    let report = manage(&engine, "apply_remote", json!({"changed": [["datadog/2/ASM/actions/config", action(405)]]}));
    assert_eq!((&report["states"][0]["state"], &report["built"]), (&json!(2), &json!(true)));
    assert_eq!(status(&engine), 405);
    let report = manage(&engine, "apply_remote", json!({"changed": [["datadog/2/ASM/zactions/config", action(406)]]}));
    let error = r#"{"actions":{"errors":{"duplicate action":["block"]}}}"#;
    assert_eq!(report["states"][0], json!({"path": "datadog/2/ASM/zactions/config", "state": 3, "error": error}));
    assert_eq!(status(&engine), 405);
    manage(&engine, "apply_remote", json!({"removed": ["datadog/2/ASM/actions/config"]}));
    assert_eq!(status(&engine), 403);
}

/// Business logic without code: the rule as remote configuration delivers it.
#[test]
fn a_remote_rule_tags_logins() {
    let engine = engine(json!({}));
    let rule = json!({"custom_rules": [{"id": "biz-login-failure", "name": "login failures",
        "tags": {"category": "business_logic", "type": "users.login.failure"},
        "conditions": [
            {"operator": "exact_match", "parameters": {"inputs": [{"address": "server.request.method"}], "list": ["POST"]}},
            {"operator": "match_regex", "parameters": {"inputs": [{"address": "server.request.uri.raw"}], "regex": "^/login"}},
            {"operator": "exact_match", "parameters": {"inputs": [{"address": "server.response.status"}], "list": ["403"]}}],
        "output": {"event": false, "keep": true, "attributes": {
            "appsec.events.users.login.failure.track": {"value": "true"},
            "appsec.events.users.login.failure.usr.login": {"address": "server.request.body", "key_path": ["username"]}}}}]});
    let report = manage(&engine, "apply_remote", json!({"changed": [["datadog/2/ASM/biz/config", rule.to_string()]]}));
    assert_eq!(report["states"][0]["state"], 2, "{report}");
    let mut request = engine.request();
    let start = json!({"method": "POST", "url": "/login?x", "body": {"username": ["bob@x.org"], "password": "p"}});
    call(&mut request, "start", start);
    assert_eq!(call(&mut request, "response", json!({"status": 403}))["blocked"], false);
    let finished = call(&mut request, "finish", json!({}));
    assert_eq!(finished["meta"]["appsec.events.users.login.failure.track"], "true");
    assert_eq!(finished["meta"]["appsec.events.users.login.failure.usr.login"], "bob@x.org");
    assert_eq!((&finished["keep"], finished["meta"].get("appsec.event")), (&json!(true), None));
}

#[test]
fn collection_modes_and_the_switched_off_engine() {
    let engine = engine(json!({"enabled": null}));
    let hook = json!({"framework": "fw", "login": "test", "user": {"id": "social-security-id"}});
    let seen = |engine: &Arc<Engine>| {
        let (mut request, _) = get(engine, "8.8.8.8");
        call(&mut request, "auto_login_success", hook.clone());
        call(&mut request, "finish", json!({}))["meta"].get("usr.id").cloned()
    };
    let mut request = get(&engine, "8.8.8.8").0;
    let tracked = call(&mut request, "track_custom_event", json!({"name": "x"}));
    assert_eq!((&tracked["outcome"], &tracked["blocked"]), (&json!("ok"), &json!(false)));
    let finished = call(&mut request, "finish", json!({}));
    let expected = json!({"appsec.events.x.track": "true", "_dd.appsec.events.x.sdk": "true"});
    assert_eq!((&finished["meta"], &finished["keep"], &finished["metrics"]), (&expected, &json!(true), &json!({})));
    assert_eq!(seen(&engine), None);
    assert_eq!(manage(&engine, "products", json!({}))["products"], json!(["ASM_FEATURES"]));
    let features = json!({"asm": {"enabled": true}, "auto_user_instrum": {"mode": "anonymization"}});
    let batch = json!({"changed": [["datadog/2/ASM_FEATURES/f/config", features]]});
    assert_eq!(manage(&engine, "apply_remote", batch)["switched"], true);
    assert_eq!(seen(&engine), Some(json!("anon_5f31ffaf95946d2dc703ddc96a100de5")));
    manage(&engine, "apply_remote", json!({"removed": ["datadog/2/ASM_FEATURES/f/config"]}));
    assert_eq!(seen(&engine), None);
    assert!(engine.waf().is_none());
}

#[test]
fn engines_and_requests_move_between_threads() {
    fn moves<T: Send>() {}
    fn is_shared<T: Send + Sync>() {}
    moves::<Request>();
    is_shared::<Engine>();
}
