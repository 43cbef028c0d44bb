//! What the validator refused of a bundle, in the words of who composes.

use wasmparser::{BinaryReaderError, Payload};

use crate::bundle::error::ComposeError;
use crate::bundle::host::{HostImports, import_of};
use crate::bundle::wiring::{Plan, Server};
use crate::content::{ContentError, each_section, plain as words};

/// What stands from a certain byte on, for messages.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    /// An import of the host, by number.
    Host(usize),
    /// A part's bytes.
    Nested(usize),
    /// A part's instance.
    Instance(usize),
    Exports,
}

/// What the validator refused, in the words of who composes.
pub(super) fn refused(
    plan: &Plan<'_>,
    host: &HostImports,
    marks: &[(usize, Mark)],
    bytes: &[u8],
    error: &BinaryReaderError,
) -> ComposeError {
    let offset = usize::try_from(error.offset()).unwrap_or(usize::MAX);
    let message = plain(error.message());
    let bundle = |message| ComposeError::Bundle { message };
    let passed = marks.partition_point(|(start, _)| *start <= offset);
    let Some((_, mark)) = passed.checked_sub(1).and_then(|last| marks.get(last)) else {
        return bundle(message);
    };
    match *mark {
        Mark::Host(position) => {
            let want = host
                .imports
                .get(position)
                .and_then(|one| one.wanted.first());
            let found =
                want.and_then(|want| Some((plan.parts.get(want.part)?, import_of(plan, *want)?)));
            match found {
                Some((part, import)) => ComposeError::HostMismatch {
                    by: part.name.clone(),
                    import: import.name.clone(),
                    message,
                },
                None => bundle(message),
            }
        }
        Mark::Nested(number) => match plan.parts.get(number) {
            Some(part) => ComposeError::Invalid {
                part: part.name.clone(),
                message,
            },
            None => bundle(message),
        },
        Mark::Instance(number) => {
            let Some(part) = plan.parts.get(number) else {
                return bundle(message);
            };
            let mut imports = part.outside.imports.iter().zip(&part.servers);
            let said = imports.find(|(import, _)| message.contains(&format!("`{}`", import.name)));
            let Some((import, server)) = said else {
                return ComposeError::Invalid {
                    part: part.name.clone(),
                    message,
                };
            };
            let (by, import) = (part.name.clone(), import.name.clone());
            let head = format!("type mismatch for import `{import}`: ");
            let message = message.strip_prefix(&head).unwrap_or(&message).to_owned();
            match server {
                Server::Part { part, .. } => match plan.parts.get(*part) {
                    Some(server) => ComposeError::Mismatch {
                        by,
                        import,
                        server: server.name.clone(),
                        message,
                    },
                    None => bundle(message),
                },
                Server::Host | Server::Type { .. } => ComposeError::HostMismatch {
                    by,
                    import,
                    message,
                },
            }
        }
        Mark::Exports => match plan.order.last().and_then(|root| plan.parts.get(*root)) {
            Some(root) => ComposeError::Export {
                root: root.name.clone(),
                export: export_at(bytes, error.offset()),
                message,
            },
            None => bundle(message),
        },
    }
}

/// The name of the export that is written at an offset of a bundle; empty where there is none.
fn export_at(bytes: &[u8], offset: u64) -> String {
    let mut name = String::new();
    // It was written here, so it reads.
    let _ = each_section(bytes, |payload| {
        if let Payload::ComponentExportSection(section) = payload {
            for export in section.into_iter_with_offsets() {
                let (start, export) = export.map_err(ContentError::from)?;
                if start <= offset {
                    export.name.name.clone_into(&mut name);
                }
            }
        }
        Ok::<(), ContentError>(())
    });
    name
}

/// The validator's words on one line: what holds, then why.
fn plain(message: &str) -> String {
    let lines = words(message).lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && *line != "Caused by:");
    let lines = lines.map(|line| {
        let numbered = line.split_once(": ");
        match numbered {
            Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
            _ => line,
        }
    });
    lines.collect::<Vec<_>>().join(": ")
}
