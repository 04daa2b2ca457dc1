// Consumers in the store.
import { describe, expect, it } from 'vitest'
import {
  type ConsumerRecord,
  changeConsumer,
  findConsumer,
  insertConsumer,
  listConsumers,
  removeConsumer,
  upsertConsumer,
} from '../../src/store/consumers.ts'
import { openConsumers, PLAIN_CONSUMER } from '../auth/profile.ts'

const SDS: ConsumerRecord = {
  ...PLAIN_CONSUMER,
  id: 'sds',
  name: 'School Data Sync',
  secretHash: 'hash-1',
  scopes: ['scope-a', 'scope-b'],
  createdMs: 2_000,
}

describe('consumers', () => {
  it('come back as they were put in', () => {
    const sql = openConsumers()
    const narrowed: ConsumerRecord = {
      ...SDS,
      id: 'narrow',
      sealedSecret: 'sealed-2',
      previous: { secretHash: 'hash-1', sealedSecret: 'sealed-1', untilMs: 9 },
      schools: ['100', '200'],
      withheld: ['demographics', 'contacts'],
      switches: ['nativeBooleans', 'noOAuth1'],
      requestsPerMinute: 600,
      rotatedMs: 5,
      expiresMs: 70,
      source: 'environment',
    }
    insertConsumer(sql, SDS)
    insertConsumer(sql, narrowed)
    expect(findConsumer(sql, 'sds')).toEqual(SDS)
    expect(findConsumer(sql, 'narrow')).toEqual(narrowed)
  })

  it('are found by their exact id only', () => {
    const sql = openConsumers()
    insertConsumer(sql, SDS)
    for (const id of ['SDS', 'sds ', 's%', '', "' or 1=1 --"]) expect(findConsumer(sql, id)).toBeUndefined()
  })

  it('are listed with the oldest first', () => {
    const sql = openConsumers()
    insertConsumer(sql, SDS)
    insertConsumer(sql, { ...SDS, id: 'older', createdMs: 1_000 })
    expect(listConsumers(sql).map(({ id }) => id)).toEqual(['older', 'sds'])
  })

  it('cannot share an id', () => {
    const sql = openConsumers()
    insertConsumer(sql, SDS)
    expect(() => insertConsumer(sql, SDS)).toThrow()
    expect(listConsumers(sql)).toEqual([SDS])
  })

  it('keep their birth when they are replaced', () => {
    const sql = openConsumers()
    const other: ConsumerRecord = {
      ...SDS,
      name: 'Renamed',
      secretHash: 'hash-2',
      sealedSecret: 'sealed',
      previous: { secretHash: 'hash-1', sealedSecret: null, untilMs: 3 },
      scopes: ['scope-c'],
      schools: ['100'],
      withheld: ['contacts'],
      switches: ['noHmacSha1'],
      requestsPerMinute: 1,
      rotatedMs: 4,
      expiresMs: 5,
      source: 'environment',
    }
    upsertConsumer(sql, SDS)
    upsertConsumer(sql, { ...other, createdMs: 9_000 })
    expect(listConsumers(sql)).toEqual([other])
  })

  it('are changed in what is given, and keep the rest', () => {
    const sql = openConsumers()
    insertConsumer(sql, SDS)
    const changed = { ...SDS, secretHash: 'hash-2', rotatedMs: 3_000 }
    expect(changeConsumer(sql, 'sds', () => ({ secretHash: 'hash-2', rotatedMs: 3_000 }))).toEqual(changed)
    expect(findConsumer(sql, 'sds')).toEqual(changed)
    expect(changeConsumer(sql, 'nobody', () => ({ name: 'Somebody' }))).toBeUndefined()
    expect(listConsumers(sql)).toEqual([changed])
  })

  it('are gone once removed', () => {
    const sql = openConsumers()
    insertConsumer(sql, SDS)
    expect(removeConsumer(sql, 'sds')).toBe(true)
    expect(removeConsumer(sql, 'sds')).toBe(false)
    expect(listConsumers(sql)).toEqual([])
  })
})

describe('words that this version does not know', () => {
  const stored = (column: 'withheld' | 'switches', text: string) => {
    const sql = openConsumers()
    insertConsumer(sql, SDS)
    sql.run(`update consumers set ${column} = ?`, text)
    return findConsumer(sql, 'sds')?.[column]
  }

  it.each([
    ['[]', []],
    ['["contacts","contacts"]', ['contacts']],
    ['["contacts","grades"]', ['demographics', 'contacts']],
    ['["grades"]', ['demographics', 'contacts']],
    ['[7]', ['demographics', 'contacts']],
    ['"contacts"', ['demographics', 'contacts']],
    ['', ['demographics', 'contacts']],
  ])('withhold all rather than too little: %j', (text, withheld) => {
    expect(stored('withheld', text)).toEqual(withheld)
  })

  it.each([
    ['["nativeBooleans","fromTheFuture"]', ['nativeBooleans']],
    ['{}', ['noOAuth1', 'noHmacSha1']],
    ['[', ['noOAuth1', 'noHmacSha1']],
  ])('open nothing as switches: %j', (text, switches) => {
    expect(stored('switches', text)).toEqual(switches)
  })
})
