//! A project whose registry is a seeded world: the same in every run, made without starting the program, and with a
//! publisher and an operator who do what no command does yet.

use ::component::content::Interface;
use fixtures::component;
use fixtures::forge::{Forge, spill};
use fixtures::world::World;
use registry::storage::Folder;

use crate::support::{Project, Sandbox, files};

/// A registry in a folder of the sandbox, as its operator and its publisher have it.
pub(crate) struct Registry {
    pub(crate) world: World<Folder>,
    pub(crate) folder: std::path::PathBuf,
}

impl Registry {
    /// A new one, in the folder `NAME-registry`; of the namespaces `acme`, `test` and `wasi`.
    pub(crate) fn new(sandbox: &Sandbox, name: &str, seed: u64) -> Self {
        let folder = sandbox.join(format!("{name}-registry"));
        Self {
            world: World::in_folder(&folder, seed),
            folder,
        }
    }

    /// Lets the registry sign what no honest one does.
    pub(crate) fn lie(&self, lie: impl FnOnce(&mut Forge<'_>)) {
        let world = World::in_memory(self.world.seed());
        world.storage().tamper(|objects| {
            objects.clear();
            for (path, bytes) in files(&self.folder) {
                objects.insert(path.display().to_string(), bytes);
            }
        });
        let mut forge = Forge::of(&world);
        lie(&mut forge);
        forge.sign();
        spill(&world, &self.folder);
    }

    /// Publishes a WIT package; `requires` are names with canonical requirements, `body` what follows the package line.
    pub(crate) fn wit(&mut self, name: &str, version: &str, requires: &[(&str, &str)], body: &str) {
        self.wit_text(
            name,
            version,
            requires,
            &format!("package {name}@{version};\n{body}"),
        );
    }

    /// Publishes the WIT package of a whole text, in which those that it refers to are nested.
    pub(crate) fn wit_text(
        &mut self,
        name: &str,
        version: &str,
        requires: &[(&str, &str)],
        text: &str,
    ) {
        let content = component::wit_package(text);
        let mut telling = self.world.release(name, version).wit().content(content);
        for (name, req) in requires {
            telling = telling.requires_wit(name, req);
        }
        telling.publish();
    }

    /// Publishes a component that imports and exports what the world `w` of a text says.
    pub(crate) fn component(
        &mut self,
        name: &str,
        version: &str,
        requires: &[(&str, &str)],
        wit: &str,
    ) {
        let content = component::from_wit(wit, "w");
        let interface = Interface::of_component(&content).unwrap();
        let mut telling = self.world.release(name, version).content(content);
        for (name, req) in requires {
            telling = telling.requires(name, req);
        }
        for import in &interface.imports {
            telling = telling.imports(import.as_str());
        }
        for export in &interface.exports {
            telling = telling.exports(export.as_str());
        }
        telling.publish();
    }

    /// What a manifest says to use it by default, with its policy file written into the project.
    pub(crate) fn configure(&self, project: &Project) -> String {
        self.configure_at(project, &self.folder.display().to_string())
    }

    /// The same, where it is reached at an address.
    pub(crate) fn configure_at(&self, project: &Project, url: &str) -> String {
        project.write("trust/acme.policy", self.world.policy_text());
        format!(
            "\n[workspace.metadata.warg]\ndefault-registry = \"acme\"\n\
             [workspace.metadata.warg.registries]\n\
             acme = {{ url = \"{url}\", policy = \"trust/acme.policy\" }}\n"
        )
    }

    /// The paths of its contents, below its folder.
    pub(crate) fn contents(&self) -> Vec<String> {
        let contents = files(&self.folder.join("content"));
        let paths = contents
            .keys()
            .map(|path| format!("content/{}", path.display()));
        paths.collect()
    }

    /// The files of a project and of this registry.
    pub(crate) fn snapshot(&self, project: &Project) -> Snapshot {
        [files(project.path()), files(&self.folder)]
    }

    /// A library crate with this registry; `extra` is added to its manifest.
    pub(crate) fn app(&self, sandbox: &Sandbox, name: &str, extra: &str) -> Project {
        let project = sandbox.cargo_project(name, extra);
        project.append_to_manifest(&self.configure(&project));
        project
    }
}

/// Two interfaces that the next one builds upon, a component that needs another, and a bystander.
///
/// `acme:io` 1.0.0, 1.0.1, 1.1.0 and 2.0.0 (WIT) · `acme:http` 1.0.0, which uses `acme:io` 1.0.1 (WIT) · `acme:clock`
/// 1.0.0 and 1.1.0 · `acme:logger` 1.0.0, which requires `acme:clock` ^1.0 · `test:other` 1.0.0 (WIT).
pub(crate) fn stocked(sandbox: &Sandbox) -> Registry {
    let mut registry = Registry::new(sandbox, "acme", 1);
    for version in ["1.0.0", "1.0.1", "1.1.0", "2.0.0"] {
        registry.wit("acme:io", version, &[], IO);
    }
    registry.wit_text(
        "acme:http",
        "1.0.0",
        &[("acme:io", "^1.0.1")],
        "package acme:http@1.0.0;\ninterface types { use acme:io/streams@1.0.1.{source}; get: func() -> source; }\n\
         package acme:io@1.0.1 { interface streams { type source = u32; } }\n",
    );
    for version in ["1.0.0", "1.1.0"] {
        registry.component("acme:clock", version, &[], &clock(version));
    }
    registry.component(
        "acme:logger",
        "1.0.0",
        &[("acme:clock", "^1.0")],
        "package acme:logger@1.0.0;\ninterface api { log: func(line: string); }\n\
         world w { import acme:clock/now@1.0.0; export api; }\n\
         package acme:clock@1.0.0 { interface now { get: func() -> u64; } }\n",
    );
    registry.wit("test:other", "1.0.0", &[], "interface other {}\n");
    registry
}

/// The text of `acme:io` after its package line.
pub(crate) const IO: &str = "interface streams { type source = u32; }\n";

/// The text of a version of `acme:clock`, whose world is `w`.
pub(crate) fn clock(version: &str) -> String {
    format!(
        "package acme:clock@{version};\ninterface now {{ get: func() -> u64; }}\nworld w {{ export now; }}\n"
    )
}

/// Every file of a project, and of the registry beside it: what must not change.
pub(crate) type Snapshot = [std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>; 2];

/// A project on a stocked registry, fetched and good.
pub(crate) fn fetched(sandbox: &Sandbox) -> (Registry, Project) {
    let registry = stocked(sandbox);
    let app = registry.app(
        sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    );
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:http/types@1.0.0;\n}\n",
    );
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
    (registry, app)
}
