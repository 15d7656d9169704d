//! From claims to the text of a QR code.

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::Offset;
use registry::date::BirthDate;
use signing::{Certificate, Purpose, SignError, Signer};

use crate::cwt::Cwt;
use crate::dcc::{Dcc, Entry, PersonName, Vaccination};
use crate::names::HolderName;
use crate::numbering::DoseNumber;
use crate::profile::{Profile, VaccineCodes};
use crate::schema::Violation;
use crate::uvci::Uvci;
use crate::{base45, cose, schema, zlib};

/// What every code begins with: a health certificate, version 1.
pub const PREFIX: &str = "HC1:";

/// The disease or agent COVID-19 in SNOMED CT.
pub const COVID_19: &str = "840539006";

/// What a certificate is to say. Verified before: here is decided how it is said, not whether it is true.
#[derive(Debug, Clone)]
pub struct Claims<'a> {
    /// The holder.
    pub name: &'a HolderName,
    /// As precisely as it is known.
    pub birth_date: BirthDate,
    /// The product of the latest dose.
    pub vaccine: VaccineCodes,
    /// Which dose it was.
    pub number: DoseNumber,
    /// When it was given.
    pub date: Date,
    /// A number that no other certificate has, for the UVCI.
    pub id: u128,
}

/// A certificate as it leaves the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The text of the QR code.
    pub code: String,
    /// Its identifier.
    pub id: Uvci,
    /// When it was made; seconds.
    pub issued_at: Timestamp,
    /// Until when it can be verified; seconds.
    pub expires_at: Timestamp,
    /// Which key signed.
    pub kid: [u8; 8],
    /// What it says.
    pub dcc: Dcc,
}

/// Issues by one profile with one key.
pub struct Issuer<'a> {
    profile: &'a Profile,
    certificate: &'a Certificate,
    signer: &'a dyn Signer,
    protected: Vec<u8>,
}

impl<'a> Issuer<'a> {
    /// An issuer whose key, certificate and profile fit together.
    ///
    /// # Errors
    /// [`IssueError`]: another algorithm, or a certificate that is not for vaccinations.
    pub fn new(
        profile: &'a Profile,
        certificate: &'a Certificate,
        signer: &'a dyn Signer,
    ) -> Result<Self, IssueError> {
        let algorithm = profile.algorithm;
        if signer.algorithm() != algorithm || certificate.algorithm() != Some(algorithm) {
            return Err(IssueError::Algorithm);
        }
        if !certificate.allows(Purpose::Vaccination) {
            return Err(IssueError::KeyUsage);
        }
        Ok(Self {
            profile,
            certificate,
            signer,
            protected: cose::protected_header(algorithm, &certificate.kid()),
        })
    }

    /// Issues one certificate. It expires after the months of the profile; one that would outlive its signer is refused, not shortened.
    ///
    /// # Errors
    /// [`IssueError`]: the claims cannot stand in a certificate, the signer is not valid for as long, or the key does not answer.
    pub fn issue(&self, claims: &Claims<'_>, now: Timestamp) -> Result<Issued, IssueError> {
        let (issued_at, expires_at) = self.period(now)?;
        if !claims.number.completes_course() {
            return Err(IssueError::Incomplete {
                dose: claims.number.dose,
                course: claims.number.course,
            });
        }
        let id = Uvci::new(&self.profile.country, claims.id, self.profile.uvci);
        let dcc = self.payload(claims, &id);
        if let Some(violation) = schema::check(&dcc)?.into_iter().next() {
            return Err(violation.into());
        }
        let code = self.seal(&dcc, issued_at, expires_at)?;
        Ok(Issued {
            code,
            id,
            issued_at,
            expires_at,
            kid: self.certificate.kid(),
            dcc,
        })
    }

    /// When the certificate begins and ends, in whole seconds, within the signer's validity.
    fn period(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), IssueError> {
        let issued_at = whole_seconds(now)?;
        let months = i32::from(self.profile.validity_months).months();
        let expires_at = Offset::UTC
            .to_datetime(issued_at)
            .checked_add(months)
            .and_then(|end| Offset::UTC.to_timestamp(end))
            .map_err(|_| IssueError::Clock)?;
        if issued_at < self.certificate.not_before() {
            return Err(IssueError::SignerNotYetValid {
                from: self.certificate.not_before(),
            });
        }
        if expires_at > self.certificate.not_after() {
            return Err(IssueError::OutlivesSigner {
                expires_at,
                until: self.certificate.not_after(),
            });
        }
        Ok((issued_at, expires_at))
    }

    fn payload(&self, claims: &Claims<'_>, id: &Uvci) -> Dcc {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Dcc {
            version: self.profile.schema_version.clone(),
            name: PersonName {
                family: owned(claims.name.family()),
                family_icao: owned(claims.name.family_icao()),
                given: owned(claims.name.given()),
                given_icao: owned(claims.name.given_icao()),
            },
            birth_date: claims.birth_date.iso(),
            entry: Entry::Vaccination(Vaccination {
                disease: COVID_19.into(),
                prophylaxis: claims.vaccine.prophylaxis.into(),
                product: claims.vaccine.product.into(),
                manufacturer: claims.vaccine.manufacturer.into(),
                dose: claims.number.dose,
                doses: claims.number.doses,
                date: claims.date.to_string(),
                country: self.profile.country.clone(),
                issuer: self.profile.issuer.clone(),
                id: id.as_str().into(),
            }),
        }
    }

    /// CWT, signature, COSE, zlib, Base45, prefix.
    fn seal(
        &self,
        dcc: &Dcc,
        issued_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<String, IssueError> {
        let payload = Cwt {
            issuer: Some(&self.profile.country),
            issued_at: Some(issued_at),
            expires_at: Some(expires_at),
            dcc: &dcc.to_cbor(),
        }
        .to_cbor();
        let signature = self
            .signer
            .sign(&cose::to_be_signed(&self.protected, &payload))?;
        let message = cose::sign1(&self.protected, &payload, &signature);
        // The schema bounds every member, so a message is never near the limit.
        let stream = zlib::deflate(&message).map_err(|_| IssueError::TooLarge)?;
        let mut code = String::with_capacity(PREFIX.len() + stream.len().div_ceil(2) * 3);
        code.push_str(PREFIX);
        base45::encode_into(&stream, &mut code);
        Ok(code)
    }
}

/// Why no certificate was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// Profile, key and certificate are not of one algorithm.
    #[error(
        "the profile, the key and the signer certificate are not of one algorithm; choose the key that the profile asks for"
    )]
    Algorithm,
    /// The certificate is for tests or recoveries.
    #[error(
        "the signer certificate is not for vaccinations; take one whose extended key usage allows them"
    )]
    KeyUsage,
    /// Too early for this signer.
    #[error(
        "the signer certificate is valid only from {from}; check the clock or take another signer"
    )]
    SignerNotYetValid {
        /// From when.
        from: Timestamp,
    },
    /// The signer would expire first.
    #[error(
        "the certificate would be valid until {expires_at}, longer than its signer ({until}); take a newer signer"
    )]
    OutlivesSigner {
        /// When the certificate would expire.
        expires_at: Timestamp,
        /// When the signer expires.
        until: Timestamp,
    },
    /// The basic course is not complete.
    #[error("dose {dose} of a basic course of {course}: only complete courses get a certificate")]
    Incomplete {
        /// The latest dose.
        dose: u32,
        /// Doses of the course.
        course: u32,
    },
    /// A claim that the schema refuses.
    #[error("the claims do not fit the schema: {0}")]
    Schema(#[from] Violation),
    /// More than a QR code holds.
    #[error("the certificate is too large")]
    TooLarge,
    /// A time that is none.
    #[error("the time is out of range; check the clock")]
    Clock,
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

fn whole_seconds(time: Timestamp) -> Result<Timestamp, IssueError> {
    Timestamp::from_second(time.as_second()).map_err(|_| IssueError::Clock)
}
