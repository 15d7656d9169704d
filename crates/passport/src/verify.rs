//! From the text of a QR code to a verdict, step by step.
//!
//! Every step says for itself whether it went well; what does not depend on a failed step is still tried, so that the report is as complete
//! as it can be. A code is valid when no step failed and none was skipped. A warning never makes it invalid: it names what a careful person
//! should look at.

use jiff::{Timestamp, ToSpan as _};
use registry::text::Text;
use signing::{Certificate, Purpose};

use crate::base45;
use crate::cose::Sign1;
use crate::cwt::Cwt;
use crate::dcc::{Dcc, DccError, Entry};
use crate::uvci::UvciError;
use crate::value_sets::{Set, Standing, ValueSets};
use crate::{schema, uvci, zlib};

mod failure;

pub(crate) use failure::body;
pub use failure::{Failure, NotACode, Warning};

/// Verifies the text of a QR code at a moment.
pub fn verify(code: &str, signers: &(impl Signers + ?Sized), now: Timestamp) -> Report {
    let mut report = Report::default();
    if let Some(message) = report.unpack(code) {
        report.verify(&message, signers, now);
    }
    report
}

/// Verifies from the COSE message on.
pub fn verify_message(message: &[u8], signers: &(impl Signers + ?Sized), now: Timestamp) -> Report {
    let mut report = Report::default();
    report.verify(message, signers, now);
    report
}

/// Who may have signed.
pub trait Signers {
    /// Every certificate with this key identifier: an identifier is eight bytes of a hash, and two certificates may share it.
    fn with_kid(&self, kid: &[u8]) -> impl Iterator<Item = &Certificate>;
}

impl Signers for [Certificate] {
    fn with_kid(&self, kid: &[u8]) -> impl Iterator<Item = &Certificate> {
        self.iter()
            .filter(move |certificate| certificate.kid() == kid)
    }
}

/// What is done, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The text is that of an EU health certificate.
    Prefix,
    /// Base45.
    Base45,
    /// Inflating.
    Zlib,
    /// The signed envelope.
    Cose,
    /// The claims in it.
    Cbor,
    /// The certificate fits the schema.
    Schema,
    /// A trusted signer signed these bytes.
    Signature,
    /// The signer's certificate is valid now and was when it signed.
    Signer,
    /// The signer may sign certificates of this kind.
    KeyUsage,
    /// Issued before now, and not expired.
    Expiry,
}

impl Step {
    /// All, in order.
    pub const ALL: [Self; 10] = [
        Self::Prefix,
        Self::Base45,
        Self::Zlib,
        Self::Cose,
        Self::Cbor,
        Self::Schema,
        Self::Signature,
        Self::Signer,
        Self::KeyUsage,
        Self::Expiry,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Base45 => "base45",
            Self::Zlib => "zlib",
            Self::Cose => "cose",
            Self::Cbor => "cbor",
            Self::Schema => "schema",
            Self::Signature => "signature",
            Self::Signer => "signer",
            Self::KeyUsage => "key_usage",
            Self::Expiry => "expiry",
        }
    }
}

/// How a step went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Outcome {
    /// An earlier failure left nothing to try.
    #[default]
    Skipped,
    /// Well.
    Ok,
    /// Not well.
    Failed(Failure),
}

/// What a code holds, whether or not it may be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// `iss`, a country.
    pub issuer: Option<String>,
    /// `iat`
    pub issued_at: Option<Timestamp>,
    /// `exp`
    pub expires_at: Option<Timestamp>,
    /// The key identifier.
    pub kid: Option<Vec<u8>>,
    /// Its bytes, of which revocation lists keep a hash.
    pub signature: Vec<u8>,
    /// The certificate as CBOR, with members that the schema does not know.
    pub payload: Vec<u8>,
    /// The certificate, where it can be read.
    pub dcc: Option<Dcc>,
}

/// Everything about one verification.
#[derive(Debug, Clone, Default)]
pub struct Report {
    outcomes: [Outcome; Step::ALL.len()],
    /// What the code holds, as far as it could be opened. To be believed only when [`Report::is_valid`].
    pub contents: Option<Contents>,
    /// Whose signature it is.
    pub signer: Option<Certificate>,
    /// What a careful person should look at.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// Whether every step went well. What was handed over as a message has no outer layers that could.
    pub fn is_valid(&self) -> bool {
        self.failure().is_none()
            && self
                .steps()
                .skip_while(|(step, _)| *step < Step::Cose)
                .all(|(_, outcome)| *outcome == Outcome::Ok)
    }

    /// Each step with its outcome, in order.
    pub fn steps(&self) -> impl Iterator<Item = (Step, &Outcome)> {
        Step::ALL.into_iter().zip(&self.outcomes)
    }

    /// How one step went.
    pub fn outcome(&self, step: Step) -> &Outcome {
        self.outcomes
            .get(step as usize)
            .unwrap_or(&Outcome::Skipped)
    }

    /// Why it is not valid: the first step that failed. One of wrong signature and expiry, the signature: what is not signed says nothing.
    pub fn failure(&self) -> Option<&Failure> {
        self.outcomes.iter().find_map(|outcome| match outcome {
            Outcome::Failed(failure) => Some(failure),
            _ => None,
        })
    }

    /// One sentence for the person at the door.
    pub fn sentence(&self) -> Text {
        match self.failure() {
            Some(failure) => failure.text(),
            None => Text::new("Chứng nhận hợp lệ.", "The certificate is valid."),
        }
    }

    /// The three outer layers; the message, if they open.
    fn unpack(&mut self, code: &str) -> Option<Vec<u8>> {
        let body = self.note(Step::Prefix, body(code))?;
        let stream = base45::decode(body).map_err(|error| failure::of_base45(body, error));
        let stream = self.note(Step::Base45, stream)?;
        let message = zlib::inflate(&stream).map_err(|error| failure::of_zlib(body, error));
        self.note(Step::Zlib, message)
    }

    fn verify(&mut self, message: &[u8], signers: &(impl Signers + ?Sized), now: Timestamp) {
        let Some(message) = self.note(Step::Cose, Sign1::parse(message)) else {
            return;
        };
        let signer = self.note(Step::Signature, signer(&message, signers, now));
        let Some(cwt) = self.note(Step::Cbor, Cwt::parse(message.payload)) else {
            self.signer = signer;
            return;
        };
        let dcc = self.read(cwt.dcc);
        self.note(Step::Expiry, expiry(&cwt, now));
        if let Some(signer) = &signer {
            self.note(Step::Signer, signer_period(&cwt, signer, now));
            if let Some(dcc) = &dcc {
                self.note(Step::KeyUsage, key_usage(signer, dcc.entry.purpose()));
            }
        }
        if let Some(dcc) = &dcc {
            look_closer(&mut self.warnings, dcc);
        }
        look_at_times(&mut self.warnings, &cwt, signer.as_ref(), dcc.as_ref());
        self.contents = Some(Contents {
            issuer: cwt.issuer.map(str::to_owned),
            issued_at: cwt.issued_at,
            expires_at: cwt.expires_at,
            kid: message.kid.map(<[u8]>::to_vec),
            signature: message.signature.to_vec(),
            payload: cwt.dcc.to_vec(),
            dcc,
        });
        self.signer = signer;
    }

    /// The certificate, when its structure can be read; its contents may still leave the schema.
    fn read(&mut self, payload: &[u8]) -> Option<Dcc> {
        let dcc = match Dcc::from_cbor(payload) {
            Ok(dcc) => dcc,
            Err(DccError::Schema(violation)) => {
                self.note(Step::Schema, Err::<(), _>(violation));
                return None;
            }
            Err(DccError::Malformed(reason)) => {
                self.note(Step::Cbor, Err::<(), _>(Failure::Cbor(reason)));
                return None;
            }
        };
        if let Some(tolerated) = self.note(Step::Schema, schema::check(&dcc)) {
            self.warnings
                .extend(tolerated.into_iter().map(Warning::Schema));
        }
        Some(dcc)
    }

    fn note<T, E: Into<Failure>>(&mut self, step: Step, result: Result<T, E>) -> Option<T> {
        let (outcome, value) = match result {
            Ok(value) => (Outcome::Ok, Some(value)),
            Err(error) => (Outcome::Failed(error.into()), None),
        };
        if let Some(slot) = self.outcomes.get_mut(step as usize) {
            *slot = outcome;
        }
        value
    }
}

/// Whose signature it is: of several certificates with the identifier, the one whose key fits; of several of those, one that is valid.
pub(crate) fn signer(
    message: &Sign1<'_>,
    signers: &(impl Signers + ?Sized),
    now: Timestamp,
) -> Result<Certificate, Failure> {
    let kid = message.kid.ok_or(Failure::NoKid)?;
    let algorithm = message
        .known_algorithm()
        .ok_or(Failure::Algorithm(message.algorithm))?;
    let signed = message.to_be_signed();
    let (mut found, mut tried) = (None, false);
    for certificate in signers.with_kid(kid) {
        tried = true;
        if certificate.verify(algorithm, &signed, message.signature) {
            if certificate.valid_at(now) {
                return Ok(certificate.clone());
            }
            found = Some(certificate);
        }
    }
    match found {
        Some(certificate) => Ok(certificate.clone()),
        None if tried => Err(Failure::Signature),
        None => Err(Failure::UnknownSigner { kid: kid.to_vec() }),
    }
}

/// The signer must be valid now, and must have been when it signed.
pub(crate) fn signer_period(
    cwt: &Cwt<'_>,
    signer: &Certificate,
    now: Timestamp,
) -> Result<(), Failure> {
    let (from, until) = (signer.not_before(), signer.not_after());
    if now > until {
        return Err(Failure::SignerExpired { until });
    }
    if now < from || cwt.issued_at.is_some_and(|issued_at| issued_at < from) {
        return Err(Failure::SignerNotYetValid { from });
    }
    Ok(())
}

/// The kinds of certificate that the signer's extended key usage allows.
pub(crate) fn key_usage(signer: &Certificate, purpose: Purpose) -> Result<(), Failure> {
    if signer.allows(purpose) {
        Ok(())
    } else {
        Err(Failure::KeyUsage(purpose))
    }
}

/// Issued before now and not expired, both ends included.
pub(crate) fn expiry(cwt: &Cwt<'_>, now: Timestamp) -> Result<(), Failure> {
    let (Some(issued_at), Some(expires_at)) = (cwt.issued_at, cwt.expires_at) else {
        return Err(Failure::NoTimes);
    };
    if now < issued_at {
        return Err(Failure::IssuedInFuture { issued_at });
    }
    if now > expires_at {
        return Err(Failure::Expired { expires_at });
    }
    Ok(())
}

/// Codes that are deprecated, unknown or do not belong together, and an identifier that cannot be right.
fn look_closer(warnings: &mut Vec<Warning>, dcc: &Dcc) {
    let mut code = |set, field, code: &str| {
        let warning = match ValueSets::eu().standing(set, code) {
            Standing::Active => return,
            Standing::Deprecated => Warning::DeprecatedCode {
                field,
                code: code.to_owned(),
            },
            Standing::Unknown => Warning::UnknownCode {
                field,
                code: code.to_owned(),
            },
        };
        warnings.push(warning);
    };
    code(Set::Disease, "tg", dcc.entry.disease());
    code(Set::Country, "co", dcc.entry.country());
    match &dcc.entry {
        Entry::Vaccination(entry) => {
            code(Set::Prophylaxis, "vp", &entry.prophylaxis);
            code(Set::Product, "mp", &entry.product);
            code(Set::Manufacturer, "ma", &entry.manufacturer);
            if let Some(encoding) = ValueSets::eu().encoding(&entry.product) {
                if encoding.manufacturer != entry.manufacturer {
                    warnings.push(Warning::Manufacturer {
                        product: entry.product.clone(),
                        manufacturer: entry.manufacturer.clone(),
                    });
                }
                if !encoding.prophylaxis.contains(&entry.prophylaxis) {
                    warnings.push(Warning::Prophylaxis {
                        product: entry.product.clone(),
                        prophylaxis: entry.prophylaxis.clone(),
                    });
                }
            }
        }
        Entry::Test(entry) => {
            code(Set::TestType, "tt", &entry.kind);
            code(Set::TestResult, "tr", &entry.result);
        }
        Entry::Recovery(_) => {}
    }
    if let Err(UvciError::Check { expected }) = uvci::check(dcc.entry.id()) {
        warnings.push(Warning::CheckCharacter { expected });
    }
}

/// Times that an issuer should not have written together.
fn look_at_times(
    warnings: &mut Vec<Warning>,
    cwt: &Cwt<'_>,
    signer: Option<&Certificate>,
    dcc: Option<&Dcc>,
) {
    let (Some(issued_at), Some(expires_at)) = (cwt.issued_at, cwt.expires_at) else {
        return;
    };
    let days = (expires_at.as_second() - issued_at.as_second()) / 86_400;
    // A year and its leap day.
    if days > 366 {
        warnings.push(Warning::LongValidity { days });
    }
    if let Some(signer) = signer.filter(|signer| expires_at > signer.not_after()) {
        warnings.push(Warning::OutlivesSigner {
            until: signer.not_after(),
        });
    }
    if let Some(Entry::Vaccination(entry)) = dcc.map(|dcc| &dcc.entry)
        && let Some(date) = schema::calendar_date(&entry.date)
        // Half a day more than the last time zone is ahead of UTC.
        && issued_at
            .checked_add(26.hours())
            .is_ok_and(|latest| registry::date::day_number(date) > (latest.as_second().div_euclid(86_400)) as i32)
    {
        warnings.push(Warning::DoseAfterIssue { date });
    }
}
