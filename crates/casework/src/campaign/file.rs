//! Campaigns as a file: the orders of a year with their dates, and the dates that later documents moved.

use jiff::Timestamp;
use jiff::civil::Date;
use registry::area::{CommuneCode, DistrictCode, Place, ProvinceCode};
use serde::Deserialize;

use super::{Addressee, Campaign, Command, Document, NewTarget, Opening, TargetId, Work};
use crate::{Act, RecordId, Refusal, carry_out};

/// A campaign of a file, as the commands that make it: to open it, then to move its dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The id of the campaign.
    pub id: RecordId,
    /// The commands, in order.
    pub commands: Vec<Command>,
}

/// A file of campaigns that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CampaignFileError {
    /// Not the form of such a file.
    #[error("the campaigns can't be read: {0}")]
    Form(#[from] toml::de::Error),
    /// None at all.
    #[error("no [[campaign]] in the file: there would be nothing to do")]
    Empty,
    /// Two of one id.
    #[error("two campaigns have the id `{0}`: give each its own")]
    Twice(String),
    /// A scope that names no area.
    #[error(
        "campaign `{id}` has the scope `{scope}`, which is no area of 2022: give `province/01`, `district/001` or `commune/00004`, or leave `scope` out for the whole country"
    )]
    Scope {
        /// The campaign.
        id: String,
        /// The scope as written.
        scope: String,
    },
    /// What the file says is refused.
    #[error("campaign `{id}`: {refusal}. {}", refusal.reason.hint_en)]
    Refused {
        /// The campaign.
        id: String,
        /// Why.
        refusal: Refusal,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    campaign: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    title: String,
    document: Document,
    scope: Option<String>,
    warn_days: u8,
    #[serde(default)]
    target: Vec<TargetEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetEntry {
    id: String,
    what: Work,
    addressee: Addressee,
    due: Date,
    /// The campaign's own document where it is left out.
    document: Option<Document>,
    #[serde(default)]
    moved: Vec<Moved>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    due: Date,
    document: Document,
}

/// The orders of 2022.
///
/// # Panics
/// Never: a test reads them.
#[expect(clippy::expect_used, reason = "the embedded file is read by a test")]
pub fn of_2022() -> Vec<Planned> {
    parse(include_str!("../../campaigns/2022.toml"))
        .expect("the embedded campaigns are well-formed")
}

/// Reads a file of campaigns and tries each: what it returns is carried out without a refusal by whoever may open it.
///
/// # Errors
/// What is wrong with the file, and in which campaign.
pub fn parse(text: &str) -> Result<Vec<Planned>, CampaignFileError> {
    let file: File = toml::from_str(text)?;
    if file.campaign.is_empty() {
        return Err(CampaignFileError::Empty);
    }
    let mut planned: Vec<Planned> = Vec::new();
    for entry in file.campaign {
        let id = entry.id.trim().to_owned();
        if planned.iter().any(|other| other.id.0 == id) {
            return Err(CampaignFileError::Twice(id));
        }
        let commands = entry.commands()?;
        try_out(&commands).map_err(|refusal| CampaignFileError::Refused {
            id: id.clone(),
            refusal,
        })?;
        planned.push(Planned {
            id: RecordId(id),
            commands,
        });
    }
    Ok(planned)
}

fn try_out(commands: &[Command]) -> Result<(), Refusal> {
    let act = Act::system("import", Timestamp::UNIX_EPOCH);
    let mut campaign: Option<Campaign> = None;
    for command in commands {
        (campaign, _) = carry_out(campaign, command, &act)?;
    }
    Ok(())
}

impl Entry {
    fn commands(self) -> Result<Vec<Command>, CampaignFileError> {
        let scope = self.place()?;
        let mut moves = Vec::new();
        let mut targets = Vec::new();
        for target in self.target {
            let id = TargetId(target.id.trim().to_owned());
            for moved in target.moved {
                moves.push(Command::MoveTarget {
                    target: id.clone(),
                    due: moved.due,
                    document: moved.document,
                });
            }
            targets.push(NewTarget {
                id,
                what: target.what,
                addressee: target.addressee,
                due: target.due,
                document: target.document.unwrap_or_else(|| self.document.clone()),
            });
        }
        let mut commands = vec![Command::Open(Opening {
            title: self.title,
            document: self.document,
            scope,
            warn_days: self.warn_days,
            targets,
        })];
        commands.extend(moves);
        Ok(commands)
    }

    fn place(&self) -> Result<Place, CampaignFileError> {
        let Some(scope) = &self.scope else {
            return Ok(Place::default());
        };
        area(scope).ok_or_else(|| CampaignFileError::Scope {
            id: self.id.clone(),
            scope: scope.clone(),
        })
    }
}

fn area(text: &str) -> Option<Place> {
    match text.trim().split_once('/')? {
        ("province", code) => ProvinceCode::parse(code).and_then(Place::of_province),
        ("district", code) => DistrictCode::parse(code).and_then(Place::of_district),
        ("commune", code) => CommuneCode::parse(code).and_then(Place::of_commune),
        _ => None,
    }
}
