//! Runs public suites in a folder: `conformance_rules certlogic FOLDER` those of the CertLogic specification, `conformance_rules rules
//! FOLDER` business rules with their tests. Exit code 1 when an assertion does not hold, 2 when they could not be run.

#![expect(clippy::print_stdout, reason = "this example is a command")]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use passport::certlogic::Report;

fn main() -> ExitCode {
    match run() {
        Ok(report) if report.failures.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            println!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<Report, Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let report = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["certlogic", folder] => passport::certlogic::conformance(Path::new(folder))?,
        ["rules", folder] => passport::rules::conformance(Path::new(folder))?,
        _ => return Err("which suite, certlogic or rules, and which folder?".into()),
    };
    if report.total() == 0 {
        return Err("there is no test in the folder".into());
    }
    for failure in &report.failures {
        println!("{failure}");
    }
    println!(
        "passed {} of {}, {} skipped",
        report.passed,
        report.total(),
        report.skipped
    );
    Ok(report)
}
