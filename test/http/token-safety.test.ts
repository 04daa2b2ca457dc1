// What guards credentials at the front door: the keys of tokens, the size of what is signed, and the window of signatures.
import { describe, expect, test } from 'vitest'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { headerOf, sign } from '../auth/oauth1/signer.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { BASE, CONSUMER, PUBLIC_URL, SIGNING_KEY } from '../support/known.ts'
import { openSyncedBridge } from './support.ts'

const USERS = `${PUBLIC_URL}${BASE}/users`

const read = (bridge: TestBridge, token: string) =>
  bridge.app.request(`${BASE}/users?limit=1`, { headers: { authorization: `Bearer ${token}` } })

describe('access tokens', () => {
  test('outlive a restart with the same key, and end with it', async () => {
    const bridge = await openSyncedBridge({ district: createSmallDistrict() })
    const { sql, district } = bridge
    const token = await bridge.token()
    expect((await read(await openTestBridge({ district, sql, signingKey: SIGNING_KEY }), token)).status).toBe(200)
    const rekeyed = await openTestBridge({ district, sql, signingKey: new Uint8Array(32).fill(1) })
    expect((await read(rekeyed, token)).status).toBe(401)
    expect((await read(rekeyed, await rekeyed.token())).status).toBe(200)
  })

  test('are signed with nothing that the database holds', async () => {
    const { sql } = await openSyncedBridge({ district: createSmallDistrict() })
    expect(sql.all(`select name from meta where name like '%key%'`)).toEqual([])
  })
})

describe('a signed request', () => {
  const ask = (bridge: TestBridge, { query, ageSeconds = 0 }: { query?: string; ageSeconds?: number }) => {
    const { url, oauth } = sign({
      url: USERS,
      key: CONSUMER.id,
      secret: CONSUMER.secret,
      query: query === undefined ? [] : [['filter', query]],
      oauth: { oauth_timestamp: String(Math.floor(bridge.clock.now / 1000) - ageSeconds) },
    })
    return bridge.app.request(url, { headers: { authorization: headerOf(oauth) } })
  }

  test('is refused before any work when its query is too long', async () => {
    const bridge = await openSyncedBridge({ district: createSmallDistrict() })
    const answer = await ask(bridge, { query: 'x'.repeat(8_192) })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('www-authenticate')).toBe('OAuth realm="oneroster"')
    expect(await answer.text()).toContain('The query is longer than 8192 characters.')
    expect(bridge.sql.all('select * from nonces')).toEqual([])
  })

  test('may be as old as OAUTH1_WINDOW says, and half of it ahead', async () => {
    const usual = await openSyncedBridge({ district: createSmallDistrict() })
    const wide = await openSyncedBridge({ district: createSmallDistrict(), settings: { OAUTH1_WINDOW: 'PT45M' } })
    const statuses = (ageSeconds: number) =>
      Promise.all([usual, wide].map(async (bridge) => (await ask(bridge, { ageSeconds })).status))
    expect(await statuses(600)).toEqual([200, 200])
    expect(await statuses(2_700)).toEqual([401, 200])
    expect(await statuses(2_701)).toEqual([401, 401])
    expect(await statuses(-300)).toEqual([200, 200])
    expect(await statuses(-1_350)).toEqual([401, 200])
    expect(await statuses(-1_351)).toEqual([401, 401])
  })
})
