//! Properties of every transformer and chain; `tests/vectors/transformers.rs` compares outputs with recorded answers.

use super::*;
use crate::support::Expired;
use crate::support::test_random::Random;

const ALL: [Transformer; 22] = [
    Transformer::Lowercase,
    Transformer::RemoveNulls,
    Transformer::CompressWhitespace,
    Transformer::NormalizePath,
    Transformer::NormalizePathWin,
    Transformer::UrlDecode,
    Transformer::UrlDecodeIis,
    Transformer::CssDecode,
    Transformer::JsDecode,
    Transformer::HtmlEntityDecode,
    Transformer::Base64Decode,
    Transformer::Base64UrlDecode,
    Transformer::Base64Encode,
    Transformer::ShellUnescape,
    Transformer::UrlBasename,
    Transformer::UrlPath,
    Transformer::UrlQuerystring,
    Transformer::RemoveComments,
    Transformer::UnicodeNormalize,
    Transformer::DisguiseDecode,
    Transformer::CredentialsDecode,
    Transformer::WrappingDecode,
];

/// Texts made of what matters to transformers.
impl Random {
    /// A text made of pieces that some transformer acts on.
    fn text(&mut self) -> Vec<u8> {
        const PIECES: [&[u8]; 56] = [
            b"a",
            b"b",
            b"f",
            b"u",
            b"x",
            b"n",
            b"0",
            b"1",
            b"2",
            b"5",
            b"4",
            b"A",
            b"Z",
            b"U",
            b" ",
            b"\t",
            b"\n",
            b"\r",
            b"\0",
            b"%",
            b"+",
            b"\\",
            b"\"",
            b"'",
            b"^",
            b",",
            b";",
            b"&",
            b"#",
            b"?",
            b"/",
            b".",
            b"..",
            b"-",
            b"_",
            b"=",
            b"<!--",
            b"-->",
            b"/*",
            b"*/",
            b"(",
            b"&#",
            b"&lt;",
            b"%25",
            b"%u00",
            b"\\u",
            b"d83d",
            b"dc00",
            b"\xC3\xA9",
            b"\xED\xA0\x80",
            b"\xFF",
            b"\xC1",
            b"\x80",
            "한".as_bytes(),
            "œ".as_bytes(),
            "\u{E0041}".as_bytes(),
        ];
        // Few different pieces per text, so that long escapes and runs occur.
        let palette: Vec<usize> = (0..1 + self.below(8)).map(|_| self.below(PIECES.len())).collect();
        let length = self.below(14);
        (0..length).flat_map(|_| PIECES[palette[self.below(palette.len())]]).copied().collect()
    }
}

#[test]
fn every_name_is_known_and_no_other() {
    let names = [
        "lowercase",
        "remove_nulls",
        "removeNulls",
        "compress_whitespace",
        "compressWhiteSpace",
        "normalize_path",
        "normalizePath",
        "normalize_path_win",
        "normalizePathWin",
        "url_decode",
        "urlDecode",
        "url_decode_iis",
        "urlDecodeUni",
        "css_decode",
        "cssDecode",
        "js_decode",
        "jsDecode",
        "html_entity_decode",
        "htmlEntityDecode",
        "base64_decode",
        "base64Decode",
        "base64url_decode",
        "base64_encode",
        "base64Encode",
        "shell_unescape",
        "cmdLine",
        "url_basename",
        "_sqr_basename",
        "url_path",
        "_sqr_filename",
        "url_querystring",
        "_sqr_querystring",
        "remove_comments",
        "removeComments",
        "unicode_normalize",
        "disguise_decode",
        "credentials_decode",
        "wrapping_decode",
    ];
    let known: std::collections::HashSet<_> =
        names.map(|name| Transformer::from_name(name.as_bytes()).expect(name)).into_iter().collect();
    assert_eq!(known.len(), ALL.len());
    for name in
        ["", "trim", "lowerCase", "unicodeNormalize", "base64UrlDecode", "keys_only", "values_only", "lowercase "]
    {
        assert_eq!(Transformer::from_name(name.as_bytes()), None, "{name}");
    }
}

#[test]
fn the_quick_scan_has_no_false_negatives() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut scratch = Scratch::default();
    let (mut spared, mut run) = (0, 0);
    for _ in 0..20_000 {
        let text = random.text();
        let classes = ByteClasses::of(&text);
        assert_eq!(classes.is_ascii(), text.is_ascii());
        for transformer in ALL {
            let chain = Chain::new([transformer]);
            let may_change = chain.may_change(classes);
            *if may_change { &mut run } else { &mut spared } += 1;
            let result = chain.apply(&text, &mut scratch, &mut Deadline::unlimited()).unwrap();
            assert!(may_change || result.is_none(), "{transformer:?} {:?}", text.escape_ascii().to_string());
        }
        let transformers: Vec<_> = (0..random.below(5)).map(|_| ALL[random.below(ALL.len())]).collect();
        let chain = Chain::new(transformers);
        let result = chain.apply(&text, &mut scratch, &mut Deadline::unlimited()).unwrap();
        assert!(chain.may_change(classes) || result.is_none(), "{chain:?} {:?}", text.escape_ascii().to_string());
        let same_but_for_case = result.is_none_or(|result| result.eq_ignore_ascii_case(&text));
        let rewrites = chain.rewrites().met_by(classes);
        assert!(rewrites || same_but_for_case, "{chain:?} {:?}", text.escape_ascii().to_string());
    }
    assert!(spared > run, "the quick scan rules out too few: {spared} of {}", spared + run);
}

#[test]
fn a_chain_sees_the_output_of_the_step_before() {
    use Transformer::*;
    type Case = (&'static [Transformer], &'static [u8], Option<&'static [u8]>);
    let cases: [Case; 12] = [
        (&[], b"A", None),
        (&[Lowercase], b"a", None),
        (&[UrlDecodeIis, RemoveComments, Lowercase], b"1%2520UNION/*x*/%0aSELECT", Some(b"1 union\nselect")),
        (&[UrlPath, Lowercase, Base64Encode], b"?a", Some(b"")),
        // Reported changes that change nothing.
        (&[JsDecode], b"a\\", Some(b"a\\")),
        (&[UrlQuerystring], b"", None),
        // An unreported change is visible only if another one is reported.
        (&[HtmlEntityDecode], b"&#0A", None),
        (&[HtmlEntityDecode, Lowercase], b"&#0A", Some("\u{FFFD}a".as_bytes())),
        (&[HtmlEntityDecode, Lowercase], b"&#0a", None),
        (&[Lowercase, HtmlEntityDecode], b"&#0A", Some("\u{FFFD}a".as_bytes())),
        (&[HtmlEntityDecode, HtmlEntityDecode], b"&#0a", None),
        (&[HtmlEntityDecode, Base64Encode], b"&#0", Some(b"77+9")),
    ];
    let mut scratch = Scratch::default();
    for (transformers, input, expected) in cases {
        let chain = Chain::new(transformers);
        assert_eq!(chain.is_empty(), transformers.is_empty());
        assert_eq!(chain.apply(input, &mut scratch, &mut Deadline::unlimited()), Ok(expected), "{transformers:?}");
    }
}

#[test]
fn one_pass_decodes_as_much_as_repeated_passes() {
    fn pass(text: &[u8]) -> Vec<u8> {
        let mut output = Vec::new();
        let mut rest = text;
        while let Some((&byte, tail)) = rest.split_first() {
            let unicode = tail.strip_prefix(b"u").or(tail.strip_prefix(b"U")).and_then(|digits| hex::number(digits, 4));
            match (byte, hex::number(tail, 2), unicode) {
                (b'+', ..) => (rest, _) = (tail, output.push(b' ')),
                (b'%', Some(value), _) => (rest, _) = (&tail[2..], output.push(value as u8)),
                (b'%', _, Some(value @ 0..0x80)) => (rest, _) = (&tail[5..], output.push(value as u8)),
                (b'%', _, Some(value)) => (rest, _) = (&tail[5..], utf8::push_checked(&mut output, value, 6)),
                _ => (rest, _) = (tail, output.push(byte)),
            }
        }
        output
    }
    let chain = Chain::new([Transformer::UrlDecodeIis]);
    let mut random = Random(42);
    let mut scratch = Scratch::default();
    for _ in 0..50_000 {
        let alphabet = b"%%%%2255+0uU00dca7";
        let length = random.below(24);
        let text: Vec<u8> = (0..length).map(|_| alphabet[random.below(alphabet.len())]).collect();
        let mut expected = text.clone();
        while pass(&expected) != expected {
            expected = pass(&expected);
        }
        let decoded = chain.apply(&text, &mut scratch, &mut Deadline::unlimited()).unwrap().unwrap_or(&text);
        assert_eq!(decoded.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{}", text.escape_ascii());
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    // Quadratic work on any of these would take minutes.
    let repeated = |piece: &str| piece.repeat(100_000 / piece.len());
    let mut texts: Vec<String> =
        ["%25", "25", "%", "../", "/..", "/a", "/.", "<!--", "/*", "&#", "&#1", "\\u", "\\0", "  "]
            .iter()
            .map(|piece| repeated(piece))
            .collect();
    texts.push(format!("%{}", repeated("25")));
    texts.push(format!("{}{}", repeated("%"), repeated("25")));
    texts.push(format!("{}{}", repeated("/a"), repeated("/..")));
    let mut scratch = Scratch::default();
    for text in &texts {
        for transformer in ALL {
            _ = Chain::new([transformer]).apply(text.as_bytes(), &mut scratch, &mut Deadline::unlimited());
        }
    }
}

#[test]
fn work_on_long_texts_ends_with_the_deadline() {
    use Transformer::*;
    let cases = [
        (Lowercase, "aB"),
        (RemoveNulls, "\0a"),
        (CompressWhitespace, "  "),
        (NormalizePath, "/./a"),
        (NormalizePath, "/a.b"),
        (NormalizePathWin, "\\..\\a"),
        (UrlDecode, "%41"),
        (UrlDecodeIis, "%2541"),
        (CssDecode, "\\41 "),
        (JsDecode, "\\x41"),
        (HtmlEntityDecode, "&#65;"),
        (HtmlEntityDecode, "&#1111"),
        (Base64Decode, "QUJD"),
        (Base64UrlDecode, "QUJD"),
        (Base64Encode, "a"),
        (ShellUnescape, "a'"),
        (ShellUnescape, "a b"),
        (RemoveComments, "/**/a"),
        (RemoveComments, "<a"),
        (UnicodeNormalize, "é"),
        (UnicodeNormalize, "\u{4E00}"),
    ];
    for (transformer, piece) in cases {
        let chain = Chain::new([transformer]);
        let text = format!("{}{}", piece, piece.repeat(100_000 / piece.len()));
        let mut deadline = Deadline::after(1000);
        assert_eq!(
            chain.apply(text.as_bytes(), &mut Scratch::default(), &mut deadline),
            Err(Expired),
            "{transformer:?}"
        );
        assert!(deadline.was_expired(), "{transformer:?} {piece:?}");
    }
}
