// What the checker tells the author of a mapping: a place, a stable code, a sentence.

type DiagnosticCode =
  | 'yaml' // not readable, or a YAML feature that mappings refuse
  | 'duplicate' // the same key twice in one layer
  | 'key' // a key that is not known here, or one that is missing
  | 'shape' // a map where a list belongs, a number where a name belongs
  | 'formula' // a formula that cannot be parsed
  | 'name' // an unknown name: column, lookup, setting, function, table, source
  | 'path' // a known name without the member that is asked of it
  | 'type' // a value of the wrong type
  | 'value' // a token that is not in the vocabulary
  | 'ref' // a reference to an unknown rule, or to a rule of another collection
  | 'required' // a required field that no rule fills
  | 'cycle' // rules, or sources, that wait for each other
  | 'sql' // a PowerQuery whose SQL is not what Oracle, the plugin and the bridge can all use
  | 'extends' // a layer that cannot be applied

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

/** `file:line:column: code: message`, and below it the line with a caret when the file's text is given. */
export function formatDiagnostic(diagnostic: Diagnostic, sourceText?: string): string {
  const { file, line, column, code, message } = diagnostic
  const head = `${file}:${line}:${column}: ${code}: ${message}`
  const text = sourceText?.split('\n')[line - 1]?.trimEnd()
  return text ? `${head}\n    ${text}\n    ${' '.repeat(column - 1)}^` : head
}

/** In reading order: by file, line, column. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const byFile = (a: Diagnostic, b: Diagnostic) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0)
  return diagnostics.toSorted((a, b) => byFile(a, b) || a.line - b.line || a.column - b.column)
}
