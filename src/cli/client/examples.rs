//! One example below the help of each command that takes many words.

use clap::Command;

/// A line each, as it is typed after `simpul`.
const EXAMPLES: &str = include_str!("examples.txt");

/// The same commands, with their examples, and headings that every reader of them knows.
pub fn with_examples(command: Command) -> Command {
    dressed(command, "")
}

fn dressed(command: Command, path: &str) -> Command {
    let example = EXAMPLES.lines().find(|line| is_of(line, path));
    let command = match example {
        Some(line) => command.after_help(format!("Contoh / example:\n  simpul {line}")),
        None => command,
    };
    let command = command.subcommand_help_heading("Perintah / commands");
    let command = command.disable_help_subcommand(true);
    command.mut_subcommands(|child| {
        let path = format!("{path} {}", child.get_name());
        dressed(child, path.trim_start())
    })
}

/// Whether a line is of the command of this path, rather than of one that begins like it.
fn is_of(line: &str, path: &str) -> bool {
    !path.is_empty() && line.strip_prefix(path).is_some_and(|rest| rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use clap::{Args, Subcommand};

    use super::*;
    use crate::cli::client::args::When;
    use crate::cli::client::{Ask, Session};

    /// So many words of its own a command may have without an example.
    const FEW: usize = 6;

    fn whole() -> Command {
        Session::augment_args(Ask::augment_subcommands(Command::new("simpul")))
    }

    fn check(command: &Command, path: &str, bare: &mut Vec<String>) {
        let common = When::augment_args(Command::new(""));
        let own = command.get_arguments().filter(|arg| {
            !arg.is_global_set()
                && common.get_arguments().all(|other| other.get_id() != arg.get_id())
        });
        let own = own.count();
        if own > FEW && !EXAMPLES.lines().any(|line| is_of(line, path)) {
            bare.push(format!("{path}: {own}"));
        }
        for child in command.get_subcommands() {
            check(child, format!("{path} {}", child.get_name()).trim_start(), bare);
        }
    }

    #[test]
    fn a_command_of_many_words_has_an_example() {
        let mut bare = Vec::new();
        check(&whole(), "", &mut bare);
        assert!(bare.is_empty(), "no example:\n{}", bare.join("\n"));
    }

    #[test]
    fn every_example_is_shown_and_can_be_typed() {
        for line in EXAMPLES.lines() {
            let quoted = line.split('"').enumerate();
            let words = quoted.flat_map(|(at, part)| match at % 2 {
                0 => part.split_whitespace().collect(),
                _ => vec![part],
            });
            let typed = whole().try_get_matches_from(["simpul"].into_iter().chain(words));
            assert!(typed.is_ok(), "{line}: {}", typed.expect_err("refused"));
            let mut at = with_examples(whole());
            for word in line.split_whitespace() {
                let Some(next) = at.find_subcommand(word).cloned() else { break };
                at = next;
            }
            let help = at.render_help().to_string();
            assert!(help.contains(&format!("simpul {line}")), "{line}: {help}");
        }
        let help = with_examples(whole()).render_help().to_string();
        assert!(help.contains("Perintah / commands:"), "{help}");
    }
}
