//! The reasons for which feedback may be rejected. Codes never change; the thirteen on data keep the order of the annex of 9458.

use registry::text::Lang;
use serde::{Deserialize, Serialize};

macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident $code:literal $vi:literal $en:literal),* $(,)?) => {
        /// Why feedback is rejected.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Rejection { $($(#[$doc])* #[serde(rename = $code)] $name),* }

        impl Rejection {
            /// All reasons in order of their codes, those on data first.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// What the citizen is told.
            pub fn text(self, lang: Lang) -> &'static str {
                match (self, lang) { $((Self::$name, Lang::Vi) => $vi, (Self::$name, Lang::En) => $en),* }
            }
        }
    };
}

rejections! {
    /// A screening form that shows nothing.
    Tk01 "TK-01"
        "Ảnh chụp phiếu sàng lọc nhưng không có ngày tiêm, mũi tiêm hoặc tên vắc xin"
        "The screening form was photographed, but it shows no date, dose or vaccine",
    /// Another name.
    Tk02 "TK-02"
        "Họ tên trong phản ánh mâu thuẫn với họ tên trên giấy xác nhận"
        "The name in the feedback contradicts the name on the certificate",
    /// A portrait only.
    Tk03 "TK-03"
        "Chỉ đính kèm ảnh chân dung, không có giấy xác nhận"
        "Only a portrait photo is attached, no certificate",
    /// Another dose number.
    Tk04 "TK-04"
        "Số mũi tiêm khai báo khác với giấy xác nhận"
        "The dose number declared differs from the certificate",
    /// Another birth date.
    Tk05 "TK-05"
        "Ngày sinh trên giấy xác nhận khác với hệ thống"
        "The date of birth on the certificate differs from the system",
    /// A photo that lacks something.
    Tk06 "TK-06"
        "Ảnh giấy xác nhận thiếu họ tên, giới tính, thời gian tiêm hoặc tên vắc xin"
        "The photo of the certificate lacks name, gender, injection time or vaccine",
    /// Covered data.
    Tk07 "TK-07"
        "Thông tin cá nhân trên ảnh giấy xác nhận bị che"
        "Personal data on the photographed certificate is covered",
    /// Blurred.
    Tk08 "TK-08"
        "Ảnh mờ, không đọc được"
        "The photo is blurred or unreadable",
    /// Another day.
    Tk09 "TK-09"
        "Ngày tiêm khai báo khác với giấy xác nhận"
        "The injection date declared differs from the certificate",
    /// Nothing agrees.
    Tk10 "TK-10"
        "Thông tin trên giấy xác nhận hoàn toàn không khớp với khai báo"
        "Nothing on the certificate agrees with the declaration",
    /// A name without diacritics.
    Tk11 "TK-11"
        "Họ tên nhập trên Cổng không đầy đủ hoặc không có dấu"
        "The name typed on the Portal is incomplete or has no diacritics",
    /// Another vaccine.
    Tk12 "TK-12"
        "Tên vắc xin khai báo khác với giấy xác nhận"
        "The vaccine declared differs from the certificate",
    /// Altered by hand.
    Tk13 "TK-13"
        "Thông tin cá nhân trên giấy bị sửa bằng tay"
        "Personal data on the paper was altered by hand",
    /// A complaint that was looked into.
    Kn01 "KN-01"
        "Đã kiểm tra, không có hành vi gây khó khăn hoặc vụ lợi"
        "The complaint was examined; no obstruction or profit was found",
    /// A complaint about something else.
    Kn02 "KN-02"
        "Nội dung không thuộc kênh khiếu nại về gây khó khăn khi ký hoặc cấp hộ chiếu vắc xin"
        "The matter is not one of obstruction in signing or issuing passports",
}

impl Rejection {
    /// True for the reasons that answer a complaint about staff.
    pub fn answers_complaint(self) -> bool {
        matches!(self, Self::Kn01 | Self::Kn02)
    }
}
