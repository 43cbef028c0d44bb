//! What is demanded of the parsers of `transparency`, `resolver` and `component`: never a panic, one spelling for each meaning, and
//! the same answer as a second way to find it, where there is one.

mod bundle;
mod content;
mod evidence;
mod lock;
mod log;
mod map;
mod note;
mod policy;
mod record;
mod replay;
mod version;
mod word;

/// What a target does with an input.
pub(crate) type Target = fn(&[u8]);

/// The targets, by name.
pub(crate) const TARGETS: [(&str, Target); 21] = [
    ("bundle", bundle::bundle),
    ("checkpoint", note::checkpoint),
    ("component", content::component),
    ("conflict", lock::conflict),
    ("evidence", evidence::evidence),
    ("free-text", word::free_text),
    ("lock", lock::lock),
    ("log", log::log),
    ("map-entry", note::map_entry),
    ("map-page", map::map_page),
    ("note", note::note),
    ("policy", policy::policy),
    ("proof", log::proof),
    ("record", record::record),
    ("replay", replay::replay),
    ("requirement", version::requirement),
    ("tile", log::tile),
    ("version", version::version),
    ("wit-binary", content::wit_binary),
    ("wit-text", content::wit_text),
    ("word", word::word),
];
