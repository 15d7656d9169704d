//! Certificates at the command line: issued for a country, checked from every form, renewed and revoked; and every bad code by its name.

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use passport::base45;
use render::{Level, Mask, Qr};
use serde_json::Value;
use signing::authority::{Request, Subject, Validity, create_authority, issue_signer};
use signing::software::KeyKind;
use signing::{Certificate, Purpose, SoftwareKey};

use crate::tool::{Country, Run, minhchung};

/// A ministry with an authority and a signer, in a folder.
struct Ministry {
    folder: tempfile::TempDir,
}

const PASSPHRASE: &str = "an invented passphrase";

impl Ministry {
    fn new() -> Self {
        let ministry = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        ministry.write("secret", PASSPHRASE);
        let authority_key = SoftwareKey::generate(KeyKind::P256).expect("a key");
        let validity = Validity {
            not_before: "2020-01-01T00:00:00Z".parse().expect("a moment"),
            not_after: "2040-01-01T00:00:00Z".parse().expect("a moment"),
        };
        let authority = create_authority(&authority_key, &subject("CSCA"), validity);
        let authority = authority.expect("an authority");
        ministry.write("csca.pem", authority.to_pem());
        for name in ["signer", "lists", "stranger"] {
            let key = SoftwareKey::generate(KeyKind::P256).expect("a key");
            let closed = key.to_encrypted_pem(PASSPHRASE.as_bytes()).expect("a file");
            ministry.write(&format!("{name}.p8"), &closed);
            let request = Request::create(&key, &subject(name)).expect("a request");
            let purposes = [Purpose::Vaccination];
            let signer = issue_signer(&authority_key, &authority, &request, &purposes, validity);
            ministry.write(&format!("{name}.pem"), signer.expect("a signer").to_pem());
        }
        ministry
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("a file");
        path
    }

    /// Runs `passport` with words; a word that begins with @ is a file in the folder.
    fn passport(&self, words: &[&str]) -> Run {
        self.run("passport", words)
    }

    fn run(&self, command: &str, words: &[&str]) -> Run {
        let mut all = vec![command.to_owned()];
        all.extend(words.iter().map(|word| match word.strip_prefix('@') {
            Some(name) => self.path(name),
            None => (*word).to_owned(),
        }));
        minhchung(&all)
    }

    /// Runs a command that signs, with the signer's key.
    fn signing(&self, words: &[&str]) -> Run {
        let mut all = words.to_vec();
        all.extend([
            "--key",
            "@signer.p8",
            "--passphrase-file",
            "@secret",
            "--cert",
            "@signer.pem",
        ]);
        self.passport(&all)
    }

    /// The code of one invented person.
    fn code(&self) -> String {
        self.write("person.json", PERSON);
        let run = self.signing(&["issue", "--json-file", "@person.json"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout.strip_suffix('\n').expect("one line").to_owned()
    }

    /// Verifies with these words behind, in English and JSON.
    fn verify(&self, words: &[&str]) -> (i32, Value) {
        let mut all = vec!["verify", "--json", "--lang", "en"];
        all.extend(words);
        let run = self.passport(&all);
        let told = serde_json::from_str(&run.stdout);
        (
            run.code,
            told.unwrap_or_else(|_| panic!("{} {}", run.stdout, run.stderr)),
        )
    }
}

const PERSON: &str = r#"{"name": "Đặng Thị Hoa", "dob": "1975-03-12", "vaccine": "Pfizer", "date": "2021-10-01", "doses": [2, 2], "nationality": "VN"}"#;

fn subject(name: &str) -> Subject {
    Subject {
        country: "VN".into(),
        organisation: "Invented".into(),
        common_name: name.into(),
    }
}

/// Runs `passport verify -` with these bytes on stdin.
fn verify_stdin(signer: &str, bytes: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_minhchung"))
        .args([
            "passport", "verify", "-", "--json", "--lang", "en", "--signer", signer,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("stdin");
    stdin.write_all(bytes).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Rows of a table as texts.
pub(crate) fn table(path: &Path) -> Vec<Vec<String>> {
    use arrow_array::{Array as _, StringArray};
    let all = intake::read_all(path, intake::Wanted::AsInFile, &intake::Options::default());
    let mut rows = Vec::new();
    for batch in all.expect("a table").batches {
        let columns: Vec<&StringArray> = ["subject_id", "ci", "code"]
            .iter()
            .filter_map(|name| batch.column_by_name(name)?.as_any().downcast_ref())
            .collect();
        assert_eq!(columns.len(), 3);
        rows.extend((0..batch.num_rows()).map(|row| {
            columns
                .iter()
                .map(|column| column.value(row).to_owned())
                .collect()
        }));
        assert!(columns.iter().all(|column| column.null_count() == 0));
    }
    rows
}

fn json(run: &Run) -> Value {
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).expect("one JSON object")
}

fn first_file(folder: &str) -> PathBuf {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    names.into_iter().next().expect("a file")
}

#[test]
fn a_country_is_issued_verified_revoked_and_renewed() {
    let country = Country::new(1500, "parquet");
    assert_eq!(country.clean("cleaned", "parquet", &[]).code, 0);
    let ministry = Ministry::new();
    let (subjects, doses, cleaned) = (
        country.data("subjects", "parquet").display().to_string(),
        country.data("doses", "parquet").display().to_string(),
        country.path("cleaned").display().to_string(),
    );
    let mut issue = vec![
        "issue",
        "--subjects",
        &subjects,
        "--doses",
        &doses,
        "--outcomes",
        &cleaned,
    ];
    issue.extend(["--out", "@issued", "--png", "--json", "--quiet"]);
    let told = json(&ministry.signing(&issue));
    let issued = number(&told, "issued");
    assert!(issued > 500, "{told}");
    assert_eq!(number(&told, "read"), issued + number(&told, "refused"));
    let reasons = told["reasons"].as_object().expect("reasons");
    let counted: u64 = reasons.values().filter_map(Value::as_u64).sum();
    assert_eq!(counted, number(&told, "refused"));
    for reason in ["not_verified", "incomplete", "vaccine"] {
        assert!(reasons.contains_key(reason), "{told}");
    }
    let refusals = fs::read_to_string(ministry.path("issued/refusals.csv")).expect("a list");
    assert_eq!(refusals.lines().count() as u64, 1 + counted);

    // Everybody has one certificate with an identifier of its own.
    let rows = table(Path::new(&ministry.path("issued/certificates.parquet")));
    for column in 0..3 {
        let values: HashSet<_> = rows.iter().map(|row| &row[column]).collect();
        assert_eq!(values.len() as u64, issued);
    }

    // A second run needs --resume, signs nothing more, and prints what is not on paper yet.
    assert_eq!(ministry.signing(&issue).code, 2);
    issue.extend(["--resume", "--pdf", "card"]);
    let again = json(&ministry.signing(&issue));
    assert_eq!(number(&again, "issued_earlier"), issued);
    assert_eq!(
        table(Path::new(&ministry.path("issued/certificates.parquet"))),
        rows
    );

    pictures_and_papers_say_the_same(&ministry, issued);
    the_first_is_revoked(&ministry, &rows);
    all_are_renewed_but_the_first(&ministry, &rows);
}

const SIGNER: [&str; 2] = ["--signer", "@signer.pem"];

fn pictures_and_papers_say_the_same(ministry: &Ministry, issued: u64) {
    for kind in ["png", "pdf"] {
        let folder = ministry.path(&format!("issued/{kind}"));
        assert_eq!(
            fs::read_dir(&folder).expect("a folder").count() as u64,
            issued
        );
        let file = first_file(&folder).display().to_string();
        let (exit, told) = ministry.verify(&[&file, SIGNER[0], SIGNER[1]]);
        assert_eq!(exit, 0, "{told}");
        let claimed = told["claims"]["v"][0]["ci"]
            .as_str()
            .expect("an identifier");
        let stem = Path::new(&file)
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert!(claimed.contains(&stem), "{told}");
    }
}

fn the_first_is_revoked(ministry: &Ministry, rows: &[Vec<String>]) {
    let (ci, code) = (&rows[0][1], &rows[0][2]);
    let revoke = [
        "revoke",
        "--certificates",
        "@issued/certificates.parquet",
        "--ci",
        ci,
        "--reason",
        "fraud",
    ];
    let list = ["--list", "@revoked.jsonl", "--json"];
    let told = json(&ministry.passport(&[&revoke[..], &list].concat()));
    assert_eq!((number(&told, "revoked"), number(&told, "listed")), (1, 1));
    let reasons = fs::read_to_string(ministry.path("revoked.jsonl.reasons.csv")).expect("reasons");
    assert!(reasons.contains(ci.as_str()) && reasons.contains("fraud"));
    let publish = [
        "publish",
        "@revoked.jsonl",
        "--out",
        "@published",
        "--mode",
        "point",
        "--form",
        "hashes",
    ];
    let seal = [
        "--key",
        "@lists.p8",
        "--passphrase-file",
        "@secret",
        "--cert",
        "@lists.pem",
        "--valid-days",
        "2",
    ];
    let run = ministry.run("revocation", &[&publish[..], &seal].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let listed = [
        &SIGNER[..],
        &["--revocation", "@published", "--authority", "@csca.pem"],
    ]
    .concat();
    let (exit, told) = ministry.verify(&[&[code.as_str()], &listed[..]].concat());
    assert_eq!(
        (exit, told["steps"]["revocation"].as_str()),
        (1, Some("failed")),
        "{told}"
    );
    assert!(
        told["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("revoked"))
    );
    let (exit, told) = ministry.verify(&[&[rows[1][2].as_str()], &listed[..]].concat());
    assert_eq!(
        (exit, told["steps"]["revocation"].as_str()),
        (0, Some("ok")),
        "{told}"
    );
}

#[test]
fn a_certificate_revoked_by_any_kind_of_hash_is_refused_and_not_renewed() {
    let ministry = Ministry::new();
    let code = ministry.code();
    let (_, told) = ministry.verify(&[&code]);
    let ci = told["claims"]["v"][0]["ci"].as_str().expect("a UVCI");
    let issued = jiff::Timestamp::from_second(issued_at(&code)).expect("a moment");
    let table = format!(
        "subject_id,ci,kid,issued,expires,code,nationality\nA1,{ci},00,{issued},2027-11-26T00:00:00Z,{code},VN\n"
    );
    let table = ministry.write("certificates.csv", table);
    for (kinds, listed) in [
        (&["--by", "uci"][..], 1),
        (&["--by", "country-uci"], 1),
        (&["--by", "signature"], 1),
        (
            &["--by", "uci", "--by", "country-uci", "--by", "signature"],
            3,
        ),
    ] {
        let list = ministry.path(&format!("{}.jsonl", kinds.concat()));
        let words = ["revoke", "--certificates", &table, "--ci", ci, "--json"];
        let more = ["--reason", "fraud", "--list", &list];
        let told = json(&ministry.passport(&[&words[..], &more, kinds].concat()));
        assert_eq!(
            (number(&told, "revoked"), number(&told, "listed")),
            (1, listed)
        );
        let out = ministry.path(&kinds.concat());
        let words = ["renew", "--certificates", &table, "--within-days", "1000"];
        let more = ["--revoked", &list, "--out", &out, "--json"];
        let told = json(&ministry.signing(&[&words[..], &more].concat()));
        assert_eq!(told["reasons"]["revoked"], 1, "{told}");
    }
}

/// Eleven and a half months later.
fn all_are_renewed_but_the_first(ministry: &Ministry, rows: &[Vec<String>]) {
    let code = &rows[0][2];
    let issued = rows.len() as u64;
    let later = jiff::Timestamp::from_second(issued_at(code) + 350 * 86_400).expect("a moment");
    let later = later.to_string();
    let mut renew = vec![
        "renew",
        "--certificates",
        "@issued/certificates.parquet",
        "--within-days",
        "28",
    ];
    renew.extend([
        "--at",
        &later,
        "--revoked",
        "@revoked.jsonl",
        "--out",
        "@renewed",
        "--json",
        "--quiet",
    ]);
    let told = json(&ministry.signing(&renew));
    assert_eq!(number(&told, "issued"), issued - 1, "{told}");
    assert_eq!(told["reasons"]["revoked"], 1);
    let renewed = table(Path::new(&ministry.path("renewed/certificates.parquet")));
    let identifiers: HashSet<_> = rows.iter().chain(&renewed).map(|row| &row[1]).collect();
    assert_eq!(identifiers.len() as u64, issued + issued - 1);
    let (exit, told) = ministry.verify(&[&renewed[0][2], SIGNER[0], SIGNER[1], "--at", &later]);
    assert_eq!(exit, 0, "{told}");
}

fn number(told: &Value, name: &str) -> u64 {
    told[name].as_u64().expect("a number")
}

/// When a code was issued, in seconds.
fn issued_at(code: &str) -> i64 {
    let nobody: &[Certificate] = &[];
    let report = passport::verify::verify(code, nobody, jiff::Timestamp::UNIX_EPOCH);
    let moment = report.contents.and_then(|contents| contents.issued_at);
    moment.expect("a moment").as_second()
}

#[test]
fn one_person_is_printed_and_read_back() {
    let ministry = Ministry::new();
    ministry.write("person.json", PERSON);
    for file in ["one.png", "one.pdf"] {
        let out = ministry.path(file);
        let run = ministry.signing(&["issue", "--json-file", "@person.json", "--out", &out]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let (exit, told) = ministry.verify(&[&out, "--signer", "@signer.pem"]);
        assert_eq!((exit, told["valid"].as_bool()), (0, Some(true)), "{told}");
        assert_eq!(told["reason"], Value::Null);
        assert_eq!(told["claims"]["nam"]["fnt"], "DANG");
        assert_eq!(told["claims"]["v"][0]["mp"], "EU/1/20/1528");
    }
    let inspected = json(&ministry.passport(&["inspect", "@one.png", "--json"]));
    assert_eq!(inspected["signature_checked"], false);
    assert_eq!(inspected["header"]["algorithm"], "ES256");
    assert_eq!(inspected["layers"]["signature_bytes"], 64);
    assert_eq!(inspected["certificate"]["nam"]["gn"], "Thị Hoa");
}

#[test]
fn one_person_who_cannot_have_a_certificate_is_refused_with_the_reason() {
    let ministry = Ministry::new();
    for (from, to, said) in [
        ("Pfizer", "Vero Cell", "manufacturer must decide"),
        ("Pfizer", "Nanocovax", "no code"),
        ("[2, 2]", "[1, 2]", "complete courses"),
        ("1975-03-12", "1975-02-30", "dob"),
        ("Đặng", "Дан", "transliteration"),
        ("\"dob\"", "\"id_number\"", "unknown field"),
    ] {
        ministry.write("person.json", PERSON.replace(from, to));
        let run = ministry.signing(&["issue", "--json-file", "@person.json"]);
        assert_eq!(run.code, 2, "{to}");
        assert!(
            run.stderr.contains(said) && run.stdout.is_empty(),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn every_bad_code_is_refused_for_its_own_reason() {
    let ministry = Ministry::new();
    let code = ministry.code();
    let bomb = |size: usize| {
        let level = flate2::Compression::best();
        let mut stream = flate2::write::ZlibEncoder::new(Vec::new(), level);
        stream.write_all(&vec![0; size]).expect("zlib");
        let mut text = String::from("HC1:");
        base45::encode_into(&stream.finish().expect("zlib"), &mut text);
        text
    };
    let (head, tail) = code.split_at(200);
    for (bad, step, reason) in [
        (head.to_owned(), "", "scan it again"),
        (format!("{code}{code}"), "", "Two codes"),
        (code.to_lowercase(), "prefix", "small letters"),
        (format!("{head}\n{tail}"), "base45", "line break"),
        (format!(" {code}"), "prefix", "White space"),
        ("shc:/56762909".into(), "prefix", "SMART Health Card"),
        (
            r#"{"data":{"hdr":{"is":"XXA","t":"icao.vacc","v":1}}}"#.into(),
            "prefix",
            "VDS-NC",
        ),
        ("https://example.org/check".into(), "prefix", "web page"),
        (String::new(), "prefix", "no code"),
        (bomb(2 << 20), "zlib", "too large"),
        (bomb(100 << 20), "prefix", "longer than the largest QR"),
    ] {
        let run = verify_stdin(&ministry.path("signer.pem"), bad.as_bytes());
        let told: Value = serde_json::from_str(&run.stdout).expect("one JSON object");
        assert_eq!(
            (run.code, told["valid"].as_bool()),
            (1, Some(false)),
            "{told}"
        );
        assert!(
            told["reason"]
                .as_str()
                .is_some_and(|text| text.contains(reason)),
            "{told}"
        );
        assert!(step.is_empty() || told["steps"][step] == "failed", "{told}");
    }
}

#[test]
fn a_code_on_stdin_loses_its_line_end_and_nothing_else() {
    let ministry = Ministry::new();
    let (code, signer) = (ministry.code(), ministry.path("signer.pem"));
    for (text, exit) in [
        (code.clone(), 0),
        (format!("{code}\n"), 0),
        (format!("{code}\r\n"), 0),
        (format!("{code}\n\n"), 1),
        (format!("{code} "), 1),
    ] {
        assert_eq!(
            verify_stdin(&signer, text.as_bytes()).code,
            exit,
            "{text:?}"
        );
    }
}

#[test]
fn a_picture_of_another_scheme_is_named_and_one_without_a_code_says_what_to_do() {
    let ministry = Ministry::new();
    let pixels = std::num::NonZeroU8::MIN.saturating_add(3);
    let qr = Qr::encode("shc:/5676290952432060346029243740", Level::L, Mask::Best);
    ministry.write("shc.png", qr.expect("a QR code").png(pixels));
    let (exit, told) = ministry.verify(&["@shc.png", "--signer", "@signer.pem"]);
    assert_eq!(exit, 1);
    assert!(
        told["reason"]
            .as_str()
            .is_some_and(|text| text.contains("SMART")),
        "{told}"
    );

    let mut wall = Vec::new();
    let mut photo = png::Encoder::new(&mut wall, 400, 300);
    photo.set_color(png::ColorType::Grayscale);
    let mut photo = photo.write_header().expect("a picture");
    photo
        .write_image_data(&vec![200; 400 * 300])
        .expect("a picture");
    photo.finish().expect("a picture");
    for (name, bytes, said) in [
        ("wall.png", wall, "no QR code found"),
        ("cut.png", b"\x89PNG\r\n\x1a\n0000".to_vec(), "damaged"),
        ("photo.heic", vec![0xff, 0xfe, 0x00, 0x80], "JPEG or PNG"),
    ] {
        let path = ministry.write(name, bytes);
        let run = ministry.passport(&["verify", &path, "--signer", "@signer.pem"]);
        assert_eq!(run.code, 2, "{name}");
        assert!(
            run.stderr.contains(said) && run.stderr.contains(name),
            "{}",
            run.stderr
        );
    }
    let run = ministry.passport(&["verify", "@nowhere.jpg", "--signer", "@signer.pem"]);
    assert!(
        run.code == 2 && run.stderr.contains("no such file"),
        "{}",
        run.stderr
    );
}

/// A PDF of one page whose contents are packed twice and hold so many zeros.
fn bomb(mebibytes: usize) -> Vec<u8> {
    use flate2::{Compress, Compression, FlushCompress};
    let mut packer = Compress::new(Compression::best(), true);
    let (zeros, mut packed) = (vec![0; 1 << 20], Vec::with_capacity(1 << 20));
    let mut pieces = Vec::new();
    // The second piece repeats for ever: what came before it and after it are the same zeros.
    for _ in 0..2 {
        packed.clear();
        let flushed = packer.compress_vec(&zeros, &mut packed, FlushCompress::Sync);
        flushed.expect("room for packed zeros");
        pieces.push(packed.clone());
    }
    let once = [&pieces[0][..], &pieces[1].repeat(mebibytes)].concat();
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&once).expect("into memory");
    let twice = packer.finish().expect("into memory");
    let head = format!(
        "%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n\
         3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>> endobj\n\
         4 0 obj <</Filter[/FlateDecode/FlateDecode]/Length {}>>\nstream\n",
        twice.len()
    );
    let tail = b"\nendstream endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n";
    [head.as_bytes(), &twice, tail].concat()
}

#[test]
fn a_file_that_would_take_all_memory_is_given_up_and_one_of_the_same_make_is_read() {
    let ministry = Ministry::new();
    for (mebibytes, said) in [(8, "no QR code found"), (8_192, "was given up")] {
        let file = bomb(mebibytes);
        assert!(file.len() < 1 << 20);
        let path = ministry.write("bomb.pdf", file);
        let run = ministry.passport(&["verify", &path, "--signer", "@signer.pem"]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn an_unknown_signer_an_expired_code_and_a_stale_list_are_told_apart() {
    let ministry = Ministry::new();
    let code = ministry.code();
    let build = [
        "build",
        "--csca",
        "@csca.pem",
        "--dsc",
        "@signer.pem",
        "--out",
        "@trust.json",
    ];
    let seal = [
        "--key",
        "@lists.p8",
        "--passphrase-file",
        "@secret",
        "--cert",
        "@lists.pem",
        "--valid-days",
        "2",
    ];
    let run = ministry.run("trust", &[&build[..], &seal].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let at = |days: i64| {
        let moment = jiff::Timestamp::from_second(issued_at(&code) + days * 86_400);
        moment.expect("a moment").to_string()
    };
    let (soon, later, expired) = (at(1), at(3), at(400));
    let trust = ["--trust", "@trust.json", "--authority", "@csca.pem"];
    let stranger = ["--signer", "@stranger.pem"];
    for (words, moment, exit, signature, reason) in [
        (&trust[..], &soon, 0, "ok", ""),
        (
            &trust[..],
            &later,
            1,
            "skipped",
            "The trust list is out of date",
        ),
        (
            &trust[..2],
            &later,
            1,
            "skipped",
            "The trust list is out of date",
        ),
        (
            &["--signer", "@signer.pem"][..],
            &expired,
            1,
            "ok",
            "has expired",
        ),
        (&stranger[..], &soon, 1, "failed", "not on the trust list"),
        (&[][..], &soon, 1, "skipped", "--signer or --trust"),
    ] {
        let (given, told) = ministry.verify(&[&[code.as_str(), "--at", moment], words].concat());
        assert_eq!(
            (given, told["steps"]["signature"].as_str()),
            (exit, Some(signature)),
            "{told}"
        );
        let said = told["reason"].as_str().unwrap_or_default();
        assert!(
            said.contains(reason) && said.is_empty() == (exit == 0),
            "{told}"
        );
    }
    // Somebody adds a signer to the list with an editor.
    let text = fs::read_to_string(ministry.path("trust.json")).expect("a list");
    ministry.write(
        "trust.json",
        text.replace("\"removed\":[]", "\"removed\": []"),
    );
    let (exit, told) = ministry.verify(&[&[code.as_str()], &trust[..]].concat());
    assert_eq!(exit, 1);
    assert!(
        told["reason"]
            .as_str()
            .is_some_and(|text| text.contains("no valid signature")),
        "{told}"
    );
}

#[test]
fn the_rules_of_a_destination_are_run_and_explained() {
    let ministry = Ministry::new();
    let code = ministry.code();
    let rule = |days: u32| {
        format!(
            r#"{{"Identifier": "VR-AT-0001", "Type": "Acceptance", "Country": "AT", "Version": "1.0.0", "SchemaVersion": "1.0.0",
            "Engine": "CERTLOGIC", "EngineVersion": "0.7.5", "CertificateType": "Vaccination",
            "Description": [{{"lang": "en", "desc": "A vaccination counts for {days} days."}}],
            "ValidFrom": "2021-06-01T00:00:00Z", "ValidTo": "2090-06-01T00:00:00Z", "AffectedFields": ["v.0", "v.0.dt"],
            "Logic": {{"not-after": [{{"plusTime": [{{"var": "external.validationClock"}}, 0, "day"]}},
            {{"plusTime": [{{"var": "payload.v.0.dt"}}, {days}, "day"]}}]}}}}"#
        )
    };
    fs::create_dir(ministry.path("rules")).expect("a folder");
    for (days, destination, exit, step, said) in [
        (30_000, "AT", 0, "ok", "Entry to Austria: yes"),
        (270, "at", 1, "failed", "limit 270 days"),
        (270, "DE", 1, "failed", "not clear"),
    ] {
        ministry.write("rules/rule.json", rule(days));
        let words = [
            "--signer",
            "@signer.pem",
            "--rules",
            "@rules",
            "--destination",
            destination,
        ];
        let (given, told) = ministry.verify(&[&[code.as_str()], &words[..]].concat());
        assert_eq!(
            (given, told["steps"]["rules"].as_str()),
            (exit, Some(step)),
            "{told}"
        );
        assert!(
            told["entry"]
                .as_str()
                .is_some_and(|text| text.contains(said)),
            "{told}"
        );
    }
}

#[test]
fn a_renewed_certificate_is_printed_like_the_first_with_its_issuer_in_both_languages() {
    let ministry = Ministry::new();
    let code = ministry.code();
    let issued = jiff::Timestamp::from_second(issued_at(&code)).expect("a moment");
    ministry.write(
        "certificates.csv",
        format!(
            "subject_id,ci,kid,issued,expires,code,nationality\nA1,x,00,{issued},2026-11-26T00:00:00Z,{code},VN\n"
        ),
    );
    let words = [
        "renew",
        "--certificates",
        "@certificates.csv",
        "--within-days",
        "1000",
    ];
    let out = ["--out", "@renewed", "--pdf", "a4", "--png", "--json"];
    let told = json(&ministry.signing(&[&words[..], &out].concat()));
    assert_eq!(
        (number(&told, "issued"), number(&told, "not_printed")),
        (1, 0)
    );
    let paper = first_file(&ministry.path("renewed/pdf"));
    let read = Command::new("pdftotext")
        .args(["-layout".as_ref(), paper.as_os_str(), "-".as_ref()])
        .output()
        .expect("pdftotext starts; hint: install the Debian package poppler-utils");
    let text = String::from_utf8(read.stdout).expect("UTF-8");
    for words in [
        "Bộ Y tế Việt Nam",
        "Ministry of Health of Viet Nam",
        "Quyết định 5772/QĐ-BYT",
        "Đặng Thị Hoa",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("Not stated"), "{text}");
    for file in [paper, first_file(&ministry.path("renewed/png"))] {
        let (exit, told) = ministry.verify(&[&file.display().to_string(), SIGNER[0], SIGNER[1]]);
        assert_eq!(exit, 0, "{told}");
    }
}

#[test]
fn a_changed_table_is_not_renewed() {
    let ministry = Ministry::new();
    let code = ministry.code();
    let forged = code.replace(&code[300..304], "0000");
    ministry.write(
        "certificates.csv",
        format!(
            "subject_id,ci,kid,issued,expires,code\nA1,x,00,2026-11-25T00:00:00Z,2026-11-26T00:00:00Z,{forged}\n"
        ),
    );
    let words = [
        "renew",
        "--certificates",
        "@certificates.csv",
        "--within-days",
        "1000",
    ];
    let told = json(&ministry.signing(&[&words[..], &["--out", "@renewed", "--json"]].concat()));
    assert_eq!(told["issued"], 0);
    assert_eq!(told["reasons"]["not_genuine"], 1);
}

#[test]
fn a_wrong_passphrase_or_certificate_ends_before_anything_is_written() {
    let ministry = Ministry::new();
    ministry.write("person.json", PERSON);
    ministry.write("wrong", "something else");
    for (key, secret, cert, said) in [
        ("@signer.p8", "@wrong", "@signer.pem", "passphrase"),
        ("@signer.p8", "@nowhere", "@signer.pem", "nowhere"),
        ("@signer.p8", "@secret", "@csca.pem", "of another key"),
        ("@signer.p8", "@secret", "@secret", "BEGIN CERTIFICATE"),
    ] {
        let words = [
            "issue",
            "--json-file",
            "@person.json",
            "--out",
            "@one.png",
            "--key",
            key,
        ];
        let run = ministry
            .passport(&[&words[..], &["--passphrase-file", secret, "--cert", cert]].concat());
        assert_eq!(run.code, 2, "{said}");
        assert!(run.stderr.contains(said), "{}", run.stderr);
        assert!(!Path::new(&ministry.path("one.png")).exists());
    }
}
