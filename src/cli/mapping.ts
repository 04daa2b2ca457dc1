// `bridge mapping …`: checks the mapping files and a layer over them, and runs the examples in them.
import { checkFiles, testFiles } from '../load-mapping.ts'
import { type Diagnostic, formatDiagnostic } from '../mapping/diagnostic.ts'
import type { MappingFile } from '../mapping/load.ts'
import { readLayers, readMappingFiles } from '../mapping-files.ts'
import type { Command, CommandInput } from './command.ts'
import { print, printJson, say } from './output.ts'

const LAYER = `
  --mapping FILE   a layer over the default mapping; without it the one that the setting MAPPING names, if any`

const CHECK_USAGE = `bridge mapping check [--mapping FILE] [--json]\n${LAYER}`
const TEST_USAGE = `bridge mapping test [--mapping FILE] [--json]\n${LAYER}`
const options = { mapping: 'value' } as const

export const mappingCheckCommand: Command = {
  name: 'mapping check',
  summary: 'Checks the mapping files: names, types, references, vocabularies; every mistake with its line and column.',
  usage: CHECK_USAGE,
  options,
  positionals: 0,
  async run(input) {
    if (input.values.mapping === '') return misuse(CHECK_USAGE)
    const { files, found, all } = readFiles(input)
    const { diagnostics } = checkFiles(files, found)
    if (diagnostics.length > 0) return fail(input, all, diagnostics)
    if (input.isJson) printJson({ ok: true, diagnostics })
    else print(`${all.length} mapping files, no mistakes.`)
    return 0
  },
}

export const mappingTestCommand: Command = {
  name: 'mapping test',
  summary: 'Runs the examples in the mapping files.',
  usage: TEST_USAGE,
  options,
  positionals: 0,
  async run(input) {
    if (input.values.mapping === '') return misuse(TEST_USAGE)
    const { files, found, all } = readFiles(input)
    const { examples, diagnostics } = testFiles(files, found)
    if (diagnostics.length > 0) return fail(input, all, diagnostics)
    const failed = examples.filter(({ ok }) => !ok)
    if (input.isJson) printJson({ ok: failed.length === 0, examples })
    else {
      for (const { file, line, rule, it, differences } of failed) {
        print(`${file}:${line}: example "${it}" of ${rule}`)
        for (const difference of differences) print(`    ${difference}`)
      }
      print(`${examples.length - failed.length} of ${examples.length} examples hold.`)
    }
    return failed.length === 0 ? 0 : 1
  },
}

/** An empty option would check the default mapping alone, and say that all is well. */
function misuse(usage: string): number {
  say(`--mapping is empty. Name a layer, or leave it out.\n\n${usage}`)
  return 2
}

function readFiles({ values }: CommandInput) {
  const files = readMappingFiles()
  // As `config.ts` reads it, where a blank setting counts as not set.
  const found = readLayers(values.mapping ?? (process.env.MAPPING?.trim() || undefined))
  return { files, found, all: [...files, ...found.layers] }
}

function fail({ isJson }: CommandInput, files: readonly MappingFile[], diagnostics: readonly Diagnostic[]): number {
  if (isJson) {
    printJson({ ok: false, diagnostics })
    return 1
  }
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  for (const diagnostic of diagnostics) print(formatDiagnostic(diagnostic, texts.get(diagnostic.file)))
  say(diagnostics.length === 1 ? '1 mistake.' : `${diagnostics.length} mistakes.`)
  return 1
}
