//! Many certificates in one call.

use std::convert::Infallible;

use render::{Certificate, Form, Level, PaperError, print_all};

use crate::invented::certificate;

/// Certificates with their number in the code; every seventh can't be printed.
fn many(count: usize) -> impl Iterator<Item = Certificate> {
    (0..count).map(|number| Certificate {
        certificate_code: format!("URN:UVCI:01:VN:{number:032}"),
        name: if number % 7 == 3 {
            String::new()
        } else {
            format!("Trần Văn Số {number}")
        },
        ..certificate()
    })
}

#[test]
fn results_come_in_order_and_the_sum_reconciles() {
    let mut delivered = Vec::new();
    let summary = print_all(many(600), Form::Card, Level::L, |number, result| {
        delivered.push((number, result));
        Ok::<(), Infallible>(())
    });
    let summary = summary.expect("nothing fails");
    assert_eq!(summary.read, 600);
    assert_eq!(summary.read, summary.printed + summary.refused);
    assert_eq!(summary.refused, 86);
    for ((at, (number, result)), certificate) in delivered.iter().enumerate().zip(many(600)) {
        assert_eq!(at, *number);
        match result {
            Ok(pdf) if at % 100 == 0 => {
                let alone = certificate.pdf(Form::Card, Level::L).expect("printable");
                assert_eq!(*pdf, alone, "the same bytes alone as among many");
            }
            Ok(_) => assert_ne!(at % 7, 3),
            Err(error) => {
                let field = "Full name".to_owned();
                assert_eq!(*error, PaperError::Blank { field });
                assert_eq!(at % 7, 3);
            }
        }
    }
}

#[test]
fn a_delivery_that_fails_ends_the_batch() {
    let mut seen = 0;
    let stopped = print_all(many(600), Form::Card, Level::L, |number, _| {
        seen += 1;
        if number == 4 {
            Err("disk full")
        } else {
            Ok(())
        }
    });
    assert_eq!((stopped, seen), (Err("disk full"), 5));
}
