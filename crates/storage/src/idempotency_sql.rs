//! The SQL of claimed requests, compiled once for each database like `backend.rs`.

use jiff::Timestamp;

use super::backend::Backend;
use crate::StorageError;
use crate::idempotency::{Claim, ClaimRow, Claimed};

impl Backend {
    pub(crate) async fn claim(
        &self,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Claimed, StorageError> {
        if self.insert_claim(claim).await? {
            return Ok(Claimed::First);
        }
        let Some(row) = self.claim_row(claim).await? else {
            // It was given back in between; the sender tries again.
            return Ok(Claimed::Running);
        };
        let now = now.as_microsecond();
        let expired = row.expires_at <= now;
        if !expired && row.fingerprint != claim.fingerprint {
            return Ok(Claimed::OtherRequest);
        }
        match row.answer {
            Some(answer) if !expired => Ok(Claimed::Done(answer)),
            None if row.lease_until > now && !expired => Ok(Claimed::Running),
            _ if self.take_over(claim, &row).await? => Ok(Claimed::First),
            _ => Ok(Claimed::Running),
        }
    }

    async fn insert_claim(&self, claim: &Claim) -> Result<bool, StorageError> {
        let inserted = sqlx::query(
            "INSERT INTO idempotency (sender, key, fingerprint, lease_until, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(&claim.sender)
        .bind(&claim.key)
        .bind(&claim.fingerprint)
        .bind(claim.lease_until.as_microsecond())
        .bind(claim.expires_at.as_microsecond())
        .execute(self.pool())
        .await?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn claim_row(&self, claim: &Claim) -> Result<Option<ClaimRow>, StorageError> {
        Ok(sqlx::query_as(
            "SELECT fingerprint, lease_until, expires_at, answer FROM idempotency WHERE sender = $1 AND key = $2",
        )
        .bind(&claim.sender)
        .bind(&claim.key)
        .fetch_optional(self.pool())
        .await?)
    }

    /// Of many that take over the same row, one finds it as it was read.
    async fn take_over(&self, claim: &Claim, seen: &ClaimRow) -> Result<bool, StorageError> {
        let taken = sqlx::query(
            "UPDATE idempotency SET fingerprint = $3, lease_until = $4, expires_at = $5, answer = NULL WHERE sender = $1 AND key = $2 AND lease_until = $6 AND expires_at = $7",
        )
        .bind(&claim.sender)
        .bind(&claim.key)
        .bind(&claim.fingerprint)
        .bind(claim.lease_until.as_microsecond())
        .bind(claim.expires_at.as_microsecond())
        .bind(seen.lease_until)
        .bind(seen.expires_at)
        .execute(self.pool())
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    pub(crate) async fn answer_claim(
        &self,
        claim: &Claim,
        answer: &str,
    ) -> Result<(), StorageError> {
        sqlx::query(
            "UPDATE idempotency SET answer = $4 WHERE sender = $1 AND key = $2 AND lease_until = $3 AND answer IS NULL",
        )
        .bind(&claim.sender)
        .bind(&claim.key)
        .bind(claim.lease_until.as_microsecond())
        .bind(answer)
        .execute(self.pool())
        .await?;
        Ok(())
    }

    pub(crate) async fn release_claim(&self, claim: &Claim) -> Result<(), StorageError> {
        sqlx::query(
            "DELETE FROM idempotency WHERE sender = $1 AND key = $2 AND lease_until = $3 AND answer IS NULL",
        )
        .bind(&claim.sender)
        .bind(&claim.key)
        .bind(claim.lease_until.as_microsecond())
        .execute(self.pool())
        .await?;
        Ok(())
    }

    pub(crate) async fn forget_claims(&self, now: Timestamp) -> Result<u64, StorageError> {
        let forgotten = sqlx::query("DELETE FROM idempotency WHERE expires_at <= $1")
            .bind(now.as_microsecond())
            .execute(self.pool())
            .await?;
        Ok(forgotten.rows_affected())
    }
}
