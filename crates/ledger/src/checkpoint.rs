//! Checkpoints: the size and root of a log, signed by it and cosigned by witnesses (C2SP tlog-checkpoint, tlog-cosignature).

use std::fmt::Write as _;

use crate::hash::Hash;
use crate::note::{KeyType, Note, NoteError, NoteKey, NoteSigner};
use crate::proof::decimal;

/// What a log says of itself at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// Further lines, which no witness vouches for.
    pub extensions: Vec<String>,
}

/// A checkpoint with its signatures, read but not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    note: Note,
    checkpoint: Checkpoint,
}

/// Why a checkpoint is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text is no checkpoint.
    #[error("this is no checkpoint: {0}")]
    Malformed(&'static str),
    /// The note or one of its signatures is wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// It is of another log.
    #[error("the checkpoint is of the log {origin}, not of {expected}")]
    OtherLog {
        /// The log that it names.
        origin: String,
        /// The log that was asked for.
        expected: String,
    },
    /// Too few witnesses have cosigned.
    #[error("{have} of the trusted witnesses have cosigned the checkpoint, {needed} are needed")]
    TooFewWitnesses {
        /// How many have.
        have: usize,
        /// How many must.
        needed: usize,
    },
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        }
    }

    /// Reads the text that is signed.
    ///
    /// # Errors
    ///
    /// Says which line is wrong.
    pub fn parse(body: &str) -> Result<Self, CheckpointError> {
        use CheckpointError::Malformed;
        let lines = body
            .strip_suffix('\n')
            .ok_or(Malformed("it does not end in a line break"))?;
        let mut lines = lines.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty());
        let size = lines.next().and_then(decimal);
        let root = lines.next().and_then(Hash::from_base64);
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(Malformed("an extension line is empty"));
        }
        Ok(Self {
            origin: origin
                .ok_or(Malformed("its first line names no log"))?
                .to_owned(),
            size: size.ok_or(Malformed("its second line is no number of entries"))?,
            root: root.ok_or(Malformed("its third line is no hash in base64"))?,
            extensions,
        })
    }

    /// The text that is signed.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        for line in &self.extensions {
            let _ = writeln!(text, "{line}");
        }
        text
    }

    /// Signs it.
    ///
    /// # Errors
    ///
    /// When the text could not be read back, or when the key is one for cosigning.
    pub fn sign(&self, signer: &NoteSigner) -> Result<SignedCheckpoint, CheckpointError> {
        SignedCheckpoint::from_note(Note::sign(&self.to_text(), signer)?)
    }
}

impl SignedCheckpoint {
    /// Reads a checkpoint with its signatures.
    ///
    /// # Errors
    ///
    /// Says what is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        Self::from_note(Note::parse(text)?)
    }

    fn from_note(note: Note) -> Result<Self, CheckpointError> {
        let checkpoint = Checkpoint::parse(note.body())?;
        Ok(Self { note, checkpoint })
    }

    /// The whole text, byte for byte.
    pub fn text(&self) -> &str {
        self.note.text()
    }

    /// What it says, whether or not it may be believed.
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Checks that the log has signed and that at least `quorum` of the witnesses have cosigned; gives what it says.
    ///
    /// # Errors
    ///
    /// When it is of another log, when a signature is wrong, or when signatures are missing.
    pub fn verify(
        &self,
        log: &NoteKey,
        witnesses: &[NoteKey],
        quorum: usize,
    ) -> Result<Checkpoint, CheckpointError> {
        if self.checkpoint.origin != log.name() {
            return Err(CheckpointError::OtherLog {
                origin: self.checkpoint.origin.clone(),
                expected: log.name().to_owned(),
            });
        }
        self.note.verify(std::slice::from_ref(log))?;
        let have = self.cosignatures(witnesses)?.len();
        if have < quorum {
            return Err(CheckpointError::TooFewWitnesses {
                have,
                needed: quorum,
            });
        }
        Ok(self.checkpoint.clone())
    }

    /// The witnesses, of those given, that have cosigned, with the time in seconds since 1970.
    ///
    /// # Errors
    ///
    /// When the signature of one of them is wrong.
    pub fn cosignatures<'k>(
        &self,
        witnesses: &'k [NoteKey],
    ) -> Result<Vec<(&'k NoteKey, u64)>, CheckpointError> {
        match self.note.verify(witnesses) {
            Ok(signed) => Ok(signed
                .into_iter()
                .filter_map(|(key, time)| Some((key, time?)))
                .collect()),
            Err(NoteError::Unsigned) => Ok(Vec::new()),
            Err(wrong) => Err(wrong.into()),
        }
    }

    /// The line with which a witness cosigns at a time in seconds since 1970. The witness has to have checked before that the tree
    /// continues the last one that it cosigned.
    ///
    /// # Errors
    ///
    /// When the key is not one for cosigning.
    pub fn cosign(&self, witness: &NoteSigner, time: u64) -> Result<String, CheckpointError> {
        Ok(witness.line(self.note.body(), Some(time))?)
    }

    /// Takes over the lines with which witnesses have answered; lines of others than those given are refused.
    ///
    /// # Errors
    ///
    /// When a line is no signature line, not of one of the witnesses, or wrong; nothing is taken over then.
    pub fn accept(&mut self, lines: &str, witnesses: &[NoteKey]) -> Result<(), CheckpointError> {
        let answer = Note::parse(&format!("{}\n{lines}", self.note.body()))?;
        let signed = answer.verify(witnesses)?;
        if signed.len() != lines.lines().count() {
            return Err(NoteError::Unsigned.into());
        }
        if let Some((key, _)) = signed
            .iter()
            .find(|(key, _)| key.kind() != KeyType::Cosignature)
        {
            return Err(CheckpointError::Note(NoteError::WrongKeyType {
                name: key.name().to_owned(),
                expected: "signing, not for cosigning",
            }));
        }
        Ok(self.note.add_lines(lines)?)
    }
}
