//! A cleaning list: made by the station, signed by the police, applied by the station.

use casework::cleaning::SignatureEvidence;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::fields::{Id, Place, Proof, Sha256Hex};

/// A new list: everybody who lives in the place and whose identity is wrong. The platform finds them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ListCreate, examples(json!({"campaign": "campaign-2022-04", "place": {"commune": "00004"}})))]
pub(crate) struct Create {
    /// The campaign for which it is made.
    pub(crate) campaign: Id,
    /// The commune, or an island district without communes.
    pub(crate) place: Place,
}

/// Proof of the police's signature.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Evidence {
    /// A digital signature over the hash of the rows.
    Digital {
        /// The signature, as its verifier reads it.
        signature: Proof,
    },
    /// A scan of the signed paper.
    Scan {
        /// The attachment.
        attachment: Id,
        /// Hash of its bytes.
        sha256: Sha256Hex,
    },
}

/// What may be asked of a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ListAct)]
pub(crate) enum Act {
    /// The station hands its rows to the hamlets.
    HandOut {},
    /// The police sign what they confirmed: all of it, or nothing. See `GET /lists/{id}/to-sign`.
    Sign {
        /// The hash of what the officer read.
        content_sha256: Sha256Hex,
        /// The proof.
        evidence: Evidence,
    },
    /// The station applies the signed rows whose number was missing or malformed; wrong data are applied one by one.
    Apply {},
}

impl From<Evidence> for SignatureEvidence {
    fn from(evidence: Evidence) -> Self {
        match evidence {
            Evidence::Digital { signature } => Self::Digital {
                signature: signature.into_string(),
            },
            Evidence::Scan { attachment, sha256 } => Self::Scan {
                attachment: attachment.into_string(),
                sha256: sha256.0,
            },
        }
    }
}
