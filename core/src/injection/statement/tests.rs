//! Values that go on with a statement, and texts that do not.

use super::*;

fn continues(text: &str) -> bool {
    continues_statement(text.as_bytes(), &mut Deadline::unlimited()).is_some()
}

#[test]
fn what_goes_on_with_a_statement() {
    for text in [
        "1' OR '1'='1",
        "x' or 'a'='a",
        "1 or 2=2",
        "-9-(((2))) OR 1 = 1",
        "7 or id>0",
        "7) union select name from users",
        "1' UNION/**/ALL/*!50000SELECT*/ null,2#",
        "1e1union select 1,2",
        r"\Nunion select 1",
        "admin'--",
        "admin'#",
        "' or true-- ",
        "'||(select 1)||'",
        "1' and sleep(3)-- ",
        "1' or json_length('{}')<9-- ",
        "1';grant all on *.* to x;#",
        "1'; replace into a values(1);#",
        "1' waitfor delay '0:0:3'-- ",
        "1' order by 12-- ",
        "7')) or (('8'='8",
        "1\" or \"7\"=\"7",
        "user'collate`utf8mb4_bin`--",
        "1' into outfile '/tmp/x'-- ",
        "/items/7 or 8=8",
    ] {
        assert!(continues(text), "{text}");
    }
}

#[test]
fn what_does_not() {
    for text in [
        "",
        "'",
        "O'Brien or O'Neill",
        "6' or 7' tall tree",
        "27\" - 32\" monitors",
        "20\"/30\"",
        "rock 'n' roll and more",
        "the boys' or girls' room",
        "5 > 3 && 3 < 5",
        "1001||1002||1003",
        "age > 5 and size < 10",
        "2 or 3",
        "x = 5 and y = 6",
        "union select committee",
        "select the best option from the list",
        "It's 5 o'clock; where's Tom?",
        "create table reservations online; drop by anytime",
        "[\"or\", \"and\", \"=\"]",
        "{\"a\": \"b\", \"c\": \"\"}",
        "foo('a') + bar(\"x\")",
        "the flag `--` and the flag `-v`",
        "rc-select@14.5.2/lib",
        "<p class=\"a\" title='b'>text</p>",
    ] {
        assert!(!continues(text), "{text}");
    }
}

/// Texts that could make a reader read again what it has read.
#[test]
fn long_texts_are_read_in_linear_time() {
    for piece in ["'or ", "'\\", "1+", "((", "/**/", "-- \n", "#\n", "'or(", "a.", "1.e(", "'and'1", "union ", "{a "] {
        for start in ["'", "1 ", "' or "] {
            let text = format!("{start}{}", piece.repeat(LONGEST / piece.len()));
            continues_statement(text.as_bytes(), &mut Deadline::unlimited());
        }
    }
}

#[test]
fn any_bytes_at_all() {
    for a in 0..=255u8 {
        for b in 0..=255u8 {
            for text in [&[b'\'', a, b][..], &[a, b], &[b'1', a, b], &[b'\'', b'o', b'r', a, b, b'(']] {
                continues_statement(text, &mut Deadline::unlimited());
            }
        }
    }
}
