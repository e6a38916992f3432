//! Multipart bodies (`multipart/form-data`, RFC 7578): fields and files.
//!
//! Crates for this read streams, refuse what they do not expect, and decide for one reading where frameworks differ. Here
//! every byte of the body is in a part, or in what is left over, and where a header can be read in several ways, each
//! reading counts: all boundaries of the content type, all names of a part, all file names.

use super::charset;
use super::fields::Fields;
use super::json;
use super::media::Media;
use super::percent;
use crate::value::Value;
use base64::Engine;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use std::collections::BTreeMap;

/// The most boundaries of one content type that are tried.
const MOST_BOUNDARIES: usize = 4;
/// The most lines of a part's headers.
const MOST_HEADERS: usize = 64;
/// The most parts that are read separately.
const MOST_PARTS: usize = 10_000;
/// The most names and the most file names of a part. The content is judged under each of them, so an unbounded number
/// would multiply the memory of a body.
const MOST_NAMES: usize = 4;
/// The content transfer encodings.
const ENCODINGS: [&[u8]; 5] = [b"7bit", b"8bit", b"binary", b"base64", b"quoted-printable"];
/// How many multipart bodies may be nested.
const DEEPEST: usize = 4;

/// What a body holds.
#[derive(Default)]
pub struct Form {
    /// Fields without a file name.
    pub fields: Fields<'static>,
    /// The names of files, as the sender knows them.
    pub filenames: Vec<Value>,
    /// The names of the fields that are files.
    pub file_fields: Vec<Value>,
    /// The contents of files.
    pub contents: Vec<Value>,
    /// Text in no part: before the first, after the last, and headers that parts do not have.
    pub left: Vec<u8>,
    /// What was unexpected.
    pub fault: Option<&'static str>,
}

/// Reads a body by its content type.
pub fn read(body: &[u8], media: &Media) -> Form {
    let mut form = Form::default();
    let mut waiting = vec![(body, media.all("boundary").map(<[u8]>::to_vec).collect::<Vec<_>>(), None, 0)];
    let mut parts = 0;
    while let Some((body, boundaries, field, depth)) = waiting.pop() {
        let Some(boundary) = form.choose(body, boundaries).map(|boundary| Boundary::new(&boundary)) else {
            form.fails("it has no boundary");
            form.left.extend_from_slice(body);
            continue;
        };
        let mut rest = form.preamble(body, &boundary);
        while let Some(at) = rest {
            let (part, next) = boundary.split(at);
            if next.is_none() {
                form.fails("it has no end");
            }
            parts += 1;
            if parts > MOST_PARTS {
                form.fails("it has too many parts");
                form.left.extend_from_slice(at);
                break;
            }
            let part = form.part(part, field.as_deref());
            match part.inner {
                Some(inner) if depth < DEEPEST => {
                    waiting.push((part.content, inner, part.names.first().cloned(), depth + 1))
                }
                _ => form.add(part),
            }
            rest = match next {
                Some(Next { last: true, after }) => {
                    form.left_over(after);
                    None
                }
                Some(Next { after, .. }) => Some(after),
                None => None,
            };
        }
    }
    form
}

/// Names in lower case, and values.
type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// A part whose headers have been read.
struct Part<'a> {
    names: Vec<Vec<u8>>,
    filenames: Vec<Vec<u8>>,
    /// Whether a file name was given, though it may be empty.
    is_file: bool,
    media: Media,
    encoding: Vec<u8>,
    content: &'a [u8],
    /// The boundaries of a part that is multipart itself.
    inner: Option<Vec<Vec<u8>>>,
}

impl Form {
    fn fails(&mut self, fault: &'static str) {
        self.fault.get_or_insert(fault);
    }

    fn left_over(&mut self, text: &[u8]) {
        if !text.trim_ascii().is_empty() {
            self.fails("text in no part");
            self.left.extend_from_slice(text);
        }
    }

    /// The boundary that the body uses: of those named, the first that occurs; else what its first line looks like.
    fn choose(&mut self, body: &[u8], mut boundaries: Vec<Vec<u8>>) -> Option<Vec<u8>> {
        boundaries.dedup();
        boundaries.truncate(MOST_BOUNDARIES);
        let several = boundaries.iter().any(|boundary| *boundary != boundaries[0]);
        if several {
            self.fails("several boundaries");
        }
        let occurs = |boundary: &Vec<u8>| !boundary.is_empty() && Boundary::new(boundary).split(body).1.is_some();
        if let Some(boundary) = boundaries.into_iter().find(occurs) {
            if several {
                // Another reader splits at another boundary, and sees what is a part here as text.
                self.left.extend_from_slice(body);
            }
            return Some(boundary);
        }
        let line = body.trim_ascii_start().split(|byte| b"\r\n".contains(byte)).next()?;
        let boundary = line.strip_prefix(b"--")?.trim_ascii();
        (!boundary.is_empty()).then(|| {
            self.fails("its boundary is another one");
            self.left.extend_from_slice(line);
            boundary.to_vec()
        })
    }

    /// Passes over what comes before the first part.
    fn preamble<'a>(&mut self, body: &'a [u8], boundary: &Boundary) -> Option<&'a [u8]> {
        let (before, next) = boundary.split(body);
        self.left_over(before);
        match next? {
            Next { last: true, after } => {
                self.left_over(after);
                None
            }
            Next { after, .. } => Some(after),
        }
    }

    /// Reads the headers of a part; `outer` is the name of the field around it.
    fn part<'a>(&mut self, part: &'a [u8], outer: Option<&[u8]>) -> Part<'a> {
        let (headers, content) = self.headers(part);
        let mut read = Part {
            names: Vec::new(),
            filenames: Vec::new(),
            is_file: false,
            media: Media::default(),
            encoding: Vec::new(),
            content,
            inner: None,
        };
        for (name, value) in headers {
            let is_usual = match &name[..] {
                b"content-disposition" => {
                    let disposition = Media::read(&value);
                    let all_named = read.disposition(&disposition);
                    if !all_named {
                        self.fails("a part has too many names");
                    }
                    all_named
                        && ["form-data", "file", "attachment"].contains(&&*disposition.kind)
                        && disposition.parameters().all(|(name, _)| is_name(name))
                }
                b"content-type" => {
                    let media = Media::read(&value);
                    let is_usual = media.is_usual();
                    read.media.merge(media);
                    is_usual
                }
                b"content-transfer-encoding" => {
                    read.encoding = value.to_ascii_lowercase();
                    ENCODINGS.contains(&&read.encoding[..])
                }
                b"content-length" => value.iter().all(u8::is_ascii_digit),
                _ => false,
            };
            if !is_usual {
                self.left.extend_from_slice(&[&name[..], b": ", &value, b"\r\n"].concat());
            }
        }
        // Some readers take the file name from here.
        read.filenames.extend(read.media.all("name").map(<[u8]>::to_vec).filter(|_| read.is_file));
        if read.names.is_empty() {
            if outer.is_none() {
                self.fails("a part has no name");
            }
            read.names.push(outer.unwrap_or_default().to_vec());
        }
        if read.media.kind.starts_with("multipart/") {
            read.inner = Some(read.media.all("boundary").map(<[u8]>::to_vec).collect());
        }
        read
    }

    /// The headers of a part, with names in lower case and folded lines joined, and its content.
    fn headers<'a>(&mut self, part: &'a [u8]) -> (Headers, &'a [u8]) {
        let mut headers = Headers::new();
        let mut rest = part;
        for _ in 0..MOST_HEADERS {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let (line, after) = rest.split_at(end);
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if text.is_empty() {
                return (headers, after);
            }
            match (text[0], memchr::memchr(b':', text)) {
                (b' ' | b'\t', _) if !headers.is_empty() => {
                    if let Some((_, value)) = headers.last_mut() {
                        value.push(b' ');
                        value.extend_from_slice(text.trim_ascii());
                    }
                }
                (_, Some(at)) => {
                    headers.push((text[..at].trim_ascii().to_ascii_lowercase(), text[at + 1..].trim_ascii().to_vec()));
                }
                // Without a header there is no empty line either: everything is content.
                _ => {
                    self.fails("a line that is no header");
                    if headers.is_empty() {
                        return (headers, part);
                    }
                    self.left.extend_from_slice(line);
                }
            }
            rest = after;
        }
        self.fails("too many headers");
        (headers, rest)
    }

    /// Adds a part to the fields or to the files.
    fn add(&mut self, part: Part<'_>) {
        let Part { names, filenames, is_file, media, encoding, content, .. } = part;
        let decoded = transfer(&encoding, content);
        if is_file {
            self.file_fields.extend(names.iter().map(|name| Value::from(&name[..])));
            self.filenames.extend(filenames.iter().filter(|name| !name.is_empty()).map(|name| Value::from(&name[..])));
            self.contents.push(content.into());
            self.contents.extend(decoded.as_deref().map(Value::from));
            // Without a name it is a field to some readers.
            if filenames.iter().any(|name| !name.is_empty()) {
                return;
            }
        }
        let text = charset::decode(content, media.first("charset"));
        if let Some(fault) = text.fault {
            self.fails(fault);
        }
        for name in names {
            self.fields.add(name.clone(), &*text.text);
            if let Some(decoded) = &decoded {
                self.fields.add(name.clone(), &decoded[..]);
            }
            if text.fault.is_some() && *text.text != *content {
                self.fields.add(name.clone(), content);
            }
            if media.is_json() {
                self.fields.add(name, json::read(&text.text).value);
            }
        }
    }
}

impl Part<'_> {
    /// Reads names and file names in all the ways of writing them: plain, with a charset (RFC 5987), in pieces (RFC 2231).
    /// Returns whether there was room for all of them.
    fn disposition(&mut self, disposition: &Media) -> bool {
        let mut all_named = true;
        let mut pieces: BTreeMap<(bool, usize), Vec<u8>> = BTreeMap::new();
        for (parameter, value) in disposition.parameters() {
            let (base, number) = parameter.split_once('*').unwrap_or((parameter, ""));
            let is_file = match base {
                "filename" => true,
                "name" => false,
                _ => continue,
            };
            self.is_file |= is_file;
            let is_extended = parameter.ends_with('*');
            let value = if is_extended { extended(value) } else { value.to_vec() };
            match number.trim_end_matches('*').parse() {
                Ok(number) => _ = pieces.insert((is_file, number), value),
                Err(_) => all_named &= self.named(is_file, value),
            }
        }
        for is_file in [false, true] {
            let joined: Vec<u8> =
                pieces.range((is_file, 0)..=(is_file, usize::MAX)).flat_map(|(_, piece)| piece.clone()).collect();
            if !joined.is_empty() {
                all_named &= self.named(is_file, joined);
            }
        }
        all_named
    }

    fn named(&mut self, is_file: bool, name: Vec<u8>) -> bool {
        let names = if is_file { &mut self.filenames } else { &mut self.names };
        let is_known = names.contains(&name);
        if !is_known && names.len() < MOST_NAMES {
            names.push(name);
            return true;
        }
        is_known
    }
}

/// Whether a parameter is a name or a file name, in one of the ways of writing them.
fn is_name(parameter: &str) -> bool {
    let (base, rest) = parameter.split_once('*').unwrap_or((parameter, ""));
    ["name", "filename"].contains(&base) && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*')
}

/// The value of an extended parameter: `charset'language'percent-encoded`.
fn extended(value: &[u8]) -> Vec<u8> {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(label), Some(_), Some(text)) => {
            let bytes = percent::decode(text, false);
            charset::decode(&bytes, Some(label)).text.into_owned()
        }
        _ => percent::decode(value, false).into_owned(),
    }
}

/// Undoes a content transfer encoding, which a few frameworks still do.
fn transfer(encoding: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    match encoding {
        b"base64" => {
            let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
            let mut digits: Vec<u8> = content.iter().copied().filter(is_digit).collect();
            // A digit alone is no byte.
            digits.truncate(digits.len() - usize::from(digits.len() % 4 == 1));
            GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT).decode(digits).ok()
        }
        b"quoted-printable" => Some(quoted_printable(content)),
        _ => None,
    }
}

fn quoted_printable(content: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = memchr::memchr(b'=', rest) {
        text.extend_from_slice(&rest[..at]);
        rest = match &rest[at + 1..] {
            [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => after,
            [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                text.extend_from_slice(&percent::decode(&[b'%', *high, *low], false));
                after
            }
            after => {
                text.push(b'=');
                after
            }
        };
    }
    text.extend_from_slice(rest);
    text
}

/// What follows a boundary.
struct Next<'a> {
    last: bool,
    after: &'a [u8],
}

/// A boundary, prepared for searches.
struct Boundary(memchr::memmem::Finder<'static>);

impl Boundary {
    fn new(boundary: &[u8]) -> Self {
        Self(memchr::memmem::Finder::new(&[b"--", boundary].concat()).into_owned())
    }

    /// The text before the next boundary, which is a line of its own that may end in white space.
    fn split<'a>(&self, text: &'a [u8]) -> (&'a [u8], Option<Next<'a>>) {
        for at in self.0.find_iter(text) {
            if at > 0 && text[at - 1] != b'\n' {
                continue;
            }
            let behind = &text[at + self.0.needle().len()..];
            let (last, behind) = behind.strip_prefix(b"--").map_or((false, behind), |behind| (true, behind));
            let spaces = behind.iter().take_while(|byte| b" \t".contains(byte)).count();
            let after = match &behind[spaces..] {
                [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => after,
                after if last || after.is_empty() => after,
                _ => continue,
            };
            let before = &text[..at];
            let before = before.strip_suffix(b"\n").unwrap_or(before);
            let before = before.strip_suffix(b"\r").unwrap_or(before);
            return (before, Some(Next { last, after }));
        }
        (text, None)
    }
}

#[cfg(test)]
mod tests {
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
        for piece in [
            "--B\r\n",
            "--B\n\n",
            "--B\r\nContent-Type: multipart/x; boundary=B\r\n\r\n",
            "--",
            "\r\n",
            "a:b\r\n",
            "--BB",
        ] {
            form("multipart/form-data; boundary=B", &("--B\r\n".to_string() + &piece.repeat(100_000)));
        }
    }
}
