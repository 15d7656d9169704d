//! `passport`: certificates issued, checked, looked into, renewed and revoked.

mod batch;
mod code;
mod inspect;
mod issue;
mod paper;
mod picture;
mod records;
mod renew;
mod revoke;
mod store;
mod verify;

use clap::{Args, Subcommand};

use crate::Outcome;

/// Issue, verify, inspect, renew and revoke vaccine passports.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung passport verify photo.jpg --signer signer.pem\n\nEach of the commands has a --help of its own."
)]
pub struct PassportCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Issue(issue::Issue),
    Verify(verify::Verify),
    Inspect(inspect::Inspect),
    Renew(renew::Renew),
    Revoke(revoke::Revoke),
    #[command(hide = true)]
    ReadPicture(picture::ReadPicture),
}

impl PassportCommand {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        match self.action {
            Action::Issue(command) => command.run(),
            Action::Verify(command) => command.run(),
            Action::Inspect(command) => command.run(),
            Action::Renew(command) => command.run(),
            Action::Revoke(command) => command.run(),
            Action::ReadPicture(_) => picture::ReadPicture::run(),
        }
    }
}
