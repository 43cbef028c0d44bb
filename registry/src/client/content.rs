//! Contents, step 6 of the ladder: bytes with the digest and size of their record, which says what they import and export.
//! A release's lock and bundle are read the same way.

use transparency::content::{Attached, Content, ContentError, Derived};
use transparency::name::PackageName;
use transparency::release::Release;
use transparency::release::Role;
use transparency::statement::Attachment;

use super::reader::{Bytes, Wanted};
use super::{ClientError, Session};
use crate::layout;
use crate::storage::StorageError;

/// The most bytes of contents that are in memory before they are verified; a content that is larger comes alone.
const CONTENTS_AT_ONCE: u64 = 64 * 1024 * 1024;

impl Session<'_> {
    /// Step 6: a release's content, from the cache or the registry. `derive` says what bytes are, once parsed.
    ///
    /// # Errors
    /// A content that is missing or cannot be read, is not what the record says, or was withdrawn; what `derive` says.
    pub fn content<E>(
        &mut self,
        name: &PackageName,
        release: &Release,
        derive: impl Fn(&[u8]) -> Result<Derived, E>,
    ) -> Result<Content, ClientError>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        self.refuse_withdrawn(name, release)?;
        let path = layout::content_of(release.digest(), release.size());
        self.attempt(|session| {
            let bytes = session.reader.need_one(Wanted::fixed(path.clone()));
            let bytes = bytes.map_err(|error| name_long(error, &[(name, release)]))?;
            open_content(name, release, bytes, &derive)
        })
    }

    /// The lock or bundle of a release, from the cache or the registry; none where its record has none.
    ///
    /// # Errors
    /// One that is missing or cannot be read, is not what the record says, or was withdrawn.
    pub fn attached(
        &mut self,
        name: &PackageName,
        release: &Release,
        role: Role,
    ) -> Result<Option<Attached>, ClientError> {
        let Some(Attachment { digest, size }) = release.attachment(role) else {
            return Ok(None);
        };
        let path = layout::content_of(&digest, size);
        self.attempt(|session| {
            let operator = session.checkpoint.operator();
            // A withdrawn one is refused unread: it may be gone.
            let bytes = match operator.withdrawn(&digest) {
                Some(_) => Bytes::default(),
                None => session.reader.need_one(Wanted::fixed(path.clone()))?,
            };
            Attached::open(name, release, role, operator, bytes)
                .map_err(|source| ClientError::Content(Box::new(source)))
        })
    }

    /// The contents of many releases, as many at once as fit into memory; `each` is handed them one after the other, with
    /// their positions in `wanted`.
    ///
    /// # Errors
    /// As [`Session::content`], of the first that fails.
    pub fn contents<E>(
        &mut self,
        wanted: &[(&PackageName, &Release)],
        derive: impl Fn(&[u8]) -> Result<Derived, E>,
        mut each: impl FnMut(usize, Content),
    ) -> Result<(), ClientError>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        for (name, release) in wanted {
            self.refuse_withdrawn(name, release)?;
        }
        let mut rest = wanted;
        let mut position = 0;
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(fitting(rest));
            let files: Vec<_> = batch
                .iter()
                .map(|(_, release)| layout::content_of(release.digest(), release.size()))
                .collect();
            let contents = self.attempt(|session| {
                let files: Vec<_> = files.iter().cloned().map(Wanted::fixed).collect();
                let bytes = session.reader.need(&files);
                let bytes = bytes.map_err(|error| name_long(error, batch))?;
                batch
                    .iter()
                    .zip(bytes)
                    .map(|((name, release), bytes)| open_content(name, release, bytes, &derive))
                    .collect::<Result<Vec<_>, _>>()
            })?;
            for content in contents {
                each(position, content);
                position += 1;
            }
            rest = later;
        }
        Ok(())
    }

    /// A withdrawn content is refused before it is read: it may be gone, and nobody should have it. This holds in sessions
    /// of the past, too.
    fn refuse_withdrawn(&self, name: &PackageName, release: &Release) -> Result<(), ClientError> {
        let operator = self.newest().operator();
        let reason = operator.withdrawn(release.digest());
        match reason.or_else(|| release.withdrawn()) {
            None => Ok(()),
            Some(reason) => Err(ClientError::Content(Box::new(ContentError::Withdrawn {
                role: Role::Content,
                name: name.clone(),
                version: release.version().clone(),
                reason: reason.to_owned(),
            }))),
        }
    }
}

/// How many of these contents may be in memory at once: one at least.
fn fitting(wanted: &[(&PackageName, &Release)]) -> usize {
    let mut bytes = 0_u64;
    let fit = wanted.iter().take_while(|(_, release)| {
        bytes = bytes.saturating_add(release.size());
        bytes <= CONTENTS_AT_ONCE
    });
    fit.count().max(1)
}

/// Says of a content that is too long whose it is.
fn name_long(error: ClientError, asked: &[(&PackageName, &Release)]) -> ClientError {
    let (ClientError::Storage(StorageError::TooLarge { address, .. })
    | ClientError::Kept(StorageError::TooLarge { address, .. })) = &error
    else {
        return error;
    };
    let is_it = |(_, release): &&(&PackageName, &Release)| {
        address.ends_with(layout::content(release.digest()).as_str())
    };
    match (asked.iter().find(is_it), error) {
        (Some((name, release)), ClientError::Storage(source) | ClientError::Kept(source)) => {
            ClientError::Long {
                name: (*name).clone(),
                version: release.version().clone(),
                digest: *release.digest(),
                source,
            }
        }
        (_, error) => error,
    }
}

fn open_content<E>(
    name: &PackageName,
    release: &Release,
    bytes: Bytes,
    derive: impl Fn(&[u8]) -> Result<Derived, E>,
) -> Result<Content, ClientError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    Content::open(name, release, bytes, derive)
        .map_err(|source| ClientError::Underivable {
            name: name.clone(),
            version: release.version().clone(),
            source: Box::new(source),
        })?
        .map_err(|source| ClientError::Content(Box::new(source)))
}
