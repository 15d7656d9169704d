//! A cleaning list: the people of one commune with E1, E2 or E3, made by the station, split by hamlet, signed by the police.
//!
//! Signing freezes the rows: the hash covers values and versions, the list is archived with its evidence, and every later command on it is
//! refused. What the police did not sign goes on the next version.

use std::collections::{BTreeMap, BTreeSet};

use registry::area::Place;
use serde::{Deserialize, Serialize};

use super::{
    ARCHIVED, CONTENT_CHANGED, CampaignRef, EMPTY_LIST, EXISTS, FOREIGN_ROW, NOT_YOUR_DESK,
    OTHER_LIST, ROW_TWICE, Row, SUPERSEDED, SignatureEvidence, UNKNOWN, content_sha256, police_of,
    station_of,
};
use crate::{AccountId, Act, Kind, Procedure, Queue, RecordId, Refusal, Task, Unit, lookup};

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// The campaign.
    pub campaign: CampaignRef,
    /// Where its people live.
    pub place: Place,
    /// The station that made it.
    pub station: Unit,
    /// The police that sign it.
    pub police: Unit,
    /// Counts the lists of one place in one campaign, from 1.
    pub version: u32,
    /// The version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<RecordId>,
    /// Its rows and their hamlets.
    pub rows: BTreeMap<RecordId, Option<String>>,
    /// What became of it.
    pub state: ListState,
}

/// What became of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ListState {
    /// In work.
    Open,
    /// Signed by the police, and unchangeable since.
    Archived(Box<SignedList>),
    /// A later version took its place before it was signed.
    Superseded {
        /// Which.
        by: RecordId,
    },
}

/// What the police signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedList {
    /// The rows.
    pub rows: Vec<Row>,
    /// Their hash.
    pub content_sha256: String,
    /// The proof.
    pub evidence: SignatureEvidence,
    /// Who signed.
    pub signer: AccountId,
}

/// The list before this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its id.
    pub id: RecordId,
    /// Its campaign.
    pub campaign: String,
    /// Its place.
    pub place: Place,
    /// Its version.
    pub version: u32,
}

/// A row of a new list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The item.
    pub item: RecordId,
    /// The hamlet, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hamlet: Option<String>,
}

/// What may be asked of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make it. By the station.
    Make {
        /// The campaign.
        campaign: CampaignRef,
        /// The commune, or the island district.
        place: Place,
        /// The version before.
        earlier: Option<Earlier>,
        /// Its rows.
        entries: Vec<Entry>,
    },
    /// Sign it. By the police.
    Sign {
        /// The rows, as they are signed.
        rows: Vec<Row>,
        /// The hash of what the officer read.
        content_sha256: String,
        /// The proof.
        evidence: SignatureEvidence,
    },
    /// A later version takes its place. By the station.
    Supersede {
        /// The later version.
        by: RecordId,
    },
}

/// What happened to a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// It was made.
    ListMade {
        /// The campaign.
        campaign: CampaignRef,
        /// Where its people live.
        place: Place,
        /// Its version.
        version: u32,
        /// The version before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        supersedes: Option<RecordId>,
        /// Its rows.
        entries: Vec<Entry>,
    },
    /// The police signed it: it is archived.
    ListSigned(SignedList),
    /// A later version took its place.
    ListSuperseded {
        /// Which.
        by: RecordId,
    },
}

impl Procedure for List {
    const KIND: Kind = Kind::CleaningList;
    type Command = Command;
    type Event = Event;

    fn decide(state: Option<&Self>, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        let Some(list) = state else {
            return match command {
                Command::Make {
                    campaign,
                    place,
                    earlier,
                    entries,
                } => make(campaign, *place, earlier.as_ref(), entries, act),
                _ => Err(UNKNOWN.refusal()),
            };
        };
        match &list.state {
            ListState::Open => {}
            ListState::Archived(_) => return Err(ARCHIVED.refusal()),
            ListState::Superseded { .. } => return Err(SUPERSEDED.refusal()),
        }
        match command {
            Command::Make { .. } => Err(EXISTS.refusal()),
            Command::Sign {
                rows,
                content_sha256,
                evidence,
            } => list.sign(rows, content_sha256, evidence, act),
            Command::Supersede { by } => {
                NOT_YOUR_DESK.unless(act.by.unit() == Some(&list.station))?;
                Ok(vec![Event::ListSuperseded { by: by.clone() }])
            }
        }
    }

    fn apply(state: Option<Self>, event: &Event, _act: &Act) -> Option<Self> {
        match (state, event) {
            (None, Event::ListMade { .. }) => Self::made(event),
            (None, _) | (Some(_), Event::ListMade { .. }) => None,
            (Some(mut list), event) => {
                let open = list.state == ListState::Open;
                list.state = match event {
                    Event::ListSigned(signed) => ListState::Archived(Box::new(signed.clone())),
                    Event::ListSuperseded { by } => ListState::Superseded { by: by.clone() },
                    Event::ListMade { .. } => return None,
                };
                open.then_some(list)
            }
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let task = |desk: &Unit, open| Task {
            queue: Queue::Lists,
            desk: desk.clone(),
            place: self.place,
            state: self.state.as_str().to_owned(),
            due: None,
            open,
        };
        let open = self.state == ListState::Open;
        vec![task(&self.station, false), task(&self.police, open)]
    }

    fn keys(&self) -> Vec<String> {
        vec![lookup::campaign(&self.campaign.id, &self.station)]
    }
}

fn make(
    campaign: &CampaignRef,
    place: Place,
    earlier: Option<&Earlier>,
    entries: &[Entry],
    act: &Act,
) -> Result<Vec<Event>, Refusal> {
    let station = station_of(place)?;
    police_of(place)?;
    NOT_YOUR_DESK.unless(act.by.unit() == Some(&station) || act.by.is_system())?;
    EMPTY_LIST.unless(!entries.is_empty())?;
    let items: BTreeSet<&RecordId> = entries.iter().map(|entry| &entry.item).collect();
    ROW_TWICE.unless(items.len() == entries.len())?;
    let same = |earlier: &Earlier| earlier.campaign == campaign.id && earlier.place == place;
    OTHER_LIST.unless(earlier.is_none_or(same))?;
    Ok(vec![Event::ListMade {
        campaign: campaign.clone(),
        place,
        version: earlier.map_or(0, |earlier| earlier.version) + 1,
        supersedes: earlier.map(|earlier| earlier.id.clone()),
        entries: entries.to_vec(),
    }])
}

impl List {
    fn made(event: &Event) -> Option<Self> {
        let Event::ListMade {
            campaign,
            place,
            version,
            supersedes,
            entries,
        } = event
        else {
            return None;
        };
        Some(Self {
            campaign: campaign.clone(),
            place: *place,
            station: station_of(*place).ok()?,
            police: police_of(*place).ok()?,
            version: *version,
            supersedes: supersedes.clone(),
            rows: entries
                .iter()
                .map(|entry| (entry.item.clone(), entry.hamlet.clone()))
                .collect(),
            state: ListState::Open,
        })
    }

    /// The parts that the hamlets get; `None` holds those whose hamlet is not known, who stay with the station.
    pub fn by_hamlet(&self) -> BTreeMap<Option<&str>, Vec<&RecordId>> {
        let mut parts: BTreeMap<Option<&str>, Vec<&RecordId>> = BTreeMap::new();
        for (item, hamlet) in &self.rows {
            parts.entry(hamlet.as_deref()).or_default().push(item);
        }
        parts
    }

    /// What the police signed, once they did.
    pub fn signed(&self) -> Option<&SignedList> {
        match &self.state {
            ListState::Archived(signed) => Some(signed),
            ListState::Open | ListState::Superseded { .. } => None,
        }
    }

    /// The rows that the police left out when they signed; they belong on the next version.
    pub fn left_out(&self) -> Vec<&RecordId> {
        let Some(signed) = self.signed() else {
            return Vec::new();
        };
        let taken: BTreeSet<&RecordId> = signed.rows.iter().map(|row| &row.item).collect();
        self.rows
            .keys()
            .filter(|item| !taken.contains(item))
            .collect()
    }

    fn sign(
        &self,
        rows: &[Row],
        content: &str,
        evidence: &SignatureEvidence,
        act: &Act,
    ) -> Result<Vec<Event>, Refusal> {
        let at_desk = act.by.unit() == Some(&self.police);
        let signer = act
            .by
            .account()
            .filter(|_| at_desk)
            .ok_or_else(|| NOT_YOUR_DESK.refusal())?;
        EMPTY_LIST.unless(!rows.is_empty())?;
        let items: BTreeSet<&RecordId> = rows.iter().map(|row| &row.item).collect();
        ROW_TWICE.unless(items.len() == rows.len())?;
        FOREIGN_ROW.unless(rows.iter().all(|row| self.rows.contains_key(&row.item)))?;
        evidence.check()?;
        let content_sha256 = content_sha256(rows);
        CONTENT_CHANGED.unless(content == content_sha256)?;
        let mut rows = rows.to_vec();
        rows.sort_by(|a, b| a.item.cmp(&b.item));
        Ok(vec![Event::ListSigned(SignedList {
            rows,
            content_sha256,
            evidence: evidence.clone(),
            signer: signer.clone(),
        })])
    }
}

impl ListState {
    /// The word that lists show.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Archived(_) => "ARCHIVED",
            Self::Superseded { .. } => "SUPERSEDED",
        }
    }
}

#[cfg(test)]
mod tests;
