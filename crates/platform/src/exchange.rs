//! What other systems ask for: whether somebody is who they say and what is vouched for them, and records of an area taken out.
//!
//! Both show what the asker's role may see within its reach and nothing else, and leave a note: of an export with its purpose.

use casework::rights::{self, Right, Target};
use casework::subject::Subject;
use casework::{Act, Kind, RecordId, lookup};
use jiff::Timestamp;
use registry::area::{Place, Vintage, districts};
use registry::status::{DoseState, PassportState, SubjectIdentity};
use serde::Serialize;
use storage::{StorageError, Stored};

use crate::acts::{ActError, Platform};
use crate::guard;
use crate::trail::{self, SEARCHES, Trace};

/// Records of one number that are looked at.
const OF_ONE_NUMBER: u32 = 50;

/// Who somebody says that they are. All of it must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The whole identity number.
    pub number: String,
    /// Full name; accents and case do not matter.
    pub full_name: String,
    /// Birth date as recorded.
    pub birth_date: String,
}

/// What is vouched for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The record.
    pub id: RecordId,
    /// Where the identity stands.
    pub identity: SubjectIdentity,
    /// Injections that a facility signed.
    pub signed_doses: usize,
    /// Where the passport stands.
    pub passport: PassportState,
    /// Until when its code holds, if there is one.
    pub expires_at: Option<Timestamp>,
}

/// A part of an area's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The records, as far as the actor may see them.
    pub records: Vec<(RecordId, Stored<Subject>)>,
    /// Where the next part begins; `None` after the last.
    pub next: Option<From>,
}

/// Where a part of an area's records begins.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct From {
    /// Which of the area's places, in their order.
    pub place: usize,
    /// After this record there.
    pub after: Option<RecordId>,
}

impl Platform {
    /// Whether there is somebody who is all of that, and what is vouched for them. Nobody at all, another name and somebody beyond reach are
    /// answered alike. The question is noted, its words are not.
    ///
    /// # Errors
    /// Forbidden without the right to see vaccination facts.
    pub async fn standing(&self, act: &Act, claim: &Claim) -> Result<Option<Standing>, ActError> {
        let allowed = rights::check_role(&act.by, Right::SeeVaccination);
        if let Err(refusal) = allowed {
            return self.refused(act, SEARCHES.to_owned(), refusal).await;
        }
        let mut known = self.claimed(act, claim).await?;
        // Of several records of one person the one that is furthest speaks.
        known.sort_by_key(|(_, subject)| {
            let verified = subject.identity == SubjectIdentity::True;
            (verified, subject.passport.certificate.is_some())
        });
        let standing = known.pop().map(|(id, subject)| Standing::of(id, &subject));
        let trace = Trace::Searched {
            by: "claim",
            found: usize::from(standing.is_some()),
        };
        let about = standing.as_ref().map_or_else(
            || SEARCHES.to_owned(),
            |standing| trail::about(Kind::Subject, &standing.id),
        );
        self.keep_note(trail::note(about, trace, act)?).await?;
        Ok(standing)
    }

    /// The records within reach that agree with all of a claim.
    async fn claimed(
        &self,
        act: &Act,
        claim: &Claim,
    ) -> Result<Vec<(RecordId, Subject)>, StorageError> {
        let person = lookup::person(&claim.full_name, &claim.birth_date);
        let (Some(number), Some(person)) = (lookup::number(&claim.number), person) else {
            return Ok(Vec::new());
        };
        let ids = self
            .store()
            .find(Kind::Subject, &number, None, OF_ONE_NUMBER);
        let ids = ids.await?;
        let found = self.store().load_many::<Subject>(&ids).await?;
        let agrees = |subject: &Subject| {
            let own = lookup::person(&subject.person.full_name, &subject.person.birth_date);
            own.as_ref() == Some(&person)
                && rights::check(
                    &act.by,
                    Right::SeeVaccination,
                    &guard::Guarded::target(subject),
                )
                .is_ok()
        };
        let records = ids.into_iter().zip(found);
        let records = records.filter_map(|(id, stored)| Some((id, stored?.state)));
        Ok(records.filter(|(_, subject)| agrees(subject)).collect())
    }

    /// Records of those who live in an area, part by part. Each part is noted with its purpose.
    ///
    /// # Errors
    /// No right to take records of that area out.
    pub async fn export(
        &self,
        act: &Act,
        area: Place,
        from: Option<From>,
        limit: u32,
        purpose: &str,
    ) -> Result<Exported, ActError> {
        let places = places_in(area);
        let about = format!("export/{}", lookup::residence(area));
        let target = Target {
            places: vec![area],
            ..Target::default()
        };
        if let Err(refusal) = rights::check(&act.by, Right::Export, &target) {
            return self.refused(act, about, refusal).await;
        }
        let (ids, next) = self.residents(&places, from, limit).await?;
        let stored = self.store().load_many::<Subject>(&ids).await?;
        let seen = |stored: Stored<Subject>| {
            let sight = guard::may_see(&stored.state, &act.by, Place::default()).ok()?;
            Some(Stored {
                revision: stored.revision,
                state: guard::Guarded::trimmed(stored.state, sight),
            })
        };
        let records: Vec<_> = ids
            .into_iter()
            .zip(stored)
            .filter_map(|(id, stored)| Some((id, seen(stored?)?)))
            .collect();
        let trace = Trace::Exported {
            rows: records.len() as u64,
            purpose,
        };
        self.keep_note(trail::note(about, trace, act)?).await?;
        Ok(Exported { records, next })
    }

    /// The ids of those who live in places, from a point on, and the point after them.
    async fn residents(
        &self,
        places: &[Place],
        from: Option<From>,
        limit: u32,
    ) -> Result<(Vec<RecordId>, Option<From>), StorageError> {
        let mut at = from.unwrap_or(From {
            place: 0,
            after: None,
        });
        let mut ids = Vec::new();
        while let Some(place) = places.get(at.place) {
            let left = limit.saturating_sub(ids.len() as u32);
            if left == 0 {
                return Ok((ids, Some(at)));
            }
            let key = lookup::residence(*place);
            let found = self
                .store()
                .find(Kind::Subject, &key, at.after.as_ref(), left)
                .await?;
            at = if (found.len() as u32) < left {
                From {
                    place: at.place + 1,
                    after: None,
                }
            } else {
                From {
                    after: found.last().cloned(),
                    ..at
                }
            };
            ids.extend(found);
        }
        Ok((ids, None))
    }
}

impl Standing {
    fn of(id: RecordId, subject: &Subject) -> Self {
        let signed = subject
            .doses
            .values()
            .filter(|dose| dose.state == DoseState::FacilitySigned);
        let certificate = subject.passport.certificate.as_ref();
        Self {
            id,
            identity: subject.identity,
            signed_doses: signed.count(),
            passport: subject.passport.state,
            expires_at: certificate.map(|certificate| certificate.expires_at),
        }
    }
}

/// The places of an area under which residents are found: itself, its districts and its communes, in order of their codes.
fn places_in(area: Place) -> Vec<Place> {
    let provinces = Vintage::Of2022.provinces().iter();
    let provinces = provinces.filter_map(|province| Place::of_province(province.code));
    let districts = districts().iter();
    let districts = districts.filter_map(|district| Place::of_district(district.code));
    let communes = Vintage::Of2022.communes().iter();
    let communes = communes.filter_map(|commune| Place::of_commune(commune.code));
    let all = provinces.chain(districts).chain(communes);
    std::iter::once(area)
        .chain(all.filter(|place| area.contains(*place) && *place != area))
        .collect()
}
