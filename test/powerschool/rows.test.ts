import { describe, expect, it } from 'vitest'
import { countOf, rowsOf, singleRowOf } from '../../src/powerschool/rows.ts'

const PATH = '/ws/v1/district/school'
const AT = 'schools.school'

describe('the rows of a list', () => {
  it.each([
    ['many', { schools: { '@expansions': 'x', school: [{ id: 1 }, { id: 2 }] } }, [{ id: 1 }, { id: 2 }]],
    ['one, as an object', { schools: { school: { id: 1 } } }, [{ id: 1 }]],
    ['one, as a list', { schools: { school: [{ id: 1 }] } }, [{ id: 1 }]],
    ['none, as a list', { schools: { school: [] } }, []],
    ['none, as an empty text', { schools: { school: '' } }, []],
    ['none, as a missing key', { schools: { '@extensions': '' } }, []],
    ['none, as an empty wrapper', { schools: {} }, []],
    ['none, as an empty text for the wrapper', { schools: '' }, []],
  ])('%s', (_, body, rows) => {
    expect(rowsOf(body, AT, PATH)).toEqual(rows)
  })

  it.each([
    ['no wrapper', {}],
    ['another wrapper', { students: { student: [] } }],
    ['an error of v1', { errorMessage: { message: 'x' } }],
    ['an error of the schema', { message: 'x' }],
    ['an error inside the wrapper', { schools: { errorMessage: { message: 'x' } } }],
    ['a list for a body', [{ id: 1 }]],
    ['nothing', undefined],
    ['null', null],
    ['a wrapper that is null', { schools: null }],
    ['a wrapper that is a list', { schools: [{ id: 1 }] }],
    ['a text', { schools: { school: 'x' } }],
    ['a number', { schools: { school: 1 } }],
    ['null rows', { schools: { school: null } }],
    ['a list with a null', { schools: { school: [{ id: 1 }, null] } }],
  ])('are refused: %s', (_, body) => {
    expect(() => rowsOf(body, AT, PATH)).toThrow(
      expect.objectContaining({ code: 'powerschool-broken-answer', message: expect.stringContaining(PATH) }),
    )
  })
})

describe('the row of a single object', () => {
  it('is the object', () => {
    expect(singleRowOf({ district: { uuid: 'u' } }, 'district', '/ws/v1/district')).toEqual([{ uuid: 'u' }])
  })

  it.each([
    [{}],
    [{ district: '' }],
    [{ district: [{ uuid: 'u' }, { uuid: 'v' }] }],
    [{ errorMessage: { message: 'x' } }],
  ])('is refused in %j', (body) => {
    expect(() => singleRowOf(body, 'district', '/ws/v1/district')).toThrow(
      expect.objectContaining({ code: 'powerschool-broken-answer' }),
    )
  })
})

describe('a count', () => {
  it.each([
    [{ resource: { count: 423 } }, 423],
    [{ resource: { count: '423' } }, 423],
    [{ resource: { count: 0 } }, 0],
  ])('is read from %j', (body, count) => {
    expect(countOf(body, PATH)).toBe(count)
  })

  it.each([
    [{}],
    [{ count: 3 }],
    [{ resource: { count: '' } }],
    [{ resource: { count: -1 } }],
    [{ resource: { count: 'x' } }],
    [null],
  ])('is refused in %j', (body) => {
    expect(() => countOf(body, PATH)).toThrow(expect.objectContaining({ code: 'powerschool-broken-answer' }))
  })
})
