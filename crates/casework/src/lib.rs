//! The procedures of the order as pure state machines.
//!
//! A [`Procedure`] is one kind of record that people work on: a subject with its doses, a list to clean, a citizen's feedback. It knows
//! three things: [`Procedure::decide`] turns a command into events or a [`Refusal`], [`Procedure::apply`] turns events into state, and
//! [`Procedure::tasks`] and [`Procedure::reminders`] say where the state waits and when it has to be looked at again. Nothing here does
//! I/O or reads a clock: who acts and when is in the [`Act`].
//!
//! State is a fold over events, so a record can be rebuilt from them, and a count from the events equals a count of the states.

pub mod account;
pub mod accountability;
mod act;
pub mod calendar;
pub mod campaign;
pub mod cleaning;
pub mod contact;
pub mod facility;
pub mod feedback;
#[cfg(test)]
mod fixtures;
mod hierarchy;
pub mod inquiry;
pub mod lookup;
pub mod policy;
mod procedure;
mod refusal;
pub mod report;
pub mod rights;
pub mod routing;
pub mod subject;
mod task;
mod unit;
#[cfg(test)]
mod walk;

pub use act::{AccountId, Act, Actor, Origin};
pub use procedure::{Kind, Procedure, RecordId, carry_out, replay};
pub use refusal::{Reason, Refusal, RefusalKind};
pub use task::{Queue, Reminder, Task};
pub use unit::{Role, Unit, UnitError};
