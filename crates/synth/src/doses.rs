//! Doses: what somebody at a facility typed about an injection.

use jiff::civil::Date;
use registry::fields::DoseField as Field;

use crate::campaign::{Given, after, second_site};
use crate::dice::{Dice, Scale};
use crate::mistakes::{digits, lot_typo, write_day};
use crate::profile::{DoseMistake as Kind, DoseMistakes as Kinds};
use crate::subjects;
use crate::tables::{Texts, Truth};
use crate::world::World;
use crate::{CHUNK, MOST_DOSES};

/// The clerk who writes the doses of a chunk.
pub(crate) struct Clerk<'a> {
    pub(crate) world: &'a World,
    pub(crate) chunk: u64,
    pub(crate) rows: Texts<Field>,
    pub(crate) truth: Truth,
    text: String,
    /// Texts of the truth.
    ids: [String; 3],
}

/// Whose dose it is, and under whom it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of {
    /// Row of the subject in the chunk.
    pub(crate) subject: usize,
    pub(crate) person: u32,
    /// The subject is another person.
    pub(crate) is_merged: bool,
    /// Day of death that the register holds.
    pub(crate) death: Option<Date>,
    pub(crate) scale: Scale,
}

impl<'a> Clerk<'a> {
    /// A clerk with empty columns.
    pub(crate) fn new(world: &'a World, chunk: u64, rows: usize) -> Self {
        Self {
            world,
            chunk,
            rows: Texts::with_capacity(rows),
            truth: Truth::new(3, Kind::ALL.len()),
            text: String::new(),
            ids: Default::default(),
        }
    }

    /// Writes a dose, and once more when it was entered twice.
    pub(crate) fn write(
        &mut self,
        dice: &mut Dice,
        dose: Given,
        of: Of,
        mut count: impl FnMut(Kinds),
    ) {
        let (original, before) = (self.rows.rows(), dice.clone());
        count(self.row(dice, dose, of, None));
        let Some(kind) = self.world.profile.duplicate.draw(dice, of.scale) else {
            return;
        };
        if kind == Kind::DuplicateExact {
            // The same throws once more give the same text in every column.
            count(self.row(&mut before.clone(), dose, of, Some((original, kind))));
            return;
        }
        let mut again = dose;
        again.site = second_site(&self.world.places, dice, dose.site, dose.day);
        again.minute = dice.between(7 * 60, 17 * 60 + 30) as u16;
        if kind == Kind::DuplicateNear {
            let days = dice.between(1, 10);
            let day = after(dose.day, if dice.percent(50) { days } else { -days });
            again.day = day.clamp(registry::vaccine::CAMPAIGN_START, self.world.today);
        }
        count(self.row(dice, again, of, Some((original, kind))));
    }

    /// Writes one row and its truth.
    fn row(
        &mut self,
        dice: &mut Dice,
        dose: Given,
        of: Of,
        duplicate_of: Option<(usize, Kind)>,
    ) -> Kinds {
        let mut kinds = Kinds::default();
        if let Some((_, kind)) = duplicate_of {
            kinds.add(kind);
        }
        if of.is_merged {
            kinds.add(Kind::OfOther);
        }
        if of.death.is_some_and(|death| dose.day > death) {
            kinds.add(Kind::AfterDeath);
        }
        self.cell(Field::SubjectId, |clerk, text| {
            subjects::write_id(clerk.chunk, of.subject, text);
        });
        self.number(dice, dose, of.scale, &mut kinds);
        self.moments(dice, dose, of.scale, &mut kinds);
        self.vaccine(dice, dose, of.scale, &mut kinds);
        self.lot(dice, dose, of.scale, &mut kinds);
        self.rows.put(Field::Status, "given");
        self.end(of, duplicate_of.map(|(row, _)| row), kinds);
        kinds
    }

    /// Ids and the row of the truth.
    fn end(&mut self, of: Of, duplicate_of: Option<usize>, kinds: Kinds) {
        let row = self.rows.rows();
        let [id, person, original] = &mut self.ids;
        for text in [&mut *id, &mut *person, &mut *original] {
            text.clear();
        }
        write_id(self.chunk, row, id);
        subjects::write_person_id(self.chunk, of.person, person);
        if let Some(row) = duplicate_of {
            write_id(self.chunk, row, original);
        }
        self.rows.put(Field::DoseId, id);
        self.rows.end_row();
        self.truth
            .row(&[id, person, original], |at| kinds.has(Kind::ALL[at]));
    }

    /// Writes one cell.
    fn cell(&mut self, field: Field, write: impl FnOnce(&Self, &mut String)) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        write(self, &mut text);
        self.rows.put(field, &text);
        self.text = text;
    }

    fn number(&mut self, dice: &mut Dice, dose: Given, scale: Scale, kinds: &mut Kinds) {
        let mut number = dose.number;
        match self.world.profile.dose_number.draw(dice, scale) {
            Some(Kind::NumberMissing) => {
                kinds.add(Kind::NumberMissing);
                return;
            }
            Some(kind) => {
                kinds.add(kind);
                number = if number == 1 || dice.percent(50) {
                    number + 1
                } else {
                    number - 1
                };
            }
            None => {}
        }
        self.cell(Field::DoseNumber, |_, text| {
            digits(u64::from(number), 1, text);
        });
    }

    /// When injected, when, where and by whom entered.
    fn moments(&mut self, dice: &mut Dice, dose: Given, scale: Scale, kinds: &mut Kinds) {
        let (profile, today) = (&self.world.profile, self.world.today);
        let entry = profile.entry.draw(dice, scale);
        let historical = dice.chance(profile.series.historical);
        let date = profile.dose_date.draw(dice, scale);
        let mut late = match entry {
            Some(Kind::EnteredLate) => dice.between(15, 120),
            _ if historical => dice.between(15, 200),
            _ if dice.chance(profile.series.entered_days_late) => dice.between(1, 14),
            _ => 0,
        };
        if date == Some(Kind::DateOfEntry) && late == 0 {
            late = dice.between(1, 30);
        }
        let entered = after(dose.day, late).min(today);
        if let Some(kind) =
            entry.filter(|&kind| kind != Kind::EnteredLate || after(dose.day, 14) < entered)
        {
            kinds.add(kind);
        }
        let (month, day) = (dose.day.month(), dose.day.day());
        let injected = match date {
            Some(Kind::DateMissing) => None,
            Some(Kind::DateOfEntry) => Some(entered),
            Some(Kind::DateSwapped) if day <= 12 => {
                Some(jiff::civil::date(dose.day.year(), day, month))
            }
            _ => Some(dose.day),
        };
        if let Some(kind) = date.filter(|_| injected != Some(dose.day)) {
            kinds.add(kind);
        }
        if let Some(injected) = injected {
            self.cell(Field::InjectedAt, |_, text| {
                write_moment(injected, dose.minute, text);
            });
        }
        let minute = if entered == dose.day {
            dose.minute + dice.below(60) as u16
        } else {
            dice.between(480, 1020) as u16
        };
        self.cell(Field::EnteredAt, |_, text| {
            write_moment(entered, minute, text);
        });
        self.rows.put(
            Field::Source,
            if historical {
                "historical"
            } else {
                "administered"
            },
        );
        self.facility(dice, dose, entry);
    }

    fn facility(&mut self, dice: &mut Dice, dose: Given, mistake: Option<Kind>) {
        let world = self.world;
        let site = world.places.site(dose.site);
        if mistake != Some(Kind::FacilityMissing) {
            self.rows.put(Field::Facility, &site.code);
        }
        let staff = dice.below(6);
        if mistake != Some(Kind::VaccinatorMissing) {
            self.cell(Field::Vaccinator, |clerk, text| {
                clerk.write_nurse(dose.site, staff, text);
            });
        }
        self.cell(Field::EnteredBy, |_, text| {
            text.extend(site.code.chars().map(|c| c.to_ascii_lowercase()));
            text.push('-');
            digits(u64::from(staff / 3 + 1), 2, text);
        });
    }

    /// The name of a facility's nurse: always the same.
    fn write_nurse(&self, site: u32, nurse: u32, text: &mut String) {
        let mut dice = Dice::of_key(u64::from(site) << 8 | u64::from(nurse));
        let region = self
            .world
            .places
            .place(self.world.places.site(site).place)
            .region();
        let (male, year) = (dice.percent(25), 1965 + dice.below(33) as i16);
        let family = self.world.names.family(&mut dice, region);
        self.world.names.write(
            self.world.names.name(&mut dice, family, male, year, None),
            text,
        );
    }

    /// Vaccine and manufacturer.
    fn vaccine(&mut self, dice: &mut Dice, dose: Given, scale: Scale, kinds: &mut Kinds) {
        let (campaign, profile) = (&self.world.campaign, &self.world.profile);
        let product = campaign.products[usize::from(dose.product)];
        let name = if dice.chance(profile.style.vaccine_alias) {
            product.name
        } else {
            product.vn_name
        };
        let drawn = profile.vaccine.draw(dice, scale);
        let wrong = match drawn {
            Some(Kind::VaccineWrong) => campaign
                .other_product(dice, dose.product, dose.day)
                .map(|other| campaign.products[usize::from(other)])
                .map(|other| (other.vn_name, other.manufacturer)),
            Some(Kind::VaccineVeroCell) => {
                (product.vn_name == "Vero Cell").then_some(("Vero Cell", ""))
            }
            Some(Kind::VaccineGeneric) => Some((
                dice.one(&["Vắc xin COVID-19", "Covid vaccine", "COVID-19"]),
                "",
            )),
            Some(Kind::VaccineMissing) => Some(("", "")),
            _ => None,
        };
        if let (Some(kind), Some(_)) = (drawn, wrong) {
            kinds.add(kind);
        }
        let (name, maker) = wrong.unwrap_or((name, product.manufacturer));
        self.rows.put(Field::Vaccine, name);
        self.rows.put(Field::Manufacturer, maker);
    }

    /// Lot and expiry.
    fn lot(&mut self, dice: &mut Dice, dose: Given, scale: Scale, kinds: &mut Kinds) {
        let campaign = &self.world.campaign;
        let drawn = self.world.profile.lot.draw(dice, scale);
        let other = match drawn {
            Some(Kind::LotExpired) => campaign.expired_lot(dice, dose.product, dose.day),
            Some(Kind::LotOfOther) => {
                let place = self.world.places.site(dose.site).place;
                let province = self.world.places.place(place).province.0;
                let other = campaign.other_product(dice, dose.product, dose.day);
                other.map(|other| campaign.lot(dice, other, dose.day, province))
            }
            _ => None,
        };
        let lot = &campaign.lots[other.unwrap_or(dose.lot) as usize];
        let number = match drawn {
            Some(Kind::LotMissing) => String::new(),
            Some(Kind::LotTypo) => lot_typo(dice, &lot.number),
            Some(Kind::LotText) => match dice.below(4) {
                0 => format!("LOT {}", lot.number),
                1 => format!("Lô {}", lot.number),
                2 => format!("{} (P)", lot.number),
                _ => format!("{} {}", lot.product.vn_name, lot.number),
            },
            _ => {
                self.rows.put(Field::Lot, &lot.number);
                self.cell(Field::Expiry, |_, text| write_day(lot.expiry, text));
                if let (Some(kind), Some(_)) = (drawn, other) {
                    kinds.add(kind);
                }
                return;
            }
        };
        if let Some(kind) = drawn.filter(|_| number != lot.number) {
            kinds.add(kind);
        }
        self.rows.put(Field::Lot, &number);
        if !number.is_empty() {
            self.cell(Field::Expiry, |_, text| write_day(lot.expiry, text));
        }
    }
}

/// The id of a dose.
fn write_id(chunk: u64, row: usize, out: &mut String) {
    out.push('D');
    digits(chunk * (MOST_DOSES * CHUNK) as u64 + row as u64, 9, out);
}

/// Appends `YYYY-MM-DD HH:MM`.
fn write_moment(day: Date, minute: u16, text: &mut String) {
    write_day(day, text);
    text.push(' ');
    digits(u64::from(minute / 60), 2, text);
    text.push(':');
    digits(u64::from(minute % 60), 2, text);
}
