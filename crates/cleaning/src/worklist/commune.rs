//! The commune's list of dispatch 2262.

use registry::name;
use registry::status::ErrorCategory;
use rust_xlsxwriter::{Workbook, XlsxError};

use super::sheet::{self, Cell, Column, Group, Kind, Layout};
use super::{CommuneItem, CommuneList, Stamp};

/// Outcomes of the hamlet's review (process of dispatch 2262, step 2).
const REVIEW: &[&str] = &[
    "Đúng như gợi ý",
    "Sửa khác",
    "Không tìm thấy",
    "Chuyển đi",
    "Đã mất",
    "Từ chối",
    "Trùng với",
];
/// Answers of the commune police (step 3).
const POLICE: &[&str] = &[
    "Xác nhận",
    "Đã cập nhật CSDLQG về dân cư",
    "Hỏi lại thôn/tổ dân phố",
    "Hỏi Công an xã khác",
    "Không xác nhận được",
];
const SEX: &[&str] = &["Nam", "Nữ"];

const fn locked(title: &'static str, width: u8) -> Column {
    Column {
        title,
        width,
        kind: Kind::Locked,
    }
}
const fn open(title: &'static str, width: u8, kind: Kind) -> Column {
    Column { title, width, kind }
}

const GROUPS: &[Group] = &[
    Group {
        title: "Bản ghi (không sửa)",
        columns: &[
            locked("STT", 5),
            locked("Mã bản ghi", 11),
            locked("Phiên bản", 6),
            locked("Nhóm lỗi", 6),
            locked("Thôn/tổ dân phố", 11),
        ],
    },
    Group {
        title: "Thông tin đang lưu trên Nền tảng",
        columns: &[
            locked("Họ và tên", 18),
            locked("Ngày sinh", 11),
            locked("Giới tính", 6),
            locked("Số CCCD/CMND", 14),
            locked("Điện thoại", 12),
            locked("Sai ở đâu", 22),
        ],
    },
    Group {
        title: "Gợi ý từ CSDLQG về dân cư (phải được xác nhận)",
        columns: &[
            // Every heading stands once: columns are found by name when the list comes back.
            locked("Số CCCD gợi ý", 14),
            locked("Họ và tên gợi ý", 18),
            locked("Ngày sinh gợi ý", 11),
            locked("Giới tính gợi ý", 6),
            locked("Xác suất", 8),
            locked("Lý do gợi ý", 24),
        ],
    },
    Group {
        title: "Thôn/tổ dân phố, Công an xã, Trạm Y tế điền",
        columns: &[
            open("Kết quả rà soát", 14, Kind::Choice(REVIEW)),
            open("Số CCCD đúng", 14, Kind::IdNumber),
            open("Họ và tên đúng", 18, Kind::Text),
            open("Ngày sinh đúng", 11, Kind::Text),
            open("Giới tính đúng", 8, Kind::Choice(SEX)),
            open("Ghi chú", 14, Kind::Text),
            open("Công an xác nhận", 14, Kind::Choice(POLICE)),
        ],
    },
];

const GUIDE: &[(&str, &str)] = &[
    (
        "HƯỚNG DẪN",
        "Làm sạch dữ liệu tiêm chủng COVID-19 theo Công văn 2262/BYT-CNTT ngày 04/5/2022.",
    ),
    ("Nhóm lỗi E1", "Đối tượng thiếu số CCCD/CMND."),
    (
        "Nhóm lỗi E2",
        "Số CCCD/CMND sai định dạng: không đủ 12 hoặc 9 chữ số, có chữ cái, mất số 0 ở đầu.",
    ),
    (
        "Nhóm lỗi E3",
        "Sai thông tin cơ bản: số CCCD/CMND, họ và tên, ngày sinh hoặc giới tính không khớp với CSDLQG về dân cư.",
    ),
    (
        "Bước 1. Trạm Y tế",
        "Giao danh sách cho từng thôn/tổ dân phố. Lọc theo cột \"Thôn/tổ dân phố\" để in phần của từng nơi.",
    ),
    (
        "Bước 2. Thôn/tổ dân phố",
        "Gặp người dân, xem giấy tờ, chọn \"Kết quả rà soát\". Đúng như gợi ý: không cần chép lại. Sửa khác: điền các cột \"đúng\". Trùng với: ghi mã bản ghi kia vào \"Ghi chú\".",
    ),
    (
        "Bước 3. Công an xã",
        "Đối chiếu với CSDLQG về dân cư, chọn \"Công an xác nhận\". Nếu CSDLQG về dân cư thiếu hoặc sai thì cập nhật tại đó. Ký và bàn giao danh sách cho Trạm Y tế.",
    ),
    (
        "Bước 4. Trạm Y tế",
        "Lưu danh sách đã ký, cập nhật Nền tảng. Chỉ áp dụng giá trị đã được Công an xác nhận. Bản ghi đã thay đổi sau ngày lập danh sách (khác phiên bản) phải được xem lại.",
    ),
    (
        "Gợi ý",
        "Gợi ý là kết quả so sánh tự động, chưa phải là kết luận. Ô in đậm trên nền vàng là chỗ khác với thông tin đang lưu. Xác suất cao vẫn phải được xác nhận.",
    ),
    (
        "Ngày sinh",
        "Viết ngày/tháng/năm, ví dụ 03/05/1984. Chỉ biết năm sinh thì viết năm, không thêm 01/01.",
    ),
    (
        "Số CCCD",
        "Viết đủ 12 chữ số, giữ nguyên số 0 ở đầu. Người chỉ có CMND: viết đủ 9 chữ số.",
    ),
    (
        "Không sửa",
        "Các cột khoá (mã bản ghi, phiên bản, thông tin đang lưu, gợi ý) dùng để ghép lại khi nhập. Không xoá, không thêm cột.",
    ),
    (
        "Bảo mật",
        "Danh sách có dữ liệu cá nhân. Không gửi qua mạng xã hội, không để lại ở nơi công cộng, huỷ bản in khi xong.",
    ),
];

pub(super) fn workbook(list: &CommuneList, stamp: &Stamp) -> Result<Workbook, XlsxError> {
    let mut workbook = sheet::workbook("Danh sách đối tượng cần làm sạch dữ liệu", stamp.as_of);
    let mut rows: Vec<&CommuneItem> = list.rows.iter().collect();
    rows.sort_by_cached_key(|item| order(item));
    let layout = Layout {
        sheet: "Danh sách",
        title: "DANH SÁCH ĐỐI TƯỢNG CẦN LÀM SẠCH DỮ LIỆU TIÊM CHỦNG COVID-19",
        owner: owner(list),
        facts: facts(list, stamp),
        instruction: "Chỉ điền các cột tiêu đề xanh lá. Gợi ý phải được xác nhận. Cách làm: xem trang \"Hướng dẫn\".",
        groups: GROUPS,
        frozen_columns: 1,
        footer: "&L&10Đại diện thôn/tổ dân phố (ký):&C&10Công an xã (ký, đóng dấu):&R&10Trạm Y tế (ký):      Trang &P/&N",
    };
    sheet::add_list(&mut workbook, &layout, &rows, cells)?;
    sheet::add_guide(&mut workbook, GUIDE)?;
    Ok(workbook)
}

/// By hamlet, then by given name as Vietnamese lists are, then full name and id.
fn order(item: &CommuneItem) -> (String, String, String, String) {
    let name = name::fold(&item.held.full_name);
    let given = name.rsplit(' ').next().unwrap_or_default().to_owned();
    let hamlet = sheet::natural_key(&item.hamlet);
    (hamlet, given, name, item.record_id.clone())
}

fn cells(index: usize, item: &CommuneItem) -> Vec<Cell<'_>> {
    let held = &item.held;
    let mut cells = vec![
        Cell::Count(index as u32 + 1),
        Cell::Text(&item.record_id),
        Cell::Text(&item.version),
        Cell::Text(item.category.as_str()),
        Cell::Text(&item.hamlet),
        Cell::Text(&held.full_name),
        Cell::Text(&held.dob),
        Cell::Text(&held.sex),
        Cell::Text(&held.id_number),
        Cell::Text(&held.phone),
        Cell::Text(&item.difference),
    ];
    match &item.suggestion {
        Some(person) => cells.extend([
            marked(&held.id_number, &person.id_number),
            marked_name(&held.full_name, &person.full_name),
            marked(&held.dob, &person.dob),
            marked(&held.sex, &person.sex),
            Cell::Share(shown(person.probability)),
        ]),
        None => cells.extend([(); 5].map(|()| Cell::Text(""))),
    }
    cells.push(Cell::Text(&item.reason));
    cells
}

/// Marks a suggested value that differs from the one held.
fn marked<'a>(held: &str, suggested: &'a str) -> Cell<'a> {
    if held == suggested {
        Cell::Text(suggested)
    } else {
        Cell::Changed(suggested)
    }
}

/// The same for names, whose capitals and spaces are no difference.
fn marked_name<'a>(held: &str, suggested: &'a str) -> Cell<'a> {
    if name::key(held) == name::key(suggested) {
        Cell::Text(suggested)
    } else {
        Cell::Changed(suggested)
    }
}

/// Rounded down to a tenth of a percent, so that nothing uncertain ever reads 100 %.
fn shown(probability: f64) -> f64 {
    ((probability.clamp(0.0, 1.0) * 1000.0).floor() / 1000.0).min(0.999)
}

fn owner(list: &CommuneList) -> String {
    let names = [&list.commune, &list.district, &list.province];
    let known: Vec<&str> = names
        .into_iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    if known.is_empty() {
        "Không rõ xã, huyện, tỉnh".to_owned()
    } else {
        known.join(", ")
    }
}

fn facts(list: &CommuneList, stamp: &Stamp) -> String {
    let count = |category| {
        list.rows
            .iter()
            .filter(|row| row.category == category)
            .count()
    };
    let [e1, e2, e3] = [ErrorCategory::E1, ErrorCategory::E2, ErrorCategory::E3].map(count);
    format!(
        "Danh sách phiên bản {}. Số liệu tính đến ngày {}. {} bản ghi: E1 {e1}, E2 {e2}, E3 {e3}.",
        stamp.version,
        sheet::day(stamp.as_of),
        list.rows.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_never_reads_as_certain() {
        assert!((shown(0.999_96) - 0.999).abs() < f64::EPSILON);
        assert!((shown(1.0) - 0.999).abs() < f64::EPSILON);
        assert!((shown(0.5) - 0.5).abs() < f64::EPSILON);
    }
}
