//! Whether a value goes on with somebody else's SQL statement.
//!
//! Text about SQL, and text with quotes and words such as *or*, is everywhere; an injection is text that *works*. So the
//! value is read as what follows each usual way of breaking out: a quote that closes the string it was put into, or
//! nothing, where it was put behind a number. From there on it must be SQL to its end: operators between operands,
//! brackets, clauses, and at the end a comment, or a string that the statement's own quote closes. `6' or 7' tall` fails
//! there, `6' or '7'='7` does not.
//!
//! Grammar alone says that a value *could* be part of a statement, as `5 - 3` could. Evidence says that it was written to
//! be: a condition that is joined and compares, a call of a function of the database, a further query or statement, a
//! comment that hides the rest. Where the value did not have to break out of a string, more of it is asked for.
//!
//! The reader is an automaton with two states, before and after an operand, and a depth: linear, and without recursion.

mod lexer;
mod words;

use crate::support::{Deadline, Stride};
use lexer::{Lexer, Token, is_word};
use std::ops::Range;
use words::{Word, is_telling, word};

/// How far the first quote is looked for, and how long a continuation is read: what comes later has been found before, or
/// waits behind more text than a statement is made of.
const LONGEST: usize = 1 << 20;

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 512;

/// The part of a value that goes on with a statement, from the break-out on.
///
/// Reads the text at most once for each kind of quote, and allocates nothing.
pub fn continues_statement(text: &[u8], deadline: &mut Deadline) -> Option<Range<usize>> {
    let text = &text[..text.len().min(LONGEST)];
    if Stride::new(deadline, UNITS).is_over(text.len()) {
        return None;
    }
    if let Some(found) = behind_number(text) {
        return Some(found);
    }
    [b'\'', b'"', b'`'].into_iter().find_map(|quote| {
        let first = memchr::memchr(quote, text)?;
        // A backslash may have escaped the quote, and a second quote may have; both readings are tried.
        let escaped = first > 0 && text[first - 1] == b'\\' || text.get(first + 1) == Some(&quote);
        let second = escaped.then(|| memchr::memchr(quote, &text[first + 1..]).map(|next| first + 1 + next)).flatten();
        [Some(first), second].into_iter().flatten().find_map(|at| {
            let place = Place { quote: Some(quote), bare: is_one_word(&text[..first]), short: text.len() <= 16 };
            Reader::new(Lexer::new(text, at + 1), place).read(true).then_some(at..text.len())
        })
    })
}

/// The same for a value that stands where no quotes are: it begins with an operand, or goes on at once.
fn behind_number(text: &[u8]) -> Option<Range<usize>> {
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let start = match text[blanks..] {
        // The last part of a path is the value.
        [b'/', ..] => {
            let path = text[blanks..].iter().take_while(|&&byte| is_word(byte) || matches!(byte, b'/' | b'.' | b'-'));
            let path = &text[blanks..blanks + path.count()];
            blanks + memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1)
        }
        [b'-', ..] => blanks + 1,
        _ => blanks,
    };
    let mut lexer = Lexer::new(text, start);
    let (mut bare, mut after_operand) = (true, true);
    match lexer.peek() {
        Token::Word(first) if word(first) == Word::Name && first.len() <= 40 => {
            let mut called = lexer;
            called.next();
            bare = false;
            if called.peek() == Token::Open {
                after_operand = false;
            } else {
                lexer = called;
            }
        }
        Token::Number | Token::Variable | Token::Quoted { open: false, .. } => {
            bare = lexer.next() == Token::Number;
        }
        Token::Open => after_operand = false,
        _ => {}
    }
    let from = lexer.at();
    let place = Place { quote: None, bare, short: text.len() <= 16 };
    let mut reader = Reader::new(lexer, place);
    reader.seen.began = bare && from > start;
    reader.read(after_operand).then_some(from..text.len())
}

fn is_one_word(text: &[u8]) -> bool {
    text.len() <= 40
        && text.iter().all(|&byte| is_word(byte) || matches!(byte, b'.' | b'@' | b'-' | b'%' | b'\\' | b'/'))
}

/// Where the value is thought to stand.
#[derive(Clone, Copy)]
struct Place {
    /// The quote it broke out of.
    quote: Option<u8>,
    /// Whether no more than one word comes before the break-out.
    bare: bool,
    short: bool,
}

/// What was seen on the way.
#[derive(Default, Clone, Copy)]
struct Evidence {
    /// Operators, whatever they are.
    operators: u32,
    connective: bool,
    /// A comparison behind a connective.
    compared: bool,
    comparisons: u32,
    /// Operands behind the connective that are names rather than literals.
    names: u32,
    literals: u32,
    /// A call of a function.
    call: bool,
    /// A call of a function that is telling by itself.
    telling: bool,
    sorted: bool,
    /// Whether there was an operand or a bracket to go on from.
    began: bool,
    clause: bool,
}

struct Reader<'t> {
    lexer: Lexer<'t>,
    place: Place,
    seen: Evidence,
    depth: u32,
}

impl<'t> Reader<'t> {
    fn new(lexer: Lexer<'t>, place: Place) -> Self {
        Self { lexer, place, seen: Evidence::default(), depth: 0 }
    }

    fn read(mut self, mut after_operand: bool) -> bool {
        loop {
            let verdict = if after_operand { self.after_operand() } else { self.operand() };
            match verdict {
                Ok(state) => after_operand = state,
                Err(found) => return found,
            }
        }
    }

    /// Reads what may follow an operand; whether the reader is behind an operand afterwards.
    fn after_operand(&mut self) -> Result<bool, bool> {
        let token = self.lexer.next();
        match token {
            Token::Connective => self.connective(),
            Token::Comparison => {
                self.seen.operators += 1;
                self.seen.compared |= self.seen.connective;
                self.seen.comparisons += 1;
                Ok(false)
            }
            Token::Operator(b'~' | b'!' | b'@') => Err(false),
            Token::Operator(_) => {
                self.seen.operators += 1;
                Ok(false)
            }
            Token::Close => {
                self.seen.began |= self.depth == 0;
                self.depth = self.depth.saturating_sub(1);
                Ok(true)
            }
            Token::Comma => Ok(false),
            Token::Cast => match self.lexer.next() {
                Token::Word(_) => Ok(true),
                _ => Err(false),
            },
            Token::Semicolon => Err(self.next_statement()),
            Token::Comment => Err(self.hidden_rest()),
            Token::End => Err(self.end()),
            Token::Word(name) => self.word_after_operand(name),
            _ => Err(false),
        }
    }

    fn connective(&mut self) -> Result<bool, bool> {
        self.seen.operators += 1;
        if !self.seen.connective && self.place.quote.is_none() {
            // `5 > 3 && 3 < 5` is arithmetic: where nothing was broken out of, the joined condition is the first.
            if self.seen.comparisons > 0 {
                return Err(false);
            }
            (self.seen.names, self.seen.literals) = (0, 0);
        }
        self.seen.connective = true;
        Ok(false)
    }

    fn word_after_operand(&mut self, name: &[u8]) -> Result<bool, bool> {
        match word(name) {
            Word::Connective => self.connective(),
            Word::Comparison if name.eq_ignore_ascii_case(b"in") && self.skips(b"boolean") => {
                // The full-text search of MySQL: `IN BOOLEAN MODE`.
                if self.skips(b"mode") { Ok(true) } else { Err(false) }
            }
            Word::Comparison => {
                self.seen.operators += 1;
                self.seen.compared |= self.seen.connective;
                self.seen.comparisons += 1;
                Ok(false)
            }
            Word::Binary => {
                self.seen.operators += 1;
                Ok(false)
            }
            Word::Prefix if name.eq_ignore_ascii_case(b"not") => match self.lexer.peek() {
                Token::Word(next) if word(next) == Word::Comparison => Ok(true),
                _ => Err(false),
            },
            Word::Prefix if self.depth > 0 || self.seen.operators > 0 => Ok(false),
            Word::Union => Err(self.union()),
            Word::Sort => match self.lexer.next() {
                Token::Word(by) if by.eq_ignore_ascii_case(b"by") => {
                    self.seen.sorted = true;
                    Ok(false)
                }
                _ => Err(false),
            },
            Word::Clause => {
                if name.eq_ignore_ascii_case(b"having") || name.eq_ignore_ascii_case(b"where") {
                    self.seen.connective = true;
                }
                if name.eq_ignore_ascii_case(b"into") {
                    return Err(matches!(self.lexer.next(), Token::Word(file)
                        if file.eq_ignore_ascii_case(b"outfile") || file.eq_ignore_ascii_case(b"dumpfile")));
                }
                self.seen.clause = true;
                self.seen.operators += 1;
                if name.eq_ignore_ascii_case(b"procedure") {
                    return Err(
                        matches!(self.lexer.next(), Token::Word(name) if name.eq_ignore_ascii_case(b"analyse")),
                    );
                }
                Ok(false)
            }
            Word::Suffix => match self.lexer.next() {
                Token::Word(_) | Token::Quoted { open: false, .. } => {
                    self.seen.operators += u32::from(name.eq_ignore_ascii_case(b"collate"));
                    Ok(true)
                }
                _ => Err(false),
            },
            Word::Closing => Ok(true),
            // Some dialects need no semicolon between statements.
            Word::Verb if self.place.quote.is_some() || self.seen.began => Err(self.statement(name)),
            Word::Separator if self.depth > 0 => Ok(false),
            // A `+` that was decoded to a blank.
            Word::Name if self.depth > 0 && is_telling(name) && self.lexer.peek() == Token::Open => {
                self.word_as_operand(name)
            }
            _ => Err(false),
        }
    }

    /// Reads a word if it comes next.
    fn skips(&mut self, expected: &[u8]) -> bool {
        let next = matches!(self.lexer.peek(), Token::Word(word) if word.eq_ignore_ascii_case(expected));
        if next {
            self.lexer.next();
        }
        next
    }

    /// Reads an operand, or what comes before one.
    fn operand(&mut self) -> Result<bool, bool> {
        let token = self.lexer.next();
        match token {
            Token::Number | Token::Variable => {
                self.seen.literals += 1;
                Ok(true)
            }
            Token::Quoted { quote, open } => {
                self.seen.literals += 1;
                match (open, self.place.quote) {
                    (false, _) => Ok(true),
                    (true, Some(broken)) if broken == quote => Err(self.end_in_string()),
                    _ => Err(false),
                }
            }
            Token::Open => {
                self.depth += 1;
                match self.lexer.peek() {
                    Token::Word(name) if word(name) == Word::Query => {
                        self.lexer.next();
                        Err(self.query())
                    }
                    _ => Ok(false),
                }
            }
            // The empty list of arguments, and `count(*)`.
            Token::Close if self.depth > 0 => {
                self.depth -= 1;
                Ok(true)
            }
            Token::Operator(b'*') if self.depth > 0 => Ok(true),
            Token::Operator(b'-' | b'+' | b'~' | b'!' | b'@') => Ok(false),
            Token::Word(name) => self.word_as_operand(name),
            // A condition of one comment's length: `1 or -- `.
            Token::Comment | Token::End => {
                let begun = self.seen.connective && self.seen.compared && self.place.bare;
                Err(self.place.quote.is_some() && (self.seen.telling || begun))
            }
            _ => Err(false),
        }
    }

    fn word_as_operand(&mut self, name: &[u8]) -> Result<bool, bool> {
        let called = self.lexer.rest().iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'(')
            || (self.lexer.peek() == Token::Open);
        match word(name) {
            Word::Prefix => Ok(false),
            Word::Value if !called => {
                self.seen.literals += 1;
                Ok(true)
            }
            // `IS NOT NULL`, `SOUNDS LIKE`, `NOT IN`.
            Word::Comparison if !called => Ok(false),
            Word::Union => Err(self.depth > 0 && self.seen.telling),
            Word::Connective | Word::Sort | Word::Query => Err(false),
            Word::Comparison
            | Word::Name
            | Word::Verb
            | Word::Value
            | Word::Clause
            | Word::Binary
            | Word::Closing
            | Word::Suffix
            | Word::Separator => {
                if called {
                    self.lexer.next();
                    self.depth += 1;
                    self.seen.call |= word(name) != Word::Comparison;
                    self.seen.telling |= is_telling(name);
                    if let Token::Word(inner) = self.lexer.peek()
                        && word(inner) == Word::Query
                    {
                        self.lexer.next();
                        return Err(self.query());
                    }
                    return Ok(false);
                }
                self.seen.names += 1;
                while self.lexer.peek() == Token::Dot {
                    self.lexer.next();
                    match self.lexer.next() {
                        Token::Word(_) | Token::Quoted { open: false, .. } | Token::Operator(b'*') | Token::Dot => {}
                        _ => return Err(false),
                    }
                    if self.lexer.peek() == Token::Open {
                        self.lexer.next();
                        self.depth += 1;
                        self.seen.call = true;
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }

    /// `UNION` was read.
    fn union(&mut self) -> bool {
        for _ in 0..8 {
            match self.lexer.next() {
                Token::Word(name) => match word(name) {
                    Word::Prefix => {}
                    Word::Query => return self.query(),
                    _ => return false,
                },
                Token::Open | Token::Operator(b'+') => {}
                _ => return false,
            }
        }
        false
    }

    /// `SELECT` was read: a query is meant if a list of values follows, rather than a sentence.
    fn query(&mut self) -> bool {
        for _ in 0..4 {
            match self.lexer.next() {
                Token::End | Token::Comment => return self.place.bare,
                Token::Word(name) => match word(name) {
                    Word::Prefix | Word::Query => {}
                    _ if name.eq_ignore_ascii_case(b"top") => {}
                    Word::Value => return true,
                    _ => {
                        return match self.lexer.next() {
                            Token::Word(next) if word(next) == Word::Suffix => true,
                            Token::Word(next) => {
                                matches!(word(next), Word::Separator | Word::Clause | Word::Union)
                                    && matches!(self.lexer.peek(), Token::Word(_) | Token::Quoted { .. } | Token::Open)
                                    && self.goes_on_behind_table()
                            }
                            Token::Comma | Token::Open | Token::Connective | Token::Operator(_) => true,
                            // `(select one)` is also what forms ask for.
                            Token::Close => self.place.quote.is_some(),
                            Token::Dot | Token::Comment | Token::Cast => true,
                            _ => false,
                        };
                    }
                },
                Token::Number | Token::Variable | Token::Operator(b'*') | Token::Open | Token::Quoted { .. } => {
                    return true;
                }
                Token::Operator(_) => {}
                _ => return false,
            }
        }
        false
    }

    /// `select name from` was read: a table, and then an end, a clause or punctuation, not one more word of a sentence.
    fn goes_on_behind_table(&mut self) -> bool {
        self.lexer.next();
        match self.lexer.next() {
            Token::Word(next) => !matches!(word(next), Word::Name | Word::Value | Word::Verb),
            _ => true,
        }
    }

    /// `;` was read.
    fn next_statement(&mut self) -> bool {
        let broke_out = self.place.quote.is_some();
        match self.lexer.next() {
            Token::Comment => broke_out && self.place.bare && self.hides(),
            Token::End => broke_out && (self.place.bare || self.seen.connective && self.seen.compared),
            Token::Word(verb) => match word(verb) {
                Word::Query => self.query(),
                Word::Verb | Word::Prefix => self.statement(verb),
                Word::Name if is_telling(verb) => self.lexer.peek() == Token::Open,
                _ => false,
            },
            _ => false,
        }
    }

    /// The verb of a statement was read. A sentence goes on with words, a statement soon has punctuation.
    fn statement(&mut self, verb: &[u8]) -> bool {
        let known = match self.lexer.next() {
            Token::Word(object) => is_object(object),
            Token::Variable | Token::Open | Token::Quoted { .. } => return self.place.bare,
            Token::End | Token::Comment => return verb.eq_ignore_ascii_case(b"shutdown") && self.place.bare,
            _ => return false,
        };
        for _ in 0..4 {
            match self.lexer.next() {
                Token::Word(set) if set.eq_ignore_ascii_case(b"set") && verb.eq_ignore_ascii_case(b"update") => {
                    let column = matches!(self.lexer.next(), Token::Word(_) | Token::Quoted { .. });
                    return column && self.lexer.next() == Token::Comparison;
                }
                Token::Word(_) => {}
                Token::End => return known && self.place.bare,
                Token::Other => return false,
                _ => return known,
            }
        }
        false
    }

    /// A comment was read.
    fn hidden_rest(&self) -> bool {
        let seen = &self.seen;
        if self.place.quote.is_none() {
            return (seen.connective
                && (seen.compared || seen.call)
                && (seen.names == 0 || seen.telling || self.place.bare))
                || (seen.telling && seen.operators > 0 && self.place.bare)
                || (seen.connective
                    && seen.literals > u32::from(seen.began)
                    && seen.names == 0
                    && self.place.bare
                    && self.hides_nothing())
                || (seen.sorted && self.place.bare && seen.literals > 0 && seen.names == 0);
        }
        if seen.operators == 0 && !seen.sorted {
            return self.place.bare && self.hides();
        }
        self.place.bare || (seen.connective && (seen.compared || seen.telling))
    }

    /// Whether the comment says nothing.
    fn hides_nothing(&self) -> bool {
        matches!(self.comment().trim_ascii(), b"--" | b"#" | b"/*" | b"-- -")
    }

    /// Whether a comment that comes at once hides a statement, rather than being a sign in a text.
    fn hides(&self) -> bool {
        let text = self.comment();
        let rest = text.strip_prefix(b"--").or(text.strip_prefix(b"#")).or(text.strip_prefix(b"/*")).unwrap_or(text);
        let blank = rest.iter().all(|byte| byte.is_ascii_whitespace() || matches!(byte, b'-' | b'+'));
        blank || (!text.starts_with(b"#") && rest.len() <= 24 && memchr::memchr3(b'\'', b'"', b'`', rest).is_none())
    }

    /// The comment that was read last; it reaches to the end of the text.
    fn comment(&self) -> &'t [u8] {
        let text = self.lexer.read();
        let from = [&b"--"[..], b"#", b"/*"].iter().filter_map(|mark| memchr::memmem::rfind(text, mark)).min();
        from.map_or(b"", |from| &text[from..])
    }

    /// The value ends behind an operand.
    fn end(&self) -> bool {
        let seen = &self.seen;
        let literals_only = seen.names == 0;
        if self.place.quote.is_some() {
            // The statement's own quote would follow, so this does not work here; but it was meant to, elsewhere.
            return self.place.bare
                && (seen.connective && seen.compared && literals_only && seen.literals > 1
                    || seen.telling && seen.call && seen.names <= 1);
        }
        let compared = seen.connective && seen.compared;
        (seen.connective && seen.telling)
            || (compared && literals_only && seen.literals > 1)
            || (compared && self.place.bare && seen.began && seen.names == 1 && seen.literals > 0)
            || (seen.telling && seen.operators > 0 && self.place.bare && seen.call)
            || (seen.sorted && self.place.bare && literals_only && seen.literals > 0)
    }

    /// The value ends in a string that the statement's own quote closes.
    fn end_in_string(&self) -> bool {
        let seen = &self.seen;
        (seen.connective && (seen.compared || seen.telling))
            || (seen.telling && seen.operators > 0)
            || (self.place.bare && seen.operators > 0 && seen.call)
            || (self.place.short && self.place.bare && seen.operators > 0 && seen.names == 0)
    }
}

/// What a statement that changes something is about.
fn is_object(word: &[u8]) -> bool {
    const OBJECTS: &[&str] = &[
        "table",
        "database",
        "user",
        "view",
        "index",
        "function",
        "into",
        "from",
        "all",
        "on",
        "immediate",
        "delay",
        "time",
        "schema",
        "login",
        "role",
        "master",
        "xp_cmdshell",
        "sp_configure",
        "select",
        "insert",
        "update",
        "delete",
        "or",
        "trigger",
        "procedure",
        "alias",
        "data",
        "global",
        "declare",
        "privileges",
        "top",
        "temporary",
        "analyze",
    ];
    OBJECTS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
        || word.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(b"xp_") || head.eq_ignore_ascii_case(b"sp_"))
}
