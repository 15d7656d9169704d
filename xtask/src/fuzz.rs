//! Runs every fuzz target for a while, seeded with the public cases of what it reads.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell;

/// Seconds for each target.
const SECONDS: u64 = 60;

/// Seeds of what has no public cases.
const PERSON: &str = r#"{"name": "Đặng Thị Hoa", "dob": "1975-03-12", "vaccine": "Pfizer", "date": "2021-10-01", "doses": [2, 2]}"#;
const JOURNAL: &str = "\"A,1\",URN:UVCI:01:VN:5E1AC3,0102030405060708,2026-11-25T00:00:00Z,2027-11-25T00:00:00Z,HC1:6BF,VN\n";

const PREVIEW: &str = concat!(
    r#"{"preview":1}"#,
    "\n",
    r#"{"row":1,"id":"A1","would":"new","read":0,"content":"c0ffee"}"#,
    "\n",
    r#"{"row":2,"id":"A2","would":"reject","read":3,"content":"c0ffee","code":"import.identity_differs","reason":"…"}"#,
    "\n"
);
const SHEET: &str = "Mã bản ghi,Phiên bản,Họ và tên,Ngày sinh,Giới tính,Số CCCD/CMND,Kết quả rà soát,Họ và tên đúng,Ghi chú,Công an xác nhận\n\
    item-1,1,Đặng Thị Hoa,12/03/1975,Nữ,019175004321,Sửa khác,Đặng Thị Hóa,ảnh CCCD,Xác nhận\n\
    item-2,1,Lê Văn Mận,1984,Nam,,Không tìm thấy,,,\n";

/// Runs all targets; the names of those that found something.
pub(crate) fn run_all() -> Result<()> {
    if !shell::works("cargo", &["fuzz", "--version"]) {
        bail!(
            "cargo-fuzz is not installed\nhint: `cargo install --locked cargo-fuzz`, then try again"
        );
    }
    seed()?;
    let targets = shell::root().join("fuzz/fuzz_targets");
    let mut failed = Vec::new();
    for target in names(&targets)? {
        // A stable compiler has the sanitizer's coverage, but asks for this word.
        let mut fuzz = shell::command("cargo", &["fuzz", "run", &target, "--"]);
        fuzz.env("RUSTC_BOOTSTRAP", "1")
            .env("ASAN_OPTIONS", "detect_leaks=0");
        fuzz.arg(format!("-max_total_time={SECONDS}"))
            .arg("-rss_limit_mb=4096");
        if shell::run(&mut fuzz).is_err() {
            failed.push(target);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!(
        "found by fuzzing, inputs in fuzz/artifacts: {}",
        failed.join(", ")
    )
}

fn names(targets: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(targets)? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

/// Puts what the public cases hold into the corpora.
fn seed() -> Result<()> {
    let data = shell::root().join("data/dcc");
    for case in files(&data.join("cases"), "json")? {
        let text = std::fs::read_to_string(&case)?;
        let Ok(told) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        let name = case
            .strip_prefix(&data)?
            .to_string_lossy()
            .replace(['/', '.'], "_");
        let of = |key: &str| told[key].as_str();
        if let Some(code) = of("PREFIX") {
            put("health_certificate", &name, code.as_bytes())?;
        }
        if let Some(code) = of("BASE45") {
            put("base45", &name, code.as_bytes())?;
        }
        for (key, target) in [("COSE", "cose"), ("CBOR", "cose"), ("COMPRESSED", "zlib")] {
            if let Some(bytes) = of(key).and_then(from_hex) {
                put(target, &format!("{name}_{key}"), &bytes)?;
            }
        }
        if let Some(pem) = told["TESTCTX"]["CERTIFICATE"].as_str() {
            let pem = format!("-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n");
            put("certificate_chain", &name, pem.as_bytes())?;
        }
    }
    put("person", "hoa", PERSON.as_bytes())?;
    put("issue_journal", "row", JOURNAL.as_bytes())?;
    for suite in files(&data.join("certlogic"), "json")? {
        let text = std::fs::read(&suite)?;
        let name = suite.file_name().context("a file without a name")?;
        put("certlogic", &name.to_string_lossy(), &text)?;
    }
    seed_platform()
}

/// Puts what people and other systems send to the platform into the corpora.
fn seed_platform() -> Result<()> {
    let fuzz = shell::root().join("fuzz/seeds");
    let read = |name: &str| std::fs::read(fuzz.join(name));
    put("passkey_registration", "one", &read("attestation.cbor")?)?;
    put("passkey_assertion", "one", &read("assertion.bin")?)?;
    let (keys, token) = (read("keys.json")?, read("token.txt")?);
    put("id_token", "one", &[keys, token].concat())?;
    put("import_review", "two", PREVIEW.as_bytes())?;
    put("sheet", "two", SHEET.as_bytes())?;
    let casework = shell::root().join("crates/casework/src");
    for file in files(&casework, "json")? {
        let folder = file.parent().context("a file without a folder")?;
        let name = folder.strip_prefix(&casework)?.to_string_lossy();
        let kind = name.replace('/', "_");
        let events = [kind.as_bytes(), b"\n", &std::fs::read(&file)?].concat();
        put("casework_events", &kind, &events)?;
    }
    Ok(())
}

fn put(target: &str, name: &str, bytes: &[u8]) -> Result<()> {
    let folder = shell::root().join("fuzz/corpus").join(target);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(name), bytes)?;
    Ok(())
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|is| is == extension) {
            found.push(path);
        }
    }
    Ok(found)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pair = |place: usize| u8::from_str_radix(text.get(place..place + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::from_hex;

    #[test]
    fn hex_is_read_or_refused() {
        assert_eq!(from_hex("00fF"), Some(vec![0, 255]));
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_hex("đ0"), None);
    }
}
