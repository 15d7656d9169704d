//! The wire format: what may be sent, as types that refuse everything else, and how it becomes a command of `casework`.
//!
//! What only the platform knows (places of facilities, findings of the rules, terms of policy) has no member here, so nobody can claim it.
//! Acts of the platform's own clock and workers have none either.

pub(crate) mod account;
pub(crate) mod campaign;
pub(crate) mod contact;
pub(crate) mod facility;
pub(crate) mod feedback;
pub(crate) mod identity;
pub(crate) mod inquiry;
pub(crate) mod item;
pub(crate) mod list;
pub(crate) mod report;
pub(crate) mod subject;
