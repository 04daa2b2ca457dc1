// Extension tables as /ws/v1 tells them (facts 3.6), in the row that a source declares.
import { describe, expect, it } from 'vitest'
import { coerceRow } from '../../src/mapping/coerce.ts'
import { withExtensions } from '../../src/mapping/query/extension-data.ts'
import { rowShape } from '../../src/mapping/shape.ts'

const TABLES = ['u_students_extension', 'u_more']
const field = (name: string, value?: unknown) => ({ name, type: 'String', ...(value !== undefined && { value }) })
const row = (extension: unknown) => ({ id: 7, _extension_data: { _table_extension: extension } })

describe('extension data', () => {
  it('stands at its table', () => {
    const one = {
      recordFound: true,
      name: 'u_students_extension',
      _field: [field('preferredname', 'Joe'), field('flag', 1)],
    }
    const expected = { id: 7, u_students_extension: { preferredname: 'Joe', flag: 1 } }
    expect(withExtensions(row(one), TABLES)).toMatchObject(expected)
    expect(withExtensions(row([one]), TABLES)).toMatchObject(expected)
    expect(withExtensions(row([one, { name: 'U_More', _field: field('A', 'x') }]), TABLES)).toMatchObject({
      ...expected,
      u_more: { a: 'x' },
    })
  })

  it('is blank where there is no record', () => {
    const none = { recordFound: false, name: 'u_students_extension' }
    expect(withExtensions(row(none), TABLES)).toMatchObject({ u_students_extension: {} })
    expect(withExtensions(row({ name: 'u_more', _field: '' }), TABLES)).toMatchObject({ u_more: {} })
    expect(withExtensions(row({ name: 'u_more', _field: [field('a')] }), TABLES)).toMatchObject({ u_more: {} })
  })

  it('is not taken of tables that were not asked for', () => {
    expect(withExtensions(row({ name: 'id', _field: field('a', 1) }), TABLES)).toMatchObject({ id: 7 })
  })

  it.each([[{ id: 7 }], [{ id: 7, _extension_data: '' }], [null], ['x'], [[1]]])('leaves %j as it is', (raw) => {
    expect(withExtensions(raw, TABLES)).toBe(raw)
  })

  it('is typed as it is declared', () => {
    const shape = rowShape(new Map([['u_more', { group: new Map([['a', 'boolean' as const]]) }]]))
    expect(coerceRow(shape, withExtensions(row({ name: 'u_more', _field: field('a', '1') }), TABLES)).row).toEqual([
      true,
    ])
  })
})
