//! Making certificates: the country's authority (CSCA), requests of signers (CSR), and the signer certificates (DSC) issued for them.

use std::fmt;
use std::str::FromStr as _;

use aws_lc_rs::rand;
use aws_lc_rs::signature::UnparsedPublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{self, Builder as _, CertificateBuilder};
use x509_cert::der::asn1::{Any, BitString, SetOfVec, UintRef};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, Extensions, ToExtension};
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo, Version};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{
    self, AlgorithmIdentifierOwned, Document, DynSignatureAlgorithmIdentifier, EncodePublicKey,
    ObjectIdentifier, SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
};
use x509_cert::time::{Time, Validity as X509Validity};

use crate::certificate::{Certificate, CertificateError, Purpose, pem};
use crate::trust::x509_algorithm;
use crate::{Algorithm, KeyPair, SignError};

/// RSASSA-PSS-params for SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 4055, section 3.1).
const PSS_PARAMETERS: [u8; 54] = [
    0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
    0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
    0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0xa2, 0x03, 0x02, 0x01, 0x20,
];

/// Who a certificate speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// ISO 3166-1 alpha-2, capitals.
    pub country: String,
    /// The organisation.
    pub organisation: String,
    /// The name of the authority or signer.
    pub common_name: String,
}

/// From when to when a certificate is valid, both ends included; whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: Timestamp,
    /// The last moment.
    pub not_after: Timestamp,
}

/// A request for a certificate (PKCS#10): a name and a public key, signed with the private one to show that the sender has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    der: Vec<u8>,
    parsed: CertReq,
    algorithm: Algorithm,
}

/// Why a certificate or request was not made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The name cannot be written into a certificate.
    #[error(
        "'{0}' cannot stand in a certificate: a country is two capital letters, a name is not empty and has at most 64 characters"
    )]
    Subject(String),
    /// The validity is empty or does not lie within the authority's.
    #[error("a validity from {} to {} is not possible: {reason}", .validity.not_before, .validity.not_after)]
    Validity {
        /// What was asked for.
        validity: Validity,
        /// Why not.
        reason: String,
    },
    /// The request is broken or not signed by its own key.
    #[error("the request is not to be believed: {0}; ask its sender for a new one")]
    Request(String),
    /// The certificate of the authority does not belong to the key, or is no authority's.
    #[error("the certificate {0} is not that of an authority with this key")]
    Authority(String),
    /// What was made cannot be written.
    #[error("the certificate cannot be written: {0}")]
    Encoding(String),
    /// What was made cannot be read back.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Makes the certificate of an authority, signed by its own key.
///
/// # Errors
///
/// When the key cannot sign, or when a name or the validity is not possible.
pub fn create_authority(
    key: &dyn KeyPair,
    subject: &Subject,
    validity: Validity,
) -> Result<Certificate, IssueError> {
    let profile = Profile {
        issuer: None,
        subject: subject.to_name()?,
        kind: Kind::Authority,
    };
    build(key, profile, validity, key.public_key_der())
}

/// Issues a signer certificate for the key of a request. Without purposes the signer may sign certificates of every kind.
///
/// # Errors
///
/// When the request is not signed by its own key, when the validity exceeds the authority's, or when the key cannot sign.
pub fn issue_signer(
    authority_key: &dyn KeyPair,
    authority: &Certificate,
    request: &Request,
    purposes: &[Purpose],
    validity: Validity,
) -> Result<Certificate, IssueError> {
    if !authority.may_sign_certificates()
        || authority.public_key_der()? != authority_key.public_key_der()
    {
        return Err(IssueError::Authority(authority.subject()));
    }
    if validity.not_before < authority.not_before() || authority.not_after() < validity.not_after {
        return Err(IssueError::Validity {
            validity,
            reason: format!(
                "the authority is valid from {} to {}, and nothing that it signs may outlive it",
                authority.not_before(),
                authority.not_after()
            ),
        });
    }
    let profile = Profile {
        issuer: Some(authority.parsed().tbs_certificate().subject().clone()),
        subject: request.parsed.info.subject.clone(),
        kind: Kind::Signer(purposes.to_vec()),
    };
    build(authority_key, profile, validity, &request.public_key_der()?)
}

impl Request {
    /// Makes a request with the key of either provider.
    ///
    /// # Errors
    ///
    /// When the key cannot sign, or when a name is not possible.
    pub fn create(key: &dyn KeyPair, subject: &Subject) -> Result<Self, IssueError> {
        let info = CertReqInfo {
            version: Version::V1,
            subject: subject.to_name()?,
            public_key: SubjectPublicKeyInfoOwned::from_der(key.public_key_der())
                .map_err(encoding)?,
            attributes: SetOfVec::new(),
        };
        let signature = key.sign(&info.to_der().map_err(encoding)?)?;
        let request = CertReq {
            info,
            algorithm: algorithm_identifier(key.algorithm()).map_err(encoding)?,
            signature: bit_string(key.algorithm(), &signature).map_err(encoding)?,
        };
        Self::from_der(&request.to_der().map_err(encoding)?)
    }

    /// Reads a request in DER form and checks that its own key has signed it.
    ///
    /// # Errors
    ///
    /// When it is none, when the signature is wrong, or when the key is neither P-256 nor RSA of 2048 bits and more.
    pub fn from_der(der: &[u8]) -> Result<Self, IssueError> {
        let broken = |reason: &dyn fmt::Display| IssueError::Request(reason.to_string());
        let parsed = CertReq::from_der(der).map_err(|source| broken(&source))?;
        let key = &parsed.info.public_key;
        let (algorithm, _) = crate::certificate::public_key(key)
            .ok_or_else(|| broken(&"its key is neither P-256 nor RSA of 2048 to 8192 bits"))?;
        let curve = key
            .algorithm
            .parameters
            .as_ref()
            .and_then(|of| of.decode_as().ok());
        let message = parsed.info.to_der().map_err(encoding)?;
        let parts = x509_algorithm(&parsed.algorithm, curve)
            .zip(key.subject_public_key.as_bytes())
            .zip(parsed.signature.as_bytes());
        let signed = parts.is_some_and(|((algorithm, key), signature)| {
            UnparsedPublicKey::new(algorithm, key)
                .verify(&message, signature)
                .is_ok()
        });
        if !signed {
            return Err(broken(&"its signature is not of its own key"));
        }
        Ok(Self {
            der: der.to_vec(),
            parsed,
            algorithm,
        })
    }

    /// Reads a request in PEM form.
    ///
    /// # Errors
    ///
    /// As [`Request::from_der`].
    pub fn from_pem(text: &str) -> Result<Self, IssueError> {
        let body = text
            .split_once("-----BEGIN CERTIFICATE REQUEST-----")
            .and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE REQUEST-----"));
        let (body, _) =
            body.ok_or_else(|| IssueError::Request("it has no PEM block".to_owned()))?;
        let plain: String = body.split_ascii_whitespace().collect();
        let der = STANDARD
            .decode(plain)
            .map_err(|source| IssueError::Request(source.to_string()))?;
        Self::from_der(&der)
    }

    /// As a PEM block.
    pub fn to_pem(&self) -> String {
        pem("CERTIFICATE REQUEST", &self.der)
    }

    /// Who asks, as RFC 4514 text: to be compared with who is meant to ask.
    pub fn subject(&self) -> String {
        self.parsed.info.subject.to_string()
    }

    /// The public key as X.509 `SubjectPublicKeyInfo`, DER.
    ///
    /// # Errors
    ///
    /// When the key cannot be written back as DER.
    pub fn public_key_der(&self) -> Result<Vec<u8>, IssueError> {
        self.parsed.info.public_key.to_der().map_err(encoding)
    }

    /// The algorithm that the key is for.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Subject {
    fn to_name(&self) -> Result<Name, IssueError> {
        let country = self.country.as_str();
        if country.len() != 2 || !country.bytes().all(|of| of.is_ascii_uppercase()) {
            return Err(IssueError::Subject(self.country.clone()));
        }
        let escaped = |text: &str| {
            let count = text.chars().count();
            if count == 0 || count > 64 || text.chars().any(char::is_control) || text.trim() != text
            {
                return Err(IssueError::Subject(text.to_owned()));
            }
            // RFC 4514, section 2.4.
            let escape = |of: char| {
                if r#"",+;<>\=#"#.contains(of) {
                    format!("\\{of}")
                } else {
                    of.to_string()
                }
            };
            Ok(text.chars().map(escape).collect::<String>())
        };
        let (common, organisation) = (escaped(&self.common_name)?, escaped(&self.organisation)?);
        Name::from_str(&format!("CN={common},O={organisation},C={country}")).map_err(encoding)
    }
}

/// What stands in a certificate, by what it is for.
struct Profile {
    issuer: Option<Name>,
    subject: Name,
    kind: Kind,
}

enum Kind {
    Authority,
    Signer(Vec<Purpose>),
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, subject: &Name) -> Name {
        self.issuer.clone().unwrap_or_else(|| subject.clone())
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let mut extensions = Extensions::new();
        let mut add = |extension: &dyn Fn(&[Extension]) -> x509_cert::der::Result<Extension>| {
            extension(&extensions).map(|made| extensions.push(made))
        };
        let name = tbs.subject();
        let (authority, usage) = match &self.kind {
            Kind::Authority => (true, KeyUsages::KeyCertSign | KeyUsages::CRLSign),
            Kind::Signer(_) => (false, KeyUsages::DigitalSignature.into()),
        };
        let of_issuer = SubjectKeyIdentifier::try_from(issuer_key)?;
        add(&|all| SubjectKeyIdentifier::try_from(key.clone())?.to_extension(name, all))?;
        add(&|all| {
            let key_identifier = Some(of_issuer.0.clone());
            let identifier = AuthorityKeyIdentifier {
                key_identifier,
                ..Default::default()
            };
            identifier.to_extension(name, all)
        })?;
        add(&|all| {
            let path_len_constraint = authority.then_some(0);
            BasicConstraints {
                ca: authority,
                path_len_constraint,
            }
            .to_extension(name, all)
        })?;
        add(&|all| KeyUsage(usage).to_extension(name, all))?;
        if let Kind::Signer(purposes) = &self.kind
            && !purposes.is_empty()
        {
            let purposes: Vec<_> = purposes.iter().map(|of| of.oid()).collect();
            add(&|all| ExtendedKeyUsage(purposes.clone()).to_extension(name, all))?;
        }
        Ok(extensions)
    }
}

fn build(
    key: &dyn KeyPair,
    profile: Profile,
    validity: Validity,
    public: &[u8],
) -> Result<Certificate, IssueError> {
    if validity.not_after <= validity.not_before {
        let reason = "it ends before it begins".to_owned();
        return Err(IssueError::Validity { validity, reason });
    }
    let x509 = X509Validity::new(
        x509_time(validity.not_before, validity)?,
        x509_time(validity.not_after, validity)?,
    );
    let public = SubjectPublicKeyInfoOwned::from_der(public).map_err(encoding)?;
    let signer = X509Signer(key);
    let mut builder =
        CertificateBuilder::new(profile, serial_number()?, x509, public).map_err(encoding)?;
    let message = builder.finalize(&signer).map_err(encoding)?;
    // The key signs here and not within the builder, whose errors could not say that a token is gone.
    let signature = bit_string(key.algorithm(), &key.sign(&message)?).map_err(encoding)?;
    let certificate = builder.assemble(signature, &signer).map_err(encoding)?;
    Ok(Certificate::from_der(
        &certificate.to_der().map_err(encoding)?,
    )?)
}

/// 16 random bytes, positive (RFC 5280, section 4.1.2.2).
fn serial_number() -> Result<SerialNumber, IssueError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| encoding("the system gave no randomness"))?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::new(&bytes).map_err(encoding)
}

fn x509_time(time: Timestamp, validity: Validity) -> Result<Time, IssueError> {
    let seconds = u64::try_from(time.as_second()).ok();
    let time = seconds.and_then(|seconds| {
        let since_1970 = std::time::Duration::from_secs(seconds);
        Some(Time::GeneralTime(
            x509_cert::der::asn1::GeneralizedTime::from_unix_duration(since_1970).ok()?,
        ))
    });
    time.ok_or(IssueError::Validity {
        validity,
        reason: "a certificate cannot name a time before 1970 or after 9999".to_owned(),
    })
}

/// The builder asks a signer for its key and algorithm; the signature is made outside.
struct X509Signer<'k>(&'k dyn KeyPair);

#[derive(Clone)]
struct PublicKeyDer(Vec<u8>);

impl signature::Keypair for X509Signer<'_> {
    type VerifyingKey = PublicKeyDer;

    fn verifying_key(&self) -> PublicKeyDer {
        PublicKeyDer(self.0.public_key_der().to_vec())
    }
}

impl EncodePublicKey for PublicKeyDer {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(Document::try_from(self.0.as_slice())?)
    }
}

impl DynSignatureAlgorithmIdentifier for X509Signer<'_> {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        Ok(algorithm_identifier(self.0.algorithm())?)
    }
}

fn algorithm_identifier(algorithm: Algorithm) -> x509_cert::der::Result<AlgorithmIdentifierOwned> {
    Ok(match algorithm {
        Algorithm::Es256 => AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
            parameters: None,
        },
        Algorithm::Ps256 => AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"),
            parameters: Some(Any::from_der(&PSS_PARAMETERS)?),
        },
    })
}

/// A signature as X.509 wants it: ECDSA as a sequence of two integers (RFC 5480, appendix A).
fn bit_string(algorithm: Algorithm, signature: &[u8]) -> x509_cert::der::Result<BitString> {
    match (algorithm, signature.split_at_checked(32)) {
        (Algorithm::Es256, Some((r, s))) => {
            BitString::from_bytes(&[UintRef::new(r)?, UintRef::new(s)?].to_der()?)
        }
        _ => BitString::from_bytes(signature),
    }
}

fn encoding(reason: impl fmt::Display) -> IssueError {
    IssueError::Encoding(reason.to_string())
}
