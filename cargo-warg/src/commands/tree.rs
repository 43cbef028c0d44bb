//! `cargo warg tree`.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use transparency::name::Kind;
use transparency::selection::Selection;

use super::Context;
use super::solving::SolvingArgs;
use crate::error::Result;
use crate::message::{self, Message, Tree, TreeKind, TreeNode};
use crate::ops::lock;
use crate::ops::lock::tree::{Item, Node, Query, tree};
use crate::ops::session::project::Project;
use crate::spec::PackageSpec;

/// `cargo warg tree`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg tree
          cargo warg tree -i wasi:io         what needs wasi:io
          cargo warg tree --duplicates       what is locked in more than one version, and why

It reads warg.lock and asks no registry. (*) stands where what is below was shown before.")]
pub struct TreeArgs {
    /// Show what depends on this package; may be given more than once
    #[arg(short, long, value_name = "NAME[@VERSION]")]
    pub invert: Vec<PackageSpec>,
    /// How deep to show it
    #[arg(long, value_name = "DEPTH")]
    pub depth: Option<usize>,
    /// Show only packages that are locked in several versions, and what depends on each
    #[arg(short, long)]
    pub duplicates: bool,
    /// Show only packages of this kind
    #[arg(long, value_name = "KIND")]
    pub kind: Option<KindArg>,
    /// The characters to draw with
    #[arg(long, value_name = "CHARSET", default_value = "utf8")]
    pub charset: Charset,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

/// A kind, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// Components
    Component,
    /// WIT packages
    Wit,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Component => Self::Component,
            KindArg::Wit => Self::Wit,
        }
    }
}

/// What a tree is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Charset {
    /// Lines
    Utf8,
    /// Characters of every terminal
    Ascii,
}

impl TreeArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let project = context.project(&self.solving.manifest(context))?;
        let lock = lock::read_current(&project, context.locked)?;
        context.tell(&lock.notices);
        let selected = project.workspace.selected();
        let query = Query {
            members: selected.map(|member| member.name.clone()).collect(),
            invert: self.invert,
            duplicates: self.duplicates,
            depth: self.depth,
            kind: self.kind.map(Kind::from),
        };
        let nodes = tree(&lock.lock, &query)?;
        let paths = project.local_paths();
        if context.json {
            let nodes = nodes.iter().map(|node| message(node, &project, &paths));
            return context.message(&Message::Tree(Tree {
                nodes: nodes.collect(),
                notices: message::Notice::all(&lock.notices),
            }));
        }
        let mut prefix = Prefix::new(self.charset);
        for (path, node) in nodes.iter().enumerate() {
            // Between what has nothing to do with each other.
            if node.depth == 0 && path > 0 {
                context.data("")?;
            }
            let before = prefix.of(node);
            let line = label(&message(node, &project, &paths));
            context.data(format!("{before}{line}"))?;
        }
        if nodes.is_empty() {
            context.shell.note("nothing to show");
        }
        Ok(())
    }
}

fn message(node: &Node, project: &Project, paths: &BTreeMap<Selection, String>) -> TreeNode {
    let (kind, name, version, path) = match &node.item {
        Item::Member(name) => {
            let member = project.workspace.member(name);
            let version = member.map(|member| member.version.to_string());
            let path = member.map(|member| member.folder().display().to_string());
            (
                TreeKind::Member,
                name.clone(),
                version.unwrap_or_default(),
                path,
            )
        }
        Item::Package(selection) => {
            let kind = match selection.kind {
                Kind::Component => TreeKind::Component,
                Kind::Wit => TreeKind::Wit,
            };
            let version = selection.version.to_string();
            let path = paths.get(selection).cloned();
            (kind, selection.name.to_string(), version, path)
        }
    };
    TreeNode {
        depth: node.depth,
        kind,
        name,
        version,
        path,
        repeated: node.repeated,
    }
}

/// `wasi:io v0.2.3 (wit)`, as cargo writes a package and what is special of it.
fn label(node: &TreeNode) -> String {
    let mut line = format!("{} v{}", node.name, node.version);
    let kind = (node.kind == TreeKind::Wit).then_some("wit");
    let repeated = node.repeated.then_some("*");
    for remark in [kind, node.path.as_deref(), repeated].into_iter().flatten() {
        line.push_str(" (");
        line.push_str(remark);
        line.push(')');
    }
    line
}

/// How many levels are drawn before a line.
const MAX_COLUMNS: usize = 40;

/// What stands before a line: which of the lines above it go on below it.
struct Prefix {
    charset: Charset,
    last: Vec<bool>,
}

impl Prefix {
    fn new(charset: Charset) -> Self {
        Self {
            charset,
            last: Vec::new(),
        }
    }

    fn of(&mut self, node: &Node) -> String {
        let (down, tee, elbow) = match self.charset {
            Charset::Utf8 => ("│   ", "├── ", "└── "),
            Charset::Ascii => ("|   ", "|-- ", "`-- "),
        };
        self.last.truncate(node.depth);
        // Of what is deeper than that, no line is drawn from the left edge: all of them together would grow with the square.
        let hidden = node.depth.saturating_sub(MAX_COLUMNS);
        let mut prefix = match hidden {
            0 => String::new(),
            hidden => format!("({hidden} more) "),
        };
        let above = self.last.iter().skip(1).skip(hidden);
        prefix.extend(above.map(|last| if *last { "    " } else { down }));
        if node.depth > 0 {
            prefix.push_str(if node.last { elbow } else { tee });
        }
        self.last.push(node.last);
        prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::lock::tree::Item;

    #[test]
    fn what_is_drawn_before_a_line_does_not_grow_with_its_depth() {
        let mut prefix = Prefix::new(Charset::Ascii);
        let drawn = (0..5000).map(|depth| {
            let node = Node {
                depth,
                item: Item::Member("app".to_owned()),
                repeated: false,
                last: true,
            };
            prefix.of(&node)
        });
        let drawn: Vec<_> = drawn.collect();
        assert_eq!(drawn[2], "    `-- ");
        assert!(drawn[41].starts_with("(1 more) "), "{}", drawn[41]);
        assert!(drawn.iter().all(|prefix| prefix.len() < 200));
    }
}
