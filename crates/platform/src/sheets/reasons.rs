//! Why a row of a sheet is not taken.

casework::reasons! {
    /// No row of this list.
    FOREIGN_ROW Missing "sheet.foreign_row"
        "Dòng không thuộc danh sách này" "The row is not on this list"
        "Không thêm dòng; người thiếu trong danh sách sẽ có ở phiên bản sau." "Add no rows; who is missing comes with the next version of the list.",
    /// The same row again.
    ROW_TWICE Invalid "sheet.row_twice"
        "Bản ghi có hai dòng" "The record has two rows"
        "Giữ một dòng, xóa dòng kia." "Keep one row and delete the other.",
    /// The person changed since the list was made.
    STALE_ROW Conflict "sheet.stale_row"
        "Bản ghi đã thay đổi sau ngày lập danh sách" "The record changed since the list was made"
        "Rà soát lại theo danh sách mới." "Review it again on a new list.",
    /// What stands in locked columns is not what was listed: sorted apart, or typed over.
    LOCKED_CHANGED Invalid "sheet.locked_changed"
        "Thông tin trong cột khóa không phải của bản ghi này; có thể các cột đã bị sắp xếp riêng"
        "What stands in the locked columns is not of this record; the columns may have been sorted apart"
        "Lấy lại danh sách gốc và điền lại." "Take the original list and fill it in again.",
    /// A word that is none of the choices.
    UNKNOWN_OUTCOME Invalid "sheet.unknown_outcome"
        "Kết quả không có trong danh sách chọn" "The outcome is none of the choices"
        "Chọn một giá trị trong ô." "Choose one of the values of the cell.",
    /// There is no suggestion that could be right.
    NOTHING_SUGGESTED Invalid "sheet.nothing_suggested"
        "Bản ghi không có gợi ý" "The record has no suggestion"
        "Chọn \"Sửa khác\" và điền các cột \"đúng\"." "Choose \"Sửa khác\" and fill in the right values.",
    /// A date or a sex that can't be read.
    UNREADABLE Invalid "sheet.unreadable"
        "Không đọc được giá trị" "The value can't be read"
        "Ngày sinh viết ngày/tháng/năm; giới tính là Nam hoặc Nữ." "A birth date is day/month/year; a sex is Nam or Nữ.",
    /// Where somebody moved to is told in the form.
    MOVED_ELSEWHERE Invalid "sheet.moved_elsewhere"
        "Người chuyển đi phải ghi nơi đến trên biểu mẫu" "Whoever moved away needs the place, in the form"
        "Mở bản ghi và chọn xã nơi đến." "Open the record and choose the commune.",
    /// A question to another commune is asked in its form.
    ASK_ELSEWHERE Invalid "sheet.ask_elsewhere"
        "Hỏi Công an xã khác phải lập phiếu hỏi" "A question to another commune has its own form"
        "Mở bản ghi và lập phiếu hỏi." "Open the record and ask from there.",
    /// The police say no without saying why.
    WHY_MISSING Invalid "sheet.why_missing"
        "Thiếu lý do ở cột Ghi chú" "The reason is missing in the notes"
        "Ghi lý do vào cột \"Ghi chú\"." "Write the reason into the notes.",
}
