//! What the invented country promises, checked on what comes out of it.

mod bytes;
mod country;
mod outcomes;
mod profiles;
mod tables;
