//! Contents of releases, each verified, all of one registry at once.

use std::collections::BTreeMap;

use transparency::content::Content;
use transparency::name::Origin;
use transparency::release::Release;
use transparency::selection::Selection;

use crate::error::Result;
use crate::ops::session::Sessions;

/// Releases, each with what it is selected as, by registry.
#[derive(Default)]
pub(in crate::ops) struct Wanted(BTreeMap<Origin, Vec<(Selection, Release)>>);

impl Wanted {
    pub(in crate::ops) fn push(
        &mut self,
        origin: &Origin,
        selection: &Selection,
        release: Release,
    ) {
        let releases = self.0.entry(origin.clone()).or_default();
        releases.push((selection.clone(), release));
    }

    /// Verifies all of them; those that `keep` names are handed back.
    ///
    /// # Errors
    /// A content that is not what its record says; whatever keeps one from being read.
    pub(in crate::ops) fn read(
        &self,
        sessions: &mut Sessions<'_>,
        keep: impl Fn(&Selection) -> bool,
    ) -> Result<BTreeMap<Selection, Content>> {
        let mut contents = BTreeMap::new();
        for (origin, releases) in &self.0 {
            let wanted: Vec<_> = releases
                .iter()
                .map(|(selection, release)| (&selection.name, release))
                .collect();
            sessions.with(origin, |session| {
                session.contents(&wanted, component::derived::derive, |position, content| {
                    if let Some((selection, _)) = releases.get(position)
                        && keep(selection)
                    {
                        contents.insert(selection.clone(), content);
                    }
                })
            })?;
        }
        Ok(contents)
    }
}
