//! Keys that stay in a token: an HSM or smart card behind PKCS#11.
//!
//! A token counts wrong PINs and locks itself, so a PIN is given to it once and never again by this programme. It is opened with as many
//! sessions as threads will sign; each signature borrows one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::{AuthPin, Ulong};
use x509_cert::der::asn1::OctetStringRef;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::spki::ObjectIdentifier;

use crate::certificate::sha256;
use crate::software::KeyKind;
use crate::{Algorithm, KeyPair, SignError, Signer};

/// The curve P-256 (RFC 5480, section 2.1.1.1).
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// A token with its user logged in.
#[derive(Clone)]
pub struct Token(Arc<Sessions>);

/// A key of a token. Its private half never leaves it.
pub struct TokenKey {
    sessions: Arc<Sessions>,
    private: ObjectHandle,
    algorithm: Algorithm,
    public: Vec<u8>,
}

/// The sessions of a token.
struct Sessions {
    context: Pkcs11,
    slot: Slot,
    /// Those that nobody uses at the moment.
    free: Mutex<Vec<Session>>,
    returned: Condvar,
}

/// What a token says of the tries that are left before it locks itself. PKCS#11 tokens give no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriesLeft {
    /// The token does not say.
    Unknown,
    /// Fewer than at first.
    Fewer,
    /// One.
    One,
    /// None: it is locked.
    None,
}

/// Why a token or one of its keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The library of the token cannot be loaded or does not start.
    #[error(
        "the PKCS#11 library {path} cannot be used: {source}; name the library that the maker of the token supplies"
    )]
    Library {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: Error,
    },
    /// No token of this name is there.
    #[error("there is no token '{label}'; there are: {present}")]
    NoSuchToken {
        /// The name that was asked for.
        label: String,
        /// The names of those that are there.
        present: String,
    },
    /// The PIN is wrong. It is not tried again.
    #[error("the PIN is wrong and was not tried again; {tries}")]
    WrongPin {
        /// What the token says of further tries.
        tries: TriesLeft,
    },
    /// The token is locked.
    #[error("the token is locked after too many wrong PINs; its security officer has to unlock it")]
    Locked,
    /// One try is left, and the caller did not say that it may be used.
    #[error(
        "one more wrong PIN locks the token; nothing was tried: make sure of the PIN, then allow the last try"
    )]
    LastTry,
    /// The token has no key of this name, or several.
    #[error("the token has {found} keys named '{label}', not one")]
    NotOneKey {
        /// The name that was asked for.
        label: String,
        /// How many there are.
        found: usize,
    },
    /// There is a key of this name already.
    #[error(
        "the token has a key named '{label}' already; a key is never replaced: choose another name"
    )]
    KeyExists {
        /// The name.
        label: String,
    },
    /// The key is none that can sign here, or its public half is not on the token.
    #[error("the key '{label}' cannot be used: {reason}")]
    UnusableKey {
        /// The name.
        label: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The token is gone.
    #[error("the token is gone ({0}); put it back and log in again")]
    Gone(Error),
    /// The token refused something else.
    #[error("the token refused: {0}")]
    Refused(Error),
    /// It is open already: the login counts for the whole process, so that no PIN would be checked.
    #[error(
        "this programme has the token open already; use it, or close it before opening it anew"
    )]
    AlreadyOpen,
    /// No session at all.
    #[error("a token needs at least one session")]
    NoSessions,
}

impl Token {
    /// Opens a token by its label and logs its user in: one attempt with this PIN, whatever happens.
    ///
    /// `sessions` is the number of threads that will sign at the same time. When the token says that one try is left, nothing is tried
    /// unless `last_try` is set.
    ///
    /// # Errors
    ///
    /// When the library or the token is not there, when the PIN is wrong or the token locked, or when it has fewer sessions.
    pub fn open(
        library: &Path,
        label: &str,
        pin: &str,
        sessions: usize,
        last_try: bool,
    ) -> Result<Self, TokenError> {
        let context = load(library)?;
        let slot = find(&context, label)?;
        match tries_left(&context, slot)? {
            TriesLeft::None => return Err(TokenError::Locked),
            TriesLeft::One if !last_try => return Err(TokenError::LastTry),
            _ => {}
        }
        let open = || context.open_ro_session(slot).map_err(refused);
        let free = (0..sessions)
            .map(|_| open())
            .collect::<Result<Vec<_>, _>>()?;
        // All sessions of a process share one login.
        let first = free.first().ok_or(TokenError::NoSessions)?;
        match first.login(UserType::User, Some(&AuthPin::new(pin.into()))) {
            Ok(()) => {}
            Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {
                return Err(TokenError::AlreadyOpen);
            }
            Err(Error::Pkcs11(RvError::PinLocked, _)) => return Err(TokenError::Locked),
            Err(Error::Pkcs11(
                RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange,
                _,
            )) => {
                let tries = tries_left(&context, slot).unwrap_or(TriesLeft::Unknown);
                return Err(TokenError::WrongPin { tries });
            }
            Err(other) => return Err(refused(other)),
        }
        Ok(Self(Arc::new(Sessions {
            context,
            slot,
            free: Mutex::new(free),
            returned: Condvar::new(),
        })))
    }

    /// The key of this name.
    ///
    /// # Errors
    ///
    /// When there is none or more than one, when its public half is not there, or when it is neither P-256 nor RSA of 2048 bits and more.
    pub fn key(&self, label: &str) -> Result<TokenKey, TokenError> {
        let (private, algorithm, public) = self.0.with(|session| {
            let found = private_keys(session, label)?;
            let [private] = found[..] else {
                return Err(TokenError::NotOneKey {
                    label: label.to_owned(),
                    found: found.len(),
                });
            };
            let (algorithm, public) = public_half(session, private, label)?;
            Ok((private, algorithm, public))
        })?;
        Ok(TokenKey {
            sessions: Arc::clone(&self.0),
            private,
            algorithm,
            public,
        })
    }

    /// Makes a key in the token, which never gives it away.
    ///
    /// # Errors
    ///
    /// When there is a key of this name, or when the token refuses.
    pub fn generate(&self, label: &str, kind: KeyKind) -> Result<TokenKey, TokenError> {
        let mut id = [0; 16];
        rand::fill(&mut id).map_err(|_| TokenError::UnusableKey {
            label: label.to_owned(),
            reason: "the system gave no randomness",
        })?;
        let session = self.0.context.open_rw_session(self.0.slot);
        let session = session.map_err(refused)?;
        if !private_keys(&session, label)?.is_empty() {
            return Err(TokenError::KeyExists {
                label: label.to_owned(),
            });
        }
        let common = [
            Attribute::Token(true),
            Attribute::Label(label.as_bytes().to_vec()),
            Attribute::Id(id.to_vec()),
        ];
        let (mechanism, of_kind) = kind_template(kind)?;
        let open = [Attribute::Private(false), Attribute::Verify(true)];
        let public = [&common[..], &of_kind, &open].concat();
        let closed = [
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        let private = [&common[..], &closed].concat();
        let made = session.generate_key_pair(&mechanism, &public, &private);
        made.map_err(refused)?;
        self.key(label)
    }
}

impl Signer for TokenKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        // Every token signs a hash; few hash by themselves, and none faster.
        let hash = sha256(message);
        let mechanism = match self.algorithm {
            Algorithm::Es256 => Mechanism::Ecdsa,
            Algorithm::Ps256 => Mechanism::RsaPkcsPss(PkcsPssParams {
                hash_alg: MechanismType::SHA256,
                mgf: PkcsMgfType::MGF1_SHA256,
                s_len: 32.into(),
            }),
        };
        let signed = self
            .sessions
            .with(|session| session.sign(&mechanism, self.private, &hash));
        signed.map_err(|error| {
            let reason = error.to_string();
            if is_gone(&error) {
                SignError::TokenGone { reason }
            } else {
                SignError::Provider { reason }
            }
        })
    }
}

impl KeyPair for TokenKey {
    fn public_key_der(&self) -> &[u8] {
        &self.public
    }
}

impl Sessions {
    /// Lends a session, and waits for one when all are in use.
    fn with<T>(&self, work: impl FnOnce(&Session) -> T) -> T {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let session = loop {
            if let Some(session) = free.pop() {
                break session;
            }
            free = self
                .returned
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        };
        drop(free);
        let result = work(&session);
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(session);
        self.returned.notify_one();
        result
    }
}

impl fmt::Display for TriesLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "the token does not say how many tries are left",
            Self::Fewer => "the token says that fewer tries are left than at first",
            Self::One => "one more wrong PIN locks the token",
            Self::None => "the token is locked now",
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenKey").field(&self.algorithm).finish()
    }
}

/// The library, initialised: PKCS#11 allows that once per process.
fn load(path: &Path) -> Result<Pkcs11, TokenError> {
    static LOADED: OnceLock<Mutex<BTreeMap<PathBuf, Pkcs11>>> = OnceLock::new();
    let mut loaded = LOADED
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(context) = loaded.get(path) {
        return Ok(context.clone());
    }
    let failed = |source| TokenError::Library {
        path: path.to_owned(),
        source,
    };
    let context = Pkcs11::new(path).map_err(failed)?;
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(source) => return Err(failed(source)),
    }
    loaded.insert(path.to_owned(), context.clone());
    Ok(context)
}

fn find(context: &Pkcs11, label: &str) -> Result<Slot, TokenError> {
    let mut present = Vec::new();
    for slot in context
        .get_slots_with_initialized_token()
        .map_err(refused)?
    {
        // A slot with a broken token hides no other.
        let Ok(info) = context.get_token_info(slot) else {
            continue;
        };
        if info.label() == label {
            return Ok(slot);
        }
        present.push(format!("'{}'", info.label()));
    }
    Err(TokenError::NoSuchToken {
        label: label.to_owned(),
        present: if present.is_empty() {
            "none".to_owned()
        } else {
            present.join(", ")
        },
    })
}

fn tries_left(context: &Pkcs11, slot: Slot) -> Result<TriesLeft, TokenError> {
    let info = context.get_token_info(slot).map_err(refused)?;
    Ok(match () {
        () if info.user_pin_locked() => TriesLeft::None,
        () if info.user_pin_final_try() => TriesLeft::One,
        () if info.user_pin_count_low() => TriesLeft::Fewer,
        () => TriesLeft::Unknown,
    })
}

fn private_keys(session: &Session, label: &str) -> Result<Vec<ObjectHandle>, TokenError> {
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    session.find_objects(&template).map_err(refused)
}

fn kind_template(kind: KeyKind) -> Result<(Mechanism<'static>, Vec<Attribute>), TokenError> {
    let rsa = |bits: u32| {
        let bits = Attribute::ModulusBits(Ulong::new(bits.into()));
        let exponent = Attribute::PublicExponent(vec![1, 0, 1]);
        (Mechanism::RsaPkcsKeyPairGen, vec![bits, exponent])
    };
    match kind {
        KeyKind::P256 => {
            let curve = P256.to_der().map_err(|_| refused(Error::InvalidValue))?;
            Ok((Mechanism::EccKeyPairGen, vec![Attribute::EcParams(curve)]))
        }
        KeyKind::Rsa2048 => Ok(rsa(2048)),
        KeyKind::Rsa3072 => Ok(rsa(3072)),
    }
}

/// The public half of a private key, which is the public object with the same id.
fn public_half(
    session: &Session,
    private: ObjectHandle,
    label: &str,
) -> Result<(Algorithm, Vec<u8>), TokenError> {
    let unusable = |reason| TokenError::UnusableKey {
        label: label.to_owned(),
        reason,
    };
    let read =
        |object, wanted: &[AttributeType]| session.get_attributes(object, wanted).map_err(refused);
    let id = read(private, &[AttributeType::Id])?;
    let template = [&[Attribute::Class(ObjectClass::PUBLIC_KEY)][..], &id].concat();
    let found = session.find_objects(&template).map_err(refused)?;
    let [public] = found[..] else {
        return Err(unusable("its public half is not on the token"));
    };
    let kind = read(public, &[AttributeType::KeyType])?;
    let (algorithm, der) = match kind.first() {
        Some(Attribute::KeyType(KeyType::EC)) => {
            let point = read(public, &[AttributeType::EcPoint])?;
            let Some(Attribute::EcPoint(point)) = point.first() else {
                return Err(unusable("its point is missing"));
            };
            (Algorithm::Es256, ec_public(point))
        }
        Some(Attribute::KeyType(KeyType::RSA)) => {
            let numbers = read(
                public,
                &[AttributeType::Modulus, AttributeType::PublicExponent],
            )?;
            let [Attribute::Modulus(n), Attribute::PublicExponent(e)] = &numbers[..] else {
                return Err(unusable("its modulus or exponent is missing"));
            };
            (Algorithm::Ps256, rsa_public(n, e))
        }
        _ => return Err(unusable("it is neither an EC nor an RSA key")),
    };
    let der = der.ok_or_else(|| unusable("it is neither P-256 nor RSA of 2048 bits and more"))?;
    Ok((algorithm, der))
}

/// The point stands in an OCTET STRING (PKCS#11 3.0, section 2.3.3); some tokens leave that out.
fn ec_public(point: &[u8]) -> Option<Vec<u8>> {
    let point = <&OctetStringRef>::from_der(point).map_or(point, |of| of.as_bytes());
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?;
    let der: PublicKeyX509Der<'_> = key.as_der().ok()?;
    Some(der.as_ref().to_vec())
}

fn rsa_public(n: &[u8], e: &[u8]) -> Option<Vec<u8>> {
    // Some tokens put zeros in front of their numbers.
    let plain = |number: &[u8]| {
        number
            .iter()
            .skip_while(|of| **of == 0)
            .copied()
            .collect::<Vec<u8>>()
    };
    let components = PublicKeyComponents {
        n: plain(n),
        e: plain(e),
    };
    let der: PublicKeyX509Der<'_> = components.as_der().ok()?;
    Some(der.as_ref().to_vec())
}

/// Whether an answer means that the token, or the login in it, is not there any more.
fn is_gone(error: &Error) -> bool {
    let Error::Pkcs11(answer, _) = error else {
        return false;
    };
    matches!(
        answer,
        RvError::DeviceRemoved
            | RvError::DeviceError
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::SlotIdInvalid
            | RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::UserNotLoggedIn
            | RvError::KeyHandleInvalid
            | RvError::ObjectHandleInvalid
            | RvError::CryptokiNotInitialized
    )
}

fn refused(error: Error) -> TokenError {
    if is_gone(&error) {
        TokenError::Gone(error)
    } else {
        TokenError::Refused(error)
    }
}
