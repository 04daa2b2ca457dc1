// The queries of the default mapping touch what they say, no more and no less: an administrator grants columns by it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, type DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { loadMapping } from '../../src/load-mapping.ts'

const root = join(import.meta.dirname, '../../mappings')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml') && !name.startsWith('districts'))
  .map((name) => ({ path: `mappings/${name}`, text: readFileSync(join(root, name), 'utf8') }))

/** Every TABLE.COLUMN that SQLite reads for a statement. */
function readBy(sql: string, db: DatabaseSync): string[] {
  const read = new Set<string>()
  db.setAuthorizer((action, table, column) => {
    if (action === constants.SQLITE_READ && table && column) read.add(`${table}.${column}`.toUpperCase())
    return constants.SQLITE_OK
  })
  db.prepare(sql)
  db.setAuthorizer(null)
  return [...read].sort()
}

describe('the queries of the default mapping', () => {
  const { db } = createDistrict({ students: 30, seed: 5, today: '2026-10-01' })
  db.function('to_char', (text, _format) => text)
  const readers = loadMapping(files).sources.flatMap(({ name, powerquery }) =>
    powerquery ? [{ name, powerquery }] : [],
  )

  it.each(readers)('touch what they say: $name', ({ powerquery: { rows, incremental, touched } }) => {
    const said = touched.map(({ table, column }) => `${table}.${column}`).sort()
    expect(readBy(rows.sql, db)).toEqual(said)
    for (const query of incremental ? [incremental.keys, incremental.changes] : []) {
      expect(said).toEqual(expect.arrayContaining(readBy(query.sql, db)))
    }
    for (const { table, column } of [...rows.columns, ...rows.arguments]) expect(said).toContain(`${table}.${column}`)
  })
})
