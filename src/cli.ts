// The command line: finds the command, reads its options, answers with an exit code (0 done, 1 failed, 2 wrong usage).
import { parseArgs } from 'node:util'
import { checkCommand } from './cli/check.ts'
import { clientCommands } from './cli/clients.ts'
import type { Command } from './cli/command.ts'
import { mappingCheckCommand, mappingTestCommand } from './cli/mapping.ts'
import { mappingExplainCommand } from './cli/mapping-explain.ts'
import { mappingInitCommand } from './cli/mapping-init.ts'
import { mappingPreviewCommand } from './cli/mapping-preview.ts'
import { mappingReferenceCommand } from './cli/mapping-reference.ts'
import { mappingSchemaCommand } from './cli/mapping-schema.ts'
import { mappingTableCommand } from './cli/mapping-table.ts'
import { print, reportFailure, say, table } from './cli/output.ts'
import { pluginCommand } from './cli/plugin.ts'
import { readinessCommand } from './cli/readiness.ts'
import { recordCommand } from './cli/record.ts'
import { syncCommand } from './cli/sync.ts'
import { serve } from './node.ts'

const serveCommand: Command = {
  name: 'serve',
  summary: 'Serves OneRoster and syncs by interval, as npm start does.',
  usage: 'bridge serve\n\nSettings come from the environment; docs/settings.md lists them.',
  options: {},
  positionals: 0,
  run: serve,
}

const COMMANDS: readonly Command[] = [
  serveCommand,
  syncCommand,
  checkCommand,
  pluginCommand,
  recordCommand,
  readinessCommand,
  mappingInitCommand,
  mappingCheckCommand,
  mappingTestCommand,
  mappingTableCommand,
  mappingExplainCommand,
  mappingPreviewCommand,
  mappingReferenceCommand,
  mappingSchemaCommand,
  ...clientCommands,
]

export async function runCommandLine(words: readonly string[]): Promise<number> {
  const command = COMMANDS.find(({ name }) => name.split(' ').every((word, at) => words[at] === word))
  if (command === undefined) return overview(words)
  const parsed = readOptions(command, words.slice(command.name.split(' ').length))
  if (typeof parsed === 'string') {
    say(`${parsed}\n\n${command.usage}`)
    return 2
  }
  if (parsed.flags.has('help')) {
    print(`${command.summary}\n\n${command.usage}`)
    return 0
  }
  const { positionals } = command
  const [fewest, most] = typeof positionals === 'number' ? [positionals, positionals] : positionals
  if (parsed.words.length < fewest || parsed.words.length > most) {
    const [word] = parsed.words
    const why = word === undefined ? undefined : surplusWord(command, word)
    say(why === undefined || parsed.words.length < fewest ? command.usage : `${why}\n\n${command.usage}`)
    return 2
  }
  return command.run({ ...parsed, isJson: parsed.flags.has('json') })
}

/** Why a word that stands by itself is too many. */
function surplusWord({ name, options, positionals }: Command, word: string): string | undefined {
  if (positionals !== 0) return undefined
  const instead = 'mapping' in options ? `: write \`--mapping ${word}\`` : ''
  return `\`${name}\` takes no word by itself${instead}.`
}

/** All commands, or those of a group, as `bridge mapping` asks for them. */
function overview(words: readonly string[]): number {
  const [group, asked] = words
  const ofGroup = COMMANDS.filter(({ name }) => name.startsWith(`${group} `))
  const isHelp = (word: string | undefined) => word === undefined || word === '--help' || word === 'help'
  const isAsked = isHelp(group) || (ofGroup.length > 0 && isHelp(asked))
  const commands = ofGroup.length > 0 ? ofGroup : COMMANDS
  const head = ofGroup.length > 0 ? `bridge ${group} <command> [--help]` : 'bridge <command> [--help]'
  const text = `${head}\n\n${table(commands.map(({ name, summary }) => [`  ${name}`, summary]))}`
  if (isAsked) print(text)
  else say(`There is no command "${words.slice(0, 2).join(' ')}".\n\n${text}`)
  return isAsked ? 0 : 2
}

/** The options by kind, or what is wrong with them. */
function readOptions(command: Command, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, json: 'flag', help: 'flag' }).map(([name, kind]) => [
      name,
      { type: kind === 'flag' ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  try {
    const { values, positionals, tokens } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    })
    const given = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []))
    // Of a repeated option the last would count, in silence.
    const twice = given.find((name, at) => given.indexOf(name) < at)
    if (twice !== undefined) return `--${twice} was given more than once, and only the last would count. Give it once.`
    const texts = Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))
    return {
      values: Object.fromEntries(texts) as Record<string, string>,
      flags: new Set(Object.keys(values).filter((name) => values[name] === true)),
      words: positionals,
    }
  } catch (error) {
    if (error instanceof TypeError) return error.message
    throw error
  }
}

if (import.meta.main) process.exitCode = await runCommandLine(process.argv.slice(2)).catch(reportFailure)
