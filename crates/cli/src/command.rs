//! One file per subcommand.

pub mod auto;
pub mod check;
pub mod clean;
pub mod dedupe;
pub mod demo;
pub mod evaluate;
pub mod explain;
pub mod index;
pub mod key;
pub mod keys;
pub mod lang;
pub mod link;
pub mod model;
pub mod passport;
pub mod people;
pub mod register;
pub mod revocation;
pub mod rules;
pub mod sealed;
pub mod serve;
pub mod store;
pub mod synth;
pub mod trust;
pub mod user;
