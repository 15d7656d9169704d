//! The programs of others.

use std::path::Path;
use std::process::Command;

/// Runs a program of a Debian package and gives what it prints.
pub(crate) fn output(package: &str, program: &str, args: &[&str]) -> String {
    let run = Command::new(program).args(args).output();
    let output = run.unwrap_or_else(|error| {
        panic!("{program}: {error}; install it with `apt-get install {package}`")
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {errors}");
    // A PDF taken apart has binary parts in it.
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a poppler program on a PDF.
pub(crate) fn poppler(program: &str, args: &[&str], file: &Path) -> String {
    let mut args = args.to_vec();
    args.push(file.to_str().expect("a plain path"));
    if program == "pdftotext" {
        args.push("-");
    }
    output("poppler-utils", program, &args)
}

/// All codes that zbar finds in a picture.
pub(crate) fn zbar(picture: &Path) -> Vec<String> {
    let picture = picture.to_str().expect("a plain path");
    let args = ["--raw", "--quiet", "-Sdisable", "-Sqrcode.enable", picture];
    let text = output("zbar-tools", "zbarimg", &args);
    text.lines().map(str::to_owned).collect()
}
