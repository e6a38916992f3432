//! Recorded answers about HTTP, through the interface of the bindings.

use crate::common::{answer, vectors};
use bartizan::internals::sdk::{call_service, new_service};
use bartizan::protect::Service;
use bartizan::value::{Value, json};

#[test]
fn client_addresses() {
    for vector in vectors("client_ip.jsonl") {
        let got = answer("client_ip", &json::parse(vector.to_string().as_bytes()).unwrap());
        assert_eq!(got, vector["expect"], "{}", vector["id"]);
    }
}

/// The table of the dynamic interface: every member of `result` must be in the answer.
#[test]
fn functions_by_name() {
    for vector in vectors("sdk.jsonl") {
        let arguments = json::parse(vector["arguments"].to_string().as_bytes()).unwrap();
        let got = answer(vector["function"].as_str().unwrap(), &arguments);
        for (key, expected) in vector["result"].as_object().unwrap() {
            assert_eq!(&got[key], expected, "{key} of {vector}\n{got}");
        }
        if vector["result"].get("error").is_none() {
            assert_eq!(got.get("error"), None, "{vector}");
        }
    }
}

#[test]
fn the_page_carries_the_id_and_nothing_external() {
    let arguments = br#"{"parameters":{"type":"html"},"type":"block_request"}"#;
    let got = answer("block_response", &json::parse(arguments).unwrap());
    let (page, id) = (got["body"].as_str().unwrap(), got["security_response_id"].as_str().unwrap());
    assert_eq!(id.len(), 36);
    assert!(page.contains(&format!("<p class=\"security-response-id\">Security Response ID: {id}</p>")));
    assert!(page.contains("<title>You've been blocked</title>"));
    for external in ["http:", "https:", "src=", "href=", "url(", "<script"] {
        assert!(!page.contains(external), "{external}");
    }
    assert!(page.len() < 3000);
}

#[test]
fn a_service_blocks_extends_and_unblocks() {
    let service = Service::default();
    let run = |function: &str, arguments: &str| {
        json::to_string(&call_service(&service, function, &json::parse(arguments.as_bytes()).unwrap()))
    };
    assert_eq!(run("blocked", r#"{"user":"bob"}"#), r#"{"blocked":false}"#);
    assert!(run("block", r#"{"user":"bob","seconds":60}"#).starts_with(r#"{"done":true"#));
    assert!(run("blocked", r#"{"user":"bob","ip":"1.1.1.1"}"#).starts_with(r#"{"blocked":true"#));
    assert_eq!(run("extend", r#"{"user":"bob","until":1}"#), r#"{"done":true,"until":1}"#);
    assert_eq!(run("blocked", r#"{"user":"bob"}"#), r#"{"blocked":false}"#);
    assert_eq!(run("block", r#"{"ip":"10.0.0.0/8"}"#), r#"{"done":true,"until":0}"#);
    assert_eq!(run("blocked", r#"{"ip":"10.1.2.3"}"#), r#"{"blocked":true,"until":0}"#);
    assert_eq!(run("blocks", "{}"), r#"{"users":[],"ips":[{"value":"10.0.0.0/8","until":0}]}"#);
    assert_eq!(run("unblock", r#"{"ip":"10.0.0.0/8"}"#), r#"{"done":true}"#);
    assert_eq!(run("block", r#"{"ip":"nope"}"#), r#"{"error":"neither an IP address nor a network"}"#);
    assert!(run("block", "{}").contains("error"));
    assert_eq!(run("keep_trace", "{}"), r#"{"keep":true}"#);
    assert_eq!(run("sample_schema", r#"{"method":"GET","route":"/","status":200}"#), r#"{"sample":true}"#);
    assert_eq!(run("sample_schema", r#"{"method":"GET","route":"/","status":200}"#), r#"{"sample":false}"#);
    assert_eq!(run("login_failure_answer", r#"{"route":"/login"}"#), "{}");
    for login in ["alice", "bob", "carol"] {
        assert_eq!(run("login_failure_answer", r#"{"route":"/login"}"#), "{}");
        let failure = |more: &str| {
            let what = r#""status":401,"headers":{"content-type":"text/plain"},"body":"no""#;
            format!(r#"{{"route":"/login",{what}{more}}}"#)
        };
        assert_eq!(run("learn_login_failure", &failure("")), r#"{"learned":false}"#);
        let blocked = failure(&format!(r#","login":"{login}","blocked":true"#));
        assert_eq!(run("learn_login_failure", &blocked), r#"{"learned":false}"#);
        assert_eq!(run("learn_login_failure", &failure(&format!(r#","login":"{login}""#))), r#"{"learned":true}"#);
    }
    assert_eq!(
        run("login_failure_answer", r#"{"route":"/login"}"#),
        r#"{"status":401,"headers":{"content-type":"text/plain","content-length":"2"},"body":"no","delay_us":0}"#
    );
    assert!(run("configure_login_failure", r#"{"status":99}"#).contains("between 200 and 599"));
    run("configure_login_failure", r#"{"headers":{"content-type":"text/plain","set-cookie":"s"},"body":"configured"}"#);
    assert_eq!(
        run("login_failure_answer", r#"{"route":"/other"}"#),
        r#"{"status":401,"headers":{"content-type":"text/plain","content-length":"10"},"body":"configured","delay_us":0}"#
    );
    assert_eq!(run("anonymize", r#"{"input":"test"}"#), r#"{"anon":"anon_9f86d081884c7d659a2feaa0c55ad015"}"#);
    let limited = new_service(&Value::from_entries([("trace_rate_limit", 0i64)])).unwrap();
    assert_eq!(json::to_string(&call_service(&limited, "keep_trace", &Value::map())), r#"{"keep":false}"#);
}

#[test]
fn a_misspelt_setting_is_an_error() {
    let settings = Value::from_entries([("client_ip_heder", "x-real-ip")]);
    let error = new_service(&settings).err().unwrap();
    assert_eq!(
        error,
        "unknown setting `client_ip_heder`; the settings are trace_rate_limit, schema_delay, client_ip_header, trusted_proxies"
    );
    assert!(new_service(&Value::from_entries([("trusted_proxies", "10.0.0.0/8")])).is_err());
}
