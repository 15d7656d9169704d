//! What stands on paper, taken from the signed code itself.

use std::num::NonZeroU8;
use std::path::Path;

use clap::{Args, ValueEnum};
use jiff::civil::date;
use jiff::tz::Offset;
use passport::dcc::{Dcc, Entry};
use passport::journal::Certified;
use passport::profile::{Profile, QrErrorCorrection};
use passport::value_sets::{Set, ValueSets};
use passport::verify::{Contents, verify};
use rayon::prelude::*;
use registry::date::BirthDate;
use registry::text::Text;
use render::{Bilingual, Form, Level, Mask, PartialDate, Qr};
use signing::Certificate;

use super::batch::Run;
use crate::command::people::write_whole;
use crate::exit::{Failure, usage};
use crate::progress::{Progress, interrupted};

/// Sizes of paper.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Paper {
    /// One page.
    A4,
    /// The size of a bank card.
    Card,
}

impl Paper {
    fn form(self) -> Form {
        match self {
            Self::A4 => Form::A4,
            Self::Card => Form::Card,
        }
    }
}

/// What is drawn of every certificate.
#[derive(Args)]
pub(super) struct Prints {
    /// Print every certificate as PDF.
    #[arg(long, value_enum)]
    pdf: Option<Paper>,
    /// Draw every code as PNG.
    #[arg(long)]
    png: bool,
}

impl Prints {
    /// The size of paper, for one who prints without having named any.
    pub(super) fn paper(&self) -> Paper {
        self.pdf.unwrap_or(Paper::A4)
    }

    /// Draws what is asked for into the folders `png` and `pdf` of the run's folder.
    pub(super) fn draw(
        &self,
        folder: &Path,
        profile: &Profile,
        progress: &Progress,
        run: &mut Run,
    ) -> Result<(), Failure> {
        let drawing = Drawing { profile };
        if self.png {
            let place = folder.join("png");
            let undrawn = draw_all(&place, "png", &run.issued, progress, |certified| {
                drawing.png(&certified.code)
            })?;
            run.undrawn.extend(undrawn);
        }
        if let Some(paper) = self.pdf {
            let place = folder.join("pdf");
            let undrawn = draw_all(&place, "pdf", &run.issued, progress, |certified| {
                drawing.pdf(&certified.code, certified.nationality.as_deref(), paper)
            })?;
            run.undrawn.extend(undrawn);
        }
        Ok(())
    }
}

/// How certificates are drawn.
#[derive(Clone, Copy)]
pub(super) struct Drawing<'p> {
    pub(super) profile: &'p Profile,
}

/// Certificates to draw at once: few enough to keep memory small.
const AT_ONCE: usize = 256;

impl Drawing<'_> {
    fn level(self) -> Level {
        match self.profile.qr_error_correction {
            QrErrorCorrection::L => Level::L,
            QrErrorCorrection::M => Level::M,
            QrErrorCorrection::Q => Level::Q,
            QrErrorCorrection::H => Level::H,
        }
    }

    /// The QR code as PNG.
    pub(super) fn png(self, code: &str) -> Result<Vec<u8>, String> {
        const PIXELS: NonZeroU8 = NonZeroU8::MIN.saturating_add(3);
        let qr = Qr::encode(code, self.level(), Mask::Fixed).map_err(|error| error.to_string())?;
        Ok(qr.png(PIXELS))
    }

    /// The certificate as PDF.
    pub(super) fn pdf(
        self,
        code: &str,
        nationality: Option<&str>,
        paper: Paper,
    ) -> Result<Vec<u8>, String> {
        let view = self
            .view(code, nationality)
            .ok_or("the code cannot be read back")?;
        view.pdf(paper.form(), self.level())
            .map_err(|error| error.to_string())
    }

    /// All that stands on it: what the code says, and the words of the profile.
    fn view(self, code: &str, nationality: Option<&str>) -> Option<render::Certificate> {
        let contents = contents(code)?;
        let dcc = contents.dcc?;
        let Entry::Vaccination(entry) = &dcc.entry else {
            return None;
        };
        let day = |time| Offset::UTC.to_datetime(time).date();
        let dose = u8::try_from(entry.dose).ok()?;
        let named = |set, code: &str| {
            ValueSets::eu()
                .display(set, code)
                .unwrap_or(code)
                .to_owned()
        };
        Some(render::Certificate {
            name: joined([&dcc.name.family, &dcc.name.given], " "),
            name_transliterated: joined([&dcc.name.family_icao, &dcc.name.given_icao], "<<"),
            birth_date: birth_date(&dcc)?,
            nationality: nation(nationality),
            disease: Bilingual::same(named(Set::Disease, &entry.disease)),
            doses: (dose, u8::try_from(entry.doses).ok()?),
            injection_date: entry.date.parse().ok()?,
            dose_number: dose,
            vaccine: Bilingual {
                vi: kind_of_vaccine(&entry.prophylaxis).to_owned(),
                en: named(Set::Prophylaxis, &entry.prophylaxis),
            },
            product: Bilingual::same(named(Set::Product, &entry.product)),
            manufacturer: Bilingual::same(named(Set::Manufacturer, &entry.manufacturer)),
            certificate_code: entry.id.clone(),
            title: bilingual(&self.profile.title),
            issuer: bilingual(&self.profile.authority),
            basis: bilingual(&self.profile.basis),
            issued: day(contents.issued_at?),
            valid_until: day(contents.expires_at?),
            renews: true,
            verify_at: String::new(),
            code: code.to_owned(),
        })
    }
}

/// Draws one file for each certificate that has none in the folder yet, named by the opaque part of its identifier. Gives the subjects
/// for whom there is none, with the reason.
fn draw_all(
    folder: &Path,
    extension: &str,
    all: &[Certified],
    progress: &Progress,
    draw: impl Fn(&Certified) -> Result<Vec<u8>, String> + Sync,
) -> Result<Vec<(String, String)>, Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| usage(format!("cannot make {}: {error}", folder.display())))?;
    progress.start(extension, all.len() as u64, "files");
    let mut refused = Vec::new();
    for portion in all.chunks(AT_ONCE) {
        let drawn: Vec<Result<Option<String>, Failure>> = portion
            .par_iter()
            .map(|certified| {
                let path = folder.join(format!("{}.{extension}", file_name(&certified.ci)));
                if path.exists() {
                    return Ok(None);
                }
                match draw(certified) {
                    Ok(bytes) => write_bytes(&path, &bytes).map(|()| None),
                    Err(reason) => Ok(Some(reason)),
                }
            })
            .collect();
        for (certified, outcome) in portion.iter().zip(drawn) {
            if let Some(reason) = outcome? {
                refused.push((certified.subject_id.clone(), reason));
            }
        }
        progress.add(portion.len() as u64);
        if interrupted() {
            return Err(Failure::Stopped);
        }
    }
    progress.stop(extension, "");
    Ok(refused)
}

/// Writes a file whole or not at all.
pub(super) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(path, |file| {
        std::io::Write::write_all(file, bytes)
            .map_err(|error| usage(format!("cannot write {}: {error}", path.display())))
    })?;
    Ok(())
}

/// The last part of an identifier without check character; only letters and digits, whoever made it.
fn file_name(ci: &str) -> String {
    let plain = ci.split('#').next().unwrap_or(ci);
    let last = plain.rsplit([':', '/']).next().unwrap_or(plain);
    last.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// What a code of ours holds. Nobody's signature is asked for: it was made a moment ago, or is checked by the caller.
pub(super) fn contents(code: &str) -> Option<Contents> {
    let nobody: &[Certificate] = &[];
    verify(code, nobody, jiff::Timestamp::UNIX_EPOCH).contents
}

fn bilingual(text: &Text) -> Bilingual {
    Bilingual::new(&text.vi, &text.en)
}

fn joined(parts: [&Option<String>; 2], by: &str) -> String {
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    parts.join(by)
}

fn birth_date(dcc: &Dcc) -> Option<PartialDate> {
    Some(match dcc.birth_date()? {
        BirthDate::Day(date) => PartialDate::Day(date),
        BirthDate::Month { year, month } => PartialDate::Month(date(year, month, 1)),
        BirthDate::Year(year) => PartialDate::Year(date(year, 1, 1)),
    })
}

/// The nationality as the record has it; it is not in the code.
fn nation(written: Option<&str>) -> Bilingual {
    match written {
        None => Bilingual::new("Không ghi", "Not stated"),
        Some("VN" | "VNM" | "Việt Nam" | "Viet Nam" | "Vietnam") => {
            Bilingual::new("Việt Nam", "Viet Nam")
        }
        Some(other) => Bilingual::same(
            ValueSets::eu()
                .display(Set::Country, other)
                .unwrap_or(other),
        ),
    }
}

/// The prophylaxis codes of the EU in Vietnamese, as far as products of the country have them.
fn kind_of_vaccine(code: &str) -> &'static str {
    match code {
        "1119349007" => "Vắc xin mRNA phòng COVID-19",
        "29061000087103" => "Vắc xin véc tơ vi rút adeno phòng COVID-19",
        "1157024006" => "Vắc xin bất hoạt phòng COVID-19",
        _ => "Vắc xin phòng COVID-19",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_leave_its_folder() {
        for (ci, name) in [
            ("URN:UVCI:01:VN:8F2C#I", "8F2C"),
            ("URN:UVCI:01:VN:../../x", "x"),
            ("8F2C", "8F2C"),
        ] {
            assert_eq!(file_name(ci), name);
        }
    }
}
