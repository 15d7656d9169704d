//! Integration tests of `passport`.

mod certlogic;
mod revocation;
mod rules;
