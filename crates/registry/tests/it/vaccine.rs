use std::path::Path;

use proptest::prelude::*;
use registry::vaccine::{Named, named, product, products, products_of_manufacturer};

#[test]
fn the_table_agrees_with_the_source_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/vn/vaccines.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), products().len());
    for row in rows {
        let product = products()
            .iter()
            .find(|product| product.mp == row.get(2))
            .unwrap();
        let ours = [
            product.vn_name.to_owned(),
            product.name.to_owned(),
            product.mp.unwrap_or_default().to_owned(),
            product.ma.unwrap_or_default().to_owned(),
            product.vp.join("|"),
            product.primary_doses.to_string(),
            product
                .licensed_from
                .map(|day| day.to_string())
                .unwrap_or_default(),
        ];
        let theirs: Vec<_> = row.iter().take(7).collect();
        assert_eq!(ours.as_slice(), theirs.as_slice());
    }
}

#[test]
fn every_product_is_found_by_its_key_names_and_code() {
    for one in products() {
        assert_eq!(product(one.key), Some(one));
        for name in [one.key, one.name, one.mp.unwrap_or_default()] {
            assert_eq!(named(name, None), Named::Product(one), "{name}");
        }
        assert_eq!(
            named(one.vn_name, Some(one.manufacturer)),
            Named::Product(one)
        );
        assert_eq!(products_of_manufacturer(one.manufacturer), [one]);
    }
}

#[test]
fn written_names_mean_what_people_mean() {
    let shown = |text, maker| match named(text, maker) {
        Named::Product(product) => format!("={}", product.key),
        Named::Alias {
            product,
            deprecated: false,
        } => format!("~{}", product.key),
        Named::Alias {
            product,
            deprecated: true,
        } => format!("old {}", product.key),
        Named::Generic => "generic".to_owned(),
        Named::Ambiguous(several) => format!("one of {}", several.len()),
        Named::Unknown => "?".to_owned(),
    };
    for (text, maker, meaning) in [
        ("PFIZER", None, "=comirnaty"),
        ("COVID-19 Vaccine AstraZeneca", None, "=vaxzevria"),
        ("AZ", None, "~vaxzevria"),
        ("Phizer", None, "~comirnaty"),
        ("Vắc xin Covid-19 Pfizer", None, "~comirnaty"),
        ("Moderna mũi 2", None, "~spikevax"),
        ("Inactivated-SARS-CoV-2-Vero-Cell", None, "old wibp-corv"),
        ("Covid vaccine", None, "generic"),
        ("Vắc xin phòng Covid-19", Some("Pfizer"), "generic"),
        ("Vero Cell", None, "one of 2"),
        ("Vero Cell", Some("Sinopharm"), "one of 2"),
        ("Vero-Cell", Some("Sinopharm, Wuhan"), "=wibp-corv"),
        (
            "vero cell",
            Some("Beijing Institute of Biological Products"),
            "=bbibp-corv",
        ),
        ("Nanocovax", None, "?"),
        ("", None, "?"),
    ] {
        assert_eq!(shown(text, maker), meaning, "{text}");
    }
}

#[test]
fn ages_doses_and_lot_forms_are_plausible() {
    for product in products() {
        assert!((5..=19).contains(&product.min_age));
        assert_eq!(product.min_interval_days == 0, product.primary_doses == 1);
        let legal = |c: char| c.is_ascii_uppercase() || "9-|".contains(c);
        assert!(product.lot_forms.chars().all(legal), "{}", product.key);
    }
}

proptest! {
    #[test]
    fn no_text_stops_the_lookups(text in "\\PC*", maker in "\\PC*") {
        let _ = named(&text, Some(&maker));
        let _ = products_of_manufacturer(&maker);
    }
}
