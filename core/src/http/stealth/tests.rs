//! Attacks, and their effect on genuine failures.

use super::*;

const SECOND: u64 = 1_000_000_000;

fn failure(body: &str) -> LoginFailure {
    LoginFailure { status: 401, content_type: "text/html".into(), body: body.into(), ..LoginFailure::default() }
}

fn page(login: &str) -> String {
    format!("<form action=/login><p>{login}: wrong user or password</p><input name=user></form>")
}

/// Templates that have learned a page from these logins.
fn taught(logins: &[&str], page: impl Fn(&str) -> String) -> StealthTemplates {
    let mut templates = StealthTemplates::default();
    for login in logins {
        templates.learn("/login", login, &failure(&page(login)), 0);
    }
    templates
}

const PEOPLE: [&str; 3] = ["alice@x.org", "bob@x.org", "carol@x.org"];

#[test]
fn an_imitation_looks_like_the_real_failures() {
    let mut templates = StealthTemplates::default();
    assert_eq!(templates.answer("/login", "mallory", 1), None);
    for (at, login) in PEOPLE.iter().enumerate() {
        assert_eq!(templates.answer("/login", "mallory", 1), None, "after {at}");
        let body = format!("{}<i csrf=\"{at}b12cd34ab12cd3{at}\">", page(login));
        let headers = [
            ("Set-Cookie", "s=1"),
            ("X-Frame-Options", "DENY"),
            ("X-User", login),
            ("X-Id", &body[body.len() - 18..body.len() - 2]),
        ];
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_string())).to_vec();
        let failure = LoginFailure { headers, latency: 100 + at as u64, ..failure(&body) };
        assert!(templates.learn("/login", login, &failure, 0));
    }
    let answer = templates.answer("/login", "<script>", 7).unwrap();
    assert_eq!(answer.status, 401);
    let (before, token) = answer.body.split_once("<i csrf=\"").unwrap();
    assert_eq!(before, page("&lt;script&gt;"));
    assert!(token.len() == 18 && &token[1..15] == "b12cd34ab12cd3", "{token}");
    let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["X-Frame-Options", "X-Id", "content-type", "content-length"]);
    assert_eq!(answer.headers[3].1, answer.body.len().to_string());
    assert!((100..=102).contains(&answer.delay));
    assert_eq!(templates.answer("/other", "mallory", 1), None);
}

#[test]
fn nothing_is_learned_from_one_person() {
    let mut templates = taught(&["alice@x.org"; 20], page);
    templates.learn("/login", " Alice@X.org ", &failure(&page("Alice@X.org")), 0);
    assert_eq!(templates.answer("/login", "mallory", 1), None);
}

/// If the login is a word of the markup, the markup must not become a placeholder for the next login.
#[test]
fn a_login_that_is_a_word_of_the_page() {
    for word in [
        "form",
        "login",
        "input",
        "user",
        "name",
        "wrong",
        "password",
        "wrong user or password",
        "action=/login",
        "<p>",
    ] {
        for order in [
            [word, PEOPLE[0], PEOPLE[1], PEOPLE[2]],
            [PEOPLE[0], word, PEOPLE[1], PEOPLE[2]],
            [PEOPLE[0], PEOPLE[1], PEOPLE[2], word],
        ] {
            let mut templates = taught(&order, page);
            let answer = templates.answer("/login", "onclick=alert(1)", 1).unwrap();
            assert_eq!(answer.body, page("onclick=alert(1)"), "{order:?}");
        }
    }
    assert_eq!(taught(&["form", "input", "wrong", "user", "name"], page).answer("/login", "x onclick=y", 1), None);
}

/// A login within an attribute or a script is left out.
#[test]
fn logins_never_appear_within_tags() {
    let page = |login: &str| {
        format!(
            "<p>wrong password</p><input value=\"{login}\"><a href='/reset?u={login}'>x</a><script>u=\"{login}\"</script>"
        )
    };
    let answer = taught(&PEOPLE, page).answer("/login", "\"><script>alert(1)</script>", 1).unwrap();
    assert_eq!(answer.body, page("").replace("/reset?u=", ""));
    // Logins of letters only, in the position of tag names.
    let tag = |login: &str| format!("<p>wrong password</p><{login}>");
    assert_eq!(taught(&["alice", "bob", "carol"], tag).answer("/login", "script", 1), None);
}

#[test]
fn personal_details_are_left_out() {
    let details = |login: &str| {
        let name = login.split('@').next().unwrap();
        format!(
            "<p>wrong password, dear {name} Smith-{name}</p><p title=\"{name}\">Is {name}{name}@mail.org yours?</p><p>Last seen from {}.1.2.3, phone ends in {}, hint: {name}'s cat</p>",
            name.len() * 40,
            name.len() * 1111,
        )
    };
    let mut templates = taught(&["alice@x.org", "bob@x.org", "caroline@x.org"], details);
    let body = templates.answer("/login", "mallory", 1).unwrap().body;
    for secret in ["alice", "bob", "carol", "Smith", "200", "120", "5555", "3333", "8888"] {
        assert!(!body.contains(secret), "{secret}: {body}");
    }
    assert!(body.starts_with("<p>wrong password, dear ") && body.contains("Last seen from "), "{body}");
}

/// A detail that the first people have in common, but not the next one.
#[test]
fn a_page_goes_on_learning() {
    let mut templates = taught(&PEOPLE, |login| page(login) + "<p>Your branch: Berlin</p>");
    assert!(templates.answer("/login", "mallory", 1).unwrap().body.contains("Berlin"));
    templates.learn("/login", "dave@x.org", &failure(&(page("dave@x.org") + "<p>Your branch: Paris</p>")), 0);
    let body = templates.answer("/login", "mallory", 1).unwrap().body;
    assert_eq!(body, page("mallory") + "<p>Your branch: </p>");
}

/// Rate limits, errors, missing pages and blocks are not login failures, however many there are.
#[test]
fn other_responses_teach_nothing() {
    let mut templates = taught(&PEOPLE, page);
    for status in [100, 204, 304, 404, 405, 408, 413, 429, 431, 500, 502, 503] {
        for nth in 0..30 {
            let other = LoginFailure { status, ..failure("<p>slow down, please</p>") };
            assert!(!templates.learn("/login", &format!("login-{nth}"), &other, 0), "{status}");
        }
    }
    for nth in 0..30 {
        let id = "<p class=\"security-response-id\">Security Response ID: 1</p>";
        assert!(!templates.learn("/login", &format!("login-{nth}"), &LoginFailure { status: 403, ..failure(id) }, 0));
        assert!(!templates.learn(
            "/login",
            &format!("login-{nth}"),
            &LoginFailure { status: 403, ..failure("{\"security_response_id\":\"\"}") },
            0
        ));
    }
    let answer = templates.answer("/login", "mallory", 1).unwrap();
    assert_eq!((answer.status, answer.body), (401, page("mallory")));
}

/// Eleven failures of another kind do not make it the most common kind.
#[test]
fn a_flood_of_a_cheaper_kind_does_not_win_at_once() {
    let mut templates = StealthTemplates::default();
    for nth in 0..20 {
        let login = format!("honest-{nth}");
        assert!(templates.learn("/login", &login, &failure(&page(&login)), nth * SECOND));
    }
    let cheap = |templates: &mut StealthTemplates, count: u64| {
        for nth in 0..count {
            let login = format!("cheap-{nth}");
            templates.learn("/login", &login, &LoginFailure { status: 400, ..failure("<p>malformed</p>") }, 0);
        }
    };
    cheap(&mut templates, 11);
    assert_eq!(templates.answer("/login", "mallory", 1).unwrap().status, 401);
    cheap(&mut templates, 1000);
    assert_eq!(templates.answer("/login", "mallory", 1).unwrap().status, 401);
}

#[test]
fn own_responses_are_not_learned_from() {
    let mut templates = taught(&PEOPLE, page);
    let answer = templates.answer("/login", "mallory", 1).unwrap();
    let fed_back = LoginFailure { status: answer.status, ..failure(&answer.body) };
    assert!(!templates.learn("/login", "mallory", &fed_back, 0));
    assert!(templates.learn("/login", "dave@x.org", &failure(&page("dave@x.org")), 0));
}

/// A site in several languages, and one with a new page.
#[test]
fn another_page_does_not_replace_the_first() {
    let german = |login: &str| {
        format!("<form action=/login><p>{login}: Benutzer oder Kennwort falsch</p><input name=user></form>")
    };
    let mut templates = taught(&PEOPLE, page);
    for nth in 0..30u64 {
        let login = format!("kunde-{nth}");
        templates.learn("/login", &login, &failure(&german(&login)), nth * SECOND);
        if nth < 15 {
            assert_eq!(templates.answer("/login", "mallory", 1).unwrap().body, page("mallory"), "after {nth}");
        }
    }
    // The first page has not been seen for a while, but fewer than twenty people have seen the new one.
    assert_eq!(templates.answer("/login", "mallory", 1).unwrap().body, page("mallory"));
    for nth in 30..60u64 {
        let login = format!("kunde-{nth}");
        templates.learn("/login", &login, &failure(&german(&login)), nth * SECOND);
    }
    assert_eq!(templates.answer("/login", "mallory", 1).unwrap().body, german("mallory"));
}

/// What an attacker makes the page echo survives only until somebody else fails.
#[test]
fn reflected_content_disappears() {
    let reflecting = |login: &str, host: &str| {
        format!("<p>{login}: wrong user or password</p><a href=\"https://{host}/reset\">Reset it at {host}</a>")
    };
    let mut templates =
        taught(&["mallory1", "mallory2", "mallory3", "mallory4"], |login| reflecting(login, "evil.example"));
    assert!(templates.learn("/login", "alice@x.org", &failure(&reflecting("alice@x.org", "shop.example")), 0));
    let body = templates.answer("/login", "bob@x.org", 1).unwrap().body;
    assert!(!body.contains("evil") && body.contains("wrong user or password"), "{body}");
}

#[test]
fn invented_routes_do_not_prevent_learning() {
    let learn = |templates: &mut StealthTemplates, route: &str, login: &str| {
        templates.learn(route, login, &failure(&page(login)), 0);
    };
    // A thousand routes once, then a thousand with three people each.
    for people in [1, 3] {
        let mut templates = StealthTemplates::default();
        PEOPLE.iter().for_each(|login| learn(&mut templates, "/before", login));
        PEOPLE.iter().for_each(|login| learn(&mut templates, "/before", &format!("second-{login}")));
        for route in 0..1000 {
            PEOPLE[..people].iter().for_each(|login| learn(&mut templates, &format!("/junk/{route}"), login));
        }
        for nth in 0..10 {
            learn(&mut templates, "/after", &format!("person-{nth}"));
        }
        for route in ["/before", "/after"] {
            assert!(templates.answer(route, "mallory", 1).is_some(), "{route} with {people}");
        }
    }
    // Each genuine failure comes among two hundred of new routes.
    let mut templates = StealthTemplates::default();
    for nth in 0..10 {
        learn(&mut templates, "/login", &format!("person-{nth}"));
        for route in 0..200 {
            learn(&mut templates, &format!("/junk/{nth}/{route}"), "junk");
        }
    }
    assert!(templates.answer("/login", "mallory", 1).is_some());
}

#[test]
fn redirects_need_their_location() {
    let to = |location: &str| LoginFailure {
        status: 302,
        headers: vec![("Location".into(), location.into())],
        ..LoginFailure::default()
    };
    let mut templates = StealthTemplates::default();
    for login in PEOPLE {
        templates.learn("/same", login, &to("/login?error=1"), 0);
        templates.learn("/other", login, &to(&format!("/login?user={login}")), 0);
    }
    let answer = templates.answer("/same", "mallory", 1).unwrap();
    assert_eq!(
        answer.headers,
        [("Location".to_string(), "/login?error=1".to_string()), ("content-length".into(), "0".into())]
    );
    assert_eq!(templates.answer("/other", "mallory", 1), None);
}

#[test]
fn learned_templates_are_bounded() {
    let mut templates = StealthTemplates::default();
    let huge = failure(&"x".repeat(65 * 1024));
    let marks = failure("<p>\u{e000}\u{e001}</p>");
    for login in PEOPLE {
        for (route, failure) in [("/huge", &huge), ("/marks", &marks)] {
            assert!(!templates.learn(route, login, failure, 0));
        }
        assert!(!templates.learn(&"/".repeat(513), login, &failure("no"), 0));
        assert!(!templates.learn(
            "/script",
            login,
            &LoginFailure { content_type: "text/javascript".into(), ..failure("f()") },
            0
        ));
    }
    for login in ["", "a", "ab", &"a".repeat(257)] {
        assert!(!templates.learn("/login", login, &failure("no"), 0));
    }
    let slow = LoginFailure { latency: u64::MAX, ..failure("no") };
    PEOPLE.iter().for_each(|login| assert!(templates.learn("/slow", login, &slow, 0)));
    let answer = templates.answer("/slow", &"a".repeat(1 << 20), 1).unwrap();
    assert_eq!((answer.body.as_str(), answer.delay), ("no", 10_000_000));
}

/// Pages of the largest size that are costly to compare.
#[test]
fn hostile_pages_take_no_quadratic_time() {
    for unit in ["<", "<a b=", "a ", "</td><td>", "\"", "{\"a\":", "\u{2028}", "1 "] {
        for content_type in ["text/html", "application/json", "text/plain"] {
            let mut templates = StealthTemplates::default();
            for (nth, login) in PEOPLE.iter().enumerate() {
                let body = unit.repeat(60_000 / unit.len() - nth) + login;
                templates.learn(
                    "/login",
                    login,
                    &LoginFailure { content_type: content_type.into(), ..failure(&body) },
                    0,
                );
            }
            templates.answer("/login", "mallory", 1);
        }
    }
}

/// A page in use learns once per second, and is replaced by one that twenty people have seen.
#[test]
fn floods_cost_nothing() {
    let mut templates = StealthTemplates::default();
    let mut learned = 0;
    for nth in 0..1000u64 {
        let login = format!("person-{nth}");
        learned += usize::from(templates.learn("/login", &login, &failure(&page(&login)), nth * SECOND / 100));
    }
    assert!((20..=40).contains(&learned), "{learned}");
}

/// Random pages: what belongs to one person, or is chosen by whoever logs in, must never appear where it should not.
#[test]
fn random_pages() {
    const PIECES: [&str; 24] = [
        "<p>",
        "</p>",
        "<b title=\"",
        "\">",
        "<i a=",
        " ",
        ">",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<title>",
        "</title>",
        "'",
        "wrong password ",
        "try again ",
        "\"",
        "{\"e\":\"",
        "\",",
        "<input value='",
        "{{login}}",
        "{{secret}}",
        "{{token}}",
        "{{number}}",
    ];
    let mut random = Random::new(11);
    let mut answers = 0;
    for _ in 0..3000 {
        let pieces: Vec<&str> = (0..random.below(24)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        let page = format!("wrong user or password, try again {} wrong user or password, try again", pieces.concat());
        let content_type = ["text/html", "application/json", "text/plain"][random.below(3)];
        let mut templates = StealthTemplates::default();
        for (login, secret, token, number) in [
            ("alice@x.org", "Ypsilon", "0123456789abcdef0123", "17"),
            ("bob@x.org", "Omikron", "fedcba9876543210aaaa", "4711"),
            ("carol@x.org", "Epsilon", "00aa11bb22cc33dd44ee", "8"),
        ] {
            let pairs = [("{{login}}", login), ("{{secret}}", secret), ("{{token}}", token), ("{{number}}", number)];
            let body = pairs.iter().fold(page.clone(), |body, (name, value)| body.replace(name, value));
            templates.learn("/login", login, &LoginFailure { content_type: content_type.into(), ..failure(&body) }, 0);
        }
        let Some(answer) = templates.answer("/login", "onload=\"x\"", 3) else { continue };
        answers += 1;
        for secret in ["alice", "bob@", "carol", "Ypsilon", "Omikron", "Epsilon", "0123456789abcdef", "4711"] {
            assert!(!answer.body.contains(secret), "{secret} in {}\nof {page}", answer.body);
        }
        let media = Media::of(content_type).unwrap();
        for (place, range) in place::places(&answer.body, media) {
            let piece = &answer.body[range];
            assert!(
                place.is_visible() || !piece.contains("onload="),
                "{place:?} {piece} in {}\nof {page}",
                answer.body
            );
            assert!(media == Media::Json || !piece.contains("onload=\""), "{piece} in {}\nof {page}", answer.body);
        }
    }
    assert!(answers > 1000, "only {answers}");
}
