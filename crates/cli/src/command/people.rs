//! Files of people for the linkage commands: read by a spec, packed, nothing lost silently.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow_array::{Array, RecordBatch, StringArray};
use clap::Args;
use intake::{ColumnMap, Counts, FieldSpec, Layout, Options, Wanted};
use linkage::{Model, Records, RecordsBuilder, Spec, Useless};

use crate::command::auto;
use crate::command::clean::{read_text, set_threads};
use crate::exit::{Blame, Failure, usage};
use crate::progress::{Progress, interrupted};

/// How to link: arguments that the linkage commands share.
#[derive(Args)]
pub struct How {
    /// A built-in spec (vietnam, `who_person`, febrl3, febrl4, `fake_1000`), a TOML file, or `auto`: one proposed from the columns.
    #[arg(long, value_name = "NAME|FILE.toml|auto", default_value = "vietnam")]
    pub spec: String,
    /// Where the spec goes that `--spec auto` proposes.
    #[arg(long, value_name = "FILE.toml")]
    pub spec_out: Option<PathBuf>,
    /// Columns of the records, where the headings don't say it.
    #[arg(long, value_name = "FILE.toml")]
    pub map: Option<PathBuf>,
    /// A trained model to use instead of training one.
    #[arg(long, value_name = "FILE.json")]
    pub model: Option<PathBuf>,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// No progress.
    #[arg(long, short)]
    pub quiet: bool,
}

impl How {
    /// Sets the threads, reads the spec or proposes one for the records and these further files, and starts to show progress.
    pub fn begin(
        &self,
        records: &Path,
        others: &[auto::Source<'_>],
    ) -> Result<(Spec, Progress), Failure> {
        set_threads(self.threads)?;
        let spec = if self.spec == "auto" {
            let mut files = vec![(records, self.map.as_deref())];
            files.extend(others);
            self.proposed(&files)?
        } else if self.spec_out.is_some() {
            return Err(usage("--spec-out goes with --spec auto"));
        } else {
            spec(&self.spec)?
        };
        Ok((spec, Progress::new(self.quiet)))
    }

    fn proposed(&self, files: &[auto::Source<'_>]) -> Result<Spec, Failure> {
        let proposal = auto::propose(files)?;
        if !self.quiet {
            eprint!(
                "Proposed spec, by the columns:\n{}",
                linkage::auto::described(&proposal.columns)
            );
        }
        match &self.spec_out {
            Some(path) => write_text(path, &proposal.toml)?,
            None if !self.quiet => eprintln!("{}", proposal.toml),
            None => {}
        }
        Ok(proposal.spec)
    }

    /// The trained model that was given, if one was.
    pub fn model(&self) -> Result<Option<Model>, Failure> {
        self.model.as_deref().map(read_model).transpose()
    }
}

/// Reads a model file.
pub fn read_model(path: &Path) -> Result<Model, Failure> {
    Model::from_json(&read_text(path)?)
        .map_err(|error| usage(format!("{}: {error}", path.display())))
}

/// Writes a small file whole or not at all.
pub fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    write_whole(path, |file| {
        file.write_all(text.as_bytes())
            .map_err(|error| usage(format!("cannot write {}: {error}", path.display())))
    })?;
    Ok(())
}

/// Writes a file whole or not at all; how many bytes it has.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut interim = path.as_os_str().to_owned();
    interim.push(".partial");
    let failed = |error: std::io::Error| usage(format!("cannot write {}: {error}", path.display()));
    let mut file = File::create(&interim).map_err(failed)?;
    let written = write(&mut file).and_then(|()| {
        let bytes = file.metadata().map_err(failed)?.len();
        std::fs::rename(&interim, path).map_err(failed)?;
        Ok(bytes)
    });
    if written.is_err() {
        // What went wrong is said; that the interim file could not be removed would only hide it.
        let _ = std::fs::remove_file(&interim);
    }
    written
}

/// A built-in spec by name, or a TOML file.
pub fn spec(name: &str) -> Result<Spec, Failure> {
    let path = Path::new(name);
    if path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
    {
        Spec::from_toml(&read_text(path)?).map_err(|error| usage(format!("{name}: {error}")))
    } else {
        Spec::builtin(name).or_usage()
    }
}

/// Reads a file of people.
pub fn read(
    path: &Path,
    spec: &Spec,
    map: Option<&Path>,
    progress: &Progress,
) -> Result<(Records, Counts), Failure> {
    let mut records = RecordsBuilder::new(spec);
    let (counts, layout) = rows(path, spec, map, progress, &mut |cells| {
        records
            .push(cells)
            .map_err(|error| usage(format!("{}: {error}", path.display())))
    })?;
    let records = records.finish();
    check(path, spec, &records, &layout)?;
    Ok((records, counts))
}

/// Takes a row: a text per column of the spec.
type Each<'a> = dyn FnMut(&[Option<&str>]) -> Result<(), Failure> + 'a;

/// Hands on every row of a file of people; how many there were, and where their columns come from.
pub fn rows(
    path: &Path,
    spec: &Spec,
    map: Option<&Path>,
    progress: &Progress,
    each: &mut Each<'_>,
) -> Result<(Counts, Layout), Failure> {
    let map = map.map(ColumnMap::load).transpose().or_usage()?;
    let fields = canonical_fields(spec);
    let wanted = fields.as_deref().map_or(Wanted::AsInFile, Wanted::Fields);
    let mut reader = intake::open(
        path,
        wanted,
        &Options {
            map,
            ..Options::default()
        },
    )
    .or_usage()?;
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    progress.start("read", reader.progress().total.unwrap_or(0), "of the file");
    let mut done = 0;
    while let Some(batch) = reader.next_batch().or_usage()? {
        rows_of(&batch.rows, spec, path, each)?;
        let now = reader.progress().done;
        progress.add(now.saturating_sub(done));
        done = now;
        if interrupted() {
            return Err(Failure::Stopped);
        }
    }
    let counts = reader.counts();
    progress.stop(
        "read",
        &format!(
            ": {name}, {} rows, {} rejected",
            counts.read, counts.rejected
        ),
    );
    if counts.accepted == 0 {
        return Err(usage(format!(
            "{} holds no usable row ({} rejected)",
            path.display(),
            counts.rejected
        )));
    }
    Ok((counts, reader.layout().clone()))
}

/// So many equal records are no doubles but a broken file.
const MANY_EQUALS: usize = 10;

/// Says which columns cannot help, and refuses records that nothing tells apart: each of them would be everybody.
fn check(path: &Path, spec: &Spec, records: &Records, layout: &Layout) -> Result<(), Failure> {
    let has = |name: &str| {
        let mut columns = layout.columns.iter();
        columns.any(|c| c.field.trim().eq_ignore_ascii_case(name) && !c.sources.is_empty())
    };
    let columns = spec.columns();
    for absent in columns.iter().filter(|column| !has(&column.name)) {
        eprintln!(
            "note: {}: no column '{}', which the spec names; it counts as empty",
            path.display(),
            absent.name
        );
    }
    let mut helps = false;
    for (name, useless) in linkage::useless_columns(spec, records) {
        let what = match useless {
            None => {
                helps = true;
                continue;
            }
            Some(Useless::Empty) => "holds no value that can be read",
            Some(Useless::OneValue) => "has the same value in all rows",
        };
        eprintln!("note: {}: '{name}' {what}", path.display());
    }
    if !helps && records.len() >= MANY_EQUALS {
        return Err(usage(format!(
            "{}: nothing tells its {} records apart: every column that the spec compares is empty or has one value\nhint: look at the file, and at --map and --spec",
            path.display(),
            records.len()
        )));
    }
    Ok(())
}

/// For specs whose columns all have canonical headings the usual Vietnamese and English headings are recognised; other specs name the columns.
fn canonical_fields(spec: &Spec) -> Option<Vec<FieldSpec>> {
    use registry::fields::{Field, SubjectField};
    let known = |name: &str| SubjectField::from_heading(name);
    let required: Option<Vec<SubjectField>> = spec
        .columns()
        .iter()
        .map(|column| known(&column.name).map(|field| (field, column.required)))
        .collect::<Option<Vec<_>>>()
        .map(|columns| {
            columns
                .into_iter()
                .filter(|(_, required)| *required)
                .map(|(field, _)| field)
                .collect()
        });
    let of_spec = |field: &FieldSpec| {
        spec.columns()
            .iter()
            .any(|column| column.name == field.heading)
    };
    required.map(|required| {
        intake::fields_of(&required)
            .into_iter()
            .filter(of_spec)
            .collect()
    })
}

fn rows_of(
    rows: &RecordBatch,
    spec: &Spec,
    path: &Path,
    each: &mut Each<'_>,
) -> Result<(), Failure> {
    let columns: Vec<Option<&StringArray>> = spec
        .columns()
        .iter()
        .map(|column| {
            let found = rows
                .schema_ref()
                .fields()
                .iter()
                .position(|field| field.name().trim().eq_ignore_ascii_case(&column.name));
            match found.and_then(|place| rows.column(place).as_any().downcast_ref()) {
                None if column.required => Err(missing(path, &column.name, rows)),
                texts => Ok(texts),
            }
        })
        .collect::<Result<_, _>>()?;
    let mut texts = Vec::with_capacity(columns.len());
    for row in 0..rows.num_rows() {
        texts.clear();
        texts.extend(columns.iter().map(|column| {
            column
                .filter(|column| column.is_valid(row))
                .map(|column| column.value(row))
        }));
        each(&texts)?;
    }
    Ok(())
}

fn missing(path: &Path, wanted: &str, rows: &RecordBatch) -> Failure {
    let found: Vec<&str> = rows
        .schema_ref()
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .filter(|name| *name != intake::ROW_COLUMN)
        .collect();
    usage(format!(
        "{}: the spec needs a column '{wanted}'; the file has {}",
        path.display(),
        found.join(", ")
    ))
}
