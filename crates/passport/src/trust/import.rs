//! Reads the lists of others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use signing::{Certificate, CertificateError};

/// What a list of others holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    /// Certificates of authorities (CSCA). To import them is not to trust them: compare them with what their countries publish.
    pub authorities: Vec<Certificate>,
    /// Signers.
    pub signers: Vec<ImportedSigner>,
    /// What was not taken.
    pub skipped: Vec<Skipped>,
}

/// A signer as a list names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedSigner {
    /// As stated; reckoned from the certificate, if nothing is stated.
    pub kid: Vec<u8>,
    /// Country of the certificate's subject; as stated, if it names none.
    pub country: String,
    /// The certificate.
    pub certificate: Certificate,
}

/// An entry that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which one: its kid, or its number counted from 1.
    pub entry: String,
    /// Why.
    pub problem: String,
}

/// The text is no list of certificates.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It begins like JSON, but is none.
    #[error("not a trust list: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of another kind.
    #[error(
        "not a trust list: give an object from kid to certificate, an array of certificates, or the array of the EU gateway"
    )]
    Form,
    /// It is neither JSON nor certificates.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
}

impl From<Certificate> for ImportedSigner {
    fn from(certificate: Certificate) -> Self {
        Self {
            kid: certificate.kid().to_vec(),
            country: certificate.subject_country().unwrap_or_default().to_owned(),
            certificate,
        }
    }
}

impl Import {
    /// Reads a list in any of these forms, which are told apart by themselves:
    ///
    /// * the EU gateway's answer under `trustList`: an array of objects with `kid`, `timestamp`, `country`, `certificateType`, `thumbprint`,
    ///   `signature` and `rawData`. Types `CSCA` and `DSC` are read, others skipped. The thumbprint is compared. The CMS signature of each
    ///   entry is not checked: a signer is believed because an authority has signed its certificate, see [`super::Basis`];
    /// * a JSON object from kid in Base64 to a certificate, or an array of certificates;
    /// * a JSON array of certificates;
    /// * PEM or DER.
    ///
    /// A certificate in JSON is Base64 of DER, or PEM. An entry that cannot be read is skipped and named.
    ///
    /// # Errors
    /// When the bytes as a whole are nothing of this.
    pub fn read(bytes: &[u8]) -> Result<Self, ImportError> {
        let mut import = Self::default();
        let start = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if !matches!(start, Some(b'[' | b'{')) {
            let certificates = Certificate::from_bytes(bytes)?;
            for certificate in certificates {
                import.take(None, "", certificate);
            }
            return Ok(import);
        }
        match serde_json::from_slice(bytes)? {
            Json::Array(entries) => import.read_array(&entries)?,
            Json::Object(entries) => {
                for (kid, value) in &entries {
                    import.read_kid(kid, value)?;
                }
            }
            _ => return Err(ImportError::Form),
        }
        Ok(import)
    }

    fn read_array(&mut self, entries: &[Json]) -> Result<(), ImportError> {
        for (number, entry) in entries.iter().enumerate() {
            let name = (number + 1).to_string();
            let result = match entry {
                Json::String(text) => self.take_text(None, "", text),
                Json::Object(_) => self.read_gateway(entry),
                _ => return Err(ImportError::Form),
            };
            self.note(name, result);
        }
        Ok(())
    }

    fn read_kid(&mut self, kid: &str, value: &Json) -> Result<(), ImportError> {
        let certificates = match value {
            Json::String(_) => std::slice::from_ref(value),
            Json::Array(certificates) => certificates,
            _ => return Err(ImportError::Form),
        };
        for certificate in certificates {
            let text = certificate.as_str().ok_or(ImportError::Form)?;
            let result = match kid_of(kid) {
                Some(bytes) => self.take_text(Some(bytes), "", text),
                None => Err("its kid is not Base64".to_owned()),
            };
            self.note(kid.to_owned(), result);
        }
        Ok(())
    }

    fn read_gateway(&mut self, entry: &Json) -> Result<(), String> {
        let text = |name: &str| entry.get(name).and_then(Json::as_str);
        match text("certificateType") {
            None | Some("DSC" | "CSCA") => {}
            Some(other) => return Err(format!("certificates of type {other} are not used here")),
        }
        let raw = text("rawData").ok_or("it has no rawData")?;
        let kid = match text("kid").filter(|kid| !kid.is_empty()) {
            None => None,
            Some(kid) => Some(kid_of(kid).ok_or("its kid is not Base64")?),
        };
        let certificate = certificate_of(raw)?;
        if let Some(stated) = text("thumbprint")
            && !stated.eq_ignore_ascii_case(&hex::encode(certificate.fingerprint()))
        {
            return Err("its thumbprint is of another certificate".to_owned());
        }
        if text("certificateType") == Some("CSCA") {
            self.authorities.push(certificate);
        } else {
            self.take(kid, text("country").unwrap_or_default(), certificate);
        }
        Ok(())
    }

    fn take_text(&mut self, kid: Option<Vec<u8>>, country: &str, text: &str) -> Result<(), String> {
        let certificate = certificate_of(text)?;
        self.take(kid, country, certificate);
        Ok(())
    }

    /// An authority is known by its certificate, where the form does not tell.
    fn take(&mut self, kid: Option<Vec<u8>>, country: &str, certificate: Certificate) {
        if kid.is_none() && certificate.may_sign_certificates() {
            return self.authorities.push(certificate);
        }
        let mut signer = ImportedSigner::from(certificate);
        if signer.country.is_empty() {
            country.clone_into(&mut signer.country);
        }
        signer.kid = kid.unwrap_or(signer.kid);
        self.signers.push(signer);
    }

    fn note(&mut self, entry: String, result: Result<(), String>) {
        if let Err(problem) = result {
            self.skipped.push(Skipped { entry, problem });
        }
    }
}

fn certificate_of(text: &str) -> Result<Certificate, String> {
    if text.contains("-----BEGIN") {
        let certificates = Certificate::from_pem(text).map_err(|error| error.to_string())?;
        let mut certificates = certificates.into_iter();
        return match (certificates.next(), certificates.next()) {
            (Some(certificate), None) => Ok(certificate),
            _ => Err("it holds more than one certificate".to_owned()),
        };
    }
    Certificate::from_base64(text).map_err(|error| error.to_string())
}

/// The bytes of a kid in Base64; a COSE header has no room for long ones.
pub(super) fn kid_of(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text).ok()?;
    (1..=32).contains(&bytes.len()).then_some(bytes)
}
