//! The linkage commands: proposed specs, reports, explanations, clusters, and what they say to bad input.

use std::collections::BTreeMap;
use std::fs;

use crate::tool::{Country, Run, minhchung};

/// Runs a command; words with a dot are paths in the country's folder.
fn run(country: &Country, words: &[&str]) -> Run {
    let in_country = |word: &&str| {
        if word.contains('.') {
            country.path(word).display().to_string()
        } else {
            (*word).to_owned()
        }
    };
    minhchung(&words.iter().map(in_country).collect::<Vec<_>>())
}

/// F1 at 0.5 of links of the country.
fn f1(country: &Country, links: &str) -> f64 {
    let (links, truth) = (country.path(links), country.data("truth", "csv"));
    let words = [
        "evaluate".as_ref(),
        "--json".as_ref(),
        "--links".as_ref(),
        links.as_os_str(),
        "--truth".as_ref(),
        truth.as_os_str(),
    ];
    let run = minhchung(&words);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let scores: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    scores["cutoffs"]["0.5"]["f1"].as_f64().expect("F1")
}

#[test]
fn a_proposed_spec_links_like_the_built_in_one_under_whatever_headings() {
    let country = Country::new(2000, "csv");
    let text = fs::read_to_string(country.data("subjects", "csv")).expect("subjects");
    let (headings, rows) = text.split_once('\n').expect("headings");
    let vietnamese = headings
        .replace("unique_id", "Mã đối tượng")
        .replace("full_name", "Họ và tên")
        .replace("dob", "Ngày sinh")
        .replace("sex", "Giới tính")
        .replace("id_number", "Số CCCD");
    fs::write(country.path("theirs.csv"), format!("{vietnamese}\n{rows}")).expect("a file");
    let link = |spec: &[&str], records: &str, links: &str| {
        let words = [
            "link",
            "--records",
            records,
            "--register",
            "data/register.csv",
            "--out",
            links,
        ];
        let run = run(&country, &[&words[..], spec].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        f1(&country, links)
    };
    let built_in = link(&[], "data/subjects.csv", "links.csv");
    let auto: &[&str] = &["--spec", "auto", "--spec-out", "auto.toml"];
    let proposed = link(auto, "data/subjects.csv", "auto.csv");
    assert!(proposed > built_in - 0.003, "{built_in} {proposed}");
    // The proposal is a spec file like any other.
    let again = link(&["--spec", "auto.toml"], "data/subjects.csv", "again.csv");
    assert_eq!(again.to_bits(), proposed.to_bits());
    // Headings that differ from file to file are recognised.
    let theirs = link(&["--spec", "auto"], "theirs.csv", "theirs_links.csv");
    assert!(theirs > built_in - 0.003, "{built_in} {theirs}");
}

#[test]
fn no_spec_is_proposed_for_files_that_tell_nobody_apart() {
    let country = Country::new(200, "csv");
    fs::write(country.path("colours.csv"), "id,colour\n1,red\n2,blue\n").expect("a file");
    let words = [
        "dedupe",
        "--spec",
        "auto",
        "--records",
        "colours.csv",
        "--out",
        "out.csv",
    ];
    let run = run(&country, &words);
    assert_eq!(run.code, 2, "{}", run.stderr);
    for words in ["tells people apart", "colour", "left out", "hint:"] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    assert!(!country.path("out.csv").exists());
}

#[test]
fn a_model_is_drawn_on_a_page_that_stands_alone() {
    let country = Country::new(1500, "csv");
    let files = [
        "link",
        "--records",
        "data/subjects.csv",
        "--register",
        "data/register.csv",
    ];
    let made = run(
        &country,
        &[
            &files[..],
            &["--out", "links.csv", "--model-out", "model.json"],
        ]
        .concat(),
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
    let report = |more: &[&str]| {
        let words = [
            &["model", "report", "model.json", "--out", "report.html"],
            more,
        ]
        .concat();
        let run = run(&country, &words);
        assert_eq!(run.code, 0, "{}", run.stderr);
        fs::read_to_string(country.path("report.html")).expect("a page")
    };
    let (bare, linked) = (report(&[]), report(&["--links", "links.csv"]));
    let judged = report(&["--links", "links.csv", "--truth", "data/truth.csv"]);
    let has = |page: &str| {
        [
            "Mỗi mức khớp",
            "Evidence of the best",
            "Chọn ngưỡng nào",
            "precision",
            "keep their promises",
        ]
        .map(|words| page.contains(words))
    };
    assert_eq!(has(&bare), [true, false, false, false, false]);
    assert_eq!(has(&linked), [true, true, true, false, false]);
    assert_eq!(has(&judged), [true; 5]);
    assert!(judged.contains("họ và tên") && judged.contains("full name"));
    for page in [&bare, &linked, &judged] {
        for words in ["<script", "<link", "@import", "url(http", "NaN", "inf\""] {
            assert!(!page.contains(words), "{words}");
        }
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    }
    assert_eq!(
        report(&["--links", "links.csv", "--truth", "data/truth.csv"]),
        judged
    );
}

#[test]
fn an_explanation_names_the_runner_up_in_text_and_json() {
    let country = Country::new(1500, "csv");
    // The same person under a second id: nothing tells the two entries apart.
    let register = fs::read_to_string(country.data("register", "csv")).expect("a register");
    let entry = register.lines().nth(1).expect("an entry");
    let (id, rest) = entry.split_once(',').expect("columns");
    fs::write(
        country.path("register.csv"),
        format!("{register}TWICE,{rest}\n"),
    )
    .expect("a file");
    fs::write(
        country.path("one.csv"),
        format!("{}\n{entry}\n", register.lines().next().expect("headings")),
    )
    .expect("a file");
    let pair = format!("{id},TWICE");
    let explain = |more: &[&str]| {
        let files = [
            "explain",
            "--quiet",
            "--records",
            "one.csv",
            "--register",
            "register.csv",
            "--pair",
            &pair,
        ];
        let run = run(&country, &[&files[..], more].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout
    };
    let text = explain(&[]);
    for words in [
        format!("runner-up {id}"),
        format!("là {id}: phù hợp như nhau"),
        "fits as well".to_owned(),
    ] {
        assert!(text.contains(&words), "{words}: {text}");
    }
    let told: serde_json::Value = serde_json::from_str(&explain(&["--json"])).expect("JSON");
    assert_eq!(told["rival"]["b_id"], id);
    assert!(
        told["rules"]
            .as_array()
            .is_some_and(|rules| !rules.is_empty())
    );
}

/// Person of each record.
fn persons(country: &Country, file: &str) -> BTreeMap<String, String> {
    let table = fs::read_to_string(country.path(file)).expect("persons");
    let rows = table.lines().skip(1).map(|line| {
        let mut cells = line.split(',').map(str::to_owned);
        cells.next().zip(cells.next()).expect("id and person")
    });
    rows.collect()
}

#[test]
fn a_merge_is_undone_by_hand_and_nobody_else_changes() {
    let country = Country::new(1500, "csv");
    let dedupe = |more: &[&str]| {
        let words = ["dedupe", "--quiet", "--records", "data/subjects.csv"];
        let run = run(&country, &[&words[..], more].concat());
        (run.code, run.stderr)
    };
    let done = (0, String::new());
    assert_eq!(dedupe(&["--out", "before.csv"]), done);
    let before = persons(&country, "before.csv");
    let (double, person) = before
        .iter()
        .find(|(id, person)| id != person)
        .expect("a double");
    let (other, _) = before
        .iter()
        .find(|(id, person)| id == person && **id != *double && *person != double)
        .expect("somebody else");
    let pair = |name: &str, one: &str, other: &str| {
        fs::write(country.path(name), format!("id,other_id\n{one},{other}\n")).expect("a file");
    };
    pair("apart.csv", double, person);
    assert_eq!(
        dedupe(&["--out", "after.csv", "--apart", "apart.csv"]),
        done
    );
    let after = persons(&country, "after.csv");
    let cluster: Vec<&String> = before
        .iter()
        .filter(|(_, of)| *of == person)
        .map(|(id, _)| id)
        .collect();
    assert_ne!(after[double], after[person]);
    for (id, of) in &before {
        if cluster.contains(&id) {
            assert!(cluster.contains(&&after[id]), "{id} left to strangers");
        } else {
            assert_eq!(of, &after[id]);
        }
    }
    // The same statement the other way round, and once more: nothing else happens.
    pair("apart.csv", person, double);
    assert_eq!(
        dedupe(&["--out", "again.csv", "--apart", "apart.csv"]),
        done
    );
    assert_eq!(persons(&country, "again.csv"), after);

    pair("together.csv", double, other);
    let both = [
        "--out",
        "joined.csv",
        "--apart",
        "apart.csv",
        "--together",
        "together.csv",
    ];
    assert_eq!(dedupe(&both), done);
    let joined = persons(&country, "joined.csv");
    assert_eq!(joined[double], joined[other]);
    assert_ne!(joined[double], joined[person]);
}

#[test]
fn statements_that_cannot_be_followed_are_refused() {
    let country = Country::new(300, "csv");
    fs::write(
        country.path("same.csv"),
        "id,other_id\nA000000000,A000000001\n",
    )
    .expect("a file");
    fs::write(country.path("nobody.csv"), "id,other_id\nA000000000,X\n").expect("a file");
    fs::write(
        country.path("itself.csv"),
        "id,other_id\nA000000001,A000000001\n",
    )
    .expect("a file");
    fs::write(country.path("columns.csv"), "a,b\nA000000001,A000000001\n").expect("a file");
    let cases: [(&[&str], &[&str]); 4] = [
        (
            &["--apart", "same.csv", "--together", "same.csv"],
            &["A000000000", "declared different", "hint:"],
        ),
        (
            &["--apart", "nobody.csv"],
            &["nobody.csv, record 1", "no id 'X'"],
        ),
        (
            &["--together", "itself.csv"],
            &["itself.csv, record 1", "the same record twice"],
        ),
        (
            &["--apart", "columns.csv"],
            &["columns.csv", "no column 'id'"],
        ),
    ];
    for (more, says) in cases {
        let words = [
            "dedupe",
            "--quiet",
            "--records",
            "data/subjects.csv",
            "--out",
            "out.csv",
        ];
        let run = run(&country, &[&words[..], more].concat());
        assert_eq!(run.code, 2, "{}", run.stderr);
        for words in says {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
        assert!(!country.path("out.csv").exists());
    }
}

/// The subjects with each cell changed by its column; nine columns of the spec `vietnam`.
fn changed(country: &Country, name: &str, change: impl Fn(&str, &str) -> String) {
    let text = fs::read_to_string(country.data("subjects", "csv")).expect("subjects");
    let mut lines = text.lines();
    let headings: Vec<&str> = lines.next().expect("headings").split(',').collect();
    let mut table = headings.join(",");
    for line in lines.filter(|line| !line.contains('"')) {
        let cells = headings.iter().zip(line.split(','));
        let cells: Vec<String> = cells.map(|(heading, cell)| change(heading, cell)).collect();
        table.push('\n');
        table.push_str(&cells.join(","));
    }
    fs::write(country.path(name), table).expect("a file");
}

#[test]
fn columns_that_cannot_help_are_named_and_records_that_nothing_tells_apart_refused() {
    let country = Country::new(400, "csv");
    let only = |kept: &'static str| {
        move |heading: &str, cell: &str| match heading {
            "unique_id" => cell.to_owned(),
            _ if heading == kept => "Nguyễn Văn An".to_owned(),
            _ => String::new(),
        }
    };
    changed(&country, "nulls.csv", only(""));
    changed(&country, "equals.csv", only("full_name"));
    changed(&country, "one.csv", |heading, cell| match heading {
        "sex" => "M".to_owned(),
        "phone" => String::new(),
        _ => cell.to_owned(),
    });
    changed(&country, "less.csv", |heading, cell| {
        if cell == "phone" || heading == "phone" {
            String::new()
        } else {
            cell.to_owned()
        }
    });
    let no_phone = fs::read_to_string(country.path("less.csv")).expect("a file");
    fs::write(
        country.path("less.csv"),
        no_phone.replacen(",phone,", ",colour,", 1),
    )
    .expect("a file");
    let link = |records: &str| {
        let words = [
            "link",
            "--quiet",
            "--records",
            records,
            "--register",
            "data/register.csv",
            "--out",
            "links.csv",
        ];
        run(&country, &words)
    };
    let dedupe = |records: &str| {
        run(
            &country,
            &[
                "dedupe",
                "--quiet",
                "--records",
                records,
                "--out",
                "links.csv",
            ],
        )
    };
    for run in [
        link("nulls.csv"),
        link("equals.csv"),
        dedupe("nulls.csv"),
        dedupe("equals.csv"),
    ] {
        assert_eq!(run.code, 2, "{}", run.stderr);
        for words in ["nothing tells its", "hint:"] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
        assert!(!country.path("links.csv").exists());
    }
    for (run, says) in [
        (
            link("one.csv"),
            [
                "'sex' has the same value in all rows",
                "'phone' holds no value",
            ],
        ),
        (
            dedupe("one.csv"),
            [
                "'sex' has the same value in all rows",
                "'phone' holds no value",
            ],
        ),
        (
            link("less.csv"),
            [
                "no column 'phone', which the spec names",
                "'phone' holds no value",
            ],
        ),
    ] {
        assert_eq!(run.code, 0, "{}", run.stderr);
        for words in says {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
}

#[test]
fn a_model_of_another_spec_a_double_id_and_a_missing_name_are_refused() {
    let country = Country::new(400, "csv");
    let text = fs::read_to_string(country.data("subjects", "csv")).expect("subjects");
    let first = text.lines().nth(1).expect("a record");
    fs::write(country.path("twice.csv"), format!("{text}{first}\n")).expect("a file");
    let link = |more: &[&str]| {
        let words = [
            "link",
            "--quiet",
            "--register",
            "data/register.csv",
            "--out",
            "links.csv",
        ];
        run(&country, &[&words[..], more].concat())
    };
    let made = link(&[
        "--records",
        "data/subjects.csv",
        "--model-out",
        "model.json",
    ]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let model = [
        "--records",
        "data/subjects.csv",
        "--spec",
        "auto",
        "--model",
        "model.json",
    ];
    let cases: [(&[&str], &[&str]); 3] = [
        (
            &model,
            &["belongs to spec \"vietnam-1-", "auto-1-", "train it again"],
        ),
        (
            &["--records", "twice.csv"],
            &["twice.csv", "A000000000", "record 1 already", "hint:"],
        ),
        (
            &["--records", "data/subjects.csv", "--spec", "who_person"],
            &["needs a column 'family_name'", "full_name"],
        ),
    ];
    for (more, says) in cases {
        let run = link(more);
        assert_eq!(run.code, 2, "{}", run.stderr);
        for words in says {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
}
