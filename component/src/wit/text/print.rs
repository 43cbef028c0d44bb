//! Packages back to text.

use wit_component::{OutputToString, WitPrinter};
use wit_parser::{PackageId, Resolve};

use super::TextError;
use crate::wit::guard::guarded;

/// A package of a `Resolve` as text, its documentation included.
pub(in crate::wit) fn print(resolve: &Resolve, package: PackageId) -> Result<String, TextError> {
    print_by(WitPrinter::new(OutputToString::default()), resolve, package)
}

/// A package of a `Resolve` as text that is the same wherever the meaning is: the parser takes every comment before
/// an item for documentation.
pub(in crate::wit) fn print_meaning(
    resolve: &Resolve,
    package: PackageId,
) -> Result<String, TextError> {
    let mut printer = WitPrinter::new(OutputToString::default());
    printer.emit_docs(false);
    print_by(printer, resolve, package)
}

fn print_by(
    mut printer: WitPrinter,
    resolve: &Resolve,
    package: PackageId,
) -> Result<String, TextError> {
    guarded(|| printer.print(resolve, package, &[]))?.map_err(|error| TextError::Print {
        package: resolve
            .packages
            .get(package)
            .map_or_else(String::new, |package| package.name.to_string()),
        message: format!("{error:#}"),
    })?;
    Ok(printer.output.into())
}
