//! Who somebody is, over HTTP: signing in, one's own account, tokens of other systems.

pub(crate) mod accounts;
pub(crate) mod own;
pub(crate) mod sign_in;
pub(crate) mod tokens;
