//! Detached JSON Web Signatures with the certificate chain (RFC 7515, section 4.1.6 and appendix F).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::canonical::{self, CanonicalError};
use crate::certificate::{Certificate, CertificateError};
use crate::trust::{ChainError, Trust};
use crate::{Algorithm, SignError, Signer};

/// Longer than any header with an honest chain.
const MAX_LENGTH: usize = 1 << 17;

/// A signature whose payload is kept elsewhere: `header..signature`, read but not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedJws {
    text: String,
    header: String,
    signature: Vec<u8>,
    algorithm: Algorithm,
    chain: Vec<Certificate>,
    signed_at: Option<Timestamp>,
}

/// Who signed, and who vouches for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The signer's certificate.
    pub signer: Certificate,
    /// The certificate of the authority.
    pub authority: Certificate,
    /// The time of signing as the signer states it.
    pub signed_at: Option<Timestamp>,
}

/// Why a signature was not made, cannot be read or is not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    /// The text is no detached signature of the kind used here.
    #[error("this is no detached signature `header..signature`: {0}")]
    Malformed(String),
    /// A certificate of the chain cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The signature is not of this signer over this payload.
    #[error("the signature does not fit: the payload or the signature is not the original")]
    BadSignature,
    /// The signer states a later time than the one at which the signature is said to have existed.
    #[error("the signer states {signed_at} as the time of signing, which is after {at}")]
    SignedLater {
        /// Time of signing, as stated.
        signed_at: Timestamp,
        /// When the signature is said to have existed.
        at: Timestamp,
    },
    /// The signer was not to be believed.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The certificate is not for the algorithm of the key.
    #[error("the certificate of {0} is not for the key that signs")]
    ForeignCertificate(String),
    /// The header cannot be written.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    /// The certificates, the signer's first, each as base64 of its DER.
    x5c: Vec<String>,
    /// Time of signing in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// Extensions that must be understood: none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
}

impl DetachedJws {
    /// Signs a payload. The chain begins with the certificate of the key.
    ///
    /// # Errors
    ///
    /// When the key cannot sign, or when the first certificate is not for its signatures.
    pub fn sign(
        payload: &[u8],
        signer: &dyn Signer,
        chain: &[Certificate],
        at: Timestamp,
    ) -> Result<Self, JwsError> {
        let header = Header {
            alg: name(signer.algorithm()).to_owned(),
            x5c: chain.iter().map(|of| STANDARD.encode(of.der())).collect(),
            iat: Some(at.as_second()),
            crit: None,
        };
        let header = URL_SAFE_NO_PAD.encode(canonical::to_text(&header)?);
        let message = signing_input(&header, payload);
        let signature = signer.sign(&message)?;
        let own = chain
            .first()
            .ok_or_else(|| malformed("it has no certificate"))?;
        if !own.verify(signer.algorithm(), &message, &signature) {
            return Err(JwsError::ForeignCertificate(own.subject()));
        }
        Self::parse(&format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Reads `header..signature`.
    ///
    /// # Errors
    ///
    /// Says what is wrong.
    pub fn parse(text: &str) -> Result<Self, JwsError> {
        if text.len() > MAX_LENGTH {
            return Err(malformed("it is too long"));
        }
        let (header, signature) = text
            .split_once("..")
            .ok_or_else(|| malformed("it has not two parts with an empty one between"))?;
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(malformed);
        let parsed: Header = serde_json::from_slice(&decode(header)?).map_err(malformed)?;
        if parsed.crit.is_some() {
            return Err(malformed(
                "its header demands an extension that is not known here",
            ));
        }
        let algorithm = [Algorithm::Es256, Algorithm::Ps256]
            .into_iter()
            .find(|of| name(*of) == parsed.alg)
            .ok_or_else(|| malformed("its algorithm is neither ES256 nor PS256"))?;
        let chain = parsed
            .x5c
            .iter()
            .map(|of| Certificate::from_base64(of))
            .collect::<Result<Vec<_>, _>>()?;
        if chain.is_empty() {
            return Err(malformed("it has no certificate"));
        }
        Ok(Self {
            signature: decode(signature)?,
            text: text.to_owned(),
            header: header.to_owned(),
            algorithm,
            chain,
            signed_at: parsed
                .iat
                .map(Timestamp::from_second)
                .transpose()
                .map_err(malformed)?,
        })
    }

    /// The text `header..signature`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The certificates that came with it, the signer's first.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The time of signing as the signer states it, which proves nothing by itself.
    pub fn signed_at(&self) -> Option<Timestamp> {
        self.signed_at
    }

    /// Checks the signature over the payload, and that the signer was to be believed at the moment at which the signature is known to
    /// have existed: that of a ledger entry, of receipt, or now.
    ///
    /// # Errors
    ///
    /// Says why it is not to be believed.
    pub fn verify(
        &self,
        payload: &[u8],
        trust: &Trust,
        at: Timestamp,
    ) -> Result<Verified, JwsError> {
        let signer = self.chain.first().ok_or(JwsError::BadSignature)?;
        let message = signing_input(&self.header, payload);
        if !signer.verify(self.algorithm, &message, &self.signature) {
            return Err(JwsError::BadSignature);
        }
        match self.signed_at {
            Some(signed_at) if at < signed_at => {
                return Err(JwsError::SignedLater { signed_at, at });
            }
            _ => {}
        }
        let authority = trust.check(signer, at)?;
        Ok(Verified {
            signer: signer.clone(),
            authority: authority.clone(),
            signed_at: self.signed_at,
        })
    }
}

/// What is signed (RFC 7515, section 5.1): the header and the payload, both in base64url.
fn signing_input(header: &str, payload: &[u8]) -> Vec<u8> {
    let mut input = format!("{header}.");
    URL_SAFE_NO_PAD.encode_string(payload, &mut input);
    input.into_bytes()
}

fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es256 => "ES256",
        Algorithm::Ps256 => "PS256",
    }
}

fn malformed(reason: impl std::fmt::Display) -> JwsError {
    JwsError::Malformed(reason.to_string())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn the_signing_input_is_that_of_the_standard() {
        // RFC 7515, appendix A.3: an ES256 signature with its public key.
        let header = "eyJhbGciOiJFUzI1NiJ9";
        let payload =
            b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
        let decode = |text| URL_SAFE_NO_PAD.decode(text).expect("base64");
        let point = [vec![4], decode(x), decode(y)].concat();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        assert!(
            key.verify(&signing_input(header, payload), &decode(signature))
                .is_ok()
        );
    }
}
