//! Runs public test cases in a folder: `conformance dcc FOLDER` the EU's codes, `conformance certlogic FOLDER` the suites of the CertLogic
//! specification, `conformance rules FOLDER` business rules with their tests. Exit code 1 when one came out otherwise than it states, 2 when
//! they could not be run.

#![expect(clippy::print_stdout, reason = "this example is a command")]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use passport::{certlogic, conformance, rules};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let passed = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["dcc", folder] => codes(Path::new(folder)),
        ["certlogic", folder] => suite(certlogic::conformance(Path::new(folder))),
        ["rules", folder] => suite(rules::conformance(Path::new(folder))),
        _ => Err("which cases, dcc, certlogic or rules, and which folder?".into()),
    };
    match passed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            println!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn codes(folder: &Path) -> Result<bool, Box<dyn Error>> {
    let report = conformance::dcc(folder, &|png| {
        render::read_codes(png).ok()?.into_iter().next()
    })?;
    for difference in report.known.iter().chain(&report.failures) {
        println!("{difference}");
    }
    println!(
        "{} flags tested, {} without input, {} differ for a known cause",
        report.flags,
        report.untested,
        report.known.len()
    );
    println!("passed {} of {}", report.passed(), report.cases);
    Ok(report.failures.is_empty())
}

fn suite<E: Error + 'static>(report: Result<certlogic::Report, E>) -> Result<bool, Box<dyn Error>> {
    let report = report?;
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
    Ok(report.failures.is_empty())
}
