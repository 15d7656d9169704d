//! What follows from states, written anew: compiled once for each database.

use casework::{Kind, RecordId};

use super::backend::{Backend, Tx};
use super::commit;
use crate::{Change, StorageError};

/// How often `casework` has said something else of the same state (tasks, reminders, keys). Raise it with that change, and every store
/// says the same after its next [`crate::Store::migrate`].
const SAID: i64 = 2;

/// Records that are read at once.
const AT_ONCE: i64 = 1_000;

impl Backend {
    /// Brings what follows from the states to this version, unless it is there. Whoever is interrupted begins anew.
    pub(crate) async fn derive(&self) -> Result<(), StorageError> {
        let (said,): (i64,) = sqlx::query_as("SELECT version FROM derived WHERE one = 1")
            .fetch_one(self.pool())
            .await?;
        if said >= SAID {
            return Ok(());
        }
        for kind in Kind::ALL {
            self.derive_all(*kind).await?;
        }
        sqlx::query("UPDATE derived SET version = $1 WHERE one = 1 AND version < $1")
            .bind(SAID)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    async fn derive_all(&self, kind: Kind) -> Result<(), StorageError> {
        let mut after = String::new();
        loop {
            let mut tx = self.begin().await?;
            let standing = standing(&mut tx, kind, &after).await?;
            let Some(last) = standing.last() else {
                return Ok(());
            };
            last.id().0.clone_into(&mut after);
            commit::derive(&mut tx, &standing).await?;
            tx.commit().await?;
        }
    }
}

/// The next records of a kind, locked, with what follows from them.
async fn standing(tx: &mut Tx, kind: Kind, after: &str) -> Result<Vec<Change>, StorageError> {
    let rows: Vec<(String, i64, String)> = sqlx::query_as(with_lock!(
        "SELECT id, revision, state FROM record WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3"
    ))
    .bind(kind.as_str())
    .bind(after)
    .bind(AT_ONCE)
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|(id, revision, state)| {
            Change::standing(kind, RecordId(id), revision.cast_unsigned(), &state)
        })
        .collect()
}
