//! Why somebody does not get in, or may not change how they do.

casework::reasons! {
    /// Name or password is wrong: one answer for both.
    CREDENTIALS Forbidden "access.credentials"
        "Tên đăng nhập hoặc mật khẩu không đúng" "The name or the password is wrong"
        "Kiểm tra lại; nếu quên mật khẩu, liên hệ đơn vị cấp trên trực tiếp." "Check both; if you forgot the password, ask the unit one level up.",
    /// Too many failures: wait.
    SLOW_DOWN NotAllowed "access.slow_down"
        "Thử sai quá nhiều lần" "Too many failed attempts"
        "Chờ hết thời gian đã nêu rồi thử lại." "Wait for the time given, then try again.",
    /// A hundred failures: locked.
    LOCKED NotAllowed "access.locked"
        "Mật khẩu đã bị khóa do nhập sai liên tiếp" "The password is locked after too many failures in a row"
        "Liên hệ đơn vị cấp trên trực tiếp để được cấp lại." "Ask the unit one level up to reset it.",
    /// The first password has run out.
    FIRST_PASSWORD_EXPIRED NotAllowed "access.first_password_expired"
        "Mật khẩu ban đầu đã hết hạn" "The first password has run out"
        "Liên hệ đơn vị cấp trên trực tiếp để được cấp lại." "Ask the unit one level up for a new one.",
    /// The step of signing in is over.
    TICKET NotAllowed "access.ticket"
        "Bước đăng nhập này đã hết hạn hoặc đã dùng" "This step of signing in has run out or was used"
        "Đăng nhập lại từ đầu." "Sign in again from the start.",
    /// The code is wrong.
    CODE_WRONG Forbidden "access.code_wrong"
        "Mã xác nhận không đúng hoặc đã dùng" "The code is wrong or was used"
        "Nhập mã mới trên ứng dụng; kiểm tra giờ của điện thoại." "Enter the next code of the app; check the clock of the phone.",
    /// No session.
    SESSION Forbidden "access.session"
        "Phiên đăng nhập không còn hiệu lực" "You are not signed in any more"
        "Đăng nhập lại." "Sign in again.",
    /// No token.
    TOKEN Forbidden "access.token"
        "Mã truy cập không hợp lệ, đã hết hạn hoặc đã bị thu hồi" "The token is unknown, has run out or was taken back"
        "Đề nghị đơn vị cấp mã cấp mã mới." "Ask whoever made it for another.",
    /// Too short.
    PASSWORD_SHORT Invalid "access.password_short"
        "Mật khẩu quá ngắn" "The password is too short"
        "Dùng một câu dài mà chỉ bạn biết." "Take a long phrase that only you know.",
    /// Too long.
    PASSWORD_LONG Invalid "access.password_long"
        "Mật khẩu quá dài" "The password is too long"
        "Rút ngắn mật khẩu." "Make it shorter.",
    /// Guessed first.
    PASSWORD_COMMON Invalid "access.password_common"
        "Mật khẩu dễ đoán: chứa từ thông dụng, dãy phím hoặc tên của bạn" "The password is easy to guess: common words, keys in a row, or your name"
        "Dùng vài từ không liên quan đến nhau." "Take several words that have nothing to do with each other.",
    /// The same again.
    PASSWORD_SAME Invalid "access.password_same"
        "Mật khẩu mới trùng với mật khẩu ban đầu" "The new password is the one that you were given"
        "Chọn mật khẩu của riêng bạn." "Choose one of your own.",
    /// It is not closed.
    NOT_CLOSED Conflict "access.not_closed"
        "Tài khoản đang mở" "The account is not closed"
        "Nếu chủ tài khoản quên mật khẩu, hãy cấp lại mật khẩu." "If its owner forgot the password, reset it.",
    /// A first password waits.
    PASSWORD_FIRST NotAllowed "access.password_first"
        "Bạn phải đổi mật khẩu ban đầu trước" "You have to choose a password of your own first"
        "Đăng nhập bằng mật khẩu ban đầu đã được cấp." "Sign in with the first password that you were given.",
    /// The role does not get in without.
    FACTOR_REQUIRED NotAllowed "access.factor_required"
        "Vai trò của bạn phải có xác thực hai lớp" "Your role needs a second factor"
        "Thêm cách xác thực khác trước khi bỏ cách này." "Add another one before you remove this one.",
    /// No such factor.
    FACTOR_UNKNOWN Missing "access.factor_unknown"
        "Không có cách xác thực này" "There is no such factor"
        "Xem lại danh sách của bạn." "Look at your list.",
    /// The authenticator's answer does not hold.
    PASSKEY_REFUSED Forbidden "access.passkey_refused"
        "Khóa truy cập không được chấp nhận" "The passkey is not accepted"
        "Thử lại trên đúng trang này, hoặc dùng cách khác." "Try again on this very site, or use another way.",
    /// Registered already.
    PASSKEY_EXISTS Conflict "access.passkey_exists"
        "Khóa truy cập này đã được đăng ký" "This passkey is registered already"
        "Dùng khóa khác." "Use another one.",
    /// No such login provider.
    PROVIDER_UNKNOWN Missing "access.provider_unknown"
        "Không có nhà cung cấp đăng nhập này" "There is no such login provider"
        "Chọn cách đăng nhập khác." "Choose another way to sign in.",
    /// It does not answer.
    PROVIDER_SILENT NotAllowed "access.provider_silent"
        "Nhà cung cấp đăng nhập không trả lời đúng" "The login provider does not answer as it should"
        "Thử lại sau hoặc đăng nhập bằng mật khẩu." "Try again later or sign in with your password.",
    /// What it says does not hold.
    PROVIDER_REFUSED Forbidden "access.provider_refused"
        "Kết quả đăng nhập từ nhà cung cấp không hợp lệ" "The answer of the login provider does not hold"
        "Đăng nhập lại từ đầu." "Sign in again from the start.",
    /// Nobody has linked it.
    NOT_LINKED Forbidden "access.not_linked"
        "Danh tính này chưa được gắn với tài khoản nào" "This identity belongs to no account"
        "Đăng nhập bằng mật khẩu rồi gắn danh tính trong hồ sơ của bạn." "Sign in with your password and link it in your profile.",
    /// Linked to another account.
    LINKED_ELSEWHERE Conflict "access.linked_elsewhere"
        "Danh tính này đã được gắn với một tài khoản" "This identity is linked to an account already"
        "Bỏ gắn ở tài khoản kia trước." "Unlink it there first.",
    /// Another system's token for a unit or role that it can't have.
    TOKEN_UNFIT Invalid "access.token_unfit"
        "Vai trò này không dùng được cho hệ thống khác" "Another system can't act in this role"
        "Chọn vai trò khác." "Choose another role.",
    /// A name that can't be one.
    TOKEN_NAME Invalid "access.token_name"
        "Tên mã truy cập không hợp lệ hoặc đã có" "The token's name can't be used or is taken"
        "Dùng 3–60 chữ cái, chữ số, dấu chấm, gạch ngang hoặc @." "Use 3 to 60 letters, digits, dots, dashes or @.",
    /// Lives too long.
    TOKEN_UNTIL Invalid "access.token_until"
        "Thời hạn của mã truy cập không hợp lệ" "The token's last day is not possible"
        "Chọn một ngày sắp tới, trong vòng một năm." "Choose a day to come, within a year.",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_its_own_code_in_casework_and_here_and_words_in_both_languages() {
        let procedures = [
            casework::account::ALL,
            casework::campaign::ALL,
            casework::cleaning::ALL,
            casework::contact::ALL,
            casework::facility::ALL,
            casework::feedback::ALL,
            casework::inquiry::ALL,
            casework::report::ALL,
            casework::rights::ALL,
            casework::subject::ALL,
        ];
        let mut codes: BTreeSet<&str> = procedures
            .into_iter()
            .flatten()
            .map(|reason| reason.code)
            .collect();
        for reason in super::ALL {
            let code = reason.code;
            assert!(codes.insert(code), "{code} twice");
            assert!(code.starts_with("access."), "{code}");
            for text in [reason.vi, reason.hint_vi] {
                assert!(!text.is_ascii(), "{code}: `{text}` has lost its accents");
            }
            for text in [reason.en, reason.hint_en] {
                assert!(text.is_ascii() && !text.is_empty(), "{code}: `{text}`");
            }
        }
    }
}
