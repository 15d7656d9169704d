//! What stands on a certificate: plain values, made by whoever knows the record. Nothing is looked up or decided here.

use std::fmt::Write as _;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;

/// A text in Vietnamese and English.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bilingual {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Bilingual {
    /// A text that differs between the languages.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            vi: vi.into(),
            en: en.into(),
        }
    }

    /// A text that is the same in both, such as a trade name; it is printed once.
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            vi: text.clone(),
            en: text,
        }
    }
}

/// A birth date as precise as the record: nothing is invented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialDate {
    /// The day is known.
    Day(Date),
    /// Only the month is known; the day of this date isn't printed.
    Month(Date),
    /// Only the year is known; month and day of this date aren't printed.
    Year(Date),
}

/// One vaccination certificate: the eleven fields of Decision 5772/QĐ-BYT in its order, and the words around them.
///
/// The number of the holder's identity card has no place here, so it can't be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Field 1: full name with its accents.
    pub name: String,
    /// The name as a machine-readable document has it (`fnt` and `gnt` of the EU DCC): `NGUYEN<<THI<MAI`.
    pub name_transliterated: String,
    /// Field 2: date of birth.
    pub birth_date: PartialDate,
    /// Field 3: nationality.
    pub nationality: Bilingual,
    /// Field 4: the disease that the vaccine prevents.
    pub disease: Bilingual,
    /// Field 5: number of doses received, and of how many in the series (`dn` and `sd`).
    pub doses: (u8, u8),
    /// Field 6: when the latest dose was given.
    pub injection_date: Date,
    /// Field 7: number of that dose (`dn`).
    pub dose_number: u8,
    /// Field 8: kind of vaccine (`vp`).
    pub vaccine: Bilingual,
    /// Field 9: product (`mp`).
    pub product: Bilingual,
    /// Field 10: supplier or manufacturer (`ma`).
    pub manufacturer: Bilingual,
    /// Field 11: certificate code (UVCI).
    pub certificate_code: String,
    /// What it is called.
    pub title: Bilingual,
    /// Who issues, printed at the head.
    pub issuer: Bilingual,
    /// The ground of the certificate, one sentence under the title; empty for none.
    pub basis: Bilingual,
    /// Day of issue; also the creation date of the file.
    pub issued: Date,
    /// Last day on which the signature is technically valid.
    pub valid_until: Date,
    /// Whether a new code follows by itself before that day.
    pub renews: bool,
    /// Address of a page that checks the code, without `https://`; empty for none.
    pub verify_at: String,
    /// The text of the QR code, `HC1:…`.
    pub code: String,
}

/// A field as it is printed: its names in both languages and its value in both.
pub(crate) struct Field {
    pub(crate) label: Bilingual,
    pub(crate) value: Bilingual,
}

impl Certificate {
    /// The eleven fields in the order of the decision.
    pub(crate) fn fields(&self) -> [Field; 11] {
        let field = |vi: &str, en: &str, value: Bilingual| Field {
            label: Bilingual::new(vi, en),
            value,
        };
        let (received, series) = self.doses;
        [
            field(
                "Họ và tên",
                "Full name",
                Bilingual::new(&self.name, &self.name_transliterated),
            ),
            field(
                "Ngày tháng năm sinh",
                "Date of birth",
                self.birth_date.words(),
            ),
            field("Quốc tịch", "Nationality", self.nationality.clone()),
            field(
                "Bệnh được phòng ngừa",
                "Targeted disease",
                self.disease.clone(),
            ),
            field(
                "Số liều đã tiêm",
                "Number of doses received",
                Bilingual::same(format!("{received}/{series}")),
            ),
            field(
                "Ngày tiêm",
                "Date of vaccination",
                PartialDate::Day(self.injection_date).words(),
            ),
            field(
                "Liều số",
                "Dose number",
                Bilingual::same(self.dose_number.to_string()),
            ),
            field("Vắc xin", "Vaccine", self.vaccine.clone()),
            field("Sản phẩm vắc xin", "Vaccine product", self.product.clone()),
            field(
                "Nhà cung cấp hoặc sản xuất",
                "Supplier or manufacturer",
                self.manufacturer.clone(),
            ),
            field(
                "Mã chứng nhận",
                "Certificate code",
                Bilingual::same(&self.certificate_code),
            ),
        ]
    }

    /// The one truthful sentence about validity.
    pub(crate) fn validity(&self) -> Bilingual {
        let until = PartialDate::Day(self.valid_until).words();
        let (vi, en) = if self.renews {
            ("; tự động gia hạn.", "; renews itself.")
        } else {
            (".", ".")
        };
        Bilingual {
            vi: format!("Có hiệu lực kỹ thuật đến hết ngày {}{vi}", until.vi),
            en: format!("Technically valid until {}{en}", until.en),
        }
    }

    /// How anybody can check the certificate.
    pub(crate) fn how_to_verify(&self) -> Bilingual {
        let mut text = Bilingual::new(
            "Kiểm tra: quét mã QR bằng ứng dụng đọc Chứng nhận COVID số của EU",
            "To verify: scan the QR code with a reader of EU Digital COVID Certificates",
        );
        if !self.verify_at.is_empty() {
            text.vi.push_str(" hoặc tại ");
            text.en.push_str(" or at ");
            for language in [&mut text.vi, &mut text.en] {
                language.push_str(&self.verify_at);
            }
        }
        text.vi
            .push_str(", rồi đối chiếu họ tên và ngày sinh với giấy tờ tùy thân có ảnh.");
        text.en.push_str(
            ", then compare name and date of birth with an identity document with photo.",
        );
        text
    }

    /// When it was issued.
    pub(crate) fn issue(&self) -> Bilingual {
        let issued = PartialDate::Day(self.issued).words();
        Bilingual {
            vi: format!("Ngày cấp: {}", issued.vi),
            en: format!("Issued on {}", issued.en),
        }
    }
}

impl PartialDate {
    /// `07/03/1984` and `7 March 1984`: no border guard has to guess which is the month.
    pub(crate) fn words(self) -> Bilingual {
        let (Self::Day(date) | Self::Month(date) | Self::Year(date)) = self;
        let (year, month, day) = (date.year(), date.month(), date.day());
        let mut words = Bilingual::default();
        if let Self::Day(_) = self {
            let _ = write!(words.vi, "{day:02}/");
            let _ = write!(words.en, "{day} ");
        }
        if !matches!(self, Self::Year(_)) {
            let _ = write!(words.vi, "{month:02}/");
            let _ = write!(words.en, "{} ", date.strftime("%B"));
        }
        for language in [&mut words.vi, &mut words.en] {
            let _ = write!(language, "{year}");
        }
        words
    }
}

/// A value as it is set: in NFC, since the font has one glyph for each composed letter, and with single spaces.
pub(crate) fn tidy(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_as_precise_as_it_is_known_in_both_languages() {
        let date = jiff::civil::date(1984, 3, 7);
        for (known, vi, en) in [
            (PartialDate::Day(date), "07/03/1984", "7 March 1984"),
            (PartialDate::Month(date), "03/1984", "March 1984"),
            (PartialDate::Year(date), "1984", "1984"),
        ] {
            assert_eq!(known.words(), Bilingual::new(vi, en));
        }
    }

    #[test]
    fn decomposed_letters_are_composed_and_line_breaks_become_spaces() {
        assert_eq!(tidy("Nguye\u{302}\u{303}n \n Thị\tMai "), "Nguyễn Thị Mai");
    }
}
