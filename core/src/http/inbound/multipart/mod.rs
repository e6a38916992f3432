//! Multipart bodies (`multipart/form-data`, RFC 7578): fields and files.
//!
//! Crates for this read streams, refuse what they do not expect, and decide for one reading where frameworks differ. Here
//! every byte of the body is in a part, or in what is left over, and where a header can be read in several ways, each
//! reading counts: all boundaries of the content type, all names of a part, all file names.

mod boundary;
mod names;
#[cfg(test)]
mod tests;
mod transfer;

use super::fields::Fields;
use super::media::Media;
use super::{charset, json};
use crate::value::Value;
use boundary::{Boundary, Next};
use names::{Names, is_name};
use transfer::ENCODINGS;

/// The most boundaries of one content type that are tried.
const MOST_BOUNDARIES: usize = 4;
/// The most lines of a part's headers.
const MOST_HEADERS: usize = 64;
/// The most parts that are read separately.
const MOST_PARTS: usize = 10_000;
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
                    waiting.push((part.content, inner, part.names.of_fields.first().cloned(), depth + 1))
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
    names: Names,
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
        let mut read =
            Part { names: Names::default(), media: Media::default(), encoding: Vec::new(), content, inner: None };
        for (name, value) in headers {
            let is_usual = match &name[..] {
                b"content-disposition" => {
                    let disposition = Media::read(&value);
                    let all_named = read.names.read(&disposition);
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
        if read.names.is_file {
            read.names.of_files.extend(read.media.all("name").map(<[u8]>::to_vec));
        }
        if read.names.of_fields.is_empty() {
            if outer.is_none() {
                self.fails("a part has no name");
            }
            read.names.of_fields.push(outer.unwrap_or_default().to_vec());
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
        let Part { names, media, encoding, content, .. } = part;
        let Names { of_fields: names, of_files: filenames, is_file } = names;
        let decoded = transfer::decode(&encoding, content);
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
