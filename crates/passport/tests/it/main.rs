//! Integration tests of `passport`.

mod certlogic;
mod rules;
