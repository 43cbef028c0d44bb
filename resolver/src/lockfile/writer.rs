//! The one way to write a lock.

use std::fmt::{self, Write as _};

use super::{LockedPackage, Lockfile, Root, SOLVER, VERSION};
use crate::cutoff::ExcludeNewer;
use transparency::selection::Selection;

/// The first line of every lock.
pub(super) const HEADER: &str =
    "# This file is written by cargo warg. It is not meant to be edited.";

/// A basic string of TOML. Names have no control characters. An escape keeps even a strange one on its line.
pub(super) struct Quoted<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Quoted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        write!(Escaping(f), "{}", self.0)?;
        f.write_char('"')
    }
}

/// The same of what is letters, digits, points and the like.
struct Plain<'s>(&'s Selection);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Whether a byte stands in a string in another way than as itself.
pub(super) fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..=0x1f | 0x7f)
}

struct Escaping<'f, 'b>(&'f mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain = text;
        while let Some(position) = plain.bytes().position(is_special) {
            let (before, rest) = plain.split_at(position);
            self.0.write_str(before)?;
            let mut characters = rest.chars();
            match characters.next() {
                Some(quoted @ ('"' | '\\')) => write!(self.0, "\\{quoted}")?,
                Some(control) => write!(self.0, "\\u{:04X}", u32::from(control))?,
                None => {}
            }
            plain = characters.as_str();
        }
        self.0.write_str(plain)
    }
}

fn array<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    key: &str,
    items: impl ExactSizeIterator<Item = T>,
) -> fmt::Result {
    if items.len() == 0 {
        return writeln!(f, "{key} = []");
    }
    writeln!(f, "{key} = [")?;
    for item in items {
        writeln!(f, "    {item},")?;
    }
    writeln!(f, "]")
}

fn options(lockfile: &Lockfile, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let options = &lockfile.options;
    let default_origin = options.origins.default.as_ref();
    let mode = options.mode.as_str();
    let solver = Some(lockfile.solver).filter(|solver| *solver != SOLVER);
    if default_origin.is_some()
        || options.exclude_newer.is_some()
        || mode.is_some()
        || solver.is_some()
    {
        f.write_str("\n[options]\n")?;
    }
    if let Some(origin) = default_origin {
        writeln!(f, "default-origin = {}", Quoted(origin))?;
    }
    if let Some(cutoff) = options.exclude_newer {
        writeln!(f, "exclude-newer = {}", Quoted(cutoff))?;
    }
    if let Some(mode) = mode {
        writeln!(f, "resolution = {}", Quoted(mode))?;
    }
    if let Some(solver) = solver {
        writeln!(f, "solver = {solver}")?;
    }
    if !options.exclude_newer_package.is_empty() {
        f.write_str("\n[options.exclude-newer-package]\n")?;
    }
    for (name, cutoff) in &options.exclude_newer_package {
        match cutoff {
            ExcludeNewer::After(cutoff) => writeln!(f, "{} = {}", Quoted(name), Quoted(cutoff))?,
            nothing @ ExcludeNewer::Nothing => writeln!(f, "{} = {nothing}", Quoted(name))?,
        }
    }
    if !options.origins.namespaces.is_empty() {
        f.write_str("\n[options.namespaces]\n")?;
    }
    for (namespace, origin) in &options.origins.namespaces {
        writeln!(f, "{namespace} = {}", Quoted(origin))?;
    }
    Ok(())
}

fn root(name: &str, root: &Root, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "\n[[root]]\nname = {}", Quoted(name))?;
    array(f, "requires", root.requires.iter().map(Quoted))?;
    array(f, "selects", root.selects.iter().map(Plain))?;
    if root.held.is_empty() {
        return Ok(());
    }
    array(f, "held", root.held.iter().map(Quoted))
}

fn package(
    selection: &Selection,
    package: &LockedPackage,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let Selection {
        kind,
        name,
        version,
    } = selection;
    writeln!(
        f,
        "\n[[package]]\nkind = \"{kind}\"\nname = \"{name}\"\nversion = \"{version}\""
    )?;
    if let Some(release) = &package.release {
        writeln!(f, "origin = {}", Quoted(&release.origin))?;
        writeln!(
            f,
            "digest = \"{}\"\nrecord = \"{}\"",
            release.digest, release.record
        )?;
        writeln!(f, "index = {}", release.index)?;
    }
    if package.requires.is_empty() {
        return Ok(());
    }
    array(f, "requires", package.requires.iter().map(Quoted))
}

/// What stands before the roots.
pub(super) struct Head<'l>(pub(super) &'l Lockfile);

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nversion = {VERSION}")?;
        options(self.0, f)?;
        for checkpoint in self.0.registries.values() {
            writeln!(f, "\n[[registry]]\norigin = {}", Quoted(&checkpoint.origin))?;
            writeln!(
                f,
                "size = {}\nroot = \"{}\"",
                checkpoint.size,
                checkpoint.root.base64()
            )?;
            writeln!(f, "checkpoint = \"{}\"", checkpoint.digest())?;
        }
        Ok(())
    }
}

impl fmt::Display for Lockfile {
    /// The canonical text, LF and a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Head(self).fmt(f)?;
        for (name, found) in &self.roots {
            root(name, found, f)?;
        }
        for (selection, found) in &self.packages {
            package(selection, found, f)?;
        }
        Ok(())
    }
}
