//! Cleaning lists as a station and the police work on them: list and rows change together (2262; process, 5.3).

use casework::campaign::Campaign;
use casework::cleaning::item::{self, Applying, Item, Listing};
use casework::cleaning::list::{self, Earlier, Entry, List, ListState};
use casework::cleaning::{self, CampaignRef, Row, SignatureEvidence, Snapshot, content_sha256};
use casework::rights::{self, Right};
use casework::subject::Subject;
use casework::{Act, Kind, Queue, RecordId, Refusal, Unit, lookup};
use registry::area::Place;
use registry::status::{CleaningItem, ErrorCategory, SubjectIdentity};
use storage::{Batch, PageQuery, Scope, StorageError, Stored};

use crate::acts::{ActError, Platform};
use crate::guard;

/// Rows that are read at once.
const AT_ONCE: u32 = 1_000;

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    /// Done; where the row stands now.
    Done(CleaningItem),
    /// Refused, for this reason.
    Refused(Refusal),
}

/// What the police are to sign: the rows as they stand, and their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToSign {
    /// The rows that the police have confirmed.
    pub rows: Vec<Row>,
    /// Their hash: what the officer read is what is signed.
    pub content_sha256: String,
}

impl Platform {
    /// Makes the list of the people who live in a place and whose identity is wrong (E1, E2, E3). What the police have not signed of an
    /// earlier version moves on to this one.
    ///
    /// # Errors
    /// No right, no such campaign, nobody to list; the store failed.
    pub async fn make_list(
        &self,
        act: &Act,
        campaign: &RecordId,
        place: Place,
    ) -> Result<RecordId, ActError> {
        let id = self.new_id("list")?;
        let made = self.made(act, &id, campaign, place).await;
        self.noting_refusal::<List, _>(act, &id, made).await?;
        Ok(id)
    }

    async fn made(
        &self,
        act: &Act,
        id: &RecordId,
        campaign: &RecordId,
        place: Place,
    ) -> Result<(), ActError> {
        let station = Unit::station_of(place).ok_or_else(|| cleaning::NO_PLACE.refusal())?;
        guard::has_any(
            &act.by,
            &[Right::MakeLists],
            &rights::Target::of_unit(station.clone()),
        )?;
        let ordered = self.store().load::<Campaign>(campaign).await?;
        let ordered = ordered.ok_or_else(|| casework::campaign::UNKNOWN.refusal())?;
        let reference = CampaignRef {
            id: campaign.0.clone(),
            begins: ordered.state.document.date,
        };
        let mut batch = Batch::default();
        let mut entries = Vec::new();
        let earlier = self.latest_list(&reference, &station).await?;
        for (subject, stored) in self.wrong_identities(&station).await? {
            let Some(category) = category(stored.state.identity) else {
                continue;
            };
            let listing = Listing {
                item: self.new_id("row")?,
                list: id.clone(),
                campaign: reference.clone(),
                subject: subject.clone(),
                category,
                base: Snapshot {
                    revision: stored.state.identity_version,
                    person: stored.state.person.clone(),
                },
                place,
                hamlet: stored.state.hamlet.clone(),
            };
            let hamlet = listing.hamlet.clone();
            if let Some(item) = self.list_row(act, listing, &mut batch).await? {
                entries.push(Entry { item, hamlet });
            }
        }
        let command = list::Command::Make {
            campaign: reference,
            place,
            earlier: earlier.as_ref().map(|(id, stored)| Earlier {
                id: id.clone(),
                campaign: campaign.0.clone(),
                place: stored.state.place,
                version: stored.state.version,
            }),
            entries,
        };
        self.prepare::<List>(act, id, None, &command, &mut batch)
            .await?;
        if let Some((earlier, stored)) = earlier
            && stored.state.state == ListState::Open
        {
            let command = list::Command::Supersede { by: id.clone() };
            self.prepare::<List>(act, &earlier, None, &command, &mut batch)
                .await?;
        }
        self.store().commit(&batch).await?;
        Ok(())
    }

    /// Puts one person on a list: as a new row, by an open row that moves on, or by a row of an earlier campaign that stayed unresolved.
    /// `None` when the police have signed a row that is still on its way, or this campaign has given the person up.
    async fn list_row(
        &self,
        act: &Act,
        mut listing: Listing,
        batch: &mut Batch,
    ) -> Result<Option<RecordId>, ActError> {
        let known = self.rows_about(&listing.subject).await?;
        let open = known.iter().find(|(_, row)| row.state.is_open());
        let unsigned = |state| {
            matches!(
                state,
                CleaningItem::Listed | CleaningItem::HamletReview | CleaningItem::PoliceCheck
            )
        };
        if let Some((id, row)) = open {
            if !unsigned(row.state.state) || row.state.listing.place != listing.place {
                return Ok(None);
            }
            let command = item::Command::CarryOver {
                list: listing.list.clone(),
            };
            self.prepare::<Item>(act, id, None, &command, batch).await?;
            return Ok(Some(id.clone()));
        }
        let given_up = known
            .iter()
            .find(|(_, row)| row.state.state == CleaningItem::Unresolved);
        if let Some((id, row)) = given_up {
            if row.state.listing.campaign.begins >= listing.campaign.begins {
                return Ok(None);
            }
            listing.item = id.clone();
        }
        let id = listing.item.clone();
        let command = item::Command::List(Box::new(listing));
        self.prepare::<Item>(act, &id, None, &command, batch)
            .await?;
        Ok(Some(id))
    }

    async fn rows_about(
        &self,
        subject: &RecordId,
    ) -> Result<Vec<(RecordId, Stored<Item>)>, StorageError> {
        let key = lookup::subject(subject);
        let ids = self
            .store()
            .find(Kind::CleaningItem, &key, None, AT_ONCE)
            .await?;
        self.both::<Item>(ids).await
    }

    /// The persons on the station's identity queue, of every state that a list can mend.
    async fn wrong_identities(
        &self,
        station: &Unit,
    ) -> Result<Vec<(RecordId, Stored<Subject>)>, StorageError> {
        let mut persons = Vec::new();
        for state in [
            SubjectIdentity::NoId,
            SubjectIdentity::BadFormat,
            SubjectIdentity::False,
        ] {
            let mut query = PageQuery {
                queue: Queue::Identity,
                scope: Scope::Desk(station.clone()),
                state: Some(state.as_str().to_owned()),
                after: None,
                limit: AT_ONCE,
            };
            loop {
                let page = self.store().page(&query).await?;
                query.after = page.last().map(|row| row.cursor.clone());
                let ids = page.into_iter().map(|row| row.cursor.id).collect();
                persons.extend(self.both::<Subject>(ids).await?);
                if query.after.is_none() {
                    break;
                }
            }
        }
        Ok(persons)
    }

    async fn latest_list(
        &self,
        campaign: &CampaignRef,
        station: &Unit,
    ) -> Result<Option<(RecordId, Stored<List>)>, StorageError> {
        let key = lookup::campaign(&campaign.id, station);
        let ids = self
            .store()
            .find(Kind::CleaningList, &key, None, AT_ONCE)
            .await?;
        let lists = self.both::<List>(ids).await?;
        Ok(lists.into_iter().max_by_key(|(_, list)| list.state.version))
    }

    /// The rows of a list.
    ///
    /// # Errors
    /// Not found when the list is beyond the actor's reach. The read is noted.
    pub async fn rows_of_list(
        &self,
        act: &Act,
        list: &RecordId,
    ) -> Result<Vec<(RecordId, Stored<Item>)>, ActError> {
        self.view::<List>(act, list).await?;
        Ok(self.rows_on(list).await?)
    }

    async fn rows_on(
        &self,
        list: &RecordId,
    ) -> Result<Vec<(RecordId, Stored<Item>)>, StorageError> {
        let key = lookup::list(list);
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let ids = self
                .store()
                .find(Kind::CleaningItem, &key, after.as_ref(), AT_ONCE)
                .await?;
            let Some(last) = ids.last().cloned() else {
                return Ok(rows);
            };
            after = Some(last);
            rows.extend(self.both::<Item>(ids).await?);
        }
    }

    /// Hands all rows of a list that nobody has yet to their hamlets.
    ///
    /// # Errors
    /// No right; the store failed.
    pub async fn hand_out(&self, act: &Act, list: &RecordId) -> Result<u64, ActError> {
        let rows = self.rows_of_list(act, list).await?;
        let listed = rows
            .into_iter()
            .filter(|(_, row)| row.state.state == CleaningItem::Listed);
        let mut batch = Batch::default();
        for (id, _) in listed {
            self.prepare::<Item>(act, &id, None, &item::Command::HandOut, &mut batch)
                .await?;
        }
        self.store().commit(&batch).await?;
        Ok(batch.changes.len() as u64)
    }

    /// What the police would sign now: the rows of the list that they have confirmed.
    ///
    /// # Errors
    /// Not found when the list is beyond the actor's reach.
    pub async fn to_sign(&self, act: &Act, list: &RecordId) -> Result<ToSign, ActError> {
        let rows = self.rows_of_list(act, list).await?;
        let mut rows: Vec<Row> = rows
            .iter()
            .filter(|(_, row)| row.state.state == CleaningItem::PoliceCheck)
            .filter_map(|(_, row)| row.state.row())
            .collect();
        rows.sort_by(|one, other| one.item.cmp(&other.item));
        let content_sha256 = content_sha256(&rows);
        Ok(ToSign {
            rows,
            content_sha256,
        })
    }

    /// The police sign a list: it is archived, and each of its confirmed rows may be applied. All of it, or nothing.
    ///
    /// # Errors
    /// No right; the rows are no longer those that the officer read; no evidence.
    pub async fn sign_list(
        &self,
        act: &Act,
        list: &RecordId,
        content_sha256: &str,
        evidence: SignatureEvidence,
    ) -> Result<u64, ActError> {
        let signed = self.signed(act, list, content_sha256, evidence).await;
        self.noting_refusal::<List, _>(act, list, signed).await
    }

    async fn signed(
        &self,
        act: &Act,
        list: &RecordId,
        content_sha256: &str,
        evidence: SignatureEvidence,
    ) -> Result<u64, ActError> {
        let ToSign { rows, .. } = self.to_sign(act, list).await?;
        let mut batch = Batch::default();
        let command = list::Command::Sign {
            rows: rows.clone(),
            content_sha256: content_sha256.to_owned(),
            evidence,
        };
        let done = self
            .prepare::<List>(act, list, None, &command, &mut batch)
            .await?;
        for row in rows {
            let id = row.item.clone();
            let command = item::Command::Sign {
                list: list.clone(),
                content_sha256: content_sha256.to_owned(),
                row,
            };
            self.prepare::<Item>(act, &id, None, &command, &mut batch)
                .await?;
        }
        self.store().commit(&batch).await?;
        Ok(done.revision)
    }

    /// Applies the signed rows of a list whose number was missing or malformed (E1, E2). Wrong data (E3) are applied one by one. A row whose
    /// person changed since it was listed goes back to review.
    ///
    /// # Errors
    /// No right; the store failed. A row that is refused is no error.
    pub async fn apply_list(
        &self,
        act: &Act,
        list: &RecordId,
    ) -> Result<Vec<(RecordId, RowOutcome)>, ActError> {
        let rows = self.rows_of_list(act, list).await?;
        let signed = rows
            .into_iter()
            .filter(|(_, row)| row.state.state == CleaningItem::PoliceSigned);
        let mut outcomes = Vec::new();
        for (id, row) in signed {
            let command = item::Command::Apply {
                now: row.state.listing.base.clone(),
                how: Applying::Bulk,
            };
            let applied = self
                .act::<Item>(act, &id, Some(row.revision), command)
                .await;
            let outcome = match applied {
                Ok(done) => RowOutcome::Done(done.state.state),
                Err(ActError::Refused(refusal)) => RowOutcome::Refused(refusal),
                Err(ActError::Changed { .. }) => {
                    RowOutcome::Refused(cleaning::ROW_CHANGED.refusal())
                }
                Err(other) => return Err(other),
            };
            outcomes.push((id, outcome));
        }
        Ok(outcomes)
    }
}

/// Why a person is listed; `None` for an identity that no list mends.
fn category(identity: SubjectIdentity) -> Option<ErrorCategory> {
    match identity {
        SubjectIdentity::NoId => Some(ErrorCategory::E1),
        SubjectIdentity::BadFormat => Some(ErrorCategory::E2),
        SubjectIdentity::False => Some(ErrorCategory::E3),
        _ => None,
    }
}
