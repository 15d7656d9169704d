//! What people look at: records as far as they may see them, their histories, lists to work from, and searches. Each is noted.

use casework::rights::{self, Right, Target};
use casework::subject::Subject;
use casework::{Act, Kind, Queue, RecordId, Unit};
use registry::area::Place;
use registry::status::{PassportState, SubjectIdentity};
use serde::Serialize;
use storage::{Batch, Count, HistoryEntry, Note, PageQuery, Scope, Stored, Waiting};

use crate::acts::{ActError, Platform};
use crate::flow::Governed;
use crate::guard::{self, Guarded as _, Sight};
use crate::trail::{self, SEARCHES, Trace};

/// Records that a search shows at most: whoever finds more has to say more.
const MOST_FOUND: u32 = 50;

/// An entry of a history as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happened<E> {
    /// The revision that it led to.
    pub revision: u64,
    /// What happened.
    pub event: E,
    /// Who, when, from where, why.
    pub act: Act,
    /// Its place in the ledger, once it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

/// By what a person is searched. All of it must agree: nobody is found by trying letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// The whole number.
    Number(String),
    /// Name and birth date.
    Person {
        /// Full name; accents and case do not matter.
        full_name: String,
        /// Birth date as recorded.
        birth_date: String,
    },
    /// The phone.
    Phone(String),
}

/// A person as a search shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The record.
    pub id: RecordId,
    /// Its revision.
    pub revision: u64,
    /// The name.
    pub full_name: String,
    /// The birth date.
    pub birth_date: String,
    /// The number, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Where the identity stands.
    pub identity: SubjectIdentity,
    /// Injections that count.
    pub doses: usize,
    /// Where the passport stands.
    pub passport: PassportState,
    /// The cluster of records of one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
}

impl Platform {
    /// The record as far as the actor may see it. The read is noted.
    ///
    /// # Errors
    /// Not found, also when it lies beyond the actor's reach; both are noted alike.
    pub async fn view<P: Governed>(&self, act: &Act, id: &RecordId) -> Result<Stored<P>, ActError> {
        let seen = self.seen::<P>(act, id).await;
        let (stored, sight) = self.noting_refusal::<P, _>(act, id, seen).await?;
        self.keep_note(trail::note(trail::about(P::KIND, id), Trace::Read, act)?)
            .await?;
        Ok(Stored {
            revision: stored.revision,
            state: stored.state.trimmed(sight),
        })
    }

    /// Everything that happened to a record. Only who may see all of it sees its history. The read is noted.
    ///
    /// # Errors
    /// As for [`Platform::view`]; forbidden to those who see the record in part.
    pub async fn history<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
    ) -> Result<Vec<HistoryEntry<P::Event>>, ActError> {
        let seen = self.seen::<P>(act, id).await.and_then(|(_, sight)| {
            let whole = P::KIND != Kind::Subject || sight == Sight::WHOLE;
            rights::FORBIDDEN.unless(whole).map_err(ActError::from)
        });
        self.noting_refusal::<P, _>(act, id, seen).await?;
        self.keep_note(trail::note(
            trail::about(P::KIND, id),
            Trace::ReadHistory,
            act,
        )?)
        .await?;
        Ok(self.store().history::<P>(id).await?)
    }

    async fn seen<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
    ) -> Result<(Stored<P>, Sight), ActError> {
        // Who has no right at all is told so before it is known whether there is such a record.
        let any = P::SEEN_BY
            .iter()
            .any(|right| rights::check_role(&act.by, *right).is_ok());
        rights::FORBIDDEN.unless(any)?;
        let stored = self.store().load::<P>(id).await?;
        let stored = stored.ok_or_else(|| rights::NOT_FOUND.refusal())?;
        let place = match act.by.unit() {
            Some(unit) => self.place_of(unit).await?,
            None => Place::default(),
        };
        let sight = guard::may_see(&stored.state, &act.by, place)?;
        Ok((stored, sight))
    }

    /// The next rows of a queue.
    ///
    /// # Errors
    /// Forbidden without a right to such a queue; not found when the rows lie beyond the actor's reach.
    pub async fn page(&self, act: &Act, query: &PageQuery) -> Result<Vec<Waiting>, ActError> {
        self.may_list(act, query.queue, &query.scope).await?;
        Ok(self.store().page(query).await?)
    }

    /// How many rows of a queue are in each state.
    ///
    /// # Errors
    /// As for [`Platform::page`].
    pub async fn counts(
        &self,
        act: &Act,
        queue: Queue,
        scope: &Scope,
    ) -> Result<Vec<Count>, ActError> {
        self.may_list(act, queue, scope).await?;
        Ok(self.store().counts(queue, scope).await?)
    }

    async fn may_list(&self, act: &Act, queue: Queue, scope: &Scope) -> Result<(), ActError> {
        let target = match scope {
            Scope::Desk(unit) => {
                let mut target = Target::of_unit(unit.clone());
                target.places.push(self.place_of(unit).await?);
                target
            }
            Scope::Commune(commune) => Target::of_unit(Unit::Commune(*commune)),
            Scope::District(district) => Target::of_unit(Unit::District(*district)),
            Scope::Province(province) => Target::of_unit(Unit::Province(*province)),
            Scope::Country => Target::default(),
        };
        match guard::has_any(&act.by, listed_by(queue), &target) {
            Ok(()) => Ok(()),
            Err(refusal) => self.refused(act, trail::about_queue(queue), refusal).await,
        }
    }

    /// Persons by number, by name and birth date, or by phone, among those whom the actor may see. The search is noted, its words are not.
    ///
    /// # Errors
    /// Forbidden without a right to see persons.
    pub async fn search(&self, act: &Act, search: &Search) -> Result<Vec<Line>, ActError> {
        let allowed = Subject::SEEN_BY
            .iter()
            .any(|right| rights::check_role(&act.by, *right).is_ok());
        if !allowed {
            let refusal = rights::FORBIDDEN.refusal();
            return self.refused(act, SEARCHES.to_owned(), refusal).await;
        }
        let mut lines = Vec::new();
        if let Some(key) = search.key() {
            let ids = self
                .store()
                .find(Kind::Subject, &key, None, MOST_FOUND)
                .await?;
            let found = self.store().load_many::<Subject>(&ids).await?;
            for (id, stored) in ids.into_iter().zip(found) {
                let visible = stored
                    .filter(|it| guard::may_see(&it.state, &act.by, Place::default()).is_ok());
                lines.extend(visible.map(|stored| Line::of(id, &stored)));
            }
        }
        let note = |about| {
            let trace = Trace::Searched {
                by: search.by(),
                found: lines.len(),
            };
            trail::note(about, trace, act)
        };
        let records = lines
            .iter()
            .map(|line| trail::about(Kind::Subject, &line.id));
        let notes = std::iter::once(SEARCHES.to_owned())
            .chain(records)
            .map(note)
            .collect::<Result<_, _>>()?;
        let batch = Batch {
            notes,
            ..Batch::default()
        };
        self.store().commit(&batch).await?;
        Ok(lines)
    }
}

/// The rights that let somebody work from a queue.
fn listed_by(queue: Queue) -> &'static [Right] {
    match queue {
        Queue::Identity => &[Right::SeeIdentity, Right::SeeVaccination],
        Queue::Signing => &[Right::SeeVaccination],
        Queue::Passport => &[Right::IssuePassports, Right::SeeVaccination],
        Queue::Cleaning => &[Right::ReviewRows, Right::ConfirmIdentity],
        Queue::Lists | Queue::Inquiries => &[Right::MakeLists, Right::ConfirmIdentity],
        Queue::Feedback => &[Right::WorkFeedback, Right::RouteFeedback],
        Queue::Obstruction => &[Right::WorkObstruction],
        Queue::Reports => &[Right::Report],
        Queue::Contacts => &[Right::ManageContacts],
    }
}

impl Search {
    fn by(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Person { .. } => "person",
            Self::Phone(_) => "phone",
        }
    }

    /// The word under which such persons are found; `None` when there can be none.
    fn key(&self) -> Option<String> {
        match self {
            Self::Number(number) => casework::lookup::number(number),
            Self::Person {
                full_name,
                birth_date,
            } => casework::lookup::person(full_name, birth_date),
            Self::Phone(phone) => casework::lookup::phone(phone),
        }
    }
}

impl Line {
    fn of(id: RecordId, stored: &Stored<Subject>) -> Self {
        let subject = &stored.state;
        Self {
            id,
            revision: stored.revision,
            full_name: subject.person.full_name.clone(),
            birth_date: subject.person.birth_date.clone(),
            number: subject.person.masked_number(),
            identity: subject.identity,
            doses: subject.doses.values().filter(|dose| dose.counts()).count(),
            passport: subject.passport.state,
            cluster: subject.cluster.clone(),
        }
    }
}

impl<E> From<HistoryEntry<E>> for Happened<E> {
    fn from(entry: HistoryEntry<E>) -> Self {
        Self {
            revision: entry.revision,
            event: entry.event,
            act: entry.act,
            position: entry.position,
        }
    }
}

impl Platform {
    /// Who read a record, was refused it or found it by a search, the newest first. For auditors.
    ///
    /// # Errors
    /// Forbidden without the right to read the log; not found when the record lies beyond reach.
    pub async fn reads<P: Governed>(
        &self,
        act: &Act,
        id: &RecordId,
        limit: u32,
    ) -> Result<Vec<Note>, ActError> {
        let allowed = self.may_audit::<P>(act, id).await;
        self.noting_refusal::<P, _>(act, id, allowed).await?;
        Ok(self
            .store()
            .notes(&trail::about(P::KIND, id), limit)
            .await?)
    }

    async fn may_audit<P: Governed>(&self, act: &Act, id: &RecordId) -> Result<(), ActError> {
        rights::check_role(&act.by, Right::ReadLog)?;
        let stored = self.store().load::<P>(id).await?;
        let stored = stored.ok_or_else(|| rights::NOT_FOUND.refusal())?;
        Ok(rights::check(
            &act.by,
            Right::ReadLog,
            &stored.state.target(),
        )?)
    }
}
