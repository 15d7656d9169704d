//! A facility vouches for its doses: one signature over a batch, one proof for each person (1908; process, 5.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use ::signing::batch::BatchError;
use ::signing::canonical;
use ::signing::{Certificate, Signer, Trust};
use casework::facility::{self, Facility, Mandate};
use casework::rights::{self, Right};
use casework::subject::dose::{CertificateCheck, Signature, SignedContent};
use casework::subject::{self, Action, Subject};
use casework::{Act, RecordId, Refusal, Unit};
use registry::facility::FacilityCode;
use sha2::{Digest as _, Sha256};
use storage::{Batch, Stored};

use crate::acts::{ActError, Platform};
use crate::guard::{self, Guarded as _};
use crate::issuing::PassportKey;

/// The rights of those whom a facility's record may let sign.
const SIGNERS: &[Right] = &[Right::SignDoses, Right::EnterDoses];

/// Persons whose records are saved at once.
const SAVED_AT_ONCE: usize = 500;

/// The key of whoever signs: software or token, with its certificate.
#[derive(Clone)]
pub struct SigningKey {
    /// The key.
    pub signer: Arc<dyn Signer>,
    /// Its certificate first.
    pub chain: Vec<Certificate>,
    /// Whose it is: a facility, or the unit that signs for it. As the registration of the certificate says.
    pub unit: Unit,
}

/// The keys that a deployment holds for those who sign through it, with the authorities that it believes.
#[derive(Clone, Default)]
pub struct Keys {
    /// Of facilities, and of units that sign for them.
    pub of_units: BTreeMap<Unit, SigningKey>,
    /// The ministry's for passports.
    pub passports: Option<PassportKey>,
    /// The authorities of the facilities' certificates.
    pub trust: Trust,
}

/// What became of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// Signed, with the record's revision now.
    Signed(u64),
    /// It was signed so already.
    Already,
    /// Not signed, for this reason.
    Refused(Refusal),
}

/// Why a batch is not signed at all.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// Refused, or the store failed.
    #[error(transparent)]
    Act(#[from] ActError),
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] BatchError),
    /// A record can't be written as canonical JSON.
    #[error(transparent)]
    Canonical(#[from] canonical::CanonicalError),
}

impl From<Refusal> for SigningError {
    fn from(refusal: Refusal) -> Self {
        Self::Act(refusal.into())
    }
}

/// One person of a batch.
struct Ready {
    place: usize,
    id: RecordId,
    stored: Stored<Subject>,
    content: SignedContent,
    bytes: String,
    sha256: String,
}

impl Platform {
    /// Signs for a facility's doses of these persons, with one operation of the key. Every person comes back with what became of them.
    ///
    /// # Errors
    /// The actor has no right or no mandate, the key does not sign, or the store failed. Persons that can't be signed are no error.
    pub async fn sign_for_facility(
        &self,
        act: &Act,
        facility: &FacilityCode,
        subjects: &[RecordId],
        key: &SigningKey,
        trust: &Trust,
    ) -> Result<Vec<(RecordId, Signed)>, SigningError> {
        let mandate = self.may_sign_for(act, facility).await?;
        let (ready, mut outcomes) = self.gather(act, facility, subjects).await?;
        if ready.is_empty() {
            return Ok(by_person(subjects, outcomes));
        }
        let signer = Arc::clone(&key.signer);
        let (chain, at) = (key.chain.clone(), act.at);
        let bytes: Vec<String> = ready.iter().map(|one| one.bytes.clone()).collect();
        // A token takes its time: the runtime must not wait for it.
        let batch = tokio::task::spawn_blocking(move || {
            ::signing::batch::Batch::sign(&bytes, signer.as_ref(), &chain, at)
        });
        let batch = batch
            .await
            .map_err(|stopped| BatchError::Malformed(stopped.to_string()))??;
        let certificate = check_certificate(key, trust, &mandate, facility, act);
        let mut signatures = Vec::with_capacity(ready.len());
        for (number, one) in ready.iter().enumerate() {
            signatures.push(Signature {
                content_sha256: one.sha256.clone(),
                evidence: batch.proof(number as u64)?.to_text()?,
                signed_at: act.at,
                mandate: mandate.clone(),
                certificate: certificate.clone(),
            });
        }
        let pairs: Vec<(Ready, Signature)> = ready.into_iter().zip(signatures).collect();
        for part in pairs.chunks(SAVED_AT_ONCE) {
            outcomes.extend(self.save_signatures(act, part).await?);
        }
        Ok(by_person(subjects, outcomes))
    }

    /// The actor's mandate to sign for a facility.
    ///
    /// # Errors
    /// No right by the table, or no mandate by the facility's record; noted.
    pub async fn may_sign_for(
        &self,
        act: &Act,
        facility: &FacilityCode,
    ) -> Result<Mandate, ActError> {
        let about = RecordId(facility.as_str().to_owned());
        let mandate = self.mandate(act, facility).await;
        self.noting_refusal::<Facility, _>(act, &about, mandate)
            .await
    }

    async fn mandate(&self, act: &Act, code: &FacilityCode) -> Result<Mandate, ActError> {
        may_sign(act)?;
        let facility = self.facility(code).await?;
        let facility = facility.ok_or_else(|| rights::NOT_FOUND.refusal())?;
        guard::has_any(&act.by, SIGNERS, &facility.target())?;
        Ok(facility.mandate(act)?)
    }

    async fn gather(
        &self,
        act: &Act,
        facility: &FacilityCode,
        subjects: &[RecordId],
    ) -> Result<(Vec<Ready>, Vec<(usize, Signed)>), SigningError> {
        let stored = self
            .store()
            .load_many::<Subject>(subjects)
            .await
            .map_err(ActError::from)?;
        let (mut ready, mut outcomes) = (Vec::new(), Vec::new());
        for (place, (id, stored)) in subjects.iter().zip(stored).enumerate() {
            let known = stored.filter(|stored| {
                let target = stored.state.target();
                let is_there = !target.sealed && !stored.state.taken_back;
                is_there && target.units.contains(&Unit::Facility(facility.clone()))
            });
            let Some(stored) = known else {
                let refusal = rights::NOT_FOUND.refusal();
                outcomes.push((place, Signed::Refused(refusal)));
                continue;
            };
            let content = stored.state.content_of(facility);
            let bytes = canonical::to_text(&content)?;
            let sha256 = hex::encode(Sha256::digest(&bytes));
            let mut doses = content
                .doses
                .iter()
                .filter_map(|dose| stored.state.doses.get(&dose.id));
            let signed = doses.all(|dose| {
                let signature = dose.signature.as_ref();
                signature.is_some_and(|signature| signature.content_sha256 == sha256)
            });
            if signed {
                outcomes.push((place, Signed::Already));
                continue;
            }
            match stored.state.may_be_signed(facility) {
                Ok(()) => ready.push(Ready {
                    place,
                    id: id.clone(),
                    stored,
                    content,
                    bytes,
                    sha256,
                }),
                Err(refusal) => outcomes.push((place, Signed::Refused(refusal))),
            }
        }
        for (place, outcome) in &outcomes {
            if let (Signed::Refused(refusal), Some(id)) = (outcome, subjects.get(*place)) {
                let about = crate::trail::about(casework::Kind::Subject, id);
                let note = crate::trail::refusal(about, refusal, act).map_err(ActError::from)?;
                self.keep_note(note).await.map_err(ActError::from)?;
            }
        }
        Ok((ready, outcomes))
    }

    /// Saves signatures together; when one of the records changed meanwhile, each by itself, so that one clerk's correction holds up
    /// nobody else.
    async fn save_signatures(
        &self,
        act: &Act,
        part: &[(Ready, Signature)],
    ) -> Result<Vec<(usize, Signed)>, ActError> {
        let mut batch = Batch::default();
        let mut outcomes = Vec::with_capacity(part.len());
        for (one, signature) in part {
            outcomes.push((
                one.place,
                self.sign_one(act, one, signature, &mut batch).await?,
            ));
        }
        match self.store().commit(&batch).await {
            Ok(_) => return Ok(outcomes),
            Err(storage::StorageError::Conflict { .. }) => outcomes.clear(),
            Err(other) => return Err(other.into()),
        }
        for (one, signature) in part {
            let mut batch = Batch::default();
            let mut outcome = self.sign_one(act, one, signature, &mut batch).await?;
            match self.store().commit(&batch).await {
                Ok(_) => {}
                Err(storage::StorageError::Conflict { .. }) => {
                    outcome = Signed::Refused(subject::CONTENT_CHANGED.refusal());
                }
                Err(other) => return Err(other.into()),
            }
            outcomes.push((one.place, outcome));
        }
        Ok(outcomes)
    }

    async fn sign_one(
        &self,
        act: &Act,
        one: &Ready,
        signature: &Signature,
        batch: &mut Batch,
    ) -> Result<Signed, ActError> {
        let command = subject::Command {
            action: Action::Sign {
                content: one.content.clone(),
                signature: signature.clone(),
            },
            policy: self.policy(),
        };
        let before = Some(one.stored.state.clone());
        let decided = self
            .decide::<Subject>(act, &one.id, one.stored.revision, before, &command, batch)
            .await;
        match decided {
            Ok(done) => Ok(Signed::Signed(done.revision)),
            Err(ActError::Refused(refusal)) => Ok(Signed::Refused(refusal)),
            Err(other) => Err(other),
        }
    }
}

/// Whether somebody of this role signs anywhere at all, before it is known for whom.
///
/// # Errors
/// Forbidden.
pub fn may_sign(act: &Act) -> Result<(), Refusal> {
    let any = SIGNERS
        .iter()
        .any(|right| rights::check_role(&act.by, *right).is_ok());
    rights::FORBIDDEN.unless(any)
}

/// What a verifier would find about the certificate now, and whether it is of the facility or of the unit that signs for it.
fn check_certificate(
    key: &SigningKey,
    trust: &Trust,
    mandate: &Mandate,
    facility: &FacilityCode,
    act: &Act,
) -> CertificateCheck {
    let own = key.chain.first();
    let name = own.map(|own| format!("{}, {}", own.subject(), own.issuer()));
    let expected = match &mandate.right {
        facility::SigningRight::CentralSigner { unit } => unit.clone(),
        _ => Unit::Facility(facility.clone()),
    };
    CertificateCheck {
        name: name.unwrap_or_default(),
        valid: own.is_some_and(|own| trust.check(own, act.at).is_ok()),
        of_signer: key.unit == expected,
    }
}

fn by_person(subjects: &[RecordId], mut outcomes: Vec<(usize, Signed)>) -> Vec<(RecordId, Signed)> {
    outcomes.sort_by_key(|(place, _)| *place);
    let name = |(place, outcome): (usize, Signed)| Some((subjects.get(place)?.clone(), outcome));
    outcomes.into_iter().filter_map(name).collect()
}
