//! `link --memory`: what does not fit goes through files, part by part, and ends in the same links.
//!
//! The register is packed, its index written to a file beside the result, and let go. Then the records are searched for part by part; their
//! claims go to a second file, and only what the decision needs of them stays. Both files are gone at the end, however it ends.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use linkage::{
    Claims, Docket, Index, Linker, Links, Model, Records, RecordsBuilder, Spec, TrainOptions,
    write_index,
};
use serde_json::json;
use tempfile::tempfile_in;

use super::{Link, count, stop_if_asked, summary, write_claimed};
use crate::Outcome;
use crate::command::people;
use crate::exit::{Blame, Exit, Failure, usage};
use crate::measure::{Stopwatch, peak_rss_bytes};
use crate::progress::Progress;

/// Bytes that the decision takes for a record: its claims, its candidates, its id.
const DECIDED: u64 = 260;
/// Bytes that a record takes while it is searched for: itself and the entries that it meets.
const SEARCHED: u64 = 3_000;
/// Bytes that a row of either file takes in a run without files.
const DIRECT: u64 = 400;
/// Records searched for at a time, at the least and at the most.
const LEAST_PART: u64 = 2_000;
const MOST_PART: u64 = 500_000;
/// What the program takes before it reads anything.
const PROGRAM: u64 = 40 << 20;

/// Reads `2GiB`, `800MB`, `1500000000`.
pub fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number
        .parse()
        .map_err(|_| format!("'{text}' is no size; say 2GiB or 800MB"))?;
    let scale = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "k" | "kib" => 1_024.0,
        "m" | "mib" => 1_048_576.0,
        "g" | "gib" => 1_073_741_824.0,
        _ => return Err(format!("'{unit}' is no unit of memory; say 2GiB or 800MB")),
    };
    Ok((number * scale) as u64)
}

impl Link {
    /// Links without ever holding more than `memory` bytes.
    pub(super) fn link_within(
        &self,
        memory: u64,
        register: &Path,
        spec: &Spec,
        progress: &Progress,
    ) -> Outcome {
        let Some(out) = &self.out else {
            return Err(usage("give --out"));
        };
        let mut watch = Stopwatch::start();
        let map = self.how.map.as_deref();
        let rows = |path: &Path, map: Option<&Path>| {
            let (counts, _) = people::rows(path, spec, map, progress, &mut |_| Ok(()))?;
            Ok::<u64, Failure>(counts.accepted)
        };
        let records = rows(&self.records, map)?;
        let entries = rows(register, self.map_register.as_deref())?;
        watch.lap("count");
        if PROGRAM + (records + entries) * DIRECT <= memory {
            return self.link_in_memory(register, spec, progress);
        }
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let (index, model) = self.index_of(
            memory,
            records,
            register,
            (spec, folder),
            progress,
            &mut watch,
        )?;
        let index = Index::open(index, spec).or_fault()?;

        let needed = PROGRAM + records * DECIDED;
        let left = memory.saturating_sub(needed);
        let part = (left / SEARCHED).clamp(LEAST_PART, MOST_PART);
        enough(memory, needed + LEAST_PART * SEARCHED, "these records")?;
        let mut spill = Spill::new(spec, &index, folder)?;
        let mut seen = HashSet::new();
        let mut builder = RecordsBuilder::new(spec);
        let mut waiting = 0;
        people::rows(&self.records, spec, map, progress, &mut |cells| {
            let said = |error: &dyn std::fmt::Display| {
                usage(format!("{}: {error}", self.records.display()))
            };
            let id = cells.first().copied().flatten().unwrap_or_default().trim();
            if !seen.insert(linkage::id_hash(id)) {
                return Err(said(&format_args!("the id {id:?} stands in two rows")));
            }
            builder.push(cells).map_err(|error| said(&error))?;
            waiting += 1;
            if waiting == part {
                let ready = std::mem::replace(&mut builder, RecordsBuilder::new(spec));
                waiting = 0;
                stop_if_asked()?;
                spill.search(ready, progress)?;
            }
            Ok(())
        })?;
        spill.search(builder, progress)?;
        drop(seen);
        watch.lap("search");
        let (links, mut claims) = spill.decide(progress)?;
        watch.lap("score");
        claims.seek(SeekFrom::Start(0)).or_fault()?;
        let claims = Claims::read_records(BufReader::new(claims), &index).or_fault()?;
        write_claimed(out, &links, claims.map(Blame::or_fault))?;
        if let Some(path) = &self.model_out {
            people::write_text(path, &model.to_json().or_fault()?)?;
        }
        watch.lap("write");
        if self.json {
            let mut told = json!({
                "records": links.len(),
                "register": index.len(),
                "linked": count(&links, linkage::Outcome::Linked),
                "candidates": links.compared(),
                "records_at_a_time": part,
                "model": model,
            });
            watch.tell(&mut told);
            println!("{told}");
        } else {
            summary(spec, &links);
            println!("Links: {}", out.display());
        }
        Ok(Exit::Good)
    }

    /// Packs the register, trains a model where none is given, and writes the index to a file without a name.
    fn index_of(
        &self,
        memory: u64,
        records: u64,
        register: &Path,
        (spec, folder): (&Spec, &Path),
        progress: &Progress,
        watch: &mut Stopwatch,
    ) -> Result<(File, Model), Failure> {
        let (b, _) = people::read(register, spec, self.map_register.as_deref(), progress)?;
        watch.lap("read");
        let model = match self.how.model()? {
            Some(model) => model,
            None => self.trained(records, &b, spec, progress)?,
        };
        watch.lap("train");
        let used = peak_rss_bytes().unwrap_or_default();
        enough(memory, used + (32 << 20), "the register")?;
        let mut file = tempfile_in(folder)
            .map_err(|error| usage(format!("cannot write into {}: {error}", folder.display())))?;
        let mut out = BufWriter::with_capacity(1 << 20, &mut file);
        write_index(spec, &b, &model, (memory - used) / 2, &mut out, progress).or_usage()?;
        out.flush().or_usage()?;
        drop(out);
        watch.lap("index");
        Ok((file, model))
    }

    /// A model trained on records spread evenly over the file.
    fn trained(
        &self,
        records: u64,
        register: &Records,
        spec: &Spec,
        progress: &Progress,
    ) -> Result<Model, Failure> {
        let options = TrainOptions::default();
        let step = records.div_ceil(options.sample_records as u64).max(1);
        let mut sample = RecordsBuilder::new(spec);
        let mut row = 0_u64;
        let map = self.how.map.as_deref();
        people::rows(&self.records, spec, map, progress, &mut |cells| {
            if row.is_multiple_of(step) {
                sample.push(cells).or_usage()?;
            }
            row += 1;
            Ok(())
        })?;
        let sample = sample.finish();
        let linker = Linker::new(spec, &sample, register);
        linker
            .train(&linker.candidates(progress), &options)
            .or_usage()
    }
}

fn enough(memory: u64, needed: u64, what: &str) -> Result<(), Failure> {
    if memory >= needed {
        return Ok(());
    }
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    Err(usage(format!(
        "--memory {}MiB is too little for {what}: give at least {}MiB, or divide the file",
        mib(memory),
        mib(needed)
    )))
}

/// The claims of the parts searched so far: whole in a file, and what the decision needs.
struct Spill<'a> {
    spec: &'a Spec,
    index: &'a Index<File>,
    docket: Docket<'a>,
    file: BufWriter<File>,
}

impl<'a> Spill<'a> {
    fn new(spec: &'a Spec, index: &'a Index<File>, folder: &Path) -> Result<Self, Failure> {
        let mut file = BufWriter::with_capacity(1 << 20, tempfile_in(folder).or_usage()?);
        index.no_claims().write(&mut file).or_usage()?;
        Ok(Self {
            spec,
            index,
            docket: Docket::new(spec, index).or_usage()?,
            file,
        })
    }

    fn search(&mut self, part: RecordsBuilder, progress: &Progress) -> Result<(), Failure> {
        let claims = self
            .index
            .claims(self.spec, &part.finish(), progress)
            .or_usage()?;
        claims
            .records()
            .iter()
            .for_each(|record| self.docket.push(record));
        claims.write_records(&mut self.file).or_usage()
    }

    fn decide(self, progress: &Progress) -> Result<(Links, File), Failure> {
        let file = self
            .file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .or_usage()?;
        Ok((self.docket.decide(progress), file))
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_in_the_usual_units() {
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size("800 MB"), Ok(800_000_000));
        assert_eq!(size("1.5g"), Ok(3 << 29));
        assert_eq!(size("12"), Ok(12));
        assert!(size("much").is_err() && size("3 rooms").is_err());
    }
}
