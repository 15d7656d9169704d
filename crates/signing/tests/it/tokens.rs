//! Keys in a token, `SoftHSM` standing for it.
//!
//! The token library reads its settings from the environment, once per process: each test runs in a process of its own with its own token.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use signing::token::{Token, TokenError, TriesLeft};
use signing::{KeyKind, KeyPair as _, SignError, Signer as _};

use crate::providers::pass_the_suite;

const LABEL: &str = "minhchung";
const PIN: &str = "271828";
/// Says to a test that it runs in its own process, and where.
const FOLDER: &str = "SIGNING_TEST_FOLDER";

#[test]
fn keys_in_a_token_pass_the_suite() {
    with_a_token("tokens::keys_in_a_token_pass_the_suite", |library, _| {
        let token = Token::open(library, LABEL, PIN, 2, false).expect("opens");
        pass_the_suite(&|name, kind| Arc::new(token.generate(name, kind).expect("generates")));
    });
}

#[test]
fn a_key_is_found_again_by_its_name_and_never_replaced() {
    with_a_token(
        "tokens::a_key_is_found_again_by_its_name_and_never_replaced",
        |library, _| {
            let made = {
                let token = Token::open(library, LABEL, PIN, 1, false).expect("opens");
                token
                    .generate("dsc", KeyKind::P256)
                    .expect("generates")
                    .public_key_der()
                    .to_vec()
            };
            let token = Token::open(library, LABEL, PIN, 1, false).expect("opens");
            assert_eq!(token.key("dsc").expect("found").public_key_der(), made);
            let again = token.generate("dsc", KeyKind::P256);
            assert!(matches!(again, Err(TokenError::KeyExists { .. })));
            assert!(matches!(
                token.key("csca"),
                Err(TokenError::NotOneKey { found: 0, .. })
            ));
            let second = Token::open(library, LABEL, PIN, 1, false);
            assert!(matches!(second, Err(TokenError::AlreadyOpen)));
        },
    );
}

#[test]
fn a_wrong_pin_is_tried_once_and_tells_what_the_token_says() {
    with_a_token(
        "tokens::a_wrong_pin_is_tried_once_and_tells_what_the_token_says",
        |library, _| {
            let wrong = Token::open(library, LABEL, "314159", 2, false);
            let Err(
                error @ TokenError::WrongPin {
                    tries: TriesLeft::Fewer,
                },
            ) = wrong
            else {
                panic!("{wrong:?}")
            };
            assert!(error.to_string().contains("not tried again"));
            assert!(Token::open(library, LABEL, PIN, 2, false).is_ok());
        },
    );
}

#[test]
fn a_token_or_library_that_is_not_there_is_named() {
    with_a_token(
        "tokens::a_token_or_library_that_is_not_there_is_named",
        |library, folder| {
            let other = Token::open(library, "other", PIN, 1, false);
            let Err(TokenError::NoSuchToken { present, .. }) = other else {
                panic!("{other:?}")
            };
            assert_eq!(present, "'minhchung'");
            let nothing = Token::open(&folder.join("none.so"), LABEL, PIN, 1, false);
            assert!(matches!(nothing, Err(TokenError::Library { .. })));
        },
    );
}

#[test]
fn a_token_that_goes_in_mid_batch_is_told_apart_and_works_again_when_it_is_back() {
    let name =
        "tokens::a_token_that_goes_in_mid_batch_is_told_apart_and_works_again_when_it_is_back";
    with_a_token(name, |library, folder| {
        let (here, away) = (folder.join("tokens"), folder.join("away"));
        let interrupted = folder.join("interrupted");
        let token = Token::open(library, LABEL, PIN, 2, false).expect("opens");
        if interrupted.exists() {
            token
                .key("dsc")
                .expect("found")
                .sign(b"second")
                .expect("signs");
            return;
        }
        let key = token.generate("dsc", KeyKind::P256).expect("generates");
        key.sign(b"first").expect("signs");
        fs::rename(&here, &away).expect("takes it away");
        let gone = key.sign(b"second");
        assert!(matches!(gone, Err(SignError::TokenGone { .. })), "{gone:?}");
        fs::rename(&away, &here).expect("puts it back");
        // `SoftHSM` sees a token that was away only when it starts anew.
        fs::write(interrupted, "").expect("writes");
        run(&mut own_process(name));
    });
}

/// Runs the test of this name in a process of its own, with the library and a folder that holds a new token.
#[expect(
    clippy::disallowed_methods,
    reason = "a test asks its environment whether it has its own process"
)]
fn with_a_token(name: &str, test: impl FnOnce(&Path, &Path)) {
    let library = library();
    if let Some(folder) = std::env::var_os(FOLDER) {
        test(&library, Path::new(&folder));
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let settings = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    fs::create_dir(&tokens).expect("folder");
    fs::write(
        &settings,
        format!("directories.tokendir = {}\n", tokens.display()),
    )
    .expect("settings");

    let make = [
        "--init-token",
        "--free",
        "--label",
        LABEL,
        "--pin",
        PIN,
        "--so-pin",
        "161803",
    ];
    let mut command = Command::new("softhsm2-util");
    run(command.args(make).env("SOFTHSM2_CONF", &settings));
    let mut command = own_process(name);
    run(command
        .env("SOFTHSM2_CONF", &settings)
        .env(FOLDER, folder.path()));
}

fn own_process(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args([name, "--exact", "--nocapture"]);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}\nhint: install the Debian package softhsm2")
    });
    let said = [output.stdout, output.stderr].map(|of| String::from_utf8_lossy(&of).into_owned());
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        said[0],
        said[1]
    );
}

fn library() -> PathBuf {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ];
    let found = places
        .iter()
        .map(PathBuf::from)
        .find(|place| place.exists());
    found.expect("the library of SoftHSM is in none of the usual places; hint: install the Debian package softhsm2")
}
