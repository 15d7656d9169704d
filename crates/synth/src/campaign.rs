//! The vaccination campaign of 2021 and 2022: which product came when, its lots, and the doses that a person got.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use registry::vaccine::{CAMPAIGN_START, Product, products};

use crate::SynthError;
use crate::dice::{Dice, Stream, Weighted, mix};
use crate::people::Person;
use crate::places::Places;
use crate::profile::Series;
use crate::world::World;

/// EU codes of the products, in the order of the columns of [`SUPPLY`].
const PRODUCTS: [&str; 9] = [
    "EU/1/21/1529",
    "Sputnik-V",
    "BBIBP-CorV",
    "EU/1/20/1528",
    "EU/1/20/1507",
    "EU/1/20/1525",
    "Hayat-Vax",
    "Abdala",
    "WIBP-CorV",
];
const ASTRAZENECA: usize = 0;
const PFIZER: usize = 3;
const MODERNA: usize = 4;

/// Shares of the products among first doses of adults, from a month on (counted from January 2021 = 0). Assumed: no source splits them.
const SUPPLY: [(i32, [u32; 9]); 6] = [
    (0, [100, 0, 0, 0, 0, 0, 0, 0, 0]),
    (6, [60, 2, 8, 12, 17, 1, 0, 0, 0]),
    (7, [45, 2, 24, 12, 15, 1, 0, 0, 1]),
    (8, [35, 1, 33, 22, 5, 1, 1, 0, 2]),
    (9, [25, 0, 28, 36, 3, 0, 2, 4, 2]),
    (11, [20, 0, 15, 55, 6, 0, 0, 4, 0]),
];

/// Shares of the months in which adults had their first dose: where the epidemic was worst, and elsewhere. Assumed.
const FIRST_DOSES: [[(i32, u32); 8]; 2] = [
    [
        (4, 2),
        (5, 6),
        (6, 18),
        (7, 44),
        (8, 20),
        (9, 6),
        (10, 3),
        (11, 1),
    ],
    [
        (4, 1),
        (5, 2),
        (6, 8),
        (7, 15),
        (8, 27),
        (9, 30),
        (10, 13),
        (11, 4),
    ],
];
/// Provinces that came first: Hà Nội, Bình Dương, Đồng Nai, Bà Rịa - Vũng Tàu, Hồ Chí Minh City, Long An.
const EARLY: [u8; 6] = [1, 74, 75, 77, 79, 80];

/// The first day of twelve- to seventeen-year-olds, of five- to eleven-year-olds, of boosters, of second boosters.
const TEENAGERS: Date = date(2021, 10, 27);
const CHILDREN: Date = date(2022, 4, 14);
const BOOSTERS: Date = date(2021, 12, 10);
const SECOND_BOOSTERS: Date = date(2022, 5, 25);

/// Lots of a product that arrive in one month.
const LOTS_A_MONTH: usize = 3;
/// Months from January 2021 to December 2022.
const MONTHS: usize = 24;

/// A lot.
#[derive(Debug)]
pub(crate) struct Lot {
    pub(crate) number: String,
    pub(crate) product: &'static Product,
    pub(crate) expiry: Date,
    /// Provinces that received some, in order.
    pub(crate) provinces: Vec<u8>,
    pub(crate) recalled_on: Option<Date>,
}

/// A dose as it was really given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given {
    pub(crate) number: u8,
    pub(crate) day: Date,
    /// Minute of the day.
    pub(crate) minute: u16,
    /// Position in [`Campaign::products`].
    pub(crate) product: u8,
    /// Position in [`Campaign::lots`].
    pub(crate) lot: u32,
    /// Position of the facility.
    pub(crate) site: u32,
}

/// Products, lots and calendar.
#[derive(Debug)]
pub(crate) struct Campaign {
    pub(crate) products: Vec<&'static Product>,
    pub(crate) lots: Vec<Lot>,
    /// Where the lots of a product and month begin: product × month.
    first_lot: Vec<[u32; MONTHS]>,
    supply: Vec<(i32, Weighted<u8>)>,
    first_doses: [Weighted<i32>; 2],
}

impl Campaign {
    /// The campaign of a seed.
    pub(crate) fn new(seed: u64) -> Result<Self, SynthError> {
        let products = PRODUCTS
            .into_iter()
            .map(|mp| {
                products()
                    .iter()
                    .find(|product| product.mp == Some(mp))
                    .ok_or(SynthError::UnknownProduct(mp))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut dice = Dice::new(seed, Stream::World, 0);
        let (mut lots, mut first_lot, mut numbers) = (Vec::new(), Vec::new(), BTreeSet::new());
        for &product in &products {
            let mut firsts = [u32::MAX; MONTHS];
            let licensed = product
                .licensed_from
                .unwrap_or(date(2021, 9, 1))
                .max(CAMPAIGN_START);
            for month in month_of(licensed)..MONTHS as i32 {
                firsts[month as usize] = lots.len() as u32;
                lots.extend(
                    (0..LOTS_A_MONTH)
                        .map(|at| Lot::new(&mut dice, product, month, at, &mut numbers)),
                );
            }
            first_lot.push(firsts);
        }
        let supply = SUPPLY
            .iter()
            .map(|(month, shares)| (*month, Weighted::new((0..).zip(shares.iter().copied()))))
            .collect();
        let first_doses = FIRST_DOSES.map(Weighted::new);
        Ok(Self {
            products,
            lots,
            first_lot,
            supply,
            first_doses,
        })
    }

    /// A lot of the product that the province had on that day.
    pub(crate) fn lot(&self, dice: &mut Dice, product: u8, day: Date, province: u8) -> u32 {
        let month = month_of(day).clamp(0, MONTHS as i32 - 1) as usize;
        let firsts = &self.first_lot[usize::from(product)];
        // Half of the doses come from the stock of the month before.
        let before = month.saturating_sub(1);
        let stock = if firsts[before] != u32::MAX && dice.percent(50) {
            before
        } else {
            month
        };
        let month = if firsts[stock] == u32::MAX {
            self.first_month(product)
        } else {
            stock
        };
        firsts[month]
            + delivery(
                product_key(self.products[usize::from(product)]),
                month,
                province,
                dice.below(2),
            ) as u32
    }

    /// A lot of the product that had expired on that day, where there is one.
    pub(crate) fn expired_lot(&self, dice: &mut Dice, product: u8, day: Date) -> Option<u32> {
        let key = self.products[usize::from(product)].key;
        let expired: Vec<u32> = (0..)
            .zip(&self.lots)
            .filter(|(_, lot)| lot.product.key == key && lot.expiry < day)
            .map(|(at, _)| at)
            .collect();
        (!expired.is_empty()).then(|| dice.one(&expired))
    }

    /// Another product that was in use on that day for that age.
    pub(crate) fn other_product(&self, dice: &mut Dice, product: u8, day: Date) -> Option<u8> {
        (0..8)
            .map(|_| self.supplied(dice, day))
            .find(|&other| other != product && self.fits(other, day, 18))
    }

    /// The first month in which the product came.
    fn first_month(&self, product: u8) -> usize {
        self.first_lot[usize::from(product)]
            .iter()
            .position(|&lot| lot != u32::MAX)
            .unwrap_or(0)
    }

    /// A product as they were shared out on that day.
    fn supplied(&self, dice: &mut Dice, day: Date) -> u8 {
        let month = month_of(day);
        self.supply
            .iter()
            .rev()
            .find(|(from, _)| *from <= month)
            .map_or(ASTRAZENECA as u8, |(_, shares)| shares.draw(dice))
    }

    /// True when the product was licensed on that day and for that age.
    fn fits(&self, product: u8, day: Date, age: i16) -> bool {
        let it = self.products[usize::from(product)];
        let licensed = self.first_month(product) as i32 <= month_of(day)
            && it.licensed_from.is_none_or(|from| from <= day);
        licensed
            && age >= i16::from(it.min_age)
            && it.max_age.is_none_or(|max| age <= i16::from(max))
    }

    /// The product of a primary course.
    fn primary(&self, dice: &mut Dice, day: Date, age: i16) -> u8 {
        for _ in 0..8 {
            let product = match age {
                18.. => self.supplied(dice, day),
                _ if dice.percent(80) => PFIZER as u8,
                _ => MODERNA as u8,
            };
            if self.fits(product, day, age) {
                return product;
            }
        }
        if age < 18 {
            PFIZER as u8
        } else {
            ASTRAZENECA as u8
        }
    }

    /// Day of the first dose; `None` for those too young for the whole campaign.
    fn first_day(&self, dice: &mut Dice, person: &Person, province: u8) -> Option<Date> {
        let adult = if dice.percent(4) {
            after(CAMPAIGN_START, dice.between(0, 100))
        } else {
            let early = EARLY.contains(&province);
            let month = self.first_doses[usize::from(!early)].draw(dice);
            after(month_start(month), dice.between(0, 29))
        };
        if person.age_on(adult) >= 18 {
            return Some(adult);
        }
        let teenager = after(TEENAGERS, dice.between(0, 80));
        if person.age_on(teenager) >= 12 {
            return Some(teenager);
        }
        let child = after(CHILDREN, dice.between(0, 100));
        (person.age_on(child) >= 5).then_some(child)
    }

    /// Appends the doses that a person had until a day, in order.
    pub(crate) fn course(
        &self,
        world: &World,
        dice: &mut Dice,
        person: &Person,
        doses: &mut Vec<Given>,
    ) {
        let province = world.places.place(person.lives).province.0;
        let Some(day) = self.first_day(dice, person, province) else {
            return;
        };
        let product = self.primary(dice, day, person.age_on(day));
        let primary = self.products[usize::from(product)].primary_doses;
        let mut next = Some((day, product));
        for number in 1_u8.. {
            let Some((day, product)) = next.filter(|&(day, _)| day <= world.today) else {
                return;
            };
            doses.push(self.give(world, dice, person, number, day, product));
            next = if number < primary {
                self.next_primary(&world.profile.series, dice, product, day)
            } else {
                let had = number - primary;
                Self::next_booster(&world.profile.series, dice, person, had, day)
            };
        }
    }

    /// Day and product of the next dose of the primary course, when the person comes.
    fn next_primary(
        &self,
        series: &Series,
        dice: &mut Dice,
        product: u8,
        day: Date,
    ) -> Option<(Date, u8)> {
        let shortest = self.products[usize::from(product)].min_interval_days;
        let next = after(day, i32::from(shortest.max(14)) + dice.between(0, 18));
        dice.chance(series.second).then_some((next, product))
    }

    /// Day and product of the next booster after a number of boosters, when an adult comes.
    fn next_booster(
        series: &Series,
        dice: &mut Dice,
        person: &Person,
        had: u8,
        day: Date,
    ) -> Option<(Date, u8)> {
        let (rate, from, rest) = match had {
            0 => (series.booster, BOOSTERS, 91),
            1 => (series.second_booster, SECOND_BOOSTERS, 120),
            _ => return None,
        };
        if person.age_on(BOOSTERS) < 18 || !dice.chance(rate) {
            return None;
        }
        let next = after(after(day, rest).max(from), dice.between(0, 70));
        let product = match dice.below(100) {
            0..=65 => PFIZER,
            66..=83 => MODERNA,
            _ => ASTRAZENECA,
        };
        Some((next, product as u8))
    }

    /// Where, when and from which lot.
    fn give(
        &self,
        world: &World,
        dice: &mut Dice,
        person: &Person,
        number: u8,
        day: Date,
        product: u8,
    ) -> Given {
        let site = Self::site(world, dice, person, day);
        let province = world.places.place(world.places.site(site).place).province.0;
        Given {
            number,
            day,
            minute: dice.between(7 * 60, 17 * 60 + 30) as u16,
            product,
            lot: self.lot(dice, product, day, province),
            site,
        }
    }

    /// The facility: mostly the station of the commune where the person lives.
    fn site(world: &World, dice: &mut Dice, person: &Person, day: Date) -> u32 {
        let (places, series) = (&world.places, &world.profile.series);
        let site = if dice.chance(series.other_province) {
            // Migrants are vaccinated at home when they visit.
            if person.is_migrant() {
                person.home
            } else {
                places.anywhere(dice)
            }
        } else if dice.chance(series.elsewhere_in_district) {
            match dice.below(10) {
                0..=4 => places.district_centre(person.lives),
                5 | 6 => places.hospital(person.lives),
                _ => places.same_district(dice, person.lives),
            }
        } else {
            person.lives
        };
        places.open_site(site, day)
    }
}

impl Lot {
    /// The lot `at` of those that arrive in a month.
    fn new(
        dice: &mut Dice,
        product: &'static Product,
        month: i32,
        at: usize,
        numbers: &mut BTreeSet<String>,
    ) -> Self {
        let number = loop {
            let number = lot_number(dice, product.lot_forms);
            if numbers.insert(number.clone()) {
                break number;
            }
        };
        let provinces = (1..=96)
            .filter(|&province| {
                (0..2).any(|which| {
                    delivery(product_key(product), month as usize, province, which) == at
                })
            })
            .collect();
        let expiry = after(month_start(month + dice.between(5, 9)), 27);
        let recalled = dice
            .percent(1)
            .then(|| after(month_start(month + 2), dice.between(0, 27)));
        Self {
            number,
            product,
            expiry,
            provinces,
            recalled_on: recalled,
        }
    }
}

/// Which of the month's lots is the first (second) delivery to a province.
fn delivery(product: u64, month: usize, province: u8, which: u32) -> usize {
    let key = product ^ (month as u64) << 16 ^ u64::from(province) << 8 ^ u64::from(which);
    (mix(key) % LOTS_A_MONTH as u64) as usize
}

/// A number of the product for hashing.
fn product_key(product: &Product) -> u64 {
    product
        .key
        .bytes()
        .fold(0, |key, byte| mix(key ^ u64::from(byte)))
}

/// A lot number in one of the maker's forms (`A` letter, `9` digit), or in a common one when the table knows none.
fn lot_number(dice: &mut Dice, forms: &str) -> String {
    let forms: Vec<&str> = forms.split('|').filter(|form| !form.is_empty()).collect();
    let form = if forms.is_empty() {
        "AA9999"
    } else {
        dice.one(&forms)
    };
    form.chars()
        .map(|c| match c {
            'A' => char::from(b'A' + dice.below(26) as u8),
            '9' => char::from(b'0' + dice.below(10) as u8),
            other => other,
        })
        .collect()
}

/// Months since January 2021.
pub(crate) fn month_of(day: Date) -> i32 {
    (i32::from(day.year()) - 2021) * 12 + i32::from(day.month()) - 1
}

/// First day of a month counted from January 2021.
fn month_start(month: i32) -> Date {
    date(2021 + (month / 12) as i16, (month % 12) as i8 + 1, 1)
}

/// The day some days later (earlier when negative).
pub(crate) fn after(day: Date, days: i32) -> Date {
    day.saturating_add(jiff::Span::new().days(days))
}

/// A facility for a second entry of the same dose: the district centre, or another commune's station.
pub(crate) fn second_site(places: &Places, dice: &mut Dice, site: u32, day: Date) -> u32 {
    let place = places.site(site).place;
    let centre = places.district_centre(place);
    if site != centre && dice.percent(60) {
        return centre;
    }
    for _ in 0..4 {
        let other = places.open_site(places.same_district(dice, place), day);
        if other != site {
            return other;
        }
    }
    places.hospital(place)
}
