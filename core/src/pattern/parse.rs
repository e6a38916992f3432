//! The parser: RE2 syntax with Perl extensions, in UTF-8 mode.
//!
//! One loop reads construct after construct and keeps what is open on explicit stacks, so that nesting costs memory in
//! proportion to the pattern and no call stack. Flags are tracked here and applied to the nodes. The first error from
//! left to right is reported, an unclosed parenthesis only at the end.

use super::PatternError;
use super::ast::{Ast, Look, Measure, Node, NodeId};
use super::cursor::{Cursor, decode, is_utf8};
use super::set::CodeSet;
use super::{class, cost, escape, unicode};

/// The largest bound of a counter, and of the product of nested ones.
const MAX_REPEAT: u32 = 1000;

/// Patterns with deeper nesting of operators are refused as too large, as compiling recurses.
pub(super) const MAX_HEIGHT: u32 = 250;

/// Parses a pattern; `fold` is the initial state of the flag `i`.
pub(super) fn parse(pattern: &[u8], fold: bool) -> Result<Ast, PatternError> {
    let mut parser = Parser {
        cursor: Cursor { pattern, at: 0 },
        flags: Flags { fold, ..Flags::default() },
        ast: Ast::default(),
        items: Vec::new(),
        branches: Vec::new(),
        frames: Vec::new(),
        groups: 0,
        unary_start: None,
    };
    while !parser.cursor.at_end() {
        parser.construct()?;
    }
    parser.finish()
}

#[derive(Clone, Copy, Default)]
struct Flags {
    /// `i`
    fold: bool,
    /// `m`
    lines: bool,
    /// `s`
    dot_newline: bool,
    /// `U`
    swap_greed: bool,
}

/// An open group.
struct Frame {
    /// The number of a capture group.
    capture: Option<u32>,
    /// The flags to restore at its end.
    flags: Flags,
    /// The heights of the stacks at its beginning.
    items: usize,
    branches: usize,
}

struct Parser<'p> {
    cursor: Cursor<'p>,
    flags: Flags,
    ast: Ast,
    /// The items of the current alternative, after those of the enclosing groups.
    items: Vec<NodeId>,
    /// The complete alternatives, after those of the enclosing groups.
    branches: Vec<NodeId>,
    frames: Vec<Frame>,
    groups: u32,
    /// Where the previous construct began, if it was a repetition operator.
    unary_start: Option<usize>,
}

impl Parser<'_> {
    fn construct(&mut self) -> Result<(), PatternError> {
        let start = self.cursor.at;
        let previous_unary = self.unary_start.take();
        match self.cursor.peek().unwrap_or_default() {
            b'(' if self.cursor.eat(b"(?") => self.extended_group(start)?,
            b'(' => {
                self.cursor.at += 1;
                self.open_capture();
            }
            b'|' => {
                self.cursor.at += 1;
                self.close_branch();
            }
            b')' => {
                self.cursor.at += 1;
                self.close_group()?;
            }
            b'^' => self.look(if self.flags.lines { Look::LineStart } else { Look::TextStart }, 1),
            b'$' => self.look(if self.flags.lines { Look::LineEnd } else { Look::TextEnd }, 1),
            b'.' => {
                self.cursor.at += 1;
                self.push_set(class::dot(self.flags.dot_newline));
            }
            b'[' => {
                let set = class::bracketed(&mut self.cursor, self.flags.fold)?;
                self.push_set(set);
            }
            operator @ (b'*' | b'+' | b'?') => {
                self.cursor.at += 1;
                let (min, max) = match operator {
                    b'*' => (0, None),
                    b'+' => (1, None),
                    _ => (0, Some(1)),
                };
                self.repeat(start, previous_unary, min, max)?;
            }
            b'{' => match self.counter() {
                Some((min, max)) => self.repeat(start, previous_unary, min, max)?,
                None => {
                    self.cursor.at += 1;
                    self.push_char(u32::from(b'{'));
                }
            },
            b'\\' => self.backslash()?,
            _ => {
                let code_point = self.cursor.next()?;
                self.push_char(code_point);
            }
        }
        Ok(())
    }

    fn backslash(&mut self) -> Result<(), PatternError> {
        match self.cursor.rest().get(1) {
            Some(b'b') => self.look(Look::WordBoundary, 2),
            Some(b'B') => self.look(Look::NotWordBoundary, 2),
            Some(b'A') => self.look(Look::TextStart, 2),
            Some(b'z') => self.look(Look::TextEnd, 2),
            Some(b'C') => {
                self.cursor.at += 2;
                self.push(Node::AnyByte, 1);
            }
            Some(b'Q') => {
                self.cursor.at += 2;
                while !self.cursor.at_end() && !self.cursor.eat(b"\\E") {
                    let code_point = self.cursor.next()?;
                    self.push_char(code_point);
                }
            }
            _ => match class::escaped(&mut self.cursor, self.flags.fold)? {
                Some(set) => self.push_set(set),
                None => {
                    let code_point = escape::character(&mut self.cursor)?;
                    self.push_char(code_point);
                }
            },
        }
        Ok(())
    }

    fn push(&mut self, node: Node, cost: u32) {
        let id = self.ast.push(node, Measure { repeats: 1, cost, height: 1 });
        self.items.push(id);
    }

    fn push_set(&mut self, set: CodeSet) {
        let cost = cost::of_set(&set);
        let id = self.ast.push_set(set, cost);
        self.items.push(id);
    }

    fn push_char(&mut self, code_point: u32) {
        if !self.flags.fold || unicode::next_in_orbit(code_point) == code_point {
            return self.push(Node::Char(code_point), cost::of_char(code_point));
        }
        let cost = match u8::try_from(code_point).map(|byte| byte.to_ascii_lowercase()) {
            Ok(b's') => 4,
            Ok(b'k') => 5,
            Ok(0..=0x7F) => 1,
            _ => 2 * cost::of_char(code_point) + 1,
        };
        self.push(Node::Folded(code_point), cost);
    }

    fn look(&mut self, look: Look, length: usize) {
        self.cursor.at += length;
        self.push(Node::Look(look), 1);
    }

    /// Applies a repetition operator, which began at `start` and is read except for a `?`, to the item before it.
    fn repeat(
        &mut self,
        start: usize,
        previous_unary: Option<usize>,
        min: u32,
        max: Option<u32>,
    ) -> Result<(), PatternError> {
        let lazy = self.cursor.eat(b"?");
        if let Some(previous) = previous_unary {
            return Err(self.cursor.error_from(previous));
        }
        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || max < min) {
            return Err(self.cursor.error_from(start));
        }
        let base = self.frames.last().map_or(0, |frame| frame.items);
        if self.items.len() == base {
            return Err(self.cursor.error_from(start));
        }
        let Some(node) = self.items.pop() else { return Err(self.cursor.error_from(start)) };
        let measure = cost::of_repeat(self.ast.measure(node), min, max);
        if measure.repeats > MAX_REPEAT {
            return Err(self.cursor.error_from(start));
        }
        let greedy = lazy == self.flags.swap_greed;
        let id = self.ast.push(Node::Repeat { node, min, max, greedy }, measure);
        self.items.push(id);
        self.unary_start = Some(start);
        Ok(())
    }

    /// Consumes `{n}`, `{n,}` or `{n,m}`, if one comes next; every other brace is a literal.
    fn counter(&mut self) -> Option<(u32, Option<u32>)> {
        let mut rest = self.cursor.rest().strip_prefix(b"{")?;
        let min = integer(&mut rest)?;
        let mut max = Some(min);
        if let [b',', after @ ..] = rest {
            rest = after;
            max = if rest.first() == Some(&b'}') { None } else { Some(integer(&mut rest)?) };
        }
        rest = rest.strip_prefix(b"}")?;
        self.cursor.at = self.cursor.pattern.len() - rest.len();
        Some((min, max))
    }

    fn open(&mut self, capture: Option<u32>) {
        self.frames.push(Frame { capture, flags: self.flags, items: self.items.len(), branches: self.branches.len() });
    }

    fn open_capture(&mut self) {
        self.groups = self.groups.saturating_add(1);
        self.open(Some(self.groups));
    }

    /// The rest of a construct that begins with `(?`: a named group, or flags for a group or for the rest of the
    /// enclosing one.
    fn extended_group(&mut self, start: usize) -> Result<(), PatternError> {
        if let [b'P', b'<', _, ..] = self.cursor.rest() {
            return self.named_group(start);
        }
        let mut flags = self.flags;
        let (mut on, mut changed, mut minus) = (true, false, false);
        loop {
            if self.cursor.at_end() {
                return Err(self.cursor.error_from(start));
            }
            let letter = u8::try_from(self.cursor.next()?).unwrap_or_default();
            match letter {
                b'i' => flags.fold = on,
                b'm' => flags.lines = on,
                b's' => flags.dot_newline = on,
                b'U' => flags.swap_greed = on,
                b'-' if !minus => {
                    (minus, on, changed) = (true, false, false);
                    continue;
                }
                b':' | b')' if changed || !minus => {
                    if letter == b':' {
                        self.open(None);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => return Err(self.cursor.error_from(start)),
            }
            changed = true;
        }
    }

    /// `(?P<name>`; the cursor is on the `P`.
    fn named_group(&mut self, start: usize) -> Result<(), PatternError> {
        self.cursor.at += 2;
        let rest = self.cursor.rest();
        let Some(length) = rest.iter().position(|&byte| byte == b'>') else {
            return Err(if is_utf8(rest) {
                PatternError::new(&self.cursor.pattern[start..])
            } else {
                PatternError::unspecified()
            });
        };
        let mut name = &rest[..length];
        self.cursor.at += length + 1;
        if !is_utf8(name) {
            return Err(PatternError::unspecified());
        }
        if name.is_empty() {
            return Err(self.cursor.error_from(start));
        }
        while let Some((code_point, length)) = decode(name) {
            if !unicode::is_name(code_point) {
                return Err(self.cursor.error_from(start));
            }
            name = &name[length..];
        }
        self.open_capture();
        Ok(())
    }

    /// Completes the current alternative: everything since the beginning of the group or the last `|`.
    fn close_branch(&mut self) {
        let base = self.frames.last().map_or(0, |frame| frame.items);
        let branch = match self.items[base..] {
            [] => self.ast.push(Node::Empty, Measure { repeats: 1, cost: 0, height: 1 }),
            [only] => only,
            ref parts => {
                let measure = cost::of_parts(parts.iter().map(|&part| self.ast.measure(part)), 0);
                let parts = self.ast.push_parts(parts);
                self.ast.push(Node::Concat(parts), measure)
            }
        };
        self.items.truncate(base);
        self.branches.push(branch);
    }

    /// Completes the current group, or the whole pattern, as an alternation.
    fn close_alternation(&mut self) -> NodeId {
        self.close_branch();
        let base = self.frames.last().map_or(0, |frame| frame.branches);
        let branches = self.branches.split_off(base);
        let branches = self.merge_sets(branches);
        match branches[..] {
            [only] => only,
            ref parts => {
                let measure = cost::of_parts(parts.iter().map(|&part| self.ast.measure(part)), 1);
                let parts = self.ast.push_parts(parts);
                self.ast.push(Node::Alternate(parts), measure)
            }
        }
    }

    /// Merges neighbouring alternatives of one character each into a class, as the reference does, which matters if
    /// only their union covers everything above ASCII (see [`utf8`](super::utf8)).
    fn merge_sets(&mut self, branches: Vec<NodeId>) -> Vec<NodeId> {
        let mut merged = Vec::with_capacity(branches.len());
        let mut rest = &branches[..];
        while let [first, after @ ..] = rest {
            let run = rest.iter().take_while(|&&id| self.ast.is_set(id)).count();
            if run < 2 {
                merged.push(*first);
                rest = after;
                continue;
            }
            let sets = rest[..run].iter().filter_map(|&id| self.ast.as_set(id));
            let set = CodeSet::new(sets.flat_map(|set| set.ranges().to_vec()).collect());
            let cost = cost::of_set(&set);
            merged.push(self.ast.push_set(set, cost));
            rest = &rest[run..];
        }
        merged
    }

    fn close_group(&mut self) -> Result<(), PatternError> {
        if self.frames.is_empty() {
            return Err(PatternError::new(self.cursor.pattern));
        }
        let mut node = self.close_alternation();
        if let Some(frame) = self.frames.pop() {
            self.flags = frame.flags;
            if let Some(index) = frame.capture {
                let body = self.ast.measure(node);
                let measure = Measure { cost: body.cost.saturating_add(2), ..body };
                node = self.ast.push(Node::Group { node, index }, measure);
            }
        }
        self.items.push(node);
        Ok(())
    }

    fn finish(mut self) -> Result<Ast, PatternError> {
        if !self.frames.is_empty() {
            return Err(PatternError::new(self.cursor.pattern));
        }
        let root = self.close_alternation();
        let measure = self.ast.measure(root);
        if measure.cost > cost::MAX_COST || measure.height > MAX_HEIGHT {
            return Err(PatternError::unspecified());
        }
        Ok(self.ast)
    }
}

/// Reads a decimal number without leading zeros, unless it is too large to matter.
fn integer(rest: &mut &[u8]) -> Option<u32> {
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, after) = rest.split_at(length);
    *rest = after;
    match digits {
        [] | [b'0', _, ..] => None,
        _ if length > 9 => None,
        _ => Some(digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))),
    }
}
