//! A provider's keys, a token of theirs, and a passkey: what the seeds hold, and what nobody can make another of without the private keys.

/// Keys as a provider publishes them.
pub const KEYS: &str = include_str!("../seeds/keys.json");
/// A token signed by them, about [`SUBJECT`].
pub const TOKEN: &str = include_str!("../seeds/token.txt");
/// Whom it is about.
pub const SUBJECT: &str = "248289761001";
/// Seconds since 1970 at which it holds.
pub const NOW: i64 = 1_650_344_400;
/// A passkey's public key in COSE.
pub const PASSKEY: &[u8] = include_bytes!("../seeds/passkey.cose");
/// What was asked for.
pub const CHALLENGE: &[u8] = b"a challenge of the site";
