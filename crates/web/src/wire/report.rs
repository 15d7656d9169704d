//! A report: the numbers of a unit as they stood at a moment. They are counted by the platform, never sent.

use casework::report::Command;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::fields::{Id, Proof, Sha256Hex, UnitCode};

/// A new report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReportCreate, examples(json!({"unit": "commune/00004", "campaign": "campaign-2022-04"})))]
pub(crate) struct Create {
    /// Whose numbers.
    pub(crate) unit: UnitCode,
    /// For which campaign.
    pub(crate) campaign: Id,
    /// The unit's last report in the campaign, if there is one.
    #[serde(default)]
    pub(crate) earlier: Option<Id>,
}

/// What may be asked of a report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ReportAct)]
pub(crate) enum Act {
    /// Sign it. By the unit itself.
    Sign {
        /// The hash of what was signed.
        content_sha256: Sha256Hex,
        /// The proof: a digital signature, or the id of the scan of a signed paper.
        evidence: Proof,
    },
}

impl From<Act> for Command {
    fn from(act: Act) -> Self {
        match act {
            Act::Sign {
                content_sha256,
                evidence,
            } => Self::Sign {
                content_sha256: content_sha256.0,
                evidence: evidence.into_string(),
            },
        }
    }
}
