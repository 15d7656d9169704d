//! A record against the population register's entry of the person.

use registry::area::CommuneCode;
use registry::date::{BirthDate, Date, parse_moment};
use registry::fields::{RegisterRow, SubjectRow};
use registry::identity::{Cmnd, IdentityNumber, PersonalId};
use registry::name::{fold, key, nfc, undo_typing};
use registry::sex::Sex;

use crate::context::{Context, Sink};
use crate::dose::DoseFacts;
use crate::finding::Finding;
use crate::rule_id::RuleId;
use crate::subject::{Number, SubjectFacts, starts_with_any};
use crate::text::one_slip;

/// A register entry, parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterFacts<'a> {
    /// Full name.
    pub name: Option<&'a str>,
    /// Birth date.
    pub birth: Option<BirthDate>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Personal number.
    pub number: Option<PersonalId>,
    /// Former CMND.
    pub old_cmnd: Option<Cmnd>,
    /// Former personal number.
    pub old_number: Option<PersonalId>,
    /// Life status.
    pub life: Life,
    /// Day of death.
    pub death: Option<Date>,
    /// The number that replaces this one.
    pub successor: Option<PersonalId>,
    /// The entry is protected.
    pub protected: bool,
    /// Commune of permanent residence.
    pub commune: Option<CommuneCode>,
}

/// Life status of a register entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Life {
    /// Alive, or blank.
    Alive,
    /// Died.
    Deceased,
    /// The number was cancelled.
    Cancelled,
    /// Another number took its place.
    Superseded,
    /// A word that is not in the list.
    Unknown,
}

impl<'a> RegisterFacts<'a> {
    /// Parses an entry.
    pub fn parse(row: &RegisterRow<'a>) -> Self {
        let personal = |text: Option<&str>| match text.map(IdentityNumber::parse) {
            Some(Ok(IdentityNumber::Personal(id))) => Some(id),
            _ => None,
        };
        let old_cmnd = match row.old_id_number.map(IdentityNumber::parse) {
            Some(Ok(IdentityNumber::Cmnd(cmnd))) => Some(cmnd),
            _ => None,
        };
        Self {
            name: row.full_name,
            birth: row
                .dob
                .and_then(|text| BirthDate::parse(text).ok())
                .map(|(date, _)| date),
            sex: row.sex.and_then(|text| Sex::parse(text).ok()),
            number: personal(row.id_number),
            old_cmnd,
            old_number: personal(row.old_id_number),
            life: Life::parse(row.status),
            death: row
                .death_date
                .and_then(|text| parse_moment(text).ok())
                .map(|(moment, _)| moment.date()),
            successor: personal(row.successor_id),
            protected: row
                .protected
                .is_some_and(|text| matches!(text.trim(), "1" | "true" | "TRUE")),
            commune: row.commune.and_then(CommuneCode::parse),
        }
    }
}

impl Life {
    /// Reads the word of the file.
    pub fn parse(text: Option<&str>) -> Self {
        match text.map(str::trim) {
            None | Some("" | "alive") => Self::Alive,
            Some("deceased") => Self::Deceased,
            Some("cancelled") => Self::Cancelled,
            Some("superseded") => Self::Superseded,
            Some(_) => Self::Unknown,
        }
    }
}

/// What the register says about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'r, 'a> {
    /// It does not hold the number.
    NotFound,
    /// It holds the number, or holds it as a former one.
    Found(&'r RegisterFacts<'a>),
    /// The number says nothing; linkage suggests this entry.
    Suggested(&'r RegisterFacts<'a>),
}

/// Checks a person's record against the register: NV-01, NV-02 for each differing field, and the rules that name the shape of a difference
/// (NM-06 to NM-09, NM-11, DB-05, DB-07, ID-12, LS-02 to LS-04).
pub fn check_against_register(
    row: &SubjectRow<'_>,
    facts: &SubjectFacts<'_>,
    answer: Answer<'_, '_>,
    ctx: &Context<'_>,
    out: &mut Vec<Finding>,
) {
    let mut sink = Sink::new(ctx, out);
    let (entry, found) = match answer {
        Answer::NotFound => {
            let text = row.id_number.unwrap_or_default();
            return sink.raise(Finding::new(RuleId::Nv01, "id_number", text));
        }
        Answer::Found(entry) => (entry, true),
        Answer::Suggested(entry) => (entry, false),
    };
    check_number(row, facts, entry, &mut sink);
    check_name(facts, entry, found, &mut sink);
    check_birth(row, facts, entry, found, &mut sink);
    check_sex(row, facts, entry, found, &mut sink);
    check_life(row, entry, found, &mut sink);
}

/// LS-01: doses of a person after the day on which the register says that the person died. Findings carry the position of their dose.
pub fn check_doses_against_register(
    doses: &[DoseFacts<'_>],
    entry: &RegisterFacts<'_>,
    ctx: &Context<'_>,
    out: &mut Vec<(usize, Finding)>,
) {
    let (Life::Deceased, Some(death)) = (entry.life, entry.death) else {
        return;
    };
    for (at, dose) in doses.iter().enumerate().filter(|(_, dose)| dose.given) {
        if let Some(day) = dose
            .injected
            .map(jiff::civil::DateTime::date)
            .filter(|day| *day > death)
        {
            let finding =
                Finding::new(RuleId::Ls01, "injected_at", day.to_string()).with(death.to_string());
            out.extend(ctx.admit(finding).map(|finding| (at, finding)));
        }
    }
}

fn twelve_digits(id: PersonalId) -> String {
    format!("{:012}", id.as_u64())
}

/// ID-12.
fn check_number(
    row: &SubjectRow<'_>,
    facts: &SubjectFacts<'_>,
    entry: &RegisterFacts<'_>,
    sink: &mut Sink<'_, '_>,
) {
    let (Number::Cmnd(cmnd), Some(number)) = (facts.number, entry.number) else {
        return;
    };
    if entry.old_cmnd == Some(cmnd) {
        let text = row.id_number.unwrap_or_default();
        sink.raise(
            Finding::new(RuleId::Id12, "id_number", text).fix("id_number", twelve_digits(number)),
        );
    }
}

/// NM-06 to NM-09 and NM-11, and NV-02 for the name.
fn check_name(
    facts: &SubjectFacts<'_>,
    entry: &RegisterFacts<'_>,
    found: bool,
    sink: &mut Sink<'_, '_>,
) {
    const FIELD: &str = "full_name";
    let Some(theirs) = entry.name else { return };
    let ours = facts.name.unwrap_or_default();
    if ours == theirs {
        return;
    }
    if key(ours) == key(theirs) {
        if plain(ours) != plain(theirs) {
            sink.raise(Finding::new(RuleId::Nm07, FIELD, ours).against(theirs));
        }
        return;
    }
    let shape = name_shape(ours, theirs, sink);
    if found {
        let finding = Finding::new(RuleId::Nv02, FIELD, ours).against(theirs);
        sink.raise(finding.maybe_fix(FIELD, shape.map(|_| theirs)));
    }
    if let Some(rule) = shape {
        sink.raise(
            Finding::new(rule, FIELD, ours)
                .against(theirs)
                .fix(FIELD, theirs),
        );
    }
}

/// The rule that names how two different names differ.
fn name_shape(ours: &str, theirs: &str, sink: &Sink<'_, '_>) -> Option<RuleId> {
    if ours.is_empty() {
        return None;
    }
    let (a, b) = (fold(ours), fold(theirs));
    let typed = || undo_typing(ours).is_some_and(|(typed, _)| key(&typed) == key(theirs));
    if starts_with_any(&a, &sink.limits().newborn_beginnings) {
        Some(RuleId::Nm11)
    } else if a == b && nfc(ours).is_ascii() {
        Some(RuleId::Nm06)
    } else if one_slip(&plain(ours), &plain(theirs)) || a != b && one_slip(&a, &b) || typed() {
        Some(RuleId::Nm08)
    } else if a != b && sorted(&a) == sorted(&b) {
        Some(RuleId::Nm09)
    } else {
        None
    }
}

/// Lower case, NFC, single spaces: what remains is a matter of spelling.
fn plain(name: &str) -> String {
    nfc(name)
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn sorted(folded: &str) -> Vec<&str> {
    let mut words: Vec<&str> = folded.split(' ').collect();
    words.sort_unstable();
    words
}

/// DB-05 and DB-07, and NV-02 for the birth date.
fn check_birth(
    row: &SubjectRow<'_>,
    facts: &SubjectFacts<'_>,
    entry: &RegisterFacts<'_>,
    found: bool,
    sink: &mut Sink<'_, '_>,
) {
    const FIELD: &str = "dob";
    let Some(theirs) = entry.birth else { return };
    if facts.birth == Some(theirs) {
        return;
    }
    let text = row.dob.unwrap_or_default();
    let shape = facts.birth.and_then(|ours| birth_shape(ours, theirs));
    let finding = |rule| Finding::new(rule, FIELD, text).against(theirs.iso());
    if found {
        sink.raise(finding(RuleId::Nv02).maybe_fix(FIELD, shape.map(|_| theirs.iso())));
    }
    if let Some(rule) = shape {
        sink.raise(finding(rule).fix(FIELD, theirs.iso()));
    }
}

fn birth_shape(ours: BirthDate, theirs: BirthDate) -> Option<RuleId> {
    let (ours, theirs) = ours.day().zip(theirs.day())?;
    if swapped(ours) == Some(theirs) {
        return Some(RuleId::Db05);
    }
    let same_day = (ours.month(), ours.day()) == (theirs.month(), theirs.day());
    let years = (i32::from(ours.year()) - i32::from(theirs.year())).abs();
    (same_day && matches!(years, 1 | 10 | 100)).then_some(RuleId::Db07)
}

/// The date with day and month in each other's place, where that is a date.
pub(crate) fn swapped(date: Date) -> Option<Date> {
    Date::new(date.year(), date.day(), date.month())
        .ok()
        .filter(|other| *other != date)
}

/// NV-02 for the sex.
fn check_sex(
    row: &SubjectRow<'_>,
    facts: &SubjectFacts<'_>,
    entry: &RegisterFacts<'_>,
    found: bool,
    sink: &mut Sink<'_, '_>,
) {
    if let Some(theirs) = entry
        .sex
        .filter(|theirs| found && facts.sex != Some(*theirs))
    {
        let finding = Finding::new(RuleId::Nv02, "sex", row.sex.unwrap_or_default());
        sink.raise(finding.against(theirs.code()).fix("sex", theirs.code()));
    }
}

/// LS-02 to LS-04. A successor is followed only from the number itself.
fn check_life(
    row: &SubjectRow<'_>,
    entry: &RegisterFacts<'_>,
    found: bool,
    sink: &mut Sink<'_, '_>,
) {
    let id = row.unique_id.unwrap_or_default();
    match entry.life {
        Life::Deceased => sink.raise(Finding::new(RuleId::Ls02, "unique_id", id)),
        Life::Cancelled | Life::Superseded if found => {
            let text = row.id_number.unwrap_or_default();
            let fix = entry.successor.map(twelve_digits);
            sink.raise(Finding::new(RuleId::Ls03, "id_number", text).maybe_fix("id_number", fix));
        }
        Life::Alive | Life::Cancelled | Life::Superseded | Life::Unknown => {}
    }
    if entry.protected {
        sink.raise(Finding::new(RuleId::Ls04, "unique_id", id));
    }
}
