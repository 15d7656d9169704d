//! Canonical JSON, held to the vectors of RFC 8785.

use serde_json::Value;
use signing::canonical::to_text;

/// Name, input, canonical form: see `tests/data/jcs/README.md`.
const REFERENCE: [(&str, &str, &str); 6] = [
    (
        "arrays",
        include_str!("../data/jcs/input/arrays.json"),
        include_str!("../data/jcs/output/arrays.json"),
    ),
    (
        "french",
        include_str!("../data/jcs/input/french.json"),
        include_str!("../data/jcs/output/french.json"),
    ),
    (
        "structures",
        include_str!("../data/jcs/input/structures.json"),
        include_str!("../data/jcs/output/structures.json"),
    ),
    (
        "unicode",
        include_str!("../data/jcs/input/unicode.json"),
        include_str!("../data/jcs/output/unicode.json"),
    ),
    (
        "values",
        include_str!("../data/jcs/input/values.json"),
        include_str!("../data/jcs/output/values.json"),
    ),
    (
        "weird",
        include_str!("../data/jcs/input/weird.json"),
        include_str!("../data/jcs/output/weird.json"),
    ),
];

/// RFC 8785, appendix B: the bits of a number and its text.
const NUMBERS: [(u64, &str); 23] = [
    (0x0000_0000_0000_0000, "0"),
    (0x8000_0000_0000_0000, "0"),
    (0x0000_0000_0000_0001, "5e-324"),
    (0x8000_0000_0000_0001, "-5e-324"),
    (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
    (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
    (0x4340_0000_0000_0000, "9007199254740992"),
    (0xc340_0000_0000_0000, "-9007199254740992"),
    (0x4430_0000_0000_0000, "295147905179352830000"),
    (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
    (0x44b5_2d02_c7e1_4af6, "1e+23"),
    (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
    (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
    (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
    (0x444b_1ae4_d6e2_ef50, "1e+21"),
    (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
    (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
    (0x41b3_de43_5555_5553, "333333333.3333332"),
    (0x41b3_de43_5555_5554, "333333333.33333325"),
    (0x41b3_de43_5555_5555, "333333333.3333333"),
    (0x41b3_de43_5555_5556, "333333333.3333334"),
    (0x41b3_de43_5555_5557, "333333333.33333343"),
    (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
];

#[test]
fn the_reference_files_become_their_published_forms() {
    for (name, input, output) in REFERENCE {
        let value: Value = serde_json::from_str(input).expect(name);
        assert_eq!(to_text(&value).expect(name), output, "{name}");
        let again: Value = serde_json::from_str(output).expect(name);
        assert_eq!(to_text(&again).expect(name), output, "{name} again");
    }
}

#[test]
fn numbers_are_written_as_in_the_appendix() {
    for (bits, text) in NUMBERS {
        assert_eq!(to_text(&f64::from_bits(bits)).expect(text), text);
    }
    for bits in [0x7fff_ffff_ffff_ffff, 0x7ff0_0000_0000_0000] {
        assert!(to_text(&f64::from_bits(bits)).is_err());
    }
}
