//! The acts of the system, one method each: load the state, let `casework` decide, save state, event and ledger entry.
//!
//! Nothing here knows HTTP or SQL, and nothing decides what `casework` decides. An act passes the policy table ([`guard`]), is completed
//! with what only the platform knows ([`flow`]), decided, followed by what it causes elsewhere, and saved in one transaction ([`Platform`]).
//! What leaves no change, a read, a refusal, an export, is noted in the ledger too ([`trail`]).

pub mod access;
mod acts;
mod address;
mod addressees;
pub mod attachments;
pub mod bulk;
pub mod cleaning;
mod clusters;
pub mod exchange;
pub mod flow;
pub mod guard;
pub mod import;
pub mod issuing;
mod jobs;
pub mod messages;
mod progress;
pub mod recount;
pub mod register;
mod rules;
pub mod sheets;
pub mod signing;
pub mod trail;
pub mod vault;
mod view;
pub mod workers;

pub use acts::{ActError, Done, Ids, Platform, RandomIds, Settings};
pub use flow::Governed;
pub use signing::Keys;
pub use view::{Happened, Line, Search};
pub use workers::Workers;
