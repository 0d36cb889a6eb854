import type { Command } from 'commander';
import { CliError, EXIT } from './exit.ts';

/** Prints a completion script made from the commands themselves, so it cannot fall behind them. */
export function addCompletion(program: Command): void {
  program
    .command('completion <shell>')
    .description('print a completion script for bash, zsh or fish')
    .action((shell: string) => {
      const script = { bash, zsh, fish }[shell];
      if (!script)
        throw new CliError(`no completion for "${shell}"; there is bash, zsh and fish`, EXIT.usage);
      process.stdout.write(script(words(program)));
    });
}

/** Command path → the words that may follow it. */
export function words(command: Command, path = ''): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const children = command.commands.filter((child) => child.name() !== 'help');
  found.set(path, [
    ...children.map((child) => child.name()),
    ...command.options.flatMap((option) => option.long ?? []),
  ]);
  for (const child of children) {
    for (const [below, list] of words(child, path ? `${path} ${child.name()}` : child.name()))
      found.set(below, list);
  }
  return found;
}

function bash(all: Map<string, string[]>): string {
  const cases = [...all].map(
    ([path, list]) => `    ${JSON.stringify(path)}) words=${JSON.stringify(list.join(' '))} ;;`,
  );
  // Only words that lead to a command count: values of options and names do not hide what may follow.
  const paths = [...all.keys()].filter((path) => path !== '').map((path) => JSON.stringify(path));
  return `_bartizan() {
  local path="" word next words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in ${paths.join('|')}) path="$next" ;; esac
  done
  case "$path" in
${cases.join('\n')}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _bartizan bartizan
`;
}

function zsh(all: Map<string, string[]>): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bash(all)}`;
}

function fish(all: Map<string, string[]>): string {
  const lines = [...all].flatMap(([path, list]) =>
    list.map((word) => {
      const test =
        path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.split(' ').at(-1)}`;
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c bartizan -n '${test}' ${what}`;
    }),
  );
  return `${lines.join('\n')}\n`;
}
