//! Runs the suites of the specification: those for evaluation (`testSuite`) and those for validation (`validation-testSuite`).

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use serde_json::Value as Json;

use super::value::same_json;
use super::{Expression, Issue, Value};

/// What a run over a folder of test files found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Assertions that hold.
    pub passed: usize,
    /// Assertions that the suite itself marks to be skipped.
    pub skipped: usize,
    /// Assertions that do not hold, and files that could not be read.
    pub failures: Vec<Failure>,
}

/// An assertion that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The file, below the folder that was run.
    pub file: PathBuf,
    /// The case in the file.
    pub case: String,
    /// What was expected and what came.
    pub difference: String,
}

/// The folder could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: give the folder that holds the test files", path.display())]
pub struct SuiteError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Report {
    /// Assertions that were decided.
    pub fn total(&self) -> usize {
        self.passed + self.failures.len()
    }

    pub(crate) fn fail(
        &mut self,
        file: &Path,
        case: impl Into<String>,
        difference: impl Into<String>,
    ) {
        self.failures.push(Failure {
            file: file.to_owned(),
            case: case.into(),
            difference: difference.into(),
        });
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {}",
            self.file.display(),
            self.case,
            self.difference
        )
    }
}

/// Runs every suite file below a folder: a JSON object with `cases` that state `assertions` or `issues`. Other files are passed over.
///
/// # Errors
/// When the folder or a file in it cannot be read at all.
pub fn conformance(folder: &Path) -> Result<Report, SuiteError> {
    let mut report = Report::default();
    for path in json_files(folder)? {
        let file = path.strip_prefix(folder).unwrap_or(&path);
        match read_json(&path)? {
            Ok(suite) => run_suite(file, &suite, &mut report),
            Err(error) => report.fail(file, "the whole file", error),
        }
    }
    Ok(report)
}

fn run_suite(file: &Path, suite: &Json, report: &mut Report) {
    let cases = suite.get("cases").and_then(Json::as_array);
    for (number, case) in cases.into_iter().flatten().enumerate() {
        let name = case.get("name").and_then(Json::as_str);
        let name = name.map_or_else(|| format!("case {}", number + 1), str::to_owned);
        let skip_case = is_skipped(suite) || is_skipped(case);
        if let Some(issues) = case.get("issues") {
            if skip_case {
                report.skipped += 1;
            } else {
                run_validation(file, &name, case, issues, report);
            }
        }
        let assertions = case.get("assertions").and_then(Json::as_array);
        for (number, assertion) in assertions.into_iter().flatten().enumerate() {
            if skip_case || is_skipped(assertion) {
                report.skipped += 1;
            } else {
                run_assertion(
                    file,
                    &format!("{name} #{}", number + 1),
                    case,
                    assertion,
                    report,
                );
            }
        }
    }
}

fn is_skipped(part: &Json) -> bool {
    part.get("directive").and_then(Json::as_str) == Some("skip")
}

fn run_assertion(file: &Path, name: &str, case: &Json, assertion: &Json, report: &mut Report) {
    let own = assertion.get("certLogicExpression");
    let Some(expression) = own.or_else(|| case.get("certLogicExpression")) else {
        return report.fail(file, name, "no expression");
    };
    let data = assertion.get("data").unwrap_or(&Json::Null);
    let expected = assertion.get("expected").unwrap_or(&Json::Null);
    match evaluate(expression, data) {
        Ok(actual) if same_json(&actual, expected) => report.passed += 1,
        Ok(actual) => report.fail(file, name, format!("expected {expected}, got {actual}")),
        Err(error) => report.fail(
            file,
            name,
            format!("expected {expected}, got an error: {error}"),
        ),
    }
}

fn evaluate(expression: &Json, data: &Json) -> Result<Json, String> {
    let expression = Expression::parse(expression).map_err(|issue| issue.to_string())?;
    let value = expression.evaluate(&Value::from_json(data));
    value
        .map(|value| value.to_json())
        .map_err(|error| error.to_string())
}

fn run_validation(file: &Path, name: &str, case: &Json, expected: &Json, report: &mut Report) {
    let expression = case.get("certLogicExpression").unwrap_or(&Json::Null);
    let actual: Json = Expression::validate(expression)
        .iter()
        .map(issue_json)
        .collect();
    if same_json(&actual, expected) {
        report.passed += 1;
    } else {
        report.fail(file, name, format!("expected {expected}, got {actual}"));
    }
}

fn issue_json(issue: &Issue) -> Json {
    serde_json::json!({"expr": issue.expression, "message": issue.message})
}

/// All files named `*.json` below a folder, in order of their paths.
pub(crate) fn json_files(folder: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let at_fault = |source| SuiteError {
            path: folder.clone(),
            source,
        };
        for entry in fs::read_dir(&folder).map_err(at_fault)? {
            let entry = entry.map_err(at_fault)?;
            let path = entry.path();
            if entry.file_type().map_err(at_fault)?.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The inner error is the content's: it is no JSON.
pub(crate) fn read_json(path: &Path) -> Result<Result<Json, String>, SuiteError> {
    let text = fs::read(path).map_err(|source| SuiteError {
        path: path.to_owned(),
        source,
    })?;
    // A byte order mark is not JSON, but files of other systems have it.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    Ok(serde_json::from_slice(text).map_err(|error| format!("not JSON: {error}")))
}
