//! C programs using the headers and the library, and the headers compiled as C++.

mod support;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
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
    let helpers = ["DDWAF_H", "DDWAF_MAY_ALIAS", "DDWAF_TEXT", "DDWAF_SYMBOL", "DDWAF_SYMBOL_OF", "DDWAF_SYMBOL_WITH"];
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
