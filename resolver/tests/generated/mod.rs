//! Random registries of five packages: `x:a` to `x:c` are components, `x:d` and `x:e` WIT packages.

use transparency::name::Kind;

use crate::random::Random;
use crate::world::{World, name, release};

/// What a generated package holds.
pub(crate) fn kind_of(package: &str) -> Kind {
    if matches!(package, "x:d" | "x:e") {
        Kind::Wit
    } else {
        Kind::Component
    }
}

/// Packages `x:a` to `x:e`, each version of which requires some of the packages after it.
pub(crate) fn generated(random: &mut Random, versions: &[&str]) -> World {
    let mut world = World::new();
    let names = ["x:a", "x:b", "x:c", "x:d", "x:e"];
    for (position, package) in names.iter().enumerate() {
        let kind = kind_of(package);
        let mut releases = Vec::new();
        for version in versions {
            if random.one_in(4) && *version != "1.0.0" {
                continue;
            }
            let mut requires = Vec::new();
            for later in &names[position + 1..] {
                if random.one_in(3) {
                    let req = random.pick(&["^1", "^1.1", "^1.0.0", "^2"]);
                    requires.push(format!("{} {later} {req}", kind_of(later)));
                }
            }
            let requires: Vec<&str> = requires.iter().map(String::as_str).collect();
            releases.push(release(package, version, &requires));
        }
        world.packages.insert(name(package), (kind, releases));
    }
    world
}
