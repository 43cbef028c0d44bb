//! `cargo warg man`.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use registry::file::Tree;

use super::{Context, report};
use crate::error::{Class, OrFail as _, Result};

/// `cargo warg man`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg man | man -l -
          cargo warg man ~/.local/share/man/man1

A page for each command: cargo-warg.1, cargo-warg-lock.1, and so on. Once they are where man looks, `man cargo-warg-lock` \
shows one.")]
pub struct ManArgs {
    /// The folder to write the pages of all commands into; otherwise the page of `cargo warg` is printed
    pub dir: Option<PathBuf>,
}

impl ManArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let cargo = (context.grammar)();
        let warg = cargo
            .find_subcommand("warg")
            .expect("it is the program's one command");
        let Some(folder) = self.dir else {
            let page = page(warg, "cargo warg");
            return context.data(page.trim_end());
        };
        let cannot = || format!("cannot write into {}", folder.display());
        let tree = Tree::shared(&folder).unsynced();
        let pages = write(warg, "cargo warg", &tree).or_fail(Class::Other, cannot)?;
        context.shell.status(
            "Wrote",
            format!(
                "{} into {}",
                report::counted(pages, "page"),
                folder.display()
            ),
        );
        Ok(())
    }
}

/// The page of a command that is called as `line` says.
fn page(command: &Command, line: &str) -> String {
    let named = command
        .clone()
        .display_name(line.replace(' ', "-"))
        .bin_name(line.to_owned());
    let mut page = Vec::new();
    clap_mangen::Man::new(named)
        .source(format!("cargo-warg {}", env!("CARGO_PKG_VERSION")))
        .manual("cargo warg".to_owned())
        .render(&mut page)
        .expect("writing to memory cannot fail");
    String::from_utf8(page).expect("help texts are UTF-8")
}

/// Writes the pages of a command and of those below it; says how many.
fn write(command: &Command, line: &str, tree: &Tree) -> io::Result<usize> {
    let file = format!("{}.1", line.replace(' ', "-"));
    tree.replace(Path::new(&file), page(command, line).as_bytes())?;
    let mut pages = 1;
    for below in command
        .get_subcommands()
        .filter(|one| one.get_name() != "help")
    {
        pages += write(below, &format!("{line} {}", below.get_name()), tree)?;
    }
    Ok(pages)
}
