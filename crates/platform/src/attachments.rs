//! Photos and papers: kept once under the hash of their bytes, read only with the record that they belong to.

use async_trait::async_trait;
use casework::feedback::submission::Attachment;
use casework::feedback::{self, Feedback};
use casework::{Act, RecordId};
use sha2::{Digest as _, Sha256};
use storage::{Batch, Blob, StorageError};

use crate::acts::{ActError, Platform};

/// A place for files beside the store; [`crate::vault`] has them.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Keeps bytes under the hash of them; the same bytes twice are one file.
    ///
    /// # Errors
    /// They were not kept.
    async fn put(&self, sha256: &str, bytes: Vec<u8>) -> Result<(), VaultError>;

    /// The bytes kept under a hash, of which so many are expected.
    ///
    /// # Errors
    /// They can't be read, or others lie there.
    async fn get(&self, sha256: &str, size: u64) -> Result<Vec<u8>, VaultError>;
}

/// A place for files that does not do what it is there for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// What was configured is no place for files.
    #[error("attachments can't be kept at {place}: {why}; set the place of attachments right")]
    Unfit {
        /// The place.
        place: String,
        /// Why not.
        why: String,
    },
    /// It does not answer, or refuses.
    #[error(
        "{place} did not take or give the attachment {sha256}: {why}; nothing was recorded, see that the place can be reached and try again"
    )]
    Failed {
        /// The place.
        place: String,
        /// The hash of the file.
        sha256: String,
        /// The place's own words.
        why: String,
    },
    /// The file was kept there and is gone.
    #[error(
        "{place} has no attachment {sha256} any more: bring it back from a backup of that place"
    )]
    Missing {
        /// The place.
        place: String,
        /// The hash of the file.
        sha256: String,
    },
    /// Something else lies in the file's place.
    #[error(
        "{place} has other bytes than those of the attachment {sha256}: bring it back from a backup of that place, and find out who wrote there"
    )]
    Altered {
        /// The place.
        place: String,
        /// The hash of the file.
        sha256: String,
    },
    /// The file is not in the store, and no other place is known.
    #[error(
        "the attachment {0} was kept beside the store, and no place beside it is configured: configure the place of attachments again"
    )]
    Unconfigured(String),
}

impl Platform {
    /// Takes a file in that a citizen is about to send, or a station to file. What it is, its first bytes say, not its sender.
    ///
    /// # Errors
    /// Neither a picture nor a PDF, larger than the policy allows, or empty.
    pub async fn attach(&self, act: &Act, bytes: Vec<u8>) -> Result<Attachment, ActError> {
        let size = bytes.len() as u64;
        let unfit = |why: &str| feedback::ATTACHMENT_UNFIT.because(why);
        let media_type = media_type(&bytes).ok_or_else(|| unfit("JPEG, PNG, WebP, HEIC, PDF"))?;
        let most = self.policy().feedback.attachment_bytes;
        if size > most {
            return Err(unfit(&format!("{size} > {most} bytes")).into());
        }
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let bytes = match &self.settings().vault {
            None => Some(bytes),
            Some(vault) => {
                vault.put(&sha256, bytes).await?;
                None
            }
        };
        let batch = Batch {
            blobs: vec![Blob {
                sha256: sha256.clone(),
                media_type: media_type.to_owned(),
                at: act.at,
                bytes,
                size,
            }],
            ..Batch::default()
        };
        self.store().commit(&batch).await?;
        Ok(Attachment {
            id: sha256.clone(),
            media_type: media_type.to_owned(),
            sha256,
            size,
        })
    }

    /// A file of a citizen's feedback. The read is noted with that of the feedback.
    ///
    /// # Errors
    /// Not found when the feedback is beyond reach or has no such file.
    pub async fn attachment(
        &self,
        act: &Act,
        feedback: &RecordId,
        sha256: &str,
    ) -> Result<(Attachment, Vec<u8>), ActError> {
        let stored = self.view::<Feedback>(act, feedback).await?;
        let mut files = stored.state.submission.attachments.into_iter();
        let file = files.find(|file| file.sha256 == sha256);
        let file = file.ok_or_else(|| casework::rights::NOT_FOUND.refusal())?;
        let bytes = self.bytes_of(sha256).await?;
        Ok((file, bytes))
    }

    async fn bytes_of(&self, sha256: &str) -> Result<Vec<u8>, ActError> {
        let altered = || StorageError::Altered {
            column: "blob.bytes",
            value: sha256.to_owned(),
        };
        let blob = self.store().blob(sha256).await?.ok_or_else(altered)?;
        let Some(bytes) = blob.bytes else {
            let vault = self.settings().vault.as_ref();
            let vault = vault.ok_or_else(|| VaultError::Unconfigured(sha256.to_owned()))?;
            return Ok(vault.get(sha256, blob.size).await?);
        };
        if hex::encode(Sha256::digest(&bytes)) == sha256 {
            Ok(bytes)
        } else {
            Err(altered().into())
        }
    }

    /// The files of a submission as they are kept, whatever was said of them.
    pub(crate) async fn kept(&self, stated: &[Attachment]) -> Result<Vec<Attachment>, ActError> {
        let mut files = Vec::with_capacity(stated.len());
        for (place, file) in stated.iter().enumerate() {
            let blob = self.store().blob(&file.id).await?;
            let unfit = || feedback::ATTACHMENT_UNFIT.because(format!("attachment {}", place + 1));
            let blob = blob.ok_or_else(unfit)?;
            files.push(Attachment {
                id: blob.sha256.clone(),
                media_type: blob.media_type,
                sha256: blob.sha256,
                size: blob.size,
            });
        }
        Ok(files)
    }
}

/// What the first bytes say.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    let at = |from: usize, magic: &[u8]| bytes.get(from..from + magic.len()) == Some(magic);
    if at(0, b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Some("image/webp")
    } else if at(4, b"ftyp") && (at(8, b"heic") || at(8, b"heix") || at(8, b"mif1")) {
        Some("image/heic")
    } else if at(0, b"%PDF-") {
        Some("application/pdf")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        assert_eq!(media_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(media_type(b"%PDF-1.7"), Some("application/pdf"));
        assert_eq!(media_type(b"RIFF\0\0\0\0WEBP"), Some("image/webp"));
        assert_eq!(media_type(b"\0\0\0\x18ftypheic"), Some("image/heic"));
        assert_eq!(media_type(b"<svg onload=x>"), None);
        assert_eq!(media_type(b""), None);
    }
}
