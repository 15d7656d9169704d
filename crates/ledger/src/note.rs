//! Signed notes (C2SP signed-note): a text with the signatures of named keys under it.

use std::fmt;

use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// More signatures than any honest note has; a verifier may set a limit of at least 16.
const MAX_SIGNATURES: usize = 100;
const PRIVATE: &str = "PRIVATE+KEY+";

/// A text and its signatures, read but not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    body: usize,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    key_id: [u8; 4],
    bytes: Vec<u8>,
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// The text itself (type `0x01`).
    Ed25519,
    /// The text with the time at which a witness saw it (type `0x04`, C2SP tlog-cosignature).
    Cosignature,
}

/// The public key of somebody whose signature counts. Its text form is `name+id+key`.
#[derive(Debug, Clone)]
pub struct NoteKey {
    name: String,
    kind: KeyType,
    bytes: [u8; 32],
    key: ParsedPublicKey,
}

/// A private key that signs notes. Its text form is `PRIVATE+KEY+name+id+key`. The cryptographic library wipes it when it is dropped.
pub struct NoteSigner {
    public: NoteKey,
    pair: Ed25519KeyPair,
}

/// What is wrong with a note or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The text is no signed note.
    #[error("this is no signed note: {0}; it has to be kept byte for byte as it was received")]
    Malformed(&'static str),
    /// The text is no key.
    #[error("this is no note key: {0}; a public key reads name+id+key in one line")]
    BadKey(&'static str),
    /// A key that is trusted did not make the signature that bears its name.
    #[error("the signature of {name} does not fit the text: the note has been altered")]
    BadSignature {
        /// Name of the key.
        name: String,
    },
    /// None of the trusted keys has signed.
    #[error("none of the trusted keys has signed this note")]
    Unsigned,
    /// A key of the wrong type for this act.
    #[error("the key {name} is for {expected}")]
    WrongKeyType {
        /// Name of the key.
        name: String,
        /// What it can do.
        expected: &'static str,
    },
}

impl Note {
    /// Reads a signed note.
    ///
    /// # Errors
    ///
    /// Says what is not as the specification wants it.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        use NoteError::Malformed;
        if text.chars().any(|of| of < ' ' && of != '\n') {
            return Err(Malformed("it has control characters"));
        }
        let body = text
            .rfind("\n\n")
            .ok_or(Malformed("it has no empty line before its signatures"))?
            + 1;
        let lines = text.get(body + 1..).unwrap_or_default();
        let signatures = parse_signatures(lines)?;
        Ok(Self {
            text: text.to_owned(),
            body,
            signatures,
        })
    }

    /// A text with its first signature.
    ///
    /// # Errors
    ///
    /// When the text is empty, does not end in a line break or has control characters.
    pub fn sign(body: &str, signer: &NoteSigner) -> Result<Self, NoteError> {
        if !body.ends_with('\n') {
            return Err(NoteError::Malformed(
                "its text does not end in a line break",
            ));
        }
        Self::parse(&format!("{body}\n{}", signer.line(body, None)?))
    }

    /// The whole note, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is signed, with its last line break.
    pub fn body(&self) -> &str {
        self.text.get(..self.body).unwrap_or_default()
    }

    /// Adds signature lines, as a witness answers with.
    ///
    /// # Errors
    ///
    /// When they are no signature lines.
    pub fn add_lines(&mut self, lines: &str) -> Result<(), NoteError> {
        *self = Self::parse(&format!("{}{lines}", self.text))?;
        Ok(())
    }

    /// The keys, of those given, that have signed, each with the time of its cosignature in seconds since 1970.
    ///
    /// Signatures of other keys are ignored.
    ///
    /// # Errors
    ///
    /// When a signature of one of the keys is wrong, which makes the whole note worthless, or when none has signed.
    pub fn verify<'k>(
        &self,
        keys: &'k [NoteKey],
    ) -> Result<Vec<(&'k NoteKey, Option<u64>)>, NoteError> {
        let mut signed: Vec<(&NoteKey, Option<u64>)> = Vec::new();
        for signature in &self.signatures {
            for key in keys.iter().filter(|key| key.made(signature)) {
                let time = key.check(self.body(), &signature.bytes)?;
                if !signed.iter().any(|(known, _)| *known == key) {
                    signed.push((key, time));
                }
            }
        }
        if signed.is_empty() {
            Err(NoteError::Unsigned)
        } else {
            Ok(signed)
        }
    }
}

/// Lines `— name base64(key id, signature)`.
fn parse_signatures(lines: &str) -> Result<Vec<Signature>, NoteError> {
    use NoteError::Malformed;
    let lines = lines
        .strip_suffix('\n')
        .ok_or(Malformed("it does not end in a line break"))?;
    let signatures = lines.split('\n').map(|line| {
        let parts = line
            .strip_prefix("— ")
            .and_then(|rest| rest.split_once(' '));
        let (name, encoded) =
            parts.ok_or(Malformed("a signature line is not `— name signature`"))?;
        if !valid_name(name) {
            return Err(Malformed("the name of a signature has a space or `+`"));
        }
        let bytes = STANDARD
            .decode(encoded)
            .map_err(|_| Malformed("a signature is not base64"))?;
        match bytes.split_first_chunk() {
            Some((key_id, rest)) if !rest.is_empty() => Ok(Signature {
                name: name.to_owned(),
                key_id: *key_id,
                bytes: rest.to_vec(),
            }),
            _ => Err(Malformed("a signature is too short")),
        }
    });
    let signatures: Vec<Signature> = signatures
        .take(MAX_SIGNATURES + 1)
        .collect::<Result<_, _>>()?;
    if signatures.len() > MAX_SIGNATURES {
        return Err(Malformed("it has more than 100 signatures"));
    }
    Ok(signatures)
}

impl KeyType {
    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::Cosignature => 4,
        }
    }
}

impl NoteKey {
    /// A key from its name and its 32 bytes.
    ///
    /// # Errors
    ///
    /// When the name is empty or has spaces or `+`, or when the bytes are no key.
    pub fn new(name: &str, kind: KeyType, bytes: [u8; 32]) -> Result<Self, NoteError> {
        if !valid_name(name) {
            return Err(NoteError::BadKey("its name is empty or has a space or `+`"));
        }
        let key = ParsedPublicKey::new(&ED25519, bytes);
        let key = key.map_err(|_| NoteError::BadKey("its bytes are no Ed25519 key"))?;
        Ok(Self {
            name: name.to_owned(),
            kind,
            bytes,
            key,
        })
    }

    /// Reads the text form `name+id+key`.
    ///
    /// # Errors
    ///
    /// When it is no such text, or when the id does not belong to the name and key.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let parts = parse_key(text)?;
        let key = Self::new(parts.name, parts.kind, *parts.bytes)?;
        if key.id_text() != parts.id {
            return Err(NoteError::BadKey(
                "its id does not belong to its name and key",
            ));
        }
        Ok(key)
    }

    /// Name of the signer.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs.
    pub fn kind(&self) -> KeyType {
        self.kind
    }

    /// The id that stands before a signature: the first four bytes of SHA-256 of name, line break, type and key.
    pub fn id(&self) -> [u8; 4] {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', self.kind.byte()])
            .chain_update(self.bytes)
            .finalize()
            .into();
        let [a, b, c, d, ..] = digest;
        [a, b, c, d]
    }

    fn id_text(&self) -> String {
        format!("{:08x}", u32::from_be_bytes(self.id()))
    }

    fn made(&self, signature: &Signature) -> bool {
        self.name == signature.name && self.id() == signature.key_id
    }

    /// Checks a signature over the text; gives the time of a cosignature.
    fn check(&self, body: &str, signature: &[u8]) -> Result<Option<u64>, NoteError> {
        let wrong = || NoteError::BadSignature {
            name: self.name.clone(),
        };
        let (message, signature, time) = match self.kind {
            KeyType::Ed25519 => (body.to_owned(), signature, None),
            KeyType::Cosignature => {
                let (time, signature) = signature.split_first_chunk().ok_or_else(wrong)?;
                let time = u64::from_be_bytes(*time);
                if i64::try_from(time).is_err() {
                    return Err(wrong());
                }
                (cosigned(body, time), signature, Some(time))
            }
        };
        let verified = self.key.verify_sig(message.as_bytes(), signature);
        verified.map(|()| time).map_err(|_| wrong())
    }
}

impl PartialEq for NoteKey {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.kind, self.bytes) == (&other.name, other.kind, other.bytes)
    }
}

impl Eq for NoteKey {}

/// The text form `name+id+key`.
impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = key_text(self.kind, &self.bytes);
        write!(f, "{}+{}+{}", self.name, self.id_text(), *key)
    }
}

impl NoteSigner {
    /// Makes a new key from the randomness of the system.
    ///
    /// # Errors
    ///
    /// When the name is no name, or when the system has no randomness.
    pub fn generate(name: &str, kind: KeyType) -> Result<Self, NoteError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(&mut *seed).map_err(|_| NoteError::BadKey("the system gave no randomness"))?;
        Self::from_seed(name, kind, &seed)
    }

    /// The key that a seed of 32 random bytes stands for (RFC 8032).
    ///
    /// # Errors
    ///
    /// When the name is no name.
    pub fn from_seed(name: &str, kind: KeyType, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let unusable = NoteError::BadKey("its bytes are no Ed25519 seed");
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| unusable.clone())?;
        let bytes = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| unusable)?;
        Ok(Self {
            public: NoteKey::new(name, kind, bytes)?,
            pair,
        })
    }

    /// Reads the text form `PRIVATE+KEY+name+id+key`.
    ///
    /// # Errors
    ///
    /// When it is no such text, or when the id does not belong to the name and key.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let rest = text.strip_prefix(PRIVATE);
        let rest = rest.ok_or(NoteError::BadKey("a private key begins with PRIVATE+KEY+"))?;
        let parts = parse_key(rest)?;
        let signer = Self::from_seed(parts.name, parts.kind, &parts.bytes)?;
        if signer.public.id_text() != parts.id {
            return Err(NoteError::BadKey(
                "its id does not belong to its name and key",
            ));
        }
        Ok(signer)
    }

    /// The text form `PRIVATE+KEY+name+id+key`: keep it secret.
    ///
    /// # Errors
    ///
    /// When the library does not give the seed.
    pub fn to_private_text(&self) -> Result<Zeroizing<String>, NoteError> {
        let hidden = |_| NoteError::BadKey("its seed cannot be read");
        let seed = self.pair.seed().and_then(|seed| {
            use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
            let bytes: Curve25519SeedBin<'_> = seed.as_be_bytes()?;
            Ok(Zeroizing::new(bytes.as_ref().to_vec()))
        });
        let key = key_text(self.public.kind, &seed.map_err(hidden)?);
        let (name, id) = (&self.public.name, self.public.id_text());
        Ok(Zeroizing::new(format!("{PRIVATE}{name}+{id}+{}", *key)))
    }

    /// The key that checks its signatures.
    pub fn public(&self) -> &NoteKey {
        &self.public
    }

    /// The signature line over a text, with the time in seconds since 1970 for a cosignature.
    pub(crate) fn line(&self, body: &str, time: Option<u64>) -> Result<String, NoteError> {
        let wrong = |expected| NoteError::WrongKeyType {
            name: self.public.name.clone(),
            expected,
        };
        let mut bytes = self.public.id().to_vec();
        match (self.public.kind, time) {
            (KeyType::Ed25519, None) => bytes.extend(self.pair.sign(body.as_bytes()).as_ref()),
            (KeyType::Cosignature, Some(time)) => {
                bytes.extend(time.to_be_bytes());
                bytes.extend(self.pair.sign(cosigned(body, time).as_bytes()).as_ref());
            }
            (KeyType::Ed25519, Some(_)) => return Err(wrong("signing, not for cosigning")),
            (KeyType::Cosignature, None) => return Err(wrong("cosigning, not for signing")),
        }
        Ok(format!(
            "— {} {}\n",
            self.public.name,
            STANDARD.encode(bytes)
        ))
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NoteSigner")
            .field(&self.public.name)
            .finish()
    }
}

/// What a witness signs (C2SP tlog-cosignature, "Ed25519 signed message").
fn cosigned(body: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{body}")
}

/// What stands in the text form of a key, public or private.
struct KeyText<'t> {
    name: &'t str,
    id: &'t str,
    kind: KeyType,
    bytes: Zeroizing<[u8; 32]>,
}

fn parse_key(text: &str) -> Result<KeyText<'_>, NoteError> {
    use NoteError::BadKey;
    // The key in base64 may have `+` itself.
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(BadKey("it has not three parts"));
    };
    let bytes = Zeroizing::new(
        STANDARD
            .decode(key)
            .map_err(|_| BadKey("it is not base64"))?,
    );
    let kind = match bytes.first() {
        Some(1) => KeyType::Ed25519,
        Some(4) => KeyType::Cosignature,
        _ => return Err(BadKey("its type is neither Ed25519 nor cosignature")),
    };
    let key = bytes.get(1..).and_then(|key| key.try_into().ok());
    Ok(KeyText {
        name,
        id,
        kind,
        bytes: key
            .map(Zeroizing::new)
            .ok_or(BadKey("it has not 32 bytes"))?,
    })
}

fn key_text(kind: KeyType, bytes: &[u8]) -> Zeroizing<String> {
    let mut typed = Zeroizing::new(vec![kind.byte()]);
    typed.extend(bytes);
    Zeroizing::new(STANDARD.encode(&*typed))
}

fn valid_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|of: char| of.is_whitespace() || of == '+')
}
