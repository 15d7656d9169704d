//! `certificates.parquet`, and the journal that it is made from.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use intake::{TableWriter, Wanted, each_row};
use passport::journal::{self, COLUMNS, Certified};

use crate::exit::{Blame, Failure, usage};

/// Reads a table of certificates.
pub(super) fn read(path: &Path) -> Result<Vec<Certified>, Failure> {
    let mut all = Vec::new();
    let mut broken = false;
    each_row(
        path,
        Wanted::AsInFile,
        COLUMNS,
        |texts| match Certified::from_texts(texts.map(Option::unwrap_or_default)) {
            Some(certified) => all.push(certified),
            None => broken = true,
        },
    )
    .or_usage()?;
    if broken {
        return Err(usage(format!(
            "{}: not a table of certificates as `passport issue` writes it",
            path.display()
        )));
    }
    Ok(all)
}

/// Writes a table of certificates, whole or not at all.
pub(super) fn write(path: &Path, all: &[Certified]) -> Result<(), Failure> {
    let fields: Vec<_> = COLUMNS
        .iter()
        .map(|name| Field::new(*name, DataType::Utf8, false))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let texts: Vec<_> = all.iter().map(Certified::texts).collect();
    let columns: Vec<ArrayRef> = (0..COLUMNS.len())
        .map(|column| -> ArrayRef {
            let values = texts.iter().map(|row| row.get(column));
            Arc::new(values.collect::<StringArray>())
        })
        .collect();
    let mut writer = TableWriter::create(path, schema.clone()).or_usage()?;
    writer
        .write(&RecordBatch::try_new(schema, columns).or_fault()?)
        .or_usage()?;
    writer.finish().or_usage()
}

/// What has been signed so far. A certificate is in it before anybody can see it, so that none is made twice.
pub(super) struct Journal {
    file: File,
    name: String,
}

impl Journal {
    /// Opens the journal and gives what an earlier run left in it. A last line that was not written to its end is dropped: what it said had
    /// not left the house.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<Certified>), Failure> {
        let name = path.display().to_string();
        let failed = |error: std::io::Error| usage(format!("{name}: {error}"));
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let (earlier, whole) =
            journal::parse(&text).map_err(|error| usage(format!("{name}: {error}")))?;
        file.set_len(whole as u64).map_err(failed)?;
        Ok((Self { file, name }, earlier))
    }

    /// Adds certificates; they are on the disk when it returns.
    pub(super) fn add(&mut self, new: &[Certified]) -> Result<(), Failure> {
        let text = journal::to_text(new);
        let written = self
            .file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_data());
        written.map_err(|error| usage(format!("cannot write {}: {error}", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_line_that_was_not_written_to_its_end_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let one = Certified {
            subject_id: "A,1".into(),
            ci: "URN:UVCI:01:VN:1".into(),
            kid: "00".into(),
            issued: Timestamp::UNIX_EPOCH,
            expires: Timestamp::UNIX_EPOCH,
            code: "HC1:A ".into(),
            nationality: Some("VN".into()),
        };
        let (mut journal, earlier) = Journal::open(&path).unwrap();
        assert_eq!(earlier, []);
        journal.add(std::slice::from_ref(&one)).unwrap();
        journal.file.write_all(b"A2,URN:UV").unwrap();
        let (mut journal, earlier) = Journal::open(&path).unwrap();
        assert_eq!(earlier, std::slice::from_ref(&one));
        journal.add(std::slice::from_ref(&one)).unwrap();
        assert_eq!(Journal::open(&path).unwrap().1, [one.clone(), one]);
    }
}
