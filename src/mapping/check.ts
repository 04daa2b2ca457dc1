// Checks a mapping as a whole: everything that can be known before a row is read.
import { planScopes, type ScopePlan } from './check-cycles.ts'
import { checkExamples } from './check-examples.ts'
import { planReaders, type ReaderPlan } from './check-readers.ts'
import { checkRule } from './check-rule.ts'
import { type Diagnostic, type Report, sortDiagnostics } from './diagnostic.ts'
import type { MappingFile } from './load.ts'
import type { MappingTree } from './mapping-tree.ts'
import { readMapping } from './schema.ts'
import type { TargetModel } from './target.ts'

/** A mapping without faults. Its members are the engine's own. */
export interface CheckedMapping {
  readonly tree: MappingTree
  readonly target: TargetModel
  readonly scopes: ScopePlan
  readonly readers: ReaderPlan
}

interface Checked {
  /** Absent when there is any diagnostic. */
  readonly mapping?: CheckedMapping
  /** In reading order. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Checks the files of one mapping, in any order, against the records that it makes. Collects all faults, never throws. */
export function checkMapping(files: readonly MappingFile[], target: TargetModel): Checked {
  const found = new Map<string, Diagnostic>()
  const report: Report = (place, code, message) => {
    const { file, line, column } = place
    found.set(`${file}:${line}:${column}:${code}:${message}`, { file, line, column, code, message })
  }
  const tree = readMapping(files, report)
  for (const rule of tree.rules.values()) {
    checkRule(rule, tree, target, report)
    checkExamples(rule, tree, target, report)
  }
  const scopes = planScopes(tree, target, report)
  const readers = planReaders(tree, scopes.needs, report)
  const diagnostics = sortDiagnostics([...found.values()])
  return diagnostics.length > 0 ? { diagnostics } : { mapping: { tree, target, scopes, readers }, diagnostics }
}
