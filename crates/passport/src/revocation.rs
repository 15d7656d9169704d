//! Revocation lists after the EU specification: hashes in slices, signed.
