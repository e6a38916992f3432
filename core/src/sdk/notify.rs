//! Notifications of a detector: callbacks, a queue that hosts read, and the requests that send them to receivers.

use super::args::{Args, Result};
use super::results::map_of;
use crate::support::fork::Renewable;
use crate::takeover::notify::queue::Queue;
use crate::takeover::notify::{pagerduty, slack, teams, webhook};
use crate::takeover::{Detector, Kind, Notification, Severity, Subscriber, Wanted};
use crate::value::{Object, Value};
use std::sync::Arc;

/// Calls `subscriber` with each notification from now on. `wanted` is a map of filters: `min_severity`, `categories`,
/// `services` and `kinds`; a missing one does not filter. Returns the number that the function `unsubscribe` takes.
///
/// # Errors
///
/// A message about a filter that is unknown or invalid.
pub fn subscribe(detector: &Detector, wanted: &Object, subscriber: Subscriber) -> Result<u64> {
    Ok(detector.subscribe(read_wanted(Args::of(wanted)?)?, subscriber))
}

fn read_wanted(args: Args<'_>) -> Result<Wanted> {
    args.only(&["min_severity", "categories", "services", "kinds"])?;
    let min_severity = match args.text("min_severity")? {
        None => Severity::default(),
        Some(name) => Severity::read(&name)?,
    };
    let kinds = args.texts("kinds")?;
    let kinds = kinds.iter().map(|name| Kind::read(name));
    let list = |name| Ok::<_, String>(args.texts(name)?.into_iter().map(String::from).collect());
    Ok(Wanted {
        min_severity,
        categories: list("categories")?,
        services: list("services")?,
        kinds: kinds.collect::<Result<_>>()?,
    })
}

/// Notifications that wait until the host reads them. The queue is bounded and drops the least important ones when it is
/// full, as a host may read late or never.
pub struct Inbox {
    queue: Arc<Renewable<Queue>>,
    subscription: u64,
}

impl Inbox {
    /// Collects notifications from now on, with the filters of [`subscribe`].
    ///
    /// # Errors
    ///
    /// The same.
    pub fn open(detector: &Detector, wanted: &Object) -> Result<Self> {
        let queue = Arc::new(Renewable::<Queue>::default());
        let sink = queue.clone();
        let push = move |notification: &Notification| sink.lock().push(notification.clone());
        Ok(Inbox { subscription: subscribe(detector, wanted, Arc::new(push))?, queue })
    }

    /// The number that the function `unsubscribe` takes.
    pub fn subscription(&self) -> u64 {
        self.subscription
    }

    /// Removes and returns the oldest notification, as a map.
    pub fn take(&self) -> Option<Value> {
        let oldest = self.queue.lock().pop();
        oldest.map(|notification| notification.to_value())
    }

    /// Removes all notifications. A forked child does this, because the parent sends those that were waiting.
    pub fn clear(&self) {
        while self.queue.lock().pop().is_some() {}
    }

    /// How many notifications were dropped because the queue was full.
    pub fn dropped(&self) -> u64 {
        self.queue.lock().dropped()
    }
}

/// The headers and the body of the POST request to a receiver.
pub(super) fn message(args: Args<'_>) -> Result<Value> {
    let given = args.object("notification").ok_or("the argument `notification` must be given")?;
    let notification =
        Notification::from_value(given).ok_or("the argument `notification` must be one that was handed over")?;
    let receiver = args.text("receiver")?.ok_or("the argument `receiver` must be given")?;
    let json = |body: String| message_of([("Content-Type", "application/json")], body);
    match receiver.as_ref() {
        "webhook" => {
            let secret = args.object("secret").and_then(Object::as_bytes).filter(|secret| !secret.is_empty());
            let secret = secret.ok_or("the argument `secret` must be given, as a string that is not empty")?;
            let now_s = args.number("now_s")?.filter(|seconds| *seconds >= 0.0);
            let now_s = now_s.ok_or("the argument `now_s` must be given, in seconds since the epoch")?;
            let message = webhook::message(&notification, secret, now_s as u64);
            Ok(message_of(message.headers, message.body))
        }
        "slack" => Ok(json(slack::body(&notification))),
        "teams" => Ok(json(teams::body(&notification))),
        "pagerduty" => {
            let key = args.non_empty("routing_key").ok_or("the argument `routing_key` must be given")?;
            Ok(pagerduty::body(&notification, &key).map_or_else(Value::map, json))
        }
        other => {
            Err(format!("the argument `receiver` must be `webhook`, `slack`, `teams` or `pagerduty`, not `{other}`"))
        }
    }
}

fn message_of<V: Into<Value>>(headers: impl IntoIterator<Item = (&'static str, V)>, body: String) -> Value {
    map_of([("headers", Value::from_entries(headers)), ("body", body.into())])
}
