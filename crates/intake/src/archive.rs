//! A look at a workbook's archive before it is opened: what it is, and whether it would unpack to more than it should.
//!
//! The decoder holds shared texts and styles in memory, and each cell while it is read; sizes that an archive declares can lie. So every part
//! is unpacked once, counting and holding nothing.

use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::input::Input;
use crate::sniff::shortened;
use crate::{IntakeError, Limits};

/// Refuses what is no workbook, and a workbook that no spreadsheet program wrote.
pub(crate) fn inspect(input: &Input, limits: &Limits) -> Result<(), IntakeError> {
    let mut archive = ZipArchive::new(input.open()?).map_err(|error| damaged(input, &error))?;
    check_kind(input, &archive)?;
    let (mut total, mut held) = (0_u64, 0_u64);
    for at in 0..archive.len() {
        let mut part = archive
            .by_index(at)
            .map_err(|error| damaged(input, &error))?;
        let (name, packed) = (part.name().to_owned(), part.compressed_size());
        let in_memory = !name.contains("worksheets/");
        let left = limits.max_unpacked_bytes.saturating_sub(total);
        let left = if in_memory {
            left.min(limits.max_held_bytes.saturating_sub(held))
        } else {
            left
        };
        let unpacked =
            unpack(&mut part, packed, left, limits).map_err(|problem| match problem {
                Problem::Bomb(problem) => IntakeError::Bomb {
                    file: input.name.clone(),
                    part: shortened(&name),
                    problem,
                },
                Problem::Damaged(error) => IntakeError::Corrupt {
                    file: input.name.clone(),
                    row: None,
                    detail: shortened(&format!("{name}: {error}")),
                },
            })?;
        total += unpacked;
        held += if in_memory { unpacked } else { 0 };
    }
    Ok(())
}

/// Zip archives that are not workbooks.
fn check_kind<R: Read + Seek>(input: &Input, archive: &ZipArchive<R>) -> Result<(), IntakeError> {
    let has = |wanted: &str| {
        archive
            .file_names()
            .any(|name| name.eq_ignore_ascii_case(wanted))
    };
    if has("xl/workbook.xml") {
        return Ok(());
    }
    let starts = |prefix: &str| archive.file_names().any(|name| name.starts_with(prefix));
    let save = (
        "save it as an Excel workbook (.xlsx) or as CSV UTF-8",
        "hãy lưu lại thành sổ tính Excel (.xlsx) hoặc CSV UTF-8",
    );
    let (kind, (hint, hint_vi)) = if has("xl/workbook.bin") {
        ("a binary Excel workbook (.xlsb)", save)
    } else if has("content.xml") && has("mimetype") {
        ("an OpenDocument file (.ods)", save)
    } else if starts("word/") {
        ("a Word document", save)
    } else {
        (
            "a ZIP archive without a workbook in it",
            ("unpack it first", "hãy giải nén trước"),
        )
    };
    Err(IntakeError::Unsupported {
        file: input.name.clone(),
        kind,
        hint,
        hint_vi,
    })
}

enum Problem {
    Bomb(String),
    Damaged(std::io::Error),
}

/// Parts below this size may be packed as tightly as they like: an empty sheet of a thousand rows is.
const SMALL: u64 = 4 << 20;

/// Unpacks a part and returns its size.
fn unpack<R: Read>(
    part: &mut ZipFile<'_, R>,
    packed: u64,
    left: u64,
    limits: &Limits,
) -> Result<u64, Problem> {
    let mut buffer = vec![0; 64 * 1024];
    let (mut size, mut run) = (0_u64, 0_usize);
    loop {
        let read = part.read(&mut buffer).map_err(Problem::Damaged)?;
        if read == 0 {
            return Ok(size);
        }
        size += read as u64;
        if size > left {
            return Err(Problem::Bomb(format!("unpacks to more than {left} bytes")));
        }
        if size > SMALL && size / packed.max(1) > limits.max_ratio {
            return Err(Problem::Bomb(format!(
                "unpacks to more than {} times its size",
                limits.max_ratio
            )));
        }
        run = longest_open_run(
            buffer.get(..read).unwrap_or_default(),
            run,
            limits.max_cell_bytes,
        )
        .ok_or_else(|| {
            Problem::Bomb(format!(
                "holds a cell of more than {} bytes",
                limits.max_cell_bytes
            ))
        })?;
    }
}

/// Bytes since the last `<`; `None` when there were more than `max` without one.
fn longest_open_run(bytes: &[u8], before: usize, max: usize) -> Option<usize> {
    let mut start = 0;
    let mut run = before;
    for at in memchr::memchr_iter(b'<', bytes) {
        if run + (at - start) > max {
            return None;
        }
        (start, run) = (at, 0);
    }
    let run = run + (bytes.len() - start);
    (run <= max).then_some(run)
}

fn damaged(input: &Input, error: &ZipError) -> IntakeError {
    IntakeError::Corrupt {
        file: input.name.clone(),
        row: None,
        detail: shortened(&error.to_string()),
    }
}
