//! Rows of a delimited text.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::batch::{Assembler, Reject, RejectReason};
use crate::decode::Transcoder;
use crate::input::{Input, InputReader};
use crate::record::{Found, Records, Span, split};
use crate::sniff::Plan;
use crate::{Encoding, IntakeError, Limits};

/// Reads the rows of a delimited text.
pub(crate) struct Delimited {
    file: String,
    records: Records<Text>,
    delimiter: u8,
    /// Letters and marks stand apart in this encoding.
    compose: bool,
    /// Cells that a row has.
    width: usize,
    first_line: u64,
    max_line_bytes: usize,
    /// Scratch: texts of cells with doubled quotes, by place.
    unescaped: Vec<(usize, String)>,
}

impl Delimited {
    pub(crate) fn new(
        input: &Input,
        plan: &Plan,
        width: usize,
        limits: &Limits,
    ) -> Result<Self, IntakeError> {
        let mut reader = input.open()?;
        reader
            .seek(SeekFrom::Start(plan.skip))
            .map_err(IntakeError::io(&input.name))?;
        let source = Counted {
            reader,
            read: plan.skip,
        };
        let text = match plan.encoding.decoder() {
            None => Text::Utf8(source),
            Some(decoder) => Text::Other(Transcoder::new(source, decoder)),
        };
        Ok(Self {
            file: input.name.clone(),
            records: Records::new(text, plan.dialect, limits),
            delimiter: plan.dialect.delimiter,
            compose: plan.encoding == Encoding::Windows1258,
            width,
            first_line: plan.first_line,
            max_line_bytes: limits.max_line_bytes,
            unescaped: Vec::new(),
        })
    }

    /// Bytes of the file read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        match self.records.source() {
            Text::Utf8(source) => source.read,
            Text::Other(transcoder) => transcoder.source().read,
        }
    }

    /// Reads rows until the batch is full; `false` at the end of the file.
    pub(crate) fn fill(&mut self, batch: &mut Assembler) -> Result<bool, IntakeError> {
        while !batch.is_full() {
            let Some(found) = self.records.next().map_err(IntakeError::io(&self.file))? else {
                return Ok(false);
            };
            if self.records.line() >= self.first_line {
                self.row(&found, batch)?;
            }
        }
        Ok(true)
    }

    fn row(&mut self, found: &Found, batch: &mut Assembler) -> Result<(), IntakeError> {
        let reason = match found {
            Found::Blank => return Ok(()),
            Found::Cells => match self.cells(batch) {
                Ok(()) => return Ok(()),
                Err(reason) => reason,
            },
            Found::UnclosedQuote => RejectReason::UnclosedQuote,
            Found::StrayQuote => RejectReason::StrayQuote,
            Found::TooLong => RejectReason::TooLong {
                limit: self.max_line_bytes,
            },
        };
        let reason = if self.swallowed_lines(&reason) {
            self.records
                .keep_first_line_only()
                .map_err(IntakeError::io(&self.file))?;
            RejectReason::UnclosedQuote
        } else {
            reason
        };
        batch.reject(Reject::new(
            self.records.line(),
            self.records.bytes(),
            reason,
        ));
        Ok(())
    }

    /// Several lines that together don't fit the headings were not one record: a stray quote joined them.
    fn swallowed_lines(&self, reason: &RejectReason) -> bool {
        let unfit = matches!(
            reason,
            RejectReason::TooManyCells { .. } | RejectReason::TooFewCells { .. }
        );
        unfit && self.records.line_count() > 1
    }

    /// Hands the record's cells to the batch.
    fn cells(&mut self, batch: &mut Assembler) -> Result<(), RejectReason> {
        let bytes = self.records.bytes();
        if memchr::memchr(0, bytes).is_some() {
            return Err(RejectReason::NulByte);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RejectReason::Undecodable)?;
        let mut spans = Cow::Borrowed(self.records.spans.as_slice());
        let mut text = Cow::Borrowed(text);
        if self.compose && !is_nfc(&text) {
            text = Cow::Owned(text.nfc().collect());
            // Composing moves what follows, but neither makes nor removes a delimiter or a quote.
            split(text.as_bytes(), self.delimiter, spans.to_mut());
        }
        if !fits(&text, &spans, self.width)? {
            return Ok(()); // blank
        }
        unescape(&text, &spans, &mut self.unescaped);
        let unescaped = &self.unescaped;
        let cell = |place: usize| {
            let span = spans.get(place)?;
            let plain = if span.escaped {
                unescaped
                    .iter()
                    .find(|(at, _)| *at == place)
                    .map(|(_, text)| text.as_str())
            } else {
                text.get(span.range.clone())
            };
            plain.map(without_formula)
        };
        batch.accept(self.records.line(), cell, || text.as_bytes().to_vec());
        Ok(())
    }
}

/// Whether a row has as many cells as there are headings; more are fine when they are blank. `false`: the row is blank altogether.
fn fits(text: &str, spans: &[Span], width: usize) -> Result<bool, RejectReason> {
    let blank = |span: &Span| {
        text.get(span.range.clone())
            .is_none_or(|cell| cell.trim().is_empty())
    };
    // Nearly all rows have something in their first cells: this does not look at the others.
    if spans.iter().all(blank) {
        return Ok(false);
    }
    let found = spans.len();
    if found < width {
        Err(RejectReason::TooFewCells {
            expected: width,
            found,
        })
    } else if spans.iter().skip(width).all(blank) {
        Ok(true)
    } else {
        Err(RejectReason::TooManyCells {
            expected: width,
            found,
        })
    }
}

fn unescape(text: &str, spans: &[Span], into: &mut Vec<(usize, String)>) {
    into.clear();
    for (place, span) in spans.iter().enumerate().filter(|(_, span)| span.escaped) {
        if let Some(cell) = text.get(span.range.clone()) {
            into.push((place, cell.replace("\"\"", "\"")));
        }
    }
}

/// `="0123"`: how people make Excel keep a leading zero in a CSV file. The text is what is meant.
fn without_formula(cell: &str) -> &str {
    let inner = cell
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|text| !text.contains('"')).unwrap_or(cell)
}

/// The text as UTF-8.
enum Text {
    Utf8(Counted),
    Other(Transcoder<Counted>),
}

impl Read for Text {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Utf8(source) => source.read(out),
            Self::Other(transcoder) => transcoder.read(out),
        }
    }
}

/// Counts the bytes read, for the progress bar.
struct Counted {
    reader: InputReader,
    read: u64,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(out)?;
        self.read += read as u64;
        Ok(read)
    }
}
