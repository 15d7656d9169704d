//! CertLogic: the small JSON language in which countries write their entry rules.
