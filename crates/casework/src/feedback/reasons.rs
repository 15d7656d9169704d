//! Why a command on a citizen's feedback is refused.

use crate::refusal::reasons;

reasons! {
    /// No such feedback.
    UNKNOWN Missing "feedback.unknown"
        "Không tìm thấy phản ánh này" "There is no such feedback"
        "Kiểm tra mã phản ánh." "Check the id of the feedback.",
    /// Recorded twice.
    EXISTS Conflict "feedback.exists"
        "Phản ánh đã được tiếp nhận" "The feedback is recorded already"
        "Theo dõi phản ánh hiện có." "Follow the one that is there.",
    /// Staff can't write a citizen's feedback.
    CITIZENS_ONLY Forbidden "feedback.citizens_only"
        "Chỉ người dân được gửi phản ánh hoặc mở lại phản ánh của mình" "Only citizens send or re-open their feedback"
        "Hướng dẫn người dân gửi trên Cổng tiêm chủng." "Show the citizen how to send it on the Portal.",
    /// The phone was not confirmed.
    PHONE_NOT_PROVEN Forbidden "feedback.phone_not_proven"
        "Số điện thoại chưa được xác nhận bằng mã OTP" "The phone was not confirmed by a one-time code"
        "Nhập mã OTP vừa gửi tới điện thoại." "Enter the code that was sent to the phone.",
    /// Person data without which nobody can be found.
    PERSON_INCOMPLETE Invalid "feedback.person_incomplete"
        "Thiếu hoặc sai thông tin của người phản ánh" "The person's data are missing or can't be read"
        "Cần họ tên, ngày sinh và số điện thoại di động." "Full name, birth date and a mobile phone are needed.",
    /// A kind that needs claims.
    CLAIM_MISSING Invalid "feedback.claim_missing"
        "Chưa khai mũi tiêm nào" "No dose is declared"
        "Khai ít nhất một mũi tiêm: ngày, vắc xin, nơi tiêm." "Declare at least one dose: day, vaccine, place.",
    /// Nothing can be declared of a dose that is given twice.
    CLAIM_TWICE Invalid "feedback.claim_twice"
        "Cùng một mũi tiêm được khai nhiều lần" "The same dose number is declared more than once"
        "Mỗi mũi tiêm chỉ khai một lần." "Declare each dose once.",
    /// A kind that needs a photo.
    PHOTO_MISSING Invalid "feedback.photo_missing"
        "Thiếu ảnh giấy xác nhận tiêm chủng" "A photo of the certificate is missing"
        "Chụp rõ giấy xác nhận và đính kèm." "Take a clear photo of the certificate and attach it.",
    /// An attachment that can't be kept.
    ATTACHMENT_UNFIT Invalid "feedback.attachment_unfit"
        "Tệp đính kèm không hợp lệ" "An attachment can't be accepted"
        "Chỉ nhận ảnh JPEG, PNG, WebP, HEIC hoặc tệp PDF, không rỗng và không quá dung lượng cho phép."
        "JPEG, PNG, WebP or HEIC pictures and PDF files, not empty and within the size allowed.",
    /// What the complaint is about.
    TEXT_MISSING Invalid "feedback.text_missing"
        "Thiếu nội dung để người dân đọc được" "A text that the citizen can read is missing"
        "Viết nội dung ngắn gọn, tối đa 2000 ký tự." "Write it in a few words, at most 2000 characters.",
    /// Neither facility nor province.
    NO_DESTINATION Invalid "feedback.no_destination"
        "Chưa chọn cơ sở tiêm hoặc tỉnh, thành phố" "Neither a facility nor a province is named"
        "Chọn cơ sở tiêm, hoặc ít nhất tỉnh, thành phố nơi tiêm." "Name the facility, or at least the province.",
    /// The facility complained about.
    FACILITY_MISSING Invalid "feedback.facility_missing"
        "Chưa nêu cơ sở gây khó khăn" "The facility complained about is not named"
        "Chọn cơ sở tiêm và tỉnh, thành phố của cơ sở." "Name the facility and its province.",
    /// Another unit's turn.
    NOT_YOUR_DESK Forbidden "feedback.not_your_desk"
        "Phản ánh này do đơn vị khác xử lý" "Another unit is responsible for this feedback"
        "Mở danh sách của đơn vị mình." "Open your own unit's list.",
    /// Another officer has it.
    TAKEN Conflict "feedback.taken"
        "Cán bộ khác đang xử lý phản ánh này" "Another officer works on this feedback"
        "Chọn phản ánh khác, hoặc đề nghị đơn vị phân công lại." "Take another one, or have it assigned to you.",
    /// Nobody took it up, or somebody else did.
    NOT_YOUR_CASE Forbidden "feedback.not_your_case"
        "Bạn chưa nhận xử lý phản ánh này" "You have not taken up this feedback"
        "Nhận xử lý trước khi quyết định." "Take it up before you decide.",
    /// The state does not allow it.
    NOT_NOW Conflict "feedback.not_now"
        "Trạng thái hiện tại của phản ánh không cho phép thao tác này" "The state of the feedback does not allow this"
        "Tải lại phản ánh." "Load the feedback again.",
    /// A redirection or an assignment without reason.
    WHY_MISSING Invalid "feedback.why_missing"
        "Thiếu lý do" "The reason is missing"
        "Ghi rõ lý do chuyển hoặc phân công." "Say why it is sent on or assigned.",
    /// Where it is already.
    SAME_DESK Invalid "feedback.same_desk"
        "Phản ánh đang ở chính đơn vị này" "The feedback is at this unit already"
        "Chọn đơn vị khác." "Choose another unit.",
    /// Back to a unit that already had it.
    SENT_BACK NotAllowed "feedback.sent_back"
        "Đơn vị này đã từng nhận và chuyển phản ánh đi" "This unit had the feedback before and sent it on"
        "Đề nghị cấp trên quyết định đơn vị xử lý." "Let the level above decide who is responsible.",
    /// A unit that does not work on feedback.
    NO_SUCH_DESK NotAllowed "feedback.no_such_desk"
        "Đơn vị này không tiếp nhận loại phản ánh này" "This unit does not work on such feedback"
        "Chọn cơ sở tiêm, trạm y tế, trung tâm y tế huyện, Sở Y tế hoặc Bộ Y tế; khiếu nại chỉ gửi cấp trên của cơ sở."
        "Choose a facility, station, district, province or the ministry; a complaint goes only to a unit above the facility.",
    /// Put off to a day that is over.
    TAKE_UP_IN_THE_PAST Invalid "feedback.take_up_in_the_past"
        "Ngày xử lý tiếp phải sau hôm nay" "The day to take it up again must be later than today"
        "Chọn ngày trong tương lai." "Choose a later day.",
    /// TK for a complaint, KN for the others.
    REASON_UNFIT Invalid "feedback.reason_unfit"
        "Mã lý do không dùng cho loại phản ánh này" "This reason is not one for such feedback"
        "Dùng TK-01 đến TK-13 cho phản ánh dữ liệu, KN-01 và KN-02 cho khiếu nại."
        "Use TK-01 to TK-13 for feedback on data, KN-01 and KN-02 for complaints.",
    /// Which record was corrected.
    CORRECTION_MISSING Invalid "feedback.correction_missing"
        "Chưa chỉ ra hồ sơ và phiên bản đã được sửa" "The record and the revision that corrected it are not named"
        "Sửa hồ sơ trước, rồi ghi mã hồ sơ và phiên bản; với khiếu nại, ghi biện pháp đã thực hiện."
        "Correct the record first, then name it and its revision; for a complaint, say what was done.",
    /// Re-opened once already.
    ALREADY_REOPENED NotAllowed "feedback.already_reopened"
        "Phản ánh chỉ được mở lại một lần" "Feedback can be re-opened only once"
        "Gửi phản ánh mới; hệ thống sẽ liên kết với phản ánh cũ." "Send a new one; it will be linked to this one.",
    /// The clock and the messenger are parts of the platform.
    SYSTEM_ONLY Forbidden "feedback.system_only"
        "Chỉ hệ thống thực hiện bước này" "Only the platform does this"
        "Không cần thao tác." "Nothing to do.",
}
