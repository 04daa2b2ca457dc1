// How `mapping check` and `mapping test` tell what they found: for a person, as JSON, or as GitHub's workflow commands.
import { type Diagnostic, formatDiagnostic } from '../mapping/diagnostic.ts'
import type { MappingFile } from '../mapping/files/load.ts'
import type { ExampleResult } from '../mapping/run/examples.ts'

export interface Results {
  readonly files: readonly MappingFile[]
  readonly diagnostics: readonly Diagnostic[]
  /** Absent when no examples were to be run. */
  readonly examples?: readonly ExampleResult[]
}

export type ResultFormat = (results: Results) => string

export const isGood = ({ diagnostics, examples = [] }: Results): boolean =>
  diagnostics.length === 0 && examples.every(({ ok }) => ok)

/** Each mistake with its line, each example that fails with its differences. */
export function resultText(results: Results): string {
  const { files, diagnostics, examples = [] } = results
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  return [
    ...diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, texts.get(diagnostic.file))),
    ...failed(examples).flatMap(({ file, line, rule, it, differences }) => [
      `${file}:${line}: example "${it}" of ${rule}`,
      ...differences.map((difference) => `    ${difference}`),
    ]),
  ].join('\n')
}

/** The shape that docs/mapping.md promises to other programs. */
export function resultData(results: Results) {
  const { files, diagnostics, examples } = results
  return {
    ok: isGood(results),
    files: files.map(({ path }) => path),
    diagnostics: diagnostics.map(({ file, line, column, code, message }) => ({ file, line, column, code, message })),
    ...(examples && {
      examples: examples.map(({ file, line, column, rule, it, ok, differences }) => {
        return { file, line, column, rule, it, ok, differences }
      }),
    }),
  }
}

/** One workflow command a mistake, which GitHub shows at the line of a pull request. */
export function resultAnnotations({ diagnostics, examples = [] }: Results): string {
  return [
    ...diagnostics.map((found) => annotation(found, `mapping: ${found.code}`, found.message)),
    ...failed(examples).map((found) =>
      annotation(found, `example of ${found.rule}`, [`"${found.it}"`, ...found.differences].join('\n')),
    ),
  ].join('\n')
}

interface Found {
  readonly file: string
  readonly line: number
  readonly column: number
}

const annotation = ({ file, line, column }: Found, title: string, message: string) =>
  `::error file=${property(file)},line=${line},col=${column},title=${property(title)}::${escaped(message)}`

const escaped = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const property = (text: string) => escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

const failed = (examples: readonly ExampleResult[]) => examples.filter(({ ok }) => !ok)
