//! The automaton that reads a continuation: two states, before and after an operand, and a depth.

use super::evidence::{Evidence, Place, hides};
use super::lexer::{Lexer, Token};
use super::words::{Word, is_object, is_telling, word};
use crate::support::Stride;

/// As much of the end of a comment as another comment is looked for in.
const SHORT_COMMENT: usize = 64;

/// Reads a continuation and collects the evidence.
pub(super) struct Reader<'t, 's, 'd> {
    lexer: Lexer<'t>,
    stride: &'s mut Stride<'d>,
    pub(super) place: Place,
    pub(super) seen: Evidence,
    pub(super) depth: u32,
}

impl<'t, 's, 'd> Reader<'t, 's, 'd> {
    pub(super) fn new(lexer: Lexer<'t>, place: Place, stride: &'s mut Stride<'d>) -> Self {
        Self { lexer, stride, place, seen: Evidence::default(), depth: 0 }
    }

    fn next(&mut self) -> Token<'t> {
        self.lexer.next(self.stride)
    }

    fn peek(&mut self) -> Token<'t> {
        self.lexer.peek(self.stride)
    }

    /// Whether the rest of the text goes on with a statement. Once the deadline is over it does not.
    pub(super) fn read(mut self, mut after_operand: bool) -> bool {
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
        let token = self.next();
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
            Token::Cast => match self.next() {
                Token::Word(_) => Ok(true),
                _ => Err(false),
            },
            Token::Semicolon => Err(self.next_statement()),
            Token::Comment => Err(self.seen.hidden_rest(self.place, self.comment())),
            Token::End => Err(self.seen.end(self.place)),
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
            Word::Prefix if name.eq_ignore_ascii_case(b"not") => match self.peek() {
                Token::Word(next) if word(next) == Word::Comparison => Ok(true),
                _ => Err(false),
            },
            Word::Prefix if self.depth > 0 || self.seen.operators > 0 => Ok(false),
            Word::Union => Err(self.union()),
            Word::Sort => match self.next() {
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
                    return Err(matches!(self.next(), Token::Word(file)
                        if file.eq_ignore_ascii_case(b"outfile") || file.eq_ignore_ascii_case(b"dumpfile")));
                }
                self.seen.operators += 1;
                if name.eq_ignore_ascii_case(b"procedure") {
                    return Err(matches!(self.next(), Token::Word(name) if name.eq_ignore_ascii_case(b"analyse")));
                }
                Ok(false)
            }
            Word::Suffix => match self.next() {
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
            Word::Name if self.depth > 0 && is_telling(name) && self.peek() == Token::Open => {
                self.word_as_operand(name)
            }
            _ => Err(false),
        }
    }

    /// Reads a word if it comes next.
    fn skips(&mut self, expected: &[u8]) -> bool {
        let next = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(expected));
        if next {
            self.next();
        }
        next
    }

    /// Reads an operand, or what comes before one.
    fn operand(&mut self) -> Result<bool, bool> {
        let token = self.next();
        match token {
            Token::Number | Token::Variable => {
                self.seen.literals += 1;
                Ok(true)
            }
            Token::Quoted { quote, open } => {
                self.seen.literals += 1;
                match (open, self.place.quote) {
                    (false, _) => Ok(true),
                    (true, Some(broken)) if broken == quote => Err(self.seen.end_in_string(self.place)),
                    _ => Err(false),
                }
            }
            Token::Open => {
                self.depth += 1;
                match self.peek() {
                    Token::Word(name) if word(name) == Word::Query => {
                        self.next();
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
        let called = self.peek() == Token::Open;
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
                    self.next();
                    self.depth += 1;
                    self.seen.call |= word(name) != Word::Comparison;
                    self.seen.telling |= is_telling(name);
                    if let Token::Word(inner) = self.peek()
                        && word(inner) == Word::Query
                    {
                        self.next();
                        return Err(self.query());
                    }
                    return Ok(false);
                }
                self.seen.names += 1;
                while self.peek() == Token::Dot {
                    self.next();
                    match self.next() {
                        Token::Word(_) | Token::Quoted { open: false, .. } | Token::Operator(b'*') | Token::Dot => {}
                        _ => return Err(false),
                    }
                    if self.peek() == Token::Open {
                        self.next();
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
            match self.next() {
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
            match self.next() {
                Token::End | Token::Comment => return self.place.bare,
                Token::Word(name) => match word(name) {
                    Word::Prefix | Word::Query => {}
                    _ if name.eq_ignore_ascii_case(b"top") => {}
                    Word::Value => return true,
                    _ => {
                        return match self.next() {
                            Token::Word(next) if word(next) == Word::Suffix => true,
                            Token::Word(next) => {
                                matches!(word(next), Word::Separator | Word::Clause | Word::Union)
                                    && matches!(self.peek(), Token::Word(_) | Token::Quoted { .. } | Token::Open)
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
        self.next();
        match self.next() {
            Token::Word(next) => !matches!(word(next), Word::Name | Word::Value | Word::Verb),
            _ => true,
        }
    }

    /// `;` was read.
    fn next_statement(&mut self) -> bool {
        let broke_out = self.place.quote.is_some();
        match self.next() {
            Token::Comment => broke_out && self.place.bare && hides(self.comment()),
            Token::End => broke_out && (self.place.bare || self.seen.connective && self.seen.compared),
            Token::Word(verb) => match word(verb) {
                Word::Query => self.query(),
                Word::Verb | Word::Prefix => self.statement(verb),
                Word::Name if is_telling(verb) => self.peek() == Token::Open,
                _ => false,
            },
            _ => false,
        }
    }

    /// The verb of a statement was read. A sentence goes on with words, a statement soon has punctuation.
    fn statement(&mut self, verb: &[u8]) -> bool {
        let known = match self.next() {
            Token::Word(object) => is_object(object),
            Token::Variable | Token::Open | Token::Quoted { .. } => return self.place.bare,
            Token::End | Token::Comment => return verb.eq_ignore_ascii_case(b"shutdown") && self.place.bare,
            _ => return false,
        };
        for _ in 0..4 {
            match self.next() {
                Token::Word(set) if set.eq_ignore_ascii_case(b"set") && verb.eq_ignore_ascii_case(b"update") => {
                    let column = matches!(self.next(), Token::Word(_) | Token::Quoted { .. });
                    return column && self.next() == Token::Comparison;
                }
                Token::Word(_) => {}
                Token::End => return known && self.place.bare,
                Token::Other => return false,
                _ => return known,
            }
        }
        false
    }

    /// The comment that was read last; it reaches to the end of the text. Of several comments in it, the last short one.
    fn comment(&self) -> &'t [u8] {
        let comment = self.lexer.comment();
        let tail = &comment[comment.len().saturating_sub(SHORT_COMMENT)..];
        let from = [&b"--"[..], b"#", b"/*"].iter().filter_map(|mark| memchr::memmem::rfind(tail, mark)).min();
        from.map_or(comment, |from| &tail[from..])
    }
}
