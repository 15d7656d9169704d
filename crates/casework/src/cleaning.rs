//! Cleaning what the register does not confirm (1495, 1975, 2262; process, 5.3 and 7.2): lists of the people who live in a commune, row by
//! row through hamlet, police and station.
//!
//! A [`list`] is what is handed over, signed and archived; an [`item`] is one row on its way. The two meet in the [`Row`]: the police sign
//! the rows as they stand, and the station may apply nothing else.

pub mod item;
pub mod list;
mod reasons;

use jiff::civil::Date;
use registry::area::{Place, Vintage};
use registry::status::ErrorCategory;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::subject::person::{IdentityChange, Person};
use crate::{RecordId, Refusal, Unit};

pub use reasons::*;

/// The campaign for which a list is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignRef {
    /// Its id.
    pub id: String,
    /// Its first day; what stayed unresolved may be listed again by a campaign that begins later.
    pub begins: Date,
}

/// The subject's identity as it stood when somebody looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of the identity ([`crate::subject::Subject::identity_version`]). Not the revision of the whole record, which moves with
    /// every dose and every answer of the register, and would send rows back for nothing.
    pub revision: u32,
    /// What was recorded.
    pub person: Person,
}

/// A row as the police sign it. Its fields are hashed in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The item.
    pub item: RecordId,
    /// Whose identity.
    pub subject: RecordId,
    /// The version of the identity that was looked at.
    pub revision: u32,
    /// Why it was listed.
    pub category: ErrorCategory,
    /// The values that the police confirm; none when the record is right as it stands.
    pub values: IdentityChange,
}

/// Proof of the police's signature.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum SignatureEvidence {
    /// A digital signature over the content's hash.
    Digital {
        /// The signature, as its verifier reads it.
        signature: String,
    },
    /// A scan of the signed paper.
    Scan {
        /// The attachment.
        attachment: String,
        /// SHA-256 of its bytes, in hexadecimal.
        sha256: String,
    },
}

/// SHA-256, in hexadecimal, of rows as JSON, in the order of their items. The same set of rows has the same hash, however it was ordered.
///
/// # Panics
/// Never: a row holds nothing but texts and numbers, which always can be written.
#[expect(
    clippy::expect_used,
    reason = "texts and numbers always can be written as JSON"
)]
pub fn content_sha256(rows: &[Row]) -> String {
    let mut hash = Sha256::new();
    let mut ordered: Vec<&Row> = rows.iter().collect();
    ordered.sort_by(|a, b| a.item.cmp(&b.item));
    for row in ordered {
        // A line for each keeps rows apart.
        hash.update(serde_json::to_vec(row).expect("a row can be written"));
        hash.update(b"\n");
    }
    hex::encode(hash.finalize())
}

impl SignatureEvidence {
    fn check(&self) -> Result<(), Refusal> {
        let present = match self {
            Self::Digital { signature } => !signature.trim().is_empty(),
            Self::Scan { attachment, sha256 } => {
                !attachment.trim().is_empty()
                    && sha256.len() == 64
                    && sha256.bytes().all(|b| b.is_ascii_hexdigit())
            }
        };
        EVIDENCE_MISSING.unless(present)
    }
}

/// The station that lists those who live in a place: a commune's, or the district's in the island districts that have no communes.
fn station_of(place: Place) -> Result<Unit, Refusal> {
    if let Some(commune) = place.commune {
        return Ok(Unit::Commune(commune));
    }
    let district = place.district.ok_or_else(|| NO_PLACE.refusal())?;
    let has_communes = Vintage::Of2022
        .communes()
        .iter()
        .any(|commune| commune.district == Some(district));
    NO_PLACE.unless(!has_communes)?;
    Ok(Unit::District(district))
}

/// The police of the same place.
fn police_of(place: Place) -> Result<Unit, Refusal> {
    Unit::police_of(place).ok_or_else(|| NO_PLACE.refusal())
}

#[cfg(test)]
mod tests {
    use registry::area::{CommuneCode, DistrictCode};

    use super::*;

    fn row(item: &str) -> Row {
        Row {
            item: RecordId(item.into()),
            subject: RecordId("s1".into()),
            revision: 1,
            category: ErrorCategory::E3,
            values: IdentityChange::default(),
        }
    }

    #[test]
    fn the_hash_follows_the_rows_and_not_their_order() {
        let both = content_sha256(&[row("i1"), row("i2")]);
        assert_eq!(both, content_sha256(&[row("i2"), row("i1")]));
        assert_ne!(both, content_sha256(&[row("i1")]));
        let changes: [fn(&mut Row); 4] = [
            |row| row.subject = RecordId("s2".into()),
            |row| row.revision = 2,
            |row| row.category = ErrorCategory::E2,
            |row| row.values.full_name = Some("Lê Thị Mận".into()),
        ];
        for change in changes {
            let mut changed = row("i1");
            change(&mut changed);
            assert_ne!(both, content_sha256(&[changed, row("i2")]));
        }
    }

    #[test]
    fn the_hash_of_a_signed_row_is_the_same_for_ever() {
        // sha256sum of {"item":"i1","subject":"s1","revision":1,"category":"E3","values":{}} and a line feed.
        let known = "fc4cfb9b3d852e8b81da39f91af14ed34727f1e01866e42ee6b2838fd39e763e";
        assert_eq!(content_sha256(&[row("i1")]), known);
    }

    #[test]
    fn only_an_island_district_lists_without_a_commune() {
        let of = |place: Option<Place>| station_of(place.expect("a place"));
        let commune = Place::of_commune(CommuneCode(4));
        assert_eq!(of(commune), Ok(Unit::Commune(CommuneCode(4))));
        let côn_đảo = DistrictCode(755);
        assert_eq!(of(Place::of_district(côn_đảo)), Ok(Unit::District(côn_đảo)));
        let ba_đình = Place::of_district(DistrictCode(1));
        assert_eq!(of(ba_đình), Err(NO_PLACE.refusal()));
        assert_eq!(of(Some(Place::default())), Err(NO_PLACE.refusal()));
    }
}
