//! `--spec auto`: samples of the files for [`linkage::auto`].

use std::path::Path;

use arrow_array::{Array, StringArray};
use intake::{ColumnMap, Options, Wanted, fields_of};
use linkage::auto::{AutoError, Proposal, SampleColumn};
use registry::fields::SubjectField;

use crate::exit::{Blame, Failure};

/// Rows of the records that are looked at.
const SAMPLE_ROWS: usize = 20_000;

/// A file and its column map.
pub type Source<'a> = (&'a Path, Option<&'a Path>);

/// Proposes a spec for files of people. Their own headings count first; where those differ from file to file, or say less, the headings that the
/// product recognises.
pub fn propose(files: &[Source<'_>]) -> Result<Proposal, Failure> {
    let own = propose_by(files, Wanted::AsInFile)?;
    let fields = fields_of::<SubjectField>(&[]);
    // A file whose headings cannot be matched with ours is no fault here.
    let recognised = propose_by(files, Wanted::Fields(&fields))
        .ok()
        .and_then(Result::ok);
    let size = |proposal: &Proposal| proposal.spec.columns().len();
    match (own, recognised) {
        (Ok(own), Some(ours)) if size(&ours) > size(&own) => Ok(ours),
        (Err(_), Some(ours)) => Ok(ours),
        (own, _) => own.or_usage(),
    }
}

fn propose_by(
    files: &[Source<'_>],
    wanted: Wanted<'_>,
) -> Result<Result<Proposal, AutoError>, Failure> {
    let samples = files
        .iter()
        .map(|file| sample(*file, wanted))
        .collect::<Result<Vec<_>, _>>()?;
    let Some((records, others)) = samples.split_first() else {
        return Ok(linkage::auto::propose(&[]));
    };
    let everywhere = |column: &&SampleColumn| {
        others.iter().all(|other| {
            other
                .iter()
                .any(|known| known.heading.eq_ignore_ascii_case(&column.heading))
        })
    };
    let common: Vec<SampleColumn> = records.iter().filter(everywhere).cloned().collect();
    Ok(linkage::auto::propose(&common))
}

/// The first rows of a file, without columns that it does not have.
fn sample((path, map): Source<'_>, wanted: Wanted<'_>) -> Result<Vec<SampleColumn>, Failure> {
    let options = Options {
        map: map.map(ColumnMap::load).transpose().or_usage()?,
        batch_rows: SAMPLE_ROWS,
        ..Options::default()
    };
    let mut reader = intake::open(path, wanted, &options).or_usage()?;
    let missing: Vec<String> = reader.layout().missing().map(str::to_owned).collect();
    let Some(batch) = reader.next_batch().or_usage()? else {
        return Ok(Vec::new());
    };
    let schema = batch.rows.schema();
    let columns = schema.fields().iter().zip(batch.rows.columns());
    let texts = columns
        .filter(|(field, _)| !missing.contains(field.name()))
        .filter_map(|(field, column)| {
            Some((field, column.as_any().downcast_ref::<StringArray>()?))
        });
    let text = |cell: Option<&str>| {
        cell.map(str::trim)
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
    };
    Ok(texts
        .map(|(field, column)| SampleColumn {
            heading: field.name().trim().to_owned(),
            values: column.iter().map(text).collect(),
        })
        .collect())
}
