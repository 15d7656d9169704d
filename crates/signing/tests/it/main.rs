//! Keys, certificates and signatures as callers use them.

mod certificates;
