use super::*;

/// A history of some days in which each bucket has the counts that `count` gives it.
fn days(days: u32, count: impl Fn(u32, Name) -> u32) -> History {
    let mut history = History::default();
    history.begin(0);
    for bucket in 0..days * DAY as u32 {
        history.push(bucket, Name::ALL.map(|name| count(bucket, name)), Flags::default());
    }
    history
}

/// A service of 40,000 logins a day at ten in the morning, as in the worked example.
fn morning(bucket: u32, name: Name) -> u32 {
    match name {
        Name::Unfamiliar | Name::Users => 2 + bucket % 3,
        Name::Familiar => 34,
        Name::Successes => 349,
        Name::Failures => 37,
        _ => 0,
    }
}

fn at(day: u32, minutes: u32, familiar: u32, successes: u32) -> Now {
    let end_s = day * 86_400 + 10 * 3600;
    Now { end_s, minutes, familiar, successes, memory_is_cold: false }
}

fn expect(history: &History, name: Name, now: Now) -> Option<Expected> {
    expected(history, name, now, &Controls::of(history), &Tuning::default())
}

#[test]
fn the_worked_example() {
    let history = days(28, morning);
    let quiet = expect(&history, Name::Unfamiliar, at(28, 5, 14, 151)).unwrap();
    assert_eq!((quiet.level, quiet.phi, quiet.mu, quiet.baseline), (3.0, 1.0, 3.0, "28d"));
    assert!((quiet.control.unwrap() - 1.3).abs() < 0.1, "{quiet:?}");
    assert!((quiet.z(31.0) - 7.53).abs() < 0.01);
    let reset_day = expect(&history, Name::Unfamiliar, at(28, 5, 560, 151)).unwrap();
    assert!((reset_day.mu - 49.4).abs() < 1.0 && reset_day.z(73.0) < 6.0, "{reset_day:?}");
    let capped = expect(&history, Name::Unfamiliar, at(28, 5, 100_000, 151)).unwrap();
    assert_eq!(capped.mu, 80.0);
    let outage = expect(&history, Name::Unfamiliar, at(28, 5, 5600, 10)).unwrap();
    assert!((outage.mu - 494.0).abs() < 10.0, "{outage:?}");
}

#[test]
fn levels_scale_with_the_window() {
    let history =
        days(28, |bucket, name| if name == Name::Unfamiliar { 100 + 20 * (bucket % 3) } else { morning(bucket, name) });
    let of = |minutes| expect(&history, Name::Unfamiliar, at(28, minutes, 0, 70 * minutes)).unwrap();
    let (one, five, sixty) = (of(1), of(5), of(60));
    assert_eq!((one.level, five.level, sixty.level), (24.0, 120.0, 1440.0));
    assert!(one.phi < five.phi && five.phi < sixty.phi);
}

#[test]
fn nothing_is_expected_while_too_little_is_known() {
    let history = days(28, morning);
    let now = |day| at(day, 5, 0, 100);
    assert_eq!(expect(&History::default(), Name::Unfamiliar, now(0)), None);
    let young = days(2, morning);
    assert_eq!(expect(&young, Name::Unfamiliar, at(0, 5, 0, 100)), None);
    let second_day = expect(&young, Name::Unfamiliar, at(1, 5, 0, 100)).unwrap();
    assert_eq!((second_day.phi, second_day.baseline), (YOUNG_DISPERSION, "1d"));
    let small = days(28, |bucket, name| u32::from(name == Name::Successes && bucket % 3 == 0));
    assert_eq!(expect(&small, Name::Unfamiliar, now(28)), None);
    let given = Tuning { learning_baseline: Some(7.0), ..Tuning::default() };
    let given = expected(&History::default(), Name::Unfamiliar, now(0), &Controls::default(), &given).unwrap();
    assert_eq!((given.mu, given.baseline), (7.0, "given"));
    assert!(expect(&history, Name::Unfamiliar, now(28)).is_some());
}

#[test]
fn anomalies_count_after_a_week_or_if_most_are() {
    // An attack on every morning from the 20th day on.
    let of = |marked: std::ops::Range<u32>, now_day: u32| {
        let mut history = days(now_day, |bucket, name| match name {
            Name::Unfamiliar if marked.contains(&(bucket / DAY as u32)) => 500,
            _ => morning(bucket, name),
        });
        history.mark(
            marked.start * DAY as u32,
            marked.end * DAY as u32,
            Flags::of_anomaly(crate::takeover::series::Topic::Logins),
        );
        expect(&history, Name::Unfamiliar, at(now_day, 5, 14, 151)).unwrap().level
    };
    assert_eq!((of(20..28, 28), of(4..20, 26)), (3.0, 500.0));
    assert_eq!(of(0..9, 9), 500.0, "nothing would be left");
}

#[test]
fn weekends_have_their_own_level_after_three_of_them() {
    let weekend = |bucket: u32| matches!((bucket / DAY as u32 + 3) % 7, 5 | 6);
    let history = days(28, |bucket, name| match name {
        Name::Unfamiliar if weekend(bucket) => 40,
        _ => morning(bucket, name),
    });
    // The 30th of January 1970 was a Friday.
    let level = |day| expect(&history, Name::Unfamiliar, at(day, 5, 14, 151)).map(|expected| expected.level);
    assert_eq!((level(29), level(30)), (Some(3.0), Some(40.0)));
    let young = days(14, |bucket, name| if weekend(bucket) { 40 } else { morning(bucket, name) });
    assert_eq!(expect(&young, Name::Unfamiliar, at(16, 5, 14, 151)).map(|expected| expected.level), Some(3.0));
}

#[test]
fn buckets_without_familiarity_count_until_others_exist() {
    let level = |cold_days: u32| {
        let mut history = History::default();
        history.begin(0);
        for bucket in 0..14 * DAY as u32 {
            let cold = bucket / (DAY as u32) < cold_days;
            let counts =
                Name::ALL.map(|name| if cold && name == Name::Unfamiliar { 37 } else { morning(bucket, name) });
            history.push(bucket, counts, Flags { cold, ..Flags::default() });
        }
        expect(&history, Name::Unfamiliar, at(14, 5, 14, 151)).unwrap().level
    };
    assert_eq!((level(7), level(11), level(12), level(14)), (3.0, 3.0, 37.0, 37.0));
}

#[test]
fn an_uncertain_ratio_makes_a_raised_level_uncertain_and_no_other() {
    let with = |unfamiliar: fn(u32) -> u32| {
        days(28, move |bucket, name| match name {
            Name::Unfamiliar => unfamiliar(bucket / DAY as u32),
            Name::Familiar => 100,
            Name::Successes => 1500,
            _ => 0,
        })
    };
    let (steady, drifting) = (with(|_| 66), with(|day| 60 + 3 * (day % 5)));
    let of = |history, familiar| expect(history, Name::Unfamiliar, at(28, 5, familiar, 1500)).unwrap();
    let raised = [of(&steady, 1000), of(&drifting, 1000)];
    assert_eq!((raised[0].mu, raised[0].phi), (660.0, 1.0));
    assert!(raised[1].mu > 600.0 && (1.5..3.0).contains(&raised[1].phi), "{:?}", raised[1]);
    assert!(of(&drifting, 100).phi < 1.01);
}

#[test]
fn many_tries_of_few_people_make_a_raised_level_uncertain_and_no_other() {
    let raised = expect(&days(28, morning), Name::Unfamiliar, at(28, 5, 560, 151)).unwrap();
    assert_eq!(raised.by_people(300, 300), raised);
    let outage = raised.by_people(300, 60);
    assert!((5.0..6.0).contains(&outage.phi), "{outage:?}");
    let usual = expect(&days(28, morning), Name::Unfamiliar, at(28, 5, 14, 151)).unwrap();
    assert_eq!(usual.by_people(300, 60), usual);
}
