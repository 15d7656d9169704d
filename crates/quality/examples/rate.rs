//! How fast the checks are: a million records of persons and 2.4 million doses, a part of them faulty, on one core.
//!
//! `cargo run --release -p quality --example rate`

#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::io::Write;
use std::time::Instant;

use quality::{
    Context, FacilityTable, FileChecks, LotTable, catalogue, check_dose, check_series,
    check_subject,
};
use registry::fields::{DoseRow, FacilityRow, LotRow, SubjectRow};

const PEOPLE: u64 = 1_000_000;

fn main() -> std::io::Result<()> {
    let ctx = context();
    let people: Vec<Person> = (0..PEOPLE).map(Person::invent).collect();
    let doses: Vec<Dose> = (0..PEOPLE)
        .flat_map(|person| {
            (0..2 + u64::from(person % 5 < 2)).map(move |dose| Dose::invent(person, dose))
        })
        .collect();
    let mut found = Vec::new();
    let mut file = FileChecks::default();
    let mut out = std::io::stdout();

    let start = Instant::now();
    let facts: Vec<_> = people
        .iter()
        .map(|person| check_subject(&person.row(), &ctx, &mut found))
        .collect();
    writeln!(
        out,
        "persons  {:>6.2} s, {} findings",
        start.elapsed().as_secs_f64(),
        found.len()
    )?;

    let (start, before) = (Instant::now(), found.len());
    let dose_facts: Vec<_> = doses
        .iter()
        .map(|dose| check_dose(&dose.row(), facts.get(dose.person), &ctx, &mut found))
        .collect();
    writeln!(
        out,
        "doses    {:>6.2} s, {} doses, {} findings",
        start.elapsed().as_secs_f64(),
        doses.len(),
        found.len() - before
    )?;

    let start = Instant::now();
    let mut placed = Vec::new();
    let mut rest = dose_facts.as_slice();
    for part in doses.chunk_by(|a, b| a.person == b.person) {
        let (these, others) = rest.split_at(part.len());
        check_series(these, &ctx, &mut placed);
        rest = others;
    }
    writeln!(
        out,
        "series   {:>6.2} s, {} findings",
        start.elapsed().as_secs_f64(),
        placed.len()
    )?;

    let start = Instant::now();
    for (facts, row) in facts.iter().zip(2..) {
        file.observe_subject(facts, row);
    }
    for ((dose, facts), row) in doses.iter().zip(&dose_facts).zip(2..) {
        file.observe_dose(&dose.row(), facts, row);
    }
    let findings = file.finish(&ctx);
    writeln!(
        out,
        "file     {:>6.2} s, {} findings",
        start.elapsed().as_secs_f64(),
        findings.len()
    )
}

fn context() -> Context<'static> {
    let base = &quality::examples::examples().base;
    let mut facilities = FacilityTable::default();
    for row in &base.facility {
        let row = FacilityRow::from_fn(|field| {
            row.get(registry::fields::Field::heading(field))
                .map(String::as_str)
        });
        facilities
            .push(&row)
            .expect("the base's facilities are sound");
    }
    let mut lots = LotTable::default();
    for row in &base.lot {
        let row = LotRow::from_fn(|field| {
            row.get(registry::fields::Field::heading(field))
                .map(String::as_str)
        });
        lots.push(&row).expect("the base's lots are sound");
    }
    Context::new(catalogue(), "2022-06-01".parse().expect("a day"))
        .with_facilities(facilities)
        .with_lots(lots)
}

struct Person {
    id: String,
    name: String,
    dob: String,
    number: String,
    phone: String,
    female: bool,
}

impl Person {
    fn invent(n: u64) -> Self {
        const FAMILY: [&str; 6] = ["Nguyễn", "Trần", "Đặng", "Lê", "Hoàng", "NGUYEN"];
        const MIDDLE: [[&str; 3]; 2] = [["Văn", "Minh", "Đức"], ["Thị", "Ngọc", "Thu"]];
        const GIVEN: [&str; 7] = ["Hòa", "An", "Thúy", "Bình", "Lâm", "Huệ", "Khang"];
        let pick = |list: &[&'static str], by: u64| list[(n / by % list.len() as u64) as usize];
        let female = n.is_multiple_of(2);
        let (year, month, day) = (30 + n % 70, 1 + n / 7 % 12, 1 + n / 11 % 28);
        let mut number = format!("019{}{year:02}{n:06}", u8::from(female));
        match n % 40 {
            1 => number.clear(),
            2 => number.truncate(10),
            3 => number.replace_range(3..4, "9"),
            _ => number.truncate(12),
        }
        Self {
            id: format!("S{n}"),
            name: format!(
                "{} {} {}",
                pick(&FAMILY, 1),
                pick(&MIDDLE[usize::from(female)], 6),
                pick(&GIVEN, 18)
            ),
            dob: if n.is_multiple_of(13) {
                format!("01/01/19{year:02}")
            } else {
                format!("{day:02}/{month:02}/19{year:02}")
            },
            number,
            phone: format!("09{:08}", n * 7 % 100_000_000),
            female,
        }
    }

    fn row(&self) -> SubjectRow<'_> {
        SubjectRow {
            unique_id: Some(&self.id),
            full_name: Some(&self.name),
            dob: Some(&self.dob),
            sex: Some(if self.female { "Nữ" } else { "Nam" }),
            id_number: Some(&self.number)
                .filter(|text| !text.is_empty())
                .map(String::as_str),
            id_type: Some("CCCD"),
            nationality: Some("Việt Nam"),
            phone: Some(&self.phone),
            email: None,
            bhyt: None,
            guardian_name: None,
            guardian_id: None,
            hamlet: Some("Tổ 5"),
            commune: Some("05443"),
            district: Some("164"),
            province: Some("19"),
            address: None,
            facility_code: Some("TN01"),
            entered_at: Some("2021-08-05 10:00"),
        }
    }
}

struct Dose {
    person: usize,
    id: String,
    subject: String,
    number: String,
    injected: String,
    entered: String,
    product: usize,
}

/// Vaccine, manufacturer, lot.
const VACCINES: [[&str; 3]; 4] = [
    ["AstraZeneca", "AstraZeneca", "ABX1234"],
    ["Pfizer", "Pfizer", "FF8841"],
    ["Vero Cell", "Sinopharm", "202107B2715"],
    ["Moderna", "Moderna", "045C21A"],
];

impl Dose {
    fn invent(person: u64, dose: u64) -> Self {
        let (month, day) = (4 + dose * 3 + person % 2, 1 + person % 28);
        let date = format!("2021-{:02}-{day:02}", month.min(12));
        Self {
            person: person as usize,
            id: format!("D{person}-{dose}"),
            subject: format!("S{person}"),
            number: (dose + 1).to_string(),
            injected: format!("{date} {:02}:{:02}", 8 + person % 9, person % 60),
            entered: format!("{date} 17:30"),
            product: (person % 4) as usize,
        }
    }

    fn row(&self) -> DoseRow<'_> {
        let [vaccine, manufacturer, lot] = VACCINES[self.product];
        DoseRow {
            dose_id: Some(&self.id),
            subject_id: Some(&self.subject),
            dose_number: Some(&self.number),
            injected_at: Some(&self.injected),
            vaccine: Some(vaccine),
            manufacturer: Some(manufacturer),
            lot: Some(lot),
            expiry: Some("2022-01-31"),
            facility_code: Some("TN01"),
            vaccinator: Some("Lê Minh Khôi"),
            entered_at: Some(&self.entered),
            entered_by: Some("tn01.nhap"),
            status: Some("given"),
            source: Some("administered"),
        }
    }
}
