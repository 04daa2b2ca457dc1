import { describe, expect, test } from 'vitest'
import { parseFilter } from '../../src/oneroster/filter.ts'
import {
  MAX_COMPARISONS,
  MAX_COMPARISONS_OF_TEXTS,
  MAX_LIST_WORDS,
  resolveFilter,
} from '../../src/oneroster/filter-resolve.ts'
import { filterSql } from '../../src/oneroster/filter-sql.ts'
import type { Collection } from '../../src/oneroster/model.ts'

/** The groups as texts: `field predicate value`. */
function shapeOf(text: string): string[][] {
  const parsed = parseFilter(text)
  if (!parsed.ok) throw new Error(parsed.fault.description)
  return parsed.filter.anyOf.map((group) =>
    group.map(({ field, predicate, value }) => `${field} ${predicate} ${value}`),
  )
}

function faultOf(text: string, collection: Collection = 'users') {
  const parsed = parseFilter(text)
  const result = parsed.ok ? resolveFilter(collection, parsed.filter, 'v1p1') : parsed
  if (result.ok) throw new Error(`No fault in ${text}`)
  return result.fault
}

function resolved(collection: Collection, text: string) {
  const parsed = parseFilter(text)
  const result = parsed.ok ? resolveFilter(collection, parsed.filter, 'v1p1') : parsed
  if (!result.ok) throw new Error(result.fault.description)
  return result.filter
}

describe('the filter language', () => {
  test.each([
    [`role='teacher'`, [['role = teacher']]],
    [`a!='1' AND b>='2'`, [['a != 1', 'b >= 2']]],
    [`a='1' OR b='2' AND c='3' OR d~'4'`, [['a = 1'], ['b = 2', 'c = 3'], ['d ~ 4']]],
    [`parent.sourcedId<'x'`, [['parent.sourcedId < x']]],
    [`metadata.vendor.some-key:1<='x'`, [['metadata.vendor.some-key:1 <= x']]],
    [`a = '1'  AND  b >'2' `, [['a = 1', 'b > 2']]],
    [`a=''`, [['a = ']]],
    [`a='' AND b='1'`, [['a = ', 'b = 1']]],
    [`a='x=y>z~w'`, [['a = x=y>z~w']]],
    [`title='Arts AND Crafts'`, [['title = Arts AND Crafts']]],
    [`title='this OR that' OR a='1'`, [['title = this OR that'], ['a = 1']]],
    [`familyName='O'Brien'`, [[`familyName = O'Brien`]]],
    [`familyName='O''Brien'`, [[`familyName = O'Brien`]]],
    [`familyName='O'Brien' AND role='student'`, [[`familyName = O'Brien`, 'role = student']]],
    [`title='Rock 'n' Roll'`, [[`title = Rock 'n' Roll`]]],
    [`title='salt and pepper'`, [['title = salt and pepper']]],
    [`title='the 'old' and new'`, [[`title = the 'old' and new`]]],
    [`title='James''`, [[`title = James'`]]],
    [`title=''''`, [[`title = '`]]],
    [`status=‘active’`, [['status = active']]],
    [`status=’active’ AND a=‘O’Brien’`, [['status = active', 'a = O’Brien']]],
    [`status=‘active'`, [['status = active']]],
    [`familyName='O’Brien'`, [['familyName = O’Brien']]],
    [`a='line\nbreak'`, [['a = line\nbreak']]],
  ])('%s', (text, shape) => {
    expect(shapeOf(text)).toEqual(shape)
  })

  test.each([
    [`foo`, 4, 'one of = != > >= < <= ~'],
    [`='x'`, 1, 'A field name was expected, but = was found'],
    [`(a='1')`, 1, 'but ( was found'],
    [`a=1`, 3, 'A value in single quotes was expected, but 1 was found'],
    [`a="1"`, 3, 'single quotes'],
    [`a==''`, 3, 'single quotes'],
    [`a='1`, 3, 'no closing quote'],
    [`a='1' b='2'x`, 3, 'no closing quote'],
    [`a='1' AND`, 10, 'but the filter ends'],
    [`a='1' AND AND b='1'`, 15, 'After AND'],
    [`a='1' and b='2'`, 7, 'capital letters'],
    [`a='1' Or b = '2'`, 7, 'capital letters'],
    [`a.='1'`, 2, 'After a, one of'],
    [`ä='1'`, 1, 'A field name was expected'],
  ])('refuses %s at character %i', (text, position, words) => {
    const parsed = parseFilter(text)
    expect(parsed.ok).toBe(false)
    expect(parsed).toMatchObject({ fault: { position, description: expect.stringContaining(words) } })
  })
})

describe('the size of a filter', () => {
  const joined = (count: number, word: string, clause: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => clause(index)).join(word)

  test('is bounded by its comparisons', () => {
    expect(() =>
      resolved(
        'users',
        joined(MAX_COMPARISONS, ' AND ', (index) => `role!='${index}'`),
      ),
    ).not.toThrow()
    const { description } = faultOf(joined(MAX_COMPARISONS + 1, ' AND ', (index) => `role!='${index}'`))
    expect(description).toContain(`at most ${MAX_COMPARISONS} comparisons`)
  })

  test('does not grow with the alternatives of one field', () => {
    const ids = joined(300, ' OR ', (index) => `sourcedId='stu${index}'`)
    expect(resolved('users', `${ids} OR role='teacher'`).anyOf).toHaveLength(2)
    expect(
      resolved(
        'users',
        joined(200, ' OR ', () => `familyName='O'Brien'`),
      ).anyOf,
    ).toHaveLength(1)
    expect(resolved('users', `role='a' AND sourcedId='b' OR role='c' OR role!='d' OR role='e'`).anyOf).toHaveLength(3)
  })

  test('is bounded by what has to be looked for in the text of each record', () => {
    const { description } = faultOf(joined(MAX_COMPARISONS_OF_TEXTS + 1, ' OR ', (index) => `metadata.k='${index}'`))
    expect(description).toContain('lists and metadata')
  })
})

describe('a filter bound to a collection', () => {
  test.each([
    ['users', `sourcedId='x'`, { kind: 'column', name: 'sourcedId', compare: 'exact' }],
    ['users', `status='x'`, { kind: 'column', name: 'status', compare: 'exact' }],
    ['users', `dateLastModified='2024-01-01'`, { kind: 'generation' }],
    ['users', `familyName='x'`, { kind: 'column', name: 'familyName', compare: 'folded' }],
    ['users', `role='x'`, { kind: 'column', name: 'role', compare: 'exact' }],
    ['users', `orgs='x'`, { kind: 'links', field: 'orgs' }],
    ['users', `orgs.sourcedId='x'`, { kind: 'links', field: 'orgs' }],
    ['users', `grades='x'`, { kind: 'elements', field: 'grades', compare: 'exact' }],
    ['users', `userIds.identifier='x'`, { kind: 'elements', field: 'userIds', member: 'identifier' }],
    ['users', `metadata.a.b='x'`, { kind: 'metadata', key: 'a.b' }],
    ['classes', `subjects='x'`, { kind: 'elements', field: 'subjects', compare: 'folded' }],
    ['enrollments', `user.sourcedId='x'`, { kind: 'column', name: 'user', compare: 'exact' }],
    ['enrollments', `school='x'`, { kind: 'column', name: 'school', compare: 'exact' }],
    ['academicSessions', `parent.sourcedId='x'`, { kind: 'column', name: 'parent' }],
  ] as const)('%s: %s', (collection, text, operand) => {
    expect(resolved(collection, text).anyOf[0]?.[0]?.operand).toMatchObject(operand)
  })

  test.each([
    [`foo='x'`, 'Unknown filter field: foo.'],
    [`constructor='x'`, 'Unknown filter field: constructor.'],
    [`__proto__='x'`, 'Unknown filter field: __proto__.'],
    [`FamilyName='x'`, 'Did you mean familyName?'],
    [`sourcedid='x'`, 'Did you mean sourcedId?'],
    [`userIds='x'`, 'write userIds.type or userIds.identifier'],
    [`userIds.constructor='x'`, 'Unknown filter field: userIds.constructor.'],
    [`orgs.name='x'`, 'It is a link: write orgs.sourcedId.'],
    [`familyName.x='x'`, 'Unknown filter field: familyName.x.'],
    [`metadata='x'`, 'metadata.<key>'],
    [`dateLastModified>'abc'`, 'The value of dateLastModified is not a date and time'],
    [`enabledUser='yes'`, 'The value of enabledUser is not true or false'],
  ])('refuses %s', (text, words) => {
    expect(faultOf(`role='student' AND ${text}`)).toMatchObject({
      position: 20,
      description: expect.stringContaining(words),
    })
  })

  test.each([
    ['enrollments', `beginDate>'2024-01-01'`, '2024-01-01'],
    ['enrollments', `beginDate>'2024-01-01T12:00:00Z'`, '2024-01-01T12:00:00.000Z'],
    ['enrollments', `primary='True'`, 'true'],
    ['users', `dateLastModified>'2024-01-01T02:00:00 02:00'`, Date.parse('2024-01-01')],
    ['users', `dateLastModified~'2024-01'`, '2024-01'],
    ['users', `status='norecords'`, 'norecords'],
  ] as const)('%s: reads the value of %s', (collection, text, value) => {
    expect(resolved(collection, text).anyOf[0]?.[0]?.value).toBe(value)
  })

  test('an unreadable date is refused where a date is compared', () => {
    expect(faultOf(`beginDate='soon'`, 'enrollments').description).toContain('is not a date (YYYY-MM-DD)')
  })

  test.each([
    [`role='student'`, [], false],
    [`status='active'`, ['status'], true],
    [`status!='active'`, ['status'], false],
    [`status='active' AND role='student'`, ['status'], false],
    [`role='a' OR dateLastModified>'2024-01-01' AND status='x'`, ['status', 'dateLastModified'], false],
  ] as const)('%s mentions %j', (text, mentions, isActiveOnly) => {
    const filter = resolved('users', text)
    expect([...filter.mentions]).toEqual(mentions)
    expect(filter.isActiveOnly).toBe(isActiveOnly)
  })
})

test.each([
  ["dateLastModified>'2025-01-01'", true],
  ["dateLastModified>='2025-01-01' AND role='student'", true],
  ["role='student' AND dateLastModified>'2025-01-01' OR dateLastModified='2025-01-01'", true],
  ["dateLastModified>'2025-01-01' OR role='student'", false],
  ["dateLastModified<'2025-01-01'", false],
  ["dateLastModified!='2025-01-01'", false],
  ["role='student'", false],
])('%s is bound to what has changed: %s', (text, isDelta) => {
  expect(resolved('users', text).changedSinceMs !== undefined).toBe(isDelta)
})

describe('words that are looked for in lists of texts', () => {
  const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`).join(',')

  test('are bounded, for each one costs a walk through all records', () => {
    expect(faultOf(`userIds.identifier~'${words(31)}'`).description).toContain('at most 30 words')
    expect(faultOf(`grades~'${words(20)}' OR grades='${words(20)}'`).description).toContain('at most 30 words')
    expect(() => resolved('users', `grades~'${words(30)}'`)).not.toThrow()
  })

  test('count once, however often they are written, and not at all where they are links', () => {
    expect(() => resolved('users', `grades~'${'09,'.repeat(500)}'`)).not.toThrow()
    expect(() => resolved('users', `orgs.sourcedId~'${words(500)}'`)).not.toThrow()
  })
})

test('words in lists leave room for the parameters of everything else', () => {
  const words = Array.from({ length: MAX_LIST_WORDS }, (_, index) => `w${index}`).join(',')
  const rest = Array.from({ length: MAX_COMPARISONS - 1 }, (_, index) => `familyName!='${index}'`).join(' OR ')
  const { sql, parameters } = filterSql(resolved('users', `grades~'${words}' OR ${rest}`), 'users')
  expect(parameters.length).toBeLessThanOrEqual(70)
  expect(sql.match(/\?/g)).toHaveLength(parameters.length)
})
