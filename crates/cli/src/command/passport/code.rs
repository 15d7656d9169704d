//! Where a code comes from: the command line, a text, a photo, a PDF, or stdin.

use std::io::Read;
use std::path::Path;

use passport::issue::PREFIX;
use render::{FileKind, ReadError};

use super::picture;
use crate::exit::{Failure, usage};

/// Larger than any photo or PDF of a certificate.
const MAX_BYTES: u64 = 64 << 20;

/// The code that is meant: `-` for stdin, a file that exists, or the text itself.
pub(super) fn read(given: &str) -> Result<String, Failure> {
    let path = Path::new(given);
    if given == "-" {
        return from_bytes("stdin", &limited("stdin", std::io::stdin().lock())?);
    }
    // A code may be longer than any file name, which is an error to ask for and no file.
    if !given.starts_with(PREFIX) && path.is_file() {
        let file = std::fs::File::open(path)
            .map_err(|error| usage(format!("cannot read {given}: {error}")))?;
        return from_bytes(given, &limited(given, file)?);
    }
    if looks_like_a_file(path) {
        return Err(usage(format!(
            "{given}: no such file; give a code, a picture, a PDF, a text file, or - for stdin"
        )));
    }
    Ok(given.to_owned())
}

fn looks_like_a_file(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        ["png", "jpg", "jpeg", "pdf", "txt"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

fn limited(name: &str, source: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = source.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| usage(format!("cannot read {name}: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(usage(format!(
            "{name} is larger than {} MB; give the picture, PDF or text of one code",
            MAX_BYTES >> 20
        )));
    }
    Ok(bytes)
}

fn from_bytes(name: &str, bytes: &[u8]) -> Result<String, Failure> {
    if FileKind::of(bytes).is_some() {
        return from_picture(name, bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(usage(format!("{name}: {}", ReadError::Unsupported)));
    };
    Ok(without_line_end(text).to_owned())
}

/// A space is a character of a code, at its end too: only one line end is taken away.
fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// The health certificate in a picture; if there is none, whatever else is there, so that it can be named.
fn from_picture(name: &str, bytes: &[u8]) -> Result<String, Failure> {
    let codes = picture::codes(name, bytes)?;
    let certificates: Vec<_> = codes
        .iter()
        .filter(|code| code.starts_with(PREFIX))
        .collect();
    match certificates.as_slice() {
        [] => Ok(codes.into_iter().next().unwrap_or_default()),
        [one] => Ok((*one).clone()),
        several => Err(usage(format!(
            "{name} shows {} certificates; cut the picture so that one remains",
            several.len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_taken_away_and_no_space() {
        for (text, code) in [
            ("HC1:A ", "HC1:A "),
            ("HC1:A \n", "HC1:A "),
            ("HC1:A\r\n", "HC1:A"),
            ("HC1:A\n\n", "HC1:A\n"),
            (" HC1:A", " HC1:A"),
        ] {
            assert_eq!(without_line_end(text), code);
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_not_taken_for_a_code() {
        for (given, is_file) in [
            ("photo.JPG", true),
            ("HC1:6BF", false),
            ("shc:/5676", false),
        ] {
            assert_eq!(looks_like_a_file(Path::new(given)), is_file, "{given}");
        }
    }
}
