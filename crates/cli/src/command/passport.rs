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

use std::path::Path;

use clap::{Args, Subcommand};
use passport::profile::Profile;

use crate::Outcome;
use crate::command::clean::read_text;
use crate::exit::{Failure, usage};

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

/// An issuing profile: `eu-2023`, `vn-2022`, or a TOML file, whose path is relative to a folder.
pub fn named_profile(name: &str, folder: &Path) -> Result<Profile, Failure> {
    let named = match name {
        "eu-2023" => Profile::parse(Profile::EU_2023),
        "vn-2022" => Profile::parse(Profile::VN_2022),
        file => Profile::parse(&read_text(&folder.join(file))?),
    };
    named.map_err(|error| usage(format!("{name}: {error}")))
}
