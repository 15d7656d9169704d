//! The issuer's list as a file: batches as the EU gateway has them, one per line.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use passport::revocation::{Batch, HashKind, Kid, RevocationList};

use super::target::{Signer, Target};
use crate::command::clean::read_text;
use crate::command::people;
use crate::exit::{Failure, usage};

/// What is revoked, by the country that revokes.
#[derive(Default)]
pub struct Working(BTreeMap<String, RevocationList>);

const KINDS: [HashKind; 3] = [HashKind::Uci, HashKind::CountryCodeUci, HashKind::Signature];

impl Working {
    /// Reads batches that stand one after the other, on lines of their own or not.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |number: usize, error: &dyn std::fmt::Display| {
            usage(format!("{}: batch {number}: {error}", path.display()))
        };
        let mut working = Self::default();
        let text = read_text(path)?;
        let batches = serde_json::Deserializer::from_str(&text).into_iter::<Batch>();
        for (number, batch) in (1..).zip(batches) {
            let batch = batch.map_err(|error| failed(number, &error))?;
            working
                .of(&batch.country)
                .add_batch(&batch)
                .map_err(|error| failed(number, &error))?;
        }
        Ok(working)
    }

    /// Writes all of it. The same list gives the same bytes.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let failed =
            |error: std::io::Error| usage(format!("cannot write {}: {error}", path.display()));
        people::write_whole(path, |file| {
            let mut out = std::io::BufWriter::new(file);
            for (country, list) in &self.0 {
                for batch in list.to_batches(country) {
                    writeln!(out, "{}", batch.to_json()).map_err(failed)?;
                }
            }
            out.flush().map_err(failed)
        })?;
        Ok(())
    }

    /// The list of a country.
    pub fn of(&mut self, country: &str) -> &mut RevocationList {
        self.0.entry(country.to_owned()).or_default()
    }

    /// The lists of all countries together.
    pub fn all(&self) -> RevocationList {
        let mut all = RevocationList::default();
        for list in self.0.values() {
            all.merge(list);
        }
        all
    }

    /// Puts everything of another on this one.
    pub fn merge(&mut self, other: &Self) {
        for (country, list) in &other.0 {
            self.of(country).merge(list);
        }
    }

    /// Takes every entry of a certificate back; `false` when there was none.
    pub fn unrevoke(&mut self, target: &Target) -> bool {
        let hashes = target.hashes();
        let mut found = false;
        for list in self.0.values_mut() {
            let kids: Vec<Option<Kid>> = match target.kid {
                Some(Signer(kid)) => vec![kid, None],
                None => list.iter().map(|(kid, ..)| kid).collect(),
            };
            for kid in kids {
                for kind in KINDS {
                    found |= list.unrevoke(kid, kind, hashes.of_kind(kind));
                }
            }
        }
        found
    }

    /// Number of hashes.
    pub fn len(&self) -> usize {
        self.0.values().map(RevocationList::len).sum()
    }

    /// Numbers of hashes by country, signer and kind.
    pub fn counts(&self) -> impl Iterator<Item = (String, Option<Kid>, HashKind, usize)> {
        let mut counts = BTreeMap::new();
        for (country, list) in &self.0 {
            for (kid, kind, ..) in list.iter() {
                *counts.entry((country.clone(), kid, kind)).or_insert(0) += 1;
            }
        }
        let counts = counts.into_iter();
        counts.map(|((country, kid, kind), entries)| (country, kid, kind, entries))
    }
}
