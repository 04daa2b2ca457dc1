// `inverse`: all records of a rule whose field refers to this record.
import { splitInverse } from './check-value.ts'
import { allRows, compileNarrowing } from './compile-selection.ts'
import { isReference, listOf, type Make } from './field-value.ts'
import type { Frame } from './frame.ts'
import type { Machine } from './machine.ts'
import type { InverseTree } from './mapping-tree.ts'
import type { FieldValue } from './ports.ts'
import { rowsOf, type Scope, stagedType } from './scope.ts'

/** The table of who refers to whom is made at first use, by ordinals only. Ties of `order` go by sourcedId. */
export function compileInverse(value: InverseTree, scope: Scope, machine: Machine): Make {
  const { rule: id, name } = splitInverse(value)
  const rows = rowsOf(scope.tree, id)
  if (rows?.rule === undefined) throw new Error(`unchecked inverse ${id}`)
  const target = machine.rule(id)
  const own = machine.rule(scope.rule.id)
  const { source } = rows
  const order = compileNarrowing(value, stagedType(source, rows.rule), scope, machine, target)
  let referrers: Map<string, number[]> | undefined
  const collect = () => {
    const found = new Map<string, number[]>()
    for (const staged of allRows(source.name, machine)) {
      const frame = target.frameOf(staged)
      if (frame.ordinal !== staged.ordinal || !target.isIn(frame)) continue
      for (const sourcedId of sourcedIds(target.field(name, frame), scope.rule.collection)) {
        const ordinals = found.get(sourcedId)
        if (ordinals) ordinals.push(staged.ordinal)
        else found.set(sourcedId, [staged.ordinal])
      }
    }
    return found
  }
  return (frame) => {
    referrers ??= collect()
    const ordinals = referrers.get(own.sourcedIdOf(frame) ?? '') ?? []
    const candidates = ordinals.flatMap((ordinal) => {
      const staged = machine.rows.byOrdinal(source.name, ordinal)
      return staged ? [target.frameOf(staged)] : []
    })
    return listOf(order(frame, candidates).map((candidate) => target.referenceOf(candidate as Frame)))
  }
}

function sourcedIds(value: FieldValue | undefined, collection: string): string[] {
  if (value === undefined) return []
  const list = (Array.isArray(value) ? value : [value]) as readonly FieldValue[]
  return list.flatMap((item) => (isReference(item) && item.collection === collection ? [item.sourcedId] : []))
}
