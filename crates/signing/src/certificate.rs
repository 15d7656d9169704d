//! An X.509 certificate as a verifier sees it: read once, its key kept ready.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PSS_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Decode, Encode, Reader as _, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::name::Name;
pub use x509_cert::spki::ObjectIdentifier;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::Time;

use crate::Algorithm;

/// The attribute `countryName` (X.520).
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");

/// A certificate with its key parsed and ready to verify. Cloning is cheap; two are equal when their bytes are.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

struct Parts {
    der: Box<[u8]>,
    parsed: CertificateInner<Raw>,
    fingerprint: [u8; 32],
    not_before: Timestamp,
    not_after: Timestamp,
    extended_key_usage: Vec<ObjectIdentifier>,
    key_usage: Option<KeyUsage>,
    authority: bool,
    key: Option<(Algorithm, ParsedPublicKey)>,
}

/// What a signer certificate of the EU system may sign, by its extended key usage (certificate governance, annex 1, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Certificates of a test.
    Test,
    /// Certificates of a vaccination.
    Vaccination,
    /// Certificates of a recovery.
    Recovery,
}

/// What is wrong with bytes that should be a certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Neither PEM nor DER.
    #[error("this is no X.509 certificate: {reason}; give a file in PEM or DER form")]
    Malformed {
        /// What the parser met.
        reason: String,
    },
    /// PEM text that holds no certificate.
    #[error(
        "the text holds no block `-----BEGIN CERTIFICATE-----`; give the certificate, not its key or request"
    )]
    Empty,
}

impl Certificate {
    /// Reads one certificate in DER form.
    ///
    /// Lenient where issuers of the field are wrong without harm (serial numbers, time forms), since a border meets them all.
    ///
    /// # Errors
    ///
    /// When the bytes are no certificate, more than one, or an extension that is needed here is broken.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let parsed = CertificateInner::<Raw>::from_der(der).map_err(malformed)?;
        let tbs = parsed.tbs_certificate();
        let validity = tbs.validity();
        let extended_key_usage = extension::<ExtendedKeyUsage>(&parsed)?;
        Ok(Self(Arc::new(Parts {
            der: der.into(),
            fingerprint: sha256(der),
            not_before: timestamp(validity.not_before)?,
            not_after: timestamp(validity.not_after)?,
            extended_key_usage: extended_key_usage.map_or_else(Vec::new, |usage| usage.0),
            key_usage: extension(&parsed)?,
            authority: extension::<BasicConstraints>(&parsed)?.is_some_and(|basic| basic.ca),
            key: public_key(tbs.subject_public_key_info()),
            parsed,
        })))
    }

    /// Reads every certificate of a PEM text, in order; other text and other blocks between them are skipped.
    ///
    /// # Errors
    ///
    /// When a block is broken, or when there is none.
    pub fn from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        let mut certificates = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once(BEGIN) {
            let (body, after) = after.split_once(END).ok_or_else(|| {
                malformed("a block has a BEGIN line but no END line (truncated file?)")
            })?;
            certificates.push(Self::from_base64(body)?);
            rest = after;
        }
        if certificates.is_empty() {
            return Err(CertificateError::Empty);
        }
        Ok(certificates)
    }

    /// Reads one certificate from the base64 of its DER, as trust lists carry it; white space is skipped.
    ///
    /// # Errors
    ///
    /// When it is not base64, or as [`Certificate::from_der`].
    pub fn from_base64(text: &str) -> Result<Self, CertificateError> {
        let plain: String = text.split_ascii_whitespace().collect();
        Self::from_der(&STANDARD.decode(plain).map_err(malformed)?)
    }

    /// Reads a file's content, PEM with one or more certificates or DER with one.
    ///
    /// # Errors
    ///
    /// As [`Certificate::from_pem`] and [`Certificate::from_der`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        // DER of a certificate begins with SEQUENCE, 0x30, which is the digit 0 and no beginning of a PEM text.
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.starts_with('0') => Self::from_pem(text),
            _ => Ok(vec![Self::from_der(bytes)?]),
        }
    }

    /// The bytes that were read.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// As a PEM block with lines of 64 characters (RFC 7468).
    pub fn to_pem(&self) -> String {
        pem("CERTIFICATE", self.der())
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.0.fingerprint
    }

    /// The key identifier of COSE headers and trust lists: the first 8 bytes of the fingerprint (hcert spec 1.0.5, section 3.3.3).
    pub fn kid(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.0.fingerprint;
        [a, b, c, d, e, f, g, h]
    }

    /// The country of the subject (`C=`), as written.
    pub fn subject_country(&self) -> Option<&str> {
        country(self.tbs().subject())
    }

    /// The country of the issuer (`C=`), as written.
    pub fn issuer_country(&self) -> Option<&str> {
        country(self.tbs().issuer())
    }

    /// The subject as RFC 4514 text.
    pub fn subject(&self) -> String {
        self.tbs().subject().to_string()
    }

    /// The issuer as RFC 4514 text.
    pub fn issuer(&self) -> String {
        self.tbs().issuer().to_string()
    }

    /// The first moment of validity.
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// The last moment of validity, itself included (RFC 5280, section 4.1.2.5).
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// Whether the moment lies in the period of validity, both ends included.
    pub fn valid_at(&self, time: Timestamp) -> bool {
        self.0.not_before <= time && time <= self.0.not_after
    }

    /// The object identifiers of the extended key usage; empty when there is no such extension.
    pub fn extended_key_usage(&self) -> &[ObjectIdentifier] {
        &self.0.extended_key_usage
    }

    /// Whether it may sign certificates of this kind: one without extended key usage, or with an empty one, may sign every kind
    /// (certificate governance, annex 1, section 4); one that names only foreign usages may sign none. Both spellings of the identifiers
    /// count, with and without `.0` before 1847.
    pub fn allows(&self, purpose: Purpose) -> bool {
        let usage = self.extended_key_usage();
        usage.is_empty()
            || usage
                .iter()
                .any(|oid| Purpose::from_oid(*oid) == Some(purpose))
    }

    /// The key usage extension; `None` when the certificate carries none.
    pub fn key_usage(&self) -> Option<&KeyUsage> {
        self.0.key_usage.as_ref()
    }

    /// Whether the key may sign messages: key usage is absent or names digital signatures.
    pub fn may_sign_messages(&self) -> bool {
        self.key_usage().is_none_or(KeyUsage::digital_signature)
    }

    /// Whether it may sign other certificates: basic constraints say CA, and key usage does not say otherwise.
    pub fn may_sign_certificates(&self) -> bool {
        self.0.authority && self.key_usage().is_none_or(KeyUsage::key_cert_sign)
    }

    /// The algorithm that its key is for; `None` for a key that is neither on P-256 nor RSA of 2048 to 8192 bits.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.0.key.as_ref().map(|(algorithm, _)| *algorithm)
    }

    /// The public key as X.509 `SubjectPublicKeyInfo`, DER.
    ///
    /// # Errors
    ///
    /// When the key cannot be written back as DER.
    pub fn public_key_der(&self) -> Result<Vec<u8>, CertificateError> {
        let info = self.tbs().subject_public_key_info();
        info.to_der().map_err(malformed)
    }

    /// Whether the signature over the message was made by the key of this certificate, by this algorithm.
    ///
    /// An ES256 signature is `r || s`; a key of another kind verifies nothing.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.0.key.as_ref().is_some_and(|(own, key)| {
            *own == algorithm && key.verify_sig(message, signature).is_ok()
        })
    }

    /// The signed part as it was received: a signature covers these bytes, not their repetition.
    pub(crate) fn signed_part(&self) -> Result<&[u8], CertificateError> {
        let mut reader = SliceReader::new(self.der()).map_err(malformed)?;
        let tbs = reader
            .sequence(|inner| {
                let tbs = inner.tlv_bytes()?;
                while !inner.is_finished() {
                    inner.tlv_bytes()?;
                }
                Ok::<_, x509_cert::der::Error>(tbs)
            })
            .map_err(malformed)?;
        Ok(tbs)
    }

    pub(crate) fn parsed(&self) -> &CertificateInner<Raw> {
        &self.0.parsed
    }

    fn tbs(&self) -> &x509_cert::certificate::TbsCertificateInner<Raw> {
        self.0.parsed.tbs_certificate()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject())
            .field("kid", &STANDARD.encode(self.kid()))
            .finish_non_exhaustive()
    }
}

impl Purpose {
    /// Its object identifier.
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Test => const { ObjectIdentifier::new_unwrap("1.3.6.1.4.1.1847.2021.1.1") },
            Self::Vaccination => {
                const { ObjectIdentifier::new_unwrap("1.3.6.1.4.1.1847.2021.1.2") }
            }
            Self::Recovery => const { ObjectIdentifier::new_unwrap("1.3.6.1.4.1.1847.2021.1.3") },
        }
    }

    /// The purpose of an object identifier, in the current or the older spelling.
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        [Self::Test, Self::Vaccination, Self::Recovery]
            .into_iter()
            .find(|purpose| oid == purpose.oid() || oid == purpose.older_oid())
    }

    fn older_oid(self) -> ObjectIdentifier {
        match self {
            Self::Test => const { ObjectIdentifier::new_unwrap("1.3.6.1.4.1.0.1847.2021.1.1") },
            Self::Vaccination => {
                const { ObjectIdentifier::new_unwrap("1.3.6.1.4.1.0.1847.2021.1.2") }
            }
            Self::Recovery => const { ObjectIdentifier::new_unwrap("1.3.6.1.4.1.0.1847.2021.1.3") },
        }
    }
}

/// The key, if it is one of the two kinds that sign here. The kind is read from the bytes of the key: some RSA keys of the field are
/// marked as for PSS only, which is the same key.
pub(crate) fn public_key(info: &SubjectPublicKeyInfoOwned) -> Option<(Algorithm, ParsedPublicKey)> {
    let bytes = info.subject_public_key.as_bytes()?;
    if let Ok(key) = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes) {
        return Some((Algorithm::Es256, key));
    }
    // The library looks at the size only when it verifies.
    let length = Vec::<UintRef<'_>>::from_der(bytes)
        .ok()?
        .first()?
        .as_bytes()
        .len();
    let key = ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, bytes).ok()?;
    (256..=1024)
        .contains(&length)
        .then_some((Algorithm::Ps256, key))
}

fn extension<T>(certificate: &CertificateInner<Raw>) -> Result<Option<T>, CertificateError>
where
    T: for<'a> Decode<'a, Error = x509_cert::der::Error> + AssociatedOid,
{
    let found = certificate
        .tbs_certificate()
        .get_extension::<T>()
        .map_err(malformed)?;
    Ok(found.map(|(_, extension)| extension))
}

/// The first `C=`, whatever string type the issuer chose for it.
fn country(name: &Name) -> Option<&str> {
    let attribute = name.iter().find(|attribute| attribute.oid == COUNTRY)?;
    std::str::from_utf8(attribute.value.value()).ok()
}

fn timestamp(time: Time) -> Result<Timestamp, CertificateError> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(malformed)?;
    Timestamp::from_second(seconds).map_err(malformed)
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

fn malformed(reason: impl fmt::Display) -> CertificateError {
    CertificateError::Malformed {
        reason: reason.to_string(),
    }
}
