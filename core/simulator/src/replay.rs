//! Real traffic: events as NDJSON, in the format in which the detector takes them.

use crate::defenders::ours::{Mode, Ours};
use crate::options::Options;
use crate::people::World;
use crate::stream::{Merged, Source};
use crate::suite::chosen;
use crate::time::TODAY;
use bartizan::takeover::{Detector, Kind, Notification, Wanted};
use bartizan::value::{Object, Value, View, json};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::sync::Arc;
use std::sync::mpsc::channel;

/// Replays a file, which may be followed by one with a document of the detector. Each line is an event with its time in
/// `ts_ms`; the clock follows. Prints what the detector notices when it does, and then its health.
pub fn replay(options: &Options) -> Result<bool, String> {
    let name = options.names.first().ok_or("the command replay needs a file")?;
    let file = File::open(name).map_err(|why| format!("{name}: {why}"))?;
    let out = &mut std::io::stdout().lock();
    replay_lines(BufReader::new(file), options.names.get(1).map(String::as_str), out)
        .map_err(|why| format!("{name}: {why}"))
}

fn replay_lines(lines: impl BufRead, document: Option<&str>, out: &mut dyn Write) -> Result<bool, String> {
    let (tell, told) = channel();
    let mut detector: Option<Detector> = None;
    let show = |out: &mut dyn Write| {
        told.try_iter().try_for_each(|line: String| writeln!(out, "{line}")).map_err(|why| why.to_string())
    };
    for (number, line) in lines.lines().enumerate() {
        let line = line.map_err(|why| why.to_string())?;
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |why: &str| format!("line {}: {why}", number + 1);
        let event = json::parse(line.as_bytes()).map_err(|why| wrong(&format!("{why:?}")))?;
        let at_ms = time(&event).ok_or_else(|| wrong("the event has no time in `ts_ms`, in milliseconds"))?;
        if detector.is_none() {
            let fresh = begin(at_ms, document)?;
            let tell = tell.clone();
            fresh.subscribe(Wanted::default(), Arc::new(move |notification| drop(tell.send(describe(notification)))));
            detector = Some(fresh);
        }
        if let Some(detector) = &detector {
            detector.advance(at_ms.max(detector.time_ms()));
            detector.event(&event).map_err(|why| wrong(why.message()))?;
            show(out)?;
        }
    }
    let Some(detector) = detector else { return Err("there are no events".into()) };
    detector.tick();
    show(out)?;
    writeln!(out, "{}", json::to_string(&detector.health())).map_err(|why| why.to_string())?;
    Ok(true)
}

fn begin(at_ms: u64, document: Option<&str>) -> Result<Detector, String> {
    let detector = Detector::new(crate::defenders::ours::options(at_ms));
    if let Some(path) = document {
        let text = std::fs::read(path).map_err(|why| format!("{path}: {why}"))?;
        let value = json::parse(&text).map_err(|why| format!("{path}: {why:?}"))?;
        eprintln!("{}", json::to_string(&detector.apply(path, &value).to_value_with_warnings()));
    }
    Ok(detector)
}

fn time(event: &Object) -> Option<u64> {
    match event.get(b"ts_ms")?.view() {
        View::Unsigned(at_ms) => Some(at_ms),
        View::Signed(at_ms) => u64::try_from(at_ms).ok(),
        View::Float(at_ms) if at_ms >= 0.0 => Some(at_ms as u64),
        _ => None,
    }
}

/// A line about a notification.
fn describe(notification: &Notification) -> String {
    let about = match notification.kind {
        Kind::CompromisedUser | Kind::Response => json::to_string(&notification.delta),
        _ => notification.signal.get(b"counts").map(json::to_string).unwrap_or_default(),
    };
    format!("{} {} {} {about}", notification.at_s, notification.kind.name(), notification.title)
}

/// Prints the events of campaigns for replays, as if nobody refused anything.
pub fn events(options: &Options) -> Result<bool, String> {
    let world = World::new(options.first_seed, options.accounts, options.logins);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for campaign in chosen(options)? {
        let mut ours = Ours::new(&world, Mode::Watching, TODAY);
        let mut events = Merged::new((campaign.script)(&world).sources);
        while let Some(event) = events.next() {
            let mut map: Value = ours.named(&event);
            map.insert("ts_ms", event.claimed_ms.unwrap_or(event.at_ms));
            if writeln!(out, "{}", json::to_string(&map)).is_err() {
                return Ok(true); // the reader has seen enough
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replayed(text: &str) -> Result<String, String> {
        let mut out = vec![];
        replay_lines(text.as_bytes(), None, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn lines_are_replayed_at_their_times() {
        let failure = |n: u64| {
            format!(
                "{{\"event\":\"users.login.failure\",\"ts_ms\":{},\"usr.login\":\"u{n}\",\"usr.exists\":true,\
                 \"ip\":\"198.51.100.9\"}}\n",
                TODAY + n * 1000
            )
        };
        let out = replayed(&(0..31).map(failure).collect::<String>()).unwrap();
        let opened = format!("{} opened ", TODAY / 1000 + 30);
        assert!(out.lines().any(|line| line.starts_with(&opened)), "{out}");
        assert!(out.lines().last().is_some_and(|health| health.contains("\"events\":31")));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        assert_eq!(replayed("\n").unwrap_err(), "there are no events");
        let mistake = replayed("{\"event\":\"x\",\"ts_ms\":1}\n\n{\"event\":\"x\"}").unwrap_err();
        assert_eq!(mistake, "line 3: the event has no time in `ts_ms`, in milliseconds");
        assert!(replayed("{").unwrap_err().starts_with("line 1: "));
        assert!(replayed("{\"ts_ms\":1}").unwrap_err().contains("missing key 'event'"));
    }
}
