//! The facts behind the records: people, numbers, households, the campaign.

use std::collections::{HashMap, HashSet};

use registry::date::{BirthDate, parse_moment};
use registry::fields::SubjectRow;
use registry::vaccine::{Named, named, product};
use synth::{Order, Table};

use crate::tables::{Country, faultless, one_province, order};

#[test]
fn no_two_people_share_a_number() {
    let country = Country::of(&order(40_000, "national"));
    let numbers = country.column(Table::Register, "id_number");
    let mut seen = HashSet::new();
    assert!(
        numbers
            .iter()
            .all(|number| number.len() == 12 && seen.insert(number))
    );
    let old: Vec<String> = country
        .column(Table::Register, "old_id_number")
        .into_iter()
        .filter(|old| old.len() == 9)
        .collect();
    assert_eq!(old.iter().collect::<HashSet<_>>().len(), old.len());
}

#[test]
fn a_number_tells_sex_and_year_of_its_person() {
    let country = Country::of(&Order {
        profile: faultless(),
        ..order(20_000, "national")
    });
    for [number, birth, sex] in country.columns(Table::Register, ["id_number", "dob", "sex"]) {
        let number = registry::identity::PersonalId::from_u64(number.parse().expect("digits"))
            .expect("12 digits");
        let (birth, _) = BirthDate::parse(&birth).expect("a date");
        assert_eq!(number.birth_year() as i16, birth.year());
        assert_eq!(number.sex().code(), sex);
        assert!(number.province().is_some());
    }
}

#[test]
fn every_id_of_a_file_is_unique_and_every_reference_resolves() {
    let country = Country::of(&one_province(20_000, "hard"));
    let unique = |table, name| {
        let ids = country.column(table, name);
        let set: HashSet<String> = ids.iter().cloned().collect();
        assert_eq!(ids.len(), set.len(), "{name} of {table:?}");
        set
    };
    let (subjects, register) = (
        unique(Table::Subjects, "unique_id"),
        unique(Table::Register, "unique_id"),
    );
    let doses = unique(Table::Doses, "dose_id");
    let sites = unique(Table::Facilities, "facility_code");
    unique(Table::Lots, "lot");
    let known = |table, name, set: &HashSet<String>| {
        country
            .column(table, name)
            .iter()
            .filter(|id| !id.is_empty())
            .all(|id| set.contains(id))
    };
    assert!(known(Table::Doses, "subject_id", &subjects));
    assert!(known(Table::Doses, "facility_code", &sites));
    assert!(known(Table::Facilities, "successor_code", &sites));
    assert!(known(Table::Truth, "a_id", &subjects) && known(Table::Truth, "b_id", &register));
    assert!(known(Table::Truth, "split_of", &subjects));
    assert!(
        known(Table::TruthDoses, "dose_id", &doses)
            && known(Table::TruthDoses, "duplicate_of", &doses)
    );
    assert_eq!(country.counts.subjects as usize, subjects.len());
    assert_eq!(country.counts.doses as usize, doses.len());
}

#[test]
fn without_mistakes_every_record_equals_its_register_entry() {
    let country = Country::of(&Order {
        profile: faultless(),
        ..order(20_000, "national")
    });
    let columns = [
        "unique_id",
        "full_name",
        "dob",
        "sex",
        "id_number",
        "phone",
        "commune",
        "district",
        "province",
        "hamlet",
    ];
    let register: HashMap<String, [String; 10]> = country
        .columns(Table::Register, columns)
        .into_iter()
        .map(|row| (row[0].clone(), row))
        .collect();
    let truth = country.columns(Table::Truth, ["b_id", "foreigner"]);
    for (subject, [b_id, foreigner]) in country.columns(Table::Subjects, columns).iter().zip(truth)
    {
        if foreigner == "1" {
            assert_eq!(b_id, "");
            continue;
        }
        let entry = &register[&b_id];
        assert_eq!(
            registry::name::key(&subject[1]),
            registry::name::key(&entry[1])
        );
        assert_eq!(
            BirthDate::parse(&subject[2]).expect("a date").0,
            BirthDate::parse(&entry[2]).expect("a date").0
        );
        assert_eq!(
            registry::sex::Sex::parse(&subject[3]),
            registry::sex::Sex::parse(&entry[3])
        );
        assert_eq!(subject[4..], entry[4..]);
    }
}

#[test]
fn without_mistakes_every_dose_obeys_the_campaign() {
    let country = Country::of(&Order {
        profile: faultless(),
        ..order(20_000, "national")
    });
    let lots: HashMap<String, [String; 4]> = country
        .columns(Table::Lots, ["lot", "product", "expiry", "provinces"])
        .into_iter()
        .map(|row| (row[0].clone(), row))
        .collect();
    let sites: HashMap<String, [String; 4]> = country
        .columns(
            Table::Facilities,
            ["facility_code", "province", "authorised_from", "closed_on"],
        )
        .into_iter()
        .map(|row| (row[0].clone(), row))
        .collect();
    let births: HashMap<String, String> = country
        .columns(Table::Subjects, ["unique_id", "dob"])
        .into_iter()
        .map(|[a, b]| (a, b))
        .collect();
    let columns = [
        "subject_id",
        "dose_number",
        "injected_at",
        "vaccine",
        "manufacturer",
        "lot",
        "facility_code",
        "entered_at",
    ];
    let mut before: Option<(String, jiff::civil::Date, String)> = None;
    for [
        subject,
        number,
        injected,
        vaccine,
        maker,
        lot,
        site,
        entered,
    ] in country.columns(Table::Doses, columns)
    {
        let day = parse_moment(&injected).expect("a moment").0;
        assert!(
            day <= parse_moment(&entered).expect("a moment").0,
            "{injected} entered {entered}"
        );
        let day = day.date();
        let it = match named(&vaccine, Some(&maker)) {
            Named::Product(product) | Named::Alias { product, .. } => product,
            other => panic!("{vaccine} of {maker}: {other:?}"),
        };
        assert!(
            it.licensed_from.is_none_or(|from| from <= day),
            "{vaccine} on {day}"
        );
        let birth = BirthDate::parse(&births[&subject])
            .expect("a date")
            .0
            .day()
            .expect("a day");
        assert!(
            birth
                .until((jiff::Unit::Year, day))
                .expect("a span")
                .get_years()
                >= i16::from(it.min_age),
            "{vaccine} born {birth} on {day}"
        );
        let lot = &lots[&lot];
        assert_eq!(product(&lot[1]).map(|product| product.key), Some(it.key));
        assert!(lot[2] >= day.to_string(), "{lot:?} on {day}");
        let site = &sites[&site];
        assert!(
            lot[3].is_empty() || lot[3].split('|').any(|province| province == site[1]),
            "{lot:?} in {site:?}"
        );
        assert!(
            site[2] <= day.to_string() && (site[3].is_empty() || site[3] >= day.to_string()),
            "{site:?} on {day}"
        );
        if let Some((_, last, key)) = before.filter(|(of, _, _)| *of == subject) {
            let interval = product(&key).map_or(0, |product| product.min_interval_days);
            assert!(
                (day - last).get_days() >= i32::from(interval),
                "{key} {last} {day}"
            );
        } else {
            assert_eq!(number, "1");
        }
        before = Some((subject, day, it.key.to_owned()));
    }
}

#[test]
fn every_column_of_the_truth_happens_in_the_hard_profile() {
    let country = Country::of(&order(60_000, "hard"));
    let subjects = country.counts.subject_mistakes();
    let doses = country.counts.dose_mistakes();
    let never: Vec<_> = subjects
        .iter()
        .chain(&doses)
        .filter(|(_, count)| **count == 0)
        .collect();
    assert!(never.is_empty(), "{never:?}");
}

#[test]
fn a_record_says_what_the_truth_says_of_it() {
    let country = Country::of(&order(20_000, "hard"));
    let truth = country.columns(
        Table::Truth,
        [
            "number_missing",
            "child_without_number",
            "phone_missing",
            "sex_missing",
            "foreigner_without_passport",
            "placeholder",
        ],
    );
    let subjects = country.columns(
        Table::Subjects,
        ["id_number", "phone", "sex", "guardian_name"],
    );
    for (flags, [number, phone, sex, _]) in truth
        .iter()
        .zip(&subjects)
        .filter(|(flags, _)| flags[5] == "0")
    {
        let without = [0, 1, 4].iter().any(|&at| flags[at] == "1");
        assert_eq!(number.is_empty(), without, "{number}");
        assert_eq!(phone.is_empty(), flags[2] == "1");
        assert_eq!(sex.is_empty(), flags[3] == "1");
    }
}

#[test]
fn an_exact_duplicate_differs_in_its_id_only() {
    let country = Country::of(&order(20_000, "hard"));
    let columns = [
        "dose_id",
        "subject_id",
        "dose_number",
        "injected_at",
        "vaccine",
        "lot",
        "facility_code",
        "vaccinator",
        "entered_at",
    ];
    let doses: HashMap<String, [String; 9]> = country
        .columns(Table::Doses, columns)
        .into_iter()
        .map(|row| (row[0].clone(), row))
        .collect();
    let truth = country.columns(
        Table::TruthDoses,
        ["dose_id", "duplicate_of", "duplicate_exact"],
    );
    let pairs: Vec<_> = truth.iter().filter(|[_, _, exact]| exact == "1").collect();
    assert!(pairs.len() > 50);
    for [id, of, _] in pairs {
        assert_eq!(doses[id][1..], doses[of][1..]);
    }
}

#[test]
fn one_province_has_its_people_registered_there() {
    let mut order = one_province(5000, "national");
    order.profile = faultless();
    let country = Country::of(&order);
    assert!(
        country
            .column(Table::Register, "province")
            .iter()
            .all(|province| province == "19")
    );
    assert!(
        country
            .column(Table::Register, "hamlet")
            .iter()
            .all(|hamlet| !hamlet.is_empty())
    );
}

#[test]
fn a_row_of_ours_is_a_row_of_the_shared_vocabulary() {
    // The headings are those of the vocabulary: a row can be built from them by name.
    let country = Country::of(&one_province(100, "brief"));
    let names = country.column(Table::Subjects, "full_name");
    let row = SubjectRow::from_fn(|field| {
        (field == registry::fields::SubjectField::FullName).then(|| names[0].as_str())
    });
    assert_eq!(row.full_name, Some(names[0].as_str()));
}
