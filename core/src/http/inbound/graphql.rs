//! GraphQL documents: the arguments of all fields, as `graphql.server.all_resolvers`.
//!
//! An argument inside a document is a text within a text, and rules that look at whole values, such as those on SQL,
//! would not see it. So the document is read as far as needed: which fields and directives have which arguments, with
//! the variables put in. What does not follow the grammar of the specification (October 2021) gives nothing here; the
//! document is judged as a text anyway.

use super::fields::Fields;
use super::tree::Tree;
use crate::value::{Object, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// The fields with their arguments: `{field: [{argument: value}]}`. None if this is no GraphQL, or has no arguments.
pub fn resolvers<'a>(document: &'a [u8], variables: Option<&'a Object>) -> Option<Value> {
    let mut given = HashMap::new();
    for pair in variables.and_then(Object::as_map).into_iter().flatten().rev() {
        given.insert(pair.key_bytes().unwrap_or_default(), pair.value());
    }
    let mut parser = Parser {
        rest: document,
        given,
        defaults: HashMap::new(),
        used: HashMap::new(),
        fields: Fields::default(),
        depth: 0,
    };
    parser.document()?;
    (!parser.fields.is_empty()).then(|| parser.fields.into_value_of_lists())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    /// A punctuator; `...` is a dot.
    Mark(u8),
    Name(&'a [u8]),
    Number(&'a [u8]),
    /// The text between quotes, with its escapes.
    Text(&'a [u8]),
    /// The text between triple quotes.
    Block(&'a [u8]),
}

struct Parser<'a> {
    rest: &'a [u8],
    /// The variables by name, as a search for each would cost the product of their number and that of their uses.
    given: HashMap<&'a [u8], &'a Object>,
    defaults: HashMap<&'a [u8], Value>,
    /// The variables that were put in; each is put in once, as a document may name one a hundred thousand times.
    used: HashMap<&'a [u8], ()>,
    fields: Fields<'a>,
    /// How many selection sets are open.
    depth: usize,
}

impl<'a> Parser<'a> {
    /// The definitions one after the other, with all selections at any depth.
    fn document(&mut self) -> Option<()> {
        let mut definitions = 0;
        while let Some(token) = self.next()? {
            match token {
                Token::Mark(b'{') => {
                    definitions += usize::from(self.depth == 0);
                    self.depth += 1;
                }
                Token::Mark(b'}') => self.depth = self.depth.checked_sub(1)?,
                Token::Mark(b'.') if self.depth > 0 => self.spread()?,
                Token::Name(name) if self.depth > 0 => self.field(name)?,
                Token::Name(b"query" | b"mutation" | b"subscription" | b"fragment") => self.definition()?,
                _ => return None,
            }
        }
        (self.depth == 0 && definitions > 0).then_some(())
    }

    /// The head of an operation or a fragment, up to its selection set.
    fn definition(&mut self) -> Option<()> {
        while !self.peeks(b'{') {
            match self.next()?? {
                Token::Name(_) => {}
                Token::Mark(b'(') => self.variable_definitions()?,
                Token::Mark(b'@') => _ = self.directive()?,
                _ => return None,
            }
        }
        Some(())
    }

    /// The variables of an operation, and their default values.
    fn variable_definitions(&mut self) -> Option<()> {
        let mut variable: Option<&[u8]> = None;
        loop {
            match self.next()?? {
                Token::Mark(b')') => return Some(()),
                Token::Mark(b'$') => variable = Some(self.name()?),
                Token::Mark(b'=') => {
                    let value = self.value()?;
                    self.defaults.insert(variable?, value);
                }
                Token::Mark(b'@') => _ = self.directive()?,
                Token::Mark(b':' | b'!' | b'[' | b']') | Token::Name(_) => {}
                _ => return None,
            }
        }
    }

    /// A field with its arguments and directives; its selection set is read by the caller.
    fn field(&mut self, name: &'a [u8]) -> Option<()> {
        let name = match self.takes(b':') {
            true => self.name()?,
            false => name,
        };
        let mut arguments = match self.takes(b'(') {
            true => self.arguments()?,
            false => Value::map(),
        };
        while self.takes(b'@') {
            let (directive, values) = self.directive()?;
            if !values.is_empty() {
                arguments.insert(directive, values);
            }
        }
        if !arguments.is_empty() {
            self.fields.add(name, arguments);
        }
        Some(())
    }

    /// A fragment, by name or inline.
    fn spread(&mut self) -> Option<()> {
        if let Some(Token::Name(name)) = self.peek() {
            self.next()?;
            if name == b"on" {
                self.name()?;
            }
        }
        while self.takes(b'@') {
            let (directive, values) = self.directive()?;
            if !values.is_empty() {
                self.fields.add(directive, values);
            }
        }
        Some(())
    }

    fn directive(&mut self) -> Option<(&'a [u8], Value)> {
        let name = self.name()?;
        let arguments = if self.takes(b'(') { self.arguments()? } else { Value::map() };
        Some((name, arguments))
    }

    /// Arguments up to the closing parenthesis.
    fn arguments(&mut self) -> Option<Value> {
        let mut arguments = Value::map();
        while !self.takes(b')') {
            let name = self.name()?;
            self.takes(b':').then_some(())?;
            arguments.insert(name, self.value()?);
        }
        Some(arguments)
    }

    /// A value of any depth.
    fn value(&mut self) -> Option<Value> {
        let mut tree = Tree::default();
        let mut open: Vec<u8> = Vec::new();
        loop {
            if let Some(&close) = open.last()
                && self.takes(close)
            {
                open.pop();
                tree.close();
            } else {
                let key = match open.last() {
                    Some(b'}') => {
                        let key = self.name()?;
                        self.takes(b':').then_some(key)
                    }
                    _ => None,
                };
                if key.is_none() && open.last() == Some(&b'}') {
                    return None;
                }
                match self.next()?? {
                    Token::Mark(b'{') => {
                        tree.open_map(key.map(<[u8]>::to_vec));
                        open.push(b'}');
                    }
                    Token::Mark(b'[') => {
                        tree.open_array(key.map(<[u8]>::to_vec));
                        open.push(b']');
                    }
                    Token::Mark(b'$') => {
                        let value = self.variable()?;
                        tree.add(key, value);
                    }
                    Token::Name(b"true") => tree.add(key, true),
                    Token::Name(b"false") => tree.add(key, false),
                    Token::Name(b"null") => tree.add(key, Value::null()),
                    Token::Name(name) => tree.add(key, name),
                    Token::Number(number) => tree.add(key, super::json::read(number).value),
                    Token::Text(text) => tree.add(key, &*unescape(text)),
                    Token::Block(text) => tree.add(key, text),
                    Token::Mark(_) => return None,
                }
            }
            if open.is_empty() {
                return Some(tree.finish());
            }
        }
    }

    /// The value of a variable, the first time it is used; later its name.
    fn variable(&mut self) -> Option<Value> {
        let name = self.name()?;
        if self.used.insert(name, ()).is_some() {
            return Some([b"$", name].concat().as_slice().into());
        }
        let given = self.given.get(name).map(|value| value.to_value());
        Some(given.or_else(|| self.defaults.remove(name)).unwrap_or_else(Value::null))
    }

    fn name(&mut self) -> Option<&'a [u8]> {
        match self.next()?? {
            Token::Name(name) => Some(name),
            _ => None,
        }
    }

    fn takes(&mut self, mark: u8) -> bool {
        let there = self.peeks(mark);
        if there {
            self.next();
        }
        there
    }

    fn peeks(&mut self, mark: u8) -> bool {
        self.peek() == Some(Token::Mark(mark))
    }

    fn peek(&mut self) -> Option<Token<'a>> {
        self.skip();
        token(self.rest)?.map(|(token, _)| token)
    }

    /// The next token; `Some(None)` at the end, `None` for what is no token.
    fn next(&mut self) -> Option<Option<Token<'a>>> {
        self.skip();
        let Some((token, length)) = token(self.rest)? else { return Some(None) };
        self.rest = &self.rest[length..];
        Some(Some(token))
    }

    /// Passes over white space, commas and comments.
    fn skip(&mut self) {
        loop {
            let ignored = self.rest.iter().take_while(|byte| b" \t\r\n,".contains(byte)).count();
            self.rest = &self.rest[ignored..];
            if self.rest.first() != Some(&b'#') {
                break;
            }
            let line = memchr::memchr2(b'\n', b'\r', self.rest).unwrap_or(self.rest.len());
            self.rest = &self.rest[line..];
        }
        self.rest = self.rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.rest);
    }
}

/// The token at the beginning of a text, and its length.
fn token(text: &[u8]) -> Option<Option<(Token<'_>, usize)>> {
    let Some(&first) = text.first() else { return Some(None) };
    let run = |accepts: fn(&u8) -> bool| text.iter().take_while(|byte| accepts(byte)).count();
    Some(Some(match first {
        b'.' => text.starts_with(b"...").then_some((Token::Mark(b'.'), 3))?,
        b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|' | b'}' => {
            (Token::Mark(first), 1)
        }
        b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
            let length = run(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            (Token::Name(&text[..length]), length)
        }
        b'-' | b'0'..=b'9' => {
            let length = run(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
            (Token::Number(&text[..length]), length)
        }
        b'"' if text.starts_with(b"\"\"\"") => {
            let length = memchr::memmem::find_iter(&text[3..], b"\"\"\"").find(|at| text[at + 2] != b'\\')?;
            (Token::Block(&text[3..3 + length]), length + 6)
        }
        b'"' => {
            let length = closing_quote(&text[1..])?;
            (Token::Text(&text[1..=length]), length + 2)
        }
        _ => return None,
    }))
}

/// Where the string that starts here ends.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', &text[at..])?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
        (at <= text.len()).then_some(())?;
    }
}

/// Undoes the escapes of a string, which are those of JSON.
fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let value = super::json::read(&[b"\"", text, b"\""].concat()).value;
    Cow::Owned(value.as_bytes().unwrap_or(text).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    fn read(document: &str, variables: &str) -> String {
        let variables = json::parse(variables.as_bytes()).expect("JSON");
        resolvers(document.as_bytes(), Some(&variables)).map_or("none".into(), |found| json::to_string(&found))
    }

    #[test]
    fn very_many_variables_are_each_found_at_once() {
        let numbers = || 0..60_000;
        let uses: String = numbers().map(|n| format!("a:$v{n} ")).collect();
        let given: Vec<_> = numbers().rev().map(|n| format!("\"v{n}\":{n}")).collect();
        let found = read(&format!("{{f({uses})}}"), &format!("{{{},\"v7\":\"later\"}}", given.join(",")));
        assert!(found.contains(r#""a":59999"#) && found.contains(r#""a":7,"#) && !found.contains("later"));
    }

    #[test]
    fn arguments_of_fields() {
        for (document, variables, expected) in [
            ("{ user(name: \"bob\") { id } }", "{}", r#"{"user":[{"name":"bob"}]}"#),
            (
                "query Q($n: String!) { a: user(name: $n) { id } }",
                r#"{"n":"x' or 1"}"#,
                r#"{"user":[{"name":"x' or 1"}]}"#,
            ),
            ("query ($n: [String!]! = [\"d\"]) { user(n: $n, m: $n) }", "{}", r#"{"user":[{"n":["d"],"m":"$n"}]}"#),
            ("{ a(x: 1) a(x: {b: [E, null, true, 1.5]}) }", "{}", r#"{"a":[{"x":1},{"x":{"b":["E",null,true,1.5]}}]}"#),
            ("mutation { a(t: \"\"\"b\"c\"\"\") }", "{}", r#"{"a":[{"t":"b\"c"}]}"#),
            (
                "{ a @include(if: \"\\u003c\") ...F ... on T @x(y: 1) { b } } fragment F on T { c(d: 2) }",
                "{}",
                r#"{"a":[{"include":{"if":"<"}}],"x":[{"y":1}],"c":[{"d":2}]}"#,
            ),
            ("# comment\n{,a(b:1,)}", "{}", r#"{"a":[{"b":1}]}"#),
            ("{ a }", "{}", "none"),
            ("{ a(b: \"c) }", "{}", "none"),
            ("select * from t", "{}", "none"),
            ("{ a(b: 1) ", "{}", "none"),
            ("", "{}", "none"),
        ] {
            assert_eq!(read(document, variables), expected, "{document}");
        }
    }

    #[test]
    fn depth_and_repetition_are_bounded() {
        for piece in ["{a(b:1)", "[", "{a:", "{ a(b:[", "{a(b:$c)d:", "...", "@a(", "\"", "#"] {
            read(&piece.repeat(100_000), "{}");
            read(&format!("{{ a(b: {}", piece.repeat(100_000)), "{}");
        }
        let many = format!("{{ {} }}", "a(b: $v) ".repeat(10_000));
        assert!(read(&many, &format!(r#"{{"v":"{}"}}"#, "x".repeat(10_000))).len() < 300_000);
    }
}
