// A key that no row has, but that is what people call the row by: the student number and not PowerSchool's DCID.
import { allRows } from '../run/compile-selection.ts'
import type { RuleTree, SourceTree } from '../schema/mapping-tree.ts'
import { shapeAt } from '../shape.ts'
import type { Elsewhere } from './explain-data.ts'
import { type Explaining, identitySlotOf, keySlotOf, rowName, sourceOf } from './explain-run.ts'

const MAX_LENGTH = 255

/** The row of the rule's source that has the value in a column of which no two rows, or groups of `one_per`, have the same. */
export function elsewhereOf(rule: RuleTree, values: readonly string[], explaining: Explaining): Elsewhere[] {
  const source = sourceOf(rule, explaining)
  const wanted = new Set(values.filter(({ length }) => length > 0 && length <= MAX_LENGTH))
  const identity = identitySlotOf(rule, explaining)
  return hitsIn(source, wanted, identity, explaining)
    .filter(({ slot }) => isUnique(source, slot, identity, explaining))
    .map(({ slot, value, staged }) => ({
      rule: rule.id,
      value,
      column: source.shape.paths[slot] ?? '',
      row: rowName(source, staged),
      keyColumn: source.key.text,
      ...powerSchoolKey(source),
    }))
}

function powerSchoolKey({ key, powerquery }: SourceTree): Pick<Elsewhere, 'keyPowerSchool'> {
  const column = powerquery?.columns.find(({ path }) => path.text === key.text)?.column.text
  return column === undefined ? {} : { keyPowerSchool: column }
}

interface Hit {
  readonly slot: number
  readonly value: string
  readonly staged: { readonly ordinal: number; readonly row: readonly unknown[] }
}

/** Columns in which one row, or group, has one of the values. */
function hitsIn(source: SourceTree, wanted: ReadonlySet<string>, identity: number, { machine }: Explaining): Hit[] {
  const slots = source.shape.paths.flatMap((path, slot) =>
    isName(source, path, slot) && slot !== identity ? [slot] : [],
  )
  const hits = new Map<number, Hit | 'several'>()
  for (const staged of allRows(source.name, machine)) {
    for (const slot of slots) {
      const cell = staged.row[slot]
      if (cell === null || cell === undefined || !wanted.has(String(cell))) continue
      const known = hits.get(slot)
      const isKnown =
        known !== undefined && (known === 'several' || known.staged.row[identity] !== staged.row[identity])
      hits.set(slot, isKnown ? 'several' : (known ?? { slot, value: String(cell), staged }))
    }
  }
  return [...hits.values()].flatMap((hit) => (hit === 'several' ? [] : [hit]))
}

function isName(source: SourceTree, path: string, slot: number): boolean {
  const shape = shapeAt(source.shape, path.split('.'))
  return shape?.kind === 'scalar' && slot !== keySlotOf(source) && (shape.type === 'text' || shape.type === 'integer')
}

function isUnique(source: SourceTree, slot: number, identity: number, { machine }: Explaining): boolean {
  const owners = new Map<unknown, unknown>()
  for (const { row } of allRows(source.name, machine)) {
    const cell = row[slot]
    if (cell === null || cell === undefined) continue
    if (owners.has(cell) && owners.get(cell) !== row[identity]) return false
    owners.set(cell, row[identity])
  }
  return true
}

export function elsewhereText({ rule, value, column, row, keyColumn, keyPowerSchool }: Elsewhere): string {
  const name = keyPowerSchool === undefined ? keyColumn : `${keyColumn} (${keyPowerSchool} in PowerSchool)`
  return `${value} is the ${column} of ${row.source} ${row.key}. A key of ${row.source} is its ${name}: ask for ${rule}/${row.key}`
}
