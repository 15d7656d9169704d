//! An append-only Merkle log (RFC 6962 hashing) that anybody can check offline.
