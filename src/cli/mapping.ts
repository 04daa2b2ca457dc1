// `bridge mapping …`: checks the mapping files and a layer over them, and runs the examples in them.
import { checkFiles, testFiles } from '../load-mapping.ts'
import { type Diagnostic, formatDiagnostic } from '../mapping/diagnostic.ts'
import type { MappingFile } from '../mapping/load.ts'
import { readMappingFiles } from '../node.ts'
import type { Command, CommandInput } from './command.ts'
import { readLayers } from './layer-files.ts'
import { print, printJson, say } from './output.ts'

const LAYER = `
  --mapping FILE   a layer over the default mapping; without it the one that the setting MAPPING names, if any`

const options = { mapping: 'value' } as const

export const mappingCheckCommand: Command = {
  name: 'mapping check',
  summary: 'Checks the mapping files: names, types, references, vocabularies; every mistake with its line and column.',
  usage: `bridge mapping check [--mapping FILE] [--json]\n${LAYER}`,
  options,
  positionals: 0,
  async run(input) {
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
  usage: `bridge mapping test [--mapping FILE] [--json]\n${LAYER}`,
  options,
  positionals: 0,
  async run(input) {
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

function readFiles({ values }: CommandInput) {
  const files = readMappingFiles()
  const found = readLayers(values.mapping ?? process.env.MAPPING)
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
