//! The API as its callers meet it: a real server on this machine, over a real store of each kind.

mod bad_input;
mod bounds;
mod document;
mod exchange;
mod keys;
mod matrix;
mod once;
mod place;
mod procedures;
mod sign_in;
