//! Quality on sets that others published, with the truth that comes with them.

use linkage::evaluate::{Proposed, Scores, Truth, evaluate};
use linkage::{DedupeOptions, Linker, Links, Model, Records, Silent, Spec, TrainOptions, dedupe};

use crate::files::{febrl_person, load, pair_f1};

/// FEBRL 4: `rec-7-org` and `rec-7-dup-0` are one person.
pub(crate) fn scores(links: &Links, a: &Records, b: &Records) -> Scores {
    let id = |records: &Records, row: u32| records.id(row).expect("a row").to_owned();
    let mut proposed = Vec::new();
    let mut truth = Vec::new();
    for row in 0..a.len() as u32 {
        let a_id = id(a, row);
        if let Some(best) = links.best(row) {
            proposed.push(Proposed {
                a_id: a_id.clone(),
                b_id: id(b, best.b_row),
                probability: best.probability,
            });
        }
        let b_id = a_id.replace("-org", "-dup-0");
        truth.push(Truth {
            a_id,
            b_id: Some(b_id),
            flags: Vec::new(),
        });
    }
    evaluate(&proposed, &truth, &[])
}

struct Febrl4 {
    spec: Spec,
    a: Records,
    b: Records,
}

impl Febrl4 {
    fn load() -> Self {
        let spec = Spec::builtin("febrl4").expect("built in");
        let (a, b) = (
            load(&spec, "febrl/dataset4a.csv"),
            load(&spec, "febrl/dataset4b.csv"),
        );
        Self { spec, a, b }
    }

    fn link(&self) -> (Model, Links) {
        let linker = Linker::new(&self.spec, &self.a, &self.b);
        let candidates = linker.candidates(&Silent);
        let model = linker
            .train(&candidates, &TrainOptions::default())
            .expect("a model");
        let links = linker.link(&model, &candidates, &Silent).expect("links");
        (model, links)
    }
}

#[test]
fn febrl_4_is_linked_nearly_without_a_mistake() {
    let set = Febrl4::load();
    let (model, links) = set.link();
    let scores = scores(&links, &set.a, &set.b);
    let f1 = scores.cutoffs["0.5"].f1.expect("links");
    assert!(f1 >= 0.9996, "F1 {f1}");
    assert!(model.converged, "after {} rounds", model.iterations);
}

#[test]
fn a_damaged_model_is_refused_with_what_is_wrong() {
    let set = Febrl4::load();
    let text = set.link().0.to_json().expect("JSON");
    let cases = [
        ("\"version\": 2", "\"version\": 9", "version 9"),
        ("\"match_rate\": ", "\"match_rate\": -", "match_rate"),
        ("\"m\": 0.", "\"m\": 7.", "probability"),
        ("\"provenance\"", "\"origin\"", "not a model file"),
    ];
    for (from, to, says) in cases {
        let damaged = text.replacen(from, to, 1);
        assert_ne!(damaged, text, "{from}");
        let error = Model::from_json(&damaged).expect_err(says).to_string();
        assert!(error.contains(says), "{error}");
    }
    let model = Model::from_json(&text.replacen("febrl4-1-", "febrl4-2-", 1))
        .expect("a model of another spec");
    let linker = Linker::new(&set.spec, &set.a, &set.b);
    let refused = linker.link(&model, &linker.candidates(&Silent), &Silent);
    assert!(refused.is_err_and(|error| error.to_string().contains("train it again")));
}

#[test]
fn a_model_survives_its_file_and_gives_the_same_links() {
    let set = Febrl4::load();
    let (model, links) = set.link();
    let read = Model::from_json(&model.to_json().expect("JSON")).expect("a model");
    assert_eq!(read, model);
    let linker = Linker::new(&set.spec, &set.a, &set.b);
    let again = linker
        .link(&read, &linker.candidates(&Silent), &Silent)
        .expect("links");
    assert_eq!(again, links);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| Febrl4::load().link())
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn the_parts_of_an_explanation_add_up_to_its_whole() {
    let set = Febrl4::load();
    let (model, links) = set.link();
    let linker = Linker::new(&set.spec, &set.a, &set.b);
    let mut rivals = 0;
    for row in (0..set.a.len() as u32).step_by(200) {
        let Some(best) = links.best(row) else {
            continue;
        };
        let told = linker
            .explain(&model, row, best.b_row)
            .expect("its model")
            .expect("a pair");
        let fields: f64 = told
            .fields
            .iter()
            .map(|field| field.level_bits + field.frequency_bits)
            .sum();
        let sum = told.prior_bits + fields + told.relatives_bits + told.together_bits;
        assert!(
            (sum - told.total_bits).abs() < 1e-6,
            "{sum} {}",
            told.total_bits
        );
        assert!((told.total_bits - best.weight).abs() < 1e-6);
        assert!(told.svg().contains("</svg>"));
        if let Some(rival) = &told.rival {
            rivals += 1;
            let fields: f64 = rival.fields.iter().map(|field| field.bits).sum();
            let sum = fields + rival.relatives_bits + rival.together_bits;
            assert!((sum - rival.lead_bits).abs() < 1e-6, "{rival:?}");
            let other = set.b.row_of(&rival.b_id).expect("a row");
            let back = linker.explain(&model, row, other).expect("its model");
            let turned = back.and_then(|told| told.rival).expect("a rival");
            assert!((turned.lead_bits + rival.lead_bits).abs() < 1e-6);
            assert_eq!(turned.b_id, told.b_id);
        }
    }
    assert!(rivals > 0, "nobody had a runner-up");
}

#[test]
fn febrl_3_is_deduplicated() {
    let spec = Spec::builtin("febrl3").expect("built in");
    let records = load(&spec, "febrl/dataset3.csv");
    let clusters = dedupe(&spec, &records, &DedupeOptions::default(), &Silent).expect("clusters");
    let f1 = pair_f1(&records, &clusters.of, febrl_person);
    assert!(f1 >= 0.996, "F1 over pairs {f1}");
}
