// Staged rows in memory, for examples and tests.

import type { Row } from '../coerce.ts'
import type { StagedRow, StagedRows } from '../ports.ts'
import { compareKeys } from '../values.ts'

interface MemorySource {
  readonly name: string
  readonly keySlot: number
  readonly rows: readonly Row[]
}

/** Ordinals count from 1 in the order of the rows. Columns that are matched are indexed at first use. */
export function memoryRows(sources: readonly MemorySource[]): StagedRows {
  const tables = new Map(sources.map((source) => [source.name, createTable(source)]))
  return {
    count: (source) => tables.get(source)?.staged.length ?? 0,
    batch: (source, after, limit) => tables.get(source)?.staged.slice(after, after + limit) ?? [],
    byOrdinal: (source, ordinal) => tables.get(source)?.staged[ordinal - 1],
    byKey: (source, key) => tables.get(source)?.byKey().get(key),
    byMatch: (source, slots, values) => tables.get(source)?.index(slots).get(matchKey(values)) ?? [],
  }
}

const matchKey = (values: readonly unknown[]) => (values.length === 1 ? values[0] : JSON.stringify(values))

function createTable({ keySlot, rows }: MemorySource) {
  const staged: readonly StagedRow[] = rows.map((row, index) => ({ ordinal: index + 1, row }))
  const indexes = new Map<string, Map<unknown, StagedRow[]>>()
  let keys: Map<unknown, StagedRow> | undefined
  return {
    staged,
    byKey: () => {
      keys ??= new Map(staged.toReversed().map((entry) => [entry.row[keySlot], entry]))
      return keys
    },
    index: (slots: readonly number[]) => {
      const name = slots.join(' ')
      const known = indexes.get(name)
      if (known) return known
      const index = new Map<unknown, StagedRow[]>()
      for (const entry of staged) {
        const key = matchKey(slots.map((slot) => entry.row[slot]))
        const same = index.get(key)
        if (same) same.push(entry)
        else index.set(key, [entry])
      }
      for (const same of index.values()) same.sort((a, b) => compareKeys(a.row[keySlot], b.row[keySlot]))
      indexes.set(name, index)
      return index
    },
  }
}
