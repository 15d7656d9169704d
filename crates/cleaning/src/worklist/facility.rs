//! The facility's list: doses that it has entered and has to look at again.

use rust_xlsxwriter::{Workbook, XlsxError};

use super::sheet::{self, Cell, Column, Group, Kind, Layout};
use super::{FacilityItem, FacilityList, Stamp};

/// What the facility did with a dose.
const RESULT: &[&str] = &[
    "Sửa như đề xuất",
    "Sửa khác",
    "Đúng, giữ nguyên",
    "Mũi tiêm trùng",
    "Không tiêm mũi này",
    "Không còn hồ sơ",
];

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
            locked("Mã mũi tiêm", 12),
            locked("Phiên bản", 6),
            locked("Mã đối tượng", 12),
        ],
    },
    Group {
        title: "Thông tin đang lưu trên Nền tảng",
        columns: &[
            locked("Họ và tên", 20),
            locked("Ngày tiêm", 11),
            locked("Vắc xin", 16),
            locked("Số lô", 12),
            locked("Mũi số", 6),
        ],
    },
    Group {
        title: "Phát hiện",
        columns: &[
            locked("Mức", 6),
            locked("Sai ở đâu", 40),
            locked("Đề xuất", 24),
        ],
    },
    Group {
        title: "Cơ sở tiêm chủng điền",
        columns: &[
            open("Kết quả xử lý", 16, Kind::Choice(RESULT)),
            open("Ngày tiêm đúng", 11, Kind::Text),
            open("Vắc xin đúng", 16, Kind::Text),
            open("Số lô đúng", 12, Kind::Text),
            open("Mũi số đúng", 8, Kind::Text),
            open("Ghi chú", 18, Kind::Text),
        ],
    },
];

const GUIDE: &[(&str, &str)] = &[
    (
        "HƯỚNG DẪN",
        "Rà soát mũi tiêm của cơ sở. Cơ sở đã nhập mũi tiêm thì sửa và chịu trách nhiệm (Công văn 1815/BYT-CNTT).",
    ),
    ("Mức B", "Chặn: chưa sửa thì không ký được."),
    (
        "Mức E",
        "Lỗi: phải sửa, hoặc người thứ hai xác nhận kèm lý do.",
    ),
    ("Mức W", "Cảnh báo: có thể giữ nguyên nếu ghi lý do."),
    (
        "Kết quả xử lý",
        "Đối chiếu với sổ tiêm, phiếu sàng lọc hoặc giấy xác nhận rồi chọn một kết quả. Giữ nguyên thì ghi lý do vào \"Ghi chú\".",
    ),
    (
        "Mũi tiêm trùng",
        "Ghi mã mũi tiêm được giữ lại vào \"Ghi chú\". Không xoá mũi nào: bản ghi trùng được liên kết, không bị mất.",
    ),
    (
        "Thông tin cá nhân",
        "Cơ sở chỉ sửa thông tin mũi tiêm. Họ tên, ngày sinh, giới tính, số CCCD do Công an xã xác nhận trong danh sách của xã.",
    ),
    (
        "Không sửa",
        "Các cột khoá (mã, phiên bản, thông tin đang lưu) dùng để ghép lại khi nhập. Không xoá, không thêm cột.",
    ),
    (
        "Bảo mật",
        "Danh sách có dữ liệu cá nhân. Không gửi qua mạng xã hội, huỷ bản in khi xong.",
    ),
];

pub(super) fn workbook(list: &FacilityList, stamp: &Stamp) -> Result<Workbook, XlsxError> {
    let mut workbook = sheet::workbook("Danh sách mũi tiêm cần rà soát", stamp.as_of);
    let mut rows: Vec<(&FacilityItem, String)> = list
        .rows
        .iter()
        .map(|item| (item, item.findings.join("\n")))
        .collect();
    rows.sort_by_key(|(item, _)| (&item.injected_on_iso, &item.subject_id, &item.dose_id));
    let rows: Vec<&(&FacilityItem, String)> = rows.iter().collect();
    let layout = Layout {
        sheet: "Danh sách",
        title: "DANH SÁCH MŨI TIÊM CẦN RÀ SOÁT",
        owner: owner(list),
        facts: format!(
            "Danh sách phiên bản {}. Số liệu tính đến ngày {}. {} mũi tiêm.",
            stamp.version,
            sheet::day(stamp.as_of),
            list.rows.len()
        ),
        instruction: "Chỉ điền các cột tiêu đề xanh lá. Cách làm: xem trang \"Hướng dẫn\".",
        groups: GROUPS,
        frozen_columns: 1,
        footer: "&L&10Người rà soát (ký):&C&10Thủ trưởng cơ sở (ký, đóng dấu):&R&10Trang &P/&N",
    };
    sheet::add_list(&mut workbook, &layout, &rows, |index, (item, findings)| {
        cells(index, item, findings)
    })?;
    let about = list.findings.iter().map(|text| ("Cả cơ sở", text.as_str()));
    let guide: Vec<(&str, &str)> = GUIDE.iter().copied().chain(about).collect();
    sheet::add_guide(&mut workbook, &guide)?;
    Ok(workbook)
}

fn owner(list: &FacilityList) -> String {
    match (list.name.as_str(), list.code.as_str()) {
        ("", "") => "Mũi tiêm không ghi cơ sở tiêm chủng".to_owned(),
        ("", code) => format!("Cơ sở tiêm chủng {code}"),
        (name, code) => format!("{name} ({code})"),
    }
}

fn cells<'a>(index: usize, item: &'a FacilityItem, findings: &'a str) -> Vec<Cell<'a>> {
    vec![
        Cell::Count(index as u32 + 1),
        Cell::Text(&item.dose_id),
        Cell::Text(&item.version),
        Cell::Text(&item.subject_id),
        Cell::Text(&item.subject_name),
        Cell::Text(&item.injected_on),
        Cell::Text(&item.vaccine),
        Cell::Text(&item.lot),
        Cell::Text(&item.dose_number),
        Cell::Text(&item.severity),
        Cell::Text(findings),
        Cell::Text(&item.proposal),
    ]
}
