// What the checker tells the author of a mapping: a place, a stable code, a sentence.

/** Each code with what it means. Codes never change their meaning. */
export const DIAGNOSTIC_CODES = {
  yaml: 'The file is not readable, or has a feature of YAML that mappings refuse.',
  duplicate: 'The same key stands twice in one layer.',
  key: 'A key is not known here, or one is missing.',
  shape: 'A map stands where a list belongs, a number where a name belongs, or the like.',
  formula: 'A formula cannot be read.',
  name: 'A name is unknown: of a column, lookup, setting, function, table, source or collection.',
  path: 'A name is known, but has not the member that is asked of it.',
  type: 'A value is of the wrong type.',
  value: 'A token is not in the vocabulary.',
  ref: 'A reference leads to an unknown rule, or to a rule of another collection.',
  required: 'A required field is filled by no rule.',
  cycle: 'Rules, sources or layers wait for each other.',
  sql: 'A PowerQuery has SQL that Oracle, the plugin and the bridge cannot all use.',
  extends: 'A layer cannot be applied.',
} as const

type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES

export interface Place {
  readonly file: string
  /** Both count from 1. */
  readonly line: number
  readonly column: number
}

export interface Diagnostic extends Place {
  readonly code: DiagnosticCode
  readonly message: string
}

/**
 * `missing` says under which paths of the mapping stands what is asked for and not there, `sources.students.fields.phones`:
 * a layer that removed it is told instead.
 */
export type Report = (place: Place, code: DiagnosticCode, message: string, missing?: readonly string[]) => void

/** `file:line:column: code: message`, and below it the line, or what of a long one is near, with a caret when the file's text is given. */
export function formatDiagnostic(diagnostic: Diagnostic, sourceText?: string): string {
  const { file, line, column, code, message } = diagnostic
  const head = `${file}:${line}:${column}: ${code}: ${message}`
  const text = sourceText === undefined ? undefined : linesOf(sourceText)[line - 1]?.trimEnd()
  return text ? `${head}\n${pointAt(text, column)}` : head
}

/** A file may be one line of 256 KB, with thousands of faults in it. */
const MOST_SHOWN = 160

function pointAt(text: string, column: number): string {
  const from = Math.max(0, Math.min(column - 1 - MOST_SHOWN / 2, text.length - MOST_SHOWN))
  const before = from > 0 ? '…' : ''
  const after = from + MOST_SHOWN < text.length ? '…' : ''
  // A tab would be as wide as the terminal likes.
  const shown = text.slice(from, from + MOST_SHOWN).replaceAll('\t', ' ')
  return `    ${before}${shown}${after}\n    ${' '.repeat(before.length + column - 1 - from)}^`
}

/** A file with thousands of faults is split once. */
let lastSplit: { readonly text: string; readonly lines: readonly string[] } | undefined

function linesOf(text: string): readonly string[] {
  if (lastSplit?.text !== text) lastSplit = { text, lines: text.split('\n') }
  return lastSplit.lines
}

/** In reading order: by file, line, column. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const byFile = (a: Diagnostic, b: Diagnostic) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0)
  return diagnostics.toSorted((a, b) => byFile(a, b) || a.line - b.line || a.column - b.column)
}
