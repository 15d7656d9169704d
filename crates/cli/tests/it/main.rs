//! The binary as users and scripts meet it: exit codes, messages, files.

mod bad_input;
mod demo;
mod index;
mod keys;
mod killed;
mod linkage;
mod passport;
mod resume;
mod serve;
mod store;
mod token;
mod tool;
mod user;
