//! Whether a value would be evaluated by a template engine, or by an expression language of a framework.
//!
//! Engines look for delimiters: `{{ }}`, `{% %}`, `${ }`, `#{ }`, `<% %>` and others. Placeholders between them are part of
//! honest mails, manifests and messages: `{{customer.first_name}}`, `${HOME}`. So what counts is the expression inside.
//!
//! - One that *reaches* out of the template, to classes, files, processes or the objects of the engine, counts in any value
//!   that is not documentation.
//! - One that *computes* without data of the application, such as `7*'7'` or a call on a literal, is a probe. It counts in
//!   *tight* values: short ones that begin with it.
//!
//! Each delimiter begins an expression of bounded length, and the search goes on behind it.

use crate::support::{Deadline, Stride, bits_of};

/// The longest text that is read, in bytes: what is longer is documentation or a program.
const LONGEST: usize = 4096;

/// The longest expression that is read, in bytes.
const EXPRESSION: usize = 512;

/// The longest value in which a computation is a probe, in bytes.
const PROBE: usize = 160;

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 2048;

/// Whether a template engine would evaluate a part of a value that was written for it.
pub fn evaluates_template(text: &[u8], deadline: &mut Deadline) -> bool {
    let text = text.trim_ascii();
    if text.len() > LONGEST {
        return false;
    }
    let in_code = memchr::memchr(b'`', text).is_some() && text.len() > PROBE;
    let mut stride = Stride::new(deadline, UNITS);
    let mut at = 0;
    while let Some(next) = text[at..].iter().position(|&byte| matches!(byte, b'{' | b'%' | b'(' | b'#')) {
        at += next;
        if stride.is_over(at) {
            return false;
        }
        let Some((start, inner, end)) = expression(text, at) else {
            at += 1;
            continue;
        };
        let one_word = |part: &[u8]| !part.trim_ascii().iter().any(u8::is_ascii_whitespace);
        let ends = |rest: &[u8]| one_word(rest) && !rest.first().is_some_and(u8::is_ascii_whitespace);
        let tight = text.len() <= PROBE
            && start <= 24
            && one_word(&text[..start])
            && (ends(&text[end..]) || text.ends_with(b"%}"));
        if !in_code && reaches(inner) || tight && computes(&text[start..], inner) {
            return true;
        }
        at += inner.len().max(1);
    }
    false
}

/// Where the delimiter begins that this byte is part of, what is between it and its end, and where that is.
fn expression(text: &[u8], at: usize) -> Option<(usize, &[u8], usize)> {
    let before = at.checked_sub(1).map(|before| text[before]);
    let (start, open, close): (usize, usize, &[u8]) = match (before, &text[at..]) {
        (Some(b'{'), [b'{', ..]) => (at - 1, at + 1, b"}}"),
        (Some(b'{'), [b'%', ..]) => (at - 1, at + 1, b"%}"),
        (Some(b'<'), [b'%', ..]) => (at - 1, at + 1, b"%>"),
        (Some(b'<'), [b'#', ..]) => (at - 1, at + 1, b">"),
        (Some(b'$' | b'#' | b'*' | b'@' | b'~' | b'%'), [b'{', ..]) => (at - 1, at + 1, b"}"),
        (Some(b'@'), [b'(', ..]) => (at - 1, at + 1, b")"),
        (_, [b'#', b's', b'e', b't', b'(', ..]) => (at, at + 5, b")"),
        (_, [b'#', b'i', b'f', b'(', ..]) => (at, at + 4, b")"),
        _ => return None,
    };
    let rest = &text[open..text.len().min(open + EXPRESSION)];
    // Without an end it is the beginning of an expression, cut off or closed by what follows the value.
    let end = memchr::memmem::find(rest, close).unwrap_or(rest.len());
    // `}` within the expression is part of it where brackets follow: `${new int[]{1}.length}`.
    let end = match close {
        b"}" | b")" => balanced(rest, close[0]).unwrap_or(end),
        _ => end,
    };
    Some((start, rest[..end].trim_ascii(), (open + end + close.len()).min(text.len())))
}

/// Where a bracket ends that was opened before a text.
fn balanced(text: &[u8], close: u8) -> Option<usize> {
    let open = if close == b'}' { b'{' } else { b'(' };
    let (mut depth, mut quote) = (0_usize, None);
    for (at, &byte) in text.iter().enumerate() {
        match quote {
            Some(mark) => quote = (byte != mark).then_some(mark),
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None if byte == open => depth += 1,
            None if byte == close => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Some(at),
            },
            None => {}
        }
    }
    None
}

/// What an expression calls or names that leaves the data of its template, in lower case.
const NAMES: [&[u8]; 63] = [
    b"__class__",
    b"__mro__",
    b"__bases__",
    b"__base__",
    b"__subclasses__",
    b"__globals__",
    b"__builtins__",
    b"__import__",
    b"__init__",
    b"__getattribute__",
    b"__getitem__",
    b"subclasses()",
    b"mro()",
    b".getclass",
    b".class.",
    b"class.forname",
    b"forname(",
    b"getruntime",
    b"runtime.",
    b"processbuilder",
    b"new java",
    b"t(java",
    b"new file(",
    b"new url(",
    b"new net.",
    b".execute(",
    b"freemarker.template",
    b"classloader",
    b"scriptengine",
    b"objectconstructor",
    b"jythonruntime",
    b".totext(",
    b".tourl(",
    b".gettext(",
    b"popen",
    b"system(",
    b"exec(",
    b"eval(",
    b"passthru(",
    b"file_get_contents",
    b"phpinfo",
    b"spawn(",
    b"execsync",
    b"require(",
    b"require ",
    b"child_process",
    b"constructor.constructor",
    b"constructor(",
    b"process.mainmodule",
    b"global.process",
    b"registerundefinedfilter",
    b"_self.env",
    b"getfilter(",
    b"class.inspect",
    b"cycler.__",
    b"lipsum.__",
    b"self._",
    b"request.application",
    b"file.open(",
    b"io.popen",
    b"dir.entries",
    b"get_admin_log",
    b"settings.secret",
];

/// For each first byte, the names that begin with it, as bits of their places.
const BEGINNINGS: [u64; 128] = {
    let mut beginnings = [0; 128];
    let mut place = 0;
    while place < NAMES.len() {
        beginnings[NAMES[place][0] as usize] |= 1 << place;
        place += 1;
    }
    beginnings
};

/// Whether an expression leaves the data of its template.
fn reaches(expression: &[u8]) -> bool {
    (0..expression.len()).any(|at| {
        let rest = &expression[at..];
        let begun = BEGINNINGS.get(usize::from(rest[0].to_ascii_lowercase())).copied().unwrap_or_default();
        bits_of(begun).any(|place| {
            let name = NAMES[place];
            rest.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name))
        })
    })
}

/// Whether an expression is computed from what it says itself.
fn computes(text: &[u8], expression: &[u8]) -> bool {
    let [first, rest @ ..] = expression else { return false };
    let operand = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'\'' | b'"' | b'[' | b'(');
    match text {
        // Tags of ASP, JSP and ERB, and directives of FreeMarker and Velocity, are statements.
        [b'<', b'%', ..] => true,
        [b'<', b'#', ..] => {
            expression.first().is_some_and(u8::is_ascii_alphabetic) && memchr::memchr(b' ', expression).is_some()
        }
        [b'#', b's' | b'i', ..] => *first == b'$',
        [b'{', b'%', ..] => {
            let mut words = expression.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let (statement, subject) = (words.next(), words.next().unwrap_or_default());
            let literal = [&b"true"[..], b"1", b"not"].iter().any(|one| subject.eq_ignore_ascii_case(one));
            matches!(statement, Some(b"if" | b"set" | b"print")) && (literal || subject.iter().any(operand))
        }
        // Fields and dates in the patterns of log shippers.
        [b'%', b'{', ..] => first.is_ascii_digit() || *first == b'(' || *first == b'#',
        [b'$', b'{', ..] if expression.len() == 1 => first.is_ascii_alphabetic(),
        [b'$', b'{', ..] if *first == b'=' => true,
        _ => {
            operand(first)
                && rest.iter().any(|byte| matches!(byte, b'*' | b'+' | b'-' | b'/' | b'%' | b'.' | b'|' | b'~'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluates(text: &str) -> bool {
        evaluates_template(text.as_bytes(), &mut Deadline::unlimited())
    }

    #[test]
    fn finds_expressions_that_reach_out() {
        for text in [
            "{{''.__class__.__mro__[1].__subclasses__()}}",
            "{{ [].class.base.subclasses() }}",
            "Dear ${new java.lang.ProcessBuilder('id').start()}",
            "${\"http://a.example\".toURL().text}",
            "${new File(\"C:\\\\a\").createNewFile();}",
            "<%= File.open('/etc/passwd').read %>",
            "<% require 'open3' %>",
            "{% get_admin_log 10 as log %}",
            "#{IO.popen('id').read}",
            "*{T(java.lang.Runtime).getRuntime()}",
        ] {
            assert!(evaluates(text), "{text}");
        }
    }

    #[test]
    fn finds_probes() {
        for text in [
            "{{7*'7'}}",
            "${7*7}",
            "#{7*7}",
            "{% if True %}x{% endif %}",
            "<%= 7*7 %>",
            "${= _.VERSION}",
            "#set($x=1)",
            "#if($scanner.hasNext())",
            "a@(7+7)",
            "{{'a'.toUpperCase()}}",
        ] {
            assert!(evaluates(text), "{text}");
        }
    }

    #[test]
    fn leaves_placeholders_and_texts() {
        let manifest = "value: ${{ secrets.TOKEN }}\n".repeat(20);
        for text in [
            "Hello {{customer.first_name}}, {% if order.gift %}Gift{% endif %}",
            "{{ name | upper }}",
            "${HOME}/bin:${PATH}",
            "${price.toFixed(2)} EUR",
            "{{ 7 * 6 }} is printed as it is",
            "<%= link_to 'x', y %> fails",
            "logs-%{+yyyy.MM.dd}",
            "%{[host][name]}-x",
            "{{ t('greeting') }}",
            "{% url 'index' %}",
            "f(x) = {a, b} and #1 (first) 100 %",
            "use `{{ x.__class__ }}` in a template, as the documentation says: it walks from an object to its class, and from there to all \
             the other classes of the program, which is why sandboxes forbid it.",
            manifest.as_str(),
        ] {
            assert!(!evaluates(text), "{text}");
        }
    }

    #[test]
    fn reads_whatever_comes() {
        for piece in ["{{", "${", "{%", "<%", "@(", "#if(", "'", "\"", "}", "#set($", "${'", "%{("] {
            for times in [1, 2, 9, 900] {
                evaluates(&piece.repeat(times));
            }
        }
    }
}
