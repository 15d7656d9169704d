//! What a delimited text looks like: encoding, delimiter, line ends, and where its headings stand.

use crate::columns::{HeaderFinder, numbers_columns};
use crate::decode::{decode_sample, detect};
use crate::input::Input;
use crate::record::{Dialect, Found, Records};
use crate::{Encoding, IntakeError, Limits, Options, Wanted};

/// How to read a delimited text.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) encoding: Encoding,
    /// Bytes of byte order mark.
    pub(crate) skip: u64,
    pub(crate) dialect: Dialect,
    pub(crate) headings: Vec<String>,
    /// Line of the headings.
    pub(crate) header_line: u64,
    /// First line that can hold a row.
    pub(crate) first_line: u64,
}

/// Rows among which the headings are sought.
pub(crate) const HEADER_ROWS: usize = 30;
/// Rows whose numbers of cells tell a delimiter from a character that merely occurs.
const SAMPLE_ROWS: usize = 200;
const SAMPLE_BYTES: u64 = 256 * 1024;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Looks at the beginning of a file.
pub(crate) fn look(
    input: &Input,
    wanted: Wanted<'_>,
    options: &Options,
) -> Result<Plan, IntakeError> {
    let map = options.map.as_ref();
    let (encoding, skip) = encoding_of(input, map.and_then(|map| map.encoding))?;
    let text = first_lines(input, encoding, skip, &options.limits)?;
    let line_end = if text.contains(&b'\n') || !text.contains(&b'\r') {
        b'\n'
    } else {
        b'\r'
    };
    let (text, hint, skipped_lines) = excel_hint(&text);
    let said = map
        .and_then(|map| map.delimiter)
        .and_then(|c| u8::try_from(c).ok())
        .or(hint);
    let finder = HeaderFinder::new(wanted, map);
    let header_row = map.and_then(|map| map.header_row);
    let candidates = said.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
    let mut best: Option<Candidate> = None;
    for delimiter in candidates {
        let dialect = Dialect {
            delimiter,
            line_end,
        };
        let rows = sample_rows(text, dialect, skipped_lines, &options.limits)
            .map_err(IntakeError::io(&input.name))?;
        let candidate = Candidate::judge(dialect, rows, &finder, header_row);
        if best
            .as_ref()
            .is_none_or(|best| candidate.rank() > best.rank())
        {
            best = Some(candidate);
        }
    }
    let none = || IntakeError::Empty {
        file: input.name.clone(),
    };
    best.filter(|best| !best.rows.is_empty())
        .ok_or_else(none)?
        .plan(input, encoding, skip)
}

/// The encoding that the user names, else the one that the bytes show. A sample of pure ASCII shows nothing: then the first other byte decides.
fn encoding_of(input: &Input, said: Option<Encoding>) -> Result<(Encoding, u64), IntakeError> {
    let mut sample = input.sample(0, SAMPLE_BYTES)?;
    if sample.is_ascii() && input.len > SAMPLE_BYTES && !sample.contains(&0) {
        sample = beyond_ascii(input)?.unwrap_or(sample);
    }
    let (found, skip) = detect(&sample).unwrap_or((Encoding::Utf8, 0));
    Ok(match said {
        Some(encoding) if encoding != found => (encoding, 0),
        _ => (found, skip as u64),
    })
}

/// The part of a file around its first byte that is not ASCII.
fn beyond_ascii(input: &Input) -> Result<Option<Vec<u8>>, IntakeError> {
    use std::io::BufRead;
    let mut reader = input.open()?;
    let mut offset = 0;
    loop {
        let chunk = reader.fill_buf().map_err(IntakeError::io(&input.name))?;
        if chunk.is_empty() {
            return Ok(None);
        }
        if let Some(at) = chunk.iter().position(|byte| !byte.is_ascii()) {
            return input.sample(offset + at as u64, SAMPLE_BYTES).map(Some);
        }
        let len = chunk.len();
        offset += len as u64;
        reader.consume(len);
    }
}

/// The first lines as UTF-8, whole ones.
fn first_lines(
    input: &Input,
    encoding: Encoding,
    skip: u64,
    limits: &Limits,
) -> Result<Vec<u8>, IntakeError> {
    for bytes in [SAMPLE_BYTES, limits.max_line_bytes as u64 + 1] {
        let mut text = decode_sample(&input.sample(skip, bytes)?, encoding);
        if input.len <= skip + bytes {
            return Ok(text);
        }
        if let Some(end) = text.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) {
            text.truncate(end + 1);
            return Ok(text);
        }
    }
    Err(IntakeError::LineTooLong {
        file: input.name.clone(),
        line: 1,
        limit: limits.max_line_bytes,
    })
}

/// `sep=;` in the first line, as Excel writes and reads it: what remains, the delimiter, and the lines stepped over.
fn excel_hint(text: &[u8]) -> (&[u8], Option<u8>, u64) {
    let end = text
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    match line.trim_ascii_end() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => {
            (rest.get(1..).unwrap_or_default(), Some(*delimiter), 1)
        }
        // A tab is white space and has been trimmed.
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'='] => {
            (rest.get(1..).unwrap_or_default(), Some(b'\t'), 1)
        }
        _ => (text, None, 0),
    }
}

struct Row {
    line: u64,
    lines: u64,
    cells: Vec<String>,
}

fn sample_rows(
    text: &[u8],
    dialect: Dialect,
    skipped: u64,
    limits: &Limits,
) -> std::io::Result<Vec<Row>> {
    let mut records = Records::new(text, dialect, limits);
    let mut rows = Vec::new();
    while rows.len() < SAMPLE_ROWS {
        let Some(found) = records.next()? else { break };
        let cells: Vec<String> = match found {
            Found::Cells => {
                let bytes = records.bytes();
                let cell = |range| {
                    String::from_utf8_lossy(bytes.get(range).unwrap_or_default())
                        .replace("\"\"", "\"")
                };
                records
                    .spans
                    .iter()
                    .map(|span| cell(span.range.clone()))
                    .collect()
            }
            Found::Blank => continue,
            Found::UnclosedQuote | Found::StrayQuote | Found::TooLong => Vec::new(),
        };
        if !cells.is_empty() && cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        rows.push(Row {
            line: records.line() + skipped,
            lines: records.line_count(),
            cells,
        });
    }
    Ok(rows)
}

/// A delimiter and what it makes of the sample.
struct Candidate {
    dialect: Dialect,
    rows: Vec<Row>,
    /// Which row holds the headings.
    header: Option<usize>,
    /// Fields that they name.
    score: usize,
    /// Rows below with as many cells as headings, in thousandths.
    consistent: usize,
}

impl Candidate {
    fn judge(
        dialect: Dialect,
        rows: Vec<Row>,
        finder: &HeaderFinder,
        header_row: Option<u64>,
    ) -> Self {
        let found = match header_row {
            Some(line) => rows
                .iter()
                .position(|row| row.line == line)
                .map(|at| (at, 0)),
            None => finder.best(
                rows.iter()
                    .take(HEADER_ROWS)
                    .map(|row| row.cells.as_slice()),
            ),
        };
        let header = found.map(|(at, _)| at);
        let width = header
            .and_then(|at| rows.get(at))
            .map_or(0, |row| row.cells.len());
        let same = rows.iter().filter(|row| row.cells.len() == width).count();
        let consistent = if width > 1 {
            same * 1000 / rows.len().max(1)
        } else {
            0
        };
        Self {
            dialect,
            header,
            score: found.map_or(0, |(_, score)| score),
            consistent,
            rows,
        }
    }

    /// More fields named is better; of equals the more regular table is.
    fn rank(&self) -> (usize, usize) {
        (
            if self.consistent == 0 {
                self.score.min(1)
            } else {
                self.score * self.consistent
            },
            self.consistent,
        )
    }

    fn plan(mut self, input: &Input, encoding: Encoding, skip: u64) -> Result<Plan, IntakeError> {
        let first = self
            .rows
            .first()
            .map(|row| row.cells.join(" | "))
            .unwrap_or_default();
        let none = || IntakeError::NoHeadings {
            file: input.name.clone(),
            searched: self.rows.len().min(HEADER_ROWS),
            first: shortened(&first),
        };
        let header = self.header.ok_or_else(none)?;
        let numbering = self
            .rows
            .get(header + 1)
            .filter(|row| numbers_columns(&row.cells))
            .map(|row| row.line + 1);
        let row = self
            .rows
            .get_mut(header)
            .ok_or_else(|| IntakeError::Empty {
                file: input.name.clone(),
            })?;
        Ok(Plan {
            encoding,
            skip,
            dialect: self.dialect,
            header_line: row.line,
            first_line: numbering.unwrap_or(row.line + row.lines),
            headings: std::mem::take(&mut row.cells),
        })
    }
}

/// Enough of a row to recognise it.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(200)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
