//! The population register: nearly everybody, nearly right.

use arrow_array::RecordBatch;
use jiff::civil::Date;
use registry::fields::RegisterField as Field;
use registry::sex::Sex;
use registry::vaccine::CAMPAIGN_START;

use crate::campaign::after;
use crate::dice::{Dice, Stream};
use crate::mistakes::{digits, register_birth, register_name, write_day};
use crate::people::Person;
use crate::tables::{Table, Texts};
use crate::world::World;
use crate::{CHUNK, SynthError};

/// What the register says of a person beside the facts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry {
    /// Position of the row in the chunk's register; `None` when the register does not know the person.
    pub(crate) row: Option<u32>,
    /// Day of death that the register holds, and whether it is true.
    pub(crate) death: Option<Date>,
    pub(crate) death_is_true: bool,
    /// Which field is wrong.
    pub(crate) wrong: Option<Wrong>,
    /// Where the register believes the person to live.
    moved: Option<u32>,
    protected: bool,
    old_number_known: bool,
}

/// A field that the register has wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Name,
    Birth,
    Sex,
}

/// Draws the register's view of the people of a chunk.
pub(crate) fn entries(world: &World, dice: &mut Dice, people: &[Person]) -> Vec<Entry> {
    let rates = &world.profile.register;
    let one = crate::dice::Scale::ONE;
    let span = (registry::date::day_number(world.today)
        - registry::date::day_number(CAMPAIGN_START))
    .max(1);
    people
        .iter()
        .map(|person| {
            let mut entry = Entry::default();
            if person.nation.is_some() || dice.chance(rates.missing) {
                return entry;
            }
            entry.row = Some(0);
            let kinds = [(rates.deceased, true), (rates.deceased_wrongly, false)];
            if let Some(is_true) = dice.kind(&kinds, one) {
                entry.death = Some(after(CAMPAIGN_START, dice.between(1, span)));
                entry.death_is_true = is_true;
            }
            let kinds = [
                (rates.name_wrong, Wrong::Name),
                (rates.birth_wrong, Wrong::Birth),
                (rates.sex_wrong, Wrong::Sex),
            ];
            entry.wrong = dice.kind(&kinds, one);
            entry.moved = dice
                .chance(rates.moved)
                .then(|| world.places.anywhere(dice));
            entry.protected = dice.chance(rates.protected);
            entry.old_number_known = dice.chance(rates.old_number_known);
            entry
        })
        .collect()
}

/// Writes the rows in random order, and tells each entry its row.
pub(crate) fn write(
    world: &World,
    chunk: u64,
    dice: &mut Dice,
    people: &[Person],
    entries: &mut [Entry],
) -> Result<RecordBatch, SynthError> {
    // A superseded number has a row of its own.
    let mut order: Vec<(u32, bool)> = (0..)
        .zip(people.iter().zip(entries.iter()))
        .filter(|(_, (_, entry))| entry.row.is_some())
        .flat_map(|(at, (person, _))| {
            let former = (person.former > 0).then_some((at, true));
            [Some((at, false)), former].into_iter().flatten()
        })
        .collect();
    Dice::new(world.seed, Stream::Order, chunk * 2).shuffle(&mut order);
    let mut rows = Texts::<Field>::with_capacity(order.len());
    let mut text = String::new();
    for (at, is_former) in order {
        let (person, entry) = (&people[at as usize], &mut entries[at as usize]);
        if !is_former {
            entry.row = Some(rows.rows() as u32);
        }
        Row {
            world,
            person,
            entry,
            is_former,
        }
        .write(dice, chunk, &mut rows, &mut text);
    }
    Ok(rows.batch(Table::Register)?)
}

/// The id of a register row.
pub(crate) fn write_id(chunk: u64, row: u32, out: &mut String) {
    out.push('B');
    digits(chunk * 2 * CHUNK as u64 + u64::from(row), 9, out);
}

/// One row in the making.
struct Row<'a> {
    world: &'a World,
    person: &'a Person,
    entry: &'a Entry,
    /// The row of the superseded number.
    is_former: bool,
}

impl Row<'_> {
    fn write(&self, dice: &mut Dice, chunk: u64, rows: &mut Texts<Field>, text: &mut String) {
        let mut put = |field, write: &mut dyn FnMut(&mut String)| {
            text.clear();
            write(text);
            rows.put(field, text);
        };
        let (person, entry) = (self.person, self.entry);
        put(Field::FullName, &mut |text| self.name(dice, text));
        put(Field::BirthDate, &mut |text| self.birth(dice, text));
        let male = person.male != (entry.wrong == Some(Wrong::Sex));
        put(Field::Sex, &mut |text| {
            text.push_str(if male { Sex::Male } else { Sex::Female }.code());
        });
        put(Field::Phone, &mut |text| {
            digits(u64::from(person.phone), 10, text);
        });
        self.numbers(&mut put);
        self.place(&mut put);
        if let Some(death) = entry.death {
            put(Field::DeathDate, &mut |text| write_day(death, text));
        }
        let status = match entry.death {
            _ if self.is_former => "superseded",
            Some(_) => "deceased",
            None => "alive",
        };
        put(Field::LifeStatus, &mut |text| text.push_str(status));
        if entry.protected {
            put(Field::Protected, &mut |text| text.push('1'));
        }
        let at = rows.rows() as u32;
        text.clear();
        write_id(chunk, at, text);
        rows.put(Field::UniqueId, text);
        rows.end_row();
    }

    fn name(&self, dice: &mut Dice, text: &mut String) {
        self.world.names.write(self.person.name, text);
        if self.entry.wrong == Some(Wrong::Name)
            && let Some(wrong) = register_name(dice, text)
        {
            *text = wrong;
        }
    }

    fn birth(&self, dice: &mut Dice, text: &mut String) {
        let is_wrong = self.entry.wrong == Some(Wrong::Birth);
        if !(is_wrong && register_birth(dice, self.person.birth, text)) {
            text.clear();
            write_day(self.person.birth, text);
        }
    }

    /// Present and former numbers.
    fn numbers(&self, put: &mut impl FnMut(Field, &mut dyn FnMut(&mut String))) {
        let person = self.person;
        if self.is_former {
            put(Field::IdNumber, &mut |text| digits(person.former, 12, text));
            put(Field::SuccessorId, &mut |text| {
                digits(person.number, 12, text);
            });
            return;
        }
        put(Field::IdNumber, &mut |text| digits(person.number, 12, text));
        if person.former > 0 {
            put(Field::OldIdNumber, &mut |text| {
                digits(person.former, 12, text);
            });
        } else if person.cmnd > 0 && self.entry.old_number_known {
            put(Field::OldIdNumber, &mut |text| {
                digits(u64::from(person.cmnd), 9, text);
            });
        }
    }

    /// Permanent residence.
    fn place(&self, put: &mut impl FnMut(Field, &mut dyn FnMut(&mut String))) {
        let place = self
            .world
            .places
            .place(self.entry.moved.unwrap_or(self.person.home));
        put(Field::Hamlet, &mut |text| {
            place.write_hamlet(self.person.hamlet, text);
        });
        put(Field::Commune, &mut |text| {
            digits(u64::from(place.commune.0), 5, text);
        });
        put(Field::District, &mut |text| {
            digits(u64::from(place.district.0), 3, text);
        });
        put(Field::Province, &mut |text| {
            digits(u64::from(place.province.0), 2, text);
        });
    }
}
