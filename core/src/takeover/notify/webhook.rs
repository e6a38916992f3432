//! The generic webhook: the notification as signed JSON.

use super::Notification;
use crate::value::json;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A POST request to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The names and values of headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body, as JSON.
    pub body: String,
}

/// Returns the request for a notification.
pub fn message(notification: &Notification, secret: &[u8], now_s: u64) -> Message {
    let body = json::to_string(&notification.to_value());
    let headers = vec![
        ("Content-Type", "application/json".into()),
        ("X-Bartizan-Signature", signature(secret, now_s, body.as_bytes())),
        ("Idempotency-Key", format!("{}/{}", notification.signal_id, notification.seq)),
    ];
    Message { headers, body }
}

/// Returns the signature `t=<seconds>,v1=<HMAC-SHA256 of seconds, a dot and the body>`, which lets a receiver with
/// the secret verify the sender and the time.
pub fn signature(secret: &[u8], now_s: u64, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(now_s.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={now_s},v1={digits}")
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn signatures_are_those_of_other_implementations() {
        // printf '1764064920.{}' | openssl dgst -sha256 -hmac secret
        let known = "t=1764064920,v1=e1a30ec1edb767cd3ec8a694a8c80c5355605ea1721f5d5da424b9865c3dea41";
        assert_eq!(signature(b"secret", 1_764_064_920, b"{}"), known);
    }
}
