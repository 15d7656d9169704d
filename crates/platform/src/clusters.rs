//! Records of one person: joined by a link, never moved, so that a separation restores each exactly (architecture, decision 8).

use casework::rights::{self, Right};
use casework::subject::{self, Action, Subject};
use casework::{Act, Kind, RecordId, lookup};
use registry::status::SubjectIdentity;
use storage::{Batch, StorageError};

use crate::acts::{ActError, Platform};
use crate::guard::{self, Guarded as _};

/// Records that one person can have at most.
const RECORDS_OF_ONE: u32 = 1_000;

impl Platform {
    /// Joins records of one person into one cluster: a new one, or the one that some of them are in. All of them, or none.
    ///
    /// # Errors
    /// A record beyond reach, records in two clusters, or two verified numbers among them: that is two persons.
    pub async fn join(&self, act: &Act, subjects: &[RecordId]) -> Result<String, ActError> {
        let joined = self.joined(act, subjects).await;
        let Some(first) = subjects.first() else {
            return Err(subject::NOTHING_CHANGED.refusal().into());
        };
        self.noting_refusal::<Subject, _>(act, first, joined).await
    }

    async fn joined(&self, act: &Act, subjects: &[RecordId]) -> Result<String, ActError> {
        let mut distinct = subjects.to_vec();
        distinct.sort();
        distinct.dedup();
        subject::NOTHING_CHANGED.unless(distinct.len() > 1)?;
        let stored = self.store().load_many::<Subject>(&distinct).await?;
        let mut clusters = Vec::new();
        for record in &stored {
            let record = record
                .as_ref()
                .filter(|record| !record.state.taken_back)
                .ok_or_else(|| casework::rights::NOT_FOUND.refusal())?;
            guard::has_any(&act.by, &[Right::Link], &record.state.target())?;
            clusters.extend(record.state.cluster.clone());
        }
        clusters.sort();
        clusters.dedup();
        subject::ALREADY_LINKED.unless(clusters.len() < 2)?;
        // The first record gives a new cluster its name, as in an import.
        let cluster = clusters
            .pop()
            .or_else(|| distinct.first().map(|id| id.0.clone()));
        let cluster = cluster.unwrap_or_default();
        let mut numbers = self.verified_numbers(&cluster).await?;
        numbers.extend(
            stored
                .iter()
                .flatten()
                .filter_map(|it| verified_number(&it.state)),
        );
        let mut batch = Batch::default();
        for (id, record) in distinct.iter().zip(stored) {
            let Some(record) = record else { continue };
            let command = subject::Command {
                action: Action::Link {
                    cluster: cluster.clone(),
                    verified_numbers: numbers.clone(),
                },
                policy: self.policy(),
            };
            let (after, events) = casework::carry_out(Some(record.state), &command, act)?;
            if let Some(after) = after.filter(|_| !events.is_empty()) {
                batch.changes.push(storage::Change::of::<Subject>(
                    id,
                    record.revision,
                    &after,
                    &events,
                    act,
                )?);
            }
        }
        self.store().commit(&batch).await?;
        Ok(cluster)
    }

    /// Separates all records of a cluster. What was changed in one of them meanwhile stays in that one.
    ///
    /// # Errors
    /// No such cluster, or a record of it beyond reach.
    pub async fn separate(&self, act: &Act, cluster: &str) -> Result<Vec<RecordId>, ActError> {
        // Who has no such right at all is told so before it is known whether there is such a cluster.
        let about = RecordId(cluster.to_owned());
        let allowed = rights::check_role(&act.by, Right::Link);
        let allowed = allowed.map(|_| ()).map_err(ActError::from);
        self.noting_refusal::<Subject, _>(act, &about, allowed)
            .await?;
        let members = self.members(cluster).await?;
        let Some(first) = members.first().cloned() else {
            return Err(rights::NOT_FOUND.refusal().into());
        };
        let separated = self.separated(act, &members).await;
        self.noting_refusal::<Subject, _>(act, &first, separated)
            .await?;
        Ok(members)
    }

    async fn separated(&self, act: &Act, members: &[RecordId]) -> Result<(), ActError> {
        let mut batch = Batch::default();
        for id in members {
            let command = subject::Command {
                action: Action::Unlink,
                policy: self.policy(),
            };
            self.prepare::<Subject>(act, id, None, &command, &mut batch)
                .await?;
        }
        self.store().commit(&batch).await?;
        Ok(())
    }

    /// The records of a cluster.
    pub(crate) async fn members(&self, cluster: &str) -> Result<Vec<RecordId>, StorageError> {
        self.store()
            .find(
                Kind::Subject,
                &lookup::cluster(cluster),
                None,
                RECORDS_OF_ONE,
            )
            .await
    }

    /// The numbers of a cluster's records that the register confirmed: two different ones can't be one person.
    pub(crate) async fn verified_numbers(
        &self,
        cluster: &str,
    ) -> Result<Vec<String>, StorageError> {
        let members = self.members(cluster).await?;
        let stored = self.store().load_many::<Subject>(&members).await?;
        let mut numbers: Vec<String> = stored
            .iter()
            .flatten()
            .filter_map(|stored| verified_number(&stored.state))
            .collect();
        numbers.sort();
        numbers.dedup();
        Ok(numbers)
    }
}

fn verified_number(subject: &Subject) -> Option<String> {
    let confirmed = subject.identity == SubjectIdentity::True;
    subject.person.number.clone().filter(|_| confirmed)
}
