//! The scan of tokens: what is code and what is text, and how many tokens each open bracket has seen.

use super::{is_space, is_word};

/// The tokens do not tell how deep the source nests.
pub(super) struct Unsure;

/// An open bracket, or the whole source.
struct Level {
    bracket: Bracket,
    /// Tokens since the last `;` or `,`.
    tokens: usize,
    /// The most tokens between two commas since the last `;`: an `if (a) b, c` is not over at its comma.
    held: usize,
    /// Both of these before an `else`, summed up over the chain: each `else if` is in the one before.
    chain: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    /// `statement`: of an `if`, `while`, `for`, `with`, `switch` or `catch`.
    Paren {
        statement: bool,
    },
    Square,
    Brace(Brace),
    Template,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Brace {
    /// It holds statements, for certain.
    statements: bool,
    /// It is a statement, for certain: a regular expression may follow, a division may not.
    block: bool,
}

/// The token before, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The end of an expression, unless a line break follows.
    Operand,
    /// A bracket, operator or keyword that needs an expression or statement next.
    Operator,
    Semicolon,
    OpenBrace,
    Arrow,
    CloseParen {
        statement: bool,
    },
    CloseBrace {
        block: bool,
    },
    /// `if`, `while`, `for`, `with`, `switch`, `catch`.
    Head {
        is_for: bool,
    },
    /// `else`, `do`, `try`, `finally`.
    BlockWord,
    Dot,
    /// Either, depending on things not tracked here.
    Either,
}

/// The scan of one source.
pub(super) struct Scan<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    typescript: bool,
    levels: Vec<Level>,
    /// The cost of all levels but the last.
    outer: usize,
    pub(super) deepest: usize,
    pub(super) most_brackets: usize,
    before: Before,
    /// A line break has passed since the token before.
    line_break: bool,
    /// A `;` has passed, and the next token tells whether its statement is over.
    statement_end: bool,
}

impl Level {
    fn cost(&self) -> usize {
        self.chain + self.held + self.tokens + 1
    }
}

impl<'a> Scan<'a> {
    pub(super) fn new(source: &'a str, typescript: bool) -> Self {
        let statements = Bracket::Brace(Brace { statements: true, block: true });
        Scan {
            source,
            bytes: source.as_bytes(),
            at: 0,
            typescript,
            levels: vec![Level { bracket: statements, tokens: 0, held: 0, chain: 0 }],
            outer: 0,
            deepest: 1,
            most_brackets: 0,
            before: Before::Semicolon,
            line_break: true,
            statement_end: false,
        }
    }

    pub(super) fn run(&mut self) -> Result<(), Unsure> {
        if self.bytes.starts_with("\u{feff}".as_bytes()) {
            self.at = 3;
        }
        if self.rest().starts_with(b"#!") {
            self.skip_line();
        }
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' | b'\r' => {
                    self.line_break = true;
                    self.at += 1;
                }
                b' ' | b'\t' | 0x0b | 0x0c => self.at += 1,
                b'/' if self.rest().starts_with(b"//") => self.skip_line(),
                b'/' if self.rest().starts_with(b"/*") => self.skip_block_comment(),
                _ if self.skip_unicode_space() => {}
                _ => {
                    self.token(byte)?;
                    self.line_break = false;
                }
            }
        }
        Ok(())
    }

    fn token(&mut self, byte: u8) -> Result<(), Unsure> {
        let word = Some(self.word()).filter(|word| !word.is_empty());
        self.count(1, word)?;
        if let Some(word) = word {
            self.at += word.len();
            self.before = self.after_word(word);
            return Ok(());
        }
        match byte {
            b'"' | b'\'' => self.string(byte),
            b'`' => {
                self.at += 1;
                self.template_text()
            }
            b'(' => {
                let statement = matches!(self.before, Before::Head { .. });
                self.open(Bracket::Paren { statement }, Before::Operator)
            }
            b'[' => self.open(Bracket::Square, Before::Operator),
            b'{' => {
                let brace = self.brace();
                self.open(Bracket::Brace(brace), Before::OpenBrace)
            }
            b')' | b']' | b'}' => self.close(byte),
            b'/' => self.slash(),
            _ => self.punctuator(byte),
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Adds `tokens` to the innermost level; `word` is the token's text if it is a word.
    fn count(&mut self, tokens: usize, word: Option<&[u8]>) -> Result<(), Unsure> {
        let level = self.levels.last_mut().ok_or(Unsure)?;
        let ended = std::mem::take(&mut self.statement_end);
        match word {
            Some(b"else") => {
                level.chain += level.held + level.tokens;
                level.held = 0;
                level.tokens = 0;
            }
            Some(b"while") => {}
            _ if ended => *level = Level { bracket: level.bracket, tokens: 0, held: 0, chain: 0 },
            _ => {}
        }
        level.tokens += tokens;
        self.deepest = self.deepest.max(self.outer + level.cost());
        Ok(())
    }

    fn open(&mut self, bracket: Bracket, before: Before) -> Result<(), Unsure> {
        self.outer += self.levels.last().map_or(0, Level::cost);
        self.levels.push(Level { bracket, tokens: 0, held: 0, chain: 0 });
        self.deepest = self.deepest.max(self.outer + 1);
        self.most_brackets = self.most_brackets.max(self.levels.len() - 1);
        self.before = before;
        self.at += 1;
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Result<(), Unsure> {
        let bracket = self.levels.pop().ok_or(Unsure)?.bracket;
        let parent = self.levels.last().ok_or(Unsure)?;
        self.outer -= parent.cost();
        self.statement_end = false;
        self.at += 1;
        self.before = match (bracket, byte) {
            (Bracket::Paren { statement }, b')') => Before::CloseParen { statement },
            (Bracket::Square, b']') => Before::Operand,
            (Bracket::Brace(brace), b'}') => Before::CloseBrace { block: brace.block },
            (Bracket::Template, b'}') => return self.template_text(),
            _ => return Err(Unsure),
        };
        Ok(())
    }

    /// What the `{` here opens.
    fn brace(&self) -> Brace {
        let among_statements =
            matches!(self.levels.last(), Some(Level { bracket: Bracket::Brace(Brace { statements: true, .. }), .. }));
        match self.before {
            Before::BlockWord | Before::CloseParen { statement: true } => Brace { statements: true, block: true },
            Before::CloseParen { statement: false } | Before::Arrow => Brace { statements: true, block: false },
            Before::Semicolon | Before::OpenBrace | Before::CloseBrace { block: true } if among_statements => {
                Brace { statements: true, block: true }
            }
            _ => Brace { statements: false, block: false },
        }
    }

    /// The name or number here; a number with its dots, as in `1.` before a `/`.
    fn word(&self) -> &'a [u8] {
        let rest = self.source.get(self.at..).unwrap_or_default();
        let number = rest.starts_with(|first: char| first.is_ascii_digit());
        let ends = |next: char| !(is_word(next) || (number && next == '.'));
        &rest.as_bytes()[..rest.find(ends).unwrap_or(rest.len())]
    }

    fn after_word(&self, word: &[u8]) -> Before {
        if self.before == Before::Dot {
            return Before::Operand;
        }
        match word {
            b"for" => Before::Head { is_for: true },
            b"await" if self.before == (Before::Head { is_for: true }) => self.before,
            b"if" | b"while" | b"with" | b"switch" | b"catch" => Before::Head { is_for: false },
            b"else" | b"do" | b"try" | b"finally" => Before::BlockWord,
            b"await" | b"yield" | b"of" => Before::Either,
            b"void" if self.typescript => Before::Either,
            b"return" | b"throw" | b"case" | b"delete" | b"void" | b"typeof" | b"new" | b"in" | b"instanceof"
            | b"default" | b"extends" | b"break" | b"continue" | b"debugger" => Before::Operator,
            _ => Before::Operand,
        }
    }

    fn punctuator(&mut self, byte: u8) -> Result<(), Unsure> {
        let rest = self.rest();
        let after_operand =
            matches!(self.before, Before::Operand | Before::CloseParen { .. } | Before::CloseBrace { .. });
        let (length, before) = match byte {
            b'<' if rest.starts_with(b"<!--") => return Err(Unsure),
            b'-' if rest.starts_with(b"-->") && self.line_break => return Err(Unsure),
            b'+' | b'-' if rest.get(1) == Some(&byte) => {
                let postfix = self.before == Before::Operand && !self.line_break;
                (2, if postfix { Before::Operand } else { Before::Either })
            }
            b'=' if rest.starts_with(b"=>") => (2, Before::Arrow),
            b'.' if rest.starts_with(b"...") => (3, Before::Operator),
            b'.' => (1, Before::Dot),
            b'>' if self.typescript => (1, Before::Either),
            b'!' if self.typescript && after_operand => (1, Before::Either),
            b';' => {
                self.statement_end = true;
                (1, Before::Semicolon)
            }
            b',' if !self.typescript => {
                let level = self.levels.last_mut().ok_or(Unsure)?;
                level.held = level.held.max(level.tokens);
                level.tokens = 0;
                (1, Before::Operator)
            }
            _ => (1, Before::Operator),
        };
        self.at += length;
        self.before = before;
        Ok(())
    }

    /// A division, or a regular expression.
    fn slash(&mut self) -> Result<(), Unsure> {
        let regex = match self.before {
            Before::Operator
            | Before::Semicolon
            | Before::OpenBrace
            | Before::Arrow
            | Before::BlockWord
            | Before::CloseParen { statement: true }
            | Before::CloseBrace { block: true } => Some(true),
            Before::Operand if !self.line_break => Some(false),
            Before::CloseParen { statement: false } if !(self.line_break && self.typescript) => Some(false),
            _ => None,
        };
        match regex {
            Some(true) => self.regex(),
            // A regular expression ends in its line. If nothing can end it, the slash divides or is an error.
            None if self.rest()[1..]
                .iter()
                .take_while(|byte| !matches!(byte, b'\n' | b'\r'))
                .any(|&byte| byte == b'/') =>
            {
                Err(Unsure)
            }
            _ => {
                self.at += 1;
                self.before = Before::Operator;
                Ok(())
            }
        }
    }

    fn regex(&mut self) -> Result<(), Unsure> {
        let start = self.at;
        let mut in_class = false;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                None | Some(b'\n' | b'\r') => return Err(Unsure),
                Some(b'\\') => self.at += 1,
                Some(b'[') => in_class = true,
                Some(b']') => in_class = false,
                Some(b'/') if !in_class => break,
                Some(_) => {}
            }
            self.at += 1;
        }
        self.at += 1;
        self.at += self.word().len();
        self.before = Before::Operand;
        // Patterns nest too.
        self.count(self.at.saturating_sub(start), None)
    }

    fn string(&mut self, quote: u8) -> Result<(), Unsure> {
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                None | Some(b'\n' | b'\r') => return Err(Unsure),
                Some(b'\\') if self.rest().starts_with(b"\\\r\n") => self.at += 2,
                Some(b'\\') => self.at += 1,
                Some(&byte) if byte == quote => break,
                Some(_) => {}
            }
            self.at += 1;
        }
        self.at += 1;
        self.before = Before::Operand;
        Ok(())
    }

    /// The text of a template up to its end or its next substitution.
    fn template_text(&mut self) -> Result<(), Unsure> {
        loop {
            match self.bytes.get(self.at) {
                None => return Err(Unsure),
                Some(b'\\') => self.at += 1,
                Some(b'`') => {
                    self.at += 1;
                    self.before = Before::Operand;
                    return Ok(());
                }
                Some(b'$') if self.rest().starts_with(b"${") => {
                    self.at += 1;
                    return self.open(Bracket::Template, Before::Operator);
                }
                Some(_) => {}
            }
            self.at += 1;
        }
    }

    fn skip_line(&mut self) {
        let ends = |tail: &[u8]| {
            matches!(tail.first(), Some(b'\n' | b'\r'))
                || tail.starts_with(&[0xe2, 0x80, 0xa8])
                || tail.starts_with(&[0xe2, 0x80, 0xa9])
        };
        while self.at < self.bytes.len() && !ends(self.rest()) {
            self.at += 1;
        }
    }

    fn skip_block_comment(&mut self) {
        let rest = self.rest();
        let length = rest[2..].windows(2).position(|pair| pair == b"*/").map_or(rest.len(), |at| at + 4);
        self.line_break |= rest[..length].iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0xe2));
        self.at += length;
    }

    /// Skips a space beyond ASCII.
    fn skip_unicode_space(&mut self) -> bool {
        let first = self.source.get(self.at..).and_then(|rest| rest.chars().next());
        let Some(space) = first.filter(|&first| !first.is_ascii() && is_space(first)) else { return false };
        self.line_break |= matches!(space, '\u{2028}' | '\u{2029}');
        self.at += space.len_utf8();
        true
    }
}
