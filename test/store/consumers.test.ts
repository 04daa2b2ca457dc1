// Consumers in the store.
import { describe, expect, it } from 'vitest'
import {
  type ConsumerRecord,
  findConsumer,
  insertConsumer,
  listConsumers,
  removeConsumer,
  rotateConsumer,
  upsertConsumer,
} from '../../src/store/consumers.ts'
import { openConsumers } from '../auth/profile.ts'

const SDS: ConsumerRecord = {
  id: 'sds',
  name: 'School Data Sync',
  secretHash: 'hash-1',
  scopes: ['scope-a', 'scope-b'],
  schools: null,
  createdMs: 2_000,
  rotatedMs: null,
  source: 'command',
}

describe('consumers', () => {
  it('come back as they were put in', () => {
    const sql = openConsumers()
    const narrowed: ConsumerRecord = {
      ...SDS,
      id: 'narrow',
      schools: ['100', '200'],
      rotatedMs: 5,
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
    upsertConsumer(sql, SDS)
    upsertConsumer(sql, { ...SDS, name: 'Renamed', schools: ['100'], scopes: ['scope-c'], createdMs: 9_000 })
    expect(listConsumers(sql)).toEqual([{ ...SDS, name: 'Renamed', schools: ['100'], scopes: ['scope-c'] }])
  })

  it('get a new secret and keep the rest', () => {
    const sql = openConsumers()
    insertConsumer(sql, SDS)
    expect(rotateConsumer(sql, 'sds', { secretHash: 'hash-2', rotatedMs: 3_000 })).toBe(true)
    expect(findConsumer(sql, 'sds')).toEqual({ ...SDS, secretHash: 'hash-2', rotatedMs: 3_000 })
    expect(rotateConsumer(sql, 'nobody', { secretHash: 'hash-2', rotatedMs: 3_000 })).toBe(false)
  })

  it('are gone once removed', () => {
    const sql = openConsumers()
    insertConsumer(sql, SDS)
    expect(removeConsumer(sql, 'sds')).toBe(true)
    expect(removeConsumer(sql, 'sds')).toBe(false)
    expect(listConsumers(sql)).toEqual([])
  })
})
