//! Bodies of every shape.

use super::*;
use crate::value::json;

fn form(content_type: &str, body: &str) -> String {
    let Form { fields, filenames, contents, left, fault, .. } =
        read(body.as_bytes(), &Media::read(content_type.as_bytes()));
    let list = |values: Vec<Value>| json::to_string(&values.into_iter().collect::<Value>());
    let (fields, left) = (json::to_string(&fields.into_value()), String::from_utf8_lossy(&left).into_owned());
    format!("{fields} {} {} {left:?} {}", list(filenames), list(contents), fault.is_none())
}

#[test]
fn fields_and_files() {
    let body = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; \
        filename=\"f.txt\"; name=b\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--\r\n";
    let expected = r#"{"a":"1"} ["f.txt"] ["x"] "" true"#;
    for kind in ["multipart/form-data; boundary=B", "MULTIPART/FORM-DATA; x=1;Boundary=\"B\""] {
        assert_eq!(form(kind, body), expected, "{kind}");
    }
    assert_eq!(form("multipart/form-data; boundary=B", &body.replace("\r\n", "\n")), expected);
    let unknown = r#"{"a":"1"} ["f.txt"] ["x"] "--B" false"#;
    assert_eq!(form("multipart/form-data", body), unknown);
    assert_eq!(form("multipart/form-data; boundary=C", body), unknown);
}

#[test]
fn nothing_is_dropped() {
    let kind = "multipart/form-data; boundary=B";
    let field =
        |name: &str, value: &str| format!("--B\r\nContent-Disposition: form-data; name={name}\r\n\r\n{value}\r\n");
    for (body, expected) in [
        (field("a", "1"), r#"{"a":"1\r\n"} [] [] "" false"#),
        (format!("before\r\n{}--B--after", field("a", "1")), r#"{"a":"1"} [] [] "beforeafter" false"#),
        (field("a", "--BX") + "--B--", r#"{"a":"--BX"} [] [] "" true"#),
        ("no boundary".into(), r#"{} [] [] "no boundary" false"#),
        ("--B\r\nrubbish\r\n--B--".into(), r#"{"":"rubbish"} [] [] "" false"#),
        ("--B--".into(), r#"{} [] [] "" true"#),
        (field("a", "1") + &field("a", "2") + "--B--", r#"{"a":["1","2"]} [] [] "" true"#),
    ] {
        assert_eq!(form(kind, &body), expected, "{body}");
    }
}

#[test]
fn names_in_every_way() {
    for (disposition, expected) in [
        ("form-data; name=a; filename=x; filename=y", r#"{} ["x","y"] ["1"] "" true"#),
        ("form-data; name=a; filename*=UTF-8''%e2%82%ac.php", r#"{} ["€.php"] ["1"] "" true"#),
        ("form-data; name=a; filename*0=sh; filename*1=ell.php", r#"{} ["shell.php"] ["1"] "" true"#),
        ("form-data; name=a; name=b", r#"{"a":"1","b":"1"} [] [] "" true"#),
        ("form-data; name=a; filename=\"\"", r#"{"a":"1"} [] ["1"] "" true"#),
        ("form-data;\r\n name=\"a\"", r#"{"a":"1"} [] [] "" true"#),
        ("form-data; filename=\"a\\\"b.php\"; name=a", r#"{} ["a\"b.php"] ["1"] "" true"#),
        ("form-data; name=\"a", r#"{"a":"1"} [] [] "" true"#),
    ] {
        let body = format!("--B\r\nContent-Disposition: {disposition}\r\n\r\n1\r\n--B--");
        assert_eq!(form("multipart/form-data; boundary=B", &body), expected, "{disposition}");
    }
}

#[test]
fn very_many_names_of_a_part_do_not_multiply_its_content() {
    let names: String = (0..20_000).map(|n| format!("; name=n{n}; filename=f{n}")).collect();
    let body = format!("--B\r\nContent-Disposition: form-data{names}\r\n\r\n{}\r\n--B--", "attack ".repeat(20_000));
    let read = form("multipart/form-data; boundary=B", &body);
    assert!(read.len() < 10 * body.len() && read.ends_with("false"), "{}", read.len());
    assert!(read.contains("name=n19999") && read.contains("f19999"), "the header is judged as a text");
}

#[test]
fn contents_in_other_encodings() {
    for (header, content, expected) in [
        ("Content-Transfer-Encoding: base64", "PGI+", r#"{"a":["PGI+","<b>"]}"#),
        ("Content-Transfer-Encoding: Quoted-Printable", "=3Cb=\r\n>=", r#"{"a":["=3Cb=\r\n>=","<b>="]}"#),
        ("Content-Type: text/plain; charset=utf-16", "<\0b\0", r#"{"a":"<b"}"#),
        ("Content-Type: application/json", r#"{"x":"\u003c"}"#, r#"{"a":["{\"x\":\"\\u003c\"}",{"x":"<"}]}"#),
    ] {
        let body = format!("--B\r\nContent-Disposition: form-data; name=a\r\n{header}\r\n\r\n{content}\r\n--B--");
        let read = form("multipart/form-data; boundary=B", &body);
        assert!(read.starts_with(expected), "{header}: {read}");
    }
}

#[test]
fn nested_and_endless_bodies() {
    let inner = "--C\r\nContent-Disposition: file; filename=x\r\n\r\n1\r\n--C--\r\n";
    let headers = "Content-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=C";
    let body = format!("--B\r\n{headers}\r\n\r\n{inner}\r\n--B--");
    let expected = r#"{} ["x"] ["1"] "content-type: multipart/mixed; boundary=C\r\n" true"#;
    assert_eq!(form("multipart/form-data; boundary=B", &body), expected);
    for piece in
        ["--B\r\n", "--B\n\n", "--B\r\nContent-Type: multipart/x; boundary=B\r\n\r\n", "--", "\r\n", "a:b\r\n", "--BB"]
    {
        form("multipart/form-data; boundary=B", &("--B\r\n".to_string() + &piece.repeat(100_000)));
    }
}
