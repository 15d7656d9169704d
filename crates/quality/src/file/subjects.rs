//! Persons' records of a file: shared phones, shared numbers, the same person twice.

use registry::identity::{Cmnd, PersonalId};
use registry::name::key_into;
use registry::phone::Phone;

use super::{FileFinding, Place, groups, hash, raise, row_name};
use crate::context::Context;
use crate::finding::Finding;
use crate::pair::{self, Likeness, Numbers, judge};
use crate::rule_id::RuleId;
use crate::subject::{Number, SubjectFacts, digits_of};

/// What is kept of each record.
#[derive(Debug, Default, Clone)]
pub(super) struct Subjects {
    kept: Vec<Kept>,
    /// Room for one name key at a time.
    scratch: String,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    row: u64,
    /// Hash of the name's equality key; 0 without a name.
    name: u64,
    number: Packed,
    /// Nine digits of the phone; 0 without one.
    phone: u32,
    /// Birth date as its first and last day; (0, -1) without one.
    birth: (i32, i32),
    birth_year: i16,
    /// Commune code; 0 without one.
    commune: u32,
    sex: u8,
}

/// A number without its text. Passports are compared by hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Packed {
    Missing,
    Personal(PersonalId),
    Cmnd(Cmnd),
    Passport(u64),
}

impl Packed {
    fn number(self) -> Number<'static> {
        match self {
            Self::Personal(id) => Number::Personal(id),
            Self::Cmnd(cmnd) => Number::Cmnd(cmnd),
            Self::Passport(_) | Self::Missing => Number::Missing,
        }
    }
}

impl Subjects {
    pub(super) fn observe(&mut self, facts: &SubjectFacts<'_>, row: u64) {
        let name = facts.name.map_or(0, |name| {
            self.scratch.clear();
            key_into(name, &mut self.scratch);
            hash(&self.scratch)
        });
        let number = match facts.number {
            Number::Missing | Number::Malformed => Packed::Missing,
            Number::Personal(id) => Packed::Personal(id),
            Number::Cmnd(cmnd) => Packed::Cmnd(cmnd),
            Number::Passport(text) => Packed::Passport(hash(&text.trim().to_ascii_uppercase())),
        };
        self.kept.push(Kept {
            row,
            name,
            number,
            phone: facts.phone.map_or(0, Phone::as_u32),
            birth: facts
                .birth
                .map_or((0, -1), |birth| (birth.earliest(), birth.latest())),
            birth_year: facts.birth.map_or(0, registry::date::BirthDate::year),
            commune: facts.commune.map_or(0, |commune| commune.0),
            sex: facts.sex.map_or(0, |sex| 1 + sex as u8),
        });
    }

    pub(super) fn merge(&mut self, next: Self) {
        self.kept.extend(next.kept);
    }

    pub(super) fn finish(mut self, ctx: &Context<'_>, out: &mut Vec<FileFinding>) {
        self.shared_phones(ctx, out);
        self.shared_numbers(ctx, out);
        self.same_persons(ctx, out);
    }

    /// CT-04.
    fn shared_phones(&mut self, ctx: &Context<'_>, out: &mut Vec<FileFinding>) {
        self.kept
            .sort_unstable_by_key(|kept| (kept.phone, kept.row));
        let most = ctx.limits().phone_persons;
        for group in groups(&self.kept, |kept| kept.phone).filter(|group| group.len() > most) {
            let Some(phone) = group.first().and_then(|kept| Phone::from_u32(kept.phone)) else {
                continue;
            };
            for kept in group {
                let finding = Finding::new(RuleId::Ct04, "phone", digits_of(phone))
                    .with(group.len().to_string());
                raise(ctx, Place::Subject { row: kept.row }, finding, out);
            }
        }
    }

    /// ID-10, DU-06 and DU-10: each record with a number against the first record with it.
    fn shared_numbers(&mut self, ctx: &Context<'_>, out: &mut Vec<FileFinding>) {
        self.kept
            .sort_unstable_by_key(|kept| (kept.number, kept.row));
        for group in groups(&self.kept, |kept| kept.number) {
            let Some((first, rest)) = group
                .split_first()
                .filter(|(first, _)| first.number != Packed::Missing)
            else {
                continue;
            };
            for kept in rest {
                raise_pair(ctx, kept, first, out);
            }
        }
    }

    /// DU-07 and ID-12: records equal in name, birth date, sex and commune, one without a number or with a CMND.
    fn same_persons(&mut self, ctx: &Context<'_>, out: &mut Vec<FileFinding>) {
        let who = |kept: &Kept| (kept.name, kept.birth, kept.sex, kept.commune);
        self.kept.retain(|kept| {
            kept.name != 0 && kept.birth != (0, -1) && kept.sex != 0 && kept.commune != 0
        });
        // Within a group the records with a 12-digit number come first, then those with a CMND.
        let rank = |kept: &Kept| match kept.number {
            Packed::Personal(_) => 0,
            Packed::Cmnd(_) => 1,
            Packed::Passport(_) => 2,
            Packed::Missing => 3,
        };
        self.kept
            .sort_unstable_by_key(|kept| (who(kept), rank(kept), kept.row));
        for group in groups(&self.kept, who) {
            let Some((first, rest)) = group.split_first() else {
                continue;
            };
            for kept in rest.iter().filter(|kept| kept.number != first.number) {
                raise_pair(ctx, kept, first, out);
            }
        }
    }
}

/// What the pair rules say of two kept records; the finding is about the first.
fn raise_pair(ctx: &Context<'_>, a: &Kept, b: &Kept, out: &mut Vec<FileFinding>) {
    let numbers = match (a.number, b.number) {
        (Packed::Passport(x), Packed::Passport(y)) if x == y => Numbers::Same,
        (Packed::Passport(_), Packed::Missing) | (Packed::Missing, Packed::Passport(_)) => {
            Numbers::OneMissing
        }
        (Packed::Passport(_), _) | (_, Packed::Passport(_)) => Numbers::Other,
        (x, y) => Numbers::of(x.number(), y.number(), false),
    };
    let born = |kept: &Kept| kept.birth != (0, -1);
    let likeness = Likeness {
        numbers,
        name: a.name != 0 && a.name == b.name,
        birth: born(a) && a.birth == b.birth,
        sex: a.sex != 0 && a.sex == b.sex,
        commune: a.commune != 0 && a.commune == b.commune,
        years_apart: (born(a) && born(b)).then(|| i32::from((a.birth_year - b.birth_year).abs())),
    };
    for rule in judge(likeness, ctx.limits().parent_years) {
        let finding = pair::finding(
            rule,
            a.number.number(),
            b.number.number(),
            "",
            &row_name(b.row),
        );
        raise(ctx, Place::Subject { row: a.row }, finding, out);
    }
}
