//! An invented holder; also for the example.

use jiff::civil::date;
use render::{Bilingual, Certificate, PartialDate};

/// A code of the usual length: 591 characters, signed with ES256.
pub(crate) const HC1: &str = include_str!("../data/invented.hc1");

/// A certificate of an invented person.
pub(crate) fn certificate() -> Certificate {
    Certificate {
        name: "Đặng Thị Ngọc Ánh".to_owned(),
        name_transliterated: "DANG<<THI<NGOC<ANH".to_owned(),
        birth_date: PartialDate::Day(date(1984, 3, 7)),
        nationality: Bilingual::new("Việt Nam", "Viet Nam"),
        disease: Bilingual::same("COVID-19"),
        doses: (3, 3),
        injection_date: date(2026, 2, 11),
        dose_number: 3,
        vaccine: Bilingual::new("Vắc xin mRNA ngừa SARS-CoV-2", "SARS-CoV-2 mRNA vaccine"),
        product: Bilingual::same("Comirnaty"),
        manufacturer: Bilingual::same("Biontech Manufacturing GmbH"),
        certificate_code: "URN:UVCI:01:VN:F231A7D4B9E34D65A0D3F1B23D34E6F6#K".to_owned(),
        title: Bilingual::new("Hộ chiếu vắc xin", "Vaccine passport"),
        issuer: Bilingual::new("Bộ Y tế", "Ministry of Health"),
        basis: Bilingual::new(
            "Chứng nhận tiêm chủng theo Quyết định 5772/QĐ-BYT, theo định dạng Chứng nhận COVID số của EU",
            "Vaccination certificate under Decision 5772/QĐ-BYT, in the format of the EU Digital COVID Certificate",
        ),
        issued: date(2026, 11, 12),
        valid_until: date(2027, 11, 11),
        renews: true,
        verify_at: "kiemtra.example.vn".to_owned(),
        code: HC1.to_owned(),
    }
}

/// The same person with the longest texts that the standard allows (80 characters a name), and some.
pub(crate) fn long_certificate() -> Certificate {
    Certificate {
        name: "Công Tằng Tôn Nữ Hoàng Phượng Nguyệt Thường Quỳnh Khuynh Nghiêm Trường Nguyễn Ái"
            .to_owned(),
        name_transliterated:
            "CONG<TANG<TON<NU<<HOANG<PHUONG<NGUYET<THUONG<QUYNH<KHUYNH<NGHIEM<TRUONG<NGUYEN<AI"
                .to_owned(),
        vaccine: Bilingual::new(
            "Vắc xin bất hoạt toàn vi rút ngừa SARS-CoV-2, nuôi cấy trên tế bào Vero",
            "SARS-CoV-2 inactivated whole virus vaccine, grown in Vero cells",
        ),
        manufacturer: Bilingual::same(
            "China Sinopharm International Corp. - Beijing location (Viện Sinh phẩm Bắc Kinh, Trung Quốc)",
        ),
        ..certificate()
    }
}
