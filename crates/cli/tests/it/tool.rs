//! The test vocabulary: run the binary, look at what it said.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a run of the binary gave.
pub struct Run {
    /// Exit code.
    pub code: i32,
    /// Data.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

/// Runs the binary with these words.
pub fn minhchung<S: AsRef<std::ffi::OsStr>>(words: &[S]) -> Run {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_minhchung"))
        .args(words)
        .output()
        .expect("the binary starts");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// An invented country of a few hundred people in a folder.
pub struct Country {
    folder: tempfile::TempDir,
}

impl Country {
    /// Invents it.
    pub fn new(people: u32, format: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = minhchung(&[
            "synth",
            "--people",
            &people.to_string(),
            "--provinces",
            "19",
            "--format",
            format,
            "--quiet",
            "--out",
            &folder.path().join("data").display().to_string(),
        ]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        Self { folder }
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A data file by role.
    pub fn data(&self, role: &str, format: &str) -> PathBuf {
        self.path("data").join(format!("{role}.{format}"))
    }

    /// Cleans it into a folder of this name, with further words.
    pub fn clean(&self, out: &str, format: &str, more: &[&str]) -> Run {
        let mut words = vec![
            "clean".to_owned(),
            "--quiet".into(),
            "--as-of".into(),
            "2022-08-31".into(),
        ];
        let files = [
            ("--records", "subjects"),
            ("--doses", "doses"),
            ("--register", "register"),
            ("--facilities", "facilities"),
            ("--lots", "lots"),
        ];
        for (option, role) in files {
            words.push(option.into());
            words.push(self.data(role, format).display().to_string());
        }
        words.push("--out".into());
        words.push(self.path(out).display().to_string());
        words.extend(more.iter().map(|word| (*word).to_owned()));
        minhchung(&words)
    }
}

/// Every file below a folder with its content, by relative path.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .expect("below the folder")
                    .display()
                    .to_string();
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}
