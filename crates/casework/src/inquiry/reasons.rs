//! Why a command on a question to another commune is refused.

use crate::refusal::reasons;

reasons! {
    /// No such question.
    UNKNOWN Missing "inquiry.unknown"
        "Không tìm thấy yêu cầu xác minh này" "There is no such inquiry"
        "Kiểm tra mã yêu cầu." "Check the id of the inquiry.",
    /// Asked twice.
    EXISTS Conflict "inquiry.exists"
        "Yêu cầu xác minh đã có" "The inquiry exists already"
        "Mở yêu cầu hiện có." "Open the one that is there.",
    /// Nobody to ask.
    NO_PLACE Invalid "inquiry.no_place"
        "Chưa rõ xã, phường cần hỏi" "The commune to be asked is not known"
        "Chọn xã, phường thường trú, hoặc huyện đảo không có xã." "Name the commune of permanent residence, or an island district.",
    /// A question to oneself.
    OWN_COMMUNE Invalid "inquiry.own_commune"
        "Không cần gửi yêu cầu cho chính địa bàn đang hỏi" "The commune that asks need not be asked"
        "Xác minh trực tiếp tại địa bàn." "Look it up on the spot.",
    /// Without a time it would never be late.
    NO_DAYS Invalid "inquiry.no_days"
        "Thời hạn trả lời phải từ một ngày trở lên" "The time for the answer must be at least one day"
        "Đặt số ngày theo quy định." "Give the days that the policy sets.",
    /// Nothing asked.
    TEXT_MISSING Invalid "inquiry.text_missing"
        "Thiếu nội dung cần xác minh" "What is asked is missing"
        "Ghi rõ nội dung cần xác minh." "Say what has to be confirmed.",
    /// Another unit's turn.
    NOT_YOUR_DESK Forbidden "inquiry.not_your_desk"
        "Bước này do đơn vị khác thực hiện" "Another unit does this step"
        "Mở danh sách của đơn vị mình." "Open your own unit's list.",
    /// The state does not allow it.
    NOT_NOW Conflict "inquiry.not_now"
        "Trạng thái hiện tại của yêu cầu không cho phép thao tác này" "The state of the inquiry does not allow this"
        "Tải lại yêu cầu." "Load the inquiry again.",
    /// In circles.
    FORWARDED_BACK NotAllowed "inquiry.forwarded_back"
        "Địa bàn này đã nhận yêu cầu trước đó" "This commune has or had the inquiry already"
        "Trả lời là không có tại địa bàn." "Answer that the person does not live there.",
    /// Taken back without reason.
    WHY_MISSING Invalid "inquiry.why_missing"
        "Thiếu lý do rút yêu cầu" "The reason to take it back is missing"
        "Ghi rõ lý do." "Say why.",
    /// The clock is a part of the platform.
    SYSTEM_ONLY Forbidden "inquiry.system_only"
        "Chỉ hệ thống thực hiện bước này" "Only the platform does this"
        "Không cần thao tác." "Nothing to do.",
}
