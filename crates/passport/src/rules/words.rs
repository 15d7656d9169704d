//! The words for fields, codes, countries and quantities of time, in Vietnamese and English.

use std::fmt::Write as _;

use registry::text::Text;
use registry::vaccine;

use crate::certlogic::TimeUnit;

/// Both languages of a text that needs no translation.
pub(super) fn same(text: &str) -> Text {
    Text::new(text, text)
}

/// All of them, one behind the other.
pub(super) fn join(texts: &[Text], between: &str) -> Text {
    let mut joined = Text::new("", "");
    for (number, text) in texts.iter().enumerate() {
        let between = if number == 0 { "" } else { between };
        let _ = write!(joined.vi, "{between}{}", text.vi);
        let _ = write!(joined.en, "{between}{}", text.en);
    }
    joined
}

/// What a path of the payload stands for.
pub(super) struct Field {
    /// As the subject of a sentence.
    pub(super) noun: Text,
    /// A sentence that tells the age of the thing, `{}` being a quantity of time; none for dates that no age is told of.
    pub(super) age: Option<[&'static str; 2]>,
}

/// Looks a path of the data context up, such as `payload.v.0.dt`.
pub(super) fn field(path: &str) -> Field {
    let path = path.strip_prefix("payload.").unwrap_or(path);
    let mut steps = path.split('.');
    let (group, index, name) = (steps.next().unwrap_or(""), steps.next(), steps.next());
    let known = FIELDS
        .iter()
        .find(|row| row.group == group && Some(row.name) == name);
    if let Some(row) = known {
        return Field {
            noun: Text::new(row.noun[0], row.noun[1]),
            age: row.age,
        };
    }
    let plain = |vi: &str, en: &str| Field {
        noun: Text::new(vi, en),
        age: None,
    };
    match (group, index) {
        ("dob", None) => Field {
            noun: Text::new("ngày sinh", "the date of birth"),
            age: Some([
                "người mang chứng nhận sinh cách đây {}",
                "the holder was born {} ago",
            ]),
        },
        ("v", None | Some("0")) => plain("mục tiêm chủng", "a vaccination entry"),
        ("t", None | Some("0")) => plain("mục xét nghiệm", "a test entry"),
        ("r", None | Some("0")) => plain("mục khỏi bệnh", "a recovery entry"),
        ("v", Some(_)) => plain("mục tiêm chủng thứ hai", "a second vaccination entry"),
        ("t", Some(_)) => plain("mục xét nghiệm thứ hai", "a second test entry"),
        ("r", Some(_)) => plain("mục khỏi bệnh thứ hai", "a second recovery entry"),
        _ => Field {
            noun: Text::new(format!("mục {path}"), format!("the field {path}")),
            age: None,
        },
    }
}

struct Row {
    group: &'static str,
    name: &'static str,
    noun: [&'static str; 2],
    age: Option<[&'static str; 2]>,
}

const fn row(group: &'static str, name: &'static str, vi: &'static str, en: &'static str) -> Row {
    Row {
        group,
        name,
        noun: [vi, en],
        age: None,
    }
}

const fn aged(mut row: Row, vi: &'static str, en: &'static str) -> Row {
    row.age = Some([vi, en]);
    row
}

const FIELDS: [Row; 28] = [
    aged(
        row(
            "v",
            "dt",
            "ngày tiêm mũi gần nhất",
            "the date of the last dose",
        ),
        "mũi tiêm gần nhất đã được {}",
        "the last dose is {} old",
    ),
    row("v", "dn", "số thứ tự mũi tiêm", "the number of the dose"),
    row(
        "v",
        "sd",
        "số mũi của liệu trình",
        "the number of doses of the course",
    ),
    row("v", "mp", "sản phẩm vắc xin", "the vaccine product"),
    row(
        "v",
        "ma",
        "nhà sản xuất vắc xin",
        "the vaccine manufacturer",
    ),
    row("v", "vp", "loại vắc xin", "the type of vaccine"),
    row("v", "tg", "bệnh được phòng", "the targeted disease"),
    row("v", "co", "nước tiêm chủng", "the country of vaccination"),
    row("v", "is", "cơ quan cấp", "the issuer"),
    row("v", "ci", "mã chứng nhận", "the certificate code"),
    aged(
        row(
            "t",
            "sc",
            "thời điểm lấy mẫu xét nghiệm",
            "the time of sampling",
        ),
        "mẫu xét nghiệm đã lấy được {}",
        "the test sample is {} old",
    ),
    row("t", "tt", "loại xét nghiệm", "the type of test"),
    row("t", "tr", "kết quả xét nghiệm", "the test result"),
    row(
        "t",
        "ma",
        "sản phẩm xét nghiệm nhanh",
        "the rapid test product",
    ),
    row("t", "nm", "tên xét nghiệm", "the name of the test"),
    row("t", "tc", "cơ sở xét nghiệm", "the testing centre"),
    row("t", "tg", "bệnh được xét nghiệm", "the targeted disease"),
    row("t", "co", "nước xét nghiệm", "the country of the test"),
    row("t", "is", "cơ quan cấp", "the issuer"),
    row("t", "ci", "mã chứng nhận", "the certificate code"),
    aged(
        row(
            "r",
            "fr",
            "ngày có kết quả dương tính đầu tiên",
            "the date of the first positive test",
        ),
        "kết quả dương tính đầu tiên đã được {}",
        "the first positive test is {} old",
    ),
    row(
        "r",
        "df",
        "ngày bắt đầu hiệu lực",
        "the first day of validity",
    ),
    row("r", "du", "ngày hết hiệu lực", "the last day of validity"),
    row("r", "tg", "bệnh đã khỏi", "the targeted disease"),
    row(
        "r",
        "co",
        "nước xác nhận khỏi bệnh",
        "the country of the test",
    ),
    row("r", "is", "cơ quan cấp", "the issuer"),
    row("r", "ci", "mã chứng nhận", "the certificate code"),
    row(
        "nam",
        "fnt",
        "họ (chuyển tự)",
        "the transliterated family name",
    ),
];

/// A code of a value set with its meaning, or the text itself.
pub(super) fn code(code: &str) -> Text {
    let (vi, en) = match code {
        "260415000" => ("không phát hiện", "not detected"),
        "260373001" => ("phát hiện", "detected"),
        "LP6464-4" => ("xét nghiệm NAAT (PCR)", "NAAT (PCR)"),
        "LP217198-3" => ("xét nghiệm nhanh kháng nguyên", "rapid antigen test"),
        "840539006" => ("COVID-19 (840539006)", "COVID-19 (840539006)"),
        _ => {
            let product = vaccine::products()
                .iter()
                .find(|product| product.mp == Some(code));
            return product.map_or_else(|| same(code), |product| same(product.name));
        }
    };
    Text::new(vi, en)
}

/// So many units.
pub(super) fn quantity(amount: i64, unit: TimeUnit) -> Text {
    let (vi, one, many) = match unit {
        TimeUnit::Year => ("năm", "year", "years"),
        TimeUnit::Month => ("tháng", "month", "months"),
        TimeUnit::Day => ("ngày", "day", "days"),
        TimeUnit::Hour => ("giờ", "hour", "hours"),
    };
    Text {
        vi: format!("{amount} {vi}"),
        en: format!("{amount} {}", if amount == 1 { one } else { many }),
    }
}

/// The name of a country, or its code if we have none.
pub(super) fn country(code: &str) -> Text {
    let found = COUNTRIES.iter().find(|(known, ..)| *known == code);
    found.map_or_else(|| same(code), |(_, vi, en)| Text::new(*vi, *en))
}

/// The countries of the EU, those that joined its certificate network and are much travelled to, and our own.
const COUNTRIES: [(&str, &str, &str); 47] = [
    ("AD", "Andorra", "Andorra"),
    ("AT", "Áo", "Austria"),
    ("AU", "Úc", "Australia"),
    ("BE", "Bỉ", "Belgium"),
    ("BG", "Bulgaria", "Bulgaria"),
    ("CA", "Canada", "Canada"),
    ("CH", "Thụy Sĩ", "Switzerland"),
    ("CN", "Trung Quốc", "China"),
    ("CY", "Síp", "Cyprus"),
    ("CZ", "Séc", "Czechia"),
    ("DE", "Đức", "Germany"),
    ("DK", "Đan Mạch", "Denmark"),
    ("EE", "Estonia", "Estonia"),
    ("ES", "Tây Ban Nha", "Spain"),
    ("FI", "Phần Lan", "Finland"),
    ("FR", "Pháp", "France"),
    ("GB", "Vương quốc Anh", "the United Kingdom"),
    ("GR", "Hy Lạp", "Greece"),
    ("HR", "Croatia", "Croatia"),
    ("HU", "Hungary", "Hungary"),
    ("IE", "Ireland", "Ireland"),
    ("IS", "Iceland", "Iceland"),
    ("IT", "Ý", "Italy"),
    ("JP", "Nhật Bản", "Japan"),
    ("KR", "Hàn Quốc", "South Korea"),
    ("LI", "Liechtenstein", "Liechtenstein"),
    ("LT", "Litva", "Lithuania"),
    ("LU", "Luxembourg", "Luxembourg"),
    ("LV", "Latvia", "Latvia"),
    ("MT", "Malta", "Malta"),
    ("NL", "Hà Lan", "the Netherlands"),
    ("NO", "Na Uy", "Norway"),
    ("NZ", "New Zealand", "New Zealand"),
    ("PL", "Ba Lan", "Poland"),
    ("PT", "Bồ Đào Nha", "Portugal"),
    ("RO", "Romania", "Romania"),
    ("SE", "Thụy Điển", "Sweden"),
    ("SG", "Singapore", "Singapore"),
    ("SI", "Slovenia", "Slovenia"),
    ("SK", "Slovakia", "Slovakia"),
    ("SM", "San Marino", "San Marino"),
    ("TH", "Thái Lan", "Thailand"),
    ("TR", "Thổ Nhĩ Kỳ", "Türkiye"),
    ("TW", "Đài Loan", "Taiwan"),
    ("US", "Hoa Kỳ", "the United States"),
    ("VA", "Vatican", "the Vatican"),
    ("VN", "Việt Nam", "Viet Nam"),
];
