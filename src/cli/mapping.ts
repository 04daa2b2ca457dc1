// `bridge mapping check` and `test`: check the mapping files and a layer over them, and run the examples in them.
import { checkFiles, testFiles } from '../load-mapping.ts'
import { readMappingFiles } from '../node/mapping-files.ts'
import type { Command, CommandInput } from './command.ts'
import { isGood, type Results, resultAnnotations, resultData, resultText } from './mapping-results.ts'
import { watchMapping } from './mapping-watch.ts'
import { print, printJson, say } from './output.ts'
import { filesAlone, ownMapping } from './own-mapping.ts'
import { PROFILE_OPTION, PROFILE_USAGE } from './profile.ts'

const OPTIONS = `
  --mapping FILE   a layer over the default mapping; without it the one that the setting MAPPING names, if any
  --format FORMAT  text, json, or github: an annotation for each mistake in a pull request
  --json           as --format json`

const CHECK_USAGE = `bridge mapping check [--profile ID] [--mapping FILE] [--watch] [--format FORMAT | --json]
${OPTIONS}
${PROFILE_USAGE}
  --watch          checks again, and runs the layer's examples, whenever a file changes; ends by Ctrl+C

Exit code: 0 no mistakes, 1 mistakes, 2 wrong usage.`

const TEST_USAGE = `bridge mapping test [--mapping FILE] [--format FORMAT | --json]
${OPTIONS}

Exit code: 0 all examples hold, 1 mistakes or examples that do not hold, 2 wrong usage.`

const FORMATS = ['text', 'json', 'github'] as const
type Format = (typeof FORMATS)[number]

export const mappingCheckCommand: Command = {
  name: 'mapping check',
  summary: 'Checks the mapping files: names, types, references, vocabularies; every mistake with its line and column.',
  usage: CHECK_USAGE,
  options: { ...PROFILE_OPTION, mapping: 'value', format: 'value', watch: 'flag' },
  positionals: 0,
  async run(input) {
    const misuse = findMisuse(input)
    if (misuse !== undefined) return refuse(misuse, CHECK_USAGE)
    const format = formatOf(input)
    if (input.flags.has('watch')) {
      if (format === 'github')
        return refuse('--watch is for a person or a program: leave --format github out.', CHECK_USAGE)
      if (input.values.profile !== undefined)
        return refuse('--watch looks at files, and a profile has its layers in its store. Leave one out.', CHECK_USAGE)
      return watchMapping(layerOf(input), format)
    }
    const { files, found, all } = readFiles(input)
    const { diagnostics } = checkFiles(files, found)
    return tell({ files: all, diagnostics }, format, `${all.length} mapping files, no mistakes.`)
  },
}

export const mappingTestCommand: Command = {
  name: 'mapping test',
  summary: 'Runs the examples in the mapping files.',
  usage: TEST_USAGE,
  options: { mapping: 'value', format: 'value' },
  positionals: 0,
  async run(input) {
    const misuse = findMisuse(input)
    if (misuse !== undefined) return refuse(misuse, TEST_USAGE)
    const { files, found, all } = readFiles(input)
    const { examples, diagnostics } = testFiles(files, found)
    const held = examples.filter(({ ok }) => ok).length
    const results = { files: all, diagnostics, examples }
    return tell(results, formatOf(input), `${held} of ${examples.length} examples hold.`)
  },
}

/** `end` is the last line for a person, where nothing kept the command from its work. */
function tell(results: Results, format: Format, end: string): number {
  if (format === 'json') printJson(resultData(results))
  else {
    const text = format === 'github' ? resultAnnotations(results) : resultText(results)
    const { length } = results.diagnostics
    if (text !== '') print(text)
    if (length > 0) say(length === 1 ? '1 mistake.' : `${length} mistakes.`)
    else if (format === 'github') say(end)
    else print(end)
  }
  return isGood(results) ? 0 : 1
}

function refuse(misuse: string, usage: string): number {
  say(`${misuse}\n\n${usage}`)
  return 2
}

/** An empty option would check the default mapping alone, and say that all is well. */
function findMisuse({ values, isJson }: CommandInput): string | undefined {
  const { mapping, format } = values
  if (mapping === '') return '--mapping is empty. Name a layer, or leave it out.'
  if (format === undefined) return undefined
  if (!FORMATS.some((known) => known === format))
    return `--format can't be "${format}". Known here: ${FORMATS.join(', ')}.`
  return isJson && format !== 'json' ? `--json and --format ${format} ask for two formats. Leave one out.` : undefined
}

const formatOf = ({ values, isJson }: CommandInput): Format =>
  isJson ? 'json' : (FORMATS.find((known) => known === values.format) ?? 'text')

/** As `config.ts` reads it, where a blank setting counts as not set. */
const layerOf = ({ values }: CommandInput) => values.mapping ?? (process.env.MAPPING?.trim() || undefined)

function readFiles(input: CommandInput) {
  const files = readMappingFiles()
  const { layers: found } = input.values.profile === undefined ? filesAlone(input.values.mapping) : ownMapping(input)
  return { files, found, all: [...files, ...found.layers] }
}
