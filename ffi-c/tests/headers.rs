//! The committed headers are cbindgen's output for the sources, without the sections on safety for Rust: the
//! conventions at the top of `ddwaf.h` cover them. `BARTIZAN_BLESS=1` rewrites them.

use std::path::{Path, PathBuf};

fn generate(config: &str, sources: &[&str]) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("headers").join(config)).expect("a readable configuration");
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in sources {
        builder = builder.with_src(here.join("src").join(source));
    }
    let mut header = vec![];
    builder.generate().expect("a header").write(&mut header);
    // cbindgen has no place for the attribute of a type.
    let header = String::from_utf8(header).expect("UTF-8");
    without_safety(&header.replace("typedef union _ddwaf_object {", "typedef union DDWAF_MAY_ALIAS _ddwaf_object {"))
}

/// Removes everything after the heading, which is the last part of a comment.
fn without_safety(header: &str) -> String {
    let mut kept: Vec<&str> = vec![];
    let mut left_out = false;
    for line in header.lines() {
        left_out = (left_out || line == " * # Safety") && line != " */";
        if line == " * # Safety" {
            // The empty line before it.
            kept.pop();
        }
        if !left_out {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

fn check(name: &str, sources: &[&str]) {
    let generated = generate(&format!("{name}.toml"), sources);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../include").join(format!("{name}.h"));
    if std::env::var_os("BARTIZAN_BLESS").is_some() {
        std::fs::write(&path, &generated).expect("a writable header");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (old, new)) in committed.lines().zip(generated.lines()).enumerate() {
        assert_eq!(old, new, "include/{name}.h differs in line {}; BARTIZAN_BLESS=1 rewrites it", number + 1);
    }
    assert!(committed == generated, "include/{name}.h is too short or too long; BARTIZAN_BLESS=1 rewrites it");
}

#[test]
fn ddwaf_h_is_up_to_date() {
    check(
        "ddwaf",
        &[
            "abi.rs",
            "allocator/mod.rs",
            "scalars.rs",
            "containers.rs",
            "inspect.rs",
            "json.rs",
            "builder.rs",
            "handle.rs",
            "context.rs",
            "log.rs",
            "version.rs",
        ],
    );
}

#[test]
fn bartizan_h_is_up_to_date() {
    check("bartizan", &["bartizan.rs", "warnings.rs", "sdk.rs", "detector.rs"]);
}
