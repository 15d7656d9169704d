//! What goes wrong, as RFC 9457 problem details: a stable code, words in the reader's language, and what to do.
//!
//! A handler gives a [`Problem`]; the words are put in at the outside, where the language and the id of the request are known.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use casework::{Reason, Refusal, RefusalKind};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use platform::ActError;
use platform::access::{self, AccessError};
use registry::text::Lang;
use serde_json::{Map, Value, json};
use storage::StorageError;

use crate::json::JsonError;

/// The media type of problems.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Under this path and its code, each problem explains itself.
pub(crate) const TYPES: &str = "/api/v1/problems/";

/// A kind of problem that the API itself finds, beside the reasons of the procedures.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Stable code.
    pub(crate) code: &'static str,
    /// HTTP status.
    pub(crate) status: u16,
    /// What is wrong, in Vietnamese.
    pub(crate) vi: &'static str,
    /// What is wrong, in English.
    pub(crate) en: &'static str,
    /// What to do, in Vietnamese.
    pub(crate) hint_vi: &'static str,
    /// What to do, in English.
    pub(crate) hint_en: &'static str,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident $status:literal $code:literal $vi:literal $en:literal $hint_vi:literal $hint_en:literal),* $(,)?) => {
        $($(#[$doc])* pub(crate) const $name: Fault = Fault {
            code: $code, status: $status, vi: $vi, en: $en, hint_vi: $hint_vi, hint_en: $hint_en,
        };)*
        /// All problems that the API itself finds.
        pub(crate) const ALL: &[&Fault] = &[$(&$name),*];
    };
}

faults! {
    /// No such route.
    NO_ROUTE 404 "route.unknown"
        "Không có đường dẫn này" "There is no such route"
        "Xem các đường dẫn tại /openapi.json." "See /openapi.json for the routes.",
    /// Another method.
    NO_METHOD 405 "route.method_not_allowed"
        "Đường dẫn này không nhận phương thức đã gửi" "This route does not take that method"
        "Dùng phương thức nêu trong tiêu đề Allow." "Use a method that the Allow header names.",
    /// No such problem.
    NO_PROBLEM 404 "problem.unknown"
        "Không có mã lỗi này" "There is no such code"
        "Xem bảng mã lỗi trong tài liệu API." "See the table of codes in the documentation of the API.",
    /// No bearer token.
    NO_BEARER 401 "auth.missing"
        "Chưa đăng nhập" "You are not signed in"
        "Gửi tiêu đề Authorization: Bearer kèm mã phiên." "Send the header Authorization: Bearer with the token of a session.",
    /// A bearer token that counts for nothing.
    BAD_BEARER 401 "auth.refused"
        "Phiên đăng nhập không hợp lệ hoặc đã hết hạn" "The session is not valid, or it is over"
        "Đăng nhập lại." "Sign in again.",
    /// No JSON.
    NOT_JSON 415 "body.not_json"
        "Nội dung gửi lên phải là JSON" "The body must be JSON"
        "Gửi tiêu đề Content-Type: application/json." "Send the header Content-Type: application/json.",
    /// Another media type.
    OTHER_MEDIA_TYPE 415 "body.other_media_type"
        "Loại nội dung gửi lên không đúng" "The body has another media type"
        "Gửi tiêu đề Content-Type như nêu trong chi tiết." "Send the Content-Type that the detail names.",
    /// A sheet that can't be read.
    BAD_SHEET 422 "sheet.no_workbook"
        "Không đọc được bảng tính" "The sheet can't be read"
        "Gửi lại đúng tệp đã tải về, giữ nguyên các cột mã và phiên bản." "Send the file that was taken out, with its columns of ids and versions.",
    /// Keys that are elsewhere.
    NO_KEY_HERE 404 "signing.no_key_here"
        "Máy chủ này không giữ khóa ký của đơn vị bạn" "This server does not hold the key of your unit"
        "Liên hệ quản trị để đăng ký khóa ký." "Ask the operator to register the key.",
    /// Too many bytes.
    TOO_LARGE 413 "body.too_large"
        "Nội dung gửi lên quá lớn" "The body is too large"
        "Chia nhỏ nội dung rồi gửi lại." "Send it in smaller parts.",
    /// The sender went away, or is too slow.
    CUT_OFF 400 "body.cut_off"
        "Nội dung gửi lên bị ngắt giữa chừng" "The body ended too early"
        "Gửi lại." "Send it again.",
    /// Not JSON after all.
    MALFORMED 400 "body.malformed"
        "Nội dung gửi lên không phải JSON đúng cú pháp" "The body is not well-formed JSON"
        "Sửa tại dòng và cột nêu trong chi tiết." "Mend it at the line and column that the detail names.",
    /// A value of the body does not fit.
    UNFIT 422 "body.unfit"
        "Một giá trị trong nội dung không hợp lệ" "A value of the body does not fit"
        "Sửa giá trị tại vị trí nêu trong `pointer`." "Mend the value at the place that `pointer` names.",
    /// The query does not fit.
    BAD_QUERY 400 "query.unfit"
        "Tham số truy vấn không hợp lệ" "A parameter of the query does not fit"
        "Sửa tham số nêu trong chi tiết." "Mend the parameter that the detail names.",
    /// A cursor that nobody gave out.
    BAD_CURSOR 400 "query.cursor_unfit"
        "Con trỏ trang không hợp lệ" "The cursor is none that this server gave"
        "Bắt đầu lại từ trang đầu, không có tham số `after`." "Begin with the first page, without `after`.",
    /// No revision.
    NO_IF_MATCH 428 "if_match.missing"
        "Thiếu phiên bản đã đọc" "The revision that was read is missing"
        "Đọc hồ sơ, rồi gửi tiêu đề If-Match với giá trị ETag nhận được." "Read the record, and send its ETag in the header If-Match.",
    /// Not a revision.
    BAD_IF_MATCH 400 "if_match.unfit"
        "Tiêu đề If-Match không hợp lệ" "The header If-Match does not fit"
        "Gửi đúng một giá trị ETag như đã nhận, ví dụ \"7\"." "Send exactly one ETag as it was received, such as \"7\".",
    /// Somebody else was faster.
    STALE 412 "revision.stale"
        "Hồ sơ đã thay đổi sau khi bạn đọc" "The record changed after you read it"
        "Xem thay đổi trong `since`, đọc lại rồi quyết định lại." "Look at what changed in `since`, read it again and decide anew.",
    /// No key.
    NO_KEY 400 "idempotency.key_missing"
        "Thiếu khóa chống gửi trùng" "The idempotency key is missing"
        "Gửi tiêu đề Idempotency-Key với một giá trị ngẫu nhiên mới cho mỗi yêu cầu." "Send the header Idempotency-Key with a new random value for each request.",
    /// Not a key.
    BAD_KEY 400 "idempotency.key_unfit"
        "Khóa chống gửi trùng không hợp lệ" "The idempotency key does not fit"
        "Dùng 8–128 chữ cái, chữ số, gạch ngang hoặc gạch dưới." "Use 8 to 128 letters, digits, hyphens or underscores.",
    /// The key of another request.
    KEY_REUSED 422 "idempotency.key_reused"
        "Khóa này đã được dùng cho một yêu cầu khác" "The key was used for another request"
        "Dùng khóa mới cho yêu cầu mới." "Use a new key for a new request.",
    /// The same request is under way.
    IN_PROGRESS 409 "idempotency.in_progress"
        "Yêu cầu với khóa này đang được xử lý" "The request with this key is being carried out"
        "Gửi lại sau thời gian nêu trong Retry-After." "Send it again after the time in Retry-After.",
    /// Nothing signed yet.
    NO_CHECKPOINT 404 "ledger.no_checkpoint"
        "Sổ chưa có điểm kiểm tra đã ký" "The ledger has no signed checkpoint yet"
        "Ký bằng lệnh `minhchung ledger checkpoint`." "Sign one with `minhchung ledger checkpoint`.",
    /// Not in the ledger.
    NO_ENTRY 404 "ledger.no_entry"
        "Sổ đã ký chưa có mục này" "The signed ledger has no such entry"
        "Chờ điểm kiểm tra tiếp theo." "Wait for the next checkpoint.",
    /// More at once than it takes.
    BUSY 503 "server.busy"
        "Máy chủ đang quá tải" "The server is busy"
        "Gửi lại sau thời gian nêu trong Retry-After." "Send it again after the time in Retry-After.",
    /// Not done in time.
    TIMEOUT 503 "server.timeout"
        "Máy chủ không kịp xử lý" "The server did not finish in time"
        "Gửi lại với cùng khóa Idempotency-Key." "Send it again with the same Idempotency-Key.",
    /// The store does not answer.
    NOT_READY 503 "server.not_ready"
        "Máy chủ chưa sẵn sàng" "The server is not ready"
        "Thử lại sau." "Try again later.",
    /// A fault of ours.
    OURS 500 "server.fault"
        "Lỗi của hệ thống" "A fault of the server"
        "Báo cho quản trị kèm mã yêu cầu trong `instance`." "Report it with the id of the request in `instance`.",
}

/// Something that went wrong, before it is put into words.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    title: [&'static str; 2],
    hint: [&'static str; 2],
    detail: Option<String>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What the operator reads; never sent, never about a person.
    cause: Option<String>,
}

impl Problem {
    pub(crate) fn of(fault: &'static Fault) -> Self {
        Self {
            status: status(fault.status),
            code: fault.code,
            title: [fault.vi, fault.en],
            hint: [fault.hint_vi, fault.hint_en],
            detail: None,
            members: Map::new(),
            headers: Vec::new(),
            cause: None,
        }
    }

    pub(crate) fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub(crate) fn member(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        self.header(hyper::header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// A fault of ours, with what the operator has to know.
    pub(crate) fn ours(cause: impl Into<String>) -> Self {
        let mut problem = Self::of(&OURS);
        problem.cause = Some(cause.into());
        problem
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// True when another try may end otherwise, or the sender has to do something first that headers tell.
    pub(crate) fn may_pass(&self) -> bool {
        !self.status.is_client_error() || !self.headers.is_empty()
    }

    /// The body, in a language, for a request.
    pub(crate) fn body(&self, lang: Lang, request: &str) -> Value {
        let word = |words: [&'static str; 2]| match lang {
            Lang::Vi => words[0],
            Lang::En => words[1],
        };
        let mut body = json!({
            "type": format!("{TYPES}{}", self.code),
            "title": word(self.title),
            "status": self.status.as_u16(),
            "code": self.code,
            "hint": word(self.hint),
            "instance": request,
        });
        if let Value::Object(members) = &mut body {
            members.extend(
                self.detail
                    .clone()
                    .map(|it| ("detail".to_owned(), it.into())),
            );
            members.extend(self.members.clone());
        }
        body
    }

    /// The whole response, in a language, for a request.
    pub(crate) fn response(&self, lang: Lang, request: &str) -> Response {
        let mut response = Response::new(self.body(lang, request).to_string().into());
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers.clone());
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }
}

/// The words are put in further out.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<&'static Fault> for Problem {
    fn from(fault: &'static Fault) -> Self {
        Self::of(fault)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let Refusal { reason, detail } = refusal;
        let wait = detail
            .as_deref()
            .filter(|_| *reason == access::reasons::SLOW_DOWN);
        let wait = wait.and_then(|told| told.strip_suffix(" s")?.parse().ok());
        let problem = Self {
            status: status(status_of(reason)),
            code: reason.code,
            title: [reason.vi, reason.en],
            hint: [reason.hint_vi, reason.hint_en],
            detail,
            members: Map::new(),
            headers: Vec::new(),
            cause: None,
        };
        match wait {
            Some(seconds) => problem.retry_after(seconds),
            None => problem,
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Refused(refusal) => refusal.into(),
            AccessError::Storage(error) => error.into(),
            AccessError::Act(error) => (*error).into(),
            other => Self::ours(other.to_string()),
        }
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Refused(refusal) => refusal.into(),
            ActError::Changed {
                read, now, since, ..
            } => Self::of(&STALE)
                .member("read", read.into())
                .member("now", now.into())
                .member("since", since.into()),
            ActError::Storage(error) => error.into(),
            ActError::Vault(error) => Self::ours(error.to_string()),
        }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        // What can't be read may hold a person's data: the reader's own message stays out of the log.
        let cause = match &error {
            StorageError::Unreadable { what, kind, .. } => {
                format!("{what} of a {} can't be read", kind.as_str())
            }
            StorageError::Altered { column, .. } => {
                format!("the column {column} holds what it can't")
            }
            other => other.to_string(),
        };
        match error {
            StorageError::Conflict { .. } => Self::of(&IN_PROGRESS).retry_after(1),
            _ => Self::ours(cause),
        }
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        let detail = error.to_string();
        match error {
            JsonError::Unfit { pointer, message } => Self::of(&UNFIT)
                .because(message)
                .member("pointer", pointer.into()),
            JsonError::NotText { .. } => Self::of(&MALFORMED).because(detail),
            JsonError::Malformed { line, column, .. } => Self::of(&MALFORMED)
                .because(detail)
                .member("line", line.into())
                .member("column", column.into()),
        }
    }
}

/// The status of a refusal. A conflict may pass when the record is read again; what a procedure does not allow stays so, whoever sends it
/// again, as does what is incomplete.
pub(crate) fn status_of(reason: &Reason) -> u16 {
    if *reason == access::reasons::SLOW_DOWN {
        return 429;
    }
    match reason.kind {
        RefusalKind::Forbidden => 403,
        RefusalKind::Missing => 404,
        RefusalKind::Conflict => 409,
        RefusalKind::Invalid | RefusalKind::NotAllowed => 422,
    }
}

/// Says in a row of an answer why the row was turned away.
pub(crate) fn refuse_row(row: &mut Value, refusal: &Refusal) {
    row["code"] = refusal.reason.code.into();
    row["status"] = status_of(refusal.reason).into();
    row["detail"] = json!(refusal.detail);
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The reasons of the procedures that an answer may carry, in the order of the documentation.
pub(crate) fn reasons() -> impl Iterator<Item = &'static Reason> {
    let all: [&[&Reason]; 13] = [
        casework::rights::ALL,
        casework::subject::ALL,
        casework::facility::ALL,
        casework::cleaning::ALL,
        casework::inquiry::ALL,
        casework::feedback::ALL,
        casework::campaign::ALL,
        casework::report::ALL,
        casework::contact::ALL,
        casework::account::ALL,
        platform::access::reasons::ALL,
        platform::sheets::ALL,
        platform::bulk::ALL,
    ];
    all.into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_problems_share_a_code_and_all_have_words_in_both_languages() {
        let mut codes = BTreeSet::new();
        for reason in reasons() {
            assert!(codes.insert(reason.code), "{}", reason.code);
        }
        for fault in ALL {
            assert!(codes.insert(fault.code), "{}", fault.code);
            for words in [fault.vi, fault.en, fault.hint_vi, fault.hint_en] {
                assert!(!words.is_empty(), "{}", fault.code);
            }
        }
    }

    #[test]
    fn a_refusal_keeps_its_code_and_speaks_the_language_asked_for() {
        let problem = Problem::from(casework::subject::NOT_VERIFIED.because("NOT_SENT"));
        let body = problem.body(Lang::Vi, "r-1");
        assert_eq!(body["code"], "signing.not_verified");
        assert_eq!(body["type"], "/api/v1/problems/signing.not_verified");
        assert_eq!(body["status"], 422);
        assert_eq!(body["detail"], "NOT_SENT");
        assert_eq!(body["instance"], "r-1");
        assert_eq!(body["title"], casework::subject::NOT_VERIFIED.vi);
        let english = problem.body(Lang::En, "r-1");
        assert_eq!(english["hint"], casework::subject::NOT_VERIFIED.hint_en);
    }

    #[test]
    fn a_fault_of_ours_tells_its_cause_to_nobody_outside() {
        let problem = Problem::ours("the database failed: no space left");
        assert!(!problem.body(Lang::En, "r").to_string().contains("space"));
        assert_eq!(problem.cause(), Some("the database failed: no space left"));
    }
}
