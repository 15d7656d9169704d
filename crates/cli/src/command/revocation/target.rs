//! Which certificates are meant: by their codes, or by their identifiers.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use jiff::Timestamp;
use passport::revocation::{CertificateHashes, Kid};
use passport::uvci;
use passport::verify::{Outcome, Step, verify};
use signing::{Algorithm, Certificate};

use crate::command::sealed::{all_certificates, read_bytes};
use crate::exit::{Failure, usage};

/// Which certificates.
#[derive(Args)]
pub struct Which {
    /// The text of a certificate's QR code; any number.
    #[arg(long, value_name = "HC1:…")]
    code: Vec<String>,
    /// The identifier of a certificate exactly as it stands in it; any number.
    #[arg(long, value_name = "URN:UVCI:…")]
    ci: Vec<String>,
    /// A file with a code or identifier on each line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Certificates of the signers, to make sure that the codes are genuine.
    #[arg(long, value_name = "FILE.pem")]
    dsc: Vec<PathBuf>,
    /// Who signed the certificates (Base64, 16 hexadecimal digits, or `unknown`) [default: as the codes say].
    #[arg(long, value_name = "KID", value_parser = kid)]
    kid: Option<Signer>,
    /// The issuing country [default: as the code or the identifier says].
    #[arg(long, value_name = "CC")]
    country: Option<String>,
}

/// The list to which a certificate belongs: that of a signer, or that of the unknown ones.
#[derive(Clone, Copy)]
pub struct Signer(pub Option<Kid>);

/// A certificate that is meant.
pub struct Target {
    /// Its identifier.
    pub id: String,
    /// Its signer, as far as anything was said of it.
    pub kid: Option<Signer>,
    /// The issuing country.
    pub country: String,
    /// The algorithm and signature, where the code is known.
    pub signature: Option<(Algorithm, Vec<u8>)>,
    /// When it expires, where the code says it.
    pub expires: Option<Timestamp>,
}

impl Which {
    /// All of them; at least one.
    pub fn targets(&self, now: Timestamp) -> Result<Vec<Target>, Failure> {
        let mut targets = Vec::new();
        let signers = all_certificates(&self.dsc)?;
        for code in &self.code {
            targets.push(self.of_code(code, &signers, now)?);
        }
        for id in &self.ci {
            targets.push(self.of_id(id)?);
        }
        if let Some(path) = &self.from {
            let failed = |error| usage(format!("{}: {error}", path.display()));
            let text = String::from_utf8(read_bytes(path)?).map_err(failed)?;
            // A space may be the last character of a code.
            for line in text.lines().filter(|line| !line.is_empty()) {
                targets.push(if line.starts_with("URN:") || line.starts_with("01:") {
                    self.of_id(line)?
                } else {
                    self.of_code(line, &signers, now)?
                });
            }
        }
        if targets.is_empty() {
            return Err(usage(
                "no certificate was named: give --code, --ci or --from",
            ));
        }
        Ok(targets)
    }

    fn of_code(
        &self,
        code: &str,
        signers: &[Certificate],
        now: Timestamp,
    ) -> Result<Target, Failure> {
        let report = verify(code, signers, now);
        let parts = report.contents.as_ref().and_then(|contents| {
            let dcc = contents.dcc.as_ref()?;
            Some((contents, dcc))
        });
        let Some((contents, dcc)) = parts else {
            return Err(usage(format!(
                "the code that begins with '{}' cannot be read: {}",
                code.chars().take(12).collect::<String>(),
                report.sentence().en
            )));
        };
        if !signers.is_empty() && report.outcome(Step::Signature) != &Outcome::Ok {
            return Err(usage(format!(
                "{}: none of the signers has signed this code: it is forged, or of another signer",
                dcc.entry.id()
            )));
        }
        let of_code = contents.kid.as_deref();
        let of_code = of_code.map(|kid| Signer(Kid::try_from(kid).ok()));
        let country = self.country.as_ref().or(contents.issuer.as_ref());
        // Only ES256 has signatures of 64 bytes (RFC 9053, section 2.1); those of RSA keys have 256 and more.
        let algorithm = match contents.signature.len() {
            64 => Algorithm::Es256,
            _ => Algorithm::Ps256,
        };
        Ok(Target {
            id: dcc.entry.id().to_owned(),
            kid: self.kid.or(of_code),
            country: country
                .map_or_else(|| dcc.entry.country(), String::as_str)
                .to_owned(),
            signature: Some((algorithm, contents.signature.clone())),
            expires: contents.expires_at,
        })
    }

    /// An identifier that was typed is looked at, since a slip would revoke nothing without a word.
    fn of_id(&self, id: &str) -> Result<Target, Failure> {
        uvci::check(id).map_err(|error| usage(format!("{id}: {error}; look at it again")))?;
        let plain = id.strip_prefix("URN:UVCI:").unwrap_or(id);
        let of_id = plain.split(':').nth(1).unwrap_or_default();
        Ok(Target {
            id: id.to_owned(),
            kid: self.kid,
            country: self.country.as_deref().unwrap_or(of_id).to_owned(),
            signature: None,
            expires: None,
        })
    }
}

impl Target {
    /// The hashes under which it may be listed. Without its code, the identifier stands for the signature: it is found under no other.
    pub fn hashes(&self) -> CertificateHashes {
        let (algorithm, signature) = match &self.signature {
            Some((algorithm, signature)) => (*algorithm, signature.as_slice()),
            None => (Algorithm::Ps256, self.id.as_bytes()),
        };
        CertificateHashes::new(&self.country, &self.id, algorithm, signature)
    }

    /// Why nothing can be done with it.
    pub fn refused(&self, why: &str) -> Failure {
        usage(format!("{}: {why}", self.id))
    }
}

fn kid(text: &str) -> Result<Signer, String> {
    if text == "unknown" {
        return Ok(Signer(None));
    }
    let bytes = match text.len() {
        16 => hex::decode(text).ok(),
        _ => STANDARD.decode(text).ok(),
    };
    let kid = bytes.and_then(|bytes| Kid::try_from(bytes).ok());
    kid.map(|kid| Signer(Some(kid))).ok_or_else(|| {
        "a kid is 8 bytes: in Base64, as 16 hexadecimal digits, or `unknown`".to_owned()
    })
}
