//! The arguments of the command line. There are few of them, so they are read by hand.

/// What is simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The number of seeds.
    pub seeds: u64,
    /// The first seed.
    pub first_seed: u64,
    /// The campaigns; all if empty.
    pub only: Vec<String>,
    /// The number of accounts.
    pub accounts: u64,
    /// The number of logins on a weekday.
    pub logins: u64,
    /// The number of threads.
    pub threads: usize,
    /// Whether only our detector is played, without the models of others.
    pub ours_only: bool,
    /// Files, and the like.
    pub names: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seeds: 20,
            first_seed: 1,
            only: vec![],
            accounts: 200_000,
            logins: 40_000,
            threads: 2,
            ours_only: false,
            names: vec![],
        }
    }
}

/// Reads arguments.
pub fn read(arguments: impl IntoIterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut arguments = arguments.into_iter();
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("the option {name} needs a value"));
        match name.as_str() {
            "--seeds" => options.seeds = number(&name, &value()?, 1, 1000)?,
            "--first-seed" => options.first_seed = number(&name, &value()?, 0, u64::MAX)?,
            "--only" => options.only = value()?.split(',').map(str::to_owned).collect(),
            "--accounts" => options.accounts = number(&name, &value()?, 10_000, 10_000_000)?,
            "--logins" => options.logins = number(&name, &value()?, 100, 10_000_000)?,
            "--threads" => options.threads = number(&name, &value()?, 1, 64)? as usize,
            "--ours-only" => options.ours_only = true,
            _ if name.starts_with('-') => return Err(format!("unknown option {name}")),
            _ => options.names.push(name),
        }
    }
    Ok(options)
}

fn number(name: &str, text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("the option {name} needs a number from {least} to {most}, not '{text}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_mistakes_are_named() {
        let read = |text: &str| read(text.split_whitespace().map(str::to_owned));
        let options = read("--seeds 3 --only A1,B2 file --ours-only").unwrap();
        assert_eq!((options.seeds, options.only.len(), options.ours_only), (3, 2, true));
        assert_eq!(options.names, ["file"]);
        assert_eq!(read("--seeds").unwrap_err(), "the option --seeds needs a value");
        assert_eq!(read("--seeds x").unwrap_err(), "the option --seeds needs a number from 1 to 1000, not 'x'");
        assert_eq!(read("--sedes 3").unwrap_err(), "unknown option --sedes");
    }
}
