// Remembered nonces: once each, and gone when their time is over.
import { describe, expect, it } from 'vitest'
import { rememberNonce } from '../../src/store/nonces.ts'
import { openStore } from './support.ts'

describe('a nonce', () => {
  const used = { timestamp: 1_000, consumer: 'or-a', nonce: 'n' }

  it('is new once for its consumer and timestamp', () => {
    const sql = openStore()
    expect(rememberNonce(sql, used, 0)).toBe(true)
    expect(rememberNonce(sql, used, 0)).toBe(false)
    expect(rememberNonce(sql, { ...used, consumer: 'or-b' }, 0)).toBe(true)
    expect(rememberNonce(sql, { ...used, timestamp: 1_001 }, 0)).toBe(true)
    expect(rememberNonce(sql, { ...used, nonce: 'N' }, 0)).toBe(true)
  })

  it('is dropped when its timestamp is before what is asked for, not at it', () => {
    const sql = openStore()
    for (const timestamp of [998, 999, 1_000]) rememberNonce(sql, { ...used, timestamp }, 0)
    rememberNonce(sql, { ...used, timestamp: 2_000 }, 999.9)
    expect(sql.all('select timestamp from nonces')).toEqual([
      { timestamp: 999 },
      { timestamp: 1_000 },
      { timestamp: 2_000 },
    ])
  })

  it('is found and dropped by the key, without a scan', () => {
    const plan = openStore().all<{ detail: string }>('explain query plan delete from nonces where timestamp < ?', 1)
    expect(plan.map(({ detail }) => detail).join()).toMatch(/^SEARCH nonces USING PRIMARY KEY/)
  })
})
