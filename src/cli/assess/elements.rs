//! The requests of an input one by one, without holding the whole: one object, an array, or lines.

use std::io::{BufRead as _, BufReader, Read};

use serde_json::Value;

use super::refused::message;

/// No request is longer; 10,000 sources take a tenth of it.
pub const LENGTH_MAX: usize = 64 << 20;

/// The bytes of one request, or why there are none.
pub type Element = Result<Vec<u8>, Problem>;

/// Why a request cannot be read from the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    reason: &'static str,
    text: &'static str,
}

impl Problem {
    /// As the answer at the request's place.
    pub fn json(self) -> Value {
        message(self.reason, self.text)
    }
}

/// The bytes are no text.
pub const fn not_utf8() -> Problem {
    Problem {
        reason: "NOT_UTF8",
        text: "the request is not UTF-8",
    }
}

const TOO_LONG: Problem = Problem {
    reason: "TOO_LONG",
    text: "the request is longer than 64 MiB",
};

const BROKEN_ARRAY: Problem = Problem {
    reason: "JSON_INVALID",
    text: "the array does not end, or something stands beside it",
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One request on each line.
    Lines,
    /// One request in the whole input.
    Whole,
    /// Requests between `[` and `]`.
    Array,
    /// Nothing is left.
    Done,
}

/// The requests of an input.
pub struct Elements<R> {
    input: BufReader<R>,
    form: Form,
    /// What was read to learn the form.
    ahead: Vec<u8>,
}

impl<R: Read> Elements<R> {
    /// Learns the form of an input: an array begins with `[`; lines are lines where the file says
    /// so, or where the first one is a whole JSON value; anything else is one request.
    pub fn new(input: BufReader<R>, lines: bool) -> std::io::Result<Self> {
        let mut elements = Self {
            input,
            form: Form::Lines,
            ahead: Vec::new(),
        };
        if elements.input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            elements.input.consume(3);
        }
        elements.skip_blanks()?;
        let first = elements.input.fill_buf()?.first().copied();
        elements.form = match first {
            None => Form::Done,
            Some(b'[') => {
                elements.input.consume(1);
                Form::Array
            }
            Some(_) if lines => Form::Lines,
            Some(_) => elements.lines_or_whole()?,
        };
        Ok(elements)
    }

    fn lines_or_whole(&mut self) -> std::io::Result<Form> {
        let Some(first) = self.line()? else {
            return Ok(Form::Done);
        };
        let Ok(first) = first else {
            self.ahead = Vec::new();
            return Ok(Form::Lines);
        };
        // A line that starts no object, or starts and ends one, or that is followed by another
        // start, is a line of its own.
        let starts = |line: &[u8]| line.trim_ascii_start().starts_with(b"{");
        self.skip_blanks()?;
        let another = self.input.fill_buf()?.first() == Some(&b'{');
        let alone = !starts(&first) || balanced(&first) || another;
        self.ahead = first;
        Ok(if alone { Form::Lines } else { Form::Whole })
    }

    /// The next request; nothing at the end.
    pub fn next(&mut self) -> std::io::Result<Option<Element>> {
        match self.form {
            Form::Done => Ok(None),
            Form::Lines => self.next_line(),
            Form::Whole => self.whole().map(Some),
            Form::Array => self.next_in_array(),
        }
    }

    fn next_line(&mut self) -> std::io::Result<Option<Element>> {
        if !self.ahead.is_empty() {
            return Ok(Some(Ok(std::mem::take(&mut self.ahead))));
        }
        while let Some(line) = self.line()? {
            if line
                .as_ref()
                .map_or(true, |line| !line.trim_ascii().is_empty())
            {
                return Ok(Some(line));
            }
        }
        self.form = Form::Done;
        Ok(None)
    }

    fn whole(&mut self) -> std::io::Result<Element> {
        self.form = Form::Done;
        let mut bytes = std::mem::take(&mut self.ahead);
        let limit = u64::try_from(LENGTH_MAX + 1).unwrap_or(u64::MAX);
        self.input.by_ref().take(limit).read_to_end(&mut bytes)?;
        Ok(if bytes.len() > LENGTH_MAX {
            Err(TOO_LONG)
        } else {
            Ok(bytes)
        })
    }

    /// A line without its end; the rest of one that is too long is passed over.
    fn line(&mut self) -> std::io::Result<Option<Element>> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(LENGTH_MAX + 1).unwrap_or(u64::MAX);
        let read = self
            .input
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        if bytes.len() > LENGTH_MAX && !bytes.ends_with(b"\n") {
            self.input.skip_until(b'\n')?;
            return Ok(Some(Err(TOO_LONG)));
        }
        Ok(Some(Ok(bytes)))
    }

    /// The next value between commas. Strings and brackets are followed, nothing is understood.
    fn next_in_array(&mut self) -> std::io::Result<Option<Element>> {
        let mut value = Vec::new();
        let mut seen = Nesting::default();
        let mut too_long = false;
        loop {
            let Some(byte) = self.byte()? else {
                self.form = Form::Done;
                return Ok(Some(Err(BROKEN_ARRAY)));
            };
            let outside = seen.is_outside();
            if outside && (byte == b',' || byte == b']') {
                let blank = value.trim_ascii().is_empty();
                if byte == b']' {
                    return self.end_of_array(value, too_long, blank);
                }
                return Ok(Some(if too_long { Err(TOO_LONG) } else { Ok(value) }));
            }
            seen.take(byte);
            if value.len() < LENGTH_MAX {
                value.push(byte);
            } else {
                too_long = true;
            }
        }
    }

    fn end_of_array(
        &mut self,
        value: Vec<u8>,
        too_long: bool,
        blank: bool,
    ) -> std::io::Result<Option<Element>> {
        self.skip_blanks()?;
        let beside = !self.input.fill_buf()?.is_empty();
        self.form = Form::Done;
        Ok(match (blank, beside) {
            (_, true) => Some(Err(BROKEN_ARRAY)),
            (true, false) => None,
            (false, false) if too_long => Some(Err(TOO_LONG)),
            (false, false) => Some(Ok(value)),
        })
    }

    fn byte(&mut self) -> std::io::Result<Option<u8>> {
        let byte = self.input.fill_buf()?.first().copied();
        if byte.is_some() {
            self.input.consume(1);
        }
        Ok(byte)
    }

    fn skip_blanks(&mut self) -> std::io::Result<()> {
        loop {
            let buffer = self.input.fill_buf()?;
            let blank = |byte: &&u8| byte.is_ascii_whitespace();
            let count = buffer.iter().take_while(blank).count();
            if count == 0 {
                return Ok(());
            }
            self.input.consume(count);
        }
    }
}

/// Where in a JSON text one stands.
#[derive(Default)]
struct Nesting {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Nesting {
    fn take(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.quoted => self.escaped = true,
            b'"' => self.quoted = !self.quoted,
            b'{' | b'[' if !self.quoted => self.depth += 1,
            b'}' | b']' if !self.quoted => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    fn is_outside(&self) -> bool {
        self.depth == 0 && !self.quoted
    }
}

fn balanced(text: &[u8]) -> bool {
    let mut seen = Nesting::default();
    for byte in text {
        seen.take(*byte);
    }
    seen.is_outside()
}
