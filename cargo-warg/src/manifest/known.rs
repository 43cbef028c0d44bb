//! The keys that the tables of a manifest may have. `docs/manifest.md` tells each, and a test holds it against these lists.

/// Of a package.
pub(super) const PACKAGE_TABLE: &[&str] = &["package", "dependencies", "wit-dependencies", "wire"];

/// Of a workspace. The root package's table may have these, too.
pub(super) const WORKSPACE_TABLE: &[&str] = &[
    "default-registry",
    "registries",
    "namespaces",
    "resolution",
    "exclude-newer",
    "exclude-newer-package",
    "patch",
    "vendor",
];

pub(super) const PATCH: &[&str] = &["path"];
pub(super) const REGISTRY: &[&str] = &["url", "mirrors", "policy", "publish"];
pub(super) const DEPENDENCY: &[&str] = &["version", "path", "registry", "package", "for"];
pub(super) const WIT_DEPENDENCY: &[&str] = &["version", "path", "registry", "package"];

/// Every table, with the keys that are read of it. In those of cargo-component there may be others.
pub const TABLES: &[(&str, &[&str])] = &[
    ("[package.metadata.warg]", PACKAGE_TABLE),
    ("[package.metadata.warg.dependencies]", DEPENDENCY),
    ("[package.metadata.warg.wit-dependencies]", WIT_DEPENDENCY),
    ("[workspace.metadata.warg]", WORKSPACE_TABLE),
    ("[workspace.metadata.warg.registries]", REGISTRY),
    ("[workspace.metadata.warg.patch]", PATCH),
    (
        "[package.metadata.component]",
        &["package", "target", "dependencies"],
    ),
    (
        "[package.metadata.component.target]",
        &["package", "version", "path", "dependencies"],
    ),
    (
        "[package.metadata.component.dependencies]",
        &["version", "package", "path"],
    ),
];
