import { describe, expect, test } from 'vitest'
import { MAX_QUERY_LENGTH, parseQuery, type QueryOptions } from '../../src/oneroster/query.ts'

const OPTIONS: QueryOptions = { version: 'v1p1', maxLimit: 10_000, single: false }

function accepted(raw: string, options = OPTIONS) {
  const query = parseQuery(raw, 'users', options)
  if (!query.ok) throw new Error(query.fault.description)
  return query
}

/** `field predicate value` of the only comparison. */
function comparisonOf(raw: string) {
  const comparison = accepted(raw).filter?.anyOf[0]?.[0]
  return comparison && `${JSON.stringify(comparison.operand)} ${comparison.predicate} ${comparison.value}`
}

describe('paging', () => {
  test.each([
    ['', 100, 0],
    ['?limit=5000&offset=10', 5000, 10],
    ['offset=0&limit =100', 100, 0],
    ['limit%20=7', 7, 0],
    ['limit=+7+', 7, 0],
    ['limit=10000', 10_000, 0],
    ['&&limit=1&', 1, 0],
    ['Unknown=1&foo&limit=2', 2, 0],
  ])('%s', (raw, limit, offset) => {
    expect(accepted(raw)).toMatchObject({ limit, offset, warnings: [] })
  })

  test.each([
    'limit=0',
    'limit=-1',
    'limit=',
    'limit',
    'limit=abc',
    'limit=1e3',
    'limit=1.5',
    'limit=0x10',
    'limit=10001',
    'limit=99999999999999999999',
    'offset=-1',
    'offset=',
    'offset=1.0',
    'offset=99999999999999999999',
  ])('refuses %s', (raw) => {
    expect(parseQuery(raw, 'users', OPTIONS)).toMatchObject({ ok: false, fault: { outcome: 'invalid-parameter' } })
  })

  test('the default fits a lower maximum', () => {
    expect(accepted('', { version: 'v1p1', maxLimit: 50, single: false }).limit).toBe(50)
  })
})

describe('the raw query', () => {
  test.each([
    [`filter=sourcedId='x'`],
    [`filter=sourcedId=%27x%27`],
    [`filter=sourcedId%3D'x'`],
    [`filter=sourcedId+=+'x'`],
    [`filter=sourcedId%20=%20'x'`],
  ])('%s filters', (raw) => {
    expect(comparisonOf(raw)).toContain(' = x')
  })

  test('a plus is a blank, which a date and time forgives', () => {
    expect(comparisonOf(`filter=dateLastModified>'2024-01-01T02:00:00+02:00'`)).toContain(
      ` > ${Date.parse('2024-01-01')}`,
    )
  })

  test.each([['filter='], ['filter'], ['filter=%20+']])('%s is ignored', (raw) => {
    expect(accepted(raw).filter).toBeUndefined()
  })

  test.each(['filter=%zz', 'filter=%', 'limit=%E4', 'x%=1'])('%s has broken percent-encoding', (raw) => {
    expect(parseQuery(raw, 'users', OPTIONS)).toMatchObject({
      ok: false,
      fault: { outcome: 'invalid-parameter', description: 'The query holds broken percent-encoding.' },
    })
  })

  test.each(['limit', 'offset', 'sort', 'orderBy', 'filter'])('a repeated %s is refused', (name) => {
    expect(parseQuery(`${name}=1&${name}=1`, 'users', OPTIONS)).toMatchObject({
      ok: false,
      fault: { outcome: 'invalid-parameter', description: expect.stringContaining(name) },
    })
  })

  test('its length is bounded', () => {
    const raw = `x=${'y'.repeat(MAX_QUERY_LENGTH)}`
    expect(parseQuery(raw, 'users', OPTIONS)).toMatchObject({ ok: false, fault: { outcome: 'invalid-parameter' } })
  })
})

describe('filter', () => {
  test('a fault names the field and the place', () => {
    expect(parseQuery(`filter=foo='x'`, 'users', OPTIONS)).toMatchObject({
      ok: false,
      fault: {
        outcome: 'invalid-filter',
        description: expect.stringMatching(/^Unknown filter field: foo\. .*\(character 1 of the filter\)$/),
      },
    })
  })
})

describe('sort', () => {
  test.each([
    ['', 'sourcedId', 'asc'],
    ['orderBy=desc', 'sourcedId', 'desc'],
    ['sort=familyName', 'familyName', 'asc'],
    ['sort=familyName&orderBy=DESC', 'familyName', 'desc'],
    ['sort=orgs.sourcedId&orderBy=Asc', 'orgs.sourcedId', 'asc'],
    ['sort=', 'sourcedId', 'asc'],
  ])('%s', (raw, field, direction) => {
    expect(accepted(raw)).toMatchObject({ sort: { field, direction }, warnings: [] })
  })

  test.each(['surname', 'FamilyName', 'constructor', 'orgs.name'])('by an unknown %s warns', (field) => {
    expect(accepted(`sort=${field}&orderBy=desc`)).toMatchObject({
      sort: { field: 'sourcedId', direction: 'asc' },
      warnings: [{ outcome: 'unknown-sort-field', description: expect.stringContaining(field) }],
    })
  })

  test.each(['orderBy=up', 'orderBy='])('%s is refused', (raw) => {
    expect(parseQuery(raw, 'users', OPTIONS)).toMatchObject({ ok: false, fault: { outcome: 'invalid-parameter' } })
  })
})

describe('fields', () => {
  test.each([
    ['', undefined],
    ['fields=sourcedId,givenName', ['sourcedId', 'givenName']],
    ['fields=givenName&fields=familyName,givenName', ['givenName', 'familyName']],
    ['fields= metadata , ,status', ['metadata', 'status']],
  ])('%s', (raw, fields) => {
    expect(accepted(raw)).toMatchObject({ fields, warnings: [] })
  })

  test.each(['fields=', 'fields', 'fields=,%20,', 'fields=&fields='])('%s is refused as blank', (raw) => {
    expect(parseQuery(raw, 'users', OPTIONS)).toMatchObject({ ok: false, fault: { outcome: 'blank-selection' } })
  })

  test.each(['givenname', 'orgs.sourcedId', 'toString'])('an unknown %s shows all fields with a warning', (name) => {
    expect(accepted(`fields=sourcedId,${name}`)).toMatchObject({
      fields: undefined,
      warnings: [{ outcome: 'unknown-selection-field', description: expect.stringContaining(name) }],
    })
  })
})

test('a single read listens to fields only', () => {
  const single: QueryOptions = { version: 'v1p1', maxLimit: 10_000, single: true }
  expect(accepted(`fields=status&limit=abc&limit=2&filter=foo&sort=x&orderBy=x`, single)).toMatchObject({
    fields: ['status'],
    filter: undefined,
    warnings: [],
  })
  expect(parseQuery('fields=', 'users', single)).toMatchObject({ ok: false, fault: { outcome: 'blank-selection' } })
})

describe('in v1.2', () => {
  const V1P2: QueryOptions = { version: 'v1p2', maxLimit: 10_000, single: false }

  test.each([
    ['fields=sourcedId,nonsense', 'invalid-selection'],
    ['fields=role', 'invalid-selection'],
    ['fields=', 'blank-selection'],
    ["filter=role='student'", 'invalid-filter'],
    ["filter=orgs.sourcedId='sch1'", 'invalid-filter'],
  ])('%s is refused', (raw, outcome) => {
    const query = parseQuery(raw, 'users', V1P2)
    expect(query.ok ? query : query.fault.outcome).toBe(outcome)
  })

  test.each([
    'fields=roles,primaryOrg,preferredFirstName,userProfiles,password',
    "filter=roles.role='student' AND roles.org.sourcedId='sch1'",
    "filter=primaryOrg.sourcedId='sch1' OR preferredLastName~'x'",
    'sort=nonsense',
  ])('%s is read, without a warning', (raw) => {
    expect(parseQuery(raw, 'users', V1P2)).toMatchObject({ ok: true, warnings: [] })
  })

  test('a field that only the other version has is told as such', () => {
    const query = parseQuery("filter=role='student'", 'users', V1P2)
    expect(query.ok ? '' : query.fault.description).toContain('Only OneRoster 1.1 has it. Write roles.role in 1.2.')
  })
})

test('what was asked is told for the log without any value', () => {
  const raw =
    "limit=5&filter=familyName='Curie' AND dateLastModified>'2025-01-01' OR role='student'&sort=givenName&orderBy=desc&fields=sourcedId"
  expect(accepted(raw).shape).toBe(
    'limit=5 offset=0 filter=familyName=? AND dateLastModified>? OR role=? sort=givenName desc fields=sourcedId',
  )
})
