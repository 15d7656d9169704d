//! The bytes of a file, on disk or in memory, and what kind of file they are.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::{Format, IntakeError};

/// Where the bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Disk(PathBuf),
    Memory(Bytes),
}

/// A file to read. It is opened as often as needed: once to look at it, once to read it.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// What messages call it.
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) len: u64,
}

impl Input {
    pub(crate) fn on_disk(path: &Path) -> Result<Self, IntakeError> {
        let name = path.display().to_string();
        let data = std::fs::metadata(path).map_err(IntakeError::io(&name))?;
        if data.is_dir() {
            let source = io::Error::new(
                io::ErrorKind::IsADirectory,
                "this is a folder; name a file in it",
            );
            return Err(IntakeError::Io { file: name, source });
        }
        Ok(Self {
            name,
            place: Place::Disk(path.to_owned()),
            len: data.len(),
        })
    }

    pub(crate) fn in_memory(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            len: bytes.len() as u64,
            place: Place::Memory(bytes.into()),
        }
    }

    pub(crate) fn open(&self) -> Result<InputReader, IntakeError> {
        Ok(match &self.place {
            Place::Disk(path) => {
                let file = File::open(path).map_err(IntakeError::io(&self.name))?;
                InputReader::Disk(BufReader::with_capacity(64 * 1024, file))
            }
            Place::Memory(bytes) => InputReader::Memory(Cursor::new(bytes.clone())),
        })
    }

    /// Up to `len` bytes from `offset`.
    pub(crate) fn sample(&self, offset: u64, len: u64) -> Result<Vec<u8>, IntakeError> {
        let mut reader = self.open()?;
        let mut sample = Vec::new();
        reader
            .seek(SeekFrom::Start(offset))
            .and_then(|_| reader.take(len).read_to_end(&mut sample))
            .map_err(IntakeError::io(&self.name))?;
        Ok(sample)
    }

    /// The format, by content: a name can lie ("export.csv" that is a workbook, ".xls" that is a web page).
    pub(crate) fn format(&self) -> Result<Format, IntakeError> {
        let head = self.sample(0, 4096)?;
        if head.is_empty() {
            return Err(IntakeError::Empty {
                file: self.name.clone(),
            });
        }
        match head.as_slice() {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Ok(Format::Xlsx),
            [b'P', b'A', b'R', b'1', ..] => Ok(Format::Parquet),
            _ => foreign(&head).map_or(Ok(Format::Csv), |[kind, hint, hint_vi]| {
                Err(IntakeError::Unsupported {
                    file: self.name.clone(),
                    kind,
                    hint,
                    hint_vi,
                })
            }),
        }
    }
}

const SAVE_AS: [&str; 2] = [
    "save it as an Excel workbook (.xlsx) or as CSV UTF-8",
    "hãy lưu lại thành sổ tính Excel (.xlsx) hoặc CSV UTF-8",
];
const UNPACK: [&str; 2] = ["unpack it first", "hãy giải nén trước"];

/// Kinds of file that people send instead of a table: what it is, what to do, the same in Vietnamese.
fn foreign(head: &[u8]) -> Option<[&'static str; 3]> {
    let kind = |name, [en, vi]: [&'static str; 2]| Some([name, en, vi]);
    match head {
        [0xD0, 0xCF, 0x11, 0xE0, ..] => kind(
            "an old Excel workbook (.xls) or one protected by a password",
            [
                "open it in Excel, remove the password if it has one, and save it as .xlsx",
                "hãy mở bằng Excel, bỏ mật khẩu nếu có, rồi lưu lại thành .xlsx",
            ],
        ),
        [0x1F, 0x8B, ..] => kind("a gzip archive", UNPACK),
        [b'7', b'z', 0xBC, 0xAF, ..] => kind("a 7-Zip archive", UNPACK),
        [b'R', b'a', b'r', b'!', ..] => kind("a RAR archive", UNPACK),
        [b'%', b'P', b'D', b'F', ..] => kind("a PDF document", SAVE_AS),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => kind("a text in UTF-32", SAVE_AS),
        _ => markup(head).and_then(|name| kind(name, SAVE_AS)),
    }
}

fn markup(head: &[u8]) -> Option<&'static str> {
    let text: Vec<u8> = head
        .iter()
        .filter(|b| !matches!(b, 0 | 0xEF | 0xBB | 0xBF | 0xFE | 0xFF))
        .copied()
        .collect();
    let text = text.trim_ascii_start();
    let starts = |tag: &[u8]| {
        text.get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag))
    };
    if [
        b"<html".as_slice(),
        b"<!doctype html",
        b"<table",
        b"<head",
        b"<meta",
    ]
    .into_iter()
    .any(starts)
    {
        Some("a web page, as some systems export it under the name .xls")
    } else if starts(b"<?xml") {
        Some("an XML document")
    } else {
        None
    }
}

/// An open file.
#[derive(Debug)]
pub(crate) enum InputReader {
    Disk(BufReader<File>),
    Memory(Cursor<Bytes>),
}

impl Read for InputReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Disk(file) => file.read(out),
            Self::Memory(bytes) => bytes.read(out),
        }
    }
}

impl Seek for InputReader {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Disk(file) => file.seek(position),
            Self::Memory(bytes) => bytes.seek(position),
        }
    }
}

impl io::BufRead for InputReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Self::Disk(file) => file.fill_buf(),
            Self::Memory(bytes) => bytes.fill_buf(),
        }
    }
    fn consume(&mut self, amount: usize) {
        match self {
            Self::Disk(file) => file.consume(amount),
            Self::Memory(bytes) => bytes.consume(amount),
        }
    }
}
