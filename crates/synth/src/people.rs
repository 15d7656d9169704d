//! Households and the people in them, as they really are: no record, no mistake yet.

use jiff::civil::{Date, date};

use crate::dice::{Dice, Stream, scatter};
use crate::foreign;
use crate::names::{NONE, Name, Word};
use crate::places::random_phone;
use crate::world::World;
use crate::{CHUNK, SynthError};

/// Nobody is younger: the campaign begins with the fifth birthday, so the last ones are small siblings without a record.
const LAST_BIRTH_YEAR: i16 = 2019;
/// Nobody is older.
const FIRST_BIRTH_YEAR: i16 = 1925;

/// A person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: Name,
    pub(crate) male: bool,
    pub(crate) birth: Date,
    /// Twelve-digit number; 0 for foreigners.
    pub(crate) number: u64,
    /// A twelve-digit number that the present one supersedes; 0 for nearly everybody.
    pub(crate) former: u64,
    /// Nine-digit number of before; 0 for those who never had one.
    pub(crate) cmnd: u32,
    /// Nine digits after the zero.
    pub(crate) phone: u32,
    /// Commune of permanent residence.
    pub(crate) home: u32,
    /// Commune where the person lives.
    pub(crate) lives: u32,
    pub(crate) hamlet: u8,
    /// First person of the household in this chunk, and how many they are.
    pub(crate) household: u32,
    pub(crate) members: u8,
    /// Mother or father in this chunk.
    pub(crate) parent: Option<u32>,
    pub(crate) twin: bool,
    /// Position of the nation in [`foreign::NATIONS`]; `None` for Vietnamese.
    pub(crate) nation: Option<u8>,
}

impl Person {
    /// Lives away from the commune of permanent residence.
    pub(crate) fn is_migrant(&self) -> bool {
        self.home != self.lives
    }

    /// Full years on a day.
    pub(crate) fn age_on(&self, day: Date) -> i16 {
        let before_birthday = (day.month(), day.day()) < (self.birth.month(), self.birth.day());
        day.year() - self.birth.year() - i16::from(before_birthday)
    }
}

/// The people of a chunk: whole households until it is full.
pub(crate) fn people(world: &World, chunk: u64, count: usize) -> Result<Vec<Person>, SynthError> {
    let mut dice = Dice::new(world.seed, Stream::People, chunk);
    let mut people = Vec::with_capacity(count + 12);
    while people.len() < count {
        household(world, &mut dice, &mut people);
    }
    people.truncate(count);
    for person in &mut people {
        // The last household may have been cut.
        person.members = person
            .members
            .min((count - person.household as usize) as u8);
    }
    number(world, chunk, &mut dice, &mut people)?;
    Ok(people)
}

/// What the members of a household have in common.
pub(crate) struct Household {
    home: u32,
    lives: u32,
    hamlet: u8,
    phone: u32,
    first: u32,
    /// Birth year of the head.
    year: i16,
}

/// Adds one household.
fn household(world: &World, dice: &mut Dice, people: &mut Vec<Person>) {
    let profile = &world.profile.people;
    let (home, lives) = residence(world, dice);
    let common = Household {
        home,
        lives,
        hamlet: dice.below(12) as u8,
        phone: random_phone(dice),
        first: people.len() as u32,
        year: head_year(dice),
    };
    if dice.chance(profile.foreigners) {
        foreign::household(dice, &common, people);
    } else {
        family(world, dice, &common, people);
    }
    let members = people.len() - common.first as usize;
    for person in people.iter_mut().skip(common.first as usize) {
        person.members = members as u8;
    }
}

/// Birth year of a head of household: half of them have children at home.
fn head_year(dice: &mut Dice) -> i16 {
    if dice.percent(50) {
        dice.between(1968, 1994) as i16
    } else {
        dice.between(1945, 1997) as i16
    }
}

/// Commune of permanent residence, and the one where the household lives.
fn residence(world: &World, dice: &mut Dice) -> (u32, u32) {
    let (places, migration) = (&world.places, &world.profile.migration);
    let home = places.home(dice);
    let lives = if places.place(home).industrial {
        if dice.chance(migration.share_industrial) {
            places.same_province(dice, home)
        } else {
            home
        }
    } else if !dice.chance(migration.share) {
        home
    } else if dice.chance(migration.to_industrial) {
        places.industrial(dice)
    } else {
        places.anywhere(dice)
    };
    (home, lives)
}

impl Household {
    /// A member with everything but the number.
    fn member(&self, dice: &mut Dice, name: Name, male: bool, birth: Date) -> Person {
        // Children and many elders have no telephone of their own.
        let shares = match birth.year() {
            2008.. => 95,
            ..1955 => 60,
            _ => 12,
        };
        let phone = if dice.percent(shares) {
            self.phone
        } else {
            random_phone(dice)
        };
        Person {
            name,
            male,
            birth,
            number: 0,
            former: 0,
            cmnd: 0,
            phone,
            home: self.home,
            lives: self.lives,
            hamlet: self.hamlet,
            household: self.first,
            members: 1,
            parent: None,
            twin: false,
            nation: None,
        }
    }

    /// A foreigner of the household.
    pub(crate) fn foreigner(&self, dice: &mut Dice, nation: u8, male: bool) -> Person {
        let year = dice.between(1950, 1999) as i16;
        let birth = any_day(dice, year);
        let mut person = self.member(
            dice,
            Name {
                family: NONE,
                middle: [NONE, NONE],
                given: NONE,
            },
            male,
            birth,
        );
        person.nation = Some(nation);
        person
    }
}

/// A couple or a single person, their children, sometimes a grandparent.
fn family(world: &World, dice: &mut Dice, common: &Household, people: &mut Vec<Person>) {
    let (names, region) = (&world.names, world.places.place(common.home).region());
    let surname = names.family(dice, region);
    let kind = dice.below(100);
    let head_is_male = dice.percent(60);
    let birth = birth_day(world, dice, common.year);
    let family = if head_is_male {
        surname
    } else {
        names.family(dice, region)
    };
    let name = names.name(dice, family, head_is_male, common.year, None);
    people.push(common.member(dice, name, head_is_male, birth));
    if kind < 10 {
        return;
    }
    let year = (common.year + dice.between(-5, 5) as i16).clamp(1940, 2001);
    let family = if head_is_male {
        names.family(dice, region)
    } else {
        surname
    };
    let name = names.name(dice, family, !head_is_male, year, None);
    let birth = birth_day(world, dice, year);
    people.push(common.member(dice, name, !head_is_male, birth));
    let children = match kind {
        0..=23 => 0,
        24..=45 => 1,
        46..=77 => 2,
        78..=91 => 3,
        _ => 4,
    };
    self::children(world, dice, common, surname, children, people);
    if dice.percent(14) {
        grandparent(world, dice, common, surname, people);
    }
}

/// The couple's children, the eldest first. They take the father's surname, and often share a middle name.
fn children(
    world: &World,
    dice: &mut Dice,
    common: &Household,
    surname: Word,
    count: u32,
    people: &mut Vec<Person>,
) {
    let names = &world.names;
    let mut year = common.year + dice.between(21, 31) as i16;
    // The middle name of the daughters, of the sons.
    let shared = [false, true].map(|male| dice.percent(45).then(|| names.middle(dice, male, year)));
    let mother = common.first
        + u32::from(
            people
                .get(common.first as usize)
                .is_some_and(|head| head.male),
        );
    for _ in 0..count {
        if year > LAST_BIRTH_YEAR {
            return;
        }
        let male = dice.percent(52);
        let birth = any_day(dice, year);
        let name = names.name(dice, surname, male, year, shared[usize::from(male)]);
        let mut child = common.member(dice, name, male, birth);
        child.parent = Some(mother);
        child.twin = dice.chance(world.profile.people.twins);
        people.push(child);
        if let Some(elder) = people.last().filter(|child| child.twin).cloned() {
            let male = if dice.percent(70) {
                elder.male
            } else {
                !elder.male
            };
            let name = names.twin(dice, elder.name, male);
            people.push(Person {
                name,
                male,
                ..elder
            });
        }
        year += dice.between(1, 6) as i16;
    }
}

/// The husband's mother or father.
fn grandparent(
    world: &World,
    dice: &mut Dice,
    common: &Household,
    surname: Word,
    people: &mut Vec<Person>,
) {
    let year = (common.year - dice.between(20, 34) as i16).max(FIRST_BIRTH_YEAR);
    let male = dice.percent(38);
    let region = world.places.place(common.home).region();
    let family = if male {
        surname
    } else {
        world.names.family(dice, region)
    };
    let name = world.names.name(dice, family, male, year, None);
    let birth = birth_day(world, dice, year);
    people.push(common.member(dice, name, male, birth));
}

/// A birth date as registered: many elders were registered on 1 January.
fn birth_day(world: &World, dice: &mut Dice, year: i16) -> Date {
    if year < 1965 && dice.chance(world.profile.people.elders_on_first_january) {
        return date(year, 1, 1);
    }
    any_day(dice, year)
}

/// A day of a year.
fn any_day(dice: &mut Dice, year: i16) -> Date {
    let first = date(year, 1, 1);
    let days = first.days_in_year();
    first.saturating_add(jiff::Span::new().days(dice.between(0, i32::from(days) - 1)))
}

/// Gives everybody a number that nobody else in the country has, and some a former one.
fn number(
    world: &World,
    chunk: u64,
    dice: &mut Dice,
    people: &mut [Person],
) -> Result<(), SynthError> {
    let mut numbers = Numbers {
        world,
        chunk,
        used: vec![0; 100 * 10 * 100],
    };
    let rates = &world.profile;
    for (at, person) in people
        .iter_mut()
        .enumerate()
        .filter(|(_, person)| person.nation.is_none())
    {
        let place = if dice.percent(92) {
            person.home
        } else {
            world.places.anywhere(dice)
        };
        let (province, year) = (world.places.place(place).province.0, person.birth.year());
        person.number = numbers.next(province, person.male, year)?;
        if dice.chance(rates.register.superseded) {
            // The usual reason: the first number told the wrong sex or year.
            let (male, year) = if dice.percent(50) {
                (!person.male, year)
            } else {
                (person.male, year - 1)
            };
            person.former = numbers.next(province, male, year)?;
        }
        if year < 2000 && dice.chance(rates.people.had_cmnd) {
            let index = chunk * CHUNK as u64 + at as u64;
            person.cmnd = scatter(index, 1000, 1_000_000, world.seed) as u32;
        }
    }
    Ok(())
}

/// The twelve-digit numbers of a chunk.
///
/// Province, sex and year of birth leave 10^6 numbers. Each chunk owns an equal part of them, so chunks need not know of one another.
struct Numbers<'a> {
    world: &'a World,
    chunk: u64,
    /// How many are used, by the first six digits (all provinces have codes below 100).
    used: Vec<u32>,
}

impl Numbers<'_> {
    /// A number that was not given yet.
    fn next(&mut self, province: u8, male: bool, year: i16) -> Result<u64, SynthError> {
        const RANDOM: u64 = 1_000_000;
        let share = RANDOM / self.world.chunks;
        let century_and_sex = if year >= 2000 { 3 } else { 1 } - u64::from(male);
        let stem = u64::from(province) * 1000 + century_and_sex * 100 + (year % 100) as u64;
        let count = &mut self.used[stem as usize];
        if u64::from(*count) >= share {
            return Err(SynthError::TooManyPeople(self.world.people));
        }
        let random = scatter(
            self.chunk * share + u64::from(*count),
            1000,
            1000,
            self.world.seed ^ stem,
        );
        *count += 1;
        Ok(stem * RANDOM + random)
    }
}
