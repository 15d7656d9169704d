//! Claims: what records met in an index, kept so that a day's records can be added without looking for the earlier ones again.
//!
//! A record's claims are the entries that can matter for it, with the evidence. They depend on the record and the register alone; who gets whom
//! is decided over the claims of all records, which is quick. So the links after ten days' files are those of one run over all ten.

use std::io::{self, BufRead, Read, Seek, Write};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::block;
use crate::compare::Pair;
use crate::hash;
use crate::index::{Index, IndexError};
use crate::link::{Ceiling, Contest, Links, Veto, least_ratio};
use crate::model::{Model, Weights};
use crate::records::Records;
use crate::spec::Spec;
use crate::{ModelError, Progress};

/// What a record may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Row of the entry in the register.
    pub b_row: u32,
    /// Id of the entry.
    pub b_id: String,
    /// Bit of each blocking rule that found the pair.
    pub rules: u32,
    /// Level of each comparison, four bits each.
    pub pattern: u64,
    /// How much likelier than on average the agreement is between strangers, in bits.
    pub frequency_bits: f32,
    /// Why it is never linked without a person looking at it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub veto: Option<Veto>,
    /// What kind of slip explains each difference.
    pub shape: String,
}

/// The claims of one record, by row of the register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordClaims {
    /// Id of the record.
    pub id: String,
    /// Its claims.
    pub claims: Vec<Claim>,
}

impl RecordClaims {
    /// The claim on an entry.
    pub fn claim(&self, b_row: u32) -> Option<&Claim> {
        let place = self
            .claims
            .binary_search_by_key(&b_row, |claim| claim.b_row);
        self.claims.get(place.ok()?)
    }
}

/// The claims of records against one index.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// Fingerprint of the index: its model and the size of its register.
    index: String,
    records: Vec<RecordClaims>,
}

/// Why a file of claims cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClaimsError {
    /// The disk.
    #[error("cannot read or write the claims: {0}")]
    Io(#[from] io::Error),
    /// Another kind of file, or a damaged one.
    #[error("line {line} of the claims cannot be read: {detail}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What the reader says.
        detail: String,
    },
    /// The index was made anew since.
    #[error(
        "the claims were made with another index: give a new file of claims and link all records again"
    )]
    OtherIndex,
    /// A claim on an entry that the register does not have.
    #[error("record {id:?} claims row {row}, and the register has {rows}")]
    NoRow {
        /// The record.
        id: String,
        /// The row.
        row: u32,
        /// Rows of the register.
        rows: usize,
    },
}

#[derive(Serialize, Deserialize)]
struct Head {
    index: String,
}

impl<F: Read + Seek> Index<F> {
    /// No claims yet.
    pub fn no_claims(&self) -> Claims {
        Claims {
            index: fingerprint(self.model(), self.len()),
            records: Vec::new(),
        }
    }

    /// The claims of some records.
    ///
    /// # Errors
    /// When the index is damaged or the disk fails.
    pub fn claims(
        &self,
        spec: &Spec,
        a: &Records,
        progress: &dyn Progress,
    ) -> Result<Claims, IndexError> {
        progress.stage("search", a.len() as u64);
        let mut met = self.meet(spec, a)?;
        let (linker, pairs, local) = met.linker(spec, a);
        let weights = self.model().weights(spec, self.len())?;
        let ceiling = Ceiling::of(&linker, &weights, least_ratio(&weights));
        let mut records: Vec<RecordClaims> = (0..a.len() as u32)
            .map(|row| RecordClaims {
                id: a.id(row).unwrap_or_default().to_owned(),
                claims: Vec::new(),
            })
            .collect();
        let groups: Vec<&[(u64, u32)]> = pairs
            .chunk_by(|one, other| one.0 >> 32 == other.0 >> 32)
            .collect();
        let claimed: Vec<(u32, Vec<Claim>)> = groups
            .into_par_iter()
            .map(|group| {
                let row = group.first().map_or(0, |(pair, _)| block::rows(*pair).0);
                let (rows, live): (Vec<u32>, Vec<Pair>) = group
                    .iter()
                    .filter_map(|(pair, rules)| {
                        let b_row = block::rows(*pair).1;
                        let pair = u64::from(row) << 32 | u64::from(*local.get(&b_row)?);
                        let pair = linker.pair_that_matters(pair, *rules, &ceiling)?;
                        (weights.ratio(&pair) >= least_ratio(&weights)).then_some((b_row, pair))
                    })
                    .unzip();
                let claims = rows.into_iter().enumerate().filter_map(|(place, b_row)| {
                    let pair = live.get(place)?;
                    Some(Claim {
                        b_row,
                        b_id: linker.b.id(pair.b_row)?.to_owned(),
                        rules: pair.rules,
                        pattern: pair.pattern,
                        frequency_bits: pair.frequency_bits,
                        veto: linker.veto_among(row, &live, place),
                        shape: linker.shape(pair.pattern, row, pair.b_row),
                    })
                });
                (row, claims.collect())
            })
            .collect();
        for (row, claims) in claimed {
            if let Some(record) = records.get_mut(row as usize) {
                record.claims = claims;
            }
        }
        progress.advance(a.len() as u64);
        Ok(Claims {
            index: fingerprint(self.model(), self.len()),
            records,
        })
    }
}

impl Claims {
    /// All records, in the order in which they came.
    pub fn records(&self) -> &[RecordClaims] {
        &self.records
    }

    /// Adds the claims of further records; one that was there before is replaced in its place.
    pub fn add(&mut self, more: Self) {
        let mut places: FxHashMap<String, usize> = self
            .records
            .iter()
            .enumerate()
            .map(|(place, record)| (record.id.clone(), place))
            .collect();
        for record in more.records {
            let place = *places
                .entry(record.id.clone())
                .or_insert(self.records.len());
            if let Some(before) = self.records.get_mut(place) {
                *before = record;
            } else {
                self.records.push(record);
            }
        }
    }

    /// Decides over all claims: the same links as those of a run over all these records.
    ///
    /// # Errors
    /// When the model belongs to another spec.
    pub fn decide<F: Read + Seek>(
        &self,
        spec: &Spec,
        index: &Index<F>,
        progress: &dyn Progress,
    ) -> Result<Links, ModelError> {
        let mut docket = Docket::new(spec, index)?;
        for record in &self.records {
            docket.push(record);
        }
        Ok(docket.decide(progress))
    }

    /// The claim of a record on an entry.
    pub fn claim(&self, record: u32, b_row: u32) -> Option<&Claim> {
        self.records.get(record as usize)?.claim(b_row)
    }

    /// Writes the claims: a line of JSON about the index, and one per record.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn write(&self, out: &mut impl Write) -> Result<(), ClaimsError> {
        let head = Head {
            index: self.index.clone(),
        };
        line(out, &head)?;
        self.write_records(out)
    }

    /// Writes the records alone, behind those that stand in a file already.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn write_records(&self, out: &mut impl Write) -> Result<(), ClaimsError> {
        self.records
            .iter()
            .try_for_each(|record| line(out, record))?;
        Ok(out.flush()?)
    }

    /// Reads claims that were made with this index.
    ///
    /// # Errors
    /// When a line is none of a file of claims, or they were made with another index.
    pub fn read<F: Read + Seek>(file: impl BufRead, index: &Index<F>) -> Result<Self, ClaimsError> {
        let mut claims = index.no_claims();
        claims.records = Self::read_records(file, index)?.collect::<Result<_, _>>()?;
        Ok(claims)
    }

    /// Reads claims that were made with this index, one record after the other.
    ///
    /// # Errors
    /// When it is no file of claims, or they were made with another index.
    pub fn read_records<F: Read + Seek>(
        file: impl BufRead,
        index: &Index<F>,
    ) -> Result<impl Iterator<Item = Result<RecordClaims, ClaimsError>>, ClaimsError> {
        let rows = index.len();
        let mut lines = file.lines().enumerate();
        let (_, head) = lines.next().unwrap_or_else(|| (0, Ok(String::new())));
        let head: Head = parsed(0, &head?)?;
        if head.index != fingerprint(index.model(), rows) {
            return Err(ClaimsError::OtherIndex);
        }
        Ok(lines.map(move |(number, line)| {
            let record: RecordClaims = parsed(number, &line?)?;
            let past = record
                .claims
                .iter()
                .find(|claim| claim.b_row as usize >= rows);
            match past.map(|claim| claim.b_row) {
                Some(row) => Err(ClaimsError::NoRow {
                    row,
                    rows,
                    id: record.id,
                }),
                None => Ok(record),
            }
        }))
    }
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

fn parsed<T: DeserializeOwned>(number: usize, line: &str) -> Result<T, ClaimsError> {
    serde_json::from_str(line).map_err(|error| ClaimsError::Line {
        line: number + 1,
        detail: error.to_string(),
    })
}

/// All that a decision needs of claims, without their names: forty bytes a claim, so that those of millions of records fit.
pub struct Docket<'a> {
    spec: &'a Spec,
    weights: Weights,
    register: usize,
    contest: Contest,
    vetoes: Vec<Option<Veto>>,
}

impl<'a> Docket<'a> {
    /// Without records yet.
    ///
    /// # Errors
    /// When the model belongs to another spec.
    pub fn new<F: Read + Seek>(spec: &'a Spec, index: &Index<F>) -> Result<Self, ModelError> {
        Ok(Self {
            spec,
            weights: index.model().weights(spec, index.len())?,
            register: index.len(),
            contest: Contest::default(),
            vetoes: Vec::new(),
        })
    }

    /// Adds a record's claims.
    pub fn push(&mut self, record: &RecordClaims) {
        for claim in &record.claims {
            let pair = Pair {
                b_row: claim.b_row,
                rules: claim.rules,
                pattern: claim.pattern,
                frequency_bits: claim.frequency_bits,
            };
            self.contest.ratios.push(self.weights.ratio(&pair));
            self.contest.pairs.push(pair);
            self.vetoes.push(claim.veto);
        }
        self.contest.ends.push(self.contest.pairs.len() as u64);
    }

    /// Decides over all claims.
    pub fn decide(mut self, progress: &dyn Progress) -> Links {
        progress.stage("score", self.contest.ends.len() as u64);
        self.contest.compared = self.contest.pairs.len() as u64;
        let veto = |row: u32, _: &[Pair], place: usize| {
            let place = self.contest.places(row).start + place;
            self.vetoes.get(place).copied().flatten()
        };
        self.contest
            .decide(self.spec, &self.weights, self.register, &veto, progress)
    }
}

/// Tells an index from another: claims of one mean nothing to the other.
fn fingerprint(model: &Model, rows: usize) -> String {
    let text = serde_json::to_string(model).unwrap_or_default();
    format!(
        "{:016x}",
        hash::mix(hash::bytes(text.as_bytes()), rows as u64)
    )
}
