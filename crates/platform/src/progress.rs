//! How far the work is: counters of the queues, and reports as they stood at a moment (1975; process, 5.7).

use casework::report::{self, Count as Number, Counted, Counts, Report, Snapshot};
use casework::rights::{Right, Target};
use casework::{Act, Queue, RecordId, Unit};
use storage::Scope;

use crate::acts::{ActError, Platform};
use crate::guard;

/// The queues whose counters tell how far the work is, and what they count.
const COUNTED: &[(Queue, Counted)] = &[
    (Queue::Identity, Counted::Persons),
    (Queue::Signing, Counted::Persons),
    (Queue::Cleaning, Counted::Rows),
    (Queue::Lists, Counted::Lists),
    (Queue::Feedback, Counted::Feedback),
    (Queue::Contacts, Counted::Units),
];

impl Platform {
    /// The numbers of a unit and of what lies in its area, as they are now. Equal to a recount of the records, always: they are changed in
    /// the transaction of what they count.
    ///
    /// # Errors
    /// No right to reports of that unit; the store failed.
    pub async fn progress(&self, act: &Act, unit: &Unit) -> Result<Counts, ActError> {
        let mut target = Target::of_unit(unit.clone());
        target.places.push(self.place_of(unit).await?);
        guard::has_any(&act.by, &[Right::Report], &target)?;
        let scope = Scope::below(unit);
        let mut counts = Counts::new();
        for (queue, of) in COUNTED {
            for count in self.store().counts(*queue, &scope).await? {
                let name = format!("{}.{}", queue.as_str(), count.state);
                let number = counts.entry(name).or_insert(Number { of: *of, number: 0 });
                number.number += count.rows;
            }
        }
        Ok(counts)
    }

    /// Takes a report: the numbers as they are now, unchangeable from then on. It follows the unit's last one in the campaign.
    ///
    /// # Errors
    /// No right; nothing to count; the store failed.
    pub async fn take_report(
        &self,
        act: &Act,
        unit: &Unit,
        campaign: &RecordId,
        earlier: Option<&RecordId>,
    ) -> Result<(RecordId, Report), ActError> {
        let id = self.new_id("report")?;
        let taken = self.taken(act, &id, unit, campaign, earlier).await;
        let report = self.noting_refusal::<Report, _>(act, &id, taken).await?;
        Ok((id, report))
    }

    async fn taken(
        &self,
        act: &Act,
        id: &RecordId,
        unit: &Unit,
        campaign: &RecordId,
        earlier: Option<&RecordId>,
    ) -> Result<Report, ActError> {
        let earlier = match earlier {
            Some(id) => {
                let stored = self.store().load::<Report>(id).await?;
                let stored = stored.ok_or_else(|| report::UNKNOWN.refusal())?;
                Some(stored.state.as_earlier(id.clone()))
            }
            None => None,
        };
        let snapshot = Snapshot {
            unit: unit.clone(),
            place: self.place_of(unit).await?,
            campaign: campaign.clone(),
            as_of: act.at,
            last_event: self.store().last_event().await?,
            counts: self.progress(act, unit).await?,
            earlier,
        };
        let mut batch = storage::Batch::default();
        let command = report::Command::Take(snapshot);
        let done = self
            .decide::<Report>(act, id, 0, None, &command, &mut batch)
            .await?;
        self.store().commit(&batch).await?;
        Ok(done.state)
    }
}
