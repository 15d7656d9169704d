//! Proposed specs: what they make of headings and values, and how near they come to specs written by hand.

use linkage::auto::{AutoError, Proposal, SampleColumn, propose};
use linkage::{DedupeOptions, Linker, Silent, Spec, TrainOptions, dedupe};

use crate::files::{cells, febrl_person, load, pair_f1};
use crate::published::scores;

fn proposal(name: &str) -> Proposal {
    let (headings, rows) = cells(name);
    let column = |(place, heading): (usize, &String)| SampleColumn {
        heading: heading.clone(),
        values: rows.iter().map(|row| row[place].clone()).collect(),
    };
    propose(&headings.iter().enumerate().map(column).collect::<Vec<_>>()).expect("a spec")
}

fn sample(columns: &[(&str, &[&str])]) -> Vec<SampleColumn> {
    let text = |value: &&str| (!value.is_empty()).then(|| (*value).to_owned());
    columns
        .iter()
        .map(|(heading, values)| SampleColumn {
            heading: (*heading).to_owned(),
            values: values.iter().map(text).collect(),
        })
        .collect()
}

/// F1 at 0.5 on FEBRL 4.
fn febrl_4(spec: &Spec) -> f64 {
    let (a, b) = (
        load(spec, "febrl/dataset4a.csv"),
        load(spec, "febrl/dataset4b.csv"),
    );
    let linker = Linker::new(spec, &a, &b);
    let candidates = linker.candidates(&Silent);
    let model = linker
        .train(&candidates, &TrainOptions::default())
        .expect("a model");
    let links = linker.link(&model, &candidates, &Silent).expect("links");
    scores(&links, &a, &b).cutoffs["0.5"].f1.expect("links")
}

/// F1 over pairs within one file.
fn within(spec: &Spec, name: &str, person: impl Fn(&str) -> String) -> f64 {
    let records = load(spec, name);
    let clusters = dedupe(spec, &records, &DedupeOptions::default(), &Silent).expect("clusters");
    pair_f1(&records, &clusters.of, person)
}

fn fake_1000_person(id: &str) -> String {
    let (headings, rows) = cells("splink/fake_1000.csv");
    let place = headings.iter().position(|heading| heading == "cluster");
    let row: usize = id.parse().expect("a running number");
    place
        .and_then(|place| rows[row][place].clone())
        .expect("the person of the record")
}

#[test]
fn a_proposed_spec_comes_near_the_one_written_by_hand() {
    let builtin = |name: &str| Spec::builtin(name).expect("built in");
    let four = proposal("febrl/dataset4a.csv").spec;
    let three = proposal("febrl/dataset3.csv").spec;
    let fake = proposal("splink/fake_1000.csv").spec;
    let cases = [
        ("FEBRL 4", febrl_4(&builtin("febrl4")), febrl_4(&four)),
        (
            "FEBRL 3",
            within(&builtin("febrl3"), "febrl/dataset3.csv", febrl_person),
            within(&three, "febrl/dataset3.csv", febrl_person),
        ),
        (
            "fake_1000",
            within(
                &builtin("fake_1000"),
                "splink/fake_1000.csv",
                fake_1000_person,
            ),
            within(&fake, "splink/fake_1000.csv", fake_1000_person),
        ),
    ];
    for (set, by_hand, proposed) in cases {
        assert!(
            proposed > by_hand - 0.005,
            "{set}: by hand {by_hand:.4}, proposed {proposed:.4}"
        );
    }
}

#[test]
fn headings_of_several_languages_are_known() {
    let names: &[&str] = &["Nguyễn Văn An", "Trần Thị Bé", "Lê Văn Cư"];
    let dates: &[&str] = &["03/05/1984", "12/10/1990", "1975"];
    for (id, name, birth, sex) in [
        ("Mã đối tượng", "Họ và tên", "Ngày sinh", "Giới tính"),
        ("unique_id", "Full Name", "Date of Birth", "Gender"),
        ("ID", "nom complet", "date de naissance", "sexe"),
    ] {
        let columns = sample(&[
            (id, &["1", "2", "3"]),
            (name, names),
            (birth, dates),
            (sex, &["Nam", "Nữ", "Nam"]),
        ]);
        let proposal = propose(&columns).expect("a spec");
        let taken: Vec<_> = proposal.columns.iter().map(|c| c.taken_for).collect();
        assert_eq!(
            taken,
            [
                Some("id of the record"),
                Some("name"),
                Some("birth date"),
                Some("sex")
            ]
        );
    }
}

#[test]
fn columns_without_a_known_heading_are_known_by_their_values() {
    let columns = sample(&[
        ("c1", &["x1", "x2", "x3", "x4"]),
        (
            "c2",
            &["Nguyễn Văn An", "Trần Thị Bé", "Lê Văn Cư", "Vũ Đức Dũng"],
        ),
        (
            "c3",
            &["1984-05-03", "1990-10-12", "1950-01-31", "2015-02-28"],
        ),
        ("c4", &["nam", "nữ", "nam", "nam"]),
        ("c5", &["0912345678", "0987654321", "", "0912000111"]),
        (
            "c6",
            &[
                "019084004321",
                "019190001234",
                "019050009876",
                "019215000011",
            ],
        ),
        (
            "c7",
            &["an@example.org", "", "cu@example.org", "dung@example.org"],
        ),
        ("c8", &["red", "blue", "red", "red"]),
        (
            "c9",
            &["2021-07-01", "2021-07-02", "2021-07-02", "2021-07-05"],
        ),
    ]);
    let proposal = propose(&columns).expect("a spec");
    let taken: Vec<_> = proposal.columns.iter().map(|c| c.taken_for).collect();
    assert_eq!(
        taken,
        [
            Some("id of the record"),
            Some("name"),
            Some("birth date"),
            Some("sex"),
            Some("telephone"),
            Some("personal number"),
            Some("e-mail"),
            None,
            None
        ]
    );
}

#[test]
fn a_heading_that_its_values_belie_is_not_believed() {
    let columns = sample(&[
        ("id", &["1", "2", "3"]),
        ("name", &["Ana Silva", "Rui Costa", "Eva Dias"]),
        ("dob", &["yes", "no", "yes"]),
        ("postcode", &["4011", "4012", "4011"]),
    ]);
    let proposal = propose(&columns).expect("a spec");
    assert_eq!(proposal.columns[2].taken_for, None);
}

#[test]
fn a_file_that_tells_nobody_apart_is_refused_with_what_was_found() {
    let names: &[&str] = &["Ana Silva", "Rui Costa", "Eva Dias"];
    let cases: [&[(&str, &[&str])]; 3] = [
        &[
            ("id", &["1", "2", "3"]),
            ("colour", &["red", "red", "blue"]),
        ],
        &[("id", &["1", "2", "3"]), ("name", names)],
        &[
            ("id", &["1", "2", "3"]),
            ("sex", &["M", "F", "F"]),
            ("dob", &["", "", ""]),
        ],
    ];
    for columns in cases {
        let refused = propose(&sample(columns)).expect_err("nothing to go by");
        assert!(
            matches!(refused, AutoError::NothingIdentifying { .. }),
            "{refused}"
        );
        let text = refused.to_string();
        for (heading, _) in columns {
            assert!(text.contains(heading), "{text}");
        }
    }
    let twice = sample(&[("id", &["1", "1", "3"]), ("name", names)]);
    assert!(matches!(propose(&twice), Err(AutoError::NoId { .. })));
}
