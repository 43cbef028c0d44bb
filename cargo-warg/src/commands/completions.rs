//! `cargo warg completions`.

use clap::Args;
use clap_complete::{Shell, generate};

use super::Context;
use crate::error::Result;

/// `cargo warg completions`.
#[derive(Args)]
#[command(after_help = "\
Examples: source <(cargo warg completions bash)             in ~/.bashrc
          cargo warg completions zsh > ~/.zfunc/_cargo-warg    with ~/.zfunc in fpath
          cargo warg completions fish > ~/.config/fish/completions/cargo-warg.fish

In bash, zsh and fish `cargo warg …` is completed beside what cargo's own completion knows; in elvish and powershell \
only `cargo-warg warg …` is.")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// The program, which is also the name of its completion functions.
const PROGRAM: &str = "cargo-warg";

/// What the program is called while bash's script is made, which confuses itself over a `-` in that name.
const PLAIN: &str = "cargowarg";

impl CompletionsArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let mut script = Vec::new();
        let program = if self.shell == Shell::Bash {
            PLAIN
        } else {
            PROGRAM
        };
        let mut command = (context.offered)().name(program).bin_name(program);
        if self.shell == Shell::Zsh {
            // cargo's own completion calls `_cargo-warg` with `warg` as the first word.
            command.build();
            let warg = command.find_subcommand("warg").cloned();
            command = warg.unwrap_or(command).name(PROGRAM).bin_name(PROGRAM);
        }
        generate(self.shell, &mut command, program, &mut script);
        let script = String::from_utf8(script).expect("help texts are UTF-8");
        let script = match self.shell {
            Shell::Bash => {
                let script = script.replace(" cargowarg\n", " cargo-warg\n");
                format!("{script}{BASH}")
            }
            Shell::Fish => fish(&script),
            Shell::Zsh => zsh(&script),
            _ => script,
        };
        context.data(script.trim_end())
    }
}

/// Completes `cargo warg …` with the function that completes `cargo-warg warg …`, and leaves all else of cargo to whatever
/// completed it before. Sourcing the script twice changes nothing.
const BASH: &str = r#"
__cargo_warg_before=$(complete -p cargo 2>/dev/null | sed -n 's/.* -F \([^ ]*\) .*/\1/p')
if [[ $__cargo_warg_before != __cargo_or_warg ]]; then
    __cargo_before_warg=$__cargo_warg_before
fi
unset __cargo_warg_before
__cargo_or_warg() {
    if [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} == warg ]]; then
        _cargowarg "$@"
    elif [[ -n ${__cargo_before_warg:-} ]]; then
        "$__cargo_before_warg" "$@"
    elif [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W warg -- "$2"))
    fi
}
complete -F __cargo_or_warg -o bashdefault -o default cargo
"#;

/// The same lines for `cargo`, but for what belongs to no subcommand: that is cargo's own.
fn fish(script: &str) -> String {
    let mut lines = String::new();
    for line in script.lines() {
        let Some(rest) = line.strip_prefix("complete -c cargo-warg ") else {
            continue;
        };
        if !rest.contains("_needs_command\"") || rest.contains("-a \"warg\"") {
            lines.push_str("complete -c cargo ");
            lines.push_str(rest);
            lines.push('\n');
        }
    }
    format!("{script}{lines}")
}

/// Called for the program itself, the first word is the program and `warg` the second.
fn zsh(script: &str) -> String {
    script.replacen(
        "_cargo-warg() {\n",
        "_cargo-warg() {\n    if [[ $words[1] == *cargo-warg && $words[2] == warg ]]; then\n        shift words\n        \
         (( CURRENT-- ))\n    fi\n",
        1,
    )
}
