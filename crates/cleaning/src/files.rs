//! Files that appear under their name only when they are whole.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Schema, SchemaRef};
use intake::TableWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::CleanError;

/// A path that gets its final name on [`Partial::keep`], and is removed otherwise.
#[derive(Debug)]
pub(crate) struct Partial {
    interim: PathBuf,
    wanted: PathBuf,
    kept: bool,
}

impl Partial {
    /// A file or folder that will be `path`; an earlier leftover is removed.
    pub(crate) fn new(path: &Path) -> Result<Self, CleanError> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(CleanError::io(parent))?;
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let interim = path.with_file_name(name);
        remove(&interim)?;
        Ok(Self {
            interim,
            wanted: path.to_owned(),
            kept: false,
        })
    }

    /// Where to write meanwhile.
    pub(crate) fn interim(&self) -> &Path {
        &self.interim
    }

    /// Gives the finished file or folder its name.
    pub(crate) fn keep(mut self) -> Result<(), CleanError> {
        remove(&self.wanted)?;
        fs::rename(&self.interim, &self.wanted).map_err(CleanError::io(&self.wanted))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept {
            // The job has failed or was stopped: that is the error to report, not a leftover.
            let _ = remove(&self.interim);
        }
    }
}

/// Removes a file or folder; no error when there is none.
fn remove(path: &Path) -> Result<(), CleanError> {
    let removed = match fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.map_err(CleanError::io(path))
}

/// Writes a small file whole.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), CleanError> {
    let partial = Partial::new(path)?;
    let mut file = File::create(partial.interim()).map_err(CleanError::io(path))?;
    file.write_all(content).map_err(CleanError::io(path))?;
    drop(file);
    partial.keep()
}

/// A Parquet file of ours in the making, given column by column.
pub(crate) struct ParquetFile {
    path: PathBuf,
    schema: SchemaRef,
    writer: TableWriter,
}

impl ParquetFile {
    /// Starts the file.
    pub(crate) fn create(path: &Path, schema: Schema) -> Result<Self, CleanError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(CleanError::io(folder))?;
        }
        let schema = Arc::new(schema);
        let writer = TableWriter::create(path, schema.clone()).map_err(CleanError::Write)?;
        Ok(Self {
            path: path.to_owned(),
            schema,
            writer,
        })
    }

    /// Appends a batch given by its columns, in the order of the schema.
    pub(crate) fn write(&mut self, columns: Vec<ArrayRef>) -> Result<(), CleanError> {
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(|source| {
            CleanError::Parquet {
                path: self.path.clone(),
                source: source.into(),
            }
        })?;
        self.writer.write(&batch).map_err(CleanError::Write)
    }

    /// Finishes the file and gives it its name.
    pub(crate) fn finish(self) -> Result<(), CleanError> {
        self.writer.finish().map_err(CleanError::Write)
    }
}

/// Hands the batches of one of our Parquet files to `visit`, in order, each of `batch_rows` rows but the last.
pub(crate) fn read_parquet(
    path: &Path,
    batch_rows: usize,
    visit: impl FnMut(&RecordBatch) -> Result<(), CleanError>,
) -> Result<(), CleanError> {
    let builder = open_parquet(path)?;
    visit_batches(path, builder.with_batch_size(batch_rows), visit)
}

/// Like [`read_parquet`], but only the named columns.
pub(crate) fn read_columns(
    path: &Path,
    batch_rows: usize,
    columns: &[&str],
    visit: impl FnMut(&RecordBatch) -> Result<(), CleanError>,
) -> Result<(), CleanError> {
    let builder = open_parquet(path)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    visit_batches(
        path,
        builder.with_projection(mask).with_batch_size(batch_rows),
        visit,
    )
}

fn open_parquet(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, CleanError> {
    let file = File::open(path).map_err(CleanError::io(path))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(CleanError::parquet(path))
}

fn visit_batches(
    path: &Path,
    builder: ParquetRecordBatchReaderBuilder<File>,
    mut visit: impl FnMut(&RecordBatch) -> Result<(), CleanError>,
) -> Result<(), CleanError> {
    for batch in builder.build().map_err(CleanError::parquet(path))? {
        let batch = batch.map_err(|source| CleanError::Parquet {
            path: path.to_owned(),
            source: source.into(),
        })?;
        visit(&batch)?;
    }
    Ok(())
}
