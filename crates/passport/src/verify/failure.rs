//! Why a code is not valid, and what is odd about one that is, in words.

use jiff::Timestamp;
use jiff::civil::Date;
use registry::text::Text;
use signing::Purpose;

use crate::base45::Base45Error;
use crate::cose::CoseError;
use crate::cwt::CwtError;
use crate::issue::PREFIX;
use crate::schema::Violation;
use crate::zlib::ZlibError;

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The text is something else.
    NotACode(NotACode),
    /// Not Base45.
    Base45(Base45Error),
    /// Not what zlib made.
    Zlib(ZlibError),
    /// No signed message.
    Cose(CoseError),
    /// Claims or certificate are not well-formed.
    Cbor(String),
    /// A signed message of another purpose.
    NoCertificate,
    /// The certificate leaves the schema.
    Schema(Violation),
    /// No key identifier in either header.
    NoKid,
    /// Neither ES256 nor PS256; the number of the algorithm, if there is one.
    Algorithm(Option<i64>),
    /// No trusted certificate has the key identifier.
    UnknownSigner {
        /// The key identifier.
        kid: Vec<u8>,
    },
    /// There are certificates with the key identifier, and none made the signature.
    Signature,
    /// The signer's certificate has expired.
    SignerExpired {
        /// When.
        until: Timestamp,
    },
    /// The signer's certificate was not valid yet.
    SignerNotYetValid {
        /// From when it is.
        from: Timestamp,
    },
    /// The signer may not sign this kind of certificate.
    KeyUsage(Purpose),
    /// The certificate says not when it was issued or until when it is valid.
    NoTimes,
    /// Issued later than now.
    IssuedInFuture {
        /// When.
        issued_at: Timestamp,
    },
    /// Expired.
    Expired {
        /// When.
        expires_at: Timestamp,
    },
}

/// What a text is instead of an EU health certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotACode {
    /// Nothing.
    Empty,
    /// `shc:/`
    SmartHealthCard,
    /// ICAO's visible digital seal, in JSON.
    VdsNc,
    /// A web address.
    Url,
    /// `HC2:` and the like.
    OtherVersion,
    /// `hc1:`
    LowerCase,
    /// White space before `HC1:`.
    LeadingSpace,
    /// A line was broken, or a line end was copied with it.
    LineBreak,
    /// The code twice, or two codes.
    Doubled,
    /// Longer than the largest QR code.
    TooLong,
    /// Anything else.
    Other,
}

/// What is odd about a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A violation that readers tolerate.
    Schema(Violation),
    /// A code that is no longer written.
    DeprecatedCode {
        /// The member.
        field: &'static str,
        /// Its value.
        code: String,
    },
    /// A code in no value set.
    UnknownCode {
        /// The member.
        field: &'static str,
        /// Its value.
        code: String,
    },
    /// The manufacturer does not make this product.
    Manufacturer {
        /// `mp`
        product: String,
        /// `ma`
        manufacturer: String,
    },
    /// The product is not of this kind of vaccine.
    Prophylaxis {
        /// `mp`
        product: String,
        /// `vp`
        prophylaxis: String,
    },
    /// The check character of the identifier does not fit.
    CheckCharacter {
        /// What would.
        expected: char,
    },
    /// Valid for more than 12 months.
    LongValidity {
        /// For how many days.
        days: i64,
    },
    /// Valid for longer than its signer.
    OutlivesSigner {
        /// Until when the signer is valid.
        until: Timestamp,
    },
    /// The dose was given after the certificate was issued.
    DoseAfterIssue {
        /// When.
        date: Date,
    },
}

/// What follows the prefix.
pub(crate) fn body(code: &str) -> Result<&str, Failure> {
    /// Alphanumeric characters of QR version 40-L.
    const LARGEST_QR: usize = 4296;
    match code.strip_prefix(PREFIX) {
        Some(_) if code.len() > LARGEST_QR => Err(Failure::NotACode(NotACode::TooLong)),
        Some(body) => Ok(body),
        None => Err(Failure::NotACode(NotACode::of(code))),
    }
}

/// Of a text that has the prefix and is no Base45.
pub(super) fn of_base45(body: &str, error: Base45Error) -> Failure {
    match error {
        Base45Error::Character {
            character: '\n' | '\r',
            ..
        } => Failure::NotACode(NotACode::LineBreak),
        Base45Error::Character {
            character: 'a'..='z',
            ..
        } => Failure::NotACode(NotACode::LowerCase),
        _ if body.contains(PREFIX) => Failure::NotACode(NotACode::Doubled),
        error => Failure::Base45(error),
    }
}

/// Of a text that is Base45 and not compressed. The prefix is made of Base45 characters, so it may stand in a good code by chance.
pub(super) fn of_zlib(body: &str, error: ZlibError) -> Failure {
    if body.contains(PREFIX) {
        Failure::NotACode(NotACode::Doubled)
    } else {
        Failure::Zlib(error)
    }
}

impl NotACode {
    fn of(text: &str) -> Self {
        let trimmed = text.trim();
        let lower = trimmed.get(..16).unwrap_or(trimmed).to_ascii_lowercase();
        if trimmed.is_empty() {
            Self::Empty
        } else if trimmed.starts_with(PREFIX) {
            Self::LeadingSpace
        } else if lower.starts_with("hc1:") {
            Self::LowerCase
        } else if lower.starts_with("hc") && lower.as_bytes().get(3) == Some(&b':') {
            Self::OtherVersion
        } else if lower.starts_with("shc:/") {
            Self::SmartHealthCard
        } else if lower.starts_with("http://") || lower.starts_with("https://") {
            Self::Url
        } else if trimmed.starts_with('{') && trimmed.contains("\"icao.") {
            Self::VdsNc
        } else {
            Self::Other
        }
    }

    fn text(self) -> Text {
        let (vi, en) = match self {
            Self::Empty => ("Không có mã nào.", "There is no code."),
            Self::SmartHealthCard => (
                "Đây là SMART Health Card, không phải chứng nhận theo mẫu EU; phần mềm này không đọc loại mã đó.",
                "This is a SMART Health Card, not an EU certificate; it is not read here.",
            ),
            Self::VdsNc => (
                "Đây là mã VDS-NC của ICAO, không phải chứng nhận theo mẫu EU; phần mềm này không đọc loại mã đó.",
                "This is a VDS-NC of ICAO, not an EU certificate; it is not read here.",
            ),
            Self::Url => (
                "Mã QR này dẫn tới một trang web, không phải là chứng nhận.",
                "This QR code leads to a web page and is no certificate.",
            ),
            Self::OtherVersion => (
                "Đây là chứng nhận của một phiên bản khác; chỉ đọc được HC1.",
                "This is a health certificate of another version; only HC1 is read.",
            ),
            Self::LowerCase => (
                "Mã có chữ thường; mã gốc chỉ gồm chữ hoa. Hãy quét lại thay vì gõ lại.",
                "The code has small letters; the original has capitals only. Scan it again instead of typing it.",
            ),
            Self::LeadingSpace => (
                "Trước mã có khoảng trắng; hãy bỏ khoảng trắng đó.",
                "White space stands before the code; remove it.",
            ),
            Self::LineBreak => (
                "Mã bị ngắt dòng; hãy nối lại thành một dòng, giữ nguyên mọi dấu cách.",
                "The code has a line break; join it to one line and keep every space.",
            ),
            Self::Doubled => (
                "Có hai mã viết liền nhau; hãy kiểm tra từng mã một.",
                "Two codes stand one after the other; check them one by one.",
            ),
            Self::TooLong => (
                "Văn bản dài hơn mã QR lớn nhất; đây không phải là một mã.",
                "The text is longer than the largest QR code; this is not one code.",
            ),
            Self::Other => (
                "Đây không phải là chứng nhận sức khỏe: mã không bắt đầu bằng HC1:.",
                "This is no health certificate: it does not begin with HC1:.",
            ),
        };
        Text::new(vi, en)
    }
}

impl Failure {
    /// One sentence, for the person at the door.
    pub fn text(&self) -> Text {
        match self {
            Self::NotACode(what) => what.text(),
            Self::Base45(error) => technical(
                "Mã bị hỏng hoặc thiếu; hãy quét lại",
                "The code is damaged or incomplete; scan it again",
                error,
            ),
            Self::Zlib(ZlibError::TooLarge) => Text::new(
                "Dữ liệu nén quá lớn đối với một chứng nhận; mã này không đáng tin.",
                "The compressed data are too large for a certificate; do not trust this code.",
            ),
            Self::Zlib(error) => technical(
                "Mã bị hỏng hoặc thiếu; hãy quét lại",
                "The code is damaged or incomplete; scan it again",
                error,
            ),
            Self::Cose(error) => technical(
                "Mã không chứa dữ liệu có chữ ký đúng mẫu",
                "The code holds no signed data of the right form",
                error,
            ),
            Self::Cbor(reason) => technical(
                "Dữ liệu trong mã không đọc được",
                "The data in the code cannot be read",
                reason,
            ),
            Self::NoCertificate => Text::new(
                "Dữ liệu có chữ ký nhưng không phải chứng nhận sức khỏe.",
                "The data are signed, but they are no health certificate.",
            ),
            Self::Schema(violation) => both(
                "Chứng nhận không đúng quy định của EU",
                "The certificate does not keep to the EU's schema",
                violation,
            ),
            Self::NoKid => Text::new(
                "Chứng nhận không cho biết ai đã ký.",
                "The certificate does not say who signed it.",
            ),
            Self::Algorithm(_) => Text::new(
                "Chữ ký dùng thuật toán không được chấp nhận.",
                "The signature is of an algorithm that is not accepted.",
            ),
            Self::UnknownSigner { kid } => {
                let kid = hex::encode(kid);
                both(
                    "Người ký không có trong danh sách tin cậy",
                    "The signer is not on the trust list",
                    format!("kid {kid}"),
                )
            }
            Self::Signature => Text::new(
                "Chữ ký sai: chứng nhận đã bị sửa hoặc là giả.",
                "The signature is wrong: the certificate was altered or forged.",
            ),
            Self::SignerExpired { until } => since(
                "Chứng thư của người ký đã hết hạn",
                "The signer's certificate has expired",
                *until,
            ),
            Self::SignerNotYetValid { from } => since(
                "Chứng thư của người ký chưa có hiệu lực khi ký",
                "The signer's certificate was not valid yet",
                *from,
            ),
            Self::KeyUsage(purpose) => {
                let (vi, en) = match purpose {
                    Purpose::Vaccination => ("tiêm chủng", "vaccinations"),
                    Purpose::Test => ("xét nghiệm", "tests"),
                    Purpose::Recovery => ("khỏi bệnh", "recoveries"),
                };
                Text::new(
                    format!("Người ký không được phép ký chứng nhận {vi}."),
                    format!("The signer may not certify {en}."),
                )
            }
            Self::NoTimes => Text::new(
                "Chứng nhận không ghi ngày cấp hoặc ngày hết hạn.",
                "The certificate does not say when it was issued or when it expires.",
            ),
            Self::IssuedInFuture { issued_at } => since(
                "Ngày cấp ở tương lai; hãy kiểm tra đồng hồ của thiết bị",
                "Issued in the future; check the clock of this device",
                *issued_at,
            ),
            Self::Expired { expires_at } => since(
                "Chứng nhận đã hết hạn",
                "The certificate has expired",
                *expires_at,
            ),
        }
    }
}

impl Warning {
    /// One sentence.
    pub fn text(&self) -> Text {
        match self {
            Self::Schema(violation) => both(
                "Chứng nhận hơi khác quy định",
                "The certificate departs slightly from the schema",
                violation,
            ),
            Self::DeprecatedCode { field, code } => both(
                "Mã đã ngừng dùng",
                "A code that is no longer used",
                format!("{field} {code}"),
            ),
            Self::UnknownCode { field, code } => both(
                "Mã không có trong danh mục của EU",
                "A code that is in no value set of the EU",
                format!("{field} {code:?}"),
            ),
            Self::Manufacturer {
                product,
                manufacturer,
            } => both(
                "Nhà sản xuất không khớp với vắc xin",
                "The manufacturer does not belong to the product",
                format!("mp {product}, ma {manufacturer}"),
            ),
            Self::Prophylaxis {
                product,
                prophylaxis,
            } => both(
                "Loại vắc xin không khớp với sản phẩm",
                "The kind of vaccine does not belong to the product",
                format!("mp {product}, vp {prophylaxis}"),
            ),
            Self::CheckCharacter { expected } => both(
                "Ký tự kiểm tra của mã chứng nhận không đúng",
                "The check character of the identifier does not fit",
                expected,
            ),
            Self::LongValidity { days } => Text::new(
                format!("Thời hạn {days} ngày, dài hơn 12 tháng."),
                format!("Valid for {days} days, more than 12 months."),
            ),
            Self::OutlivesSigner { until } => since(
                "Thời hạn của chứng nhận dài hơn của người ký",
                "The certificate is valid for longer than its signer",
                *until,
            ),
            Self::DoseAfterIssue { date } => both(
                "Ngày tiêm sau ngày cấp",
                "The dose is dated after the issue",
                date,
            ),
        }
    }
}

impl From<CoseError> for Failure {
    fn from(error: CoseError) -> Self {
        Self::Cose(error)
    }
}

impl From<CwtError> for Failure {
    fn from(error: CwtError) -> Self {
        match error {
            CwtError::Cbor(error) => Self::Cbor(error.to_string()),
            CwtError::NoCertificate => Self::NoCertificate,
        }
    }
}

impl From<ZlibError> for Failure {
    fn from(error: ZlibError) -> Self {
        Self::Zlib(error)
    }
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Self::Schema(violation)
    }
}

/// A sentence with what exactly it is about.
fn both(vi: &str, en: &str, what: impl std::fmt::Display) -> Text {
    Text::new(format!("{vi} ({what})."), format!("{en} ({what})."))
}

/// A sentence whose detail is the trade's English: only there.
fn technical(vi: &str, en: &str, what: impl std::fmt::Display) -> Text {
    Text::new(format!("{vi}."), format!("{en} ({what})."))
}

/// A sentence about a moment, to the day and minute.
fn since(vi: &str, en: &str, time: Timestamp) -> Text {
    both(vi, en, time.strftime("%Y-%m-%d %H:%M UTC"))
}
