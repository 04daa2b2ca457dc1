// Checks a mapping as a whole: everything that can be known before a row is read.

import { type Diagnostic, type Report, sortDiagnostics } from '../diagnostic.ts'
import type { MappingFile } from '../files/load.ts'
import { blameLayers } from '../files/overlay-blame.ts'
import type { MappingTree } from '../schema/mapping-tree.ts'
import { readMapping } from '../schema/schema.ts'
import { planScopes, type ScopePlan } from './check-cycles.ts'
import { checkExamples } from './check-examples.ts'
import { checkPowerquery } from './check-powerquery.ts'
import { planReaders, type ReaderPlan } from './check-readers.ts'
import { checkRule } from './check-rule.ts'
import type { TargetModel } from './target.ts'

/** A mapping without faults. Its members are the engine's own. */
export interface CheckedMapping {
  readonly tree: MappingTree
  readonly target: TargetModel
  readonly scopes: ScopePlan
  readonly readers: ReaderPlan
  /** The mapping without its uppermost layer, then without the two uppermost, down to the default one. Read when it is asked for. */
  readonly below: () => readonly MappingTree[]
  /** Goes before every sourcedId. Of the profile, not of the mapping: see `withIdPrefix`. */
  readonly idPrefix?: string
}

interface Checked {
  /** Absent when there is any diagnostic. */
  readonly mapping?: CheckedMapping
  /** In reading order. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Checks the files of one mapping, in any order, with the layers over them (the lowest first), against the records that it
 * makes. Collects all faults, never throws. Whoever runs no examples may do without them, in half of the time. Not `isWhole`:
 * layers that are to come may read what these set.
 */
export function checkMapping(
  files: readonly MappingFile[],
  model: TargetModel,
  layers: readonly MappingFile[] = [],
  { examples = true, isWhole = true }: { readonly examples?: boolean; readonly isWhole?: boolean } = {},
): Checked {
  const target = withoutPrototype(model)
  const found = new Map<string, Diagnostic>()
  const tell: Report = (place, code, message) => {
    const { file, line, column } = place
    found.set(`${file}:${line}:${column}:${code}:${message}`, { file, line, column, code, message })
  }
  const tree = readMapping(files, layers, tell, { examples, isWhole, collections: Object.keys(target) })
  const report = blameLayers(tree.removed, layers, tell)
  for (const rule of tree.rules.values()) {
    checkRule(rule, tree, target, report)
    checkExamples(rule, tree, target, report)
  }
  for (const source of tree.sources.values()) checkPowerquery(source, tree, report)
  const scopes = planScopes(tree, target, report)
  const readers = planReaders(tree, scopes.needs, report)
  const diagnostics = sortDiagnostics([...found.values()])
  if (diagnostics.length > 0) return { diagnostics }
  // Without layers the texts of the files are not held.
  const below = layers.length === 0 ? () => [] : once(() => treesBelow(files, layers))
  return { mapping: { tree, target, scopes, readers, below }, diagnostics }
}

const treesBelow = (files: readonly MappingFile[], layers: readonly MappingFile[]): MappingTree[] =>
  layers.map((_, at) => readMapping(files, layers.slice(0, layers.length - 1 - at), () => {}, { examples: false }))

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** A collection that is called `constructor` is none, wherever it is asked for. */
const withoutPrototype = (model: TargetModel): TargetModel => Object.assign(Object.create(null), model)
