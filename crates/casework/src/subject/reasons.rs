//! Why a command on a person's record is refused.

use crate::refusal::reasons;

reasons! {
    /// No such record.
    UNKNOWN Missing "subject.unknown"
        "Không tìm thấy hồ sơ này" "There is no such record"
        "Kiểm tra mã hồ sơ và địa bàn được phân quyền." "Check the id of the record and the area that you are responsible for.",
    /// Opened twice.
    ALREADY_REGISTERED Conflict "subject.already_registered"
        "Hồ sơ đã có trên hệ thống" "The record exists already"
        "Mở hồ sơ hiện có và cập nhật." "Open the existing record and update it.",
    /// Foreigners are not asked about.
    EXEMPT NotAllowed "subject.exempt"
        "Người nước ngoài không phải đối chiếu với CSDLQG về dân cư" "Foreigners are not checked against the population database"
        "Không cần gửi; cơ sở tiêm chịu trách nhiệm về thông tin." "Nothing to send; the facility answers for the data.",
    /// No usable number.
    NOT_SENDABLE NotAllowed "subject.not_sendable"
        "Chưa thể gửi đối chiếu: thiếu số định danh hoặc số sai định dạng" "Cannot be sent: the number is missing or malformed"
        "Bổ sung số CCCD/CMND theo danh sách công an đã ký." "Supply the number from a list signed by the police.",
    /// Already asked.
    ALREADY_SENT Conflict "subject.already_sent"
        "Đã gửi và đang chờ kết quả đối chiếu" "Already sent; the answer is awaited"
        "Chờ kết quả." "Wait for the answer.",
    /// Verified and not stale.
    ALREADY_VERIFIED Conflict "subject.already_verified"
        "Hồ sơ đã khớp, không cần đối chiếu lại" "The record is verified; there is nothing to check again"
        "Chỉ đối chiếu lại khi thông tin thay đổi hoặc kết quả đã cũ." "It is checked again when data change or the answer grows old.",
    /// An answer to a question that nobody asked.
    NOT_ASKED Conflict "subject.not_asked"
        "Kết quả không ứng với câu hỏi nào đang chờ" "The answer belongs to no question that waits"
        "Kết quả được giữ lại để kiểm tra." "The answer is set aside and looked at.",
    /// The answer is about an identity that has changed since.
    ANSWER_OUTDATED Conflict "subject.answer_outdated"
        "Kết quả ứng với thông tin cũ; thông tin đã thay đổi sau khi gửi" "The answer is about data that changed after they were sent"
        "Gửi đối chiếu lại." "Send the record again.",
    /// Identity evidence of another kind of person.
    EVIDENCE_UNFIT NotAllowed "subject.evidence_unfit"
        "Căn cứ không phù hợp để thay đổi thông tin định danh" "This evidence cannot change this identity"
        "Dùng danh sách công an đã ký hoặc kết quả đối chiếu; hộ chiếu chỉ dùng cho người nước ngoài."
        "Use a list signed by the police or an answer of the register; a passport serves for foreigners only.",
    /// Not a change.
    NOTHING_CHANGED Invalid "subject.nothing_changed"
        "Không có thông tin nào thay đổi" "Nothing would change"
        "Kiểm tra lại giá trị đã nhập." "Check the values given.",
    /// A value that the field can't hold.
    VALUE_UNFIT Invalid "subject.value_unfit"
        "Giá trị không hợp lệ" "The value does not fit the field"
        "Sửa giá trị theo gợi ý." "Correct the value as the detail says.",
    /// No such dose.
    NO_DOSE Missing "dose.unknown"
        "Không có mũi tiêm này trong hồ sơ" "There is no such dose in the record"
        "Mở lại hồ sơ để xem các mũi tiêm hiện có." "Open the record again to see its doses.",
    /// The id is taken.
    DOSE_EXISTS Conflict "dose.exists"
        "Mã mũi tiêm đã có" "A dose with this id exists already"
        "Dùng mã khác hoặc sửa mũi tiêm hiện có." "Use another id, or correct the existing dose.",
    /// Another unit's dose.
    OTHER_FACILITY Forbidden "dose.other_facility"
        "Chỉ cơ sở đã nhập mũi tiêm mới được sửa" "Only the facility that entered the dose may change it"
        "Gửi phản ánh tới cơ sở đã nhập." "Send feedback to the facility that entered it.",
    /// Changed since it was read.
    DOSE_CHANGED Conflict "dose.changed"
        "Mũi tiêm đã thay đổi sau khi bạn mở" "The dose changed after you read it"
        "Xem phần khác biệt rồi quyết định lại." "Look at the difference and decide again.",
    /// Superseded or retracted.
    DOSE_OVER Conflict "dose.superseded"
        "Mũi tiêm đã được thay thế hoặc rút lại" "The dose was replaced or retracted"
        "Làm việc với mũi tiêm thay thế." "Work on the dose that replaced it.",
    /// Why is missing.
    WHY_MISSING Invalid "subject.why_missing"
        "Thiếu lý do" "A reason is missing"
        "Ghi rõ lý do: thao tác này được lưu vết." "Say why: the act is kept in the log.",
    /// The rules found no such thing.
    FINDING_UNKNOWN Missing "dose.finding_unknown"
        "Mũi tiêm không có lỗi này" "The dose has no such finding"
        "Mở lại hồ sơ để xem các lỗi hiện có." "Open the record again to see its findings.",
    /// Must be mended.
    FINDING_STANDS NotAllowed "dose.finding_stands"
        "Lỗi này phải được sửa, không được bỏ qua" "This finding has to be mended; it can't be overridden"
        "Sửa mũi tiêm." "Correct the dose.",
    /// Who wrote it says that it is right.
    SECOND_PERSON Forbidden "dose.second_person"
        "Người đã nhập hoặc sửa mũi tiêm không được tự bỏ qua lỗi của mũi tiêm đó" "Whoever entered or corrected the dose may not override what the rules found in it"
        "Đề nghị một người khác của cơ sở xem và quyết định." "Ask somebody else of the facility to look at it.",
    /// Nothing to judge.
    NOT_SUSPECT Conflict "dose.not_suspect"
        "Mũi tiêm không nằm trong diện nghi trùng" "The dose is not suspected to be a duplicate"
        "Tải lại danh sách." "Load the list again.",
    /// The identity is not TRUE after its last change.
    NOT_VERIFIED NotAllowed "signing.not_verified"
        "Chưa được ký: thông tin định danh chưa khớp CSDLQG về dân cư" "Cannot be signed: the identity is not verified"
        "Làm sạch và đối chiếu lại trước khi ký." "Clean and check the identity first.",
    /// Feedback is open.
    FEEDBACK_OPEN NotAllowed "signing.feedback_open"
        "Chưa được ký: còn phản ánh chưa xử lý" "Cannot be signed: feedback is open"
        "Xử lý xong phản ánh rồi ký." "Settle the feedback, then sign.",
    /// A duplicate is suspected.
    DUPLICATE_SUSPECTED NotAllowed "signing.duplicate_suspected"
        "Chưa được ký: nghi trùng mũi tiêm" "Cannot be signed: a dose may be a duplicate"
        "Xác định mũi trùng trước khi ký." "Judge the duplicate first.",
    /// A blocking finding or a missing field.
    NOT_ELIGIBLE NotAllowed "signing.not_eligible"
        "Chưa được ký: mũi tiêm thiếu trường bắt buộc hoặc còn lỗi" "Cannot be signed: a required field is missing or a rule objects"
        "Sửa các lỗi được nêu rồi ký." "Mend what the detail names, then sign.",
    /// Nothing of this facility.
    NOTHING_TO_SIGN Conflict "signing.nothing_to_sign"
        "Cơ sở không có mũi tiêm nào chờ ký trong hồ sơ này" "The facility has no dose to sign in this record"
        "Tải lại danh sách chờ ký." "Load the queue again.",
    /// The content is not what the record says.
    CONTENT_CHANGED Conflict "signing.content_changed"
        "Hồ sơ đã thay đổi sau khi lập nội dung ký" "The record changed after its content was made ready for signing"
        "Lập lại nội dung và ký lại." "Make the content anew and sign again.",
    /// SG-02.
    CERTIFICATE_UNFIT NotAllowed "signing.certificate_unfit"
        "Chứng thư số không còn hiệu lực tại thời điểm ký, hoặc không thuộc cơ sở này" "The certificate was not valid when it signed, or is not of this facility"
        "Dùng chứng thư số còn hiệu lực của cơ sở." "Use a valid certificate of the facility.",
    /// SG-04.
    SOLE_EDITOR NotAllowed "signing.sole_editor"
        "Người ký là người duy nhất đã sửa mũi tiêm có lỗi được bỏ qua" "The signer is the only editor of a dose with an overridden finding"
        "Cần người thứ hai xem xét và ký." "A second person has to review and sign.",
    /// Nothing signed.
    NOT_SIGNED Conflict "signing.not_signed"
        "Cơ sở chưa ký hồ sơ này" "The facility has not signed this record"
        "Tải lại hồ sơ." "Load the record again.",
    /// Not queued.
    PASSPORT_NOT_DUE Conflict "passport.not_due"
        "Hộ chiếu vắc xin chưa đủ điều kiện hoặc không ở trạng thái phù hợp" "The passport is not due, or not in the state for this step"
        "Xem lý do trong hồ sơ." "See the reason in the record.",
    /// The certificate was made of another version of the record.
    PASSPORT_OUTDATED Conflict "passport.outdated"
        "Hồ sơ đã thay đổi sau khi lập hộ chiếu vắc xin" "The record changed after the passport was made"
        "Lập lại hộ chiếu từ hồ sơ hiện tại." "Make the passport from the record as it is now.",
    /// The code of a certificate is used twice.
    UVCI_REUSED Conflict "passport.uvci_reused"
        "Mã chứng nhận đã được dùng" "The certificate code was used before"
        "Cấp mã mới." "Use a new code.",
    /// What the record says can't stand in a certificate.
    CERTIFICATE_IMPOSSIBLE NotAllowed "passport.cannot_be_made"
        "Không thể lập hộ chiếu vắc xin từ hồ sơ này" "No certificate can be made of this record"
        "Xem chi tiết và sửa hồ sơ." "Read the detail and correct the record.",
    /// Not by a person.
    UNDO_BY_PLATFORM Forbidden "subject.undo_by_platform"
        "Chỉ hệ thống được hoàn tác một lần xử lý hàng loạt" "Only the platform undoes a bulk act"
        "Yêu cầu quản trị hệ thống hoàn tác theo mã lần nhập." "Ask the administrator to undo the import by its id.",
    /// The passport changed with it.
    UNDO_PASSPORT Conflict "subject.undo_passport"
        "Không thể hoàn tác: hộ chiếu vắc xin đã thay đổi cùng lần xử lý đó" "It cannot be undone: the passport changed with it"
        "Sửa từng thông tin trong hồ sơ." "Correct the record field by field.",
    /// In another cluster.
    ALREADY_LINKED Conflict "subject.already_linked"
        "Hồ sơ đã thuộc một nhóm trùng khác" "The record belongs to another cluster already"
        "Tách hồ sơ khỏi nhóm cũ trước." "Take it out of that cluster first.",
    /// Two verified numbers.
    OTHER_PERSON NotAllowed "subject.other_person"
        "Hai hồ sơ có số định danh đã xác thực khác nhau: không thể là một người" "The records have different verified numbers: they are two persons"
        "Không gộp. Nếu một số sai, công an xã phải xác nhận trước." "Do not join them. If one number is wrong, the police must say so first.",
    /// In no cluster.
    NOT_LINKED Conflict "subject.not_linked"
        "Hồ sơ không thuộc nhóm trùng nào" "The record belongs to no cluster"
        "Tải lại hồ sơ." "Load the record again.",
}
