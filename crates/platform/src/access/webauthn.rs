//! What an authenticator says, and whether it holds: the relying party's checks of Web Authentication Level 3, 7.1 and 7.2, pure.
//!
//! Attestation is neither asked for nor looked at: which model somebody carries decides nothing here. Keys are verified by the library that
//! verifies everything else; what is ours is reading the structures, and every check of the two lists.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::Decoder;
use minicbor::data::Type;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Site;

/// Algorithms that we verify, the preferred one first: `ES256`, `EdDSA`, `RS256`.
pub(crate) const ALGORITHMS: [i64; 3] = [-7, -8, -257];

/// An id of a credential is no longer than that (7.1, step 25).
const LONGEST_ID: usize = 1023;

/// An answer that does not hold, and which check it fails: for tests and for the log, not for whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsound(pub &'static str);

/// A credential that was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewCredential {
    pub id: Vec<u8>,
    /// In COSE.
    pub public_key: Vec<u8>,
    pub counter: u32,
}

/// The answer of `navigator.credentials.create()`, as `toJSON()` writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registration {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    response: RegistrationResponse,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegistrationResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
}

/// The answer of `navigator.credentials.get()`, as `toJSON()` writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assertion {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    response: AssertionResponse,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    user_handle: Option<String>,
}

/// What the browser says of where it was asked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

/// Authenticator data, read.
struct AuthenticatorData<'b> {
    counter: u32,
    /// Credential id and public key, when it is a new one.
    credential: Option<(&'b [u8], &'b [u8])>,
}

/// Bits of the flags.
mod flag {
    pub(super) const USER_PRESENT: u8 = 1;
    pub(super) const USER_VERIFIED: u8 = 1 << 2;
    pub(super) const BACKUP_ELIGIBLE: u8 = 1 << 3;
    pub(super) const BACKED_UP: u8 = 1 << 4;
    pub(super) const CREDENTIAL: u8 = 1 << 6;
    pub(super) const EXTENSIONS: u8 = 1 << 7;
}

/// What the browser is asked for to register a credential.
pub(crate) fn creation_options(
    site: &Site,
    challenge: &[u8],
    user: (&[u8], &str, &str),
    known: &[Vec<u8>],
) -> Value {
    let (handle, account, name) = user;
    let algorithms = ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg }));
    json!({
        "rp": { "id": site.domain, "name": site.name },
        "user": { "id": coded(handle), "name": account, "displayName": name },
        "challenge": coded(challenge),
        "pubKeyCredParams": algorithms,
        "excludeCredentials": descriptors(known),
        "authenticatorSelection": { "residentKey": "preferred", "requireResidentKey": false, "userVerification": "required" },
        "attestation": "none",
    })
}

/// What the browser is asked for to prove one.
pub(crate) fn request_options(site: &Site, challenge: &[u8], known: &[Vec<u8>]) -> Value {
    json!({
        "rpId": site.domain,
        "challenge": coded(challenge),
        "allowCredentials": descriptors(known),
        "userVerification": "required",
    })
}

fn descriptors(ids: &[Vec<u8>]) -> Vec<Value> {
    ids.iter()
        .map(|id| json!({ "type": "public-key", "id": coded(id) }))
        .collect()
}

/// The credential that was registered, if everything about it holds.
pub(crate) fn register(
    site: &Site,
    challenge: &[u8],
    answer: &Registration,
) -> Result<NewCredential, Unsound> {
    unless(answer.kind == "public-key", "not a public key")?;
    let client_data = decoded(&answer.response.client_data)?;
    check_client_data(site, challenge, "webauthn.create", &client_data)?;
    let object = decoded(&answer.response.attestation_object)?;
    let new = attested(site, &object)?;
    unless(
        decoded(&answer.id)? == new.id,
        "another id than was signed for",
    )?;
    Ok(new)
}

/// The credential in an attestation object.
pub(super) fn attested(site: &Site, object: &[u8]) -> Result<NewCredential, Unsound> {
    let data = read(site, authenticator_data_of(object)?)?;
    let (id, key) = data.credential.ok_or(Unsound("no credential"))?;
    unless(
        (1..=LONGEST_ID).contains(&id.len()),
        "an id that is none or too long",
    )?;
    public_key(key)?;
    Ok(NewCredential {
        id: id.to_vec(),
        public_key: key.to_vec(),
        counter: data.counter,
    })
}

impl Assertion {
    /// The credential that is to be proved.
    pub(crate) fn credential(&self) -> Result<Vec<u8>, Unsound> {
        decoded(&self.id)
    }
}

/// The count of signatures, if the assertion holds for this key.
pub(crate) fn assert(
    site: &Site,
    challenge: &[u8],
    answer: &Assertion,
    key: &[u8],
    handle: &[u8],
) -> Result<u32, Unsound> {
    unless(answer.kind == "public-key", "not a public key")?;
    if let Some(given) = answer
        .response
        .user_handle
        .as_deref()
        .filter(|h| !h.is_empty())
    {
        unless(decoded(given)? == handle, "another user")?;
    }
    let client_data = decoded(&answer.response.client_data)?;
    check_client_data(site, challenge, "webauthn.get", &client_data)?;
    let bytes = decoded(&answer.response.authenticator_data)?;
    let data = read(site, &bytes)?;
    let signature = decoded(&answer.response.signature)?;
    let signed = [bytes.as_slice(), &Sha256::digest(&client_data)].concat();
    public_key(key)?
        .verify_sig(&signed, &signature)
        .map_err(|_| Unsound("the signature"))?;
    Ok(data.counter)
}

fn check_client_data(
    site: &Site,
    challenge: &[u8],
    kind: &str,
    bytes: &[u8],
) -> Result<(), Unsound> {
    let data: ClientData =
        serde_json::from_slice(bytes).map_err(|_| Unsound("client data can't be read"))?;
    unless(data.kind == kind, "another ceremony")?;
    unless(decoded(&data.challenge)? == challenge, "another challenge")?;
    unless(site.origins.contains(&data.origin), "another origin")?;
    unless(!data.cross_origin, "framed by another origin")
}

/// Reads authenticator data and checks what holds for both ceremonies.
fn read<'b>(site: &Site, bytes: &'b [u8]) -> Result<AuthenticatorData<'b>, Unsound> {
    let cut = || Unsound("authenticator data is cut off");
    let (site_hash, rest) = bytes.split_first_chunk::<32>().ok_or_else(cut)?;
    let (flags, rest) = rest.split_first().ok_or_else(cut)?;
    let (counter, mut rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
    let has = |bit: u8| flags & bit != 0;
    let expected: [u8; 32] = Sha256::digest(site.domain.as_bytes()).into();
    unless(*site_hash == expected, "for another site")?;
    unless(has(flag::USER_PRESENT), "nobody was there")?;
    unless(has(flag::USER_VERIFIED), "the person was not verified")?;
    unless(
        has(flag::BACKUP_ELIGIBLE) || !has(flag::BACKED_UP),
        "backed up though it can't be",
    )?;
    let mut credential = None;
    if has(flag::CREDENTIAL) {
        // After the model's id, which decides nothing.
        let after_model = rest.get(16..).ok_or_else(cut)?;
        let (length, after) = after_model.split_first_chunk::<2>().ok_or_else(cut)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (id, after) = after.split_at_checked(length).ok_or_else(cut)?;
        let key = one_item(after)?;
        rest = after.get(key.len()..).ok_or_else(cut)?;
        credential = Some((id, key));
    }
    if has(flag::EXTENSIONS) {
        let extensions = one_item(rest)?;
        rest = rest.get(extensions.len()..).ok_or_else(cut)?;
    }
    unless(rest.is_empty(), "something behind authenticator data")?;
    Ok(AuthenticatorData {
        counter: u32::from_be_bytes(*counter),
        credential,
    })
}

/// The bytes of the first item.
fn one_item(bytes: &[u8]) -> Result<&[u8], Unsound> {
    let mut decoder = Decoder::new(bytes);
    decoder.skip().map_err(not_cbor)?;
    bytes.get(..decoder.position()).ok_or(Unsound("cut off"))
}

/// The authenticator data in an attestation object; the attestation itself is not looked at.
fn authenticator_data_of(object: &[u8]) -> Result<&[u8], Unsound> {
    let mut decoder = Decoder::new(object);
    let entries = decoder.map().map_err(not_cbor)?;
    let mut found = None;
    for _ in 0..entries.ok_or(Unsound("a map without a length"))? {
        if decoder.str().map_err(not_cbor)? == "authData" {
            let twice = found.replace(decoder.bytes().map_err(not_cbor)?).is_some();
            unless(!twice, "authenticator data twice")?;
        } else {
            decoder.skip().map_err(not_cbor)?;
        }
    }
    unless(decoder.position() == object.len(), "something behind it")?;
    found.ok_or(Unsound("no authenticator data"))
}

/// A public key in COSE (RFC 9053), as far as its values tell whether it is one.
fn public_key(cose: &[u8]) -> Result<ParsedPublicKey, Unsound> {
    let key = CoseKey::read(cose)?;
    let none = |_| Unsound("no such key");
    match (key.kind, key.algorithm, key.curve) {
        (Some(2), Some(-7), Some(1)) => {
            let (x, y) = (coordinate(key.x)?, coordinate(key.y)?);
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &point).map_err(none)
        }
        (Some(1), Some(-8), Some(6)) => {
            ParsedPublicKey::new(&ED25519, coordinate(key.x)?).map_err(none)
        }
        (Some(3), Some(-257), None) => {
            let components = RsaPublicKeyComponents {
                n: key.n.ok_or(Unsound("no modulus"))?,
                e: key.x.ok_or(Unsound("no exponent"))?,
            };
            components
                .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
                .map_err(none)
        }
        _ => Err(Unsound("an algorithm that was not asked for")),
    }
}

/// The entries of a key that we know. An RSA key has its modulus and exponent where others have curve and x.
#[derive(Default)]
struct CoseKey<'b> {
    kind: Option<i64>,
    algorithm: Option<i64>,
    curve: Option<i64>,
    x: Option<&'b [u8]>,
    y: Option<&'b [u8]>,
    n: Option<&'b [u8]>,
}

impl<'b> CoseKey<'b> {
    fn read(cose: &'b [u8]) -> Result<Self, Unsound> {
        let mut decoder = Decoder::new(cose);
        let entries = decoder.map().map_err(not_cbor)?;
        let mut key = Self::default();
        for _ in 0..entries.ok_or(Unsound("a map without a length"))? {
            let label = decoder.i64().map_err(not_cbor)?;
            let bytes = decoder.datatype().map_err(not_cbor)? == Type::Bytes;
            match (label, bytes) {
                (1, false) => set(&mut key.kind, decoder.i64().map_err(not_cbor)?)?,
                (3, false) => set(&mut key.algorithm, decoder.i64().map_err(not_cbor)?)?,
                (-1, false) => set(&mut key.curve, decoder.i64().map_err(not_cbor)?)?,
                (-1, true) => set(&mut key.n, decoder.bytes().map_err(not_cbor)?)?,
                (-2, true) => set(&mut key.x, decoder.bytes().map_err(not_cbor)?)?,
                (-3, true) => set(&mut key.y, decoder.bytes().map_err(not_cbor)?)?,
                _ => decoder.skip().map_err(not_cbor)?,
            }
        }
        unless(decoder.position() == cose.len(), "something behind the key")?;
        Ok(key)
    }
}

fn set<T>(place: &mut Option<T>, value: T) -> Result<(), Unsound> {
    unless(place.replace(value).is_none(), "an entry twice")
}

fn coordinate(bytes: Option<&[u8]>) -> Result<&[u8; 32], Unsound> {
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(Unsound("a coordinate that is none"))
}

fn not_cbor(_: minicbor::decode::Error) -> Unsound {
    Unsound("not the CBOR that belongs there")
}

fn unless(holds: bool, what: &'static str) -> Result<(), Unsound> {
    if holds { Ok(()) } else { Err(Unsound(what)) }
}

pub(crate) fn coded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(text: &str) -> Result<Vec<u8>, Unsound> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Unsound("not base64url"))
}
