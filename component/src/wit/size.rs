//! How large the binary form of a package is at least, told before it is made.
//!
//! Each interface in it stands with the types of all interfaces that it uses, directly or not, and each world with all that
//! it imports: a short text may ask for gigabytes.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{Function, InterfaceId, PackageId, Resolve, Type, TypeDefKind, TypeId, WorldItem};

/// Whether the binary form of a package has certainly more bytes than that.
pub(super) fn exceeds(resolve: &Resolve, package: PackageId, limit: usize) -> bool {
    let mut sum = Sum {
        resolve,
        interfaces: BTreeMap::new(),
        rest: limit,
    };
    sum.package(package).is_none()
}

/// What an interface adds wherever it stands.
struct Interface {
    /// Its name and its types.
    types: usize,
    functions: usize,
    uses: BTreeSet<InterfaceId>,
}

/// A sum of sizes that ends where it exceeds a limit.
struct Sum<'r> {
    resolve: &'r Resolve,
    interfaces: BTreeMap<InterfaceId, Interface>,
    /// How much it may still grow.
    rest: usize,
}

impl Sum<'_> {
    fn add(&mut self, size: usize) -> Option<()> {
        self.rest = self.rest.checked_sub(size)?;
        Some(())
    }

    fn package(&mut self, package: PackageId) -> Option<()> {
        let package = &self.resolve.packages[package];
        for id in package.interfaces.values() {
            self.interface(*id)?;
        }
        for id in package.worlds.values() {
            let world = &self.resolve.worlds[*id];
            for item in world.imports.values().chain(world.exports.values()) {
                let size = match item {
                    WorldItem::Function(function) => function_size(self.resolve, function),
                    WorldItem::Type { id, .. } => type_size(self.resolve, *id),
                    WorldItem::Interface { id, .. } => {
                        let interface = self.sizes(*id);
                        interface.types.saturating_add(interface.functions)
                    }
                };
                self.add(size)?;
            }
        }
        Some(())
    }

    /// An interface by itself, with what it uses.
    fn interface(&mut self, id: InterfaceId) -> Option<()> {
        let functions = self.sizes(id).functions;
        self.add(functions)?;
        let mut seen = BTreeSet::from([id]);
        let mut ahead = vec![id];
        while let Some(id) = ahead.pop() {
            let interface = self.sizes(id);
            let types = interface.types;
            ahead.extend(interface.uses.iter().filter(|used| seen.insert(**used)));
            self.add(types)?;
        }
        Some(())
    }

    fn sizes(&mut self, id: InterfaceId) -> &Interface {
        let resolve = self.resolve;
        self.interfaces.entry(id).or_insert_with(|| {
            let interface = &resolve.interfaces[id];
            let name = resolve.id_of(id).map_or(0, |name| name.len());
            let types = interface.types.values().map(|id| type_size(resolve, *id));
            let functions = interface.functions.values();
            Interface {
                types: types.fold(name, usize::saturating_add),
                functions: functions
                    .map(|function| function_size(resolve, function))
                    .fold(0, usize::saturating_add),
                uses: resolve.interface_direct_deps(id).collect(),
            }
        })
    }
}

fn function_size(resolve: &Resolve, function: &Function) -> usize {
    let params = function.params.iter();
    let params = params.map(|param| param.name.len().saturating_add(within(resolve, param.ty)));
    let result = function.result.map_or(0, |ty| within(resolve, ty));
    params.fold(
        function.name.len().saturating_add(result),
        usize::saturating_add,
    )
}

/// A type where another names it: one that has a name is only referred to.
fn within(resolve: &Resolve, ty: Type) -> usize {
    match ty {
        Type::Id(id) if resolve.types[id].name.is_none() => type_size(resolve, id),
        _ => 1,
    }
}

fn type_size(resolve: &Resolve, id: TypeId) -> usize {
    let ty = &resolve.types[id];
    let size = |ty: &Type| within(resolve, *ty);
    let optional = |ty: &Option<Type>| ty.as_ref().map_or(0, size);
    let inner = match &ty.kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            sum(fields.map(|field| field.name.len().saturating_add(size(&field.ty))))
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            sum(cases.map(|case| case.name.len().saturating_add(optional(&case.ty))))
        }
        TypeDefKind::Flags(flags) => sum(flags.flags.iter().map(|flag| flag.name.len())),
        TypeDefKind::Enum(cases) => sum(cases.cases.iter().map(|case| case.name.len())),
        TypeDefKind::Tuple(tuple) => sum(tuple.types.iter().map(size)),
        TypeDefKind::Option(ty) | TypeDefKind::List(ty) | TypeDefKind::FixedLengthList(ty, _) => {
            size(ty)
        }
        TypeDefKind::Map(key, value) => size(key).saturating_add(size(value)),
        TypeDefKind::Result(result) => optional(&result.ok).saturating_add(optional(&result.err)),
        TypeDefKind::Future(ty) | TypeDefKind::Stream(ty) => optional(ty),
        TypeDefKind::Resource
        | TypeDefKind::Handle(_)
        | TypeDefKind::Type(_)
        | TypeDefKind::Unknown => 0,
    };
    let name = ty.name.as_ref().map_or(0, String::len);
    name.saturating_add(inner).saturating_add(1)
}

fn sum(sizes: impl Iterator<Item = usize>) -> usize {
    sizes.fold(0, usize::saturating_add)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::fmt::Write as _;

    use wit_component::encode;

    use super::*;

    fn resolved(text: &str) -> (Resolve, PackageId) {
        let mut resolve = Resolve::default();
        let id = resolve.push_str("a.wit", text).unwrap();
        (resolve, id)
    }

    /// The least limit that a package does not exceed.
    fn least(resolve: &Resolve, id: PackageId) -> usize {
        let sizes: Vec<usize> = (0..1 << 16).collect();
        sizes.partition_point(|limit| exceeds(resolve, id, *limit))
    }

    #[test]
    fn no_binary_form_is_smaller_than_what_is_told_before() {
        let mut chain = "package a:b@1.0.0;\ninterface i0 { type t = u8; }\n".to_owned();
        for n in 1..30 {
            let _ = writeln!(chain, "interface i{n} {{ use i{}.{{t}}; }}", n - 1);
        }
        let texts = [
            "package a:b;\ninterface i {}\nworld w {}",
            "package a:b@1.0.0;
             interface i {
               resource r { constructor(a: u8); m: func(a: list<tuple<u8, string>>) -> result<r>; s: static func(); }
               record p { a: option<u8>, b: list<list<string>> }
               variant v { x(p), y }
               enum e { one, two }
               flags f { one, two }
               g: func(a: p, b: borrow<r>, c: tuple<u8, u8, result<_, string>>) -> result<v, e>;
               h: async func(a: stream<u8>, b: future<f>) -> future;
             }
             interface j { use i.{p, v as w}; k: func(a: p) -> w; }
             world w { import j; import g: func(a: tuple<u8>); use i.{p}; export o: interface { use j.{w}; l: func(a: w); } }",
            &chain,
        ];
        for text in texts {
            let (resolve, id) = resolved(text);
            let (told, made) = (
                least(&resolve, id),
                encode(&resolve, id, false).unwrap().len(),
            );
            assert!(told <= made, "{told} of {made}: {text}");
            assert!(told * 8 > made || made < 300, "{told} of {made}: {text}");
        }
    }

    #[test]
    fn what_interfaces_use_counts_for_each_of_them() {
        let of = |count: usize| {
            let mut chain = "package a:b@1.0.0;\ninterface i { type t = u8; }\n".to_owned();
            let mut last = "i".to_owned();
            for n in 0..count {
                let _ = writeln!(chain, "interface j{n} {{ use {last}.{{t}}; }}");
                last = format!("j{n}");
            }
            let (resolve, id) = resolved(&chain);
            least(&resolve, id)
        };
        let (once, twice) = (of(25), of(50));
        assert!(twice > 3 * once, "{once} and {twice}");
    }
}
