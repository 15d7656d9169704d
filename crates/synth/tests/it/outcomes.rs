//! The outcome shares of the profile `national`, by an exact check of our own against the published figures.

use std::collections::HashMap;

use registry::date::BirthDate;
use registry::identity::IdentityNumber;
use registry::name::key;
use registry::sex::Sex;
use synth::Table;

use crate::tables::{Country, order};

/// Name key, birth date, sex: what must agree.
type Facts = (String, Option<BirthDate>, Option<Sex>);

fn facts([name, birth, sex]: [&str; 3]) -> Facts {
    (
        key(name),
        BirthDate::parse(birth).ok().map(|(date, _)| date),
        Sex::parse(sex).ok(),
    )
}

/// Canonical text of a number that the register can be asked for.
fn usable(number: &str) -> Option<String> {
    match IdentityNumber::parse(number).ok()? {
        IdentityNumber::Personal(id) => Some(format!("{:012}", id.as_u64())),
        IdentityNumber::Cmnd(cmnd) => Some(format!("{:09}", cmnd.as_u32())),
        IdentityNumber::Passport(_) => None,
    }
}

#[test]
fn the_national_profile_has_the_outcomes_that_vietnam_published() {
    let country = Country::of(&order(100_000, "national"));
    let mut register: HashMap<String, Facts> = HashMap::new();
    let columns = ["full_name", "dob", "sex", "id_number", "old_id_number"];
    for [name, birth, sex, number, old] in country.columns(Table::Register, columns) {
        let facts = facts([&name, &birth, &sex]);
        if !old.is_empty() {
            register.entry(old).or_insert_with(|| facts.clone());
        }
        register.insert(number, facts);
    }
    let foreigners = country.column(Table::Truth, "foreigner");
    let subjects = country.columns(Table::Subjects, ["full_name", "dob", "sex", "id_number"]);
    let (mut all, mut equal, mut differs, mut pending) = (0_u32, 0_u32, 0_u32, 0_u32);
    for ([name, birth, sex, number], _) in subjects
        .iter()
        .zip(foreigners)
        .filter(|(_, foreign)| foreign == "0")
    {
        all += 1;
        match usable(number).map(|number| register.get(&number)) {
            None => {}
            Some(None) => pending += 1,
            Some(Some(found)) if *found == facts([name, birth, sex]) => equal += 1,
            Some(Some(_)) => differs += 1,
        }
    }
    let with_number = equal + differs + pending;
    let percent = |part: u32, of: u32| f64::from(part) * 100.0 / f64::from(of);
    let shares = [
        ("TRUE", percent(equal, with_number), 70.4),
        ("FALSE", percent(differs, with_number), 26.0),
        ("pending", percent(pending, with_number), 3.5),
        (
            "without usable number",
            percent(all - with_number, all),
            12.0,
        ),
    ];
    let wrong: Vec<_> = shares
        .iter()
        .filter(|(_, is, wanted)| (is - wanted).abs() > 0.5)
        .collect();
    assert!(wrong.is_empty(), "{shares:?}");
}

#[test]
fn a_subject_has_two_and_four_tenths_doses() {
    let counts = Country::of(&order(50_000, "national")).counts;
    let mean = counts.doses as f64 / counts.subjects as f64;
    assert!((mean - 2.4).abs() < 0.03, "{mean}");
}

#[test]
fn migrants_have_worse_records_than_others() {
    let country = Country::of(&order(50_000, "national"));
    let wrong = |migrant: &str| {
        let columns = [
            "migrant",
            "number_digit",
            "accents_lost",
            "birth_digit",
            "sex_flipped",
        ];
        let rows = country.columns(Table::Truth, columns);
        let rows: Vec<_> = rows.iter().filter(|row| row[0] == migrant).collect();
        rows.iter()
            .filter(|row| row[1..].iter().any(|flag| flag == "1"))
            .count() as f64
            / rows.len() as f64
    };
    assert!(
        wrong("1") > 1.3 * wrong("0"),
        "{} {}",
        wrong("1"),
        wrong("0")
    );
}

#[test]
fn mistakes_come_together() {
    let country = Country::of(&order(50_000, "national"));
    let rows = country.columns(Table::Truth, ["accents_lost", "birth_first_january"]);
    let share = |rows: &[&[String; 2]]| {
        rows.iter().filter(|row| row[1] == "1").count() as f64 / rows.len() as f64
    };
    let (lost, kept): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row[0] == "1");
    assert!(
        share(&lost) > 1.3 * share(&kept),
        "{} {}",
        share(&lost),
        share(&kept)
    );
}
