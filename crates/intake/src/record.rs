//! Records of a delimited text: where each begins and ends, and its cells.
//!
//! General CSV parsers are lenient: a quote that is opened and never closed makes them take the rest of the file for one cell, silently.
//! Here a quoted cell must end before a delimiter or a line end, and within [`Limits`]; otherwise its *first line* is handed back as
//! malformed and reading goes on with the next one, so that a stray quote costs one row.

use std::io::{self, Read};
use std::ops::Range;

use crate::Limits;

/// Where a record stands and how it came out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A record with its cells.
    Cells,
    /// A line with nothing in it.
    Blank,
    /// A quoted cell that is never closed.
    UnclosedQuote,
    /// A quoted cell with more text behind its closing quote.
    StrayQuote,
    /// A line beyond the limit; its rest has been skipped.
    TooLong,
}

/// How cells and lines are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    /// `\n`, or `\r` in a file without any `\n`.
    pub(crate) line_end: u8,
}

const QUOTE: u8 = b'"';

/// A cell's place in the bytes of its record, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) range: Range<usize>,
    /// It holds doubled quotes.
    pub(crate) escaped: bool,
}

/// Reads a text record by record, holding one at a time.
pub(crate) struct Records<R> {
    lines: Lines<R>,
    dialect: Dialect,
    max_lines: usize,
    /// Cells of the last record.
    pub(crate) spans: Vec<Span>,
    /// Lines of the last record.
    taken_lines: u64,
    taken_bytes: usize,
    line: u64,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(source: R, dialect: Dialect, limits: &Limits) -> Self {
        Self {
            lines: Lines::new(source, dialect.line_end, limits.max_line_bytes),
            dialect,
            max_lines: limits.max_record_lines.max(1),
            spans: Vec::new(),
            taken_lines: 0,
            taken_bytes: 0,
            line: 1,
        }
    }

    /// Number of the last record's first line, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Lines that the last record spans.
    pub(crate) fn line_count(&self) -> u64 {
        self.taken_lines
    }

    /// Bytes of the last record, without its line end.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.lines.window(self.taken_bytes)
    }

    pub(crate) fn source(&self) -> &R {
        &self.lines.source
    }

    /// Takes the next record; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Found>> {
        self.line += self.taken_lines;
        self.lines.consume();
        let first = match self.lines.line_from(0)? {
            Peek::End => return Ok(None),
            Peek::TooLong => {
                self.lines.skipping = true;
                self.take(1, self.lines.max.min(KEPT_OF_TOO_LONG));
                return Ok(Some(Found::TooLong));
            }
            Peek::Line(line) => line,
        };
        let end = self.trim_return(first.end);
        self.take(1, end);
        self.lines.set_next(first.next);
        let line = self.lines.window(end);
        if line.trim_ascii().is_empty() {
            return Ok(Some(Found::Blank));
        }
        if memchr::memchr(QUOTE, line).is_none() {
            split_plain(line, self.dialect.delimiter, &mut self.spans);
            return Ok(Some(Found::Cells));
        }
        self.quoted(first).map(Some)
    }

    /// Puts all lines but the first back: what looked like a record over several lines was not one.
    pub(crate) fn keep_first_line_only(&mut self) -> io::Result<()> {
        if let Peek::Line(first) = self.lines.line_from(0)? {
            let end = self.trim_return(first.end);
            self.take(1, end);
            self.lines.set_next(first.next);
        }
        Ok(())
    }

    /// A record with quotes: takes lines until its cells are complete.
    fn quoted(&mut self, first: LineEnd) -> io::Result<Found> {
        let mut last = first;
        let mut searched = 0;
        for lines in 1..=self.max_lines {
            let end = self.trim_return(last.end);
            let record = self.lines.window(end);
            // A line without a quote can't close the cell: no need to split all of it again.
            if memchr::memchr(QUOTE, record.get(searched..).unwrap_or_default()).is_some() {
                match split_quoted(record, self.dialect.delimiter, &mut self.spans) {
                    Split::Complete => {
                        self.take(lines as u64, end);
                        self.lines.set_next(last.next);
                        return Ok(Found::Cells);
                    }
                    Split::Stray => return Ok(Found::StrayQuote),
                    Split::Open => {}
                }
            }
            searched = last.next;
            match self.lines.line_from(last.next)? {
                Peek::Line(line) if line.next <= self.lines.max => last = line,
                _ => break,
            }
        }
        Ok(Found::UnclosedQuote)
    }

    fn take(&mut self, lines: u64, bytes: usize) {
        (self.taken_lines, self.taken_bytes) = (lines, bytes);
    }

    fn trim_return(&self, end: usize) -> usize {
        if self.lines.window(end).last() == Some(&b'\r') {
            end - 1
        } else {
            end
        }
    }
}

/// How much of an over-long line is kept for the reject list.
const KEPT_OF_TOO_LONG: usize = 4096;

/// Splits a whole record again.
pub(crate) fn split(record: &[u8], delimiter: u8, spans: &mut Vec<Span>) {
    if memchr::memchr(QUOTE, record).is_none() {
        split_plain(record, delimiter, spans);
    } else {
        split_quoted(record, delimiter, spans);
    }
}

/// Cells of a line without quotes.
fn split_plain(line: &[u8], delimiter: u8, spans: &mut Vec<Span>) {
    spans.clear();
    let mut start = 0;
    for end in memchr::memchr_iter(delimiter, line).chain([line.len()]) {
        spans.push(Span {
            range: start..end,
            escaped: false,
        });
        start = end + 1;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Split {
    Complete,
    /// The bytes end inside a quoted cell.
    Open,
    /// Text behind a closing quote.
    Stray,
}

/// Cells of a record with quotes. A quote opens a cell only at its beginning; elsewhere it is a character like any other (`Nguyễn "Bi" An`).
fn split_quoted(record: &[u8], delimiter: u8, spans: &mut Vec<Span>) -> Split {
    spans.clear();
    let mut at = 0;
    loop {
        let rest = record.get(at..).unwrap_or_default();
        let span = if rest.first() == Some(&QUOTE) {
            match quoted_cell(rest, delimiter) {
                Ok((span, after)) => {
                    let shifted = Span {
                        range: span.range.start + at..span.range.end + at,
                        escaped: span.escaped,
                    };
                    at += after;
                    shifted
                }
                Err(split) => return split,
            }
        } else {
            let len = memchr::memchr(delimiter, rest).unwrap_or(rest.len());
            at += len;
            Span {
                range: at - len..at,
                escaped: false,
            }
        };
        spans.push(span);
        if at >= record.len() {
            return Split::Complete;
        }
        at += 1; // the delimiter
    }
}

/// A quoted cell at the start of `rest`, and where what follows it begins: at a delimiter or at the end.
fn quoted_cell(rest: &[u8], delimiter: u8) -> Result<(Span, usize), Split> {
    let (mut at, mut escaped) = (1, false);
    loop {
        let inside = rest.get(at..).unwrap_or_default();
        let close = at + memchr::memchr(QUOTE, inside).ok_or(Split::Open)?;
        if rest.get(close + 1) == Some(&QUOTE) {
            (at, escaped) = (close + 2, true);
            continue;
        }
        // Blanks between the closing quote and the delimiter are tolerated: some programs pad.
        let padding = rest
            .get(close + 1..)
            .unwrap_or_default()
            .iter()
            .take_while(|b| **b == b' ')
            .count();
        let after = close + 1 + padding;
        return match rest.get(after) {
            Some(byte) if *byte != delimiter => Err(Split::Stray),
            _ => Ok((
                Span {
                    range: 1..close,
                    escaped,
                },
                after,
            )),
        };
    }
}

/// Offsets from the read position.
#[derive(Debug, Clone, Copy)]
struct LineEnd {
    /// Where the line ends.
    end: usize,
    /// Where the next one begins.
    next: usize,
}

enum Peek {
    Line(LineEnd),
    End,
    TooLong,
}

/// A source is asked for no less: a decoder needs room for whole characters.
const MIN_ROOM: usize = 1024;

/// Lines of a stream through a window that never grows beyond a record's limits.
struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    /// Read position.
    start: usize,
    /// End of what has been read into `buffer`.
    filled: usize,
    ended: bool,
    line_end: u8,
    max: usize,
    /// Bytes that [`Lines::consume`] will step over.
    next: usize,
    /// The last line was too long: its rest is to be skipped.
    skipping: bool,
}

impl<R: Read> Lines<R> {
    fn new(source: R, line_end: u8, max: usize) -> Self {
        let buffer = vec![0; 256 * 1024];
        Self {
            source,
            buffer,
            start: 0,
            filled: 0,
            ended: false,
            line_end,
            max,
            next: 0,
            skipping: false,
        }
    }

    /// `len` bytes from the read position.
    fn window(&self, len: usize) -> &[u8] {
        let all = self.buffer.get(self.start..self.filled).unwrap_or_default();
        all.get(..len).unwrap_or(all)
    }

    fn set_next(&mut self, next: usize) {
        self.next = next;
    }

    fn consume(&mut self) {
        self.start = (self.start + self.next).min(self.filled);
        self.next = 0;
    }

    /// The line that begins `from` bytes behind the read position.
    fn line_from(&mut self, from: usize) -> io::Result<Peek> {
        if self.skipping {
            self.skip_line()?;
        }
        let mut searched = from;
        loop {
            let all = self.buffer.get(self.start..self.filled).unwrap_or_default();
            if let Some(found) =
                memchr::memchr(self.line_end, all.get(searched..).unwrap_or_default())
            {
                let end = searched + found;
                let line = LineEnd { end, next: end + 1 };
                return Ok(if end - from > self.max {
                    Peek::TooLong
                } else {
                    Peek::Line(line)
                });
            }
            searched = all.len();
            if searched.saturating_sub(from) > self.max {
                return Ok(Peek::TooLong);
            }
            if self.ended || self.fill()? == 0 {
                self.ended = true;
                let len = self.filled - self.start;
                return Ok(if len > from {
                    Peek::Line(LineEnd {
                        end: len,
                        next: len,
                    })
                } else {
                    Peek::End
                });
            }
        }
    }

    /// Steps over the rest of a line, holding none of it.
    fn skip_line(&mut self) -> io::Result<()> {
        self.skipping = false;
        loop {
            let all = self.buffer.get(self.start..self.filled).unwrap_or_default();
            if let Some(end) = memchr::memchr(self.line_end, all) {
                self.start += end + 1;
                return Ok(());
            }
            self.start = self.filled;
            if self.ended || self.fill()? == 0 {
                self.ended = true;
                return Ok(());
            }
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        if self.buffer.len() - self.filled < MIN_ROOM {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.filled, 0);
                (self.filled, self.start) = (self.filled - self.start, 0);
            } else {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let read = loop {
            match self.source.read(room) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.filled += read;
        Ok(read)
    }
}
