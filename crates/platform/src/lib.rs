//! The acts of the system, one method each: load the state, let `casework` decide, save state, event and ledger entry.
//!
//! Nothing here knows HTTP or SQL, and nothing decides what `casework` decides.

pub mod import;
