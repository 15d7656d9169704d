//! Trust lists: which signer certificates a verifier accepts, and how fresh that knowledge is.
