//! The public test cases of the EU (dgc-testdata): any folder of them, every flag that they state.
//!
//! A case is a JSON file with the result of every step and flags that say which steps must succeed or fail; a flag that is missing, or whose
//! input is missing, is not tested; nor is `EXPECTEDVALIDOBJECT`, which asks the question of `EXPECTEDSCHEMAVALIDATION` again for `JSON`.
//! Differences that are expected are named with their cause: the project's own list of wrong expectations, and the rules of an older schema
//! that the certificate itself names.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use serde::Deserialize;
use serde_json::{Map, Value};
use signing::{Certificate, Purpose};

use crate::cose::Sign1;
use crate::cwt::Cwt;
use crate::dcc::Dcc;
use crate::{base45, cbor, schema, verify, zlib};

/// Runs every case below a folder. `read_picture` turns a PNG into the text of its QR code, or nothing.
///
/// # Errors
/// [`ConformanceError`]: the folder or a file cannot be read, or there is no case in it.
pub fn dcc(
    folder: &Path,
    read_picture: &dyn Fn(&[u8]) -> Option<String>,
) -> Result<Report, ConformanceError> {
    let known = KnownIssues::of(folder)?;
    let mut files = Vec::new();
    find(folder, &mut files)?;
    files.sort();
    let mut report = Report::default();
    for file in files {
        let bytes =
            std::fs::read(&file).map_err(|error| ConformanceError::unreadable(&file, &error))?;
        let text = String::from_utf8_lossy(&bytes);
        // Other JSON files may lie beside the cases.
        if !text.contains("\"EXPECTEDRESULTS\"") {
            continue;
        }
        let name = Name::of(folder, &file);
        report.cases += 1;
        match serde_json::from_str(text.trim_start_matches('\u{FEFF}')) {
            Ok(case) => report.run(&case, &name, &known, read_picture),
            Err(error) => report.failures.push(Difference {
                case: name.to_string(),
                flag: "EXPECTEDRESULTS",
                expected: true,
                found: error.to_string(),
                cause: String::new(),
            }),
        }
    }
    if report.cases == 0 {
        return Err(ConformanceError::NoCases(folder.to_owned()));
    }
    Ok(report)
}

/// What came of a folder of cases.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Cases run.
    pub cases: usize,
    /// Flags tested.
    pub flags: usize,
    /// Flags whose input is not in the case.
    pub untested: usize,
    /// Flags that came out otherwise than stated, for a cause that is known.
    pub known: Vec<Difference>,
    /// Flags that came out otherwise than stated.
    pub failures: Vec<Difference>,
}

/// A flag that came out otherwise than stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Folder and file.
    pub case: String,
    /// Which flag.
    pub flag: &'static str,
    /// What it says.
    pub expected: bool,
    /// What we found: the error, or that there was none.
    pub found: String,
    /// Why the expectation is wrong; empty for a failure.
    pub cause: String,
}

impl Report {
    /// Cases without a failure.
    pub fn passed(&self) -> usize {
        let failed: BTreeSet<_> = self.failures.iter().map(|failure| &failure.case).collect();
        self.cases - failed.len()
    }

    fn run(
        &mut self,
        case: &Case,
        name: &Name,
        known: &KnownIssues,
        read_picture: &dyn Fn(&[u8]) -> Option<String>,
    ) {
        let steps: [(&'static str, &str, Outcome); 11] = [
            (
                "EXPECTEDPICTUREDECODE",
                "test_picture_decode",
                case.picture(read_picture),
            ),
            ("EXPECTEDUNPREFIX", "test_un_prefix", case.prefix()),
            ("EXPECTEDB45DECODE", "test_b45decode", case.base45()),
            (
                "EXPECTEDCOMPRESSION",
                "test_compression",
                case.compression(),
            ),
            ("EXPECTEDDECODE", "test_cose_json", case.decode()),
            ("EXPECTEDVALIDJSON", "test_cbor_json", case.whole_chain()),
            ("EXPECTEDENCODE", "test_encode", case.encode()),
            (
                "EXPECTEDSCHEMAVALIDATION",
                "test_cose_schema",
                case.schema(),
            ),
            (
                "EXPECTEDVERIFY",
                "test_verification_check",
                case.signature(),
            ),
            (
                "EXPECTEDKEYUSAGE",
                "test_expected_key_usage",
                case.key_usage(),
            ),
            (
                "EXPECTEDEXPIRATIONCHECK",
                "test_expiration_check",
                case.expiry(),
            ),
        ];
        for (flag, test, outcome) in steps {
            let Some(expected) = case.expected.get(flag).and_then(Value::as_bool) else {
                continue;
            };
            let found = match outcome {
                Err(Fault::NoInput) => {
                    self.untested += 1;
                    continue;
                }
                Err(Fault::Fails(reason)) => Err(reason),
                Ok(()) => Ok(()),
            };
            self.flags += 1;
            if found.is_ok() == expected {
                continue;
            }
            let mut difference = Difference {
                case: name.to_string(),
                flag,
                expected,
                found: found.err().unwrap_or_else(|| "succeeds".into()),
                cause: String::new(),
            };
            let cause = known.cause(test, name);
            match cause.or_else(|| case.older_schema(flag, expected)) {
                Some(cause) => {
                    difference.cause = cause;
                    self.known.push(difference);
                }
                None => self.failures.push(difference),
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            case,
            flag,
            expected,
            found,
            cause,
        } = self;
        write!(f, "{case}: {flag} should be {expected}: {found}")?;
        if !cause.is_empty() {
            write!(f, " (known: {cause})")?;
        }
        Ok(())
    }
}

/// Why no cases were run.
#[derive(Debug, thiserror::Error)]
pub enum ConformanceError {
    /// A folder or file cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No JSON file with `EXPECTEDRESULTS`.
    #[error("{0}: no test case in this folder; give the folder that holds those of dgc-testdata")]
    NoCases(PathBuf),
}

impl ConformanceError {
    fn unreadable(path: &Path, reason: &dyn fmt::Display) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// How a step of a case went.
type Outcome = Result<(), Fault>;

enum Fault {
    /// The case does not hold what the step needs.
    NoInput,
    Fails(String),
}

fn fails(reason: impl fmt::Display) -> Fault {
    Fault::Fails(reason.to_string())
}

fn equal<T: PartialEq>(what: &str, left: &T, right: &T) -> Outcome {
    if left == right {
        Ok(())
    } else {
        Err(fails(format_args!("{what} differs")))
    }
}

/// A case as it stands in its file. Anything may be missing.
#[derive(Deserialize)]
struct Case {
    #[serde(rename = "JSON")]
    json: Option<Value>,
    #[serde(rename = "CBOR")]
    cbor: Option<String>,
    #[serde(rename = "COSE")]
    cose: Option<String>,
    #[serde(rename = "COMPRESSED")]
    compressed: Option<String>,
    #[serde(rename = "BASE45")]
    base45: Option<String>,
    #[serde(rename = "PREFIX")]
    prefix: Option<String>,
    #[serde(rename = "2DCODE")]
    picture: Option<String>,
    #[serde(rename = "TESTCTX", default)]
    context: Context,
    #[serde(rename = "EXPECTEDRESULTS")]
    expected: Map<String, Value>,
}

#[derive(Deserialize, Default)]
struct Context {
    #[serde(rename = "CERTIFICATE")]
    certificate: Option<String>,
    #[serde(rename = "VALIDATIONCLOCK")]
    clock: Option<String>,
}

impl Case {
    fn picture(&self, read: &dyn Fn(&[u8]) -> Option<String>) -> Outcome {
        let (picture, prefix) = (input(self.picture.as_ref())?, input(self.prefix.as_ref())?);
        let plain: String = picture.split_ascii_whitespace().collect();
        let png = STANDARD.decode(plain).map_err(fails)?;
        let text = read(&png).ok_or_else(|| fails("no QR code found"))?;
        equal("the text of the picture", &text, prefix)
    }

    fn prefix(&self) -> Outcome {
        let body = verify::body(input(self.prefix.as_ref())?)
            .map_err(|failure| fails(failure.text().en))?;
        match &self.base45 {
            Some(base45) => equal("the rest of the code", &body, &base45.as_str()),
            None => Ok(()),
        }
    }

    fn base45(&self) -> Outcome {
        let (text, compressed) = (
            input(self.base45.as_ref())?,
            bytes(self.compressed.as_ref())?,
        );
        equal(
            "the result",
            &base45::decode(text).map_err(fails)?,
            &compressed,
        )
    }

    fn compression(&self) -> Outcome {
        let (stream, message) = (bytes(self.compressed.as_ref())?, bytes(self.cose.as_ref())?);
        equal(
            "the result",
            &zlib::inflate(&stream).map_err(fails)?,
            &message,
        )
    }

    /// What is in `CBOR` and in `COSE` equals `JSON`.
    fn decode(&self) -> Outcome {
        let json = input(self.json.as_ref())?;
        if self.cbor.is_none() && self.cose.is_none() {
            return Err(Fault::NoInput);
        }
        if self.cbor.is_some() {
            same(&payload_json(&bytes(self.cbor.as_ref())?)?, json)?;
        }
        if self.cose.is_some() {
            same(&self.signed_json()?, json)?;
        }
        Ok(())
    }

    /// From the text of the code to `JSON`.
    fn whole_chain(&self) -> Outcome {
        let (prefix, json) = (input(self.prefix.as_ref())?, input(self.json.as_ref())?);
        let body = verify::body(prefix).map_err(|failure| fails(failure.text().en))?;
        let stream = base45::decode(body).map_err(fails)?;
        let message = zlib::inflate(&stream).map_err(fails)?;
        same(&message_json(&message)?, json)
    }

    fn encode(&self) -> Outcome {
        let (json, encoded) = (input(self.json.as_ref())?, bytes(self.cbor.as_ref())?);
        same(
            &payload_json(&encoded)?,
            &payload_json(&cbor::from_json(json))?,
        )
    }

    fn schema(&self) -> Outcome {
        let message = bytes(self.cose.as_ref())?;
        let payload = claims(&message)?.dcc;
        let dcc = Dcc::from_cbor(payload).map_err(fails)?;
        schema::check(&dcc).map(drop).map_err(fails)
    }

    /// How an older schema, which the certificate names, comes to the stated result where that of today does not.
    fn older_schema(&self, flag: &str, expected: bool) -> Option<String> {
        /// Characters of a name, an issuer, a centre or an identifier, and the largest dose number, in the schemas 1.0 and 1.1.
        const OLDER: (usize, u64) = (50, 9);
        let json = self.signed_json().ok()?;
        let version = json.get("ver")?.as_str()?;
        let older = ["1.0.", "1.1."]
            .iter()
            .any(|older| version.starts_with(older));
        if flag != "EXPECTEDSCHEMAVALIDATION" || !older {
            return None;
        }
        let groups = ["v", "t", "r"].map(|group| json.get(group).and_then(Value::as_array));
        let entries = || groups.into_iter().flatten().flatten();
        if expected {
            return (entries().count() > 1)
                .then(|| format!("schema {version} allowed several entries"));
        }
        let long = |text: &Value| {
            text.as_str()
                .is_some_and(|text| text.chars().count() > OLDER.0)
        };
        let text = |member: &str| entries().filter_map(|entry| entry.get(member)).any(long);
        let names = json.get("nam")?.as_object()?;
        if names.values().any(long) || ["is", "ci", "tc"].iter().any(|member| text(member)) {
            return Some(format!("schema {version} allowed {} characters", OLDER.0));
        }
        let large = |number: &Value| number.as_u64().is_some_and(|number| number > OLDER.1);
        if entries()
            .flat_map(|entry| [entry.get("dn"), entry.get("sd")])
            .flatten()
            .any(large)
        {
            return Some(format!("schema {version} allowed {} doses", OLDER.1));
        }
        if !names.contains_key("fnt") {
            return Some(format!("schema {version} required fnt"));
        }
        let without_centre =
            groups[1].is_some_and(|tests| tests.iter().any(|test| test.get("tc").is_none()));
        without_centre.then(|| format!("schema {version} required tc"))
    }

    fn signature(&self) -> Outcome {
        let (message, signer) = (bytes(self.cose.as_ref())?, self.signer()?);
        let message = Sign1::parse(&message).map_err(fails)?;
        let found = verify::signer(&message, &[signer][..], self.clock()?);
        found.map(drop).map_err(|failure| fails(failure.text().en))
    }

    fn key_usage(&self) -> Outcome {
        let (json, signer) = (self.signed_json()?, self.signer()?);
        let kinds = [
            ("v", Purpose::Vaccination),
            ("t", Purpose::Test),
            ("r", Purpose::Recovery),
        ];
        let mut present = kinds
            .into_iter()
            .filter(|(member, _)| json.get(member).is_some());
        match (present.next(), present.next()) {
            (Some((_, purpose)), None) => {
                verify::key_usage(&signer, purpose).map_err(|failure| fails(failure.text().en))
            }
            _ => Err(fails("not exactly one kind of entry")),
        }
    }

    /// Within the signer's validity from issue to expiry, and the clock between the two.
    fn expiry(&self) -> Outcome {
        let (message, signer, clock) = (bytes(self.cose.as_ref())?, self.signer()?, self.clock()?);
        let cwt = claims(&message)?;
        verify::expiry(&cwt, clock)
            .and_then(|()| verify::signer_period(&cwt, &signer, clock))
            .map_err(|failure| fails(failure.text().en))?;
        match cwt.expires_at {
            Some(expires_at) if expires_at > signer.not_after() => {
                Err(fails("valid for longer than its signer"))
            }
            _ => Ok(()),
        }
    }

    fn signer(&self) -> Result<Certificate, Fault> {
        Certificate::from_base64(input(self.context.certificate.as_ref())?).map_err(fails)
    }

    fn clock(&self) -> Result<Timestamp, Fault> {
        let text = input(self.context.clock.as_ref())?;
        moment(text)
            .map(|(_, instant)| instant)
            .ok_or_else(|| fails("no such clock"))
    }

    fn signed_json(&self) -> Result<Value, Fault> {
        message_json(&bytes(self.cose.as_ref())?)
    }
}

fn input<T>(field: Option<&T>) -> Result<&T, Fault> {
    field.ok_or(Fault::NoInput)
}

fn bytes(field: Option<&String>) -> Result<Vec<u8>, Fault> {
    hex::decode(input(field)?).map_err(fails)
}

fn claims(message: &[u8]) -> Result<Cwt<'_>, Fault> {
    Cwt::parse(Sign1::parse(message).map_err(fails)?.payload).map_err(fails)
}

fn message_json(message: &[u8]) -> Result<Value, Fault> {
    cbor::to_json(claims(message)?.dcc).map_err(fails)
}

/// `CBOR` holds the certificate, or the claims around it.
fn payload_json(bytes: &[u8]) -> Result<Value, Fault> {
    let json = cbor::to_json(bytes).map_err(fails)?;
    Ok(match json.pointer("/-260/1") {
        Some(dcc) => dcc.clone(),
        None => json,
    })
}

/// Whether two JSON values mean the same: numbers of any type, moments in any spelling.
fn same(left: &Value, right: &Value) -> Outcome {
    if alike(left, right) {
        Ok(())
    } else {
        Err(fails(format_args!("{left} is not {right}")))
    }
}

fn alike(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let member = |(key, value)| right.get(key).is_some_and(|other| alike(value, other));
            left.len() == right.len() && left.iter().all(member)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| alike(left, right))
        }
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::String(left), Value::String(right)) => {
            left == right
                || match (moment(left), moment(right)) {
                    (Some((civil, instant)), Some((other, other_instant))) => {
                        civil == other || instant == other_instant
                    }
                    _ => false,
                }
        }
        _ => left == right,
    }
}

/// A date or date and time, on the clock of its place and as an instant (UTC where no zone is written), to the second.
fn moment(text: &str) -> Option<(DateTime, Timestamp)> {
    let date: Date = schema::calendar_date(text.get(..10)?)?;
    let civil = match text.get(11..19) {
        Some(time) => date.to_datetime(time.parse().ok()?),
        None => date.to_datetime(jiff::civil::Time::midnight()),
    };
    let instant = match text.parse::<Timestamp>() {
        Ok(instant) => instant,
        Err(_) => Offset::UTC.to_timestamp(civil).ok()?,
    };
    Some((civil, instant))
}

/// Where a case comes from.
struct Name {
    country: String,
    set: String,
}

impl Name {
    /// The folder right below the one given, or that one itself, is named after the country.
    fn of(folder: &Path, file: &Path) -> Self {
        let below = file.strip_prefix(folder).ok().and_then(Path::parent);
        let country = below
            .and_then(|below| below.iter().next())
            .or_else(|| folder.file_name());
        let text = |part: Option<&std::ffi::OsStr>| {
            part.map_or_else(String::new, |part| part.to_string_lossy().into_owned())
        };
        Self {
            country: text(country),
            set: text(file.file_stem()),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.country, self.set)
    }
}

/// Wrong expectations, as `known_issues.csv` of the project lists them.
struct KnownIssues(Vec<KnownIssue>);

#[derive(Deserialize)]
struct KnownIssue {
    test_name: String,
    country: String,
    test_set: String,
    reason: String,
}

impl KnownIssues {
    /// The list in the folder, else the one that was current when the project ended.
    fn of(folder: &Path) -> Result<Self, ConformanceError> {
        const LAST: &str = include_str!("../../../data/dcc/cases/known_issues.csv");
        let file = folder.join("known_issues.csv");
        let text = std::fs::read_to_string(&file).unwrap_or_else(|_| LAST.into());
        let rows: Result<Vec<_>, _> = csv::Reader::from_reader(text.as_bytes())
            .into_deserialize()
            .collect();
        rows.map(Self)
            .map_err(|error| ConformanceError::unreadable(&file, &error))
    }

    /// An empty test or set stands for all.
    fn cause(&self, test: &str, name: &Name) -> Option<String> {
        let about = |issue: &&KnownIssue| {
            issue.country == name.country
                && (issue.test_name.is_empty() || issue.test_name == test)
                && (issue.test_set.is_empty() || issue.test_set == name.set)
        };
        self.0.iter().find(about).map(|issue| issue.reason.clone())
    }
}

/// Every JSON file below a folder.
fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), ConformanceError> {
    let unreadable = |error: std::io::Error| ConformanceError::unreadable(folder, &error);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    Ok(())
}
