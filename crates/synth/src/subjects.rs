//! Vaccination subjects: what somebody at a facility typed about a person.

use std::fmt::Write as _;
use std::ops::Range;

use registry::area::ProvinceCode;
use registry::fields::SubjectField as Field;

use crate::campaign::{Given, after};
use crate::dice::{Dice, Scale, mix};
use crate::foreign;
use crate::mistakes::{self, Others, digits, write_day, write_slashed};
use crate::people::Person;
use crate::places::{Place, random_phone};
use crate::profile::{SubjectMistake as Kind, SubjectMistakes as Kinds};
use crate::register::Entry;
use crate::tables::Texts;
use crate::world::World;
use crate::{CHUNK, MOST_SUBJECTS};

/// A subject to be written.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The person in this chunk.
    pub(crate) person: u32,
    /// 0 for the only or first record of the person, then 1 and 2.
    pub(crate) part: u8,
    /// One of several records of the person.
    pub(crate) is_split: bool,
    /// Which of the person's doses.
    pub(crate) doses: Range<usize>,
    /// A second person whose doses stand here too, and which.
    pub(crate) merged: Option<(u32, Range<usize>)>,
    /// A test record, with the doses of nobody.
    pub(crate) placeholder: bool,
}

/// Who gets which subjects: splits, merges, test records.
pub(crate) fn plans(
    world: &World,
    dice: &mut Dice,
    people: &[Person],
    courses: &[Range<usize>],
) -> Vec<Plan> {
    let rates = &world.profile.person;
    let mut into: Vec<Option<u32>> = vec![None; people.len()];
    let mut hosts = vec![None; people.len()];
    for (at, person) in (0_u32..).zip(people) {
        if courses[at as usize].is_empty() || person.members < 2 || !dice.chance(rates.merged) {
            continue;
        }
        let host = relative(dice, at, person);
        let free = into[host as usize].is_none()
            && hosts[host as usize].is_none()
            && hosts[at as usize].is_none();
        if free && !courses[host as usize].is_empty() {
            into[at as usize] = Some(host);
            hosts[host as usize] = Some((at, courses[at as usize].clone()));
        }
    }
    let mut plans = Vec::with_capacity(people.len() + people.len() / 16);
    for at in 0..people.len() as u32 {
        let doses = courses[at as usize].clone();
        let plan = |part, doses| Plan {
            person: at,
            part,
            is_split: false,
            doses,
            merged: None,
            placeholder: false,
        };
        let split = |part, doses| Plan {
            is_split: true,
            ..plan(part, doses)
        };
        if dice.chance(rates.placeholder) {
            plans.push(Plan {
                placeholder: true,
                ..plan(0, doses.start..doses.start)
            });
        }
        if doses.is_empty() || into[at as usize].is_some() {
            continue;
        }
        let first = plans.len();
        if doses.len() >= 2 && dice.chance(rates.split) {
            let cut = doses.start + 1 + dice.below(doses.len() as u32 - 1) as usize;
            plans.push(split(0, doses.start..cut));
            if doses.end - cut >= 2 && dice.percent(25) {
                plans.push(split(1, cut..cut + 1));
                plans.push(split(2, cut + 1..doses.end));
            } else {
                plans.push(split(1, cut..doses.end));
            }
        } else {
            plans.push(plan(0, doses));
        }
        plans[first].merged = hosts[at as usize].take();
    }
    plans
}

/// Another member of the household.
fn relative(dice: &mut Dice, at: u32, person: &Person) -> u32 {
    let members = u32::from(person.members);
    let step = 1 + dice.below(members - 1);
    person.household + (at - person.household + step) % members
}

/// The id of a subject.
pub(crate) fn write_id(chunk: u64, row: usize, out: &mut String) {
    out.push('A');
    digits(chunk * (MOST_SUBJECTS * CHUNK) as u64 + row as u64, 9, out);
}

/// Appends the id of a person in the truth.
pub(crate) fn write_person_id(chunk: u64, person: u32, out: &mut String) {
    out.push('P');
    digits(chunk * CHUNK as u64 + u64::from(person), 9, out);
}

/// The clerk who writes the subjects of a chunk.
pub(crate) struct Clerk<'a> {
    pub(crate) world: &'a World,
    pub(crate) chunk: u64,
    pub(crate) people: &'a [Person],
    pub(crate) entries: &'a [Entry],
    pub(crate) rows: Texts<Field>,
    pub(crate) text: String,
    spare: String,
}

/// One subject being written.
struct Writing<'a> {
    plan: &'a Plan,
    person: &'a Person,
    /// Number of the person in the country.
    key: u64,
    first: Option<Given>,
    scale: Scale,
    /// A child with a parent in the household.
    guardian: Option<&'a Person>,
}

impl<'a> Clerk<'a> {
    /// A clerk with empty columns.
    pub(crate) fn new(
        world: &'a World,
        chunk: u64,
        people: &'a [Person],
        entries: &'a [Entry],
        rows: usize,
    ) -> Self {
        Self {
            world,
            chunk,
            people,
            entries,
            rows: Texts::with_capacity(rows),
            text: String::new(),
            spare: String::new(),
        }
    }

    /// Writes a subject; returns what is wrong with it and the scale of its mistakes.
    pub(crate) fn write(
        &mut self,
        dice: &mut Dice,
        plan: &'a Plan,
        doses: &[Given],
    ) -> (Kinds, Scale) {
        let person = &self.people[plan.person as usize];
        let mut kinds = Kinds::default();
        if dice.chance(self.world.profile.carelessness.share) {
            kinds.add(Kind::Careless);
        }
        if person.is_migrant() {
            kinds.add(Kind::Migrant);
        }
        let industrial = self.world.places.place(person.lives).industrial;
        let scale =
            self.world
                .scales
                .of(kinds.has(Kind::Careless), person.is_migrant(), industrial);
        let first = doses
            .get(plan.doses.start)
            .filter(|_| !plan.doses.is_empty())
            .copied();
        let age = person.age_on(first.map_or(self.world.today, |dose| dose.day));
        let guardian = person
            .parent
            .filter(|_| age < 16)
            .map(|parent| &self.people[parent as usize]);
        let key = self.chunk * CHUNK as u64 + u64::from(plan.person);
        let writing = Writing {
            plan,
            person,
            key,
            first,
            scale,
            guardian,
        };
        if plan.placeholder {
            self.placeholder(dice, &writing);
            kinds = Kinds::default();
            kinds.add(Kind::Placeholder);
        } else {
            self.facts(&writing, &mut kinds);
            self.name(dice, &writing, &mut kinds);
            self.birth(dice, &writing, &mut kinds);
            self.sex(dice, &writing, &mut kinds);
            self.number(dice, &writing, &mut kinds);
            self.phone(dice, &writing, &mut kinds);
            self.address(dice, &writing, &mut kinds);
            self.extras(dice, &writing);
        }
        self.entry(dice, &writing);
        self.cell(Field::UniqueId, |clerk, text| {
            write_id(clerk.chunk, clerk.rows.rows(), text);
        });
        self.rows.end_row();
        (kinds, scale)
    }

    /// Writes one cell.
    fn cell(&mut self, field: Field, write: impl FnOnce(&Self, &mut String)) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        write(self, &mut text);
        self.rows.put(field, &text);
        self.text = text;
    }

    /// What is special about the person, without any mistake.
    fn facts(&self, writing: &Writing<'_>, kinds: &mut Kinds) {
        let (plan, person) = (writing.plan, writing.person);
        let entry = &self.entries[plan.person as usize];
        let facts = [
            (Kind::Child, person.age_on(self.world.today) < 16),
            (Kind::Twin, person.twin),
            (Kind::Foreigner, person.nation.is_some()),
            (Kind::Split, plan.is_split),
            (Kind::Merged, plan.merged.is_some()),
            (
                Kind::RegisterMissing,
                entry.row.is_none() && person.nation.is_none(),
            ),
            (Kind::RegisterWrong, entry.wrong.is_some()),
        ];
        for (kind, _) in facts.into_iter().filter(|(_, holds)| *holds) {
            kinds.add(kind);
        }
    }

    fn name(&mut self, dice: &mut Dice, writing: &Writing<'_>, kinds: &mut Kinds) {
        let (profile, person) = (&self.world.profile, writing.person);
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        if let Some(nation) = person.nation {
            foreign::write_name(nation, person.male, writing.key, &mut text);
        } else {
            self.world.names.write(person.name, &mut text);
            let drawn = profile.name.draw(dice, writing.scale);
            if let Some((kind, wrong)) =
                drawn.and_then(|kind| Some((kind, mistakes::name_words(dice, kind, &text)?)))
            {
                kinds.add(kind);
                text = wrong;
            }
            let drawn = profile.accents.draw(dice, writing.scale);
            if let Some((kind, wrong)) =
                drawn.and_then(|kind| Some((kind, mistakes::name_letters(dice, kind, &text)?)))
            {
                kinds.add(kind);
                text = wrong;
            }
            if dice.chance(profile.style.capitals) {
                text = text.to_uppercase();
            }
            if dice.chance(profile.style.spaces) {
                text = if dice.percent(50) {
                    text.replacen(' ', "  ", 1)
                } else {
                    text + " "
                };
            }
        }
        self.rows.put(Field::FullName, &text);
        self.text = text;
    }

    fn birth(&mut self, dice: &mut Dice, writing: &Writing<'_>, kinds: &mut Kinds) {
        let profile = &self.world.profile;
        let (drawn, day) = (
            profile.birth.draw(dice, writing.scale),
            writing.person.birth,
        );
        let slashed = dice.chance(profile.style.slash_dates);
        self.cell(Field::BirthDate, |_, text| {
            if let Some(kind) = drawn.filter(|&kind| mistakes::birth(dice, kind, day, text)) {
                kinds.add(kind);
            } else {
                text.clear();
                if slashed {
                    write_slashed(day, text);
                } else {
                    write_day(day, text);
                }
            }
        });
    }

    fn sex(&mut self, dice: &mut Dice, writing: &Writing<'_>, kinds: &mut Kinds) {
        let profile = &self.world.profile;
        let drawn = profile.sex.draw(dice, writing.scale);
        if let Some(kind) = drawn {
            kinds.add(kind);
        }
        let male = writing.person.male != (drawn == Some(Kind::SexFlipped));
        let written = match (dice.chance(profile.style.sex_words), male) {
            _ if drawn == Some(Kind::SexMissing) => "",
            (false, true) => "M",
            (false, false) => "F",
            (true, true) => "Nam",
            (true, false) => "Nữ",
        };
        self.rows.put(Field::Sex, written);
    }

    fn number(&mut self, dice: &mut Dice, writing: &Writing<'_>, kinds: &mut Kinds) {
        let (rates, person) = (&self.world.profile, writing.person);
        let kind_of_number = self.right_number(dice, writing, kinds);
        let right = std::mem::take(&mut self.spare);
        let child = writing
            .first
            .is_some_and(|dose| person.age_on(dose.day) < 14);
        let without = if person.nation.is_some() {
            dice.chance_scaled(rates.person.foreigner_without_passport, writing.scale)
                .then_some(Kind::ForeignerWithoutPassport)
        } else {
            (child && dice.chance(rates.person.child_without_number))
                .then_some(Kind::ChildWithoutNumber)
        };
        let drawn = rates
            .number
            .draw(dice, writing.scale)
            .filter(|_| person.nation.is_none() && kind_of_number != "passport");
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        if let Some(kind) = without {
            kinds.add(kind);
        } else if let Some(kind) = drawn {
            let others = self.others(dice, writing);
            if mistakes::number(dice, kind, &right, &others, &mut text) {
                kinds.add(kind);
            } else {
                text.clear();
                text.push_str(&right);
            }
        } else {
            text.push_str(&right);
        }
        self.rows.put(Field::IdNumber, &text);
        if !text.is_empty() {
            let is_cmnd = kinds.has(Kind::NumberCmnd);
            self.rows
                .put(Field::IdType, if is_cmnd { "CMND" } else { kind_of_number });
        }
        (self.text, self.spare) = (text, right);
    }

    /// Puts the number that belongs here into `spare`, and says what kind it is.
    fn right_number(
        &mut self,
        dice: &mut Dice,
        writing: &Writing<'_>,
        kinds: &mut Kinds,
    ) -> &'static str {
        let person = writing.person;
        self.spare.clear();
        if let Some(nation) = person.nation {
            foreign::write_passport(nation, writing.key, &mut self.spare);
            return "passport";
        }
        // A second record of the same person exists because it came under another number.
        if writing.plan.part > 0 && person.cmnd > 0 && dice.percent(75) {
            digits(u64::from(person.cmnd), 9, &mut self.spare);
            kinds.add(Kind::NumberCmnd);
            return "CMND";
        }
        if writing.plan.part > 0 && dice.percent(40) {
            _ = write!(self.spare, "C{:07}", mix(writing.key) % 10_000_000);
            return "passport";
        }
        let former = person.former > 0 && dice.percent(50);
        if former {
            kinds.add(Kind::NumberSuperseded);
        }
        digits(
            if former { person.former } else { person.number },
            12,
            &mut self.spare,
        );
        "CCCD"
    }

    /// The numbers with which this one may be confused.
    fn others(&self, dice: &mut Dice, writing: &Writing<'_>) -> Others {
        let person = writing.person;
        let family = writing
            .guardian
            .map(|guardian| guardian.number)
            .or_else(|| {
                (person.members > 1).then(|| {
                    self.people[relative(dice, writing.plan.person, person) as usize].number
                })
            });
        let stranger = self.people[dice.below(self.people.len() as u32) as usize].number;
        Others {
            family: family.filter(|&number| number > 0 && number != person.number),
            stranger: (stranger > 0 && stranger != person.number).then_some(stranger),
            cmnd: person.cmnd,
            phone: person.phone,
        }
    }

    fn phone(&mut self, dice: &mut Dice, writing: &Writing<'_>, kinds: &mut Kinds) {
        let drawn = self.world.profile.phone.draw(dice, writing.scale);
        let phone = u64::from(writing.person.phone);
        let staff = writing
            .first
            .map(|dose| u64::from(self.world.places.site(dose.site).phone));
        let (written, width) = match drawn {
            Some(Kind::PhoneMissing) => {
                kinds.add(Kind::PhoneMissing);
                return;
            }
            Some(Kind::PhoneChanged) => (Some(u64::from(random_phone(dice))), 10),
            Some(Kind::PhoneOldPrefix) => (mistakes::old_phone(writing.person.phone), 11),
            Some(Kind::PhoneTypo) => {
                let place = 10_u64.pow(dice.below(7));
                let digit = phone / place % 10;
                (
                    Some(
                        phone - digit * place + (digit + u64::from(dice.below(9)) + 1) % 10 * place,
                    ),
                    10,
                )
            }
            Some(Kind::PhoneStaff) => (staff, 10),
            _ => (None, 10),
        };
        if let (Some(kind), Some(_)) = (drawn, written) {
            kinds.add(kind);
        }
        let width = if written.is_some() { width } else { 10 };
        self.cell(Field::Phone, |_, text| {
            digits(written.unwrap_or(phone), width, text);
        });
    }

    fn address(&mut self, dice: &mut Dice, writing: &Writing<'_>, kinds: &mut Kinds) {
        let (profile, person) = (&self.world.profile, writing.person);
        let mut at = person.home;
        let drawn = profile.address.draw(dice, writing.scale);
        match drawn {
            Some(Kind::AddressMissing) => {
                kinds.add(Kind::AddressMissing);
                return;
            }
            Some(Kind::AddressMoved) => {
                at = match dice.below(10) {
                    _ if person.is_migrant() => person.lives,
                    ..6 => self.world.places.same_district(dice, person.home),
                    _ => self.world.places.anywhere(dice),
                };
                if at != person.home {
                    kinds.add(Kind::AddressMoved);
                }
            }
            _ => {}
        }
        let place = self.world.places.place(at);
        self.cell(Field::Hamlet, |_, text| {
            place.write_hamlet(person.hamlet, text);
        });
        if drawn == Some(Kind::AddressOldName) {
            kinds.add(Kind::AddressOldName);
            self.cell(Field::Commune, |_, text| {
                text.push_str(&former_commune(place));
            });
            self.rows.put(Field::District, place.district_name);
            self.rows.put(Field::Province, former_province(place));
        } else {
            self.cell(Field::Commune, |_, text| {
                digits(u64::from(place.commune.0), 5, text);
            });
            self.cell(Field::District, |_, text| {
                digits(u64::from(place.district.0), 3, text);
            });
            self.cell(Field::Province, |_, text| {
                digits(u64::from(place.province.0), 2, text);
            });
        }
        if dice.chance(profile.style.address_text) {
            self.cell(Field::Address, |_, text| {
                place.write_address(person.hamlet, text);
            });
        }
    }

    /// Nationality, guardian, health insurance card, e-mail.
    fn extras(&mut self, dice: &mut Dice, writing: &Writing<'_>) {
        let (rates, person) = (&self.world.profile.people, writing.person);
        self.rows.put(
            Field::Nationality,
            person
                .nation
                .map_or("VN", |nation| foreign::of(nation).code),
        );
        if let Some(guardian) = writing.guardian {
            self.cell(Field::GuardianName, |clerk, text| {
                clerk.world.names.write(guardian.name, text);
            });
            if guardian.number > 0 {
                self.cell(Field::GuardianId, |_, text| {
                    digits(guardian.number, 12, text);
                });
            }
        }
        if person.nation.is_none() && dice.chance(rates.health_card) {
            let place = self.world.places.place(person.home);
            self.cell(Field::Bhyt, |_, text| {
                health_card(writing, place.province, text);
            });
        }
        if dice.chance(rates.email) {
            let number = dice.below(1000);
            self.cell(Field::Email, |clerk, text| {
                let name = registry::name::fold(clerk.world.names.word(person.name.given));
                _ = write!(
                    text,
                    "{}{number}@example.com",
                    if name.is_empty() { "guest" } else { &name }
                );
            });
        }
    }

    /// A test record.
    fn placeholder(&mut self, dice: &mut Dice, writing: &Writing<'_>) {
        const NAMES: [&str; 7] = [
            "TEST",
            "NGUYEN VAN A",
            "KHÔNG RÕ",
            "Test 123",
            "BÉ GÁI",
            "ABC",
            "Nguyễn Văn Test",
        ];
        self.rows.put(Field::FullName, dice.one(&NAMES));
        self.rows.put(
            Field::BirthDate,
            dice.one(&["1990-01-01", "2000-01-01", "1970-01-01"]),
        );
        self.rows.put(Field::Sex, dice.one(&["M", "F", ""]));
        self.rows.put(
            Field::IdNumber,
            dice.one(&["", "123456789", "000000000000", "111111111111"]),
        );
        self.rows.put(Field::Nationality, "VN");
        let place = self.world.places.place(writing.person.lives);
        self.cell(Field::Province, |_, text| {
            digits(u64::from(place.province.0), 2, text);
        });
    }

    /// Which facility entered the subject, and when.
    fn entry(&mut self, dice: &mut Dice, writing: &Writing<'_>) {
        let places = &self.world.places;
        let (site, day) = writing
            .first
            .map_or((writing.person.lives, self.world.today), |dose| {
                (dose.site, dose.day)
            });
        // The facility of another province: the person declared it online there.
        self.rows.put(Field::Facility, &places.site(site).code);
        let late = if dice.percent(90) {
            0
        } else {
            dice.between(1, 10)
        };
        let day = after(day, late).min(self.world.today);
        self.cell(Field::EnteredAt, |_, text| write_day(day, text));
    }
}

/// A health insurance card of the person: the last ten digits are nobody else's.
fn health_card(writing: &Writing<'_>, province: ProvinceCode, text: &mut String) {
    let group = ["DN", "GD", "HC", "HN", "CN"][(mix(writing.key) % 5) as usize];
    let group = if writing.person.birth.year() > 2015 {
        "TE"
    } else {
        group
    };
    let number = crate::dice::scatter(writing.key, 10_000, 10_000, 0x0b47);
    _ = write!(text, "{group}4{province}{province}{number:08}");
}

/// The commune's name, some under the kind of unit that it was before.
fn former_commune(place: &Place) -> String {
    let bare = place
        .name
        .strip_prefix("Phường ")
        .or_else(|| place.name.strip_prefix("Thị trấn "));
    bare.filter(|name| !name.starts_with(|c: char| c.is_ascii_digit()))
        .map_or_else(|| place.name.to_owned(), |bare| format!("Xã {bare}"))
}

/// The province's name before its last change.
fn former_province(place: &Place) -> &'static str {
    match place.province.0 {
        1 if place.district.0 >= 268 => "Tỉnh Hà Tây",
        46 => "Tỉnh Thừa Thiên Huế",
        _ => place.province_name,
    }
}
