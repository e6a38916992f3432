//! Simulated logins and attacks, to measure how well bartizan and others detect account takeover.
//!
//! | file or folder | concept |
//! |---|---|
//! | `people` | honest people, and when they log in |
//! | `campaigns` | attacks, and honest events that look like attacks |
//! | `client`, `event`, `time`, `random` | what these are made of |
//! | `stream` | sources of events, merged by time |
//! | `defenders` | our detector, and models of other tools |
//! | `play`, `suite` | the closed loop between events and a defender, and all runs of it |
//! | `compare`, `accuracy`, `series`, `replay`, `draw`, `speed` | the commands |
//! | `options`, `parallel` | arguments, threads and progress |

mod accuracy;
mod campaigns;
mod client;
mod compare;
mod defenders;
mod draw;
mod event;
mod options;
mod parallel;
mod people;
mod play;
mod random;
mod replay;
mod series;
mod speed;
mod stream;
mod suite;
mod time;

use std::process::ExitCode;

const USAGE: &str = "usage: bartizan-simulator COMMAND [OPTIONS]

commands:
  compare            every campaign against every defender; exits with 1 if a cell is outside of its band
  accuracy           precision and recall by rule, of clusters and of accounts called taken over
  series             false alarms and smallest attacks of the rule about whole services, over years
  replay FILE        replays events in NDJSON, in the format of events, to our detector
  draw [FILE]        draws a campaign (A2 by default), as SVG
  events             prints the events of the campaigns, without everyday life, in that format
  speed              how many events a second are made, and how many our detector takes
  list               the campaigns

options:
  --seeds N          the number of seeds (20)
  --first-seed N     the first of them (1)
  --only A1,B2       these campaigns only
  --logins N         logins on a weekday (40000)
  --accounts N       accounts (200000)
  --threads N        threads (2)
  --ours-only        without the models of other tools";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let done = options::read(arguments).and_then(|options| match command.as_str() {
        "compare" => compare::compare(&options),
        "accuracy" => accuracy::accuracy(&options),
        "replay" => replay::replay(&options),
        "series" => series::series(&options),
        "draw" => draw::draw(&options),
        "events" => replay::events(&options),
        "speed" => speed::speed(&options),
        "list" => {
            campaigns::all().iter().for_each(|campaign| println!("{:<14} {}", campaign.id, campaign.about));
            Ok(true)
        }
        _ => Err(USAGE.to_owned()),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}
