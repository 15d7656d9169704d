//! Status vocabularies of the procedures: names are those of `process.md`, and `as_str` is what files carry.

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $text:literal $vi:literal $en:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),* }
        impl $name {
            /// All values in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word that files carry.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $text),* } }
            /// Reads the word of a file.
            pub fn parse(text: &str) -> Option<Self> { Self::ALL.iter().copied().find(|v| v.as_str() == text) }
            /// For people, in Vietnamese.
            pub fn vi(self) -> &'static str { match self { $(Self::$variant => $vi),* } }
            /// For people, in English.
            pub fn en(self) -> &'static str { match self { $(Self::$variant => $en),* } }
        }
    };
}

vocabulary! {
    /// Outcome of the exact check of one subject against the register.
    Verification {
        /// Number, name, birth date and sex all agree.
        True "TRUE" "Khớp" "Verified",
        /// The number is in the register; at least one other field differs.
        False "FALSE" "Sai lệch" "Differs",
        /// A well-formed number that the register does not hold.
        NotFound "NOT_FOUND" "Không tìm thấy số" "Number not in the register",
        /// No number (E1).
        NoId "NO_ID" "Thiếu số CCCD/CMND" "No identity number",
        /// A malformed number (E2).
        BadFormat "BAD_FORMAT" "Số sai định dạng" "Malformed number",
        /// Foreigner with a passport number: no register check.
        ForeignerExempt "FOREIGNER_EXEMPT" "Người nước ngoài" "Foreigner, exempt",
    }
}

vocabulary! {
    /// Error category of dispatch 2262.
    ErrorCategory {
        /// No CCCD/CMND number.
        E1 "E1" "Thiếu số CCCD/CMND" "No identity number",
        /// Number in a wrong format.
        E2 "E2" "Số sai định dạng" "Malformed number",
        /// Wrong basic data: number, name, birth date or sex.
        E3 "E3" "Sai thông tin cơ bản" "Wrong basic data",
    }
}

impl Verification {
    /// The category under which dispatch 2262 lists the subject; `None` when nothing has to be cleaned.
    pub fn category(self) -> Option<ErrorCategory> {
        match self {
            Self::NoId => Some(ErrorCategory::E1),
            Self::BadFormat => Some(ErrorCategory::E2),
            Self::False | Self::NotFound => Some(ErrorCategory::E3),
            Self::True | Self::ForeignerExempt => None,
        }
    }
}

/// Which values may follow which. A transition that is not listed is refused.
macro_rules! transitions {
    ($name:ident { $($from:pat => [$($to:ident),*]),* $(,)? }) => {
        impl $name {
            /// The values that may follow this one, in the order of the procedure.
            pub fn next(self) -> &'static [Self] {
                use $name::*;
                match self { $($from => &[$($to),*]),* }
            }
            /// True when the procedure allows this step.
            pub fn can_become(self, to: Self) -> bool {
                self.next().contains(&to)
            }
        }
    };
}

vocabulary! {
    /// Where the identity of a subject stands against the national population database (process, section 7.1).
    SubjectIdentity {
        /// Not sent yet.
        NotSent "NOT_SENT" "Chưa gửi đối chiếu" "Not sent",
        /// No number.
        NoId "NO_ID" "Thiếu số CCCD/CMND" "No identity number",
        /// A malformed number.
        BadFormat "BAD_FORMAT" "Số sai định dạng" "Malformed number",
        /// Sent, no answer yet.
        Pending "PENDING" "Đang chờ kết quả" "Waiting for the answer",
        /// Foreigner with a passport number: no check.
        ForeignerExempt "FOREIGNER_EXEMPT" "Người nước ngoài" "Foreigner, exempt",
        /// All four fields agree.
        True "TRUE" "Khớp" "Verified",
        /// At least one field differs.
        False "FALSE" "Sai lệch" "Differs",
        /// The database cannot tell.
        Unverifiable "UNVERIFIABLE" "Không xác minh được" "Cannot be verified",
        /// The answer is older than the record or than policy allows.
        Stale "STALE" "Kết quả đã cũ" "Answer out of date",
    }
}
transitions! { SubjectIdentity {
    NotSent => [NoId, BadFormat, Pending, ForeignerExempt],
    NoId | BadFormat | ForeignerExempt => [NotSent],
    Pending => [True, False, Unverifiable],
    True => [Stale],
    False | Unverifiable => [Stale, Pending],
    Stale => [Pending],
} }

vocabulary! {
    /// Progress of one row of a list to clean (process, section 7.2).
    CleaningItem {
        /// On a list.
        Listed "LISTED" "Đã lập danh sách" "Listed",
        /// With the hamlet team.
        HamletReview "HAMLET_REVIEW" "Tổ dân phố, thôn đang rà soát" "Hamlet team reviews",
        /// With the commune police.
        PoliceCheck "POLICE_CHECK" "Công an xã đang xác minh" "Police check",
        /// On a list that the police signed.
        PoliceSigned "POLICE_SIGNED" "Công an xã đã ký" "Signed by the police",
        /// Entered by the commune health station.
        TytUpdated "TYT_UPDATED" "Trạm y tế đã cập nhật" "Updated by the health station",
        /// Sent to the database again.
        Recheck "RECHECK" "Đang đối chiếu lại" "Checked again",
        /// Done.
        Resolved "RESOLVED" "Đã làm sạch" "Resolved",
        /// Closed without a result, for a reason.
        Unresolved "UNRESOLVED" "Chưa xử lý được" "Unresolved",
    }
}
transitions! { CleaningItem {
    Listed => [HamletReview],
    HamletReview => [PoliceCheck, Unresolved],
    PoliceCheck => [PoliceSigned, HamletReview, Unresolved],
    PoliceSigned => [TytUpdated, HamletReview],
    TytUpdated => [Recheck],
    Recheck => [Resolved, PoliceCheck, Unresolved],
    Resolved => [],
    Unresolved => [Listed],
} }

vocabulary! {
    /// A version of a dose (process, section 7.3).
    DoseState {
        /// Entered; the rules run.
        Entered "ENTERED" "Đã nhập" "Entered",
        /// May be a duplicate.
        DuplicateSuspect "DUPLICATE_SUSPECT" "Nghi trùng" "Suspected duplicate",
        /// Nothing stands against its signature.
        Eligible "ELIGIBLE" "Đủ điều kiện ký" "Ready to be signed",
        /// Signed by the facility.
        FacilitySigned "FACILITY_SIGNED" "Cơ sở tiêm đã ký" "Signed by the facility",
        /// Replaced by another version or another dose.
        Superseded "SUPERSEDED" "Đã thay thế" "Superseded",
    }
}
transitions! { DoseState {
    Entered => [DuplicateSuspect, Eligible],
    DuplicateSuspect => [Entered, Superseded],
    Eligible => [FacilitySigned, Entered],
    FacilitySigned => [Superseded],
    Superseded => [],
} }

vocabulary! {
    /// A vaccination passport (process, section 7.4).
    PassportState {
        /// There is none, for a reason.
        None "NONE" "Chưa có hộ chiếu vắc xin" "None",
        /// All conditions are met.
        Queued "QUEUED" "Chờ ký" "Queued",
        /// Signed centrally.
        CentralSigned "CENTRAL_SIGNED" "Đã ký" "Signed centrally",
        /// The holder can get it.
        Delivered "DELIVERED" "Đã cấp" "Delivered",
        /// Its renewal window is open.
        Expiring "EXPIRING" "Sắp hết hạn" "About to expire",
        /// A new code was made.
        Renewed "RENEWED" "Đã gia hạn" "Renewed",
        /// No longer valid.
        Expired "EXPIRED" "Hết hạn" "Expired",
        /// Withdrawn.
        Revoked "REVOKED" "Đã thu hồi" "Revoked",
    }
}
transitions! { PassportState {
    None => [Queued],
    Queued => [CentralSigned, None],
    CentralSigned => [Delivered, Expiring, Revoked],
    Delivered => [Expiring, Revoked],
    Expiring => [Renewed, Expired, Revoked],
    Expired => [Renewed],
    Renewed => [Delivered],
    Revoked => [Queued],
} }

vocabulary! {
    /// A citizen's feedback (process, section 7.5). That it is overdue is a flag beside the state and never ends the work; that it may be
    /// re-opened only once is for the keeper of the ticket to count.
    FeedbackState {
        /// Received.
        Received "RECEIVED" "Đã tiếp nhận" "Received",
        /// A unit is responsible.
        Routed "ROUTED" "Đã chuyển đơn vị xử lý" "Routed",
        /// An officer has opened it.
        InReview "IN_REVIEW" "Đang xem xét" "In review",
        /// Put off.
        Later "LATER" "Xử lý sau" "Later",
        /// Accepted.
        Approved "APPROVED" "Chấp thuận" "Approved",
        /// Refused for one of the reasons TK-01 to TK-13.
        Rejected "REJECTED" "Từ chối" "Rejected",
        /// The record is corrected.
        Updated "UPDATED" "Đã cập nhật" "Updated",
        /// The citizen knows.
        Notified "NOTIFIED" "Đã thông báo" "Notified",
    }
}
transitions! { FeedbackState {
    Received => [Routed],
    Routed => [InReview, Routed],
    InReview => [Approved, Later, Rejected],
    Later => [InReview],
    Approved => [Updated],
    Updated | Rejected => [Notified],
    Notified => [InReview, Received],
} }
