use registry::status::{CleaningItem, DoseState, FeedbackState, PassportState, SubjectIdentity};

/// The tables of the procedures, one line a row: from, several joined by commas, and to.
const SUBJECT_IDENTITY: &str = "
    NOT_SENT > NO_ID BAD_FORMAT PENDING FOREIGNER_EXEMPT
    NO_ID BAD_FORMAT > NOT_SENT
    PENDING > TRUE FALSE UNVERIFIABLE
    TRUE FALSE UNVERIFIABLE > STALE
    STALE FALSE UNVERIFIABLE > PENDING
    FOREIGNER_EXEMPT > NOT_SENT";
const CLEANING_ITEM: &str = "
    LISTED > HAMLET_REVIEW
    HAMLET_REVIEW > POLICE_CHECK UNRESOLVED
    POLICE_CHECK > POLICE_SIGNED HAMLET_REVIEW UNRESOLVED
    POLICE_SIGNED > TYT_UPDATED HAMLET_REVIEW
    TYT_UPDATED > RECHECK
    RECHECK > RESOLVED POLICE_CHECK UNRESOLVED
    UNRESOLVED > LISTED";
const DOSE: &str = "
    ENTERED > DUPLICATE_SUSPECT ELIGIBLE
    DUPLICATE_SUSPECT > ENTERED SUPERSEDED
    ELIGIBLE > FACILITY_SIGNED ENTERED
    FACILITY_SIGNED > SUPERSEDED";
const PASSPORT: &str = "
    NONE > QUEUED
    QUEUED > CENTRAL_SIGNED NONE
    CENTRAL_SIGNED > DELIVERED
    CENTRAL_SIGNED DELIVERED > EXPIRING REVOKED
    EXPIRING > RENEWED EXPIRED REVOKED
    EXPIRED > RENEWED
    RENEWED > DELIVERED
    REVOKED > QUEUED";
const FEEDBACK: &str = "
    RECEIVED > ROUTED
    ROUTED > IN_REVIEW ROUTED
    IN_REVIEW > APPROVED LATER REJECTED
    LATER > IN_REVIEW
    APPROVED > UPDATED
    UPDATED REJECTED > NOTIFIED
    NOTIFIED > IN_REVIEW RECEIVED";

macro_rules! allows_exactly {
    ($test:ident, $type:ident, $table:ident) => {
        #[test]
        fn $test() {
            let mut pairs = Vec::new();
            for (from, to) in $table.lines().filter_map(|line| line.split_once(" > ")) {
                for from in from.split_whitespace() {
                    pairs.extend(to.split_whitespace().map(|to| (from, to)));
                }
            }
            for &from in $type::ALL {
                assert_eq!($type::parse(from.as_str()), Some(from));
                for &to in $type::ALL {
                    let listed = pairs.contains(&(from.as_str(), to.as_str()));
                    assert_eq!(from.can_become(to), listed, "{from:?} to {to:?}");
                }
            }
            let known = |word: &str| $type::parse(word).is_some();
            assert!(pairs.iter().all(|(from, to)| known(from) && known(to)));
        }
    };
}
allows_exactly!(
    the_identity_of_a_subject_moves_as_section_7_1_says,
    SubjectIdentity,
    SUBJECT_IDENTITY
);
allows_exactly!(
    a_cleaning_item_moves_as_section_7_2_says,
    CleaningItem,
    CLEANING_ITEM
);
allows_exactly!(a_dose_moves_as_section_7_3_says, DoseState, DOSE);
allows_exactly!(
    a_passport_moves_as_section_7_4_says,
    PassportState,
    PASSPORT
);
allows_exactly!(feedback_moves_as_section_7_5_says, FeedbackState, FEEDBACK);
