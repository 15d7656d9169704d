//! `key`, `trust` and `revocation`: from nothing to lists that verifiers believe, with keys in files and in a token.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::date;
use passport::issue::{Claims, Issuer};
use passport::names::HolderName;
use passport::numbering::DoseNumber;
use passport::profile::Profile;
use registry::date::BirthDate;
use serde_json::Value;
use signing::{Certificate, SoftwareKey};
use tempfile::TempDir;

use crate::tool::Run;

pub(crate) const PASSPHRASE: &str = "mật khẩu chỉ để thử";
pub(crate) const PIN: &str = "271828";

/// A folder in which the commands run.
pub(crate) struct Office {
    folder: TempDir,
    /// With a token, keys are made in it.
    token: bool,
}

impl Office {
    fn with_files() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            folder,
            token: false,
        }
    }

    pub(crate) fn with_a_token() -> Self {
        let mut office = Self::with_files();
        office.token = true;
        let tokens = office.path("tokens");
        fs::create_dir(&tokens).expect("a folder");
        let settings = format!("directories.tokendir = {}\n", tokens.display());
        fs::write(office.path("softhsm2.conf"), settings).expect("settings");
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", "minhchung"])
            .args(["--pin", PIN, "--so-pin", "161803"])
            .env("SOFTHSM2_CONF", office.path("softhsm2.conf"))
            .output()
            .expect("softhsm2-util starts; hint: install the Debian package softhsm2");
        assert!(made.status.success(), "{made:?}");
        office
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }

    pub(crate) fn run_with(&self, words: &[&str], pin: &str, passphrase: &str) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_minhchung"))
            .args(words)
            .current_dir(self.folder.path())
            .env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
            .env("MINHCHUNG_PIN", pin)
            .env("MINHCHUNG_PASSPHRASE", passphrase)
            .output()
            .expect("the binary starts");
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    /// Runs a command whose words are parted by spaces, then further words.
    fn run(&self, words: &str, more: &[&str]) -> Run {
        let words: Vec<&str> = words.split(' ').chain(more.iter().copied()).collect();
        self.run_with(&words, PIN, PASSPHRASE)
    }

    pub(crate) fn good(&self, words: &str, more: &[&str]) -> String {
        let run = self.run(words, more);
        assert_eq!(run.code, 0, "{words}: {}", run.stderr);
        run.stdout
    }

    pub(crate) fn json(&self, words: &str, more: &[&str]) -> Value {
        let told = self.good(words, &[more, &["--json"]].concat());
        serde_json::from_str(&told).expect("one JSON object")
    }

    /// Makes a key; what `--key` is given for it.
    pub(crate) fn new_key(&self, name: &str, algorithm: &str) -> String {
        if !self.token {
            let file = format!("{name}.p8");
            self.good("key new --out", &[&file, "--algorithm", algorithm]);
            return file;
        }
        let library = library();
        let words = ["--label", name, "--new", "--algorithm", algorithm];
        let told = self.json(
            "key token --token minhchung --module",
            &[&[library.as_str()], &words[..]].concat(),
        );
        told["key"].as_str().expect("a name").to_owned()
    }

    /// What `--key` is given for a key in the token.
    pub(crate) fn key_in_token(&self, name: &str) -> String {
        let told = self.json(
            "key token --token minhchung",
            &["--module", &library(), "--label", name],
        );
        told["key"].as_str().expect("a name").to_owned()
    }

    /// An authority, a signer of vaccination certificates, and a signer of lists.
    pub(crate) fn set_up(&self, algorithm: &str) -> String {
        let csca = self.new_key("csca", algorithm);
        let name = ["--country", "VN", "--name", "CSCA thử nghiệm"];
        let words = [&["--key", &csca, "--out", "csca.pem"], &name[..]].concat();
        self.good("key csca --years 4", &words);
        let mut lists = String::new();
        for (signer, purpose) in [("dsc", &["--for", "vaccination"][..]), ("lists", &[])] {
            let key = self.new_key(signer, algorithm);
            let (csr, pem) = (format!("{signer}.csr"), format!("{signer}.pem"));
            let words = ["--key", &key, "--name", signer, "--out", &csr];
            self.good("key csr --country VN", &words);
            let words = ["--key", &csca, "--csr", &csr, "--out", &pem];
            self.good(
                "key dsc --csca csca.pem --days 700",
                &[&words, purpose].concat(),
            );
            lists = key;
        }
        lists
    }

    fn sign(&self, words: &str, lists: &str) -> Run {
        self.run(words, &["--cert", "lists.pem", "--key", lists])
    }
}

fn library() -> String {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ];
    let found = places.iter().find(|place| Path::new(place).exists());
    let library = found.expect("SoftHSM is installed; hint: install the Debian package softhsm2");
    (*library).to_owned()
}

fn from_nothing_to_a_trust_list(office: &Office, algorithm: &str) {
    let lists = office.set_up(algorithm);
    let dsc = office.json("key show dsc.pem", &[]);
    let shown = &dsc["certificates"][0];
    assert_eq!(shown["algorithm"], algorithm.to_uppercase());
    assert_eq!(shown["purposes"], serde_json::json!(["vaccination"]));
    assert_eq!(shown["country"], "VN");
    let build = "trust build --csca csca.pem --dsc dsc.pem --out trust.json --valid-days 7";
    let run = office.sign(build, &lists);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let list = office.json("trust show trust.json", &[]);
    assert_eq!(list["signers"][0]["kid"], shown["kid"]);
    assert_eq!(list["signers"][0]["status"], "valid");
    office.good("trust check trust.json --signer csca.pem", &[]);
}

#[test]
fn keys_in_files_go_from_an_authority_to_a_list_that_is_believed() {
    from_nothing_to_a_trust_list(&Office::with_files(), "es256");
    from_nothing_to_a_trust_list(&Office::with_files(), "ps256");
}

#[test]
fn keys_in_a_token_go_from_an_authority_to_a_list_that_is_believed() {
    let office = Office::with_a_token();
    from_nothing_to_a_trust_list(&office, "es256");
    let again = ["--label", "dsc", "--new", "--module", &library()];
    let run = office.run("key token --token minhchung", &again);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("never replaced"), "{}", run.stderr);
}

#[test]
fn a_wrong_pin_is_told_with_what_the_token_says_and_the_right_one_still_works() {
    let office = Office::with_a_token();
    let key = office.new_key("dsc", "es256");
    let run = office.run_with(&["key", "show", &key], "314159", "");
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("PIN is wrong and was not tried again"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("fewer tries"), "{}", run.stderr);
    let run = office.run_with(&["key", "show", &key], "", "");
    assert!(run.stderr.contains("--pin-file"), "{}", run.stderr);
    fs::write(office.path("pin"), format!("{PIN}\n")).expect("written");
    let run = office.run_with(&["key", "show", &key, "--pin-file", "pin"], "", "");
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn a_key_file_is_encrypted_for_its_owner_and_never_replaced() {
    let office = Office::with_files();
    let made = office.json("key new --out signer.p8", &[]);
    let text = office.read("signer.p8");
    assert!(text.contains("BEGIN ENCRYPTED PRIVATE KEY"));
    let run = office.run("key new --out signer.p8", &[]);
    assert_eq!(run.code, 2);
    assert_eq!(office.read("signer.p8"), text);
    assert_eq!(
        office.json("key show signer.p8", &[])["public_key"],
        made["public_key"]
    );
    for (passphrase, said) in [("khác", "does not open"), ("", "--passphrase-file")] {
        let run = office.run_with(&["key", "show", "signer.p8"], "", passphrase);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let found = fs::metadata(office.path("signer.p8")).expect("a file");
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_signer_that_would_outlive_its_authority_is_refused_and_leaves_no_file() {
    let office = Office::with_files();
    office.set_up("es256");
    let run = office.run(
        "key dsc --csca csca.pem --key csca.p8 --csr dsc.csr --days 7300 --out long.pem",
        &[],
    );
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("may outlive it"), "{}", run.stderr);
    assert!(!office.path("long.pem").exists());
}

#[test]
fn a_trust_list_that_is_stale_changed_or_of_others_is_not_good() {
    let office = Office::with_files();
    let lists = office.set_up("es256");
    let build = "trust build --csca csca.pem --dsc dsc.pem --out trust.json --valid-days 7";
    assert_eq!(office.sign(build, &lists).code, 0);
    let check = "trust check trust.json --signer csca.pem --lang en";
    let certificate = office.json("key show dsc.pem", &[]);
    let begin: jiff::Timestamp = certificate["certificates"][0]["not_before"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a moment");
    let later = begin + jiff::SignedDuration::from_hours(24 * 8);
    let run = office.run(check, &["--at", &later.to_string()]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("out of date"), "{}", run.stdout);

    let others = Office::with_files();
    others.set_up("es256");
    let of_others = others.path("csca.pem").display().to_string();
    let run = office.run("trust check --signer", &[&of_others, "trust.json"]);
    assert_eq!(run.code, 1);

    let text = office.read("trust.json");
    fs::write(office.path("trust.json"), text.replace("VN", "FR")).expect("written");
    let run = office.run(check, &[]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("no valid signature"), "{}", run.stdout);
    let remove =
        "trust remove trust.json --signer csca.pem --kid AAAAAAAAAAA= --reason x --valid-days 7";
    assert_eq!(office.sign(remove, &lists).code, 2);
}

#[test]
fn a_removed_signer_does_not_come_back_with_the_next_list() {
    let office = Office::with_files();
    let lists = office.set_up("es256");
    let build =
        "trust build --csca csca.pem --dsc dsc.pem lists.pem --out trust.json --valid-days 7";
    assert_eq!(office.sign(build, &lists).code, 0);
    let dsc = office.json("key show dsc.pem", &[]);
    let kid = dsc["certificates"][0]["kid"].as_str().expect("a kid");
    let remove = format!(
        "trust remove trust.json --signer csca.pem --kid {kid} --reason compromised --valid-days 7"
    );
    assert_eq!(office.sign(&remove, &lists).code, 0);
    assert_eq!(office.sign(&remove, &lists).code, 1);
    let run = office.sign(
        "trust import dsc.pem lists.pem --csca csca.pem --out trust.json --valid-days 7",
        &lists,
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("compromised"), "{}", run.stderr);
    let list = office.json("trust show trust.json", &[]);
    assert_eq!(list["signers"].as_array().map(Vec::len), Some(1));
    assert_eq!(list["removed"][0]["kid"], kid);
    office.good("trust check trust.json --signer csca.pem", &[]);
}

#[test]
fn a_list_of_others_is_taken_with_every_entry_that_is_left_out_counted() {
    let office = Office::with_files();
    let lists = office.set_up("es256");
    let certificate = Certificate::from_pem(&office.read("dsc.pem")).expect("certificates");
    let stranger = Office::with_files();
    stranger.set_up("es256");
    let foreign = Certificate::from_pem(&stranger.read("dsc.pem")).expect("certificates");
    let entry = |of: &Certificate| STANDARD.encode(of.der());
    let list = serde_json::json!({
        STANDARD.encode(certificate[0].kid()): entry(&certificate[0]),
        STANDARD.encode(foreign[0].kid()): [entry(&foreign[0])],
        "AAAA": "damaged",
    });
    fs::write(office.path("others.json"), list.to_string()).expect("written");
    let import = "trust import --csca csca.pem others.json --out trust.json --valid-days 7 --json";
    let run = office.sign(import, &lists);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let told: Value = serde_json::from_str(&run.stdout).expect("one JSON object");
    assert_eq!(
        (&told["signers"], &told["left_out"]),
        (&1.into(), &2.into())
    );
    let nothing = "trust import others.json --csca lists.pem --out none.json --valid-days 7";
    assert_eq!(office.sign(nothing, &lists).code, 2);
    assert!(!office.path("none.json").exists());
}

/// The code of an invented person, signed by the key of the office.
fn code(office: &Office, number: u128) -> String {
    let key = SoftwareKey::from_encrypted_pem(&office.read("dsc.p8"), PASSPHRASE.as_bytes());
    let key = key.expect("the key");
    let certificate = Certificate::from_pem(&office.read("dsc.pem")).expect("certificates");
    let profile = Profile::parse(Profile::EU_2023).expect("a profile");
    let issuer = Issuer::new(&profile, &certificate[0], &key).expect("an issuer");
    let name = HolderName::from_full_name("Nguyễn Thị Hồng Đào").expect("a name");
    let claims = Claims {
        name: &name,
        birth_date: BirthDate::Day(date(1985, 7, 21)),
        vaccine: profile.codes_of("AstraZeneca", None).expect("codes"),
        number: DoseNumber {
            dose: 2,
            doses: 2,
            course: 2,
        },
        date: date(2021, 10, 15),
        id: number,
    };
    let issued = issuer.issue(&claims, certificate[0].not_before());
    issued.expect("issued").code
}

#[test]
fn a_revoked_certificate_is_found_in_every_mode_and_form_until_it_is_taken_back() {
    let office = Office::with_files();
    let lists = office.set_up("es256");
    let (revoked, other) = (code(&office, 7), code(&office, 8));
    office.good("revocation new list.jsonl", &[]);
    let check = "revocation check out --signer csca.pem --code";
    for by in ["uci", "country-uci", "signature"] {
        let words = [by, "--code", &revoked, "--dsc", "dsc.pem"];
        office.good("revocation add list.jsonl --by", &words);
    }
    let forged = ["--code", &revoked, "--dsc", "lists.pem"];
    let run = office.run("revocation add list.jsonl", &forged);
    assert_eq!(run.code, 2, "{}", run.stderr);
    for mode in ["point", "vector", "coordinate"] {
        for form in ["bloom", "hashes"] {
            let publish = format!(
                "revocation publish list.jsonl --out out --valid-days 2 --rate 1e-9 --mode {mode} --form {form}"
            );
            let run = office.sign(&publish, &lists);
            assert_eq!(run.code, 0, "{}", run.stderr);
            assert_eq!(office.run(check, &[&revoked]).code, 1, "{mode} {form}");
            assert_eq!(office.run(check, &[&other]).code, 0, "{mode} {form}");
        }
    }
    office.good("revocation unrevoke list.jsonl --code", &[&revoked]);
    let again = office.run("revocation unrevoke list.jsonl --code", &[&revoked]);
    assert_eq!(again.code, 1);
    let publish = "revocation publish list.jsonl --out out --valid-days 2";
    assert_eq!(office.sign(publish, &lists).code, 0);
    assert_eq!(office.run(check, &[&revoked]).code, 0);
    assert_eq!(
        fs::read_dir(office.path("out/slices"))
            .expect("slices")
            .count(),
        0
    );
}

#[test]
fn identifiers_are_listed_merged_and_shown_and_a_slip_is_not() {
    let office = Office::with_files();
    let lists = office.set_up("es256");
    fs::write(
        office.path("ids"),
        "URN:UVCI:01:VN:ABC\nURN:UVCI:01:VN:DEF\n",
    )
    .expect("written");
    for list in ["a.jsonl", "b.jsonl"] {
        office.good("revocation new", &[list]);
    }
    let known = "--kid unknown --expires 2099-01-01";
    office.good(&format!("revocation add a.jsonl --from ids {known}"), &[]);
    office.good(
        &format!("revocation add b.jsonl --ci URN:UVCI:01:VN:ABC --ci URN:UVCI:01:VN:GHI {known}"),
        &[],
    );
    let merged = office.json("revocation merge a.jsonl b.jsonl", &[]);
    assert_eq!((&merged["new"], &merged["entries"]), (&1.into(), &3.into()));
    let shown = office.json("revocation show a.jsonl", &[]);
    assert_eq!(shown["lists"][0]["entries"], 3);
    for slip in [
        &format!("revocation add a.jsonl --ci URN:UVCI:01:VN:ABC#5 {known}"),
        "revocation add a.jsonl --kid unknown --ci URN:UVCI:01:VN:ABC",
        "revocation add none.jsonl --code HC1:ABC",
        "revocation add a.jsonl --code HC1:ABC",
        "revocation add a.jsonl",
    ] {
        let run = office.run(slip, &[]);
        assert_eq!(run.code, 2, "{slip}: {}", run.stderr);
    }
    assert_eq!(office.json("revocation show a.jsonl", &[]), shown);
    let publish = "revocation publish a.jsonl --out out --valid-days 2";
    assert_eq!(office.sign(publish, &lists).code, 0);
    let check = "revocation check out --signer csca.pem --ci URN:UVCI:01:VN:GHI";
    assert_eq!(office.run(check, &[]).code, 1);
}

#[test]
fn a_publication_that_is_stale_or_not_whole_gives_no_answer() {
    let office = Office::with_files();
    let lists = office.set_up("es256");
    office.good("revocation new list.jsonl", &[]);
    let revoked = code(&office, 9);
    office.good("revocation add list.jsonl --code", &[&revoked]);
    let publish = "revocation publish list.jsonl --out out --valid-days 2";
    assert_eq!(office.sign(publish, &lists).code, 0);
    let shown = office.json("revocation show out", &[]);
    let stale = shown["stale_after"].as_str().expect("a moment");
    let check = "revocation check out --lang en --signer csca.pem --code";
    let run = office.run(check, &[&revoked, "--at", stale]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("out of date"), "{}", run.stderr);
    fs::remove_dir_all(office.path("out/slices")).expect("removed");
    let run = office.run(check, &[&revoked]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("incomplete"), "{}", run.stderr);
}
