//! Exact verification against the register: number, name, birth date and sex all agree after standardising, or they do not.
//!
//! Standardising is what [`registry::name::key`], [`BirthDate`] and [`Sex`] do: Unicode form, case, spaces, tone placement, i/y, ways of writing a
//! date. Lost accents, a repaired number or an abbreviated name are *not* agreement; they are for the linker to suggest.

use registry::date::BirthDate;
use registry::fields::RegisterRow;
use registry::identity::IdentityNumber;
use registry::name::key_into;
use registry::sex::Sex;
use registry::status::Verification;
use rustc_hash::FxHashMap;

use crate::hash;

/// What a record says of a person, as it stood in the file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claim<'a> {
    /// Personal number, CMND or passport number.
    pub number: Option<&'a str>,
    /// Full name.
    pub name: Option<&'a str>,
    /// Birth date.
    pub birth: Option<&'a str>,
    /// Sex.
    pub sex: Option<&'a str>,
    /// A foreigner: a number that the register does not know is a passport and is not checked (dispatch 1908).
    pub foreign: bool,
}

/// The register's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Outcome.
    pub verification: Verification,
    /// Fields that differ; none unless the outcome is FALSE.
    pub differing: Differing,
    /// Row of the register with the number, whatever else differs.
    pub b_row: Option<u32>,
}

/// Fields that differ from the register entry of the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent answers, one per field"
)]
pub struct Differing {
    /// The register has cancelled the number.
    pub number: bool,
    /// Name.
    pub name: bool,
    /// Birth date.
    pub birth: bool,
    /// Sex.
    pub sex: bool,
}

impl Differing {
    /// Canonical headings of the fields, in order.
    pub fn fields(self) -> impl Iterator<Item = &'static str> {
        [
            (self.number, "id_number"),
            (self.name, "full_name"),
            (self.birth, "dob"),
            (self.sex, "sex"),
        ]
        .into_iter()
        .filter_map(|(differs, field)| differs.then_some(field))
    }

    fn any(self) -> bool {
        self.number || self.name || self.birth || self.sex
    }
}

/// A register, ready to be asked.
#[derive(Debug, Default)]
pub struct Register {
    entries: Vec<Entry>,
    /// Row of each number that somebody holds now.
    current: FxHashMap<u64, u32>,
    /// Row of the person who held a number before: CMND, or a superseded personal number.
    former: FxHashMap<u64, u32>,
}

/// What an entry says. A fact that the register does not hold cannot differ.
#[derive(Debug, Clone, Copy)]
struct Entry {
    name: Option<u64>,
    birth: Option<BirthDate>,
    sex: Option<Sex>,
    cancelled: bool,
}

impl Register {
    /// Adds the next entry.
    pub fn push(&mut self, row: &RegisterRow<'_>) {
        let place = self.entries.len() as u32;
        self.entries.push(Entry {
            name: row.full_name.and_then(name),
            birth: row.dob.and_then(birth),
            sex: row.sex.and_then(|text| Sex::parse(text).ok()),
            cancelled: row.status.is_some_and(|text| text.trim() == "cancelled"),
        });
        // The first entry of a number keeps it: the answer may not depend on anything but the order of the file.
        if let Some(number) = row.id_number.and_then(registered) {
            self.current.entry(number).or_insert(place);
        }
        if let Some(number) = row.old_id_number.and_then(registered) {
            self.former.entry(number).or_insert(place);
        }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The row of the present holder of a number, else of the former one.
    pub fn holder(&self, number: &str) -> Option<u32> {
        let number = registered(number)?;
        self.current
            .get(&number)
            .or_else(|| self.former.get(&number))
            .copied()
    }

    /// Verifies a record.
    pub fn verify(&self, claim: &Claim<'_>) -> Answer {
        let without_entry = |verification| Answer {
            verification,
            differing: Differing::default(),
            b_row: None,
        };
        let Some(number) = claim.number.filter(|text| !text.trim().is_empty()) else {
            return without_entry(Verification::NoId);
        };
        let Some(b_row) = self.holder(number) else {
            return without_entry(match IdentityNumber::parse(number) {
                _ if claim.foreign => Verification::ForeignerExempt,
                Ok(IdentityNumber::Personal(_) | IdentityNumber::Cmnd(_)) => Verification::NotFound,
                // A citizen's passport is no CCCD or CMND, which is what E1 asks for.
                Ok(IdentityNumber::Passport(_)) => Verification::NoId,
                Err(_) => Verification::BadFormat,
            });
        };
        let differing = self
            .entries
            .get(b_row as usize)
            .map_or_else(Differing::default, |entry| entry.compare(claim));
        Answer {
            verification: if differing.any() {
                Verification::False
            } else {
                Verification::True
            },
            differing,
            b_row: Some(b_row),
        }
    }
}

impl Entry {
    fn compare(&self, claim: &Claim<'_>) -> Differing {
        Differing {
            number: self.cancelled,
            name: self.name.is_some() && claim.name.and_then(name) != self.name,
            birth: self.birth.is_some() && claim.birth.and_then(birth) != self.birth,
            sex: self.sex.is_some() && claim.sex.and_then(|text| Sex::parse(text).ok()) != self.sex,
        }
    }
}

/// A number that a register can hold, packed; a CMND and a personal number never coincide.
fn registered(text: &str) -> Option<u64> {
    const CMND: u64 = 1 << 63;
    match IdentityNumber::parse(text).ok()? {
        IdentityNumber::Personal(number) => Some(number.as_u64()),
        IdentityNumber::Cmnd(number) => Some(u64::from(number.as_u32()) | CMND),
        IdentityNumber::Passport(_) => None,
    }
}

fn name(text: &str) -> Option<u64> {
    let mut key = String::with_capacity(text.len() + 4);
    key_into(text, &mut key);
    (!key.is_empty()).then(|| hash::bytes(key.as_bytes()))
}

fn birth(text: &str) -> Option<BirthDate> {
    BirthDate::parse(text).ok().map(|(date, _)| date)
}

#[cfg(test)]
mod tests {
    use super::{Claim, Register};
    use registry::fields::RegisterRow;
    use registry::status::Verification::{
        self, BadFormat, False, ForeignerExempt, NoId, NotFound, True,
    };

    fn register() -> Register {
        let mut register = Register::default();
        let hoa = RegisterRow {
            id_number: Some("019175004321"),
            old_id_number: Some("090123456"),
            full_name: Some("Đặng Thị Hoà"),
            dob: Some("1975-12-03"),
            sex: Some("F"),
            ..RegisterRow::default()
        };
        register.push(&hoa);
        register.push(&RegisterRow {
            id_number: Some("019075000001"),
            old_id_number: None,
            status: Some("cancelled"),
            sex: None,
            ..hoa
        });
        register
    }

    fn claim<'a>(number: &'a str, name: &'a str, birth: &'a str, sex: &'a str) -> Claim<'a> {
        Claim {
            number: Some(number),
            name: Some(name),
            birth: Some(birth),
            sex: Some(sex),
            foreign: false,
        }
    }

    #[test]
    fn every_outcome_and_the_fields_that_differ() {
        let cases: [(Claim<'_>, Verification, &str); 11] = [
            (
                claim("019 175 004 321", "ĐẶNG  THỊ HÒA", "03/12/1975", "Nữ"),
                True,
                "",
            ),
            (
                claim("090123456", "Đặng Thị Hòa", "03/12/1975", "Nữ"),
                True,
                "",
            ),
            (
                claim("019175004321", "Dang Thi Hoa", "03/12/1975", "Nữ"),
                False,
                "full_name",
            ),
            (
                claim("019175004321", "Đặng Thị Hòa", "12/03/1975", "Nam"),
                False,
                "dob|sex",
            ),
            (
                claim("019175004321", "Đặng Thị Hòa", "1975", "?"),
                False,
                "dob|sex",
            ),
            (
                claim("019075000001", "Đặng Thị Hòa", "03/12/1975", ""),
                False,
                "id_number",
            ),
            (
                claim("019175004322", "Đặng Thị Hòa", "03/12/1975", "Nữ"),
                NotFound,
                "",
            ),
            (
                claim("19175004321", "Đặng Thị Hòa", "03/12/1975", "Nữ"),
                BadFormat,
                "",
            ),
            (claim("  ", "Đặng Thị Hòa", "03/12/1975", "Nữ"), NoId, ""),
            (
                claim("C1234567", "Đặng Thị Hòa", "03/12/1975", "Nữ"),
                NoId,
                "",
            ),
            (
                Claim {
                    foreign: true,
                    ..claim("AB123456", "John Smith", "03/12/1975", "Nam")
                },
                ForeignerExempt,
                "",
            ),
        ];
        let register = register();
        for (claim, verification, differing) in cases {
            let answer = register.verify(&claim);
            let fields: Vec<_> = answer.differing.fields().collect();
            assert_eq!(
                (answer.verification, fields.join("|")),
                (verification, differing.to_owned()),
                "{claim:?}"
            );
        }
    }

    #[test]
    fn a_foreigner_with_a_registered_number_is_checked() {
        let foreign = Claim {
            foreign: true,
            ..claim("019175004321", "Dang Thi Hoa", "03/12/1975", "F")
        };
        assert_eq!(register().verify(&foreign).verification, False);
    }
}
