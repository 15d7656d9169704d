//! Vaccines and sexes as people write them: no text makes a lookup panic, and none is found for a blank.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::sex::Sex;
use registry::vaccine;

fuzz_target!(|text: &str| {
    let (name, manufacturer) = text.split_once('/').unwrap_or((text, ""));
    let _ = vaccine::named(name, Some(manufacturer));
    let _ = vaccine::products_of_manufacturer(text);
    if let Some(product) = vaccine::product(text) {
        assert_eq!(product.key, text);
    }
    if let Ok(sex) = Sex::parse(text) {
        assert_eq!(Sex::parse(sex.code()), Ok(sex));
    }
});
