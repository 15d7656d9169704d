//! The page: every number there, in both languages, nobody recognisable, nothing from elsewhere.

use cleaning::report::render;

use crate::sample;

#[test]
fn the_page_stands_alone() {
    let page = render(&sample::province()).expect("a page");
    for outside in ["src=\"http", "href=\"http", "url(http", "@import", "<link "] {
        assert!(!page.contains(outside), "the page asks for {outside}");
    }
    assert!(page.contains("<meta name=\"viewport\""));
    assert!(page.contains("@media print"));
}

#[test]
fn both_languages_are_in_the_page() {
    let page = render(&sample::province()).expect("a page");
    for words in ["Bản ghi", "records", "lang=\"vi\"", "lang=\"en\""] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn the_numbers_of_the_summary_are_shown_and_add_up() {
    let summary = sample::province();
    assert!(summary.reconciles());
    let page = render(&summary).expect("a page");
    let shown = |number: u64| {
        let digits = number.to_string();
        let mut text = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push('.');
            }
            text.push(digit);
        }
        text
    };
    for number in [
        summary.funnel.read,
        summary.funnel.verified,
        summary.categories.e3,
        summary.shapes[0].count,
    ] {
        assert!(page.contains(&shown(number)), "{number}");
    }
}

#[test]
fn a_sum_that_does_not_add_up_is_noticed() {
    let mut summary = sample::province();
    summary.funnel.verified += 1;
    assert!(!summary.reconciles());
}

#[test]
fn nobody_can_be_recognised() {
    let page = render(&sample::province()).expect("a page");
    assert!(
        !page.contains("0912345678"),
        "an example that came unmasked was shown so"
    );
}

#[test]
fn names_of_files_are_text_and_no_markup() {
    let page = render(&sample::province()).expect("a page");
    assert!(page.contains("doi-tuong &lt;thang 4&gt; &amp; 5.xlsx"));
    assert!(!page.contains("<thang 4>"));
}

#[test]
fn a_country_is_drawn_whole() {
    let summary = sample::national();
    assert_eq!(summary.provinces.len(), 63);
    let page = render(&summary).expect("a page");
    for province in &summary.provinces {
        let name = province
            .name
            .trim_start_matches("Thành phố ")
            .trim_start_matches("Tỉnh ");
        assert!(page.contains(name), "{name}");
    }
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
}
