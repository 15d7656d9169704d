//! People whom nothing but care keeps apart: twins, parents and children, two holders of a number; and records of one person.

use linkage::{
    Linker, Model, Outcome, Records, RecordsBuilder, Silent, Spec, TrainOptions, Veto, dedupe,
};

/// `unique_id, full_name, dob, sex, id_number, phone, commune, district, province`.
type Row = [&'static str; 9];

fn records(spec: &Spec, rows: &[Row]) -> Records {
    let mut records = RecordsBuilder::new(spec);
    for row in rows {
        add(&mut records, row);
    }
    records.finish()
}

/// Adds a row; a blank cell is none.
fn add<T: AsRef<str>>(records: &mut RecordsBuilder, row: &[T; 9]) {
    let cells = row.iter().map(|cell| Some(cell.as_ref()));
    let cells: Vec<Option<&str>> = cells
        .map(|cell| cell.filter(|text| !text.is_empty()))
        .collect();
    records.push(&cells).expect("a row of the spec");
}

/// A register of ordinary people around the interesting ones, so that a model can be learned.
pub(crate) fn crowd(spec: &Spec, special: &[Row]) -> (Records, Records) {
    crowd_with(spec, &[], special)
}

/// The same with further records among the subjects, behind the others.
fn crowd_with(spec: &Spec, more: &[Row], special: &[Row]) -> (Records, Records) {
    let families = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi"];
    let middles = ["Văn", "Thị", "Đức", "Ngọc", "Hữu", "Minh"];
    let givens = [
        "An", "Bình", "Cường", "Dung", "Hà", "Hùng", "Lan", "Mai", "Nam", "Oanh", "Phúc", "Quân",
        "Sơn", "Tâm", "Uyên", "Việt",
    ];
    let mut register = RecordsBuilder::new(spec);
    let mut subjects = RecordsBuilder::new(spec);
    for n in 0..2_000_usize {
        let name = format!(
            "{} {} {}",
            families[n % 8],
            middles[n / 8 % 6],
            givens[n / 48 % 16]
        );
        let (year, month, day) = (1940 + n * 7 % 70, 1 + n * 5 % 12, 1 + n * 11 % 28);
        let sex = if n % 2 == 0 { "M" } else { "F" };
        let digit = n % 2 + if year >= 2000 { 2 } else { 0 };
        let number = format!("019{digit}{:02}{:06}", year % 100, n * 137 % 1_000_000);
        let phone = format!("09{:08}", n * 7919);
        let commune = ["05443", "05458", "05563", "05686"][n % 4];
        let row = |id: String, dob: String| {
            [
                id,
                name.clone(),
                dob,
                sex.to_owned(),
                number.clone(),
                phone.clone(),
                commune.to_owned(),
                String::new(),
                "19".to_owned(),
            ]
        };
        add(
            &mut register,
            &row(format!("B{n}"), format!("{year}-{month:02}-{day:02}")),
        );
        let (m, d) = if n % 10 == 0 && day <= 12 {
            (day, month)
        } else {
            (month, day)
        };
        add(
            &mut subjects,
            &row(format!("A{n}"), format!("{year}-{m:02}-{d:02}")),
        );
    }
    for row in special {
        add(&mut register, row);
    }
    for row in more {
        add(&mut subjects, row);
    }
    (subjects.finish(), register.finish())
}

/// What becomes of one record among the special entries: outcome, and id and veto of the best.
fn link_one(special: &[Row], record: Row) -> (Outcome, Option<String>, Option<Veto>) {
    let spec = Spec::builtin("vietnam").expect("built in");
    let (subjects, register) = crowd(&spec, special);
    let model =
        Model::train(&spec, &subjects, &register, &TrainOptions::default()).expect("a model");
    let one = records(&spec, &[record]);
    let linker = Linker::new(&spec, &one, &register);
    let links = linker
        .link(&model, &linker.candidates(&Silent), &Silent)
        .expect("links");
    let best = links.best(0);
    (
        links.outcome(0),
        best.and_then(|best| register.id(best.b_row))
            .map(str::to_owned),
        best.and_then(|best| best.veto),
    )
}

#[test]
fn a_record_with_one_slip_finds_its_person() {
    let person = [
        "P",
        "Đinh Thị Quỳnh Nga",
        "1987-03-09",
        "F",
        "019187004321",
        "0912000111",
        "05443",
        "",
        "19",
    ];
    let record = [
        "R",
        "Dinh Thi Quynh Nga",
        "1987-09-03",
        "F",
        "019187004321",
        "",
        "05443",
        "",
        "19",
    ];
    assert_eq!(
        link_one(&[person], record),
        (Outcome::Linked, Some("P".to_owned()), None)
    );
}

#[test]
fn a_twin_is_not_taken_for_the_other() {
    let twin = [
        "T",
        "Đinh Quỳnh Nga",
        "2010-03-09",
        "F",
        "019310004321",
        "0912000111",
        "05443",
        "",
        "19",
    ];
    let record = [
        "R",
        "Đinh Quỳnh Nhi",
        "2010-03-09",
        "F",
        "",
        "0912000111",
        "05443",
        "",
        "19",
    ];
    let (outcome, _, veto) = link_one(&[twin], record);
    assert_ne!(outcome, Outcome::Linked);
    assert_eq!(veto, Some(Veto::Twins));
}

#[test]
fn a_child_is_not_taken_for_the_parent_of_the_same_name() {
    let parent = [
        "P",
        "Đinh Bá Khoát",
        "1970-03-09",
        "M",
        "019070004321",
        "0912000111",
        "05443",
        "",
        "19",
    ];
    let record = [
        "R",
        "Đinh Bá Khoát",
        "1998-03-09",
        "M",
        "",
        "0912000111",
        "05443",
        "",
        "19",
    ];
    let (outcome, best, veto) = link_one(&[parent], record);
    assert_ne!(outcome, Outcome::Linked);
    assert!(
        best.is_none() || veto == Some(Veto::ParentChild),
        "{best:?} {veto:?}"
    );
}

#[test]
fn a_record_that_owns_its_number_is_linked_to_nobody_else() {
    let owner = [
        "O",
        "Đinh Bá Khoát",
        "1970-03-09",
        "M",
        "019070004321",
        "",
        "05443",
        "",
        "19",
    ];
    let double = [
        "D",
        "Đinh Bá Khoát",
        "1970-03-09",
        "M",
        "019070009999",
        "0912000111",
        "05458",
        "",
        "19",
    ];
    let record = [
        "R",
        "Đinh Bá Khoát",
        "1970-03-09",
        "M",
        "019070004321",
        "0912000111",
        "05458",
        "",
        "19",
    ];
    let (outcome, best, veto) = link_one(&[owner, double], record);
    assert_eq!(
        (outcome, best.as_deref(), veto),
        (Outcome::Linked, Some("O"), None)
    );
}

#[test]
fn two_equal_entries_are_a_tie_for_a_person_to_decide() {
    let one = [
        "O",
        "Đinh Bá Khoát",
        "1970-03-09",
        "M",
        "",
        "",
        "05443",
        "",
        "19",
    ];
    let other = [
        "P",
        "Đinh Bá Khoát",
        "1970-03-09",
        "M",
        "",
        "",
        "05443",
        "",
        "19",
    ];
    let record = [
        "R",
        "Đinh Bá Khoát",
        "1970-03-09",
        "M",
        "",
        "",
        "05443",
        "",
        "19",
    ];
    assert_eq!(link_one(&[one, other], record).0, Outcome::Review);
}

#[test]
fn records_of_one_person_share_a_cluster_and_twins_do_not() {
    let spec = Spec::builtin("vietnam").expect("built in");
    let special = [
        [
            "S1",
            "Đinh Quỳnh Nga",
            "2010-03-09",
            "F",
            "019310004321",
            "0912000111",
            "05443",
            "",
            "19",
        ],
        [
            "S2",
            "Dinh Quynh Nga",
            "2010-03-09",
            "F",
            "",
            "0912000111",
            "05443",
            "",
            "19",
        ],
        [
            "S3",
            "Đinh Quỳnh Nhi",
            "2010-03-09",
            "F",
            "",
            "0912000111",
            "05443",
            "",
            "19",
        ],
    ];
    let (_, crowd) = crowd(&spec, &special);
    let clusters =
        dedupe(&spec, &crowd, &linkage::DedupeOptions::default(), &Silent).expect("clusters");
    let of = |id: &str| clusters.of[crowd.row_of(id).expect("a row") as usize];
    assert_eq!(of("S1"), of("S2"));
    assert_ne!(of("S1"), of("S3"));
    let rows = [crowd.row_of("S2").expect("a row")];
    let some = linkage::DedupeOptions {
        rows: Some(&rows),
        ..linkage::DedupeOptions::default()
    };
    let around = dedupe(&spec, &crowd, &some, &Silent).expect("clusters");
    let joined = around
        .of
        .iter()
        .filter(|cluster| **cluster == around.of[rows[0] as usize])
        .count();
    assert_eq!(joined, 2);
}

#[test]
fn records_that_claim_one_entry_settle_it_between_them() {
    // Both lack the number; one agrees on everything else, the other only on name and year. Alone, the second would be linked as well.
    let entry = [
        "P",
        "Đinh Bá Khoát",
        "1970-03-09",
        "M",
        "",
        "0912000111",
        "05443",
        "",
        "19",
    ];
    let owner = [
        "R1",
        "Đinh Bá Khoát",
        "1970-03-09",
        "M",
        "",
        "0912000111",
        "05443",
        "",
        "19",
    ];
    let other = [
        "R2",
        "Đinh Bá Khoát",
        "1970-07-21",
        "M",
        "",
        "",
        "05443",
        "",
        "19",
    ];
    let spec = Spec::builtin("vietnam").expect("built in");
    let (subjects, register) = crowd(&spec, &[entry]);
    let model =
        Model::train(&spec, &subjects, &register, &TrainOptions::default()).expect("a model");
    let probability = |rows: &[Row]| -> Vec<f64> {
        let (all, _) = crowd_with(&spec, rows, &[]);
        let linker = Linker::new(&spec, &all, &register);
        let links = linker
            .link(&model, &linker.candidates(&Silent), &Silent)
            .expect("links");
        let first = (all.len() - rows.len()) as u32;
        (first..all.len() as u32)
            .map(|row| links.best(row).map_or(0.0, |best| best.probability))
            .collect()
    };
    let alone = probability(&[other])[0];
    let together = probability(&[owner, other]);
    assert!(alone > 0.9 && together[0] > 0.99, "{alone} {together:?}");
    // One double claim among two thousand records: second records of one person are rare, but they exist.
    assert!(
        1.0 - together[1] > 100.0 * (1.0 - alone),
        "{alone} {together:?}"
    );
    let turned = probability(&[other, owner]);
    assert_eq!(
        (turned[1].to_bits(), turned[0].to_bits()),
        (together[0].to_bits(), together[1].to_bits())
    );
}

#[test]
fn an_explanation_says_who_else_it_could_be_and_which_field_decides() {
    let born = |id, date| {
        [
            id,
            "Đinh Bá Khoát",
            date,
            "M",
            "",
            "0912000111",
            "05443",
            "",
            "19",
        ]
    };
    let spec = Spec::builtin("vietnam").expect("built in");
    let (subjects, register) = crowd(&spec, &[born("O", "1970-03-09"), born("P", "1970-07-21")]);
    let model =
        Model::train(&spec, &subjects, &register, &TrainOptions::default()).expect("a model");
    let one = records(&spec, &[born("R", "1970-03-09")]);
    let linker = Linker::new(&spec, &one, &register);
    let explained = |id: &str| {
        let row = register.row_of(id).expect("a row");
        let told = linker.explain(&model, 0, row).expect("its model");
        told.expect("a pair")
    };
    let told = explained("O");
    let rival = told.rival.as_ref().expect("a runner-up");
    assert_eq!(rival.b_id, "P");
    assert!(rival.lead_bits > 1.0, "{rival:?}");
    let decides: Vec<&str> = rival
        .fields
        .iter()
        .filter(|field| field.bits > 1.0)
        .map(|field| field.field.as_str())
        .collect();
    assert_eq!(decides, ["dob"]);
    let (vi, en) = (&rival.reason_vi, &rival.reason_en);
    assert!(vi.contains("P: kém") && vi.contains("(ngày sinh +"), "{vi}");
    assert!(
        en.contains("P: behind by") && en.contains("(birth date +"),
        "{en}"
    );
    assert!(told.text().contains("runner-up P"), "{}", told.text());
    let other = explained("P").rival.expect("a rival");
    assert!(
        other.reason_en.contains("O: ahead by"),
        "{}",
        other.reason_en
    );
}
