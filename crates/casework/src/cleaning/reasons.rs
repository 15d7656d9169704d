//! Why a command on a cleaning list or on one of its rows is refused.

use crate::refusal::reasons;

reasons! {
    /// No such list or row.
    UNKNOWN Missing "cleaning.unknown"
        "Không tìm thấy danh sách hoặc dòng này" "There is no such list or row"
        "Kiểm tra mã và địa bàn được phân quyền." "Check the id and the area that you are responsible for.",
    /// Made twice.
    EXISTS Conflict "cleaning.exists"
        "Danh sách hoặc dòng này đã có" "This list or row exists already"
        "Mở danh sách hiện có." "Open the one that is there.",
    /// Residence not known well enough.
    NO_PLACE Invalid "cleaning.no_place"
        "Chưa rõ xã, phường thường trú" "The commune of permanent residence is not known"
        "Xác định xã, phường trước; chỉ huyện đảo không có xã mới lập danh sách ở cấp huyện."
        "Find the commune first; only an island district without communes lists at district level.",
    /// Another unit's turn.
    NOT_YOUR_DESK Forbidden "cleaning.not_your_desk"
        "Bước này do đơn vị khác thực hiện" "Another unit does this step"
        "Mở danh sách của đơn vị mình." "Open your own unit's list.",
    /// The state does not allow it.
    NOT_NOW Conflict "cleaning.not_now"
        "Trạng thái hiện tại của dòng không cho phép thao tác này" "The state of the row does not allow this"
        "Tải lại danh sách." "Load the list again.",
    /// Who proposed a value does not confirm it.
    SAME_PERSON Forbidden "cleaning.same_person"
        "Người đề xuất không được tự xác nhận" "Who proposed the values may not confirm them"
        "Để cán bộ công an khác xác nhận." "Let another officer of the police confirm.",
    /// No word of why, or of what is asked.
    WHY_MISSING Invalid "cleaning.why_missing"
        "Thiếu lý do hoặc nội dung câu hỏi" "The reason or the question is missing"
        "Ghi rõ nội dung." "Say it in a few words.",
    /// A correction without anything that proves it.
    PROOF_MISSING Invalid "cleaning.proof_missing"
        "Thiếu giấy tờ làm căn cứ cho giá trị đề xuất" "Nothing proves the values proposed"
        "Ghi loại giấy tờ đã xem hoặc đính kèm ảnh." "Name the paper that was seen, or attach a picture.",
    /// A correction that corrects nothing.
    NO_VALUES Invalid "cleaning.no_values"
        "Chưa có giá trị đề xuất" "No value is proposed"
        "Nhập giá trị đúng, hoặc chọn kết quả khác." "Enter the right value, or choose another outcome.",
    /// A duplicate of itself, or nowhere.
    OUTCOME_UNFIT Invalid "cleaning.outcome_unfit"
        "Kết quả rà soát không hợp lệ" "The outcome does not fit this row"
        "Hồ sơ không thể trùng với chính nó; nơi chuyển đến phải khác nơi hiện tại."
        "A record is no duplicate of itself, and a move leads to another place.",
    /// The police did not confirm the row yet.
    NOT_CONFIRMED NotAllowed "cleaning.not_confirmed"
        "Công an chưa xác nhận dòng này" "The police have not confirmed this row"
        "Xác nhận trước khi ký." "Confirm it before the list is signed.",
    /// The row signed is not the row that is there.
    ROW_CHANGED Conflict "cleaning.row_changed"
        "Dòng đã thay đổi so với danh sách được ký" "The row differs from the one that was signed"
        "Tải lại danh sách và ký lại." "Load the list again and sign it anew.",
    /// The police did not sign the row.
    NOT_SIGNED NotAllowed "cleaning.not_signed"
        "Công an chưa ký dòng này, không được cập nhật" "The police have not signed this row: it may not be applied"
        "Chờ danh sách có chữ ký của công an." "Wait for the list that the police signed.",
    /// E3 goes person by person.
    ONE_BY_ONE NotAllowed "cleaning.one_by_one"
        "Lỗi E3 phải cập nhật từng người, không cập nhật hàng loạt" "Rows of category E3 are applied person by person, not in bulk"
        "Mở từng dòng E3 để cập nhật." "Open each E3 row and apply it.",
    /// Listed again by the same campaign.
    SAME_CAMPAIGN NotAllowed "cleaning.same_campaign"
        "Chỉ chiến dịch sau mới được đưa dòng này vào danh sách lại" "Only a later campaign lists this row again"
        "Chờ chiến dịch tiếp theo." "Wait for the next campaign.",
    /// An answer to a question that nobody asked.
    NOT_ASKED Conflict "cleaning.not_asked"
        "Kết quả không ứng với lần đối chiếu đang chờ" "The answer belongs to no check that waits"
        "Kết quả được giữ lại để kiểm tra." "The answer is set aside and looked at.",
    /// The register and the clock are parts of the platform.
    SYSTEM_ONLY Forbidden "cleaning.system_only"
        "Chỉ hệ thống thực hiện bước này" "Only the platform does this"
        "Không cần thao tác." "Nothing to do.",
    /// A list of nobody.
    EMPTY_LIST Invalid "cleaning.empty_list"
        "Danh sách không có dòng nào" "The list has no rows"
        "Chọn ít nhất một dòng." "Choose at least one row.",
    /// A row twice.
    ROW_TWICE Invalid "cleaning.row_twice"
        "Một dòng có mặt nhiều lần" "A row is there more than once"
        "Giữ mỗi dòng một lần." "Keep each row once.",
    /// A row of another list.
    FOREIGN_ROW Invalid "cleaning.foreign_row"
        "Có dòng không thuộc danh sách này" "A row does not belong to this list"
        "Chỉ ký các dòng của danh sách này." "Sign only the rows of this list.",
    /// A version of another list.
    OTHER_LIST Invalid "cleaning.other_list"
        "Phiên bản trước thuộc địa bàn hoặc chiến dịch khác" "The earlier version is of another place or another campaign"
        "Chọn đúng danh sách trước." "Name the right earlier list.",
    /// A signature over other rows.
    CONTENT_CHANGED Conflict "cleaning.content_changed"
        "Nội dung danh sách khác với nội dung đã xem khi ký" "The list differs from the one that was read for signing"
        "Tải lại danh sách, kiểm tra và ký lại." "Load the list again, check it and sign it anew.",
    /// A signature that nothing proves.
    EVIDENCE_MISSING Invalid "cleaning.evidence_missing"
        "Thiếu chữ ký số hoặc bản quét có chữ ký" "Neither a digital signature nor a scan of the signed paper"
        "Ký số, hoặc đính kèm bản quét danh sách đã ký." "Sign digitally, or attach a scan of the signed list.",
    /// Signed and archived.
    ARCHIVED NotAllowed "cleaning.archived"
        "Danh sách đã ký được lưu trữ, không thể thay đổi" "The signed list is archived and can't be changed"
        "Lập phiên bản tiếp theo của danh sách." "Make the next version of the list.",
    /// A later version took its place.
    SUPERSEDED NotAllowed "cleaning.superseded"
        "Danh sách đã được thay bằng phiên bản mới hơn" "A later version took the place of this list"
        "Mở phiên bản mới nhất." "Open the latest version.",
}
