//! The ministry signs passports at the end of the day, and renews them before they expire (5772; process, 5.6).
//!
//! A certificate is made of what a facility signed and the register confirmed, and saved in the transaction of its event, together with
//! the text of its code. Whatever changes in the record afterwards withdraws it (decided by `casework`, in the transaction of the change).

use std::sync::Arc;

use ::passport::issue::{Claims, Issued, Issuer};
use ::passport::names::HolderName;
use ::passport::numbering::DoseNumber;
use ::passport::profile::Profile;
use ::signing::{Certificate as Signer509, Signer};
use casework::rights::{Right, Target};
use casework::subject::passport::Certificate;
use casework::subject::{self, Action, Subject};
use casework::{Act, Queue, RecordId, Refusal};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use registry::date::BirthDate;
use registry::status::{DoseState, PassportState};
use registry::vaccine::Product;
use sha2::{Digest as _, Sha256};
use storage::{Batch, Blob, PageQuery, Scope, StorageError, Stored};

use crate::acts::{ActError, Platform};
use crate::guard;
use crate::trail;

/// Passports that are saved at once.
const AT_ONCE: u32 = 200;

/// The text of a code, as it is kept.
const CODE_TYPE: &str = "text/plain";

/// The country's key for passports, with its certificate and how it issues.
#[derive(Clone)]
pub struct PassportKey {
    /// How it issues.
    pub profile: Profile,
    /// The certificate of the key (DSC).
    pub certificate: Signer509,
    /// The key: software or token.
    pub signer: Arc<dyn Signer>,
}

/// What an evening's work came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evening {
    /// New passports.
    pub issued: u64,
    /// Passports that got a new code.
    pub renewed: u64,
    /// Records that could not be certified as they stand, with the reason.
    pub refused: Vec<(RecordId, Refusal)>,
}

impl Platform {
    /// Issues every passport that waits, and renews every one whose window is open. Broken off, it goes on with those that still wait:
    /// nobody gets two.
    ///
    /// # Errors
    /// No right; the key and the profile do not fit; the store failed. A record that can't be certified is no error.
    pub async fn issue_passports(&self, act: &Act, key: &PassportKey) -> Result<Evening, ActError> {
        let allowed = guard::has_any(&act.by, &[Right::IssuePassports], &Target::default());
        let nobody = RecordId("passports".to_owned());
        self.noting_refusal::<Subject, _>(act, &nobody, allowed.map_err(ActError::from))
            .await?;
        let mut evening = Evening::default();
        for state in [PassportState::Queued, PassportState::Expiring] {
            self.issue_all(act, key, state, &mut evening).await?;
        }
        Ok(evening)
    }

    async fn issue_all(
        &self,
        act: &Act,
        key: &PassportKey,
        state: PassportState,
        evening: &mut Evening,
    ) -> Result<(), ActError> {
        let mut query = PageQuery {
            queue: Queue::Passport,
            scope: Scope::Country,
            state: Some(state.as_str().to_owned()),
            after: None,
            limit: AT_ONCE,
        };
        loop {
            let page = self.store().page(&query).await?;
            query.after = page.last().map(|row| row.cursor.clone());
            if query.after.is_none() {
                return Ok(());
            }
            let ids: Vec<RecordId> = page.into_iter().map(|row| row.cursor.id).collect();
            let waiting = self.both::<Subject>(ids).await?;
            match self.issue_page(act, key, &waiting, evening).await {
                // Somebody corrected one of them meanwhile: each by itself, as it stands now.
                Err(ActError::Storage(StorageError::Conflict { .. })) => {
                    for (id, _) in waiting {
                        let one = self.both::<Subject>(vec![id]).await?;
                        match self.issue_page(act, key, &one, evening).await {
                            // Changed again: it waits for the next evening.
                            Err(ActError::Storage(StorageError::Conflict { .. })) => {}
                            other => other?,
                        }
                    }
                }
                other => other?,
            }
        }
    }

    async fn issue_page(
        &self,
        act: &Act,
        key: &PassportKey,
        waiting: &[(RecordId, Stored<Subject>)],
        evening: &mut Evening,
    ) -> Result<(), ActError> {
        let mut batch = Batch::default();
        let mut this = Evening::default();
        for (id, stored) in waiting {
            match self.issue_one(act, key, id, stored, &mut batch).await {
                Ok(true) => this.renewed += 1,
                Ok(false) => this.issued += 1,
                Err(ActError::Refused(refusal)) => {
                    let about = trail::about(casework::Kind::Subject, id);
                    batch.notes.push(trail::refusal(about, &refusal, act)?);
                    this.refused.push((id.clone(), refusal));
                }
                Err(other) => return Err(other),
            }
        }
        self.store().commit(&batch).await?;
        evening.issued += this.issued;
        evening.renewed += this.renewed;
        evening.refused.extend(this.refused);
        Ok(())
    }

    /// True when it was renewed, false when it is new.
    async fn issue_one(
        &self,
        act: &Act,
        key: &PassportKey,
        id: &RecordId,
        stored: &Stored<Subject>,
        batch: &mut Batch,
    ) -> Result<bool, ActError> {
        let number = self.settings().ids.next()?;
        let issued = certify(&stored.state, key, number, act.at)?;
        let code_sha256 = hex::encode(Sha256::digest(&issued.code));
        let renewal =
            SignedDuration::from_hours(24 * i64::from(self.policy().passport.renewal_days));
        let certificate = Certificate {
            uvci: issued.id.to_string(),
            issued_at: issued.issued_at,
            expires_at: issued.expires_at,
            renew_from: issued
                .expires_at
                .checked_sub(renewal)
                .unwrap_or(issued.issued_at),
            profile: key.profile.id.clone(),
            code_sha256: code_sha256.clone(),
            basis: stored.state.passport_basis(),
        };
        let renews = stored.state.passport.state == PassportState::Expiring;
        let command = subject::Command {
            action: if renews {
                Action::Renew(certificate)
            } else {
                Action::Issue(certificate)
            },
            policy: self.policy(),
        };
        let before = Some(stored.state.clone());
        self.decide::<Subject>(act, id, stored.revision, before, &command, batch)
            .await?;
        batch.blobs.push(Blob {
            sha256: code_sha256,
            media_type: CODE_TYPE.to_owned(),
            at: act.at,
            size: issued.code.len() as u64,
            bytes: Some(issued.code.into_bytes()),
        });
        Ok(renews)
    }

    /// The text of the code of a person's present passport. The read is noted.
    ///
    /// # Errors
    /// Not found when the person is beyond the actor's reach or has no passport.
    pub async fn passport_code(&self, act: &Act, id: &RecordId) -> Result<String, ActError> {
        let subject = self.view::<Subject>(act, id).await?.state;
        let good = matches!(
            subject.passport.state,
            PassportState::CentralSigned | PassportState::Delivered | PassportState::Expiring
        );
        let certificate = subject.passport.certificate.filter(|_| good);
        let certificate = certificate.ok_or_else(|| casework::rights::NOT_FOUND.refusal())?;
        let blob = self.store().blob(&certificate.code_sha256).await?;
        let bytes = blob.and_then(|blob| blob.bytes).unwrap_or_default();
        let whole = hex::encode(Sha256::digest(&bytes)) == certificate.code_sha256;
        let code = String::from_utf8(bytes).ok().filter(|_| whole);
        Ok(code.ok_or_else(|| StorageError::Altered {
            column: "blob.bytes",
            value: certificate.code_sha256,
        })?)
    }
}

/// What a certificate of the record says, signed.
fn certify(
    subject: &Subject,
    key: &PassportKey,
    number: u128,
    at: Timestamp,
) -> Result<Issued, Refusal> {
    let impossible =
        |why: &dyn std::fmt::Display| subject::CERTIFICATE_IMPOSSIBLE.because(why.to_string());
    let (latest, vaccine, date) = latest_dose(subject, &key.profile)?;
    let name = HolderName::from_full_name(&subject.person.full_name)
        .map_err(|error| impossible(&error))?;
    let (birth_date, _) =
        BirthDate::parse(&subject.person.birth_date).map_err(|error| impossible(&error))?;
    let vaccine = key
        .profile
        .codes(vaccine)
        .map_err(|error| impossible(&error))?;
    let issuer = Issuer::new(&key.profile, &key.certificate, key.signer.as_ref())
        .map_err(|error| impossible(&error))?;
    let claims = Claims {
        name: &name,
        birth_date,
        vaccine,
        number: latest,
        date,
        id: number,
    };
    issuer
        .issue(&claims, at)
        .map_err(|error| impossible(&error))
}

/// The latest of the signed doses, with its number by the profile's policy.
fn latest_dose(
    subject: &Subject,
    profile: &Profile,
) -> Result<(DoseNumber, &'static Product, Date), Refusal> {
    let signed = subject
        .doses
        .values()
        .filter(|dose| dose.state == DoseState::FacilitySigned);
    let mut doses: Vec<(Date, &'static Product)> = signed
        .filter_map(|dose| Some((dose.facts.day()?, dose.facts.product()?)))
        .collect();
    doses.sort_by_key(|(day, _)| *day);
    let numbers = profile
        .numbering
        .number(&doses)
        .map_err(|error| subject::CERTIFICATE_IMPOSSIBLE.because(error.to_string()))?;
    match (numbers.last(), doses.last()) {
        (Some(number), Some((day, product))) => Ok((*number, product, *day)),
        _ => Err(subject::CERTIFICATE_IMPOSSIBLE.refusal()),
    }
}
