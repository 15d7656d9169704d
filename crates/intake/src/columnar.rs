//! Rows of a Parquet file.

use arrow_array::{Array, RecordBatch, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;

use crate::batch::Assembler;
use crate::columns::{Matched, match_headings};
use crate::input::{Input, Place};
use crate::sniff::shortened;
use crate::text::texts;
use crate::{Format, IntakeError, Layout, Options, Wanted};

/// Reads the rows of a Parquet file.
pub(crate) struct Columnar {
    file: String,
    reader: ParquetRecordBatchReader,
    /// Columns that are read, by their place in the file, in the reader's order.
    places: Vec<usize>,
    /// The current batch as text, by place in the file.
    texts: Vec<Option<StringArray>>,
    batch_rows: usize,
    at: usize,
    row: u64,
    row_count: u64,
}

/// Rows decoded at once.
const DECODE_ROWS: usize = 8192;

impl Columnar {
    pub(crate) fn open(
        input: &Input,
        wanted: Wanted<'_>,
        options: &Options,
    ) -> Result<(Self, Layout), IntakeError> {
        match &input.place {
            Place::Disk(path) => {
                let file = std::fs::File::open(path).map_err(IntakeError::io(&input.name))?;
                Self::read(input, file, wanted, options)
            }
            Place::Memory(bytes) => Self::read(input, bytes.clone(), wanted, options),
        }
    }

    fn read<C: ChunkReader + 'static>(
        input: &Input,
        chunks: C,
        wanted: Wanted<'_>,
        options: &Options,
    ) -> Result<(Self, Layout), IntakeError> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(chunks)
            .map_err(|e| damaged(&input.name, None, &e))?;
        let headings: Vec<String> = builder
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let Matched {
            columns, unused, ..
        } = match_headings(&input.name, 0, &headings, wanted, options.map.as_ref())?;
        let mut places: Vec<usize> = columns
            .iter()
            .flat_map(|column| &column.sources)
            .map(|source| source.index)
            .collect();
        places.sort_unstable();
        let mask = ProjectionMask::roots(builder.parquet_schema(), places.iter().copied());
        let row_count = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let reader = builder
            .with_projection(mask)
            .with_batch_size(DECODE_ROWS)
            .build()
            .map_err(|e| damaged(&input.name, None, &e))?;
        let rows = Self {
            file: input.name.clone(),
            reader,
            texts: headings.iter().map(|_| None).collect(),
            places,
            batch_rows: 0,
            at: 0,
            row: 0,
            row_count,
        };
        let layout = Layout {
            format: Format::Parquet,
            encoding: None,
            delimiter: None,
            sheet: None,
            header_row: 0,
            columns,
            unused,
        };
        Ok((rows, layout))
    }

    /// Rows that the file says it has.
    pub(crate) fn row_count(&self) -> u64 {
        self.row_count
    }

    /// Reads rows until the batch is full; `false` at the end of the file.
    pub(crate) fn fill(&mut self, batch: &mut Assembler) -> Result<bool, IntakeError> {
        while !batch.is_full() {
            if self.at >= self.batch_rows {
                match self.reader.next() {
                    None => return Ok(false),
                    Some(Err(error)) => {
                        return Err(damaged(&self.file, Some(self.row + 1), &error.into()));
                    }
                    Some(Ok(rows)) => self.decode(&rows)?,
                }
                continue;
            }
            let at = self.at;
            let cell = |place: usize| {
                let text = self.texts.get(place)?.as_ref()?;
                (at < text.len() && text.is_valid(at)).then(|| text.value(at))
            };
            let raw = || {
                let cells: Vec<&str> = self
                    .places
                    .iter()
                    .map(|place| cell(*place).unwrap_or_default())
                    .collect();
                cells.join(" | ").into_bytes()
            };
            batch.accept(self.row + 1, cell, raw);
            self.at += 1;
            self.row += 1;
        }
        Ok(true)
    }

    fn decode(&mut self, rows: &RecordBatch) -> Result<(), IntakeError> {
        (self.at, self.batch_rows) = (0, rows.num_rows());
        let schema = rows.schema();
        for ((place, array), field) in self.places.iter().zip(rows.columns()).zip(schema.fields()) {
            let texts = texts(array).ok_or_else(|| IntakeError::ColumnType {
                file: self.file.clone(),
                column: field.name().clone(),
                kind: array.data_type().to_string(),
            })?;
            if let Some(slot) = self.texts.get_mut(*place) {
                *slot = Some(texts);
            }
        }
        Ok(())
    }
}

fn damaged(file: &str, row: Option<u64>, error: &ParquetError) -> IntakeError {
    IntakeError::Corrupt {
        file: file.to_owned(),
        row,
        detail: shortened(&error.to_string()),
    }
}
