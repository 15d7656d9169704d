//! A run through files: what does not fit the memory goes to a folder, part by part, and ends in the same links.
//!
//! The register is packed, its index written, and let go. Then the records are searched for part by part; their claims are kept, and only what
//! the decision needs of them stays in memory. A run that was stopped takes over what stands in the folder. How records are divided changes
//! nothing in the result: a stopped run may go on with another ceiling.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use linkage::{
    Docket, Index, Linker, Model, Records, RecordsBuilder, Spec, TrainOptions, write_index,
};
use serde_json::json;

use super::ceiling::Ceiling;
use super::work::{self, Work};
use super::{Link, count, stop_if_asked, summary, write_claimed};
use crate::Outcome;
use crate::command::people;
use crate::exit::{Blame, Exit, Failure, usage};
use crate::measure::Stopwatch;
use crate::progress::Progress;

impl Link {
    /// Links through files, so that no more memory is used than may be, and that a stopped run can go on.
    pub(super) fn link_through_files(
        &self,
        records: u64,
        register: &Path,
        spec: &Spec,
        progress: &Progress,
    ) -> Outcome {
        let Some(out) = &self.out else {
            return Err(usage("give --out"));
        };
        let asked = work::asked(
            spec,
            &[
                ("the records", Some(&self.records)),
                ("the register", Some(register)),
                ("--map", self.how.map.as_deref()),
                ("--map-register", self.map_register.as_deref()),
                ("--model", self.how.model.as_deref()),
            ],
        )?;
        let mut work = if self.resume {
            Work::resume(out, &asked)?
        } else {
            Work::begin(out, &asked)?
        };
        let run = Run {
            link: self,
            spec,
            progress,
            records,
            ceiling: Ceiling::of(self.memory),
        };
        let ended = run.go(out, register, &mut work);
        if ended.is_ok() || !work.holds_something() {
            work.finish()?;
            return ended;
        }
        match ended {
            Err(Failure::Stopped) => Err(Failure::Paused),
            other => {
                eprintln!(
                    "note: what was done is kept in {}: with the same files, --resume goes on from there",
                    Work::folder(out).display()
                );
                other
            }
        }
    }

    /// Rows of a file of people.
    pub(super) fn count_rows(
        path: &Path,
        spec: &Spec,
        map: Option<&Path>,
        progress: &Progress,
    ) -> Result<u64, Failure> {
        Ok(people::rows(path, spec, map, progress, &mut |_| Ok(()))?
            .0
            .accepted)
    }
}

/// A run through files.
struct Run<'a> {
    link: &'a Link,
    spec: &'a Spec,
    progress: &'a Progress,
    /// Rows of the records.
    records: u64,
    ceiling: Ceiling,
}

impl Run<'_> {
    fn go(&self, out: &Path, register: &Path, work: &mut Work) -> Outcome {
        let mut watch = Stopwatch::start();
        let (link, spec) = (self.link, self.spec);
        let index = match work.index(spec)? {
            Some(index) => index,
            None => self.index_of(register, work, &mut watch)?,
        };
        let part = self
            .ceiling
            .part(self.records)?
            .min(link.checkpoint.unwrap_or(u64::MAX));
        let mut search = Search {
            spec,
            index: &index,
            docket: Docket::new(spec, &index).or_usage()?,
            work,
        };
        let taken_over = search.take_over()?;
        self.search(&mut search, part, taken_over)?;
        watch.lap("search");
        let links = search.docket.decide(self.progress);
        watch.lap("score");
        write_claimed(out, &links, work.claims(&index))?;
        if let Some(path) = &link.model_out {
            people::write_text(path, &index.model().to_json().or_fault()?)?;
        }
        watch.lap("write");
        if link.json {
            let mut told = json!({
                "records": links.len(),
                "register": index.len(),
                "linked": count(&links, linkage::Outcome::Linked),
                "candidates": links.compared(),
                "records_at_a_time": part,
                "records_taken_over": taken_over,
                "model": index.model(),
            });
            watch.tell(&mut told);
            println!("{told}");
        } else {
            summary(spec, &links);
            println!("Links: {}", out.display());
        }
        Ok(Exit::Good)
    }

    /// Packs the register, trains a model where none is given, and keeps both the model and the index.
    fn index_of(
        &self,
        register: &Path,
        work: &Work,
        watch: &mut Stopwatch,
    ) -> Result<Index<File>, Failure> {
        let (spec, progress) = (self.spec, self.progress);
        let map = self.link.map_register.as_deref();
        let (b, _) = people::read(register, spec, map, progress)?;
        watch.lap("read");
        let model = match (work.model()?, self.link.how.model()?) {
            (Some(model), _) => model,
            (None, given) => {
                let model = given.map_or_else(|| self.trained(&b), Ok)?;
                work.keep_model(&model)?;
                model
            }
        };
        watch.lap("train");
        let memory = self.ceiling.for_keys()?;
        work.keep_index(|out| Ok(write_index(spec, &b, &model, memory, out, progress)?))?;
        watch.lap("index");
        stop_if_asked()?;
        let index = work.index(spec)?;
        index.ok_or_else(|| usage("the index of this run was removed while it ran"))
    }

    /// A model trained on records spread evenly over the file.
    fn trained(&self, register: &Records) -> Result<Model, Failure> {
        let (link, spec, progress) = (self.link, self.spec, self.progress);
        let options = TrainOptions::default();
        let step = self.records.div_ceil(options.sample_records as u64).max(1);
        let mut sample = RecordsBuilder::new(spec);
        let mut row = 0_u64;
        let map = link.how.map.as_deref();
        people::rows(&link.records, spec, map, progress, &mut |cells| {
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

    /// Searches for all records behind the first `done`, so many at a time.
    fn search(&self, search: &mut Search<'_>, part: u64, done: u64) -> Result<(), Failure> {
        let (link, spec, progress) = (self.link, self.spec, self.progress);
        let mut seen = HashSet::new();
        let mut builder = RecordsBuilder::new(spec);
        let (mut row, mut waiting) = (0_u64, 0_u64);
        let map = link.how.map.as_deref();
        people::rows(&link.records, spec, map, progress, &mut |cells| {
            let said = |error: &dyn std::fmt::Display| {
                usage(format!("{}: {error}", link.records.display()))
            };
            let id = cells.first().copied().flatten().unwrap_or_default().trim();
            if !seen.insert(linkage::id_hash(id)) {
                return Err(said(&format_args!("the id {id:?} stands in two rows")));
            }
            row += 1;
            if row <= done {
                return Ok(());
            }
            builder.push(cells).map_err(|error| said(&error))?;
            waiting += 1;
            if waiting == part {
                let ready = std::mem::replace(&mut builder, RecordsBuilder::new(spec));
                waiting = 0;
                search.part(ready, progress)?;
                stop_if_asked()?;
            }
            Ok(())
        })?;
        if waiting > 0 {
            search.part(builder, progress)?;
        }
        Ok(())
    }
}

/// The claims of the parts searched so far: whole in the folder, and what the decision needs of them.
struct Search<'a> {
    spec: &'a Spec,
    index: &'a Index<File>,
    docket: Docket<'a>,
    work: &'a mut Work,
}

impl Search<'_> {
    /// Takes over what a stopped run has found; of how many records.
    fn take_over(&mut self) -> Result<u64, Failure> {
        let mut records = 0;
        for record in self.work.claims(self.index) {
            self.docket.push(&record?);
            records += 1;
        }
        Ok(records)
    }

    fn part(&mut self, part: RecordsBuilder, progress: &Progress) -> Result<(), Failure> {
        let claims = self
            .index
            .claims(self.spec, &part.finish(), progress)
            .or_usage()?;
        for record in claims.records() {
            self.docket.push(record);
        }
        self.work.keep_claims(&claims)
    }
}
