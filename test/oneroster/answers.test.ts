import { describe, expect, test } from 'vitest'
import { linkHeader } from '../../src/oneroster/links.ts'
import { scopeUrl } from '../../src/oneroster/scopes.ts'
import { V1P2_RESOURCES, V1P2_ROSTERING } from '../../src/oneroster/services.ts'
import { failureBody, STATUS, v1p1Status, v1p2Status } from '../../src/oneroster/status-info.ts'

const URL = 'https://bridge.example/ims/oneroster/v1p1/users'

/** rel → offset */
function offsetsOf(header: string) {
  return Object.fromEntries(
    [...header.matchAll(/[?&]offset=(\d+)>; rel="(\w+)"/g)].map(([, offset, rel]) => [rel, Number(offset)]),
  )
}

describe('the Link header', () => {
  test.each([
    [
      { offset: 10, limit: 10, total: 503 },
      { first: 0, prev: 0, next: 20, last: 500 },
    ],
    [
      { offset: 0, limit: 10, total: 503 },
      { first: 0, next: 10, last: 500 },
    ],
    [
      { offset: 500, limit: 10, total: 503 },
      { first: 0, prev: 490, last: 500 },
    ],
    [
      { offset: 0, limit: 10, total: 10 },
      { first: 0, last: 0 },
    ],
    [
      { offset: 0, limit: 10, total: 11 },
      { first: 0, next: 10, last: 10 },
    ],
    [
      { offset: 10, limit: 10, total: 20 },
      { first: 0, prev: 0, last: 10 },
    ],
    [
      { offset: 5, limit: 10, total: 30 },
      { first: 0, prev: 0, next: 15, last: 25 },
    ],
    [
      { offset: 900, limit: 100, total: 250 },
      { first: 0, prev: 200, last: 200 },
    ],
    [
      { offset: 0, limit: 100, total: 0 },
      { first: 0, last: 0 },
    ],
    [
      { offset: 7, limit: 10, total: 3 },
      { first: 0, prev: 0, last: 0 },
    ],
  ])('of %j', (page, offsets) => {
    expect(offsetsOf(linkHeader({ url: URL, ...page }))).toEqual(offsets)
  })

  test('repeats every other parameter, with nothing raw that a header parser stumbles over', () => {
    const url = `${URL}?offset=10&limit =10&filter=familyName='O'Brien, J' AND dateLastModified>'2024-01-01'&fields=a,b&x=<">`
    const header = linkHeader({ url, offset: 10, limit: 10, total: 30 })
    const links = header.split(', ')
    expect(links).toHaveLength(4)
    expect(links[2]).toBe(
      `<${URL}?filter=familyName%3D%27O%27Brien%2C%20J%27%20AND%20dateLastModified%3E%272024-01-01%27&fields=a%2Cb&x=%3C%22%3E&limit=10&offset=20>; rel="next"`,
    )
  })

  test.each([
    [200, ['first', 'prev', 'next', 'last']],
    [2_000, ['next']],
    [6_500, ['next']],
    [8_000, []],
  ])('with a filter of %i letters tells %j, so that no proxy or client stumbles over it', (length, rels) => {
    const header = linkHeader({ url: `${URL}?filter=${'x'.repeat(length)}`, offset: 10, limit: 10, total: 100 })
    expect([...header.matchAll(/rel="(\w+)"/g)].map(([, rel]) => rel)).toEqual(rels)
    expect(header.length).toBeLessThan(7_200)
  })

  test('following next meets every page once and ends at last', () => {
    for (const limit of [1, 3, 7, 100]) {
      for (const total of [0, 1, 6, 7, 8, 20]) {
        let offset = 0
        const seen = [offset]
        for (let next: number | undefined; ; offset = next) {
          const offsets = offsetsOf(linkHeader({ url: URL, offset, limit, total }))
          next = offsets.next
          if (next === undefined) {
            expect(offset).toBe(offsets.last)
            break
          }
          seen.push(next)
        }
        expect(seen).toHaveLength(Math.max(1, Math.ceil(total / limit)))
      }
    }
  })
})

describe('scopes', () => {
  test('have the addresses of the standard', () => {
    expect([scopeUrl('roster-core', 'v1p1'), scopeUrl('roster-demographics', 'v1p2')]).toEqual([
      'https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly',
      'https://purl.imsglobal.org/spec/or/v1p2/scope/roster-demographics.readonly',
    ])
  })

  test('v1.1 has no core scope but that of the roster', () => {
    expect(scopeUrl('gradebook-core', 'v1p1')).toBe(scopeUrl('gradebook', 'v1p1'))
    expect(scopeUrl('resource-core', 'v1p1')).toBe(scopeUrl('resource', 'v1p1'))
    expect(scopeUrl('gradebook-core', 'v1p2')).not.toBe(scopeUrl('gradebook', 'v1p2'))
  })
})

describe('the status payload', () => {
  test.each([
    ['unknown-sort-field', 200, 'success', 'warning', 'invalid_sort_field', 'invalid_sort_field'],
    ['unknown-selection-field', 200, 'success', 'warning', 'invalid_selection_field', 'invalid_selection_field'],
    ['invalid-filter', 400, 'failure', 'error', 'invalid_filter_field', 'invalid_filter_field'],
    ['blank-selection', 400, 'failure', 'error', 'invalid_blank_selection_field', 'invalid_selection_field'],
    ['invalid-parameter', 400, 'failure', 'error', 'invalid data', 'invaliddata'],
    ['unauthorized', 401, 'failure', 'error', 'unauthorized', 'unauthorisedrequest'],
    ['forbidden', 403, 'failure', 'error', 'forbidden', 'forbidden'],
    ['unknown-object', 404, 'failure', 'error', 'unknown object', 'unknownobject'],
    ['method-not-allowed', 405, 'unsupported', 'error', 'invalid data', 'invaliddata'],
    ['invalid-content', 422, 'failure', 'error', 'invalid data', 'invaliddata'],
    ['busy', 429, 'failure', 'error', 'server_busy', 'server_busy'],
    ['not-ready', 503, 'failure', 'error', 'server_busy', 'server_busy'],
    ['internal-error', 500, 'failure', 'error', 'internal_server_error', 'internal_server_error'],
  ] as const)('%s', (outcome, httpStatus, codeMajor, severity, v1p1, v1p2) => {
    expect(STATUS[outcome]).toMatchObject({ httpStatus, codeMajor, severity, codeMinor: { v1p1, v1p2 } })
  })

  test('is a set of plain strings', () => {
    const infos = [{ outcome: 'invalid-filter', description: 'Unknown filter field: foo' }] as const
    expect(v1p1Status(infos, { requestId: 'r1', operation: 'getAllUsers' })).toEqual({
      statusInfoSet: [
        {
          imsx_codeMajor: 'failure',
          imsx_severity: 'error',
          imsx_messageRefIdentifier: 'r1',
          imsx_operationRefIdentifier: 'getAllUsers',
          imsx_description: 'Unknown filter field: foo',
          imsx_codeMinor: 'invalid_filter_field',
        },
      ],
    })
    expect(v1p1Status(infos).statusInfoSet[0]).not.toHaveProperty('imsx_messageRefIdentifier')
  })

  test('is a bare object in v1.2', () => {
    expect(v1p2Status({ outcome: 'unknown-object', description: 'Unknown Object.' }, V1P2_ROSTERING)).toEqual({
      imsx_codeMajor: 'failure',
      imsx_severity: 'error',
      imsx_description: 'Unknown Object.',
      imsx_CodeMinor: {
        imsx_codeMinorField: [
          { imsx_codeMinorFieldName: 'TargetEndSystem', imsx_codeMinorFieldValue: 'unknownobject' },
        ],
      },
    })
  })

  test('calls an unknown method unsupported in resources alone', () => {
    const info = { outcome: 'method-not-allowed', description: 'No.' } as const
    expect(JSON.stringify(failureBody(V1P2_RESOURCES, info))).toContain('"imsx_codeMinorFieldValue":"unsupported"')
    expect(JSON.stringify(failureBody(V1P2_ROSTERING, info))).toContain('"imsx_codeMinorFieldValue":"invaliddata"')
  })
})
