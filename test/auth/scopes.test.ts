// Scopes: how a person writes them, and which covers which.
import { describe, expect, it } from 'vitest'
import {
  coversScope,
  DEFAULT_SCOPES,
  expandScopes,
  heldScopes,
  narrowScopes,
  SCOPES,
  shortenScopes,
  V1P1_SCOPES,
  V1P2_SCOPES,
} from '../../src/auth/scopes.ts'

const v1p1 = (name: string) => `https://purl.imsglobal.org/spec/or/v1p1/scope/${name}`
const v1p2 = (name: string) => `https://purl.imsglobal.org/spec/or/v1p2/scope/${name}`

describe('known scopes', () => {
  it('are seven in 1.1 and thirteen in 1.2', () => {
    expect([V1P1_SCOPES.length, V1P2_SCOPES.length, new Set(SCOPES).size]).toEqual([7, 13, 20])
  })

  it('give a new consumer all that reads, in both versions', () => {
    expect(DEFAULT_SCOPES).toEqual([
      ...[
        'roster-core.readonly',
        'roster.readonly',
        'roster-demographics.readonly',
        'resource.readonly',
        'gradebook.readonly',
      ].map(v1p1),
      ...[
        'roster-core.readonly',
        'roster.readonly',
        'roster-demographics.readonly',
        'resource-core.readonly',
        'resource.readonly',
        'gradebook-core.readonly',
        'gradebook.readonly',
        'assessment.readonly',
      ].map(v1p2),
    ])
  })
})

describe('written scopes', () => {
  it.each([
    [['roster.readonly'], [v1p1('roster.readonly')]],
    [['v1p1/gradebook.delete'], [v1p1('gradebook.delete')]],
    [
      ['v1p2/roster.readonly', 'v1p2/gradebook.createpost'],
      [v1p2('roster.readonly'), v1p2('gradebook.createpost')],
    ],
    [[v1p2('assessment.readonly')], [v1p2('assessment.readonly')]],
    [['default'], DEFAULT_SCOPES],
    [
      ['v1p1/gradebook.delete', 'default', 'roster.readonly'],
      [v1p1('gradebook.delete'), ...DEFAULT_SCOPES],
    ],
    [[' roster.readonly ', 'roster.readonly', v1p1('roster.readonly'), ''], [v1p1('roster.readonly')]],
  ])('%j become URLs, each once', (written, scopes) => {
    expect(expandScopes(written)).toEqual({ ok: true, scopes })
  })

  it.each([
    ['roster.readonli', 'Did you mean `roster.readonly`?'],
    ['rooster-core.readonly', 'Did you mean `roster-core.readonly`?'],
    ['gradebook-core.readonly', 'Did you mean `v1p2/gradebook-core.readonly`?'],
    [v1p1('roster.readonyl'), `Did you mean \`${v1p1('roster.readonly')}\`?`],
    ['everything', 'Known are roster-core.readonly'],
  ])('%s is refused with help', (written, help) => {
    const result = expandScopes(['roster.readonly', written])
    expect(result).toEqual({ ok: false, messages: [expect.stringContaining(help)] })
  })

  it('are all judged at once, and must be at least one', () => {
    expect(expandScopes(['nope', 'neither'])).toMatchObject({ ok: false, messages: { length: 2 } })
    expect(expandScopes([' '])).toMatchObject({ ok: false, messages: { length: 1 } })
  })
})

describe('shortened scopes', () => {
  it.each([[DEFAULT_SCOPES], [SCOPES], [[v1p2('roster.readonly'), v1p1('gradebook.delete')]]])(
    'mean what they stood for: %j',
    (scopes) => {
      expect(expandScopes(shortenScopes(scopes))).toEqual({ ok: true, scopes })
    },
  )

  it('are short', () => {
    expect(shortenScopes(DEFAULT_SCOPES)).toEqual(['default'])
    expect(shortenScopes([v1p1('roster.readonly'), v1p2('roster.readonly')])).toEqual([
      'roster.readonly',
      'v1p2/roster.readonly',
    ])
  })
})

describe('coverage', () => {
  it.each([
    [v1p1('roster.readonly'), v1p1('roster.readonly'), true],
    [v1p1('roster.readonly'), v1p1('roster-core.readonly'), true],
    [v1p1('roster-core.readonly'), v1p1('roster.readonly'), false],
    [v1p1('roster.readonly'), v1p1('roster-demographics.readonly'), false],
    [v1p1('roster.readonly'), v1p2('roster.readonly'), false],
    [v1p1('roster.readonly'), v1p2('roster-core.readonly'), false],
    [v1p2('gradebook.readonly'), v1p2('gradebook-core.readonly'), true],
    [v1p2('gradebook.readonly'), v1p2('gradebook.delete'), false],
  ])('%s covers %s: %s', (held, wanted, expected) => {
    expect(coversScope([held], wanted)).toBe(expected)
  })

  it('narrows what is asked to what is held, in the order asked, each once', () => {
    const asked = ['openid', v1p1('roster-core.readonly'), v1p1('roster.readonly'), v1p1('roster-core.readonly')]
    expect(narrowScopes([v1p1('roster.readonly')], asked)).toEqual([
      v1p1('roster-core.readonly'),
      v1p1('roster.readonly'),
    ])
  })

  it('ends where a collection is withheld', () => {
    const scopes = [v1p1('roster.readonly'), v1p1('roster-demographics.readonly'), v1p2('roster-demographics.readonly')]
    expect(heldScopes({ scopes, withheld: ['demographics'] })).toEqual([v1p1('roster.readonly')])
    expect(heldScopes({ scopes, withheld: ['contacts'] })).toEqual(scopes)
  })
})
