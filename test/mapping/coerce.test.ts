// How raw values become typed cells: PowerSchool's guesses are undone, what does not fit is blank and told.
import { describe, expect, it } from 'vitest'
import { coerceRow } from '../../src/mapping/coerce.ts'
import { type Declared, rowShape } from '../../src/mapping/shape.ts'

const shapeOf = (columns: Readonly<Record<string, Declared>>) => rowShape(new Map(Object.entries(columns)))
const group = (members: Readonly<Record<string, Declared>>): Declared => ({ group: new Map(Object.entries(members)) })

/** Type, what was delivered, the cell; `problem` with the type that was found when it does not fit. */
const CELLS: readonly [type: Declared, raw: unknown, cell: unknown, found?: string][] = [
  ['text', 'Ada', 'Ada'],
  ['text', '  Ada ', 'Ada'],
  ['text', '', null],
  ['text', '   ', null],
  ['text', null, null],
  ['text', undefined, null],
  ['text', 7, '7'],
  ['text', true, 'true'],
  ['text', '007', '007'],
  ['text', { a: 1 }, null, 'group'],
  ['text', ['a'], null, 'list'],
  ['integer', 7, 7],
  ['integer', '7', 7],
  ['integer', ' -7 ', -7],
  ['integer', '7.0', 7],
  ['integer', '', null],
  ['integer', '7.5', null, 'text'],
  ['integer', 7.5, null, 'number'],
  ['integer', 'seven', null, 'text'],
  ['integer', '99999999999999999999', null, 'text'],
  ['integer', true, null, 'boolean'],
  ['number', 7.5, 7.5],
  ['number', '7.5', 7.5],
  ['number', '-.5', -0.5],
  ['number', '1e3', 1000],
  ['number', '', null],
  ['number', '0x10', null, 'text'],
  ['number', Number.NaN, null, 'number'],
  ['boolean', true, true],
  ['boolean', 'false', false],
  ['boolean', 'TRUE', true],
  ['boolean', '1', true],
  ['boolean', 0, false],
  ['boolean', '', null],
  ['boolean', 'yes', null, 'text'],
  ['boolean', 2, null, 'number'],
  ['boolean', {}, null, 'group'],
  ['date', '2026-02-28', '2026-02-28'],
  ['date', '2024-02-29', '2024-02-29'],
  ['date', '2026-02-28T10:00:00Z', '2026-02-28'],
  ['date', '2026-02-28 00:00:00.0', '2026-02-28'],
  ['date', '', null],
  ['date', '2026-02-29', null, 'text'],
  ['date', '2026-13-01', null, 'text'],
  ['date', '2026-00-10', null, 'text'],
  ['date', '0000-01-01', null, 'text'],
  ['date', '1900-02-29', null, 'text'],
  ['date', '2/28/2026', null, 'text'],
  ['date', 20260228, null, 'number'],
  [{ listOf: 'text' }, ['a', ' b ', '', null], ['a', 'b']],
  [{ listOf: 'text' }, 'a', ['a']],
  [{ listOf: 'text' }, '', null],
  [{ listOf: 'text' }, [], null],
  [{ listOf: 'integer' }, ['1', 'x', 3], [1, 3], 'text'],
]

describe('a cell', () => {
  it.each(CELLS)('of type %j makes of %j %j', (declared, raw, cell, found) => {
    const coerced = coerceRow(shapeOf({ a: declared }), { a: raw })
    expect(coerced.row).toEqual([cell])
    expect(coerced.problems).toEqual(found === undefined ? [] : [{ path: 'a', found }])
  })
})

describe('a row', () => {
  const shape = shapeOf({
    id: 'integer',
    name: group({ first: 'text', last: 'text' }),
    phones: group({ main: group({ number: 'text' }) }),
    races: { listOf: group({ code: 'text', share: 'number' }) },
    active: 'boolean',
  })

  it('has one slot for each leaf, groups flattened, lists whole', () => {
    expect(shape.paths).toEqual(['id', 'name.first', 'name.last', 'phones.main.number', 'races', 'active'])
    const raw = {
      id: 7,
      name: { first: 'Ada', last: 'Li' },
      phones: { main: { number: 5550100 } },
      races: [{ code: 'W', share: '0.5' }],
      active: 1,
    }
    expect(coerceRow(shape, raw).row).toEqual([7, 'Ada', 'Li', '5550100', [{ code: 'W', share: 0.5 }], true])
  })

  it('takes a single object for a list of one, and "" for no group and no list', () => {
    const raw = { id: '7', name: '', phones: { main: '' }, races: { code: 'W' } }
    expect(coerceRow(shape, raw)).toEqual({
      row: [7, null, null, null, [{ code: 'W', share: null }], null],
      problems: [],
    })
    expect(coerceRow(shape, { races: '' }).row[4]).toBeNull()
  })

  it('drops columns that are not declared, also inside lists', () => {
    const { row } = coerceRow(shape, { id: 1, ssn: 'x', races: [{ code: 'W', secret: 'x' }] })
    expect(JSON.stringify(row)).not.toContain('x')
  })

  it('tells the path and the type of what does not fit, never the value', () => {
    const raw = { id: 'seven', name: ['Ada'], phones: { main: 5 }, races: [{ code: {} }, 'W'] }
    expect(coerceRow(shape, raw).problems).toEqual([
      { path: 'id', found: 'text' },
      { path: 'name', found: 'list' },
      { path: 'phones.main', found: 'number' },
      { path: 'races.code', found: 'group' },
      { path: 'races', found: 'text' },
    ])
  })

  it.each([[[1]], ['text'], [5]])('may be no object at all: %j', (raw) => {
    const { row, problems } = coerceRow(shape, raw)
    expect(row).toEqual([null, null, null, null, null, null])
    expect(problems).toHaveLength(1)
  })
})
