//! Signatures with keys that this server holds: a facility's for its doses, the ministry's for passports.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use casework::RecordId;
use hyper::StatusCode;
use platform::Keys;
use platform::issuing::Evening;
use platform::signing::{Signed, SigningError, may_sign};
use registry::facility::FacilityCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::Api;
use crate::caller::Caller;
use crate::fields::{Id, Items};
use crate::json;
use crate::once::{Answer, Keyed, once};
use crate::problem::{self, Problem, refuse_row};
use crate::resource::{Named, asked, read};

/// Persons whose doses a facility vouches for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FacilitySign)]
pub(crate) struct Persons {
    /// Their records.
    #[schema(min_items = 1, max_items = 1000, value_type = Vec<Id>)]
    subjects: Items<Id, 1, 1000>,
}

/// `POST /facilities/{id}/sign`.
pub(crate) async fn sign(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, bytes) = read(&api, request).await?;
    let (wanted, act, members) = asked(&caller, &parts, &bytes, Keyed::IfGiven)?;
    let persons: Persons = json::fit(Value::Object(members))?;
    let subjects: Vec<RecordId> = persons.subjects.into();
    let unknown = || Problem::from(casework::rights::NOT_FOUND.refusal());
    may_sign(&act)?;
    let facility = FacilityCode::parse(&id.0).ok_or_else(unknown)?;
    let (platform, keys) = (api.platform().clone(), Arc::clone(api.keys()));
    let work = async move {
        let key = act.by.unit().and_then(|unit| keys.of_units.get(unit));
        let Some(key) = key else {
            // Whoever may not sign there learns that first.
            platform.may_sign_for(&act, &facility).await?;
            return Err(Problem::of(&problem::NO_KEY_HERE));
        };
        let signed = platform.sign_for_facility(&act, &facility, &subjects, key, &keys.trust);
        let persons: Vec<Value> = signed.await?.iter().map(person).collect();
        Ok(Answer::json(StatusCode::OK, json!({ "persons": persons })))
    };
    once(&api, &caller, wanted, work).await
}

/// `POST /passports/issue`.
pub(crate) async fn issue(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, bytes) = read(&api, request).await?;
    let (wanted, act, members) = asked(&caller, &parts, &bytes, Keyed::IfGiven)?;
    json::nothing_else(members)?;
    let (platform, keys): (_, Arc<Keys>) = (api.platform().clone(), Arc::clone(api.keys()));
    let work = async move {
        let Some(key) = &keys.passports else {
            casework::rights::check_role(&act.by, casework::rights::Right::IssuePassports)?;
            return Err(Problem::of(&problem::NO_KEY_HERE));
        };
        let evening = platform.issue_passports(&act, key).await?;
        Ok(Answer::json(StatusCode::OK, told(&evening)))
    };
    once(&api, &caller, wanted, work).await
}

fn person((id, signed): &(RecordId, Signed)) -> Value {
    match signed {
        Signed::Signed(revision) => {
            json!({ "subject": id, "outcome": "signed", "revision": revision })
        }
        Signed::Already => json!({ "subject": id, "outcome": "already" }),
        Signed::Refused(refusal) => {
            let mut told = json!({ "subject": id, "outcome": "refused" });
            refuse_row(&mut told, refusal);
            told
        }
    }
}

fn told(evening: &Evening) -> Value {
    let refused: Vec<Value> = evening
        .refused
        .iter()
        .map(|(id, refusal)| json!({ "subject": id, "code": refusal.reason.code, "detail": refusal.detail }))
        .collect();
    json!({ "issued": evening.issued, "renewed": evening.renewed, "refused": refused })
}

impl From<SigningError> for Problem {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::Act(error) => error.into(),
            SigningError::Key(error) => Self::ours(error.to_string()),
            SigningError::Canonical(error) => Self::ours(error.to_string()),
        }
    }
}
