// `bridge mapping …`: checks the mapping files and runs the examples in them.
import { checkFiles } from '../load-mapping.ts'
import { formatDiagnostic } from '../mapping/diagnostic.ts'
import { runExamples } from '../mapping/examples.ts'
import { readMappingFiles } from '../node.ts'
import type { Command } from './command.ts'
import { print, printJson, say } from './output.ts'

export const mappingCheckCommand: Command = {
  name: 'mapping check',
  summary: 'Checks the mapping files: names, types, references, vocabularies; every mistake with its line and column.',
  usage: 'bridge mapping check [--json]',
  options: {},
  positionals: 0,
  async run({ isJson }) {
    const files = readMappingFiles()
    const { diagnostics } = checkFiles(files)
    if (isJson) printJson({ ok: diagnostics.length === 0, diagnostics })
    else if (diagnostics.length === 0) print(`${files.length} mapping files, no mistakes.`)
    else printDiagnostics(files, diagnostics)
    return diagnostics.length === 0 ? 0 : 1
  },
}

export const mappingTestCommand: Command = {
  name: 'mapping test',
  summary: 'Runs the examples in the mapping files.',
  usage: 'bridge mapping test [--json]',
  options: {},
  positionals: 0,
  async run({ isJson }) {
    const files = readMappingFiles()
    const { mapping, diagnostics } = checkFiles(files)
    if (mapping === undefined) {
      if (isJson) printJson({ ok: false, diagnostics })
      else printDiagnostics(files, diagnostics)
      return 1
    }
    const results = runExamples(mapping)
    const failed = results.filter(({ ok }) => !ok)
    if (isJson) printJson({ ok: failed.length === 0, examples: results })
    else {
      for (const { file, line, rule, it, differences } of failed) {
        print(`${file}:${line}: example "${it}" of ${rule}`)
        for (const difference of differences) print(`    ${difference}`)
      }
      print(`${results.length - failed.length} of ${results.length} examples hold.`)
    }
    return failed.length === 0 ? 0 : 1
  },
}

function printDiagnostics(
  files: ReturnType<typeof readMappingFiles>,
  diagnostics: ReturnType<typeof checkFiles>['diagnostics'],
): void {
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  for (const diagnostic of diagnostics) print(formatDiagnostic(diagnostic, texts.get(diagnostic.file)))
  say(diagnostics.length === 1 ? '1 mistake.' : `${diagnostics.length} mistakes.`)
}
