//! All records counted anew from their events: what the counters, the lists and the states must equal (P47).

use std::collections::BTreeMap;

use casework::account::Account;
use casework::campaign::Campaign;
use casework::cleaning::item::Item;
use casework::cleaning::list::List;
use casework::contact::Contact;
use casework::facility::Facility;
use casework::feedback::Feedback;
use casework::inquiry::Inquiry;
use casework::report::Report;
use casework::subject::Subject;
use casework::{Kind, Procedure, Queue, RecordId, Task, Unit, replay};
use registry::area::Place;
use storage::{Count, Scope, StorageError};

use crate::acts::Platform;

/// Records that are read at once.
const AT_ONCE: u32 = 1_000;

/// What the events alone say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recount {
    /// Records that were folded.
    pub records: u64,
    /// Records whose state is not what their events lead to.
    pub differing: Vec<(Kind, RecordId)>,
    tasks: Vec<Task>,
}

impl Platform {
    /// Folds every record from its events. Reads everything: for tests and for the night.
    ///
    /// # Errors
    /// The store failed, or holds an event that this version can't read.
    pub async fn recount(&self) -> Result<Recount, StorageError> {
        let mut recount = Recount::default();
        self.fold::<Subject>(&mut recount).await?;
        self.fold::<Facility>(&mut recount).await?;
        self.fold::<List>(&mut recount).await?;
        self.fold::<Item>(&mut recount).await?;
        self.fold::<Inquiry>(&mut recount).await?;
        self.fold::<Feedback>(&mut recount).await?;
        self.fold::<Campaign>(&mut recount).await?;
        self.fold::<Report>(&mut recount).await?;
        self.fold::<Contact>(&mut recount).await?;
        self.fold::<Account>(&mut recount).await?;
        Ok(recount)
    }

    async fn fold<P: Procedure>(&self, recount: &mut Recount) -> Result<(), StorageError> {
        let mut after: Option<RecordId> = None;
        loop {
            let ids = self.store().ids(P::KIND, after.as_ref(), AT_ONCE).await?;
            let Some(last) = ids.last().cloned() else {
                return Ok(());
            };
            after = Some(last);
            let stored = self.store().load_many::<P>(&ids).await?;
            for (id, stored) in ids.into_iter().zip(stored) {
                let history = self.store().history::<P>(&id).await?;
                let folded = replay::<P>(history.iter().map(|it| (&it.event, &it.act)));
                recount.records += 1;
                if let Some(state) = &folded {
                    recount.tasks.extend(state.tasks());
                }
                if folded != stored.map(|stored| stored.state) {
                    recount.differing.push((P::KIND, id));
                }
            }
        }
    }
}

impl Recount {
    /// How many rows of a queue are in each state: what [`storage::Store::counts`] must say.
    pub fn counts(&self, queue: Queue, scope: &Scope) -> Vec<Count> {
        let mut counts: BTreeMap<(String, bool), u64> = BTreeMap::new();
        for task in &self.tasks {
            if task.queue == queue && lies_in(&task.desk, task.place, scope) {
                *counts.entry((task.state.clone(), task.open)).or_default() += 1;
            }
        }
        let count = |((state, open), rows)| Count { state, open, rows };
        counts.into_iter().map(count).collect()
    }
}

fn lies_in(desk: &Unit, place: Place, scope: &Scope) -> bool {
    match scope {
        Scope::Desk(unit) => desk == unit,
        Scope::Commune(code) => place.commune == Some(*code),
        Scope::District(code) => place.district == Some(*code),
        Scope::Province(code) => place.province == Some(*code),
        Scope::Country => true,
    }
}
